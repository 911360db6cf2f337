"""When places of a kind are open: the times that a search offers, and the one it begins with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from booking.core import clock, zones
from booking.core.intervals import Span
from booking.finding import queries
from booking.spaces.opening import Opening
from booking.spaces.queries import openings

DAY = timedelta(days=1)
DAYS_AHEAD = 7
QUARTER = 15
QUIET_DAY = Span(8 * 60, 20 * 60)  # what is offered on a day on which everything is closed


@dataclass(frozen=True)
class KindHours:
    """The opening hours of all places of a kind, from a day on."""

    openings: tuple[Opening, ...]
    zone_name: str

    def span(self, day: date) -> Span | None:
        """From the first opening to the last closing; none where all is closed."""
        spans = [span for opening in self.openings for span in opening.spans_on(day)]
        if not spans:
            return None
        return Span(min(one.opens for one in spans), max(one.closes for one in spans))

    def offered(self, day: date) -> Span:
        """What a form offers on a day."""
        return self.span(day) or QUIET_DAY

    def next_start(self, day: date | None) -> datetime:
        """The step that runs now, else the next opening; of a day that was chosen, its opening."""
        zone = zones.zone(self.zone_name)
        now = zones.to_local(zones.running_step(clock.now(), zone, QUARTER), zone)
        days = [day] if day else [now.date() + ahead * DAY for ahead in range(DAYS_AHEAD + 1)]
        for one in days:
            span = self.span(one)
            if span is None:
                continue
            opens, closes = span.on(one)
            if max(opens, now) < closes:
                return max(opens, now)
        return datetime.combine(days[0], time.min) + timedelta(minutes=QUIET_DAY.opens)


def hours_of(kind_id: int, day: date, zone_name: str) -> KindHours:
    """Read them for a day and the week after it; two statements."""
    hours_ids = queries.hours_of_kind(kind_id)
    found = openings(hours_ids, day, day + DAYS_AHEAD * DAY)
    return KindHours(tuple(found.values()), zone_name)
