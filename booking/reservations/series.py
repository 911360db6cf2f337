"""The verbs of a series: every date is judged beforehand, and all are booked or none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy import insert

from booking.authorisations.queries import rights
from booking.core import clock, events, ids
from booking.core.database import execute, savepoint, transactional
from booking.core.errors import InvalidError, Problem, RefusedError
from booking.core.events import EventKind
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor, require
from booking.core.refusals import LayoutKind, NonexistentTime, Reason, Refusal
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.occupancy.claims import Claim
from booking.policies import facts
from booking.policies.facts import Place
from booking.policies.quotas import Counting
from booking.policies.rules import Rights
from booking.reservations import alternatives, quotas, repetition, service
from booking.reservations.alternatives import Alternative
from booking.reservations.models import Series, SeriesSkip, SkipReason, State
from booking.reservations.queries import Details
from booking.reservations.repetition import Planned, Repetition
from booking.reservations.series_taken import Taken
from booking.reservations.service import Holder, Occurrence
from booking.reservations.wishes import (
    Wish,
    checked_headcount,
    checked_title,
    laid_out,
    local_interval,
)
from booking.spaces.opening import Expected, Opening
from booking.spaces.queries import openings

Openings: TypeAlias = Mapping[int, Opening]

ATTEMPTS = 3
DAY = timedelta(days=1)

_INSERT_SERIES = insert(Series.__table__).returning(Series.__table__.c.id)
_INSERT_SKIP = insert(SeriesSkip.__table__)


class OnConflict(StrEnum):
    """What becomes of a date that cannot be had. Part of the API."""

    REFUSE = "refuse"  # nothing is booked
    SKIP = "skip"  # the others are


@dataclass(frozen=True)
class Instead:
    """Another time or place for one date; what is None stays as for all."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    resources: tuple[str, ...] | None = None


@dataclass(frozen=True)
class SeriesWish:
    """A wished series: the first date as a wish, how it repeats, and what is other on some days.

    An exception that is None leaves the day out.
    """

    wish: Wish
    repetition: Repetition
    exceptions: Mapping[date, Instead | None] = field(default_factory=dict)
    on_conflict: OnConflict = OnConflict.REFUSE


