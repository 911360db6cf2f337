"""What is written when a calendar is fetched: that it was."""

from __future__ import annotations

from sqlalchemy import or_, update

from booking.calendars.rules import NOTED_EVERY, Subscription
from booking.core import clock
from booking.core.database import session, transactional
from booking.people.models import Token


@transactional
def note_fetch(subscription: Subscription) -> None:
    """Write when the address was last fetched, unless another process has just done so."""
    now = clock.now()
    session().execute(
        update(Token)
        .where(
            Token.id == subscription.token_id,
            or_(Token.last_used_at.is_(None), Token.last_used_at <= now - NOTED_EVERY),
        )
        .values(last_used_at=now)
    )
