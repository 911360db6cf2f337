"""Following a one-time link in a browser, on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn

import pytest
from flask.testing import FlaskClient

from booking.core import clock
from booking.core.database import transaction
from booking.core.permissions import Actor
from booking.people import links, queries
from tests import forms, make

PASSWORD = "neuf tortues sous la pluie"


@pytest.fixture
def path(client: FlaskClient) -> str:
    person: Actor = make.person("Salma <b>")
    with transaction():
        secret = links.make_link(queries.person_by_id(person.person_id))
    return f"/password/{secret}"


def test_a_link_shows_for_whom_sets_the_password_and_signs_in(
    client: FlaskClient, path: str
) -> None:
    page = client.get(path)
    assert page.status_code == 200
    assert "Salma &lt;b&gt;" in page.text
    assert "person1@example.com" in page.text
    answer = forms.post(client, path, password=PASSWORD, again=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/profile").status_code == 200


def test_a_failure_of_our_own_keeps_the_secret_and_can_be_found_in_the_log(
    client: FlaskClient,
    path: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_secret: str) -> NoReturn:
        raise LookupError("a bug")

    monkeypatch.setattr(links, "invited_by", fail)
    monkeypatch.setitem(client.application.config, "PROPAGATE_EXCEPTIONS", False)
    answer = client.get(path)
    assert answer.status_code == 500
    assert path.rpartition("/")[2] not in caplog.text
    (said,) = (one.getMessage() for one in caplog.records if one.levelname == "ERROR")
    assert said.startswith("an error in sign_in.link, reference ")
    assert said.rpartition(" ")[2] in answer.text


def test_looking_at_a_link_uses_nothing_up(client: FlaskClient, path: str) -> None:
    for _ in range(3):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert client.get("/profile").status_code == 303


def test_a_used_link_is_gone_and_shows_the_way_out(client: FlaskClient, path: str) -> None:
    token = forms.token(client, path)
    forms.post(client, path, password=PASSWORD, again=PASSWORD)
    other = client.application.test_client()
    assert token
    for answer in (other.get(path), forms.post(other, "/sign-in", path, password=PASSWORD)):
        assert answer.status_code == 410
        assert 'href="/sign-in"' in answer.text
    assert other.get("/profile").status_code == 303


def test_an_old_link_is_gone(client: FlaskClient, path: str) -> None:
    with clock.frozen_at(clock.now() + links.GOOD_FOR + timedelta(seconds=1)):
        assert client.get(path).status_code == 410


@pytest.mark.parametrize("secret", ["x", "%00", "%ff", "x" * 1000, "%ED%A0%80"])
def test_what_never_was_a_link_is_not_found(client: FlaskClient, secret: str) -> None:
    assert client.get(f"/password/{secret}").status_code == 404


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("", "", "Enter a new password."),
        ("short", "short", "at least 12 characters"),
        ("password1234", "password1234", "easy to guess"),
        ("technology park!", "technology park!", "easy to guess"),
        (PASSWORD, "neuf tortues", "The two passwords are not the same."),
    ],
)
def test_a_refused_password_can_be_tried_again(
    client: FlaskClient, path: str, password: str, again: str, said: str
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    answer = forms.post(client, path, password=password, again=again)
    assert answer.status_code == 422
    assert said in answer.text
    assert not password or f'value="{password}"' not in answer.text
    assert client.get("/profile").status_code == 303
    assert forms.post(client, path, password=PASSWORD, again=PASSWORD).status_code == 303


def test_the_address_of_a_link_is_told_to_nobody(client: FlaskClient, path: str) -> None:
    """With https the CSRF check wants an origin: so the site is named, and not the page."""
    headers = client.get(path).headers
    assert headers["Referrer-Policy"] == "strict-origin"
    assert headers["Cache-Control"] == "no-store"


def test_without_a_csrf_token_the_password_is_not_set(client: FlaskClient, path: str) -> None:
    client.post(path, data={"password": PASSWORD, "again": PASSWORD})
    assert client.get("/profile").status_code == 303
    assert client.get(path).status_code == 200
