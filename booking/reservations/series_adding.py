"""Adding dates to a series again that were left out of it, or given back since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, update

from booking.authorisations.queries import rights
from booking.core import clock, zones
from booking.core.database import savepoint, session, transactional
from booking.core.errors import ForbiddenError, InvalidError, NotFoundError, RefusedError
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor, allows
from booking.core.refusals import LayoutKind, Refusal
from booking.policies.facts import Place
from booking.policies.quotas import Counting
from booking.reservations import queries, quotas, series, series_acts, service
from booking.reservations.models import Reservation, Series, SeriesSkip, SkipReason, State
from booking.reservations.queries import Details
from booking.reservations.series import Dated, Look
from booking.reservations.series_acts import Dates
from booking.reservations.series_changing import Usual
from booking.reservations.service import Occurrence
from booking.reservations.wishes import Wish
from booking.spaces.queries import openings

DAY = timedelta(days=1)
NEIGHBOURS = 5  # among which a date that is missing is as most are


@dataclass(frozen=True)
class Missing:
    """A date ahead on which there is no reservation, and what it would be.

    `reason` is why it was left out, `removed` the reservation that was given back or declined.
    """

    dated: Dated
    reason: SkipReason | None = None
    removed: Details | None = None

    @property
    def day(self) -> date:
        """The day by which it is named."""
        return self.dated.day


@dataclass(frozen=True)
class Found:
    """What is missing of a series, each date judged; and what the others are like."""

    series: Series
    look: Look
    missing: tuple[Missing, ...]


def look(actor: Actor, public_id: str) -> Found:
    """What is missing ahead, in as many statements for a hundred dates as for one.

    Raises NotFoundError as `queries.series` does, ForbiddenError for who may not change it or book
    for its holder.
    """
    return _found(actor, series_acts.dates(actor, public_id, None))


@transactional
def add(actor: Actor, public_id: str, day: date) -> Details:
    """Book, or ask for, the missing date of this day as the dates around it are.

    Raises NotFoundError where none is missing, RefusedError with what stands against it.
    """
    found = _found(actor, series_acts.held(actor, public_id, None), quotas.held)
    wanted = next((one for one in found.missing if one.day == day), None)
    if wanted is None:
        raise NotFoundError
    if wanted.dated.refusals:
        raise RefusedError(wanted.dated.refusals)
    with savepoint():
        _forget(found.series, wanted)
        (made,) = service.make_occurrences(
            actor,
            found.look.holder,
            (found.series.id, public_id),
            [_occurrence(wanted.dated)],
            title=found.look.title,
            headcount=found.look.headcount,
            layout=_layout_of(wanted.dated),
        )
    service.tell_of_new(actor, made)
    return made


def _layout_of(dated: Dated) -> LayoutKind | None:
    """How its places are set out, as around it, where that is still offered."""
    return next((place.layout.kind for place in dated.places if place.layout), None)


def _occurrence(dated: Dated) -> Occurrence:
    return Occurrence(dated.series_start, dated.places, dated.local, dated.asking)


def _forget(found: Series, wanted: Missing) -> None:
    """It is no longer left out; what was given back is no longer a date of the series."""
    skip = (SeriesSkip.series_id == found.id, SeriesSkip.local_start == wanted.dated.series_start)
    session().execute(delete(SeriesSkip).where(*skip))
    if wanted.removed is not None:
        statement = update(Reservation).where(Reservation.id == wanted.removed.id)
        session().execute(statement.values(series_start=None))


def _found(actor: Actor, dates: Dates, count: quotas.Count = quotas.counting) -> Found:
    standing = [one for one in dates.reservations if _stands(one)] or list(dates.reservations)
    if not any(allows(actor, Action.CHANGE, one) for one in standing):
        raise ForbiddenError
    like = (dates.ahead or standing[-1:])[0]
    missing = _missing(dates, standing)
    places = tuple(place.for_series() for place in like.places)
    shown = Look(
        _holder(actor, like, places),
        places,
        like.local,
        like.title,
        like.headcount,
        dates.series.repetition,
        tuple(one.dated for one in missing),
    )
    if not missing:
        return Found(dates.series, shown, ())
    everywhere = [place for one in shown.dates for place in one.places]
    shown = replace(shown, rights=rights(everywhere, shown.holder.counted.person_id))
    judged = _within_quotas(
        series.judged(shown, shown.dates, _openings(shown.dates)), shown.holder, count
    )
    together = zip(missing, judged, strict=True)
    return Found(dates.series, shown, tuple(replace(one, dated=dated) for one, dated in together))


def _within_quotas(
    judged: Iterable[Dated], holder: service.Holder, count: quotas.Count
) -> Iterator[Dated]:
    """With what the quotas say to each alone: one is added at a time."""
    dates = list(judged)
    days = [one.local.starts_at.date() for one in dates]
    places = [place for one in dates for place in one.places]
    counting = count(places, [holder.counted], (min(days), max(days)))
    for one in dates:
        refusals = one.refusals if counting is None else (*one.refusals, *_over(one, counting))
        yield replace(one, refusals=refusals)


def _over(one: Dated, counting: Counting) -> tuple[Refusal, ...]:
    codes = ", ".join(place.spot.code for place in one.places)
    try:
        return counting.refusals(one.places, one.local, one.local.project(), codes)
    except ValueError:  # the clocks jump over it, which has been said
        return ()


def _stands(one: Details) -> bool:
    return one.state in (State.PENDING, State.CONFIRMED)


def _holder(actor: Actor, like: Details, places: tuple[Place, ...]) -> service.Holder:
    wish = Wish(
        tuple(place.spot.public_id for place in places),
        like.local.starts_at,
        like.local.ends_at,
        organisation_id=None if like.organisation is None else like.organisation.public_id,
        person_id=None if like.guest else like.person.public_id,
        guest=like.guest or "",
    )
    try:
        found = service.holder_of(actor, wish, places)
    except InvalidError as error:
        raise ForbiddenError from error
    if like.guest:  # whoever answers for the guest goes on doing so
        return replace(found, person_id=like.person_id, name=like.person)
    return found


def _missing(dates: Dates, standing: Sequence[Details]) -> list[Missing]:
    """By their dates; what lies behind us is not missing any more."""
    reasons: list[tuple[datetime, SkipReason | None, Details | None]] = [
        (start, reason, None) for start, reason in queries.skips_of(dates.series.id)
    ]
    reasons += [
        (one.series_start, None, one)
        for one in dates.reservations
        if one.series_start is not None and not _stands(one)
    ]
    found = [
        Missing(_as_around(start, standing), reason, removed) for start, reason, removed in reasons
    ]
    now = zones.to_local(clock.now(), dates.series.local.zone)
    ahead = [one for one in found if one.dated.local.starts_at > now.replace(tzinfo=None)]
    return sorted(ahead, key=lambda one: one.dated.series_start)


def _as_around(start: datetime, standing: Sequence[Details]) -> Dated:
    """At the time and place that most of the dates next to it have."""
    nearest = sorted(standing, key=lambda one: abs((one.series_start or start) - start))
    common = Counter(map(Usual.of, nearest[:NEIGHBOURS])).most_common(1)[0][0]
    like = next(one for one in nearest if Usual.of(one) == common)
    midnight = datetime.combine(start, time.min)
    local = LocalInterval(midnight + common.starts, midnight + common.ends, like.local.zone_name)
    places = like.places if like.amendment is None else like.amendment.places
    return Dated(start, local, tuple(place.for_series() for place in places))


def _openings(dates: Sequence[Dated]) -> series.Openings:
    return openings(
        {place.spot.hours_id for one in dates for place in one.places},
        dates[0].local.starts_at.date() - DAY,
        dates[-1].local.ends_at.date() + 2 * DAY,
    )
