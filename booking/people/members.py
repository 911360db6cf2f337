"""Reading organisations and who is in them, for whoever may see them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, case, false, func, or_, select

from booking.core.database import engine_name, execute, session
from booking.core.errors import NotFoundError
from booking.core.folding import holds_all, words_of
from booking.core.permissions import Action, Actor, Role, require
from booking.people import terms
from booking.people.models import MemberRole, Membership, Organisation, Person, PersonState

MOST_WORDS = 6  # of a search


@dataclass(frozen=True)
class KnownOrganisation:
    """An organisation as rights, pages and messages need it."""

    organisation_id: int
    public_id: str
    name: str
    deactivated_at: datetime | None

    @property
    def is_active(self) -> bool:
        """Whether its members may book for it."""
        return self.deactivated_at is None


@dataclass(frozen=True)
class ListedOrganisation:
    """An organisation with how many are in it today, and how many of them manage it."""

    organisation: KnownOrganisation
    members: int
    managers: int


@dataclass(frozen=True)
class Member:
    """Somebody in an organisation, now or from a later day on."""

    person_id: int
    public_id: str
    name: str
    email: str
    role: MemberRole
    valid_from: date
    valid_until: date | None
    has_password: bool  # without one, the invitation was not followed yet
    organisation_id: int

    @property
    def is_manager(self) -> bool:
        """Whether they look after the organisation."""
        return self.role is MemberRole.MANAGER


@dataclass(frozen=True)
class Colleague:
    """Somebody to whom a reservation can be handed over."""

    person_id: int
    public_id: str
    name: str
    email: str
    is_manager: bool


def organisation(
    actor: Actor, public_id: str, action: Action = Action.SEE_ORGANISATION
) -> KnownOrganisation:
    """The organisation, if the actor may do this with it; absent and not visible look the same."""
    found = organisation_by_public_id(public_id)
    if found is None:
        raise NotFoundError
    require(actor, action, found)
    return found


def organisation_by_public_id(public_id: str) -> KnownOrganisation | None:
    """One organisation for the house itself: no rights are asked."""
    return _known(Organisation.public_id == public_id)


def organisation_by_id(organisation_id: int) -> KnownOrganisation | None:
    """The same by its key."""
    return _known(Organisation.id == organisation_id)


def visible_organisations(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Organisation` that says the same as Action.SEE_ORGANISATION."""
    if actor.has(Role.OPERATOR) or actor.has(Role.AUDITOR):
        return Organisation.id.is_not(None)
    return Organisation.id.in_(actor.organisation_ids)


def organisations(
    actor: Actor, *, search: str = "", limit: int, offset: int = 0, after: str | None = None
) -> list[ListedOrganisation]:
    """Those that the actor may see, by name, two statements however many there are; `after` is the
    name to go on from."""
    conditions = [visible_organisations(actor)]
    if search:
        conditions.append(_is_named(search))
    if after is not None:
        conditions.append(Organisation.name > after)
    found = [
        KnownOrganisation(*row)
        for row in execute(
            _ORGANISATIONS.where(*conditions)
            .order_by(Organisation.name)
            .limit(limit)
            .offset(offset or None)
        )
    ]
    counts = _counts([one.organisation_id for one in found])
    return [ListedOrganisation(one, *counts.get(one.organisation_id, (0, 0))) for one in found]


def listed(actor: Actor, public_id: str) -> ListedOrganisation:
    """One of them with its counts; absent and not visible look the same."""
    found = organisation(actor, public_id)
    counts = _counts([found.organisation_id])
    return ListedOrganisation(found, *counts.get(found.organisation_id, (0, 0)))


def members(
    organisation_id: int, *conditions: ColumnElement[bool], limit: int, offset: int = 0
) -> list[Member]:
    """Who is in it today or will be, managers first, then by name; one row a person."""
    statement = _MEMBERS.where(*_current(organisation_id), *conditions)
    order = (Membership.role != MemberRole.MANAGER, Person.name, Person.id)
    rows = execute(statement.order_by(*order).limit(limit).offset(offset))
    return [Member(*row) for row in rows]


def member(organisation_id: int, person_public_id: str) -> Member:
    """One of them; raises NotFoundError for anybody else."""
    statement = _MEMBERS.where(
        *_current(organisation_id), Person.public_id == person_public_id
    ).order_by(Membership.valid_from)
    row = execute(statement.limit(1)).first()
    if row is None:
        raise NotFoundError
    return Member(*row)


def count(organisation_id: int) -> int:
    """How many persons are in it today or will be."""
    statement = select(func.count(Person.id.distinct())).join(
        Membership, Membership.person_id == Person.id
    )
    return session().scalar(statement.where(*_current(organisation_id))) or 0


def inside(organisation_id: int) -> Select[int]:
    """The keys of everybody who is in it today or will be."""
    statement = select(Person.id).join(Membership, Membership.person_id == Person.id)
    return statement.where(*_current(organisation_id))


def belongs_anywhere(person_id: int) -> bool:
    """Whether the person is in any organisation today or will be."""
    statement = select(Membership.id).where(
        Membership.person_id == person_id,
        or_(Membership.valid_until.is_(None), Membership.valid_until >= terms.today()),
    )
    return session().scalar(statement.limit(1)) is not None


