"""Languages: which one the reader gets, and dates, times and names as that language writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Literal

from babel import Locale, dates
from flask import has_request_context, request, session
from flask_babel import Babel, force_locale, get_locale, gettext, lazy_gettext, ngettext, pgettext

_ = gettext

LOCALES = {"fr": "fr_MA", "ar": "ar_MA", "en": "en_GB"}  # never plain ar: it has Eastern digits
OWN_NAMES = {"fr": "Français", "ar": "العربية", "en": "English"}

__all__ = [
    "LOCALES",
    "OWN_NAMES",
    "_",
    "gettext",
    "lazy_gettext",
    "ngettext",
    "pgettext",
]

_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"

babel = Babel()


def choose_locale(own: str | None, default: str) -> str:
    """The locale for this request: what was chosen here, else the person's, else the browser's."""
    chosen = session.get("language") if has_request_context() else None
    if chosen in LOCALES:
        return LOCALES[chosen]
    if own in LOCALES:
        return LOCALES[own]
    asked = request.accept_languages.best_match(list(LOCALES)) if has_request_context() else None
    return LOCALES[asked or default]


def language() -> str:
    """The two letters of the current language."""
    return str(locale().language)


def locale() -> Locale:
    """The current locale."""
    return get_locale() or Locale.parse(LOCALES["fr"])


def is_right_to_left() -> bool:
    """Whether the current language is written from right to left."""
    return locale().text_direction == "rtl"


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Write in a recipient's language, whatever the request's is."""
    with force_locale(LOCALES.get(chosen, LOCALES["fr"])):
        yield


def name_in(names: Mapping[str, str]) -> str:
    """A stored name in the current language, else in the first one it has."""
    return names.get(language()) or next(iter(names.values()), "")


def isolated(text: str) -> str:
    """Typed text inside a sentence: it runs its own way and turns nothing around it."""
    own = "".join(c for c in text if c.isprintable())
    return f"{_FIRST_STRONG_ISOLATE}{own}{_POP_ISOLATE}"


def format_day(day: date | datetime) -> str:
    """«mardi 24 novembre 2026»; local values only, the zone is already applied."""
    return _format_date(day, "EEEE d MMMM y")


def format_short_day(day: date | datetime) -> str:
    """«mar. 24 nov.»; local values only."""
    return _format_date(day, "EEE d MMM")


def format_day_and_month(day: date) -> str:
    """«24 nov.»: beside its weekday, in a table."""
    return _format_date(day, "d MMM")


def format_weekday(day: date) -> str:
    """«mardi»."""
    return dates.format_date(day, "EEEE", locale=locale())


def format_short_weekday(day: date) -> str:
    """«mar.»."""
    return dates.format_date(day, "EEE", locale=locale())


def format_days(first: date, last: date) -> str:
    """«23–29 novembre 2026», as the language writes such a range."""
    return dates.format_interval(first, last, "yMMMMd", locale=locale())


def format_clock(moment: datetime) -> str:
    """«13:00»; local values only, always 24 hours and Western digits."""
    return moment.strftime("%H:%M")


def format_minutes_as_clock(minutes: int) -> str:
    """Minutes after local midnight as «13:00»; the end of the day is «24:00»."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def format_duration(minutes: int) -> str:
    """«1 heure 30 minutes»: whole days, hours and minutes, joined as the language does."""
    text = ""
    for size in (1440, 60, 1):
        count, minutes = divmod(minutes, size)
        if count:
            unit = _format_units(count, size)
            text = _("%(longer)s %(shorter)s", longer=text, shorter=unit) if text else unit
    return text or _format_units(0, 1)


def format_hours(minutes: int) -> str:
    """«40 heures 30 minutes»: the same without days, for what adds up over many."""
    hours, rest = divmod(minutes, 60)
    if not rest:
        return _format_units(hours, 60)
    if not hours:
        return _format_units(rest, 1)
    longer, shorter = _format_units(hours, 60), _format_units(rest, 1)
    return _("%(longer)s %(shorter)s", longer=longer, shorter=shorter)


def format_month(day: date) -> str:
    """«décembre 2026»."""
    return _format_date(day, "LLLL y")


def format_ago(then: datetime, now: datetime) -> str:
    """«il y a 2 heures», «قبل ساعتين»; both instants or both local."""
    return dates.format_timedelta(then - now, add_direction=True, locale=locale())


def _format_date(day: date | datetime, pattern: str) -> str:
    """In French the first of a month is «le 1er»; all other days are plain numbers."""
    if day.day == 1 and language() == "fr":
        pattern = pattern.replace("d", "d'er'")
    return dates.format_date(_as_date(day), pattern, locale=locale())


def _as_date(day: date | datetime) -> date:
    return day.date() if isinstance(day, datetime) else day


def _format_units(count: int, size: int) -> str:
    """So many days, hours or minutes; the threshold keeps 24 hours from becoming a day."""
    unit: Literal["day", "hour", "minute"] = {1440: "day", 60: "hour", 1: "minute"}[size]  # type: ignore[assignment]  # mypy widens it
    delta = timedelta(minutes=count * size)
    return dates.format_timedelta(delta, granularity=unit, threshold=10**6, locale=locale())
