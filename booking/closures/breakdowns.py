"""Taking a space out of order and back in order: a closure whose end is expected, not fixed.

The state of the space, which lists, rules and searches read, is written with it. Where the state
was changed by a form or a file instead, the worker lets the closure follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, or_, select, update

from booking.closures import queries, service
from booking.closures.queries import Closing, Plan
from booking.closures.rules import Wanted, instant, step_of
from booking.closures.service import Done, WouldDisplaceError
from booking.core import clock, zones
from booking.core.database import OutpacedError, execute, session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.intervals import Interval
from booking.core.permissions import Action, Actor, require
from booking.core.texts import LONGEST_NAME, checked_text
from booking.journal import service as journal
from booking.occupancy import service as occupancy
from booking.occupancy.models import Closure, ClosureKind, ClosureResource
from booking.policies import facts
from booking.policies.facts import Place
from booking.spaces.models import Resource, ResourceState

UNTIL_FURTHER_NOTICE = timedelta(days=730)  # of what nobody expects back on any day


@dataclass(frozen=True)
class Breakdown:
    """What is out of order (by its public id), why, and until when presumably: a time without an
    offset is local at the site."""

    resource: str
    reason: str
    expected_back: datetime


def wanted_of(actor: Actor, breakdown: Breakdown) -> Wanted:
    """The closure of it, from now on."""
    reason = checked_text("reason", breakdown.reason, LONGEST_NAME, required=True)
    return Wanted(
        ClosureKind.OUT_OF_ORDER,
        {actor.language: reason},
        step_of(clock.now()),
        breakdown.expected_back,
        resources=(breakdown.resource,),
    )


@transactional
def take_out(
    actor: Actor, breakdown: Breakdown, *, seen: str | None = None, keeps: bool = False
) -> Done:
    """Take a space out of order now. Who is hit is asked as `service.close` does; raises
    InvalidError for one that is out of order already."""
    wanted = wanted_of(actor, breakdown)
    place = queries.places_of(wanted)[0]
    require(actor, Action.CLOSE_SPACES, Closing.of([place]))
    if _open_closure(place.resource_id) is not None:
        raise InvalidError({"resource": Problem.REUSED})
    done = service.close(actor, wanted, seen=seen, keeps=keeps)
    closure = _open_closure(place.resource_id)
    if closure is not None and closure.public_id != done.public_id:  # somebody was faster
        raise InvalidError({"resource": Problem.REUSED})
    if closure is not None:
        _say(place.resource_id, wanted.names[actor.language], closure.ends_at)
    return done


def put_off_plan(actor: Actor, public_id: str, expected_back: datetime) -> Plan:
    """Whom another expected end would hit: what stands in the time that it adds."""
    found = queries.closure(actor, public_id)
    places = queries.places_of_closure(found.id)
    require(actor, Action.CLOSE_SPACES, Closing.of(places))
    ends_at = _expected(expected_back, places)
    return _added(found.names, found.interval.ends_at, ends_at, places)


@transactional
def put_off(
    actor: Actor,
    public_id: str,
    expected_back: datetime,
    *,
    seen: str | None = None,
    keeps: bool = False,
) -> Done:
    """Expect it back at another time, later or sooner; what a later one hits is asked as when it
    was taken out. Raises NotFoundError for a closure of another kind."""
    closure = service.held(actor, public_id)
    if closure.kind is not ClosureKind.OUT_OF_ORDER:
        raise NotFoundError
    places = queries.places_of_closure(closure.id)
    require(actor, Action.CLOSE_SPACES, Closing.of(places))
    service.refuse_if_over(closure)
    before, ends_at = closure.ends_at, _expected(expected_back, places)
    service.lock_reservations(_added(closure.names, before, ends_at, places))
    occupancy.lock_resources(place.resource_id for place in places)
    found = _added(closure.names, before, ends_at, places)
    if found.hits and not keeps and seen != found.seen:
        raise WouldDisplaceError(is_stale=seen is not None)
    displaced = 0 if keeps else service.displace_hits(actor, closure, found.hits)
    service.end_at(closure, places, ends_at)
    for place in places:
        _expect(place.resource_id, ends_at)
    journal.write(
        actor,
        "put_off",
        subject_kind="closure",
        subject_id=public_id,
        before={"ends_at": before.isoformat(timespec="minutes")},
        after={"ends_at": ends_at.isoformat(timespec="minutes")},
    )
    return Done(public_id, displaced)


# --- for the worker ---


@transactional
def follow_next() -> bool:
    """Let one closure follow a state that was changed by a form or a file; False when there is
    none. Whatever is reserved stays. Called by the worker until it says so."""
    try:
        return _close_next() or _open_next() or _move_next()
    except WouldDisplaceError as error:  # booked just now: look again
        raise OutpacedError from error


def _close_next() -> bool:
    now = clock.now()
    closed = _open_closures().with_only_columns(ClosureResource.resource_id)
    row = (
        session()
        .execute(
            select(Resource.id, Resource.out_of_order_reason, Resource.expected_back_at)
            .where(
                Resource.state == ResourceState.OUT_OF_ORDER,
                Resource.retired_at.is_(None),
                or_(Resource.expected_back_at.is_(None), Resource.expected_back_at > now),
                Resource.id.not_in(closed),
            )
            .order_by(Resource.id)
            .limit(1)
        )
        .first()
    )
    if row is None:
        return False
    key, reason, back = row
    occupancy.lock_resources([key])
    places = tuple(facts.places(Resource.id == key))
    if not places or _open_closure(key) is not None:
        return False  # somebody else was faster
    latest = step_of(now) + UNTIL_FURTHER_NOTICE
    wanted = Wanted(
        ClosureKind.OUT_OF_ORDER,
        {"fr": reason or ""},
        step_of(now),
        latest if back is None else min(back, latest),
        resources=(places[0].spot.public_id,),
    )
    service.close_around(wanted, places)
    return True


def _open_next() -> bool:
    closure = session().scalar(
        _open_closures().where(Resource.state == ResourceState.IN_ORDER).limit(1)
    )
    if closure is None:
        return False
    service.open_again(closure, queries.places_of_closure(closure.id))
    return True


def _move_next() -> bool:
    latest = clock.now() + UNTIL_FURTHER_NOTICE - timedelta(days=1)
    differs = and_(
        Resource.state == ResourceState.OUT_OF_ORDER,
        Resource.expected_back_at != Closure.ends_at,
        Resource.expected_back_at > clock.now(),
        Resource.expected_back_at < latest,
    )
    row = (
        session()
        .execute(
            _open_closures()
            .with_only_columns(Closure, Resource.expected_back_at)
            .where(differs)
            .limit(1)
        )
        .first()
    )
    closure, ends_at = (None, None) if row is None else row
    if closure is None or ends_at is None:
        return False
    places = queries.places_of_closure(closure.id)
    occupancy.lock_resources(place.resource_id for place in places)
    service.end_at(closure, places, ends_at)
    return True


# --- what they share ---


def _open_closures() -> Select[Closure]:
    return (
        select(Closure)
        .join(ClosureResource, ClosureResource.closure_id == Closure.id)
        .join(Resource, Resource.id == ClosureResource.resource_id)
        .where(
            Closure.kind == ClosureKind.OUT_OF_ORDER,
            Closure.ended_at.is_(None),
            Closure.ends_at > clock.now(),
        )
        .order_by(Closure.id)
    )


def _open_closure(resource_id: int) -> Closure | None:
    return session().scalar(_open_closures().where(Resource.id == resource_id).limit(1))


def open_closure_of(resource_id: int) -> str | None:
    """The closure that keeps a space out of order, by its public id."""
    found = _open_closure(resource_id)
    return None if found is None else found.public_id


def _expected(expected_back: datetime, places: tuple[Place, ...]) -> datetime:
    zone = zones.zone(places[0].spot.zone_name)
    ends_at = instant("expected_back", expected_back, zone)
    now = step_of(clock.now())
    if not now < ends_at <= now + UNTIL_FURTHER_NOTICE:
        raise InvalidError({"expected_back": Problem.OUT_OF_RANGE})
    return ends_at


def _added(
    names: Mapping[str, str], before: datetime, ends_at: datetime, places: tuple[Place, ...]
) -> Plan:
    wanted = Wanted(ClosureKind.OUT_OF_ORDER, dict(names), before, ends_at)
    if ends_at <= before:
        return Plan(wanted, places, Interval(step_of(clock.now()), ends_at), ())
    added = Interval(before, ends_at)
    return Plan(wanted, places, added, queries.hits(places, added))


def _say(resource_id: int, reason: str, ends_at: datetime) -> None:
    values = {
        "state": ResourceState.OUT_OF_ORDER,
        "out_of_order_reason": reason,
        "expected_back_at": ends_at,
    }
    execute(update(Resource).where(Resource.id == resource_id).values(values))


def _expect(resource_id: int, ends_at: datetime) -> None:
    values = {"expected_back_at": ends_at}
    execute(update(Resource).where(Resource.id == resource_id).values(values))
