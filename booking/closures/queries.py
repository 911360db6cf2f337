"""Reading closures: what one would hit, which there are, and what each has displaced."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
)

from booking.closures.rules import Wanted, interval_of, step_of
from booking.core import clock, zones
from booking.core.database import session
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.intervals import Interval
from booking.core.permissions import Action, Actor, Role, allows, require
from booking.occupancy.models import Closure, ClosureKind, ClosureResource, Hold
from booking.occupancy.queries import claims_within
from booking.people.models import Person
from booking.policies import facts
from booking.policies.facts import Place
from booking.reservations import queries as reservations
from booking.reservations.models import (
    LIVE,
    Amendment,
    Displacement,
    Reservation,
    Spared,
)
from booking.reservations.queries import Details, is_under_a_grant
from booking.spaces.models import Area, Floor, Hours, Resource

NEAR = timedelta(days=31)
CODES_SHOWN = 12  # of a closure in a list; the rest is counted


class When(StrEnum):
    """Where a closure stands."""

    NOW = "now"
    AHEAD = "ahead"
    PAST = "past"


@dataclass(frozen=True)
class Closing:
    """What is closed, as rights ask for it."""

    places: tuple[Place, ...]

    @classmethod
    def of(cls, places: Sequence[Place]) -> Self:
        """Whoever may close a room may close its parts: they are in it."""
        closed = {place.resource_id for place in places}
        return cls(
            tuple(
                place
                for place in places
                if closed.isdisjoint(whole.resource_id for whole in place.part_of)
            )
        )


@dataclass(frozen=True)
class Hit:
    """A reservation in the way; or only the change that was asked for, whose place is held."""

    details: Details
    is_change: bool = False


@dataclass(frozen=True)
class Plan:
    """A closure before it is one: what it closes, when, and whom it hits."""

    wanted: Wanted
    places: tuple[Place, ...]
    interval: Interval
    hits: tuple[Hit, ...]

    @property
    def seen(self) -> str:
        """A mark of what is hit, to be given back with the confirmation."""
        lines = sorted(f"{hit.details.public_id}:{hit.details.version}" for hit in self.hits)
        return hashlib.blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Closed:
    """A closure as lists show it."""

    id: int
    public_id: str
    kind: ClosureKind
    names: Mapping[str, str]
    interval: Interval
    ended_at: datetime | None
    made_by: str
    created_at: datetime
    codes: tuple[str, ...]  # the first of them
    spaces: int
    displaced: int

    def when(self, now: datetime) -> When:
        """Whether it holds, is to come, or is over."""
        if self.ended_at is not None or self.interval.ends_at <= now:
            return When.PAST
        return When.AHEAD if self.interval.starts_at > now else When.NOW


# --- before there is one ---


def plan(actor: Actor, wanted: Wanted) -> Plan:
    """What a closure would close and whom it would hit; asks for the right.

    Raises InvalidError for what makes no sense, ForbiddenError for a place that is not theirs.
    """
    places = places_of(wanted)
    require(actor, Action.CLOSE_SPACES, Closing.of(places))
    return plan_of(wanted, places)


def plan_of(wanted: Wanted, places: tuple[Place, ...]) -> Plan:
    """The same for these places, without asking for a right."""
    interval = interval_of(wanted, zones.zone(places[0].spot.zone_name), clock.now())
    return Plan(wanted, places, interval, hits(places, interval))


def standing(actor: Actor, public_id: str) -> Plan:
    """What stands in a closure that is there, from now on; asks for the right."""
    found = closure(actor, public_id)
    places = places_of_closure(found.id)
    require(actor, Action.CLOSE_SPACES, Closing.of(places))
    return rest_of(found.kind, found.names, found.interval, places)


def rest_of(
    kind: ClosureKind, names: Mapping[str, str], interval: Interval, places: tuple[Place, ...]
) -> Plan:
    """A closure that is there, as the plan of what is left of it."""
    rest = Interval(max(interval.starts_at, step_of(clock.now())), interval.ends_at)
    wanted = Wanted(kind, dict(names), rest.starts_at, rest.ends_at)
    return Plan(wanted, places, rest, hits(places, rest))


def places_of(wanted: Wanted) -> tuple[Place, ...]:
    """Everything that is named and in use, with the parts of such rooms; raises InvalidError for
    what is not there. A public holiday closes whatever respects it, each part by its own hours."""
    if wanted.holiday is not None:
        return closing_on_holidays()
    if not (wanted.resources or wanted.areas or wanted.floors or wanted.buildings):
        raise InvalidError({"resources": Problem.MISSING})
    in_areas = select(Area.id).join(Floor, Floor.id == Area.floor_id)
    found = facts.places(
        Resource.retired_at.is_(None),
        or_(
            Resource.public_id.in_(wanted.resources),
            Resource.area_id.in_(wanted.areas),
            Resource.area_id.in_(in_areas.where(Area.floor_id.in_(wanted.floors))),
            Resource.area_id.in_(in_areas.where(Floor.building_id.in_(wanted.buildings))),
        ),
    )
    there = {
        "resources": set(wanted.resources) <= {place.spot.public_id for place in found},
        "areas": set(wanted.areas) <= {place.area_id for place in found},
        "floors": set(wanted.floors) <= {place.spot.floor_id for place in found},
        "buildings": set(wanted.buildings) <= {place.building_id for place in found},
    }
    absent = {name: Problem.NOT_FOUND for name, is_there in there.items() if not is_there}
    if absent:
        raise InvalidError(dict(absent))
    if wanted.kind is ClosureKind.OUT_OF_ORDER:
        return tuple(found)  # its parts work
    return tuple(_with_parts(found))


def closing_on_holidays() -> tuple[Place, ...]:
    """Everything in use whose hours end where a public holiday begins."""
    respecting = select(Hours.id).where(Hours.closes_on_holidays)
    return tuple(facts.places(Resource.retired_at.is_(None), Resource.hours_id.in_(respecting)))


def _with_parts(found: Sequence[Place]) -> Sequence[Place]:
    named = {place.resource_id for place in found}
    parts = {part.resource_id for place in found for part in place.parts} - named
    if not parts:
        return found
    inside = facts.places(Resource.id.in_(parts), Resource.retired_at.is_(None))
    return sorted([*found, *inside], key=lambda place: place.spot.code)


def hits(places: Sequence[Place], interval: Interval) -> tuple[Hit, ...]:
    """The live reservations that are not over and touch this time, by start: through any claim of
    theirs, or by asking for it without one; then the changes whose place is held then."""
    ids = [place.resource_id for place in places]
    claims = claims_within(ids, interval, units_of(places)).subquery("claim")
    not_over = (
        Reservation.state.in_(LIVE),
        not_(reservations.was_released()),
        Reservation.ends_at > clock.now(),
    )
    overlaps = and_(
        Reservation.starts_at < interval.ends_at,
        Reservation.ends_at > interval.starts_at,
        reservations.of_any_that_takes(ids),
    )
    claiming = select(claims.c.reservation_id).where(claims.c.reservation_id.is_not(None))
    found = reservations.find(*not_over, or_(overlaps, Reservation.id.in_(claiming)))
    holding = (
        select(Amendment.reservation_id)
        .join(Hold, Hold.amendment_id == Amendment.id)
        .join(claims, claims.c.hold_id == Hold.id)
    )
    known = {one.id for one in found}
    changes = reservations.find(*not_over, Reservation.id.in_(holding))
    return (
        *map(Hit, found),
        *(Hit(one, is_change=True) for one in changes if one.id not in known),
    )


def units_of(places: Sequence[Place]) -> range:
    """Every unit that any of them has; a holiday's closure may have no place any more."""
    return range(1, max((place.spot.units for place in places), default=1) + 1)


