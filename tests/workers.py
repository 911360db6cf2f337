"""Worker processes for tests: each is a program of its own on the same database."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Barrier, Event
from unittest import mock

from sqlalchemy import Select, exists, select

from booking import create_app, worker
from booking.core import clock
from booking.core.database import session
from booking.messages.models import Message
from booking.messages.queries import WAITING
from booking.messages.smtp import Answer, Connection, Envelope
from config import Settings
from tests.processes import others

PATIENCE_SECONDS = 300  # a machine that is busy with other things is not wrong
PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Doomed:
    """A worker that stands still between lease and sending, to be killed there."""

    process: ForkServerProcess
    stands_still: Event

    def kill(self) -> None:
        """kill -9, once it stands still."""
        assert self.stands_still.wait(PATIENCE_SECONDS)
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(PATIENCE_SECONDS)


@contextmanager
def started(settings: Settings, *, living: int, doomed: int) -> Iterator[list[Doomed]]:
    """So many workers that begin together; those that live are through at the end."""
    barrier = others.Barrier(living + doomed)
    survivors = [
        others.Process(target=work_until_all_is_out, args=(settings, barrier), daemon=True)
        for _number in range(living)
    ]
    victims = []
    for number in range(doomed):
        reached = others.Event()
        arguments = (settings, barrier, reached, 25 * (number + 1))
        victims.append(
            Doomed(
                others.Process(target=work_and_stand_still, args=arguments, daemon=True), reached
            )
        )
    for process in [*survivors, *(victim.process for victim in victims)]:
        process.start()
    yield victims
    for process in survivors:
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == 0


def work_until_all_is_out(settings: Settings, barrier: Barrier) -> None:
    """Tick until nothing that is due waits."""
    app = create_app(settings)
    barrier.wait(PATIENCE_SECONDS)
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        worker.tick(app)
        with app.app_context():
            if not session().scalar(_some_wait()):
                return
        time.sleep(PAUSE_SECONDS)
    raise TimeoutError("some messages never went out")


def _some_wait() -> Select[bool]:
    """Also those whose lease another worker holds, or held when it was killed."""
    return select(exists().where(Message.state.in_(WAITING), Message.due_at <= clock.now()))


def work_and_stand_still(settings: Settings, barrier: Barrier, reached: Event, count: int) -> None:
    """Send so many messages, then hold the next one, and the rest of its batch, for ever."""
    send, sent = Connection.send, 0

    def send_or_stand_still(connection: Connection, envelope: Envelope) -> Answer:
        nonlocal sent
        if sent == count:
            reached.set()
            time.sleep(PATIENCE_SECONDS)
            sys.exit("nobody came to kill this worker")
        sent += 1
        return send(connection, envelope)

    app = create_app(settings)
    barrier.wait(PATIENCE_SECONDS)
    with mock.patch.object(Connection, "send", send_or_stand_still):
        while not reached.is_set():
            worker.tick(app)
