"""Reading persons: by e-mail, by id, and whether the house has an operator."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, and_, func, select

from booking.core.database import session
from booking.core.permissions import Belongs, Role
from booking.people.models import (
    Grant,
    MemberRole,
    Membership,
    Organisation,
    Person,
    PersonState,
)
from booking.people.terms import holds_on

LONGEST_EMAIL = 254


def normal_email(text: str) -> str:
    """An e-mail address as it is stored."""
    return text.strip().lower()


def person_by_email(email: str) -> Person | None:
    """The person with this address, in any state; None also for what can be no address."""
    wanted = normal_email(email)
    if len(wanted) > LONGEST_EMAIL or not wanted.isprintable():
        return None
    return session().execute(select(Person).where(Person.email == wanted)).scalar_one_or_none()


def person_by_id(person_id: int) -> Person:
    """The person of an actor, as stored now."""
    statement = select(Person).where(Person.id == person_id)
    return session().execute(statement.execution_options(populate_existing=True)).scalar_one()


def operator_with_password() -> str | None:
    """The e-mail of an operator who can sign in; None before the first."""
    return session().scalar(
        select(func.min(Person.email))
        .join(Grant, Grant.person_id == Person.id)
        .where(
            Grant.role == Role.OPERATOR,
            Person.state == PersonState.ACTIVE,
            Person.password_hash.is_not(None),
        )
    )


@dataclass(frozen=True)
class Known:
    """Somebody whose account can be used, and where they belong today."""

    person_id: int
    public_id: str
    name: str
    memberships: tuple[Belongs, ...]


def known_persons(public_ids: Collection[str], today: date) -> dict[str, Known]:
    """The active persons among these, by public id; one statement."""
    rows = session().execute(
        _known(today).where(Person.public_id.in_(public_ids)).order_by(Membership.id)
    )
    return _by_public_id(rows.all())


def members_of(organisation_ids: Collection[int], today: date) -> list[Known]:
    """The active members of these organisations, by name, each with those of them they are in."""
    if not organisation_ids:
        return []
    rows = session().execute(
        _known(today)
        .where(Membership.organisation_id.in_(organisation_ids))
        .order_by(Person.name, Person.id, Membership.id)
    )
    return list(_by_public_id(rows.all()).values())


def _known(today: date) -> Select[*tuple[Any, ...]]:  # Any: the row has seven columns
    return (
        select(
            Person.id,
            Person.public_id,
            Person.name,
            Membership.organisation_id,
            Membership.role,
            Organisation.public_id.label("organisation_public_id"),
            Organisation.name.label("organisation_name"),
        )
        .outerjoin(
            Membership,
            and_(Membership.person_id == Person.id, *holds_on(today)),
        )
        .outerjoin(
            Organisation,
            and_(
                Organisation.id == Membership.organisation_id,
                Organisation.deactivated_at.is_(None),
            ),
        )
        .where(Person.state == PersonState.ACTIVE)
    )


def _by_public_id(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for row in rows:
        known = found.get(row.public_id) or Known(row.id, row.public_id, row.name, ())
        if row.organisation_public_id is not None:
            belongs = Belongs(
                row.organisation_id,
                row.role is MemberRole.MANAGER,
                row.organisation_public_id,
                row.organisation_name,
            )
            known = replace(known, memberships=(*known.memberships, belongs))
        found[row.public_id] = known
    return found


def has_demo_persons() -> bool:
    """Whether the database holds invented people."""
    return session().scalar(select(Person.id).where(Person.is_demo).limit(1)) is not None
