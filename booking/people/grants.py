"""What the park gives a person: to run it, to look at everything, to decide, to receive."""

from __future__ import annotations

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.exc import IntegrityError

from booking.core import revisions
from booking.core.database import savepoint, session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.permissions import Action, Actor, Given, Role, require
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.people import accounts, closing
from booking.people.models import Grant, Person, PersonState


@transactional
def give(actor: Actor, public_id: str, given: Given) -> int:
    """Give a role and return the grant's key; one that is there already stays as it is.

    Raises InvalidError for the field `role` when the account is closed, or when the role wants
    another place.
    """
    require(actor, Action.OPERATE)
    person = accounts.locked(public_id)
    if person.state is not PersonState.ACTIVE:
        raise InvalidError({"role": Problem.CLOSED})
    there = session().scalar(_of(person, given))
    if there is not None:
        return there
    made = _insert(person, given)
    revisions.bump(revisions.Scope.PERSON, [person.id])
    journal.write(
        actor,
        "grant_given",
        subject_kind="person",
        subject_id=public_id,
        after=_facts(given),
    )
    return made


@transactional
def take(actor: Actor, public_id: str, grant_id: int) -> None:
    """Take a role away, at once.

    Raises LastOneError when nobody else could run the park.
    """
    require(actor, Action.OPERATE)
    person = accounts.locked(public_id)
    grant = session().scalar(
        select(Grant).where(Grant.id == grant_id, Grant.person_id == person.id)
    )
    if grant is None:
        raise NotFoundError
    if grant.role is Role.OPERATOR:
        closing.refuse_the_last_operator(person)
    given = Given(grant.role, grant.resource_id, grant.area_id, grant.building_id)
    session().execute(delete(Grant).where(Grant.id == grant_id))
    revisions.bump(revisions.Scope.PERSON, [person.id])
    journal.write(
        actor,
        "grant_taken",
        subject_kind="person",
        subject_id=public_id,
        before=_facts(given),
    )


def _of(person: Person, given: Given) -> Select[int]:
    return select(Grant.id).where(
        Grant.person_id == person.id,
        Grant.role == given.role,
        Grant.resource_id.is_not_distinct_from(given.resource_id),
        Grant.area_id.is_not_distinct_from(given.area_id),
        Grant.building_id.is_not_distinct_from(given.building_id),
    )


def _insert(person: Person, given: Given) -> int:
    """The table knows which role wants which place."""
    statement = insert(Grant).values(person_id=person.id, **_facts(given))
    try:
        with savepoint():
            return session().execute(statement.returning(Grant.id)).scalar_one()
    except IntegrityError as error:
        raise InvalidError({"role": Problem.UNKNOWN}) from error


def _facts(given: Given) -> JsonFacts:
    return {
        "role": given.role.value,
        "resource_id": given.resource_id,
        "area_id": given.area_id,
        "building_id": given.building_id,
    }
