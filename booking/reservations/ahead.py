"""What lies ahead when places or their hours change: reservations that would be in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, exists, func, select

from booking.core import clock
from booking.core.database import session
from booking.core.intervals import LocalInterval
from booking.core.refusals import LayoutKind
from booking.reservations.models import (
    LIVE,
    Amendment,
    AmendmentResource,
    Asking,
    Reservation,
    ReservationResource,
)
from booking.spaces.models import Resource
from booking.spaces.opening import Opening

MOST_SHOWN = 20
_HOURS: BindParameter[int] = bindparam("hours_ids", expanding=True)


@dataclass(frozen=True)
class Outside:
    """The first of them, and how many there are in all."""

    shown: tuple[tuple[int, str], ...]  # key and public id of the reservation
    count: int


@dataclass(frozen=True)
class Left:
    """A reservation that other hours leave outside, or that would be once the change that waits is
    granted; the time that is meant."""

    id: int
    public_id: str
    version: int
    local: LocalInterval = field(compare=False)


def has_any() -> bool:
    """Whether anybody has ever booked or asked."""
    return bool(session().scalar(select(exists(select(Reservation.id)))))


def count_of(resource_id: int) -> int:
    """How many live reservations a resource has ahead."""
    statement = (
        select(func.count())
        .select_from(Reservation)
        .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
        .where(
            ReservationResource.resource_id == resource_id,
            Reservation.state.in_(LIVE),
            Reservation.ends_at > clock.now(),
        )
    )
    return session().scalar(statement) or 0


def layouts_of(resource_id: int) -> dict[LayoutKind, int]:
    """In which layouts a room is wanted ahead, and how often."""
    statement = (
        select(Reservation.layout, func.count())
        .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
        .where(
            ReservationResource.resource_id == resource_id,
            Reservation.layout.is_not(None),
            Reservation.state.in_(LIVE),
            Reservation.ends_at > clock.now(),
        )
        .group_by(Reservation.layout)
    )
    return {kind: count for kind, count in session().execute(statement) if kind is not None}


def outside_week(hours_id: int, opening: Opening, valid_from: date, before: date) -> Outside:
    """Those that the hours with a week would not cover, until the next one begins to hold;
    `before` is the day from which it held, or another in its stead."""
    later = (one.valid_from for one in opening.versions if one.valid_from > valid_from)
    following = next(later, None)
    last = following and following - timedelta(days=1)
    return outside(hours_id, opening, min(valid_from, before), last)


def outside(hours_id: int, opening: Opening, first: date, last: date | None = None) -> Outside:
    """The live reservations on these days that the hours would not cover, in order."""
    conditions = [
        Resource.hours_id == hours_id,
        Reservation.state.in_(LIVE),
        Reservation.ends_at > clock.now(),
        Reservation.local_end > datetime.combine(first, time.min),
    ]
    if last is not None:
        end = datetime.combine(last + timedelta(days=1), time.min)
        conditions.append(Reservation.local_start < end)
    rows = session().execute(
        select(
            Reservation.id,
            Reservation.public_id,
            Reservation.local_start,
            Reservation.local_end,
            Reservation.zone,
        )
        .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
        .join(Resource, Resource.id == ReservationResource.resource_id)
        .where(*conditions)
        .order_by(Reservation.starts_at, Reservation.id)
        .execution_options(yield_per=1000)
    )
    shown: list[tuple[int, str]] = []
    count = 0
    for key, public_id, starts_at, ends_at, zone_name in rows:
        if not opening.covers(LocalInterval(starts_at, ends_at, zone_name)):
            count += 1
            if len(shown) < MOST_SHOWN:
                shown.append((key, public_id))
    return Outside(tuple(shown), count)


def newly_outside(
    before: Mapping[int, Opening], after: Mapping[int, Opening], first: date, last: date
) -> tuple[Left, ...]:
    """The live reservations on these days that some of their hours, by their keys, covered before
    and do not cover after, in order; then those of which only a change that waits is so."""
    found = _uncovered(after, first, last)
    newly = {one: None for hours_id, one in found if before[hours_id].covers(one.local)}
    return tuple(newly)


def all_outside(opening_of: Mapping[int, Opening], first: date, last: date) -> tuple[Left, ...]:
    """The live reservations on these days that some of their hours do not cover, in order."""
    found = {one: None for _hours_id, one in _uncovered(opening_of, first, last)}
    return tuple(found)


def _uncovered(
    opening_of: Mapping[int, Opening], first: date, last: date
) -> Iterator[tuple[int, Left]]:
    begins = datetime.combine(first, time.min)
    ends = datetime.combine(last + timedelta(days=1), time.min)
    rows = chain.from_iterable(
        session().execute(
            statement.where(
                table.ends_at > clock.now(), table.local_end > begins, table.local_start < ends
            ),
            {"hours_ids": list(opening_of)},
            execution_options={"yield_per": 1000},
        )
        for table, statement in ((Reservation, _STANDING), (Amendment, _WAITING))
    )
    for key, public_id, version, starts_at, ends_at, zone_name, hours_id in rows:
        local = LocalInterval(starts_at, ends_at, zone_name)
        if not opening_of[hours_id].covers(local):
            yield hours_id, Left(key, public_id, version, local)


def _at(table: type[Reservation] | type[Amendment]) -> Select[*tuple[Any, ...]]:  # Any: seven
    return select(
        Reservation.id,
        Reservation.public_id,
        Reservation.version,
        table.local_start,
        table.local_end,
        Reservation.zone,
        Resource.hours_id,
    ).order_by(table.starts_at, Reservation.id)


_STANDING = (
    _at(Reservation)
    .select_from(Reservation)
    .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
    .join(Resource, Resource.id == ReservationResource.resource_id)
    .where(Reservation.state.in_(LIVE), Resource.hours_id.in_(_HOURS))
)
_WAITING = (
    _at(Amendment)
    .select_from(Reservation)
    .join(Amendment, Amendment.reservation_id == Reservation.id)
    .join(AmendmentResource, AmendmentResource.amendment_id == Amendment.id)
    .join(Resource, Resource.id == AmendmentResource.resource_id)
    .where(Amendment.state == Asking.WAITING, Resource.hours_id.in_(_HOURS))
)
