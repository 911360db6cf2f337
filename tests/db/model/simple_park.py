"""What the park promises, said once more as simply as it can be: dictionaries in memory, one actor,
whole quarters of an hour counted from midnight of the first day.

It knows nothing of the program. The state machine beside it does the same in both and compares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

DECIDE_WITHIN = 12  # quarters
DAY = 96
EARLY = 1  # before the start, to confirm presence
HELD_FOR = 2  # what is offered
NIGHT_BEGINS, NIGHT_IS_OVER = 22 * 4, 7 * 4 + 2  # nobody has to answer in between
MOST_WAITED_FOR = 10

Cell = tuple[str, int]  # the room, of a pool one of its places, and the quarter
Seats = Mapping[str, int]  # which place of each pool


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
    places: int = 1  # without names of their own, where more than one


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
    seats: Seats = field(default_factory=dict)


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
    seats: Seats = field(default_factory=dict)

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
    seats: Seats = field(default_factory=dict)

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

    def span(self, time: Time, seats: Seats) -> set[Cell]:
        """A time with set-up and cleaning, at the rooms, which of a pool is one place, and at
        their parts."""
        return {
            (self._line(taken, seats.get(taken, 1)), cell)
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
            own = self.span(one.time, one.seats)
            held = set()
            if one.change and one.change.holds:
                held = self.span(one.change.time, one.change.seats) - own
            for cells, owner in ((own, f"booking {number}"), (held, f"hold {number}")):
                assert not cells & found.keys(), "the model itself booked twice"
                found |= dict.fromkeys(cells, owner)
        for number, entry in enumerate(self.line):
            if entry.state == "offered":
                cells = self.span(entry.time, entry.seats)
                assert not cells & found.keys(), "the model itself offered what is taken"
                found |= dict.fromkeys(cells, f"offer {number}")
        return found

    def is_free(self, time: Time, but_for: int | None = None) -> bool:
        return self.seats(time, but_for) is not None

    def seats(
        self,
        time: Time,
        but_for: int | None = None,
        *,
        wished: Seats | None = None,
        taken: Mapping[Cell, str] | None = None,
    ) -> Seats | None:
        """Of each pool the place that one has there, else the first that is free; None where
        something is taken."""
        own = {f"booking {but_for}", f"hold {but_for}"}
        busy = {cell for cell, owner in (taken or self.taken()).items() if owner not in own}
        own_seats = {} if but_for is None else self.bookings[but_for].seats
        had = own_seats if wished is None else wished
        found = {}
        for code in time.rooms:
            one = Time(frozenset({code}), time.start, time.end)
            places = range(1, self.rooms[code].places + 1)
            free = (
                place
                for place in sorted(places, key=lambda each: (each != had.get(code, 1), each))
                if not self.span(one, {code: place}) & busy
            )
            place = next(free, None)
            if place is None:
                return None
            if len(places) > 1:
                found[code] = place
        return found

    # --- verbs ---

    def book(self, time: Time) -> bool:
        if time.start < self.now or not self.is_free(time):
            return False
        self._add(time)
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
        for one in had:
            self._add(one)
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
        seats = self.seats(wanted, number)
        if seats is None:
            return False
        self.bookings[number] = self._moved(before, wanted, seats)
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
        change = before.change
        wanted = change.time if change else before.time
        held = change.seats if change and change.holds else None
        seats = self.seats(wanted, number, wished=held)
        if seats is None:
            return False
        rivals = set(self._rivals(number, wanted, seats))
        for rival in rivals:
            self._close(rival, "declined")
        if before.change:
            self.bookings[number] = self._moved(before, wanted, seats)
        else:
            self.bookings[number] = replace(before, state="confirmed", holds=True, seats=seats)
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
        cells = self._cells_of(time)
        for number, one in enumerate(self.bookings):
            if not one.is_live or one.time.end <= self.now:
                continue
            meets = self._with_parts(one.time.rooms) & time.rooms and (
                one.time.start < time.end and one.time.end > start
            )
            change = one.change
            if meets or (one.holds and self.span(one.time, one.seats) & cells):
                self._close(number, "cancelled")
            elif change and change.holds and self.span(change.time, change.seats) & cells:
                self._drop_change(number)
        for entry in self.line:
            if entry.state == "offered" and self.span(entry.time, entry.seats) & cells:
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
        self._add(entry.time)
        self.bookings[-1] = replace(self.bookings[-1], by_waiter=True)
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
            cell
            for other in self.closures
            if not other.ended
            for cell in self._cells_of(other.time)
        }
        start = max(self.now, closure.time.start)
        self.closed -= self._cells_of(replace(closure.time, start=start)) - others
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
        seats = self.seats(entry.time) if entry.state == "waiting" else None
        if seats is None:
            return
        until = self.now + HELD_FOR
        day, of_day = divmod(until, DAY)
        if of_day >= NIGHT_BEGINS:
            until = (day + 1) * DAY + NIGHT_IS_OVER
        elif of_day < NIGHT_IS_OVER:
            until = day * DAY + NIGHT_IS_OVER
        until = min(until, entry.time.start)
        if until > self.now:
            entry.state, entry.held_until, entry.seats = "offered", until, seats

    # --- what they share ---

    def _with_parts(self, rooms: Iterable[str]) -> frozenset[str]:
        return frozenset(taken for code in rooms for taken in (code, *self.rooms[code].parts))

    def _line(self, code: str, place: int) -> str:
        return code if self.rooms[code].places == 1 else f"{code} {place}"

    def _cells_of(self, time: Time) -> set[Cell]:
        """Every place of these rooms, without what is kept around a booking."""
        return {
            (self._line(code, place), cell)
            for code in time.rooms
            for place in range(1, self.rooms[code].places + 1)
            for cell in range(time.start, time.end)
        }

    def _add(self, time: Time) -> None:
        """What is held has places; what is only asked for gets them with the yes."""
        new = self._new(time)
        seats = (self.seats(time) or {}) if new.holds else {}
        self.bookings.append(replace(new, seats=seats))

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
        before, seats = self.bookings[number], self.seats(wanted, number)
        if seats is None:
            return False
        moved = self._new(wanted)
        if not moved.holds:  # it keeps in mind which it had
            seats = {code: before.seats[code] for code in before.seats if code in wanted.rooms}
        moved = replace(moved, made=before.made, by_waiter=before.by_waiter)
        self.bookings[number] = replace(moved, seats=seats)
        return True

    def _ask_for_change(self, number: int, wanted: Time, asking: Collection[str]) -> bool:
        before = self.bookings[number]
        seats = self.seats(wanted, number)
        if seats is None:
            return False
        last = before.time.end
        if wanted.rooms != before.time.rooms or wanted.start != before.time.start:
            last = min(before.time.start, wanted.start)
        decide_by = min(self.now + DECIDE_WITHIN, last)
        waiting = Change(wanted, self._holding(asking), decide_by, seats)
        self.bookings[number] = replace(before, change=waiting)
        return True

    def _moved(self, before: Booking, wanted: Time, seats: Seats) -> Booking:
        """At another time one has not come yet, nor said that one is late."""
        moved = replace(before, time=wanted, change=None, seats=seats)
        if wanted.start == before.time.start:
            return moved
        return replace(moved, here=None, late_until=None)

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

    def _rivals(self, number: int, wanted: Time, seats: Seats) -> Iterator[int]:
        """Requests that hold nothing, meet it and could not be had beside it: of a pool, where
        then no place is left."""
        own = {f"booking {number}", f"hold {number}"}
        taken = {cell: owner for cell, owner in self.taken().items() if owner not in own}
        taken |= dict.fromkeys(self.span(wanted, seats), "wanted")
        for other, one in enumerate(self.bookings):
            if other == number or one.state != "pending" or one.holds:
                continue
            if self._is_lost(one.time, wanted, taken):
                yield other

    def _is_lost(self, asked: Time, wanted: Time, taken: Mapping[Cell, str]) -> bool:
        """Whether they meet anywhere, and something of it cannot be had then."""
        if not self.span(asked, {}) & self.span(wanted, {}):
            return False
        for code in asked.rooms:
            one = Time(frozenset({code}), asked.start, asked.end)
            if self.rooms[code].places > 1:
                if code in wanted.rooms and self.seats(one, taken=taken) is None:
                    return True
            elif self.span(one, {}) & self.span(wanted, {}):
                return True
        return False

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
