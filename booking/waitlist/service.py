"""The verbs of whoever waits: get in line, take or leave what is offered, leave the line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from booking.core import clock, ids, zones
from booking.core.database import session, transactional
from booking.core.errors import InvalidError, Problem, RefusedError
from booking.core.instants import Interval
from booking.core.permissions import Action, Actor, require
from booking.core.refusals import NotChangeable, Obstacle, Reason, Refusal, TooManyWaitedFor
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Claim, Owner
from booking.occupancy.models import ClaimKind, Hold
from booking.occupancy.queries import claims_within
from booking.people.models import Person
from booking.policies.facts import Place
from booking.policies.quotas import Counted
from booking.reservations import alternatives, quotas
from booking.reservations import service as reservations
from booking.reservations.claims import bump_places, claims_of
from booking.reservations.models import Reservation
from booking.reservations.service import Outcome
from booking.reservations.wishes import (
    Wish,
    checked_headcount,
    checked_title,
    local_interval,
)
from booking.waitlist import queries, rules
from booking.waitlist.models import (
    EntryState,
    Offer,
    OfferState,
    WaitlistEntry,
    WaitlistPlace,
)
from booking.waitlist.queries import Entry, Offered


@transactional
def wait(actor: Actor, wish: Wish, *, any_like: bool = False, until: datetime | None = None) -> str:
    """Get in line for a taken time at one place, or at any like it; the entry's public id.

    Whoever waits for exactly this already keeps their place in line. Raises RefusedError for what
    can be booked, for what can never be had, and for too many entries; InvalidError as `book` does.
    """
    require(actor, Action.BOOK)
    wish = replace(wish, person_id=None)
    (place,) = places = reservations.places_of(wish.resources, most=1)
    local = local_interval(wish.starts_at, wish.ends_at, place.spot.zone_name)
    title, headcount = checked_title(wish.title), checked_headcount(wish.headcount)
    holder = reservations.holder_of(actor, wish, places)
    refusals = rules.why_not_wait(alternatives.verdict(actor, wish).refusals, place.spot.code)
    if refusals:
        raise RefusedError(tuple(refusals))
    _queue_behind_own(actor)
    known = queries.open_entry(actor, place, local.project())
    if known is not None:
        return known
    _refuse_too_many(actor, place)
    now, interval = clock.now(), local.project()
    entry = WaitlistEntry(
        public_id=ids.new_public_id(),
        person_id=actor.person_id,
        organisation_id=None
        if holder.organisation is None
        else holder.organisation.organisation_id,
        resource_id=place.resource_id,
        any_like=any_like,
        title=title,
        headcount=headcount,
        zone=local.zone_name,
        local_start=local.starts_at,
        local_end=local.ends_at,
        tzdata=zones.version(),
        starts_at=interval.starts_at,
        ends_at=interval.ends_at,
        waits_until=_checked_until(until, interval, place, now),
        state=EntryState.WAITING,
        created_at=now,
    )
    session().add(entry)
    session().flush()
    others = alternatives.alike(actor, wish) if any_like else []
    session().execute(
        insert(WaitlistPlace),
        [
            {"entry_id": entry.id, "resource_id": one.resource_id, "rank": rank}
            for rank, one in enumerate([place, *others])
        ],
    )
    _note(actor, "waited", queries.entry_by_id(entry.id))
    return entry.public_id


@transactional
def leave(actor: Actor, public_id: str) -> None:
    """Leave the line; what is offered goes to the next. What has ended stays as it is."""
    require(actor, Action.BOOK)
    entry = lock(queries.entry_of(actor, public_id))
    if entry.is_open:
        close(actor, entry, EntryState.WITHDRAWN)


@transactional
def accept(actor: Actor, public_id: str) -> Outcome:
    """Take what is offered: the reservation, or the request where the policy asks, by the rules of
    every booking. The place that was held becomes its own without being free in between.

    Raises RefusedError when the offer is over, and as `book` does.
    """
    require(actor, Action.BOOK)
    entry, offer = _with_open_offer(actor, public_id)
    _drop_hold(offer, OfferState.ACCEPTED)
    outcome = reservations.book(actor, entry.wish(offer.place))
    made = session().scalar(
        select(Reservation.id).where(Reservation.public_id == outcome.public_id)
    )
    _close_entry(entry, EntryState.TAKEN, made)
    _note(actor, "took_offer", entry)
    return outcome


@transactional
def decline(actor: Actor, public_id: str) -> None:
    """Leave what is offered to the next in line. Whoever waits for any such place stays in line
    for the others; this one is not offered to them again."""
    require(actor, Action.BOOK)
    entry, offer = _with_open_offer(actor, public_id)
    session().execute(
        delete(WaitlistPlace).where(
            WaitlistPlace.entry_id == entry.id,
            WaitlistPlace.resource_id == offer.place.resource_id,
        )
    )
    if entry.places > 1:
        _drop_hold(offer, OfferState.DECLINED)
        _write(entry, state=EntryState.WAITING)
        _note(actor, "left_offer", entry)
    else:
        close(actor, entry, EntryState.DECLINED)


def forget(entry_ids: Sequence[int]) -> int:
    """Take away what these closed entries were, and what they were offered. Part of the caller's
    transaction."""
    for model in (Offer, WaitlistPlace):
        session().execute(delete(model).where(model.entry_id.in_(entry_ids)))
    session().execute(delete(WaitlistEntry).where(WaitlistEntry.id.in_(entry_ids)))
    return len(entry_ids)


# --- what the tick shares: `offering` ---


def lock(seen: Entry) -> Entry:
    """The entry as it is now, held until the commit, and before it the places whose claims may be
    given up or taken: in that order everywhere."""
    if seen.offer is not None:
        lock_places(seen, seen.offer.place)
    session().execute(select(WaitlistEntry.id).where(WaitlistEntry.id == seen.id).with_for_update())
    return queries.entry_by_id(seen.id)


def lock_places(entry: Entry, place: Place) -> None:
    """Queue for everything that this place takes at that time."""
    occupancy.lock_resources(one.resource_id for one in claims_for(entry, place))


def claims_for(entry: Entry, place: Place) -> list[Claim]:
    """What is held for an entry: all that the reservation would take."""
    claims = claims_of((place,), entry.interval)
    return [replace(claim, kind=ClaimKind.HOLD) for claim in claims]


def close(actor: Actor | None, entry: Entry, state: EntryState) -> None:
    """End an open entry; what it was offered is free again. Part of the caller's transaction, who
    holds it."""
    if entry.offer is not None:
        _drop_hold(entry.offer, _OFFER_ENDS[state])
    made = queries.booked_instead(entry.id) if state is EntryState.BOOKED else None
    _close_entry(entry, state, made)
    _note(actor, _ACTS[state], entry)


def reproject(entry: Entry, interval: Interval) -> None:
    """The law has moved the time: wait for where it is now; what was held is elsewhere."""
    if entry.offer is not None:
        _drop_hold(entry.offer, OfferState.WITHDRAWN)
    later = interval.starts_at - entry.interval.starts_at
    _write(
        entry,
        state=EntryState.WAITING,
        tzdata=zones.version(),
        starts_at=interval.starts_at,
        ends_at=interval.ends_at,
        waits_until=entry.waits_until + later,
    )


def take_back_offers(places: Collection[Place], interval: Interval) -> None:
    """The house needs this time itself: whoever is offered some of it goes on waiting. Part of the
    caller's transaction, who holds these places."""
    most = max((place.spot.units for place in places), default=1)
    resource_ids = [place.resource_id for place in places]
    held = claims_within(resource_ids, interval, range(1, most + 1)).subquery("held")
    found = session().scalars(
        select(Offer.entry_id)
        .join(Hold, Hold.offer_id == Offer.id)
        .where(Hold.id.in_(select(held.c.hold_id)), Offer.state == OfferState.OPEN)
        .order_by(Offer.entry_id)
    )
    for entry_id in found.all():
        of_it = select(WaitlistEntry.id).where(WaitlistEntry.id == entry_id)
        session().execute(of_it.with_for_update())
        entry = queries.entry_by_id(entry_id)
        if entry.offer is not None:
            _drop_hold(entry.offer, OfferState.WITHDRAWN)
            _write(entry, state=EntryState.WAITING)
            _note(None, "offer_taken_back", entry)


