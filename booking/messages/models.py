"""The table of messages: planned, sent, kept or withdrawn."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.database import Instant, Model, choice


class MessageKind(StrEnum):
    """What a message is about."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REMINDER = "reminder"
    APPROVAL_WAITING = "approval_waiting"
    APPROVAL_LATE = "approval_late"
    QUESTION = "question"
    ANSWERED = "answered"
    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105  # a kind of message, not a password
    NEW_SIGN_IN = "new_sign_in"
    JOINED = "joined"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # as above
    ADDRESS_CHANGED = "address_changed"  # to the new address
    ADDRESS_LEFT = "address_left"  # to the old one
    HANDED_OVER = "handed_over"
    TRANSFERRED = "transferred"
    GROUPED = "grouped"
    DISPLACED = "displaced"
    RELEASED = "released"
    SERIES = "series"
    OFFER = "offer"
    DEPUTY_NAMED = "deputy_named"
    DEPUTY_ENDED = "deputy_ended"
    AUTHORISATION_LAPSING = "authorisation_lapsing"
    LEFT_OUTSIDE = "left_outside"
    TEST = "test"


class MessageState(StrEnum):
    """Where a message stands."""

    PLANNED = "planned"
    SENDING = "sending"  # leased by one worker; falls back to planned when the lease ends
    SENT = "sent"
    KEPT = "kept"  # no mail server is set: shown to the operator instead
    WITHDRAWN = "withdrawn"  # no longer true when it was due
    REFUSED = "refused"  # the mail server refuses this address for good


class Message(Model):
    """Something told to one recipient.

    The five columns of the unique key are its identity, and its Message-ID is derived from them.
    The subject is a reservation's public id, or the half-hour of a gathered message (version 0).
    """

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[MessageKind] = mapped_column(choice(MessageKind, "kind"))
    subject: Mapped[str] = mapped_column(String(36))
    version: Mapped[int]
    recipient_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    due_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[MessageState] = mapped_column(
        choice(MessageState, "state"), default=MessageState.PLANNED
    )
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(Instant)
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(300))
    message_id: Mapped[str | None] = mapped_column(String(120))
    title: Mapped[str | None] = mapped_column(String(300))
    text: Mapped[str | None] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("kind", "subject", "version", "recipient_id", "due_at"),
        Index(
            "message_due_index",
            "next_try_at",
            sqlite_where=state.in_(["planned", "sending"]),
            postgresql_where=state.in_(["planned", "sending"]),
        ),
        Index("message_subject_index", "subject"),
    )


class Tick(Model):
    """The last time the tick ran, by any process: one row."""

    __tablename__ = "tick"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ran_at: Mapped[datetime] = mapped_column(Instant)
