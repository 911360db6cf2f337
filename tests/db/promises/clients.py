"""Clients in processes of their own: they book through the API and tell what was answered."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from tests.processes import others


@dataclass(frozen=True)
class Attempt:
    """One wish to send: by whom, to which server."""

    port: int
    authorization: str
    resource: str
    starts_at: str
    ends_at: str


@dataclass(frozen=True)
class Answer:
    """What came back."""

    port: int
    status: int
    body: dict[str, object]


def send(connection: http.client.HTTPConnection, attempt: Attempt) -> Answer:
    """Post one wish on an open connection."""
    body = {
        "resources": [attempt.resource],
        "starts_at": attempt.starts_at,
        "ends_at": attempt.ends_at,
    }
    headers = {"Authorization": attempt.authorization, "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/reservations", json.dumps(body), headers)
    response = connection.getresponse()
    return Answer(attempt.port, response.status, json.loads(response.read()))


def rush(rounds: Sequence[Sequence[Attempt]], processes: int) -> list[list[Answer]]:
    """Send the attempts of a round all at once, from several processes; round after round.

    Each attempt has a connection of its own, opened before the start; a barrier across all
    processes lets them go together.
    """
    width = len(rounds[0])
    barrier = others.Barrier(width)
    with others.Manager() as manager:
        answers = manager.list()
        workers = [
            others.Process(
                target=_run,
                args=([attempts[first::processes] for attempts in rounds], barrier, answers),
            )
            for first in range(processes)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        by_round: list[list[Answer]] = [[] for _ in rounds]
        for number, answer in list(answers):
            by_round[number].append(answer)
    return by_round


def _run(
    rounds: Sequence[Sequence[Attempt]], barrier: Barrier, answers: list[tuple[int, Answer]]
) -> None:
    threads = [
        threading.Thread(
            target=_one_client, args=([attempts[i] for attempts in rounds], barrier, answers)
        )
        for i in range(len(rounds[0]))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _one_client(
    attempts: Sequence[Attempt], barrier: Barrier, answers: list[tuple[int, Answer]]
) -> None:
    for number, attempt in enumerate(attempts):
        connection = http.client.HTTPConnection("127.0.0.1", attempt.port, timeout=60)
        barrier.wait(timeout=120)
        try:
            answers.append((number, send(connection, attempt)))
        except OSError as error:
            answers.append((number, Answer(attempt.port, 599, {"error": repr(error)})))
        finally:
            connection.close()
