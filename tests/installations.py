"""A whole installation for tests: the program on a migrated database, as new before each test."""

from __future__ import annotations

import contextvars
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url
from werkzeug.test import TestResponse

from booking import cli, create_app
from booking.core.database import db
from config import Settings
from tools.postgres import Address

ENGINES = ("sqlite", "postgresql")
SECRET = "only-for-tests-3b1f0c5e9a7d4e62"

# Deleting is faster than TRUNCATE, which makes new files for every table and index. The role
# `replica` switches foreign keys and triggers off, so that order and append-only tables do not
# matter.
EMPTY_ALL_TABLES = """
SET LOCAL session_replication_role = replica;
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables
              WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences
              WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', name);
  END LOOP;
END $$
"""


class Installation(ABC):
    """One program and its database, made once in each test process."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.settings = Settings(
            database_url=database_url, secret_key=SECRET, instance=folder, tick_inside=False
        )
        self.app: Flask = create_app(self.settings)
        cli.register(self.app)
        self.app.config["TESTING"] = True
        with self.app.app_context():
            flask_migrate.upgrade()
            db.engine.dispose()

    @abstractmethod
    def renew(self) -> None:
        """Bring the database back to the state after the migrations."""

    def close(self) -> None:
        """Give up all connections."""
        with self.app.app_context():
            db.engine.dispose()


class SqliteInstallation(Installation):
    """A file that is replaced by a copy of the migrated one."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "booking.db"
        self._template = folder / "migrated.db"
        super().__init__(folder, f"sqlite:///{self._file}")
        shutil.copyfile(self._file, self._template)

    def renew(self) -> None:
        self.close()
        for leftover in ("-wal", "-shm"):
            Path(f"{self._file}{leftover}").unlink(missing_ok=True)
        shutil.copyfile(self._template, self._file)


class PostgresInstallation(Installation):
    """A database whose rows are deleted; migrations leave no rows but their own version."""

    def __init__(self, folder: Path, address: Address, database: str) -> None:
        url = address.create_database(database)
        super().__init__(folder, url)
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._cleaner = psycopg.connect(plain)

    def renew(self) -> None:
        with self._cleaner.transaction():
            self._cleaner.execute(EMPTY_ALL_TABLES)

    def close(self) -> None:
        super().close()
        self._cleaner.close()


def make(engine: str, folder: Path, request: pytest.FixtureRequest) -> Installation:
    """A new installation on that engine; PostgreSQL is started only when it is asked for."""
    if engine == "sqlite":
        return SqliteInstallation(folder)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return PostgresInstallation(folder, request.getfixturevalue("postgres"), f"tests_{worker}")


class SeparateClient(FlaskClient):
    """A client whose requests share nothing with the test but the database.

    Flask would run them in the context that the test has open: one session, one signed-in person.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:  # Any: what werkzeug's client takes
        _forget_what_was_read()
        try:
            return contextvars.Context().run(super().open, *args, **kwargs)
        finally:
            _forget_what_was_read()


def _forget_what_was_read() -> None:
    db.session.rollback()
    db.session.expire_all()


# The fixtures: the conftest.py of each kind of test that needs the program imports them.


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the database engine; a test that uses it runs once on each."""
    return str(request.param)


@pytest.fixture
def installation(
    engine: str,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    installations: dict[str, Installation],
) -> Installation:
    """The program on an empty database with all migrations applied."""
    if engine not in installations:
        installations[engine] = make(engine, tmp_path_factory.mktemp(engine), request)
    installations[engine].renew()
    return installations[engine]


@pytest.fixture
def app(installation: Installation) -> Iterator[Flask]:
    """The program, with its context open for the test: services and `make` can be called."""
    with installation.app.app_context():
        yield installation.app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a person: nobody is signed in."""
    app.test_client_class = SeparateClient
    return app.test_client()
