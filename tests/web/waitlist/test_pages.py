"""Waiting for taken time on the pages and by the API: in line, offered, taken or left."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from booking.core.database import end_reading
from booking.core.permissions import Actor
from booking.policies.facts import Place
from booking.reservations import service as reservations
from booking.reservations.queries import Details
from booking.waitlist import offering
from tests import make
from tests.forms import post


@pytest.fixture
def room(client: FlaskClient) -> Place:
    return make.room("R-1")


@pytest.fixture
def taken(room: Place) -> Details:
    return make.reservation(make.person(), room, starts_at=make.at(10), ends_at=make.at(12))


@pytest.fixture
def who(room: Place) -> Actor:
    return make.member_of()


def free(found: Details) -> None:
    reservations.cancel(make.actor(found.person_id), found.public_id)
    end_reading()
    assert offering.serve() == 1
    end_reading()


FIELDS = {"day": "2026-10-06", "start": "10:00", "end": "12:00", "title": "Pitch", "before": "1"}


def in_line(client: FlaskClient) -> str:
    """Get in line by the form; the address of the entry."""
    form = "/waitlist/new?resource=R-1&day=2026-10-06"
    answer = post(client, form, "/waitlist", resource="R-1", idempotency_key="k" * 12, **FIELDS)
    assert answer.status_code == 303, answer.text
    return answer.location


def test_from_a_refusal_into_the_line_and_from_the_offer_to_the_reservation(
    client: FlaskClient, who: Actor, taken: Details
) -> None:
    make.signed_in(client, who)
    form = "/book?resource=R-1&day=2026-10-06"
    refused = post(client, form, "/book", resource="R-1", headcount="2", **FIELDS)
    assert refused.status_code == 409
    found = re.search(r'href="(/waitlist/new[^"]*)"', refused.text)
    assert found
    shown = client.get(html.unescape(found[1])).text
    assert 'value="Pitch"' in shown
    assert "10:00" in shown
    entry = in_line(client)
    assert "Waiting" in client.get(entry).text
    assert "R-1" in client.get("/waitlist").text
    free(taken)
    for page in ("/", "/reservations"):
        assert "R-1 is free for you" in client.get(page).text
    shown = client.get(entry).text
    assert "Take it" in shown
    assert "No, thanks" in shown
    answer = post(client, entry, f"{entry}/accept", idempotency_key="a" * 12)
    again = post(client, "/waitlist/new?resource=R-1", f"{entry}/accept", idempotency_key="a" * 12)
    assert answer.location == again.location
    assert "Pitch" in client.get(answer.location).text
    assert "R-1 is free for you" not in client.get("/").text
    assert "You took the place" in client.get(entry).text


def test_what_is_left_or_over_says_so_and_what_is_free_is_not_waited_for(
    client: FlaskClient, who: Actor, taken: Details
) -> None:
    make.signed_in(client, who)
    entry = in_line(client)
    free(taken)
    assert post(client, entry, f"{entry}/decline").status_code == 303
    assert "Offer declined" in client.get("/waitlist").text
    over = post(client, "/waitlist/new?resource=R-1", f"{entry}/accept")
    assert over.status_code == 409
    assert "no longer held for you" in over.text
    form = "/waitlist/new?resource=R-1&day=2026-10-06"
    answer = post(client, form, "/waitlist", resource="R-1", **FIELDS)
    assert answer.status_code == 409
    assert "is free at this time" in answer.text


def test_others_see_that_it_is_held_and_for_nobody_by_name(
    client: FlaskClient, who: Actor, taken: Details
) -> None:
    make.signed_in(client, who)
    entry = in_line(client)
    free(taken)
    make.signed_in(client, make.person())
    shown = client.get("/planning?day=2026-10-06").text
    assert "Held" in shown
    assert who.name not in shown
    assert client.get(entry).status_code == 404
    assert post(client, "/waitlist/new?resource=R-1", f"{entry}/accept").status_code == 404


def test_taken_time_on_the_page_of_a_space_leads_into_the_line(
    client: FlaskClient, who: Actor, taken: Details
) -> None:
    make.signed_in(client, who)
    shown = html.unescape(client.get("/spaces/R-1?day=2026-10-06").text)
    assert "/waitlist/new?resource=R-1&day=2026-10-06&start=10:00&end=12:00" in shown


def test_the_api_waits_offers_accepts_and_leaves(
    client: FlaskClient, who: Actor, room: Place, taken: Details
) -> None:
    headers = make.bearer(who)
    body = {
        "resource": room.spot.public_id,
        "starts_at": "2026-10-06T10:00",
        "ends_at": "2026-10-06T12:00",
        "any_like": True,
    }
    made = client.post("/api/v1/waitlist", json=body, headers=headers)
    assert (made.status_code, made.get_json()["state"]) == (201, "waiting")
    address = f"/api/v1/waitlist/{made.get_json()['id']}"
    free(taken)
    shown = client.get(address, headers=headers).get_json()
    assert shown["offer"]["resource"]["code"] == "R-1"
    assert client.get(address, headers=make.bearer(make.person())).status_code == 404
    refused = client.post(
        "/api/v1/reservations",
        json={"resources": [body["resource"]], **{k: body[k] for k in ("starts_at", "ends_at")}},
        headers=make.bearer(make.person()),
    )
    assert refused.get_json()["reasons"][0]["cause"] == "offer"
    accepted = client.post(f"{address}/accept", json={}, headers=headers)
    assert (accepted.status_code, accepted.get_json()["state"]) == (201, "confirmed")
    entries = client.get("/api/v1/waitlist", headers=headers).get_json()["items"]
    assert [one["reservation"] for one in entries] == [accepted.get_json()["id"]]
    assert client.delete(address, headers=headers).status_code == 204
    assert client.get(address, headers=headers).get_json()["state"] == "taken"
