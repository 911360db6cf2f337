"""Compare the models with what the migrations make: `python -m tools.schema` fails on any gap."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import flask_migrate

from booking import cli, create_app
from booking.core.database import db
from config import Settings

THROWAWAY_SECRET = "nothing-is-served-with-this-one"  # noqa: S105


def main() -> int:
    """Migrate an empty SQLite database; Alembic's check names the differences and exits with 1."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite:///{folder}/booking.db",
            secret_key=THROWAWAY_SECRET,
            instance=Path(folder),
            tick_inside=False,
        )
        app = create_app(settings)
        cli.register(app)
        with app.app_context():
            flask_migrate.upgrade()
            flask_migrate.check()
            db.engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
