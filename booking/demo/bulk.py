"""Many rows, fast: past the ORM and past SQLAlchemy's statements, but through its column types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Table

from booking.core.database import engine_name, session

Row = Sequence[object]
CACHE = 256 * 1024  # KiB of pages kept while SQLite's indexes grow everywhere at once


def pour(table: Table, names: Sequence[str], rows: Iterable[Row]) -> None:
    """Add the rows, whose values stand in the order of the names; part of the caller's transaction.

    Columns that are not named get their default where it is a plain value, else nothing.
    """
    defaults = [
        column
        for column in table.columns
        if column.name not in names and column.default is not None and column.default.is_scalar
    ]
    columns = [*(table.c[name] for name in names), *defaults]
    more = [column.default.arg for column in defaults]  # type: ignore[union-attr]  # has one
    turned = _turned(columns, ([*row, *more] for row in rows))
    _write[engine_name()](table, [column.name for column in columns], turned)


def _turned(columns: Sequence[Column[Any]], rows: Iterable[Row]) -> Iterator[list[object]]:
    """The values as the driver takes them."""
    dialect = session().get_bind().dialect
    processors = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
    turns = [(place, turn) for place, turn in enumerate(processors) if turn is not None]
    for row in rows:
        values = list(row)
        for place, turn in turns:
            values[place] = turn(values[place])
        yield values


def _copy(table: Table, names: Sequence[str], rows: Iterator[list[object]]) -> None:
    quoted = ", ".join(f'"{name}"' for name in names)
    statement = f'COPY "{table.name}" ({quoted}) FROM STDIN'  # names of our own models
    with _driver().cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _execute_many(table: Table, names: Sequence[str], rows: Iterator[list[object]]) -> None:
    quoted = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    # Names of our own models, as above.
    statement = f'INSERT INTO "{table.name}" ({quoted}) VALUES ({marks})'  # noqa: S608  # nosec B608
    driver = _driver()
    driver.execute(f"PRAGMA cache_size = -{CACHE}")  # nosemgrep: sql-from-strings  # our number
    driver.executemany(statement, rows)


_write = {"postgresql": _copy, "sqlite": _execute_many}


def _driver() -> Any:  # Any: sqlite3's or psycopg's connection
    return session().connection().connection.driver_connection
