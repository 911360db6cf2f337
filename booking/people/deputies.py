"""Deputies: who decides for a lab manager who is away, from a day until a day, and who is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, Subquery, and_, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from booking.core import clock, ids
from booking.core.database import session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.permissions import Action, Actor, Role, allows, require
from booking.journal import service as journal
from booking.people import queries, terms
from booking.people.models import Deputy, Grant, Person, PersonState

LONGEST_ABSENCE = timedelta(days=366)
MOST_LISTED = 200

Absent = aliased(Person, name="absent")
Standing = aliased(Person, name="standing")


@dataclass(frozen=True)
class Name:
    """A person as the other one may know them."""

    public_id: str
    name: str


@dataclass(frozen=True)
class Absence:
    """Who is away, who decides meanwhile, and until when; both days are included."""

    public_id: str
    person_id: int
    absent: Name
    deputy: Name
    first_day: date
    last_day: date

    def holds_on(self, day: date) -> bool:
        """Whether the deputy decides on that day."""
        return self.first_day <= day <= self.last_day


@transactional
def name_deputy(actor: Actor, *, email: str, first_day: date, last_day: date) -> Absence:
    """Let somebody decide in the actor's place from a day until a day, both included.

    Raises InvalidError for the fields `deputy`, `from` and `until`.
    """
    require(actor, Action.NAME_DEPUTY)
    deputy = _active(email)
    if deputy.id == actor.person_id:
        raise InvalidError({"deputy": Problem.WRONG})
    if first_day < terms.today():
        raise InvalidError({"from": Problem.OUT_OF_RANGE})
    if last_day < first_day:
        raise InvalidError({"until": Problem.ENDS_BEFORE_IT_STARTS})
    if last_day - first_day > LONGEST_ABSENCE:
        raise InvalidError({"until": Problem.OUT_OF_RANGE})
    row = Deputy(
        public_id=ids.new_public_id(),
        person_id=actor.person_id,
        deputy_id=deputy.id,
        valid_from=first_day,
        valid_until=last_day,
        created_at=clock.now(),
    )
    session().add(row)
    session().flush()
    _write(actor, "deputy_named", row, deputy)
    return absence(actor, row.public_id)


@transactional
def end_deputy(actor: Actor, public_id: str) -> None:
    """Take it back: from now on the deputy decides in their own name alone. Raises NotFoundError
    for what the actor may not see."""
    row = session().scalar(
        select(Deputy).where(Deputy.public_id == public_id, _visible_to(actor)).with_for_update()
    )
    if row is None:
        raise NotFoundError
    require(actor, Action.END_DEPUTY, row)
    _write(actor, "deputy_ended", row, queries.person_by_id(row.deputy_id))
    session().delete(row)
    session().flush()


def absence(actor: Actor, public_id: str) -> Absence:
    """One of those that the actor may see; raises NotFoundError for any other."""
    found = _listed(Deputy.public_id == public_id, _visible_to(actor))
    if not found:
        raise NotFoundError
    return found[0]


def absences_seen_by(actor: Actor) -> list[Absence]:
    """Those of today and later that concern the actor, the operator's being all."""
    return _listed(Deputy.valid_until >= terms.today(), _visible_to(actor))


def absences_today_of(actor: Actor) -> list[Absence]:
    """Those by which the actor decides for others today, or others for the actor."""
    day = terms.today()
    return _listed(
        Deputy.valid_from <= day,
        Deputy.valid_until >= day,
        or_(Deputy.person_id == actor.person_id, Deputy.deputy_id == actor.person_id),
    )


def deciding_today() -> Subquery:
    """Who decides where, today: every grant of an active lab manager or operator, and once more
    for each deputy of a lab manager, in whose place `instead_of` then says. Its columns:
    person_id, name, role, resource_id, area_id, instead_of."""
    day = terms.today()
    in_person = _granted().add_columns(
        Person.id.label("person_id"), Person.name, literal(None).label("instead_of")
    )
    in_person = in_person.where(Grant.role.in_((Role.LAB_MANAGER, Role.OPERATOR)))
    as_deputy = (
        _granted()
        .add_columns(Standing.id.label("person_id"), Standing.name, Person.id.label("instead_of"))
        .join(Deputy, stands_in_on(day, Deputy.person_id == Person.id))
        .join(Standing, Standing.id == Deputy.deputy_id)
        .where(Grant.role == Role.LAB_MANAGER, Standing.state == PersonState.ACTIVE)
    )
    return union_all(in_person, as_deputy).subquery("deciding_today")


def stands_in_on(day: object, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition on `Deputy` that it holds on a day, a date or a parameter."""
    return and_(Deputy.valid_from <= day, Deputy.valid_until >= day, *conditions)


def _granted() -> Select[*tuple[object, ...]]:
    return (
        select(Grant.role, Grant.resource_id, Grant.area_id)
        .join(Person, Person.id == Grant.person_id)
        .where(Person.state == PersonState.ACTIVE)
    )


def _active(email: str) -> Person:
    found = queries.person_by_email(email)
    if not email.strip():
        raise InvalidError({"deputy": Problem.MISSING})
    if found is None or found.state != PersonState.ACTIVE:
        raise InvalidError({"deputy": Problem.NOT_FOUND})
    return found


def _visible_to(actor: Actor) -> ColumnElement[bool]:
    mine = or_(Deputy.person_id == actor.person_id, Deputy.deputy_id == actor.person_id)
    return literal(True) if allows(actor, Action.SEE_EVERY_DEPUTY) else mine


def _listed(*conditions: ColumnElement[bool]) -> list[Absence]:
    rows = session().execute(
        select(Deputy, Absent.public_id, Absent.name, Standing.public_id, Standing.name)
        .join(Absent, Absent.id == Deputy.person_id)
        .join(Standing, Standing.id == Deputy.deputy_id)
        .where(*conditions)
        .order_by(Deputy.valid_from, Deputy.id)
        .limit(MOST_LISTED)
    )
    return [
        Absence(
            public_id=row.public_id,
            person_id=row.person_id,
            absent=Name(absent_id, absent_name),
            deputy=Name(deputy_id, deputy_name),
            first_day=row.valid_from,
            last_day=row.valid_until,
        )
        for row, absent_id, absent_name, deputy_id, deputy_name in rows
    ]


def _write(actor: Actor, act: str, row: Deputy, deputy: Person) -> None:
    journal.write(
        actor,
        act,
        subject_kind="person",
        subject_id=deputy.public_id,
        after={
            "from": row.valid_from.isoformat(),
            "until": row.valid_until.isoformat(),
            "instead_of": row.person_id,
        },
    )
