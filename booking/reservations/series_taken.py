"""What is taken around the dates of a series: read at once, then asked date by date."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from booking.core.refusals import Refusal
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Claim
from booking.occupancy.pools import Units, by_resource


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
        self._units = Units.around(claims, given_up_by=given_up_by, given_up_holds=given_up_holds)

    def refusals(self, claims: Iterable[Claim], own: int | None = None) -> list[Refusal]:
        """What is in the way on each of the places, but for one reservation's own claims."""
        return occupancy.in_the_way(claims, self._units, own)

    def take(self, claims: Iterable[Claim]) -> None:
        """Let these stand in the way of what follows; of a pool, on a unit that has room."""
        for together in by_resource(claims):
            is_pool = together[0].units > 1
            self._units.take(self._units.room_for(together) or [] if is_pool else together)
