"""Recurring reservations on pages without scripts, and by the API."""

from __future__ import annotations

import re
import time
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from booking.core.database import session
from booking.core.permissions import Actor
from booking.policies.facts import Place
from booking.reservations.models import Reservation
from tests import make
from tests.forms import token

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
TIMES = {"starts_at": "2026-10-13T10:00", "ends_at": "2026-10-13T11:00"}
WEEKLY = {"every": "week", "count": 4}
FORM = {
    "day": "2026-10-13", "start": "10:00", "end": "11:00", "title": "Training", "headcount": "3",
    "repeat": "week", "interval": "1", "count": "4", "skips_closed": "y",
}  # fmt: skip
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
OPTION = re.compile(r'type="radio" name="([^"]+)" value="([^"]*)"( checked)?')


def _post(client: FlaskClient, path: str, page: str, **fields: str) -> TestResponse:
    return client.post(path, data={"csrf_token": token(client, page), **fields})


def _taken(room: Place, day: str = "2026-10-20") -> None:
    make.reservation(place=room, starts_at=datetime.fromisoformat(f"{day}T10:00"))


@pytest.fixture
def room(app: Flask) -> Place:
    return make.room("M-1")


@pytest.fixture
def member(client: FlaskClient, room: Place) -> Actor:
    who = make.member_of(name="Salma")
    make.signed_in(client, who)
    return who


def _count() -> int:
    return session().scalar(select(func.count()).select_from(Reservation)) or 0


# --- pages ---


def test_every_date_is_shown_before_anything_is_booked(
    client: FlaskClient, room: Place, member: Actor
) -> None:
    make.closed_on(date(2026, 10, 20))
    page = _post(client, "/book", f"/book?resource={room.spot.code}", resource="M-1", **FORM)
    assert page.status_code == 200
    assert "Left out: closed" in page.text
    assert "Tuesday 10 November 2026" in page.text  # the end moves
    assert _count() == 0


def test_the_dates_are_booked_by_the_next_button_once(
    client: FlaskClient, room: Place, member: Actor
) -> None:
    page = _post(client, "/book", f"/book?resource={room.spot.code}", resource="M-1", **FORM)
    sent = dict(HIDDEN.findall(page.text))
    first = client.post("/book/series", data=sent)
    assert first.status_code == 303
    assert client.post("/book/series", data=sent).location == first.location
    assert _count() == 4
    shown = client.get(first.location)
    assert shown.text.count("Confirmed") == 4
    assert "Every week · Tuesday · 4 dates" in shown.text
    (one, *_others) = session().scalars(select(Reservation.public_id))
    assert first.location.encode() in client.get(f"/reservations/{one}").data


def test_a_taken_date_offers_what_would_do_and_that_is_booked(
    client: FlaskClient, room: Place, member: Actor
) -> None:
    make.room("M-2")
    _taken(room)
    page = _post(client, "/book", f"/book?resource={room.spot.code}", resource="M-1", **FORM)
    options = OPTION.findall(page.text)
    assert {name for name, *_rest in options} == {"on-2026-10-20"}
    assert [bool(checked) for *_rest, checked in options] == [True, False, False, False]
    chosen = {"on-2026-10-20": options[3][1]}
    made = client.post("/book/series", data={**dict(HIDDEN.findall(page.text)), **chosen})
    assert made.status_code == 303
    assert _count() == 5
    assert "M-2" in client.get(made.location).text


def test_a_date_that_was_taken_since_is_shown_and_nothing_is_booked(
    client: FlaskClient, room: Place, member: Actor
) -> None:
    page = _post(client, "/book", f"/book?resource={room.spot.code}", resource="M-1", **FORM)
    _taken(room)
    refused = client.post("/book/series", data=dict(HIDDEN.findall(page.text)))
    assert refused.status_code == 409
    assert "on-2026-10-20" in refused.text
    assert _count() == 1


def test_one_goes_back_to_the_form_with_all_that_was_typed(
    client: FlaskClient, room: Place, member: Actor
) -> None:
    page = _post(client, "/book", f"/book?resource={room.spot.code}", resource="M-1", **FORM)
    back = client.post("/book/series", data={**dict(HIDDEN.findall(page.text)), "edit": "1"})
    assert back.status_code == 200
    assert 'value="Training"' in back.text
    assert re.search(r'<option selected value="week"', back.text)


