"""Groups that want the same desks come whole or not at all, from several processes at once."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from booking.core import clock
from booking.core.database import session
from tests.db.promises.parks import Park, park
from tests.serving import Serving, serving

DESKS, CLIENTS, ROUNDS, SIZE = 8, 8, 6, 3


@pytest.fixture
def teams(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=DESKS, people=CLIENTS) as made:
        yield made


@pytest.mark.real_time
@pytest.mark.xdist_group("storms")
def test_groups_come_whole_or_not_at_all(teams: Park) -> None:
    """Half of the clients name overlapping desks in any order, the others take whichever are near;
    single bookings run between them. No answer is an error, and nothing is left by halves."""
    with serving(teams.database_url, teams.instance, servers=2) as servers:
        answers = _storm(teams, servers)
    assert {status for status, _size in answers} <= {201, 409}, Counter(answers)
    groups = session().execute(
        text("SELECT group_id, count(*) FROM reservation WHERE group_id IS NOT NULL GROUP BY 1")
    )
    sizes = [count for _group, count in groups]
    assert set(sizes) == {SIZE}
    assert len(sizes) == answers.count((201, SIZE))
    empty = session().scalar(
        text(
            'SELECT count(*) FROM "group" WHERE NOT EXISTS'
            ' (SELECT 1 FROM reservation WHERE reservation.group_id = "group".id)'
        )
    )
    claims = session().scalar(text("SELECT count(*) FROM occupancy"))
    assert empty == 0
    assert claims == sum(size for status, size in answers if status == 201)


def _storm(made: Park, servers: list[Serving]) -> list[tuple[int, int]]:
    answers: list[tuple[int, int]] = []
    barrier = threading.Barrier(CLIENTS)
    clients = [
        threading.Thread(target=_client, args=(made, servers, number, barrier, answers))
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return answers


def _client(
    made: Park,
    servers: list[Serving],
    number: int,
    barrier: threading.Barrier,
    answers: list[tuple[int, int]],
) -> None:
    port = servers[number % len(servers)].port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": made.tokens[number], "Content-Type": "application/json"}
    for turn in range(ROUNDS):
        path, body, size = _wish(made, number, turn)
        barrier.wait(timeout=60)
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        response.read()
        answers.append((response.status, size))
    connection.close()


def _wish(made: Park, number: int, turn: int) -> tuple[str, dict[str, object], int]:
    day = clock.now().date() + timedelta(days=turn + 1)
    times = {"starts_at": f"{day}T10:00", "ends_at": f"{day}T11:00"}
    first = (number * 3 + turn) % DESKS
    desks = [made.desks[(first - step) % DESKS] for step in range(SIZE)]
    match number % 4:
        case 0 | 2:
            return "/api/v1/groups", {**times, "resources": desks}, SIZE
        case 1:
            return "/api/v1/groups", {**times, "count": SIZE}, SIZE
        case _:
            return "/api/v1/reservations", {**times, "resources": desks[:1]}, 1
