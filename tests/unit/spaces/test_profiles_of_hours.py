"""Opening hours that follow a profile for a time: the first day, the last, what goes before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from booking.core.intervals import LocalInterval, Span
from booking.spaces.opening import (
    ExpectedHours,
    Opening,
    ProfilePeriod,
    PublicHoliday,
    Week,
    WeekFrom,
)

LONG_AGO = date(2020, 1, 1)
FIRST, LAST = date(2027, 2, 8), date(2027, 3, 8)  # both Mondays
DAY = timedelta(days=1)
OFFICE = (Span(480, 1080),)
SHORT = (Span(540, 900),)
NAMES = {"fr": "Horaires de Ramadan"}


def week(*spans: Span) -> Week:
    return (spans,) * 5 + ((), ())


RAMADAN = ProfilePeriod(FIRST, LAST, NAMES, True, (WeekFrom(LONG_AGO, week(*SHORT)),))
USUAL = Opening((WeekFrom(LONG_AGO, week(*OFFICE)),))
OPENING = replace(USUAL, profiles=(RAMADAN,))
ESTIMATED = replace(USUAL, profiles=(replace(RAMADAN, is_announced=False),))


def at(day: date, opens: int, closes: int, days: int = 0) -> LocalInterval:
    midnight = datetime.combine(day, datetime.min.time())
    ends_at = midnight + days * DAY + timedelta(minutes=closes)
    return LocalInterval(midnight + timedelta(minutes=opens), ends_at, "Africa/Casablanca")


@pytest.mark.parametrize(
    ("day", "spans"),
    [
        (FIRST - 3 * DAY, OFFICE),
        (FIRST, SHORT),
        (LAST, SHORT),
        (LAST + DAY, OFFICE),
        (LAST - DAY, ()),  # a Sunday
    ],
)
def test_a_profile_holds_from_its_first_day_to_its_last(day: date, spans: tuple[Span, ...]) -> None:
    assert OPENING.spans_on(day) == spans


def test_while_it_is_estimated_the_usual_hours_go_on() -> None:
    assert ESTIMATED.spans_on(FIRST) == OFFICE
    assert ESTIMATED.covers(at(FIRST, 960, 1020))


def test_a_day_with_hours_of_its_own_goes_before_a_profile() -> None:
    night = (Span(1200, 1380),)
    exceptions = {FIRST: night, FIRST + DAY: ()}
    opening = replace(OPENING, exceptions=exceptions)
    assert opening.spans_on(FIRST) == night
    assert opening.spans_on(FIRST + DAY) == ()
    expected = replace(ESTIMATED, exceptions=exceptions)
    assert expected.expected_within(at(FIRST, 1200, 1320)) == []


def test_what_lies_outside_expected_hours_is_told_for_each_day() -> None:
    inside, outside = at(FIRST, 540, 900), at(FIRST, 600, 960)
    assert ESTIMATED.expected_within(inside) == []
    assert ESTIMATED.expected_within(outside) == [ExpectedHours(FIRST, NAMES, SHORT)]
    before, after = at(FIRST - 3 * DAY, 600, 960), at(LAST + DAY, 600, 960)
    assert ESTIMATED.expected_within(before) == ESTIMATED.expected_within(after) == []
    over_midnight = at(FIRST, 600, 660, days=1)
    days = [one.day for one in ESTIMATED.expected_within(over_midnight)]
    assert days == [FIRST, FIRST + DAY]


def test_nothing_is_expected_of_what_is_announced() -> None:
    assert OPENING.expected_within(at(FIRST, 600, 960)) == []


def test_a_holiday_and_other_hours_can_both_be_expected() -> None:
    eid = PublicHoliday(LAST, {"en": "Eid"}, is_announced=False)
    opening = replace(ESTIMATED, holidays=(eid,))
    expected = [eid, ExpectedHours(LAST, NAMES, SHORT)]
    assert opening.expected_within(at(LAST, 600, 960)) == expected


def test_another_week_of_a_profile_leaves_the_days_before_their_hours() -> None:
    longer = (Span(540, 960),)
    weeks = (*RAMADAN.weeks, WeekFrom(FIRST + DAY, week(*longer)))
    opening = replace(USUAL, profiles=(replace(RAMADAN, weeks=weeks),))
    assert [opening.spans_on(FIRST + number * DAY) for number in (0, 1)] == [SHORT, longer]


def test_before_its_first_week_a_profile_leaves_the_hours_as_they_are() -> None:
    weeks = (WeekFrom(FIRST + 2 * DAY, week(*SHORT)),)
    opening = replace(USUAL, profiles=(replace(RAMADAN, weeks=weeks),))
    assert [opening.spans_on(FIRST + number * DAY) for number in (1, 2)] == [OFFICE, SHORT]