@pytest.mark.parametrize(
    "typed",
    [
        {"count": ""}, {"until": "13/10/2027"}, {"count": "367"}, {"count": "many"},
        {"interval": "0"}, {"interval": "99999999999999999999"}, {"repeat": "never"},
        {"count": "", "until": "31/02/2027"}, {"count": "", "until": "01/01/2050"},
        {"weekdays": "9"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said_beside_its_field(
    client: FlaskClient, room: Place, member: Actor, typed: dict[str, str]
) -> None:
    page = f"/book?resource={room.spot.code}"
    refused = _post(client, "/book", page, **{"resource": "M-1", **FORM, **typed})
    assert refused.status_code == 422
    assert _count() == 0


@pytest.mark.parametrize("sent", ["nonsense", "a/b/c", "2026-10-20T10:00/2026-10-20T11:00/x"])
def test_a_choice_that_no_page_holds_is_refused(
    client: FlaskClient, room: Place, member: Actor, sent: str
) -> None:
    page = _post(client, "/book", f"/book?resource={room.spot.code}", resource="M-1", **FORM)
    values = {**dict(HIDDEN.findall(page.text)), "on-2026-10-20": sent}
    assert client.post("/book/series", data=values).status_code == 422
    assert client.post("/book/series", data={**values, "on-x": ""}).status_code == 422
    assert _count() == 0


# --- API ---


def _ask(client: FlaskClient, who: Actor, path: str, **body: object) -> TestResponse:
    return client.post(f"/api/v1/{path}", json=body, headers=make.bearer(who))


def test_the_preview_names_every_date(client: FlaskClient, room: Place) -> None:
    make.room("M-2")
    _taken(room)
    who = make.member_of()
    body = {"resources": [room.spot.public_id], **TIMES, "repetition": WEEKLY}
    answer = _ask(client, who, "series/preview", **body)
    assert answer.status_code == 200
    found: Json = answer.get_json()
    assert [one["state"] for one in found["dates"]] == ["free", "conflict", "free", "free"]
    assert (found["free"], found["conflicts"]) == (3, 1)
    conflict = found["dates"][1]
    assert conflict["reasons"][0]["code"] == "slot_taken"
    assert {one["why"] for one in conflict["alternatives"]} == {
        "same_resource_other_time", "alike_same_time",
    }  # fmt: skip
    assert _count() == 1


def test_a_series_is_posted_once_and_read(client: FlaskClient, room: Place) -> None:
    who = make.member_of()
    body = {"resources": [room.spot.public_id], **TIMES, "repetition": WEEKLY}
    headers = {**make.bearer(who), "Idempotency-Key": "once-and-only"}
    made, again = (
        client.post("/api/v1/reservations", json=body, headers=headers) for _ in range(2)
    )
    assert made.status_code == again.status_code == 201
    assert made.location == again.location
    assert _count() == 4
    first: Json = made.get_json()
    assert first["series"]["starts_at"] == "2026-10-13T10:00"
    shown: Json = client.get(made.location, headers=headers).get_json()
    assert shown["repetition"] == {
        "every": "week", "interval": 1, "weekdays": [], "monthly_by": "date", "until": None,
        "count": 4, "skip_closed_days": True,
    }  # fmt: skip
    assert [one["state"] for one in shown["dates"]] == ["confirmed"] * 4


def test_on_conflict_refuses_or_skips(client: FlaskClient, room: Place) -> None:
    _taken(room)
    who = make.member_of()
    body = {"resources": [room.spot.public_id], **TIMES, "repetition": WEEKLY}
    refused = _ask(client, who, "reservations", **body)
    assert refused.status_code == 409
    problem: Json = refused.get_json()
    assert [one["state"] for one in problem["dates"]].count("conflict") == 1
    assert _count() == 1
    made = _ask(client, who, "reservations", **body, on_conflict="skip")
    assert made.status_code == 201
    shown: Json = client.get(made.location, headers=make.bearer(who)).get_json()
    assert [one.get("skipped") for one in shown["dates"]] == [None, "slot_taken", None, None]


@pytest.mark.parametrize(
    "repetition",
    [
        {"every": "day", "count": 10**15}, {"every": "day", "until": "9999-12-31"},
        {"every": "second", "count": 3}, {"every": "day", "interval": 0, "count": 3},
        {"every": "day"}, {"every": "day", "count": 3, "until": "2026-10-20"},
        {"every": "week", "weekdays": ["monday"], "count": 3}, {"every": "day", "count": 367},
        {"every": "day", "until": "2028-10-01"}, {"every": "day", "count": 3, "rrule": ""},
        {"every": "month", "count": 25, "interval": 2}, {"every": "day", "until": "2026-10-12"},
    ],
)  # fmt: skip
def test_anything_else_is_refused_at_once(
    client: FlaskClient, room: Place, repetition: dict[str, object]
) -> None:
    who = make.member_of()
    body = {"resources": [room.spot.public_id], **TIMES, "repetition": repetition}
    _ask(client, who, "series/preview", **body)
    for path in ("series/preview", "reservations"):
        started = time.process_time()
        assert _ask(client, who, path, **body).status_code == 422
        assert time.process_time() - started < 0.1


def test_what_goes_with_a_repetition_only_is_refused_without_one(
    client: FlaskClient, room: Place
) -> None:
    body = {"resources": [room.spot.public_id], **TIMES, "on_conflict": "skip"}
    assert _ask(client, make.member_of(), "reservations", **body).status_code == 422


def test_a_series_of_somebody_else_is_not_there(client: FlaskClient, room: Place) -> None:
    body = {"resources": [room.spot.public_id], **TIMES, "repetition": WEEKLY}
    made = _ask(client, make.member_of(), "reservations", **body)
    assert client.get(made.location, headers=make.bearer(make.person())).status_code == 404
