"""`python -m bench`: progress on stderr, at the end one table on stdout."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import bookings, pages, processes
from bench.clients import Clients
from bench.figures import Figure, Goal, table
from bench.stage import Stage, stage
from tools import postgres

_STARTED = time.monotonic()


def memory(stage: Stage) -> Iterator[Figure]:
    """After all that; pages that processes share are counted once."""
    used, bare = stage.megabytes(stage.program), stage.megabytes(stage.bare)
    yield Figure("memory of the web processes (PSS)", "MB", used, used / bare, Goal(200))


MEASURES: tuple[tuple[str, Callable[[Stage], Iterator[Figure]]], ...] = (
    ("bookings of one client", bookings.one_client),
    ("bookings of 16 clients", bookings.many_clients),
    ("claims without the web", bookings.raw_claims),
    ("refusals", bookings.refusals),
    ("the day grid", pages.grid),
    ("the day grid, unchanged", pages.fragment),
    ("calendars", pages.feeds),
    ("memory", memory),
)


def main() -> None:
    """Measure on both engines, one after the other."""
    with Clients() as clients:
        found = {}
        for engine, opened in (("SQLite", _on_sqlite), ("PostgreSQL", _on_postgresql)):
            _say(f"{engine}: filling a park ...")
            with opened(clients) as ready:
                found[engine] = _figures(engine, ready)
    print(table(found))


def _figures(engine: str, ready: Stage) -> list[Figure]:
    figures: list[Figure] = []
    for name, measure in MEASURES:
        _say(f"{engine}: {name} ...")
        figures += measure(ready)
    return figures


@contextmanager
def _on_sqlite(clients: Clients) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="booking-bench-") as name:
        folder = Path(name)
        with stage(f"sqlite:///{folder / 'park.db'}", folder, clients, list) as ready:
            yield ready


@contextmanager
def _on_postgresql(clients: Clients) -> Iterator[Stage]:
    """With fsync: what is acknowledged is on the disk, as it would be in real use."""
    with (
        tempfile.TemporaryDirectory(prefix="booking-bench-") as name,
        postgres.server(durable=True) as address,
    ):
        pid = int((address.folder / "data" / "postmaster.pid").read_text().split()[0])
        url = address.create_database("bench")
        with stage(url, Path(name), clients, lambda: processes.children(pid)) as ready:
            yield ready


def _say(text: str) -> None:
    print(f"{time.monotonic() - _STARTED:5.0f} s  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
