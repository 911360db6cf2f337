"""When one place can be booked on one day: the times that a form may offer."""

from __future__ import annotations

import functools
import itertools
import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from booking.authorisations.queries import rights
from booking.core import clock, zones
from booking.core.database import session
from booking.core.intervals import Interval, LocalInterval, gaps, longest
from booking.core.refusals import NotAuthorised, OutOfOrder, Reason, Refusal
from booking.occupancy import queries as occupancy_queries
from booking.occupancy.models import Hold
from booking.occupancy.queries import Busy
from booking.policies import facts
from booking.policies.facts import Judged, Place
from booking.policies.quotas import Balance, Counted, Counting
from booking.policies.rules import NO_RIGHTS, Limits, Rights
from booking.reservations import quotas
from booking.reservations.claims import resource_ids_of, room, window_of
from booking.reservations.queries import Details
from booking.spaces.opening import Expected, Opening, Preset, joined
from booking.spaces.queries import openings

DAY = timedelta(days=1)
DAYS_AHEAD = 14  # how far the next day with free time is looked for


@dataclass(frozen=True)
class Own:
    """The reservation that changes: its claims, and those its waiting change holds, are free."""

    before: Details
    hold_id: int | None

    @classmethod
    def of(cls, before: Details) -> Own:
        """Read which hold is its own."""
        if before.amendment is None:
            return cls(before, None)
        hold_id = select(Hold.id).where(Hold.amendment_id == before.amendment.id)
        return cls(before, session().scalar(hold_id))

    @property
    def resource_ids(self) -> frozenset[int]:
        """Where its claims stand, and what they make busy."""
        waiting = self.before.amendment
        places = (*self.before.places, *(waiting.places if waiting else ()))
        linked = {one.resource_id for place in places for one in place.linked}
        return frozenset(place.resource_id for place in places) | linked

    def has(self, busy: Busy) -> bool:
        """Whether the claim belongs to it."""
        if busy.reservation_id == self.before.id:
            return True
        return busy.hold_id is not None and busy.hold_id == self.hold_id

    def was_at(self, place: Place) -> Interval | None:
        """The time that it has at a place; nothing where it holds none there, or where the place
        shall be set out otherwise."""
        found = (one for one in self.before.places if one.resource_id == place.resource_id)
        is_so = any(one.layout == place.layout for one in found)
        return self.before.interval if self.before.holds_place and is_so else None

    def change_to(self, place: Place) -> facts.Change:
        """What the rules need to know of it."""
        keeps_place = place.resource_id in self.before.resource_ids
        return facts.Change(was=self.before.interval, keeps_place=keeps_place)


@dataclass(frozen=True)
class Stretch:
    """Open and free without a break; the starts on its day, and the ends they can have."""

    starts_at: datetime
    ends_at: datetime
    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]

    def joined(self, other: Stretch) -> Stretch:
        """Both as one."""
        return Stretch(
            min(self.starts_at, other.starts_at),
            max(self.ends_at, other.ends_at),
            tuple(sorted({*self.starts, *other.starts})),
            tuple(sorted({*self.ends, *other.ends})),
        )


