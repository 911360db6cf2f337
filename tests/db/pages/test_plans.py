"""The statements behind the grid go down indexes, whatever the statistics say."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from booking.core.database import db, session
from booking.pages.planning import queries
from booking.pages.planning.sheet import Question
from tests.web.pages.crowd import crowd

DAYS = (date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3), date(2026, 10, 5))
# The park's own tables are short; what grows with the years must never be read whole.
READS_ALL = re.compile(r"SCAN (occupancy|earlier|reservation|person|amendment)|BLOOM")


@pytest.fixture
def engine() -> str:
    """Only SQLite tells its plan in words that do not depend on how full the tables are."""
    return "sqlite"


def test_the_claims_of_a_day_are_found_without_reading_the_history(app: Flask) -> None:
    found = crowd(spaces=20, reservations=100, days=DAYS)
    session().execute(text("ANALYZE"))
    question = Question(queries.mark_of(found.floor_id), DAYS[-1], "")
    sent: list[tuple[str, tuple[Any, ...]]] = []

    def note(*call: Any) -> None:
        sent.append((call[2], call[3]))

    event.listen(db.engine, "before_cursor_execute", note)
    taken = queries.taken_on(found.member, found.floor_id, None, question.window)
    queries.asked_on(found.member, found.floor_id, question.window)
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(taken) == 100
    assert len(sent) == 2
    for statement, values in sent:
        steps = session().connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        plan = [str(step[3]) for step in steps]
        assert not [step for step in plan if READS_ALL.search(step)], plan
