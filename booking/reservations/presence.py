"""Who is where today: of those who agreed, and for the members of one organisation."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select

from booking.core import clock, web, zones
from booking.core.database import session
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor, require
from booking.people import terms
from booking.people.members import KnownOrganisation
from booking.people.models import Membership, Person, PersonState
from booking.policies.facts import Place, place_columns, place_from
from booking.reservations.models import Reservation, ReservationResource, State
from booking.spaces.models import Resource


@dataclass(frozen=True)
class Presence:
    """Where somebody who agreed to be shown is today, or will be; never what for."""

    person_id: str
    name: str
    place: Place
    local: LocalInterval
    is_now: bool


def present(
    actor: Actor, organisation: KnownOrganisation, *, limit: int, offset: int = 0
) -> list[Presence]:
    """Who of those who agreed has a confirmed reservation for today that is not over, by start.

    Shown is what is booked for this organisation or in the person's own name, not what is booked
    for another one.
    """
    require(actor, Action.SEE_PRESENCE, organisation)
    now = clock.now()
    zone = zones.zone(web.settings().site_zone)
    day = zones.day_bounds(terms.today(), zone)
    rows = session().execute(
        place_columns()
        .add_columns(
            Person.public_id.label("person_public_id"),
            Person.name.label("person_name"),
            Reservation.local_start,
            Reservation.local_end,
            Reservation.zone.label("reservation_zone"),
            Reservation.starts_at,
        )
        .join(ReservationResource, ReservationResource.resource_id == Resource.id)
        .join(Reservation, Reservation.id == ReservationResource.reservation_id)
        .join(Person, Person.id == Reservation.person_id)
        .where(
            Person.id.in_(
                select(Membership.person_id).where(
                    Membership.organisation_id == organisation.organisation_id,
                    *terms.holds_on(terms.today()),
                )
            ),
            Person.shows_presence,
            Person.state == PersonState.ACTIVE,
            Reservation.state == State.CONFIRMED,
            Reservation.guest.is_(None),
            Reservation.holds_place,
            Reservation.starts_at < day.ends_at,
            Reservation.ends_at > now,
            or_(
                Reservation.organisation_id == organisation.organisation_id,
                Reservation.organisation_id.is_(None),
            ),
        )
        .order_by(Reservation.starts_at, Person.name, Resource.code, Reservation.id)
        .limit(limit)
        .offset(offset)
    )
    return [
        Presence(
            row.person_public_id,
            row.person_name,
            place_from(row),
            LocalInterval(row.local_start, row.local_end, row.reservation_zone),
            row.starts_at <= now,
        )
        for row in rows
    ]
