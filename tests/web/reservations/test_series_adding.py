"""Adding a date to a series again: by a button on its page, and by the API."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from booking.reservations import queries, series, service
from booking.reservations.models import State
from tests import make
from tests.db.reservations.test_series import TUESDAY, WEEK, take, weekly

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
ADD = re.compile(r'name="day" value="([^"]+)"')
KEY = re.compile(r'name="idempotency_key" value="([^"]+)"')
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def test_the_page_offers_it_with_a_button_or_says_why_not(app: Flask, client: FlaskClient) -> None:
    member, room = make.member_of(name="Salma"), make.room()
    make.signed_in(client, member)
    make.closed_on(TUESDAY + WEEK)
    made = series.book(member, weekly(room))
    service.cancel(member, made.reservations[0].public_id)
    page = client.get(f"/series/{made.public_id}").text
    assert ADD.findall(page) == [TUESDAY.isoformat()]
    assert "closed" in page
    path = f"/series/{made.public_id}/dates"
    sent = {
        "csrf_token": TOKEN.findall(page)[0],
        "day": TUESDAY.isoformat(),
        "idempotency_key": KEY.findall(page)[0],
    }
    for _turn in range(2):
        assert client.post(path, data=sent).status_code == 303
    found = queries.series_by_id(made.public_id)
    assert found is not None
    assert [one.state for one in found[1]] == [State.CONFIRMED] * 4
    again = client.post(path, data={**sent, "idempotency_key": ""})
    assert again.status_code == 303
    assert "Nothing is missing" in client.get(again.location).text
    assert client.post(path, data={**sent, "day": "soon"}).status_code == 422
    closed = client.post(path, data={**sent, "day": (TUESDAY + WEEK).isoformat()})
    assert closed.status_code in (409, 422)


def test_the_api_adds_it(client: FlaskClient) -> None:
    member, room = make.member_of(), make.room()
    made = series.book(member, weekly(room))
    headers, path = make.bearer(member), f"/api/v1/series/{made.public_id}/dates"
    service.cancel(member, made.reservations[0].public_id)
    added = client.post(path, json={"date": "2026-10-13"}, headers=headers)
    assert added.status_code == 201
    body: Json = added.get_json()
    assert body["series"]["starts_at"] == "2026-10-13T10:00"
    assert client.post(path, json={"date": "2026-10-13"}, headers=headers).status_code == 404
    service.cancel(member, body["id"])
    take(member, room, TUESDAY)
    taken = client.post(path, json={"date": "2026-10-13"}, headers=headers)
    assert (taken.status_code, taken.get_json()["reasons"][0]["code"]) == (409, "slot_taken")
