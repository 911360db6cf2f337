"""What the pages of an organisation show of reservations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, exists, func, not_, or_, select

from booking.core import clock
from booking.core.database import session
from booking.core.permissions import Actor
from booking.people.members import KnownOrganisation
from booking.people.models import Person
from booking.reservations import queries as reservations
from booking.reservations.models import LIVE, Reservation, State
from booking.reservations.queries import Details
from booking.spaces.models import Site

MOST_HOLDERS = 300


@dataclass(frozen=True)
class Figures:
    """How many reservations of the organisation lie ahead or run, and how many of them wait."""

    ahead: int
    pending: int


def figures(organisation: KnownOrganisation) -> Figures:
    """In one statement."""
    waits = case((Reservation.state == State.PENDING, 1), else_=0)
    row = (
        session()
        .execute(
            select(func.count(), func.coalesce(func.sum(waits), 0)).where(
                Reservation.organisation_id == organisation.organisation_id, *_to_come()
            )
        )
        .one()
    )
    return Figures(*row)


def reserved(
    actor: Actor,
    organisation: KnownOrganisation,
    *,
    is_past: bool,
    person_id: str | None = None,
    state: State | None = None,
    limit: int,
    offset: int = 0,
) -> list[Details]:
    """The organisation's reservations: to come by start, or over and closed, the latest first."""
    conditions: list[ColumnElement[bool]] = [
        reservations.visible_to(actor),
        Reservation.organisation_id == organisation.organisation_id,
    ]
    conditions += [not_(_is_to_come())] if is_past else [*_to_come()]
    if state is not None:
        conditions.append(Reservation.state == state)
    if person_id is not None:
        conditions.append(
            Reservation.person_id
            == select(Person.id).where(Person.public_id == person_id).scalar_subquery()
        )
    order = (Reservation.starts_at.desc(), Reservation.id.desc()) if is_past else ()
    return reservations.find(*conditions, order=order, limit=limit, offset=offset)


def holders(organisation: KnownOrganisation, *, also: str | None) -> Sequence[tuple[str, str]]:
    """For whom something lies ahead for the organisation, and the one who was chosen already if
    anything ever was: public id and name."""
    of_this = Reservation.organisation_id == organisation.organisation_id
    ahead = Person.id.in_(select(Reservation.person_id).where(of_this, *_to_come()))
    ever = exists().where(of_this, Reservation.person_id == Person.id)
    rows = session().execute(
        select(Person.public_id, Person.name)
        .where(or_(ahead, (Person.public_id == also) & ever) if also else ahead)
        .order_by(Person.name, Person.id)
        .limit(MOST_HOLDERS)
    )
    return [(row.public_id, row.name) for row in rows]


def first_weekday() -> int:
    """The day on which the site's week begins."""
    return session().scalar(select(Site.first_weekday).order_by(Site.id).limit(1)) or 0


def _to_come() -> tuple[ColumnElement[bool], ...]:
    return (Reservation.state.in_(LIVE), Reservation.ends_at > clock.now())


def _is_to_come() -> ColumnElement[bool]:
    live, ahead = _to_come()
    return live & ahead
