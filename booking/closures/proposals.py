"""The public holidays that a country's calendar knows, each by itself and with how sure it is.

The package that knows them takes a dozen megabytes and is needed once a year: it is imported when
somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from typing import Protocol, cast

YEAR = timedelta(days=366)
LONGEST_CODE = 80
CODE_LANGUAGE = "en_US"
LANGUAGES = ("fr", "ar")
_BETWEEN = "; "  # of two that fall on one day

# What they are called here, by how the package calls them: it is not how a native writes.
NAMES: Mapping[str, Mapping[str, str]] = {
    "New Year's Day": {"fr": "Nouvel An", "ar": "رأس السنة الميلادية", "en": "New Year’s Day"},
    "Proclamation of Independence Day": {
        "fr": "Manifeste de l’Indépendance",
        "ar": "ذكرى تقديم وثيقة الاستقلال",
        "en": "Proclamation of Independence",
    },
    "Amazigh New Year": {
        "fr": "Nouvel An amazigh",
        "ar": "رأس السنة الأمازيغية",
        "en": "Amazigh New Year",
    },
    "Labor Day": {"fr": "Fête du Travail", "ar": "عيد الشغل", "en": "Labour Day"},
    "Throne Day": {"fr": "Fête du Trône", "ar": "عيد العرش", "en": "Throne Day"},
    "Oued Ed-Dahab Day": {
        "fr": "Oued Ed-Dahab",
        "ar": "ذكرى استرجاع إقليم وادي الذهب",
        "en": "Oued Ed-Dahab Day",
    },
    "Revolution Day": {
        "fr": "Révolution du Roi et du Peuple",
        "ar": "ذكرى ثورة الملك والشعب",
        "en": "Revolution Day",
    },
    "Youth Day": {"fr": "Fête de la Jeunesse", "ar": "عيد الشباب", "en": "Youth Day"},
    "Unity Day": {"fr": "Fête de l’Unité", "ar": "عيد الوحدة", "en": "Unity Day"},
    "Green March": {"fr": "Marche verte", "ar": "ذكرى المسيرة الخضراء", "en": "Green March"},
    "Independence Day": {
        "fr": "Fête de l’Indépendance",
        "ar": "عيد الاستقلال",
        "en": "Independence Day",
    },
    "Eid al-Fitr": {"fr": "Aïd Al Fitr", "ar": "عيد الفطر", "en": "Eid al-Fitr"},
    "Eid al-Adha": {"fr": "Aïd Al Adha", "ar": "عيد الأضحى", "en": "Eid al-Adha"},
    "Islamic New Year": {"fr": "1er Moharram", "ar": "فاتح محرم", "en": "Islamic New Year"},
    "Prophet's Birthday": {
        "fr": "Aïd Al Mawlid",
        "ar": "عيد المولد النبوي",
        "en": "Prophet’s Birthday",
    },
}


@dataclass(frozen=True)
class Proposal:
    """A public holiday that the calendar knows; `code` is what the calendar calls it."""

    code: str
    day: date
    names: Mapping[str, str]
    is_estimated: bool


class _Package(Protocol):
    """The part of the package `holidays` that is asked."""

    def list_supported_countries(self) -> Mapping[str, object]: ...
    def country_holidays(self, country: str, **options: object) -> Mapping[date, str]: ...


def proposals(country: str, first: date) -> list[Proposal]:
    """Those of the year from a day on, by day; none for a country that the package does not
    know, nor where the package is missing."""
    try:
        package = cast(_Package, import_module("holidays"))  # its types would be read with it
    except ModuleNotFoundError:
        return []  # days are added by hand then
    years = range(first.year, (first + YEAR).year + 1)
    if country not in package.list_supported_countries():
        return []
    sure = package.country_holidays(country, years=years, language=CODE_LANGUAGE)
    plain = _without_estimates(package, country, years) or sure
    said = {one: _said(package, country, years, one) for one in LANGUAGES}
    found = [
        Proposal(code[:LONGEST_CODE], day, _names(code, day, number, said), is_estimated)
        for day in sorted(sure)
        if first <= day < first + YEAR
        for number, (code, is_estimated) in enumerate(_split(sure[day], plain[day]))
    ]
    return list({(one.code, one.day): one for one in found}.values())


def _without_estimates(package: _Package, country: str, years: range) -> Mapping[date, str] | None:
    """The same days with names that do not say how sure they are; None where all are sure."""
    try:
        return package.country_holidays(
            country, years=years, language=CODE_LANGUAGE, islamic_show_estimated=False
        )
    except ValueError:
        return None


def _said(package: _Package, country: str, years: range, language: str) -> Mapping[date, str]:
    try:
        return package.country_holidays(
            country, years=years, language=language, islamic_show_estimated=False
        )
    except ValueError:
        return package.country_holidays(country, years=years, language=language)


def _split(said: str, plain: str) -> Iterator[tuple[str, bool]]:
    """Each name of a day, and whether it says that its date is an estimate."""
    for shown, code in zip(said.split(_BETWEEN), plain.split(_BETWEEN), strict=True):
        yield code, shown != code


def _names(
    code: str, day: date, number: int, said: Mapping[str, Mapping[date, str]]
) -> Mapping[str, str]:
    known = NAMES.get(code)
    if known is not None:
        return known
    found = {"en": code}
    for language, names in said.items():
        of_day = names.get(day, "").split(_BETWEEN)
        if number < len(of_day) and of_day[number] not in ("", code):
            found[language] = of_day[number]
    return found
