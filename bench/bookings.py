"""What a booking costs, how many there are in a second, and what a refusal costs."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.figures import Figure, Goal
from bench.parks import claims
from bench.stage import Stage
from booking.core.database import db, transaction
from booking.occupancy import service as occupancy

BOOKINGS_OF_ONE = 440
SERIES_OF_ONE = 40
BOOKINGS_OF_EACH = 44  # of the 16 clients
REFUSALS_OF_EACH = 22
CLAIMS = 500


def one_client(stage: Stage) -> Iterator[Figure]:
    """Processor time, with nobody else about."""
    desk = stage.park.desks[0]
    seen = stage.measure([[desk.book() for _ in range(BOOKINGS_OF_ONE)]], expected=201)
    cpu = seen.program.cpu_ms
    yield Figure("bare app, one client: CPU of a request", "ms", seen.bare.cpu_ms)
    yield Figure(
        "a booking through the API: CPU", "ms", cpu, cpu / seen.bare.cpu_ms, Goal(8, is_ratio=True)
    )
    if stage.database():
        beside = seen.program.database_cpu_ms
        yield Figure("  and in the database's processes", "ms", beside, beside / seen.bare.cpu_ms)


def series(stage: Stage) -> Iterator[Figure]:
    """A year of weeks in one request."""
    desk = stage.park.desks[1]
    scripts = [[desk.repeat(number) for number in range(SERIES_OF_ONE)]]
    cpu = stage.measure(scripts, expected=201).program.cpu_ms
    yield Figure("a series of 52 dates: CPU", "ms", cpu, goal=Goal(60))


def many_clients(stage: Stage) -> Iterator[Figure]:
    """As fast as 16 persons can, each on a desk of their own."""
    scripts = [[desk.book() for _ in range(BOOKINGS_OF_EACH)] for desk in stage.park.desks]
    seen = stage.measure(scripts, expected=201)
    program, bare = seen.program, seen.bare
    yield Figure("bare app, 16 clients: requests", "1/s", bare.per_second)
    yield Figure("bare app, 16 clients: p95", "ms", bare.p95_ms)
    yield Figure(
        "bookings, 16 clients", "1/s", program.per_second, program.per_second / bare.per_second
    )
    yield Figure(
        "bookings, 16 clients: p95", "ms", program.p95_ms, program.p95_ms / bare.p95_ms, Goal(150)
    )


def refusals(stage: Stage) -> Iterator[Figure]:
    """Everyone wishes what is taken, and is told by what and what to take instead."""
    scripts = [[desk.book_again() for _ in range(REFUSALS_OF_EACH)] for desk in stage.park.desks]
    seen = stage.measure(scripts, expected=409)
    program, bare = seen.program, seen.bare
    yield Figure(
        "refusals with alternatives, 16 clients",
        "1/s",
        program.per_second,
        program.per_second / bare.per_second,
    )
    cpu = program.cpu_ms
    yield Figure("a refusal with alternatives: CPU", "ms", cpu, cpu / bare.cpu_ms)


def raw_claims(stage: Stage) -> Iterator[Figure]:
    """The claims table alone: one process, a transaction a claim, no web."""
    park = stage.park
    wanted = claims(park, CLAIMS)
    with park.app.app_context():
        started = time.perf_counter()
        for claim in wanted:
            with transaction():
                occupancy.claim(park.owner, [claim])
        per_second = CLAIMS / (time.perf_counter() - started)
        db.session.remove()
        db.engine.dispose()
    yield Figure("claims without the web, one process", "1/s", per_second)
