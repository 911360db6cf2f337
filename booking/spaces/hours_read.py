"""Which opening hours a transaction has judged by: whoever takes a place compares once more.

A booking reads the hours and locks nothing. Hours are changed under the locks of the resources that
have them, each change is counted, and the count is read again by the statement that claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from booking.core.database import OutpacedError, session

_KEY = "hours_read"


def note(changes: Mapping[int, int]) -> None:
    """Remember, by the keys of the hours, how often they had been changed when they were first
    read in this transaction; whoever only reads needs none of it."""
    if session().info.get("writing"):
        known = session().info.setdefault(_KEY, {})
        session().info[_KEY] = {**changes, **known}


def require_unchanged(changes: Mapping[int, int]) -> None:
    """Begin again where one of these hours has been changed since it was read."""
    known = cast(Mapping[int, int], session().info.get(_KEY, {}))
    if any(known.get(hours_id, count) != count for hours_id, count in changes.items()):
        raise OutpacedError
