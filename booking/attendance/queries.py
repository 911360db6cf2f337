"""Finding what nobody came to."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, false, or_, select

from booking.core.database import session
from booking.policies.models import Policy
from booking.reservations.models import (
    Amendment,
    Asking,
    Attendance,
    Reservation,
    ReservationResource,
    State,
)
from booking.spaces.models import Resource

# The longest of a policy is counted on the wall or in real time, whichever is shorter.
CLOCKS_CHANGE = timedelta(hours=2)


def _has_a_place_under(policy_id: int) -> ColumnElement[bool]:
    return exists().where(
        ReservationResource.reservation_id == Reservation.id,
        ReservationResource.resource_id == Resource.id,
        Resource.policy_id == policy_id,
    )


def abandoned(now: datetime) -> Select[str]:
    """One reservation that `arrivals.is_abandoned`, locked against other writers; one that
    somebody else holds is left to them.

    A range of the index on starts is read: nothing that runs began longer ago than the longest
    reservation.
    """
    policies = session().execute(
        select(Policy.id, Policy.grace_minutes, Policy.longest).where(Policy.asks_for_check_in)
    )
    found = [
        (key, timedelta(minutes=grace), timedelta(minutes=longest) + CLOCKS_CHANGE)
        for key, grace, longest in policies
    ]
    is_late = or_(
        Attendance.late_until <= now,
        *(
            _has_a_place_under(key)
            & (Reservation.starts_at <= now - grace)
            & (Reservation.created_at <= now - grace)
            & Attendance.late_until.is_(None)
            for key, grace, _longest in found
        ),
    )
    return (
        select(Reservation.public_id)
        .outerjoin(Attendance, Attendance.reservation_id == Reservation.id)
        .where(
            Reservation.starts_at <= now,
            Reservation.starts_at > now - max((one[2] for one in found), default=timedelta()),
            Reservation.ends_at > now,
            Reservation.state == State.CONFIRMED,
            Reservation.holds_place,
            Attendance.checked_in_at.is_(None),
            or_(false(), *(_has_a_place_under(key) for key, _grace, _longest in found)),
            is_late,
            ~exists().where(
                Amendment.reservation_id == Reservation.id, Amendment.state == Asking.WAITING
            ),
        )
        .order_by(Reservation.starts_at, Reservation.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Reservation)
    )
