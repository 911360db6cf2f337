"""A park a hundred times as large, around the demo park: to see what grows and what does not.

Two years of reservations as the verbs would have left them, without the messages: everybody was
told long ago, and reminders come with what is booked from now on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from booking.core import clock, zones
from booking.core.database import Model, session, transaction
from booking.core.ids import REFERENCE_ALPHABET, REFERENCE_LENGTH
from booking.core.intervals import Interval
from booking.core.permissions import Role
from booking.demo.bulk import pour
from booking.demo.chance import public_id, stream
from booking.demo.park import OPEN_SINCE, Calendar
from booking.demo.places import HOLIDAYS
from booking.demo.words import CANCELLATIONS, DECLINES, FAMILIES, LAB_WORK, MEETINGS, MEN, WOMEN
from booking.journal.models import JournalLine
from booking.occupancy.models import occupancy
from booking.people.models import Grant, MemberRole, Membership, Organisation, Person, PersonState
from booking.policies.models import Policy
from booking.policies.rules import Buffers
from booking.reservations.claims import parts_of
from booking.reservations.models import (
    Approval,
    Asking,
    DeclineReason,
    Reservation,
    ReservationResource,
    State,
)
from booking.spaces.models import (
    Area,
    Building,
    Floor,
    Hours,
    Kind,
    Resource,
    ResourceFeature,
    ResourceState,
)

RESOURCES, PERSONS, RESERVATIONS = 5_000, 20_000, 1_000_000
BUILDINGS, FLOORS, AREAS = 10, 5, 4  # of each building, of each floor
COMPANY = 14  # members, about
DAYS_BACK, DAYS_AHEAD = 690, 40  # two years
A_CHUNK = 50_000  # reservations in one transaction
CANCELLED, DECLINED, EXPIRED, PENDING = 0.06, 0.06, 0.02, 0.02

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Furniture:
    """What stands in an area: a kind under a policy, with its hours, and how many of a hundred."""

    kind: str
    policy: str
    hours: str
    prefix: str
    share: int
    capacity: tuple[int, ...]
    starts: tuple[tuple[int, int], ...]  # from and to, in hours
    units: int = 1


FURNITURE = (
    Furniture("desk", "Bureaux", "Coworking", "D", 67, (1,), ((9, 17), (8, 12), (13, 18))),
    Furniture(
        "meeting_room", "Salles de réunion", "Salles de réunion", "M", 14, (4, 6, 8, 12),
        ((9, 10), (10, 12), (14, 15), (15, 17)),
    ),
    Furniture("lab", "Laboratoires", "Laboratoires", "L", 8, (4, 8, 12), ((9, 12), (13, 18))),
    Furniture(
        "training_room", "Salles de formation", "Formation", "T", 4, (16, 24, 40),
        ((9, 12), (14, 17), (9, 17)),
    ),
    Furniture(
        "lab", "Bureaux", "Laboratoires", "O", 1, (1,), ((9, 12), (13, 18), (9, 18)), units=10
    ),
    Furniture(
        "equipment", "Machines", "Ateliers et machines", "E", 6, (1, 2), ((9, 11), (14, 17)),
    ),
    Furniture(
        "equipment", "Machines avec habilitation", "Ateliers et machines", "H", 1, (1,),
        ((9, 11), (14, 17)),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """A resource, as far as a reservation of it goes."""

    resource_id: int
    code: str
    capacity: int
    furniture: Furniture
    policy_id: int
    asks: bool  # its policy needs approval
    manager_id: int
    buffers: Buffers
    units: int = 1
    unit: int = 1  # of a pool: each of its places is booked for itself


@dataclass(frozen=True)
class Booker:
    """Somebody with the organisation they book for."""

    person_id: int
    organisation_id: int


def extend(calendar: Calendar, password_hash: str, progress: Progress) -> None:
    """Make the demo park large; `progress` is told of each chunk how many reservations it holds.

    Each chunk is a transaction of its own: one over a million rows would hold everybody up.
    """
    chance = stream("large")
    with transaction():
        bookers = _people(chance, calendar, password_hash)
        spots = _places(chance, [one.person_id for one in bookers[:: len(bookers) // 40]])
    wanted = RESERVATIONS - _count(Reservation)
    chunk = _Chunk(chance, calendar, _next(Reservation.id), _next(Approval.id))
    for aim in _aims(chance, calendar, spots, wanted):
        chunk.book(aim, chance.choice(bookers))
        if len(chunk) >= A_CHUNK:
            progress(chunk.pour())
    progress(chunk.pour())


# --- who ---


def _people(chance: Random, calendar: Calendar, password_hash: str) -> list[Booker]:
    """Companies with their members; the first of each manages it."""
    since = calendar.today - timedelta(days=DAYS_BACK + 30)
    at = calendar.at(since, 9)
    first, company = _next(Person.id), _next(Organisation.id)
    count = PERSONS - _count(Person)
    companies = range(company, company + count // COMPANY)
    pour(
        Organisation.__table__,
        ("id", "public_id", "name", "created_at"),
        ((one, public_id(chance, at), f"Startup {one:04}", at) for one in companies),
    )
    bookers = [Booker(first + n, companies[n % len(companies)]) for n in range(count)]
    pour(
        Person.__table__,
        ("id", "public_id", "email", "name", "language", "state", "password_hash", "is_demo",
         "created_at"),
        (
            (one.person_id, public_id(chance, at), f"member{one.person_id}@large.example",
             f"{chance.choice(chance.choice((WOMEN, MEN)))} {chance.choice(FAMILIES)}",
             chance.choice(("fr", "fr", "ar", "en")), PersonState.ACTIVE, password_hash, True, at)
            for one in bookers
        ),
    )  # fmt: skip
    pour(
        Membership.__table__,
        ("id", "person_id", "organisation_id", "role", "valid_from"),
        (
            (number, one.person_id, one.organisation_id, _role(place, len(companies)), since)
            for place, (number, one) in enumerate(zip(itertools.count(_next(Membership.id)),
                                                      bookers, strict=False))
        ),
    )  # fmt: skip
    return bookers


def _role(place: int, companies: int) -> MemberRole:
    return MemberRole.MANAGER if place < companies else MemberRole.MEMBER


# --- where ---


def _places(chance: Random, managers: Sequence[int]) -> list[Spot]:
    """Buildings alike, each area with desks, rooms, labs and machines; managers by area."""
    columns = (Policy.setup_minutes, Policy.cleanup_minutes)
    found = session().execute(select(Policy.id, Policy.names, Policy.needs_approval, *columns))
    policies = {
        row.names["fr"]: (
            row.id,
            row.needs_approval,
            Buffers(row.setup_minutes, row.cleanup_minutes),
        )
        for row in found
    }
    hours = {row.names["fr"]: row.id for row in session().execute(select(Hours.id, Hours.names))}
    kinds = {row.code: row.id for row in session().execute(select(Kind.code, Kind.id))}
    buildings = range(_next(Building.id), _next(Building.id) + BUILDINGS)
    floors = list(zip(itertools.count(_next(Floor.id)),
                      itertools.product(buildings, range(FLOORS)), strict=False))  # fmt: skip
    areas = list(zip(itertools.count(_next(Area.id)),
                     itertools.product(floors, range(AREAS)), strict=False))  # fmt: skip
    _erect(buildings, floors, areas)
    spots = list(_furnish(chance, [number for number, _ in areas], managers, policies))
    at = clock.now()
    pour(
        Resource.__table__,
        ("id", "public_id", "area_id", "kind_id", "policy_id", "hours_id", "code", "names",
         "capacity", "units", "state"),
        (
            (spot.resource_id, public_id(chance, at), area_id, kinds[spot.furniture.kind],
             spot.policy_id, hours[spot.furniture.hours], spot.code, {}, spot.capacity, spot.units,
             ResourceState.IN_ORDER)
            for spot, area_id in spots
        ),
    )  # fmt: skip
    pour(
        ResourceFeature.__table__,
        ("resource_id", "feature_id"),
        (
            (spot.resource_id, feature_id)
            for spot, _ in spots
            for feature_id in sorted(chance.sample(range(1, 9), chance.randint(0, 3)))
        ),
    )
    pour(
        Grant.__table__,
        ("id", "person_id", "role", "area_id"),
        (
            (number, managers[place % len(managers)], Role.LAB_MANAGER, area_id)
            for place, (number, (area_id, _)) in enumerate(zip(itertools.count(_next(Grant.id)),
                                                               areas, strict=False))
        ),
    )  # fmt: skip
    return [replace(spot, unit=unit) for spot, _ in spots for unit in range(1, spot.units + 1)]


def _erect(
    buildings: Sequence[int],
    floors: Sequence[tuple[int, tuple[int, int]]],
    areas: Sequence[tuple[int, tuple[tuple[int, tuple[int, int]], int]]],
) -> None:
    pour(
        Building.__table__,
        ("id", "site_id", "code", "names", "address", "way_in", "step_free_note"),
        (
            (one, 1, f"B{one:02}", _names("Bâtiment", "البناية", "Building", one), "", {}, {})
            for one in buildings
        ),
    )
    pour(
        Floor.__table__,
        ("id", "building_id", "level", "names"),
        (
            (key, building, level, _names("Étage", "الطابق", "Floor", level))
            for key, (building, level) in floors
        ),
    )
    pour(
        Area.__table__,
        ("id", "floor_id", "code", "names"),
        (
            (key, floor_id, f"B{building:02}-{level}{chr(ord('A') + zone)}",
             _names("Zone", "المنطقة", "Area", f"{level}{chr(ord('A') + zone)}"))
            for key, ((floor_id, (building, level)), zone) in areas
        ),
    )  # fmt: skip


def _names(french: str, arabic: str, english: str, number: object) -> dict[str, str]:
    return {"fr": f"{french} {number}", "ar": f"{arabic} {number}", "en": f"{english} {number}"}


def _furnish(
    chance: Random,
    areas: Sequence[int],
    managers: Sequence[int],
    policies: dict[str, tuple[int, bool, Buffers]],
) -> Iterator[tuple[Spot, int]]:
    count, first = RESOURCES - _count(Resource), _next(Resource.id)
    kinds = [one for one in FURNITURE for _ in range(one.share)]
    for number in range(count):
        furniture, place = kinds[number % len(kinds)], number % len(areas)
        policy_id, asks, buffers = policies[furniture.policy]
        spot = Spot(
            first + number,
            f"{furniture.prefix}-{number:04}",
            chance.choice(furniture.capacity),
            furniture,
            policy_id,
            asks,
            managers[place % len(managers)],
            buffers,
            furniture.units,
        )
        yield spot, areas[place]


# --- when ---


@dataclass(frozen=True)
class Aim:
    """A place and a time on one day, which no other aim has."""

    spot: Spot
    local_start: datetime
    local_end: datetime
    starts_at: datetime
    ends_at: datetime


def _aims(chance: Random, calendar: Calendar, spots: Sequence[Spot], count: int) -> Iterator[Aim]:
    """So many, day by day: at most one a resource and day, so that none meets another."""
    days = list(_working_days(calendar))
    left = count
    for number, day in enumerate(days):
        today = min(left // (len(days) - number), len(spots))
        left -= today
        midnight = datetime.combine(day, time())
        # The clocks change at night: within one working day the offset is the same.
        offset = calendar.at(day, 12) - (midnight + timedelta(hours=12)).replace(
            tzinfo=calendar.at(day, 12).tzinfo
        )
        for spot in chance.sample(spots, today):
            opens, closes = chance.choice(spot.furniture.starts)
            start, end = midnight + timedelta(hours=opens), midnight + timedelta(hours=closes)
            instant = start.replace(tzinfo=clock.now().tzinfo) + offset
            yield Aim(spot, start, end, instant, instant + (end - start))


def _working_days(calendar: Calendar) -> Iterator[date]:
    for offset in range(-DAYS_BACK, DAYS_AHEAD):
        day = calendar.today + timedelta(days=offset)
        is_free = day.weekday() > 4 or (day.month, day.day) in HOLIDAYS
        if not is_free and day not in (calendar.today, calendar.stocktaking):
            yield day


# --- what became of it ---


class _Chunk:
    """Rows of some reservations, poured together."""

    def __init__(
        self, chance: Random, calendar: Calendar, next_id: int, next_approval: int
    ) -> None:
        self._chance = chance
        self._zone = str(calendar.zone)
        self._tzdata = zones.version()
        self._now = clock.now()
        self._ids = itertools.count(next_id)
        self._approval_ids = itertools.count(next_approval)
        taken = set(session().scalars(select(Reservation.reference)))
        self._codes = _references(chance, taken)
        self._clear()

    def __len__(self) -> int:
        return len(self._reservations)

    def _clear(self) -> None:
        self._reservations: list[tuple[object, ...]] = []
        self._resources: list[tuple[object, ...]] = []
        self._approvals: list[tuple[object, ...]] = []
        self._claims: list[tuple[object, ...]] = []
        self._lines: list[tuple[object, ...]] = []

    def book(self, aim: Aim, booker: Booker) -> None:
        """One reservation with everything it left behind."""
        chance, spot = self._chance, aim.spot
        created_at = self._created(aim)
        state = self._state(aim, created_at)
        settled_at = self._settled(aim, created_at, state)
        key, public = next(self._ids), public_id(chance, created_at)
        decide_by = min(aim.starts_at, created_at + timedelta(hours=48)) if spot.asks else None
        headcount = 1 if spot.capacity == 1 else chance.randint(1, spot.capacity)
        title = "" if spot.furniture.kind == "desk" else chance.choice(
            LAB_WORK if spot.asks else MEETINGS
        )  # fmt: skip
        code, words = self._why(state)
        version = 1 if settled_at == created_at else 2
        self._reservations.append(
            (key, public, next(self._codes), booker.person_id, booker.person_id,
             booker.organisation_id, title, headcount, state, state in LIVE, self._zone,
             aim.local_start, aim.local_end, self._tzdata, aim.starts_at, aim.ends_at,
             version - 1, version, decide_by, code, words, created_at, settled_at)
        )  # fmt: skip
        self._resources.append((key, spot.resource_id, spot.unit))
        if state in LIVE:
            interval = Interval(aim.starts_at, aim.ends_at)
            self._claims.extend(
                (spot.resource_id, spot.unit, part.starts_at, part.ends_at, kind.value, key)
                for kind, part in parts_of(interval, spot.buffers)
            )
        act = "requested" if spot.asks else "booked"
        first = State.PENDING if spot.asks else State.CONFIRMED
        self._write(created_at, booker.person_id, act, public, {
            "state": first.value, "resource": spot.code,
            "starts_at": aim.local_start.isoformat(timespec="minutes"),
            "ends_at": aim.local_end.isoformat(timespec="minutes"),
            "title": title, "headcount": headcount,
        })  # fmt: skip
        if spot.asks:
            self._ask(key, aim, state, settled_at, code, words if code else None)
        if version > 1:
            self._close(aim, booker, public, state, settled_at)

    def pour(self) -> int:
        """Write them in one transaction; how many they were."""
        count = len(self)
        with transaction():
            for table, names, rows in (
                (Reservation.__table__, RESERVATION_COLUMNS, self._reservations),
                (ReservationResource.__table__, RESOURCE_COLUMNS, self._resources),
                (Approval.__table__, APPROVAL_COLUMNS, self._approvals),
                (occupancy, CLAIM_COLUMNS, sorted(self._claims, key=itemgetter(0, 2))),
                (JournalLine.__table__, LINE_COLUMNS, self._lines),
            ):
                pour(table, names, rows)
        self._clear()
        return count

    def _created(self, aim: Aim) -> datetime:
        """Some days ahead; what lies ahead of today was booked until yesterday."""
        lead = timedelta(minutes=self._chance.randint(60, 10 * 1440))
        latest = self._now - timedelta(minutes=self._chance.randint(5, 1440))
        return min(aim.starts_at - lead, latest).replace(second=0, microsecond=0)

    def _state(self, aim: Aim, created_at: datetime) -> State:
        dice = self._chance.random()
        if dice < CANCELLED:
            return State.CANCELLED
        if not aim.spot.asks:
            return State.CONFIRMED
        if aim.starts_at > self._now:
            is_fresh = self._now - created_at < timedelta(hours=24)
            return State.PENDING if dice > 1 - PENDING and is_fresh else State.CONFIRMED
        if dice < CANCELLED + DECLINED:
            return State.DECLINED
        return State.EXPIRED if dice < CANCELLED + DECLINED + EXPIRED else State.CONFIRMED

    def _settled(self, aim: Aim, created_at: datetime, state: State) -> datetime:
        """When it got its state; at once where nobody was asked."""
        if state is State.PENDING or (state is State.CONFIRMED and not aim.spot.asks):
            return created_at
        latest = min(self._now, aim.starts_at)
        return created_at + (latest - created_at) * self._chance.random() * 0.9

    def _why(self, state: State) -> tuple[DeclineReason | None, str | None]:
        """Why it was closed: a reason from the list, and words."""
        if state is State.DECLINED:
            code, words = self._chance.choice(DECLINES)
            return code, words or None
        return None, self._chance.choice(
            CANCELLATIONS
        ) or None if state is State.CANCELLED else None

    def _ask(
        self,
        key: int,
        aim: Aim,
        state: State,
        settled_at: datetime,
        code: DeclineReason | None,
        words: str | None,
    ) -> None:
        answer = {
            State.PENDING: Asking.WAITING,
            State.CONFIRMED: Asking.GRANTED,
            State.DECLINED: Asking.DECLINED,
            State.CANCELLED: Asking.WITHDRAWN,
            State.EXPIRED: Asking.EXPIRED,
        }[state]
        by = aim.spot.manager_id if answer in (Asking.GRANTED, Asking.DECLINED) else None
        at = None if answer is Asking.WAITING else settled_at
        self._approvals.append(
            (
                next(self._approval_ids),
                key,
                1,
                aim.spot.policy_id,
                answer,
                by,
                at,
                code,
                words if code else None,
            )
        )

    def _close(
        self, aim: Aim, booker: Booker, public: str, state: State, settled_at: datetime
    ) -> None:
        by = {State.CANCELLED: booker.person_id, State.EXPIRED: None}.get(
            state, aim.spot.manager_id
        )
        act = "approved" if state is State.CONFIRMED else state.value
        self._write(settled_at, by, act, public, {"state": state.value})

    def _write(
        self, at: datetime, by: int | None, act: str, public: str, after: dict[str, object]
    ) -> None:
        self._lines.append((at, by, act, "reservation", public, after))


LIVE = (State.PENDING, State.CONFIRMED)
RESERVATION_COLUMNS = (
    "id", "public_id", "reference", "person_id", "booked_by_id", "organisation_id", "title",
    "headcount", "state", "holds_place", "zone", "local_start", "local_end", "tzdata", "starts_at",
    "ends_at", "sequence", "version", "decide_by", "closing_code", "closing_reason", "created_at",
    "changed_at",
)  # fmt: skip
RESOURCE_COLUMNS = ("reservation_id", "resource_id", "unit")
APPROVAL_COLUMNS = (
    "id", "reservation_id", "version", "policy_id", "state", "decided_by_id", "decided_at",
    "reason_code", "reason",
)  # fmt: skip
CLAIM_COLUMNS = ("resource_id", "unit", "starts_at", "ends_at", "kind", "reservation_id")
LINE_COLUMNS = ("at", "actor_id", "act", "subject_kind", "subject_id", "after")


def _references(chance: Random, taken: set[str]) -> Iterator[str]:
    """Codes without end, none twice: steps of a fixed width around all there are."""
    base = len(REFERENCE_ALPHABET)
    step = chance.randrange(base**REFERENCE_LENGTH) | 1  # odd: it meets every code once
    for number in itertools.count(1):
        rest = number * step % base**REFERENCE_LENGTH
        code = ""
        for _ in range(REFERENCE_LENGTH):
            rest, place = divmod(rest, base)
            code += REFERENCE_ALPHABET[place]
        if code not in taken:
            yield code


# --- how much there is ---


def _next(key: InstrumentedAttribute[int]) -> int:
    return (session().scalar(select(func.max(key))) or 0) + 1


def _count(model: type[Model]) -> int:
    return session().scalar(select(func.count()).select_from(model)) or 0


assert OPEN_SINCE.year < 2024  # the hours of these places reach back before the first reservation
