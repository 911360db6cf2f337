"""What stands around the grid: the way to other days, floors and kinds, each a plain link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from flask import url_for

from booking.core.i18n import _, format_day, name_in
from booking.core.months import Month, month, within
from booking.pages.planning.queries import KindOfSpace, Level


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
class Controls:
    """Everything around the grid."""

    title: str
    previous_url: str
    next_url: str
    today_url: str
    month: Month
    month_is_open: bool  # it stays open when it was turned
    floor_name: str
    buildings: tuple[Storeys, ...]
    kinds: tuple[Choice, ...]
    all_kinds_url: str


def controls(
    shown: Shown,
    levels: Sequence[Level],
    level: Level,
    kinds: Sequence[KindOfSpace],
    turned_to: date | None,
) -> Controls:
    """The links of one page; `turned_to` lies in the month that the reader has turned to."""
    return Controls(
        title=format_day(shown.day),
        previous_url=shown.url(day=_beside(shown.day, -1)),
        next_url=shown.url(day=_beside(shown.day, 1)),
        today_url="" if shown.day == shown.today else shown.url(day=shown.today),
        month=_month(shown, turned_to, level.first_weekday),
        month_is_open=turned_to is not None,
        floor_name=_name_of(level),
        buildings=_buildings(shown, levels),
        kinds=_kinds(shown, kinds),
        all_kinds_url=shown.url(kind=""),
    )


def _beside(day: date, days: int) -> date:
    return within(day + timedelta(days=days))


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


def _month(shown: Shown, turned_to: date | None, first_weekday: int) -> Month:
    return month(
        turned_to or shown.day,
        chosen=shown.day,
        today=shown.today,
        first_weekday=first_weekday,
        url_of=lambda day: shown.url(day=day),
        turn_to=lambda other: shown.url(month=f"{other:%Y-%m}"),
    )
