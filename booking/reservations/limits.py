"""How often somebody may book, change, cancel and decide: storms come from programs, not from
people."""

from __future__ import annotations

from datetime import timedelta

from booking.core import rate_limits, web
from booking.core.permissions import Actor
from booking.core.rate_limits import Limit

MINUTE = timedelta(minutes=1)


def count_booking_write(actor: Actor) -> None:
    """One booking, change or cancellation; raises TooManyError."""
    most = web.settings().limits.booking_writes_of_a_person
    rate_limits.take(Limit("booking_writes", most, MINUTE), str(actor.person_id))


def count_decisions(actor: Actor, count: int = 1) -> None:
    """So many answers to requests, or questions about them, all or none; raises TooManyError."""
    most = web.settings().limits.decisions_of_a_person
    rate_limits.take(Limit("decisions", most, MINUTE), str(actor.person_id), count)
