"""Forgotten passwords, invitations that are followed, browsers that are new; on both engines."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from booking.core import clock
from booking.core.database import session, transaction
from booking.core.permissions import Actor
from booking.messages.models import Message, MessageKind, MessageState
from booking.people import invitations, passwords
from booking.people.models import PasswordRequest, Person, PersonState
from tests import forms, make
from tests.mail_server import Inbox
from tests.working import Run, Told, inbox, run, told, use_mail

__all__ = ["inbox", "run", "told", "use_mail"]

OLD, NEW = "tagine et nuages violets", "neuf tortues sous la pluie"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/150.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/605.1"


@pytest.fixture(scope="module")
def hashed() -> str:
    return passwords.hash_password(OLD)


@pytest.fixture
def salma(app: Flask, hashed: str) -> Actor:
    return make.person("Salma", password_hash=hashed)


@pytest.fixture(autouse=True)
def english(client: FlaskClient) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"


def ask(client: FlaskClient, email: str) -> str:
    answer = forms.post(client, "/forgotten-password", email=email)
    assert answer.status_code == 200
    text = re.sub(r'value="[^"]*"', "", answer.text)  # tokens differ each time
    return text.replace(email, "")


def text_of(inbox: Inbox, number: int = -1) -> str:
    body = inbox.mails[number].get_body(("plain",))
    assert body
    text: str = body.get_content()
    return text


def path_in(text: str) -> str:
    found = re.search(r"/password/[\w-]{43}\b", text)
    assert found, text
    return found[0]


def sign_in(client: FlaskClient, who: Actor, password: str, browser: str) -> int:
    client.environ_base["HTTP_USER_AGENT"] = browser
    answer = forms.post(client, "/sign-in", email=who.email, password=password)
    return answer.status_code


def test_a_forgotten_password_is_replaced_and_every_session_ends(
    client: FlaskClient, salma: Actor, inbox: Inbox, run: Run
) -> None:
    thief = make.signed_in(client.application.test_client(), salma)
    assert "forgotten-password" in client.get("/sign-in").text
    ask(client, f" {salma.email.upper()} ")
    run()
    path = path_in(text_of(inbox))
    answer = forms.post(client, path, password=NEW, again=NEW, name="Not asked", language="ar")
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Salma" in client.get("/profile").text
    assert thief.get("/profile").status_code == 303
    assert client.get(path).status_code == 410
    run()
    assert "Your account has a new password." in text_of(inbox)
    other = client.application.test_client()
    assert sign_in(other, salma, OLD, FIREFOX) == 422
    assert sign_in(other, salma, NEW, FIREFOX) == 303


def test_the_answer_is_the_same_with_an_account_and_without(
    client: FlaskClient, salma: Actor, hashed: str, run: Run, told: Told
) -> None:
    closed = make.person(password_hash=hashed)
    with transaction() as current:
        current.execute(
            update(Person)
            .where(Person.id == closed.person_id)
            .values(state=PersonState.DEACTIVATED)
        )
    answers = {ask(client, email) for email in (salma.email, closed.email, "no@example.com")}
    assert len(answers) == 1
    assert told() == []  # nothing is decided before the worker comes
    assert run().events == 3
    assert [(one.recipient_id, one.kind) for one in told()] == [
        (salma.person_id, MessageKind.PASSWORD_RESET)
    ]
    assert session().scalar(select(func.count()).select_from(PasswordRequest)) == 0


def test_an_hour_later_the_link_is_over_and_a_newer_one_ends_an_older(
    client: FlaskClient, salma: Actor, inbox: Inbox, run: Run
) -> None:
    for _ in range(2):
        ask(client, salma.email)
        run()
    first, second = (path_in(text_of(inbox, number)) for number in (0, 1))
    assert client.get(first).status_code == 410
    assert "/forgotten-password" in client.get(first).text
    with clock.frozen_at(clock.now() + timedelta(minutes=59)):
        assert client.get(second).status_code == 200
    with clock.frozen_at(clock.now() + timedelta(minutes=60)):
        assert client.get(second).status_code == 410


@pytest.mark.parametrize("email", ["person1@example.com", "nobody@example.com"])
def test_three_an_hour_for_a_mailbox(client: FlaskClient, salma: Actor, email: str) -> None:
    for _ in range(3):
        ask(client, email)
    answer = forms.post(client, "/forgotten-password", email=email)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert email in answer.text
    ask(client, "other@example.com")


@pytest.mark.parametrize("email", ["", "salma", "a\x00b@example.com", "x" * 300 + "@example.com"])
def test_what_is_no_address_is_said_beside_the_field(
    client: FlaskClient, app: Flask, email: str
) -> None:
    answer = forms.post(client, "/forgotten-password", email=email)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


def test_who_is_invited_corrects_their_name_chooses_a_language_and_comes_in(
    client: FlaskClient, inbox: Inbox, run: Run
) -> None:
    made = invitations.invite(make.operator(), "lina@example.com", "Lina Amrani", "ar")
    run()
    path = path_in(text_of(inbox))
    page = client.get(path)
    assert '<html lang="ar" dir="rtl"' in page.text
    assert 'value="Lina Amrani"' in page.text
    for fields in ({"name": ""}, {"name": "x" * 121}, {"language": "de"}):
        refused = forms.post(
            client,
            path,
            **{"name": "Lina", "language": "fr", "password": NEW, "again": NEW, **fields},
        )
        assert refused.status_code == 422, fields
    forms.post(client, path, name="Lina El Amrani", language="fr", password=NEW, again=NEW)
    profile = client.get("/profile").text
    assert "Lina El Amrani" in profile
    assert '<html lang="fr"' in profile
    assert make.actor(made.person_id).language == "fr"
    assert len(inbox.mails) == 1  # nobody is told of a first password
    assert run().events == 0


def test_an_invitation_that_is_over_is_asked_for_again_like_a_password(
    client: FlaskClient, inbox: Inbox, run: Run
) -> None:
    invitations.invite(make.operator(), "lina@example.com", "Lina", "en")
    run()
    with clock.frozen_at(clock.now() + timedelta(days=7)):
        over = client.get(path_in(text_of(inbox)))
        assert over.status_code == 410
        assert 'href="/forgotten-password"' in over.text
        ask(client, "lina@example.com")
        run()
        assert "seven" not in text_of(inbox)
        assert 'name="language"' in client.get(path_in(text_of(inbox))).text


def test_a_new_browser_is_told_of_but_not_the_first_nor_one_that_is_known(
    client: FlaskClient, salma: Actor, inbox: Inbox, run: Run
) -> None:
    for browser in (FIREFOX, FIREFOX, SAFARI, SAFARI):
        assert sign_in(client.application.test_client(), salma, OLD, browser) == 303
    run()
    assert len(inbox.mails) == 1
    text = text_of(inbox)
    assert "Safari · iPhone" in text
    assert "Mon 5 Oct at 08:00" in text  # the site's clock
    assert "/profile#sessions" in text


def test_the_operator_hands_a_link_over_only_where_no_mail_server_is_set(
    client: FlaskClient, run: Run, told: Told
) -> None:
    operator = make.operator()
    invitations.invite(operator, "lina@example.com", "Lina", "en")
    make.signed_in(client, operator)
    (planned,) = told(MessageKind.INVITATION)
    assert "/password/*****" in client.get(f"/operator/messages/{planned.id}").text
    run()
    page = f"/operator/messages/{planned.id}"
    path = path_in(client.get(page).text)
    assert path in client.get(f"{page}/html").text
    stored = session().scalars(select(Message)).one()
    assert stored.state is MessageState.KEPT
    assert path not in f"{stored.text}{stored.html}"
    forms.post(
        client.application.test_client(), path, name="Lina", language="fr", password=NEW, again=NEW
    )
    assert path not in client.get(page).text


def test_the_operator_never_reads_a_link_that_goes_out_by_mail(
    client: FlaskClient, salma: Actor, inbox: Inbox, run: Run, told: Told
) -> None:
    make.signed_in(client, make.operator())
    ask(client.application.test_client(), salma.email)
    run()
    path = path_in(text_of(inbox))
    (message,) = told(MessageKind.PASSWORD_RESET)
    for page in (f"/operator/messages/{message.id}", f"/operator/messages/{message.id}/html"):
        assert path not in client.get(page).text
