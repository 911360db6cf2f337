"""The reminders that stand planned for what lies ahead."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from booking.demo.ledger import Entry
from booking.demo.rows import Row
from booking.messages.models import MessageKind, MessageState
from booking.reservations.models import State


def reminders(
    entries: Sequence[Entry], now: datetime, but: Collection[str], minutes_before: tuple[int, ...]
) -> list[Row]:
    """Of every confirmed reservation but these, whose events the worker has yet to handle; what
    was due before now was told then."""
    return [
        _row(entry, due_at)
        for entry in entries
        if entry.state is State.CONFIRMED and entry.public_id not in but
        for due_at in _moments(entry, minutes_before)
        if due_at > now
    ]


def _moments(entry: Entry, minutes_before: tuple[int, ...]) -> Iterator[datetime]:
    for minutes in minutes_before:
        due_at = entry.aim.interval.starts_at - timedelta(minutes=minutes)
        if due_at > entry.settled_at:
            yield due_at


def _row(entry: Entry, due_at: datetime) -> Row:
    return {
        "kind": MessageKind.REMINDER,
        "subject": entry.public_id,
        "version": entry.sequence,
        "recipient_id": entry.holder.person_id,
        "due_at": due_at,
        "next_try_at": due_at,
        "state": MessageState.PLANNED,
        "attempts": 0,
    }
