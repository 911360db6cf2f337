"""What is asked of the claims table: who wants what, and when."""

from __future__ import annotations

from dataclasses import dataclass

from booking.core.instants import Interval
from booking.occupancy.models import ClaimKind


@dataclass(frozen=True)
class Claim:
    """A unit of a resource for an interval; code and zone are what a refusal tells of it."""

    resource_id: int
    interval: Interval
    code: str
    zone_name: str
    unit: int = 1  # of a pool: the one that is wished for
    kind: ClaimKind = ClaimKind.BOOKING
    span: Interval | None = None  # what all claims of its owner there take together
    parts: tuple[int, ...] | None = None  # of what is taken with them: as read before it is locked
    units: int = 1  # of a pool, how many it has: any of them will do


@dataclass(frozen=True)
class Owner:
    """Exactly one of the three; the claim goes when its owner lets go."""

    reservation_id: int | None = None
    closure_id: int | None = None
    hold_id: int | None = None
