"""What is looked at again and again: the day grid of a crowded floor, and calendars."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator

from bench import clients
from bench.clients import Response
from bench.figures import Figure, Goal
from bench.stage import Stage, UnexpectedAnswerError

TIMES = 44
TIMES_UNCHANGED = 440
GZIP_LEVEL = 6  # what a proxy takes
STEP_SECONDS = 300  # the grid's ETag counts steps of five minutes
QUIET_SECONDS = 20


def grid(stage: Stage) -> Iterator[Figure]:
    """One floor with 300 resources and 1 500 reservations on that day."""
    asked = clients.request("GET", stage.park.grid, _reader(stage))
    page = _good(stage.ask(asked))
    seen = stage.measure([[asked] * TIMES], expected=200)
    cpu = seen.program.cpu_ms
    yield Figure("day grid, 300 × 1 500: CPU", "ms", cpu, cpu / seen.bare.cpu_ms, Goal(60))
    yield Figure("day grid, compressed", "KB", _compressed_kilobytes(page), goal=Goal(40))


def search(stage: Stage) -> Iterator[Figure]:
    """The free desks at one time, the best for the person first."""
    asked = clients.request("GET", stage.park.search, _reader(stage))
    _good(stage.ask(asked))
    seen = stage.measure([[asked] * TIMES], expected=200)
    median = seen.program.median_ms
    yield Figure("search for a free place", "ms", median, median / seen.bare.median_ms, Goal(25))


def approvals(stage: Stage) -> Iterator[Figure]:
    """The list of whoever decides."""
    asked = clients.request("GET", "/approvals", {"Cookie": stage.park.manager_cookie})
    _good(stage.ask(asked))
    seen = stage.measure([[asked] * TIMES], expected=200)
    cpu = seen.program.cpu_ms
    yield Figure("requests that wait, 50: CPU", "ms", cpu, cpu / seen.bare.cpu_ms)


def fragment(stage: Stage) -> Iterator[Figure]:
    """The rows of the same day, asked for again while nothing has changed."""
    _wait_for_a_quiet_time()
    known = _good(stage.ask(clients.request("GET", stage.park.fragment, _reader(stage))))
    yield from _unchanged(stage, "day grid, 304", stage.park.fragment, known, _reader(stage))


def feeds(stage: Stage) -> Iterator[Figure]:
    """A person's calendar as a calendar program fetches it."""
    for path, events, goal in (
        (stage.park.short_feed, "100", Goal(30)),
        (stage.park.long_feed, "1 000", Goal(120)),
    ):
        asked = clients.request("GET", path, {"Accept-Encoding": "gzip"})
        _good(stage.ask(asked))
        seen = stage.measure([[asked] * TIMES], expected=200)
        median = seen.program.median_ms
        ratio = median / seen.bare.median_ms
        yield Figure(f"calendar of {events} events", "ms", median, ratio, goal)
    headers = {"Accept-Encoding": "gzip"}
    known = _good(stage.ask(clients.request("GET", stage.park.long_feed, headers)))
    yield from _unchanged(stage, "calendar, 304", stage.park.long_feed, known, headers)


def _unchanged(
    stage: Stage, name: str, path: str, known: Response, headers: dict[str, str]
) -> Iterator[Figure]:
    asked = clients.request("GET", path, {**headers, "If-None-Match": known.headers["ETag"]})
    seen = stage.measure([[asked] * TIMES_UNCHANGED], expected=304)
    p95 = seen.program.p95_ms
    yield Figure(f"{name}: p95", "ms", p95, p95 / seen.bare.p95_ms, Goal(5))
    cpu = seen.program.cpu_ms
    yield Figure(f"{name}: CPU", "ms", cpu, cpu / seen.bare.cpu_ms)


def _reader(stage: Stage) -> dict[str, str]:
    return {"Cookie": stage.park.cookie, "Accept-Encoding": "gzip"}


def _good(response: Response) -> Response:
    if response.status != 200:
        raise UnexpectedAnswerError(f"{response.status}: {response.body[:300]!r}")
    return response


def _compressed_kilobytes(page: Response) -> float:
    """As it goes over the line, be it we or the proxy who compresses."""
    compressed = "Content-Encoding" in page.headers
    return len(page.body if compressed else gzip.compress(page.body, GZIP_LEVEL)) / 1024


def _wait_for_a_quiet_time() -> None:
    """Not around the end of a step: there the rows are new, as they should be."""
    left = STEP_SECONDS - time.time() % STEP_SECONDS
    if left < QUIET_SECONDS:
        time.sleep(left + 1)