def mark_offered(entry: Entry, place: Place) -> None:
    """The entry has an offer; so the journal says, and the grids show the place as held."""
    _write(entry, state=EntryState.OFFERED)
    _note(None, "offered", entry, place)
    bump_places([place])


_OFFER_ENDS = {
    EntryState.WITHDRAWN: OfferState.WITHDRAWN,
    EntryState.DECLINED: OfferState.DECLINED,
    EntryState.MISSED: OfferState.EXPIRED,
    EntryState.ENDED: OfferState.EXPIRED,
    EntryState.BOOKED: OfferState.WITHDRAWN,
}
_ACTS = {
    EntryState.WITHDRAWN: "stopped_waiting",
    EntryState.DECLINED: "left_offer",
    EntryState.MISSED: "missed_offer",
    EntryState.ENDED: "waited_in_vain",
    EntryState.BOOKED: "booked_instead_of_waiting",
}


def _with_open_offer(actor: Actor, public_id: str) -> tuple[Entry, Offered]:
    """The entry and its offer, held; raises RefusedError when it is over, whether or not the tick
    has come by."""
    seen = queries.entry_of(actor, public_id)
    if seen.offer is not None:
        counted = Counted(seen.person_id, seen.organisation_id)
        quotas.hold([seen.offer.place], [counted])
    _queue_behind_own(actor)  # before the places: whoever closes this account waits for both
    entry = lock(seen)
    offer = entry.offer
    is_seen = seen.offer is not None and offer is not None and seen.offer.id == offer.id
    if offer is None or not is_seen or offer.expires_at <= clock.now():
        facts = NotChangeable(Obstacle.OFFER_OVER)
        raise RefusedError((Refusal(Reason.NOT_CHANGEABLE, facts, entry.place.spot.code),))
    return entry, offer


