"""Series that are moved while others book there and their dates are cancelled: whole or not at all,
from several processes at once."""

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

DESKS, SERIES, ROUNDS = 2, 2, 5
DATES = ROUNDS + 1
MOVERS = 2  # of each series, one at each server; besides, somebody cancels a date of it each round
CLIENTS = SERIES * (MOVERS + 1)
DAY = timedelta(days=1)


@pytest.fixture
def rooms(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=DESKS, people=SERIES + 1) as made:
        yield made


@pytest.mark.real_time
def test_series_move_whole_or_not_at_all(rooms: Park) -> None:
    """Two series of both desks, each moved by two clients at once among the same hours, while one
    date after the other is cancelled and its time booked: no answer is an error, all dates that
    are left of a series are at one time, what is cancelled claims nothing, nobody waits in a
    circle."""
    with serving(rooms.database_url, rooms.instance, servers=2) as servers:
        answers = _storm(rooms, servers)
    assert set(answers) <= {200, 201, 409}, Counter(answers)
    left = text(
        "SELECT count(DISTINCT substr(local_start, 12)), count(*) FROM reservation"
        " WHERE series_id IS NOT NULL AND state = 'confirmed' GROUP BY series_id"
    )
    assert [tuple(row) for row in session().execute(left)] == [(1, DATES - ROUNDS)] * SERIES
    leaked = text(
        "SELECT count(*) FROM occupancy JOIN reservation"
        " ON occupancy.reservation_id = reservation.id"
        " WHERE reservation.state = 'cancelled' OR occupancy.starts_at <> reservation.starts_at"
    )
    assert session().scalar(leaked) == 0
    claimed = text(
        "SELECT count(*) FROM reservation JOIN occupancy"
        " ON occupancy.reservation_id = reservation.id WHERE series_id IS NOT NULL"
    )
    assert session().scalar(claimed) == SERIES * (DATES - ROUNDS) * DESKS
    assert deadlocks() == 0


def _storm(made: Park, servers: list[Serving]) -> list[int]:
    answers: list[int] = []
    barrier = threading.Barrier(CLIENTS)
    dates = [_book(made, servers[0], number) for number in range(SERIES)]

    def client(number: int) -> None:
        of, role = divmod(number, MOVERS + 1)
        server, token, (series_id, reservations) = servers[role % 2], made.tokens[of], dates[of]
        for turn in range(ROUNDS):
            barrier.wait(timeout=60)
            if role < MOVERS:
                hour = 9 + (turn + number) % 4
                body: dict[str, object] = {"starts": f"{hour:02}:00", "ends": f"{hour:02}:45"}
                path = f"/api/v1/series/{series_id}"
                answers.append(_ask(server, token, "PATCH", path, body)[0])
                continue
            path = f"/api/v1/reservations/{reservations[turn]}/cancel"
            answers.append(_ask(server, token, "POST", path, {})[0])
            _book_its_time(made, servers[1], turn)

    clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    assert len(answers) == CLIENTS * ROUNDS
    return answers


def _book(made: Park, server: Serving, number: int) -> tuple[str, list[str]]:
    """A series at an hour of its own, and its reservations."""
    first = clock.now().date() + 10 * DAY
    body: dict[str, object] = {
        "resources": list(made.desks),
        "starts_at": f"{first}T{number:02}:00",
        "ends_at": f"{first}T{number:02}:45",
        "repetition": {"every": "day", "count": DATES, "skip_closed_days": False},
    }
    token = made.tokens[number]
    status, answer = _ask(server, token, "POST", "/api/v1/reservations", body)
    assert status == 201, answer
    series = answer["series"]
    assert isinstance(series, dict)
    _status, shown = _ask(server, token, "GET", f"/api/v1/series/{series['id']}", {})
    dates = shown["dates"]
    assert isinstance(dates, list)
    return str(series["id"]), [str(one["reservation"]) for one in dates]


def _book_its_time(made: Park, server: Serving, turn: int) -> None:
    """Somebody else wants an hour of the day of the cancelled date, in the other order."""
    day = clock.now().date() + (10 + turn) * DAY
    hour = 9 + turn % 4
    body: dict[str, object] = {
        "resources": list(made.desks)[::-1],
        "starts_at": f"{day}T{hour:02}:30",
        "ends_at": f"{day}T{hour:02}:50",
    }
    status, _answer = _ask(server, made.tokens[SERIES], "POST", "/api/v1/reservations", body)
    assert status in (201, 409)
