"""Whatever people do in whatever order, the program does what a park that fits on one page of
dictionaries does: the same is accepted, the same refused, and every quarter has the same owner.

MODEL_STEPS=50000 goes on for longer, and elsewhere than last time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from booking.attendance import service as attendance
from booking.closures import queries as closures_queries
from booking.closures import service as closures
from booking.closures.rules import Wanted
from booking.core import clock
from booking.core.database import end_reading, session
from booking.core.errors import InvalidError, NotFoundError, RefusedError
from booking.core.permissions import Actor
from booking.occupancy.models import ClosureKind, Hold, occupancy
from booking.policies.facts import Place
from booking.reservations import linking, queries, series
from booking.reservations import service as reservations
from booking.reservations.models import Amendment, CheckInWay
from booking.reservations.queries import Details
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import OnConflict, SeriesWish
from booking.reservations.wishes import Change, Wish
from booking.waitlist import offering
from booking.waitlist import service as waitlist
from booking.waitlist.models import Offer, WaitlistEntry
from tests import make
from tests.conftest import FROZEN
from tests.db.model.simple_park import DECIDE_WITHIN, Booking, Cell, Room, SimplePark, Time
from tests.installations import Installation

MIDNIGHT = FROZEN.replace(hour=0)
Which: TypeAlias = tuple[bool, int]
QUARTER = timedelta(minutes=15)
STEPS_EACH = 50
MOST_CLOSURES, MOST_BEFORE_A_SERIES = 3, 8  # in one run: they push all else out
STEPS = int(os.environ.get("MODEL_STEPS", "2000"))

ROOMS = (
    Room("DESK"),
    Room("HELD", asks=True),
    Room("ASKED", asks=True, holds=False, setup=1),
    Room("CLEANED", setup=1, cleanup=2),
    Room("ATTENDED", grace=2),
    Room("POOL", places=2),
    Room("LAB", asks=True, holds=False, places=2),
    Room("HALL", asks=True, holds=False, parts=("DESK", "HELD")),
)
CODES = tuple(room.code for room in ROOMS)

one_room = st.sampled_from((*CODES, "HELD", "ASKED", "ATTENDED", "POOL", "LAB")).map(
    lambda code: frozenset({code})
)
two_rooms = st.sets(st.sampled_from(CODES), min_size=2, max_size=2).map(frozenset)
some_rooms = one_room | two_rooms
# Few and near times: what never meets shows nothing.
soon = st.integers(-1, 4)
length = st.integers(1, 4)
# Of the bookings or closures; every other one among those of which the verb could be meant.
which = st.tuples(st.booleans(), st.integers(0, 20))


@dataclass
class Both:
    """The model, and the people and places of the program that stand for the same."""

    model: SimplePark
    places: dict[str, Place]
    member: Actor
    operator: Actor
    waiter: Actor


def make_both() -> Both:
    """An empty park of these rooms, in both."""
    hours = make.around_the_clock()
    places = {}
    for room in ROOMS:
        policy = make.policy(
            granularity=15,
            shortest=15,
            needs_approval=room.asks,
            holds_while_pending=room.holds,
            decide_within=DECIDE_WITHIN * 15,
            setup_minutes=room.setup * 15,
            cleanup_minutes=room.cleanup * 15,
            asks_for_check_in=room.grace is not None,
            grace_minutes=(room.grace or 1) * 15,
        )
        places[room.code] = make.resource(
            room.code, under=policy, open_at=hours, capacity=4, units=room.places
        )
    operator = make.operator()
    for room in ROOMS:
        if room.parts:
            linking.set_parts(operator, places[room.code].spot.public_id, room.parts)
    start = int((FROZEN - MIDNIGHT) / QUARTER)
    model = SimplePark({room.code: room for room in ROOMS}, start)
    return Both(model, places, make.member_of(), operator, make.member_of())


class Machine(RuleBasedStateMachine):
    """Each step is done in both, and then everything is compared."""

    installation: Installation

    def __init__(self) -> None:
        super().__init__()
        self.installation.renew()
        self._clock = ExitStack()
        self._clock.enter_context(clock.frozen_at(FROZEN))
        self.both = make_both()
        self.model = self.both.model
        self.known: list[str] = []  # the reservations by the numbers that they have in the model
        self.closed: list[str] = []
        self.entries: list[str] = []

    def teardown(self) -> None:
        self._clock.close()
        session().rollback()

    # --- steps ---

    @rule(rooms=one_room, start=soon, long=length)
    def book(self, rooms: frozenset[str], start: int, long: int) -> None:
        self._book(self._time(rooms, start, long))

    @rule(rooms=two_rooms, start=soon, long=length)
    def book_two(self, rooms: frozenset[str], start: int, long: int) -> None:
        self._book(self._time(rooms, start, long))

    def _book(self, time: Time) -> None:
        self._same(
            lambda: reservations.book(self.both.member, self._wish(time)), self.model.book(time)
        )

    @precondition(lambda self: len(self.known) < MOST_BEFORE_A_SERIES)
    @rule(rooms=some_rooms, start=soon, long=length, count=st.integers(2, 3), skips=st.booleans())
    def book_series(
        self, rooms: frozenset[str], start: int, long: int, count: int, skips: bool
    ) -> None:
        first = self._time(rooms, start, long)
        wanted = SeriesWish(
            self._wish(first),
            Repetition(Every.DAY, count=count),
            on_conflict=OnConflict.SKIP if skips else OnConflict.REFUSE,
        )
        self._same(
            lambda: series.book(self.both.member, wanted),
            self.model.book_series(first, count, skips=skips),
        )

    @precondition(lambda self: any(one.is_live for one in self.model.bookings))
    @rule(
        which=which, rooms=st.none() | some_rooms, start=st.integers(-3, 3), end=st.integers(-3, 3)
    )
    def change(self, which: Which, rooms: frozenset[str] | None, start: int, end: int) -> None:
        number = self._pick(which, lambda one: one.is_live)
        was = self.model.bookings[number].time
        moved_to = was.start + start
        time = Time(rooms or was.rooms, moved_to, max(moved_to + 1, was.end + end))
        wanted = Change(
            starts_at=self._local(time.start),
            ends_at=self._local(time.end),
            resources=self._public_ids(time.rooms),
        )
        self._same(
            lambda: reservations.change(self._holder(number), self.known[number], wanted),
            self.model.change(number, time),
        )

    @precondition(lambda self: any(one.change is not None for one in self.model.bookings))
    @rule(which=which)
    def withdraw_change(self, which: Which) -> None:
        number = self._pick(which, lambda one: one.change is not None)
        self._same(
            lambda: reservations.withdraw_change(self._holder(number), self.known[number]),
            self.model.withdraw_change(number),
        )

    @precondition(lambda self: any(one.is_live for one in self.model.bookings))
    @rule(which=which)
    def cancel(self, which: Which) -> None:
        number = self._pick(which, lambda one: one.is_live)
        self._same(
            lambda: reservations.cancel(self._holder(number), self.known[number]),
            self.model.cancel(number),
        )

    @precondition(lambda self: any(one.waits for one in self.model.bookings))
    @rule(which=which, says_yes=st.booleans())
    def decide(self, which: Which, says_yes: bool) -> None:
        number = self._pick(which, lambda one: one.waits)
        public_id, operator = self.known[number], self.both.operator
        if says_yes:
            self._same(
                lambda: reservations.approve(
                    operator, public_id, seen_version=None, declines_others=True
                ),
                self.model.approve(number),
            )
        else:
            self._same(
                lambda: reservations.decline(
                    operator, public_id, seen_version=None, reason="Because."
                ),
                self.model.decline(number),
            )

    @precondition(lambda self: any(self.model.can_check_in(one) for one in self.model.bookings))
    @rule(which=which, says=st.sampled_from(("here", "slip", "late")))
    def come(self, which: Which, says: str) -> None:
        number = self._pick(which, self.model.can_check_in)
        public_id, member = self.known[number], self._holder(number)
        if says == "here":
            self._same(
                lambda: attendance.check_in(member, public_id, CheckInWay.PAGE),
                self.model.check_in(number),
            )
        elif says == "slip":
            self._same(
                lambda: attendance.undo_check_in(member, public_id),
                self.model.undo_check_in(number),
            )
        else:
            self._same(
                lambda: attendance.announce_late(member, public_id),
                self.model.announce_late(number),
            )

    @precondition(lambda self: self.model.taken())
    @rule(which=st.integers(0, 200), long=length)
    def get_in_line(self, which: int, long: int) -> None:
        taken = sorted(self.model.taken())
        line, start = taken[which % len(taken)]
        time = Time(frozenset({line.partition(" ")[0]}), start, start + long)
        self._same(lambda: self._wait(time), self.model.get_in_line(time))

    def _wait(self, time: Time) -> None:
        public_id = waitlist.wait(self.both.waiter, self._wish(time))
        if public_id not in self.entries:
            self.entries.append(public_id)

    @precondition(lambda self: self.entries)
    @rule(number=st.integers(0, 20), takes=st.booleans())
    def answer(self, number: int, takes: bool) -> None:
        """Whoever is offered something first, if there is anybody."""
        offered = [each for each, one in enumerate(self.model.line) if one.state == "offered"]
        chosen = offered or range(len(self.entries))
        number = chosen[number % len(chosen)]
        waiter, public_id = self.both.waiter, self.entries[number]
        if takes:
            self._same(lambda: waitlist.accept(waiter, public_id), self.model.take(number))
        else:
            self._same(lambda: waitlist.leave(waiter, public_id), self.model.leave(number))

    @precondition(lambda self: len(self.closed) < MOST_CLOSURES)
    @rule(rooms=some_rooms, start=soon, long=length)
    def close(self, rooms: frozenset[str], start: int, long: int) -> None:
        time = self._time(rooms, start, long)
        wanted = Wanted(
            ClosureKind.MAINTENANCE,
            {"en": "Works"},
            self._local(time.start),
            self._local(time.end),
            resources=self._public_ids(time.rooms),
        )

        def act() -> None:
            seen = closures_queries.plan(self.both.operator, wanted).seen
            end_reading()
            self.closed.append(closures.close(self.both.operator, wanted, seen=seen).public_id)

        self._same(act, self.model.close(time))

    @precondition(lambda self: self.closed)
    @rule(which=which)
    def end_closure(self, which: Which) -> None:
        number = which[1] % len(self.closed)
        self._same(
            lambda: closures.end(self.both.operator, self.closed[number]),
            self.model.end_closure(number),
        )

    @rule(quarters=st.integers(1, 3))
    def wait(self, quarters: int) -> None:
        self.model.wait(quarters)
        self._clock.enter_context(clock.frozen_at(MIDNIGHT + QUARTER * self.model.now))
        while reservations.expire_next():
            pass
        while attendance.release_next():
            pass
        end_reading()
        offering.serve()
        self._compare()

    # --- in both ---

    def _pick(self, which: Which, is_meant: Callable[[Booking], bool]) -> int:
        among_those, number = which
        bookings = self.model.bookings
        meant = [each for each, one in enumerate(bookings) if is_meant(one)]
        chosen = meant if among_those and meant else range(len(bookings))
        return chosen[number % len(chosen)]

    def _same(self, act: Callable[[], object], is_done: bool) -> None:
        refused = None
        try:
            act()
        except (RefusedError, InvalidError, NotFoundError) as error:
            refused = error
        assert (refused is None) is is_done, f"the program says {refused!r}"
        self._compare()

    def _compare(self) -> None:
        end_reading()
        found = sorted(queries.find(), key=lambda one: one.id)
        self.known = [one.public_id for one in found]
        assert [_said_of(one) for one in found] == [
            (
                one.state,
                one.time,
                one.holds,
                None if one.change is None else one.change.time,
                one.here is not None,
                one.released,
            )
            for one in self.model.bookings
        ]
        states = session().execute(select(WaitlistEntry.state).order_by(WaitlistEntry.id))
        assert [str(state) for (state,) in states] == [one.state for one in self.model.line]
        assert self._owners(found) == self.model.taken()
        end_reading()

    def _owners(self, found: list[Details]) -> dict[Cell, str]:
        entries = session().scalars(select(WaitlistEntry.id).order_by(WaitlistEntry.id)).all()
        numbers = {one.id: number for number, one in enumerate(found)}
        codes = {place.resource_id: code for code, place in self.both.places.items()}
        rows = session().execute(
            select(occupancy, Amendment.reservation_id.label("held_for"), Offer.entry_id)
            .outerjoin(Hold, Hold.id == occupancy.c.hold_id)
            .outerjoin(Amendment, Amendment.id == Hold.amendment_id)
            .outerjoin(Offer, Offer.id == Hold.offer_id)
        )
        owners: dict[Cell, str] = {}
        for row in rows:
            owner = "closed"
            if row.reservation_id is not None:
                owner = f"booking {numbers[row.reservation_id]}"
            elif row.held_for is not None:
                owner = f"hold {numbers[row.held_for]}"
            elif row.entry_id is not None:
                owner = f"offer {entries.index(row.entry_id)}"
            line = codes[row.resource_id]
            if self.model.rooms[line].places > 1:
                line = f"{line} {row.unit}"
            for cell in range(_cell(row.starts_at), _cell(row.ends_at)):
                assert (line, cell) not in owners
                owners[line, cell] = owner
        return owners

    def _holder(self, number: int) -> Actor:
        took_offer = self.model.bookings[number].by_waiter
        return self.both.waiter if took_offer else self.both.member

    def _time(self, rooms: frozenset[str], start: int, long: int) -> Time:
        return Time(rooms, self.model.now + start, self.model.now + start + long)

    def _wish(self, time: Time) -> Wish:
        return Wish(self._public_ids(time.rooms), self._local(time.start), self._local(time.end))

    def _public_ids(self, rooms: frozenset[str]) -> tuple[str, ...]:
        return tuple(self.both.places[code].spot.public_id for code in sorted(rooms))

    def _local(self, cell: int) -> datetime:
        """Morocco keeps to UTC here, so that both clocks show the same."""
        return (MIDNIGHT + QUARTER * cell).replace(tzinfo=None)


def _said_of(one: Details) -> tuple[object, ...]:
    waiting = one.amendment
    return (
        one.state.value,
        _time_of(one.places, one.interval.starts_at, one.interval.ends_at),
        one.holds_place,
        None
        if waiting is None
        else _time_of(waiting.places, waiting.interval.starts_at, waiting.interval.ends_at),
        one.is_here,
        one.is_released,
    )


def _time_of(places: tuple[Place, ...], starts_at: datetime, ends_at: datetime) -> Time:
    return Time(frozenset(one.spot.code for one in places), _cell(starts_at), _cell(ends_at))


def _cell(moment: datetime) -> int:
    return int((moment.astimezone(UTC) - MIDNIGHT) / QUARTER)


def test_the_program_does_what_the_model_does(app: Flask, installation: Installation) -> None:
    machine = type("OnThisEngine", (Machine,), {"installation": installation})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=STEPS // STEPS_EACH,
            stateful_step_count=STEPS_EACH,
            deadline=None,
            derandomize="MODEL_STEPS" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )
