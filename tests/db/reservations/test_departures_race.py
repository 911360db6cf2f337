"""Somebody leaves while they book, from several processes: nothing is left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from booking.core.database import end_reading, session
from booking.reservations.models import LIVE, Reservation
from tests import make
from tests.db.promises.parks import Park, park
from tests.db.reservations.callers import Call, at_once
from tests.serving import serving

ROUNDS = 5
BOOKINGS = 4  # in each round, all at once, beside one who ends the membership

pytestmark = pytest.mark.real_time


@pytest.fixture
def park_(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=ROUNDS * BOOKINGS, people=0) as made:
        yield made


def test_who_leaves_while_they_book_holds_nothing_afterwards(park_: Park) -> None:
    """Each booking came before the end, which then dealt with it or was refused as stale, or after
    it, and is refused: whoever is out has nothing ahead."""
    startup = make.organisation()
    manager = make.bearer(make.member_of(startup, is_manager=True))["Authorization"]
    leavers = [make.member_of(startup) for _ in range(ROUNDS)]
    tokens = [make.bearer(leaver)["Authorization"] for leaver in leavers]
    with serving(park_.database_url, park_.instance, servers=2) as servers:
        ports = [server.port for server in servers]
        rounds = [
            [
                _end(ports[number % 2], manager, startup.public_id, leaver.public_id),
                *(
                    _book(ports[n % 2], tokens[number], desk, startup.public_id)
                    for n, desk in enumerate(park_.desks[number * BOOKINGS :][:BOOKINGS])
                ),
            ]
            for number, leaver in enumerate(leavers)
        ]
        answers = at_once(rounds)
    end_reading()  # what follows sees what the servers wrote
    assert {status for statuses in answers for status in statuses} <= {200, 201, 409, 422}
    for leaver, (ended, *booked) in zip(leavers, answers, strict=True):
        ahead = session().scalars(
            select(Reservation.id).where(
                Reservation.person_id == leaver.person_id, Reservation.state.in_(LIVE)
            )
        )
        if ended == 200:
            assert ahead.all() == []
            assert make.actor(leaver.person_id).memberships == ()
        else:
            assert len(ahead.all()) == booked.count(201) > 0


def _end(port: int, authorization: str, organisation: str, person: str) -> Call:
    """Ends it only if nothing lies ahead: a booking that came first makes it stale."""
    address = f"/api/v1/organisations/{organisation}/members/{person}"
    return Call(port, authorization, "DELETE", address)


def _book(port: int, authorization: str, desk: str, organisation: str) -> Call:
    body = {
        "resources": [desk],
        "starts_at": make.at(10, days=3).isoformat(),
        "ends_at": make.at(11, days=3).isoformat(),
        "holder": {"organisation": organisation},
    }
    return Call(port, authorization, "POST", "/api/v1/reservations", json.dumps(body))
