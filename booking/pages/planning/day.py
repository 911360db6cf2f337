"""A day of a floor as rows and cells: who sees what, what is free, closed, past or mine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeAlias

from booking.core import zones
from booking.core.i18n import name_in
from booking.core.intervals import Interval, gaps, levels
from booking.core.refusals import LayoutKind
from booking.occupancy.models import ClaimKind
from booking.pages.planning.axis import QUARTER, Axis
from booking.policies.models import Shown
from booking.policies.rules import Buffers, WhoMayBook

Minutes: TypeAlias = tuple[int, int]

DAY = 26 * 60  # longer than any


@dataclass(frozen=True)
class Terms:
    """What a policy says about free time and about what others see."""

    granularity: int
    shortest: int
    longest: int
    notice: int
    horizon: int
    who_may_book: WhoMayBook
    others_see: Shown
    buffers: Buffers


@dataclass(frozen=True)
class Space:
    """A resource as a row shows it; kinds, areas, features, hours and terms stand beside it."""

    id: int
    code: str
    capacity: int
    area_id: int
    kind_id: int
    policy_id: int
    hours_id: int
    out_of_order: bool
    out_of_order_reason: str
    expected_back_at: datetime | None
    units: int = 1
    parts: tuple[int, ...] = ()


class Taken(NamedTuple):
    """A claim with as much of its reservation as the grid may need (hundreds a page)."""

    space_id: int
    starts_at: datetime
    ends_at: datetime
    kind: str  # of ClaimKind
    is_mine: bool
    is_ours: bool  # of one of the reader's organisations
    is_open: bool  # the reader may see the reservation
    is_pending: bool
    reference: str
    title: str
    person: str
    organisation: str
    closure: Mapping[str, str] | None
    is_here: bool = False  # whoever booked has confirmed their presence
    is_maintenance: bool = False
    whole: str = ""  # the code of the space with which a linked one is taken
    is_out: bool = False  # what is taken is out of order
    layout: LayoutKind | None = None  # in which it is set out


class InPart(NamedTuple):
    """A time at which some places of a pool are free, and some are not."""

    starts_at: datetime
    ends_at: datetime
    free: int


PART = "part"  # of the space is in use: no claim of its own
FULL = "full"  # every place of a pool is taken: no claim of its own
_NOBODYS = Taken(
    0, datetime.min, datetime.min, PART, False, False, False, False, "", "", "", "", None
)


class Asked(NamedTuple):
    """A request of the reader that holds nothing."""

    space_id: int
    starts_at: datetime
    ends_at: datetime
    reference: str
    title: str


class Cell(NamedTuple):
    """A stretch of a row, ready to be written (thousands a page)."""

    look: str  # the classes: where it starts, how wide it is, its state
    href: str
    word: str  # the state's
    label: str
    times: str


@dataclass(frozen=True)
class Row:
    """A space and its day."""

    code: str
    kind_icon: str
    kind_name: str
    capacity: int
    feature_icons: tuple[tuple[str, str], ...]
    link: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Group:
    """The rows of one area."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Canvas:
    """What all rows of one page share."""

    day: date
    axis: Axis
    now: datetime
    open_times: Mapping[int, tuple[Minutes, ...]]  # by set of hours, on the axis
    terms: Mapping[int, Terms]
    bookable: Mapping[int, Minutes]  # by policy, see `bookable_on`
    words: Mapping[str, str]  # of the states


def bookable_on(axis: Axis, day: date, now: datetime, terms: Terms, *, is_member: bool) -> Minutes:
    """From which minute on, and until when, this reader may still book; empty if not at all."""
    today = zones.to_local(now, axis.zone).date()
    too_far = day > today + timedelta(days=terms.horizon)
    if too_far or (terms.who_may_book is WhoMayBook.MEMBERS and not is_member):
        return (0, 0)
    earliest = now + timedelta(minutes=terms.notice)
    step = zones.running_step(earliest, axis.zone, terms.granularity)
    if terms.notice and step < earliest:
        step += timedelta(minutes=terms.granularity)
    return (max(0, axis.minute(step)), axis.minutes)


def with_parts(own: Sequence[Taken], of_parts: Sequence[Taken]) -> list[Taken]:
    """The claims of a space, and when else it cannot be used because a part of it is: without a
    name, whoever reads it."""
    if not of_parts:
        return list(own)
    window = Interval(min(one.starts_at for one in of_parts), max(one.ends_at for one in of_parts))
    free = gaps(window, (Interval(one.starts_at, one.ends_at) for one in of_parts))
    taken = [Interval(one.starts_at, one.ends_at) for one in own]
    pieces = (piece for busy in gaps(window, free) for piece in gaps(busy, taken))
    parts = (_at(_NOBODYS, one) for one in pieces)
    return sorted((*own, *parts), key=lambda one: one.starts_at)


