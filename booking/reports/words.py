"""Figures in words and numbers of the reader's language."""

from __future__ import annotations

from datetime import date, timedelta

from babel import dates, numbers

from booking.core import i18n
from booking.core.i18n import _, name_in, pgettext
from booking.reports.rules import By, Part
from booking.reports.sums import Key
from booking.reports.usage import Line, Question

NONE = "–"
MONDAY = date(2001, 1, 1)


def hours(minutes: int | None) -> str:
    """Minutes as hours, to the tenth."""
    if minutes is None:
        return NONE
    return numbers.format_decimal(round(minutes / 60, 1), "#,##0.#", locale=i18n.locale())


def percent(share: float | None) -> str:
    """A share of one in the hundred."""
    return NONE if share is None else numbers.format_percent(share, locale=i18n.locale())


def count(number: int) -> str:
    """A number of things."""
    return numbers.format_decimal(number, locale=i18n.locale())


def month(text: str) -> str:
    """A month such as 2026-10, with its year."""
    return dates.format_skeleton("yMMMM", date.fromisoformat(f"{text}-01"), locale=i18n.locale())


def short_month(text: str) -> str:
    """The same where there is no room for the year."""
    return dates.format_skeleton("MMM", date.fromisoformat(f"{text}-01"), locale=i18n.locale())


def weekday(number: int) -> str:
    """The short name of a weekday; Monday is 0."""
    return dates.format_date(MONDAY + timedelta(days=number), "EEE", locale=i18n.locale())


def name_of(line: Line, question: Question) -> str:
    """What a line stands for."""
    if line.called is not None:
        return name_in(line.called.names)
    return key_name(line.key, question.by)


def key_name(key: Key, by: By) -> str:
    """A month or an hour; what belongs to no organisation."""
    if by is By.MONTH:
        return month(str(key))
    if by is By.HOUR and isinstance(key, tuple):
        return f"{weekday(key[0])} {key[1]:02}:00"
    return _("In no organisation’s name")


def part(which: Part) -> str:
    """A side of the present."""
    return {Part.PAST: pgettext("figures", "Until now"), Part.COMING: _("To come")}[which]


def by(which: By) -> str:
    """What the lines stand for."""
    return {
        By.KIND: _("Kind of space"),
        By.BUILDING: _("Building"),
        By.ORGANISATION: _("Organisation"),
        By.MONTH: _("Month"),
        By.HOUR: _("Hour"),
    }[which]
