"""Reading persons: by e-mail, by id, and whether the house has an operator."""

from __future__ import annotations

from sqlalchemy import func, select

from booking.core.database import session
from booking.core.permissions import Role
from booking.people.models import Grant, Person, PersonState

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


def has_demo_persons() -> bool:
    """Whether the database holds invented people."""
    return session().scalar(select(Person.id).where(Person.is_demo).limit(1)) is not None
