"""A rush on linked rooms: whether any act ends in a deadlock, and how long the longest takes."""

from __future__ import annotations

from collections.abc import Iterator

from bench.figures import Figure, Goal
from bench.stage import Stage
from booking.core.database import db, end_reading
from tests import rush
from tests.db.promises.parks import deadlocks

WRITERS, SLOTS = 16, 12
SECONDS = 10


def linked_rooms(stage: Stage) -> Iterator[Figure]:
    """Sixteen writers who book, move and give back four of twelve rooms each, without the web."""
    park = stage.park
    with park.app.app_context():
        where = rush.stand(park.database_url, park.instance, writers=WRITERS, slots=SLOTS)
        end_reading()
        seen = rush.rush(where, seconds=SECONDS)
        broken = deadlocks()
        db.session.remove()
        db.engine.dispose()
    yield Figure("a rush of 16 on linked rooms: acts", "1/s", seen.acts.total() / SECONDS)
    yield Figure("  and the longest of them", "s", seen.longest, goal=Goal(1))
    yield Figure("  and deadlocks", "", broken, goal=Goal(0))
