"""The stage for three months of bookings: places, hours, people, and what is taken already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from booking.core.intervals import LocalInterval, Span
from booking.demo.ledger import Ledger
from booking.demo.park import Calendar
from booking.demo.people import People
from booking.demo.places import BREAKDOWNS, Breakdown
from booking.policies.facts import Place
from booking.reservations.claims import resource_ids_of
from booking.spaces.opening import Opening, joined


class Taken:
    """Wall clock times of each resource that were ever taken, so that no act meets another."""

    def __init__(self) -> None:
        self._times: dict[tuple[int, date], list[tuple[datetime, datetime]]] = defaultdict(list)

    def is_free(self, place: Place, local: LocalInterval) -> bool:
        """Whether nothing was ever booked there then, with the set-up and cleaning around it; of a
        pool the ledger knows which places are free."""
        local = _with_buffers(place, local)
        return not any(
            start < local.ends_at and local.starts_at < end
            for day in _days(local)
            for resource_id in resource_ids_of([place])
            for start, end in self._times[resource_id, day]
        )

    def take(self, place: Place, local: LocalInterval) -> None:
        """Remember the time, but for a pool."""
        if place.spot.units > 1:
            return
        local = _with_buffers(place, local)
        for day in _days(local):
            for resource_id in resource_ids_of([place]):
                self._times[resource_id, day].append((local.starts_at, local.ends_at))


def _with_buffers(place: Place, local: LocalInterval) -> LocalInterval:
    setup, cleanup = (timedelta(minutes=minutes) for minutes in place.limits.buffers)
    return LocalInterval(local.starts_at - setup, local.ends_at + cleanup, local.zone_name)


def _days(local: LocalInterval) -> list[date]:
    first, last = local.starts_at.date(), local.ends_at.date()
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


@dataclass(frozen=True)
class Scene:
    """What everybody who writes acts looks at."""

    calendar: Calendar
    now: datetime
    places: Mapping[str, Place]
    openings: Mapping[int, Opening]
    people: People
    ledger: Ledger
    taken: Taken = field(default_factory=Taken)

    @property
    def midnight(self) -> datetime:
        """When today began: what chance writes happened before, whatever time it is now."""
        return self.calendar.at(self.calendar.today, 0)

    def spans(self, place: Place, day: date) -> tuple[Span, ...]:
        """When the place is open on a day."""
        return joined(self.openings[place.spot.hours_id].spans_on(day))

    def open_day(self, place: Place, number: int) -> date:
        """The so-many-th open day: 1 is the first after today, -1 the last before, 0 is today or
        the next one that is open."""
        step = -1 if number < 0 else 1
        day = self.calendar.today - timedelta(days=step if number == 0 else 0)
        for _ in range(abs(number) or 1):
            day += timedelta(days=step)
            while not self.spans(place, day) or day.weekday() > 4:
                day += timedelta(days=step)
        return day

    def local(self, day: date, opens: int, closes: int) -> LocalInterval:
        """Minutes after midnight of a day as wall clock times."""
        midnight = datetime.combine(day, time.min)
        return LocalInterval(
            midnight + timedelta(minutes=opens),
            midnight + timedelta(minutes=closes),
            str(self.calendar.zone),
        )

    def works(self, place: Place, local: LocalInterval) -> bool:
        """Whether the resource was, or will be, in order then."""
        broken = _BROKEN.get(place.spot.code)
        if broken is None:
            return True
        today = self.calendar.today
        ends_before = local.ends_at.date() < today + timedelta(days=broken.since)
        if broken.back is None:
            return ends_before
        return ends_before or local.starts_at.date() > today + timedelta(days=broken.back)


_BROKEN: dict[str, Breakdown] = {breakdown.code: breakdown for breakdown in BREAKDOWNS}
