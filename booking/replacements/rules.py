"""Pure decisions about replacements: how long one is held, which go together, which have ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking.core.instants import Interval
from booking.replacements.models import ReplacementState

HELD_FOR = timedelta(hours=24)
SHORTEST_HOLD = timedelta(minutes=5)  # with less time nobody can answer


@dataclass(frozen=True)
class Standing:
    """An open replacement, and what could be the end of it."""

    id: int
    reservation_id: int
    expires_at: datetime
    is_active: bool  # whoever it is for still has an account
    is_in_use: bool  # none of its places is retired
    tzdata: str


@dataclass(frozen=True)
class Taken:
    """Time at some places."""

    resource_ids: frozenset[int]
    interval: Interval

    def overlaps(self, others: Collection[Taken]) -> bool:
        """Whether one of the others wants some of this time at some of these places."""
        return any(
            self.interval.overlaps(one.interval) and self.resource_ids & one.resource_ids
            for one in others
        )


def held_until(now: datetime, starts_at: datetime, notice: timedelta) -> datetime | None:
    """Until when it is held: a day, and never so long that it could not be booked any more. None
    where no time is left to answer."""
    until = min(now + HELD_FOR, starts_at - notice)
    return until if until - now >= SHORTEST_HOLD else None


def ending(one: Standing, now: datetime) -> ReplacementState | None:
    """How an open replacement has ended, if it has."""
    if not (one.is_active and one.is_in_use):
        return ReplacementState.LOST
    return ReplacementState.EXPIRED if one.expires_at <= now else None
