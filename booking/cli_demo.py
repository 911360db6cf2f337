"""The `flask demo` command: load the demo park and say how to look at it."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from booking import worker
from booking.core import i18n, web
from booking.core.database import end_reading
from booking.demo import loading
from booking.demo.large import RESERVATIONS
from booking.people.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD

LANGUAGE = "en"  # of the commands


def register(app: Flask) -> None:
    """Add it to the application."""
    app.cli.add_command(demo)


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing when the database holds something.")
@click.option(
    "--size",
    type=click.Choice(["small", "large"]),
    default="small",
    show_default=True,
    help="large: 5 000 spaces, 20 000 people and a million reservations over two years.",
)
@with_appcontext
def demo(if_empty: bool, size: str) -> None:
    """Fill an empty database with an invented technology park."""
    _refuse_where_it_is_real()
    try:
        loaded = loading.load(click.echo, web.settings().reminder_minutes)
    except loading.NotEmptyError as error:
        if not if_empty:
            raise click.ClickException(
                "The database is not empty. The demo park needs one of its own; --if-empty leaves"
                " it alone when there is something."
            ) from error
    else:
        click.echo("Messages and reminders ...")
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # of the proxy
        worker.until_nothing_is_due(app)
        if size == "large":
            loaded = _enlarge()
        click.echo(
            f"Loaded {loaded.resources} resources, {loaded.persons} people and"
            f" {loaded.reservations} reservations."
        )
    _show_sign_ins()


def _enlarge() -> loading.Loaded:
    label = "A million reservations"
    with click.progressbar(length=RESERVATIONS, label=label, show_pos=True) as bar:
        return loading.enlarge(bar.update)


def _refuse_where_it_is_real() -> None:
    settings = web.settings()
    if settings.production:
        raise click.ClickException("The demo park is never loaded in production.")
    if not settings.demo:
        raise click.ClickException("DEMO=0 is set: this installation is not a demo.")


def _show_sign_ins() -> None:
    is_demo = loading.is_loaded()
    end_reading()
    if not is_demo:
        click.echo("The database holds a park of its own; nothing was loaded.")
        return
    click.echo(f"\n  {web.settings().public_url}")
    click.echo(f"  Password of every account: {DEMO_PASSWORD}\n")
    with i18n.speaking(LANGUAGE):
        for account in DEMO_ACCOUNTS:
            click.echo(f"  {account.email:<34}{account.name:<20}{account.role_label}")
    click.echo()
