"""The `flask` commands, which web processes do without: they take a dozen megabytes."""

from __future__ import annotations

from flask import Flask
from flask_migrate import Migrate

from booking import cli_checks, cli_demo, cli_exchange, cli_people, cli_scheduler
from booking.core.database import db
from config import ROOT


def register(app: Flask) -> None:
    """Add the commands to the application, `flask db` among them."""
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_type=True)
    cli_checks.register(app)
    cli_demo.register(app)
    cli_exchange.register(app)
    cli_people.register(app)
    cli_scheduler.register(app)
