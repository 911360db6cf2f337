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
        weekdays=tuple(_weekday((first_weekday + turn) % DAYS_A_WEEK) for turn in range(7)),
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


def month_from(text: str | None) -> date | None:
    """The first day of a month as the pages write it (2026-11); None for anything else."""
    return day_from(f"{text}-01")


def within(day: date) -> date:
    """The day, or the nearest one that the program knows."""
    return min(max(day, FIRST_DAY), LAST_DAY)


def _weekday(weekday: int) -> Weekday:
    day = MONDAY + timedelta(days=weekday)
    locale = i18n.locale()
    return Weekday(
        short=dates.format_date(day, "EEEEE", locale=locale),
        name=dates.format_date(day, "EEEE", locale=locale),
    )
