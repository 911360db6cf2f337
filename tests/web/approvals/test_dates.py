"""The dates of a series in the list of requests, and one answer to all of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking.core.permissions import Actor
from booking.policies.facts import Place
from booking.reservations import queries, series, service
from booking.reservations.models import State
from booking.reservations.series import Repeated
from tests import make
from tests.db.reservations.test_series import weekly

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
FIELD = re.compile(r'name="(seen|idempotency_key)" type="hidden" value="([^"]*)"')
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
def lab(app: Flask) -> Place:
    return make.lab("L-1")


@pytest.fixture
def manager(client: FlaskClient, lab: Place) -> Actor:
    who = make.lab_manager(lab)
    make.signed_in(client, who)
    return who


@pytest.fixture
def made(manager: Actor, lab: Place) -> Repeated:
    return series.book(make.member_of(name="Salma"), weekly(lab))


def _fields(page: str) -> dict[str, str]:
    return dict(FIELD.findall(page)) | {"csrf_token": TOKEN.findall(page)[0]}


def _states(made: Repeated) -> list[State]:
    found = queries.series_by_id(made.public_id)
    assert found is not None
    return [one.state for one in found[1]]


def test_they_stand_together_in_the_list_and_one_yes_is_for_all(
    client: FlaskClient, made: Repeated
) -> None:
    listed = client.get("/approvals").text
    assert "4 dates of a recurring reservation" in listed
    path = f"/approvals/series/{made.public_id}"
    assert path in listed
    page = client.get(path).text
    assert page.count("/approvals/0") >= 4  # each alone
    sent = _fields(page)
    for _turn in range(2):
        assert client.post(f"{path}/approve", data=sent).status_code == 303
    assert _states(made) == [State.CONFIRMED] * 4
    assert client.get(path).status_code == 303
    assert client.post(f"{path}/approve", data=_new(sent)).status_code == 303


def _new(sent: dict[str, str]) -> dict[str, str]:
    return {**sent, "idempotency_key": ""}


def test_what_changed_meanwhile_is_shown_first(
    client: FlaskClient, manager: Actor, made: Repeated
) -> None:
    path = f"/approvals/series/{made.public_id}"
    sent = _fields(client.get(path).text)
    service.approve(manager, made.reservations[0].public_id, seen_version=1)
    stale = client.post(f"{path}/approve", data=sent)
    assert stale.status_code == 409
    assert "Something has changed" in stale.text
    assert _states(made) == [State.CONFIRMED] + [State.PENDING] * 3


def test_a_no_wants_a_reason(client: FlaskClient, made: Repeated) -> None:
    path = f"/approvals/series/{made.public_id}"
    sent = _fields(client.get(path).text)
    missing = client.post(f"{path}/decline", data={**sent, "reason_code": "", "reason": ""})
    assert missing.status_code == 422
    said = {**_fields(missing.text), "reason_code": "outside_purpose", "reason": ""}
    assert client.post(f"{path}/decline", data=said).status_code == 303
    assert _states(made) == [State.DECLINED] * 4


def test_the_api_shows_and_decides(client: FlaskClient, app: Flask) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))
    manager = make.lab_manager(lab)
    made = series.book(make.member_of(), weekly(lab))
    rival = make.reservation(
        make.member_of(), lab, starts_at=made.reservations[1].local.starts_at,
        ends_at=made.reservations[1].local.ends_at,
    )  # fmt: skip
    headers, path = make.bearer(manager), f"/api/v1/approvals/series/{made.public_id}"
    found: Json = client.get(path, headers=headers).get_json()
    assert len(found["requests"]) == 4
    assert len(found["declines"]) == 1
    assert found["taken"] == []
    body: Json = {"decision": "approve"}
    refused = client.post(f"{path}/decide", json=body, headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "would_decline_others")
    stale = client.post(f"{path}/decide", json=body | {"seen": "0.0"}, headers=headers)
    assert (stale.status_code, stale.get_json()["code"]) == (409, "stale")
    done = client.post(f"{path}/decide", json=body | {"seen": found["seen"]}, headers=headers)
    assert done.get_json() == {"series": made.public_id, "left": []}
    assert _states(made) == [State.CONFIRMED] * 4
    assert make.details(rival.public_id).state is State.DECLINED
    assert client.get(path, headers=headers).status_code == 409
    assert client.post(f"{path}/decide", json=body, headers=headers).status_code == 409
