"""What the tick does for whoever a closure has displaced: hold what they could have instead, and
end what is over.

Nobody else holds replacements. Once a displaced reservation is served, and be it with nothing, and
with it the last of the act that displaced it, whoever is concerned is told of that act: so the
letter says what is held.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, select, update

from booking.core import clock, events, zones
from booking.core.database import end_reading, savepoint, session, transactional
from booking.core.errors import BookingError, RefusedError
from booking.core.events import EventKind
from booking.occupancy import service as occupancy
from booking.occupancy.models import Closure
from booking.people.models import Person, PersonState
from booking.people.sign_in import load_actor
from booking.replacements import queries, rules, service
from booking.replacements.models import MOST, Replacement, ReplacementState
from booking.replacements.queries import Due, Held
from booking.replacements.rules import Standing, Taken
from booking.reservations import alternatives
from booking.reservations import queries as reservations
from booking.reservations.alternatives import Alternative
from booking.reservations.claims import resource_ids_of
from booking.reservations.models import Displacement, Reservation
from booking.reservations.queries import Details
from booking.reservations.service import may_book_for_anybody
from booking.reservations.wishes import Wish

MORE = 3 * MOST  # looked for where one of the first cannot be held


class _FellShortError(Exception):
    """Rolls back: one of what was found cannot be held, and there may be others."""


def serve(due: Due) -> int:
    """Hold up to three alternatives for one displaced reservation; 1 where it was done here. Any
    number of workers may call."""
    details = reservations.find(Reservation.id == due.reservation_id)[0]
    found = _instead_of(details, MOST)
    end_reading()
    try:
        return _hold(due, details, found, is_final=len(found) < MOST)
    except _FellShortError:
        others = [one for one in _instead_of(details, MORE) if one not in found]
        end_reading()
        return _hold(due, details, [*found, *others], is_final=True)


@transactional
def pass_over(due: Due) -> int:
    """Hold nothing for this one, for which something went wrong: they are told all the same."""
    return _mark_served(due) if _has_the_turn(due) else 0


def end_due() -> int:
    """End what is over, or let it follow the law; how many reservations that concerned."""
    found = queries.standing()
    end_reading()
    concerned = {one.reservation_id for one in found if _is_due(one)}
    return sum(_end(reservation_id) for reservation_id in sorted(concerned))


# --- what is held ---


def _instead_of(details: Details, most: int) -> list[Alternative]:
    """What the holder could book instead by their rights, if it has not become past."""
    person = session().get(Person, details.person_id, populate_existing=True)
    if person is None or person.state is not PersonState.ACTIVE:
        return []
    if details.interval.starts_at <= clock.now():
        return []
    wish = Wish(
        resources=tuple(place.spot.public_id for place in details.places),
        starts_at=details.local.starts_at,
        ends_at=details.local.ends_at,
        headcount=details.headcount,
        organisation_id=None if details.organisation is None else details.organisation.public_id,
        guest=details.guest or "",
        layout=details.layout,
    )
    actor = load_actor(person)
    try:
        found = alternatives.find(actor, wish, most=MORE if details.guest else most)
    except BookingError:  # a space that is retired meanwhile, a holder without rights any more
        return []
    if details.guest:  # whom one does not receive everywhere
        found = [one for one in found if may_book_for_anybody(actor, one.places)]
    return found[:most]


@transactional
def _hold(due: Due, details: Details, found: Sequence[Alternative], *, is_final: bool) -> int:
    if not _has_the_turn(due):
        return 0
    occupancy.lock_resources(resource_ids_of(place for one in found for place in one.places))
    with savepoint():  # also for whoever serves as a part of more
        held = _held_of(details, found, is_final=is_final)
    if held:
        service.note(None, "held_replacements", details, held)
    return _mark_served(due)


def _held_of(details: Details, found: Sequence[Alternative], *, is_final: bool) -> list[Held]:
    held: list[Held] = []
    for one in found:
        if len(held) == MOST:
            break
        is_wanted_twice = _taken(one).overlaps([_taken_by(other) for other in held])
        new = None if is_wanted_twice else _try(details, one, len(held))
        if new is not None:
            held.append(new)
        elif not is_final:
            raise _FellShortError
    return held


def _try(details: Details, found: Alternative, already: int) -> Held | None:
    try:
        return service.hold(details, found, already + 1)
    except RefusedError:  # somebody else was faster
        return None


def _taken(found: Alternative) -> Taken:
    return Taken(frozenset(place.resource_id for place in found.places), found.local.project())


def _taken_by(held: Held) -> Taken:
    return Taken(frozenset(place.resource_id for place in held.places), held.interval)


# --- who is served ---


def _has_the_turn(due: Due) -> bool:
    """Whether it is still to be served. The first row of its act is held until the commit, so that
    of several workers the last one sees that it is the last."""
    reservation = select(Reservation.id).where(Reservation.id == due.reservation_id)
    session().execute(reservation.with_for_update(key_share=True, read=True))
    first = select(Displacement.reservation_id).where(*_is_of_the_act(due))
    first = first.order_by(Displacement.reservation_id).limit(1).with_for_update()
    session().execute(first).all()
    return bool(session().scalar(select(exists().where(*_is_of_the_act(due), _is(due), _UNSERVED))))


def _mark_served(due: Due) -> int:
    values = {"served_at": clock.now()}
    session().execute(update(Displacement).where(*_is_of_the_act(due), _is(due)).values(values))
    if not session().scalar(select(exists().where(*_is_of_the_act(due), _UNSERVED))):
        closure = session().scalar(select(Closure.public_id).where(Closure.id == due.closure_id))
        assert closure is not None  # it has displaced something
        events.record(EventKind.DISPLACED, closure, version=due.version, actor_id=None)
    return 1


_UNSERVED = Displacement.served_at.is_(None)


def _is_of_the_act(due: Due) -> tuple[ColumnElement[bool], ...]:
    return (Displacement.closure_id == due.closure_id, Displacement.version == due.version)


def _is(due: Due) -> ColumnElement[bool]:
    return Displacement.reservation_id == due.reservation_id


# --- what has ended ---


def _is_due(one: Standing) -> bool:
    return rules.ending(one, clock.now()) is not None or one.tzdata != zones.version()


@transactional
def _end(reservation_id: int) -> int:
    """End what of this reservation's is over, or follow the law, if that is still so."""
    of_it = Replacement.reservation_id == reservation_id
    held = {one.id: one for one in service.lock(queries.find(of_it, queries.IS_OPEN))}
    ended: dict[ReplacementState, list[Held]] = {}
    for one in queries.standing(of_it):
        state = rules.ending(one, clock.now())
        if one.id in held and state is not None:
            ended.setdefault(state, []).append(held[one.id])
        elif one.id in held and one.tzdata != zones.version():
            service.follow_the_law(held[one.id])
    for state, over in ended.items():
        service.drop(over, state)
        service.note(None, _ACTS[state], service.details_of(over[0]), over)
    return 1


_ACTS = {
    ReplacementState.EXPIRED: "replacements_expired",
    ReplacementState.LOST: "lost_replacement",
}
