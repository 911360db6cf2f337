"""Places near each other are found as somebody with the plan in hand would find them."""

from __future__ import annotations

import pytest

from booking.spaces.nearness import Placed, Where, together


def area(number: int, *free: int, floor: int = 0, building: int = 0) -> list[Placed]:
    """The free places of an area, by their numbers."""
    return [Placed(number * 100 + one, Where(number, floor, building), one) for one in free]


def numbers(found: list[Placed]) -> list[int]:
    return [one.resource_id for one in found]


def test_neighbours_are_found_before_places_with_others_between_them() -> None:
    assert numbers(together(area(1, 1, 3, 5, 6, 7), 3)) == [105, 106, 107]


def test_one_area_is_nearer_than_two_however_loose_it_is() -> None:
    free = [*area(1, 8, 9), *area(2, 1, 5, 9)]
    assert numbers(together(free, 3)) == [201, 205, 209]


def test_where_no_area_has_so_many_they_stand_on_one_floor() -> None:
    free = [*area(1, 1, floor=1), *area(2, 1, 2, floor=2), *area(3, 1, floor=2)]
    assert numbers(together(free, 3)) == [201, 202, 301]


def test_where_no_floor_has_so_many_they_stand_in_one_building() -> None:
    free = [
        *area(1, 1, floor=1, building=1),
        *area(2, 1, floor=2, building=2),
        *area(3, 1, floor=3, building=2),
    ]
    assert numbers(together(free, 2)) == [201, 301]
    assert numbers(together(free, 3)) == [101, 201, 301]


@pytest.mark.parametrize("count", [0, -1, 3])
def test_not_so_many_are_none(count: int) -> None:
    assert together(area(1, 1, 2), count) == []
