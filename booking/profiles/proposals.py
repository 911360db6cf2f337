"""When Ramadan is expected, by the calendar of Umm al-Qura: Morocco may begin a day later.

The package that knows it is imported when somebody asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from typing import Protocol, cast

YEAR = timedelta(days=366)
RAMADAN = 9  # the month
NAMES: Mapping[str, str] = {
    "fr": "Horaires de Ramadan",
    "ar": "توقيت رمضان",
    "en": "Ramadan hours",
}


@dataclass(frozen=True, order=True)
class Proposal:
    """A Ramadan, from its first day to its last."""

    first_day: date
    last_day: date
    hijri_year: int


class _Month(Protocol):
    """A day of the Islamic calendar, as the package has it."""

    year: int

    def to_gregorian(self) -> date: ...
    def month_length(self) -> int: ...


class _Day(Protocol):
    """A day of our calendar, as the package has it."""

    def to_hijri(self) -> _Month: ...


class _Calendar(Protocol):
    """The part of the package `hijridate` that is asked."""

    def Hijri(self, year: int, month: int, day: int) -> _Month: ...  # noqa: N802  # its name
    def Gregorian(self, year: int, month: int, day: int) -> _Day: ...  # noqa: N802  # its name


def proposals(first: date) -> list[Proposal]:
    """Those that begin within a year from a day on; none where the package is missing or knows no
    more."""
    try:
        calendar = cast(_Calendar, import_module("hijridate"))
    except ModuleNotFoundError:
        return []  # the dates are typed then
    try:
        year = calendar.Gregorian(first.year, first.month, first.day).to_hijri().year
        found = [_of(calendar, one) for one in (year, year + 1)]
    except OverflowError:
        return []
    return [one for one in found if first <= one.first_day < first + YEAR]


def _of(calendar: _Calendar, year: int) -> Proposal:
    begin = calendar.Hijri(year, RAMADAN, 1)
    day = begin.to_gregorian()
    first = date(day.year, day.month, day.day)  # a plain one
    return Proposal(first, first + timedelta(days=begin.month_length() - 1), year)
