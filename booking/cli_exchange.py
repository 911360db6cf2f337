"""The `flask import` and `flask export` commands: the operator's pages of files, by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import BinaryIO

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy import select

from booking.audit import queries as audit
from booking.audit import views as journal
from booking.core import csv_text, i18n
from booking.core.database import session
from booking.core.errors import InvalidError
from booking.core.permissions import Actor, Role
from booking.exchange import export, service, words
from booking.exchange.export import Export
from booking.exchange.forms import limits_from
from booking.exchange.planning import Line, Outcome
from booking.exchange.rules import FileError, Subject
from booking.exchange.service import NotReadyError
from booking.people import queries, sign_in
from booking.people.models import Grant, Person, PersonState

LANGUAGE = "en"  # of the commands
JOURNAL = "journal"
MOST_SHOWN = 200


def register(app: Flask) -> None:
    """Add them to the application."""
    app.cli.add_command(import_file)
    app.cli.add_command(export_file)


@click.command("import")
@click.argument("kind", type=click.Choice([subject.value for subject in Subject]))
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only say what each line would do.")
@click.option("--as", "email", metavar="EMAIL", help="The operator who does it; else the first.")
@with_appcontext
def import_file(kind: str, file: BinaryIO, dry_run: bool, email: str | None) -> None:
    """Bring a CSV file into the park: all of it, or nothing where a line is wrong."""
    actor = _operator(email)
    with i18n.speaking(LANGUAGE):
        try:
            report = service.try_out(actor, Subject(kind), file.read())
        except FileError as error:
            raise click.ClickException(words.file_problem(error)) from error
        for line in _told(report.lines):
            click.echo(line)
        counts = report.counts
        click.echo(", ".join(f"{counts[one]} {one.value}" for one in Outcome))
        if counts[Outcome.ERROR]:
            raise click.ClickException("Nothing was imported: correct the lines that are wrong.")
        if dry_run or not report.is_ready:
            return
        try:
            service.carry_out(actor, report.public_id)
        except (NotReadyError, InvalidError) as error:
            raise click.ClickException("Nothing was imported: the park has changed.") from error
        click.echo("Imported.")


@click.command("export")
@click.argument("kind", type=click.Choice([*(what.value for what in Export), JOURNAL]))
@click.option("--from", "since", default="", metavar="DAY", help="Reservations from this day on.")
@click.option("--to", "until", default="", metavar="DAY", help="Reservations until this day.")
@click.option("--resource", default="", metavar="CODE", help="Reservations of this space.")
@click.option("--as", "email", metavar="EMAIL", help="The operator who does it; else the first.")
@with_appcontext
def export_file(kind: str, since: str, until: str, resource: str, email: str | None) -> None:
    """Write a CSV file to standard output."""
    actor = _operator(email)
    with i18n.speaking(LANGUAGE):
        try:
            limits = limits_from(since, until, resource)
            rows: export.Rows
            if kind == JOURNAL:
                search = audit.Search(since=limits.since, until=limits.until)
                rows = journal.rows(audit.find_all(actor, search))
            else:
                rows = export.rows(actor, Export(kind), limits)
        except InvalidError as error:
            raise click.ClickException(f"Not usable: {', '.join(error.fields)}.") from error
        for piece in csv_text.octets(rows):
            sys.stdout.buffer.write(piece)


def _told(lines: tuple[Line, ...]) -> Iterator[str]:
    """What is wrong first; of the others the first few."""
    wrong = [line for line in lines if line.outcome is Outcome.ERROR]
    others = [line for line in lines if line.outcome is not Outcome.ERROR]
    for line in (wrong + others)[:MOST_SHOWN]:
        problems = "; ".join(
            f"{column}: {words.problem(column, problem)}"
            for column, problem in line.problems.items()
        )
        yield f"line {line.number}  {line.outcome.value:9}  {line.key}  {problems}".rstrip()
    if len(lines) > MOST_SHOWN:
        yield f"… and {len(lines) - MOST_SHOWN} more"


def _operator(email: str | None) -> Actor:
    """Whoever does it; the journal names them."""
    person = queries.person_by_email(email) if email else _first_operator()
    if person is None:
        raise click.ClickException("There is no such operator. Make one: flask person create.")
    actor = sign_in.load_actor(person)
    if not actor.has(Role.OPERATOR):
        raise click.ClickException(f"{person.email} is no operator.")
    return actor


def _first_operator() -> Person | None:
    operators = (
        select(Person)
        .join(Grant, Grant.person_id == Person.id)
        .where(Grant.role == Role.OPERATOR, Person.state == PersonState.ACTIVE)
        .order_by(Person.id)
        .limit(1)
    )
    return session().scalars(operators).first()
