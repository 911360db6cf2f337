"""The verbs of whoever was displaced: take one of what is held for them, or none of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete, insert, select, update

from booking.core import clock, ids, revisions, zones
from booking.core.database import savepoint, session, transactional
from booking.core.errors import InvalidError, Problem, RefusedError
from booking.core.instants import Interval
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor, require
from booking.core.refusals import NotChangeable, Obstacle, Reason, Refusal
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Claim, Owner
from booking.occupancy.models import ClaimKind, Hold
from booking.occupancy.queries import claims_within
from booking.people.models import Person
from booking.policies.facts import Place
from booking.replacements import queries, rules
from booking.replacements.models import (
    Replacement,
    ReplacementResource,
    ReplacementState,
)
from booking.replacements.queries import IS_OPEN, Held
from booking.reservations import queries as reservation_queries
from booking.reservations import quotas
from booking.reservations import service as reservations
from booking.reservations.alternatives import Alternative
from booking.reservations.claims import bump_places, claims_of, resource_ids_of
from booking.reservations.models import Reservation
from booking.reservations.queries import Details
from booking.reservations.service import Outcome


@transactional
def take(actor: Actor, public_id: str, replacement: str) -> Outcome:
    """Take one of what is held instead of this displaced reservation: a reservation for the same
    people and purpose, or the request where the policy asks, by the rules of every booking. What
    was held becomes its own without being free in between; the others are free.

    Raises RefusedError when it is no longer held, InvalidError for one that is none of them, and
    as `book` does.
    """
    require(actor, Action.BOOK)
    case = queries.case(actor, public_id)
    details = case.details
    require(actor, Action.CHANGE, details)
    seen = [one for one in case.replacements if one.state is ReplacementState.OPEN]
    quotas.hold([place for one in seen for place in one.places], [quotas.of(details)])
    _queue_behind(details)  # before the places: whoever closes this account waits for both
    held = lock(seen)
    chosen = next((one for one in held if one.public_id == replacement), None)
    if chosen is None and all(one.public_id != replacement for one in case.replacements):
        raise InvalidError({"replacement": Problem.NOT_FOUND})
    if chosen is None or not chosen.is_open(clock.now()):
        facts = NotChangeable(Obstacle.OFFER_OVER)
        raise RefusedError((Refusal(Reason.NOT_CHANGEABLE, facts, details.place.spot.code),))
    _drop_holds(held)
    outcome = reservations.book_instead(actor, details, chosen.places, chosen.local)
    made = session().scalar(
        select(Reservation.id).where(Reservation.public_id == outcome.public_id)
    )
    _close([chosen], ReplacementState.TAKEN, taken_as=made)
    _close([one for one in held if one is not chosen], ReplacementState.RELEASED)
    note(actor, "took_replacement", details, [chosen])
    return outcome


@transactional
def decline(actor: Actor, public_id: str) -> None:
    """Leave all that is held instead of this displaced reservation to others; what is not held any
    more stays as it is."""
    require(actor, Action.BOOK)
    case = queries.case(actor, public_id)
    require(actor, Action.CHANGE, case.details)
    held = lock([one for one in case.replacements if one.state is ReplacementState.OPEN])
    if held:
        drop(held, ReplacementState.DECLINED)
        note(actor, "left_replacements", case.details, held)


def forget(replacement_ids: Sequence[int]) -> int:
    """Take away what these closed replacements were. Part of the caller's transaction."""
    its = ReplacementResource.replacement_id.in_(replacement_ids)
    session().execute(delete(ReplacementResource).where(its))
    session().execute(delete(Replacement).where(Replacement.id.in_(replacement_ids)))
    return len(replacement_ids)


def take_back(places: Collection[Place], interval: Interval) -> None:
    """The house needs this time itself: what is held there for somebody is lost. Part of the
    caller's transaction, who holds these places."""
    most = max((place.spot.units for place in places), default=1)
    resource_ids = [place.resource_id for place in places]
    claims = claims_within(resource_ids, interval, range(1, most + 1)).subquery("held")
    found = session().scalars(
        select(Replacement.id)
        .join(Hold, Hold.replacement_id == Replacement.id)
        .where(Hold.id.in_(select(claims.c.hold_id)), IS_OPEN)
        .order_by(Replacement.id)
    )
    for one in _locked_rows(found.all()):
        drop([one], ReplacementState.LOST)
        note(None, "lost_replacement", details_of(one), [one])


# --- what the tick shares: `holding` ---


