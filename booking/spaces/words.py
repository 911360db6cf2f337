"""Opening hours in words: the days of a week that are alike stand together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from babel import dates

from booking.core.i18n import _, locale
from booking.core.intervals import Span
from booking.spaces.opening import WHOLE_DAY, Week, joined
from booking.spaces.timetables import clock_text


@dataclass(frozen=True)
class DaysAlike:
    """Days that follow one another and are open at the same times; without times they are closed,
    `around_the_clock` when they never close."""

    days: str
    times: tuple[tuple[str, str], ...]
    around_the_clock: bool


def week_in_words(week: Week, first_weekday: int = 0) -> tuple[DaysAlike, ...]:
    """«Mon–Fri 08:00–20:00», «Sat, Sun closed», beginning with the first day of the site's week."""
    order = [(first_weekday + number) % 7 for number in range(7)]
    groups: list[list[int]] = []
    for weekday in order:
        if groups and _spans(week, groups[-1][0]) == _spans(week, weekday):
            groups[-1].append(weekday)
        else:
            groups.append([weekday])
    return tuple(_alike(group, _spans(week, group[0])) for group in groups)


def times_in_words(spans: Sequence[Span]) -> tuple[tuple[str, str], ...]:
    """Pairs of times, for `ui.time_range`."""
    return tuple((clock_text(span.opens), clock_text(span.closes)) for span in joined(spans))


def weekday_name(weekday: int, width: str = "wide") -> str:
    """«Monday», or «Mon» with the width "abbreviated"."""
    return str(dates.get_day_names(width, locale=locale())[weekday])  # type: ignore[arg-type]  # babel lists its widths


def _spans(week: Week, weekday: int) -> tuple[Span, ...]:
    return joined(week[weekday])


def _alike(weekdays: Sequence[int], spans: Sequence[Span]) -> DaysAlike:
    first, last = (weekday_name(one, "abbreviated") for one in (weekdays[0], weekdays[-1]))
    if len(weekdays) == 7:
        days = _("Every day")
    elif len(weekdays) == 1:
        days = first
    elif len(weekdays) == 2:
        days = _("%(first)s and %(last)s", first=first, last=last)
    else:
        days = _("%(first)s to %(last)s", first=first, last=last)
    return DaysAlike(days, times_in_words(spans), list(spans) == [WHOLE_DAY])
