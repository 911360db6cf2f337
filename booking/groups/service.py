"""Booking for a team: the places are chosen and taken in one transaction."""

from __future__ import annotations

from booking.core.database import savepoint, transactional
from booking.core.errors import RefusedError
from booking.core.permissions import Action, Actor, require
from booking.core.refusals import Reason
from booking.groups import choosing
from booking.groups.wishes import Wanted, checked_count
from booking.reservations import service as reservations
from booking.reservations.service import Grouped

TRIES = 3  # what was free when it was looked at may be taken by the time it is claimed


@transactional
def book_near(actor: Actor, wanted: Wanted) -> Grouped:
    """Take so many places near each other, whichever they are: all or none.

    Raises RefusedError where there are not enough of them, InvalidError as `book_together` does.
    """
    require(actor, Action.BOOK)
    checked_count(wanted.count)
    for last in (False,) * (TRIES - 1) + (True,):
        choice = choosing.choose(actor, wanted)
        if not choice.places:
            raise RefusedError(choosing.too_few(wanted, choice))
        wish = wanted.at(tuple(place.spot.public_id for place in choice.places))
        try:
            with savepoint():
                return reservations.book_together(actor, wish)
        except RefusedError as refused:
            taken = all(one.reason is Reason.SLOT_TAKEN for one in refused.refusals)
            if last or not taken:
                raise
    raise AssertionError("the last try returns or raises")
