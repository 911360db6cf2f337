"""What the database itself holds against overlapping claims, read back from it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from booking.core.database import engine_name, session

_TAKEN_BY_ANOTHER = """
    SELECT ends_at FROM occupancy
    WHERE resource_id = NEW.resource_id AND unit = NEW.unit AND starts_at < NEW.ends_at{but_itself}
    ORDER BY starts_at DESC LIMIT 1
"""
_TRIGGER = """
CREATE TRIGGER {name} BEFORE {moment} ON occupancy
WHEN coalesce(({taken}) > NEW.starts_at, 0)
BEGIN SELECT RAISE(ABORT, 'occupancy_no_overlap'); END
"""
_BUT_ITSELF = (
    " AND NOT (resource_id = OLD.resource_id AND unit = OLD.unit AND starts_at = OLD.starts_at)"
)

SQLITE_TRIGGERS = {
    "occupancy_no_overlap_insert": _TRIGGER.format(
        name="occupancy_no_overlap_insert",
        moment="INSERT",
        taken=_TAKEN_BY_ANOTHER.format(but_itself=""),
    ),
    "occupancy_no_overlap_update": _TRIGGER.format(
        name="occupancy_no_overlap_update",
        moment="UPDATE",
        taken=_TAKEN_BY_ANOTHER.format(but_itself=_BUT_ITSELF),
    ),
}
POSTGRESQL_CONSTRAINT = (
    "EXCLUDE USING gist (resource_id WITH =, unit WITH =,"
    " tstzrange(starts_at, ends_at, '[)'::text) WITH &&)"
)


class GuardMissingError(RuntimeError):
    """The database would store two overlapping claims; the program does not start on it."""


@dataclass(frozen=True)
class Guard:
    """The definitions as the database tells them, and whether they are the ones that must be."""

    definitions: dict[str, str]
    is_whole: bool


def read() -> Guard:
    """Ask the database for its constraint (PostgreSQL) or its triggers (SQLite)."""
    if engine_name() == "postgresql":
        rows = session().execute(
            text(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = to_regclass('occupancy') AND contype = 'x' AND convalidated"
            )
        )
        expected = {"occupancy_no_overlap": POSTGRESQL_CONSTRAINT}
    else:
        rows = session().execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t"),
            {"t": "occupancy"},
        )
        expected = SQLITE_TRIGGERS
    found: dict[str, str] = {str(name): str(definition) for name, definition in rows}
    whole = all(_plain(found.get(name, "")) == _plain(sql) for name, sql in expected.items())
    return Guard(found, whole)


def require() -> None:
    """Refuse the start without the guard."""
    if not read().is_whole:
        raise GuardMissingError(
            "The overlap guard of the table occupancy is missing or was changed."
            " Restore it with: flask db downgrade, flask db upgrade; or restore a backup."
        )


def _plain(sql: str) -> str:
    return " ".join(sql.split()).replace("( ", "(").replace(" )", ")")
