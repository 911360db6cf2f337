"""Closures by the API: the plan, the confirmation by its mark, the lists, and opening again."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from booking.core.permissions import Scope
from booking.policies.facts import Place
from booking.reservations.models import State
from tests import make

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
CLOSURES = "/api/v1/closures"


@pytest.fixture
def lab(client: FlaskClient) -> Place:
    return make.lab()


def wanted(lab: Place, **more: object) -> Json:
    return {
        "names": {"en": "Ventilation"},
        "resources": [lab.spot.public_id],
        "starts_at": "2026-10-06T09:00",
        "ends_at": "2026-10-06T18:00",
        **more,
    }


def test_a_plan_tells_who_is_hit_and_its_mark_confirms(client: FlaskClient, lab: Place) -> None:
    headers = make.bearer(make.lab_manager(lab))
    booked = make.reservation(make.person("Salma"), lab)
    plan: Json = client.post(f"{CLOSURES}/plan", json=wanted(lab), headers=headers).json or {}
    assert plan["count"] == 1
    assert plan["reservations"][0]["reference"] == booked.reference
    assert plan["reservations"][0]["holder"]["name"] == "Salma"
    refused = client.post(CLOSURES, json=wanted(lab), headers=headers)
    assert refused.status_code == 409
    assert (refused.json or {})["code"] == "reservations_hit"
    stale = client.post(CLOSURES, json=wanted(lab, seen="0"), headers=headers)
    assert (stale.json or {})["code"] == "stale"
    key = headers | {"Idempotency-Key": "once-and-only-once"}
    confirmed = wanted(lab, seen=plan["seen"])
    answers = [client.post(CLOSURES, json=confirmed, headers=key) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    closure: Json = answers[0].json or {}
    assert closure["displaced"] == 1
    assert closure["when"] == "ahead"
    assert make.details(booked.public_id).state is State.CANCELLED
    answer: Json = client.get(f"{CLOSURES}?when=ahead", headers=headers).json or {}
    assert [one["id"] for one in answer["items"]] == [closure["id"]]
    ended = client.post(f"{CLOSURES}/{closure['id']}/end", headers=headers)
    assert (ended.json or {})["when"] == "past"
    again = client.post(f"{CLOSURES}/{closure['id']}/end", headers=headers)
    assert again.status_code == 409


def test_the_list_turns_its_pages(client: FlaskClient, lab: Place) -> None:
    headers = make.bearer(make.operator())
    for day in (6, 7, 8):
        times = {"starts_at": f"2026-10-0{day}T09:00", "ends_at": f"2026-10-0{day}T10:00"}
        assert client.post(CLOSURES, json=wanted(lab, **times), headers=headers).status_code == 201
    found, address = [], f"{CLOSURES}?when=ahead&limit=2"
    while address:
        answer = client.get(address, headers=headers)
        found += [one["starts_at"] for one in (answer.json or {})["items"]]
        link = answer.headers.get("Link", "")
        address = link.partition("<")[2].partition(">")[0].partition("8000")[2]
    assert [one[:10] for one in found] == ["2026-10-06", "2026-10-07", "2026-10-08"]


def test_a_token_needs_the_scope_to_decide(client: FlaskClient, lab: Place) -> None:
    headers = make.bearer(make.lab_manager(lab), Scope.READ, Scope.WRITE)
    assert client.get(CLOSURES, headers=headers).status_code == 403