def of_pool(taken: Sequence[Taken], units: int) -> tuple[list[Taken], list[InPart]]:
    """What a row shows of the claims on all places of a pool: the reader's own, when all are taken
    or closed, without a name, and when some are free."""
    drawn: list[Taken] = []
    for one in taken:
        if one.is_mine:
            drawn += _beside(drawn, one)
    closed = [one for one in taken if one.kind == ClaimKind.CLOSURE]
    full = _NOBODYS._replace(kind=FULL)
    for among, shown in ((closed, closed[0] if closed else full), (taken, full)):
        for time, level in levels(Interval(one.starts_at, one.ends_at) for one in among):
            if level >= units:
                drawn += _beside(drawn, _at(shown, time))
    in_part = [
        InPart(time.starts_at, time.ends_at, units - level)
        for time, level in levels(Interval(one.starts_at, one.ends_at) for one in taken)
        if level < units
    ]
    return sorted(drawn, key=lambda one: one.starts_at), in_part


def _beside(drawn: Sequence[Taken], one: Taken) -> list[Taken]:
    """What of it is not drawn yet."""
    others = (Interval(other.starts_at, other.ends_at) for other in drawn)
    free = gaps(Interval(one.starts_at, one.ends_at), others)
    return [_at(one, time) for time in free]


def _at(one: Taken, time: Interval) -> Taken:
    return one._replace(starts_at=time.starts_at, ends_at=time.ends_at)


def cells_of(
    canvas: Canvas,
    space: Space,
    taken: Sequence[Taken],
    asked: Sequence[Asked],
) -> list[Cell]:
    """The day of one space without gaps; `taken` comes in the order of its starts."""
    in_part: list[InPart] = []
    if space.units > 1:
        taken, in_part = of_pool(taken, space.units)
    row = _Row(canvas, space, asked, in_part)
    for claim in taken:
        row.take(claim)
    row.leave_open_until(canvas.axis.minutes)
    return row.cells


