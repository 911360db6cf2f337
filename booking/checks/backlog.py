"""What waits for the worker, how late it is, and what was set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update

from booking.core import clock
from booking.core.database import session, transactional
from booking.core.errors import NotFoundError
from booking.core.events import MOST_ATTEMPTS, Event, EventKind
from booking.core.jobs import JobName
from booking.core.permissions import Action, Actor, require
from booking.journal import service as journal
from booking.messages.models import Message, MessageState
from booking.messages.queries import is_due
from booking.reservations.models import Reservation, State

MOST_SHOWN = 20

Counted = Select[*tuple[Any, ...]]  # Any: how many, and since when


@dataclass(frozen=True)
class Waiting:
    """How many pieces of work wait, and since when the oldest does."""

    count: int
    since: datetime | None

    @property
    def lag(self) -> timedelta:
        """How late the oldest is; nothing that waits is not late."""
        return timedelta() if self.since is None else max(timedelta(), clock.now() - self.since)


@dataclass(frozen=True)
class SetAside:
    """An event that failed so often that no worker tries it any more."""

    id: int
    kind: EventKind
    subject: str
    created_at: datetime
    last_error: str


def waiting() -> Mapping[JobName, Waiting]:
    """What is due and not done yet."""
    return {name: _read(statement) for name, statement in _statements().items()}


def lag_of(name: JobName) -> timedelta:
    """How late the oldest piece of work of this part is; parts without a queue are never late."""
    statement = _statements().get(name)
    return timedelta() if statement is None else _read(statement).lag


def set_aside() -> tuple[list[SetAside], int]:
    """The oldest events that were set aside, and how many there are."""
    rows = session().execute(
        select(Event.id, Event.kind, Event.subject, Event.created_at, Event.last_error)
        .add_columns(func.count().over())
        .where(_is_set_aside())
        .order_by(Event.id)
        .limit(MOST_SHOWN)
    )
    found = rows.all()
    events = [
        SetAside(row.id, row.kind, row.subject, row.created_at, row.last_error or "")
        for row in found
    ]
    return events, int(found[0][5]) if found else 0


@transactional
def try_again(actor: Actor) -> int:
    """Let the worker try every event that was set aside once more; how many there were."""
    require(actor, Action.OPERATE)
    statement = (
        update(Event)
        .where(_is_set_aside())
        .values(attempts=0, next_try_at=None)
        .returning(Event.id)
    )
    count = len(session().execute(statement).all())
    if count:
        journal.write(
            actor,
            "events_tried_again",
            subject_kind="site",
            subject_id="1",
            after={"events": count},
        )
    return count


def may_try_again() -> ColumnElement[bool]:
    """The condition on `Message` that trying it now makes sense: it was refused, or it waits after
    it could not be sent."""
    waits = and_(Message.state == MessageState.PLANNED, Message.attempts > 0)
    return or_(Message.state == MessageState.REFUSED, waits)


@transactional
def try_message_again(actor: Actor, message_id: int) -> None:
    """Let the worker try a message once more, with its next run; whether it is still true is looked
    at again then. Raises NotFoundError for one that there is no reason to try."""
    require(actor, Action.OPERATE)
    now = clock.now()
    tried = session().execute(
        update(Message)
        .where(Message.id == message_id, may_try_again())
        .values(
            state=MessageState.PLANNED,
            attempts=0,
            next_try_at=now,
            leased_until=None,
            settled_at=None,
        )
        .returning(Message.kind)
    )
    kind = tried.scalar_one_or_none()
    if kind is None:
        raise NotFoundError
    journal.write(
        actor,
        "message_tried_again",
        subject_kind="message",
        subject_id=str(message_id),
        after={"kind": kind.value},
    )


def _statements() -> Mapping[JobName, Counted]:
    now = clock.now()
    overdue = and_(Reservation.state == State.PENDING, Reservation.decide_by <= now)
    unhandled = and_(Event.handled_at.is_(None), Event.attempts < MOST_ATTEMPTS)
    return {
        JobName.EXPIRE: select(func.count(), func.min(Reservation.decide_by)).where(overdue),
        JobName.EVENTS: select(func.count(), func.min(Event.created_at)).where(unhandled),
        JobName.MESSAGES: select(func.count(), func.min(Message.due_at)).where(is_due(now)),
    }


def _read(statement: Counted) -> Waiting:
    count, since = session().execute(statement).one()
    return Waiting(count, since)


def _is_set_aside() -> ColumnElement[bool]:
    return and_(Event.handled_at.is_(None), Event.attempts >= MOST_ATTEMPTS)
