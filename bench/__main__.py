"""`python -m bench [small | large | rush]`: progress on stderr, at the end one table on stdout.

`rush` measures nothing but a rush on linked rooms; `large` measures on a small and on a large park,
and tells how much each figure has grown.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bench import bookings, imports, pages, processes, rushes
from bench.clients import Clients
from bench.figures import Figure, Goal, growth_table, table
from bench.stage import Stage, stage
from tools import postgres

_STARTED = time.monotonic()

Measure = tuple[str, Callable[[Stage], Iterator[Figure]]]
Opened = Callable[[Clients, bool], AbstractContextManager[Stage]]


def memory(stage: Stage) -> Iterator[Figure]:
    """After all that; pages that processes share are counted once."""
    used, bare = stage.megabytes(stage.program), stage.megabytes(stage.bare)
    yield Figure("memory of the web processes (PSS)", "MB", used, used / bare, Goal(200))


RUSH: tuple[Measure, ...] = (("a rush on linked rooms", rushes.linked_rooms),)
# What must not become dearer when a park grows.
GROWING: tuple[Measure, ...] = (
    ("bookings of one client", bookings.one_client),
    ("a search", pages.search),
    ("the day grid", pages.grid),
    ("requests that wait", pages.approvals),
    ("calendars", pages.feeds),
)
MEASURES: tuple[Measure, ...] = (
    ("bookings of one client", bookings.one_client),
    ("series", bookings.series),
    ("bookings of 16 clients", bookings.many_clients),
    ("claims without the web", bookings.raw_claims),
    ("refusals", bookings.refusals),
    ("a search", pages.search),
    ("the day grid", pages.grid),
    ("the day grid, unchanged", pages.fragment),
    ("requests that wait", pages.approvals),
    ("calendars", pages.feeds),
    ("memory", memory),
    ("files", imports.files),
    *RUSH,
)


def main(size: str) -> None:
    """Measure on both engines, one after the other."""
    with Clients() as clients:
        if size != "large":
            measures = RUSH if size == "rush" else MEASURES
            found = {engine: _park(engine, clients, measures) for engine in ENGINES}
            print(table(found))
            return
        for engine in ENGINES:
            small = _park(engine, clients, GROWING)
            large = _park(engine, clients, GROWING, is_large=True)
            print(growth_table(engine, small, large), flush=True)


def _park(
    engine: str, clients: Clients, measures: Sequence[Measure], *, is_large: bool = False
) -> list[Figure]:
    """A park of that size, filled and measured."""
    _say(f"{engine}: filling a {'large' if is_large else 'small'} park ...")
    figures: list[Figure] = []
    with ENGINES[engine](clients, is_large) as ready:
        for name, measure in measures:
            _say(f"{engine}: {name} ...")
            figures += measure(ready)
    return figures


@contextmanager
def _on_sqlite(clients: Clients, is_large: bool) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="booking-bench-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'park.db'}"
        with stage(url, folder, clients, list, is_large=is_large) as ready:
            yield ready


@contextmanager
def _on_postgresql(clients: Clients, is_large: bool) -> Iterator[Stage]:
    """With fsync: what is acknowledged is on the disk, as it would be in real use."""
    with (
        tempfile.TemporaryDirectory(prefix="booking-bench-") as name,
        postgres.server(durable=True) as address,
    ):
        pid = int((address.folder / "data" / "postmaster.pid").read_text().split()[0])
        url = address.create_database("bench")
        folder, database = Path(name), lambda: processes.children(pid)
        with stage(url, folder, clients, database, is_large=is_large) as ready:
            yield ready


ENGINES: dict[str, Opened] = {"SQLite": _on_sqlite, "PostgreSQL": _on_postgresql}


def _say(text: str) -> None:
    print(f"{time.monotonic() - _STARTED:5.0f} s  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["small"]))
