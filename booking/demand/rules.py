"""What of a refused wish is counted: its reasons, kinds, band of people and hour, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.core.refusals import Refusal

NOTHING_FOUND = "nothing_found"  # of a search; the other reasons are the codes of refusals
SIZES = (1, 2, 5, 9, 17, 41)  # the smallest number of people of each band


@dataclass(frozen=True, order=True)
class Counter:
    """Which counters of a day go up by one."""

    reason: str
    kind: str
    size: int
    hour: int


def size_of(people: int) -> int:
    """The band in which a number of people lies."""
    return max((one for one in SIZES if one <= people), default=SIZES[0])


def counters(
    refusals: Iterable[Refusal], kinds: Mapping[str, str], people: int, hour: int
) -> list[Counter]:
    """One for each reason and kind of the wish, in the order in which everybody writes them; a
    refusal that names none of its spaces (their kinds by code) is about all of them."""
    found = {
        Counter(refusal.reason.value, kind, size_of(people), hour)
        for refusal in refusals
        for kind in _kinds_of(refusal, kinds)
    }
    return sorted(found)


def hour_of(starts_at: datetime, zone: ZoneInfo) -> int:
    """The hour on the clock of the site; a time without an offset shows it already."""
    return (starts_at if starts_at.tzinfo is None else zones.to_local(starts_at, zone)).hour


def _kinds_of(refusal: Refusal, kinds: Mapping[str, str]) -> set[str]:
    code = refusal.resource_code
    return {kinds[code]} if code is not None and code in kinds else set(kinds.values())
