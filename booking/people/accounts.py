"""What operators do with accounts: correct them, and send their links again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from booking.core import clock, revisions
from booking.core.database import savepoint, session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.i18n import LOCALES
from booking.core.permissions import Action, Actor, require
from booking.journal import service as journal
from booking.journal.models import JournalLine, JsonFacts
from booking.messages import service as planner
from booking.messages.letters import Key
from booking.messages.models import MessageKind
from booking.people import links, resets, rules
from booking.people.models import Person, PersonState


@dataclass(frozen=True)
class Correction:
    """What shall be different; None stays as it is."""

    name: str | None = None
    email: str | None = None
    language: str | None = None


@transactional
def correct(actor: Actor, public_id: str, correction: Correction) -> None:
    """Correct name, address or language of somebody's account.

    Both addresses are told of a new one. Links that went to the old one end: whoever reads it may
    be somebody else. Raises InvalidError for the fields `name`, `email` and `language`.
    """
    require(actor, Action.OPERATE)
    person = locked(public_id)
    if person.state is PersonState.ANONYMISED:
        raise NotFoundError
    before, after = _facts(person), _corrected(person, correction)
    if before == after:
        return
    _store(person, after)
    revisions.bump(revisions.Scope.PERSON, [person.id])
    journal.write(
        actor,
        "person_corrected",
        subject_kind="person",
        subject_id=public_id,
        before=before,
        after=after,
    )
    if before["email"] != after["email"] and person.state is PersonState.ACTIVE:
        _tell_of_new_address(actor, person)


@transactional
def send_link(actor: Actor, public_id: str) -> None:
    """Invite again somebody who has no password yet, or let somebody choose a new one.

    Raises InvalidError for the field `person` when the account is closed.
    """
    require(actor, Action.OPERATE)
    person = locked(public_id)
    if person.state is not PersonState.ACTIVE:
        raise InvalidError({"person": Problem.CLOSED})
    resets.send_link(actor, person)


def locked(public_id: str) -> Person:
    """A person held against others who change the account, until the commit."""
    person = session().scalar(
        select(Person)
        .where(Person.public_id == public_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if person is None:
        raise NotFoundError
    return person


def _facts(person: Person) -> JsonFacts:
    return {"name": person.name, "email": person.email, "language": person.language}


def _corrected(person: Person, correction: Correction) -> JsonFacts:
    after = _facts(person)
    if correction.name is not None:
        after["name"] = rules.checked_name(correction.name)
    if correction.email is not None:
        after["email"] = rules.checked_email(correction.email)
    if correction.language is not None:
        if correction.language not in LOCALES:
            raise InvalidError({"language": Problem.UNKNOWN})
        after["language"] = correction.language
    return after


def _store(person: Person, after: JsonFacts) -> None:
    try:
        with savepoint():
            for name, value in after.items():
                setattr(person, name, value)
            session().flush()
    except IntegrityError as error:
        raise InvalidError({"email": Problem.REUSED}) from error


def _tell_of_new_address(actor: Actor, person: Person) -> None:
    links.end_links([person.id])
    if person.password_hash is None:
        resets.send_link(actor, person)
        return
    line = session().scalar(
        select(func.max(JournalLine.id)).where(
            JournalLine.subject_kind == "person", JournalLine.subject_id == person.public_id
        )
    )
    kinds = (MessageKind.ADDRESS_CHANGED, MessageKind.ADDRESS_LEFT)
    planner.plan([Key(kind, person.public_id, line or 0, person.id, clock.now()) for kind in kinds])
