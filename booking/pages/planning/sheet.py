"""The whole day of a floor, put together for the page and for the fragment that keeps it fresh."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from urllib.parse import quote
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.core.errors import InvalidError, Problem
from booking.core.i18n import _, name_in, pgettext
from booking.core.intervals import Interval
from booking.core.permissions import Actor
from booking.core.refusals import LayoutKind
from booking.occupancy.models import ClaimKind
from booking.pages.planning import queries
from booking.pages.planning.axis import Axis
from booking.pages.planning.day import (
    FULL,
    PART,
    Asked,
    Canvas,
    Group,
    Minutes,
    Row,
    Space,
    Taken,
    bookable_on,
    cells_of,
    with_parts,
)
from booking.pages.planning.queries import Floorful, KindOfSpace, Mark
from booking.spaces.opening import Opening, ProfilePeriod, PublicHoliday


@dataclass(frozen=True)
class Question:
    """Which day of which floor, and spaces of which kind; all kinds when it names none."""

    floor: Mark
    day: date
    kind: str

    @property
    def window(self) -> Interval:
        """The whole local day; raises InvalidError for one that the calendar left out."""
        try:
            return zones.day_bounds(self.day, zones.zone(self.floor.zone_name))
        except (zones.NonexistentTimeError, OverflowError) as error:
            raise InvalidError({"day": Problem.OUT_OF_RANGE}) from error


@dataclass(frozen=True)
class SetUp:
    """A room that is set out on the day: in which layout, from when on, and for when."""

    code: str
    layout: LayoutKind
    begins_at: datetime  # all of them on the clock of the site
    starts_at: datetime
    ends_at: datetime
    reference: str
    title: str


@dataclass(frozen=True)
class Sheet:
    """What a grid draws."""

    groups: tuple[Group, ...]
    axis: Axis
    kinds: tuple[KindOfSpace, ...]
    is_closed: bool
    has_buffers: bool  # whether set-up or cleaning may be drawn
    set_ups: tuple[SetUp, ...]  # as far as the reader may see what they are for
    holidays: tuple[PublicHoliday, ...]  # of the day, announced or not, as far as they close
    profiles: tuple[ProfilePeriod, ...]  # of the day, announced or not


def sheet(actor: Actor, question: Question, now: datetime) -> Sheet:
    """Read and lay out one day; the number of statements does not depend on what is found."""
    floor = queries.spaces_of(question.floor.floor_id)
    kind = _kind(floor, question.kind)
    spaces = [space for space in floor.spaces if kind is None or space.kind_id == kind.id]
    openings = queries.opening_on(floor.spaces, question.day)
    window = question.window
    parts = {part for space in spaces for part in space.parts}
    taken = queries.taken_on(
        actor,
        question.floor.floor_id,
        None if kind is None else kind.id,
        window,
        parts,
        most_units=max((space.units for space in spaces), default=1),
    )
    asked = queries.asked_on(actor, question.floor.floor_id, window)
    open_times = _open_times(spaces, openings, question)
    is_closed = not any(open_times.values())
    axis = Axis.around(
        [*(one for times in open_times.values() for one in times), *queries.booked_hours(taken)],
        question.day,
        zones.zone(question.floor.zone_name),
    )
    canvas = _canvas(actor, question.day, axis, now, floor, open_times)
    rows = _rows(canvas, floor, spaces, taken, asked)
    has_buffers = any(any(floor.terms[space.policy_id].buffers) for space in spaces) or any(
        one.kind in (ClaimKind.SETUP, ClaimKind.CLEANUP) for one in taken
    )
    return Sheet(
        rows,
        axis,
        floor.kinds,
        is_closed,
        has_buffers,
        _set_ups(spaces, taken, zones.zone(question.floor.zone_name)),
        _holidays(openings.values()),
        _profiles(openings.values(), question.day),
    )


def _set_ups(spaces: Sequence[Space], taken: Sequence[Taken], zone: ZoneInfo) -> tuple[SetUp, ...]:
    """By the moment from which on the room is needed."""
    codes = {space.id: space.code for space in spaces}
    laid_out = [one for one in taken if one.layout and one.is_open and one.space_id in codes]
    begins = {
        (one.space_id, one.reference): one.starts_at
        for one in laid_out
        if one.kind == ClaimKind.SETUP
    }
    found = [
        SetUp(
            codes[one.space_id],
            one.layout,
            zones.to_local(begins.get((one.space_id, one.reference), one.starts_at), zone),
            zones.to_local(one.starts_at, zone),
            zones.to_local(one.ends_at, zone),
            one.reference,
            one.title,
        )
        for one in laid_out
        if one.kind == ClaimKind.BOOKING and one.layout is not None
    ]
    return tuple(sorted(found, key=lambda one: (one.begins_at, one.code)))


def _holidays(openings: Iterable[Opening]) -> tuple[PublicHoliday, ...]:
    """Each once, whatever number of sets of hours respect it."""
    found = {repr(one.names): one for opening in openings for one in opening.holidays}
    return tuple(found.values())


def _profiles(openings: Iterable[Opening], day: date) -> tuple[ProfilePeriod, ...]:
    """Each once, whatever number of sets of hours follow it."""
    found = (opening.profile_on(day) for opening in openings)
    return tuple({repr(one.names): one for one in found if one is not None}.values())


def _kind(floor: Floorful, code: str) -> KindOfSpace | None:
    """The kind of the filter. One that this floor lacks shows an empty list, not an error: the
    filter stays when the floor changes."""
    if not code:
        return None
    absent = KindOfSpace(0, code, {}, "")
    return next((kind for kind in floor.kinds if kind.code == code), absent)


def _open_times(
    spaces: Sequence[Space], openings: Mapping[int, Opening], question: Question
) -> dict[int, list[Interval]]:
    zone = zones.zone(question.floor.zone_name)
    return {
        hours_id: openings[hours_id].open_intervals(question.day, zone)
        for hours_id in {space.hours_id for space in spaces}
    }


def _canvas(
    actor: Actor,
    day: date,
    axis: Axis,
    now: datetime,
    floor: Floorful,
    open_times: Mapping[int, list[Interval]],
) -> Canvas:
    is_member = bool(actor.memberships)
    return Canvas(
        day=day,
        axis=axis,
        now=now,
        open_times={hours_id: _spans(axis, times) for hours_id, times in open_times.items()},
        terms=floor.terms,
        bookable={
            policy_id: bookable_on(axis, day, now, terms, is_member=is_member)
            for policy_id, terms in floor.terms.items()
        },
        words=words(),
    )


def words() -> dict[str, str]:
    """What the states are called."""
    return {
        "free": _("Free"),
        "mine": _("Mine"),
        "other": _("Booked"),
        "pending": _("Pending"),
        "checked-in": _("On site"),
        "closed": _("Closed"),
        "maintenance": _("Maintenance"),
        "out": _("Out of order"),
        ClaimKind.SETUP: _("Set-up"),
        ClaimKind.CLEANUP: _("Cleaning"),
        ClaimKind.LINKED: _("In use as part of %(place)s", place="{place}"),
        PART: _("A part of it is in use"),
        FULL: _("All places are taken"),
        "free part": _("Free"),
        ClaimKind.HOLD: pgettext("a place", "Held"),
    }


def _spans(axis: Axis, times: Sequence[Interval]) -> tuple[Minutes, ...]:
    return tuple(span for one in times if (span := axis.span_of(one)) is not None)


def _rows(
    canvas: Canvas,
    floor: Floorful,
    spaces: Sequence[Space],
    taken: Sequence[Taken],
    asked: Sequence[Asked],
) -> tuple[Group, ...]:
    claims: dict[int, list[Taken]] = defaultdict(list)
    for claim in taken:
        claims[claim.space_id].append(claim)
    wishes: dict[int, list[Asked]] = defaultdict(list)
    for wish in asked:
        wishes[wish.space_id].append(wish)

    def taken_at(space: Space) -> Sequence[Taken]:
        own = claims.get(space.id, [])
        if not space.parts:
            return own
        return with_parts(own, [one for part in space.parts for one in claims.get(part, ())])

    write = _row_writer(canvas, floor)
    return tuple(
        Group(
            name_in(floor.areas[area_id]),
            tuple(write(space, taken_at(space), wishes[space.id]) for space in members),
        )
        for area_id, members in groupby(spaces, key=lambda space: space.area_id)
    )


def _row_writer(
    canvas: Canvas, floor: Floorful
) -> Callable[[Space, Sequence[Taken], Sequence[Asked]], Row]:
    """Looks every word up once, however many rows carry it."""
    kinds = {kind.id: (kind.icon, name_in(kind.names)) for kind in floor.kinds}
    week = f"?day={canvas.day}"

    def write(space: Space, taken: Sequence[Taken], asked: Sequence[Asked]) -> Row:
        icon, name = kinds[space.kind_id]
        link = f"spaces/{quote(space.code, safe='')}{week}"
        return Row(
            code=space.code,
            kind_icon=icon,
            kind_name=name,
            capacity=max(space.capacity, space.units),
            feature_icons=tuple(
                (one.icon, name_in(one.names)) for one in floor.equipment.get(space.id, ())
            ),
            link=link,
            cells=cells_of(canvas, space, taken, asked),
        )

    return write
