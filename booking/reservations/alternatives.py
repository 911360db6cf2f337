"""What could be booked instead of a refused wish: near in time, near in place, and sure to succeed.

Every alternative was judged by all rules for this actor and is free in the claims table, so it
succeeds when it is posted, unless somebody else is faster. The number of statements is fixed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice

from msgspec import UNSET
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from booking.authorisations.queries import rights
from booking.core import clock, zones
from booking.core.database import session
from booking.core.intervals import Interval, LocalInterval
from booking.core.permissions import Actor
from booking.core.refusals import Cause, LayoutKind, Reason, Refusal, SlotTaken, with_overrider
from booking.policies import facts
from booking.policies.facts import Judged, Place, place_columns, place_from
from booking.policies.quotas import Counted, Counting
from booking.policies.rules import Limits, Rights, WhoMayBook
from booking.reservations import queries, quotas, service
from booking.reservations.availability import (
    Own,
    free_times,
    free_together,
    is_for_ever,
    is_inside,
    limits_of,
)
from booking.reservations.queries import Details
from booking.reservations.wishes import Change, Wish, checked_headcount, laid_out, local_interval
from booking.spaces.models import (
    Area,
    Building,
    Floor,
    Layout,
    Resource,
    ResourceFeature,
    ResourceState,
    Site,
)
from booking.spaces.opening import Opening, joined
from booking.spaces.queries import openings

MOST = 3
DAYS_AROUND = 7
MOST_ALIKE_ON_DATES = 8  # whose claims of a whole series are read
MOST_ALIKE = 30  # read at once; all of them may be booked and are free
DAY = timedelta(days=1)


class Why(StrEnum):
    """What an alternative has in common with the wish, and what not. Part of the API."""

    SAME_RESOURCE_OTHER_TIME = "same_resource_other_time"
    ALIKE_SAME_TIME = "alike_same_time"
    SHORTER = "shorter"
    OTHER_DAY = "other_day"
    ALIKE_OTHER_TIME = "alike_other_time"


@dataclass(frozen=True)
class Alternative:
    """A place, or several together, and a time that can be booked as they are."""

    places: tuple[Place, ...]
    local: LocalInterval
    why: Why

    @property
    def place(self) -> Place:
        """The first place."""
        return self.places[0]


@dataclass(frozen=True)
class _Search:
    """A resolved wish, for whom, and what counts as free because it is the reservation's own."""

    places: tuple[Place, ...]
    local: LocalInterval
    headcount: int
    is_member: bool
    holder: Counted
    now: datetime
    own: Own | None = None
    counting: Counting | None = None
    rights: Rights = field(default_factory=dict)
    layout: LayoutKind | None = None  # in which the places are laid out, those that offer it

    @property
    def day(self) -> date:
        return self.local.starts_at.date()

    @property
    def first_day(self) -> date:
        return self.day - DAYS_AROUND * DAY

    @property
    def last_day(self) -> date:
        return self.day + DAYS_AROUND * DAY

    def is_as_it_stands(self, places: Sequence[Place], local: LocalInterval) -> bool:
        """Whether it is what the reservation already has."""
        if self.own is None:
            return False
        before = self.own.before
        same_places = before.resource_ids == {place.resource_id for place in places}
        same_places = same_places and before.layout == self.layout
        return same_places and before.local == local

    def is_eligible(self, place: Place) -> bool:
        return self.is_member or place.limits.who_may_book is WhoMayBook.ANYONE

    def at_its_best(self, place: Place) -> Place:
        """As if it were in order and large enough: what is left are its policy and its hours."""
        capacity = max(place.spot.capacity, self.headcount)
        spot = replace(place.spot, capacity=capacity, state=ResourceState.IN_ORDER)
        return replace(place, spot=spot)

    def judge(
        self, places: Sequence[Place], opening_of: Mapping[int, Opening], local: LocalInterval
    ) -> Judged:
        """What all rules say; raises ValueError for a time that the clocks jump over."""
        own = self.own
        return facts.judged(
            places,
            opening_of,
            local,
            headcount=self.headcount,
            is_member=self.is_member,
            changes={}
            if own is None
            else {place.resource_id: own.change_to(place) for place in places},
            now=self.now,
            counting=self.counting,
            rights=self.rights,
        )

    def counted(self, places: Iterable[Place], days: tuple[date, date] | None = None) -> _Search:
        """With what the quotas of these places' groups say around the wished day, or on these
        days, and with the authorisations for them, besides what was read of them before."""
        places = list(places)
        more = rights(
            [one for one in places if one.policy_id not in self.rights], self.holder.person_id
        )
        return replace(self, rights={**self.rights, **more})._counted(places, days)

    def _counted(self, places: Iterable[Place], days: tuple[date, date] | None) -> _Search:
        known = {one.policy_id for one in self.places} if self.counting is not None else set()
        found = quotas.counting(
            [one for one in places if one.policy_id not in known],
            [self.holder],
            days or (self.first_day, self.last_day),
            own=None if self.own is None else self.own.before,
            now=self.now,
        )
        if found is None:
            return self
        used = {} if self.counting is None else self.counting.used
        return replace(self, counting=replace(found, used={**found.used, **used}))


