"""Closing an account and opening it again; what becomes of its reservations is decided above."""

from __future__ import annotations

from sqlalchemy import delete, func, select, update

from booking.core import clock, revisions
from booking.core.database import session, transactional
from booking.core.errors import LastOneError, NotFoundError
from booking.core.permissions import Action, Actor, Role, require
from booking.journal import service as journal
from booking.people import deputies, sessions
from booking.people.models import Grant, Person, PersonState, Token


def close(actor: Actor | None, person: Person) -> None:
    """Deactivate the account: every session, token and link ends at once, and what the park gave
    is taken. Part of the caller's transaction, who holds the person's row.

    Memberships stay and sleep, so that opening it again brings them back; grants do not come back.
    Raises LastOneError for the last operator.
    """
    refuse_the_last_operator(person)
    person.state = PersonState.DEACTIVATED
    ended = sessions.end_all(person.id)
    revoked = _revoke_tokens(person.id)
    taken = _take_grants(actor, person)
    deputies.end_all_of(actor, person.id)
    revisions.bump(revisions.Scope.PERSON, [person.id])
    journal.write(
        actor,
        "person_deactivated",
        subject_kind="person",
        subject_id=person.public_id,
        after={"sessions": ended, "tokens": revoked, "grants": taken},
    )


@transactional
def reopen(actor: Actor, public_id: str) -> None:
    """Let a deactivated person sign in again, with the password they had; one that is active
    already stays as it is, one that was anonymised does not come back."""
    require(actor, Action.OPERATE)
    person = session().scalar(
        select(Person)
        .where(Person.public_id == public_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if person is None or person.state is PersonState.ANONYMISED:
        raise NotFoundError
    if person.state is PersonState.ACTIVE:
        return
    person.state = PersonState.ACTIVE
    journal.write(actor, "person_reactivated", subject_kind="person", subject_id=public_id)


def refuse_the_last_operator(person: Person) -> None:
    """Raise LastOneError when nobody else could run the park.

    Whoever may is locked: two operators who close each other, or take each other's grant, meet
    here. For a transaction that holds the person's row.
    """
    operators = set(
        session().scalars(
            select(Grant.person_id)
            .where(Grant.role == Role.OPERATOR)
            .order_by(Grant.id)
            .with_for_update()
        )
    )
    others = select(func.count()).where(
        Person.id.in_(operators - {person.id}), Person.state == PersonState.ACTIVE
    )
    if person.id in operators and not session().scalar(others):
        raise LastOneError("last_operator")


def _revoke_tokens(person_id: int) -> int:
    revoked = session().execute(
        update(Token)
        .where(Token.person_id == person_id, Token.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(Token.id)
    )
    return len(revoked.all())


def _take_grants(actor: Actor | None, person: Person) -> int:
    taken = (
        session()
        .execute(
            delete(Grant)
            .where(Grant.person_id == person.id)
            .returning(Grant.role, Grant.resource_id, Grant.area_id, Grant.building_id)
        )
        .all()
    )
    for role, resource_id, area_id, building_id in taken:
        journal.write(
            actor,
            "grant_taken",
            subject_kind="person",
            subject_id=person.public_id,
            before={
                "role": role.value,
                "resource_id": resource_id,
                "area_id": area_id,
                "building_id": building_id,
            },
        )
    return len(taken)
