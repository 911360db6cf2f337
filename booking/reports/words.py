"""Figures in words and numbers of the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from babel import dates, numbers

from booking.core import i18n
from booking.core.i18n import _, name_in, pgettext
from booking.core.refusals import Reason
from booking.demand.rules import NOTHING_FOUND, SIZES
from booking.reports.rules import By, Part, Period
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


def period(which: Period) -> str:
    """From when until when."""
    return _(
        "%(first)s to %(last)s",
        first=i18n.format_day(which.first),
        last=i18n.format_day(which.last),
    )


def kind(code: str, names: Mapping[str, Mapping[str, str]]) -> str:
    """The name of a kind of space; one that is no longer there shows its code."""
    return name_in(names[code]) if code in names else code


def people_of(size: int) -> tuple[int, int | None]:
    """The least and the most of a band; the last band has no most."""
    following = [one for one in SIZES if one > size]
    return size, following[0] - 1 if following else None


def people(size: int) -> str:
    """A band of how many people it was wanted for."""
    least, most = people_of(size)
    if most is None:
        return _("%(least)s and more", least=count(least))
    return count(least) if most == least else f"{count(least)}–{count(most)}"


def reason(code: str) -> str:
    """Why it could not be had, in short."""
    return {
        NOTHING_FOUND: _("Search without a free place"),
        Reason.SLOT_TAKEN: pgettext("unmet demand", "Taken"),
        Reason.OUTSIDE_HOURS: _("Outside the opening hours"),
        Reason.CLOSED_DAY: _("Closed on that day"),
        Reason.OFF_GRID: _("Not on a step of time"),
        Reason.TOO_SHORT: _("Too short"),
        Reason.TOO_LONG: _("Too long"),
        Reason.TOO_SOON: _("Too late to book"),
        Reason.TOO_FAR: _("Too far ahead"),
        Reason.IN_THE_PAST: _("In the past"),
        Reason.OVER_CAPACITY: _("Too many people"),
        Reason.OUT_OF_ORDER: pgettext("unmet demand", "Out of order"),
        Reason.NOT_ELIGIBLE: _("For members only"),
        Reason.TOO_FEW_TOGETHER: _("Not enough free places"),
        Reason.NONEXISTENT_TIME: _("A time that the clocks jump over"),
        Reason.QUOTA_EXCEEDED: _("Quota used up"),
        Reason.NOT_AUTHORISED: _("Authorisation missing"),
    }.get(code, code)


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
