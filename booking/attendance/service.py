"""The verbs of the day: confirming presence, being late, and giving back what nobody came to."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from booking.attendance import queries
from booking.core import clock
from booking.core.database import engine_name, execute, session, transactional
from booking.core.errors import RefusedError
from booking.core.permissions import Action, Actor
from booking.reservations import arrivals
from booking.reservations import service as reservations
from booking.reservations.models import Attendance, CheckInWay
from booking.reservations.queries import details_by_id
from booking.reservations.service import Outcome

_attendance = Attendance.__table__


@transactional
def check_in(actor: Actor, public_id: str, way: CheckInWay) -> Outcome:
    """Confirm presence, one's own or, at the reception, that of whoever came. A second time does
    nothing. Raises RefusedError before it is time and for what is closed or over."""
    before = reservations.held(actor, public_id, Action.CHECK_IN)
    now = clock.now()
    refusal = arrivals.why_not_check_in(before, now)
    if refusal is not None:
        raise RefusedError((refusal,))
    if before.is_here:
        return Outcome(public_id, before.state)
    if actor.person_id not in (before.person_id, before.booked_by_id):
        way = CheckInWay.RECEPTION
    _write(before.id, checked_in_at=now, checked_in_by_id=actor.person_id, way=way)
    reservations.note(actor, before, "checked_in", {"way": way.value})
    return Outcome(public_id, before.state)


@transactional
def undo_check_in(actor: Actor, public_id: str) -> Outcome:
    """Take back that presence was confirmed, within minutes: it was a slip."""
    before = reservations.held(actor, public_id, Action.CHECK_IN)
    refusal = arrivals.why_not_undo(before, clock.now())
    if refusal is not None:
        raise RefusedError((refusal,))
    session().execute(
        update(_attendance)
        .where(_attendance.c.reservation_id == before.id)
        .values(checked_in_at=None, checked_in_by_id=None, way=None)
    )
    reservations.note(actor, before, "check_in_undone")
    return Outcome(public_id, before.state)


@transactional
def announce_late(actor: Actor, public_id: str) -> Outcome:
    """Have the place kept for the grace once more, from within the time of confirming; once.
    Raises RefusedError as `check_in` does, and when somebody is there already."""
    before = reservations.held(actor, public_id, Action.CHECK_IN)
    refusal = arrivals.why_not_late(before, clock.now())
    if refusal is not None:
        raise RefusedError((refusal,))
    until = arrivals.late_until(before)
    _write(before.id, late_until=until)
    reservations.note(actor, before, "running_late", {"late_until": until.isoformat()})
    return Outcome(public_id, before.state)


@transactional
def release_next() -> bool:
    """Give back the rest of one reservation to which nobody came in time; False when there is
    none. Called by the worker until it says so, by any number of workers."""
    public_id = session().scalar(queries.abandoned(clock.now()))
    before = None if public_id is None else details_by_id(public_id)
    # Somebody may have come between what was found and the lock on it.
    if before is None or not arrivals.is_abandoned(before, clock.now()):
        return False
    _write(before.id, released_at=clock.now())
    reservations.give_back(before)
    return True


def _write(reservation_id: int, **values: object) -> None:
    """Write this of the reservation's attendance, whether or not there is something of it yet."""
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[engine_name()]
    execute(
        dialect.insert(_attendance)
        .values(reservation_id=reservation_id, **values)
        .on_conflict_do_update(index_elements=["reservation_id"], set_=values)
    )
