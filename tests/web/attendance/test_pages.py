"""Presence is confirmed where the reservation is shown, with one tap and by the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from booking.core import clock
from booking.core.permissions import Actor
from booking.policies.facts import Place
from booking.reservations.queries import Details
from tests import make
from tests.forms import post, token

BUTTON = "Confirm my presence"


@pytest.fixture
def room(client: FlaskClient) -> Place:
    return make.room(under=make.policy(asks_for_check_in=True))


@pytest.fixture
def who(room: Place) -> Actor:
    return make.member_of()


@pytest.fixture
def made(room: Place, who: Actor) -> Details:
    return make.reservation(who, room)


@pytest.mark.parametrize("page", ["/", "/reservations", "the page"])
def test_one_tap_confirms_and_leads_back(
    client: FlaskClient, who: Actor, made: Details, page: str
) -> None:
    address = f"/reservations/{made.public_id}"
    page = address if page == "the page" else page
    make.signed_in(client, who)
    assert BUTTON not in client.get(page).text
    with clock.frozen_at(made.interval.starts_at):
        shown = client.get(page).text
        assert BUTTON in shown
        assert "On site" not in shown
        answer = post(client, page, f"{address}/check-in", next=page)
        assert (answer.status_code, answer.location) == (303, page)
        shown = client.get(page).text
        assert "On site" in shown
        assert BUTTON not in shown


def test_the_page_takes_it_back_and_says_why_it_cannot(
    client: FlaskClient, who: Actor, made: Details
) -> None:
    address = f"/reservations/{made.public_id}"
    make.signed_in(client, who)
    early = post(client, "/profile", f"{address}/check-in")
    assert early.location == address
    assert "Presence is confirmed from 09:45" in client.get(address).text
    with clock.frozen_at(made.interval.starts_at):
        post(client, address, f"{address}/check-in")
        assert "Not there after all" in client.get(address).text
        post(client, address, f"{address}/check-in/undo")
        assert BUTTON in client.get(address).text


def test_it_does_not_lead_elsewhere(client: FlaskClient, who: Actor, made: Details) -> None:
    address = f"/reservations/{made.public_id}"
    make.signed_in(client, who)
    with clock.frozen_at(made.interval.starts_at):
        fields = {"csrf_token": token(client, address), "next": "//evil.test/"}
        assert client.post(f"{address}/check-in", data=fields).location == address


def test_the_plan_of_the_day_shows_it_to_who_may_know(
    client: FlaskClient, who: Actor, made: Details
) -> None:
    with clock.frozen_at(made.interval.starts_at):
        make.signed_in(client, who)
        address = f"/reservations/{made.public_id}"
        post(client, address, f"{address}/check-in")
        assert 'checked-in">' in client.get("/planning").text.split("<tbody", 1)[1]
        make.signed_in(client, make.member_of())
        assert 'checked-in">' not in client.get("/planning").text.split("<tbody", 1)[1]


def test_the_api_confirms_says_so_and_takes_it_back(
    client: FlaskClient, who: Actor, made: Details
) -> None:
    headers = make.bearer(who)
    address = f"/api/v1/reservations/{made.public_id}"
    early = client.post(f"{address}/check-in", json={}, headers=headers)
    assert early.status_code == 409
    assert early.get_json()["reasons"][0]["opens_at"] == "2026-10-06T09:45"
    with clock.frozen_at(made.interval.starts_at + timedelta(minutes=3)):
        there = client.post(f"{address}/check-in", json={}, headers=headers)
        assert there.status_code == 200, there.text
        assert there.get_json()["attendance"] == {
            "opens_at": "2026-10-06T09:45:00Z",
            "until": "2026-10-06T10:15:00Z",
            "checked_in_at": "2026-10-06T10:03:00Z",
        }
        back = client.delete(f"{address}/check-in", headers=headers)
        assert back.get_json()["attendance"]["checked_in_at"] is None
    plain = make.reservation(who, make.desk(under=make.policy()))
    assert (
        "attendance"
        not in client.get(f"/api/v1/reservations/{plain.public_id}", headers=headers).get_json()
    )
