"""From when on, and how long, presence can be confirmed: pure, with `now` as a value."""

from __future__ import annotations

from datetime import datetime, timedelta

from booking.core import zones
from booking.core.refusals import CheckInNotOpen, NotChangeable, Obstacle, Reason, Refusal
from booking.reservations.models import State
from booking.reservations.queries import Details

EARLY = timedelta(minutes=15)  # before the start
UNDO = timedelta(minutes=10)  # after it was confirmed


def is_asked(found: Details) -> bool:
    """Whether the policy of one of its places asks people to confirm their presence."""
    return any(place.asks_for_check_in for place in found.places)


def opens_at(found: Details) -> datetime:
    """The first moment at which presence can be confirmed."""
    return found.interval.starts_at - EARLY


def kept_until(found: Details) -> datetime:
    """Until when presence is waited for: by the shortest grace of its places, counted from the
    start or, when it was booked after that, from the booking; longer for who is late."""
    announced = found.attended.late_until
    return announced or max(found.interval.starts_at, found.created_at) + _grace(found)


def _grace(found: Details) -> timedelta:
    return timedelta(
        minutes=min(place.grace_minutes for place in found.places if place.asks_for_check_in)
    )


def why_not_check_in(found: Details, now: datetime) -> Refusal | None:
    """What stands against confirming presence now."""
    if found.state is State.PENDING:
        return _obstacle(found, Obstacle.PENDING)
    if found.state is not State.CONFIRMED:
        return _obstacle(found, Obstacle(found.state.value))
    if found.is_released:
        return _obstacle(found, Obstacle.RELEASED)
    if found.interval.ends_at <= now:
        return _obstacle(found, Obstacle.ENDED)
    if not is_asked(found):
        return _obstacle(found, Obstacle.NO_CHECK_IN)
    if now < opens_at(found):
        opens = zones.to_local(opens_at(found), found.local.zone)
        return Refusal(Reason.CHECK_IN_NOT_OPEN, CheckInNotOpen(opens), found.place.spot.code)
    return None


def can_check_in(found: Details, now: datetime) -> bool:
    """Whether presence can be confirmed now and has not been."""
    return not found.is_here and why_not_check_in(found, now) is None


def late_until(found: Details) -> datetime:
    """How long the place is kept for somebody late: the grace once more."""
    return kept_until(found) + _grace(found)


def why_not_late(found: Details, now: datetime) -> Refusal | None:
    """What stands against announcing to be late: besides, it is done once."""
    refusal = why_not_check_in(found, now)
    if refusal is not None:
        return refusal
    if found.is_here:
        return _obstacle(found, Obstacle.CHECKED_IN)
    if found.attended.late_until is not None:
        return _obstacle(found, Obstacle.LATE_ALREADY)
    return None


def is_abandoned(found: Details, now: datetime) -> bool:
    """Whether nobody came in time to what still holds its place and waits for no decision."""
    return (
        found.state is State.CONFIRMED
        and found.holds_place
        and not found.waits
        and not found.is_here
        and is_asked(found)
        and kept_until(found) <= now < found.interval.ends_at
    )


def why_not_undo(found: Details, now: datetime) -> Refusal | None:
    """What stands against taking back that presence was confirmed."""
    checked_in_at = found.attended.checked_in_at
    if checked_in_at is None:
        return _obstacle(found, Obstacle.NOT_CHECKED_IN)
    if now - checked_in_at > UNDO or found.interval.ends_at <= now:
        return _obstacle(found, Obstacle.UNDO_TOO_LATE)
    return None


def _obstacle(found: Details, obstacle: Obstacle) -> Refusal:
    return Refusal(Reason.NOT_CHANGEABLE, NotChangeable(obstacle), found.place.spot.code)