def find(
    actor: Actor, wish: Wish, *, now: datetime | None = None, most: int = MOST
) -> list[Alternative]:
    """What this actor could book instead, best first.

    Empty only where nothing of the wished length or shorter can be booked on the resource within
    seven days, nor on alike ones. Raises InvalidError for a wish that makes no sense.
    """
    places = laid_out(service.places_of(wish.resources), wish.layout)
    holder = service.holder_of(actor, wish, places)
    search = _resolve(wish, places, holder.is_member, holder.counted, now or clock.now())
    return _ranked(search.counted(places), most)


def for_change(
    actor: Actor, public_id: str, wanted: Change, *, now: datetime | None = None, most: int = MOST
) -> list[Alternative]:
    """What the reservation could be changed to instead; what it has itself counts as free."""
    before = queries.details(actor, public_id)
    now = now or clock.now()
    if not before.is_live or before.interval.ends_at <= now:
        return []
    wish = whole_wish(before, wanted)
    is_member = before.counts_as_member or bool(actor.memberships)
    named = service.places_of(wish.resources, known=before.places)
    known = before.resource_ids if wish.layout == before.layout else frozenset()
    places = laid_out(named, wish.layout, known=known)
    search = _resolve(wish, places, is_member, quotas.of(before), now)
    search = replace(search, own=Own.of(before)).counted(places)
    if before.interval.starts_at <= now:
        return _other_ends(search, before)
    return _ranked(search, most)


def whole_wish(before: Details, wanted: Change) -> Wish:
    """What there shall be after a change: what it does not say stays as it is."""
    return Wish(
        resources=wanted.resources or tuple(place.spot.public_id for place in before.places),
        starts_at=wanted.starts_at or before.local.starts_at,
        ends_at=wanted.ends_at or before.local.ends_at,
        headcount=before.headcount if wanted.headcount is None else wanted.headcount,
        layout=before.layout if wanted.layout is UNSET else wanted.layout,
    )


def nearest(
    actor: Actor,
    places: Sequence[Place],
    local: LocalInterval,
    *,
    headcount: int,
    now: datetime | None = None,
    most: int = MOST,
) -> list[Alternative]:
    """When one of several places that would all do can be had, where none can at the wished time:
    near on the same day, shorter, and on the nearest other day."""
    if not places:
        return []
    is_member = bool(actor.memberships)
    holder = quotas.of_actor(actor)
    search = _Search((places[0],), local, headcount, is_member, holder, now or clock.now())
    search = search.counted(places)
    times = [
        replace(one, search=replace(search, places=one.places))
        for one in _times_of(search, [(place,) for place in places])
    ]
    by_distance = functools.partial(_distance, search)
    same_day = sorted((found for one in times for found in one.same_day()), key=by_distance)
    shorter = [found for one in times for found in one.shorter()]
    longest_first = sorted(shorter, key=lambda one: one.local.minutes, reverse=True)
    other_days = sorted(
        (found for one in times for found in islice(one.other_days(), 1)),
        key=functools.partial(_distance_by_day, search),
    )
    return _best_of_each_first([same_day[:most], longest_first[:1], other_days[:most]], most)


