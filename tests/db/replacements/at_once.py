"""Processes that take, end and book what is held, all at the same moment, on one database."""

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
from booking.replacements import holding, queries, service
from booking.reservations import service as reservations
from booking.reservations.wishes import Wish
from config import Settings
from tests import make
from tests.processes import others

PATIENCE_SECONDS = 120
SECONDS_OF_RUSH = 2


@dataclass(frozen=True)
class Choice:
    """Somebody's displaced reservation, and one of what is held instead: where and when."""

    person_id: int
    reservation: str
    replacement: str
    resource: str
    starts_at: datetime  # on the wall
    ends_at: datetime


@dataclass(frozen=True)
class Scene:
    """What all of them act on; whoever takes looks at a clock that may be a little slow."""

    settings: Settings
    now: datetime
    clock_of_takers: datetime
    choices: Sequence[Choice]
    takers: Sequence[int]  # which of the choices each of them takes, by its place among a case's
    tickers: int = 0
    bookers: Sequence[int] = ()


Won = tuple[str, str]  # what was done, and about which reservation or resource


def rush(scene: Scene) -> list[Won]:
    """Let them begin together; what they succeeded in."""
    acts: list[tuple[Callable[..., None], int]] = [
        *((_take, number) for number in scene.takers),
        *((_tick, number) for number in range(scene.tickers)),
        *((_book, person_id) for person_id in scene.bookers),
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


def _take(scene: Scene, barrier: Barrier, won: list[Won], number: int) -> None:
    """Of each displaced reservation the choice of this number."""
    with create_app(scene.settings).app_context(), clock.frozen_at(scene.clock_of_takers):
        by_reservation: dict[str, list[Choice]] = {}
        for one in scene.choices:
            by_reservation.setdefault(one.reservation, []).append(one)
        people = {one.person_id: make.actor(one.person_id) for one in scene.choices}
        end_reading()
        barrier.wait(PATIENCE_SECONDS)
        for found in by_reservation.values():
            one = found[number]
            with suppress(RefusedError):
                service.take(people[one.person_id], one.reservation, one.replacement)
                won.append(("took", one.reservation))


def _tick(scene: Scene, barrier: Barrier, _won: list[Won], _number: int) -> None:
    with create_app(scene.settings).app_context(), clock.frozen_at(scene.now):
        barrier.wait(PATIENCE_SECONDS)
        ends = time.monotonic() + SECONDS_OF_RUSH
        while time.monotonic() < ends:
            for due in queries.unserved():
                end_reading()
                holding.serve(due)
            holding.end_due()
            end_reading()


def _book(scene: Scene, barrier: Barrier, won: list[Won], person_id: int) -> None:
    """What is held, again and again, until the rush is over."""
    with create_app(scene.settings).app_context(), clock.frozen_at(scene.now):
        actor = make.actor(person_id)
        end_reading()
        barrier.wait(PATIENCE_SECONDS)
        ends = time.monotonic() + SECONDS_OF_RUSH
        while time.monotonic() < ends:
            for one in scene.choices:
                with suppress(RefusedError):
                    reservations.book(actor, Wish((one.resource,), one.starts_at, one.ends_at))
                    won.append(("booked", one.replacement))
            time.sleep(0.02)
