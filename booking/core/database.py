"""The database: column types, the model base, and the only place that commits."""

from __future__ import annotations

import contextlib
import enum
import fcntl
import functools
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    ColumnElement,
    DateTime,
    Engine,
    Enum,
    Executable,
    Integer,
    MetaData,
    String,
    Table,
    event,
    text,
    type_coerce,
)
from sqlalchemy.engine import Connection, CursorResult, Dialect
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from booking.core import folding

P = ParamSpec("P")
R = TypeVar("R")

SCHEMA_VERSION = "0041"  # the migration that this program was written for
RETRIED_SQLSTATES = frozenset({"40P01", "40001"})  # deadlock, serialisation failure
ATTEMPTS = 3


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, whole seconds: an aware datetime in Python.

    Epoch seconds on SQLite (its STRICT tables know no dates), `timestamptz` on PostgreSQL.
    """

    impl = Integer
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # Any: SQLAlchemy's own
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(Integer())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone; local times are stored as WallClock")
        if dialect.name == "postgresql":
            return value.astimezone(UTC).replace(microsecond=0)
        return int(value.timestamp())

    def process_result_value(
        self, value: datetime | int | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromtimestamp(value, UTC)


class WallClock(TypeDecorator[datetime]):
    """A local date and time as a clock on the wall shows it; the zone stands in another column."""

    impl = String(16)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is not None:
            raise ValueError("a wall clock carries no zone")
        return value.isoformat(timespec="minutes")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


Names = JSON  # a text by language: {"fr": "…", "ar": "…", "en": "…"}


def minutes_later(instant: Any, minutes: Any) -> ColumnElement[datetime]:  # Any: columns
    """An instant in SQL so many minutes later; the minutes may be a column and may be negative."""
    if engine_name() == "postgresql":
        return type_coerce(instant + minutes * text("INTERVAL '1 minute'"), Instant)
    return type_coerce(type_coerce(instant, Integer) + minutes * 60, Instant)


def choice(options: type[enum.Enum], name: str) -> Enum:
    """A column type for one of the values of an enum, guarded by a CHECK of that name."""
    return Enum(
        options,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=24,
        values_callable=lambda kind: [member.value for member in kind],
    )


class Model(DeclarativeBase):
    """The base of all tables; constraint names are fixed so that migrations can find them."""

    if TYPE_CHECKING:
        __table__: ClassVar[Table]  # every model of ours is one table, never a join

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_index",
            "uq": "%(table_name)s_%(column_0_N_name)s_unique",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )


db = SQLAlchemy(metadata=Model.metadata, session_options={"expire_on_commit": False})

_before_commit: list[Callable[[Session], None]] = []


def before_commit(function: Callable[[Session], None]) -> Callable[[Session], None]:
    """Register what must be the last statement of every transaction (the revisions)."""
    _before_commit.append(function)
    return function


def session() -> Session:
    """The session of this request, command or tick."""
    return db.session()


def execute(
    statement: Executable,
    parameters: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None,
) -> CursorResult[*tuple[Any, ...]]:  # Any: the columns are the statement's own
    """Run a statement about columns, not entities, in the transaction of the session.

    Taking it past the unit of work halves what a statement costs. It costs least when it is built
    once, with `bindparam`, and given its values here.
    """
    current = session()
    connection: Connection = current.info.get("writes_on") or current.connection()
    return connection.execute(statement, parameters)


@contextmanager
def savepoint() -> Iterator[None]:
    """What fails inside is taken back, and the transaction around it goes on."""
    current = session()
    with current.begin_nested():
        current.connection()  # begin it now: `execute` goes past the session, which would wait
        yield


def engine_name() -> str:
    """`sqlite` or `postgresql`."""
    return db.engine.dialect.name


@contextmanager
def transaction() -> Iterator[Session]:
    """One write transaction, committed at the end; inside another one it joins it.

    A refusal (any exception) rolls everything back. What was only read before is given up first:
    otherwise the snapshot of loading the user would be the one that is written on, and SQLite
    would ignore BEGIN IMMEDIATE.
    """
    current = session()
    if current.info.get("writing"):
        yield current
        return
    if current.new or current.dirty or current.deleted:
        raise RuntimeError("something was changed outside of a transaction")
    current.commit()
    current.info["writing"] = True
    try:
        with _turn_to_write(current.get_bind()):
            try:
                current.info["writes_on"] = current.connection(execution_options={"writes": True})
                yield current
                current.flush()
                for function in _before_commit:
                    function(current)
                current.commit()
            except BaseException:
                current.rollback()
                raise
    finally:
        for key in ("writing", "writes_on", "revisions", "hours_read"):
            current.info.pop(key, None)


class OutpacedError(Exception):
    """What was read is no longer so, and nothing was locked yet: to be tried again from the start,
    as after a deadlock."""


def transactional(verb: Callable[P, R]) -> Callable[P, R]:
    """Make a service verb one transaction, tried again after a deadlock (never when nested)."""

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        nested = bool(session().info.get("writing"))
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with transaction():
                    return verb(*args, **kwargs)
            except (DBAPIError, OutpacedError) as error:
                if nested or attempt == ATTEMPTS or not _is_retryable(error):
                    raise
                # Jitter for two rivals that met once; nothing secret depends on it.
                time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311
        raise AssertionError("unreachable")

    return run


def end_reading() -> None:
    """Give up the snapshot of what was read, so that the next read sees what others wrote."""
    if not session().info.get("writing"):
        session().commit()


def close_reading(error: BaseException | None = None) -> None:
    """End what a request has only read by COMMIT, where the session would send ROLLBACK: after
    one of those psycopg forgets all its prepared statements."""
    if error is not None or not db.session.registry.has():
        return
    current = session()
    if not (current.info.get("writing") or current.new or current.dirty or current.deleted):
        with contextlib.suppress(DBAPIError):  # the connection is lost: nothing is left to end
            current.commit()


def abandon() -> None:
    """Give up whatever transaction an error has left open."""
    session().rollback()


def schema_version() -> str | None:
    """The migration the database is at; None before the first."""
    try:
        version = session().execute(text("SELECT version_num FROM alembic_version")).scalar()
    except (OperationalError, ProgrammingError):
        abandon()
        return None
    return None if version is None else str(version)


def _is_retryable(error: DBAPIError | OutpacedError) -> bool:
    if isinstance(error, OutpacedError):
        return True
    return getattr(error.orig, "sqlstate", None) in RETRIED_SQLSTATES


@contextmanager
def _turn_to_write(bind: Engine | Connection) -> Iterator[None]:
    """Queue SQLite's writers on a file lock: its own busy wait lets some starve for seconds."""
    database = bind.engine.url.database
    if bind.dialect.name != "sqlite" or not database or database == ":memory:":
        yield
        return
    file = os.open(f"{database}.turn", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def prepare_engine(engine: Engine) -> None:
    """Give SQLite connections their settings and explicit BEGINs; PostgreSQL needs nothing."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_on_sqlite)


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours, see _begin_on_sqlite
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # NORMAL acknowledges commits that a power cut takes back
        "foreign_keys=ON",
        "busy_timeout=10000",
    ):
        cursor.execute(f"PRAGMA {pragma}")  # nosemgrep: sql-from-strings  # the words above
    cursor.close()
    folding.register(connection)


def _begin_on_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
