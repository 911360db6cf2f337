"""Deputies: who decides for a lab manager who is away, from a day until a day, and who is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from booking.core import clock, ids
from booking.core.database import savepoint, session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.permissions import Action, Actor, Role, allows, require
from booking.journal import service as journal
from booking.journal.models import JournalLine
from booking.messages import service as planner
from booking.messages.letters import Key
from booking.messages.models import MessageKind
from booking.people import queries, terms
from booking.people.models import Deputy, Grant, Person, PersonState

LONGEST_ABSENCE = timedelta(days=366)
MOST_AT_ONCE = 3  # who may stand in for one person on the same days
MOST_LISTED = 50

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

    key: int
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
    """Let somebody decide in the actor's place from a day until a day, both included, and tell
    them.

    Several may stand in at the same time, `MOST_AT_ONCE` of them; the same one only once, which
    the database refuses. Raises InvalidError for the fields `deputy`, `from` and `until`.
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
    _refuse_too_many(actor, first_day, last_day)
    row = Deputy(
        public_id=ids.new_public_id(),
        person_id=actor.person_id,
        deputy_id=deputy.id,
        valid_from=first_day,
        valid_until=last_day,
        created_at=clock.now(),
    )
    _insert_or_refuse(row)
    _write(actor, "deputy_named", row, deputy)
    planner.plan([Key(MessageKind.DEPUTY_NAMED, row.public_id, 0, deputy.id, clock.now())])
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
    _end(actor, row, told={row.person_id, row.deputy_id} - {actor.person_id})


def end_all_of(actor: Actor | None, person_id: int) -> None:
    """Whoever leaves has no deputy and is none any more; the other one of each pair is told. Part
    of the caller's transaction."""
    rows = session().scalars(
        select(Deputy)
        .where(or_(Deputy.person_id == person_id, Deputy.deputy_id == person_id))
        .order_by(Deputy.id)
    )
    for row in rows.all():
        is_over = row.valid_until < terms.today()
        _end(actor, row, told=set() if is_over else {row.person_id, row.deputy_id} - {person_id})


def absence(actor: Actor, public_id: str) -> Absence:
    """One of those that the actor may see; raises NotFoundError for any other."""
    found = _listed(Deputy.public_id == public_id, _visible_to(actor))
    if not found:
        raise NotFoundError
    return found[0]


def absences_seen_by(
    actor: Actor, *, limit: int = MOST_LISTED, after: tuple[date, int] | None = None
) -> list[Absence]:
    """Those of today and later that concern the actor, the operator's being all, by their first
    day; `after` is the place of the last one before."""
    conditions = [Deputy.valid_until >= terms.today(), _visible_to(actor)]
    if after is not None:
        conditions.append(tuple_(Deputy.valid_from, Deputy.id) > after)
    return _listed(*conditions, limit=limit)


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


def _refuse_too_many(actor: Actor, first_day: date, last_day: date) -> None:
    """Counted while the row of whoever goes away is held: two forms at once meet here."""
    session().execute(
        select(Person.id).where(Person.id == actor.person_id).with_for_update(key_share=True)
    )
    count = session().scalar(
        select(func.count()).where(
            Deputy.person_id == actor.person_id,
            Deputy.valid_from <= last_day,
            Deputy.valid_until >= first_day,
        )
    )
    if (count or 0) >= MOST_AT_ONCE:
        raise InvalidError({"deputy": Problem.TOO_MANY})


def _insert_or_refuse(row: Deputy) -> None:
    try:
        with savepoint():
            session().add(row)
    except IntegrityError as error:
        raise InvalidError({"deputy": Problem.REUSED}) from error


def _end(actor: Actor | None, row: Deputy, *, told: set[int]) -> None:
    """Write it down, tell them, and take the row away."""
    deputy = queries.person_by_id(row.deputy_id)
    _write(actor, "deputy_ended", row, deputy)
    line = session().scalar(
        select(func.max(JournalLine.id)).where(
            JournalLine.act == "deputy_ended",
            JournalLine.subject_kind == "person",
            JournalLine.subject_id == deputy.public_id,
        )
    )
    now = clock.now()
    planner.plan(
        [Key(MessageKind.DEPUTY_ENDED, row.public_id, line or 0, one, now) for one in sorted(told)]
    )
    session().delete(row)
    session().flush()


def _visible_to(actor: Actor) -> ColumnElement[bool]:
    mine = or_(Deputy.person_id == actor.person_id, Deputy.deputy_id == actor.person_id)
    return literal(True) if allows(actor, Action.SEE_EVERY_DEPUTY) else mine


def _listed(*conditions: ColumnElement[bool], limit: int = MOST_LISTED) -> list[Absence]:
    rows = session().execute(
        select(Deputy, Absent.public_id, Absent.name, Standing.public_id, Standing.name)
        .join(Absent, Absent.id == Deputy.person_id)
        .join(Standing, Standing.id == Deputy.deputy_id)
        .where(*conditions)
        .order_by(Deputy.valid_from, Deputy.id)
        .limit(limit)
    )
    return [
        Absence(
            key=row.id,
            public_id=row.public_id,
            person_id=row.person_id,
            absent=Name(absent_id, absent_name),
            deputy=Name(deputy_id, deputy_name),
            first_day=row.valid_from,
            last_day=row.valid_until,
        )
        for row, absent_id, absent_name, deputy_id, deputy_name in rows
    ]


def _write(actor: Actor | None, act: str, row: Deputy, deputy: Person) -> None:
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
