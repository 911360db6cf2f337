"""Two managers who answer at once: one decision stands, the others are told that they are late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from booking.core.database import end_reading, session
from booking.journal.models import JournalLine
from booking.policies.facts import Place
from booking.reservations.models import State
from booking.reservations.queries import Details
from tests import make
from tests.db.approvals.deciders import Decision, Reply, at_once
from tests.db.promises.parks import Park, park
from tests.serving import serving

ROUNDS = 10
LATE = {"stale", "refused"}

pytestmark = pytest.mark.real_time


@pytest.fixture
def park_(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=0, people=0) as made:
        yield made


def _lab(*, holds: bool) -> Place:
    policy = make.policy(needs_approval=True, holds_while_pending=holds)
    return make.lab(under=policy, open_at=make.around_the_clock())


def _tokens(lab: Place) -> list[str]:
    return [make.bearer(make.lab_manager(lab))["Authorization"] for _ in range(2)]


def _requests(lab: Place, count: int) -> list[Details]:
    return [
        make.reservation(make.member_of(), lab, starts_at=make.at(10, days=day + 1))
        for day in range(count)
    ]


def test_one_request_gets_exactly_one_answer(park_: Park) -> None:
    lab = _lab(holds=True)
    tokens, requests = _tokens(lab), _requests(lab, ROUNDS)
    with serving(park_.database_url, park_.instance, servers=2) as servers:
        rounds = [
            [
                Decision(servers[manager].port, tokens[manager], request.public_id, verb)
                for manager in (0, 1)
                for verb in ("approve", "decline")
            ]
            for request in requests
        ]
        answered = at_once(rounds)
    end_reading()  # what follows sees what the servers wrote
    for request, replies in zip(requests, answered, strict=True):
        winner = _only_winner(replies, of=4)
        expected = {"approve": State.CONFIRMED, "decline": State.DECLINED}
        assert make.details(request.public_id).state is expected[winner.decision.verb]
        assert _answers_in_journal(request) == 1


def test_of_two_requests_for_one_time_exactly_one_is_approved(park_: Park) -> None:
    """Each approval declines the other request: they lock the same two rows in either order."""
    lab = _lab(holds=False)
    tokens, pairs = _tokens(lab), list(zip(_requests(lab, ROUNDS), _later(lab), strict=True))
    with serving(park_.database_url, park_.instance, servers=2) as servers:
        rounds = [
            [
                Decision(servers[n].port, tokens[n], request.public_id, "approve")
                for n, request in enumerate(pair)
            ]
            for pair in pairs
        ]
        answered = at_once(rounds)
    end_reading()  # what follows sees what the servers wrote
    for pair, replies in zip(pairs, answered, strict=True):
        winner = _only_winner(replies, of=2)
        states = {one.public_id: make.details(one.public_id).state for one in pair}
        assert states.pop(winner.decision.public_id) is State.CONFIRMED
        assert list(states.values()) == [State.DECLINED]
        assert [_answers_in_journal(one) for one in pair] == [1, 1]


def _later(lab: Place) -> list[Details]:
    """Requests half an hour after the others, so that each overlaps one of them."""
    return [
        make.reservation(
            make.member_of(),
            lab,
            starts_at=make.at(10, 30, days=day + 1),
            ends_at=make.at(10, 30, days=day + 1) + timedelta(hours=1),
        )
        for day in range(ROUNDS)
    ]


def _only_winner(replies: Sequence[Reply], *, of: int) -> Reply:
    assert len(replies) == of
    won = [reply for reply in replies if reply.status == 200]
    late = [reply for reply in replies if reply.status == 409 and reply.code in LATE]
    assert (len(won), len(late)) == (1, of - 1), replies
    return won[0]


def _answers_in_journal(request: Details) -> int:
    statement = select(func.count()).where(
        JournalLine.subject_id == request.public_id,
        JournalLine.act.in_(("approved", "declined")),
    )
    return session().scalar(statement) or 0
