"""What a reservation takes of its places' time: itself, set-up before it, cleaning after it, and
all of that at the parts of its places, too.

Whatever writes, moves, checks or re-creates claims asks here. What is kept follows the policy of
the day on which a reservation is made or moved; a side on which it goes no further than before
never needs more room than it had, so that a stricter policy stands in the way of no one's giving
time back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from booking.core import revisions
from booking.core.instants import Interval
from booking.core.intervals import gaps
from booking.occupancy import queries as occupancy
from booking.occupancy.claims import Claim
from booking.occupancy.models import ClaimKind
from booking.occupancy.pools import Seated
from booking.occupancy.queries import Busy
from booking.policies.facts import Place
from booking.policies.rules import Buffers
from booking.spaces.queries import Linked


@dataclass(frozen=True)
class Had:
    """A reservation's time before it changes, what was kept for it at each resource, and of a pool
    on which unit."""

    interval: Interval
    spans: Mapping[int, Interval]
    units: Mapping[int, int] = field(default_factory=dict)
    set_out_anew: frozenset[int] = frozenset()  # where the layout changes, and so the set-up

    @classmethod
    def of(cls, interval: Interval, claims: Iterable[Busy]) -> Self:
        """Of each resource the claims of one unit that, without a break, hold the interval."""
        stretches: dict[tuple[int, int], list[Interval]] = {}
        for one in sorted(claims, key=lambda one: (one.resource_id, one.interval)):
            _join(stretches.setdefault((one.resource_id, one.unit), []), one.interval)
        whole = [
            (resource_id, unit, stretch)
            for (resource_id, unit), found in stretches.items()
            for stretch in found
            if stretch.contains(interval)
        ]
        return cls(
            interval,
            {resource_id: stretch for resource_id, _unit, stretch in whole},
            {resource_id: unit for resource_id, unit, _stretch in whole},
        )

    @classmethod
    def by_policy(cls, places: Sequence[Place], interval: Interval) -> Self:
        """What is kept where no policy has changed since."""
        units = {place.resource_id: place.unit for place in places}
        return cls(interval, _spans(places, interval, None), units)

    def moved_to(self, interval: Interval) -> Self:
        """The same with as much kept before and after another time."""
        return type(self)(
            interval,
            {
                resource_id: Interval(
                    interval.starts_at - (self.interval.starts_at - span.starts_at),
                    interval.ends_at + (span.ends_at - self.interval.ends_at),
                )
                for resource_id, span in self.spans.items()
            },
            self.units,
        )

    def set_out(self, before: Iterable[Place], after: Iterable[Place]) -> Self:
        """The same before the layouts change: whoever wants another one needs its set-up."""
        had = {place.resource_id: place.layout for place in before}
        anew = {
            resource_id
            for place in after
            if place.layout != had.get(place.resource_id)
            for resource_id in (place.resource_id, *(part.resource_id for part in place.parts))
        }
        return replace(self, set_out_anew=frozenset(anew))

    def on(self, seated: Iterable[Seated]) -> Self:
        """The same on other units."""
        return replace(self, units={**self.units, **{one.resource_id: one.unit for one in seated}})

    def limit(self, resource_id: int, interval: Interval, span: Interval) -> Interval:
        """No more than there was on a side where the new time goes no further than the old."""
        had = self.spans.get(resource_id)
        if had is None:
            return span
        starts_at, ends_at = span.starts_at, span.ends_at
        keeps_set_up = resource_id not in self.set_out_anew
        if keeps_set_up and interval.starts_at >= self.interval.starts_at:
            starts_at = max(starts_at, had.starts_at)
        if interval.ends_at <= self.interval.ends_at:
            ends_at = min(ends_at, had.ends_at)
        return Interval(starts_at, ends_at)


def _join(stretches: list[Interval], interval: Interval) -> None:
    if stretches and stretches[-1].ends_at >= interval.starts_at:
        last = stretches.pop()
        interval = Interval(last.starts_at, max(last.ends_at, interval.ends_at))
    stretches.append(interval)


def had_by(reservation_id: int, interval: Interval) -> Had:
    """What a reservation has now; one statement."""
    return had_by_each({reservation_id: interval})[reservation_id]


def had_by_each(intervals: Mapping[int, Interval]) -> dict[int, Had]:
    """The same for several, by their keys."""
    claims: dict[int, list[Busy]] = {reservation_id: [] for reservation_id in intervals}
    for one in occupancy.owned_by(intervals):
        claims[one.reservation_id or 0].append(one)
    return {key: Had.of(interval, claims[key]) for key, interval in intervals.items()}


def claims_of(places: Sequence[Place], interval: Interval, had: Had | None = None) -> list[Claim]:
    """All claims of a reservation of these places, the places themselves first."""
    spans = _spans(places, interval, had)
    own = [
        Claim(
            place.resource_id,
            time,
            place.spot.code,
            place.spot.zone_name,
            kind=kind,
            span=spans[place.resource_id],
            parts=_part_ids(place),
            unit=_unit(place, had),
            units=place.spot.units,
        )
        for place in places
        for kind, time in _parts(interval, spans[place.resource_id])
    ]
    linked = [
        Claim(part.resource_id, span, part.code, place.spot.zone_name, kind=ClaimKind.LINKED)
        for place, part in _parts_besides(places)
        for span in (spans[part.resource_id],)
    ]
    return own + linked


def claims_held(places: Sequence[Place], interval: Interval, had: Had) -> list[Claim]:
    """What a change that waits takes besides what the reservation has."""
    spans = _spans(places, interval, had)
    zone_name = places[0].spot.zone_name
    taken = [
        *(
            replace(
                _hold(place.resource_id, place.spot.code, zone_name, spans[place.resource_id]),
                parts=_part_ids(place),
                unit=_unit(place, had),
                units=place.spot.units,
            )
            for place in places
        ),
        *(
            _hold(part.resource_id, part.code, zone_name, spans[part.resource_id])
            for _place, part in _parts_besides(places)
        ),
    ]
    return [
        replace(claim, interval=added)
        for claim in taken
        for added in gaps(claim.interval, _kept(had, claim.resource_id))
    ]


def _hold(resource_id: int, code: str, zone_name: str, span: Interval) -> Claim:
    """All that is kept there; of a pool another unit may be held, and then for all of it."""
    return Claim(resource_id, span, code, zone_name, kind=ClaimKind.HOLD, span=span)


def _unit(place: Place, had: Had | None) -> int:
    """Of a pool the unit that is wished for: what one has there is kept as long as it is free."""
    return place.unit if had is None else had.units.get(place.resource_id, place.unit)


def resource_ids_of(places: Iterable[Place]) -> set[int]:
    """Where claims of these places stand: at them and at their parts."""
    return {
        resource_id
        for place in places
        for resource_id in (place.resource_id, *(part.resource_id for part in place.parts))
    }


def bump_places(places: Iterable[Place]) -> None:
    """Count up what shows that these places are taken: their own floors, and those of all that is
    linked to them."""
    for place in places:
        floors = [place.spot.floor_id, *(one.floor_id for one in place.linked)]
        revisions.bump(revisions.Scope.FLOOR, floors)
        resources = [place.resource_id, *(one.resource_id for one in place.linked)]
        revisions.bump(revisions.Scope.RESOURCE, resources)


def _part_ids(place: Place) -> tuple[int, ...]:
    return tuple(sorted(part.resource_id for part in place.parts))


def _parts_besides(places: Sequence[Place]) -> list[tuple[Place, Linked]]:
    """The parts that are no places of the reservation themselves, each once."""
    found: dict[int, tuple[Place, Linked]] = {}
    own = {place.resource_id for place in places}
    for place in places:
        for part in place.parts:
            if part.resource_id not in own:
                found.setdefault(part.resource_id, (place, part))
    return list(found.values())


def _spans(places: Sequence[Place], interval: Interval, had: Had | None) -> dict[int, Interval]:
    """What is kept at each place, with set-up and cleaning; at a part as long as at any whole."""
    spans: dict[int, Interval] = {}
    for place in places:
        span = place.limits.buffers.around(interval)
        if had is not None:
            span = had.limit(place.resource_id, interval, span)
        for resource_id in (place.resource_id, *(part.resource_id for part in place.parts)):
            other = spans.get(resource_id, span)
            spans[resource_id] = Interval(
                min(span.starts_at, other.starts_at), max(span.ends_at, other.ends_at)
            )
    return spans


def parts_of(interval: Interval, buffers: Buffers) -> list[tuple[ClaimKind, Interval]]:
    """The claims of one place with nothing but their kinds and times."""
    return _parts(interval, buffers.around(interval))


def window_of(places: Collection[Place], window: Interval) -> Interval:
    """The window in which the claims lie that matter to whatever begins and ends in this one."""
    spans = [place.limits.buffers.around(window) for place in places]
    return Interval(min(one.starts_at for one in spans), max(one.ends_at for one in spans))


def room(place: Place, free: Iterable[Interval], was: Interval | None = None) -> list[Interval]:
    """Where a reservation can lie in the free times of a place, with its set-up and its cleaning.

    `was` is what a reservation that changes has there, where its own claims count as free.
    """
    setup_and_cleaning = place.limits.buffers
    if not any(setup_and_cleaning):
        return list(free)
    found = []
    for one in free:
        starts_at, ends_at = setup_and_cleaning.inside(one)
        if was is not None and one.contains(was):
            starts_at, ends_at = min(starts_at, was.starts_at), max(ends_at, was.ends_at)
        if starts_at < ends_at:
            found.append(Interval(starts_at, ends_at))
    return found


def buffers_of(places: Collection[Place], interval: Interval) -> list[tuple[ClaimKind, Interval]]:
    """The set-up and the cleaning that go with a time, of all places together."""
    return _parts(interval, window_of(places, interval))[1:]


def _kept(had: Had, resource_id: int) -> list[Interval]:
    found = had.spans.get(resource_id)
    return [] if found is None else [found]


def _parts(interval: Interval, span: Interval) -> list[tuple[ClaimKind, Interval]]:
    """The reservation first: it is what a refusal names first."""
    found = [(ClaimKind.BOOKING, interval)]
    if span.starts_at < interval.starts_at:
        found.append((ClaimKind.SETUP, Interval(span.starts_at, interval.starts_at)))
    if interval.ends_at < span.ends_at:
        found.append((ClaimKind.CLEANUP, Interval(interval.ends_at, span.ends_at)))
    return found
