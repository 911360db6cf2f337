"""Closing spaces and opening them again. Each verb is one transaction that does everything or
raises and leaves all as it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from booking.closures import queries
from booking.closures.queries import Closing, Hit, Plan
from booking.closures.rules import Wanted, step_of
from booking.core import clock, events, ids
from booking.core.database import execute, session, transactional
from booking.core.errors import BookingError, NotFoundError, RefusedError
from booking.core.events import EventKind
from booking.core.intervals import Interval, gaps
from booking.core.permissions import Action, Actor, allows, require
from booking.core.refusals import NotChangeable, Obstacle, Reason, Refusal
from booking.core.texts import checked_names
from booking.journal import service as journal
from booking.occupancy import queries as occupancy_queries
from booking.occupancy import service as occupancy
from booking.occupancy.models import ClaimKind, Closure, ClosureResource
from booking.occupancy.queries import Busy
from booking.occupancy.service import Claim, Owner
from booking.policies.facts import Place
from booking.reservations import service as reservations
from booking.reservations.claims import bump_places
from booking.reservations.models import DeclineReason, Displacement, HouseReason, Reservation
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
def close(actor: Actor, wanted: Wanted, *, seen: str | None = None) -> Done:
    """Close these spaces for this time.

    While anybody is hit it is refused with WouldDisplaceError, unless `seen` is the mark of exactly
    these: then they are cancelled, and a change whose place is held there is declined. Time that
    another closure claims stays with that one. Raises as `queries.plan` does.
    """
    names = checked_names("names", wanted.names)
    found = _locked_plan(actor, wanted)
    if found.hits and seen != found.seen:
        raise WouldDisplaceError(is_stale=seen is not None)
    closure = _insert(actor, found, names)
    displaced = _displace(actor, closure, found.hits)
    waitlist.take_back_offers({place.resource_id for place in found.places}, found.interval)
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
        },
    )
    bump_places(found.places)
    return Done(closure.public_id, displaced)


@transactional
def end(actor: Actor, public_id: str) -> None:
    """Open again what is closed, or what would be: from now on the rest is free, or goes to another
    closure that wants it. Raises RefusedError for one that is over."""
    closure = session().scalar(
        select(Closure)
        .where(Closure.public_id == public_id, queries.visible_to(actor))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if closure is None:
        raise NotFoundError
    places = queries.places_of_closure(closure.id)
    require(actor, Action.CLOSE_SPACES, Closing.of(places))
    now = clock.now()
    if closure.ended_at is not None or closure.ends_at <= now:
        raise RefusedError((Refusal(Reason.NOT_CHANGEABLE, NotChangeable(Obstacle.ENDED)),))
    closure.ended_at = now
    session().flush()
    occupancy.lock_resources(place.resource_id for place in places)
    occupancy.cut(Owner(closure_id=closure.id), step_of(now))
    rest = Interval(max(closure.starts_at, step_of(now)), closure.ends_at)
    _hand_on(places, rest)
    journal.write(actor, "reopened", subject_kind="closure", subject_id=public_id)
    bump_places(places)


# --- who is hit ---


def _locked_plan(actor: Actor, wanted: Wanted) -> Plan:
    """The plan with every reservation it hits held, then every resource, in the order in which the
    verbs of reservations lock. What is booked at this very moment the claims refuse."""
    first = queries.plan(actor, wanted)
    if first.hits:
        hit = [one.details.id for one in first.hits]
        of_these = select(Reservation.id).where(Reservation.id.in_(hit))
        session().execute(of_these.order_by(Reservation.id).with_for_update()).all()
    occupancy.lock_resources(place.resource_id for place in first.places)
    return queries.plan(actor, wanted)


def _displace(actor: Actor, closure: Closure, hits: Collection[Hit]) -> int:
    """Cancel what is in the way; everybody concerned is told once, from one event."""
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
    events.record(EventKind.DISPLACED, closure.public_id, version=version, actor_id=actor.person_id)
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
    return (session().scalar(last) or 0) + 1


# --- what is claimed ---


def _insert(actor: Actor, found: Plan, names: dict[str, str]) -> Closure:
    closure = Closure(
        public_id=ids.new_public_id(),
        kind=found.wanted.kind,
        names=names,
        starts_at=found.interval.starts_at,
        ends_at=found.interval.ends_at,
        made_by_id=actor.person_id,
        created_at=clock.now(),
    )
    session().add(closure)
    session().flush()
    execute(
        insert(ClosureResource.__table__),
        [{"closure_id": closure.id, "resource_id": place.resource_id} for place in found.places],
    )
    return closure


def _take(closure: Closure, places: Sequence[Place], interval: Interval) -> None:
    """Claim this time wherever no other closure, nor what is left of a reservation that is over,
    has it. Anything else in the way was booked since it was looked at: refused."""
    claims = list(_claims(places, interval))
    if not claims:
        return
    try:
        occupancy.claim(Owner(closure_id=closure.id), claims)
    except RefusedError as refused:
        raise WouldDisplaceError(is_stale=True) from refused


def _claims(places: Sequence[Place], interval: Interval) -> Iterable[Claim]:
    busy: dict[tuple[int, int], list[Interval]] = {}
    resource_ids = [place.resource_id for place in places]
    standing = occupancy_queries.busy_times(resource_ids, interval, queries.units_of(places))
    over = _over(standing)
    for one in standing:
        if one.closure_id is not None or one.reservation_id in over:
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
