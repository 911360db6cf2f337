"""Processes that offer, answer and book at the same moment, on one database."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.synchronize import Barrier

from booking import create_app
from booking.core import clock
from booking.core.database import end_reading
from booking.core.errors import RefusedError
from booking.reservations import service as reservations
from booking.reservations.wishes import Wish
from booking.waitlist import offering, service
from config import Settings
from tests import make
from tests.processes import others

PATIENCE_SECONDS = 120
SECONDS_OF_RUSH = 2


@dataclass(frozen=True)
class Line:
    """A place, and who waits for it, in their order: each a person and their entry."""

    resource: str
    waiting: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Scene:
    """What all of them act on: for whoever offers and books it is later than for those who answer,
    who look at a clock that is a little slow."""

    settings: Settings
    now: datetime
    clock_of_answers: datetime
    lines: Sequence[Line]
    starts_at: datetime  # on the wall
    ends_at: datetime


Won = tuple[str, str]  # what was done, and at which place


def rush(scene: Scene, *, tickers: int, bookers: Sequence[int], answers: int = 0) -> list[Won]:
    """Let them begin together; what they succeeded in."""
    acts: list[tuple[Callable[..., None], int]] = [
        *((_offer, number) for number in range(tickers)),
        *((_answer, number) for number in range(answers)),
        *((_book, person_id) for person_id in bookers),
    ]
    barrier = others.Barrier(len(acts))
    with others.Manager() as manager:
        won = manager.list()
        processes = [
            others.Process(target=act, args=(scene, barrier, won, about)) for act, about in acts
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(PATIENCE_SECONDS)
            assert process.exitcode == 0
        return list(won)


def _offer(scene: Scene, barrier: Barrier, _won: list[Won], _number: int) -> None:
    with create_app(scene.settings).app_context(), clock.frozen_at(scene.now):
        barrier.wait(PATIENCE_SECONDS)
        ends = time.monotonic() + SECONDS_OF_RUSH
        while time.monotonic() < ends:
            offering.serve()
            end_reading()


def _answer(scene: Scene, barrier: Barrier, won: list[Won], _number: int) -> None:
    """Whoever is first in each line takes what they were offered."""
    with create_app(scene.settings).app_context(), clock.frozen_at(scene.clock_of_answers):
        people = {line.waiting[0][0]: make.actor(line.waiting[0][0]) for line in scene.lines}
        end_reading()
        barrier.wait(PATIENCE_SECONDS)
        for line in reversed(scene.lines):
            person_id, entry = line.waiting[0]
            with suppress(RefusedError):
                service.accept(people[person_id], entry)
                won.append(("took", line.resource))


def _book(scene: Scene, barrier: Barrier, won: list[Won], person_id: int) -> None:
    """Again and again, until the rush is over."""
    with create_app(scene.settings).app_context(), clock.frozen_at(scene.now):
        actor = make.actor(person_id)
        end_reading()
        barrier.wait(PATIENCE_SECONDS)
        ends = time.monotonic() + SECONDS_OF_RUSH
        while time.monotonic() < ends:
            for line in scene.lines:
                with suppress(RefusedError):
                    wish = Wish((line.resource,), scene.starts_at, scene.ends_at)
                    reservations.book(actor, wish)
                    won.append(("booked", line.resource))
            time.sleep(0.02)
