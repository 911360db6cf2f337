"""Presence is confirmed where the reservation is shown, with one tap and by the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from booking.attendance import service
from booking.core import clock
from booking.core.database import end_reading
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
            "late_until": None,
            "released_at": None,
        }
        back = client.delete(f"{address}/check-in", headers=headers)
        assert back.get_json()["attendance"]["checked_in_at"] is None
    plain = make.reservation(who, make.desk(under=make.policy()))
    assert (
        "attendance"
        not in client.get(f"/api/v1/reservations/{plain.public_id}", headers=headers).get_json()
    )


def test_who_is_late_keeps_the_place_longer_and_who_does_not_come_reads_it_was_released(
    client: FlaskClient, who: Actor, made: Details
) -> None:
    address = f"/reservations/{made.public_id}"
    make.signed_in(client, who)
    start = made.interval.starts_at
    with clock.frozen_at(start):
        assert post(client, address, f"{address}/late").status_code == 303
        shown = client.get(address).text
        assert "The place is kept longer." in shown
        assert "10:30" in shown
        assert "I am running late" not in shown
    with clock.frozen_at(start + timedelta(minutes=30)):
        assert service.release_next()
        for page in (address, "/", "/reservations"):
            assert "Released" in client.get(page).text
            assert BUTTON not in client.get(page).text
        assert client.get(f"{address}/edit").status_code == 409


def test_the_api_is_late_and_says_what_became_of_it(
    client: FlaskClient, who: Actor, made: Details
) -> None:
    headers = make.bearer(who)
    address = f"/api/v1/reservations/{made.public_id}"
    with clock.frozen_at(made.interval.starts_at):
        late = client.post(f"{address}/late", json={}, headers=headers)
        assert late.get_json()["attendance"]["until"] == "2026-10-06T10:30:00Z"
    with clock.frozen_at(made.interval.starts_at + timedelta(minutes=31)):
        service.release_next()
        end_reading()
        shown = client.get(address, headers=headers).get_json()
        refused = client.post(f"{address}/check-in", json={}, headers=headers)
    assert (shown["state"], shown["attendance"]["released_at"]) == (
        "confirmed",
        "2026-10-06T10:31:00Z",
    )
    assert refused.status_code == 409
    assert refused.get_json()["reasons"][0]["obstacle"] == "released"
