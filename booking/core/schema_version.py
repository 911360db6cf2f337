"""Which migration the program was written for, and which one the database is at."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from booking.core.database import db

SCHEMA_VERSION = "0001"


def schema_version() -> str | None:
    """The migration the database is at; None before the first."""
    try:
        with db.engine.connect() as connection:
            version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    except (OperationalError, ProgrammingError):
        return None
    return None if version is None else str(version)
