"""The best place stands first, and each says why it stands where it does."""

from __future__ import annotations

from datetime import datetime

from booking.finding.rules import (
    Asked,
    Candidate,
    Field,
    Habits,
    Mine,
    Reason,
    Why,
    ranked,
    reasons,
)
from booking.spaces.nearness import Where

HERE, NEXT_DOOR, UPSTAIRS, FAR = (
    Where(1, 1, 1),
    Where(2, 1, 1),
    Where(3, 2, 1),
    Where(4, 3, 2),
)
NOBODY = Habits()
A_DESK = Asked(people=1, features=0, is_for_one=True)
A_ROOM = Asked(people=4, features=0, is_for_one=False)
MY_LAB = Mine("LAB-1", datetime(2026, 10, 6, 14), HERE)


def place(
    code: str,
    where: Where = FAR,
    *,
    capacity: int = 1,
    extras: int = 0,
    needs_approval: bool = False,
) -> Candidate:
    return Candidate(sum(map(ord, code)), code, where, capacity, needs_approval, extras)


def codes(*candidates: Candidate, habits: Habits = NOBODY, asked: Asked = A_DESK) -> list[str]:
    return [one.code for one in ranked(candidates, habits, asked)]


def whys(
    candidate: Candidate, *others: Candidate, habits: Habits = NOBODY, asked: Asked = A_DESK
) -> list[Why]:
    field = Field.of([candidate, *others])
    return [one.why for one in reasons(candidate, field, habits, asked)]


def test_the_usual_place_stands_before_all_others() -> None:
    usual = place("Z-9")
    habits = Habits(uses={usual.resource_id: 5}, mine=MY_LAB)
    assert codes(place("A-1", HERE), usual, habits=habits) == ["Z-9", "A-1"]
    found = reasons(usual, Field.of([usual]), habits, A_DESK)
    assert found == [Reason(Why.USUAL, count=5)]


def test_a_place_used_once_is_no_usual_one() -> None:
    once = place("Z-9")
    habits = Habits(uses={once.resource_id: 1})
    assert codes(place("A-1"), once, habits=habits) == ["A-1", "Z-9"]
    assert whys(once, habits=habits) == [Why.FITS]


def test_the_nearer_to_my_reservation_the_better() -> None:
    habits = Habits(mine=MY_LAB)
    everywhere = [place("A-1", FAR), place("B-1", UPSTAIRS), place("C-1", NEXT_DOOR)]
    assert codes(*everywhere, place("D-1", HERE), habits=habits) == ["D-1", "C-1", "B-1", "A-1"]
    assert whys(place("D-1", HERE), habits=habits) == [Why.AREA_OF_YOUR_RESERVATION]
    assert whys(place("C-1", NEXT_DOOR), habits=habits) == [Why.FLOOR_OF_YOUR_RESERVATION]
    assert whys(place("B-1", UPSTAIRS), habits=habits) == [Why.BUILDING_OF_YOUR_RESERVATION]
    assert whys(place("A-1", FAR), habits=habits) == [Why.FITS]


def test_near_to_my_organisation_is_better_than_anywhere() -> None:
    habits = Habits(ours_by_area={NEXT_DOOR.area_id: 3}, ours_by_floor={NEXT_DOOR.floor_id: 3})
    found = codes(place("A-1", FAR), place("B-1", HERE), place("C-1", NEXT_DOOR), habits=habits)
    assert found == ["C-1", "B-1", "A-1"]
    assert whys(place("C-1", NEXT_DOOR), habits=habits) == [Why.AREA_OF_YOUR_ORGANISATION]
    assert whys(place("B-1", HERE), habits=habits) == [Why.FLOOR_OF_YOUR_ORGANISATION]


def test_the_smallest_that_fits_leaves_the_large_ones_to_others() -> None:
    small, large = place("B-1", capacity=4), place("A-1", capacity=8)
    assert codes(large, small, asked=A_ROOM) == ["B-1", "A-1"]
    assert whys(small, large, asked=A_ROOM) == [Why.SMALLEST_THAT_FITS]
    assert whys(large, small, asked=A_ROOM) == [Why.FITS]


def test_nearness_does_not_excuse_a_hall_for_four() -> None:
    habits = Habits(mine=MY_LAB)
    hall, room = place("HALL", HERE, capacity=60), place("ROOM", FAR, capacity=6)
    assert codes(hall, room, habits=habits, asked=A_ROOM) == ["ROOM", "HALL"]


def test_what_has_exactly_what_was_asked_leaves_the_rest_to_others() -> None:
    asked = Asked(people=1, features=1, is_for_one=True)
    rich, exact = place("A-1", extras=3), place("B-1")
    assert codes(rich, exact, asked=asked) == ["B-1", "A-1"]
    assert whys(exact, rich, asked=asked) == [Why.EXACTLY_AS_ASKED]


def test_where_fewer_features_will_do_what_lacks_least_stands_first() -> None:
    asked = Asked(people=1, features=2, is_for_one=True)
    lacks_one, lacks_two = (
        place("B-1")._replace(missing=1),
        place("A-1")._replace(missing=2),
    )
    assert codes(lacks_two, lacks_one, asked=asked) == ["B-1", "A-1"]
    assert whys(lacks_one, lacks_two, asked=asked) == [Why.FITS]


def test_what_asks_nobody_stands_first_and_says_so_where_others_ask() -> None:
    asks, free = place("A-1", needs_approval=True), place("B-1")
    assert codes(asks, free) == ["B-1", "A-1"]
    assert whys(free, asks) == [Why.WITHOUT_APPROVAL]
    assert whys(free) == [Why.FITS]


def test_not_more_than_three_reasons_are_given() -> None:
    habits = Habits(uses={place("A-1").resource_id: 4}, mine=MY_LAB, ours_by_area={HERE.area_id: 2})
    asked = Asked(people=2, features=1, is_for_one=False)
    one = place("A-1", HERE, capacity=2)
    found = whys(one, place("B-1", capacity=4, needs_approval=True), habits=habits, asked=asked)
    assert found == [
        Why.USUAL,
        Why.AREA_OF_YOUR_RESERVATION,
        Why.AREA_OF_YOUR_ORGANISATION,
    ]
