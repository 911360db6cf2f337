"""Reading replacements: who is still to be served, what is held for whom, and what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, TextClause, exists, or_, select, text

from booking.core.database import session
from booking.core.errors import NotFoundError
from booking.core.instants import Interval
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor, allows
from booking.core.refusals import LayoutKind
from booking.people.models import Person, PersonState
from booking.policies import facts
from booking.policies.facts import Place
from booking.replacements.models import Replacement, ReplacementResource, ReplacementState
from booking.replacements.rules import Standing
from booking.reservations import queries as reservations
from booking.reservations.alternatives import Why
from booking.reservations.models import Displacement, Reservation
from booking.reservations.queries import Details
from booking.spaces.models import Resource

MOST_SERVED = 200  # read at a time

# Written out, as the indexes are: no plan knows what a parameter will say.
IS_OPEN = text("replacement.state = 'open'")
IS_UNSERVED = text("displacement.served_at IS NULL")


@dataclass(frozen=True)
class Due:
    """A displaced reservation that nothing was looked for yet, and which act displaced it."""

    closure_id: int
    version: int
    reservation_id: int


@dataclass(frozen=True)
class Held:
    """A replacement: what is held, or was, and until when."""

    id: int
    public_id: str
    reservation_id: int
    position: int
    places: tuple[Place, ...]
    local: LocalInterval
    interval: Interval
    tzdata: str
    why: Why
    state: ReplacementState
    expires_at: datetime

    def is_open(self, now: datetime) -> bool:
        """Whether it can be taken, whether or not the tick has come by."""
        is_in_use = all(place.spot.retired_at is None for place in self.places)
        return self.state is ReplacementState.OPEN and self.expires_at > now and is_in_use


@dataclass(frozen=True)
class Named:
    """A reservation, as another one names it."""

    public_id: str
    reference: str


@dataclass(frozen=True)
class Case:
    """A displaced reservation with all that is or was held instead of it."""

    details: Details
    replacements: tuple[Held, ...]
    replaced_by: Named | None

    def open(self, now: datetime) -> tuple[Held, ...]:
        """Those that can be taken."""
        return tuple(one for one in self.replacements if one.is_open(now))


@dataclass(frozen=True)
class Links:
    """What a reservation has to do with replacements."""

    instead_of: Named | None
    replaced_by: Named | None
    held: tuple[Held, ...]  # that can be taken


def unserved() -> list[Due]:
    """Who is still to be served, in the order in which they were displaced; one statement."""
    rows = session().execute(
        select(Displacement.closure_id, Displacement.version, Displacement.reservation_id)
        .where(IS_UNSERVED)
        .order_by(Displacement.closure_id, Displacement.version, Displacement.reservation_id)
        .limit(MOST_SERVED)
    )
    # The columns stand in the order of the fields.
    return [Due(*row) for row in rows]


def standing(*only: ColumnElement[bool]) -> list[Standing]:
    """Every open replacement and what could have ended it; `only` are more conditions."""
    is_retired = exists().where(
        ReplacementResource.replacement_id == Replacement.id,
        Resource.id == ReplacementResource.resource_id,
        Resource.retired_at.is_not(None),
    )
    rows = session().execute(
        select(
            Replacement.id,
            Replacement.reservation_id,
            Replacement.expires_at,
            Person.state == PersonState.ACTIVE,
            ~is_retired,
            Replacement.tzdata,
        )
        .join(Reservation, Reservation.id == Replacement.reservation_id)
        .join(Person, Person.id == Reservation.person_id)
        .where(IS_OPEN, *only)
        .order_by(Replacement.reservation_id, Replacement.position)
    )
    return [Standing(*row) for row in rows]


def find(*conditions: ColumnElement[bool] | TextClause) -> list[Held]:
    """The replacements of these conditions, by reservation and position; two statements more than
    none."""
    rows = session().execute(
        select(Replacement, Reservation.layout)
        .join(Reservation, Reservation.id == Replacement.reservation_id)
        .where(*conditions)
        .order_by(Replacement.reservation_id, Replacement.position)
        .execution_options(populate_existing=True)
    )
    found = rows.all()
    return _with_places(found) if found else []


def held_for(reservation_ids: Collection[int]) -> dict[int, tuple[Held, ...]]:
    """What is or was held for each of these, where anything was."""
    by_reservation: dict[int, list[Held]] = defaultdict(list)
    for one in find(Replacement.reservation_id.in_(reservation_ids)):
        by_reservation[one.reservation_id].append(one)
    return {key: tuple(found) for key, found in by_reservation.items()}


def case(actor: Actor, public_id: str) -> Case:
    """What is held for a displaced reservation, by its public id; raises NotFoundError where there
    is none whose history the actor may see, or nothing was ever held."""
    details = reservations.details(actor, public_id)
    found = held_for([details.id]).get(details.id)
    if not found or not allows(actor, Action.SEE_HISTORY, details):
        raise NotFoundError
    return Case(details, found, _replaced_by(details.id))


def mine(actor: Actor, now: datetime) -> list[Case]:
    """The actor's displaced reservations for which something can be taken now, by start; one
    statement while there is none."""
    of_mine = select(Replacement.reservation_id).where(IS_OPEN, Replacement.expires_at > now)
    concerns = or_(
        Reservation.person_id == actor.person_id, Reservation.booked_by_id == actor.person_id
    )
    found = reservations.find(concerns, Reservation.id.in_(of_mine))
    held = held_for([one.id for one in found]) if found else {}
    return [Case(one, held[one.id], None) for one in found]


def links_of(reservation_id: int, now: datetime) -> Links:
    """What stands on the page of a reservation."""
    own = find(Replacement.reservation_id == reservation_id)
    return Links(
        _instead_of(reservation_id),
        _replaced_by(reservation_id) if own else None,
        tuple(one for one in own if one.is_open(now)),
    )


def _replaced_by(reservation_id: int) -> Named | None:
    return _named(
        Replacement.taken_as_id == Reservation.id, Replacement.reservation_id == reservation_id
    )


def _instead_of(reservation_id: int) -> Named | None:
    return _named(
        Replacement.reservation_id == Reservation.id, Replacement.taken_as_id == reservation_id
    )


def _named(is_joined: ColumnElement[bool], is_it: ColumnElement[bool]) -> Named | None:
    statement = select(Reservation.public_id, Reservation.reference)
    row = session().execute(statement.join(Replacement, is_joined).where(is_it)).first()
    return None if row is None else Named(*row)


def _with_places(found: Sequence[Row[Replacement, LayoutKind | None]]) -> list[Held]:
    its = ReplacementResource
    rows = session().execute(
        select(its.replacement_id, its.resource_id).where(
            its.replacement_id.in_([one.id for one, _layout in found])
        )
    )
    resource_ids: dict[int, set[int]] = defaultdict(set)
    for replacement_id, resource_id in rows:
        resource_ids[replacement_id].add(resource_id)
    wanted = set().union(*resource_ids.values())
    places = facts.places(Resource.id.in_(wanted))
    return [
        _held(
            one,
            tuple(
                place.laid_out(layout)
                for place in places
                if place.resource_id in resource_ids[one.id]
            ),
        )
        for one, layout in found
    ]


def _held(one: Replacement, places: tuple[Place, ...]) -> Held:
    return Held(
        id=one.id,
        public_id=one.public_id,
        reservation_id=one.reservation_id,
        position=one.position,
        places=places,
        local=one.local,
        interval=Interval(one.starts_at, one.ends_at),
        tzdata=one.tzdata,
        why=one.why,
        state=one.state,
        expires_at=one.expires_at,
    )
