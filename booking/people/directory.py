"""The people of the park, for those who look after it: found, listed, one of them in full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, tuple_

from booking.core import clock
from booking.core.database import engine_name, execute, session
from booking.core.errors import NotFoundError
from booking.core.folding import holds_all, words_of
from booking.core.permissions import Action, Actor, Role, require
from booking.people import sessions, terms
from booking.people.models import (
    BrowserSession,
    Grant,
    MemberRole,
    Membership,
    Organisation,
    Person,
    PersonState,
)

LONGEST_SEARCH = 100
MOST_WORDS = 6


class Standing(StrEnum):
    """How far somebody's account is."""

    ACTIVE = "active"
    INVITED = "invited"  # no password yet
    DEACTIVATED = "deactivated"
    ANONYMISED = "anonymised"


class RoleHeld(StrEnum):
    """What somebody may be, given by the park or by an organisation."""

    OPERATOR = "operator"
    AUDITOR = "auditor"
    LAB_MANAGER = "lab_manager"
    RECEPTION = "reception"
    ORGANISATION_MANAGER = "organisation_manager"


@dataclass(frozen=True)
class Search:
    """What to find; each part narrows the list."""

    text: str = ""
    organisation_id: str | None = None  # its public id
    standing: Standing | None = None
    role: RoleHeld | None = None


@dataclass(frozen=True)
class MembershipLine:
    """A person in an organisation, now, before or later."""

    person_id: int
    organisation_id: str
    organisation: str
    role: MemberRole
    valid_from: date
    valid_until: date | None
    organisation_is_active: bool

    def holds_on(self, day: date) -> bool:
        """Whether it counts on that day."""
        ends = self.valid_until
        within = self.valid_from <= day and (ends is None or ends >= day)
        return within and self.organisation_is_active


@dataclass(frozen=True)
class PersonLine:
    """A person in the list."""

    person_id: int
    public_id: str
    name: str
    email: str
    language: str
    state: PersonState
    has_password: bool
    created_at: datetime
    last_sign_in_at: datetime | None
    memberships: tuple[MembershipLine, ...] = ()
    roles: tuple[Role, ...] = ()

    @property
    def standing(self) -> Standing:
        """How far the account is."""
        if self.state is PersonState.ACTIVE and not self.has_password:
            return Standing.INVITED
        return Standing(self.state.value)


def people(
    actor: Actor,
    search: Search,
    *,
    limit: int,
    offset: int = 0,
    after: tuple[str, int] | None = None,
) -> list[PersonLine]:
    """One page of those who are found, by name; `after` is name and key of the last one before."""
    require(actor, Action.SEE_PEOPLE)
    statement = _LINES.where(*_conditions(search)).order_by(Person.name, Person.id)
    if after is not None:
        statement = statement.where(tuple_(Person.name, Person.id) > after)
    return _with_what_they_are(statement.limit(limit).offset(offset))


def person(actor: Actor, public_id: str) -> PersonLine:
    """One of them, with every membership there was; raises NotFoundError."""
    require(actor, Action.SEE_PEOPLE)
    found = _with_what_they_are(_LINES.where(Person.public_id == public_id))
    if not found:
        raise NotFoundError
    return found[0]


def session_count(person_id: int) -> int:
    """In how many browsers somebody is signed in."""
    statement = select(func.count()).where(
        BrowserSession.person_id == person_id,
        BrowserSession.ended_at.is_(None),
        BrowserSession.created_at > clock.now() - sessions.LONGEST,
    )
    return session().scalar(statement) or 0


def organisations() -> list[tuple[str, str]]:
    """Public id and name of each organisation that people can be in, by name."""
    rows = execute(
        select(Organisation.public_id, Organisation.name)
        .where(Organisation.deactivated_at.is_(None))
        .order_by(Organisation.name)
    )
    return [(row.public_id, row.name) for row in rows]


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    text = "".join(c for c in search.text if c.isprintable()).strip()[:LONGEST_SEARCH]
    if text:
        of_address = Person.email.contains(text.lower(), autoescape=True)
        words = words_of(text)[:MOST_WORDS]
        of_name = [holds_all([Person.name], words, engine_name())] if words else []
        found.append(or_(of_address, *of_name))
    if search.organisation_id is not None:
        found.append(_in_organisation(Organisation.public_id == search.organisation_id))
    if search.standing is not None:
        found += _standing(search.standing)
    if search.role is not None:
        found.append(_role(search.role))
    return found


def _in_organisation(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        Membership.person_id == Person.id,
        *terms.holds_on(terms.today()),
        Organisation.id == Membership.organisation_id,
        condition,
    )


def _standing(standing: Standing) -> list[ColumnElement[bool]]:
    if standing is Standing.INVITED:
        return [Person.state == PersonState.ACTIVE, Person.password_hash.is_(None)]
    found = [Person.state == PersonState(standing.value)]
    return found + [Person.password_hash.is_not(None)] * (standing is Standing.ACTIVE)


def _role(role: RoleHeld) -> ColumnElement[bool]:
    if role is RoleHeld.ORGANISATION_MANAGER:
        return _in_organisation(Membership.role == MemberRole.MANAGER)
    return exists().where(Grant.person_id == Person.id, Grant.role == Role(role.value))


_LAST_SIGN_IN = (
    select(func.max(BrowserSession.created_at))
    .where(BrowserSession.person_id == Person.id)
    .correlate(Person)
    .scalar_subquery()
)
_LINES = select(
    Person.id,
    Person.public_id,
    Person.name,
    Person.email,
    Person.language,
    Person.state,
    Person.password_hash.is_not(None).label("has_password"),
    Person.created_at,
    _LAST_SIGN_IN.label("last_sign_in_at"),
)


def _with_what_they_are(
    statement: Select[int, str, str, str, str, PersonState, bool, datetime, datetime | None],
) -> list[PersonLine]:
    """Three statements, however many people."""
    rows = execute(statement).all()
    memberships = _memberships([row.id for row in rows])
    roles = _roles([row.id for row in rows])
    return [
        replace(PersonLine(*row), memberships=memberships[row.id], roles=roles[row.id])
        for row in rows
    ]


def _memberships(person_ids: Collection[int]) -> dict[int, tuple[MembershipLine, ...]]:
    rows = execute(
        select(
            Membership.person_id,
            Organisation.public_id,
            Organisation.name,
            Membership.role,
            Membership.valid_from,
            Membership.valid_until,
            Organisation.deactivated_at.is_(None),
        )
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id.in_(person_ids))
        .order_by(Organisation.name, Membership.valid_from)
    )
    found: dict[int, tuple[MembershipLine, ...]] = defaultdict(tuple)
    for row in rows:
        found[row.person_id] += (MembershipLine(*row),)
    return found


def _roles(person_ids: Collection[int]) -> dict[int, tuple[Role, ...]]:
    rows = execute(
        select(Grant.person_id, Grant.role)
        .where(Grant.person_id.in_(person_ids))
        .distinct()
        .order_by(Grant.role)
    )
    found: dict[int, tuple[Role, ...]] = defaultdict(tuple)
    for row in rows:
        found[row.person_id] += (row.role,)
    return found
