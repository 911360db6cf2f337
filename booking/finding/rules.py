"""Which of the free places are best for somebody, and the reasons: pure, so that it can be told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self, TypeAlias

from booking.spaces.nearness import Where

USUAL_FROM = 3  # so many reservations make a place a usual one
MOST_REASONS = 3


class Why(StrEnum):
    """What speaks for a place. Part of the API."""

    USUAL = "usual"
    AREA_OF_YOUR_RESERVATION = "area_of_your_reservation"
    FLOOR_OF_YOUR_RESERVATION = "floor_of_your_reservation"
    BUILDING_OF_YOUR_RESERVATION = "building_of_your_reservation"
    AREA_OF_YOUR_ORGANISATION = "area_of_your_organisation"
    FLOOR_OF_YOUR_ORGANISATION = "floor_of_your_organisation"
    AS_PREFERRED = "as_preferred"
    EXACTLY_AS_ASKED = "exactly_as_asked"
    SMALLEST_THAT_FITS = "smallest_that_fits"
    WITHOUT_APPROVAL = "without_approval"
    FITS = "fits"


class Candidate(NamedTuple):
    """A place that fits and is free, as far as its rank depends on it (thousands a search)."""

    resource_id: int
    code: str
    where: Where
    capacity: int
    needs_approval: bool
    extras: int = 0  # features that were not asked for
    missing: int = 0  # features that were asked for, where fewer will do


@dataclass(frozen=True)
class Mine:
    """The reservation of the day that is nearest to the wished time."""

    code: str
    starts_at: datetime  # on the clock of the site
    where: Where


@dataclass(frozen=True)
class Habits:
    """What is known of the person: how often they were where, and who is where on that day."""

    uses: Mapping[int, int] = field(default_factory=dict)  # by resource
    mine: Mine | None = None
    ours_by_area: Mapping[int, int] = field(default_factory=dict)
    ours_by_floor: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for a place, with the number or the reservation that it rests on."""

    why: Why
    count: int = 0
    mine: Mine | None = None


@dataclass(frozen=True)
class Asked:
    """What the rank needs to know of the wish."""

    people: int
    features: int  # how many were named
    is_for_one: bool  # the size of a seat is no reason
    preferred: int = 0  # features that decide between free places


@dataclass(frozen=True)
class Field:
    """What the candidates are like as a whole, looked at once."""

    smallest: int = 0
    largest: int = 0
    some_need_approval: bool = False

    @classmethod
    def of(cls, candidates: Collection[Candidate]) -> Self:
        """The extremes among them."""
        sizes = {one.capacity for one in candidates} or {0}
        asks = any(one.needs_approval for one in candidates)
        return cls(min(sizes), max(sizes), asks)


def ranked(candidates: Collection[Candidate], habits: Habits, asked: Asked) -> list[Candidate]:
    """The best first: what lacks least, usual ones, then those of a fitting size and near to where
    one is or one's people are, then what asks nobody, has nothing to spare, is small, and comes
    first by code."""
    return sorted(candidates, key=_key(habits, asked))


def reasons(candidate: Candidate, field: Field, habits: Habits, asked: Asked) -> list[Reason]:
    """Why a place stands where it does, the strongest reason first; never none."""
    found = list(_reasons(candidate, field, habits, asked))
    return found[:MOST_REASONS] or [Reason(Why.FITS)]


Key: TypeAlias = tuple[int, int, bool, int, bool, int, int, str]


def _key(habits: Habits, asked: Asked) -> Callable[[Candidate], Key]:
    far_too_large = 2 * asked.people + 2
    distances: dict[int, int] = {}  # by area: thousands of places stand in a few dozen

    def key(candidate: Candidate) -> Key:
        distance = distances.get(candidate.where.area_id)
        if distance is None:
            distance = distances[candidate.where.area_id] = distance_of(candidate.where, habits)
        uses = habits.uses.get(candidate.resource_id, 0)
        return (
            candidate.missing,
            -uses if uses >= USUAL_FROM else 0,
            candidate.capacity > far_too_large,
            distance,
            candidate.needs_approval,
            candidate.extras,
            candidate.capacity,
            candidate.code,
        )

    return key


def distance_of(where: Where, habits: Habits) -> int:
    """How far from where the person is on that day, else from the organisation; 5 is anywhere."""
    mine = habits.mine.where if habits.mine else None
    for distance, is_there in enumerate(
        (
            mine is not None and mine.area_id == where.area_id,
            mine is not None and mine.floor_id == where.floor_id,
            where.area_id in habits.ours_by_area,
            where.floor_id in habits.ours_by_floor,
            mine is not None and mine.building_id == where.building_id,
        )
    ):
        if is_there:
            return distance
    return 5


def _reasons(candidate: Candidate, field: Field, habits: Habits, asked: Asked) -> Iterator[Reason]:
    uses = habits.uses.get(candidate.resource_id, 0)
    if uses >= USUAL_FROM:
        yield Reason(Why.USUAL, count=uses)
    yield from _near_to_mine(candidate.where, habits.mine)
    yield from _near_to_ours(candidate.where, habits)
    if asked.preferred and not candidate.missing:
        yield Reason(Why.AS_PREFERRED)
    if asked.features and not candidate.extras and not candidate.missing:
        yield Reason(Why.EXACTLY_AS_ASKED)
    is_smallest = candidate.capacity == field.smallest < field.largest
    if is_smallest and not asked.is_for_one:
        yield Reason(Why.SMALLEST_THAT_FITS, count=candidate.capacity)
    if field.some_need_approval and not candidate.needs_approval:
        yield Reason(Why.WITHOUT_APPROVAL)


def _near_to_mine(where: Where, mine: Mine | None) -> Iterator[Reason]:
    if mine is None or mine.where.building_id != where.building_id:
        return
    if mine.where.area_id == where.area_id:
        yield Reason(Why.AREA_OF_YOUR_RESERVATION, mine=mine)
    elif mine.where.floor_id == where.floor_id:
        yield Reason(Why.FLOOR_OF_YOUR_RESERVATION, mine=mine)
    else:
        yield Reason(Why.BUILDING_OF_YOUR_RESERVATION, mine=mine)


def _near_to_ours(where: Where, habits: Habits) -> Iterator[Reason]:
    if where.area_id in habits.ours_by_area:
        yield Reason(Why.AREA_OF_YOUR_ORGANISATION, count=habits.ours_by_area[where.area_id])
    elif where.floor_id in habits.ours_by_floor:
        yield Reason(Why.FLOOR_OF_YOUR_ORGANISATION, count=habits.ours_by_floor[where.floor_id])
