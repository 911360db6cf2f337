"""A park of its own for tests whose servers and clients are other processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import flask_migrate
import pytest
from sqlalchemy import text

from booking import cli, create_app
from booking.core.database import db, engine_name, session
from config import Settings
from tests import make
from tools.postgres import Address

SECRET = "only-for-tests-5d0c1f7a2b9e4c83"


@dataclass(frozen=True)
class Park:
    """A migrated database with desks and people who may book them."""

    database_url: str
    instance: Path
    desks: list[str]
    tokens: list[str]


@contextmanager
def park(
    engine: str, folder: Path, request: pytest.FixtureRequest, *, desks: int, people: int
) -> Iterator[Park]:
    """Make it, and give up its connections at the end."""
    database_url = f"sqlite:///{folder / 'park.db'}"
    if engine == "postgresql":
        address: Address = request.getfixturevalue("postgres")
        database_url = address.create_database(f"park_{uuid4().hex}")
    settings = Settings(
        database_url=database_url, secret_key=SECRET, instance=folder, tick_inside=False
    )
    app = create_app(settings)
    cli.register(app)
    with app.app_context():
        flask_migrate.upgrade()
        policy = make.policy(granularity=5, shortest=5, horizon=365)
        hours = make.around_the_clock()
        places = [
            make.desk(f"D-{number:03}", under=policy, open_at=hours) for number in range(desks)
        ]
        tokens = [make.bearer(make.person())["Authorization"] for _ in range(people)]
        db.session.remove()
        db.engine.dispose()
        try:
            yield Park(database_url, folder, [place.spot.public_id for place in places], tokens)
        finally:
            db.session.remove()
            db.engine.dispose()


def deadlocks() -> int:
    """How many PostgreSQL has broken in this database: a retry after one hides it from clients.
    Its processes tell when they end, so ask after the servers have stopped. SQLite has none."""
    if engine_name() == "sqlite":
        return 0
    counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    return session().scalar(text(counted)) or 0
