"""What is kept only for a time: found and taken away in small pieces, as often as one likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from booking.core import clock
from booking.core.database import Model, session, transactional
from booking.core.events import Event
from booking.house import queries as house
from booking.house.rules import Retention, since
from booking.journal import service as journal
from booking.journal.models import OLDEST_THAT_MUST_STAY, JournalLine
from booking.messages.models import Message
from booking.people.models import (
    BrowserSession,
    Person,
    PersonState,
    Token,
    Viewing,
)
from booking.people.sessions import LONGEST
from booking.privacy import service
from booking.replacements import service as replacements
from booking.replacements.models import Replacement
from booking.reservations.models import Reservation
from booking.waitlist import service as waitlist
from booking.waitlist.models import WaitlistEntry

BATCH = 500
FEW = 20  # accounts at a time: each is a transaction of its own
MOST_BATCHES = 200  # of each kind in one run; the next day goes on


@dataclass
class Forgotten:
    """How much was taken away, or would be."""

    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class _Step:
    """One kind of data: what of it is over, and how some of that is taken away."""

    name: str
    model: type[Model]
    is_over: ColumnElement[bool]
    forget: Callable[[ColumnElement[bool]], int]


def run(*, dry_run: bool = False) -> Forgotten:
    """Take away what is over; a dry run only counts."""
    done = Forgotten()
    for step in _steps(house.retention(), clock.now()):
        done.counts[step.name] = _count(step) if dry_run else _forget(step)
    if done.total and not dry_run:
        _write(done)
    return done


def _count(step: _Step) -> int:
    return session().scalar(select(func.count()).select_from(step.model).where(step.is_over)) or 0


def _forget(step: _Step) -> int:
    total = 0
    for _number in range(MOST_BATCHES):
        count = step.forget(step.is_over)
        total += count
        if not count:
            break
    return total


@transactional
def _write(done: Forgotten) -> None:
    journal.write(
        None,
        "retention_ran",
        subject_kind="site",
        subject_id="1",
        after={name: count for name, count in done.counts.items() if count},
    )


# --- what is over ---


def _steps(kept: Retention, now: datetime) -> list[_Step]:
    found: list[_Step] = []
    if kept.closed_accounts_months is not None:
        before = since(now, months=kept.closed_accounts_months)
        found.append(_Step("closed_accounts", Person, _closed_before(before), _anonymise))
    if kept.purposes_months is not None:
        before = since(now, months=kept.purposes_months)
        found.append(_Step("purposes", Reservation, _has_words(before), _blank))
        is_old = and_(WaitlistEntry.ends_at < before, WaitlistEntry.closed_at.is_not(None))
        found.append(_Step("waitlist", WaitlistEntry, is_old, _forget_entries))
        is_old = and_(Replacement.ends_at < before, Replacement.closed_at.is_not(None))
        found.append(_Step("replacements", Replacement, is_old, _forget_replacements))
    if kept.messages_days is not None:
        found += _of_messages(since(now, days=kept.messages_days))
    if kept.sign_ins_days is not None:
        found += _of_sign_ins(since(now, days=kept.sign_ins_days))
    if kept.views_months is not None:
        before = since(now, months=kept.views_months)
        found.append(_Step("views", Viewing, Viewing.first_at < before, _deleting(Viewing)))
    if kept.journal_years is not None:
        before = min(since(now, years=kept.journal_years), now - OLDEST_THAT_MUST_STAY)
        found.append(_Step("journal", JournalLine, JournalLine.at < before, _forget_lines(before)))
    return found


def _of_messages(before: datetime) -> list[_Step]:
    has_text = or_(
        Message.title.is_not(None), Message.text.is_not(None), Message.last_error.is_not(None)
    )
    is_handled = and_(Event.handled_at.is_not(None), Event.handled_at < before)
    return [
        _Step("messages", Message, and_(Message.settled_at < before, has_text), _blank_messages),
        _Step("events", Event, is_handled, _deleting(Event)),
    ]


def _of_sign_ins(before: datetime) -> list[_Step]:
    """Sessions and secrets that have been of no use for so long."""
    is_old = BrowserSession.created_at < before - LONGEST
    session_over = or_(BrowserSession.ended_at < before, is_old)
    token_over = or_(Token.revoked_at < before, Token.expires_at < before)
    return [
        _Step("sessions", BrowserSession, session_over, _deleting(BrowserSession)),
        _Step("secrets", Token, token_over, _deleting(Token)),
    ]


def _closed_before(moment: datetime) -> ColumnElement[bool]:
    """The journal says when an account was closed for the last time."""
    closed_at = (
        select(func.max(JournalLine.at))
        .where(
            JournalLine.subject_kind == "person",
            JournalLine.subject_id == Person.public_id,
            JournalLine.act == "person_deactivated",
        )
        .scalar_subquery()
    )
    return and_(Person.state == PersonState.DEACTIVATED, closed_at <= moment)


def _has_words(before: datetime) -> ColumnElement[bool]:
    return and_(
        Reservation.ends_at < before,
        service.has_words(),
    )


# --- how it is taken away ---


def _anonymise(is_over: ColumnElement[bool]) -> int:
    found = session().scalars(select(Person.public_id).where(is_over).limit(FEW)).all()
    for public_id in found:
        service.anonymise_for_age(public_id)
    return len(found)


@transactional
def _blank(is_over: ColumnElement[bool]) -> int:
    some = select(Reservation.id).where(is_over).order_by(Reservation.id).limit(BATCH)
    ids = session().scalars(some).all()
    return service.blank_reservations(Reservation.id.in_(ids)) if ids else 0


@transactional
def _forget_entries(is_over: ColumnElement[bool]) -> int:
    some = select(WaitlistEntry.id).where(is_over).order_by(WaitlistEntry.id).limit(BATCH)
    ids = session().scalars(some).all()
    return waitlist.forget(ids) if ids else 0


@transactional
def _forget_replacements(is_over: ColumnElement[bool]) -> int:
    some = select(Replacement.id).where(is_over).order_by(Replacement.id).limit(BATCH)
    ids = session().scalars(some).all()
    return replacements.forget(ids) if ids else 0


@transactional
def _blank_messages(is_over: ColumnElement[bool]) -> int:
    some = select(Message.id).where(is_over).limit(BATCH)
    blanked = session().execute(
        update(Message)
        .where(Message.id.in_(some))
        .values(title=None, text=None, html=None, last_error=None)
        .returning(Message.id),
        execution_options=service.UNSEEN,
    )
    return len(blanked.all())


def _deleting(model: type[Any]) -> Callable[[ColumnElement[bool]], int]:  # Any: has a key
    @transactional
    def forget(is_over: ColumnElement[bool]) -> int:
        keys = list(model.__table__.primary_key)
        some = session().execute(select(*keys).where(is_over).limit(BATCH)).all()
        if not some:
            return 0
        is_one = or_(
            *(and_(*(key == value for key, value in zip(keys, row, strict=True))) for row in some)
        )
        if len(keys) == 1:
            is_one = keys[0].in_([row[0] for row in some])
        session().execute(delete(model).where(is_one), execution_options=service.UNSEEN)
        return len(some)

    return forget


def _forget_lines(before: datetime) -> Callable[[ColumnElement[bool]], int]:
    @transactional
    def forget(_is_over: ColumnElement[bool]) -> int:
        return journal.forget_lines(before, BATCH)

    return forget
