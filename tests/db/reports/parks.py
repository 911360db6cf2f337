"""A small park with every difficulty that figures can meet, and its reservations at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import insert, update

from booking.core import clock, ids, zones
from booking.core.database import execute, transaction
from booking.core.instants import Interval
from booking.core.intervals import LocalInterval
from booking.core.permissions import Actor
from booking.occupancy.models import occupancy
from booking.people.models import Organisation
from booking.policies.facts import Place
from booking.reservations.models import Reservation, ReservationResource, State
from booking.spaces.models import HoursException, HoursSpan, HoursVersion, Resource
from tests import make

MINUTE = timedelta(minutes=1)
HALF_DAYS = ((8 * 60, 12 * 60), (13 * 60, 18 * 60 + 30))


@dataclass(frozen=True, eq=False)
class Space:
    """A resource and, told in the plainest way, when it is open."""

    place: Place
    kind: str
    building: str
    units: int
    weeks: tuple[tuple[date, tuple[tuple[int, int], ...]], ...]  # from a day on; all weekdays alike
    exceptions: dict[date, tuple[tuple[int, int], ...]]
    retired_at: datetime | None = None
    in_use_since: datetime | None = None
    closures: tuple[tuple[datetime, datetime], ...] = ()

    def is_open_at(self, instant: datetime, zone: ZoneInfo) -> bool:
        """Whether its hours say so, and it is in use."""
        if self.retired_at is not None and instant >= self.retired_at:
            return False
        if self.in_use_since is not None and instant < self.in_use_since:
            return False
        local = instant.astimezone(zone)
        spans = self.exceptions.get(local.date())
        if spans is None:
            spans = [spans for since, spans in self.weeks if since <= local.date()][-1]
        return any(opens <= local.hour * 60 + local.minute < closes for opens, closes in spans)


@dataclass(frozen=True)
class Stay:
    """A reservation in the plainest words."""

    spaces: tuple[Space, ...]
    interval: Interval
    state: State
    was_asked: bool
    organisation_id: int | None


@dataclass(frozen=True)
class Park:
    """What was built."""

    zone: ZoneInfo
    spaces: tuple[Space, ...]
    stays: tuple[Stay, ...]
    organisations: tuple[Organisation, ...]
    operator: Actor


def build(chance: Random, zone_name: str, first: date, last: date) -> Park:
    """A park in a zone, with reservations around and across the edges of a period."""
    make.site(zone=zone_name)
    zone = zones.zone(zone_name)
    spaces = _spaces(chance, zone, first, last)
    organisations = tuple(make.organisation() for _ in range(2))
    member = make.person()
    stays = _stays(chance, zone, spaces, organisations, first, last)
    with transaction():
        for stay in stays:
            _store(stay, member, zone)
    return Park(zone, spaces, tuple(stays), organisations, make.operator())


def _spaces(chance: Random, zone: ZoneInfo, first: date, last: date) -> tuple[Space, ...]:
    always = make.around_the_clock()
    office = make.hours(HALF_DAYS, weekdays=range(7))
    later = first + timedelta(days=chance.randrange((last - first).days))
    longer = ((7 * 60, 20 * 60),)
    with transaction() as current:
        version = HoursVersion(hours_id=office.id, valid_from=later)
        current.add(version)
        current.flush()
        current.add_all(
            HoursSpan(version_id=version.id, weekday=day, opens=opens, closes=closes)
            for day in range(7)
            for opens, closes in longer
        )
        holiday = first + timedelta(days=1)
        current.add(HoursException(hours_id=office.id, day=holiday, names={"en": "Holiday"}))
    weeks = ((make.LONG_AGO, HALF_DAYS), (later, longer))
    here, there = make.area(), make.area(at=make.floor(at=make.building()))
    middle = _instant(zone, first, last, chance)
    spaces = [
        Space(make.desk(open_at=office, at=here), "desk", "B1", 1, weeks, {holiday: ()}),
        Space(make.desk(open_at=office, at=there), "desk", "B2", 3, weeks, {holiday: ()}),
        Space(
            make.room(open_at=always, at=there),
            "meeting_room",
            "B2",
            1,
            ((make.LONG_AGO, ((0, 1440),)),),
            {},
            retired_at=middle if chance.random() < 0.5 else None,
            in_use_since=middle if chance.random() < 0.3 else None,
        ),
    ]
    with transaction() as current:
        for space in spaces:
            current.execute(
                update(Resource)
                .where(Resource.id == space.place.resource_id)
                .values(
                    units=space.units,
                    retired_at=space.retired_at,
                    in_use_since=space.in_use_since,
                )
            )
    closed = middle.replace(minute=0)
    starts_at, ends_at = closed, closed + timedelta(hours=30)
    make.closure(
        spaces[0].place, *(zones.to_local(moment, zone) for moment in (starts_at, ends_at))
    )
    spaces[0] = replace(spaces[0], closures=((starts_at, ends_at),))
    return tuple(spaces)


def _instant(zone: ZoneInfo, first: date, last: date, chance: Random) -> datetime:
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return midnight + MINUTE * 5 * chance.randrange((last - first).days * 288)


def _stays(
    chance: Random,
    zone: ZoneInfo,
    spaces: tuple[Space, ...],
    organisations: tuple[Organisation, ...],
    first: date,
    last: date,
) -> list[Stay]:
    taken: dict[int, list[Interval]] = {
        space.place.resource_id: [Interval(*closure) for closure in space.closures]
        for space in spaces
    }
    stays = []
    for _ in range(40):
        starts_at = _instant(zone, first - timedelta(days=2), last + timedelta(days=2), chance)
        length = chance.choice((30, 60, 95, 240, 720, 1440, 3000))
        interval = Interval(starts_at, starts_at + length * MINUTE)
        state = chance.choice((State.CONFIRMED, State.CONFIRMED, *State))
        wanted = tuple(chance.sample(spaces, chance.choice((1, 1, 2))))
        ids_wanted = [space.place.resource_id for space in wanted]
        holds = state in (State.CONFIRMED, State.PENDING)
        local = LocalInterval.of(interval, zone)
        if local.is_second_time or (
            holds and any(interval.overlaps(other) for one in ids_wanted for other in taken[one])
        ):
            continue
        if holds:
            for one in ids_wanted:
                taken[one].append(interval)
        organisation = chance.choice((*organisations, None))
        stays.append(
            Stay(
                wanted,
                interval,
                state,
                chance.random() < 0.5,
                None if organisation is None else organisation.id,
            )
        )
    return stays


def _store(stay: Stay, member: Actor, zone: ZoneInfo) -> None:
    local = LocalInterval.of(stay.interval, zone)
    holds = stay.state in (State.CONFIRMED, State.PENDING)
    reservation_id = execute(
        insert(Reservation.__table__).returning(Reservation.id),
        {
            "public_id": ids.new_public_id(),
            "reference": ids.new_reference(),
            "person_id": member.person_id,
            "booked_by_id": member.person_id,
            "organisation_id": stay.organisation_id,
            "title": "",
            "headcount": 1,
            "state": stay.state,
            "holds_place": holds,
            "zone": str(zone),
            "local_start": local.starts_at,
            "local_end": local.ends_at,
            "tzdata": zones.version(),
            "starts_at": stay.interval.starts_at,
            "ends_at": stay.interval.ends_at,
            "decide_by": stay.interval.starts_at if stay.was_asked else None,
            "sequence": 0,
            "version": 1,
            "created_at": clock.now(),
            "changed_at": clock.now(),
        },
    ).scalar_one()
    for space in stay.spaces:
        ours = {"reservation_id": reservation_id, "resource_id": space.place.resource_id, "unit": 1}
        execute(insert(ReservationResource.__table__), ours)
        if holds:
            claim = {
                **ours,
                "starts_at": stay.interval.starts_at,
                "ends_at": stay.interval.ends_at,
                "kind": "booking",
            }
            execute(insert(occupancy), claim)
