"""Giving an authorisation, prolonging it, and taking it back: each verb one transaction, each with
its line in the journal."""

from __future__ import annotations

from datetime import date

from sqlalchemy import delete, select

from booking.authorisations import queries
from booking.authorisations.models import LONGEST_NOTE, Authorisation
from booking.core import clock, ids
from booking.core.database import session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.permissions import Action, Actor, require
from booking.core.texts import checked_text
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.messages import service as planner
from booking.people import terms
from booking.people.models import Person, PersonState
from booking.people.queries import normal_email

LONGEST_DAYS = 10 * 366


@transactional
def give(actor: Actor, *, email: str, policy_id: int, valid_until: date, note: str = "") -> str:
    """Authorise somebody for a resource group; who is authorised for it already is so until the
    new day, by the actor. Returns its public id. Raises InvalidError.

    The person's row is held, so that two who give at once write one after the other.
    """
    require(actor, Action.AUTHORISE)
    if not queries.may_give(actor, policy_id):
        raise InvalidError({"group": Problem.NOT_FOUND})
    _refuse_unfit(valid_until)
    said = checked_text("note", note, LONGEST_NOTE)
    person = _held_person(email)
    if person is None:
        raise InvalidError({"email": Problem.NOT_FOUND})
    before = session().scalar(
        select(Authorisation)
        .where(Authorisation.person_id == person.id, Authorisation.policy_id == policy_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if before is not None:
        _renew(actor, before, valid_until, said)
        return before.public_id
    row = Authorisation(
        public_id=ids.new_public_id(),
        person_id=person.id,
        policy_id=policy_id,
        given_by_id=actor.person_id,
        given_on=terms.today(),
        valid_until=valid_until,
        note=said,
        changed_at=clock.now(),
    )
    session().add(row)
    session().flush()
    _write(actor, "authorisation_given", row, after=_facts(row))
    _plan_to_tell(row)
    return row.public_id


@transactional
def prolong(actor: Actor, public_id: str, *, valid_until: date, note: str | None = None) -> None:
    """Let it hold until another day, given anew by the actor today. Raises NotFoundError for one
    of a group that is not the actor's, InvalidError."""
    row = _locked(actor, public_id)
    _refuse_unfit(valid_until)
    said = row.note if note is None else checked_text("note", note, LONGEST_NOTE)
    _renew(actor, row, valid_until, said)


@transactional
def take_back(actor: Actor, public_id: str) -> None:
    """From now on it is none; what was booked with it stays. Raises NotFoundError."""
    row = _locked(actor, public_id)
    _write(actor, "authorisation_taken_back", row, before=_facts(row))
    planner.withdraw_untrue(row.public_id, lambda key: False)
    session().delete(row)


@transactional
def note_export(actor: Actor, count: int) -> None:
    """Write down that the list left the program as a file."""
    require(actor, Action.AUTHORISE)
    journal.write(
        actor,
        "exported",
        subject_kind="export",
        subject_id="authorisations",
        after={"authorisations": count},
    )


def forget(person_id: int) -> None:
    """What an anonymised person was authorised for goes. Part of the caller's transaction."""
    session().execute(delete(Authorisation).where(Authorisation.person_id == person_id))


def _renew(actor: Actor, row: Authorisation, valid_until: date, note: str) -> None:
    if (row.valid_until, row.note) == (valid_until, note):
        return
    before = _facts(row)
    row.valid_until, row.note = valid_until, note
    row.given_by_id, row.given_on = actor.person_id, terms.today()
    row.changed_at = clock.now()
    session().flush()
    _write(actor, "authorisation_prolonged", row, before, _facts(row))
    _plan_to_tell(row)


def _plan_to_tell(row: Authorisation) -> None:
    """That it lapses is said 30 days before; not to whom it was given for less. What is planned
    for a last day that it no longer has is withdrawn when it is due: the day may come back."""
    key = queries.lapsing(row.public_id, row.person_id, row.valid_until)
    if key.due_at > clock.now():
        planner.plan([key])


def _refuse_unfit(valid_until: date) -> None:
    today = terms.today()
    if valid_until < today or (valid_until - today).days > LONGEST_DAYS:
        raise InvalidError({"valid_until": Problem.OUT_OF_RANGE})


def _held_person(email: str) -> Person | None:
    wanted = normal_email(email)
    if not wanted.isprintable():  # it can be no address, and no statement
        return None
    return session().scalar(
        select(Person)
        .where(Person.email == wanted, Person.state == PersonState.ACTIVE)
        .with_for_update(key_share=True)
    )


def _locked(actor: Actor, public_id: str) -> Authorisation:
    require(actor, Action.AUTHORISE)
    found = queries.one(actor, public_id)
    row = session().scalar(
        select(Authorisation)
        .where(Authorisation.id == found.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFoundError
    return row


def _facts(row: Authorisation) -> JsonFacts:
    return {
        "policy": str(row.policy_id),
        "valid_until": row.valid_until.isoformat(),
        "note": row.note,
    }


def _write(
    actor: Actor,
    act: str,
    row: Authorisation,
    before: JsonFacts | None = None,
    after: JsonFacts | None = None,
) -> None:
    person = session().get_one(Person, row.person_id)
    journal.write(
        actor,
        act,
        subject_kind="person",
        subject_id=person.public_id,
        before=before,
        after=after,
    )
