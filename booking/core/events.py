"""The outbox of facts: recorded in the verb's own transaction, handled afterwards by the worker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Index, String, insert
from sqlalchemy.orm import Mapped, mapped_column

from booking.core import clock
from booking.core.database import Instant, Model, choice, execute


class EventKind(StrEnum):
    """What can have happened to a reservation (the subject is its public id)."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    AMENDMENT_REQUESTED = "amendment_requested"
    AMENDMENT_DECLINED = "amendment_declined"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ASKED = "asked"
    ANSWERED = "answered"
    HANDED_OVER = "handed_over"
    TRANSFERRED = "transferred"
    RELEASED = "released"  # nobody came
    GROUPED = "grouped"  # the subject is a group
    DISPLACED = "displaced"  # the subject is a closure
    REPEATED = "repeated"  # the subject is a series
    LEFT_OUTSIDE = "left_outside"  # the subject is a change of opening hours
    OFFERED = "offered"  # the subject is an offer of the waiting list


@dataclass(frozen=True)
class Happened:
    """One fact as its handlers see it; `version` is the reservation's after the act."""

    kind: EventKind
    subject: str
    version: int
    at: datetime
    by_group: bool = False  # the booker hears of the whole group, in one message
    by_series: bool = False  # whoever is told hears of the whole series, in one message


class Event(Model):
    """One fact; `handled_at` is empty until its messages are planned.

    A fact whose handlers fail is tried again later and set aside after `MOST_ATTEMPTS`, so that it
    never blocks the others.
    """

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EventKind] = mapped_column(choice(EventKind, "kind"))
    subject: Mapped[str] = mapped_column(String(36))
    facts: Mapped[dict[str, int | str | None]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)
    handled_at: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(300))

    __table_args__ = (
        Index(
            "event_waiting_index",
            "id",
            sqlite_where=handled_at.is_(None),
            postgresql_where=handled_at.is_(None),
        ),
    )


MOST_ATTEMPTS = 8
_INSERT = insert(Event.__table__)


def record_each(
    happened: Iterable[tuple[EventKind, str, Mapping[str, int | str | None]]],
) -> None:
    """Say that all this happened: kind, subject and facts; part of the caller's transaction."""
    now = clock.now()
    rows = [
        {"kind": kind, "subject": subject, "facts": dict(facts), "created_at": now}
        for kind, subject, facts in happened
    ]
    if rows:
        execute(_INSERT, rows)


def record(kind: EventKind, subject: str, **facts: int | str | None) -> None:
    """Say that it happened; part of the caller's transaction."""
    execute(_INSERT, {"kind": kind, "subject": subject, "facts": facts, "created_at": clock.now()})
