"""A floor with many spaces and reservations, written in bulk: as the verbs would leave it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import insert

from booking.core import clock, ids, zones
from booking.core.database import transaction
from booking.core.permissions import Actor
from booking.occupancy.models import occupancy
from booking.people.models import Organisation
from booking.policies.models import Shown
from booking.reservations.models import Reservation, ReservationResource, State
from booking.spaces.models import Resource, ResourceFeature
from tests import make

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
QUARTERS_OF_THE_DAY = range(32, 80)  # 8:00 to 20:00
SURNAMES = ("Alaoui", "Bennani", "Chraibi", "Daoudi", "El Fassi", "Filali", "Guessous", "Haddad")
FIRST_NAMES = ("Amina", "Brahim", "Chaimae", "Driss", "Fatima Zahra", "Hicham", "Imane", "Karim")
STARTUPS = ("Atlas Robotics", "Souk Pay", "Medina AI", "Zellij Labs", "Oued Mobile", "Anfa Data")


@dataclass(frozen=True)
class Crowd:
    """Who is on the floor: a member among many."""

    member: Actor
    floor_id: int
    area_id: int


@dataclass(frozen=True)
class _Booked:
    resource_id: int
    first: int
    last: int


def crowd(*, spaces: int, reservations: int, days: Sequence[date] = ()) -> Crowd:
    """A floor of four areas with so many reservations on each of these days (today alone unless
    others are named), 8:00 to 20:00."""
    chance = random.Random(5)
    area = make.area()
    areas = [area, *(make.area() for _ in range(3))]
    policy = make.policy(others_see=Shown.ORGANISATION)
    hours = make.hours(((8 * 60, 20 * 60),), weekdays=range(7))
    kinds = [make.kind(code) for code in ("desk", "lab", "meeting_room")]
    features = [make.feature(code, icon) for code, icon in _FEATURES]
    startups = [make.organisation(f"{name} {n}") for n in range(6) for name in STARTUPS]
    people = [
        make.member_of(chance.choice(startups), name=f"{first} {last}")
        for first in FIRST_NAMES
        for last in SURNAMES
    ]
    with transaction() as current:
        rows = [
            {
                "public_id": ids.new_public_id(),
                "area_id": areas[number * len(areas) // spaces].id,
                "kind_id": chance.choices(kinds, (8, 1, 1))[0].id,
                "policy_id": policy.id,
                "hours_id": hours.id,
                "code": f"A-{number + 1:03}",
                "names": {"en": f"Space {number + 1}"},
                "capacity": chance.choice((1, 1, 1, 4, 8)),
            }
            for number in range(spaces)
        ]
        resource_ids = list(
            current.scalars(
                insert(Resource).returning(Resource.id, sort_by_parameter_order=True), rows
            )
        )
        equipment = [
            {"resource_id": resource_id, "feature_id": feature.id}
            for resource_id in resource_ids
            for feature in chance.sample(features, chance.choice((0, 1, 2)))
        ]
        if equipment:
            current.execute(insert(ResourceFeature), equipment)
    for day in days or (clock.today(zones.zone(make.CASABLANCA)),):
        _write(chance, _spread(chance, resource_ids, reservations), day, people, startups)
    return Crowd(people[0], area.floor_id, area.id)


_FEATURES = (
    ("wifi", "wifi"),
    ("plug", "plug"),
    ("screen", "monitor"),
    ("step_free", "accessibility"),
)


def _spread(chance: random.Random, resource_ids: list[int], count: int) -> list[_Booked]:
    """So many reservations, none over another, as evenly as chance has it."""
    found = []
    shares = [count // len(resource_ids)] * len(resource_ids)
    for extra in range(count % len(resource_ids)):
        shares[extra] += 1
    for resource_id, share in zip(resource_ids, shares, strict=True):
        bounds = sorted(chance.sample([*QUARTERS_OF_THE_DAY, 80], 2 * share))
        found += [
            _Booked(resource_id, first, last)
            for first, last in zip(bounds[::2], bounds[1::2], strict=True)
        ]
    return found


def _write(
    chance: random.Random,
    booked: list[_Booked],
    day: date,
    people: list[Actor],
    startups: list[Organisation],
) -> None:
    zone = zones.zone(make.CASABLANCA)
    midnight = datetime.combine(day, time.min)
    end_of_day = zones.to_instant(midnight + timedelta(days=1), zone)
    rows = []
    for one in booked:
        who = chance.choice(people)
        start, end = (midnight + timedelta(minutes=15 * at) for at in (one.first, one.last))
        state = State.PENDING if chance.random() < 0.1 else State.CONFIRMED
        rows.append(
            {
                "public_id": ids.new_public_id(),
                "reference": "".join(chance.choices(LETTERS, k=6)),
                "person_id": who.person_id,
                "booked_by_id": who.person_id,
                "organisation_id": who.memberships[0].organisation_id,
                "title": chance.choice(("", "", "Prototype", "Weekly meeting", "Interview")),
                "state": state,
                "decide_by": end_of_day if state is State.PENDING else None,
                "holds_place": True,
                "zone": make.CASABLANCA,
                "local_start": start,
                "local_end": end,
                "tzdata": zones.version(),
                "starts_at": zones.to_instant(start, zone),
                "ends_at": zones.to_instant(end, zone),
                "created_at": clock.now(),
                "changed_at": clock.now(),
            }
        )
    with transaction() as current:
        made = current.scalars(
            insert(Reservation).returning(Reservation.id, sort_by_parameter_order=True), rows
        ).all()
        pairs = list(zip(made, booked, rows, strict=True))
        current.execute(
            insert(ReservationResource),
            [
                {"reservation_id": key, "resource_id": one.resource_id, "unit": 1}
                for key, one, _row in pairs
            ],
        )
        current.execute(
            insert(occupancy),
            [
                {
                    "resource_id": one.resource_id,
                    "unit": 1,
                    "starts_at": row["starts_at"],
                    "ends_at": row["ends_at"],
                    "kind": "booking",
                    "reservation_id": key,
                    "closure_id": None,
                    "hold_id": None,
                }
                for key, one, row in pairs
            ],
        )
