"""Two overlapping claims cannot be stored: not by a rush of clients, not by raw SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from booking.core import clock
from booking.core.database import db, session, transaction
from booking.policies.facts import Place
from tests import make
from tests.db.promises.clients import Answer, Attempt, rush
from tests.db.promises.parks import Park, park
from tests.serving import Serving, serving

CLIENTS = 64
CLIENT_PROCESSES = 4
ROUNDS = 5
STARTS = 8  # equal starts would already meet the primary key
OVERLAPS = """
    SELECT count(*) FROM occupancy a JOIN occupancy b
    ON a.resource_id = b.resource_id AND a.unit = b.unit AND a.starts_at < b.starts_at
    AND a.ends_at > b.starts_at
"""
UNGUARD = {
    "sqlite": (
        "DROP TRIGGER occupancy_no_overlap_insert",
        "DROP TRIGGER occupancy_no_overlap_update",
    ),
    "postgresql": ("ALTER TABLE occupancy DROP CONSTRAINT occupancy_no_overlap",),
}


@pytest.fixture
def rushed(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=1, people=CLIENTS) as made:
        yield made


def _attempts(made: Park, servers: list[Serving], days_ahead: int) -> list[Attempt]:
    """64 wishes for one desk and hour, from eight starts five minutes apart; all overlap."""
    day = clock.now().date() + timedelta(days=days_ahead)
    first = datetime.combine(day, datetime.min.time()).replace(hour=10)
    return [
        Attempt(
            port=servers[number % len(servers)].port,
            authorization=token,
            resource=made.desks[0],
            starts_at=(first + timedelta(minutes=5 * (number // 2 % STARTS))).isoformat(),
            ends_at=(first + timedelta(minutes=60 + 5 * (number // 2 % STARTS))).isoformat(),
        )
        for number, token in enumerate(made.tokens)
    ]


def _rush(made: Park, rounds: int) -> list[list[Answer]]:
    with serving(made.database_url, made.instance, servers=2) as servers:
        return rush(
            [_attempts(made, servers, number + 1) for number in range(rounds)], CLIENT_PROCESSES
        )


def _overlaps() -> int:
    return session().scalar(text(OVERLAPS)) or 0


@pytest.mark.real_time
def test_of_64_clients_who_want_one_slot_exactly_one_gets_it(rushed: Park) -> None:
    for answers in _rush(rushed, ROUNDS):
        assert len(answers) == CLIENTS
        assert sorted(answer.status for answer in answers) == [201] + [409] * (CLIENTS - 1)
        assert len({answer.port for answer in answers}) == 2
        assert all(_says_taken(answer) for answer in answers if answer.status == 409)
    assert _overlaps() == 0
    assert session().scalar(text("SELECT count(*) FROM occupancy")) == ROUNDS


@pytest.mark.real_time
def test_without_the_guard_the_same_rush_double_books(rushed: Park, engine: str) -> None:
    """The test above can fail: it is the database that keeps the promise, not luck."""
    with serving(rushed.database_url, rushed.instance, servers=2) as servers:
        with db.engine.begin() as connection:
            for statement in UNGUARD[engine]:
                connection.execute(text(statement))
        db.engine.dispose()
        answers = rush([_attempts(rushed, servers, 1)], CLIENT_PROCESSES)[0]
    assert [answer.status for answer in answers].count(201) > 1
    assert _overlaps() > 0


def _says_taken(answer: Answer) -> bool:
    reasons = answer.body["reasons"]
    return isinstance(reasons, list) and [one["code"] for one in reasons] == ["slot_taken"]


# --- raw SQL ---


@pytest.fixture
def desk(app: Flask) -> Place:
    place = make.desk("A-01")
    make.reservation(place=place, starts_at=make.at(10), ends_at=make.at(12))
    return place


@pytest.mark.parametrize(("start", "end"), [(9, 11), (11, 13), (10, 12), (9, 13), (11, 12)])
def test_raw_sql_cannot_insert_an_overlap(desk: Place, start: int, end: int) -> None:
    with pytest.raises(IntegrityError), transaction():
        _insert_copy(desk, start, end)
    assert _overlaps() == 0


@pytest.mark.parametrize(("start", "end"), [(8, 10), (12, 14)])
def test_raw_sql_can_insert_what_only_touches(desk: Place, start: int, end: int) -> None:
    with transaction():
        _insert_copy(desk, start, end)
    assert session().scalar(text("SELECT count(*) FROM occupancy")) == 2


def test_raw_sql_cannot_move_a_claim_onto_another(desk: Place) -> None:
    make.reservation(place=desk, starts_at=make.at(13), ends_at=make.at(14))
    for column, value in (("starts_at", make.at(11)), ("ends_at", make.at(13, 30))):
        hour = 13 if column == "starts_at" else 10
        with pytest.raises(IntegrityError), transaction():
            session().execute(
                text(f"UPDATE occupancy SET {column} = :value WHERE starts_at = :start"),
                {"value": _stored(value), "start": _stored(make.at(hour))},
            )
    assert _overlaps() == 0


def test_raw_sql_can_stretch_a_claim_into_free_time(desk: Place) -> None:
    with transaction():
        session().execute(
            text("UPDATE occupancy SET ends_at = :value"), {"value": _stored(make.at(13))}
        )
    assert _overlaps() == 0


def _insert_copy(desk: Place, start: int, end: int) -> None:
    session().execute(
        text(
            "INSERT INTO occupancy (resource_id, unit, starts_at, ends_at, kind, reservation_id)"
            " SELECT resource_id, unit, :starts_at, :ends_at, kind, reservation_id FROM occupancy"
            " WHERE resource_id = :resource_id"
        ),
        {
            "starts_at": _stored(make.at(start)),
            "ends_at": _stored(make.at(end)),
            "resource_id": desk.resource_id,
        },
    )


def _stored(local: datetime) -> object:
    """A wall clock time of Casablanca (at UTC+0 then) as the engine stores the instant."""
    instant = local.replace(tzinfo=clock.now().tzinfo)
    return int(instant.timestamp()) if db.engine.dialect.name == "sqlite" else instant
