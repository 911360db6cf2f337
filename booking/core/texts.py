"""Texts that somebody typed: on one line, showable, within their length, by language."""

from __future__ import annotations

from collections.abc import Mapping

from booking.core.errors import InvalidError, Problem

LANGUAGES = ("fr", "ar", "en")
LONGEST_NAME = 120


def plain(text: str) -> str:
    """The text on one line, without what could not be shown."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def checked_text(field: str, text: str, longest: int, *, required: bool = False) -> str:
    """The plain text; raises InvalidError for the field when it is too long, or missing."""
    found = plain(text)
    if required and not found:
        raise InvalidError({field: Problem.MISSING})
    if len(found) > longest:
        raise InvalidError({field: Problem.TOO_LONG})
    return found


def checked_names(
    field: str, names: Mapping[str, str], longest: int = LONGEST_NAME, *, required: bool = True
) -> dict[str, str]:
    """A text by language, without the languages it is not given in.

    Raises InvalidError for the field when no language has it, one is unknown, or one too long.
    """
    if not set(names) <= set(LANGUAGES):
        raise InvalidError({field: Problem.UNKNOWN})
    found = {code: checked_text(field, names.get(code) or "", longest) for code in LANGUAGES}
    found = {code: text for code, text in found.items() if text}
    if required and not found:
        raise InvalidError({field: Problem.MISSING})
    return found
