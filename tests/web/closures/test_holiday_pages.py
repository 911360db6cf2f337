"""Public holidays on pages and by the API: taking over, announcing, who is hit, what is marked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking import worker
from booking.core.permissions import Actor
from booking.policies.facts import Place
from booking.reservations.models import State
from tests import make

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
SEEN = re.compile(r'name="seen" value="([^"]+)"')
HOLIDAYS = "/api/v1/holidays"
Json = dict[str, Any]  # Any: what was answered is looked at, not typed


@pytest.fixture
def desk(client: FlaskClient) -> Place:
    return make.desk("A-9")


@pytest.fixture
def operator(client: FlaskClient, desk: Place) -> Actor:
    operator = make.operator()
    make.signed_in(client, operator)
    return operator


def send(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    token = TOKEN.findall(client.get("/holidays/new").text)[0]
    return client.post(path, data={"csrf_token": token, **fields})


def typed(days: int, **more: object) -> Json:
    day = f"{make.at(0, days=days):%d/%m/%Y}"
    return {"day": day, "names.en": "Eid", "is_announced": "y", **more}


def test_the_year_ahead_is_taken_over_with_one_button(
    app: Flask, client: FlaskClient, operator: Actor
) -> None:
    page = client.get("/holidays").text
    assert "Prophet’s Birthday" in page
    assert send(client, "/holidays/take-over").status_code == 303
    worker.until_nothing_is_due(app)
    page = client.get("/holidays").text
    assert "Take these over" not in page
    assert "Reservations are accepted subject to announcement." in page
    assert "1 space is closed" in page


def test_who_is_hit_is_shown_kept_and_cancelled_later(
    client: FlaskClient, operator: Actor, desk: Place
) -> None:
    made = make.reservation(make.person("Salma"), desk, starts_at=make.at(9, days=3))
    hit = send(client, "/holidays", **typed(3))
    assert hit.status_code == 409
    assert "Salma" in hit.text
    assert send(client, "/holidays", **typed(3, keeps="1")).status_code == 303
    page = client.get("/holidays").text
    assert "1 reservation stays inside" in page
    (closure,) = set(re.findall(r"/closures/[0-9a-f-]{36}", page))
    shown = client.get(closure).text
    assert "Public holiday: Eid" in shown
    done = send(client, f"{closure}/displace", seen="0")
    assert done.status_code == 409
    done = send(client, f"{closure}/displace", seen=SEEN.findall(shown)[0])
    assert done.status_code == 303
    assert make.details(made.public_id).state is State.CANCELLED
    assert "stays inside" not in client.get("/holidays").text


def test_an_estimated_day_is_marked_wherever_it_is_booked(client: FlaskClient, desk: Place) -> None:
    """And an announced one says its name in the plan."""
    who = make.member_of()
    make.signed_in(client, who)
    make.holiday(make.at(0, days=3).date(), "Eid al-Fitr")
    day = make.at(0, days=3).date().isoformat()
    mark = "may fall on"
    assert mark in client.get(f"/book?resource=A-9&day={day}").text
    assert mark not in client.get(f"/book?resource=A-9&day={make.at(0).date()}").text
    assert "Eid al-Fitr, estimated" in client.get(f"/planning?day={day}").text
    made = make.reservation(who, desk, starts_at=make.at(9, days=3))
    assert mark in client.get(f"/reservations/{made.public_id}").text
    headers = make.bearer(who)
    found: Json = client.get(f"/api/v1/reservations/{made.public_id}", headers=headers).json or {}
    assert [one["day"] for one in found["subject_to_announcement"]] == [day]
    url = f"/api/v1/resources/{desk.spot.public_id}/verdict"
    asked = f"{url}?starts_at={day}T14:00&ends_at={day}T15:00"
    verdict: Json = client.get(asked, headers=headers).json or {}
    assert verdict["allowed"]
    assert verdict["subject_to_announcement"][0]["day"] == day


def test_the_api_announces_moves_and_leaves_out(client: FlaskClient, desk: Place) -> None:
    headers = make.bearer(make.operator())
    make.reservation(make.person(), desk, starts_at=make.at(9, days=4))
    day, next_day = (make.at(0, days=days).date().isoformat() for days in (3, 4))
    body = {"day": day, "names": {"en": "Eid"}, "is_announced": False}
    made: Json = client.post(HOLIDAYS, json=body, headers=headers).json or {}
    assert (made["state"], made["closure"]) == ("estimated", None)
    path = f"{HOLIDAYS}/{made['id']}"
    refused = client.patch(path, json={"day": next_day}, headers=headers)
    assert refused.status_code == 409
    plan: Json = refused.json or {}
    assert (plan["code"], plan["count"]) == ("reservations_hit", 1)
    confirmed = {"day": next_day, "seen": plan["seen"]}
    moved: Json = client.patch(path, json=confirmed, headers=headers).json or {}
    assert (moved["state"], moved["day"], moved["spaces"]) == ("announced", next_day, 1)
    member = make.bearer(make.person())
    assert client.get(path, headers=member).json == moved
    assert client.delete(path, headers=member).status_code == 403
    assert client.delete(path, headers=headers).status_code == 204
    listed: Json = client.get(HOLIDAYS, headers=member).json or {}
    assert [one["state"] for one in listed["items"]] == ["left_out"]
