"""Announcing a holiday while others book that day, from several processes: never both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from booking.checks import promises
from booking.core.database import end_reading, session
from booking.occupancy.models import occupancy
from tests import make
from tests.db.promises.parks import Park, park
from tests.db.reservations.callers import Call, at_once
from tests.serving import serving

DAYS = 6
BOOKERS = 3

pytestmark = pytest.mark.real_time


@pytest.fixture
def park_(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=1, people=BOOKERS) as made:
        yield made


def test_a_day_is_announced_or_booked_and_never_both(park_: Park) -> None:
    operator = make.bearer(make.operator())["Authorization"]
    bookers = [make.bearer(make.person())["Authorization"] for _ in range(BOOKERS)]
    days = [make.at(9, days=number + 3).date() for number in range(DAYS)]
    made = [make.holiday(day).public_id for day in days]
    with serving(park_.database_url, park_.instance, servers=2) as servers:
        ports = [server.port for server in servers]
        answers = at_once(
            [
                [
                    Call(ports[number % 2], operator, "PATCH", f"/api/v1/holidays/{one}", "{}"),
                    *(
                        _book(ports[n % 2], who, park_.desks[0], number + 3)
                        for n, who in enumerate(bookers)
                    ),
                ]
                for number, one in enumerate(made)
            ]
        )
    for announced, *booked in answers:
        assert {announced, *booked} <= {200, 201, 409}
        assert (announced == 200 and booked.count(201) == 0) or (
            announced == 409 and booked.count(201) == 1
        ), (announced, booked)
    end_reading()
    kinds = sorted(session().scalars(select(occupancy.c.kind)))
    closed = sum(1 for announced, *_ in answers if announced == 200)
    assert kinds == ["booking"] * (DAYS - closed) + ["closure"] * closed
    assert promises.verify().is_clean


def _book(port: int, authorization: str, desk: str, days: int) -> Call:
    body = {
        "resources": [desk],
        "starts_at": make.at(10, days=days).isoformat(),
        "ends_at": make.at(11, days=days).isoformat(),
    }
    return Call(port, authorization, "POST", "/api/v1/reservations", json.dumps(body))
