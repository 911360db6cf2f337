"""One engine's stage: the program and the bare app side by side, and the clients before them."""

from __future__ import annotations

import multiprocessing
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import clients, processes
from bench.clients import Clients, Load, Response, Script
from bench.parks import Park, open_park
from tests.serving import Serving

fresh = multiprocessing.get_context("spawn")  # it imports what it needs, as a command does
WORKERS = 2
ROUNDS = 4  # the program and the bare app in turns: a busy machine slows down both
EMPTY = clients.request("GET", "/")
EMPTY_A_ROUND = 400
WARM_UP = (
    0.1  # of the requests go ahead uncounted, so that every process has compiled its statements
)


class UnexpectedAnswerError(RuntimeError):
    """The server did not do what was to be measured."""


@dataclass
class Measured:
    """What a load has cost one server, and the database beside it."""

    load: Load = field(default_factory=Load)
    cpu_seconds: float = 0.0
    database_cpu_seconds: float = 0.0

    @property
    def cpu_ms(self) -> float:
        """Processor time of the web processes, by request."""
        return 1000 * self.cpu_seconds / len(self.load.seconds)

    @property
    def database_cpu_ms(self) -> float:
        """Processor time of the database's own processes, by request."""
        return 1000 * self.database_cpu_seconds / len(self.load.seconds)

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.load.seconds) / self.load.elapsed

    @property
    def median_ms(self) -> float:
        """Half of the answers came within this time."""
        return 1000 * statistics.median(self.load.seconds)

    @property
    def p95_ms(self) -> float:
        """19 of 20 answers came within this time."""
        return 1000 * statistics.quantiles(self.load.seconds, n=20)[-1]


@dataclass(frozen=True)
class Beside:
    """The same number of clients before the program and before the bare app, in turns."""

    program: Measured
    bare: Measured


@dataclass(frozen=True)
class Stage:
    """Two running servers over one park."""

    park: Park
    program: Serving
    bare: Serving
    clients: Clients
    database: Callable[[], list[int]]  # the processes of the database server, if it has any

    def ask(self, octets: bytes) -> Response:
        """Ask the program once."""
        return clients.ask(self.program.port, octets)

    def measure(self, scripts: Sequence[Script], expected: int) -> Beside:
        """Send the scripts in rounds; every answer must have the expected status."""
        beside = Beside(Measured(), Measured())
        empty = [[EMPTY] * (EMPTY_A_ROUND // len(scripts))] * len(scripts)
        ahead = round(len(scripts[0]) * WARM_UP)
        self._run(self.program, [script[:ahead] for script in scripts], expected, Measured())
        for number in range(ROUNDS):
            self._run(self.bare, empty, 200, beside.bare)
            turn = [script[ahead + number :: ROUNDS] for script in scripts]
            self._run(self.program, turn, expected, beside.program)
        return beside

    def megabytes(self, server: Serving) -> float:
        """The memory of a server's processes."""
        return processes.megabytes(_processes_of(server))

    def _run(
        self, server: Serving, scripts: Sequence[Script], expected: int, into: Measured
    ) -> None:
        before, database_before = self._used(server)
        load = self.clients.run(server.port, scripts)
        after, database_after = self._used(server)
        if set(load.statuses) != {expected}:
            raise UnexpectedAnswerError(f"{dict(load.statuses)}, expected only {expected}")
        into.load.add(load)
        into.cpu_seconds += after - before
        into.database_cpu_seconds += database_after - database_before

    def _used(self, server: Serving) -> tuple[float, float]:
        return server.cpu_seconds(), processes.cpu_seconds(self.database())


@contextmanager
def stage(
    database_url: str,
    folder: Path,
    clients_: Clients,
    database: Callable[[], list[int]],
    *,
    is_large: bool = False,
) -> Iterator[Stage]:
    """Fill a park, start both servers, and warm them up."""
    park = open_park(database_url, folder, is_large=is_large)
    program = Serving(
        database_url,
        folder,
        workers=WORKERS,
        new_process=fresh.Process,
        environment={"FEED_FETCHES_PER_HOUR": "1000000"},
    )
    bare = Serving(
        database_url,
        folder,
        workers=WORKERS,
        new_process=fresh.Process,
        environment={"GUNICORN_CMD_ARGS": "--config python:bench.empty"},
    )
    try:
        program.start()
        bare.start()
        yield Stage(park, program, bare, clients_, database)
    finally:
        program.stop()
        bare.stop()


def _processes_of(server: Serving) -> list[int]:
    return [server.pid, *processes.children(server.pid)]
