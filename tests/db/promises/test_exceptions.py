"""Who may set rules aside gets no place twice, however many do so at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, time, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import text

from booking import create_app
from booking.core import clock
from booking.core.database import session
from booking.core.errors import RefusedError
from booking.reservations import service
from booking.reservations.wishes import Wish
from config import Settings
from tests import make
from tests.db.promises.parks import SECRET, Park, deadlocks, park
from tests.processes import others

WRITERS, TURNS = 4, 8
PATIENCE_SECONDS = 120
OVERLAPS = """
    SELECT count(*) FROM occupancy a JOIN occupancy b
    ON a.resource_id = b.resource_id AND a.unit = b.unit AND a.starts_at < b.starts_at
    AND a.ends_at > b.starts_at
"""


@pytest.fixture
def desk(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=1, people=1) as made:
        yield made


@pytest.mark.real_time
def test_exceptions_at_once_overlap_nowhere(desk: Park) -> None:
    people = [make.operator().person_id for _ in range(WRITERS)]
    settings = Settings(
        database_url=desk.database_url, secret_key=SECRET, instance=desk.instance, tick_inside=False
    )
    barrier = others.Barrier(WRITERS)
    writers = [
        others.Process(
            target=act, args=(settings, barrier, number, person, desk.desks[0]), daemon=True
        )
        for number, person in enumerate(people)
    ]
    for one in writers:
        one.start()
    for one in writers:
        one.join(PATIENCE_SECONDS)
    assert [one.exitcode for one in writers] == [0] * WRITERS
    session().commit()  # what they did is seen by a new transaction only
    assert deadlocks() == 0
    booked = session().scalar(text("SELECT count(*) FROM reservation"))
    assert booked == TURNS
    assert session().scalar(text(OVERLAPS)) == 0


def act(settings: Settings, barrier: Barrier, number: int, person_id: int, desk: str) -> None:
    """Each wants nearly the same hour of a day that nobody can book without an exception."""
    with create_app(settings).app_context():
        actor = make.actor(person_id)
        session().commit()
        day = datetime.combine(clock.now().date() + timedelta(days=400), time(10))
        for turn in range(TURNS):
            start = day + timedelta(days=turn, minutes=5 * number)
            barrier.wait(PATIENCE_SECONDS)
            with suppress(RefusedError):
                service.book_by_exception(
                    actor, Wish((desk,), start, start + timedelta(hours=1)), reason="A visit"
                )
