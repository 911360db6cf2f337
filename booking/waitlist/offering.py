"""What the tick does for whoever waits: end what is over, offer what has become free.

Nobody else makes offers: whatever frees time, from a cancellation to other opening hours, is seen
here within a tick, and no other verb has to know that somebody waits.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from sqlalchemy import insert

from booking.core import clock, events, ids, zones
from booking.core.database import end_reading, session, transactional
from booking.core.errors import BookingError, RefusedError
from booking.core.events import EventKind
from booking.core.permissions import Actor
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Owner
from booking.occupancy.models import Hold
from booking.people.models import Person, PersonState
from booking.people.sign_in import load_actor
from booking.policies import facts
from booking.policies.facts import Place
from booking.reservations import alternatives
from booking.spaces.models import Resource
from booking.waitlist import queries, rules, service
from booking.waitlist.models import EntryState, Offer, OfferState, WaitlistEntry
from booking.waitlist.queries import Entry
from booking.waitlist.rules import Standing

SECONDS_OF_OFFERING = 5.0  # a tick; who comes later is served by the next


def serve() -> int:
    """End what is over and offer what is free; how much was done. Any number of workers may call:
    each entry is its own transaction, and what one has done the others no longer find."""
    found = queries.standing()
    end_reading()
    done = sum(_end(one.id) for one in found if _is_due(one))
    if any(one.state is EntryState.WAITING for one in found) or done:
        done += _offer_what_is_free()
    return done


def _is_due(one: Standing) -> bool:
    return rules.ending(one, clock.now()) is not None or one.tzdata != zones.version()


@transactional
def _end(entry_id: int) -> int:
    """End one entry, or follow the law, if that is still so; 1 where it was done here."""
    entry = service.lock(queries.entry_by_id(entry_id))
    still_open = queries.standing(WaitlistEntry.id == entry_id)
    if not still_open:
        return 0
    state = rules.ending(still_open[0], clock.now())
    if state is not None:
        service.close(None, entry, state)
        return 1
    if entry.tzdata == zones.version():
        return 0
    _follow_the_law(entry)
    return 1


def _follow_the_law(entry: Entry) -> None:
    try:
        service.reproject(entry, entry.local.project())
    except ValueError:  # the clocks jump over it now
        service.close(None, entry, EntryState.ENDED)


# --- offers ---


def _offer_what_is_free() -> int:
    """Go along the line: who came first is asked for first, and whoever cannot have it now by the
    rules stays in line and is passed over."""
    ends = time.monotonic() + SECONDS_OF_OFFERING
    pairs = queries.perhaps_free()
    end_reading()
    offered: set[int] = set()
    for entry_id, resource_id in pairs:
        if time.monotonic() > ends:
            break
        if entry_id not in offered and _try(entry_id, resource_id):
            offered.add(entry_id)
    return len(offered)


def _try(entry_id: int, resource_id: int) -> bool:
    entry = queries.entry_by_id(entry_id)
    found = facts.places(Resource.id == resource_id, Resource.retired_at.is_(None))
    can_have = bool(found) and _can_have(entry, found[0])
    end_reading()
    if not can_have:
        return False
    try:
        return _offer(entry, found[0])
    except RefusedError:  # somebody else was faster
        return False


def _can_have(entry: Entry, place: Place) -> bool:
    """Whether the rules would let whoever waits book it now."""
    person = session().get(Person, entry.person_id, populate_existing=True)
    if person is None or person.state is not PersonState.ACTIVE:
        return False
    actor = load_actor(person)
    if not _belongs(actor, entry):
        return False
    try:
        return alternatives.verdict(actor, entry.wish(place)).allowed
    except BookingError:
        return False


def _belongs(actor: Actor, entry: Entry) -> bool:
    return entry.organisation_id is None or entry.organisation_id in actor.organisation_ids


@transactional
def _offer(seen: Entry, place: Place) -> bool:
    """Hold the place and say so, unless the entry has been served meanwhile. Raises RefusedError
    when the place has been taken meanwhile."""
    service.lock_places(seen, place)
    entry = service.lock(seen)
    until = _held_until(entry, place)
    if entry.state is not EntryState.WAITING or until is None:
        return False
    public_id = ids.new_public_id()
    offer_id = session().scalar(
        insert(Offer)
        .values(
            public_id=public_id,
            entry_id=entry.id,
            resource_id=place.resource_id,
            state=OfferState.OPEN,
            made_at=clock.now(),
            expires_at=until,
        )
        .returning(Offer.id)
    )
    hold_id = session().scalar(
        insert(Hold).values(offer_id=offer_id, expires_at=until).returning(Hold.id)
    )
    occupancy.claim(Owner(hold_id=hold_id), service.claims_for(entry, place))
    service.mark_offered(entry, place)
    events.record(EventKind.OFFERED, public_id, version=1, actor_id=None)
    return True


def _held_until(entry: Entry, place: Place) -> datetime | None:
    notice = timedelta(minutes=place.limits.notice)
    latest = min(entry.waits_until, entry.interval.starts_at - notice)
    return rules.held_until(clock.now(), latest, entry.local.zone)
