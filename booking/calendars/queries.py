"""Reading for calendars: an address by its secret, and reservations with no more than they show.

The statements read columns, not whole reservations: a feed is fetched far more often than a page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    case,
    not_,
    or_,
    select,
    type_coerce,
)

from booking.calendars.rules import MOST_EVENTS, Subscription, Window
from booking.core import clock, ids
from booking.core.database import session
from booking.core.refusals import LayoutKind
from booking.core.revisions import Revision, Scope
from booking.people.models import FeedDetail, Person, PersonState, Token, TokenKind
from booking.reservations.models import LIVE, Reservation, ReservationResource, State
from booking.reservations.queries import was_released
from booking.spaces.models import Area, Building, Floor, Kind, Resource, Site

# For a calendar, what was given back because nobody came is cancelled: it must not show a place
# that is gone.
_STATE = type_coerce(
    case((was_released(), State.CANCELLED.value), else_=type_coerce(Reservation.state, String)),
    Reservation.state.type,
).label("state")


@dataclass(frozen=True, slots=True)
class Entry:
    """A reservation as a calendar shows it; where it is stands in `Shown.whereabouts`."""

    public_id: str
    reference: str
    state: State
    sequence: int
    title: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    changed_at: datetime
    person_id: int
    guest: str | None
    layout: LayoutKind | None
    resource_ids: tuple[int, ...]


@dataclass(frozen=True)
class Whereabouts:
    """A resource and what is above it, by the names people know."""

    names: Mapping[str, str]
    kind_names: Mapping[str, str]
    area_names: Mapping[str, str]
    floor_names: Mapping[str, str]
    building_names: Mapping[str, str]
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True)
class Home:
    """The site, as far as calendars name it."""

    names: Mapping[str, str]
    zone_name: str
    uid_domain: str


@dataclass(frozen=True)
class Shown:
    """Reservations by start, and where they are by resource."""

    entries: tuple[Entry, ...]
    whereabouts: Mapping[int, Whereabouts]


def subscription(secret: str) -> Subscription | None:
    """The address of this secret; None when it is wrong or revoked or its owner cannot enter.

    One statement, and the only one that an answer of 304 needs.
    """
    row = session().execute(_subscription(ids.digest(secret))).first()
    if row is None:
        return None
    return Subscription(
        token_id=row.id,
        digest=row.digest,
        public_id=row.public_id,
        person_id=row.person_id,
        language=row.language or row.language_of_person,
        detail=row.detail or FeedDetail.BUSY,
        last_fetched_at=row.last_used_at,
        revision=row.number or 0,
        changed_at=max(row.created_at, row.changed_at or row.created_at),
    )


def home() -> Home:
    """The site of this installation."""
    row = session().execute(
        select(Site.names, Site.zone, Site.uid_domain).order_by(Site.id).limit(1)
    )
    return Home(*row.one())


def entries_of(person_id: int, window: Window) -> Shown:
    """What a person's own calendar shows: live reservations of the window, and those that ended
    otherwise not long ago. Beyond the limit the most distant past is left out first."""
    is_over = case((Reservation.ends_at > window.day_begins_at, 0), else_=1)
    chosen = (
        _entries()
        .where(
            Reservation.person_id == person_id,
            Reservation.ends_at > window.starts_at,
            Reservation.starts_at < window.ends_at,
            or_(
                and_(Reservation.state.in_(LIVE), not_(was_released())),
                Reservation.changed_at >= window.shows_ended_since,
            ),
        )
        .order_by(
            is_over,
            case((is_over == 0, Reservation.starts_at)),
            Reservation.starts_at.desc(),
            Reservation.id,
        )
        .limit(MOST_EVENTS)
    )
    return _shown(chosen)


def entry(public_id: str) -> Shown:
    """One reservation, whoever asks: the caller has looked at the rights."""
    return _shown(_entries().where(Reservation.public_id == public_id))


def entries(public_ids: Collection[str]) -> Shown:
    """These reservations by their start, whoever asks, as above."""
    chosen = _entries().where(Reservation.public_id.in_(public_ids))
    return _shown(chosen.order_by(Reservation.starts_at, Reservation.id))


def _subscription(digest: str) -> Select[*tuple[Any, ...]]:  # Any: the row has eleven columns
    return (
        select(
            Token.id,
            Token.digest,
            Token.public_id,
            Token.person_id,
            Token.language,
            Token.detail,
            Token.created_at,
            Token.last_used_at,
            Person.language.label("language_of_person"),
            Revision.number,
            Revision.changed_at,
        )
        .join(Person, Person.id == Token.person_id)
        .outerjoin(
            Revision,
            and_(Revision.scope == Scope.PERSON, Revision.scope_id == Token.person_id),
        )
        .where(
            Token.digest == digest,
            Token.kind == TokenKind.FEED,
            Token.revoked_at.is_(None),
            _has_not_expired(),
            Person.state == PersonState.ACTIVE,
        )
    )


def _has_not_expired() -> ColumnElement[bool]:
    return or_(Token.expires_at.is_(None), Token.expires_at > clock.now())


def _entries() -> Select[*tuple[Any, ...]]:  # Any: as above
    return select(
        Reservation.id,
        Reservation.public_id,
        Reservation.reference,
        _STATE,
        Reservation.sequence,
        Reservation.title,
        Reservation.starts_at,
        Reservation.ends_at,
        Reservation.created_at,
        Reservation.changed_at,
        Reservation.person_id,
        Reservation.guest,
        Reservation.layout,
    )


def _shown(chosen: Select[*tuple[Any, ...]]) -> Shown:
    """Two statements, however many were chosen."""
    one = chosen.subquery()
    rows = session().execute(
        select(one, ReservationResource.resource_id)
        .join(ReservationResource, ReservationResource.reservation_id == one.c.id)
        .order_by(one.c.starts_at, one.c.id, ReservationResource.resource_id)
    )
    entries: dict[int, Entry] = {}
    resource_ids: dict[int, tuple[int, ...]] = {}
    for row in rows:
        key, *values, resource_id = row
        resource_ids[key] = (*resource_ids.get(key, ()), resource_id)
        entries[key] = Entry(*(*values, resource_ids[key]))
    wanted = {resource_id for taken in resource_ids.values() for resource_id in taken}
    return Shown(tuple(entries.values()), _whereabouts(wanted))


def _whereabouts(resource_ids: Collection[int]) -> dict[int, Whereabouts]:
    rows = session().execute(
        select(
            Resource.id,
            Resource.names,
            Kind.names,
            Area.names,
            Floor.names,
            Building.names,
            Building.latitude,
            Building.longitude,
        )
        .join(Kind, Kind.id == Resource.kind_id)
        .join(Area, Area.id == Resource.area_id)
        .join(Floor, Floor.id == Area.floor_id)
        .join(Building, Building.id == Floor.building_id)
        .where(Resource.id.in_(resource_ids))
    )
    return {row[0]: _whereabouts_from(row) for row in rows}


def _whereabouts_from(row: Row[*tuple[Any, ...]]) -> Whereabouts:
    return Whereabouts(*tuple(row)[1:])
