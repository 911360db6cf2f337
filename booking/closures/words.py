"""Closures in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from booking.core import zones
from booking.core.errors import Problem
from booking.core.i18n import _, name_in, ngettext
from booking.core.intervals import Interval, LocalInterval
from booking.occupancy.models import ClosureKind
from booking.reservations import texts


def what(kind: ClosureKind, names: Mapping[str, str]) -> str:
    """«Maintenance: ventilation»; a name that says the kind already stands alone."""
    name, word = name_in(names), texts.closure_kind(kind)
    if not name or name.casefold().startswith(word.casefold()):
        return name or word
    return _("%(kind)s: %(name)s", kind=word, name=name)


def period(interval: Interval, zone_name: str) -> str:
    """From when to when, on the clock of the site."""
    return texts.period(LocalInterval.of(interval, zones.zone(zone_name)))


def spaces(codes: Sequence[str], count: int) -> str:
    """«L-01, L-02 and 12 more»."""
    shown = _(", ").join(codes)
    more = count - len(codes)
    if more <= 0:
        return shown
    return ngettext(
        "%(spaces)s and %(num)s more", "%(spaces)s and %(num)s more", more, spaces=shown
    )


def displaced(count: int) -> str:
    """How many reservations were cancelled; empty for none."""
    if not count:
        return ""
    return ngettext(
        "%(num)s reservation was cancelled", "%(num)s reservations were cancelled", count
    )


def problem(field: str, found: Problem) -> str:
    """What is wrong with one field, and what would be right."""
    by_field: Mapping[tuple[str, Problem], str] = {
        ("names", Problem.MISSING): _("Say in one language at least why it is closed."),
        ("resources", Problem.MISSING): _("Choose what is closed."),
        ("resources", Problem.NOT_FOUND): _("Some of these spaces are not there. Check the codes."),
        ("areas", Problem.NOT_FOUND): _("There is no space in use there. Choose another place."),
        ("ends_at", Problem.ENDS_BEFORE_IT_STARTS): _(
            "The end is not after the start. Choose a later end."
        ),
        ("ends_at", Problem.OUT_OF_RANGE): _(
            "The end is past, or more than two years after the start. Choose another."
        ),
    }
    return by_field.get((field, found)) or texts.problem(field, found)
