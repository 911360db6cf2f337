"""Intervals are half open, in UTC, and what is left between them is exact."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from booking.core import zones
from booking.core.intervals import Interval, LocalInterval, Span, gaps

DAY = datetime(2026, 11, 24, tzinfo=UTC)


def at(hour: float) -> datetime:
    return DAY + timedelta(hours=hour)


def between(start: float, end: float) -> Interval:
    return Interval(at(start), at(end))


def test_nine_to_ten_and_ten_to_eleven_touch_and_do_not_overlap() -> None:
    assert not between(9, 10).overlaps(between(10, 11))
    assert not between(10, 11).overlaps(between(9, 10))


@pytest.mark.parametrize("other", [(9, 10), (9.5, 9.75), (8, 11), (8, 9.25), (9.75, 12)])
def test_any_shared_minute_is_an_overlap(other: tuple[float, float]) -> None:
    assert between(9, 10).overlaps(between(*other))
    assert between(*other).overlaps(between(9, 10))


def test_an_interval_contains_itself_and_what_lies_inside() -> None:
    assert between(9, 12).contains(between(9, 12))
    assert between(9, 12).contains(between(10, 11))
    assert not between(9, 12).contains(between(8, 12))
    assert not between(9, 12).contains(between(9, 12.25))


def test_an_interval_includes_its_start_and_not_its_end() -> None:
    assert between(9, 10).includes(at(9))
    assert not between(9, 10).includes(at(10))


def test_minutes_are_elapsed_minutes() -> None:
    assert between(9, 10.75).minutes == 105


@pytest.mark.parametrize("end", [9, 8])
def test_an_interval_ends_after_it_starts(end: int) -> None:
    with pytest.raises(ValueError, match="ends after"):
        between(9, end)


def test_an_interval_lies_between_instants_in_utc() -> None:
    naive = at(9).replace(tzinfo=None)
    with pytest.raises(ValueError, match="UTC"):
        Interval(naive, at(10))
    elsewhere = at(10).astimezone(timezone(timedelta(hours=1)))
    with pytest.raises(ValueError, match="UTC"):
        Interval(at(9), elsewhere)


def test_intervals_sort_by_start_then_end() -> None:
    assert sorted([between(10, 11), between(9, 12), between(9, 10)]) == [
        between(9, 10),
        between(9, 12),
        between(10, 11),
    ]


# --- what is left ---


def test_an_empty_window_is_one_gap() -> None:
    assert gaps(between(8, 18), []) == [between(8, 18)]


def test_busy_times_cut_the_window() -> None:
    busy = [between(12, 13), between(7, 9), between(17, 20), between(12.5, 14)]
    assert gaps(between(8, 18), busy) == [between(9, 12), between(14, 17)]


def test_a_window_that_is_taken_leaves_nothing() -> None:
    assert gaps(between(8, 18), [between(6, 12), between(12, 22)]) == []


hours = some.integers(0, 24)
stretches = (
    some.tuples(hours, hours)
    .filter(lambda pair: pair[0] < pair[1])
    .map(lambda pair: between(*pair))
)


@given(window=stretches, busy=some.lists(stretches, max_size=8))
def test_every_hour_of_a_window_is_busy_or_in_one_gap(
    window: Interval, busy: list[Interval]
) -> None:
    free = gaps(window, busy)
    for hour in range(24):
        instant = at(hour)
        is_free = window.includes(instant) and not any(one.includes(instant) for one in busy)
        assert sum(gap.includes(instant) for gap in free) == is_free
    assert all(not one.overlaps(gap) for one in busy for gap in free)
    assert all(earlier.ends_at < later.starts_at for earlier, later in pairwise(free))


# --- wall clocks ---


def test_a_local_interval_projects_to_instants() -> None:
    local = LocalInterval(datetime(2026, 7, 1, 10), datetime(2026, 7, 1, 12), "Europe/Paris")
    assert local.project() == Interval(
        datetime(2026, 7, 1, 8, tzinfo=UTC), datetime(2026, 7, 1, 10, tzinfo=UTC)
    )
    assert local.minutes == 120


def test_a_local_interval_is_naive_and_ends_after_it_starts() -> None:
    ten, eleven = datetime(2026, 7, 1, 10), datetime(2026, 7, 1, 11)
    with pytest.raises(ValueError, match="naive"):
        LocalInterval(at(10), eleven, "Europe/Paris")
    with pytest.raises(ValueError, match="ends after"):
        LocalInterval(ten, ten, "Europe/Paris")
    with pytest.raises(ValueError, match="ends after"):
        LocalInterval(eleven, ten, "Europe/Paris")


@given(
    start=some.integers(0, 3 * 365 * 96),
    length=some.integers(1, 400),
    name=some.sampled_from(["Africa/Casablanca", "Africa/Cairo", "Europe/Paris"]),
)
def test_an_interval_comes_back_from_the_wall(start: int, length: int, name: str) -> None:
    starts_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * start)
    interval = Interval(starts_at, starts_at + timedelta(minutes=15 * length))
    assert LocalInterval.of(interval, zones.zone(name)).project() == interval


def test_the_second_of_two_equal_times_says_so() -> None:
    paris = zones.zone("Europe/Paris")
    first = Interval(
        datetime(2027, 10, 31, 0, 45, tzinfo=UTC), datetime(2027, 10, 31, 1, 15, tzinfo=UTC)
    )
    local = LocalInterval.of(first, paris)
    assert (local.starts_at, local.ends_at) == (
        datetime(2027, 10, 31, 2, 45),
        datetime(2027, 10, 31, 2, 15, fold=1),
    )
    assert local.is_second_time
    assert local.project() == first
    assert not LocalInterval(
        datetime(2027, 10, 31, 2, 15), datetime(2027, 10, 31, 2, 45), "Europe/Paris"
    ).is_second_time


def test_a_span_reaches_to_the_next_midnight() -> None:
    assert Span(1080, 1440).on(date(2026, 12, 31)) == (
        datetime(2026, 12, 31, 18),
        datetime(2027, 1, 1),
    )
