"""How many places a pool has: fewer only as far as what is reserved ahead finds room in them, and
closed ones more while the house closes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import select

from booking.core import clock
from booking.core.database import session, transactional
from booking.core.errors import PlacesNeededError
from booking.core.intervals import Interval, gaps
from booking.core.permissions import Action, Actor, require
from booking.occupancy import queries as occupancy_queries
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Claim, Owner
from booking.occupancy.models import ClaimKind, Closure, ClosureResource, Hold
from booking.occupancy.pools import Seated, Units
from booking.occupancy.queries import Busy
from booking.reservations import service
from booking.reservations.models import Amendment
from booking.spaces import service as spaces
from booking.spaces.drafts import ResourceDraft
from booking.spaces.models import Resource


@dataclass(frozen=True)
class _Pool:
    """A space whose number of places changes."""

    resource_id: int
    code: str
    had: int
    wanted: int


@transactional
def change_resource(
    actor: Actor, public_id: str, draft: ResourceDraft, seen: str | None = None
) -> None:
    """Replace what is said about a space, as `spaces.change_resource` does.

    Raises PlacesNeededError where fewer places than wanted would not do for what is reserved ahead.
    """
    require(actor, Action.OPERATE)
    pools = _held_pools({public_id: draft})
    spaces.change_resource(actor, public_id, draft, seen)
    _fit(pools)


@transactional
def change_resources(actor: Actor, drafts: Mapping[str, ResourceDraft]) -> None:
    """The same for several, all of them or none."""
    require(actor, Action.OPERATE)
    pools = _held_pools(drafts)
    spaces.change_resources(actor, drafts)
    _fit(pools)


def needed(drafts: Mapping[str, ResourceDraft]) -> dict[str, int]:
    """How many places are needed at least, by the public ids of those that would have fewer."""
    found = {}
    for public_id, pool in _pools(drafts).items():
        if pool.wanted < pool.had:
            least = _Seats.of(pool).least(pool.wanted)
            if least > pool.wanted:
                found[public_id] = least
    return found


def _pools(drafts: Mapping[str, ResourceDraft]) -> dict[str, _Pool]:
    """Those whose number changes; one statement."""
    rows = session().execute(
        select(Resource.public_id, Resource.id, Resource.code, Resource.units).where(
            Resource.public_id.in_(drafts)
        )
    )
    return {
        public_id: _Pool(key, code, units, drafts[public_id].units)
        for public_id, key, code, units in rows
        if units != drafts[public_id].units
    }


def _held_pools(drafts: Mapping[str, ResourceDraft]) -> list[_Pool]:
    """The same, held against whoever would take one of their places."""
    found = _pools(drafts)
    if not found:
        return []
    occupancy.lock_resources(pool.resource_id for pool in found.values())
    return list(_pools(drafts).values())


def _fit(pools: Iterable[_Pool]) -> None:
    for pool in pools:
        if pool.wanted < pool.had:
            _draw_together(pool)
        elif pool.wanted <= spaces.MOST_UNITS:
            _close_new_places(pool)


# --- fewer ---


def _draw_together(pool: _Pool) -> None:
    """Give who has one of the places that go another one; they have no names."""
    seats = _Seats.of(pool)
    least = seats.least(pool.wanted)
    if least > pool.wanted:
        raise PlacesNeededError(least)
    occupancy.change_units(seats.moves(pool.wanted), resource_id=pool.resource_id)
    service.note_units(seats.noted(pool.wanted))
    occupancy.forget_units(pool.resource_id, above=pool.wanted, since=clock.now())


@dataclass(frozen=True)
class _Seats:
    """Who has which place of a pool from now on; closures take what there is."""

    pool: _Pool
    by_owner: Sequence[Sequence[Busy]]  # each owner's claims stay together
    closed: Sequence[Busy]
    now: datetime

    @classmethod
    def of(cls, pool: _Pool) -> _Seats:
        """Read them, also what is over of who is there now. What is held for a change goes with
        its reservation where it is on the same place."""
        now = clock.now()
        ahead = occupancy_queries.ahead_of(pool.resource_id, now)
        begun = occupancy_queries.owned_by(
            {one.reservation_id for one in ahead if one.reservation_id is not None}
        )
        since = min((one.interval.starts_at for one in begun), default=now)
        claims = occupancy_queries.ahead_of(pool.resource_id, min(since, now))
        changes = _changes(one.hold_id for one in claims if one.hold_id is not None)
        owners: dict[tuple[object, int], list[Busy]] = {}
        for one in claims:
            if one.closure_id is None:
                key = one.reservation_id or changes.get(one.hold_id or 0) or f"hold {one.hold_id}"
                owners.setdefault((key, one.unit), []).append(one)
        closed = [one for one in claims if one.closure_id is not None]
        return cls(pool, list(owners.values()), closed, now)

    def least(self, wanted: int) -> int:
        """How few places will do, from so many on."""
        return next(
            (one for one in range(wanted, self.pool.had) if self._seated(one) is not None),
            self.pool.had,
        )

    def moves(self, units: int) -> list[tuple[Busy, int]]:
        """The claims that get another unit, and which."""
        return [(claim, unit) for claims, unit in self._seated(units) or () for claim in claims]

    def noted(self, units: int) -> list[Seated]:
        """What the reservations then have."""
        return [
            Seated(Owner(reservation_id=reservation_id), self.pool.resource_id, unit)
            for claims, unit in self._seated(units) or ()
            for reservation_id in {one.reservation_id for one in claims}
            if reservation_id is not None
        ]

    def _seated(self, units: int) -> list[tuple[Sequence[Busy], int]] | None:
        """Who moves where, if there are only so many; None where somebody finds none."""
        staying = [one for one in self.by_owner if one[0].unit <= units]
        left = Units(chain(self.closed, *staying))
        found = []
        for claims in self.by_owner:
            is_over = all(one.interval.ends_at <= self.now for one in claims)
            if claims[0].unit > units and not is_over:
                there = left.room_for([_wanted(one, units) for one in claims])
                if there is None:
                    return None
                left.take(there)
                found.append((claims, there[0].unit))
        return found


def _changes(hold_ids: Iterable[int]) -> dict[int, int]:
    """For which reservations these hold a change."""
    keys = set(hold_ids)
    if not keys:
        return {}
    rows = session().execute(
        select(Hold.id, Amendment.reservation_id)
        .join(Amendment, Amendment.id == Hold.amendment_id)
        .where(Hold.id.in_(keys))
    )
    return {hold_id: reservation_id for hold_id, reservation_id in rows}  # noqa: C416  # dict() takes a result for a mapping


def _wanted(busy: Busy, units: int) -> Claim:
    return Claim(busy.resource_id, busy.interval, "", "", kind=busy.kind, units=units)


# --- more ---


def _close_new_places(pool: _Pool) -> None:
    """What is closed is closed as a whole: the oldest closure first, where there are several."""
    rows = session().scalars(
        select(Closure)
        .join(ClosureResource, ClosureResource.closure_id == Closure.id)
        .where(
            ClosureResource.resource_id == pool.resource_id,
            Closure.ended_at.is_(None),
            Closure.ends_at > clock.now(),
        )
        .order_by(Closure.id)
    )
    closed: list[Interval] = []
    claims = []
    for closure in rows:
        for gap in gaps(closure.interval, closed):
            claims += [
                (Owner(closure_id=closure.id), _closing(pool, gap, unit))
                for unit in range(pool.had + 1, pool.wanted + 1)
            ]
        closed.append(closure.interval)
    occupancy.claim_each(claims)


def _closing(pool: _Pool, interval: Interval, unit: int) -> Claim:
    return Claim(pool.resource_id, interval, pool.code, "UTC", unit, ClaimKind.CLOSURE)
