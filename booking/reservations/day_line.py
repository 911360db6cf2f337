"""A place's day on a line, for the booking form: what is open, what is taken, what is chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from booking.core import zones
from booking.core.i18n import _, format_day
from booking.core.intervals import Interval, LocalInterval, gaps
from booking.occupancy.models import ClaimKind
from booking.occupancy.pools import full_times
from booking.occupancy.queries import Busy
from booking.policies.facts import Place
from booking.reservations import texts
from booking.reservations.availability import Availability
from booking.reservations.claims import buffers_of

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
MOST_HOURS = 24  # the style sheet has no longer line; a day of 25 hours loses its last
HOURS_WITH_DENSE_TICKS = 14
STATES = {
    ClaimKind.BOOKING: "other",
    ClaimKind.LINKED: "other",
    ClaimKind.HOLD: "pending",
    ClaimKind.CLOSURE: "maintenance",
    ClaimKind.SETUP: "buffer",
    ClaimKind.CLEANUP: "buffer",
}


@dataclass(frozen=True)
class Tick:
    """An hour of the line."""

    start: int
    label: str


@dataclass(frozen=True)
class Block:
    """A stretch of the line in quarter hours."""

    start: int
    width: int
    state: str
    label: str
    times: tuple[str, str]


@dataclass(frozen=True)
class DayLine:
    """What the component `day_strip` draws, and the states that its legend explains."""

    label: str
    quarters: int
    ticks: tuple[Tick, ...]
    blocks: tuple[Block, ...]

    @property
    def states(self) -> tuple[str, ...]:
        """In the order of importance."""
        drawn = {block.state for block in self.blocks}
        order = ("wish", "mine", "other", "pending", "maintenance", "closed", "buffer")
        return tuple(state for state in order if state in drawn)


def of(
    availability: Availability,
    day: date,
    *,
    chosen: LocalInterval | None = None,
    mine: Collection[int] = (),
) -> DayLine | None:
    """The line of a day; none on a day without opening hours. `mine` are the reader's
    reservations, which are drawn as theirs."""
    zone = zones.zone(availability.place.spot.zone_name)
    open_times = availability.opening.open_intervals(day, zone)
    if not open_times:
        return None
    line = Line(_window(open_times, day, zone_name=str(zone)), str(zone))
    blocks = [
        block
        for gap in gaps(line.window, open_times)
        for block in line.block(gap, "closed", _("Closed"))
    ]
    wished = {place.resource_id for place in availability.places}
    own = [busy for busy in availability.busy if busy.resource_id in wished]
    pools = [place for place in availability.places if place.spot.units > 1]
    for pool in pools:
        blocks += _of_pool(line, pool, own, mine)
    for busy in own if not pools else [one for one in own if not _is_in(pools, one, mine)]:
        state = STATES[busy.kind]
        if state == "other" and busy.reservation_id in mine:
            state = "mine"
        blocks += line.block(busy.interval, state, _label(state, busy.kind))
    for taken in _only_in_part(line.window, own, availability.busy):
        blocks += line.block(taken, "other", _("A part of it is in use"))
    if chosen is not None:
        for kind, part in buffers_of(availability.places, chosen.project()):
            blocks += line.block(part, "buffer", _label("buffer", kind))
        blocks += line.block(chosen.project(), "wish", _("Chosen time"))
    return DayLine(
        label=_(
            "%(place)s on %(day)s", place=texts.codes(availability.places), day=format_day(day)
        ),
        quarters=line.window.minutes // 15,
        ticks=tuple(line.ticks()),
        blocks=tuple(blocks),
    )


def _is_in(pools: Collection[Place], busy: Busy, mine: Collection[int]) -> bool:
    """Whether it is a place of a pool that somebody else has."""
    is_mine = busy.reservation_id is not None and busy.reservation_id in mine
    return not is_mine and any(place.resource_id == busy.resource_id for place in pools)


def _of_pool(
    line: Line, pool: Place, own: Sequence[Busy], mine: Collection[int]
) -> Iterator[Block]:
    """A pool is taken when each of its places is: by the house, where all of them are closed.
    Besides what the reader has there, which is drawn as theirs."""
    busy = [one for one in own if one.resource_id == pool.resource_id]
    closed = [one for one in busy if one.kind is ClaimKind.CLOSURE]
    drawn = [one.interval for one in busy if not _is_in([pool], one, mine)]
    for taken, state, word in (
        (closed, "maintenance", _label("maintenance", ClaimKind.CLOSURE)),
        (busy, "other", _("All places are taken")),
    ):
        for full in full_times((one.interval for one in taken), pool.spot.units):
            for rest in gaps(full, drawn):
                yield from line.block(rest, state, word)
            drawn.append(full)


def _window(open_times: list[Interval], day: date, *, zone_name: str) -> Interval:
    """The open hours of the day, outward to whole hours."""
    zone = zones.zone(zone_name)
    first = open_times[0].starts_at
    first -= timedelta(minutes=zones.to_local(first, zone).minute)
    first = max(first, zones.day_bounds(day, zone).starts_at)
    hours = min(-((first - open_times[-1].ends_at) // HOUR), MOST_HOURS)
    return Interval(first, first + hours * HOUR)


def _only_in_part(
    window: Interval, own: Sequence[Busy], busy: Sequence[Busy]
) -> Iterator[Interval]:
    """When the places themselves are free and something that is taken with them is not; what
    overlaps is drawn once."""
    of_parts = (one.interval for one in busy if one not in own)
    for taken in gaps(window, gaps(window, of_parts)):
        yield from gaps(taken, (one.interval for one in own))


def _label(state: str, kind: ClaimKind) -> str:
    if kind is ClaimKind.CLEANUP:
        return _("Cleaning")
    if kind is ClaimKind.LINKED and state == "other":
        return _("In use as part of a larger space")
    return {
        "mine": _("Mine"),
        "other": _("Booked"),
        "pending": _("Held for another request"),
        "maintenance": _("Closed by the house"),
        "buffer": _("Set-up"),
    }[state]


@dataclass(frozen=True)
class Line:
    """The hours that are drawn, and where something stands on them."""

    window: Interval
    zone_name: str

    def ticks(self) -> Iterator[Tick]:
        """The hours that are named."""
        hours = self.window.minutes // 60
        step = 2 if hours <= HOURS_WITH_DENSE_TICKS else 4
        for hour in range(0, hours, step):
            yield Tick(hour * 4, self._clock(self.window.starts_at + hour * HOUR))

    def block(self, interval: Interval, state: str, label: str) -> list[Block]:
        """The drawn part of an interval, outward to the quarter; nothing where none is."""
        first = max(interval.starts_at, self.window.starts_at)
        last = min(interval.ends_at, self.window.ends_at)
        if first >= last:
            return []
        start = (first - self.window.starts_at) // QUARTER
        end = -((self.window.starts_at - last) // QUARTER)
        return [Block(start, end - start, state, label, (self._clock(first), self._clock(last)))]

    def _clock(self, instant: datetime) -> str:
        zone = zones.zone(self.zone_name)
        local = zones.to_local(instant, zone)
        first = zones.to_local(self.window.starts_at, zone)
        ends_the_day = local.time() == time.min and local.date() > first.date()
        return "24:00" if ends_the_day else f"{local:%H:%M}"
