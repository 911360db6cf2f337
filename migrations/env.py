"""Runs the migrations in the application's own database connection."""

from __future__ import annotations

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Connection, text

database = current_app.extensions["migrate"].db


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our own column types as what they are on both engines: migrations import no program."""
    if kind != "type":
        return False
    return {"Instant": "Instant()", "WallClock": "sa.String(16)"}.get(type(item).__name__, False)


def run(connection: Connection) -> None:
    """Migrate in one transaction; on SQLite without cascades, which a table rebuilt in a batch
    would set off, and with every reference checked afterwards."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        _heed_references(connection, "OFF")
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_item=render_item,
        compare_type=True,
        transactional_ddl=True,
        render_as_batch=is_sqlite,
    )
    with context.begin_transaction():
        context.run_migrations()
        if is_sqlite:
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise RuntimeError(f"the migration broke references: {broken[:5]}")
    if is_sqlite:
        _heed_references(connection, "ON")


def _heed_references(connection: Connection, state: Literal["ON", "OFF"]) -> None:
    """Through the driver: inside a transaction this PRAGMA does nothing."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA foreign_keys={state}")


with database.engine.connect().execution_options(writes=True) as connection:
    run(connection)