@dataclass(frozen=True)
class Availability:
    """A place, or several together, around a day, for one person; times are wall clock times of
    the site. What is free is free at all of them.

    Quotas limit no time here, and authorisations only where it is known for whom: that can still
    be chosen beside it.
    """

    places: tuple[Place, ...]
    day: date
    openings: Mapping[int, Opening]  # by the key of the hours
    busy: tuple[Busy, ...]
    free: tuple[Interval, ...]
    is_member: bool
    now: datetime
    own: Own | None = None
    counting: Counting | None = None
    rights: Rights = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """The first place."""
        return self.places[0]

    @property
    def opening(self) -> Opening:
        """The hours of the first place."""
        return self.openings[self.place.spot.hours_id]

    @functools.cached_property
    def limits(self) -> Limits:
        """What all policies let through."""
        return limits_of(self.places)

    def judge(self, local: LocalInterval, headcount: int = 1) -> Judged:
        """What all rules say; raises ValueError for a time that the clocks jump over."""
        own = self.own
        return facts.judged(
            self.places,
            self.openings,
            local,
            headcount=headcount,
            is_member=self.is_member,
            changes={}
            if own is None
            else {place.resource_id: own.change_to(place) for place in self.places},
            now=self.now,
            rights=self.rights,
        )

    def balances(self, local: LocalInterval) -> list[Balance]:
        """What the quotas leave, and what this time takes of it; one after another."""
        if self.counting is None:
            return []
        found = self.counting.balances(self.places, local, local.project())
        return [balance for several in found.values() for balance in several]

    def can_be_booked(self, local: LocalInterval, headcount: int = 1) -> bool:
        """Whether nothing stands against it now."""
        try:
            interval = local.project()
        except ValueError:
            return False
        return is_inside(self.free, interval) and self.judge(local, headcount).allowed

    def free_units(self, place: Place, interval: Interval) -> int:
        """How many units of one of the places are free for all of this time, with set-up and
        cleaning; what the reservation that changes has itself counts as free."""
        span = place.limits.buffers.around(interval)
        taken = {
            one.unit
            for one in self.busy
            if one.resource_id == place.resource_id and one.interval.overlaps(span)
        }
        return place.spot.units - len(taken)

    def stretches(self, day: date) -> list[Stretch]:
        """The open and free stretches of a day in which something can be booked. What different
        places of a pool offer at one time is one stretch: not each start goes with each end."""
        found: list[Stretch] = []
        for opens, closes in self._open_and_free(day):
            stretch = self._stretch(day, opens, closes)
            if found and stretch.starts and stretch.starts_at < found[-1].ends_at:
                stretch = found.pop().joined(stretch)
            if stretch.starts:
                found.append(stretch)
        return found

    def presets(self, day: date) -> list[Preset]:
        """Now, Morning, Afternoon and Whole day as far as they can be booked."""
        limits = self.limits
        presets = self.opening.presets(
            day,
            zones.zone(self.place.spot.zone_name),
            now=self.now,
            granularity=limits.granularity,
            longest=limits.longest,
            shortest=limits.shortest,
            notice=limits.notice,
        )
        return [preset for preset in presets if self.can_be_booked(preset.local)]

    def ends_of(self, running: LocalInterval) -> list[datetime]:
        """The other ends that a running reservation can have, from the present step on."""
        zone = zones.zone(running.zone_name)
        step_now = zones.running_step(self.now, zone, self.limits.granularity)
        present = zones.to_local(step_now, zone)
        latest = running.starts_at + timedelta(minutes=self.limits.longest)
        first = max(present, running.starts_at + self._step)
        return [
            end
            for end in _steps(first, max(latest, running.ends_at) + self._step, self._step)
            if end == running.ends_at
            or self.can_be_booked(LocalInterval(running.starts_at, end, running.zone_name))
        ]

    def expected_on(self, day: date) -> tuple[Expected, ...]:
        """What may still be announced for this day: public holidays, other hours."""
        midnight = datetime.combine(day, time.min)
        whole_day = LocalInterval(midnight, midnight + DAY, self.place.spot.zone_name)
        return facts.expected_within(self.places, self.openings, whole_day)

    def next_day(self) -> date | None:
        """The next day on which anything can be booked."""
        days = (self.day + days * DAY for days in range(1, DAYS_AHEAD + 1))
        return next((day for day in days if self.stretches(day)), None)

    def next_time_like(self, local: LocalInterval) -> LocalInterval:
        """The same time of day on the first day from the asked one on that has it free."""
        length = local.ends_at - local.starts_at
        wished = [
            LocalInterval(start, start + length, local.zone_name)
            for start in (
                datetime.combine(self.day + days * DAY, local.starts_at.time())
                for days in range(DAYS_AHEAD + 1)
            )
        ]
        return next((one for one in wished if self.can_be_booked(one)), wished[0])

    def why_never(self) -> list[Refusal]:
        """What refuses this person here at every time."""
        start = datetime.combine(self.day, time(12))
        if not self._exists(start):  # the calendar left this day out
            start += DAY
        sample = LocalInterval(start, start + DAY / 24, self.place.spot.zone_name)
        return [one for one in self.judge(sample).refusals if is_for_ever(one)]

    def why_not_on_this_day(self) -> list[Refusal]:
        """What the rules say to the day's first hours; nothing where they are only taken."""
        spans = self.opening.spans_on(self.day)
        midnight = datetime.combine(self.day, time.min)
        # The last hours of the day tell of the past and of the notice, if those leave nothing.
        closes = midnight + timedelta(minutes=spans[-1].closes if spans else 18 * 60)
        start = closes - self._shortest
        try:
            return list(
                self.judge(LocalInterval(start, closes, self.place.spot.zone_name)).refusals
            )
        except ValueError:
            return []

    def _stretch(self, day: date, opens: datetime, closes: datetime) -> Stretch:
        step, shortest = self._step, self._shortest
        next_midnight = datetime.combine(day + DAY, time.min)
        starts = tuple(
            start
            for start in _steps(opens, min(closes - shortest + step, next_midnight), step)
            if start + shortest <= closes and self._may_begin(start)
        )
        if not starts:
            return Stretch(opens, closes, (), ())
        latest = min(closes, starts[-1] + timedelta(minutes=self.limits.longest))
        ends = tuple(
            end
            for end in _steps(starts[0] + shortest, latest + step, step)
            if end <= latest and self._exists(end)
        )
        return Stretch(opens, closes, starts, ends)

    @property
    def _step(self) -> timedelta:
        return timedelta(minutes=self.limits.granularity)

    @property
    def _shortest(self) -> timedelta:
        step = self.limits.granularity
        return timedelta(minutes=-(-self.limits.shortest // step) * step)

    def _may_begin(self, start: datetime) -> bool:
        """Whether the shortest reservation could begin here, were it not for the place itself."""
        local = LocalInterval(start, start + self._shortest, self.place.spot.zone_name)
        try:
            refusals = self.judge(local).refusals
        except ValueError:
            return False
        return all(is_for_ever(refusal) for refusal in refusals)

    def _exists(self, end: datetime) -> bool:
        try:
            zones.to_end_instant(end, zones.zone(self.place.spot.zone_name))
        except ValueError:
            return False
        return True

    def _open_and_free(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Open and not taken, begun on this day; over midnight where the next day goes on."""
        zone = zones.zone(self.place.spot.zone_name)
        midnight = datetime.combine(day, time.min)
        longest = timedelta(minutes=self.limits.longest)
        for opens, closes in self._open(day):
            for free in self.free:
                starts_at = max(opens, zones.to_local(free.starts_at, zone), midnight)
                ends_at = min(closes, zones.to_local(free.ends_at, zone), midnight + DAY + longest)
                if starts_at < ends_at:
                    yield starts_at, ends_at

    def _open(self, day: date) -> list[tuple[datetime, datetime]]:
        """When all of them are open."""
        found = [self._open_by(opening, day) for opening in self.openings.values()]
        return functools.reduce(_common, found)

    def _open_by(self, opening: Opening, day: date) -> list[tuple[datetime, datetime]]:
        found: list[tuple[datetime, datetime]] = []
        last = day + timedelta(minutes=self.limits.longest) + DAY
        while day <= last:
            for span in joined(opening.spans_on(day)):
                opens, closes = span.on(day)
                if found and found[-1][1] == opens:
                    found[-1] = (found[-1][0], closes)
                else:
                    found.append((opens, closes))
            day += DAY
        return found


def limits_of(places: Sequence[Place]) -> Limits:
    """Of several places the strictest of each limit, on steps that suit all of them."""
    limits = [place.limits for place in places]
    shortest = max(one.shortest for one in limits)
    return replace(
        limits[0],
        granularity=math.lcm(*(one.granularity for one in limits)),
        shortest=shortest,
        longest=max(shortest, min(one.longest for one in limits)),
        notice=max(one.notice for one in limits),
        horizon=min(one.horizon for one in limits),
    )


def _common(
    some: Sequence[tuple[datetime, datetime]], others: Sequence[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    pairs = (
        (max(opens, later), min(closes, earlier))
        for opens, closes in some
        for later, earlier in others
    )
    return [(opens, closes) for opens, closes in pairs if opens < closes]


def around(
    places: Sequence[Place],
    day: date,
    *,
    is_member: bool,
    holder: Counted | None = None,
    own: Own | None = None,
    days: int = 0,
) -> Availability:
    """Read hours and claims of a place, or of several, from a day on; three statements, and those
    that the quotas ask for a holder."""
    place = places[0]
    zone = zones.zone(place.spot.zone_name)
    last = day + days * DAY + timedelta(minutes=place.limits.longest) + 2 * DAY
    opening = openings({one.spot.hours_id for one in places}, day - DAY, last)
    window = Interval(
        zones.reached(datetime.combine(day, time.min), zone),
        zones.reached(datetime.combine(last, time.min), zone),
    )
    others = _taken_by_others(places, window, own)
    free = free_together([*_free_of(places, window, others, own).values()])
    before = None if own is None else own.before
    holders = [] if holder is None else [holder]
    counting = quotas.counting(places, holders, (day, day + days * DAY), own=before)
    shown = tuple(places if holder is not None else (one.for_anybody() for one in places))
    allowed = NO_RIGHTS if holder is None else rights(places, holder.person_id)
    return Availability(
        shown, day, opening, others, free, is_member, clock.now(), own, counting, allowed
    )


def today_at(place: Place) -> date:
    """The date on the calendars of the place's site."""
    return clock.today(zones.zone(place.spot.zone_name))


def free_times(
    places: Collection[Place], window: Interval, own: Own | None = None
) -> dict[int, tuple[Interval, ...]]:
    """Where a reservation finds room at these places in a window, with its set-up and its cleaning,
    of a pool on any one of its units; one statement."""
    if not places:
        return {}
    return _free_of(places, window, _taken_by_others(places, window, own), own)


def free_times_of_units(
    places: Collection[Place], window: Interval
) -> dict[int, list[tuple[Interval, ...]]]:
    """The same for each unit of them by itself: one, where a place is no pool."""
    if not places:
        return {}
    return _free_of_units(places, window, _taken_by_others(places, window, None), None)


def free_units(free: Collection[Place], interval: Interval) -> dict[int, int]:
    """How many units of these free places can be booked for all of this time, as far as claims go:
    one of what is no pool. One statement, and none where none is a pool."""
    counted = {place.resource_id: 1 for place in free}
    pools = {place.resource_id: place for place in free if place.spot.units > 1}
    for resource_id, units in free_times_of_units(pools.values(), interval).items():
        counted[resource_id] = sum(is_inside(times, interval) for times in units)
    return counted


def _taken_by_others(
    places: Collection[Place], window: Interval, own: Own | None
) -> tuple[Busy, ...]:
    most = max(place.spot.units for place in places)
    busy = occupancy_queries.busy_times(
        resource_ids_of(places), window_of(places, window), range(1, most + 1)
    )
    return tuple(one for one in busy if own is None or not own.has(one))


def _free_of(
    places: Collection[Place], window: Interval, busy: Sequence[Busy], own: Own | None
) -> dict[int, tuple[Interval, ...]]:
    """Of a pool, those that lie in no other: they may overlap."""
    found = _free_of_units(places, window, busy, own)
    return {
        resource_id: units[0] if len(units) == 1 else tuple(longest(itertools.chain(*units)))
        for resource_id, units in found.items()
    }


def _free_of_units(
    places: Collection[Place], window: Interval, busy: Sequence[Busy], own: Own | None
) -> dict[int, list[tuple[Interval, ...]]]:
    window = window_of(places, window)
    taken: dict[tuple[int, int], list[Interval]] = defaultdict(list)
    for one in busy:
        taken[one.resource_id, one.unit].append(one.interval)

    def free_on(place: Place, unit: int) -> list[Interval]:
        keys = [(place.resource_id, unit), *((part.resource_id, 1) for part in place.parts)]
        free = gaps(window, [time for key in keys for time in taken.get(key, ())])
        return room(place, free, None if own is None else own.was_at(place))

    return {
        place.resource_id: [tuple(free_on(place, unit)) for unit in range(1, place.spot.units + 1)]
        for place in places
    }


def free_together(free: Sequence[tuple[Interval, ...]]) -> tuple[Interval, ...]:
    """What is free at all of several places."""
    if len(free) == 1:
        return free[0]
    return functools.reduce(_both_free, free)


def _both_free(some: tuple[Interval, ...], others: tuple[Interval, ...]) -> tuple[Interval, ...]:
    pairs = _common(
        [(one.starts_at, one.ends_at) for one in some],
        [(one.starts_at, one.ends_at) for one in others],
    )
    return tuple(longest(Interval(*pair) for pair in pairs))


def is_inside(free: Sequence[Interval], interval: Interval) -> bool:
    """Whether one of these sorted free times holds the whole interval."""
    begun = bisect_right(free, interval.starts_at, key=lambda one: one.starts_at)
    return begun > 0 and free[begun - 1].contains(interval)


def is_for_ever(refusal: Refusal) -> bool:
    """Whether another time would be refused for the same reason."""
    if isinstance(refusal.facts, OutOfOrder):
        return refusal.facts.expected_back is None
    if isinstance(refusal.facts, NotAuthorised):
        return refusal.facts.valid_until is None
    return refusal.reason in (Reason.NOT_ELIGIBLE, Reason.OVER_CAPACITY)


def _steps(first: datetime, before: datetime, step: timedelta) -> Iterator[datetime]:
    """The steps after midnight from the first on, up to and without the last."""
    midnight = datetime.combine(first.date(), time.min)
    moment = midnight + -(-(first - midnight) // step) * step
    while moment < before:
        yield moment
        moment += step
