"""A large room and its parts are never booked at one time, however many ask at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from booking.checks import promises
from booking.core import clock
from booking.core.database import db, end_reading, session, transaction
from booking.occupancy.models import ClaimKind
from booking.policies.facts import Place
from booking.reservations import linking
from booking.reservations import service as reservations
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from booking.spaces.models import Resource, ResourcePart
from tests import make
from tests.db.promises.clients import Answer, Attempt, rush
from tests.db.promises.parks import Park, park
from tests.db.promises.test_double_booking import UNGUARD
from tests.rivals import overtaken
from tests.serving import serving

CLIENTS = 24
CLIENT_PROCESSES = 4
ROUNDS = 6
BOTH_BOOKED = """
    SELECT count(*) FROM reservation whole
    JOIN reservation_resource w ON w.reservation_id = whole.id
    JOIN resource_part link ON link.resource_id = w.resource_id
    JOIN reservation_resource p ON p.resource_id = link.part_id
    JOIN reservation part ON part.id = p.reservation_id
    WHERE whole.starts_at < part.ends_at AND part.starts_at < whole.ends_at
"""
HALL, LEFT, RIGHT = 0, 1, 2


@pytest.fixture
def linked(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    """The first desk stands for a hall, the two others for its halves."""
    with park(engine, tmp_path, request, desks=3, people=CLIENTS) as made:
        keys = [
            session().query(Resource.id).filter(Resource.public_id == one).scalar()
            for one in made.desks
        ]
        with transaction() as current:
            for part in keys[1:]:
                current.add(ResourcePart(resource_id=keys[HALL], part_id=part))
        yield made


def _rush(
    made: Park, wanted: Sequence[int], rounds: int, *, unguarded: Sequence[str] = ()
) -> list[list[Answer]]:
    """All clients at once, each for one of the wanted places; those who want a half begin five
    minutes later, so that no two starts are equal."""
    with serving(made.database_url, made.instance, servers=2) as servers:
        with db.engine.begin() as connection:
            for statement in unguarded:
                connection.execute(text(statement))
        db.engine.dispose()
        ports = [server.port for server in servers]
        return rush(
            [_attempts(made, ports, wanted, number + 1) for number in range(rounds)],
            CLIENT_PROCESSES,
        )


def _attempts(
    made: Park, ports: Sequence[int], wanted: Sequence[int], days_ahead: int
) -> list[Attempt]:
    day = clock.now().date() + timedelta(days=days_ahead)
    first = datetime.combine(day, datetime.min.time()).replace(hour=10)
    found = []
    for client in range(CLIENTS):
        place = wanted[client % len(wanted)]
        start = first + timedelta(minutes=0 if place == HALL else 5)
        found.append(
            Attempt(
                port=ports[client // len(wanted) % len(ports)],
                authorization=made.tokens[client],
                resource=made.desks[place],
                starts_at=start.isoformat(),
                ends_at=(start + timedelta(hours=1)).isoformat(),
            )
        )
    return found


@pytest.mark.real_time
def test_the_hall_or_its_halves_and_never_both(linked: Park) -> None:
    for answers in _rush(linked, (HALL, LEFT, RIGHT), ROUNDS):
        statuses = [answer.status for answer in answers]
        assert set(statuses) == {201, 409}  # no deadlock, no error
        assert statuses.count(201) in (1, 2)
    end_reading()
    assert session().scalar(text(BOTH_BOOKED)) == 0
    assert promises.verify().is_clean


@pytest.mark.real_time
def test_both_halves_are_booked_at_once(linked: Park) -> None:
    for answers in _rush(linked, (LEFT, RIGHT), ROUNDS):
        statuses = sorted(answer.status for answer in answers)
        assert statuses == [201] * 2 + [409] * (CLIENTS - 2)
    end_reading()
    assert promises.verify().is_clean


@pytest.mark.real_time
def test_without_the_guard_both_are_booked(linked: Park, engine: str) -> None:
    """The tests above can fail: it is the database that keeps the promise."""
    _rush(linked, (HALL, LEFT, RIGHT), 1, unguarded=UNGUARD[engine])
    end_reading()
    assert (session().scalar(text(BOTH_BOOKED)) or 0) > 0


# --- a part that is added while somebody books ---


@pytest.fixture
def rooms(app: Flask) -> tuple[Place, Place]:
    return make.room("AB"), make.room("A")


def test_who_books_while_a_part_is_added_takes_it_too(
    app: Flask, rooms: tuple[Place, Place]
) -> None:
    """What they had read of the room is out of date when they take it: they begin again."""
    hall, half = rooms
    operator, member = make.operator(), make.member_of()
    made: Details = overtaken(
        app,
        lambda: linking.set_parts(operator, hall.spot.public_id, ["A"]),
        lambda: make.reservation(member, hall),
    )
    _expect_taken(made, half)


def test_a_part_that_is_added_while_somebody_books_is_taken(
    app: Flask, rooms: tuple[Place, Place]
) -> None:
    hall, half = rooms
    operator, member = make.operator(), make.member_of()
    booked: list[Details] = []
    overtaken(
        app,
        lambda: booked.append(make.reservation(member, hall)),
        lambda: linking.set_parts(operator, hall.spot.public_id, ["A"]),
    )
    _expect_taken(booked[0], half)


def test_what_is_held_while_a_part_is_added_holds_it_too(app: Flask) -> None:
    """A change that waits for the hall: it is held, and so is its new half."""
    hall, half = make.room("AB", under=make.policy(needs_approval=True)), make.room("A")
    operator, member = make.operator(), make.member_of()
    made = make.reservation(member, make.room("B", under=make.policy()))
    to_the_hall = Change(resources=(hall.spot.public_id,))
    overtaken(
        app,
        lambda: linking.set_parts(operator, hall.spot.public_id, ["A"]),
        lambda: reservations.change(member, made.public_id, to_the_hall),
    )
    end_reading()
    kinds = text("SELECT kind FROM occupancy WHERE resource_id = :half")
    found = session().scalars(kinds, {"half": half.resource_id}).all()
    assert found == [ClaimKind.HOLD.value]


def _expect_taken(made: Details, half: Place) -> None:
    end_reading()
    kinds = text("SELECT kind FROM occupancy WHERE resource_id = :half AND reservation_id = :made")
    found = session().scalars(kinds, {"half": half.resource_id, "made": made.id}).all()
    assert found == [ClaimKind.LINKED.value]
    assert promises.verify().is_clean
