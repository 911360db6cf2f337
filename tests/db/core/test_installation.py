"""The installation of the tests itself: both engines, migrated, and empty each time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text

from booking.core import database
from booking.core.database import Model, session
from booking.core.revisions import Revision
from tests.conftest import Statements


def test_a_test_runs_on_the_engine_that_its_name_says(app: Flask, engine: str) -> None:
    assert database.engine_name() == engine


@pytest.mark.parametrize("time", ["first", "second"])
def test_what_a_test_writes_is_gone_in_the_next(app: Flask, time: str) -> None:
    written = select(func.count()).select_from(Revision)
    assert session().scalar(written) == 0, f"the {time} time"
    with database.transaction() as current:
        current.execute(insert(Revision).values(scope="floor", scope_id=1, number=1))
    assert session().scalar(written) == 1


def test_migrations_leave_every_table_empty(app: Flask) -> None:
    """The tests on PostgreSQL begin by deleting all rows: one left by a migration would go too."""
    filled = [
        table.name
        for table in Model.metadata.sorted_tables
        if session().scalar(select(func.count()).select_from(table))
    ]
    assert filled == []


def test_model_and_migrations_agree(app: Flask) -> None:
    flask_migrate.check()  # names the differences and exits


def test_bookkeeping_of_transactions_is_not_counted(
    app: Flask, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    with count_statements() as statements, database.transaction() as current:
        with current.begin_nested():
            current.execute(text("SELECT 1"))
        current.execute(text("SELECT 2"))
    assert statements.count == 2, statements
