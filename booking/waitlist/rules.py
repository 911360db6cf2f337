"""Pure decisions about the waiting list: who may wait, how long a place is held, what is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.core.refusals import NotTaken, Reason, Refusal
from booking.waitlist.models import EntryState

MOST_ENTRIES = 10  # that one person may have at a time
HELD_FOR = timedelta(minutes=30)
SHORTEST_HOLD = timedelta(minutes=5)  # with less time nobody can answer
NIGHT_BEGINS, NIGHT_IS_OVER = time(22), time(7, 30)

# What may no longer stand against it when the time comes; everything else stays as it is.
MAY_PASS = frozenset({Reason.SLOT_TAKEN, Reason.OUT_OF_ORDER})
FOR_GOOD = frozenset(
    {
        Reason.NOT_ELIGIBLE,
        Reason.NOT_AUTHORISED,
        Reason.OVER_CAPACITY,
        Reason.OFF_GRID,
        Reason.TOO_SHORT,
        Reason.TOO_LONG,
        Reason.TOO_SOON,
        Reason.TOO_FAR,
        Reason.IN_THE_PAST,
        Reason.OUTSIDE_HOURS,
        Reason.CLOSED_DAY,
        Reason.NONEXISTENT_TIME,
    }
)


@dataclass(frozen=True)
class Standing:
    """An open entry, and what could be the end of it."""

    id: int
    state: EntryState
    waits_until: datetime
    offered_until: datetime | None
    is_active: bool  # whoever waits still has an account
    has_booked: bool
    tzdata: str


def why_not_wait(refusals: Iterable[Refusal], code: str) -> list[Refusal]:
    """What stands against waiting for a wish to which the rules say this.

    What can be had, or never, is not waited for.
    """
    found = list(refusals)
    against = [one for one in found if one.reason in FOR_GOOD]
    if against or any(one.reason in MAY_PASS for one in found):
        return against
    return found or [Refusal(Reason.NOT_TAKEN, NotTaken(), code)]


def held_until(now: datetime, latest: datetime, zone: ZoneInfo) -> datetime | None:
    """Until when a place is held for whoever is offered it: half an hour, and nobody has to answer
    at night; never beyond the latest. None where no time is left to answer."""
    until = now + HELD_FOR
    local = zones.to_local(until, zone)
    if local.time() >= NIGHT_BEGINS:
        until = zones.reached(datetime.combine(local.date() + timedelta(1), NIGHT_IS_OVER), zone)
    elif local.time() < NIGHT_IS_OVER:
        until = zones.reached(datetime.combine(local.date(), NIGHT_IS_OVER), zone)
    until = min(until, latest)
    return until if until - now >= SHORTEST_HOLD else None


def ending(entry: Standing, now: datetime) -> EntryState | None:
    """How an open entry has ended, if it has."""
    if not entry.is_active:
        return EntryState.WITHDRAWN
    if entry.has_booked:
        return EntryState.BOOKED
    if entry.offered_until is not None:
        return EntryState.MISSED if entry.offered_until <= now else None
    return EntryState.ENDED if entry.waits_until <= now else None
