"""Real servers for tests and benches: gunicorn on loopback, over one database, as its command
starts it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from gunicorn.app import wsgiapp as gunicorn

from tests.processes import others

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN = 20.0


@dataclass
class Serving:
    """One gunicorn with `workers` processes on a free port; a new process finds the program
    imported, which is quick, or imports it, which is what memory is measured of."""

    database_url: str
    instance: Path
    workers: int = 1
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    new_process: Callable[..., BaseProcess] = others.Process
    process: BaseProcess | None = None

    def start(self) -> Serving:
        """Start it and wait until it answers."""
        self.port = self.port or free_port()
        environment = {
            "DATABASE_URL": self.database_url,
            "INSTANCE": str(self.instance),
            "PORT": str(self.port),
            "WEB_CONCURRENCY": str(self.workers),
            "DEMO": "0",
            "TICK_INSIDE": "0",
            "BOOKING_WRITES_OF_A_PERSON": "0",  # a storm comes from few persons
            **self.environment,
        }
        self.process = self.new_process(target=_run, args=(environment,))
        self.process.start()
        self._wait_until_ready()
        return self

    def kill(self) -> None:
        """End every process of it at once, as if the power went."""
        if self.process is not None:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.join()

    def stop(self) -> None:
        """End it in good order."""
        if self.process is not None and self.process.is_alive():
            self.process.terminate()
            self.process.join(timeout=10)
            if self.process.is_alive():
                self.kill()

    @property
    def pid(self) -> int:
        """The process that the others are children of."""
        assert self.process is not None
        assert self.process.pid is not None
        return self.process.pid

    def cpu_seconds(self) -> float:
        """The processor time that its worker processes have used so far."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return sum(_cpu_seconds_of(int(pid)) for pid in children.read_text().split())

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.exitcode is not None:
                raise RuntimeError(f"the server ended with status {self.process.exitcode}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the server did not answer in time")


def _run(environment: Mapping[str, str]) -> None:
    """As `python -m gunicorn` in the root."""
    os.setsid()  # so that a kill reaches every process of it
    os.chdir(ROOT)
    os.environ.update(environment)
    sys.argv = ["gunicorn"]
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        gunicorn.run()


@contextmanager
def serving(
    database_url: str, instance: Path, *, servers: int = 1, workers: int = 1
) -> Iterator[list[Serving]]:
    """Some servers over one database, stopped at the end."""
    started = [Serving(database_url, instance, workers) for _ in range(servers)]
    try:
        for server in started:
            server.start()
        yield started
    finally:
        for server in started:
            server.stop()


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cpu_seconds_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