# --- those there are ---


def closures(
    actor: Actor,
    when: When,
    *,
    limit: int,
    offset: int = 0,
    after: tuple[datetime, int] | None = None,
) -> list[Closed]:
    """Those that concern this actor's places: of the past the latest first, else by start."""
    now = clock.now()
    key = tuple_(Closure.starts_at, Closure.id)
    is_past = or_(Closure.ended_at.is_not(None), Closure.ends_at <= now)
    conditions = {
        When.PAST: is_past,
        When.NOW: and_(~is_past, Closure.starts_at <= now),
        When.AHEAD: and_(~is_past, Closure.starts_at > now),
    }
    statement = _select().where(conditions[when], visible_to(actor))
    if after is not None:
        moment, closure_id = after
        here = tuple_(literal(moment, Closure.starts_at.type), literal(closure_id))
        statement = statement.where(key < here if when is When.PAST else key > here)
    order = [Closure.starts_at, Closure.id]
    statement = statement.order_by(*(one.desc() if when is When.PAST else one for one in order))
    return _read(statement.limit(limit).offset(offset or None))


def closure(actor: Actor, public_id: str) -> Closed:
    """One closure; raises NotFoundError where there is none, or none of this actor's places."""
    require(actor, Action.CLOSE_SPACES)
    found = _read(_select().where(Closure.public_id == public_id, visible_to(actor)))
    if not found:
        raise NotFoundError
    return found[0]


