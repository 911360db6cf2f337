"""What the park promises, said once more as simply as it can be: dictionaries in memory, one actor,
whole quarters of an hour counted from midnight of the first day.

It knows nothing of the program. The state machine beside it does the same in both and compares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

DECIDE_WITHIN = 12  # quarters
DAY = 96
EARLY = 1  # before the start, to confirm presence
HELD_FOR = 2  # what is offered
NIGHT_BEGINS, NIGHT_IS_OVER = 22 * 4, 7 * 4 + 2  # nobody has to answer in between
MOST_WAITED_FOR = 10

Cell = tuple[str, int]  # the room and the quarter


@dataclass(frozen=True)
class Room:
    """A room and what its policy asks for; times in quarters."""

    code: str
    asks: bool = False
    holds: bool = True  # while somebody is asked
    setup: int = 0
    cleanup: int = 0
    grace: int | None = None  # to confirm presence; None does not ask for it
    parts: tuple[str, ...] = ()  # the rooms that are taken with it


@dataclass(frozen=True)
class Time:
    """These rooms from one quarter until before another."""

    rooms: frozenset[str]
    start: int
    end: int

    def holds(self, other: Time) -> bool:
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True)
class Change:
    """What a confirmed booking waits to become."""

    time: Time
    holds: bool
    decide_by: int


@dataclass(frozen=True)
class Booking:
    """One booking as it stands."""

    time: Time
    state: str
    holds: bool
    made: int
    decide_by: int | None = None
    change: Change | None = None
    here: int | None = None
    late_until: int | None = None
    released: bool = False
    by_waiter: bool = False

    @property
    def is_live(self) -> bool:
        return self.state in ("pending", "confirmed") and not self.released

    @property
    def waits(self) -> bool:
        return self.state == "pending" or self.change is not None


@dataclass
class Closed:
    """Rooms that are closed for a time."""

    time: Time
    ended: bool = False


@dataclass
class Waiting:
    """Somebody who waits for a taken time, and until when it is held for them."""

    time: Time
    made: int
    state: str = "waiting"
    held_until: int | None = None

    @property
    def is_open(self) -> bool:
        return self.state in ("waiting", "offered")


@dataclass
class SimplePark:
    """Everything there is. Verbs answer whether they did it; if not, nothing has changed."""

    rooms: dict[str, Room]
    now: int
    bookings: list[Booking] = field(default_factory=list)
    closures: list[Closed] = field(default_factory=list)
    closed: set[Cell] = field(default_factory=set)
    line: list[Waiting] = field(default_factory=list)

    # --- whose is what ---

    def span(self, time: Time) -> set[Cell]:
        """A time with set-up and cleaning, at the rooms and at their parts."""
        return {
            (taken, cell)
            for code in time.rooms
            for taken in self._with_parts({code})
            for cell in range(
                time.start - self.rooms[code].setup, time.end + self.rooms[code].cleanup
            )
        }

    def taken(self) -> dict[Cell, str]:
        """Every quarter that is somebody's, and whose; that no two have the same is the point."""
        found: dict[Cell, str] = dict.fromkeys(self.closed, "closed")
        for number, one in enumerate(self.bookings):
            if not one.holds:
                continue
            own = self.span(one.time)
            held = self.span(one.change.time) - own if one.change and one.change.holds else set()
            for cells, owner in ((own, f"booking {number}"), (held, f"hold {number}")):
                assert not cells & found.keys(), "the model itself booked twice"
                found |= dict.fromkeys(cells, owner)
        for number, entry in enumerate(self.line):
            if entry.state == "offered":
                cells = self.span(entry.time)
                assert not cells & found.keys(), "the model itself offered what is taken"
                found |= dict.fromkeys(cells, f"offer {number}")
        return found

    def is_free(self, time: Time, but_for: int | None = None) -> bool:
        own = {f"booking {but_for}", f"hold {but_for}"}
        taken = self.taken()
        return all(taken.get(cell, f"booking {but_for}") in own for cell in self.span(time))

    # --- verbs ---

    def book(self, time: Time) -> bool:
        if time.start < self.now or not self.is_free(time):
            return False
        self.bookings.append(self._new(time))
        return True

    def book_series(self, first: Time, count: int, *, skips: bool) -> bool:
        """Every day at the same time; dates that cannot be had are skipped, or refuse all."""
        dates = [
            Time(first.rooms, first.start + DAY * day, first.end + DAY * day)
            for day in range(count)
        ]
        had = [one for one in dates if one.start >= self.now and self.is_free(one)]
        if not had or (had != dates and not skips):
            return False
        self.bookings += [self._new(one) for one in had]
        return True

    def change(self, number: int, wanted: Time) -> bool:
        before = self.bookings[number]
        was = before.time
        if not before.is_live or was.end <= self.now:
            return False
        keeps_start = wanted.rooms <= was.rooms and wanted.start == was.start
        if (was.start <= self.now or wanted.start < self.now) and not keeps_start:
            return False
        return wanted == was or self._change(number, wanted)

    def _change(self, number: int, wanted: Time) -> bool:
        before = self.bookings[number]
        was = before.time
        if wanted.end < self.now:
            return False
        if before.state == "pending":
            return self._move_pending(number, wanted)
        kept = was.rooms if was.holds(wanted) else frozenset()
        asking = self._asking(wanted) - kept
        if asking:
            return self._ask_for_change(number, wanted, asking)
        if not self.is_free(wanted, number):
            return False
        self.bookings[number] = self._moved(before, wanted)
        return True

    def withdraw_change(self, number: int) -> bool:
        return self._drop_change(number)

    def cancel(self, number: int) -> bool:
        before = self.bookings[number]
        begun = before.time.start <= self.now and before.made < self.now
        if not before.is_live or before.time.end <= self.now or begun:
            return False
        self._close(number, "cancelled")
        return True

    def approve(self, number: int) -> bool:
        before = self.bookings[number]
        if not self._can_be_decided(before):
            return False
        wanted = before.change.time if before.change else before.time
        rivals = set(self._rivals(number, wanted))
        if not self.is_free(wanted, number):
            return False
        for rival in rivals:
            self._close(rival, "declined")
        if before.change:
            self.bookings[number] = self._moved(before, wanted)
        else:
            self.bookings[number] = replace(before, state="confirmed", holds=True)
        return True

    def decline(self, number: int) -> bool:
        before = self.bookings[number]
        if not self._can_be_decided(before):
            return False
        if not self._drop_change(number):
            self._close(number, "declined")
        return True

    def check_in(self, number: int) -> bool:
        before = self.bookings[number]
        if not self.can_check_in(before):
            return False
        if before.here is None:
            self.bookings[number] = replace(before, here=self.now)
        return True

    def undo_check_in(self, number: int) -> bool:
        before = self.bookings[number]
        if before.here != self.now or before.time.end <= self.now:
            return False
        self.bookings[number] = replace(before, here=None)
        return True

    def announce_late(self, number: int) -> bool:
        before = self.bookings[number]
        if not self.can_check_in(before) or before.here is not None or before.late_until:
            return False
        until = self._kept_until(before) + self._grace(before.time)
        self.bookings[number] = replace(before, late_until=until)
        return True

    def close(self, time: Time) -> bool:
        """Close rooms; what is in the way is cancelled, a change that holds time there declined."""
        start = max(time.start, self.now)
        if time.end <= start:
            return False
        time = replace(time, start=start, rooms=self._with_parts(time.rooms))
        cells = {(code, cell) for code in time.rooms for cell in range(start, time.end)}
        for number, one in enumerate(self.bookings):
            if not one.is_live or one.time.end <= self.now:
                continue
            meets = self._with_parts(one.time.rooms) & time.rooms and (
                one.time.start < time.end and one.time.end > start
            )
            if meets or (one.holds and self.span(one.time) & cells):
                self._close(number, "cancelled")
            elif one.change and one.change.holds and self.span(one.change.time) & cells:
                self._drop_change(number)
        for entry in self.line:
            if entry.state == "offered" and self.span(entry.time) & cells:
                entry.state = "waiting"
        self.closed |= cells - self.taken().keys()
        self.closures.append(Closed(time))
        return True

    def get_in_line(self, time: Time) -> bool:
        """One room that is taken; the same wish twice is the same."""
        if time.start < self.now or self.is_free(time):
            return False
        open_ones = [one for one in self.line if one.is_open]
        if any(one.time == time for one in open_ones):
            return True
        if len(open_ones) == MOST_WAITED_FOR:
            return False
        self.line.append(Waiting(time, self.now))
        return True

    def take(self, number: int) -> bool:
        entry = self.line[number]
        if entry.state != "offered" or (entry.held_until or 0) <= self.now:
            return False
        entry.state = "taken"
        self.bookings.append(replace(self._new(entry.time), by_waiter=True))
        return True

    def leave(self, number: int) -> bool:
        if self.line[number].is_open:
            self.line[number].state = "withdrawn"
        return True

    def end_closure(self, number: int) -> bool:
        closure = self.closures[number]
        if closure.ended or closure.time.end <= self.now:
            return False
        closure.ended = True
        others = {
            (code, cell)
            for other in self.closures
            if not other.ended
            for code in other.time.rooms
            for cell in range(other.time.start, other.time.end)
        }
        start = max(self.now, closure.time.start)
        self.closed -= {
            (code, cell) for code in closure.time.rooms for cell in range(start, closure.time.end)
        } - others
        return True

    def wait(self, quarters: int) -> None:
        """Let time pass, and then what the house does by itself."""
        self.now += quarters
        for number, one in enumerate(self.bookings):
            if one.state == "pending" and (one.decide_by or 0) <= self.now:
                self._close(number, "expired")
            elif one.change and one.change.decide_by <= self.now:
                self._drop_change(number)
        for number, one in enumerate(self.bookings):
            if self._is_abandoned(one):
                self.bookings[number] = replace(one, released=True, holds=False)
        for entry in self.line:
            self._end_waiting(entry)
        for entry in self.line:
            self._offer(entry)

    def _end_waiting(self, entry: Waiting) -> None:
        if not entry.is_open:
            return
        if any(self._has_instead(one, entry) for one in self.bookings):
            entry.state = "booked"
        elif entry.state == "offered" and (entry.held_until or 0) <= self.now:
            entry.state = "missed"
        elif entry.state == "waiting" and entry.time.start <= self.now:
            entry.state = "ended"

    def _has_instead(self, one: Booking, entry: Waiting) -> bool:
        is_live = one.state in ("pending", "confirmed")
        return one.by_waiter and is_live and one.made > entry.made and one.time.holds(entry.time)

    def _offer(self, entry: Waiting) -> None:
        if entry.state != "waiting" or not self.is_free(entry.time):
            return
        until = self.now + HELD_FOR
        day, of_day = divmod(until, DAY)
        if of_day >= NIGHT_BEGINS:
            until = (day + 1) * DAY + NIGHT_IS_OVER
        elif of_day < NIGHT_IS_OVER:
            until = day * DAY + NIGHT_IS_OVER
        until = min(until, entry.time.start)
        if until > self.now:
            entry.state, entry.held_until = "offered", until

    # --- what they share ---

    def _with_parts(self, rooms: Iterable[str]) -> frozenset[str]:
        return frozenset(taken for code in rooms for taken in (code, *self.rooms[code].parts))

    def _asking(self, time: Time) -> set[str]:
        return {code for code in time.rooms if self.rooms[code].asks}

    def _holding(self, asking: Iterable[str]) -> bool:
        return all(self.rooms[code].holds for code in asking)

    def _new(self, time: Time) -> Booking:
        asking = self._asking(time)
        return Booking(
            time,
            "pending" if asking else "confirmed",
            self._holding(asking),
            self.now,
            self._decide_by(time) if asking else None,
        )

    def _decide_by(self, time: Time) -> int:
        return max(self.now, min(self.now + DECIDE_WITHIN, time.start))

    def _move_pending(self, number: int, wanted: Time) -> bool:
        if not self.is_free(wanted, number):
            return False
        moved = self._new(wanted)
        self.bookings[number] = replace(moved, made=self.bookings[number].made)
        return True

    def _ask_for_change(self, number: int, wanted: Time, asking: Collection[str]) -> bool:
        before = self.bookings[number]
        if not self.is_free(wanted, number):
            return False
        last = before.time.end
        if wanted.rooms != before.time.rooms or wanted.start != before.time.start:
            last = min(before.time.start, wanted.start)
        waiting = Change(wanted, self._holding(asking), min(self.now + DECIDE_WITHIN, last))
        self.bookings[number] = replace(before, change=waiting)
        return True

    def _moved(self, before: Booking, wanted: Time) -> Booking:
        """At another time one has not come yet, nor said that one is late."""
        if wanted.start == before.time.start:
            return replace(before, time=wanted, change=None)
        return replace(before, time=wanted, change=None, here=None, late_until=None)

    def _close(self, number: int, state: str) -> None:
        before = self.bookings[number]
        self.bookings[number] = replace(before, state=state, holds=False, change=None)

    def _drop_change(self, number: int) -> bool:
        before = self.bookings[number]
        self.bookings[number] = replace(before, change=None)
        return before.change is not None

    def _can_be_decided(self, one: Booking) -> bool:
        if one.change:
            return one.change.decide_by > self.now
        return one.state == "pending" and (one.decide_by or 0) > self.now

    def _rivals(self, number: int, wanted: Time) -> Iterator[int]:
        """Requests that hold nothing and could not be had beside it."""
        for other, one in enumerate(self.bookings):
            if other == number or one.state != "pending" or one.holds:
                continue
            if self.span(one.time) & self.span(wanted):
                yield other

    def can_check_in(self, one: Booking) -> bool:
        asks = any(self.rooms[code].grace is not None for code in one.time.rooms)
        in_time = one.time.start - EARLY <= self.now < one.time.end
        return one.state == "confirmed" and not one.released and asks and in_time

    def _grace(self, time: Time) -> int:
        graces = (self.rooms[code].grace for code in time.rooms)
        return min(one for one in graces if one is not None)

    def _kept_until(self, one: Booking) -> int:
        return one.late_until or max(one.time.start, one.made) + self._grace(one.time)

    def _is_abandoned(self, one: Booking) -> bool:
        if not self.can_check_in(one) or one.waits or one.here is not None or not one.holds:
            return False
        return self._kept_until(one) <= self.now
