"""What waits for somebody's decision."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ColumnExpressionArgument, exists, func, or_, select

from booking.core import clock
from booking.core.database import session
from booking.core.permissions import Action, Actor, allows
from booking.reservations import queries
from booking.reservations.models import Amendment, Asking, Reservation, State
from booking.reservations.queries import Details

MOST = 200


def waits() -> ColumnElement[bool]:
    """The condition that a request, or a change of a confirmed reservation, waits."""
    now = clock.now()
    amendment = exists().where(
        Amendment.reservation_id == Reservation.id,
        Amendment.state == Asking.WAITING,
        Amendment.decide_by > now,
    )
    return or_(
        (Reservation.state == State.PENDING) & (Reservation.decide_by > now),
        (Reservation.state == State.CONFIRMED) & amendment,
    )


def waiting_for(actor: Actor) -> list[Details]:
    """The requests this actor may decide, the nearest deadline first; at most 200 at once.

    Own requests are left out where no one may decide on their own.
    """
    found = queries.find(
        waits(), queries.decidable_by(actor), order=_nearest_deadline(), limit=MOST
    )
    return [one for one in found if allows(actor, Action.DECIDE, one)]


def count_for(actor: Actor) -> int:
    """How many requests wait at this actor's places, for the menu: one statement."""
    if not allows(actor, Action.SEE_APPROVALS):
        return 0
    statement = (
        select(func.count())
        .select_from(Reservation)
        .where(
            waits(),
            queries.decidable_by(actor),
            Reservation.person_id != actor.person_id,
            Reservation.booked_by_id != actor.person_id,
        )
    )
    return session().scalar(statement) or 0


def _nearest_deadline() -> tuple[ColumnExpressionArgument[Any], ...]:
    amendment_deadline = (
        select(Amendment.decide_by)
        .where(Amendment.reservation_id == Reservation.id, Amendment.state == Asking.WAITING)
        .scalar_subquery()
    )
    return (func.coalesce(amendment_deadline, Reservation.decide_by), Reservation.id)
