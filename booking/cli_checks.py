"""The commands that look after an installation: `verify`, `doctor`, `retention`, `tz-reproject`."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import with_appcontext

from booking.checks import condition, promises
from booking.core import zones
from booking.core.database import end_reading
from booking.privacy import retention as kept
from booking.reservations import reprojection

PROMISES = {
    promises.Promise.OVERLAPS: "overlapping claims",
    promises.Promise.DEAD_CLAIMS: "orphans: claims whose owner is gone or no longer live",
    promises.Promise.MISSING_CLAIMS: "orphans: reservations that nothing keeps a place for",
    promises.Promise.WRONG_CLAIMS: "orphans: claims at another time or place than their owner",
    promises.Promise.WRONG_CLOSURES: "orphans: closures at another time or place than theirs",
    promises.Promise.DEAD_HOLDS: "orphans: places held for nothing that still waits",
    promises.Promise.DEAD_CHANGES: "orphans: changes waiting for what is no longer confirmed",
    promises.Promise.EMPTY_OFFERS: "orphans: places offered to whoever waited that nothing holds",
    promises.Promise.EMPTY_REPLACEMENTS: "orphans: replacements of which nothing holds a place",
    promises.Promise.UNSENT: "messages due over five minutes ago and still not out",
    promises.Promise.SET_ASIDE: "events that could not be handled and were set aside",
}


def register(app: Flask) -> None:
    """Add them to the application."""
    for command in (verify, doctor, retention, tz_reproject):
        app.cli.add_command(command)


@click.command()
@with_appcontext
def verify() -> None:
    """Count overlaps, orphans and unsent messages; exit 1 on any."""
    report = promises.verify()
    end_reading()
    for finding in report.findings:
        line = f"{finding.count:>6}  {PROMISES[finding.promise]}"
        click.echo(line + (f" ({', '.join(finding.examples)})" if finding.examples else ""))
    for name in report.over_quota:
        click.echo(f"  note  over a quota, which nobody takes away: {name}")
    click.echo("\nWhat the database itself holds against overlaps:")
    for name, definition in sorted(report.guard.definitions.items()):
        click.echo(f"  {name}: {' '.join(definition.split())}")
    if not report.guard.is_whole:
        click.echo("  The guard is missing or was changed.", err=True)
    sys.exit(0 if report.is_clean else 1)


@click.command()
@with_appcontext
def doctor() -> None:
    """Look at the installation and say what to do; exit 1 when something has to be done."""
    symptoms = condition.examine()
    end_reading()
    for symptom in symptoms:
        mark = "ok " if symptom.is_well else "-> "
        click.echo(f"{mark} {symptom.name + ':':<15}{symptom.found}")
        if symptom.advice:
            click.echo(f"    {'':<15}{symptom.advice}")
    sys.exit(0 if all(symptom.is_well for symptom in symptoms) else 1)


@click.command("tz-reproject")
@click.option("--dry-run", is_flag=True, help="Say what would be moved and write nothing.")
@with_appcontext
def tz_reproject(dry_run: bool) -> None:
    """Move future reservations after a zone's rule changed: their local times stay as booked."""
    report = reprojection.reproject(dry_run=dry_run)
    would = "would be " if dry_run else ""
    click.echo(
        f"tzdata {zones.version()}: {report.moved} {would}moved,"
        f" {report.stamped} {would}confirmed at the same instant."
    )
    for conflict in report.conflicts:
        what = f"{conflict.resource_code}: {conflict.reference}"
        when = f"{conflict.local_start:%Y-%m-%d %H:%M}"
        click.echo(f"  {what} at {when} cannot be moved: {conflict.cause.value}")
    sys.exit(1 if report.conflicts else 0)


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be taken away and change nothing.")
@with_appcontext
def retention(dry_run: bool) -> None:
    """Take away personal data whose time is over; the worker does it once a day."""
    done = kept.run(dry_run=dry_run)
    end_reading()
    for name, count in done.counts.items():
        click.echo(f"{count:>6}  {name}")
    click.echo("Nothing was changed." if dry_run else f"{done.total} taken away.")
