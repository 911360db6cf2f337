"""With cleaning between reservations, a rush of clients gets exactly what fits, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from booking.checks import promises
from booking.core import clock
from booking.core.database import db, end_reading, session, transaction
from booking.policies.models import Policy
from tests.db.promises.clients import Answer, Attempt, rush
from tests.db.promises.parks import Park, park
from tests.db.promises.test_double_booking import UNGUARD
from tests.serving import serving

SLOTS = 8  # half hours in a row, each with a quarter of an hour of cleaning after it
CLIENTS = 4 * SLOTS
ROUNDS = 6


@pytest.fixture
def cleaned(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=1, people=CLIENTS) as made:
        with transaction() as current:
            current.execute(update(Policy).values(cleanup_minutes=15))
        yield made


def _rush(
    made: Park, rounds: int, *, late: int = 0, unguarded: tuple[str, ...] = ()
) -> list[list[Answer]]:
    """Each slot is wanted by four clients; two of them so many minutes late."""
    with serving(made.database_url, made.instance, servers=2) as servers:
        with db.engine.begin() as connection:
            for statement in unguarded:
                connection.execute(text(statement))
        db.engine.dispose()
        ports = [server.port for server in servers]
        return rush([_attempts(made, ports, number + 1, late) for number in range(rounds)], 4)


def _attempts(made: Park, ports: list[int], days_ahead: int, late: int) -> list[Attempt]:
    day = clock.now().date() + timedelta(days=days_ahead)
    first = datetime.combine(day, datetime.min.time()).replace(hour=9)
    starts = [
        first + timedelta(minutes=45 * (client // 2 % SLOTS) + late * (client % 2))
        for client in range(CLIENTS)
    ]
    return [
        Attempt(
            port=ports[client % len(ports)],
            authorization=made.tokens[client],
            resource=made.desks[0],
            starts_at=start.isoformat(),
            ends_at=(start + timedelta(minutes=30)).isoformat(),
        )
        for client, start in enumerate(starts)
    ]


@pytest.mark.real_time
def test_exactly_those_that_fit_are_booked(cleaned: Park) -> None:
    for answers in _rush(cleaned, ROUNDS):
        statuses = sorted(answer.status for answer in answers)
        assert statuses == [201] * SLOTS + [409] * (CLIENTS - SLOTS)
    _expect_all_is_kept()


@pytest.mark.real_time
def test_nobody_begins_while_it_is_cleaned(cleaned: Park) -> None:
    for answers in _rush(cleaned, ROUNDS, late=35):
        statuses = [answer.status for answer in answers]
        assert set(statuses) == {201, 409}
        assert statuses.count(201) <= SLOTS
    _expect_all_is_kept()


def _expect_all_is_kept() -> None:
    end_reading()
    assert promises.verify().is_clean
    assert _too_near() == 0
    booked = session().scalar(text("SELECT count(*) FROM reservation"))
    for kind in ("booking", "cleanup"):
        claims = text("SELECT count(*) FROM occupancy WHERE kind = :kind")
        assert session().scalar(claims, {"kind": kind}) == booked


@pytest.mark.real_time
def test_without_the_guard_the_time_for_cleaning_is_booked(cleaned: Park, engine: str) -> None:
    """The tests above can fail: it is the database that keeps the time for cleaning."""
    _rush(cleaned, 1, late=35, unguarded=UNGUARD[engine])
    end_reading()
    assert _too_near() > 0


def _too_near() -> int:
    """Pairs of reservations with less than the time for cleaning between them."""
    rows = session().execute(
        text("SELECT starts_at, ends_at FROM reservation ORDER BY starts_at, id")
    ).all()  # fmt: skip
    starts = [_seconds(row[0]) for row in rows]
    ends = [_seconds(row[1]) for row in rows]
    return sum(
        later < end + 15 * 60 for end, later in zip(ends, starts[1:], strict=False)
    )  # fmt: skip


def _seconds(stored: object) -> float:
    """SQLite keeps seconds, PostgreSQL tells a moment."""
    return stored.timestamp() if isinstance(stored, datetime) else float(str(stored))