@dataclass(frozen=True)
class Dated:
    """One date of a wished series: what it would be, or why it is none.

    `series_start` is when the repetition lets it begin, whatever stands there instead.
    """

    series_start: datetime
    local: LocalInterval
    places: tuple[Place, ...]
    asking: tuple[Place, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    skipped: SkipReason | None = None
    is_exception: bool = False
    expected: tuple[Expected, ...] = ()  # that may still be announced for it

    @property
    def day(self) -> date:
        """The day by which it is named."""
        return self.series_start.date()

    @property
    def is_bookable(self) -> bool:
        """Whether nothing stands against it."""
        return self.skipped is None and not self.refusals

    @property
    def why_skipped(self) -> SkipReason:
        """The reason that is kept, where a date that cannot be had is left out."""
        if self.skipped is not None:
            return self.skipped
        reasons = {refusal.reason for refusal in self.refusals}
        if Reason.NONEXISTENT_TIME in reasons:
            return SkipReason.NONEXISTENT_TIME
        only_taken = reasons == {Reason.SLOT_TAKEN}
        return SkipReason.SLOT_TAKEN if only_taken else SkipReason.HOUSE_RULES


@dataclass(frozen=True)
class Look:
    """A wished series, date by date, as it stands at this moment."""

    holder: Holder
    places: tuple[Place, ...]
    local: LocalInterval
    title: str
    headcount: int
    repetition: Repetition
    dates: tuple[Dated, ...]
    counting: Counting | None = None  # with every date that can be had
    rights: Rights = field(default_factory=dict)
    layout: LayoutKind | None = None

    @property
    def conflicts(self) -> list[Dated]:
        """The dates that cannot be had."""
        return [one for one in self.dates if one.refusals]

    @property
    def bookable(self) -> list[Dated]:
        """The dates that can."""
        return [one for one in self.dates if one.is_bookable]

    @property
    def needs_approval(self) -> bool:
        """Whether somebody is asked about any of them."""
        return any(one.asking for one in self.bookable)


@dataclass(frozen=True)
class Repeated:
    """What was booked: the series, its reservations, and how many dates were left out."""

    public_id: str
    reservations: tuple[Details, ...]
    skipped: int


# --- look ---


def look(actor: Actor, wanted: SeriesWish, count: quotas.Count = quotas.counting) -> Look:
    """Judge every date, in as many statements for a hundred as for two. Nothing is claimed.
    `count` reads what the quotas ask, behind a lock for whoever then books.

    Raises InvalidError for a wish that makes no sense.
    """
    wish = wanted.wish
    named = laid_out(service.places_of(wish.resources), wish.layout)
    places = tuple(place.for_series() for place in named)
    local = local_interval(wish.starts_at, wish.ends_at, places[0].spot.zone_name)
    first = local.starts_at.date()
    repeats = repetition.checked(wanted.repetition, first)
    everywhere = _places_by_id(places, wanted.exceptions)
    last = repetition.last_day(first)
    opening_of = openings(
        {place.spot.hours_id for place in everywhere.values()},
        first - DAY,
        last + (local.ends_at - local.starts_at) + 2 * DAY,
    )
    planned = repetition.plan(
        repeats, first, lambda day: any(_is_closed(opening_of, one, day) for one in places)
    )
    _refuse_unknown_days(planned, wanted.exceptions)
    found = Look(
        service.holder_of(actor, wish, places),
        places,
        local,
        checked_title(wish.title),
        checked_headcount(wish.headcount),
        repeats,
        (),
        layout=wish.layout,
    )
    dates = [_dated(found, one, wanted.exceptions, everywhere) for one in planned]
    days = [one.local.starts_at.date() for one in dates]
    counting = count(list(everywhere.values()), [found.holder.counted], (min(days), max(days)))
    allowed = rights(everywhere.values(), found.holder.counted.person_id)
    found = replace(found, counting=counting, rights=allowed)
    return replace(found, dates=tuple(judged(found, dates, opening_of)))


def options(look: Look) -> dict[date, list[Alternative]]:
    """What could be had instead on each date that cannot: up to three a date, in as many
    statements for a hundred as for one."""
    exists = [
        one
        for one in look.conflicts
        if all(refusal.reason is not Reason.NONEXISTENT_TIME for refusal in one.refusals)
    ]
    found = alternatives.on_dates(
        look.places,
        [replace_day(look.local, one.day) for one in exists],
        headcount=look.headcount,
        is_member=look.holder.is_member,
        holder=look.holder.counted,
        counting=look.counting,
    )
    return {one.day: offered for one, offered in zip(exists, found, strict=True)}


def replace_day(local: LocalInterval, day: date) -> LocalInterval:
    """The same time of the day, as long, on another day."""
    start = datetime.combine(day, local.starts_at.time())
    return LocalInterval(start, start + (local.ends_at - local.starts_at), local.zone_name)


def _places_by_id(
    places: Sequence[Place], exceptions: Mapping[date, Instead | None]
) -> dict[str, Place]:
    """All places that stand in the wish, by public id; one statement more for other ones."""
    found = {place.spot.public_id: place for place in places}
    named = {
        public_id
        for other in exceptions.values()
        if other is not None
        for public_id in other.resources or ()
    }
    missing = named - found.keys()
    if missing:
        others = facts.places_in_use(missing)
        if len(others) < len(missing):
            raise InvalidError({"exceptions": Problem.NOT_FOUND})
        found |= {place.spot.public_id: place.for_series() for place in others}
    return found


def _is_closed(opening_of: Mapping[int, Opening], place: Place, day: date) -> bool:
    return opening_of[place.spot.hours_id].is_closed_on(day)


def _refuse_unknown_days(planned: Sequence[Planned], exceptions: Collection[date]) -> None:
    if set(exceptions) - {one.day for one in planned}:
        raise InvalidError({"exceptions": Problem.NOT_FOUND})


def _dated(
    look: Look,
    planned: Planned,
    exceptions: Mapping[date, Instead | None],
    everywhere: Mapping[str, Place],
) -> Dated:
    usual = replace_day(look.local, planned.day)
    dated = Dated(usual.starts_at, usual, look.places)
    if planned.day not in exceptions:
        return replace(dated, skipped=SkipReason.CLOSED_DAY) if planned.is_skipped else dated
    other = exceptions[planned.day]
    if other is None:
        return replace(dated, skipped=SkipReason.LEFT_OUT)
    places = look.places
    if other.resources is not None:
        asked = [everywhere[one] for one in dict.fromkeys(other.resources)]
        if not asked:
            raise InvalidError({"exceptions": Problem.MISSING})
        places = laid_out(sorted(asked, key=lambda place: place.spot.code), look.layout)
    local = local_interval(
        other.starts_at or usual.starts_at, other.ends_at or usual.ends_at, usual.zone_name
    )
    return replace(dated, local=local, places=places, is_exception=True)


def judged(look: Look, dates: Sequence[Dated], opening_of: Openings) -> Iterator[Dated]:
    """What the rules say to each date, and what is in its way."""
    now = clock.now()
    taken = Taken([claim for one in dates for claim in _claims_of(one)])
    for one in dates:
        if one.skipped is not None:
            yield one
            continue
        try:
            said = facts.judged(
                one.places,
                opening_of,
                one.local,
                headcount=look.headcount,
                is_member=look.holder.is_member,
                changes={},
                now=now,
                counting=look.counting,
                rights=look.rights,
            )
        except ValueError:  # the clocks jump over it
            gap = NonexistentTime(one.local.starts_at)
            yield replace(one, refusals=(Refusal(Reason.NONEXISTENT_TIME, gap),))
            continue
        decided = replace(
            one,
            asking=said.asking,
            refusals=(*said.refusals, *taken.refusals(_claims_of(one))),
            expected=said.expected,
        )
        if decided.is_bookable:
            taken.take(_claims_of(decided))
            if look.counting is not None:
                look.counting.take(one.places, one.local, one.local.project())
        yield decided


def _claims_of(one: Dated) -> list[Claim]:
    """None where it is left out, or where the clocks jump over it."""
    if one.skipped is not None:
        return []
    try:
        return service.claims_for(one.places, one.local)
    except ValueError:
        return []


# --- book ---


@transactional
def book(actor: Actor, wanted: SeriesWish) -> Repeated:
    """Book, or ask for, every date of a series: all that were asked for, or none.

    Raises InvalidError for a wish that makes no sense and RefusedError with what stands against
    any of the dates, unless those are to be skipped; and where none is left.
    """
    require(actor, Action.BOOK)
    for attempt in range(1, ATTEMPTS + 1):
        found = look(actor, wanted, quotas.held)
        refused = found.conflicts
        if refused and (wanted.on_conflict is OnConflict.REFUSE or not found.bookable):
            raise RefusedError(_each_once(refused))
        try:
            with savepoint():
                return _write(actor, found)
        except RefusedError:  # somebody took a place since; look again, and say which
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def _each_once(refused: Sequence[Dated]) -> tuple[Refusal, ...]:
    return tuple(dict.fromkeys(refusal for one in refused for refusal in one.refusals))


def _write(actor: Actor, found: Look) -> Repeated:
    if not found.bookable:
        raise InvalidError({"exceptions": Problem.TOO_MANY})
    public_id = ids.new_public_id()
    series_id = execute(_INSERT_SERIES, _row(public_id, found)).scalar_one()
    skipped = [one for one in found.dates if not one.is_bookable]
    if skipped:
        rows = [
            {
                "series_id": series_id,
                "local_start": one.series_start,
                "reason": one.why_skipped,
            }
            for one in skipped
        ]
        execute(_INSERT_SKIP, rows)
    made = service.make_occurrences(
        actor,
        found.holder,
        (series_id, public_id),
        [Occurrence(one.series_start, one.places, one.local, one.asking) for one in found.bookable],
        title=found.title,
        headcount=found.headcount,
        layout=found.layout,
    )
    _tell(actor, public_id, found, made, len(skipped))
    return Repeated(public_id, tuple(made), len(skipped))


def _row(public_id: str, found: Look) -> dict[str, object]:
    repeats = found.repetition
    return {
        "public_id": public_id,
        "every": repeats.every,
        "apart": repeats.interval,
        "weekdays": "".join(map(str, sorted(repeats.weekdays))),
        "monthly_by": repeats.monthly_by,
        "until": repeats.until,
        "count": repeats.count,
        "skips_closed": repeats.skips_closed,
        "zone": found.local.zone_name,
        "local_start": found.local.starts_at,
        "local_end": found.local.ends_at,
        "created_at": clock.now(),
    }


def _tell(actor: Actor, public_id: str, found: Look, made: Sequence[Details], skipped: int) -> None:
    """A line and an event for each date, of which nobody hears alone, and for the series."""
    journal.write_lines(
        actor,
        [
            ("booked_series", "series", public_id, _facts(found, made, skipped)),
            *((_act(one), "reservation", one.public_id, service.facts_of_new(one)) for one in made),
        ],
    )
    told = {"version": 1, "actor_id": actor.person_id, "reason": None}
    events.record_each(
        [
            (EventKind.REPEATED, public_id, told),
            *((_event(one), one.public_id, {**told, "by_series": True}) for one in made),
        ]
    )


def _act(one: Details) -> str:
    return "booked" if one.state is State.CONFIRMED else "requested"


def _event(one: Details) -> EventKind:
    return EventKind.CONFIRMED if one.state is State.CONFIRMED else EventKind.REQUESTED


def _facts(found: Look, made: Sequence[Details], skipped: int) -> JsonFacts:
    return {
        "resource": ", ".join(place.spot.code for place in found.places),
        "starts_at": found.local.starts_at.isoformat(timespec="minutes"),
        "ends_at": found.local.ends_at.isoformat(timespec="minutes"),
        "dates": len(made),
        "skipped": skipped,
    }
