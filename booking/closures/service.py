"""Closing spaces and opening them again. Each verb is one transaction that does everything or
raises and leaves all as it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, or_, select, update

from booking.closures import queries
from booking.closures.queries import Closing, Hit, Plan
from booking.closures.rules import Wanted, step_of
from booking.core import clock, events, ids
from booking.core.database import OutpacedError, execute, session, transactional
from booking.core.errors import BookingError, NotFoundError, RefusedError
from booking.core.events import EventKind
from booking.core.intervals import Interval, gaps
from booking.core.permissions import Action, Actor, allows, require
from booking.core.refusals import NotChangeable, Obstacle, Reason, Refusal
from booking.core.texts import checked_names
from booking.journal import service as journal
from booking.occupancy import queries as occupancy_queries
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Claim, Owner
from booking.occupancy.models import ClaimKind, Closure, ClosureKind, ClosureResource, Hold
from booking.occupancy.queries import Busy
from booking.policies.facts import Place
from booking.replacements import service as replacements
from booking.reservations import service as reservations
from booking.reservations.claims import bump_places
from booking.reservations.models import (
    LIVE,
    Amendment,
    DeclineReason,
    Displacement,
    HouseReason,
    Reservation,
    Spared,
)
from booking.spaces.models import Holiday, HolidayState, Resource, ResourceState
from booking.waitlist import service as waitlist


@dataclass
class WouldDisplaceError(BookingError):
    """Reservations stand in the way, and cancelling these was not confirmed.

    `is_stale`: it was, but of others than stand there now.
    """

    is_stale: bool
    code = "reservations_hit"


@dataclass(frozen=True)
class Done:
    """What was done."""

    public_id: str
    displaced: int


@transactional
def close(
    actor: Actor,
    wanted: Wanted,
    *,
    seen: str | None = None,
    keeps: bool = False,
    instead_of: Collection[int] = (),
) -> Done:
    """Close these spaces for this time.

    While anybody is hit it is refused with WouldDisplaceError, unless `seen` is the mark of exactly
    these: then they are cancelled, and a change whose place is held there is declined. With `keeps`
    whatever is reserved stays, and the closure takes the time around it, and what is given back
    later. Time that another closure claims stays with that one. Raises as `queries.plan` does.

    `instead_of` are resources that the caller opens in the same transaction: locked with the rest.
    """
    names = checked_names("names", wanted.names)
    found = _locked_plan(actor, wanted, instead_of)
    if found.hits and not keeps and seen != found.seen:
        raise WouldDisplaceError(is_stale=seen is not None)
    return _close(actor, found, names, keeps=keeps)


def close_around(wanted: Wanted, places: tuple[Place, ...]) -> Done:
    """Close these spaces around whatever is reserved there, for the house; part of the caller's
    transaction."""
    occupancy.lock_resources(place.resource_id for place in places)
    return _close(None, queries.plan_of(wanted, places), wanted.names, keeps=True)


@transactional
def displace(actor: Actor, public_id: str, *, seen: str) -> Done:
    """Cancel what a closure has left standing, if it is still exactly what was seen; raises
    WouldDisplaceError otherwise, RefusedError for a closure that is over."""
    closure = held(actor, public_id)
    places = queries.places_of_closure(closure.id)
    require(actor, Action.CLOSE_SPACES, Closing.of(places))
    refuse_if_over(closure)
    first = _rest(closure, places)
    lock_reservations(first)
    occupancy.lock_resources(place.resource_id for place in places)
    found = _rest(closure, places)
    if seen != found.seen:
        raise WouldDisplaceError(is_stale=True)
    displaced = displace_hits(actor, closure, found.hits)
    _spare(closure, ())
    _take_back(places, found.interval)
    _take(closure, places, found.interval)
    journal.write(
        actor,
        "displaced",
        subject_kind="closure",
        subject_id=public_id,
        after={"resource": _codes(places), "displaced": displaced},
    )
    bump_places(places)
    return Done(public_id, displaced)


@transactional
def take_next_given_back() -> bool:
    """Let one closure take what was given back or moved inside it since it last looked; False when
    there is none. Called by the worker until it says so."""
    changed = or_(Reservation.version != Spared.version, Reservation.state.not_in(LIVE))
    closure = session().scalar(
        select(Closure)
        .join(Spared, Spared.closure_id == Closure.id)
        .join(Reservation, Reservation.id == Spared.reservation_id)
        .where(Closure.ended_at.is_(None), Closure.ends_at > clock.now(), changed)
        .order_by(Closure.id)
        .limit(1)
    )
    if closure is None:
        return False
    places = queries.places_of_closure(closure.id)
    occupancy.lock_resources(place.resource_id for place in places)
    try:
        take_around(closure, places)
    except WouldDisplaceError as error:  # booked just now: look again
        raise OutpacedError from error
    bump_places(places)
    return True


def take_around(closure: Closure, places: tuple[Place, ...]) -> None:
    """Take the rest of its time at these places around what stands there, and what is only offered
    there; the caller holds their locks."""
    found = _rest(closure, places)
    if {place.resource_id for place in places} == _resources_of(closure):
        _spare(closure, found.hits)
    else:
        _spare_also(closure, found.hits)
    _take_back(places, found.interval)
    _take(closure, places, found.interval)


def _close(actor: Actor | None, found: Plan, names: dict[str, str], *, keeps: bool) -> Done:
    wanted = found.wanted
    closure = _insert(actor, found, names)
    if keeps or actor is None:
        displaced = 0
        _spare(closure, found.hits)
    else:
        displaced = displace_hits(actor, closure, found.hits)
    _take_back(found.places, found.interval)
    _take(closure, found.places, found.interval)
    journal.write(
        actor,
        "closed",
        subject_kind="closure",
        subject_id=closure.public_id,
        after={
            "resource": _codes(found.places),
            "spaces": len(found.places),
            "closure_kind": wanted.kind.value,
            "starts_at": _written(found.interval.starts_at),
            "ends_at": _written(found.interval.ends_at),
            "displaced": displaced,
            **({"kept": len(found.hits)} if found.hits and keeps else {}),
        },
    )
    bump_places(found.places)
    return Done(closure.public_id, displaced)


@transactional
def end(actor: Actor, public_id: str) -> None:
    """Open again what is closed, or what would be: from now on the rest is free, or goes to another
    closure that wants it. Raises RefusedError for one that is over."""
    closure = held(actor, public_id)
    places = queries.places_of_closure(closure.id)
    require(actor, Action.CLOSE_SPACES, Closing.of(places))
    refuse_if_over(closure)
    if closure.holiday_id is not None:  # or it would be closed again
        require(actor, Action.OPERATE)
        _leave_out(closure.holiday_id)
    if closure.kind is ClosureKind.OUT_OF_ORDER:
        put_in_order(place.resource_id for place in places)
    open_again(closure, places)
    journal.write(actor, "reopened", subject_kind="closure", subject_id=public_id)


def open_again(closure: Closure, places: Sequence[Place]) -> None:
    """Give back what a closure still has, from now on; part of the caller's transaction."""
    now = clock.now()
    closure.ended_at = now
    session().flush()
    occupancy.lock_resources(place.resource_id for place in places)
    occupancy.cut(Owner(closure_id=closure.id), step_of(now))
    rest = Interval(max(closure.starts_at, step_of(now)), closure.ends_at)
    _hand_on(places, rest)
    bump_places(places)


