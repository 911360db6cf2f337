"""Writers in processes of their own, who book, move and give back several rooms at once, by chance:
rooms that are linked, so that each act takes more than it names."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from threading import Barrier

from booking import create_app
from booking.core import clock
from booking.core.database import db, end_reading
from booking.core.errors import RefusedError
from booking.core.permissions import Actor
from booking.reservations import linking, service
from booking.reservations.wishes import Change, Wish
from config import Settings
from tests import make
from tests.processes import others

HALLS, PARTS = 3, 3
TAKEN_AT_ONCE = 4
MOST_KEPT = 3
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Stand:
    """Where they write: the database, the rooms, and who the writers are."""

    database_url: str
    instance: Path
    rooms: tuple[str, ...]
    writers: tuple[int, ...]
    slots: int  # hours among which they choose: the fewer, the more they meet


@dataclass
class Seen:
    """How often what was done, or refused, and how long the longest act took."""

    acts: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0

    def add(self, other: Seen) -> None:
        """Count in what another writer saw."""
        self.acts += other.acts
        self.longest = max(self.longest, other.longest)


def stand(database_url: str, instance: Path, *, writers: int, slots: int) -> Stand:
    """Twelve rooms: three halls, each with its three parts; and the people."""
    policy = make.policy(granularity=5, shortest=5, horizon=60)
    hours = make.around_the_clock()
    operator = make.operator()
    rooms = []
    for hall in range(HALLS):
        codes = [f"H{hall}-{part}" for part in range(PARTS)]
        places = [
            make.room(code, under=policy, open_at=hours, capacity=20)
            for code in (f"H{hall}", *codes)
        ]
        linking.set_parts(operator, places[0].spot.public_id, codes)
        rooms += [place.spot.public_id for place in places]
    people = tuple(make.member_of().person_id for _ in range(writers))
    return Stand(database_url, instance, tuple(rooms), people, slots)


def rush(on: Stand, *, seconds: float) -> Seen:
    """Let all of them write at the same time for so long."""
    count = len(on.writers)
    seen = Seen()
    with (
        others.Manager() as manager,
        ProcessPoolExecutor(count, mp_context=others) as writers,
    ):
        barrier = manager.Barrier(count)
        told = [writers.submit(_write, on, number, seconds, barrier) for number in range(count)]
        for one in as_completed(told):
            seen.add(one.result())
    return seen


def _write(on: Stand, number: int, seconds: float, barrier: Barrier) -> Seen:
    app = create_app(
        Settings(
            database_url=on.database_url,
            secret_key="only-for-a-rush-4be1f7a2c09d",  # of a park of minutes
            instance=on.instance,
            tick_inside=False,
        )
    )
    with app.app_context():
        writer = _Writer(make.actor(on.writers[number]), on, Random(number))
        end_reading()
        barrier.wait(PATIENCE_SECONDS)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            writer.act()
        db.session.remove()
        db.engine.dispose()
    return writer.seen


class _Writer:
    """Somebody who keeps a few reservations and cannot make up their mind."""

    def __init__(self, actor: Actor, on: Stand, chance: Random) -> None:
        self.seen = Seen()
        self._actor = actor
        self._on = on
        self._chance = chance
        self._mine: list[str] = []
        self._first = datetime.combine(clock.now().date() + timedelta(days=2), datetime.min.time())

    def act(self) -> None:
        """Do something, and note how long it took."""
        name, verb = self._next()
        began = time.monotonic()
        try:
            verb()
        except RefusedError:
            name = f"{name}, refused"
        finally:
            self.seen.longest = max(self.seen.longest, time.monotonic() - began)
        self.seen.acts[name] += 1
        end_reading()

    def _next(self) -> tuple[str, Callable[[], None]]:
        if not self._mine:
            return "booked", self._book
        if len(self._mine) > MOST_KEPT:
            return "cancelled", self._cancel
        return self._chance.choice(
            (("booked", self._book), ("moved", self._move), ("cancelled", self._cancel))
        )

    def _book(self) -> None:
        start = self._start()
        wish = Wish(self._some(), start, start + timedelta(hours=1))
        self._mine.append(service.book(self._actor, wish).public_id)

    def _move(self) -> None:
        start = self._start()
        wanted = Change(self._some(), start, start + timedelta(hours=1))
        service.change(self._actor, self._chance.choice(self._mine), wanted)

    def _cancel(self) -> None:
        mine = self._mine.pop(self._chance.randrange(len(self._mine)))
        service.cancel(self._actor, mine)

    def _some(self) -> tuple[str, ...]:
        return tuple(self._chance.sample(self._on.rooms, TAKEN_AT_ONCE))

    def _start(self) -> datetime:
        return self._first + timedelta(hours=self._chance.randrange(self._on.slots))
