"""Closing and booking at once, from several processes: never both, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from booking.checks import promises
from booking.core.database import end_reading, session
from booking.occupancy.models import Closure, occupancy
from booking.reservations.models import LIVE, Reservation
from booking.spaces.models import Resource
from tests import make
from tests.db.promises.parks import Park, park
from tests.db.reservations.callers import Call, at_once
from tests.serving import serving

ROUNDS = 6
BOOKERS = 4

pytestmark = pytest.mark.real_time


@pytest.fixture
def park_(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=ROUNDS, people=BOOKERS) as made:
        yield made


def test_a_desk_is_closed_or_booked_and_never_both(park_: Park) -> None:
    operator = make.bearer(make.operator())["Authorization"]
    bookers = [make.bearer(make.person())["Authorization"] for _ in range(BOOKERS)]
    with serving(park_.database_url, park_.instance, servers=2) as servers:
        ports = [server.port for server in servers]
        answers = at_once(
            [
                [
                    _close(ports[number % 2], operator, desk),
                    _close(ports[(number + 1) % 2], operator, desk),
                    *(_book(ports[n % 2], who, desk) for n, who in enumerate(bookers)),
                ]
                for number, desk in enumerate(park_.desks[:ROUNDS])
            ]
        )
    end_reading()
    for desk, (one, other, *booked) in zip(park_.desks, answers, strict=False):
        assert {one, other, *booked} <= {201, 409}
        # Both closures stand, or a booking was first and neither does.
        assert (one == other == 201 and booked.count(201) == 0) or (
            one == other == 409 and booked.count(201) == 1
        ), (one, other, booked)
        assert _kinds_at(desk) == ({"closure"} if one == 201 else {"booking"})
    closed = sum(2 for one, *_ in answers if one == 201)
    assert session().scalar(select(func.count()).select_from(Closure)) == closed
    live = select(func.count()).where(Reservation.state.in_(LIVE))
    assert session().scalar(live) == sum(row[2:].count(201) for row in answers)
    assert promises.verify().is_clean


def _kinds_at(desk: str) -> set[str]:
    statement = (
        select(occupancy.c.kind)
        .join(Resource, Resource.id == occupancy.c.resource_id)
        .where(Resource.public_id == desk)
    )
    return set(session().scalars(statement))


def _close(port: int, authorization: str, desk: str) -> Call:
    body = {
        "names": {"en": "Ventilation"},
        "resources": [desk],
        "starts_at": make.at(9, days=3).isoformat(),
        "ends_at": make.at(17, days=3).isoformat(),
    }
    return Call(port, authorization, "POST", "/api/v1/closures", json.dumps(body))


def _book(port: int, authorization: str, desk: str) -> Call:
    body = {
        "resources": [desk],
        "starts_at": make.at(10, days=3).isoformat(),
        "ends_at": make.at(11, days=3).isoformat(),
    }
    return Call(port, authorization, "POST", "/api/v1/reservations", json.dumps(body))
