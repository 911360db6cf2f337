"""Chance from a fixed seed: every machine gets the same park, the same people, the same ids."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.core.ids import REFERENCE_ALPHABET, REFERENCE_LENGTH

SEED = 20_260_920
_VERSION, _VARIANT = 7, 0b10
_WAKING_HOURS = range(8, 20)
_TRIES = 8


def stream(name: str) -> Random:
    """A source of its own for each part, so that more people do not move the bookings."""
    return Random(f"{SEED}-{name}")


def public_id(chance: Random, at: datetime) -> str:
    """A UUID of version 7 as if made at that instant."""
    number = (
        int(at.timestamp() * 1000) << 80
        | _VERSION << 76
        | chance.getrandbits(12) << 64
        | _VARIANT << 62
        | chance.getrandbits(62)
    )
    return str(uuid.UUID(int=number))


class References:
    """Short codes, each given once."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._given: set[str] = set()

    def next(self) -> str:
        """One that was not given before."""
        while True:
            code = "".join(self._chance.choices(REFERENCE_ALPHABET, k=REFERENCE_LENGTH))
            if code not in self._given:
                self._given.add(code)
                return code


def moment(chance: Random, earliest: datetime, latest: datetime, zone: ZoneInfo) -> datetime:
    """An instant between the two, when people are awake if the two leave the choice."""
    seconds = max(0, int((latest - earliest).total_seconds()))
    found = earliest
    for _ in range(_TRIES):
        found = earliest + timedelta(seconds=chance.randint(0, seconds))
        if zones.to_local(found, zone).hour in _WAKING_HOURS:
            return found
    return found
