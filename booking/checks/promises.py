"""Whether the data keeps its promises: no overlap, no orphan, nothing that should long be sent.

Each promise is one statement, so the cost depends on the tables only. The promise of the claims is
asked of the rows themselves, not of the constraint that guards them, which is read back beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, func, not_, or_, select

from booking.core import clock
from booking.core.database import session
from booking.core.events import MOST_ATTEMPTS, Event
from booking.messages.models import Message
from booking.messages.queries import LATE_AFTER, WAITING
from booking.occupancy import guard
from booking.occupancy.guard import Guard
from booking.occupancy.models import ClaimKind, Closure, ClosureResource, Hold, occupancy
from booking.replacements.models import Replacement, ReplacementResource, ReplacementState
from booking.reservations import balances
from booking.reservations.models import (
    LIVE,
    Amendment,
    Asking,
    Attendance,
    Reservation,
    ReservationResource,
    State,
)
from booking.spaces.models import Resource, ResourcePart
from booking.waitlist.models import EntryState, Offer, OfferState, WaitlistEntry

MOST_EXAMPLES = 5


class Promise(StrEnum):
    """What must never be found."""

    OVERLAPS = "overlaps"
    DEAD_CLAIMS = "claims_of_nothing_live"
    MISSING_CLAIMS = "reservations_without_claim"
    WRONG_CLAIMS = "claims_elsewhere"
    WRONG_CLOSURES = "closures_elsewhere"
    DEAD_HOLDS = "holds_for_nothing"
    DEAD_CHANGES = "changes_of_nothing_live"
    EMPTY_OFFERS = "offers_without_place"
    EMPTY_REPLACEMENTS = "replacements_without_place"
    UNSENT = "unsent_messages"
    SET_ASIDE = "events_set_aside"


@dataclass(frozen=True)
class Finding:
    """How often a promise is broken, with the names of a few cases."""

    promise: Promise
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """All promises, and what the database itself holds against overlaps."""

    findings: tuple[Finding, ...]
    guard: Guard
    over_quota: tuple[str, ...] = ()  # no promise: limits are lowered, and reservations taken over

    @property
    def is_clean(self) -> bool:
        """Whether every promise is kept and the guard stands."""
        return self.guard.is_whole and not any(finding.count for finding in self.findings)


def verify() -> Report:
    """Look at everything; reads only."""
    statements: dict[Promise, Select[str]] = {
        Promise.OVERLAPS: _overlaps(),
        Promise.DEAD_CLAIMS: _dead_claims(),
        Promise.MISSING_CLAIMS: _missing_claims(),
        Promise.WRONG_CLAIMS: _wrong_claims(),
        Promise.WRONG_CLOSURES: _wrong_closures(),
        Promise.DEAD_HOLDS: _dead_holds(),
        Promise.DEAD_CHANGES: _dead_changes(),
        Promise.EMPTY_OFFERS: _empty_offers(),
        Promise.EMPTY_REPLACEMENTS: _empty_replacements(),
        Promise.UNSENT: _unsent(),
        Promise.SET_ASIDE: _set_aside(),
    }
    findings = tuple(_find(promise, found) for promise, found in statements.items())
    over = tuple(dict.fromkeys(one.of.name for one in balances.over()))
    return Report(findings, guard.read(), over)


def _find(promise: Promise, cases: Select[str]) -> Finding:
    """Count the cases and name the first ones; each statement selects one name a case."""
    counted = cases.add_columns(func.count().over()).limit(MOST_EXAMPLES)
    rows = session().execute(counted).all()
    names = tuple(dict.fromkeys(str(row[0]) for row in rows))
    return Finding(promise, int(rows[0][1]) if rows else 0, names)


def _overlaps() -> Select[str]:
    """In the order of starts, any overlap shows between two neighbours."""
    unit = (occupancy.c.resource_id, occupancy.c.unit)
    next_start = func.lead(occupancy.c.starts_at).over(
        partition_by=unit, order_by=occupancy.c.starts_at
    )
    claims = select(
        occupancy.c.resource_id, occupancy.c.ends_at, next_start.label("next_start")
    ).subquery()
    return (
        select(Resource.code)
        .join(claims, claims.c.resource_id == Resource.id)
        .where(claims.c.next_start < claims.c.ends_at)
        .order_by(Resource.code)
    )


_WAS_RELEASED = exists().where(
    Attendance.reservation_id == Reservation.id, Attendance.released_at.is_not(None)
)


def _dead_claims() -> Select[str]:
    """Claims whose owner is gone, is over before its time, or holds no place."""
    is_dead = or_(
        and_(
            occupancy.c.reservation_id.is_not(None),
            or_(
                Reservation.id.is_(None),
                Reservation.state.not_in(LIVE),
                not_(Reservation.holds_place),
                _WAS_RELEASED,
            ),
        ),
        and_(occupancy.c.closure_id.is_not(None), Closure.id.is_(None)),
        and_(occupancy.c.hold_id.is_not(None), Hold.id.is_(None)),
    )
    return (
        select(func.coalesce(Reservation.reference, Resource.code))
        .select_from(occupancy)
        .outerjoin(Resource, Resource.id == occupancy.c.resource_id)
        .outerjoin(Reservation, Reservation.id == occupancy.c.reservation_id)
        .outerjoin(Closure, Closure.id == occupancy.c.closure_id)
        .outerjoin(Hold, Hold.id == occupancy.c.hold_id)
        .where(is_dead)
    )


def _missing_claims() -> Select[str]:
    """Live reservations that hold a place, not yet over, that nothing keeps free for them."""
    has_claim = exists().where(
        occupancy.c.reservation_id == ReservationResource.reservation_id,
        occupancy.c.resource_id == ReservationResource.resource_id,
        occupancy.c.unit == ReservationResource.unit,
        occupancy.c.kind == ClaimKind.BOOKING.value,
    )
    has_part = exists().where(
        occupancy.c.reservation_id == ReservationResource.reservation_id,
        occupancy.c.resource_id == ResourcePart.part_id,
    )
    lacks_part = exists().where(
        ReservationResource.reservation_id == Reservation.id,
        ResourcePart.resource_id == ReservationResource.resource_id,
        ~has_part,
    )
    has_place = exists().where(ReservationResource.reservation_id == Reservation.id)
    lacks_claim = exists().where(ReservationResource.reservation_id == Reservation.id, ~has_claim)
    return select(Reservation.reference).where(
        Reservation.ends_at > clock.now(),
        or_(
            and_(Reservation.state == State.CONFIRMED, not_(_WAS_RELEASED)),
            and_(Reservation.state == State.PENDING, Reservation.holds_place),
        ),
        or_(lacks_claim, lacks_part, ~has_place),
    )


def _wrong_claims() -> Select[str]:
    """Claims at another time or place than their reservation, or of a pool at a place that there is
    no more, and of a kind that it has no use for.

    How long set-up and cleaning last is not compared: they are as the policy had them when the
    reservation was made or moved. That the one ends where the reservation begins, and the other
    begins where it ends, is.
    """
    is_its_place = exists().where(
        ReservationResource.reservation_id == occupancy.c.reservation_id,
        ReservationResource.resource_id == occupancy.c.resource_id,
        ReservationResource.unit == occupancy.c.unit,
    )
    is_its_part = exists().where(
        ReservationResource.reservation_id == occupancy.c.reservation_id,
        ResourcePart.resource_id == ReservationResource.resource_id,
        ResourcePart.part_id == occupancy.c.resource_id,
    )
    starts_at, ends_at, kind = occupancy.c.starts_at, occupancy.c.ends_at, occupancy.c.kind
    in_place = (
        and_(
            kind == ClaimKind.BOOKING.value,
            starts_at == Reservation.starts_at,
            ends_at == Reservation.ends_at,
        ),
        and_(kind == ClaimKind.SETUP.value, ends_at == Reservation.starts_at),
        and_(kind == ClaimKind.CLEANUP.value, starts_at == Reservation.ends_at),
    )
    around = (
        kind == ClaimKind.LINKED.value,
        starts_at <= Reservation.starts_at,
        ends_at >= Reservation.ends_at,
    )
    exists_no_more = exists().where(
        Resource.id == occupancy.c.resource_id,
        Resource.units < occupancy.c.unit,
        Reservation.ends_at > clock.now(),
    )
    return (
        select(Reservation.reference)
        .join(occupancy, occupancy.c.reservation_id == Reservation.id)
        .where(
            Reservation.state.in_(LIVE),
            or_(
                not_(or_(and_(is_its_place, or_(*in_place)), and_(is_its_part, *around))),
                exists_no_more,
            ),
        )
    )


def _wrong_closures() -> Select[str]:
    """Claims of closures at another time or place than theirs, or after they were ended."""
    is_its_place = exists().where(
        ClosureResource.closure_id == occupancy.c.closure_id,
        ClosureResource.resource_id == occupancy.c.resource_id,
    )
    return (
        select(Resource.code)
        .join(occupancy, occupancy.c.resource_id == Resource.id)
        .join(Closure, Closure.id == occupancy.c.closure_id)
        .where(
            or_(
                occupancy.c.starts_at < Closure.starts_at,
                occupancy.c.ends_at > func.coalesce(Closure.ended_at, Closure.ends_at),
                ~is_its_place,
            )
        )
        .order_by(Resource.code)
    )


def _dead_holds() -> Select[str]:
    """Places held for a change that no longer waits, for an offer or a replacement that is over."""
    of_change_or_displaced = or_(
        Reservation.id == Amendment.reservation_id, Reservation.id == Replacement.reservation_id
    )
    return (
        select(func.coalesce(Reservation.reference, Resource.code, _text(Hold.id)))
        .select_from(Hold)
        .outerjoin(Amendment, Amendment.id == Hold.amendment_id)
        .outerjoin(Replacement, Replacement.id == Hold.replacement_id)
        .outerjoin(Reservation, of_change_or_displaced)
        .outerjoin(Offer, Offer.id == Hold.offer_id)
        .outerjoin(Resource, Resource.id == Offer.resource_id)
        .where(
            or_(Amendment.id.is_(None), Amendment.state != Asking.WAITING),
            or_(Offer.id.is_(None), Offer.state != OfferState.OPEN),
            or_(Replacement.id.is_(None), Replacement.state != ReplacementState.OPEN),
        )
    )


def _empty_replacements() -> Select[str]:
    """Open replacements of which a place is not held at their time."""
    is_held = exists().where(
        Hold.replacement_id == Replacement.id,
        occupancy.c.hold_id == Hold.id,
        occupancy.c.resource_id == ReplacementResource.resource_id,
        occupancy.c.starts_at <= Replacement.starts_at,
    )
    its = ReplacementResource.replacement_id == Replacement.id
    lacks_one = exists().where(its, ~is_held)
    return (
        select(Reservation.reference)
        .join(Replacement, Replacement.reservation_id == Reservation.id)
        .where(Replacement.state == ReplacementState.OPEN, or_(lacks_one, ~exists().where(its)))
        .order_by(Reservation.reference)
    )


def _empty_offers() -> Select[str]:
    """Entries that were offered something, where nothing is held for them any more."""
    is_held = exists().where(
        Offer.entry_id == WaitlistEntry.id,
        Offer.state == OfferState.OPEN,
        Hold.offer_id == Offer.id,
        occupancy.c.hold_id == Hold.id,
        occupancy.c.resource_id == Offer.resource_id,
        occupancy.c.starts_at <= WaitlistEntry.starts_at,
    )
    return (
        select(Resource.code)
        .join(WaitlistEntry, WaitlistEntry.resource_id == Resource.id)
        .where(WaitlistEntry.state == EntryState.OFFERED, ~is_held)
        .order_by(Resource.code)
    )


def _dead_changes() -> Select[str]:
    """Changes that wait for a decision on something that is no longer confirmed."""
    return (
        select(Reservation.reference)
        .join(Amendment, Amendment.reservation_id == Reservation.id)
        .where(Amendment.state == Asking.WAITING, Reservation.state != State.CONFIRMED)
    )


def _unsent() -> Select[str]:
    """Due more than five minutes ago and neither sent, kept, withdrawn nor refused."""
    return select(_text(Message.id)).where(
        Message.state.in_(WAITING), Message.due_at < clock.now() - LATE_AFTER
    )


def _set_aside() -> Select[str]:
    """Events that failed so often that no worker tries them any more."""
    return select(Event.subject).where(Event.handled_at.is_(None), Event.attempts >= MOST_ATTEMPTS)


def _text(column: Any) -> ColumnElement[str]:  # Any: what cast takes
    return cast(column, String)
