"""What somebody is looking for, before a place is known."""

from __future__ import annotations

from dataclasses import dataclass

from booking.core.intervals import LocalInterval

MOST_FEATURES = 20


@dataclass(frozen=True)
class Wanted:
    """A kind of place for a time; kind, building, area and features are named by their codes.

    What is preferred decides between free places; the other features a place must have. Being
    reachable without a step is a need, not a wish: it is never given up for something near.
    """

    kind: str
    local: LocalInterval
    people: int = 1
    features: tuple[str, ...] = ()
    step_free: bool = False
    building: str = ""
    area: str = ""
    preferred: tuple[str, ...] = ()
