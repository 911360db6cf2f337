"""Reading messages: what waits, what should long be out, what the operator looks at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, case, exists, func, select

from booking.core import clock
from booking.core.database import session
from booking.messages.letters import Key
from booking.messages.models import Message, MessageKind, MessageState, Tick

WAITING = (MessageState.PLANNED, MessageState.SENDING)
# No lease and no retry lies further ahead; one that does was written by a clock that was wrong.
LONGEST_WAIT = timedelta(minutes=10)
LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class Entry:
    """A message as the operator sees it in the list."""

    id: int
    key: Key
    state: MessageState
    attempts: int
    next_try_at: datetime
    settled_at: datetime | None
    last_error: str | None
    message_id: str | None
    title: str | None


@dataclass(frozen=True)
class Kept:
    """What is kept of a message that no mail server took."""

    title: str
    text: str
    html: str


def is_due(now: datetime) -> ColumnElement[bool]:
    """Waiting, and its time has come: by its next try, or because that try lies so far ahead that
    only a clock that was wrong can have written it."""
    return Message.state.in_(WAITING) & (
        (Message.next_try_at <= now)
        | ((Message.next_try_at > now + LONGEST_WAIT) & (Message.due_at <= now))
    )


def anything_is_due() -> bool:
    """Whether a worker has something to send."""
    return bool(session().scalar(select(exists().where(is_due(clock.now())))))


def unsent() -> list[Entry]:
    """Messages that were due five minutes ago and are neither sent, kept, withdrawn nor refused."""
    late = clock.now() - LATE_AFTER
    return _entries(Message.state.in_(WAITING), Message.due_at < late)


def has_newer(key: Key, kinds: Collection[MessageKind]) -> bool:
    """Whether one of these kinds tells about a later version of the same subject."""
    return bool(
        session().scalar(
            select(
                exists().where(
                    Message.subject == key.subject,
                    Message.version > key.version,
                    Message.kind.in_(kinds),
                )
            )
        )
    )


def listed(
    state: MessageState | None, *, page: int, page_size: int
) -> tuple[list[Entry], Mapping[MessageState, int]]:
    """One page of messages, what was due last first, then what is planned, the next first; and how
    many there are in each state."""
    conditions = [] if state is None else [Message.state == state]
    entries = _entries(*conditions, limit=page_size, offset=(page - 1) * page_size)
    rows = session().execute(select(Message.state, func.count()).group_by(Message.state))
    return entries, {row[0]: row[1] for row in rows}


def entry(message_id: int) -> Entry | None:
    """One message."""
    found = _entries(Message.id == message_id)
    return found[0] if found else None


def kept(message_id: int) -> Kept | None:
    """The texts of a message that was kept."""
    row = (
        session()
        .execute(
            select(Message.title, Message.text, Message.html).where(
                Message.id == message_id, Message.html.is_not(None)
            )
        )
        .first()
    )
    return None if row is None else Kept(row.title or "", row.text or "", row.html or "")


def latest(kind: MessageKind, limit: int) -> list[Entry]:
    """The last messages of a kind that are due, the newest first."""
    return _entries(Message.kind == kind, Message.due_at <= clock.now(), limit=limit)


def latest_keys(kind: MessageKind, limit: int) -> list[Key]:
    """The last messages of a kind, the newest first."""
    rows = session().execute(
        select(
            Message.kind,
            Message.subject,
            Message.version,
            Message.recipient_id,
            Message.due_at,
        )
        .where(Message.kind == kind)
        .order_by(Message.id.desc())
        .limit(limit)
    )
    return [Key(*row) for row in rows]


def tick_age() -> timedelta | None:
    """How long ago the tick last ran, by any process; None when it never did.

    A tick that seems to lie ahead was written by a clock that was wrong: it is as old as it is far.
    """
    ran_at = session().scalar(select(Tick.ran_at).where(Tick.id == 1))
    return None if ran_at is None else abs(clock.now() - ran_at)


def _entries(
    *conditions: ColumnElement[bool], limit: int | None = None, offset: int = 0
) -> list[Entry]:
    now = clock.now()
    is_ahead = Message.due_at > now
    rows = session().execute(
        select(
            Message.id,
            Message.kind,
            Message.subject,
            Message.version,
            Message.recipient_id,
            Message.due_at,
            Message.state,
            Message.attempts,
            Message.next_try_at,
            Message.settled_at,
            Message.last_error,
            Message.message_id,
            Message.title,
        )
        .where(*conditions)
        .order_by(
            is_ahead,
            case((is_ahead, None), else_=Message.due_at).desc(),
            Message.due_at,
            Message.id.desc(),
        )
        .limit(limit)
        .offset(offset)
    )
    return [_entry(row) for row in rows]


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:  # Any: the row has 13 columns
    """The columns stand in the order of the fields."""
    values = tuple(row)
    return Entry(values[0], Key(*values[1:6]), *values[6:])