def hold(details: Details, found: Alternative, position: int) -> Held | None:
    """Hold this for the holder of a displaced reservation; None where no time is left to answer.
    Raises RefusedError where it has been taken. Part of the caller's transaction."""
    interval, now = found.local.project(), clock.now()
    notice = max(timedelta(minutes=place.limits.notice) for place in found.places)
    until = rules.held_until(now, interval.starts_at, notice)
    if until is None:
        return None
    with savepoint():
        values = {
            "public_id": ids.new_public_id(),
            "reservation_id": details.id,
            "position": position,
            "why": found.why,
            "state": ReplacementState.OPEN,
            "made_at": now,
            "expires_at": until,
            **_time_values(found.local, interval),
        }
        insertion = insert(Replacement).values(values).returning(Replacement.id)
        replacement_id = session().execute(insertion).scalar_one()
        session().execute(
            insert(ReplacementResource),
            [
                {"replacement_id": replacement_id, "resource_id": place.resource_id}
                for place in found.places
            ],
        )
        hold_id = session().scalar(
            insert(Hold).values(replacement_id=replacement_id, expires_at=until).returning(Hold.id)
        )
        occupancy.claim(Owner(hold_id=hold_id), claims_for(found.places, interval))
    bump_places(found.places)
    return queries.find(Replacement.id == replacement_id)[0]


def claims_for(places: Sequence[Place], interval: Interval) -> list[Claim]:
    """What is held: all that the reservation would take."""
    return [replace(claim, kind=ClaimKind.HOLD) for claim in claims_of(places, interval)]


def lock(seen: Sequence[Held]) -> list[Held]:
    """Those of them that are still open, as they are now, held until the commit, and before them
    the places whose claims may be given up or taken: in that order everywhere."""
    occupancy.lock_resources(resource_ids_of(place for one in seen for place in one.places))
    return _locked_rows([one.id for one in seen])


def drop(held: Sequence[Held], state: ReplacementState) -> None:
    """End these; their places are free again. Part of the caller's transaction, who holds them."""
    _drop_holds(held)
    _close(held, state)


def follow_the_law(one: Held) -> None:
    """The law has moved its time: hold the place where that is now, or lose it. Part of the
    caller's transaction, who holds it."""
    try:
        interval = one.local.project()
    except ValueError:  # the clocks jump over it now
        drop([one], ReplacementState.LOST)
        return
    values = _time_values(one.local, interval)
    if interval != one.interval:
        until = min(one.expires_at, interval.starts_at)
        hold_id = session().scalar(select(Hold.id).where(Hold.replacement_id == one.id))
        try:
            with savepoint():
                occupancy.release(Owner(hold_id=hold_id))
                occupancy.claim(Owner(hold_id=hold_id), claims_for(one.places, interval))
        except RefusedError:
            drop([one], ReplacementState.LOST)
            return
        session().execute(update(Hold).where(Hold.id == hold_id).values(expires_at=until))
        values = {**values, "expires_at": until}
        bump_places(one.places)
    session().execute(update(Replacement).where(Replacement.id == one.id).values(values))


def details_of(one: Held) -> Details:
    """The displaced reservation instead of which it is held."""
    return reservation_queries.find(Reservation.id == one.reservation_id)[0]


def note(actor: Actor | None, act: str, details: Details, held: Iterable[Held]) -> None:
    """The journal's line about these, and that whoever they are for sees something else now."""
    found = list(held)
    first = found[0].local if found else details.local
    after: JsonFacts = {
        "reference": details.reference,
        "resource": ", ".join(place.spot.code for one in found for place in one.places),
        "starts_at": first.starts_at.isoformat(timespec="minutes"),
        "ends_at": first.ends_at.isoformat(timespec="minutes"),
        "held": len(found),
    }
    journal.write(actor, act, subject_kind="replacement", subject_id=details.public_id, after=after)
    people = (details.person_id, details.booked_by_id)
    revisions.bump(revisions.Scope.PERSON, people)


def _queue_behind(details: Details) -> None:
    """One act of these people at a time."""
    people = {details.person_id, details.booked_by_id}
    session().execute(
        select(Person.id)
        .where(Person.id.in_(people))
        .order_by(Person.id)
        .with_for_update(key_share=True)
    )


def _locked_rows(replacement_ids: Sequence[int]) -> list[Held]:
    if not replacement_ids:
        return []
    of_these = Replacement.id.in_(replacement_ids)
    session().execute(
        select(Replacement.id).where(of_these).order_by(Replacement.id).with_for_update()
    ).all()
    return queries.find(of_these, IS_OPEN)


def _drop_holds(held: Sequence[Held]) -> None:
    """Their places are free; the rows that say what they were stay."""
    of_these = Hold.replacement_id.in_([one.id for one in held])
    hold_ids = session().scalars(select(Hold.id).where(of_these)).all()
    occupancy.release_each(hold_ids=hold_ids)
    session().execute(delete(Hold).where(Hold.id.in_(hold_ids)))
    bump_places(place for one in held for place in one.places)


def _close(held: Sequence[Held], state: ReplacementState, *, taken_as: int | None = None) -> None:
    if held:
        session().execute(
            update(Replacement)
            .where(Replacement.id.in_([one.id for one in held]))
            .values(state=state, closed_at=clock.now(), taken_as_id=taken_as)
        )


def _time_values(local: LocalInterval, interval: Interval) -> dict[str, object]:
    return {
        "zone": local.zone_name,
        "local_start": local.starts_at,
        "local_end": local.ends_at,
        "tzdata": zones.version(),
        "starts_at": interval.starts_at,
        "ends_at": interval.ends_at,
    }
