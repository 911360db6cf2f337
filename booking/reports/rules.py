"""Laying time on the clock of a place: how many minutes of which hour, weekday and month; pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.core.errors import InvalidError, Problem
from booking.core.intervals import Interval, Span
from booking.spaces.opening import Opening, joined

LONGEST = timedelta(days=366)
DAY = timedelta(days=1)

Hour: TypeAlias = tuple[int, int]  # the weekday (Monday is 0) and the hour on the clock


class Part(StrEnum):
    """What has been and what is to come are never added up."""

    PAST = "past"
    COMING = "coming"


class By(StrEnum):
    """What the lines of a report stand for."""

    KIND = "kind"
    BUILDING = "building"
    ORGANISATION = "organisation"
    MONTH = "month"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the site, the first and the last included; a year and a day at most."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidError({"to": Problem.ENDS_BEFORE_IT_STARTS})
        if self.last - self.first >= LONGEST:
            raise InvalidError({"to": Problem.TOO_LONG})

    def days(self) -> Iterator[date]:
        """Each day in order."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + number * DAY

    def window(self, zone: ZoneInfo) -> Interval:
        """From the first instant of the first day to the end of the last."""
        starts_at = zones.reached(datetime.combine(self.first, time.min), zone)
        ends_at = zones.reached(datetime.combine(self.last + DAY, time.min), zone)
        if ends_at <= starts_at:  # a calendar that left out this one day
            raise InvalidError({"from": Problem.NONEXISTENT_TIME})
        return Interval(starts_at, ends_at)


class Piece(NamedTuple):
    """Minutes within one hour of the clock, on one side of the present."""

    starts_at: datetime
    ends_at: datetime
    part: Part
    month: str  # 2026-10
    hour: Hour

    def minutes_of(self, interval: Interval) -> int:
        """How many minutes of the piece lie in an interval."""
        common = min(self.ends_at, interval.ends_at) - max(self.starts_at, interval.starts_at)
        return max(common // timedelta(minutes=1), 0)


@dataclass(slots=True)
class Minutes:
    """Minutes added up by month and by hour of the week, on each side of the present."""

    by_month: Counter[tuple[Part, str]] = field(default_factory=Counter)
    by_hour: Counter[tuple[Part, Hour]] = field(default_factory=Counter)

    def add(self, piece: Piece, minutes: int) -> None:
        """So many minutes in the hour of a piece."""
        self.by_month[piece.part, piece.month] += minutes
        self.by_hour[piece.part, piece.hour] += minutes


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the period; with `spans` when its clock is even and it lies on one side of now."""

    part: Part
    month: str
    weekday: int
    spans: tuple[Span, ...] | None


class Ground:
    """One set of opening hours in one zone over a period: all of it, laid on the clock once."""

    def __init__(self, opening: Opening, zone: ZoneInfo, period: Period, now: datetime) -> None:
        self.zone = zone
        self.now = now.replace(second=0, microsecond=0)
        self.window = period.window(zone)
        self.days = {day.isoformat(): self._day(opening, day) for day in period.days()}
        self.pieces = [
            piece
            for day in period.days()
            for interval in opening.open_intervals(day, zone)
            for piece in self.laid(interval)
        ]
        self._starts = [piece.starts_at for piece in self.pieces]
        self.open = self.open_within(self.window)

    def laid(self, interval: Interval) -> Iterator[Piece]:
        """The part of an interval inside the period, hour by hour, parted at the present."""
        at = max(interval.starts_at, self.window.starts_at)
        ends_at = min(interval.ends_at, self.window.ends_at)
        while at < ends_at:
            local = zones.to_local(at, self.zone)
            until = min(at + timedelta(minutes=60 - local.minute), ends_at)
            if at < self.now < until:
                until = self.now
            part = Part.PAST if at < self.now else Part.COMING
            yield Piece(at, until, part, f"{local:%Y-%m}", (local.weekday(), local.hour))
            at = until

    def open_within(self, interval: Interval) -> Minutes:
        """The open minutes of an interval."""
        found = Minutes()
        first = max(bisect_right(self._starts, interval.starts_at) - 1, 0)
        for piece in self.pieces[first : bisect_left(self._starts, interval.ends_at)]:
            minutes = piece.minutes_of(interval)
            if minutes:
                found.add(piece, minutes)
        return found

    def minutes_of(self, interval: Interval) -> Minutes:
        """All minutes of an interval inside the period, open or not."""
        found = Minutes()
        for piece in self.laid(interval):
            found.add(piece, (piece.ends_at - piece.starts_at) // timedelta(minutes=1))
        return found

    def _day(self, opening: Opening, day: date) -> Day:
        midnight = datetime.combine(day, time.min)
        starts_at, ends_at = (zones.reached(midnight + turn * DAY, self.zone) for turn in (0, 1))
        is_even = (
            ends_at - starts_at == DAY
            and starts_at.astimezone(self.zone).utcoffset()
            == (ends_at - timedelta(minutes=1)).astimezone(self.zone).utcoffset()
            and not starts_at < self.now < ends_at
        )
        return Day(
            part=Part.PAST if starts_at < self.now else Part.COMING,
            month=f"{day:%Y-%m}",
            weekday=day.weekday(),
            spans=joined(opening.spans_on(day)) if is_even else None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Worn:
    """What a time of day takes of an even day: minutes in all and open ones, and both by hour."""

    minutes: int
    open_minutes: int
    hours: tuple[tuple[int, int, int], ...]


@lru_cache(maxsize=2**14)
def worn(spans: tuple[Span, ...], start: str, end: str) -> Worn:
    """What is taken of a day with these open spans between two times such as 08:00 and 09:30."""
    taken = Span(_minute(start), _minute(end))
    hours = []
    for hour in range(taken.opens // 60, -(-taken.closes // 60)):
        piece = _common(taken, Span(60 * hour, 60 * hour + 60))
        open_minutes = sum(max(_length(_common(span, piece)), 0) for span in spans)
        hours.append((hour, _length(piece), open_minutes))
    return Worn(sum(hour[1] for hour in hours), sum(hour[2] for hour in hours), tuple(hours))


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _common(one: Span, other: Span) -> Span:
    return Span(max(one.opens, other.opens), min(one.closes, other.closes))


def _length(span: Span) -> int:
    return span.closes - span.opens
