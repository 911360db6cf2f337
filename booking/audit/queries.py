"""Searching the journal: by period, actor, act and subject, the newest line first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute

from booking.core.database import Instant, session
from booking.core.permissions import Action, Actor, require
from booking.journal.models import JournalLine, JsonFacts
from booking.people.models import Organisation, Person
from booking.reservations.models import Reservation, ReservationResource
from booking.spaces.models import Resource

BATCH = 500
MOST_SUBJECTS = 200  # that a name may stand for

Key = TypeVar("Key")
Place = tuple[datetime, int]  # where a page ends: time and number of its last line


@dataclass(frozen=True)
class Search:
    """What is looked for; what is empty is not asked."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""
    act: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of the journal with the names that its numbers stand for."""

    id: int
    at: datetime
    actor_id: str | None
    actor_name: str | None
    act: str
    subject_kind: str
    subject_id: str
    subject_name: str
    before: JsonFacts
    after: JsonFacts

    @property
    def place(self) -> Place:
        """Where to go on after this line."""
        return self.at, self.id


def find(actor: Actor, search: Search, *, after: Place | None, limit: int) -> list[Entry]:
    """The lines that are looked for, the newest first; raises ForbiddenError."""
    require(actor, Action.SEE_JOURNAL)
    return _page(_conditions(search), after, limit)


def find_all(actor: Actor, search: Search) -> Iterator[Entry]:
    """The same without an end, read piece by piece; raises ForbiddenError at once."""
    require(actor, Action.SEE_JOURNAL)
    return _batches(_conditions(search))


def about(person_id: int, public_id: str, limit: int) -> list[Entry]:
    """The last lines that a person wrote or that are about them."""
    is_theirs = JournalLine.actor_id == person_id
    is_about_them = and_(JournalLine.subject_kind == "person", JournalLine.subject_id == public_id)
    return _page([or_(is_theirs, is_about_them)], None, limit)


def _batches(conditions: list[ColumnElement[bool]]) -> Iterator[Entry]:
    after: Place | None = None
    while found := _page(conditions, after, BATCH):
        yield from found
        after = found[-1].place


def _page(conditions: list[ColumnElement[bool]], after: Place | None, limit: int) -> list[Entry]:
    statement = (
        select(
            JournalLine.id,
            JournalLine.at,
            Person.public_id,
            Person.name,
            JournalLine.act,
            JournalLine.subject_kind,
            JournalLine.subject_id,
            JournalLine.before,
            JournalLine.after,
        )
        .outerjoin(Person, Person.id == JournalLine.actor_id)
        .where(*conditions)
        .order_by(JournalLine.at.desc(), JournalLine.id.desc())
        .limit(limit)
    )
    if after is not None:
        at, line_id = after
        place = tuple_(bindparam(None, at, Instant()), line_id)
        statement = statement.where(tuple_(JournalLine.at, JournalLine.id) < place)
    rows = session().execute(statement).all()
    names = _names({(row.subject_kind, row.subject_id) for row in rows})
    absent = _absent(row.after or {} for row in rows)
    return [
        Entry(
            *row[:7],
            subject_name=names.get((row.subject_kind, row.subject_id), ""),
            before=row.before or {},
            after=_with_absent(row.after or {}, absent),
        )
        for row in rows
    ]


def _absent(lines: Iterable[JsonFacts]) -> dict[int, str]:
    """The names of those in whose place a deputy acted: no statement where nobody did."""
    ids = {found for line in lines if isinstance(found := line.get("instead_of"), int)}
    if not ids:
        return {}
    return dict(session().execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all())


def _with_absent(after: JsonFacts, absent: Mapping[int, str]) -> JsonFacts:
    found = after.get("instead_of")
    return after if not isinstance(found, int) else {**after, "instead_of": absent.get(found, "")}


# --- what is looked for ---


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if search.since is not None:
        found.append(JournalLine.at >= search.since)
    if search.until is not None:
        found.append(JournalLine.at < search.until)
    if search.act:
        found.append(JournalLine.act == search.act)
    if search.actor:
        found.append(JournalLine.actor_id.in_(_persons(search.actor, Person.id)))
    if search.subject:
        found.append(_is_about(search.subject))
    return found


def _is_about(text: str) -> ColumnElement[bool]:
    """A reference, a resource's code (with its reservations), a name or address of a person, the
    name of an organisation, or the id itself."""
    code = text.strip().upper()
    subjects: list[tuple[str, Select[str]]] = [
        ("reservation", select(Reservation.public_id).where(Reservation.reference == code)),
        ("resource", select(Resource.public_id).where(func.upper(Resource.code) == code)),
        ("reservation", _reservations_of(code)),
        ("person", _persons(text, Person.public_id)),
        (
            "organisation",
            select(Organisation.public_id)
            .where(_holds(Organisation.name, text))
            .limit(MOST_SUBJECTS),
        ),
    ]
    return or_(
        JournalLine.subject_id == text.strip().lower(),
        *(
            and_(JournalLine.subject_kind == kind, JournalLine.subject_id.in_(ids))
            for kind, ids in subjects
        ),
    )


def _reservations_of(code: str) -> Select[str]:
    return (
        select(Reservation.public_id)
        .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
        .join(Resource, Resource.id == ReservationResource.resource_id)
        .where(func.upper(Resource.code) == code)
    )


def _persons(text: str, column: InstrumentedAttribute[Key]) -> Select[Key]:
    matches = or_(_holds(Person.name, text), Person.email == text.strip().lower())
    return select(column).where(matches).limit(MOST_SUBJECTS)


def _holds(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    return func.lower(column).contains(text.strip().lower(), autoescape=True)


# --- names ---


def _names(subjects: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """What these subjects are called, one statement for each kind that occurs."""
    found: dict[tuple[str, str], str] = {}
    for kind, statement in _NAMES.items():
        wanted = {subject_id for of_kind, subject_id in subjects if of_kind == kind}
        if wanted:
            rows = session().execute(statement(wanted))
            found.update({(kind, public_id): name for public_id, name in rows})
    return found


_Named = Callable[[Collection[str]], Select[str, str]]
_NAMES: Mapping[str, _Named] = {
    "reservation": lambda ids: select(Reservation.public_id, Reservation.reference).where(
        Reservation.public_id.in_(ids)
    ),
    "person": lambda ids: select(Person.public_id, Person.name).where(Person.public_id.in_(ids)),
    "organisation": lambda ids: select(Organisation.public_id, Organisation.name).where(
        Organisation.public_id.in_(ids)
    ),
    "resource": lambda ids: select(Resource.public_id, Resource.code).where(
        Resource.public_id.in_(ids)
    ),
}
