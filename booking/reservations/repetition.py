"""How a series repeats, as a value, and the days that it names: pure, bounded, of our own."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from booking.core.errors import InvalidError, Problem

MOST_DATES = 366
MOST_YEARS = 2
MOST_BETWEEN = 52  # days, weeks or months
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


class Every(StrEnum):
    """The unit in which a series repeats. Part of the API."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class MonthlyBy(StrEnum):
    """Which day of a month is meant: that of the first date. Part of the API."""

    DATE = "date"  # the 14th
    WEEKDAY = "weekday"  # the second Tuesday
    LAST_WEEKDAY = "last_weekday"  # the last Tuesday


@dataclass(frozen=True)
class Repetition:
    """Every so many days, weeks or months, until a day or so many times.

    Weekdays count from Monday, 0, and stand with weeks only; none means that of the first date.
    A count is of the dates that are held: days on which the place is closed do not use it up.
    """

    every: Every
    interval: int = 1
    weekdays: frozenset[int] = frozenset()
    monthly_by: MonthlyBy = MonthlyBy.DATE
    until: date | None = None
    count: int | None = None
    skips_closed: bool = True


@dataclass(frozen=True)
class Planned:
    """A day that the repetition names, and whether it is left out because all is closed."""

    day: date
    is_skipped: bool


def checked(repetition: Repetition, first: date) -> Repetition:
    """The repetition; raises InvalidError for every part that makes no sense, before any day of it
    is counted."""
    problems = {
        field: problem
        for field, problem, is_so in (
            ("interval", Problem.OUT_OF_RANGE, not 1 <= repetition.interval <= MOST_BETWEEN),
            *_wrong_days(repetition),
            *_wrong_end(repetition, first),
        )
        if is_so
    }
    if problems:
        raise InvalidError(problems)
    return repetition


def _wrong_days(repetition: Repetition) -> Iterator[tuple[str, Problem, bool]]:
    weekdays, every = repetition.weekdays, repetition.every
    by_weekday = repetition.monthly_by is not MonthlyBy.DATE
    yield "weekdays", Problem.UNKNOWN, bool(weekdays) and every is not Every.WEEK
    yield "weekdays", Problem.OUT_OF_RANGE, not weekdays <= frozenset(range(7))
    yield "monthly_by", Problem.UNKNOWN, by_weekday and every is not Every.MONTH


def _wrong_end(repetition: Repetition, first: date) -> Iterator[tuple[str, Problem, bool]]:
    until, count = repetition.until, repetition.count
    yield "until", Problem.MISSING, until is None and count is None
    yield "until", Problem.TOO_MANY, until is not None and count is not None
    if until is not None and count is None:
        yield "until", Problem.OUT_OF_RANGE, not first <= until <= last_day(first)
    if count is not None and until is None:
        yield "count", Problem.OUT_OF_RANGE, not 1 <= count <= MOST_DATES


def last_day(first: date) -> date:
    """The last day that a series may reach."""
    try:
        return first.replace(year=first.year + MOST_YEARS)
    except ValueError:  # from the 29th of February
        return first.replace(year=first.year + MOST_YEARS, day=28)


def days(repetition: Repetition, first: date) -> Iterator[date]:
    """The days that it names, from the first on, in order; never beyond two years."""
    last = min(repetition.until or date.max, last_day(first))
    candidates = {
        Every.DAY: _daily,
        Every.WEEK: _weekly,
        Every.MONTH: _monthly,
    }[repetition.every](repetition, first, last)
    return (day for day in candidates if first <= day <= last)


def plan(
    repetition: Repetition, first: date, is_closed: Callable[[date], bool]
) -> tuple[Planned, ...]:
    """The days of a checked repetition with those that are left out; what follows the last held
    one is not named.

    Raises InvalidError for more dates than may be, for a count that two years do not hold, and
    where no date is left.
    """
    planned: list[Planned] = []
    held = 0
    for day in days(repetition, first):
        is_skipped = repetition.skips_closed and is_closed(day)
        planned.append(Planned(day, is_skipped))
        held += not is_skipped
        if held == repetition.count:
            break
        if held > MOST_DATES:
            raise InvalidError({"until": Problem.TOO_MANY})
    if repetition.count is not None and held < repetition.count:
        raise InvalidError({"count": Problem.OUT_OF_RANGE})
    if not held:
        raise InvalidError({"until": Problem.TOO_SHORT})
    return tuple(planned)


def nth(day: date) -> int:
    """The how-manieth of its weekday in the month a day is, from 1."""
    return (day.day - 1) // 7 + 1


def _daily(repetition: Repetition, first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += repetition.interval * DAY


def _weekly(repetition: Repetition, first: date, last: date) -> Iterator[date]:
    """Weeks begin on Monday; the first one is that of the first date."""
    weekdays = sorted(repetition.weekdays or {first.weekday()})
    monday = first - first.weekday() * DAY
    while monday <= last:
        yield from (monday + weekday * DAY for weekday in weekdays)
        monday += repetition.interval * WEEK


def _monthly(repetition: Repetition, first: date, last: date) -> Iterator[date]:
    """Months that have no such day are left out."""
    months = first.year * 12 + first.month - 1
    while months <= last.year * 12 + last.month - 1:
        day = _day_in(date(months // 12, months % 12 + 1, 1), repetition.monthly_by, first)
        if day is not None:
            yield day
        months += repetition.interval


def _day_in(month: date, by: MonthlyBy, first: date) -> date | None:
    length = monthrange(month.year, month.month)[1]
    to_the_first = (first.weekday() - month.weekday()) % 7 + 1
    number = {
        MonthlyBy.DATE: first.day,
        MonthlyBy.WEEKDAY: to_the_first + 7 * (nth(first) - 1),
        MonthlyBy.LAST_WEEKDAY: to_the_first + (length - to_the_first) // 7 * 7,
    }[by]
    return month.replace(day=number) if number <= length else None
