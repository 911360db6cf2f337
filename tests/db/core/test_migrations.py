"""Migrations go up and down with data in the tables, and the guard against overlaps comes along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import bindparam, func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from booking import cli, create_app
from booking.checks import promises
from booking.core import clock
from booking.core.database import (
    SCHEMA_VERSION,
    Instant,
    db,
    end_reading,
    schema_version,
    session,
    transaction,
)
from booking.occupancy import guard
from booking.occupancy.models import Hold, occupancy
from booking.replacements import queries as replacements
from booking.reservations import linking
from booking.reservations.models import DeclineReason
from booking.reservations.service import approve, decline
from config import Settings
from tests import make
from tests.displacing import displace, serve_all
from tools.postgres import Address

BEFORE_REASONS_HAD_A_CODE = "0004"
BEFORE_ANYTHING_WAS_HELD_INSTEAD = "0039"
SECRET = "only-for-tests-0a4e6d8f1c2b7395"


@pytest.fixture
def migrated(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An installation of its own: the shared one must keep its tables."""
    database_url = f"sqlite:///{tmp_path / 'park.db'}"
    if engine == "postgresql":
        address: Address = request.getfixturevalue("postgres")
        database_url = address.create_database(f"migrations_{tmp_path.name.lower()}")
    settings = Settings(
        database_url=database_url, secret_key=SECRET, instance=tmp_path, tick_inside=False
    )
    app = create_app(settings)
    cli.register(app)
    with app.app_context():
        flask_migrate.upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()


def test_down_and_up_again_with_a_park_in_it(migrated: Flask) -> None:
    member = make.member_of(make.organisation())
    make.reservation(member, make.desk())
    make.reservation(member, make.lab())
    end_reading()

    flask_migrate.downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}

    flask_migrate.upgrade()
    assert schema_version() == SCHEMA_VERSION
    guard.require()
    make.reservation(make.person(), make.desk())


def test_what_is_held_for_whoever_was_displaced_is_free_below(migrated: Flask) -> None:
    """And up again nobody is served a second time."""
    room, _spare = make.room("R-1"), make.room("R-2")
    made = make.reservation(make.person(), room, starts_at=make.at(10, days=3))
    displace(make.operator(), made)
    serve_all()
    assert session().scalar(select(func.count()).select_from(Hold)) == 3
    end_reading()
    flask_migrate.downgrade(revision=BEFORE_ANYTHING_WAS_HELD_INSTEAD)
    kinds = select(occupancy.c.kind).distinct()
    assert session().scalars(kinds).all() == ["closure"]
    end_reading()
    flask_migrate.upgrade()
    assert replacements.unserved() == []
    assert promises.verify().is_clean


def test_reasons_survive_going_down_and_up_again(migrated: Flask) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))
    chosen, rival, crowd, closed = (
        make.reservation(place=lab, starts_at=make.at(hour)) for hour in (10, 10, 12, 14)
    )
    manager = make.lab_manager(lab)
    approve(manager, chosen.public_id, seen_version=1, declines_others=True)
    decline(manager, crowd.public_id, seen_version=1, code=DeclineReason.TOO_MANY_PEOPLE)
    decline(manager, closed.public_id, seen_version=1, reason="Closed")
    end_reading()

    flask_migrate.downgrade(revision=BEFORE_REASONS_HAD_A_CODE)
    reasons = text("SELECT closing_reason FROM reservation WHERE state = 'declined' ORDER BY id")
    assert db.session.scalars(reasons).all() == [
        "another_request_was_approved",
        "Too many people for this place.",
        "Closed",
    ]
    end_reading()
    flask_migrate.upgrade()
    found = [make.details(one.public_id) for one in (rival, crowd, closed)]
    assert [(one.closing_code, one.closing_reason) for one in found] == [
        (DeclineReason.ANOTHER_WAS_APPROVED, None),
        (DeclineReason.OTHER, "Too many people for this place."),
        (DeclineReason.OTHER, "Closed"),
    ]
    assert found[1].decisions[0].reason_code is DeclineReason.OTHER


def test_days_of_a_deputy_that_overlap_become_one(migrated: Flask) -> None:
    nadia, omar, rim = (make.person() for _ in range(3))
    end_reading()
    flask_migrate.downgrade(revision="0018")
    days = ((omar, 1, 5), (omar, 3, 4), (omar, 5, 9), (omar, 20, 21), (rim, 1, 9))
    with transaction() as current:
        for number, (who, first, last) in enumerate(days):
            values = {"id": f"d{number}", "nadia": nadia.person_id, "who": who.person_id}
            current.execute(
                text(
                    "INSERT INTO deputy (public_id, person_id, deputy_id, valid_from, valid_until,"
                    " created_at) SELECT :id, :nadia, :who, :first, :last, created_at FROM person"
                    " WHERE id = :nadia"
                ),
                values | {"first": f"2026-10-{first:02}", "last": f"2026-10-{last:02}"},
            )
    flask_migrate.upgrade()
    rows = db.session.execute(
        text("SELECT public_id, valid_until FROM deputy ORDER BY public_id")
    ).all()
    assert [(row[0], str(row[1])) for row in rows] == [
        ("d0", "2026-10-09"),
        ("d3", "2026-10-21"),
        ("d4", "2026-10-09"),
    ]


def test_set_up_and_cleaning_go_and_the_reservation_stays(migrated: Flask) -> None:
    room = make.room(under=make.policy(setup_minutes=15, cleanup_minutes=30))
    made = make.reservation(place=room)
    end_reading()
    flask_migrate.downgrade(revision="0020")
    kinds = text("SELECT kind FROM occupancy")
    assert db.session.scalars(kinds).all() == ["booking"]
    end_reading()
    flask_migrate.upgrade()
    assert make.details(made.public_id).place.limits.setup_minutes == 0
    guard.require()
    make.reservation(place=room, starts_at=make.at(11))
    with pytest.raises(IntegrityError, match="policy_buffers_check"), transaction() as current:
        current.execute(text("UPDATE policy SET cleanup_minutes = 1441"))


def test_links_go_and_what_was_booked_stays(migrated: Flask) -> None:
    hall, half = make.room("AB"), make.room("A")
    linking.set_parts(make.operator(), hall.spot.public_id, ["A"])
    make.reservation(place=hall)
    end_reading()
    flask_migrate.downgrade(revision="0025")
    claims = text("SELECT kind, resource_id FROM occupancy")
    assert [tuple(row) for row in db.session.execute(claims)] == [("booking", hall.resource_id)]
    end_reading()
    flask_migrate.upgrade()
    assert linking.place_of(hall.spot.public_id).parts == ()
    make.reservation(place=half)
    itself = "resource_part_itself_check"
    with pytest.raises(IntegrityError, match=itself), transaction() as current:
        current.execute(text("INSERT INTO resource_part (resource_id, part_id) VALUES (1, 1)"))


def test_a_second_upgrade_changes_nothing(migrated: Flask) -> None:
    made = make.reservation()
    end_reading()
    flask_migrate.upgrade()
    assert make.details(made.public_id) == made
    guard.require()


def test_an_unknown_kind_of_message_cannot_be_stored(migrated: Flask) -> None:
    with pytest.raises(IntegrityError, match="message_kind_check"), transaction() as current:
        current.execute(
            text(
                "INSERT INTO message (kind, subject, version, recipient_id, due_at, state,"
                " attempts, next_try_at)"
                " SELECT 'gossip', 'x', 0, 1, expires_at, 'planned', 0, expires_at"
                " FROM (SELECT :at AS expires_at) AS moment"
            ).bindparams(bindparam("at", clock.now(), type_=Instant()))
        )
