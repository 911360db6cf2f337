"""The last places of a pool are taken once each, however many ask for them at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from booking.checks import promises
from booking.checks.promises import Promise
from booking.core.database import db, end_reading, session, transaction
from booking.occupancy import pools
from booking.occupancy.claims import Claim
from booking.occupancy.models import occupancy
from booking.occupancy.pools import Units
from booking.policies import facts
from booking.spaces.models import Resource
from tests import make
from tests.db.promises.parks import Park, deadlocks, park
from tests.db.promises.test_double_booking import UNGUARD
from tests.db.reservations.callers import Call, at_once
from tests.serving import serving

PLACES, PEOPLE, ROUNDS = 3, 8, 3


@pytest.fixture
def lab(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=1, people=PEOPLE) as made:
        with transaction() as current:
            current.execute(update(Resource).values(units=PLACES))
        yield made


@pytest.mark.real_time
def test_as_many_win_as_there_are_places(lab: Park) -> None:
    with serving(lab.database_url, lab.instance, servers=2) as servers:
        ports = [server.port for server in servers]
        answers = at_once(
            [
                [_book(lab, ports, number, days_ahead) for number in range(PEOPLE)]
                for days_ahead in range(1, ROUNDS + 1)
            ]
        )
    for row in answers:
        assert sorted(row) == [201] * PLACES + [409] * (PEOPLE - PLACES)
    assert deadlocks() == 0
    end_reading()
    taken = session().scalars(select(occupancy.c.unit).order_by(occupancy.c.unit)).all()
    assert taken == [unit for unit in range(1, PLACES + 1) for _ in range(ROUNDS)]
    assert promises.verify().is_clean


def _book(lab: Park, ports: list[int], number: int, days_ahead: int) -> Call:
    """All at about the same time, no two at the very same: a key of the table would not do."""
    start = make.at(10, days=days_ahead) + timedelta(minutes=5 * number)
    body = {
        "resources": [lab.desks[0]],
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=1)).isoformat(),
    }
    authorization = lab.tokens[number]
    return Call(ports[number % 2], authorization, "POST", "/api/v1/reservations", json.dumps(body))


def _look_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look sees nothing: somebody took a place since, who took no lock."""
    looks = iter([Units(())])
    around = Units.around

    def blind(claims: list[Claim]) -> Units:
        return next(looks, None) or around(claims)

    monkeypatch.setattr(pools.Units, "around", blind)


def test_the_claim_decides_and_who_lost_looks_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = make.pool()
    make.reservation(make.member_of(), pool)
    _look_too_early(monkeypatch)
    second = make.reservation(make.member_of(), pool)
    assert second.place.unit == 2
    end_reading()
    assert promises.verify().is_clean


def test_without_the_guard_a_place_is_taken_twice(
    lab: Park, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above can fail: it is the database that keeps the promise."""
    pool = facts.place(lab.desks[0])
    make.reservation(make.member_of(), pool)
    end_reading()
    with db.engine.begin() as connection:
        for statement in UNGUARD[engine]:
            connection.execute(text(statement))
    _look_too_early(monkeypatch)
    make.reservation(make.member_of(), pool, starts_at=make.at(10, 15), ends_at=make.at(11))
    end_reading()
    broken = {one.promise for one in promises.verify().findings if one.count}
    assert broken == {Promise.OVERLAPS}
