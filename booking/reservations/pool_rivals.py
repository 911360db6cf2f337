"""Who loses by the yes to a request for a place of a pool: whoever then finds no place in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import select

from booking.core.database import session
from booking.occupancy.claims import Claim
from booking.occupancy.models import Hold
from booking.occupancy.pools import Units, by_resource
from booking.policies.facts import Place
from booking.reservations.claims import claims_of
from booking.reservations.queries import Details


def pools_of(request: Details) -> list[Place]:
    """The pools among what is asked for."""
    return [place for place in (request.amendment or request).places if place.spot.units > 1]


@dataclass(frozen=True)
class Around:
    """What is taken of pools around what several requests ask for."""

    units: Units
    holds: Mapping[int, int]  # of the changes that wait, by the change

    @classmethod
    def of(cls, requests: Sequence[Details]) -> Self:
        """Read it: two statements at the most, however many they are."""
        claims = [claim for one in requests for claim in _wanted(one)]
        return cls(Units.around(claims), _holds(requests))

    def full(self, request: Details) -> Iterator[Claim]:
        """The first claim on each pool of which a request that holds nothing finds no place."""
        if not (request.amendment or request).holds_place:
            for claims in by_resource(_wanted(request)):
                if self.units.room_for(claims, request.id) is None:
                    yield claims[0]

    def losing(self, before: Details, rivals: Iterable[Details]) -> list[Details]:
        """Those of the rivals that cannot be had beside a request: for whom no place is left, or
        who are in its way at something that is no pool."""
        change = None if before.amendment is None else before.amendment.id
        left = self.units.without(before.id, self.holds.get(change or 0))
        for claims in by_resource(_wanted(before)):
            left.take(left.room_for(claims) or ())
        pools = {place.resource_id for place in pools_of(before)}
        beside = Units(())
        beside.take(claim for claim in _all_wanted(before) if claim.units == 1)
        return [one for one in rivals if _loses(one, pools, left, beside)]


def _loses(one: Details, pools: set[int], left: Units, beside: Units) -> bool:
    wanted = _all_wanted(one)
    return any(
        left.room_for(claims) is None
        if claims[0].resource_id in pools
        else any(beside.in_the_way(claim) is not None for claim in claims)
        for claims in by_resource(wanted)
    )


def _wanted(request: Details) -> list[Claim]:
    return [claim for claim in _all_wanted(request) if claim.units > 1]


def _all_wanted(request: Details) -> list[Claim]:
    asked = request.amendment or request
    return claims_of(asked.places, asked.interval)


def _holds(requests: Iterable[Details]) -> dict[int, int]:
    changes = [one.amendment.id for one in requests if one.amendment is not None]
    if not changes:
        return {}
    rows = session().execute(
        select(Hold.amendment_id, Hold.id).where(Hold.amendment_id.in_(changes))
    )
    return {change: hold_id for change, hold_id in rows if change is not None}
