"""Public holidays: taking them over from the calendar, announcing and moving them, and closing
what they close. Each verb is one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select

from booking.closures import holiday_queries, queries, service
from booking.closures.holiday_queries import wanted_of
from booking.closures.service import WouldDisplaceError
from booking.core import clock, ids, revisions
from booking.core.database import OutpacedError, session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.permissions import Action, Actor, require
from booking.core.texts import checked_names
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.occupancy import service as occupancy
from booking.occupancy.models import Closure, ClosureResource
from booking.policies.facts import Place
from booking.reservations.claims import bump_places
from booking.spaces import inventory, timetables
from booking.spaces.models import Holiday, HolidayState, Hours, Resource
from booking.spaces.queries import site_zone
from booking.spaces.timetables import FOR_EVER


@dataclass(frozen=True)
class HolidayDraft:
    """What an operator says of a public holiday."""

    day: date
    names: dict[str, str]
    is_announced: bool = True


@transactional
def take_over(actor: Actor) -> int:
    """Add what the calendar of the country knows of the year ahead and is not there yet; how many.
    What is sure is announced: the worker closes its day around whatever is reserved."""
    require(actor, Action.OPERATE)
    site_id = inventory.the_site().id
    found = holiday_queries.missing(actor)
    for one in found:
        state = HolidayState.ESTIMATED if one.is_estimated else HolidayState.ANNOUNCED
        row = Holiday(
            public_id=ids.new_public_id(),
            site_id=site_id,
            day=one.day,
            names=dict(one.names),
            state=state,
            code=one.code,
            proposed_for=one.day,
        )
        session().add(row)
        _write(actor, "holiday_added", row, after=_facts(row))
    session().flush()
    _count_floors()
    return len(found)


@transactional
def add(actor: Actor, draft: HolidayDraft, *, seen: str | None = None, keeps: bool = False) -> str:
    """Add one by hand; an announced one closes its day, as `change` says. Returns its public id."""
    require(actor, Action.OPERATE)
    names = _checked(draft)
    row = Holiday(
        public_id=ids.new_public_id(),
        site_id=inventory.the_site().id,
        day=draft.day,
        names=names,
        state=HolidayState.ANNOUNCED if draft.is_announced else HolidayState.ESTIMATED,
    )
    session().add(row)
    session().flush()
    _write(actor, "holiday_added", row, after=_facts(row))
    if draft.is_announced:
        _close_its_day(actor, row, None, seen, keeps)
    _count_floors()
    return row.public_id


@transactional
def change(
    actor: Actor,
    public_id: str,
    draft: HolidayDraft,
    *,
    seen: str | None = None,
    keeps: bool = False,
) -> None:
    """Announce it, move it to another day, or call it otherwise; also one that was left out.

    An announced one closes its day, and opens the one that it was announced for before. While
    anybody is hit it raises WouldDisplaceError, as `service.close` does. What is announced stays so
    until it is left out.
    """
    require(actor, Action.OPERATE)
    names = _checked(draft)
    row = _held(public_id)
    before, was = _facts(row), row.day
    closure = _closure_of(row)
    row.day, row.names = draft.day, names
    if draft.is_announced or row.state is not HolidayState.ANNOUNCED:
        row.state = HolidayState.ANNOUNCED if draft.is_announced else HolidayState.ESTIMATED
    session().flush()
    if closure is not None and was == row.day:
        closure.names = names
        bump_places(queries.places_of_closure(closure.id))
    elif row.state is HolidayState.ANNOUNCED:
        _close_its_day(actor, row, closure, seen, keeps)
    _write(actor, "holiday_changed", row, before=before, after=_facts(row))
    _count_floors()


@transactional
def leave_out(actor: Actor, public_id: str) -> None:
    """The park works on that day: what it closes is open again. It stays in the list and can be
    announced later."""
    require(actor, Action.OPERATE)
    row = _held(public_id)
    before = _facts(row)
    row.state = HolidayState.LEFT_OUT
    session().flush()
    closure = _closure_of(row)
    if closure is not None:
        service.open_again(closure, queries.places_of_closure(closure.id))
    _write(actor, "holiday_left_out", row, before=before, after=_facts(row))
    _count_floors()


# --- for the worker ---


@transactional
def close_next() -> bool:
    """Close the day of one announced holiday that nothing closes yet, or what has begun to respect
    it and open what does so no longer; False when there is none. Called by the worker until it
    says so. Whatever is reserved stays."""
    if site_zone() is None:
        return False  # nothing is set up yet
    try:
        return _close_next_day() or _follow_next()
    except WouldDisplaceError as error:  # booked just now: look again
        raise OutpacedError from error


def _close_next_day() -> bool:
    row = _next_not_closed()
    places = () if row is None else queries.closing_on_holidays()
    if row is None or not places or _closure_of(row) is not None:
        return False
    service.close_around(wanted_of(row.id, row.day, row.names), places)
    return True


def _follow_next() -> bool:
    closure = _next_that_differs()
    if closure is None:
        return False
    _follow(closure, queries.closing_on_holidays())
    return True


def _next_not_closed() -> Holiday | None:
    closed = select(Closure.holiday_id).where(Closure.holiday_id > 0, Closure.ended_at.is_(None))
    return session().scalar(
        select(Holiday)
        .where(
            Holiday.state == HolidayState.ANNOUNCED,
            Holiday.day >= timetables.today(),
            Holiday.id.not_in(closed),
        )
        .order_by(Holiday.day, Holiday.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _next_that_differs() -> Closure | None:
    """The closure of a holiday ahead whose spaces are not those that respect it now: there are as
    many, and as many are both."""
    respecting = (
        select(Resource.id)
        .join(Hours, Hours.id == Resource.hours_id)
        .where(Resource.retired_at.is_(None), Hours.closes_on_holidays)
    )
    count = session().scalar(select(func.count()).select_from(respecting.subquery())) or 0
    of_closure = ClosureResource.closure_id == Closure.id
    is_both = of_closure & ClosureResource.resource_id.in_(respecting)
    return session().scalar(
        select(Closure)
        .join(Holiday, Holiday.id == Closure.holiday_id)
        .where(
            Closure.ended_at.is_(None),
            Holiday.day >= timetables.today(),
            (_how_many(of_closure) != count) | (_how_many(is_both) != count),
        )
        .order_by(Closure.id)
        .limit(1)
    )


def _how_many(its: ColumnElement[bool]) -> ColumnElement[int]:
    found = select(func.count()).select_from(ClosureResource).where(its)
    return found.correlate(Closure).scalar_subquery()


def _follow(closure: Closure, places: tuple[Place, ...]) -> None:
    """Close what respects it now, and let go what does so no longer."""
    had = queries.places_of_closure(closure.id)
    before = {place.resource_id for place in had}
    after = {place.resource_id for place in places}
    more = tuple(place for place in places if place.resource_id not in before)
    fewer = [place for place in had if place.resource_id not in after]
    occupancy.lock_resources(before ^ after)
    if fewer:
        service.let_go(closure, fewer)
    if more:
        service.take_in(closure, more)


# --- what they share ---


def _close_its_day(
    actor: Actor, row: Holiday, before: Closure | None, seen: str | None, keeps: bool
) -> None:
    """Close the day of an announced holiday instead of what it closed before; nothing where no
    space respects it."""
    had = () if before is None else queries.places_of_closure(before.id)
    if before is not None:  # a holiday has one closure; its claims go when all is locked
        before.ended_at = clock.now()
        session().flush()
    if queries.closing_on_holidays():
        service.close(
            actor,
            wanted_of(row.id, row.day, row.names),
            seen=seen,
            keeps=keeps,
            instead_of=[place.resource_id for place in had],
        )
    if before is not None:
        service.open_again(before, had)


def _held(public_id: str) -> Holiday:
    row = session().scalar(
        select(Holiday)
        .where(Holiday.public_id == public_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFoundError
    return row


def _closure_of(row: Holiday) -> Closure | None:
    return session().scalar(
        select(Closure).where(Closure.holiday_id == row.id, Closure.ended_at.is_(None))
    )


def _checked(draft: HolidayDraft) -> dict[str, str]:
    names = checked_names("names", draft.names)
    if not timetables.today() <= draft.day < FOR_EVER:  # the day must have an end
        raise InvalidError({"day": Problem.OUT_OF_RANGE})
    return names


def _facts(row: Holiday) -> JsonFacts:
    said = {f"names.{language}": text for language, text in row.names.items()}
    return {"day": row.day.isoformat(), "holiday": row.state.value, **said}


def _write(
    actor: Actor,
    act: str,
    row: Holiday,
    *,
    before: JsonFacts | None = None,
    after: JsonFacts | None = None,
) -> None:
    journal.write(
        actor,
        act,
        subject_kind="holiday",
        subject_id=row.public_id,
        before=before,
        after=after,
    )


def _count_floors() -> None:
    """What the plan of a day says of an expected holiday has changed."""
    revisions.bump(revisions.Scope.FLOOR, inventory.floors_with(Resource.retired_at.is_(None)))
