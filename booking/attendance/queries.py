"""Finding what nobody came to, what one has at a place now, and what labels are printed of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, exists, false, func, or_, select

from booking.core import web, zones
from booking.core.database import session
from booking.core.permissions import Actor, Role
from booking.policies.facts import Place
from booking.policies.models import Policy
from booking.reservations import queries as reservations
from booking.reservations.models import (
    Amendment,
    Asking,
    Attendance,
    Reservation,
    ReservationResource,
    State,
)
from booking.reservations.queries import Details
from booking.spaces.models import Area, Building, Floor, Kind, Resource


class NamedArea(NamedTuple):
    """An area by its code, its building's code and its names."""

    code: str
    building: str
    names: dict[str, str]


class NamedBuilding(NamedTuple):
    """A building by its key, its code and its names."""

    id: int
    code: str
    names: dict[str, str]


@dataclass(frozen=True)
class ArrivalsAt:
    """A building, a day on the site's calendar, and a kind of space or, empty, every one."""

    building_id: int
    day: date
    kind: str = ""


def buildings_received_at(actor: Actor) -> Sequence[NamedBuilding]:
    """The buildings at whose reception this actor works; an operator at all."""
    ids = [one.building_id for one in actor.grants if one.role == Role.RECEPTION]
    statement = select(Building.id, Building.code, Building.names).order_by(Building.code)
    if not actor.has(Role.OPERATOR):
        statement = statement.where(Building.id.in_(ids))
    return [NamedBuilding(*row) for row in session().execute(statement)]


def arriving(at: ArrivalsAt, *, limit: int, offset: int = 0) -> list[Details]:
    """The confirmed reservations in the building that run on that day, by start; five statements.

    A range of the index on starts is read: what runs began no longer ago than the longest that a
    policy allows.
    """
    whole = zones.day_bounds(at.day, zones.zone(web.settings().site_zone))
    longest = session().scalar(select(func.max(Policy.longest))) or 0
    in_building = (
        exists()
        .where(
            ReservationResource.reservation_id == Reservation.id,
            ReservationResource.resource_id == Resource.id,
        )
        .where(
            Resource.area_id == Area.id,
            Area.floor_id == Floor.id,
            Floor.building_id == at.building_id,
            *((Resource.kind_id == Kind.id, Kind.code == at.kind) if at.kind else ()),
        )
    )
    return reservations.find(
        Reservation.starts_at < whole.ends_at,
        Reservation.starts_at > whole.starts_at - timedelta(minutes=longest) - CLOCKS_CHANGE,
        Reservation.ends_at > whole.starts_at,
        Reservation.state == State.CONFIRMED,
        in_building,
        limit=limit,
        offset=offset,
    )


def own_at(actor: Actor, place: Place, now: datetime, early: timedelta) -> list[Details]:
    """What this person holds or has booked at a place that runs, or begins soon, by start."""
    return reservations.find(
        or_(
            Reservation.person_id == actor.person_id,
            Reservation.booked_by_id == actor.person_id,
        ),
        reservations.of_any([place.resource_id]),
        Reservation.state == State.CONFIRMED,
        Reservation.holds_place.is_(True),
        Reservation.starts_at <= now + early,
        Reservation.ends_at > now,
        limit=MOST_AT_ONCE,
    )


def areas_with(conditions: Collection[ColumnElement[bool]]) -> Sequence[NamedArea]:
    """The areas with a space in use under these conditions on `Resource`, by building and code."""
    used = select(Resource.area_id).where(Resource.retired_at.is_(None), *conditions)
    rows = session().execute(
        select(Area.code, Building.code, Area.names)
        .join(Floor, Floor.id == Area.floor_id)
        .join(Building, Building.id == Floor.building_id)
        .where(Area.id.in_(used))
        .order_by(Building.code, Area.code)
    )
    return [NamedArea(*row) for row in rows]


def first_resources(conditions: Collection[ColumnElement[bool]], count: int) -> Sequence[int]:
    """The keys of the first resources under conditions on them and their areas."""
    statement = select(Resource.id).join(Area, Area.id == Resource.area_id).where(*conditions)
    return session().scalars(statement.order_by(Resource.id).limit(count)).all()


# The longest of a policy is counted on the wall or in real time, whichever is shorter.
CLOCKS_CHANGE = timedelta(hours=2)
MOST_AT_ONCE = 5


def _has_a_place_under(policy_id: int) -> ColumnElement[bool]:
    return exists().where(
        ReservationResource.reservation_id == Reservation.id,
        ReservationResource.resource_id == Resource.id,
        Resource.policy_id == policy_id,
    )


def abandoned(now: datetime) -> Select[str]:
    """One reservation that `arrivals.is_abandoned`, locked against other writers; one that
    somebody else holds is left to them.

    A range of the index on starts is read: nothing that runs began longer ago than the longest
    reservation.
    """
    policies = session().execute(
        select(Policy.id, Policy.grace_minutes, Policy.longest).where(Policy.asks_for_check_in)
    )
    found = [
        (key, timedelta(minutes=grace), timedelta(minutes=longest) + CLOCKS_CHANGE)
        for key, grace, longest in policies
    ]
    is_late = or_(
        Attendance.late_until <= now,
        *(
            _has_a_place_under(key)
            & (Reservation.starts_at <= now - grace)
            & (Reservation.created_at <= now - grace)
            & Attendance.late_until.is_(None)
            for key, grace, _longest in found
        ),
    )
    return (
        select(Reservation.public_id)
        .outerjoin(Attendance, Attendance.reservation_id == Reservation.id)
        .where(
            Reservation.starts_at <= now,
            Reservation.starts_at > now - max((one[2] for one in found), default=timedelta()),
            Reservation.ends_at > now,
            Reservation.state == State.CONFIRMED,
            Reservation.holds_place,
            Attendance.checked_in_at.is_(None),
            or_(false(), *(_has_a_place_under(key) for key, _grace, _longest in found)),
            is_late,
            ~exists().where(
                Amendment.reservation_id == Reservation.id, Amendment.state == Asking.WAITING
            ),
        )
        .order_by(Reservation.starts_at, Reservation.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Reservation)
    )
