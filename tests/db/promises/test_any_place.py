"""Everybody asks for any desk at once: each gets one of their own, and nobody is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from booking.checks import promises
from booking.core.database import end_reading, session
from booking.occupancy.models import occupancy
from tests import make
from tests.db.promises.parks import Park, deadlocks, park
from tests.db.reservations.callers import Call, at_once
from tests.serving import serving

DESKS, ROUNDS = 6, 3


@pytest.fixture
def desks(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=DESKS, people=DESKS) as made:
        yield made


@pytest.mark.real_time
def test_so_many_people_get_so_many_desks(desks: Park) -> None:
    with serving(desks.database_url, desks.instance, servers=2) as servers:
        ports = [server.port for server in servers]
        answers = at_once(
            [
                [
                    _anything(ports[number % 2], token, days_ahead)
                    for number, token in enumerate(desks.tokens)
                ]
                for days_ahead in range(1, ROUNDS + 1)
            ]
        )
    assert answers == [[201] * DESKS] * ROUNDS
    assert deadlocks() == 0
    end_reading()
    each = select(occupancy.c.starts_at, func.count()).group_by(occupancy.c.starts_at)
    assert [count for _start, count in session().execute(each)] == [DESKS] * ROUNDS
    assert promises.verify().is_clean


def _anything(port: int, authorization: str, days_ahead: int) -> Call:
    body = {
        "starts_at": make.at(9, days=days_ahead).isoformat(),
        "ends_at": make.at(17, days=days_ahead).isoformat(),
    }
    return Call(port, authorization, "POST", "/api/v1/reservations/any", json.dumps(body))
