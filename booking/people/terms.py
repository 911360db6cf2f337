"""Terms of memberships: whether one holds, and whether who books still belongs."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, or_, select

from booking.core import clock, web, zones
from booking.core.database import execute
from booking.core.errors import ForbiddenError, InvalidError, Problem
from booking.people.models import Membership, Organisation, Person, PersonState


def today() -> date:
    """The day on the site's calendar, by which memberships begin and end."""
    return clock.today(zones.zone(web.settings().site_zone))


def holds_on(day: date | BindParameter[date]) -> tuple[ColumnElement[bool], ...]:
    """The conditions on `Membership` that it holds on that day."""
    return (
        Membership.valid_from <= day,
        or_(Membership.valid_until.is_(None), Membership.valid_until >= day),
    )


_STANDING = select(
    Person.state,
    exists()
    .where(
        Membership.person_id == Person.id,
        Membership.organisation_id == bindparam("organisation_id"),
        *holds_on(bindparam("today")),
        Organisation.id == Membership.organisation_id,
        Organisation.deactivated_at.is_(None),
    )
    .label("belongs"),
).where(Person.id == bindparam("person_id"))


def require_standing(person_id: int, organisation_id: int | None) -> None:
    """Refuse when the person or their membership ended since the request began.

    To be asked after the row that names both is written: on PostgreSQL its foreign keys wait for
    whoever ends them, on SQLite there is one writer at a time. So nothing is booked behind the back
    of a departure.
    """
    row = execute(
        _STANDING,
        {"person_id": person_id, "organisation_id": organisation_id, "today": today()},
    ).one()
    if row.state != PersonState.ACTIVE:
        raise ForbiddenError
    if organisation_id is not None and not row.belongs:
        raise InvalidError({"organisation": Problem.NOT_FOUND})
