"""Codes written as a range: `A-01..A-40` is forty of them, their numbers as wide as the first."""

from __future__ import annotations

import re

import msgspec

from booking.core.errors import InvalidError, Problem
from booking.spaces.drafts import ResourceDraft

MOST_AT_ONCE = 500
_RANGE = re.compile(r"(.*?)([0-9]+)\s*(?:\.\.|…)\s*(.*?)([0-9]+)", re.ASCII)


def codes(text: str, field: str = "code", most: int = MOST_AT_ONCE) -> tuple[str, ...]:
    """The codes meant: one, or those of a range. Raises InvalidError for the field."""
    wanted = text.strip()
    if ".." not in wanted and "…" not in wanted:
        return (wanted,)
    found = _RANGE.fullmatch(wanted)
    if found is None or len(found[2]) > 9 or len(found[4]) > 9:
        raise InvalidError({field: Problem.UNREADABLE})
    prefix, first, other_prefix, last = found.groups()
    if other_prefix not in ("", prefix):  # `A-01..40` will do
        raise InvalidError({field: Problem.UNREADABLE})
    if int(last) < int(first):
        raise InvalidError({field: Problem.ENDS_BEFORE_IT_STARTS})
    if int(last) - int(first) >= most:
        raise InvalidError({field: Problem.TOO_MANY})
    return tuple(f"{prefix}{number:0{len(first)}}" for number in range(int(first), int(last) + 1))


def drafts(draft: ResourceDraft) -> list[ResourceDraft]:
    """The draft of each code that is meant; they share the rest, and a name gets each one's code
    where there are several."""
    wanted = codes(draft.code)
    if len(wanted) == 1:
        return [msgspec.structs.replace(draft, code=wanted[0])]
    return [
        msgspec.structs.replace(
            draft,
            code=code,
            names={language: f"{name} {code}" for language, name in draft.names.items() if name},
        )
        for code in wanted
    ]
