"""The dates of one series that wait, decided together: all that can be had, or none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import select

from booking.approvals import queries
from booking.approvals.asked import asked_of, is_open, may_answer
from booking.approvals.queries import Background, Rival
from booking.core.database import savepoint, session, transactional
from booking.core.errors import ForbiddenError, RefusedError, WouldDeclineError
from booking.core.fingerprints import fingerprint, require_unchanged
from booking.core.permissions import Action, Actor, allows
from booking.core.refusals import NotChangeable, Obstacle, Reason, Refusal
from booking.journal.models import JsonFacts
from booking.occupancy import service as occupancy
from booking.reservations import queries as reservation_queries
from booking.reservations import series_acts, service
from booking.reservations.claims import resource_ids_of
from booking.reservations.models import DeclineReason, Reservation, Series, SeriesAct
from booking.reservations.queries import Details
from booking.reservations.series_acts import Dates, Done

DoneOf: TypeAlias = Callable[[Details, Details], list[Done]]


@dataclass(frozen=True)
class Waiting:
    """The dates that this actor can answer, and other requests for their times."""

    series: Series
    requests: tuple[Details, ...]
    background: Background

    @property
    def rivals(self) -> tuple[Rival, ...]:
        """Those that a yes declines, each once."""
        own = {one.public_id for one in self.requests}
        found = {
            rival.public_id: rival
            for one in self.requests
            for rival in self.background.rivals.get(one.id, ())
            if rival.public_id not in own
        }
        return tuple(found.values())

    @property
    def taken(self) -> tuple[Details, ...]:
        """Those whose time is taken: with a yes they wait on."""
        return tuple(one for one in self.requests if self.background.conflicts.get(one.id))

    @property
    def seen(self) -> str:
        """The mark of exactly these, and of whom a yes declines."""
        return fingerprint(self.marked())

    def marked(self) -> Mapping[str, object]:
        """What the mark is made from."""
        return {
            "requests": [[one.public_id, one.version] for one in self.requests],
            "rivals": sorted(one.reference for one in self.rivals),
        }


@dataclass(frozen=True)
class Decided:
    """What was answered, and what waits on because its time is taken."""

    public_id: str
    answered: tuple[Details, ...]
    left: tuple[Details, ...] = ()


def look(actor: Actor, public_id: str) -> Waiting:
    """What of a series waits for this actor's answer: eleven statements for any number of dates.

    Raises NotFoundError for a series that the actor may not see, ForbiddenError where others
    decide, RefusedError where nothing waits any more.
    """
    return _waiting(actor, series_acts.dates(actor, public_id, None))


@transactional
def approve(actor: Actor, public_id: str, *, seen: str | None = None) -> Decided:
    """Say yes to every date that can be had; the others wait on, each to be decided alone.

    Raises OutdatedError where they, or those whom a yes declines, are no longer those of the mark
    `seen`; without it, WouldDeclineError where a yes declines anybody. RefusedError where no date
    can be had, and what `look` raises.
    """
    found = _waiting(actor, series_acts.held(actor, public_id, None))
    require_unchanged(seen, found.marked())
    if seen is None and found.rivals:
        raise WouldDeclineError(tuple(one.reference for one in found.rivals))
    _hold([one.public_id for one in found.rivals])
    places = [place for one in found.requests for place in (*one.places, *asked_of(one).places)]
    occupancy.lock_resources(resource_ids_of(places))
    refusals: dict[str, tuple[Refusal, ...]] = {}
    for one in found.requests:
        try:
            with savepoint():
                service.grant_date(actor, one)
        except RefusedError as refused:
            refusals[one.public_id] = refused.refusals
    answered = [one for one in found.requests if one.public_id not in refusals]
    if not answered:
        raise RefusedError(tuple(dict.fromkeys(no for told in refusals.values() for no in told)))
    _tell(actor, found, "approved_series", answered, {}, _granted)
    left = tuple(one for one in found.requests if one.public_id in refusals)
    return Decided(public_id, tuple(answered), left)


@transactional
def decline(
    actor: Actor,
    public_id: str,
    *,
    seen: str | None = None,
    code: DeclineReason = DeclineReason.OTHER,
    reason: str = "",
) -> Decided:
    """Say no to all of them, with one reason; raises as `approve` and `service.decline` do."""
    found = _waiting(actor, series_acts.held(actor, public_id, None))
    reason = service.checked_decline(code, reason)
    require_unchanged(seen, found.marked())
    for one in found.requests:
        service.decline_date(actor, one, code, reason)
    facts: JsonFacts = {"reason_code": code.value, "reason": reason or None}
    _tell(actor, found, "declined_series", found.requests, facts, _declined)
    return Decided(public_id, found.requests)


def _hold(public_ids: Sequence[str]) -> None:
    """Whom a yes declines, held before any place is: the order in which all verbs lock."""
    if public_ids:
        these = select(Reservation.id).where(Reservation.public_id.in_(public_ids))
        session().execute(these.order_by(Reservation.id).with_for_update()).all()


def _waiting(actor: Actor, dates: Dates) -> Waiting:
    if not any(allows(actor, Action.DECIDE, one) for one in dates.reservations):
        raise ForbiddenError
    found = tuple(one for one in dates.reservations if may_answer(actor, one))
    if not found:
        raise RefusedError((_nothing_waits(dates.reservations[-1]),))
    return Waiting(dates.series, found, queries.background_of(found))


def _nothing_waits(last: Details) -> Refusal:
    is_late = last.waits and not is_open(last)
    obstacle = Obstacle.EXPIRED if is_late else Obstacle(last.state.value)
    return Refusal(Reason.NOT_CHANGEABLE, NotChangeable(obstacle), last.place.spot.code)


def _tell(
    actor: Actor,
    found: Waiting,
    act: str,
    answered: Sequence[Details],
    facts: JsonFacts,
    done_of: DoneOf,
) -> None:
    found_now = reservation_queries.find(Reservation.id.in_([one.id for one in answered]))
    now = {one.id: one for one in found_now}
    done = [done for one in answered for done in done_of(one, now[one.id])]
    series_acts.tell(actor, found.series, act, {"dates": len(answered), **facts}, done)


def _granted(before: Details, now: Details) -> list[Done]:
    """Nobody is told of a yes that was one of several which are needed."""
    if now.waits:
        return []
    if before.amendment is None:
        return [Done(before.id, SeriesAct.APPROVED)]
    is_moved = now.local != before.local
    return [Done(before.id, SeriesAct.CHANGED, before.local if is_moved else None)]


def _declined(before: Details, _now: Details) -> list[Done]:
    return [Done(before.id, SeriesAct.DECLINED)]
