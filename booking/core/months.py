"""A month as a table of links: how a day is chosen without a script, in the page's own language."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from babel import dates

from booking.core import i18n

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
DAYS_A_WEEK = 7
MONDAY = date(2001, 1, 1)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TYPED = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
MONTHS_A_YEAR = 12


@dataclass(frozen=True)
class Weekday:
    """A column of the month."""

    short: str
    name: str


@dataclass(frozen=True)
class Day:
    """A link of the month; without an address it is out of reach."""

    url: str
    number: int
    name: str
    current: bool
    is_today: bool
    is_outside: bool


@dataclass(frozen=True)
class Month:
    """What the component month_picker draws."""

    name: str
    weekdays: tuple[Weekday, ...]
    weeks: tuple[tuple[Day, ...], ...]
    previous_url: str
    next_url: str


@dataclass(frozen=True)
class Words:
    """What the script that opens a month over a field cannot know."""

    months: tuple[str, ...]
    weekdays: tuple[Weekday, ...]  # in the order of the columns
    first_weekday: int
    today: str


def words(first_weekday: int, today: date) -> Words:
    """The words of a month in the reader's language."""
    names = dates.get_month_names("wide", "stand-alone", locale=i18n.locale())
    return Words(
        months=tuple(names[number + 1] for number in range(MONTHS_A_YEAR)),
        weekdays=_weekdays(first_weekday),
        first_weekday=first_weekday,
        today=today.isoformat(),
    )


def month(
    shown: date,
    *,
    chosen: date,
    today: date,
    first_weekday: int,
    url_of: Callable[[date], str],
    turn_to: Callable[[date], str],
    since: date = FIRST_DAY,
    last: date = LAST_DAY,
) -> Month:
    """The month that holds a day; `url_of` chooses a day, `turn_to` shows another month.

    Days before `since` and after `last` are no links.
    """
    first = shown.replace(day=1)
    weeks = calendar.Calendar(first_weekday).monthdatescalendar(first.year, first.month)
    return Month(
        name=dates.format_skeleton("yMMMM", first, locale=i18n.locale()),
        weekdays=_weekdays(first_weekday),
        weeks=tuple(
            tuple(
                Day(
                    url=url_of(day) if since <= day <= last else "",
                    number=day.day,
                    name=i18n.format_day(day),
                    current=day == chosen,
                    is_today=day == today,
                    is_outside=day.month != first.month,
                )
                for day in week
            )
            for week in weeks
        ),
        previous_url=turn_to(within(first - timedelta(days=1))),
        next_url=turn_to(within(first + timedelta(days=31))),
    )


def day_from(text: str | None) -> date | None:
    """A day as the pages write it; None for anything else."""
    if text is None or not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def typed_day(text: str) -> date | None:
    """A day as somebody types it into a page (24/11/2026), or as the pages write it; else None."""
    typed = _TYPED.fullmatch(text.strip())
    if typed is None:
        return day_from(text.strip())
    day, month_, year = typed.groups()
    return day_from(f"{year}-{month_:0>2}-{day:0>2}")


def as_written(text: str) -> str:
    """A typed day as the pages write it; anything else as it is."""
    day = typed_day(text)
    return text if day is None else day.isoformat()


def as_typed(day: date) -> str:
    """The day as somebody would type it, the same in the three languages."""
    return f"{day.day:02}/{day.month:02}/{day.year:04}"


def month_from(text: str | None) -> date | None:
    """The first day of a month as the pages write it (2026-11); None for anything else."""
    return day_from(f"{text}-01")


def within(day: date) -> date:
    """The day, or the nearest one that the program knows."""
    return min(max(day, FIRST_DAY), LAST_DAY)


def _weekdays(first_weekday: int) -> tuple[Weekday, ...]:
    days = range(first_weekday, first_weekday + DAYS_A_WEEK)
    return tuple(_weekday(day % DAYS_A_WEEK) for day in days)


def _weekday(weekday: int) -> Weekday:
    day = MONDAY + timedelta(days=weekday)
    locale = i18n.locale()
    return Weekday(
        short=dates.format_date(day, "EEEEE", locale=locale),
        name=dates.format_date(day, "EEEE", locale=locale),
    )
