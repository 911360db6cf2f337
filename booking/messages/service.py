"""Planning messages, leasing those that are due, and settling what became of them.

Every function is one short transaction; nothing is sent in here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from booking.core import clock
from booking.core.database import engine_name, execute, session, transactional
from booking.messages.letters import Key
from booking.messages.models import Message, MessageState, Tick
from booking.messages.queries import WAITING, is_due

# Retried ever more rarely, yet often enough that all is out five minutes after an outage.
FIRST_RETRY = timedelta(seconds=15)
LONGEST_RETRY = timedelta(minutes=2)
GIVE_UP_AFTER = timedelta(days=3)
LONGEST_LINE = 300  # of a title, or of an error
_KEY_COLUMNS = ("kind", "subject", "version", "recipient_id", "due_at")


@dataclass(frozen=True)
class Leased:
    """A message that this worker, and no other, may send until the lease ends."""

    id: int
    key: Key
    attempts: int
    until: datetime


# --- planning ---


@transactional
def plan(keys: Collection[Key]) -> None:
    """Plan these messages; one that is already there, in whatever state, stays as it is."""
    if not keys:
        return
    rows = [
        {
            "kind": key.kind,
            "subject": key.subject,
            "version": key.version,
            "recipient_id": key.recipient_id,
            "due_at": key.due_at,
            "next_try_at": key.due_at,
            "state": MessageState.PLANNED,
            "attempts": 0,
        }
        for key in keys
    ]
    dialect = sqlite if engine_name() == "sqlite" else postgresql
    execute(
        dialect.insert(Message.__table__).on_conflict_do_nothing(index_elements=list(_KEY_COLUMNS)),
        rows,
    )


@transactional
def withdraw_untrue(subject: str, is_still_true: Callable[[Key], bool]) -> None:
    """Look again at what is planned about a subject for later: a reminder of an old time goes at
    once. What is due by now is looked at when it is sent."""
    planned = session().execute(
        select(Message.id, *_key_columns()).where(
            Message.subject == subject,
            Message.state == MessageState.PLANNED,
            Message.due_at > clock.now(),
        )
    )
    for row in planned.all():
        if not is_still_true(key_from(row)):
            _settle(Message.id == row.id, MessageState.WITHDRAWN)


# --- leasing ---


@transactional
def lease_due(limit: int, length: timedelta) -> list[Leased]:
    """Take messages that are due, oldest first; any number of workers may call."""
    now = clock.now()
    until = now + length
    due = (
        select(Message.id)
        .where(is_due(now))
        .order_by(Message.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session().execute(
        update(Message)
        .where(Message.id.in_(due))
        .values(
            state=MessageState.SENDING,
            leased_until=until,
            next_try_at=until,
            attempts=Message.attempts + 1,
        )
        .returning(Message.id, Message.attempts, *_key_columns()),
        execution_options={"synchronize_session": False},
    )
    found = [Leased(row.id, key_from(row), row.attempts, until) for row in rows]
    return sorted(found, key=lambda leased: (leased.key.due_at, leased.id))


@transactional
def renew(leases: Sequence[Leased], length: timedelta) -> list[Leased]:
    """Hold on to these for longer; those that another worker has taken meanwhile are left out."""
    until = clock.now() + length
    kept = set(
        session().scalars(
            update(Message)
            .where(or_(*(_is_held(lease) for lease in leases)))
            .values(leased_until=until, next_try_at=until)
            .returning(Message.id),
            execution_options={"synchronize_session": False},
        )
    )
    return [
        Leased(lease.id, lease.key, lease.attempts, until) for lease in leases if lease.id in kept
    ]


@transactional
def give_back(leases: Sequence[Leased]) -> None:
    """These were not tried: they are due at once, for anybody."""
    if leases:
        session().execute(
            update(Message)
            .where(or_(*(_is_held(lease) for lease in leases)))
            .values(
                state=MessageState.PLANNED,
                leased_until=None,
                next_try_at=clock.now(),
                attempts=Message.attempts - 1,
            ),
            execution_options={"synchronize_session": False},
        )


# --- settling ---


@transactional
def settle_sent(lease: Leased, message_id: str, title: str) -> None:
    """The mail server has it. This is so whoever holds the lease by now."""
    _settle(
        Message.id == lease.id,
        MessageState.SENT,
        message_id=message_id,
        title=_storable(title),
    )


@transactional
def settle_kept(lease: Leased, message_id: str, title: str, text: str, html: str) -> None:
    """There is no mail server: the message is kept to be looked at."""
    _settle(
        _is_held(lease),
        MessageState.KEPT,
        message_id=message_id,
        title=_storable(title),
        text=text,
        html=html,
    )


@transactional
def settle_withdrawn(lease: Leased) -> None:
    """It is no longer true."""
    _settle(_is_held(lease), MessageState.WITHDRAWN)


@transactional
def settle_refused(lease: Leased, error: str) -> None:
    """The mail server will never take it for this recipient."""
    _settle(_is_held(lease), MessageState.REFUSED, last_error=_storable(error))


@transactional
def try_later(lease: Leased, error: str) -> None:
    """It could not be sent now; after three days of that it never will be."""
    now = clock.now()
    if now - lease.key.due_at > GIVE_UP_AFTER:
        _settle(_is_held(lease), MessageState.REFUSED, last_error=_storable(error))
        return
    wait = min(FIRST_RETRY * 2 ** min(lease.attempts - 1, 10), LONGEST_RETRY)
    session().execute(
        update(Message)
        .where(_is_held(lease))
        .values(
            state=MessageState.PLANNED,
            leased_until=None,
            next_try_at=now + wait,
            last_error=_storable(error),
        )
    )


# --- the tick ---


@transactional
def note_tick() -> None:
    """Write that the tick ran; part of the caller's transaction."""
    dialect = sqlite if engine_name() == "sqlite" else postgresql
    session().execute(
        dialect.insert(Tick.__table__)
        .values(id=1, ran_at=clock.now())
        .on_conflict_do_update(index_elements=["id"], set_={"ran_at": clock.now()})
    )


# --- what they share ---


def key_from(row: object) -> Key:
    """The key in a row that has its columns."""
    return Key(**{name: getattr(row, name) for name in _KEY_COLUMNS})


def _storable(line: str) -> str:
    """As much of it as its column takes: what was sent must not be sent again for its title, and
    PostgreSQL has no NUL."""
    return line.replace("\x00", "")[:LONGEST_LINE]


def _key_columns() -> list[ColumnElement[object]]:
    return [getattr(Message, name) for name in _KEY_COLUMNS]


def _is_held(lease: Leased) -> ColumnElement[bool]:
    return and_(
        Message.id == lease.id,
        Message.state == MessageState.SENDING,
        Message.leased_until == lease.until,
    )


def _settle(which: ColumnElement[bool], state: MessageState, **values: str | None) -> None:
    session().execute(
        update(Message)
        .where(which, Message.state.in_(WAITING))
        .values(state=state, settled_at=clock.now(), leased_until=None, **values)
    )
