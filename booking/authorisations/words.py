"""Authorisations in words: how they stand, until when, and what is wrong with one that is typed."""

from __future__ import annotations

from collections.abc import Mapping

from booking.authorisations.queries import Standing
from booking.core.errors import Problem
from booking.core.forms import problem_text
from booking.core.i18n import _, pgettext


def standings() -> Mapping[Standing, str]:
    """How an authorisation can stand, for a list of choices and for a tag."""
    return {
        Standing.VALID: pgettext("authorisation", "Valid"),
        Standing.LAPSING: pgettext("authorisation", "Lapses within 30 days"),
        Standing.LAPSED: pgettext("authorisation", "Lapsed"),
    }


def problem(field: str, found: Problem) -> str:
    """What is wrong with a field, and what would be right."""
    texts: Mapping[tuple[str, Problem], str] = {
        ("email", Problem.NOT_FOUND): _(
            "Nobody with an open account has this address. Check how it is written."
        ),
        ("group", Problem.NOT_FOUND): _(
            "Choose one of the groups that ask for an authorisation and have a space of yours."
        ),
        ("valid_until", Problem.OUT_OF_RANGE): _(
            "Choose today or a later day, at most ten years ahead."
        ),
    }
    return texts.get((field, found)) or problem_text(found)
