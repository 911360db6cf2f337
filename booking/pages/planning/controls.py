"""What stands around the grid: the way to other days, floors and kinds, each a plain link."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from babel import dates
from flask import url_for

from booking.core import i18n
from booking.core.i18n import _, format_day, name_in
from booking.pages.planning.queries import KindOfSpace, Level

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
DAYS_A_WEEK = 7


@dataclass(frozen=True)
class Shown:
    """What the page shows, and what the links around it keep: any other day, floor or kind."""

    floor: str
    day: date
    kind: str
    today: date

    def url(
        self,
        *,
        day: date | None = None,
        floor: str | None = None,
        kind: str | None = None,
        month: str | None = None,
    ) -> str:
        """The page with some of it changed; today needs no date, so that it stays today."""
        wanted = day or self.day
        return url_for(
            "planning.day",
            day=None if wanted == self.today else wanted.isoformat(),
            floor=floor or self.floor,
            kind=(self.kind if kind is None else kind) or None,
            month=month,
        )


@dataclass(frozen=True)
class Choice:
    """One of several links."""

    url: str
    label: str
    current: bool
    icon: str = ""


@dataclass(frozen=True)
class Storeys:
    """A building of the floor picker."""

    name: str
    floors: tuple[Choice, ...]


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
    """A month of links that opens without a script; it stays open when it was turned."""

    name: str
    weekdays: tuple[Weekday, ...]
    weeks: tuple[tuple[Day, ...], ...]
    previous_url: str
    next_url: str
    is_open: bool


@dataclass(frozen=True)
class Controls:
    """Everything around the grid."""

    title: str
    previous_url: str
    next_url: str
    today_url: str
    month: Month
    floor_name: str
    buildings: tuple[Storeys, ...]
    kinds: tuple[Choice, ...]
    all_kinds_url: str


def controls(
    shown: Shown,
    levels: Sequence[Level],
    level: Level,
    kinds: Sequence[KindOfSpace],
    month: date | None,
) -> Controls:
    """The links of one page; `month` is the one that the reader has turned to."""
    return Controls(
        title=format_day(shown.day),
        previous_url=shown.url(day=_beside(shown.day, -1)),
        next_url=shown.url(day=_beside(shown.day, 1)),
        today_url="" if shown.day == shown.today else shown.url(day=shown.today),
        month=_month(shown, month, level.first_weekday),
        floor_name=_name_of(level),
        buildings=_buildings(shown, levels),
        kinds=_kinds(shown, kinds),
        all_kinds_url=shown.url(kind=""),
    )


def _beside(day: date, days: int) -> date:
    return min(max(day + timedelta(days=days), FIRST_DAY), LAST_DAY)


def _name_of(level: Level) -> str:
    return f"{name_in(level.building_names)} · {name_in(level.names)}"


def _buildings(shown: Shown, levels: Sequence[Level]) -> tuple[Storeys, ...]:
    found = groupby(levels, key=lambda level: (level.building_id, name_in(level.building_names)))
    return tuple(
        Storeys(
            name,
            tuple(
                Choice(shown.url(floor=level.code), name_in(level.names), level.code == shown.floor)
                for level in floors
            ),
        )
        for (_building_id, name), floors in found
    )


def _kinds(shown: Shown, kinds: Sequence[KindOfSpace]) -> tuple[Choice, ...]:
    """Nothing to choose from where a floor has one kind; a kind it lacks can be left again."""
    if len(kinds) < 2 and shown.kind in {"", *(kind.code for kind in kinds)}:
        return ()
    everything = Choice(shown.url(kind=""), _("All"), not shown.kind)
    return (
        everything,
        *(
            Choice(shown.url(kind=kind.code), name_in(kind.names), kind.code == shown.kind)
            for kind in kinds
        ),
    )


def _month(shown: Shown, month: date | None, first_weekday: int) -> Month:
    first = (month or shown.day).replace(day=1)
    weeks = calendar.Calendar(first_weekday).monthdatescalendar(first.year, first.month)
    return Month(
        name=dates.format_skeleton("yMMMM", first, locale=i18n.locale()),
        weekdays=_weekdays(first_weekday),
        weeks=tuple(tuple(_day(shown, day, first) for day in week) for week in weeks),
        previous_url=_turned(shown, first - timedelta(days=1)),
        next_url=_turned(shown, first + timedelta(days=31)),
        is_open=month is not None,
    )


def _turned(shown: Shown, day: date) -> str:
    inside = min(max(day, FIRST_DAY), LAST_DAY)
    return shown.url(month=inside.strftime("%Y-%m"))


def _weekdays(first: int) -> tuple[Weekday, ...]:
    order = [(first + number) % DAYS_A_WEEK for number in range(DAYS_A_WEEK)]
    short: Mapping[int, str] = dates.get_day_names("short", locale=i18n.locale())
    wide: Mapping[int, str] = dates.get_day_names("wide", locale=i18n.locale())
    return tuple(Weekday(short[number], wide[number]) for number in order)


def _day(shown: Shown, day: date, month: date) -> Day:
    return Day(
        url=shown.url(day=day) if FIRST_DAY <= day <= LAST_DAY else "",
        number=day.day,
        name=format_day(day),
        current=day == shown.day,
        is_today=day == shown.today,
        is_outside=day.month != month.month,
    )
