"""The time to set a room up in its layout cannot be had by who books next to it at that moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from booking.checks import promises
from booking.core.database import db, end_reading, session, transaction
from booking.core.refusals import LayoutKind
from booking.spaces.models import Layout, Resource
from tests import make
from tests.db.promises.parks import Park, deadlocks, park
from tests.db.promises.test_double_booking import UNGUARD
from tests.db.reservations.callers import Call, at_once
from tests.serving import serving

PEOPLE, ROUNDS, SETUP = 8, 3, 60
TOO_NEAR = """
    SELECT count(*) FROM occupancy setup JOIN occupancy other
    ON other.resource_id = setup.resource_id AND other.reservation_id <> setup.reservation_id
    WHERE setup.kind = 'setup' AND setup.starts_at < other.ends_at
    AND other.starts_at < setup.ends_at
"""


@pytest.fixture
def hall(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    """A room that takes an hour to fill with chairs."""
    with park(engine, tmp_path, request, desks=1, people=PEOPLE) as made:
        with transaction() as current:
            key = current.scalars(select(Resource.id)).one()
            values = {"kind": LayoutKind.THEATRE, "capacity": 40, "setup_minutes": SETUP}
            current.add(Layout(resource_id=key, **values))
        yield made


def _rush(hall: Park, unguarded: tuple[str, ...] = ()) -> list[list[int]]:
    """Half of them want an hour as the room stands, half the theatre a quarter of an hour after
    it, for which the chairs would have to be set up meanwhile."""
    with serving(hall.database_url, hall.instance, servers=2) as servers:
        with db.engine.begin() as connection:
            for statement in unguarded:
                connection.execute(text(statement))
        db.engine.dispose()
        ports = [server.port for server in servers]
        return at_once(
            [
                [_book(hall, ports, number, days_ahead) for number in range(PEOPLE)]
                for days_ahead in range(1, ROUNDS + 1)
            ]
        )


def _book(hall: Park, ports: list[int], number: int, days_ahead: int) -> Call:
    is_theatre = number % 2 == 1
    start = make.at(11 if is_theatre else 9, 15 if is_theatre else 55, days=days_ahead)
    body = {
        "resources": [hall.desks[0]],
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=1)).isoformat(),
        "layout": "theatre" if is_theatre else None,
    }
    port = ports[number // 2 % 2]
    token = hall.tokens[number]
    return Call(port, token, "POST", "/api/v1/reservations", json.dumps(body))


@pytest.mark.real_time
def test_one_of_them_has_it(hall: Park) -> None:
    for row in _rush(hall):
        assert sorted(row) == [201] + [409] * (PEOPLE - 1)
    assert deadlocks() == 0
    end_reading()
    assert session().scalar(text(TOO_NEAR)) == 0
    assert promises.verify().is_clean


@pytest.mark.real_time
def test_without_the_guard_the_chairs_stand_in_the_way(hall: Park, engine: str) -> None:
    """The test above can fail: it is the database that keeps the promise."""
    _rush(hall, UNGUARD[engine])
    end_reading()
    assert (session().scalar(text(TOO_NEAR)) or 0) > 0
