"""Closures by the API: the plan, the confirmation by its mark, the lists, and opening again."""

from __future__ import annotations

import re
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


def test_a_lab_is_taken_out_of_order_put_off_and_back(client: FlaskClient, lab: Place) -> None:
    """By the API, and on its pages."""
    manager = make.lab_manager(lab)
    headers = make.bearer(manager)
    booked = make.reservation(make.person(), lab, starts_at=make.at(9, days=3))
    body = {"resource": lab.spot.public_id, "reason": "Leak", "expected_back": "2026-10-07T08:00"}
    made: Json = client.post(f"{CLOSURES}/out-of-order", json=body, headers=headers).json or {}
    assert (made["kind"], made["when"], made["names"]) == ("out_of_order", "now", {"en": "Leak"})
    path = f"{CLOSURES}/{made['id']}"
    later = {"expected_back": "2026-10-09T08:00"}
    refused = client.post(f"{path}/put-off", json=later, headers=headers)
    assert refused.status_code == 409
    assert (refused.json or {})["reservations"][0]["id"] == booked.public_id
    put_off = client.post(f"{path}/put-off", json={**later, "keeps": True}, headers=headers)
    assert (put_off.json or {})["ends_at"].startswith("2026-10-09T08:00")
    make.signed_in(client, manager)
    page = client.get(f"/spaces/{lab.spot.code}").text
    assert "Expected back at another time" in page
    assert "Out of order: Leak" in client.get(f"/closures/{made['id']}").text
    assert client.get(f"/closures/{made['id']}/put-off").status_code == 200
    client.post(f"{path}/end", headers=headers)
    assert "Take out of order" in client.get(f"/spaces/{lab.spot.code}").text
    form = client.get(f"/spaces/{lab.spot.code}/out-of-order").text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', form)[0]
    typed = {"csrf_token": token, "reason": "Leak", "day": "10/10/2026", "hour": "480"}
    hit = client.post(f"/spaces/{lab.spot.code}/out-of-order", data=typed)
    assert hit.status_code == 409
    kept = client.post(f"/spaces/{lab.spot.code}/out-of-order", data={**typed, "keeps": "1"})
    assert kept.status_code == 303
    assert "1" in client.get(kept.location).text