def colleagues(organisation_ids: Collection[int]) -> dict[int, tuple[Colleague, ...]]:
    """Who is active in each of these organisations today, managers first, then by name."""
    rows = execute(
        select(
            Membership.organisation_id,
            Person.id,
            Person.public_id,
            Person.name,
            Person.email,
            Membership.role,
        )
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.organisation_id.in_(organisation_ids),
            Person.state == PersonState.ACTIVE,
            *terms.holds_on(terms.today()),
        )
        .order_by(Membership.role != MemberRole.MANAGER, Person.name, Person.id)
    ).all()
    found: dict[int, list[Colleague]] = {one: [] for one in organisation_ids}
    for organisation_id, person_id, public_id, name, email, role in rows:
        manages = role is MemberRole.MANAGER
        found[organisation_id].append(Colleague(person_id, public_id, name, email, manages))
    return {one: tuple(people) for one, people in found.items()}


def other_managers(organisation_id: int, person_id: int) -> Sequence[int]:
    """Everybody else who looks after the organisation today."""
    return session().scalars(_other_managers(organisation_id, person_id)).all()


def lasting_managers(organisation_id: int, person_id: int) -> Sequence[int]:
    """Those of them who will do so at least as long as this person would: whose end is set earlier
    does not stand in for somebody."""
    statement = _other_managers(organisation_id, person_id)
    until = _manages_until(organisation_id, person_id)
    lasting = select(Membership.person_id).where(
        Membership.organisation_id == organisation_id,
        Membership.role == MemberRole.MANAGER,
        or_(Membership.valid_until.is_(None), Membership.valid_until >= until)
        if until is not None
        else Membership.valid_until.is_(None),
    )
    return session().scalars(statement.where(Person.id.in_(lasting))).all()


def managed_by(person_id: int) -> list[KnownOrganisation]:
    """The organisations that the person looks after today, in the order in which they are
    locked."""
    rows = execute(
        _ORGANISATIONS.join(Membership, Membership.organisation_id == Organisation.id)
        .where(
            Membership.person_id == person_id,
            Membership.role == MemberRole.MANAGER,
            Organisation.deactivated_at.is_(None),
            *terms.holds_on(terms.today()),
        )
        .order_by(Organisation.id)
    )
    return [KnownOrganisation(*row) for row in rows]


def _other_managers(organisation_id: int, person_id: int) -> Select[int]:
    return (
        select(Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.organisation_id == organisation_id,
            Membership.role == MemberRole.MANAGER,
            Person.id != person_id,
            Person.state == PersonState.ACTIVE,
            *terms.holds_on(terms.today()),
        )
        .order_by(Membership.valid_from, Person.id)
    )


def _manages_until(organisation_id: int, person_id: int) -> date | None:
    """The last day on which the person is a manager there; None where no end is set."""
    ends = session().scalars(
        select(Membership.valid_until).where(
            Membership.organisation_id == organisation_id,
            Membership.person_id == person_id,
            Membership.role == MemberRole.MANAGER,
            or_(Membership.valid_until.is_(None), Membership.valid_until >= terms.today()),
        )
    )
    last = max((one or date.max for one in ends), default=date.max)
    return None if last == date.max else last


def _is_named(search: str) -> ColumnElement[bool]:
    """Whether each word stands in the name, whatever the case and the accents; a text that holds no
    word is no name."""
    words = words_of(search)[:MOST_WORDS]
    return holds_all([Organisation.name], words, engine_name()) if words else false()


def _known(condition: ColumnElement[bool]) -> KnownOrganisation | None:
    row = execute(_ORGANISATIONS.where(condition)).first()
    return None if row is None else KnownOrganisation(*row)


def _counts(organisation_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Members and managers of today."""
    if not organisation_ids:
        return {}
    managers = case((Membership.role == MemberRole.MANAGER, 1), else_=0)
    rows = execute(
        select(Membership.organisation_id, func.count(), func.sum(managers))
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.organisation_id.in_(organisation_ids),
            Person.state == PersonState.ACTIVE,
            *terms.holds_on(terms.today()),
        )
        .group_by(Membership.organisation_id)
    )
    return {organisation_id: (count, managers) for organisation_id, count, managers in rows}


def _current(organisation_id: int) -> tuple[ColumnElement[bool], ...]:
    """In it today or from a later day on, with an account that can be used."""
    return (
        Membership.organisation_id == organisation_id,
        or_(Membership.valid_until.is_(None), Membership.valid_until >= terms.today()),
        Person.state == PersonState.ACTIVE,
    )


_ORGANISATIONS = select(
    Organisation.id, Organisation.public_id, Organisation.name, Organisation.deactivated_at
)
_MEMBERS: Select[int, str, str, str, MemberRole, date, date | None, bool, int] = select(
    Person.id,
    Person.public_id,
    Person.name,
    Person.email,
    Membership.role,
    Membership.valid_from,
    Membership.valid_until,
    Person.password_hash.is_not(None).label("has_password"),
    Membership.organisation_id,
).join(Membership, Membership.person_id == Person.id)
