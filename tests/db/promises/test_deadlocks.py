"""Whoever takes several linked rooms queues behind the others: nobody ends in a deadlock."""

from __future__ import annotations

from pathlib import Path

import pytest

from booking.checks import promises
from booking.core.database import end_reading
from tests import rush
from tests.db.promises.parks import deadlocks, park

WRITERS, SLOTS = 6, 2
SECONDS = 4
LONGEST = 5.0  # of an act, on a machine that is busy with other things


@pytest.mark.real_time
def test_writers_of_linked_rooms_never_end_in_a_deadlock(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """`make rush` is the same with sixteen writers for ten seconds."""
    with park(engine, tmp_path, request, desks=0, people=0) as made:
        stand = rush.stand(made.database_url, made.instance, writers=WRITERS, slots=SLOTS)
        end_reading()
        seen = rush.rush(stand, seconds=SECONDS)
        end_reading()
        assert deadlocks() == 0
        assert {"booked", "booked, refused", "cancelled"} <= set(seen.acts)
        assert seen.longest < LONGEST
        assert promises.verify().is_clean
