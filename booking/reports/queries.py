"""Reading what figures are made of: spaces, their hours, closures, and reservations in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    case,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
)

from booking.core.database import execute, session
from booking.core.errors import InvalidError, Problem
from booking.core.intervals import Interval
from booking.core.permissions import Actor, Role
from booking.occupancy.models import ClaimKind, occupancy
from booking.occupancy.queries import claims_within
from booking.people.models import Organisation
from booking.reservations.models import Reservation, ReservationResource, State
from booking.reservations.queries import is_under_a_grant
from booking.spaces.models import Area, Building, Floor, Kind, Resource, Site

EVERYWHERE: ColumnElement[bool] = true()
A_SECOND = timedelta(seconds=1)
AT_ONCE = 5000  # rows in memory


class Space(NamedTuple):
    """A resource, as far as figures go."""

    id: int
    hours_id: int
    zone_name: str
    units: int
    in_use_since: datetime | None
    retired_at: datetime | None
    kind_id: int
    building_id: int


class Stay(NamedTuple):
    """A reservation of one resource; its instants only where the clock alone does not tell them."""

    reservation_id: int
    resource_id: int
    organisation_id: int | None
    state: str
    was_asked: bool
    local_start: str  # 2026-10-05T08:00
    local_end: str
    starts_at: datetime | None
    ends_at: datetime | None


class Shut(NamedTuple):
    """A closure of one unit of a resource."""

    resource_id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Called:
    """Something that a line of a report stands for."""

    code: str
    names: Mapping[str, str]


def places_of(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Resource` that its figures are for this actor."""
    if actor.has(Role.OPERATOR) or actor.has(Role.AUDITOR):
        return EVERYWHERE
    return is_under_a_grant(actor, Role.LAB_MANAGER)


def spaces(condition: ColumnElement[bool]) -> list[Space]:
    """The resources under a condition, retired or not."""
    rows = session().execute(
        select(
            Resource.id,
            Resource.hours_id,
            Site.zone,
            Resource.units,
            Resource.in_use_since,
            Resource.retired_at,
            Resource.kind_id,
            Floor.building_id,
        )
        .join(Area, Area.id == Resource.area_id)
        .join(Floor, Floor.id == Area.floor_id)
        .join(Building, Building.id == Floor.building_id)
        .join(Site, Site.id == Building.site_id)
        .where(condition)
    )
    return [Space(*row) for row in rows]


def organisation_id(public_id: str) -> int | None:
    """The key of an organisation; none where none is named. Raises InvalidError for no such one."""
    if not public_id:
        return None
    found = None
    if public_id.isascii() and public_id.isprintable():
        of_this_id = select(Organisation.id).where(Organisation.public_id == public_id)
        found = session().scalar(of_this_id)
    if found is None:
        raise InvalidError({"organisation": Problem.NOT_FOUND})
    return found


def kinds() -> dict[int, Called]:
    """All kinds by key, in the order in which pages name them."""
    rows = session().execute(select(Kind.id, Kind.code, Kind.names).order_by(Kind.id))
    return {row.id: Called(row.code, row.names) for row in rows}


def buildings() -> dict[int, Called]:
    """All buildings by key, by their code."""
    rows = session().execute(select(Building.id, Building.code, Building.names))
    return {row.id: Called(row.code, row.names) for row in sorted(rows, key=lambda row: row.code)}


def organisations(ids: Collection[int]) -> dict[int, Called]:
    """These organisations by key, by name."""
    rows = session().execute(
        select(Organisation.id, Organisation.public_id, Organisation.name)
        .where(Organisation.id.in_(ids))
        .order_by(Organisation.name)
    )
    return {row.id: Called(row.public_id, {"": row.name}) for row in rows}


def first_weekday() -> int:
    """The weekday with which weeks begin here."""
    return session().scalar(select(Site.first_weekday).order_by(Site.id).limit(1)) or 0


def closures(window: Interval) -> Iterable[Shut]:
    """The closures that overlap a window."""
    rows = execute(
        select(occupancy.c.resource_id, occupancy.c.starts_at, occupancy.c.ends_at).where(
            occupancy.c.closure_id > 0,  # an index range; IS NOT NULL reads the whole table
            occupancy.c.starts_at < window.ends_at,
            occupancy.c.ends_at > window.starts_at,
        )
    )
    return (Shut(*row) for row in rows)


def stays(
    window: Interval,
    odd_days: Collection[str],
    *,
    places: ColumnElement[bool],
    widest: int,
    organisation_ids: Collection[int] | None = None,
) -> Iterator[Stay]:
    """The reservations that begin in a window, in every state, and those confirmed that reach in.

    `places` is a condition on `Resource`, `widest` the most units that one has. One index range,
    and one descent a resource. Instants are read only for what is not within one day, or on one of
    the odd days: reading a million of them costs more than all the rest.
    """
    begun = _stays(odd_days).where(
        Reservation.starts_at >= window.starts_at, Reservation.starts_at < window.ends_at
    )
    reaching_in = _stays(None).where(
        Reservation.id.in_(_holding_at(window.starts_at, places, widest)),
        Reservation.state == State.CONFIRMED,
    )
    limits: list[ColumnElement[bool]] = []
    if places is not EVERYWHERE:
        limits.append(ReservationResource.resource_id.in_(select(Resource.id).where(places)))
    if organisation_ids is not None:
        limits.append(Reservation.organisation_id.in_(organisation_ids))
    for statement in (begun, reaching_in):
        for rows in execute(statement.where(*limits)).partitions(AT_ONCE):
            yield from map(Stay._make, rows)


def _holding_at(
    instant: datetime, places: ColumnElement[bool], widest: int
) -> ScalarSelect[int | None]:
    """The reservations that have begun before an instant and hold a place at it."""
    resources = select(Resource.id).where(places)
    claims = claims_within(
        resources, Interval(instant, instant + A_SECOND), range(1, widest + 1)
    ).subquery()
    return (
        select(claims.c.reservation_id)
        .where(claims.c.kind == ClaimKind.BOOKING, claims.c.starts_at < instant)
        .scalar_subquery()
    )


def _stays(odd_days: Collection[str] | None) -> Select[*tuple[Any, ...]]:  # Any: nine columns
    """`odd_days` None reads the instants of all."""
    start, end = (
        type_coerce(column, String) for column in (Reservation.local_start, Reservation.local_end)
    )
    is_odd: ColumnElement[bool] = literal(True)
    if odd_days is not None:
        day = func.substr(start, 1, 10)
        is_odd = or_(day != func.substr(end, 1, 10), day.in_(odd_days))
    return select(
        Reservation.id,
        ReservationResource.resource_id,
        Reservation.organisation_id,
        type_coerce(Reservation.state, String),
        Reservation.decide_by.is_not(None),
        start,
        end,
        case((is_odd, Reservation.starts_at)),
        case((is_odd, Reservation.ends_at)),
    ).join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
