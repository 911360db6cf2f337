"""Reading the waiting list: what is open, what is mine, and who could be offered what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute

from booking.core.database import session
from booking.core.errors import NotFoundError
from booking.core.instants import Interval
from booking.core.intervals import LocalInterval
from booking.core.permissions import Actor
from booking.occupancy.claims import Claim
from booking.occupancy.models import occupancy
from booking.occupancy.pools import Units
from booking.people.models import Organisation, Person, PersonState
from booking.policies import facts
from booking.policies.facts import Place
from booking.reservations.models import LIVE, Reservation, ReservationResource
from booking.reservations.wishes import Wish
from booking.spaces.models import Resource
from booking.waitlist.models import (
    OPEN_STATES,
    EntryState,
    Offer,
    OfferState,
    WaitlistEntry,
    WaitlistPlace,
)
from booking.waitlist.rules import Standing

MOST_CLOSED = 20  # shown with those that are open

# Written out, as the index of the open entries is: no plan knows what a parameter will say.
IS_OPEN = text("waitlist_entry.state IN ('waiting', 'offered')")


@dataclass(frozen=True)
class Offered:
    """A place that is held for whoever waited."""

    id: int
    public_id: str
    place: Place
    expires_at: datetime


@dataclass(frozen=True)
class Entry:
    """What somebody waits for, or waited for."""

    id: int
    public_id: str
    person_id: int
    organisation: str | None  # the public id
    organisation_id: int | None
    place: Place
    any_like: bool
    places: int  # how many would do
    title: str
    headcount: int
    local: LocalInterval
    interval: Interval
    waits_until: datetime
    tzdata: str
    state: EntryState
    created_at: datetime
    reservation: str | None  # the public id
    offer: Offered | None

    @property
    def is_open(self) -> bool:
        """Whether something may still come of it."""
        return self.state in OPEN_STATES

    def wish(self, place: Place | None = None) -> Wish:
        """What is booked when a place is taken: another one that would do, or its own."""
        return Wish(
            ((place or self.place).spot.public_id,),
            self.local.starts_at,
            self.local.ends_at,
            self.title,
            self.headcount,
            self.organisation,
        )


def standing(*only: ColumnElement[bool]) -> list[Standing]:
    """Every open entry, who came first first, and what could have ended it: all that a tick asks
    while nobody waits. `only` are more conditions on the entry."""
    open_offer = (Offer.entry_id == WaitlistEntry.id) & (Offer.state == OfferState.OPEN)
    rows = session().execute(
        select(
            WaitlistEntry.id,
            WaitlistEntry.state,
            WaitlistEntry.waits_until,
            Offer.expires_at,
            Person.state == PersonState.ACTIVE,
            _has_booked(),
            WaitlistEntry.tzdata,
        )
        .join(Person, Person.id == WaitlistEntry.person_id)
        .outerjoin(Offer, open_offer)
        .where(IS_OPEN, *only)
        .order_by(WaitlistEntry.id)
    )
    # The columns stand in the order of the fields.
    return [Standing(*row) for row in rows]


def booked_instead(entry_id: int) -> int | None:
    """The reservation that made an entry needless."""
    statement = _booked_instead().where(WaitlistEntry.id == entry_id)
    return session().scalar(statement.order_by(Reservation.id).limit(1))


def perhaps_free() -> list[tuple[int, int]]:
    """Entries that wait and a place of theirs that nothing takes at the time itself: by who came
    first, and of each entry the best place first. Set-up, cleaning and the rules are not asked.

    Of each place the last claim before the end tells it all; of a pool that of any of its units.
    """
    last_end = (
        select(occupancy.c.ends_at)
        .where(
            occupancy.c.resource_id == WaitlistPlace.resource_id,
            occupancy.c.unit == 1,
            occupancy.c.starts_at < WaitlistEntry.ends_at,
        )
        .order_by(occupancy.c.starts_at.desc())
        .limit(1)
        .correlate(WaitlistEntry, WaitlistPlace)
        .scalar_subquery()
    )
    rows = session().execute(
        select(
            WaitlistEntry.id,
            WaitlistPlace.rank,
            WaitlistPlace.resource_id,
            Resource.units,
            WaitlistEntry.starts_at,
            WaitlistEntry.ends_at,
        )
        .join(WaitlistPlace, WaitlistPlace.entry_id == WaitlistEntry.id)
        .join(Resource, Resource.id == WaitlistPlace.resource_id)
        .where(
            IS_OPEN,
            WaitlistEntry.state == EntryState.WAITING,
            or_(Resource.units > 1, last_end.is_(None), last_end <= WaitlistEntry.starts_at),
        )
    )
    # Sorted here: in the statement it would tempt SQLite to read what has ended, too.
    found = sorted(rows.all())
    units = _units_around([row for row in found if row.units > 1])
    return [(row.id, row.resource_id) for row in found if row.units == 1 or _has_room(units, row)]


def _units_around(rows: Sequence[Row[*tuple[Any, ...]]]) -> Units:  # Any: as in `perhaps_free`
    """What is taken of the pools that somebody waits for; no statement where nobody does."""
    return Units.around([_claim(row) for row in rows])


def _has_room(units: Units, row: Row[*tuple[Any, ...]]) -> bool:  # Any: as in `perhaps_free`
    return units.room_for([_claim(row)]) is not None


def _claim(row: Row[*tuple[Any, ...]]) -> Claim:  # Any: as in `perhaps_free`
    return Claim(row.resource_id, Interval(row.starts_at, row.ends_at), "", "", units=row.units)


def mine(actor: Actor) -> list[Entry]:
    """What the actor waits for, what begins first first; then what has ended, the latest first."""
    theirs, is_open = (
        WaitlistEntry.person_id == actor.person_id,
        WaitlistEntry.state.in_(OPEN_STATES),
    )
    found = _find(theirs, is_open, order=WaitlistEntry.starts_at)
    closed = _find(theirs, ~is_open, order=WaitlistEntry.closed_at.desc(), limit=MOST_CLOSED)
    return found + closed


def offers_to(actor: Actor, now: datetime) -> list[Entry]:
    """What is held for the actor now; one statement while nothing is."""
    return _find(
        WaitlistEntry.person_id == actor.person_id,
        WaitlistEntry.state == EntryState.OFFERED,
        Offer.expires_at > now,
        order=WaitlistEntry.starts_at,
    )


def entry_of(actor: Actor, public_id: str) -> Entry:
    """One of the actor's own; what is somebody else's is not there."""
    found = _find(WaitlistEntry.public_id == public_id, WaitlistEntry.person_id == actor.person_id)
    if not found:
        raise NotFoundError
    return found[0]


def entry_by_id(entry_id: int) -> Entry:
    """The entry of this key."""
    return _find(WaitlistEntry.id == entry_id)[0]


def entry_of_offer(public_id: str) -> Entry | None:
    """The entry to which this was offered."""
    its = select(Offer.entry_id).where(Offer.public_id == public_id)
    found = _find(WaitlistEntry.id.in_(its))
    return found[0] if found else None


def open_entry(actor: Actor, place: Place, interval: Interval) -> str | None:
    """The actor's own open entry for exactly this place and time."""
    return session().scalar(
        select(WaitlistEntry.public_id).where(
            WaitlistEntry.person_id == actor.person_id,
            WaitlistEntry.starts_at == interval.starts_at,
            WaitlistEntry.ends_at == interval.ends_at,
            WaitlistEntry.resource_id == place.resource_id,
            WaitlistEntry.state.in_(OPEN_STATES),
        )
    )


