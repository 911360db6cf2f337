"""Changing several dates of a series: on pages without scripts, and by the API."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking.core import clock
from booking.core.permissions import Actor
from booking.policies.facts import Place
from booking.reservations import queries, series, service
from booking.reservations.series import Repeated
from tests import make
from tests.db.reservations.test_series import TUESDAY, WEEK, take, weekly
from tests.forms import token

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
OPTION = re.compile(r'type="radio" name="([^"]+)" value="([^"]*)"( checked)?')
FORM = {"start": "14:00", "end": "15:00", "title": "Training", "headcount": "1", "space": ""}


@pytest.fixture
def room(app: Flask) -> Place:
    return make.room("M-1")


@pytest.fixture
def member(client: FlaskClient, room: Place) -> Actor:
    who = make.member_of(name="Salma")
    make.signed_in(client, who)
    return who


@pytest.fixture
def made(member: Actor, room: Place) -> Repeated:
    return series.book(member, weekly(room))


def _look(client: FlaskClient, made: Repeated, **fields: str) -> TestResponse:
    path = f"/series/{made.public_id}/edit"
    values = {"csrf_token": token(client, path), **FORM, **fields}
    return client.post(path, data=values)


def _hours(made: Repeated) -> list[int]:
    found = queries.series_by_id(made.public_id)
    assert found is not None
    return [one.local.starts_at.hour for one in found[1]]


def test_every_date_is_shown_and_then_changed(client: FlaskClient, made: Repeated) -> None:
    third = made.reservations[2].public_id
    single = client.get(f"/reservations/{third}/edit").text
    assert f"/series/{made.public_id}/edit?since={third}" in single
    form = client.get(f"/series/{made.public_id}/edit?since={third}").text
    assert '<option selected value="10:00">' in form
    page = _look(client, made, since=third)
    assert page.status_code == 200
    assert "before: " in page.text
    assert _hours(made) == [10] * 4
    sent = dict(HIDDEN.findall(page.text))
    path = f"/series/{made.public_id}/edit/dates"
    done = client.post(path, data=sent)
    assert done.status_code == 303
    assert _hours(made) == [10, 10, 14, 14]
    assert client.post(path, data=sent).status_code == 303  # the same form again
    assert "2 dates are changed." in client.get(done.location).text
    back = client.post(path, data={**sent, "edit": "1"})
    assert '<option selected value="14:00">' in back.text


def test_what_cannot_be_had_offers_what_would_do(
    client: FlaskClient, room: Place, made: Repeated
) -> None:
    make.room("M-2")
    take(make.member_of(), room, TUESDAY + WEEK, hour=14)
    page = _look(client, made)
    options = OPTION.findall(page.text)
    second = made.reservations[1].public_id
    assert {name for name, *_rest in options} == {f"on-{second}"}
    assert [bool(checked) for *_rest, checked in options] == [True, False, False, False]
    sent = dict(HIDDEN.findall(page.text))
    path = f"/series/{made.public_id}/edit/dates"
    assert client.post(path, data=sent).status_code == 409  # nothing was chosen
    assert client.post(path, data={**sent, f"on-{second}": ""}).status_code == 303
    assert _hours(made) == [14, 10, 14, 14]


def test_what_was_changed_meanwhile_is_shown_first(
    client: FlaskClient, member: Actor, made: Repeated
) -> None:
    sent = dict(HIDDEN.findall(_look(client, made).text))
    service.cancel(member, made.reservations[0].public_id)
    path = f"/series/{made.public_id}/edit/dates"
    stale = client.post(path, data=sent)
    assert stale.status_code == 409
    assert "dates were changed" in stale.text
    assert _hours(made) == [10] * 4
    assert client.post(path, data=dict(HIDDEN.findall(stale.text))).status_code == 303
    assert _hours(made) == [10, 14, 14, 14]


@pytest.mark.parametrize(
    "typed",
    [
        {"start": "15:00"}, {"start": "nine"}, {"end": ""}, {"headcount": "many"},
        {"space": "nowhere"}, {"title": "x" * 201}, {"start": "2026-10-13T10:00"},
        {"space": "01a22b45-a299-78d3-80ab-ee9be3be82c2"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said_beside_its_field(
    client: FlaskClient, made: Repeated, typed: dict[str, str]
) -> None:
    assert _look(client, made, **typed).status_code == 422
    assert _hours(made) == [10] * 4


def test_choices_that_no_page_holds_are_refused(client: FlaskClient, made: Repeated) -> None:
    sent = dict(HIDDEN.findall(_look(client, made).text))
    path = f"/series/{made.public_id}/edit/dates"
    assert client.post(path, data={**sent, "on-x": ""}).status_code == 422
    one = made.reservations[0].public_id
    assert client.post(path, data={**sent, f"on-{one}": "a/b/c"}).status_code == 422
    assert _hours(made) == [10] * 4


def test_of_what_is_over_nothing_changes(client: FlaskClient, made: Repeated) -> None:
    with clock.frozen_at(made.reservations[3].interval.ends_at + timedelta(hours=1)):
        page = client.get(f"/series/{made.public_id}/edit")
    assert page.status_code in (302, 409)  # signed out by then, or told


def test_the_api_previews_and_changes_exactly_these(client: FlaskClient, room: Place) -> None:
    who = make.member_of()
    made = series.book(who, weekly(room))
    take(make.member_of(), room, TUESDAY + WEEK, hour=14)
    headers, path = make.bearer(who), f"/api/v1/series/{made.public_id}"
    body: Json = {"starts": "14:00", "ends": "15:00"}
    preview: Json = client.post(f"{path}/change/preview", json=body, headers=headers).get_json()
    assert [one["fate"] for one in preview["dates"]] == [
        "changes", "conflict", "changes", "changes",
    ]  # fmt: skip
    conflict = preview["dates"][1]
    assert conflict["reasons"][0]["code"] == "slot_taken"
    refused = client.patch(path, json=body, headers=headers)
    assert refused.status_code == 409
    assert refused.get_json()["dates"][1]["fate"] == "conflict"
    chosen = body | {"choices": [{"reservation": conflict["reservation"], "leave": True}]}
    stale = client.patch(path, json=chosen | {"seen": "000000"}, headers=headers)
    assert (stale.status_code, stale.get_json()["code"]) == (409, "stale")
    done = client.patch(path, json=chosen | {"seen": preview["seen"]}, headers=headers)
    assert done.status_code == 200
    assert _hours(made) == [14, 10, 14, 14]
    assert [one["starts_at"][11:] for one in done.get_json()["dates"]] == ["10:00"] * 4
    wrongs: list[Json] = [
        {"starts": "25:00"},
        {"ends": "24:30"},
        {"starts": "9"},
        {"resources": []},
    ]
    for wrong in wrongs:
        assert client.patch(path, json=wrong, headers=headers).status_code == 422
