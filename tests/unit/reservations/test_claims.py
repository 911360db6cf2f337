"""What a reservation has, what a change of it takes, and where one finds room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from booking.core.intervals import Interval
from booking.occupancy.models import ClaimKind
from booking.occupancy.queries import Busy
from booking.policies.rules import Buffers
from booking.reservations.claims import Had, parts_of

MORNING = datetime(2026, 11, 24, tzinfo=UTC)


def _between(start: float, end: float) -> Interval:
    return Interval(MORNING + timedelta(hours=start), MORNING + timedelta(hours=end))


def _busy(start: float, end: float, resource_id: int = 1) -> Busy:
    return Busy(resource_id, 1, _between(start, end), ClaimKind.BOOKING)


def test_no_buffers_are_one_claim() -> None:
    assert parts_of(_between(10, 12), Buffers()) == [(ClaimKind.BOOKING, _between(10, 12))]


def test_both_sides_may_be_of_different_length() -> None:
    assert parts_of(_between(10, 12), Buffers(setup=15, cleanup=60)) == [
        (ClaimKind.BOOKING, _between(10, 12)),
        (ClaimKind.SETUP, _between(9.75, 10)),
        (ClaimKind.CLEANUP, _between(12, 13)),
    ]


def test_what_a_reservation_has_is_what_holds_its_time_without_a_break() -> None:
    claims = [_busy(9.5, 10), _busy(12, 12.5), _busy(10, 12), _busy(15, 16), _busy(15, 16, 2)]
    assert Had.of(_between(10, 12), claims).spans == {1: _between(9.5, 12.5)}


@pytest.mark.parametrize(
    ("new", "span", "taken"),
    [
        ((10, 11), (9, 12), (9.5, 12)),  # shorter: no more before; after it up to what it had
        ((10, 11.75), (9, 12.75), (9.5, 12.5)),
        ((10, 13), (9, 14), (9.5, 14)),  # longer at its end: there the policy holds
        ((9, 12), (8, 13), (8, 12.5)),
        ((14, 16), (13, 17), (13, 17)),  # elsewhere
    ],
)
def test_a_side_that_goes_no_further_takes_no_more(
    new: tuple[float, float], span: tuple[float, float], taken: tuple[float, float]
) -> None:
    had = Had(_between(10, 12), {1: _between(9.5, 12.5)})
    assert had.limit(1, _between(*new), _between(*span)) == _between(*taken)
    assert had.limit(2, _between(*new), _between(*span)) == _between(*span)


def test_moved_by_the_law_it_keeps_as_much() -> None:
    had = Had(_between(10, 12), {1: _between(9.5, 12.25)})
    assert had.moved_to(_between(11, 13)).spans == {1: _between(10.5, 13.25)}
