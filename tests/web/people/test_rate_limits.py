"""What strangers and members hear when they try too often, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking.core import clock
from booking.core.permissions import Actor, Scope
from booking.people import passwords
from booking.reservations.models import State
from tests import forms, make

PASSWORD = "tagine et nuages violets"
Limited = Callable[..., None]


@pytest.fixture(scope="module")
def hashed() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def salma(app: Flask, hashed: str) -> Actor:
    return make.person("Salma", password_hash=hashed)


@pytest.fixture
def limited(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Limited:
    def limit(**limits: int) -> None:
        settings = app.extensions["booking"]
        changed = replace(settings, limits=replace(settings.limits, **limits))
        monkeypatch.setitem(app.extensions, "booking", changed)

    return limit


def sign_in(client: FlaskClient, email: str, password: str = "") -> TestResponse:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return forms.post(client, "/sign-in", email=email, password=password or "wrong")


@pytest.mark.parametrize("email", ["person1@example.com", "nobody@example.com"])
def test_after_five_wrong_passwords_an_account_waits_whether_or_not_it_exists(
    client: FlaskClient, salma: Actor, email: str
) -> None:
    assert [sign_in(client, email).status_code for _ in range(5)] == [422] * 5
    answer = sign_in(client, f" {email.upper()} ", PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert "You can try again in 15 minutes." in answer.text
    assert email.upper() in answer.text
    assert PASSWORD not in answer.text
    with clock.frozen_at(clock.now() + timedelta(minutes=15)):
        later = sign_in(client, email, PASSWORD)
        assert later.status_code == (303 if email == salma.email else 422)


def test_the_right_password_begins_anew(client: FlaskClient, salma: Actor) -> None:
    for _ in range(3):
        assert [sign_in(client, salma.email).status_code for _ in range(4)] == [422] * 4
        assert sign_in(client.application.test_client(), salma.email, PASSWORD).status_code == 303


def test_an_address_has_a_limit_of_its_own_which_good_sign_ins_do_not_use_up(
    client: FlaskClient, salma: Actor, limited: Limited
) -> None:
    limited(sign_ins_from_an_address=3)
    for _ in range(4):
        assert sign_in(client.application.test_client(), salma.email, PASSWORD).status_code == 303
    for number in range(3):
        assert sign_in(client, f"nobody{number}@example.com").status_code == 422
    assert sign_in(client, salma.email, PASSWORD).status_code == 429
    client.environ_base["REMOTE_ADDR"] = "127.0.0.2"
    assert sign_in(client, salma.email, PASSWORD).status_code == 303


def test_writing_reservations_has_a_limit_for_pages_and_api_together(
    client: FlaskClient, salma: Actor, limited: Limited
) -> None:
    limited(booking_writes_of_a_person=2)
    make.signed_in(client, salma)
    headers = {**make.bearer(salma), "Accept-Language": "en"}
    assert client.post("/api/v1/reservations", json={}, headers=headers).status_code == 422
    assert forms.post(client, "/profile", "/book").status_code in {422, 404, 303}
    answer = client.post("/api/v1/reservations", json={}, headers=headers)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert answer.json
    assert answer.json["code"] == "too_many"
    page = forms.post(client, "/profile", "/book")
    assert page.status_code == 429
    assert "1 minute" in page.text
    assert client.get("/book").status_code == 200
    other = make.bearer(make.person())
    assert client.post("/api/v1/reservations", json={}, headers=other).status_code == 422


def test_decisions_and_questions_share_a_limit_and_each_of_several_counts(
    client: FlaskClient, limited: Limited
) -> None:
    limited(decisions_of_a_person=3)
    lab = make.lab(under=make.policy(needs_approval=True))
    manager = make.lab_manager(lab)
    first, second, third, last = (
        make.reservation(place=lab, starts_at=make.at(hour)).public_id for hour in (9, 11, 13, 15)
    )
    headers = make.bearer(manager, Scope.READ, Scope.DECIDE)

    def send(to: str, **body: object) -> int:
        return client.post(f"/api/v1/{to}", json=body, headers=headers).status_code

    several = [{"id": one, "decision": "approve", "version": 1} for one in (first, second, third)]
    assert send(f"reservations/{last}/ask", question="What for?") == 200
    assert send("approvals/decide", decisions=several) == 429
    assert make.details(first).state is State.PENDING  # all or none
    assert send("approvals/decide", decisions=several[:2]) == 200
    assert send(f"reservations/{third}/approve", version=1) == 429
    make.signed_in(client, manager)
    page = f"/approvals/{third}"
    assert forms.post(client, page, f"{page}/approve", version=1).status_code == 429
    with clock.frozen_at(clock.now() + timedelta(minutes=2)):
        assert send(f"reservations/{third}/approve", version=1) == 200


def test_without_a_csrf_token_nothing_is_counted(
    client: FlaskClient, salma: Actor, limited: Limited
) -> None:
    limited(booking_writes_of_a_person=1)
    make.signed_in(client, salma)
    for _ in range(3):
        assert client.post("/book").status_code == 303
    assert forms.post(client, "/profile", "/book").status_code != 429
