"""Signing in and out in a browser, on both engines."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from booking.core import clock
from booking.core.database import session, transaction
from booking.core.permissions import Actor, Scope
from booking.journal.models import JournalLine
from booking.people import passwords, sessions
from booking.people import sign_in as people_sign_in
from booking.people.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from booking.people.models import BrowserSession, Person, PersonState
from tests import forms, make

PASSWORD = "tagine et nuages violets"
HOSTILE = [
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "\t//evil.test",
    " /profile",
    "https://evil.test/",
    "https:evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.test",
    "/é",
    "/%0d%0aX: y\r\nX: y",
    "/profile\x00",
    "",
]


@pytest.fixture(scope="module")
def hashed() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def salma(app: Flask, hashed: str) -> Actor:
    return make.person("Salma", password_hash=hashed)


def sign_in(client: FlaskClient, who: Actor, password: str = PASSWORD, **more: str) -> TestResponse:
    return forms.post(client, "/sign-in", email=who.email, password=password, **more)


def sid(client: FlaskClient) -> str:
    cookie = client.get_cookie("sid")
    return cookie.value if cookie else ""


def is_in(client: FlaskClient) -> bool:
    return client.get("/profile").status_code == 200


def count(model: type[BrowserSession] | type[JournalLine]) -> int:
    return session().scalar(select(func.count()).select_from(model)) or 0


def set_person(**values: object) -> None:
    with transaction() as current:
        current.execute(update(Person).values(values))


def test_signing_in_leads_to_where_one_wanted_to_go(client: FlaskClient, salma: Actor) -> None:
    asked = client.get("/profile")
    assert (asked.status_code, asked.location) == (303, "/sign-in?next=/profile")
    answer = sign_in(client, salma, next="/profile")
    assert (answer.status_code, answer.location) == (303, "/profile")
    assert is_in(client)
    again = client.get("/sign-in?next=/profile")
    assert (again.status_code, again.location) == (303, "/profile")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: FlaskClient, salma: Actor
) -> None:
    header = next(
        line for line in sign_in(client, salma).headers.getlist("Set-Cookie") if "sid=" in line
    )
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Path=/" in header
    assert "Secure" not in header  # plain http on a laptop could not send it back
    assert "Domain" not in header


def test_with_https_the_cookie_is_secure_and_bound_to_the_host(
    app: Flask, client: FlaskClient, salma: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    https = replace(app.extensions["booking"], public_url="https://localhost")
    monkeypatch.setitem(app.extensions, "booking", https)
    answer = sign_in(client, salma)
    header = next(line for line in answer.headers.getlist("Set-Cookie") if "sid=" in line)
    assert header.startswith("__Host-sid=")
    assert "Secure" in header
    assert "Path=/" in header
    assert client.get("/profile", base_url="https://localhost").status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [("salma", "wrong"), ("nobody@example.com", PASSWORD), ("a\0b@example.com", PASSWORD)],
)
def test_a_wrong_sign_in_says_the_same_for_everybody(
    client: FlaskClient, salma: Actor, email: str, password: str
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    email = salma.email if email == "salma" else email
    answer = forms.post(client, "/sign-in", email=email, password=password)
    assert answer.status_code == 422
    assert "The e-mail address or the password is not right." in answer.text
    assert password not in answer.text
    assert not sid(client)
    assert not is_in(client)


def test_what_was_typed_stays_but_never_the_password(client: FlaskClient, salma: Actor) -> None:
    answer = forms.post(
        client, "/sign-in", email='<b>"x', password="my secret words", next="/planning?floor=1"
    )
    assert 'value="&lt;b&gt;&#34;x"' in answer.text
    assert "my secret words" not in answer.text
    assert 'value="/planning?floor=1"' in answer.text


def test_an_empty_form_names_its_fields(client: FlaskClient, app: Flask) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    answer = forms.post(client, "/sign-in", email="", password="")
    assert answer.status_code == 422
    assert "Enter your e-mail address." in answer.text
    assert "Enter your password." in answer.text
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize("target", HOSTILE)
def test_no_target_leads_away_from_the_site(client: FlaskClient, salma: Actor, target: str) -> None:
    assert sign_in(client, salma, next=target).location == "/"
    again = client.get("/sign-in", query_string={"next": target})
    assert (again.status_code, again.location) == (303, "/")


def test_a_cookie_known_before_sign_in_opens_nothing_after_it(
    client: FlaskClient, salma: Actor
) -> None:
    client.set_cookie("sid", "chosen-by-somebody-else")
    sign_in(client, salma)
    assert sid(client) != "chosen-by-somebody-else"
    thief = client.application.test_client()
    thief.set_cookie("sid", "chosen-by-somebody-else")
    assert not is_in(thief)


def test_every_sign_in_has_a_new_secret_and_ends_the_one_before(
    client: FlaskClient, salma: Actor
) -> None:
    page = forms.token(client, "/sign-in")
    sign_in(client, salma)
    first = sid(client)
    fields = {"email": salma.email, "password": PASSWORD}
    stale = client.post("/sign-in", data={**fields, "csrf_token": page})
    assert sid(client) == first  # the token from before sign-in is worth nothing after it
    assert stale.status_code == 303
    fresh = forms.token(client, "/profile")
    client.post("/sign-in", data={**fields, "csrf_token": fresh})
    assert sid(client) not in {"", first}
    copy = client.application.test_client()
    copy.set_cookie("sid", first)
    assert not is_in(copy)


def test_a_copied_cookie_is_nobody_after_sign_out(client: FlaskClient, salma: Actor) -> None:
    sign_in(client, salma)
    secret = sid(client)
    answer = forms.post(client, "/profile", "/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert not sid(client)
    assert "You are signed out." in client.get("/sign-in").text
    client.set_cookie("sid", secret)
    assert not is_in(client)
    assert client.get("/api/v1/me").status_code == 401


def test_signing_out_of_nothing_is_no_error(client: FlaskClient, app: Flask) -> None:
    assert forms.post(client, "/sign-in", "/sign-out").status_code == 303


def test_without_a_csrf_token_nothing_happens(client: FlaskClient, salma: Actor) -> None:
    fields = {"email": salma.email, "password": PASSWORD}
    for data in (fields, {**fields, "csrf_token": "guessed"}):
        assert client.post("/sign-in", data=data).status_code == 303
    assert count(BrowserSession) == 0
    sign_in(client, salma)
    before = count(JournalLine)
    for path in (
        "/sign-out",
        "/profile/password",
        "/profile/feeds",
        "/profile/tokens",
        "/profile/language",
        "/profile/sessions/end-others",
        "/language",
        "/theme",
    ):
        answer = client.post(path, data={"language": "ar", "theme": "dark", "name": "x"})
        assert answer.status_code == 303, path
    assert count(JournalLine) == before
    assert is_in(client)
    assert '<html lang="en" dir="ltr">' in client.get("/profile").text


def test_deactivated_persons_are_nobody_at_once(client: FlaskClient, salma: Actor) -> None:
    sign_in(client, salma)
    headers = make.bearer(salma, Scope.READ)
    set_person(state=PersonState.DEACTIVATED)
    assert not is_in(client)
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert sign_in(client, salma).status_code == 422


def test_the_demos_persons_are_nobody_in_production(
    app: Flask, client: FlaskClient, salma: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_person(is_demo=True)
    sign_in(client, salma)
    headers = make.bearer(salma, Scope.READ)
    assert is_in(client)
    production = replace(app.extensions["booking"], production=True)
    monkeypatch.setitem(app.extensions, "booking", production)
    assert not is_in(client)
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert sign_in(client, salma).status_code == 422


def test_a_session_ends_after_its_longest_time(client: FlaskClient, salma: Actor) -> None:
    sign_in(client, salma)
    secret = sid(client)
    with clock.frozen_at(clock.now() + sessions.LONGEST):
        client.set_cookie("sid", secret)
        assert not is_in(client)


def test_the_demo_offers_its_accounts_and_nothing_else_does(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DEMO_PASSWORD not in client.get("/sign-in").text
    demo = replace(app.extensions["booking"], demo=True)
    monkeypatch.setitem(app.extensions, "booking", demo)
    page = client.get("/sign-in").text
    for account in DEMO_ACCOUNTS:
        assert account.name in page
        assert f'value="{account.email}"' in page
    assert page.count(f'value="{DEMO_PASSWORD}"') == len(DEMO_ACCOUNTS)


# --- a database in trouble ---


def _in_trouble(*_args: object, **_values: object) -> NoReturn:
    raise OperationalError("", {}, sqlite3.OperationalError("database or disk is full"))


@pytest.mark.parametrize("path", ["/", "/planning", "/sign-in", "/api/v1/me"])
def test_without_its_database_a_page_of_somebody_asks_to_come_back(
    client: FlaskClient, salma: Actor, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    make.signed_in(client, salma)
    monkeypatch.setattr(people_sign_in, "execute", _in_trouble)
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_who_can_only_read_still_enters(
    client: FlaskClient, salma: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.desk()
    make.signed_in(client, salma)
    headers = make.bearer(salma)
    monkeypatch.setattr(people_sign_in, "transaction", _in_trouble)
    with clock.frozen_at(clock.now() + people_sign_in.SEEN_EVERY):
        assert client.get("/planning").status_code == 200
        assert client.get("/api/v1/me", headers=headers).status_code == 200


# --- a form that was open for too long ---


@pytest.mark.parametrize(
    ("path", "came_from", "page"),
    [
        ("/profile/password", "", "/profile/password"),
        ("/profile/language", "http://localhost/profile?x=1", "/profile"),
        ("/profile/language", "http://evil.test/planning", "/"),
        ("/profile/language", "http://localhost//evil.test/", "/"),
        ("/sign-out", "", "/"),
    ],
)
def test_a_form_without_a_good_token_leads_to_a_page_that_can_be_read(
    client: FlaskClient, salma: Actor, path: str, came_from: str, page: str
) -> None:
    make.signed_in(client, salma)
    answer = client.post(path, headers={"Referer": came_from} if came_from else {})
    assert (answer.status_code, answer.location) == (303, page)
    assert client.get(page).status_code == 200


# --- language and theme ---


def test_the_language_can_be_chosen_before_sign_in_and_stays(
    client: FlaskClient, salma: Actor
) -> None:
    answer = forms.post(client, "/sign-in", "/language", language="ar", next="/sign-in?next=/x")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/x")
    assert '<html lang="ar" dir="rtl"' in client.get("/sign-in").text
    sign_in(client, salma)
    assert '<html lang="ar" dir="rtl"' in client.get("/profile").text
    forms.post(client, "/profile", "/sign-out")
    assert '<html lang="ar" dir="rtl"' in client.get("/sign-in").text


def test_the_theme_is_kept(client: FlaskClient, app: Flask) -> None:
    assert "data-theme" not in client.get("/sign-in").text
    forms.post(client, "/sign-in", "/theme", theme="dark")
    assert 'data-theme="dark"' in client.get("/sign-in").text


@pytest.mark.parametrize("value", ["", "de", "xx\0", "<b>"])
def test_an_unknown_choice_changes_nothing(client: FlaskClient, app: Flask, value: str) -> None:
    forms.post(client, "/sign-in", "/language", language=value)
    forms.post(client, "/sign-in", "/theme", theme=value)
    assert '<html lang="fr" dir="ltr">' in client.get("/sign-in").text


@pytest.mark.parametrize("target", HOSTILE)
def test_choices_do_not_lead_away_either(client: FlaskClient, app: Flask, target: str) -> None:
    for path, field in (("/language", "language"), ("/theme", "theme")):
        answer = forms.post(client, "/sign-in", path, next=target, **{field: "fr"})
        assert answer.location == "/"