def on_dates(
    places: Sequence[Place],
    times: Sequence[LocalInterval],
    *,
    headcount: int,
    is_member: bool,
    holder: Counted,
    counting: Counting | None = None,
    most: int = MOST,
) -> list[list[Alternative]]:
    """What could be had on each of several days instead of these places at that time: at another
    time of the day, or alike ones at the same. The limits of the places are taken as they are, and
    so is what `counting` has read of their quotas.

    As many statements for a hundred days as for one; alike ones are the few nearest.
    """
    if not times:
        return []
    search = _Search(
        tuple(places), times[0], headcount, is_member, holder, clock.now(), counting=counting
    )
    search = replace(search, rights=rights(places, holder.person_id))
    gap = _Gap(places[0], search.places, headcount)
    alike = _nearest_alike(search, gap) if len(places) == 1 else []
    sets = [search.places, *(gap.filled_by(one) for one in alike)]
    first = min(one.starts_at.date() for one in times)
    last = max(one.ends_at.date() for one in times)
    search = search.counted(alike, (first, last))
    own, *others = _times_of(search, sets, first, last)
    return [_on_date(own, others, local, most) for local in times]


def _nearest_alike(search: _Search, gap: _Gap) -> list[Place]:
    pairs = _pairs(place for place in _representatives(search, gap) if search.is_eligible(place))
    works_by = search.local.project().starts_at
    alike = _alike(search, gap, pairs, works_by=works_by)[:MOST_ALIKE_ON_DATES]
    return [place.for_series() for place in alike]


def _on_date(
    own: _Times, others: Sequence[_Times], local: LocalInterval, most: int
) -> list[Alternative]:
    search = replace(own.search, local=local)
    alike = (one for other in others for one in replace(other, search=search).as_wished())
    same_day = replace(own, search=search).same_day()
    return _best_of_each_first([same_day, list(islice(alike, most))], most)


def alike(actor: Actor, wish: Wish) -> list[Place]:
    """Which others would do as well as the one place of a wish, free or not: of its kind, large
    enough, with all its features, and allowed at that time; the nearest first."""
    places = laid_out(service.places_of(wish.resources, most=1), wish.layout)
    holder = service.holder_of(actor, wish, places)
    search = _resolve(wish, places, holder.is_member, holder.counted, clock.now())
    gap = _Gap(places[0], places, search.headcount)
    representatives = _representatives(search, gap)
    search = replace(search, rights=rights(representatives, holder.person_id))
    hours = {place.spot.hours_id for place in representatives}
    opening_of = openings(hours, search.day - DAY, search.local.ends_at.date() + DAY)
    pairs = _pairs(
        place
        for place in map(search.at_its_best, representatives)
        if search.judge([place], opening_of, search.local).allowed
    )
    has_all = _missing_features(places[0].resource_id) == 0
    return _alike(search, gap, pairs, has_all, works_by=search.local.project().starts_at)


def verdict(actor: Actor, wish: Wish) -> Judged:
    """Could I? All rules, and which of the places are taken, without claiming anything."""
    places = laid_out(service.places_of(wish.resources), wish.layout)
    holder = service.holder_of(actor, wish, places)
    search = _resolve(wish, places, holder.is_member, holder.counted, clock.now()).counted(places)
    judged = facts.judge_all(
        places,
        search.local,
        headcount=search.headcount,
        is_member=search.is_member,
        changes={},
        counting=search.counting,
        rights=search.rights,
    )
    taken = service.taken(places, search.local.project())
    return replace(judged, refusals=(*map(with_overrider, judged.refusals), *_more(judged, taken)))


def _more(judged: Judged, taken: Iterable[Refusal]) -> Iterator[Refusal]:
    """What is taken besides: that what is out of order is closed as well says nothing new."""
    broken = {one.resource_code for one in judged.refusals if one.reason is Reason.OUT_OF_ORDER}
    for one in taken:
        is_closed = isinstance(one.facts, SlotTaken) and one.facts.cause is Cause.CLOSURE
        if not (is_closed and one.resource_code in broken):
            yield one


def _resolve(
    wish: Wish, places: tuple[Place, ...], is_member: bool, holder: Counted, now: datetime
) -> _Search:
    local = local_interval(wish.starts_at, wish.ends_at, places[0].spot.zone_name)
    headcount = checked_headcount(wish.headcount)
    return _Search(places, local, headcount, is_member, holder, now, layout=wish.layout)