def _queue_behind_own(actor: Actor) -> None:
    """One act of a person at a time: two at once would both be within the limit."""
    session().execute(
        select(Person.id).where(Person.id == actor.person_id).with_for_update(key_share=True)
    )


def _refuse_too_many(actor: Actor, place: Place) -> None:
    if queries.count_open(actor.person_id) >= rules.MOST_ENTRIES:
        facts = TooManyWaitedFor(rules.MOST_ENTRIES)
        raise RefusedError((Refusal(Reason.TOO_MANY_WAITED_FOR, facts, place.spot.code),))


def _checked_until(
    until: datetime | None, interval: Interval, place: Place, now: datetime
) -> datetime:
    """Until it begins, or as long as was wished; a time without an offset is local there."""
    if until is None:
        return interval.starts_at
    if until.tzinfo is None:
        until = zones.reached(until, zones.zone(place.spot.zone_name))
    if not now < until <= interval.starts_at:
        raise InvalidError({"until": Problem.OUT_OF_RANGE})
    return until


def _drop_hold(offer: Offered, state: OfferState) -> None:
    hold_id = session().scalar(select(Hold.id).where(Hold.offer_id == offer.id))
    if hold_id is not None:
        occupancy.release(Owner(hold_id=hold_id))
        session().execute(delete(Hold).where(Hold.id == hold_id))
    session().execute(
        update(Offer).where(Offer.id == offer.id).values(state=state, closed_at=clock.now())
    )
    bump_places([offer.place])


def _close_entry(entry: Entry, state: EntryState, reservation_id: int | None) -> None:
    _write(entry, state=state, closed_at=clock.now(), reservation_id=reservation_id)


def _write(entry: Entry, **values: object) -> None:
    session().execute(update(WaitlistEntry).where(WaitlistEntry.id == entry.id).values(**values))


def _note(actor: Actor | None, act: str, entry: Entry, place: Place | None = None) -> None:
    offered = place or (entry.offer.place if entry.offer else entry.place)
    local = entry.local
    after: JsonFacts = {
        "resource": offered.spot.code,
        "starts_at": local.starts_at.isoformat(timespec="minutes"),
        "ends_at": local.ends_at.isoformat(timespec="minutes"),
    }
    journal.write(actor, act, subject_kind="waitlist", subject_id=entry.public_id, after=after)
