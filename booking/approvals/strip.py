"""A place's day on a line: the requested time among what is there, and whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from booking.approvals.asked import Asked
from booking.approvals.queries import Claimed
from booking.approvals.words import claim_name
from booking.core import zones
from booking.core.i18n import _, format_day
from booking.core.instants import Interval
from booking.core.intervals import gaps
from booking.occupancy.models import ClaimKind
from booking.occupancy.pools import full_times
from booking.policies.facts import Place
from booking.reservations.day_line import HOUR, MOST_HOURS, STATES, Block, DayLine, Line
from booking.spaces.opening import Opening


def window_of(asked: Asked, openings: Iterable[Opening]) -> Interval:
    """The hours that are drawn, the same for all places: open ones and the requested time, outward
    to whole hours."""
    zone = asked.local.zone
    day = asked.local.starts_at.date()
    whole = zones.day_bounds(day, zone)
    is_open = (open_ for opening in openings for open_ in opening.open_intervals(day, zone))
    shown = [*is_open, asked.interval]
    first = max(min(one.starts_at for one in shown), whole.starts_at)
    last = min(max(one.ends_at for one in shown), whole.ends_at)
    first -= timedelta(minutes=zones.to_local(first, zone).minute)
    hours = min(-((first - last) // HOUR), MOST_HOURS)
    return Interval(first, first + hours * HOUR)


def strip_of(
    asked: Asked,
    place: Place,
    opening: Opening,
    window: Interval,
    claims: Iterable[Claimed],
    own_id: int,
) -> DayLine:
    """Draw the line of one place. The request's own claim is the requested time and is drawn as
    such; of a change, the time that the reservation has now is drawn beside it."""
    line = Line(window, asked.local.zone_name)
    day = asked.local.starts_at
    closed = gaps(window, opening.open_intervals(day.date(), asked.local.zone))
    blocks = [
        *(block for gap in closed for block in line.block(gap, "closed", _("Closed"))),
        *(
            _claimed(line, asked, claims, own_id)
            if place.spot.units == 1
            else _in_pool(line, claims, place)
        ),
        *_buffers(line, asked, place),
        *line.block(asked.interval, "wish", _("Requested time")),
    ]
    return DayLine(
        label=_("%(place)s on %(day)s", place=place.spot.code, day=format_day(day)),
        quarters=window.minutes // 15,
        ticks=tuple(line.ticks()),
        blocks=tuple(blocks),
    )


def _buffers(line: Line, asked: Asked, place: Place) -> Iterator[Block]:
    """What would be kept free around the requested time."""
    for part in gaps(place.limits.buffers.around(asked.interval), [asked.interval]):
        is_before = part.ends_at == asked.interval.starts_at
        yield from line.block(part, "buffer", _("Set-up") if is_before else _("Cleaning"))


def _in_pool(line: Line, claims: Iterable[Claimed], place: Place) -> Iterator[Block]:
    """When every place of a pool is taken; whose they are stands nowhere."""
    for full in full_times((claim.interval for claim in claims), place.spot.units):
        yield from line.block(full, "other", _("All places are taken"))


def _claimed(line: Line, asked: Asked, claims: Iterable[Claimed], own_id: int) -> Iterator[Block]:
    for claim in claims:
        if claim.reservation_id != own_id:
            state = "pending" if claim.is_pending else STATES[claim.kind]
            yield from line.block(claim.interval, state, claim_name(claim))
        elif asked.is_change and claim.kind is ClaimKind.BOOKING:
            yield from line.block(claim.interval, "other", _("The time reserved so far"))
