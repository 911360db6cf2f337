"""Processes that release, arrive and book at the same moment, on one database."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.synchronize import Barrier

from booking import create_app, worker
from booking.attendance import service
from booking.core import clock
from booking.core.database import end_reading
from booking.core.errors import RefusedError
from booking.reservations import service as reservations
from booking.reservations.models import CheckInWay
from booking.reservations.wishes import Wish
from config import Settings
from tests import make
from tests.processes import others

PATIENCE_SECONDS = 120
SECONDS_OF_RUSH = 4


@dataclass(frozen=True)
class Missed:
    """A reservation that is past its grace: whose it is, and its place."""

    public_id: str
    person_id: int
    resource: str


@dataclass(frozen=True)
class Scene:
    """What all of them act on, at one frozen instant."""

    settings: Settings
    now: datetime
    missed: Sequence[Missed]
    starts_at: datetime  # of what the bookers want, on the wall
    ends_at: datetime


Won = tuple[str, str]  # who did it, and to which reservation


def rush(scene: Scene, *, tickers: int, arrivals: int, bookers: Sequence[int]) -> list[Won]:
    """Let them begin together; what they succeeded in."""
    barrier = others.Barrier(tickers + arrivals + len(bookers))
    with others.Manager() as manager:
        won = manager.list()
        acts: list[tuple[Callable[..., None], object]] = [
            *((_tick, None) for _ in range(tickers)),
            *((_arrive, number) for number in range(arrivals)),
            *((_book, person_id) for person_id in bookers),
        ]
        processes = [
            others.Process(target=act, args=(scene, barrier, won, about)) for act, about in acts
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(PATIENCE_SECONDS)
            assert process.exitcode == 0
        return list(won)


def _tick(scene: Scene, barrier: Barrier, won: list[Won], _about: None) -> None:
    app = create_app(scene.settings)
    with clock.frozen_at(scene.now):
        barrier.wait(PATIENCE_SECONDS)
        ends = time.monotonic() + SECONDS_OF_RUSH
        while time.monotonic() < ends:
            worker.tick(app)


def _arrive(scene: Scene, barrier: Barrier, won: list[Won], number: int) -> None:
    """From the other end than the tick, each for themselves."""
    with create_app(scene.settings).app_context(), clock.frozen_at(scene.now):
        people = {one.public_id: make.actor(one.person_id) for one in scene.missed}
        end_reading()
        barrier.wait(PATIENCE_SECONDS)
        for one in reversed(scene.missed):
            with suppress(RefusedError):
                service.check_in(people[one.public_id], one.public_id, CheckInWay.PAGE)
                won.append(("came", one.public_id))


def _book(scene: Scene, barrier: Barrier, won: list[Won], person_id: int) -> None:
    """Again and again, until the place is theirs or the rush is over."""
    with create_app(scene.settings).app_context(), clock.frozen_at(scene.now):
        actor = make.actor(person_id)
        end_reading()
        barrier.wait(PATIENCE_SECONDS)
        ends = time.monotonic() + SECONDS_OF_RUSH
        while time.monotonic() < ends:
            for one in scene.missed:
                with suppress(RefusedError):
                    reservations.book(actor, Wish((one.resource,), scene.starts_at, scene.ends_at))
                    won.append(("booked", one.public_id))
            time.sleep(0.05)
