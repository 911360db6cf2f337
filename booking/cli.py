"""The `flask` commands."""

from __future__ import annotations

from flask import Flask

from booking import cli_checks, cli_demo, cli_exchange, cli_people, cli_scheduler


def register(app: Flask) -> None:
    """Add the commands to the application."""
    cli_checks.register(app)
    cli_demo.register(app)
    cli_exchange.register(app)
    cli_people.register(app)
    cli_scheduler.register(app)
