"""The days of a series, held against a model that looks at every day of two years."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from booking.core.errors import InvalidError, Problem
from booking.reservations.repetition import (
    MOST_DATES,
    Every,
    MonthlyBy,
    Planned,
    Repetition,
    checked,
    days,
    last_day,
    plan,
)

DAY = timedelta(days=1)
FIRST = date(2026, 11, 24)  # a Tuesday
dates = some.dates(date(2024, 1, 1), date(2040, 12, 31))


def never(_day: date) -> bool:
    return False


def is_named(repetition: Repetition, first: date, day: date) -> bool:
    """Whether a day belongs to it, asked of the day alone."""
    months = (day.year - first.year) * 12 + day.month - first.month
    if repetition.every is Every.DAY:
        return (day - first).days % repetition.interval == 0
    if repetition.every is Every.WEEK:
        weeks = (day - day.weekday() * DAY - (first - first.weekday() * DAY)).days // 7
        in_turn = weeks % repetition.interval == 0
        return in_turn and day.weekday() in (repetition.weekdays or {first.weekday()})
    if months % repetition.interval:
        return False
    if repetition.monthly_by is MonthlyBy.DATE:
        return day.day == first.day
    if day.weekday() != first.weekday():
        return False
    if repetition.monthly_by is MonthlyBy.LAST_WEEKDAY:
        return (day + 7 * DAY).month != day.month
    return (day.day - 1) // 7 == (first.day - 1) // 7


@some.composite
def repetitions(draw: some.DrawFn) -> Repetition:
    every = draw(some.sampled_from(Every))
    return Repetition(
        every,
        draw(some.integers(1, 52)),
        draw(some.frozensets(some.integers(0, 6))) if every is Every.WEEK else frozenset(),
        draw(some.sampled_from(MonthlyBy)) if every is Every.MONTH else MonthlyBy.DATE,
        count=1,
    )


@given(repetitions(), dates)
def test_exactly_the_days_that_belong_to_it_are_named(repetition: Repetition, first: date) -> None:
    reach = (last_day(first) - first).days + 1
    every_day = (first + number * DAY for number in range(reach))
    assert list(days(repetition, first)) == [
        day for day in every_day if is_named(repetition, first, day)
    ]


@given(repetitions(), dates, some.sets(some.integers(0, 730)), some.integers(1, 30))
def test_a_count_is_of_the_dates_that_are_held(
    repetition: Repetition, first: date, closed: set[int], count: int
) -> None:
    wanted = Repetition(
        repetition.every,
        repetition.interval,
        repetition.weekdays,
        repetition.monthly_by,
        count=count,
    )
    named = list(days(wanted, first))
    is_closed = {first + number * DAY for number in closed}.__contains__
    if sum(not is_closed(day) for day in named) < count:
        with pytest.raises(InvalidError) as refused:
            plan(wanted, first, is_closed)
        assert refused.value.fields == {"count": Problem.OUT_OF_RANGE}
        return
    planned = plan(wanted, first, is_closed)
    assert [one.day for one in planned] == named[: len(planned)]
    assert [one.is_skipped for one in planned] == [is_closed(one.day) for one in planned]
    assert sum(not one.is_skipped for one in planned) == count
    assert not planned[-1].is_skipped


def test_twelve_sessions_stay_twelve_and_end_later() -> None:
    weekly = Repetition(Every.WEEK, count=12)
    holidays = {FIRST + 14 * DAY, FIRST + 35 * DAY}
    planned = plan(weekly, FIRST, holidays.__contains__)
    assert len(planned) == 14
    assert planned[-1] == Planned(FIRST + 13 * 7 * DAY, is_skipped=False)


def test_closed_days_stay_where_they_are_not_to_be_skipped() -> None:
    weekly = Repetition(Every.WEEK, count=3, skips_closed=False)
    planned = plan(weekly, FIRST, {FIRST + 7 * DAY}.__contains__)
    assert planned == tuple(Planned(FIRST + week * 7 * DAY, is_skipped=False) for week in range(3))


def test_a_month_without_the_day_is_left_out() -> None:
    monthly = Repetition(Every.MONTH, until=date(2027, 5, 31))
    assert [one.day.month for one in plan(monthly, date(2027, 1, 31), never)] == [1, 3, 5]


def test_the_last_weekday_moves_with_the_month() -> None:
    monthly = Repetition(Every.MONTH, monthly_by=MonthlyBy.LAST_WEEKDAY, count=4)
    planned = plan(monthly, FIRST, never)
    assert [one.day for one in planned] == [
        date(2026, 11, 24), date(2026, 12, 29), date(2027, 1, 26), date(2027, 2, 23),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("repetition", "field", "problem"),
    [
        (Repetition(Every.DAY), "until", Problem.MISSING),
        (Repetition(Every.DAY, until=FIRST, count=1), "until", Problem.TOO_MANY),
        (Repetition(Every.DAY, until=FIRST - DAY), "until", Problem.OUT_OF_RANGE),
        (Repetition(Every.DAY, until=date(2028, 11, 25)), "until", Problem.OUT_OF_RANGE),
        (Repetition(Every.DAY, until=date.max), "until", Problem.OUT_OF_RANGE),
        (Repetition(Every.DAY, count=0), "count", Problem.OUT_OF_RANGE),
        (Repetition(Every.DAY, count=367), "count", Problem.OUT_OF_RANGE),
        (Repetition(Every.DAY, count=10**12), "count", Problem.OUT_OF_RANGE),
        (Repetition(Every.DAY, 0, count=2), "interval", Problem.OUT_OF_RANGE),
        (Repetition(Every.DAY, 53, count=2), "interval", Problem.OUT_OF_RANGE),
        (Repetition(Every.DAY, weekdays=frozenset({1}), count=2), "weekdays", Problem.UNKNOWN),
        (Repetition(Every.WEEK, 1, frozenset({7}), count=2), "weekdays", Problem.OUT_OF_RANGE),
        (
            Repetition(Every.WEEK, monthly_by=MonthlyBy.WEEKDAY, count=2),
            "monthly_by", Problem.UNKNOWN,
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(repetition: Repetition, field: str, problem: Problem) -> None:
    with pytest.raises(InvalidError) as refused:
        checked(repetition, FIRST)
    assert refused.value.fields == {field: problem}


def test_more_dates_than_a_leap_year_has_days_are_refused() -> None:
    a_year = FIRST + (MOST_DATES - 1) * DAY
    assert (
        len(plan(checked(Repetition(Every.DAY, until=a_year), FIRST), FIRST, never)) == MOST_DATES
    )
    with pytest.raises(InvalidError) as refused:
        plan(checked(Repetition(Every.DAY, until=a_year + DAY), FIRST), FIRST, never)
    assert refused.value.fields == {"until": Problem.TOO_MANY}


def test_a_count_that_two_years_do_not_hold_is_refused() -> None:
    with pytest.raises(InvalidError) as refused:
        plan(checked(Repetition(Every.MONTH, count=26), FIRST), FIRST, never)
    assert refused.value.fields == {"count": Problem.OUT_OF_RANGE}


def test_a_series_that_is_closed_on_every_date_is_none() -> None:
    with pytest.raises(InvalidError) as refused:
        plan(Repetition(Every.WEEK, until=FIRST + 7 * DAY), FIRST, lambda _day: True)
    assert refused.value.fields == {"until": Problem.TOO_SHORT}