# --- ranking ---


def _ranked(search: _Search, most: int) -> list[Alternative]:
    times = _times_of(search, [search.places])[0]
    gap = _gap(times)
    ranks = [
        times.same_day(),
        _alike_at_the_same_time(times, gap, most) if gap else [],
        times.shorter(),
        list(islice(times.other_days(), most)),
    ]
    if not any(ranks):
        ranks = [list(islice(times.any_length(), most))]
    if not any(ranks) and gap:
        ranks = [_alike_at_other_times(search, gap, most)]
    return _best_of_each_first(ranks, most)


def _best_of_each_first(ranks: Sequence[Sequence[Alternative]], most: int) -> list[Alternative]:
    """One of each rank, then the seconds while there is room; in the order of the ranks."""
    by_turn = [
        (turn, rank, alternative)
        for rank, alternatives in enumerate(ranks)
        for turn, alternative in enumerate(alternatives)
    ]
    chosen: dict[tuple[tuple[int, ...], LocalInterval], tuple[int, int, Alternative]] = {}
    for turn, rank, alternative in sorted(by_turn, key=lambda one: one[:2]):
        key = (tuple(place.resource_id for place in alternative.places), alternative.local)
        if len(chosen) < most:
            chosen.setdefault(key, (rank, turn, alternative))
    return [one for *_, one in sorted(chosen.values(), key=lambda one: one[:2])]


def _other_ends(search: _Search, before: Details) -> list[Alternative]:
    """A running reservation keeps its start and its place."""
    moved = search.local.starts_at != before.local.starts_at
    if moved or before.resource_ids != {place.resource_id for place in search.places}:
        return []
    return _times_of(search, [search.places])[0].shorter()


# --- times of one place ---


