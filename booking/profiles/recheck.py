"""Hours that change with people inside: who would be left outside is shown before it happens, and
told when it has."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import insert

from booking.core import events, ids
from booking.core.database import execute, session, transactional
from booking.core.errors import BookingError
from booking.core.events import EventKind
from booking.core.fingerprints import fingerprint
from booking.core.permissions import Action, Actor, require
from booking.reservations import ahead
from booking.reservations.ahead import Left
from booking.reservations.models import LeftOutside
from booking.spaces import inventory, timetables
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
    actor: Actor,
    hours_keys: Collection[int],
    days: tuple[date, date],
    act: Callable[[], Made],
    *,
    seen: str | None,
) -> Made:
    """Change what these sets say of these days, from the first to the last; part of the caller's
    transaction.

    While that leaves anybody outside it is refused with WouldLeaveOutsideError, unless `seen` is
    the mark of exactly these. Nobody is cancelled; whoever is concerned is told. What is booked at
    this very moment is among them, or is judged by the new hours: see `timetables.hold`.
    """
    made, left = _changed(hours_keys, days, act)
    if left and seen != _mark(left):
        raise WouldLeaveOutsideError(left, is_stale=seen is not None)
    _tell(actor, left)
    return made


@transactional
def following(
    actor: Actor, hours_key: int, days: tuple[date, date], act: Callable[[], Made]
) -> Made:
    """Change the weeks or the days of one set, which affects no other days than these, and tell
    whoever it leaves outside; whether that is meant has been asked before. Raises NotFoundError."""
    require(actor, Action.OPERATE)
    inventory.hours_set(hours_key)
    made, left = _changed([hours_key], days, act)
    _tell(actor, left)
    return made


def _changed(
    hours_keys: Collection[int], days: tuple[date, date], act: Callable[[], Made]
) -> tuple[Made, tuple[Left, ...]]:
    first, last = max(days[0], timetables.today()), days[1]
    timetables.hold(hours_keys)
    before = openings(hours_keys, first, last)
    made = act()
    session().flush()
    after = openings(hours_keys, first, last)
    left = ahead.newly_outside(before, after, first, last) if first <= last else ()
    return made, left


def _tell(actor: Actor, left: Collection[Left]) -> None:
    """One event for all of them. Their rows are shared last, after the resources: a change of one
    of them at this moment can meet that, and one of the two is tried again."""
    if not left:
        return
    change_id = ids.new_public_id()
    rows = [
        {"change_id": change_id, "reservation_id": one.id, "version": one.version} for one in left
    ]
    execute(insert(LeftOutside.__table__), rows)
    events.record(EventKind.LEFT_OUTSIDE, change_id, version=1, actor_id=actor.person_id)


def _mark(left: Collection[Left]) -> str:
    return fingerprint({"left": [[one.public_id, one.version] for one in left]})
