"""Real servers for tests and benches: gunicorn processes on loopback, over one database."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN = 20.0


@dataclass
class Serving:
    """One gunicorn with `workers` processes on a free port."""

    database_url: str
    instance: Path
    workers: int = 1
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Serving:
        """Start it and wait until it answers."""
        self.port = self.port or free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,  # it says "Ready" there, which nobody asked for
            start_new_session=True,  # so that a kill reaches every process of it
            env={
                **os.environ,
                "DATABASE_URL": self.database_url,
                "INSTANCE": str(self.instance),
                "PORT": str(self.port),
                "WEB_CONCURRENCY": str(self.workers),
                "DEMO": "0",
                "TICK_INSIDE": "0",
                "BOOKING_WRITES_OF_A_PERSON": "0",  # a storm comes from few persons
                **self.environment,
            },
        )
        self._wait_until_ready()
        return self

    def kill(self) -> None:
        """End every process of it at once, as if the power went."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """End it in good order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill()

    def cpu_seconds(self) -> float:
        """The processor time that its worker processes have used so far."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return sum(_cpu_seconds_of(int(pid)) for pid in children.read_text().split())

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with status {self.process.returncode}")
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the server did not answer in time")


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