def count_open(person_id: int) -> int:
    """How many things a person waits for."""
    statement = (
        select(func.count())
        .select_from(WaitlistEntry)
        .where(WaitlistEntry.person_id == person_id, WaitlistEntry.state.in_(OPEN_STATES))
    )
    return session().scalar(statement) or 0


def _find(
    *conditions: ColumnElement[bool],
    order: ColumnElement[Any] | InstrumentedAttribute[datetime] = WaitlistEntry.starts_at,
    limit: int | None = None,
) -> list[Entry]:  # Any: what it orders by
    places = select(func.count()).where(WaitlistPlace.entry_id == WaitlistEntry.id)
    rows = (
        session()
        .execute(
            select(
                WaitlistEntry,
                Offer.id.label("offer_id"),
                Offer.public_id.label("offer"),
                Offer.resource_id.label("offered_id"),
                Offer.expires_at,
                Organisation.public_id.label("organisation"),
                Reservation.public_id.label("reservation"),
                places.scalar_subquery().label("places"),
            )
            .outerjoin(
                Offer, (Offer.entry_id == WaitlistEntry.id) & (Offer.state == OfferState.OPEN)
            )
            .outerjoin(Organisation, Organisation.id == WaitlistEntry.organisation_id)
            .outerjoin(Reservation, Reservation.id == WaitlistEntry.reservation_id)
            .where(*conditions)
            .order_by(order, WaitlistEntry.id)
            .limit(limit)
            .execution_options(populate_existing=True)
        )
        .all()
    )
    if not rows:
        return []
    wanted = {row.WaitlistEntry.resource_id for row in rows} | {row.offered_id for row in rows}
    place_of = {one.resource_id: one for one in facts.places(Resource.id.in_(wanted - {None}))}
    return [_entry(row, place_of) for row in rows]


def _entry(row: Any, place_of: dict[int, Place]) -> Entry:  # Any: a row of `_find`
    found: WaitlistEntry = row.WaitlistEntry
    offer = None
    if row.offer_id is not None:
        offer = Offered(row.offer_id, row.offer, place_of[row.offered_id], row.expires_at)
    return Entry(
        id=found.id,
        public_id=found.public_id,
        person_id=found.person_id,
        organisation=row.organisation,
        organisation_id=found.organisation_id,
        place=place_of[found.resource_id],
        any_like=found.any_like,
        places=row.places,
        title=found.title,
        headcount=found.headcount,
        local=found.local,
        interval=Interval(found.starts_at, found.ends_at),
        waits_until=found.waits_until,
        tzdata=found.tzdata,
        state=found.state,
        created_at=found.created_at,
        reservation=row.reservation,
        offer=offer,
    )


def _booked_instead() -> Select[int]:
    """A reservation of the same person, made since, that covers the time at such a place."""
    wanted, has = Resource.__table__.alias("wanted"), Resource.__table__.alias("has")
    return (
        select(Reservation.id)
        .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
        .join(has, has.c.id == ReservationResource.resource_id)
        .join(wanted, wanted.c.kind_id == has.c.kind_id)
        .where(
            Reservation.person_id == WaitlistEntry.person_id,
            Reservation.starts_at <= WaitlistEntry.starts_at,
            Reservation.ends_at >= WaitlistEntry.ends_at,
            Reservation.created_at > WaitlistEntry.created_at,
            Reservation.state.in_(LIVE),
            wanted.c.id == WaitlistEntry.resource_id,
        )
    )


def _has_booked() -> ColumnElement[bool]:
    return _booked_instead().correlate(WaitlistEntry).exists()