def next_of(resource_id: int, *, limit: int) -> list[Closure]:
    """The closures of one resource that hold or are to come, for everybody, public holidays only
    when they are near; one statement."""
    is_its = exists().where(
        ClosureResource.closure_id == Closure.id, ClosureResource.resource_id == resource_id
    )
    now = clock.now()
    is_told = or_(Closure.kind != ClosureKind.HOLIDAY, Closure.starts_at < now + NEAR)
    conditions = (is_its, Closure.ended_at.is_(None), Closure.ends_at > now, is_told)
    statement = select(Closure).where(*conditions).order_by(Closure.starts_at)
    return list(session().scalars(statement.limit(limit)))


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Closure` that it closes a place of this actor."""
    if actor.has(Role.OPERATOR):
        return true()
    return exists().where(
        ClosureResource.closure_id == Closure.id,
        ClosureResource.resource_id == Resource.id,
        is_under_a_grant(actor, Role.LAB_MANAGER),
    )


def places_of_closure(closure_id: int) -> tuple[Place, ...]:
    """What it closes, retired or not."""
    its = select(ClosureResource.resource_id).where(ClosureResource.closure_id == closure_id)
    return tuple(facts.places(Resource.id.in_(its)))


def displaced_by(closure_id: int) -> list[Details]:
    """The reservations it has cancelled, by start; for the house, no rights are asked."""
    its = select(Displacement.reservation_id).where(Displacement.closure_id == closure_id)
    return reservations.find(Reservation.id.in_(its))


def kept_by(closure_ids: Collection[int]) -> dict[int, int]:
    """How many reservations stay in each of these closures, where any do."""
    rows = session().execute(
        select(Spared.closure_id, func.count())
        .join(Reservation, Reservation.id == Spared.reservation_id)
        .where(
            Spared.closure_id.in_(closure_ids),
            Reservation.state.in_(LIVE),
            Reservation.ends_at > clock.now(),
        )
        .group_by(Spared.closure_id)
    )
    return dict(rows.all())


def may_see(actor: Actor, details: Details) -> bool:
    """Whether holder and purpose may be shown to this actor."""
    return allows(actor, Action.SEE_RESERVATION, details)


def _select() -> Select[Closure, str]:
    return (
        select(Closure, func.coalesce(Person.name, ""))
        .outerjoin(Person, Person.id == Closure.made_by_id)
        .execution_options(populate_existing=True)
    )


def _read(statement: Select[Closure, str]) -> list[Closed]:
    rows = session().execute(statement).all()
    codes = _codes([found.id for found, _name in rows])
    displaced = _displaced([found.id for found, _name in rows])
    return [
        Closed(
            id=found.id,
            public_id=found.public_id,
            kind=found.kind,
            names=found.names,
            interval=found.interval,
            ended_at=found.ended_at,
            made_by=made_by,
            created_at=found.created_at,
            codes=tuple(codes[found.id][:CODES_SHOWN]),
            spaces=len(codes[found.id]),
            displaced=displaced.get(found.id, 0),
        )
        for found, made_by in rows
    ]


def _codes(closure_ids: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = session().execute(
        select(ClosureResource.closure_id, Resource.code)
        .join(Resource, Resource.id == ClosureResource.resource_id)
        .where(ClosureResource.closure_id.in_(closure_ids))
        .order_by(Resource.code)
    )
    for closure_id, code in rows:
        found[closure_id].append(code)
    return found


def _displaced(closure_ids: Collection[int]) -> dict[int, int]:
    rows = session().execute(
        select(Displacement.closure_id, func.count())
        .where(Displacement.closure_id.in_(closure_ids))
        .group_by(Displacement.closure_id)
    )
    return dict(rows.all())


# --- what can be chosen ---


@dataclass(frozen=True)
class Choice:
    """Something that can be closed as a whole: its kind (building, floor, area, space) and key."""

    kind: str
    key: str
    names: tuple[Mapping[str, str], ...]  # from large to small
    code: str = ""


MOST_SPACES = 60  # offered one by one; beyond that they are named by their codes


def choices(actor: Actor) -> list[Choice]:
    """What this actor could close: whole buildings and floors for the operator, whole areas, and
    the single spaces where they are few."""
    of_all = allows(actor, Action.OPERATE)
    places = facts.places(
        Resource.retired_at.is_(None),
        true() if of_all else is_under_a_grant(actor, Role.LAB_MANAGER),
    )
    places.sort(key=lambda one: (one.spot.building_code, one.spot.floor_level, one.spot.area_code))
    found: dict[tuple[str, str], Choice] = {}
    for place in places:
        spot = place.spot
        names = (spot.building_names, spot.floor_names, spot.area_names)
        levels = [("area", spot.area_id, 3)] if _is_whole(actor, place) else []
        if of_all:
            levels = [("building", spot.building_id, 1), ("floor", spot.floor_id, 2), *levels]
        for kind, key, depth in levels:
            found.setdefault((kind, str(key)), Choice(kind, str(key), names[:depth]))
    if len(places) <= MOST_SPACES:
        for place in places:
            spot = place.spot
            found[("space", spot.public_id)] = Choice(
                "space", spot.public_id, (spot.names,), spot.code
            )
    return list(found.values())


def _is_whole(actor: Actor, place: Place) -> bool:
    """Whether the actor has the whole area of this place, and not only some of its spaces."""
    return allows(actor, Action.OPERATE) or any(
        place.area_id == grant.area_id or place.building_id == grant.building_id
        for grant in actor.grants
        if grant.role == Role.LAB_MANAGER
    )


def ids_of(codes: Sequence[str]) -> tuple[str, ...]:
    """The public ids of the spaces with these codes; raises InvalidError for one that is none."""
    rows = session().execute(
        select(Resource.code, Resource.public_id).where(
            Resource.code.in_(codes), Resource.retired_at.is_(None)
        )
    )
    found: dict[str, str] = dict(rows.all())
    if set(codes) - set(found):
        raise InvalidError({"codes": Problem.NOT_FOUND})
    return tuple(found.values())
