"""Groups that want the same desks come whole or not at all, from several processes at once."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from booking.core import clock
from booking.core.database import session
from tests.db.promises.parks import Park, deadlocks, park
from tests.serving import Serving, serving

DESKS, CLIENTS, ROUNDS, SIZE = 8, 8, 6, 3


@pytest.fixture
def teams(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=DESKS, people=CLIENTS) as made:
        yield made


@pytest.mark.real_time
def test_groups_come_whole_or_not_at_all(teams: Park) -> None:
    """Half of the clients name overlapping desks in any order, the others take whichever are near;
    single bookings run between them. No answer is an error, and nothing is left by halves."""
    with serving(teams.database_url, teams.instance, servers=2) as servers:
        answers = _storm(teams, servers)
    assert {status for status, _size in answers} <= {201, 409}, Counter(answers)
    assert deadlocks() == 0
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


@pytest.mark.real_time
def test_groups_move_whole_or_not_at_all(teams: Park) -> None:
    """Each of two groups is moved by two clients at once, to hours for which single bookings race:
    whatever came of it, all of a group stands at one time, and its claims with it."""
    with serving(teams.database_url, teams.instance, servers=2) as servers:
        groups = [_group_of(teams, servers, number) for number in range(2)]
        answers = _race(teams, servers, groups)
    assert set(answers) <= {200, 201, 409}, Counter(answers)
    assert deadlocks() == 0
    assert 200 in answers
    for group in groups:
        starts = session().execute(
            text(
                "SELECT count(*), count(DISTINCT reservation.starts_at),"
                " sum(CASE WHEN occupancy.starts_at = reservation.starts_at THEN 1 ELSE 0 END)"
                ' FROM reservation JOIN "group" ON "group".id = reservation.group_id'
                " JOIN occupancy ON occupancy.reservation_id = reservation.id"
                ' WHERE "group".public_id = :group'
            ),
            {"group": group},
        )
        assert starts.one() == (SIZE, 1, SIZE)


def _at(turn: int) -> dict[str, str]:
    day = clock.now().date() + timedelta(days=20)
    return {"starts_at": f"{day}T{9 + turn:02}:00", "ends_at": f"{day}T{10 + turn:02}:00"}


def _group_of(made: Park, servers: list[Serving], number: int) -> str:
    desks = made.desks[number * SIZE : (number + 1) * SIZE]
    body = {**_at(0), "resources": desks}
    status, answer = _ask(servers[0], made.tokens[number], "POST", "/api/v1/groups", body)
    assert status == 201
    return str(answer["id"])


def _race(made: Park, servers: list[Serving], groups: list[str]) -> list[int]:
    """For each group two clients move it from time to time, and two more book desks of it."""
    answers: list[int] = []
    barrier = threading.Barrier(CLIENTS)

    def client(number: int) -> None:
        group = number % 2
        for turn in range(ROUNDS):
            barrier.wait(timeout=60)
            method, path = "PATCH", f"/api/v1/groups/{groups[group]}"
            body: dict[str, object] = {**_at(1 + (turn + number) % 4)}
            if number >= CLIENTS // 2:
                method, path = "POST", "/api/v1/reservations"
                body["resources"] = [made.desks[group * SIZE + turn % SIZE]]
            who = group if number < CLIENTS // 2 else number
            server = servers[number // 2 % 2]  # both clients of a group are at different ones
            answers.append(_ask(server, made.tokens[who], method, path, body)[0])

    clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return answers


def _ask(
    server: Serving, token: str, method: str, path: str, body: Mapping[str, object]
) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Authorization": token, "Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body), headers)
    response = connection.getresponse()
    answer: dict[str, object] = json.loads(response.read())
    connection.close()
    return response.status, answer


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
