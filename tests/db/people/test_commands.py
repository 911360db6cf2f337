"""The commands that make persons, tokens and the first rows, on both engines."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, update

from booking.core.database import session, transaction
from booking.core.permissions import Role
from booking.journal.models import JournalLine
from booking.people import links, queries, sign_in
from booking.people.models import Person, PersonState
from booking.policies.models import Policy
from booking.spaces.models import Hours, HoursSpan, Kind, Site
from config import Settings
from tests import make

LINK = re.compile(r"http://127\.0\.0\.1:8000/password/([\w-]{43})")


def run(app: Flask, *arguments: str, env: dict[str, str] | None = None) -> Result:
    result = app.test_cli_runner().invoke(args=list(arguments), env=env)
    session().expire_all()
    return result


def link_in(result: Result) -> str:
    found = LINK.search(result.output)
    assert found, result.output
    return found[1]


def use(app: Flask, monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    settings: Settings = app.extensions["booking"]
    changed = replace(settings, **changes)  # type: ignore[arg-type]  # texts, as the callers name
    monkeypatch.setitem(app.extensions, "booking", changed)


# --- person create ---


def test_a_person_is_made_with_a_link_for_the_password(app: Flask) -> None:
    result = run(
        app, "person", "create", "Lina@Example.com", "--name", "Lina Amrani", "--language", "ar"
    )
    assert result.exit_code == 0, result.output
    person = queries.person_by_email("lina@example.com")
    assert person is not None
    assert (person.name, person.language, person.password_hash) == ("Lina Amrani", "ar", None)
    assert links.invited_by(link_in(result)).email == "lina@example.com"
    lines = list(session().scalars(select(JournalLine.act).order_by(JournalLine.id)))
    assert lines == ["person_created", "link_made"]


def test_grants_name_what_they_are_for(app: Flask) -> None:
    lab = make.lab("LAB-7")
    area, building = make.area(code="NORTH"), make.building(code="B9")
    result = run(
        app,
        *("person", "create", "lina@example.com", "--grant", "operator", "--grant", "auditor"),
        *("--grant", "lab_manager:LAB-7", "--grant", "lab_manager:NORTH"),
        *("--grant", "reception:B9"),
    )
    assert result.exit_code == 0, result.output
    person = queries.person_by_email("lina@example.com")
    assert person is not None
    given = sign_in.load_actor(person).grants
    assert {(one.role, one.resource_id, one.area_id, one.building_id) for one in given} == {
        (Role.OPERATOR, None, None, None),
        (Role.AUDITOR, None, None, None),
        (Role.LAB_MANAGER, lab.resource_id, None, None),
        (Role.LAB_MANAGER, None, area.id, None),
        (Role.RECEPTION, None, None, building.id),
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody"], "nobody is no e-mail address"),
        (["salma@example.com"], "already has an account"),
        (["SALMA@example.com"], "already has an account"),
        (["x@example.com", "--grant", "king"], "king is no grant"),
        (["x@example.com", "--grant", "operator:X"], "operator:X is no grant"),
        (["x@example.com", "--grant", "lab_manager"], "lab_manager is no grant"),
        (["x@example.com", "--grant", "lab_manager:X"], "No space and no area has the code X"),
        (["x@example.com", "--grant", "reception:X"], "No building has the code X"),
        (["x@example.com", "--language", "de"], "Invalid value for '--language'"),
        (["x@example.com", "--name", " "], "The name is empty"),
    ],
)
def test_what_cannot_be_is_refused_in_words(app: Flask, arguments: list[str], said: str) -> None:
    run(app, "person", "create", "salma@example.com")
    result = run(app, "person", "create", *arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert queries.person_by_email("x@example.com") is None


# --- token create ---


def test_a_token_is_printed_once_and_works(app: Flask) -> None:
    run(app, "person", "create", "salma@example.com")
    result = run(app, "token", "create", "salma@example.com", "--scope", "read,write")
    assert result.exit_code == 0, result.output
    assert re.fullmatch(r"bk_[\w-]{43}\n", result.output)
    headers = {"Authorization": f"Bearer {result.output.strip()}"}
    with app.test_request_context("/", headers=headers) as context:
        found = sign_in.load_user(context.request)
    assert found is not None
    assert found.actor.email == "salma@example.com"
    assert found.actor.scopes == {"read", "write"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody@example.com", "--scope", "read"], "Nobody has the address"),
        (["salma@example.com", "--scope", "read,everything"], "everything is no scope"),
        (["salma@example.com", "--scope", ""], "is no scope"),
        (["salma@example.com"], "Missing option '--scope'"),
    ],
)
def test_a_token_is_refused_in_words(app: Flask, arguments: list[str], said: str) -> None:
    run(app, "person", "create", "salma@example.com")
    result = run(app, "token", "create", *arguments)
    assert result.exit_code != 0
    assert said in result.output


def test_a_closed_account_gets_no_token(app: Flask) -> None:
    run(app, "person", "create", "salma@example.com")
    with transaction() as current:
        current.execute(update(Person).values(state=PersonState.DEACTIVATED))
    result = run(app, "token", "create", "salma@example.com", "--scope", "read")
    assert (result.exit_code, "closed" in result.output) == (1, True)


# --- setup ---


def test_setup_makes_the_first_rows_once(app: Flask) -> None:
    first = run(app, "setup")
    assert (first.exit_code, "Made: site, kinds, features, policy, hours." in first.output) == (
        0,
        True,
    )
    again = run(app, "setup")
    assert (again.exit_code, "set up already" in again.output) == (0, True)
    site = session().scalars(select(Site)).one()
    assert (site.zone, site.weekend, site.first_weekday, site.currency, site.uid_domain) == (
        *("Africa/Casablanca", "5,6", 0, "MAD", "127.0.0.1"),
    )
    kinds = set(session().scalars(select(Kind.code)))
    assert kinds == {"desk", "lab", "training_room", "meeting_room", "private_office", "equipment"}
    assert len(list(session().scalars(select(Policy)))) == 1
    assert len(list(session().scalars(select(Hours)))) == 1
    spans = session().execute(select(HoursSpan.weekday, HoursSpan.opens, HoursSpan.closes))
    assert sorted(tuple(row) for row in spans) == [(day, 480, 1200) for day in range(5)]


def test_setup_follows_the_country_and_the_address(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(
        app,
        monkeypatch,
        site_country="EG",
        site_zone="Africa/Cairo",
        public_url="https://park.example.com",
    )
    assert run(app, "setup").exit_code == 0
    site = session().scalars(select(Site)).one()
    assert (site.weekend, site.first_weekday, site.uid_domain) == ("4,5", 5, "park.example.com")
    open_days = sorted(session().scalars(select(HoursSpan.weekday)))
    assert open_days == [0, 1, 2, 3, 6]


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("site_country", "QQ", "no country's code"),
        ("site_country", "../MA", "no country's code"),
        ("site_zone", "Mars/Olympus", "no such time zone"),
    ],
)
def test_setup_refuses_settings_that_cannot_be(
    app: Flask, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
) -> None:
    use(app, monkeypatch, **{setting: value})
    result = run(app, "setup")
    assert (result.exit_code, said in result.output) == (1, True)
    assert session().scalars(select(Site)).first() is None


def test_setup_moves_the_site_to_another_zone_until_somebody_has_booked(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make.desk()
    use(app, monkeypatch, site_zone="Africa/Cairo")
    result = run(app, "setup")
    assert (result.exit_code, "runs on Africa/Cairo now" in result.output) == (0, True)
    assert session().scalars(select(Site.zone)).one() == "Africa/Cairo"
    use(app, monkeypatch, site_zone="Mars/Olympus")
    assert "no such time zone" in run(app, "setup").output
    use(app, monkeypatch, site_zone="Africa/Casablanca")
    run(app, "setup")
    make.reservation(place=desk)
    use(app, monkeypatch, site_zone="Africa/Cairo")
    result = run(app, "setup")
    assert (result.exit_code, "Set SITE_ZONE=Africa/Casablanca." in result.output) == (1, True)
    assert session().scalars(select(Site.zone)).one() == "Africa/Casablanca"


def test_setup_without_an_address_says_what_to_do(app: Flask) -> None:
    result = run(app, "setup")
    assert (result.exit_code, "flask setup --email" in result.output) == (0, True)


def test_setup_invites_the_first_operator(app: Flask) -> None:
    result = run(app, "setup", env={"OPERATOR_EMAIL": "amine@example.com"})
    older = link_in(result)
    newer = link_in(run(app, "setup", "--email", "amine@example.com"))
    with pytest.raises(links.LinkOverError):
        links.invited_by(older)
    links.set_password(newer, "neuf tortues sous la pluie", device="", own_words=())
    person = queries.person_by_email("amine@example.com")
    assert person is not None
    assert [one.role for one in sign_in.load_actor(person).grants] == [Role.OPERATOR]
    done = run(app, "setup", "--email", "somebody@example.com")
    assert "amine@example.com is operator and can sign in." in done.output
    assert queries.person_by_email("somebody@example.com") is None


def test_setup_refuses_the_demos_database(app: Flask) -> None:
    make.person("Salma")
    with transaction() as current:
        current.execute(update(Person).values(is_demo=True))
    result = run(app, "setup")
    assert (result.exit_code, "demo park" in result.output) == (1, True)
    assert session().scalars(select(Site)).first() is None
