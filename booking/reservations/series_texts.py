"""What is said of a series: how it repeats, and why a date is left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from booking.core.i18n import _, format_day, ngettext
from booking.reservations.models import SkipReason
from booking.reservations.repetition import Every, MonthlyBy, Repetition, nth
from booking.spaces.words import weekday_name


def repetition(found: Repetition, first: date) -> str:
    """«Every 2 weeks · Monday, Wednesday · until Friday 25 June 2027»."""
    parts = [_every(found), _on(found, first), _end(found)]
    return " · ".join(part for part in parts if part)


def dates(count: int) -> str:
    """How many there are."""
    return ngettext("%(num)s date", "%(num)s dates", count)


def skipped(reason: SkipReason) -> str:
    """Why there is no reservation on a date."""
    return {
        SkipReason.CLOSED_DAY: _("Left out: closed"),
        SkipReason.SLOT_TAKEN: _("Left out: taken"),
        SkipReason.HOUSE_RULES: _("Left out: against the house rules"),
        SkipReason.NONEXISTENT_TIME: _("Left out: the clocks jump over this time"),
        SkipReason.LEFT_OUT: _("Left out by choice"),
    }[reason]


def weekdays(found: Sequence[int]) -> str:
    """«Monday, Wednesday»."""
    return _(", ").join(weekday_name(day) for day in found)


def _every(found: Repetition) -> str:
    if found.every is Every.DAY:
        return ngettext("Every day", "Every %(num)s days", found.interval)
    if found.every is Every.WEEK:
        return ngettext("Every week", "Every %(num)s weeks", found.interval)
    return ngettext("Every month", "Every %(num)s months", found.interval)


def _on(found: Repetition, first: date) -> str:
    weekday = weekday_name(first.weekday())
    if found.every is Every.WEEK:
        return weekdays(sorted(found.weekdays or {first.weekday()}))
    if found.every is Every.DAY:
        return ""
    if found.monthly_by is MonthlyBy.LAST_WEEKDAY:
        return _("last %(weekday)s of the month", weekday=weekday)
    if found.monthly_by is MonthlyBy.DATE:
        return _("on day %(day)s of the month", day=first.day)
    return {
        1: _("first %(weekday)s of the month", weekday=weekday),
        2: _("second %(weekday)s of the month", weekday=weekday),
        3: _("third %(weekday)s of the month", weekday=weekday),
        4: _("fourth %(weekday)s of the month", weekday=weekday),
        5: _("fifth %(weekday)s of the month", weekday=weekday),
    }[nth(first)]


def _end(found: Repetition) -> str:
    if found.until is not None:
        return _("until %(day)s", day=format_day(found.until))
    return dates(found.count or 0)