class _Row:
    """Writes a row from its start to its end: what is taken, and between that, what is closed, out
    of order, asked for by the reader, past or free."""

    def __init__(
        self,
        canvas: Canvas,
        space: Space,
        asked: Sequence[Asked],
        in_part: Sequence[InPart] = (),
    ) -> None:
        self.cells: list[Cell] = []
        self._axis = canvas.axis
        self._words = canvas.words
        self._day = canvas.day
        self._space = space
        self._terms = canvas.terms[space.policy_id]
        self._open = canvas.open_times[space.hours_id]
        self._bookable = canvas.bookable[space.policy_id]
        self._back = _out_of_order_until(canvas, space)
        self._asked = [(one, _drawn(canvas.axis, one.starts_at, one.ends_at)) for one in asked]
        self._in_part = [(one, _drawn(canvas.axis, one.starts_at, one.ends_at)) for one in in_part]
        self._written = 0  # minutes
        self._room = (-DAY, DAY)  # between two claims, without set-up and cleaning
        self._drawn = 0  # quarters

    # --- what is taken ---

    def take(self, claim: Taken) -> None:
        """Write the open time before a claim, and the claim."""
        axis = self._axis
        first, last = axis.minute(claim.starts_at), axis.minute(claim.ends_at)
        start, end = max(first, 0), min(last, axis.minutes)
        buffers = self._terms.buffers
        self._room = (self._room[0], min(self._room[1], first - buffers.cleanup))
        if first >= axis.minutes:
            return
        self.leave_open_until(start)
        self._room = (last + buffers.setup, DAY)
        if start >= end:
            return
        self._written = end
        state = _state_of(claim)
        is_buffer = state == "buffer"
        href = f"r/{claim.reference}" if claim.is_open and claim.reference else ""
        href = "" if is_buffer else href
        label = "" if is_buffer else _label_of(claim, self._terms.others_see)
        times = f"{axis.clock(first)}–{axis.clock(last)}"
        word = self._word_of(claim, state)
        self._draw(
            max(self._drawn, start // QUARTER), -(-end // QUARTER), state, label, times, href, word
        )

    def _word_of(self, claim: Taken, state: str) -> str:
        if claim.kind == ClaimKind.LINKED:
            return self._words[ClaimKind.LINKED].replace("{place}", claim.whole)
        is_held = claim.kind == ClaimKind.HOLD and state == "other"
        is_own_word = state == "buffer" or claim.kind in (PART, FULL) or is_held
        return self._words[claim.kind if is_own_word else state]

    # --- what is not ---

    def leave_open_until(self, end: int) -> None:
        """Write what lies between two claims."""
        start = self._written
        if start >= end:
            return
        for opens, closes in self._open:
            if closes <= start or opens >= end:
                continue
            if start < opens:
                self._fill(start, opens, "closed")
            self._open_time(max(start, opens), min(end, closes))
            start = min(end, closes)
        if start < end:
            self._fill(start, end, "closed")
        self._written = end

    def _open_time(self, start: int, end: int) -> None:
        if start < self._back:
            until = min(end, self._back)
            self._fill(start, until, "out", label=self._space.out_of_order_reason)
            start = until
        for wish, (first, last) in self._asked:
            if first < end and start < last:
                begins, ends = max(start, first), min(end, last)
                self._free_time(start, begins)
                self._fill(begins, ends, "pending", label=wish.title, href=f"r/{wish.reference}")
                start = ends
        self._free_time(start, end)

    def _free_time(self, start: int, end: int) -> None:
        """Where only some places of a pool are free, how many."""
        for one, (first, last) in self._in_part:
            if first < end and start < last:
                begins, ends = max(start, first), min(end, last)
                self._free_stretch(start, begins)
                self._free_stretch(begins, ends, f"{one.free}/{self._space.units}")
                start = ends
        self._free_stretch(start, end)

    def _free_stretch(self, start: int, end: int, label: str = "") -> None:
        """What is past or too near stands without a link; the step that runs now is neither."""
        near, far = self._bookable
        state = "free part" if label else "free"
        if start < near:
            self._fill(start, min(near, end), state, label=label)
            start = near
        if start < end:
            href = self._link(start, min(end, far))
            self._fill(start, end, state, label=label, href=href)

    def _link(self, start: int, end: int) -> str:
        """The booking form with this time, with room for set-up and cleaning, on the policy's grid
        and not longer than it allows."""
        granularity = self._terms.granularity
        offset = self._axis.minute_of_day % granularity
        start, end = max(start, self._room[0]), min(end, self._room[1])
        start += -(start + offset) % granularity
        end = min(end, start + self._terms.longest)
        end -= (end + offset) % granularity
        if end - start < self._terms.shortest:
            return ""
        times = f"start={self._axis.clock(start)}&end={self._axis.clock(end)}"
        return f"book?resource={self._space.code}&day={self._day}&{times}"

    # --- where it stands: taken time is drawn outward to the quarter, other time gives way ---

    def _fill(self, start: int, end: int, state: str, *, label: str = "", href: str = "") -> None:
        if start < end:
            times = f"{self._axis.clock(start)}–{self._axis.clock(end)}"
            self._draw(self._drawn, end // QUARTER, state, label, times, href)

    def _draw(
        self,
        start: int,
        end: int,
        state: str,
        label: str,
        times: str,
        href: str,
        word: str | None = None,
    ) -> None:
        """Nothing is drawn twice: a stretch whose last quarter is drawn already has no cell."""
        if end > start:
            look = f"s{start} w{end - start} {state}"
            self.cells.append(Cell(look, href, word or self._words[state], label, times))
            self._drawn = end


def _state_of(claim: Taken) -> str:
    if claim.kind == ClaimKind.CLOSURE:
        if claim.is_out:
            return "out"
        return "maintenance" if claim.is_maintenance else "closed"
    if claim.kind in (ClaimKind.SETUP, ClaimKind.CLEANUP):
        return "buffer"
    if claim.is_open and (claim.is_pending or claim.kind == ClaimKind.HOLD):
        return "pending"
    if claim.is_open and claim.is_here:
        return "checked-in"
    return "mine" if claim.is_mine else "other"


def _label_of(claim: Taken, others_see: Shown) -> str:
    """What stands in the block: to colleagues the person, to deciders the organisation, to others
    what the policy shows, and nothing but «booked» where it shows nothing."""
    if claim.closure:
        return name_in(claim.closure)
    if claim.is_mine:
        return claim.title
    if claim.is_ours or others_see is Shown.PERSON:
        return f"{claim.person} – {claim.title}" if claim.title else claim.person
    if claim.is_open:
        return claim.organisation or claim.person
    return claim.organisation if others_see is Shown.ORGANISATION else ""


def _drawn(axis: Axis, starts_at: datetime, ends_at: datetime) -> Minutes:
    return max(0, axis.minute(starts_at)), min(axis.minutes, axis.minute(ends_at))


def _out_of_order_until(canvas: Canvas, space: Space) -> int:
    """The minute at which it is expected back; what lies behind us tells nothing of its state."""
    if not space.out_of_order or canvas.axis.interval.ends_at <= canvas.now:
        return 0
    if space.expected_back_at is None:
        return canvas.axis.minutes
    return canvas.axis.minute(space.expected_back_at)
