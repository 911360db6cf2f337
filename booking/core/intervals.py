"""Stretches of time: between two instants, between two wall clock times, and within a day."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.core.instants import Interval

__all__ = ["Interval", "LocalInterval", "Span", "gaps", "levels", "longest"]


class Span(NamedTuple):
    """A stretch of a day in minutes after local midnight; 0 to 1440 is the whole day."""

    opens: int
    closes: int

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Its wall clock start and end on a day; minute 1440 is the next day's midnight."""
        midnight = datetime.combine(day, time.min)
        return midnight + timedelta(minutes=self.opens), midnight + timedelta(minutes=self.closes)


@dataclass(frozen=True, slots=True)
class LocalInterval:
    """What a person means: a wall clock start and a later wall clock end in one zone.

    Where the clocks go back between the two, the end may show an earlier time, by its fold.
    """

    starts_at: datetime
    ends_at: datetime
    zone_name: str

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is not None or self.ends_at.tzinfo is not None:
            raise ValueError("a local interval lies between two naive wall clock times")
        goes_back = self.ends_at.fold > self.starts_at.fold
        if self.ends_at <= self.starts_at and not goes_back:
            raise ValueError("a local interval ends after it starts")

    @classmethod
    def of(cls, interval: Interval, zone: ZoneInfo) -> Self:
        """The wall clock times of an interval."""
        starts_at = zones.to_local(interval.starts_at, zone)
        return cls(starts_at, zones.to_local(interval.ends_at, zone), str(zone))

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose clocks are meant."""
        return zones.zone(self.zone_name)

    @property
    def minutes(self) -> int:
        """Its length in whole minutes on the clock's face."""
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def is_second_time(self) -> bool:
        """Whether it means the second of a time that happens twice, which no form can say and
        no stored wall clock keeps."""
        return bool(self.starts_at.fold or self.ends_at.fold)

    def project(self) -> Interval:
        """The instants meant, by the zone data in use; NonexistentTimeError in a gap."""
        return self.project_in(self.zone)

    def project_in(self, zone: ZoneInfo) -> Interval:
        """The instants meant by the rules of a given zone, such as an older edition of it."""
        starts_at = zones.to_instant(self.starts_at, zone)
        return Interval(starts_at, zones.to_end_instant(self.ends_at, zone))


def gaps(window: Interval, busy: Iterable[Interval]) -> list[Interval]:
    """What is left free of a window, in order; the busy times may overlap and need no order."""
    free = []
    free_from = window.starts_at
    for interval in sorted(busy):
        if interval.starts_at >= window.ends_at:
            break
        if interval.starts_at > free_from:
            free.append(Interval(free_from, interval.starts_at))
        free_from = max(free_from, interval.ends_at)
    if free_from < window.ends_at:
        free.append(Interval(free_from, window.ends_at))
    return free


def longest(intervals: Iterable[Interval]) -> list[Interval]:
    """Those that lie inside no other, in order: starts and ends both rise."""
    found: list[Interval] = []
    for interval in sorted(intervals, key=lambda one: (one.starts_at, -one.ends_at.timestamp())):
        if not found or interval.ends_at > found[-1].ends_at:
            found.append(interval)
    return found


def levels(intervals: Iterable[Interval]) -> list[tuple[Interval, int]]:
    """How many of these times lie over each other, wherever any does; in order, each stretch as
    long as its number holds."""
    changes: dict[datetime, int] = defaultdict(int)
    for interval in intervals:
        changes[interval.starts_at] += 1
        changes[interval.ends_at] -= 1
    found = []
    since, level = datetime.min, 0
    for moment in sorted(changes):
        if not changes[moment]:
            continue  # one ends where another begins
        if level:
            found.append((Interval(since, moment), level))
        since, level = moment, level + changes[moment]
    return found
