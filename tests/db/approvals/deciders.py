"""Deciders in processes of their own, who all answer at the same moment."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

from tests.processes import others


@dataclass(frozen=True)
class Decision:
    """One answer to send: to which server, by whom, about what."""

    port: int
    authorization: str
    public_id: str
    verb: str  # approve or decline

    @property
    def body(self) -> dict[str, object]:
        """What the request carries: the version that everybody saw."""
        more = {"reason": "Because"} if self.verb == "decline" else {"declines_others": True}
        return {"version": 1, **more}


@dataclass(frozen=True)
class Reply:
    """What came back."""

    decision: Decision
    status: int
    code: str


def at_once(rounds: Sequence[Sequence[Decision]]) -> list[list[Reply]]:
    """Send the decisions of a round together, each from its own process; round after round."""
    width = len(rounds[0])
    barrier = others.Barrier(width)
    with others.Manager() as manager:
        replies = manager.list()
        deciders = [
            others.Process(target=_decide, args=([one[n] for one in rounds], barrier, replies))
            for n in range(width)
        ]
        for decider in deciders:
            decider.start()
        for decider in deciders:
            decider.join()
        by_round: list[list[Reply]] = [[] for _ in rounds]
        for number, reply in list(replies):
            by_round[number].append(reply)
    return by_round


def _decide(
    decisions: Sequence[Decision], barrier: Barrier, replies: list[tuple[int, Reply]]
) -> None:
    for number, decision in enumerate(decisions):
        connection = http.client.HTTPConnection("127.0.0.1", decision.port, timeout=60)
        connection.connect()
        barrier.wait(timeout=120)
        try:
            replies.append((number, _send(connection, decision)))
        finally:
            connection.close()


def _send(connection: http.client.HTTPConnection, decision: Decision) -> Reply:
    connection.request(
        "POST",
        f"/api/v1/reservations/{decision.public_id}/{decision.verb}",
        json.dumps(decision.body),
        {"Authorization": decision.authorization, "Content-Type": "application/json"},
    )
    response = connection.getresponse()
    body = json.loads(response.read())
    return Reply(decision, response.status, str(body.get("code", "")))
