"""What is near to what: places that stand beside each other, by the order of the plan. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple


class Where(NamedTuple):
    """Where a place stands, by the keys of its area, floor and building."""

    area_id: int
    floor_id: int
    building_id: int


class Placed(NamedTuple):
    """A place on the plan."""

    resource_id: int
    where: Where
    number: int  # among all of its kind in its area, free or not, in the order of their codes
    units: int = 1  # more than one, where it is a pool


def _anywhere(_where: Where) -> int:
    return 0


def together(
    free: Sequence[Placed], count: int, far: Callable[[Where], int] = _anywhere
) -> list[Placed]:
    """So many of the free places, as near to each other as can be: in one area and with the fewest
    places between the first and the last, else on one floor, in one building, anywhere.

    Where several parts of the house have so many, the one that is the least `far` is taken, and
    only then the closest run. `free` comes in the order of the plan (building, floor, area, code).
    Empty where there are not so many.
    """
    if not 0 < count <= len(free):
        return []
    return (
        _closest(free, count, far, lambda one: one.where.area_id)
        or _closest(free, count, far, lambda one: one.where.floor_id)
        or _closest(free, count, far, lambda one: one.where.building_id)
        or list(free[:count])
    )


def _closest(
    free: Sequence[Placed],
    count: int,
    far: Callable[[Where], int],
    part_of: Callable[[Placed], int],
) -> list[Placed]:
    """The closest run within one part of the house; the first one where several are as close."""
    parts: dict[int, list[Placed]] = {}
    for one in free:
        parts.setdefault(part_of(one), []).append(one)
    runs = (
        part[first : first + count]
        for part in parts.values()
        for first in range(len(part) - count + 1)
    )
    return min(
        runs, key=lambda run: (min(far(one.where) for one in run), _looseness(run)), default=[]
    )


def _looseness(run: Sequence[Placed]) -> tuple[int, int]:
    """How many areas it touches besides the first, and how far its places lie apart in them."""
    steps = [(a.where.area_id == b.where.area_id, b.number - a.number) for a, b in pairwise(run)]
    return (
        sum(not is_same_area for is_same_area, _distance in steps),
        sum(distance for is_same_area, distance in steps if is_same_area),
    )
