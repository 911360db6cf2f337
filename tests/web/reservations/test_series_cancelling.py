"""Cancelling several dates of a series: on pages without scripts, and by the API."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking.core import clock
from booking.core.permissions import Actor
from booking.reservations import queries, series, service
from booking.reservations.models import State
from booking.reservations.series import Repeated
from tests import make
from tests.db.reservations.test_series import weekly

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
HIDDEN = re.compile(r'<input[^>]+name="([^"]+)" type="hidden" value="([^"]*)"')
HIDDEN_TOO = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
CANCELLED, CONFIRMED = State.CANCELLED, State.CONFIRMED


@pytest.fixture
def member(app: Flask, client: FlaskClient) -> Actor:
    who = make.member_of(name="Salma")
    make.signed_in(client, who)
    return who


@pytest.fixture
def made(member: Actor) -> Repeated:
    return series.book(member, weekly(make.room("M-1")))


def _fields(page: str) -> dict[str, str]:
    """What the form of the page would send."""
    form = page[page.index('/cancel" novalidate') :]
    return dict(HIDDEN.findall(form)) | dict(HIDDEN_TOO.findall(form))


def _states(made: Repeated) -> list[State]:
    found = queries.series_by_id(made.public_id)
    assert found is not None
    return [one.state for one in found[1]]


def test_from_one_date_on_exactly_what_the_page_showed(client: FlaskClient, made: Repeated) -> None:
    third = made.reservations[2].public_id
    single = client.get(f"/reservations/{third}/cancel").text
    path = f"/series/{made.public_id}/cancel"
    assert f"{path}?since={third}" in single
    page = client.get(f"{path}?since={third}").text
    assert "27 October" in page
    assert "20 October" not in page
    sent = {**_fields(page), "reason": "We moved"}
    done = client.post(path, data=sent)
    assert done.status_code == 303
    assert _states(made) == [CONFIRMED, CONFIRMED, CANCELLED, CANCELLED]
    assert client.post(path, data=sent).status_code == 303  # the same form again
    shown = client.get(done.location).text
    assert "2 dates are cancelled." in shown
    assert "Cancel all dates" in shown


def test_what_changed_meanwhile_is_shown_before_it_goes(
    client: FlaskClient, member: Actor, made: Repeated
) -> None:
    path = f"/series/{made.public_id}/cancel"
    sent = _fields(client.get(path).text)
    service.cancel(member, made.reservations[0].public_id)
    stale = client.post(path, data=sent)
    assert stale.status_code == 409
    assert "Something has changed" in stale.text
    assert _states(made) == [CANCELLED, CONFIRMED, CONFIRMED, CONFIRMED]
    assert client.post(path, data=_fields(stale.text)).status_code == 303
    assert _states(made) == [CANCELLED] * 4
    over = client.get(path)
    assert over.status_code == 409
    assert "Cancel all dates" not in over.text


def test_what_runs_stays_and_the_page_says_why(client: FlaskClient, made: Repeated) -> None:
    with clock.frozen_at(made.reservations[0].interval.starts_at + timedelta(minutes=20)):
        page = client.get(f"/series/{made.public_id}/cancel").text
    assert "Cancel these 3 dates?" in page
    assert "These stay as they are" in page


@pytest.mark.parametrize("field", ["since", "seen", "idempotency_key"])
def test_what_no_page_of_ours_sends_cancels_nothing(
    client: FlaskClient, made: Repeated, field: str
) -> None:
    path = f"/series/{made.public_id}/cancel"
    sent = {**_fields(client.get(path).text), field: "nonsense\u202e"}
    answer = client.post(path, data=sent)
    expected = {"since": 404, "seen": 409, "idempotency_key": 303}
    assert answer.status_code == expected[field]


def test_the_api_previews_and_cancels_exactly_these(client: FlaskClient, app: Flask) -> None:
    who = make.member_of()
    made = series.book(who, weekly(make.room()))
    headers, path = make.bearer(who), f"/api/v1/series/{made.public_id}/cancel"
    body: Json = {"since": made.reservations[1].public_id}
    preview: Json = client.post(f"{path}/preview", json=body, headers=headers).get_json()
    assert [one["starts_at"] for one in preview["dates"]] == [
        "2026-10-20T10:00", "2026-10-27T10:00", "2026-11-03T10:00",
    ]  # fmt: skip
    stale = client.post(path, json=body | {"seen": "000000"}, headers=headers)
    assert (stale.status_code, stale.get_json()["code"]) == (409, "stale")
    assert stale.get_json()["seen"] == preview["seen"]
    once = {**headers, "Idempotency-Key": "only-once"}
    again, done = (
        client.post(path, json=body | {"seen": preview["seen"]}, headers=once) for _ in range(2)
    )
    assert again.status_code == done.status_code == 200
    found: Json = done.get_json()
    assert [one["state"] for one in found["dates"]] == ["confirmed", *["cancelled"] * 3]
    assert client.post(path, json=body, headers=headers).status_code == 409
    assert client.post(f"{path}/preview", json=body, headers=headers).status_code == 409
