"""The database keeps the journal: a line cannot be changed, and can lose its free words only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text, true, update
from sqlalchemy.exc import DBAPIError

from booking.core import clock
from booking.core.database import engine_name, session, transaction
from booking.journal import service as journal
from booking.journal.models import JournalLine, JsonFacts
from tests import make

REFUSES = "journal_is_append_only"
FACTS: JsonFacts = {"title": "Résine", "headcount": 2, "reason": None}


@pytest.fixture
def line_id(app: Flask) -> int:
    """A line with words and facts, written now."""
    with transaction():
        journal.write(
            make.person(), "renamed", subject_kind="reservation", subject_id="x", after=FACTS
        )
    return session().scalars(select(JournalLine.id).order_by(JournalLine.id.desc())).first() or 0


def _line(line_id: int) -> JournalLine:
    session().expire_all()
    found = session().get(JournalLine, line_id)
    assert found is not None
    return found


def test_a_line_cannot_be_changed(line_id: int) -> None:
    changes: tuple[dict[str, object], ...] = (
        {"act": "approved"},
        {"actor_id": None},
        {"subject_id": "y"},
        {"at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"after": {"headcount": 9, "reason": None}},
        {"after": {}},
        {"after": None},
        {"before": {"title": "Autre"}},
    )
    for values in changes:
        with pytest.raises(DBAPIError, match=REFUSES), transaction() as current:
            current.execute(update(JournalLine).where(JournalLine.id == line_id).values(**values))
    assert _line(line_id).after == FACTS


def test_a_line_cannot_be_deleted(line_id: int) -> None:
    with pytest.raises(DBAPIError, match=REFUSES), transaction() as current:
        current.execute(delete(JournalLine).where(JournalLine.id == line_id))
    if engine_name() == "postgresql":
        with pytest.raises(DBAPIError, match=REFUSES), transaction() as current:
            current.execute(text("TRUNCATE journal"))
    assert _line(line_id).act == "renamed"


def test_a_line_loses_its_words_and_keeps_its_facts(line_id: int) -> None:
    with transaction():
        assert journal.forget_words(JournalLine.id == line_id) == 1
    assert _line(line_id).after == {"headcount": 2}
    with transaction():
        assert journal.forget_words(true()) == 0


def test_only_lines_older_than_a_year_can_go(line_id: int) -> None:
    values = {"act": "renamed", "subject_kind": "reservation", "subject_id": "old"}
    with transaction() as current:
        for year in (2018, 2019):
            at = datetime(year, 3, 1, tzinfo=UTC)
            current.execute(insert(JournalLine).values(at=at, **values))
    with transaction():
        assert journal.forget_lines(clock.now() + timedelta(days=9999), 1) == 1
        assert journal.forget_lines(clock.now() + timedelta(days=9999), 9) == 1
        assert journal.forget_lines(clock.now() + timedelta(days=9999), 9) == 0
    assert _line(line_id).after == FACTS
