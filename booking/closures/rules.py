"""What a closure may be: checked for sense, before anything is read or written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.core.errors import InvalidError, Problem
from booking.core.intervals import Interval
from booking.core.zones import EARLIEST_YEAR, LATEST_YEAR
from booking.occupancy.models import ClosureKind

LONGEST = timedelta(days=731)
STEP = timedelta(minutes=5)  # of the clock on which people book


BY_HAND = (ClosureKind.MAINTENANCE, ClosureKind.CLOSED)  # a holiday is announced instead


def by_hand(kind: ClosureKind) -> ClosureKind:
    """A kind that somebody can choose; raises ValueError for another."""
    if kind not in BY_HAND:
        raise ValueError("not chosen by hand")
    return kind


@dataclass(frozen=True)
class Wanted:
    """A wished closure: of these resources (public ids) and of all in these areas, floors and
    buildings (keys). Times without an offset are local at the site."""

    kind: ClosureKind
    names: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    resources: tuple[str, ...] = ()
    areas: tuple[int, ...] = ()
    floors: tuple[int, ...] = ()
    buildings: tuple[int, ...] = ()
    holiday: int | None = None  # the key of the public holiday that closes what respects it


def interval_of(wanted: Wanted, zone: ZoneInfo, now: datetime) -> Interval:
    """When it is; what has begun already begins now. Raises InvalidError where it makes no sense,
    or is over."""
    start = instant("starts_at", wanted.starts_at, zone)
    end = instant("ends_at", wanted.ends_at, zone)
    if end <= start:
        raise InvalidError({"ends_at": Problem.ENDS_BEFORE_IT_STARTS})
    start = max(start, step_of(now))
    if end <= start or end - start > LONGEST:
        raise InvalidError({"ends_at": Problem.OUT_OF_RANGE})
    return Interval(start, end)


def step_of(now: datetime) -> datetime:
    """The beginning of the step that runs."""
    return now - timedelta(seconds=now.timestamp() % STEP.total_seconds())


def instant(field: str, moment: datetime, zone: ZoneInfo) -> datetime:
    """The instant that is meant; where the clocks jump over it, the one when they do."""
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise InvalidError({field: Problem.OUT_OF_RANGE})
    if moment.second or moment.microsecond:
        raise InvalidError({field: Problem.UNREADABLE})
    return zones.reached(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)


def whole_day(day: date) -> tuple[datetime, datetime]:
    """From midnight to midnight, on the clock of the site."""
    starts_at = datetime.combine(day, time.min)
    return starts_at, starts_at + timedelta(days=1)
