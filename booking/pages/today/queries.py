"""Reading what the first page shows, in the same number of statements for any park."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, case, func, or_, select

from booking.approvals.queries import waits
from booking.core import zones
from booking.core.database import session
from booking.core.intervals import Interval
from booking.core.permissions import Action, Actor, allows
from booking.occupancy.queries import is_free
from booking.pages.planning import queries as planning
from booking.pages.planning.queries import KindOfSpace
from booking.reservations import queries as reservations
from booking.reservations.models import LIVE, Reservation, State
from booking.reservations.queries import Details
from booking.spaces.models import Area, Floor, Resource, ResourceState
from booking.spaces.queries import openings

NEXT_SHOWN = 6
REQUESTS_SHOWN = 4


@dataclass(frozen=True)
class FreeNow:
    """How many spaces of a kind can be used this minute, on the floor that has the most of them."""

    kind: KindOfSpace
    free: int
    total: int
    floor: str


@dataclass(frozen=True)
class House:
    """The first building and what is free in it."""

    names: Mapping[str, str]
    zone: ZoneInfo
    kinds: tuple[FreeNow, ...]

    @property
    def free(self) -> int:
        """How many spaces of any kind are free."""
        return sum(kind.free for kind in self.kinds)

    @property
    def total(self) -> int:
        """How many spaces there are."""
        return sum(kind.total for kind in self.kinds)


def next_reservations(actor: Actor, now: datetime) -> list[Details]:
    """What is mine and not over: running, later today, on the days to come."""
    return reservations.find(
        reservations.mine(actor),
        Reservation.state.in_(LIVE),
        Reservation.ends_at > now,
        limit=NEXT_SHOWN,
    )


def first_requests(actor: Actor) -> list[Details]:
    """The first requests that wait for this actor."""
    if not allows(actor, Action.SEE_APPROVALS):
        return []
    found = reservations.find(
        waits(),
        reservations.decidable_by(actor),
        Reservation.person_id != actor.person_id,
        Reservation.booked_by_id != actor.person_id,
        limit=REQUESTS_SHOWN,
    )
    return [one for one in found if allows(actor, Action.DECIDE, one)]


def pending_count(actor: Actor, now: datetime) -> int:
    """How many of the actor's own requests wait for somebody else."""
    statement = (
        select(func.count())
        .select_from(Reservation)
        .where(
            reservations.mine(actor),
            Reservation.state == State.PENDING,
            Reservation.ends_at > now,
        )
    )
    return session().scalar(statement) or 0


def free_now(now: datetime) -> House | None:
    """What is free in the first building: in order, open and not claimed; None in an empty park."""
    levels = planning.levels()
    if not levels:
        return None
    first = levels[0]
    zone = zones.zone(first.zone_name)
    rows = session().execute(_counts(first.building_id, now)).all()
    is_open = _open_now({row.hours_id for row in rows}, now, zone)
    floors = {level.id: level.code for level in levels}
    tallies: dict[int, _Tally] = defaultdict(_Tally)
    for row in rows:
        free = row.free if is_open[row.hours_id] else 0
        tallies[row.kind_id].add(floors[row.floor_id], row.total, free)
    found = (tallies[kind.id].of(kind) for kind in planning.kinds() if kind.id in tallies)
    return House(first.building_names, zone, tuple(found))


class _Tally:
    """Adds up one kind over floors and sets of hours."""

    def __init__(self) -> None:
        self._free = 0
        self._floors: Counter[str] = Counter()

    def add(self, floor: str, total: int, free: int) -> None:
        self._floors[floor] += total
        self._free += free

    def of(self, kind: KindOfSpace) -> FreeNow:
        return FreeNow(
            kind=kind,
            free=self._free,
            total=self._floors.total(),
            floor=self._floors.most_common(1)[0][0],
        )


def _counts(building_id: int, now: datetime) -> Select[int, int, int, int, int]:
    """One row for each kind, floor and set of hours: few, however many spaces there are."""
    works = or_(Resource.state == ResourceState.IN_ORDER, Resource.expected_back_at <= now)
    is_usable = and_(works, is_free(Interval(now, now + timedelta(minutes=1))))
    groups = (Resource.kind_id, Area.floor_id, Resource.hours_id)
    return (
        select(
            *groups,
            func.count().label("total"),
            func.sum(case((is_usable, 1), else_=0)).label("free"),
        )
        .join(Area, Area.id == Resource.area_id)
        .join(Floor, Floor.id == Area.floor_id)
        .where(Floor.building_id == building_id, Resource.retired_at.is_(None))
        .group_by(*groups)
    )


def _open_now(hours_ids: Collection[int], now: datetime, zone: ZoneInfo) -> dict[int, bool]:
    day = zones.to_local(now, zone).date()
    return {
        hours_id: any(one.includes(now) for one in opening.open_intervals(day, zone))
        for hours_id, opening in openings(hours_ids, day, day).items()
    }
