"""The `flask scheduler` command."""

from __future__ import annotations

from datetime import datetime

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from booking import worker
from booking.core import clock, web, zones


def register(app: Flask) -> None:
    """Add it to the application."""
    app.cli.add_command(scheduler)


@click.command()
@click.option("--once", is_flag=True, help="Do everything that is due, then end.")
@click.option("--at", "moment", metavar="TIME", help='As if it were "2026-11-24 10:00" (demo).')
@with_appcontext
def scheduler(once: bool, moment: str | None) -> None:
    """Let requests expire, handle events, send messages: every 20 seconds until stopped."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # of the proxy
    if moment is not None and not once:
        raise click.UsageError("--at needs --once.")
    if moment is not None and not web.settings().demo:
        raise click.UsageError("--at turns the clock, so it works in the demo only.")
    if not once:
        worker.run_in_foreground(app)
    elif moment is None:
        _report(worker.until_nothing_is_due(app))
    else:
        with clock.frozen_at(_instant(moment)):
            _report(worker.until_nothing_is_due(app))


def _instant(moment: str) -> datetime:
    """The wall clock time at the site."""
    try:
        local = datetime.strptime(moment.replace("T", " "), "%Y-%m-%d %H:%M")
        return zones.to_instant(local, zones.zone(web.settings().site_zone))
    except ValueError as error:
        raise click.BadParameter(f"{moment!r} is not a time like 2026-11-24 10:00.") from error


def _report(done: worker.Done) -> None:
    click.echo(f"events handled: {done.events}, requests expired: {done.expired}")
    for (kind, state), count in sorted(done.messages.items()):
        click.echo(f"{kind.value}: {count} {state.value}")
