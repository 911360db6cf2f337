"""What is done with organisations and in them: made, renamed, who manages, who is shown.

Ending one, or a membership of one, touches reservations and stands above, in
`reservations.departures`.
"""

from __future__ import annotations

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from booking.core import clock, ids, revisions
from booking.core.database import savepoint, session, transactional
from booking.core.errors import InvalidError, LastOneError, Problem
from booking.core.permissions import Action, Actor, allows, require
from booking.journal import service as journal
from booking.people import members, terms
from booking.people.members import KnownOrganisation
from booking.people.models import MemberRole, Membership, Organisation, Person

LONGEST_NAME = 120


@transactional
def create(actor: Actor, name: str) -> KnownOrganisation:
    """A new organisation without members. Raises InvalidError for the field `name`."""
    require(actor, Action.OPERATE)
    made = Organisation(
        public_id=ids.new_public_id(), name=_checked_name(name), created_at=clock.now()
    )
    _insert_or_refuse(made)
    journal.write(
        actor,
        "organisation_created",
        subject_kind="organisation",
        subject_id=made.public_id,
        after={"name": made.name},
    )
    return KnownOrganisation(made.id, made.public_id, made.name, None)


@transactional
def rename(actor: Actor, public_id: str, name: str) -> None:
    """Another name for an organisation. Raises InvalidError for the field `name`."""
    require(actor, Action.OPERATE)
    organisation = members.organisation(actor, public_id)
    name = _checked_name(name)
    if name == organisation.name:
        return
    _rename_or_refuse(organisation, name)
    revisions.bump(revisions.Scope.ORGANISATION, [organisation.organisation_id])
    journal.write(
        actor,
        "organisation_renamed",
        subject_kind="organisation",
        subject_id=public_id,
        before={"name": organisation.name},
        after={"name": name},
    )


@transactional
def set_role(actor: Actor, organisation_id: str, person_id: str, role: MemberRole) -> None:
    """Make a member a manager, or the other way round.

    Raises LastOneError when nobody would manage the organisation any more; operators may.
    """
    organisation = members.organisation(actor, organisation_id, Action.MANAGE_ORGANISATION)
    lock(organisation.organisation_id)
    member = members.member(organisation.organisation_id, person_id)
    if member.role is role:
        return
    if member.is_manager:
        refuse_last_manager(actor, organisation, member.person_id)
    session().execute(
        update(Membership)
        .where(
            Membership.person_id == member.person_id,
            Membership.organisation_id == organisation.organisation_id,
            or_(Membership.valid_until.is_(None), Membership.valid_until >= terms.today()),
        )
        .values(role=role)
    )
    journal.write(
        actor,
        "member_role_changed",
        subject_kind="person",
        subject_id=member.public_id,
        before={"role": member.role.value, "organisation": None},
        after={"role": role.value, "organisation": organisation.public_id},
    )


@transactional
def show_presence(actor: Actor, shows: bool) -> None:
    """Agree that colleagues see where one is today, or take that back; it holds at once."""
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    changed = session().execute(
        update(Person)
        .where(Person.id == actor.person_id, Person.shows_presence.is_(not shows))
        .values(shows_presence=shows)
        .returning(Person.id)
    )
    if changed.first() is not None:
        journal.write(
            actor,
            "presence_shown" if shows else "presence_hidden",
            subject_kind="person",
            subject_id=actor.public_id,
        )


def shows_presence(actor: Actor) -> bool:
    """Whether the actor has agreed."""
    return bool(session().scalar(select(Person.shows_presence).where(Person.id == actor.person_id)))


def refuse_last_manager(actor: Actor, organisation: KnownOrganisation, person_id: int) -> None:
    """Raise LastOneError when nobody else manages the organisation for as long as this person
    would; operators may all the same. For a transaction that holds the organisation's row: two
    managers who remove each other meet there."""
    others = members.lasting_managers(organisation.organisation_id, person_id)
    if not others and not allows(actor, Action.OPERATE):
        raise LastOneError("last_manager", organisation.name)


def lock(organisation_id: int) -> None:
    """Hold the organisation against others who change it, until the commit."""
    of_this = Organisation.id == organisation_id
    session().execute(select(Organisation.id).where(of_this).with_for_update(key_share=True))


def _checked_name(name: str) -> str:
    """A name on one line that fits."""
    text = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if not text:
        raise InvalidError({"name": Problem.MISSING})
    if len(text) > LONGEST_NAME:
        raise InvalidError({"name": Problem.TOO_LONG})
    return text


def _insert_or_refuse(made: Organisation) -> None:
    try:
        with savepoint():
            session().add(made)
    except IntegrityError as error:
        raise InvalidError({"name": Problem.REUSED}) from error


def _rename_or_refuse(organisation: KnownOrganisation, name: str) -> None:
    statement = update(Organisation).where(Organisation.id == organisation.organisation_id)
    try:
        with savepoint():
            session().execute(statement.values(name=name))
    except IntegrityError as error:
        raise InvalidError({"name": Problem.REUSED}) from error
