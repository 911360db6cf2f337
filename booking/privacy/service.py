"""Making a person anonymous: nothing that names them or that they wrote stays; figures stay."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, case, delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from booking.authorisations import service as authorisations
from booking.core import clock
from booking.core.database import session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.events import Event
from booking.core.permissions import Action, Actor, require
from booking.finding import preferences
from booking.journal import service as journal
from booking.journal.models import JournalLine
from booking.messages.models import Message, MessageState
from booking.messages.queries import WAITING
from booking.people import passwords, queries
from booking.people.models import (
    BrowserSession,
    Membership,
    Person,
    PersonState,
    Token,
    Viewing,
)
from booking.reservations import departures
from booking.reservations.departures import Choices, Done
from booking.reservations.models import Amendment, Approval, Question, Reservation
from booking.waitlist.models import WaitlistEntry

NOBODY = "—"  # the name of whoever was made anonymous
NOTHING = "—"  # in the place of a text that a constraint wants
UNROUTABLE = "anonymised.invalid"  # no mail can ever go there
UNSEEN = {"synchronize_session": False}


def anonymise_myself(actor: Actor, choices: Choices, *, password: str) -> Done:
    """Close the actor's own account for good; what lies ahead is handed over or cancelled.

    Raises InvalidError for `password` and for a colleague who cannot take over, PlanChangedError,
    and LastOneError for the last operator and for the last manager of others.
    """
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    person = queries.person_by_id(actor.person_id)
    if not passwords.verify(person.password_hash, password):
        raise InvalidError({"password": Problem.WRONG})
    return _leave(actor, choices)


def anonymise(actor: Actor, public_id: str) -> None:
    """The same for somebody else, by the operator."""
    require(actor, Action.OPERATE)
    _anonymise(actor, public_id)


def anonymise_for_age(public_id: str) -> None:
    """The same by the house, when an account has been closed for long enough."""
    _anonymise(None, public_id)


@transactional
def _leave(actor: Actor, choices: Choices) -> Done:
    done = departures.close_own_account(actor, choices)
    _forget(actor, _person(actor.public_id))
    return done


@transactional
def _anonymise(actor: Actor | None, public_id: str) -> None:
    person = _person(public_id)
    if person.state is PersonState.ACTIVE:
        departures.close_account(actor, public_id)
    _forget(actor, person)


def _forget(actor: Actor | None, person: Person) -> None:
    public_id = person.public_id
    theirs = select(Reservation.id).where(_is_theirs(person.id))
    _blank_what_was_written(person, theirs)
    _forget_the_account(person)
    journal.write(actor, "anonymised", subject_kind="person", subject_id=public_id)


def _person(public_id: str) -> Person:
    found = session().scalar(
        select(Person)
        .where(Person.public_id == public_id)
        .execution_options(populate_existing=True)
    )
    if found is None or found.state is PersonState.ANONYMISED:
        raise NotFoundError
    return found


def _is_theirs(person_id: int) -> ColumnElement[bool]:
    return or_(Reservation.person_id == person_id, Reservation.booked_by_id == person_id)


def _blank_what_was_written(person: Person, theirs: Select[int]) -> None:
    blank_reservations(Reservation.id.in_(theirs))
    _blank_text(WaitlistEntry.title, WaitlistEntry.person_id == person.id)
    _blank(Approval.reason, Approval.decided_by_id == person.id)
    _blank_text(Question.text, Question.asked_by_id == person.id, by=NOTHING)
    _blank(Question.answer, Question.answered_by_id == person.id, by=NOTHING)
    journal.forget_words(JournalLine.actor_id == person.id)
    journal.forget_words(
        (JournalLine.subject_kind == "person") & (JournalLine.subject_id == person.public_id)
    )


def has_words() -> ColumnElement[bool]:
    """The condition that a reservation holds something that people wrote, or a guest's name."""
    return or_(
        Reservation.title != "",
        Reservation.closing_reason.is_not(None),
        and_(Reservation.guest.is_not(None), Reservation.guest != NOBODY),
    )


def blank_reservations(which: ColumnElement[bool]) -> int:
    """Take everything that people wrote out of these reservations; how many had something. Part of
    the caller's transaction."""
    ids = select(Reservation.id).where(which)
    public_ids = select(Reservation.public_id).where(which)
    count = session().execute(
        update(Reservation)
        .where(which, has_words())
        .values(title="", guest=case((Reservation.guest.is_not(None), NOBODY)), closing_reason=None)
        .returning(Reservation.id),
        execution_options=UNSEEN,
    )
    blanked = len(count.all())
    _blank_text(Amendment.title, Amendment.reservation_id.in_(ids))
    _blank(Approval.reason, Approval.reservation_id.in_(ids))
    _blank_text(Question.text, Question.reservation_id.in_(ids), by=NOTHING)
    _blank(Question.answer, Question.reservation_id.in_(ids), by=NOTHING)
    session().execute(
        delete(Event).where(Event.subject.in_(public_ids), Event.handled_at.is_not(None))
    )
    journal.forget_words(
        (JournalLine.subject_kind == "reservation") & JournalLine.subject_id.in_(public_ids)
    )
    return blanked


def _blank(
    column: InstrumentedAttribute[str | None], which: ColumnElement[bool], by: str | None = None
) -> None:
    session().execute(
        update(column.class_).where(which, column.is_not(None)).values({column: by}),
        execution_options=UNSEEN,
    )


def _blank_text(
    column: InstrumentedAttribute[str], which: ColumnElement[bool], by: str = ""
) -> None:
    session().execute(
        update(column.class_).where(which, column != by).values({column: by}),
        execution_options=UNSEEN,
    )


def _forget_the_account(person: Person) -> None:
    """The row stays: reservations and figures refer to it."""
    session().execute(delete(BrowserSession).where(BrowserSession.person_id == person.id))
    session().execute(delete(Token).where(Token.person_id == person.id))
    authorisations.forget(person.id)
    preferences.forget(person.id)
    session().execute(delete(Viewing).where(Viewing.subject_id == person.id))
    session().execute(
        update(Membership)
        .where(Membership.person_id == person.id, Membership.valid_until.is_(None))
        .values(valid_until=clock.now().date()),
        execution_options=UNSEEN,
    )
    session().execute(
        update(Message)
        .where(Message.recipient_id == person.id)
        .values(title=None, text=None, html=None, last_error=None),
        execution_options=UNSEEN,
    )
    session().execute(
        update(Message)
        .where(Message.recipient_id == person.id, Message.state.in_(WAITING))
        .values(state=MessageState.WITHDRAWN, settled_at=clock.now(), leased_until=None),
        execution_options=UNSEEN,
    )
    person.state = PersonState.ANONYMISED
    person.name = NOBODY
    person.email = f"{person.public_id}@{UNROUTABLE}"
    person.password_hash = None
    person.shows_presence = False
