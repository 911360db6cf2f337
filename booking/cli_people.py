"""The `flask` commands for accounts, tokens and the first start."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from babel import UnknownLocaleError
from email_validator import EmailNotValidError, validate_email
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from booking import setup
from booking.core import i18n, web, zones
from booking.core.database import session, transaction
from booking.core.errors import FixedError, InvalidError, Problem
from booking.core.permissions import Given, Role, Scope
from booking.people import links, queries, service, tokens
from booking.people.models import PersonState
from booking.people.service import Newcomer
from booking.spaces import queries as spaces
from booking.spaces.models import Area, Building, Resource

person_commands = AppGroup("person", help="Accounts of persons.")
token_commands = AppGroup("token", help="API tokens.")


def register(app: Flask) -> None:
    """Add them to the application."""
    app.cli.add_command(person_commands)
    app.cli.add_command(token_commands)
    app.cli.add_command(set_up)


# --- persons and tokens ---


@person_commands.command("create")
@click.argument("email")
@click.option("--name", help="The name others see; else what stands before the @.")
@click.option("--language", type=click.Choice(list(i18n.LOCALES)), help="Of pages and mails.")
@click.option(
    "--grant",
    "grants",
    multiple=True,
    metavar="ROLE[:CODE]",
    help="operator, auditor, lab_manager:CODE of a space or an area, or reception:BUILDING;"
    " may be given several times.",
)
def create_person(
    email: str, name: str | None, language: str | None, grants: tuple[str, ...]
) -> None:
    """Make an account and print the link by which its person chooses a password."""
    newcomer = Newcomer(
        email=_checked_email(email),
        name=_checked_name(name or email.partition("@")[0]),
        language=language or web.settings().default_language,
        grants=tuple(_given(text) for text in grants),
    )
    with _refusals_in_words(), transaction():
        secret = links.make_link(service.create_person(newcomer))
    click.echo(f"{newcomer.email} has an account. {_link_sentence(secret)}")


@token_commands.command("create")
@click.argument("email")
@click.option("--scope", "words", required=True, metavar="SCOPES", help="read,write,decide,admin")
@click.option("--name", default="Command line", show_default=True, help="To recognise it by.")
def create_token(email: str, words: str, name: str) -> None:
    """Make an API token for a person and print it; nobody can read it again."""
    scopes = [_scope(word) for word in words.split(",")]
    person = queries.person_by_email(email)
    if person is None:
        raise click.ClickException(f"Nobody has the address {email}.")
    if person.state != PersonState.ACTIVE:
        raise click.ClickException(f"The account of {email} is closed.")
    with transaction():
        _, secret = tokens.make_token_for(person.id, name=_checked_name(name), scopes=scopes)
    click.echo(secret)


def _given(text: str) -> Given:
    """A grant as it is typed: a role, and what it is for."""
    word, _, code = text.partition(":")
    if word in {Role.OPERATOR, Role.AUDITOR} and not code:
        return Given(Role(word))
    if word == Role.LAB_MANAGER and code:
        return _lab_manager_of(code)
    if word == Role.RECEPTION and code:
        building_id = _id_of(Building.id, Building.code, code)
        if building_id is None:
            raise click.ClickException(f"No building has the code {code}.")
        return Given(Role.RECEPTION, building_id=building_id)
    raise click.ClickException(
        f"{text} is no grant. Use operator, auditor, lab_manager:CODE or reception:BUILDING."
    )


def _lab_manager_of(code: str) -> Given:
    resource_id = _id_of(Resource.id, Resource.code, code)
    area_id = _id_of(Area.id, Area.code, code)
    if resource_id is not None and area_id is not None:
        raise click.ClickException(f"Both a space and an area have the code {code}: rename one.")
    if resource_id is None and area_id is None:
        raise click.ClickException(f"No space and no area has the code {code}.")
    return Given(Role.LAB_MANAGER, resource_id=resource_id, area_id=area_id)


def _id_of(
    id_column: InstrumentedAttribute[int], code_column: InstrumentedAttribute[str], code: str
) -> int | None:
    return session().scalar(select(id_column).where(code_column == code))


def _scope(word: str) -> Scope:
    try:
        return Scope(word.strip())
    except ValueError as error:
        known = ",".join(Scope)
        raise click.ClickException(f"{word.strip()} is no scope. Use some of {known}.") from error


# --- the first start ---


@click.command("setup")
@click.option("--email", envvar="OPERATOR_EMAIL", help="Of the first operator.")
@with_appcontext
def set_up(email: str | None) -> None:
    """Make the first rows of a real park, and a link for its first operator. Can be run again."""
    if queries.has_demo_persons():
        raise click.ClickException(
            "This database holds the demo park, whose passwords everybody knows. Choose an empty"
            " one by DATABASE_URL (or by another INSTANCE folder) and start again."
        )
    settings = web.settings()
    try:
        made = setup.make_park(settings)
        has_moved = setup.follow_zone(settings)
    except (UnknownLocaleError, ValueError) as error:
        raise click.ClickException(
            f"SITE_COUNTRY is {settings.site_country}, which is no country's code."
        ) from error
    except zones.UnknownZoneError as error:
        raise click.ClickException(f"SITE_ZONE is {error.zone_name}: no such time zone.") from error
    except FixedError as error:
        raise click.ClickException(
            f"SITE_ZONE is {settings.site_zone}, and people have booked in the zone of the site,"
            f" {spaces.site_zone()}: it stays. Set SITE_ZONE={spaces.site_zone()}."
        ) from error
    click.echo(f"Made: {', '.join(made)}." if made else "The site is set up already.")
    if has_moved:
        click.echo(f"The site runs on {settings.site_zone} now.")
    _invite_operator(email)


def _invite_operator(email: str | None) -> None:
    operator = queries.operator_with_password()
    if operator is not None:
        click.echo(f"{operator} is operator and can sign in.")
        return
    if not email and sys.stdin.isatty():
        email = click.prompt("E-mail address of the first operator")
    if not email:
        click.echo("There is no operator yet. Run: flask setup --email you@your.domain")
        return
    secret = setup.invite_operator(_checked_email(email), web.settings().default_language)
    if secret is None:
        click.echo(f"{email} is operator now, with the password of that account.")
    else:
        click.echo(f"{email} becomes the first operator. {_link_sentence(secret)}")


# --- what commands share ---


def _checked_email(text: str) -> str:
    try:
        address = validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise click.ClickException(f"{text} is no e-mail address: {error}") from error
    return queries.normal_email(address)


def _checked_name(text: str) -> str:
    with _refusals_in_words():
        return tokens.checked_name(text)


def _link_sentence(secret: str) -> str:
    with current_app.test_request_context():
        address = web.public_url("sign_in.link", secret=secret)
    return (
        f"To choose a password, open this link within {links.GOOD_FOR.days} days;"
        f" it works once:\n{address}"
    )


@contextmanager
def _refusals_in_words() -> Iterator[None]:
    """What services refuse, as one line at the command line."""
    words = {
        ("email", Problem.REUSED): "This address already has an account.",
        ("name", Problem.MISSING): "The name is empty.",
        ("name", Problem.TOO_LONG): "The name is too long.",
    }
    try:
        yield
    except InvalidError as error:
        lines = [words.get(item, " ".join(item)) for item in error.fields.items()]
        raise click.ClickException(" ".join(lines)) from error
