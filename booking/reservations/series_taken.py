"""What is taken around the dates of a series: read at once, then asked date by date."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from booking.core.instants import Interval
from booking.core.refusals import Refusal
from booking.occupancy import queries as occupancy_queries
from booking.occupancy import service as occupancy
from booking.occupancy.queries import Busy
from booking.occupancy.service import Claim


class Taken:
    """The claims around all dates, but for those that are given up; dates that were judged count
    as claims, too. One statement, however many dates there are."""

    def __init__(
        self,
        claims: Sequence[Claim],
        *,
        given_up_by: Collection[int] = (),
        given_up_holds: Collection[int] = (),
    ) -> None:
        self._busy: dict[int, list[Busy]] = {}
        if not claims:
            return
        first = min(claim.interval.starts_at for claim in claims)
        last = max(claim.interval.ends_at for claim in claims)
        resources = {claim.resource_id for claim in claims}
        for busy in occupancy_queries.busy_times(resources, Interval(first, last)):
            is_kept = busy.hold_id is None or busy.hold_id not in given_up_holds
            if is_kept and (busy.reservation_id is None or busy.reservation_id not in given_up_by):
                self._busy.setdefault(busy.resource_id, []).append(busy)

    def refusals(self, claims: Iterable[Claim], own: int | None = None) -> list[Refusal]:
        """What is in the way on each of the places, but for one reservation's own claims."""
        told: dict[str, Refusal] = {}
        for claim in claims:
            found = self._in_the_way(claim, own)
            if found is not None:
                told.setdefault(claim.code, occupancy.refused(claim, found))
        return list(told.values())

    def take(self, claims: Iterable[Claim]) -> None:
        """Let these stand in the way of what follows."""
        for claim in claims:
            own = Busy(claim.resource_id, claim.unit, claim.interval, claim.kind)
            insort(self._busy.setdefault(claim.resource_id, []), own, key=_start)

    def _in_the_way(self, claim: Claim, own: int | None) -> Busy | None:
        """Claims never overlap: looking back from the end, the first that is over by the start is
        the last to look at."""
        busy = self._busy.get(claim.resource_id, [])
        position = bisect_left(busy, claim.interval.ends_at, key=_start) - 1
        while position >= 0 and busy[position].interval.ends_at > claim.interval.starts_at:
            if own is None or busy[position].reservation_id != own:
                return busy[position]
            position -= 1
        return None


def _start(busy: Busy) -> datetime:
    return busy.interval.starts_at
