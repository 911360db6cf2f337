"""Series that want the same dates come whole or not at all, from several processes at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from booking.core import clock
from booking.core.database import session
from tests.db.promises.parks import Park, deadlocks, park
from tests.db.promises.test_groups import _ask
from tests.serving import Serving, serving

DESKS, CLIENTS, ROUNDS, DATES = 2, 6, 6, 5
DAY = timedelta(days=1)


@pytest.fixture
def rooms(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=DESKS, people=CLIENTS) as made:
        yield made


@pytest.mark.real_time
def test_series_come_whole_or_not_at_all(rooms: Park) -> None:
    """Series of days that overlap each other, of one desk or of both in any order, and single
    bookings between them: no answer is an error, no series is there by halves."""
    with serving(rooms.database_url, rooms.instance, servers=2) as servers:
        answers = _storm(rooms, servers)
    assert set(answers) <= {201, 409}, Counter(answers)
    assert deadlocks() == 0
    assert {201, 409} <= set(answers)
    rows = (
        session()
        .execute(
            text(
                "SELECT series.id, series.count, count(reservation.id),"
                " sum((SELECT count(*) FROM occupancy"
                "  WHERE occupancy.reservation_id = reservation.id)),"
                " sum((SELECT count(*) FROM reservation_resource"
                "  WHERE reservation_resource.reservation_id = reservation.id))"
                " FROM series LEFT JOIN reservation ON reservation.series_id = series.id"
                " GROUP BY series.id, series.count"
            )
        )
        .all()
    )
    assert rows
    for _series, wanted, reservations, claims, places in rows:
        assert reservations == wanted == DATES
        assert claims == places
    orphans = text("SELECT count(*) FROM occupancy WHERE reservation_id IS NULL")
    assert session().scalar(orphans) == 0
    lines = text("SELECT count(*) FROM journal WHERE act = 'booked_series'")
    assert session().scalar(lines) == len(rows)


def _storm(made: Park, servers: list[Serving]) -> list[int]:
    answers: list[int] = []
    barrier = threading.Barrier(CLIENTS)

    def client(number: int) -> None:
        for turn in range(ROUNDS):
            barrier.wait(timeout=60)
            body = _wish(made, number, turn)
            server = servers[number % 2]
            answers.append(
                _ask(server, made.tokens[number], "POST", "/api/v1/reservations", body)[0]
            )

    clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    assert len(answers) == CLIENTS * ROUNDS
    return answers


def _wish(made: Park, number: int, turn: int) -> dict[str, object]:
    """The first four clients want series that begin a day apart, the others one of their days."""
    day = clock.now().date() + (10 + number) * DAY
    times = {"starts_at": f"{day}T{9 + turn:02}:00", "ends_at": f"{day}T{10 + turn:02}:00"}
    desks = list(made.desks)[:: 1 if number % 2 else -1]
    if number >= 4:
        return {**times, "resources": desks[:1]}
    repetition = {"every": "day", "count": DATES, "skip_closed_days": False}
    return {**times, "resources": desks[: 1 + turn % 2], "repetition": repetition}
