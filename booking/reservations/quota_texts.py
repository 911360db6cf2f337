"""Quotas in words: what of each is used, in which period, and what a wish takes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from booking.core.i18n import _, format_month, format_short_day
from booking.core.intervals import LocalInterval
from booking.core.refusal_texts import measured
from booking.core.refusals import QuotaExceeded, QuotaOf, QuotaPeriod
from booking.policies.quotas import Balance
from booking.reservations.availability import Availability
from booking.reservations.forms import TimesForm
from booking.reservations.time_panel import chosen_time

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Line:
    """One limit: whose, when, how much of it is used, and whether the wish passes it."""

    label: str
    when: str
    text: str
    is_passed: bool


def lines(found: Availability, form: TimesForm) -> list[Line]:
    """What the quotas of a form's places leave, and what the chosen time takes."""
    if found.counting is None:
        return []
    chosen = chosen_time(form, found)
    if chosen is not None:
        return [_wished(one, balance) for balance in found.balances(chosen) for one in balance.told]
    noon = datetime.combine(found.day, time(12))
    that_day = LocalInterval(noon, noon + HOUR, found.place.spot.zone_name)
    return of(found.balances(that_day))


def of(balances: Iterable[Balance]) -> list[Line]:
    """What is used, where nothing is wished for."""
    return [_line(one, used(one), False) for balance in balances for one in balance.told]


def used(facts: QuotaExceeded) -> str:
    """So much of so much."""
    return _(
        "%(used)s of %(limit)s used",
        used=measured(facts.measure, facts.used),
        limit=measured(facts.measure, facts.limit),
    )


def label(whose: QuotaOf) -> str:
    """Whose quota it is."""
    return _("Personal quota") if whose is QuotaOf.PERSON else _("Quota of the organisation")


def when(facts: QuotaExceeded) -> str:
    """In which period."""
    if facts.starts_on is None or facts.period is QuotaPeriod.AHEAD:
        return _("all that is to come")
    if facts.period is QuotaPeriod.MONTH:
        return format_month(facts.starts_on)
    if facts.period is QuotaPeriod.WEEK:
        return _("week of %(day)s", day=format_short_day(facts.starts_on))
    return format_short_day(facts.starts_on)


def _wished(facts: QuotaExceeded, balance: Balance) -> Line:
    text = _(
        "%(used)s of %(limit)s used; this one takes %(wanted)s",
        used=measured(facts.measure, facts.used),
        limit=measured(facts.measure, facts.limit),
        wanted=measured(facts.measure, facts.wanted),
    )
    return _line(facts, text, any(one.measure is facts.measure for one in balance.exceeded()))


def _line(facts: QuotaExceeded, text: str, is_passed: bool) -> Line:
    return Line(label(facts.whose), when(facts), text, is_passed)
