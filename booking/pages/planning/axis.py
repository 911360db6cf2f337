"""The time axis of a day: which hours are drawn, and where an instant stands on it."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.core.intervals import Interval

HOUR = 60
QUARTER = 15
STEP = 5  # the line of the present hour moves in such steps
ONE_MINUTE = timedelta(minutes=1)
QUIET_DAY = (8, 20)  # what is drawn where everything is closed


@dataclass(frozen=True)
class Axis:
    """Whole hours of one local day, counted in elapsed minutes from the first of them.

    Elapsed, so that on a day of 23 or 25 hours no two cells stand on one another.
    """

    starts_at: datetime
    hours: int
    zone: ZoneInfo
    _clocks: dict[int, str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def around(cls, shown: Iterable[Interval], day: date, zone: ZoneInfo) -> Axis:
        """The axis that holds all these intervals of a day, drawn outward to whole hours."""
        whole = zones.day_bounds(day, zone)
        inside = [
            Interval(max(one.starts_at, whole.starts_at), min(one.ends_at, whole.ends_at))
            for one in shown
            if one.overlaps(whole)
        ]
        if not inside:
            return cls._quiet(day, zone)
        first = min(one.starts_at for one in inside)
        last = max(one.ends_at for one in inside)
        first -= timedelta(minutes=zones.to_local(first, zone).minute)
        hours = -(-_minutes(last - first) // HOUR)
        return cls(max(first, whole.starts_at), hours, zone)

    @classmethod
    def _quiet(cls, day: date, zone: ZoneInfo) -> Axis:
        first, last = (zones.reached(datetime.combine(day, time(hour)), zone) for hour in QUIET_DAY)
        return cls(first, _minutes(last - first) // HOUR, zone)

    @property
    def interval(self) -> Interval:
        """What is drawn."""
        return Interval(self.starts_at, self.starts_at + timedelta(hours=self.hours))

    @property
    def minutes(self) -> int:
        """Its length."""
        return self.hours * HOUR

    @property
    def quarters(self) -> int:
        """Its length in the quarter hours that cells are placed by."""
        return self.minutes // QUARTER

    @property
    def labels(self) -> tuple[str, ...]:
        """What the clock shows at each of its hours; in autumn the same hour stands there twice."""
        return tuple(self.clock(hour * HOUR) for hour in range(self.hours))

    def minute(self, instant: datetime) -> int:
        """Where an instant stands; outside of the axis it is negative or too large."""
        return _minutes(instant - self.starts_at)

    def instant(self, minute: int) -> datetime:
        """The instant of a minute of the axis."""
        return self.starts_at + timedelta(minutes=minute)

    def clock(self, minute: int) -> str:
        """What the clock on the wall shows then; midnight at the end is 24:00."""
        text = self._clocks.get(minute)  # a page asks thousands of times for a few dozen
        if text is None:
            local = zones.to_local(self.instant(minute), self.zone)
            ends_the_day = minute > 0 and local.time() == time.min
            text = self._clocks[minute] = "24:00" if ends_the_day else local.strftime("%H:%M")
        return text

    @functools.cached_property
    def minute_of_day(self) -> int:
        """Where the axis begins on the clock: the policies' steps count from midnight."""
        local = zones.to_local(self.starts_at, self.zone)
        return local.hour * HOUR + local.minute

    def span_of(self, interval: Interval) -> tuple[int, int] | None:
        """The part of an interval that is drawn, in minutes; none where nothing of it is."""
        start = max(0, self.minute(interval.starts_at))
        end = min(self.minutes, self.minute(interval.ends_at))
        return (start, end) if start < end else None

    def step_of(self, now: datetime) -> int | None:
        """The five-minute step of the present hour; none outside of the axis."""
        minute = self.minute(now)
        return minute // STEP if 0 <= minute < self.minutes else None


def _minutes(distance: timedelta) -> int:
    return distance // ONE_MINUTE