@dataclass(frozen=True)
class _Times:
    """The bookable times around the wish of one place, or of several together."""

    search: _Search
    places: tuple[Place, ...]
    opening_of: Mapping[int, Opening]
    free_of: Mapping[int, tuple[Interval, ...]]  # by place

    @functools.cached_property
    def free(self) -> tuple[Interval, ...]:
        """When all of them are."""
        return free_together([self.free_of[place.resource_id] for place in self.places])

    @functools.cached_property
    def limits(self) -> Limits:
        return limits_of(self.places)

    @functools.cached_property
    def is_hopeless(self) -> bool:
        """Whether what the rules refuse is refused at every time."""
        verdict = self.search.judge(self.places, self.opening_of, self.search.local)
        return any(is_for_ever(refusal) for refusal in verdict.refusals)

    @property
    def shortest(self) -> timedelta:
        """The shortest allowed length that whole steps reach."""
        step = self.limits.granularity
        return timedelta(minutes=-(-self.limits.shortest // step) * step)

    @property
    def length(self) -> timedelta:
        """The wished length, on whole steps and within the limits."""
        step = self.limits.granularity
        longest = timedelta(minutes=self.limits.longest // step * step)
        wished = timedelta(minutes=-(-self.search.local.minutes // step) * step)
        return max(min(wished, longest), self.shortest)

    def as_wished(self) -> list[Alternative]:
        """The wished time itself, where it can be had."""
        wished = self.search.local
        return list(self._bookable([wished.starts_at], wished.ends_at - wished.starts_at))

    def same_day(self) -> list[Alternative]:
        """The nearest time before and after the wished one, the nearer one first."""
        if self.is_hopeless:
            return []
        wished = self.search.local.starts_at
        starts = self._starts(self.search.day)
        later = (start for start in starts if start >= wished)
        earlier = (start for start in reversed(starts) if start < wished)
        nearest = [
            found
            for direction in (later, earlier)
            for found in islice(self._bookable(direction, self.length), 1)
        ]
        return sorted(nearest, key=lambda one: abs(one.local.starts_at - wished))

    def other_days(self) -> Iterator[Alternative]:
        """On each other day the time nearest to the wished one, the nearest day first."""
        if self.is_hopeless:
            return
        for day in self._days()[1:]:
            yield from islice(self._bookable(self._nearest_starts(day), self.length), 1)

    def shorter(self) -> list[Alternative]:
        """The longest one that begins as wished and is shorter."""
        wished = self.search.local
        if self.is_hopeless or wished.starts_at not in self._starts(self.search.day):
            return []
        step = timedelta(minutes=self.limits.granularity)
        length = self.length
        while length >= self.shortest:
            if length < wished.ends_at - wished.starts_at:
                found = list(self._bookable([wished.starts_at], length))
                if found:
                    return found
            length -= step
        return []

    def any_length(self) -> Iterator[Alternative]:
        """On each day the start nearest to the wished one, for as long as it can be had."""
        if self.is_hopeless:
            return
        for day in self._days():
            shortest = islice(self._bookable(self._nearest_starts(day), self.shortest), 1)
            yield from map(self._longest_from, shortest)

    def _longest_from(self, shortest: Alternative) -> Alternative:
        longest = shortest
        step = timedelta(minutes=self.limits.granularity)
        length = self.shortest + step
        while length <= self.length:
            found = list(self._bookable([shortest.local.starts_at], length))
            if not found:
                break
            longest, length = found[0], length + step
        return longest

    def _days(self) -> list[date]:
        """The wished day, then those around it, the nearest first and the later before."""
        offsets = sorted(
            range(-DAYS_AROUND, DAYS_AROUND + 1), key=lambda offset: (abs(offset), -offset)
        )
        return [self.search.day + offset * DAY for offset in offsets]

    def _starts(self, day: date) -> list[datetime]:
        """The steps of a day at which it is open; none where the whole day is out of reach."""
        if not self._may_have_time(day):
            return []
        midnight = datetime.combine(day, time.min)
        step = self.limits.granularity
        return [
            midnight + timedelta(minutes=minute)
            for span in joined(self.opening_of[self.places[0].spot.hours_id].spans_on(day))
            for minute in range(-(-span.opens // step) * step, span.closes, step)
        ]

    def _may_have_time(self, day: date) -> bool:
        """Spares judging each step of days that are past, too far ahead, or taken as a whole."""
        own = self.search.own
        if own is None or own.before.local.starts_at.date() != day:
            today = zones.to_local(self.search.now, self.search.local.zone).date()
            if not today <= day <= today + self.limits.horizon * DAY:
                return False
        midnight, zone = datetime.combine(day, time.min), self.search.local.zone
        starts_at, ends_at = zones.reached(midnight, zone), zones.reached(midnight + DAY, zone)
        return any(free.starts_at < ends_at and starts_at < free.ends_at for free in self.free)

    def _nearest_starts(self, day: date) -> list[datetime]:
        wished = datetime.combine(day, self.search.local.starts_at.time())
        return sorted(self._starts(day), key=lambda start: (abs(start - wished), wished > start))

    def _bookable(self, starts: Iterable[datetime], length: timedelta) -> Iterator[Alternative]:
        """The alternatives among these starts that the rules allow and nobody has taken."""
        for start in starts:
            local = LocalInterval(start, start + length, self.search.local.zone_name)
            if self._is_bookable(local):
                yield Alternative(self.places, local, self._why(local))

    def _is_bookable(self, local: LocalInterval) -> bool:
        if self.search.is_as_it_stands(self.places, local):
            return False
        try:
            interval = local.project()
        except ValueError:  # the clocks jump over its start or its end
            return False
        if not is_inside(self.free, interval):
            return False
        return self.search.judge(self.places, self.opening_of, local).allowed

    def _why(self, local: LocalInterval) -> Why:
        wished = self.search.local
        if self.places != self.search.places:
            return Why.ALIKE_SAME_TIME if local == wished else Why.ALIKE_OTHER_TIME
        if local.starts_at.date() != wished.starts_at.date():
            return Why.OTHER_DAY
        if local.starts_at == wished.starts_at and local.ends_at < wished.ends_at:
            return Why.SHORTER
        return Why.SAME_RESOURCE_OTHER_TIME


def _times_of(
    search: _Search,
    sets: Sequence[tuple[Place, ...]],
    first: date | None = None,
    last: date | None = None,
) -> list[_Times]:
    """Read the hours and the claims of these places around the wish, or from the first to the last
    of these days, for each set of them."""
    places = [place for one in sets for place in one]
    if not places:
        return []
    first, last = first or search.first_day, last or search.last_day
    reach = max(timedelta(minutes=place.limits.longest) for place in places) + DAY
    found = openings({place.spot.hours_id for place in places}, first - DAY, last + reach)
    window = Interval(
        zones.reached(datetime.combine(first, time.min), search.local.zone),
        zones.reached(datetime.combine(last + DAY, time.min) + reach, search.local.zone),
    )
    free = free_times(places, window, search.own)
    return [_Times(search, one, found, free) for one in sets]


# --- alike places ---


@dataclass(frozen=True)
class _Gap:
    """The one place of a wish that an alike one shall stand in for; the others stay."""

    place: Place
    places: tuple[Place, ...]
    headcount: int

    @property
    def others(self) -> list[Place]:
        return [one for one in self.places if one is not self.place]

    @property
    def people(self) -> int:
        """How many the others have no room for."""
        return max(1, self.headcount - sum(one.spot.capacity for one in self.others))

    def set_out(self, place: Place) -> Place:
        """An alike one in the same layout."""
        layout = self.place.layout
        return place if layout is None else place.laid_out(layout.kind)

    def filled_by(self, alike: Place) -> tuple[Place, ...]:
        return tuple(alike if one is self.place else one for one in self.places)


def _gap(times: _Times) -> _Gap | None:
    """Where one place stands in the way, for ever or at the wished time, and where all of them
    are too small, the largest; None where several do."""
    search = times.search
    in_the_way = list(search.places)
    if len(search.places) > 1:
        one_person = replace(search, headcount=1)
        refusals = [
            (place, one_person.judge([place], times.opening_of, search.local).refusals)
            for place in search.places
        ]
        in_the_way = (
            [place for place, said in refusals if any(map(is_for_ever, said))]
            or [place for place, said in refusals if said or not _is_free(times, place)]
            or [max(search.places, key=lambda place: place.spot.capacity)]
        )
    if len(in_the_way) > 1:
        return None
    return _Gap(in_the_way[0], search.places, search.headcount)


def _is_free(times: _Times, place: Place) -> bool:
    return is_inside(times.free_of[place.resource_id], times.search.local.project())


def _alike_at_the_same_time(times: _Times, gap: _Gap, most: int) -> list[Alternative]:
    """Free ones whose rules allow the very same time, the nearest first."""
    search = times.search
    if not all(_is_free(times, place) for place in gap.others):
        return []
    interval = search.local.project()
    representatives = _representatives(search, gap)
    search = search.counted(representatives)
    opening_of = openings(
        {place.spot.hours_id for place in (*representatives, *gap.others)},
        search.day - DAY,
        search.local.ends_at.date() + DAY,
    )
    # Thirty are read: so only of policies and hours that allow it, and only free ones.
    pairs = _pairs(
        place
        for place in map(search.at_its_best, representatives)
        if search.judge(gap.filled_by(place), opening_of, search.local).allowed
    )
    own_ids = search.own.resource_ids if search.own else frozenset()
    buffers = {place.policy_id: place.laid_out(None).limits.buffers for place in representatives}
    free = or_(facts.is_free(interval, buffers), Resource.id.in_(own_ids))
    found = (
        Alternative(gap.filled_by(place), search.local, Why.ALIKE_SAME_TIME)
        for place in _alike(search, gap, pairs, free, works_by=interval.starts_at)
        if not search.is_as_it_stands(gap.filled_by(place), search.local)
        and search.judge(gap.filled_by(place), opening_of, search.local).allowed
        and _is_free_there(search, place, interval)
    )
    return list(islice(found, most))


def _is_free_there(search: _Search, place: Place, interval: Interval) -> bool:
    """Where the reservation itself has claims, and where a layout takes longer to set up than the
    policy says, look at each; elsewhere the search has looked."""
    is_own = search.own is not None and place.resource_id in search.own.resource_ids
    if not is_own and place.layout is None:
        return True
    return is_inside(free_times([place], interval, search.own)[place.resource_id], interval)


def _alike_at_other_times(search: _Search, gap: _Gap, most: int) -> list[Alternative]:
    """Where neither the place nor the time can be had: alike ones near the wished time."""
    pairs = _pairs(place for place in _representatives(search, gap) if search.is_eligible(place))
    latest = zones.reached(datetime.combine(search.last_day + DAY, time.min), search.local.zone)
    alike = _alike(search, gap, pairs, works_by=latest)
    search = search.counted(alike)
    nearest = _times_of(search, [gap.filled_by(place) for place in alike])
    found = (
        alternative for times in nearest for alternative in islice(_full_length_first(times), 1)
    )
    return sorted(islice(found, MOST_ALIKE), key=lambda one: _distance(search, one))[:most]


def _full_length_first(times: _Times) -> Iterator[Alternative]:
    yield from times.same_day()
    yield from times.other_days()
    yield from times.any_length()


def _distance(search: _Search, alternative: Alternative) -> timedelta:
    return abs(alternative.local.starts_at - search.local.starts_at)


def _distance_by_day(search: _Search, alternative: Alternative) -> tuple[int, timedelta]:
    """First the days between, then how far it is from the wished time of day."""
    starts_at = alternative.local.starts_at
    wished = datetime.combine(starts_at.date(), search.local.starts_at.time())
    return abs((starts_at.date() - search.day).days), abs(starts_at - wished)


def _pairs(places: Iterable[Place]) -> list[tuple[int, int]]:
    return [(place.spot.policy_id, place.spot.hours_id) for place in places]


def _representatives(search: _Search, gap: _Gap) -> list[Place]:
    """One alike place of each pair of policy and hours."""
    ids = (
        select(func.min(Resource.id))
        .join(Area, Area.id == Resource.area_id)
        .join(Floor, Floor.id == Area.floor_id)
        .join(Building, Building.id == Floor.building_id)
        .where(*_is_alike(search, gap, Building.site_id))
        .group_by(Resource.policy_id, Resource.hours_id)
    )
    return [gap.set_out(place) for place in facts.places(Resource.id.in_(ids))]


def _alike(
    search: _Search,
    gap: _Gap,
    pairs: Sequence[tuple[int, int]],
    *conditions: ColumnElement[bool],
    works_by: datetime,
) -> list[Place]:
    """Alike places of these policies and hours: with the same features, then near, then small."""
    if not pairs:
        return []
    spot = gap.place.spot
    works = or_(
        Resource.state == ResourceState.IN_ORDER,
        Resource.expected_back_at <= works_by,
    )
    statement = (
        place_columns()
        .where(*_is_alike(search, gap, Site.id), works, _is_one_of(pairs), *conditions)
        .order_by(
            _missing_features(spot.resource_id),
            Area.id != spot.area_id,
            Floor.id != spot.floor_id,
            Building.id != spot.building_id,
            Resource.capacity,
            Resource.code,
        )
        .limit(MOST_ALIKE)
    )
    return [gap.set_out(place_from(row)) for row in session().execute(statement)]


def _is_alike(
    search: _Search, gap: _Gap, site_id: InstrumentedAttribute[int]
) -> tuple[ColumnElement[bool], ...]:
    spot = gap.place.spot
    return (
        Resource.id.not_in([place.resource_id for place in search.places]),
        Resource.kind_id == spot.kind_id,
        _takes(gap),
        Resource.retired_at.is_(None),
        site_id == spot.site_id,
    )


def _takes(gap: _Gap) -> ColumnElement[bool]:
    """Large enough, in the layout that the place in the gap is laid out in."""
    if gap.place.layout is None:
        return Resource.capacity >= gap.people
    return exists().where(
        Layout.resource_id == Resource.id,
        Layout.kind == gap.place.layout.kind,
        Layout.capacity >= gap.people,
    )


def _is_one_of(pairs: Sequence[tuple[int, int]]) -> ColumnElement[bool]:
    return or_(
        *(
            and_(Resource.policy_id == policy_id, Resource.hours_id == hours_id)
            for policy_id, hours_id in pairs
        )
    )


def _missing_features(resource_id: int) -> ColumnElement[int]:
    """How many of the wished place's features another one lacks."""
    wanted, has = ResourceFeature.__table__.alias("wanted"), ResourceFeature.__table__.alias("has")
    return (
        select(func.count())
        .select_from(wanted)
        .where(
            wanted.c.resource_id == resource_id,
            ~select(has.c.feature_id)
            .where(has.c.resource_id == Resource.id, has.c.feature_id == wanted.c.feature_id)
            .correlate(Resource, wanted)
            .exists(),
        )
        .correlate(Resource)
        .scalar_subquery()
    )
