"""A week of one space as a grid: a row for each day, all of them on the same hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.core import i18n, zones
from booking.core.intervals import Interval
from booking.core.permissions import Actor
from booking.occupancy.models import ClaimKind
from booking.pages.planning import queries
from booking.pages.planning.axis import HOUR, Axis
from booking.pages.planning.day import (
    Asked,
    Canvas,
    Cell,
    Group,
    Row,
    Space,
    Taken,
    Terms,
    bookable_on,
    cells_of,
    with_parts,
)
from booking.pages.planning.sheet import words
from booking.policies.facts import Place
from booking.reservations.claims import resource_ids_of
from booking.spaces.models import ResourceState
from booking.spaces.opening import Opening
from booking.spaces.queries import openings

DAY = timedelta(days=1)
DAYS_A_WEEK = 7


@dataclass(frozen=True)
class Week:
    """What the grid draws, and when the space is open on each day."""

    groups: tuple[Group, ...]
    labels: tuple[str, ...]
    quarters: int
    days: tuple[date, ...]
    opening: Opening
    has_buffers: bool  # whether set-up or cleaning may be drawn


def first_day(day: date, first_weekday: int) -> date:
    """The day with which the week of a day begins."""
    return day - (day.weekday() - first_weekday) % DAYS_A_WEEK * DAY


def week_of(actor: Actor, place: Place, first: date, now: datetime) -> Week:
    """Read and lay out the seven days from the first one on; three statements."""
    zone = zones.zone(place.spot.zone_name)
    days = tuple(_existing(first, zone))
    window = Interval(
        zones.day_bounds(days[0], zone).starts_at, zones.day_bounds(days[-1], zone).ends_at
    )
    hours_id = place.spot.hours_id
    opening = openings({hours_id}, days[0], days[-1])[hours_id]
    found = queries.taken_of(actor, resource_ids_of([place]), window, place.spot.units)
    own = [one for one in found if one.space_id == place.resource_id]
    taken = with_parts(own, [one for one in found if one.space_id != place.resource_id])
    asked = queries.asked_of(actor, [place.resource_id], window)
    has_buffers = any(place.limits.buffers) or any(
        one.kind in (ClaimKind.SETUP, ClaimKind.CLEANUP) for one in taken
    )
    axes = _axes(opening, taken, days, zone)
    rows = tuple(
        _Day(actor, place, opening, axis, day, now).row(taken, asked)
        for day, axis in zip(days, axes, strict=True)
    )
    return Week((Group("", rows),), axes[0].labels, axes[0].quarters, days, opening, has_buffers)


def _existing(first: date, zone: ZoneInfo) -> Iterable[date]:
    """The days of the week; a zone may have left one out."""
    for day in (first + number * DAY for number in range(DAYS_A_WEEK)):
        try:
            zones.day_bounds(day, zone)
        except zones.NonexistentTimeError:
            continue
        yield day


def _axes(
    opening: Opening, taken: Sequence[Taken], days: Sequence[date], zone: ZoneInfo
) -> list[Axis]:
    """The same hours for each day: from the first that is open or booked to the last."""
    booked = [
        Interval(one.starts_at, one.ends_at)
        for one in taken
        if one.kind not in (ClaimKind.SETUP, ClaimKind.CLEANUP, ClaimKind.CLOSURE)
    ]
    shown = {day: [*opening.open_intervals(day, zone), *_inside(booked, day, zone)] for day in days}
    drawn = [Axis.around(times, day, zone) for day, times in shown.items() if times]
    drawn = drawn or [Axis.around((), days[0], zone)]
    first = min(axis.minute_of_day for axis in drawn) // HOUR
    last = min(24, max(axis.minute_of_day // HOUR + axis.hours for axis in drawn))
    return [
        Axis(zones.reached(datetime.combine(day, time(first)), zone), last - first, zone)
        for day in days
    ]


def _inside(booked: Sequence[Interval], day: date, zone: ZoneInfo) -> list[Interval]:
    whole = zones.day_bounds(day, zone)
    return [one for one in booked if one.overlaps(whole)]


@dataclass(frozen=True)
class _Day:
    """One row."""

    actor: Actor
    place: Place
    opening: Opening
    axis: Axis
    day: date
    now: datetime

    def row(self, taken: Sequence[Taken], asked: Sequence[Asked]) -> Row:
        spot = self.place.spot
        is_over = self.axis.interval.ends_at <= self.now
        return Row(
            code=i18n.format_day_and_month(self.day),
            kind_icon="calendar-days",
            kind_name=i18n.format_weekday(self.day),
            capacity=1,
            feature_icons=(),
            link="" if is_over else f"/book?resource={spot.code}&day={self.day}",
            cells=[
                self._linked(cell) for cell in cells_of(self._canvas, self._space, taken, asked)
            ],
        )

    def _linked(self, cell: Cell) -> Cell:
        """Taken time leads to the waiting list, as long as it has not begun."""
        start, _dash, end = cell.times.partition("–")
        is_taken = not cell.href and cell.look.endswith(" other")
        if not is_taken or self._has_begun(start):
            return _from_the_root(cell)
        times = f"start={start}&end={end}"
        return cell._replace(
            href=f"/waitlist/new?resource={self.place.spot.code}&day={self.day}&{times}"
        )

    def _has_begun(self, clock: str) -> bool:
        start = datetime.combine(self.day, time.min) + _since_midnight(clock)
        return zones.reached(start, self.axis.zone) <= self.now

    @property
    def _canvas(self) -> Canvas:
        policy_id, hours_id = self.place.spot.policy_id, self.place.spot.hours_id
        times = self.opening.open_intervals(self.day, self.axis.zone)
        spans = (self.axis.span_of(one) for one in times)
        is_member = bool(self.actor.memberships)
        terms = self._terms
        bookable = bookable_on(self.axis, self.day, self.now, terms, is_member=is_member)
        return Canvas(
            day=self.day,
            axis=self.axis,
            now=self.now,
            open_times={hours_id: tuple(span for span in spans if span is not None)},
            terms={policy_id: terms},
            bookable={policy_id: bookable},
            words=words(),
        )

    @property
    def _terms(self) -> Terms:
        limits = self.place.limits
        return Terms(
            limits.granularity,
            limits.shortest,
            limits.longest,
            limits.notice,
            limits.horizon,
            limits.who_may_book,
            self.place.others_see,
            limits.buffers,
        )

    @property
    def _space(self) -> Space:
        spot = self.place.spot
        return Space(
            id=spot.resource_id,
            code=spot.code,
            capacity=spot.capacity,
            area_id=spot.area_id,
            kind_id=spot.kind_id,
            policy_id=spot.policy_id,
            hours_id=spot.hours_id,
            out_of_order=spot.state is ResourceState.OUT_OF_ORDER,
            out_of_order_reason=spot.out_of_order_reason or "",
            expected_back_at=spot.expected_back_at,
            units=spot.units,
        )


def _since_midnight(clock: str) -> timedelta:
    hours, minutes = clock.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _from_the_root(cell: Cell) -> Cell:
    """The planning, whose links are short, stands at another depth than this page."""
    return cell._replace(href=f"/{cell.href}") if cell.href else cell
