"""What leaves the park as CSV: what can be imported again, and reservations with their stories.

Every export is journaled as a view of personal data, before its first byte.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import aliased

from booking.core.csv_text import Cell
from booking.core.database import session, transactional
from booking.core.errors import InvalidError, Problem
from booking.core.permissions import Action, Actor, require
from booking.exchange import columns, people, places
from booking.exchange.columns import NAMES
from booking.exchange.rules import Subject
from booking.journal import service as journal
from booking.people import viewings
from booking.people.models import Organisation, Person, PersonState
from booking.reservations.models import Approval, Reservation, ReservationResource
from booking.spaces import inventory
from booking.spaces.models import Resource

AT_ONCE = 1000  # reservations in one statement

Rows = Iterator[Sequence[Cell]]


class Export(StrEnum):
    """What can be had as a file."""

    BUILDINGS = Subject.BUILDINGS.value
    FLOORS = Subject.FLOORS.value
    AREAS = Subject.AREAS.value
    RESOURCES = Subject.RESOURCES.value
    ORGANISATIONS = Subject.ORGANISATIONS.value
    PERSONS = Subject.PERSONS.value
    RESERVATIONS = "reservations"


@dataclass(frozen=True)
class Limits:
    """Which reservations: those that begin in a period, and those of a resource."""

    since: datetime | None = None
    until: datetime | None = None
    resource: str = ""


def rows(actor: Actor, what: Export, limits: Limits | None = None) -> Rows:
    """The file, line by line, its header first. Raises ForbiddenError, or InvalidError for a
    resource that does not exist, before anything is read."""
    require(actor, Action.EXPORT)
    limits = limits or Limits()
    conditions = _conditions(limits)
    _note(actor, what, limits, conditions)
    if what is Export.RESERVATIONS:
        return _reservations(conditions)
    subject = Subject(what.value)
    return _with_header(NAMES[subject], LINES[subject]())


@transactional
def _note(
    actor: Actor, what: Export, limits: Limits, conditions: Sequence[ColumnElement[bool]]
) -> None:
    """A line in the journal; and, for each person whose address is in it, who looked."""
    if what is Export.PERSONS:
        viewings.write_views(actor, Person.state != PersonState.ANONYMISED)
    if what is Export.RESERVATIONS:
        holders = select(Reservation.person_id).where(*conditions)
        bookers = select(Reservation.booked_by_id).where(*conditions)
        viewings.write_views(actor, Person.id.in_(holders) | Person.id.in_(bookers))
    journal.write(
        actor,
        "exported",
        subject_kind="export",
        subject_id=what.value,
        after={
            "since": _instant(limits.since),
            "until": _instant(limits.until),
            "resource": limits.resource or None,
        },
    )


def _with_header(header: Sequence[str], lines: Rows) -> Rows:
    yield header
    yield from lines


# --- what can be imported again ---


def _buildings() -> Rows:
    form = places.buildings()
    return (form.cells(one.draft) for one in inventory.buildings())


def _floors() -> Rows:
    form = places.floors()
    return (form.cells(one.draft) for one in inventory.floors())


def _areas() -> Rows:
    form = places.areas()
    return (form.cells(one.draft) for one in inventory.areas())


def _resources() -> Rows:
    return places.resource_lines()


def _organisations() -> Rows:
    return (columns.written(Subject.ORGANISATIONS, line) for line in people.organisation_lines())


def _persons() -> Rows:
    return (columns.written(Subject.PERSONS, line) for line in people.person_lines())


LINES: Mapping[Subject, Callable[[], Rows]] = {
    Subject.BUILDINGS: _buildings,
    Subject.FLOORS: _floors,
    Subject.AREAS: _areas,
    Subject.RESOURCES: _resources,
    Subject.ORGANISATIONS: _organisations,
    Subject.PERSONS: _persons,
}


# --- reservations ---

Booker = aliased(Person, name="booker")
Decider = aliased(Person, name="decider")
RESERVATION_COLUMNS = (
    *("reference", "id", "state", "title", "resources", "local_start", "local_end", "zone"),
    *("starts_at", "ends_at", "headcount", "layout"),
    *("person", "person_email", "organisation", "guest"),
    *("booked_by", "booked_by_email", "asked_for_approval", "decisions", "closing_reason"),
    *("created_at", "changed_at"),
)


def _conditions(limits: Limits) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if limits.since is not None:
        conditions.append(Reservation.starts_at >= limits.since)
    if limits.until is not None:
        conditions.append(Reservation.starts_at < limits.until)
    if limits.resource:
        key = None
        if limits.resource.isprintable():
            key = session().scalar(select(Resource.id).where(Resource.code == limits.resource))
        if key is None:
            raise InvalidError({"resource": Problem.NOT_FOUND})
        conditions.append(
            exists().where(
                ReservationResource.reservation_id == Reservation.id,
                ReservationResource.resource_id == key,
            )
        )
    return conditions


def _reservations(conditions: Sequence[ColumnElement[bool]]) -> Rows:
    """By start, piece by piece; what is booked meanwhile may be in it or not."""
    yield RESERVATION_COLUMNS
    order = (Reservation.starts_at, Reservation.id)
    statement = (
        select(
            Reservation,
            Person.name,
            Person.email,
            Organisation.name,
            Booker.name,
            Booker.email,
        )
        .join(Person, Person.id == Reservation.person_id)
        .join(Booker, Booker.id == Reservation.booked_by_id)
        .outerjoin(Organisation, Organisation.id == Reservation.organisation_id)
        .where(*conditions)
        .order_by(*order)
        .limit(AT_ONCE)
    )
    after: list[ColumnElement[bool]] = []
    while True:
        found = session().execute(statement.where(*after)).all()
        keys = [row[0].id for row in found]
        codes, decisions = _codes(keys), _decisions(keys)
        for row in found:
            yield _line(row, codes[row[0].id], decisions[row[0].id])
        if len(found) < AT_ONCE:
            return
        last: Reservation = found[-1][0]
        after = [
            Reservation.starts_at >= last.starts_at,
            or_(Reservation.starts_at > last.starts_at, Reservation.id > last.id),
        ]
        session().expunge_all()


def _line(row: Any, codes: Sequence[str], decisions: Sequence[str]) -> Sequence[Cell]:  # Any: a row
    one, person, email, organisation, booker, booker_email = row
    return (
        *(one.reference, one.public_id, one.state.value, one.title, columns.BETWEEN.join(codes)),
        *(
            one.local_start.isoformat(timespec="minutes"),
            one.local_end.isoformat(timespec="minutes"),
        ),
        *(one.zone, _instant(one.starts_at), _instant(one.ends_at), one.headcount),
        None if one.layout is None else one.layout.value,
        *(person, email, organisation, one.guest, booker, booker_email),
        "yes" if one.decide_by is not None else "no",
        columns.BETWEEN.join(decisions),
        one.closing_reason,
        *(_instant(one.created_at), _instant(one.changed_at)),
    )


def _codes(reservation_ids: Collection[int]) -> dict[int, list[str]]:
    rows = session().execute(
        select(ReservationResource.reservation_id, Resource.code)
        .join(Resource, Resource.id == ReservationResource.resource_id)
        .where(ReservationResource.reservation_id.in_(reservation_ids))
        .order_by(Resource.code)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for reservation_id, code in rows:
        found[reservation_id].append(code)
    return found


def _decisions(reservation_ids: Collection[int]) -> dict[int, list[str]]:
    """Who decided what, when and why: `declined 2026-10-05T08:00:00Z Nadia: in_use, Too late`."""
    rows = session().execute(
        select(
            Approval.reservation_id,
            Approval.state,
            Approval.decided_at,
            func.coalesce(Decider.name, ""),
            Approval.reason_code,
            Approval.reason,
        )
        .outerjoin(Decider, Decider.id == Approval.decided_by_id)
        .where(Approval.reservation_id.in_(reservation_ids), Approval.decided_at.is_not(None))
        .order_by(Approval.id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for reservation_id, state, decided_at, decider, code, reason in rows:
        why = ", ".join(part for part in (code and code.value, reason) if part)
        text = f"{state.value} {_instant(decided_at)} {decider}"
        found[reservation_id].append(f"{text}: {why}" if why else text)
    return found


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