def end_at(closure: Closure, places: tuple[Place, ...], ends_at: datetime) -> None:
    """Give it another end: take the time that this adds, around what stands there, or give back
    what it leaves; the caller holds the locks."""
    before = closure.ends_at
    closure.ends_at = ends_at
    session().flush()
    if ends_at < before:
        occupancy.cut(Owner(closure_id=closure.id), ends_at)
        _hand_on(places, Interval(ends_at, before))
    else:
        take_around(closure, places)
    bump_places(places)


def let_go(closure: Closure, places: Sequence[Place]) -> None:
    """These places are no longer closed by it; the caller holds their locks."""
    keys = [place.resource_id for place in places]
    its = (ClosureResource.closure_id == closure.id, ClosureResource.resource_id.in_(keys))
    execute(delete(ClosureResource).where(*its))
    occupancy.release_at(Owner(closure_id=closure.id), keys)
    rest = Interval(max(closure.starts_at, step_of(clock.now())), closure.ends_at)
    _hand_on(places, rest)
    bump_places(places)


def take_in(closure: Closure, places: tuple[Place, ...]) -> None:
    """These places are closed by it, too, around what stands there; the caller holds their
    locks."""
    _insert_places(closure, places)
    take_around(closure, places)
    bump_places(places)


def held(actor: Actor, public_id: str) -> Closure:
    closure = session().scalar(
        select(Closure)
        .where(Closure.public_id == public_id, queries.visible_to(actor))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if closure is None:
        raise NotFoundError
    return closure


def refuse_if_over(closure: Closure) -> None:
    if closure.ended_at is not None or closure.ends_at <= clock.now():
        raise RefusedError((Refusal(Reason.NOT_CHANGEABLE, NotChangeable(Obstacle.ENDED)),))


def put_in_order(resource_ids: Iterable[int]) -> None:
    """These work again: what lists and rules read of them follows the closure."""
    values = {
        "state": ResourceState.IN_ORDER,
        "out_of_order_reason": None,
        "expected_back_at": None,
    }
    of_these = Resource.id.in_(list(resource_ids))
    session().execute(update(Resource).where(of_these).values(values))


def _leave_out(holiday_id: int) -> None:
    values = {"state": HolidayState.LEFT_OUT}
    session().execute(update(Holiday).where(Holiday.id == holiday_id).values(values))


# --- who is hit ---


def _locked_plan(actor: Actor, wanted: Wanted, also: Collection[int] = ()) -> Plan:
    """The plan with every reservation it hits held, then every resource, in the order in which the
    verbs of reservations lock. What is booked at this very moment the claims refuse."""
    first = queries.plan(actor, wanted)
    lock_reservations(first)
    occupancy.lock_resources([*(place.resource_id for place in first.places), *also])
    return queries.plan(actor, wanted)


def lock_reservations(found: Plan) -> None:
    if found.hits:
        hit = [one.details.id for one in found.hits]
        of_these = select(Reservation.id).where(Reservation.id.in_(hit))
        session().execute(of_these.order_by(Reservation.id).with_for_update()).all()


def _rest(closure: Closure, places: tuple[Place, ...]) -> Plan:
    return queries.rest_of(closure.kind, closure.names, closure.interval, places)


def _resources_of(closure: Closure) -> set[int]:
    its = select(ClosureResource.resource_id).where(ClosureResource.closure_id == closure.id)
    return set(session().scalars(its))


def _spare(closure: Closure, hits: Collection[Hit]) -> None:
    """These stay, and no others."""
    kept = [one.details.id for one in hits]
    of_this = Spared.closure_id == closure.id
    execute(delete(Spared).where(of_this, Spared.reservation_id.not_in(kept)))
    rows = session().execute(select(Spared.reservation_id, Spared.version).where(of_this))
    known: dict[int, int] = dict(rows.all())
    for one in hits:
        key, version = one.details.id, one.details.version
        if known.get(key, version) != version:
            its = Spared.reservation_id == key
            execute(update(Spared).where(of_this, its).values(version=version))
    _spare_also(closure, hits)


def _spare_also(closure: Closure, hits: Collection[Hit]) -> None:
    """These stay, too; whoever is concerned is told once. Of a change that only waits they hear
    when it is decided."""
    of_this = select(Spared.reservation_id).where(Spared.closure_id == closure.id)
    known = set(session().scalars(of_this))
    more = [one for one in hits if one.details.id not in known]
    if not more:
        return
    told = _next_version(closure)
    rows = [
        {
            "closure_id": closure.id,
            "reservation_id": one.details.id,
            "version": one.details.version,
            "told": None if one.is_change else told,
        }
        for one in more
    ]
    execute(insert(Spared.__table__), rows)
    if not all(one.is_change for one in more):
        events.record(EventKind.DISPLACED, closure.public_id, version=told)


def displace_hits(actor: Actor, closure: Closure, hits: Collection[Hit]) -> int:
    """Cancel what is in the way; everybody concerned is told once, as soon as the worker holds
    something else for each (`replacements.holding`)."""
    for hit in hits:
        if hit.is_change:
            _decline_change(actor, hit)
    gone = [hit.details for hit in hits if not hit.is_change]
    if not gone:
        return 0
    version = _next_version(closure)
    rows = [
        {"closure_id": closure.id, "reservation_id": one.id, "version": version} for one in gone
    ]
    execute(insert(Displacement.__table__), rows)
    for one in gone:
        reservations.close_because(actor, one, HouseReason.PLACE_CLOSED)
    return len(gone)


def _decline_change(actor: Actor, hit: Hit) -> None:
    """A change that waits for the time that closes is declined, or taken back by who asked for it;
    whoever may do neither is refused by the claim that holds its place."""
    one = hit.details
    if allows(actor, Action.DECIDE, one):
        reservations.decline(
            actor,
            one.public_id,
            seen_version=one.version,
            code=DeclineReason.MAINTENANCE_EXPECTED,
        )
    elif allows(actor, Action.CHANGE, one):
        reservations.withdraw_change(actor, one.public_id)


def _next_version(closure: Closure) -> int:
    last = select(func.max(Displacement.version)).where(Displacement.closure_id == closure.id)
    told = select(func.max(Spared.told)).where(Spared.closure_id == closure.id)
    return max(session().scalar(one) or 0 for one in (last, told)) + 1


# --- what is claimed ---


def _insert(actor: Actor | None, found: Plan, names: dict[str, str]) -> Closure:
    closure = Closure(
        public_id=ids.new_public_id(),
        kind=found.wanted.kind,
        names=names,
        starts_at=found.interval.starts_at,
        ends_at=found.interval.ends_at,
        made_by_id=None if actor is None else actor.person_id,
        created_at=clock.now(),
        holiday_id=found.wanted.holiday,
    )
    session().add(closure)
    session().flush()
    _insert_places(closure, found.places)
    return closure


def _insert_places(closure: Closure, places: Sequence[Place]) -> None:
    rows = [{"closure_id": closure.id, "resource_id": place.resource_id} for place in places]
    execute(insert(ClosureResource.__table__), rows)


def _take_back(places: Collection[Place], interval: Interval) -> None:
    """What is held there for whoever waits, or was displaced by another closure."""
    waitlist.take_back_offers(places, interval)
    replacements.take_back(places, interval)


def _take(closure: Closure, places: Sequence[Place], interval: Interval) -> None:
    """Claim this time wherever no other closure, nor what stays of reservations, has it. Anything
    else in the way was booked since it was looked at: refused."""
    claims = list(_claims(closure, places, interval))
    if not claims:
        return
    try:
        occupancy.claim(Owner(closure_id=closure.id), claims)
    except RefusedError as refused:
        raise WouldDisplaceError(is_stale=True) from refused


def _claims(closure: Closure, places: Sequence[Place], interval: Interval) -> Iterable[Claim]:
    busy: dict[tuple[int, int], list[Interval]] = {}
    resource_ids = [place.resource_id for place in places]
    standing = occupancy_queries.busy_times(resource_ids, interval, queries.units_of(places))
    stays = _over(standing) | _spared(closure)
    held = _held_for(closure) if any(one.hold_id is not None for one in standing) else set()
    for one in standing:
        if one.closure_id is not None or one.reservation_id in stays or one.hold_id in held:
            busy.setdefault((one.resource_id, one.unit), []).append(one.interval)
    for place in places:
        spot = place.spot
        for unit in range(1, spot.units + 1):
            for gap in gaps(interval, busy.get((place.resource_id, unit), ())):
                yield Claim(
                    place.resource_id, gap, spot.code, spot.zone_name, unit, ClaimKind.CLOSURE
                )


def _over(standing: Iterable[Busy]) -> set[int]:
    """The reservations among these that are over: what is left of them, as cleaning, stays."""
    owners = {one.reservation_id for one in standing if one.reservation_id is not None}
    is_over = (Reservation.id.in_(owners), Reservation.ends_at <= clock.now())
    return set(session().scalars(select(Reservation.id).where(*is_over))) if owners else set()


def _spared(closure: Closure) -> set[int]:
    of_this = select(Spared.reservation_id).where(Spared.closure_id == closure.id)
    return set(session().scalars(of_this))


def _held_for(closure: Closure) -> set[int]:
    """What is held for changes of the reservations that stay."""
    return set(
        session().scalars(
            select(Hold.id)
            .join(Amendment, Amendment.id == Hold.amendment_id)
            .join(Spared, Spared.reservation_id == Amendment.reservation_id)
            .where(Spared.closure_id == closure.id)
        )
    )


def _hand_on(places: Sequence[Place], freed: Interval) -> None:
    """What one closure gives back goes to the others that close the same space at that time, the
    oldest first."""
    by_id = {place.resource_id: place for place in places}
    rows = session().execute(
        select(Closure, ClosureResource.resource_id)
        .join(ClosureResource, ClosureResource.closure_id == Closure.id)
        .where(
            ClosureResource.resource_id.in_(by_id),
            Closure.ended_at.is_(None),
            Closure.starts_at < freed.ends_at,
            Closure.ends_at > freed.starts_at,
        )
        .order_by(Closure.id, ClosureResource.resource_id)
    )
    for other, resource_id in rows.all():
        common = Interval(max(other.starts_at, freed.starts_at), min(other.ends_at, freed.ends_at))
        _take(other, [by_id[resource_id]], common)


def _codes(places: Sequence[Place]) -> str:
    """The first of them: a line of the journal is no list of a whole building."""
    return ", ".join(place.spot.code for place in places[: queries.CODES_SHOWN])


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
