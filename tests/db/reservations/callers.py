"""Callers in processes of their own, who all send their request at the same moment."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from tests.processes import others


@dataclass(frozen=True)
class Call:
    """One request to send."""

    port: int
    authorization: str
    method: str
    address: str
    body: str = ""


def at_once(rounds: Sequence[Sequence[Call]]) -> list[list[int]]:
    """Send the calls of a round together, each from its own process; round after round."""
    width = len(rounds[0])
    barrier = others.Barrier(width)
    with others.Manager() as manager:
        answers = manager.list()
        clients = [
            others.Process(
                target=_send_all, args=([one[place] for one in rounds], barrier, place, answers)
            )
            for place in range(width)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        found = sorted(answers)
    return [[status for number, _place, status in found if number == n] for n in range(len(rounds))]


def _send_all(
    calls: Sequence[Call], barrier: Barrier, place: int, answers: list[tuple[int, int, int]]
) -> None:
    for number, call in enumerate(calls):
        connection = http.client.HTTPConnection("127.0.0.1", call.port, timeout=60)
        connection.connect()
        headers = {"Authorization": call.authorization, "Content-Type": "application/json"}
        barrier.wait(timeout=120)
        connection.request(call.method, call.address, call.body, headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        answers.append((number, place, response.status))
