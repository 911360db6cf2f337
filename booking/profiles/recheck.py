"""Hours that change with people inside: who would be left outside is shown before it happens."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from booking.core.database import session
from booking.core.errors import BookingError
from booking.core.fingerprints import fingerprint
from booking.reservations import ahead
from booking.reservations.ahead import Left
from booking.spaces import timetables
from booking.spaces.queries import openings

Made = TypeVar("Made")


@dataclass
class WouldLeaveOutsideError(BookingError):
    """Reservations would lie outside the new hours, and nobody has confirmed that of these.

    `is_stale`: it was confirmed, but of others than there are now.
    """

    left: tuple[Left, ...]
    is_stale: bool
    code = "reservations_outside"

    @property
    def seen(self) -> str:
        """The mark of exactly these."""
        return _mark(self.left)


def changing(
    hours_keys: Collection[int],
    days: tuple[date, date],
    act: Callable[[], Made],
    *,
    seen: str | None,
) -> Made:
    """Change what these sets say of these days, from the first to the last; part of the caller's
    transaction.

    While that leaves anybody outside it is refused with WouldLeaveOutsideError, unless `seen` is
    the mark of exactly these. Nobody is cancelled. What is booked at this very moment is among
    them, or is judged by the new hours: see `timetables.hold`.
    """
    first, last = max(days[0], timetables.today()), days[1]
    timetables.hold(hours_keys)
    before = openings(hours_keys, first, last)
    made = act()
    session().flush()
    after = openings(hours_keys, first, last)
    left = ahead.newly_outside(before, after, first, last) if first <= last else ()
    if left and seen != _mark(left):
        raise WouldLeaveOutsideError(left, is_stale=seen is not None)
    return made


def _mark(left: Collection[Left]) -> str:
    return fingerprint({"left": [[one.public_id, one.version] for one in left]})
