"""What could not be had is counted: without anybody's name, none twice, and none lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from booking.core import clock
from booking.core.database import end_reading, session
from booking.core.errors import RefusedError
from booking.demand import service
from booking.demand.models import UnmetDemand
from booking.reservations import service as reservations
from booking.reservations.wishes import Wish
from config import Settings
from tests import make
from tests.db.demand import at_once
from tests.db.demand.at_once import TIMES, Scene
from tests.db.promises.parks import SECRET, park

PROCESSES = 4


def counters() -> dict[tuple[str, str, int, int], int]:
    end_reading()
    rows = session().scalars(select(UnmetDemand))
    return {(one.reason, one.kind, one.size, one.hour): one.count for one in rows}


def refuse(wish: Wish) -> None:
    with (
        pytest.raises(RefusedError),
        service.counting(wish.resources, wish.starts_at, wish.headcount),
    ):
        reservations.book(make.person(), wish)


def test_each_reason_counts_for_the_kind_the_people_and_the_hour_of_the_wish(app: Flask) -> None:
    room = make.room("R-1", capacity=6)
    make.reservation(place=room)
    taken = Wish((room.spot.public_id,), make.at(10), make.at(11), headcount=4)
    refuse(taken)
    refuse(taken)
    aware = datetime(2026, 10, 6, 22, tzinfo=UTC)
    refuse(Wish((room.spot.public_id,), aware, aware.replace(hour=23), headcount=9))
    assert counters() == {
        ("slot_taken", "meeting_room", 2, 10): 2,
        ("outside_hours", "meeting_room", 9, 22): 1,
        ("over_capacity", "meeting_room", 9, 22): 1,
    }
    with service.counting(taken.resources, make.at(14), 1):
        reservations.book(make.person(), Wish(taken.resources, make.at(14), make.at(15)))
    assert sum(counters().values()) == 4


def test_a_counter_knows_nobody_and_no_single_space() -> None:
    columns = {column.name for column in UnmetDemand.__table__.columns}
    assert columns == {"site_id", "day", "hour", "reason", "kind", "size", "count"}


def test_whoever_is_refused_hears_why_where_nothing_can_be_counted(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = make.room("R-1")
    make.reservation(place=room)

    def is_busy(*_given: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    monkeypatch.setattr(service, "add", is_busy)
    refuse(Wish((room.spot.public_id,), make.at(10), make.at(11)))
    assert counters() == {}


def test_of_many_that_count_at_once_none_is_lost(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with park(engine, tmp_path, request, desks=0, people=0) as found:
        spaces = make.lab("L-1"), make.room("R-1")
        settings = Settings(
            database_url=found.database_url,
            secret_key=SECRET,
            instance=found.instance,
            tick_inside=False,
        )
        ids = [one.spot.public_id for one in spaces]
        end_reading()
        at_once.rush(Scene(settings, clock.now(), ids, make.at(10)), PROCESSES)
        assert counters() == {
            ("out_of_order", "lab", 2, 10): PROCESSES * TIMES,
            ("too_few_together", "lab", 2, 10): PROCESSES * TIMES,
            ("too_few_together", "meeting_room", 2, 10): PROCESSES * TIMES,
        }
