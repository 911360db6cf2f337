"""Clients in processes of their own: each sends its requests one after the other, by raw sockets.

They share two processors with the servers, so they do as little as a client can.
"""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

PROCESSES = 4
TIMEOUT = 60.0

Script = Sequence[bytes]  # the requests of one client, in order


@dataclass
class Load:
    """What the clients saw: how long each answer took, and how long all of it."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    def add(self, other: Load) -> None:
        """Count in what was seen afterwards."""
        self.statuses += other.statuses
        self.seconds += other.seconds
        self.elapsed += other.elapsed


@dataclass(frozen=True)
class Response:
    """One answer as it came over the line."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Clients:
    """The client processes, started once for the whole run."""

    def __init__(self) -> None:
        # A fork would share the database connections of this process.
        self._pool = multiprocessing.get_context("spawn").Pool(PROCESSES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._pool.terminate()
        self._pool.join()

    def run(self, port: int, scripts: Sequence[Script]) -> Load:
        """Let one client a script run at the same time, spread over the processes."""
        shares = [scripts[number::PROCESSES] for number in range(PROCESSES)]
        started = time.monotonic()
        parts = self._pool.starmap(_run, [(port, share) for share in shares if share])
        elapsed = time.monotonic() - started
        load = Load(elapsed=elapsed)
        for statuses, seconds in parts:
            load.statuses += statuses
            load.seconds += seconds
        return load


def request(
    method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """A request as it goes over the line."""
    lines = {"Host": "127.0.0.1", "Connection": "close", **(headers or {})}
    if body:
        lines |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def send(port: int, octets: bytes) -> bytes:
    """Send one request and read until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        connection.sendall(octets)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def ask(port: int, octets: bytes) -> Response:
    """Send one request and read the answer's parts."""
    head, _, body = send(port, octets).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Response(int(first.split()[1]), headers, body)


def _run(port: int, scripts: Sequence[Script]) -> tuple[Counter[int], list[float]]:
    statuses: Counter[int] = Counter()
    seconds: list[float] = []
    threads = [
        threading.Thread(target=_one_client, args=(port, script, statuses, seconds))
        for script in scripts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, seconds


def _one_client(port: int, script: Script, statuses: Counter[int], seconds: list[float]) -> None:
    seen: list[int] = []
    for octets in script:
        started = time.perf_counter()
        answer = send(port, octets)
        seconds.append(time.perf_counter() - started)
        seen.append(int(answer[9:12] or b"0"))
    statuses.update(seen)
