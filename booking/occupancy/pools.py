"""Which place of a pool somebody gets: each of its units is a line of its own, and any will do."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from booking.core.instants import Interval
from booking.core.intervals import levels
from booking.occupancy import queries
from booking.occupancy.claims import Claim, Owner
from booking.occupancy.models import ClaimKind
from booking.occupancy.queries import Busy


@dataclass(frozen=True)
class Seated:
    """Which unit of a pool somebody has."""

    owner: Owner
    resource_id: int
    unit: int


class FullError(Exception):
    """No unit has room; says for which claims, and what is known of the units."""

    def __init__(self, claims: Sequence[Claim], units: Units) -> None:
        super().__init__(claims[0].code)
        self.claims = claims
        self.units = units


def seat(
    claims: Sequence[tuple[Owner, Claim]],
) -> tuple[list[tuple[Owner, Claim]], list[Seated]]:
    """These claims, those of pools on units that are free, each owner's of one resource on one and
    the same: the one that is wished for, else the first. Raises FullError.

    One statement. It stays true for whoever has locked the pools before.
    """
    units = Units.around([claim for _owner, claim in claims if claim.units > 1])
    placed = [(owner, claim) for owner, claim in claims if claim.units == 1]
    seated = []
    wanted: dict[tuple[Owner, int], list[Claim]] = {}
    for owner, claim in claims:
        if claim.units > 1:
            wanted.setdefault((owner, claim.resource_id), []).append(claim)
    for (owner, resource_id), together in wanted.items():
        there = units.room_for(together)
        if there is None:
            raise FullError(together, units)
        units.take(there)
        placed += [(owner, claim) for claim in there]
        seated.append(Seated(owner, resource_id, there[0].unit))
    return placed, seated


def by_resource(claims: Iterable[Claim]) -> list[list[Claim]]:
    """The claims of one owner: what has to be had of one and the same unit, together."""
    found: dict[int, list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim.resource_id, []).append(claim)
    return list(found.values())


class Units:
    """What is taken of each unit: asked for one that is free, told what is taken of it next."""

    def __init__(self, busy: Iterable[Busy]) -> None:
        self._busy: dict[tuple[int, int], list[Busy]] = {}
        for one in busy:
            self._add(one)

    @classmethod
    def around(
        cls,
        claims: Collection[Claim],
        *,
        given_up_by: Collection[int] = (),
        given_up_holds: Collection[int] = (),
    ) -> Units:
        """Read what is taken where and when these claims are wanted, but for what is given up: one
        statement."""
        if not claims:
            return cls(())
        spans = [claim.span or claim.interval for claim in claims]
        window = Interval(min(one.starts_at for one in spans), max(one.ends_at for one in spans))
        most = max(claim.units for claim in claims)
        resource_ids = {claim.resource_id for claim in claims}
        return cls(
            one
            for one in queries.busy_times(resource_ids, window, range(1, most + 1))
            if (one.reservation_id is None or one.reservation_id not in given_up_by)
            and (one.hold_id is None or one.hold_id not in given_up_holds)
        )

    def without(self, reservation_id: int, hold_id: int | None = None) -> Units:
        """The same as if a reservation and what is held for it were given up."""
        return Units(
            one
            for busy in self._busy.values()
            for one in busy
            if one.reservation_id != reservation_id and (hold_id is None or one.hold_id != hold_id)
        )

    def room_for(self, claims: Sequence[Claim], but: int | None = None) -> list[Claim] | None:
        """Claims of one owner at one resource, on a unit that is free for all of them: the wished
        one, else the first; None where there is none. What one reservation has is no obstacle."""
        wished = claims[0].unit
        units = range(1, claims[0].units + 1)
        for unit in sorted(units, key=lambda one: (one != wished, one)):
            there = [replace(claim, unit=unit) for claim in _wanted_of(unit, claims)]
            if all(self.in_the_way(claim, but) is None for claim in there):
                return there
        return None

    def take(self, claims: Iterable[Claim]) -> None:
        """Let these stand in the way of what follows."""
        for claim in claims:
            self._add(Busy(claim.resource_id, claim.unit, claim.interval, claim.kind))

    def in_the_way(self, claim: Claim, but: int | None = None) -> Busy | None:
        """What has taken the claim's unit, but for one reservation's own claims.

        Claims of one unit never overlap: looking back from the end, the first that is over by the
        start is the last to look at.
        """
        busy = self._busy.get((claim.resource_id, claim.unit), [])
        position = bisect_left(busy, claim.interval.ends_at, key=_start) - 1
        while position >= 0 and busy[position].interval.ends_at > claim.interval.starts_at:
            if but is None or busy[position].reservation_id != but:
                return busy[position]
            position -= 1
        return None

    def in_the_way_everywhere(self, claims: Sequence[Claim], but: int | None = None) -> list[Busy]:
        """What is in the way of a pool's claims, on each of its units the first."""
        found = []
        for unit in range(1, claims[0].units + 1):
            there = (replace(claim, unit=unit) for claim in claims)
            busy = next(filter(None, (self.in_the_way(one, but) for one in there)), None)
            if busy is not None:
                found.append(busy)
        return found

    def _add(self, busy: Busy) -> None:
        insort(self._busy.setdefault((busy.resource_id, busy.unit), []), busy, key=_start)


def full_times(busy: Iterable[Interval], units: int) -> list[Interval]:
    """When every unit of a pool is taken; `busy` are the times of this pool's claims."""
    return [time for time, taken in levels(busy) if taken >= units]


def _wanted_of(unit: int, claims: Sequence[Claim]) -> Sequence[Claim]:
    """What is held for a change besides what there is already is, on another unit, all of it."""
    first = claims[0]
    if unit == first.unit or first.kind is not ClaimKind.HOLD or first.span is None:
        return claims
    return [replace(first, interval=first.span)]


def _start(busy: Busy) -> datetime:
    return busy.interval.starts_at
