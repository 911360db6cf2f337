"""Several places on pages and in the API: what is typed is kept, what is strange is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking.core.permissions import Actor, Scope
from booking.people.models import Organisation
from booking.policies.facts import Place
from booking.reservations import queries
from booking.reservations.models import State
from tests import make
from tests.conftest import Statements

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
GROUPS, BOOKINGS = "/api/v1/groups", "/api/v1/reservations"
TIMES = {"starts_at": "2026-10-06T10:00", "ends_at": "2026-10-06T12:00"}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@pytest.fixture
def atlas(client: FlaskClient) -> Organisation:
    for number in range(1, 5):
        make.desk(f"A-{number}")
    return make.organisation("Atlas")


def _pair(atlas: Organisation) -> tuple[Actor, Actor]:
    return make.member_of(atlas, name="Salma"), make.member_of(atlas, name="Karim")


def _send(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    token = TOKEN.findall(client.get("/reservations").text)[0]
    return client.post(path, data={"csrf_token": token, **fields})


# --- places for a team ---


def test_a_team_is_seated_with_one_button(client: FlaskClient, atlas: Organisation) -> None:
    salma, karim = _pair(atlas)
    make.signed_in(client, salma)
    page = client.get(
        "/together",
        query_string={
            "count": 3,
            "day": "2026-10-06",
            "people": karim.public_id,
            "title": "Sprint",
        },
    )
    assert page.status_code == 200
    form = page.text[page.text.index('action="/together"', page.text.index('method="post"')) :]
    fields: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(form):
        fields.setdefault(name, []).append(value)
    key = re.search(r'name="idempotency_key"[^>]*value="([^"]+)"', form)
    assert key is not None
    answer = client.post("/together", data={**fields, "idempotency_key": key[1]})
    assert answer.status_code == 303
    group = client.get(answer.location)
    for text in ("A-1", "A-2", "A-3", "Karim", "Salma · Atlas", "Give all of them back"):
        assert text in group.text
    again = client.post("/together", data={**fields, "idempotency_key": key[1]})
    assert again.location == answer.location
    path = answer.location.removeprefix("http://localhost")
    assert "A-1" in client.get(f"{path}/cancel").text
    assert _send(client, f"{path}/cancel").status_code == 303
    assert "Give all of them back" not in client.get(path).text


def test_too_few_places_lead_to_what_is_near(client: FlaskClient, atlas: Organisation) -> None:
    make.reservation(place=make.desk("A-5"), ends_at=make.at(12))
    make.signed_in(client, make.member_of(atlas))
    query = {"count": 5, "day": "2026-10-06", "start": "10:00", "end": "12:00"}
    page = client.get("/together", query_string=query)
    assert "4 places are free at this time, and you need 5." in page.text
    offers = re.findall(r'href="(/together\?[^"]+)"', page.text)
    assert len(offers) == 3
    for offer in offers:
        assert "These places would be taken" in client.get(offer.replace("&amp;", "&")).text


def test_a_team_is_moved_with_one_button(client: FlaskClient, atlas: Organisation) -> None:
    salma, karim = _pair(atlas)
    body = {"count": 3, "people": [karim.public_id], **TIMES}
    made: Json = client.post(GROUPS, json=body, headers=make.bearer(salma)).get_json()
    one = made["reservations"][0]["id"]
    client.post(f"{BOOKINGS}/{one}/cancel", json={}, headers=make.bearer(karim))
    make.signed_in(client, salma)
    path = f"/groups/{made['id']}"
    assert f"{path}/move" in client.get(path).text
    page = client.get(f"{path}/move").text
    for text in ("Move these 2 places", "Given back", "These stay as they are"):
        assert text in page
    seen = re.findall(r'name="seen"[^>]*value="([^"]+)"', page)[0]
    to = {"day": "2026-10-07", "start": "14:00", "end": "15:30"}
    assert _send(client, f"{path}/move", **to, seen="").status_code == 409
    assert _send(client, f"{path}/move", **to | {"start": "x"}, seen=seen).status_code == 422
    desk = make.reservation(place=make.desk("B-1"))
    assert _send(client, f"{path}/move", **to | {"start": "02:00"}, seen=seen).status_code == 409
    assert _send(client, f"/groups/{desk.public_id}/move", **to, seen=seen).status_code == 404
    assert _send(client, f"{path}/move", **to, seen=seen).status_code == 303
    found = client.get(path).text
    assert "2 places have moved." in found
    assert "Wednesday 7 October" in found
    client.post(f"{GROUPS}/{made['id']}/cancel", json={}, headers=make.bearer(salma))
    assert "/move" not in client.get(path).text
    assert client.get(f"{path}/move").status_code == 302


def test_the_api_moves_a_group_and_says_what_stayed(
    client: FlaskClient, atlas: Organisation
) -> None:
    salma, karim = _pair(atlas)
    body = {"count": 3, "people": [karim.public_id], **TIMES}
    headers = make.bearer(salma)
    made: Json = client.post(GROUPS, json=body, headers=headers).get_json()
    path = f"{GROUPS}/{made['id']}"
    first, second, third = (one["id"] for one in made["reservations"])
    client.post(f"{BOOKINGS}/{first}/cancel", json={}, headers=headers)
    seen = client.get(path, headers=headers).headers["ETag"]
    to = {"starts_at": "2026-10-06T13:00", "ends_at": "2026-10-06T15:00"}
    moved = client.patch(path, json=to, headers=headers | {"If-Match": seen})
    shown: Json = moved.get_json()
    assert (moved.status_code, shown["stayed"]) == (200, {first: "given_back"})
    assert moved.headers["ETag"] == client.get(path, headers=headers).headers["ETag"]
    times = {one["id"]: one["local"]["starts_at"] for one in shown["reservations"]}
    assert {times[second], times[third]} == {"2026-10-06T13:00"}
    late = client.patch(path, json=to, headers=headers | {"If-Match": seen})
    assert (late.status_code, late.get_json()["code"]) == (412, "stale")
    off = client.patch(path, json={"ends_at": "2026-10-06T23:00"}, headers=headers)
    assert (off.status_code, len(off.get_json()["reasons"])) == (409, 2)
    strange = client.patch(path, json={"title": "x"}, headers=headers)
    assert strange.get_json()["fields"] == {"title": "unknown"}
    assert client.patch(path, json=to, headers=make.bearer(make.person())).status_code == 404
    assert client.patch(path, json=to, headers=make.bearer(salma, Scope.READ)).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        {"count": "0"},
        {"count": "x"},
        {"count": "9" * 30},
        {"count": "2", "day": "never"},
        {"count": "2", "start": "25:00"},
        {"count": "2", "start": "12:00", "end": "10:00"},
        {"count": "2", "kind": "\x00"},
        {"count": "2", "where": "area:\x00"},
        {"count": "2", "where": "building:x"},
        {"count": "2", "people": "x"},
        {"count": "2", "people": ["a", "b", "c"]},
        {"count": "2", "organisation": "\udcff"},
    ],
    ids=str,
)
def test_a_strange_wish_never_breaks_the_page(
    client: FlaskClient, atlas: Organisation, query: dict[str, object]
) -> None:
    make.signed_in(client, make.member_of(atlas))
    day = {"day": "2026-10-06"} if "day" not in query else {}
    sent = {name: _sendable(value) for name, value in {**day, **query}.items()}
    answer = client.get("/together", query_string=sent)
    assert answer.status_code in (200, 422)
    assert _send(client, "/together", **sent, resources="x").status_code == 422


def _sendable(value: object) -> object:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def test_a_group_is_for_those_who_see_its_places(client: FlaskClient, atlas: Organisation) -> None:
    salma, karim = _pair(atlas)
    body = {"count": 2, "people": [karim.public_id], **TIMES}
    made = client.post(GROUPS, json=body, headers=make.bearer(salma))
    assert made.status_code == 201
    path = f"{GROUPS}/{made.json['id']}" if made.json else ""
    found: Json = client.get(path, headers=make.bearer(karim)).get_json()
    assert [one["holder"]["person"]["name"] for one in found["reservations"]] == ["Karim", "Salma"]
    stranger = make.bearer(make.person())
    assert client.get(path, headers=stranger).status_code == 404
    assert client.post(f"{path}/cancel", json={}, headers=stranger).status_code == 404
    reader = make.bearer(salma, Scope.READ)
    assert client.post(GROUPS, json=body, headers=reader).status_code == 403
    done: Json = client.post(f"{path}/cancel", json={}, headers=make.bearer(salma)).get_json()
    assert {one["state"] for one in done["reservations"]} == {"cancelled"}


def test_the_api_says_what_would_do_instead(client: FlaskClient, atlas: Organisation) -> None:
    headers = make.bearer(make.member_of(atlas))
    answer: Json = client.post(GROUPS, json={"count": 9, **TIMES}, headers=headers).get_json()
    assert answer["status"] == 409
    assert answer["reasons"][0] == {
        "code": "too_few_together",
        "resource": None,
        "wanted": 9,
        "free": 4,
        "overridable_by": None,
    }
    assert [one["why"] for one in answer["alternatives"]] == ["fewer"]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"count": 0},
        {"count": -1},
        {"count": 2**70},
        {"count": 31},
        {"count": 2, "kind": "\u0000"},
        {"count": 2, "area": "\u202e"},
        {"count": 2, "building": "x" * 9000},
        {"count": 2, "people": ["x"]},
        {"count": 2, "organisation": "\u0000"},
        {"count": 2, "title": "x" * 201},
        {"count": 2, "resources": ["019a0000-0000-7000-8000-000000000000"]},
        {"resources": ["x"]},
        {"resources": ["019a0000-0000-7000-8000-000000000000"]},
        {"resources": [f"019a0000-0000-7000-8000-{number:012}" for number in range(31)]},
    ],
    ids=str,
)
def test_a_strange_group_is_refused(
    client: FlaskClient, atlas: Organisation, more: dict[str, object]
) -> None:
    headers = make.bearer(make.member_of(atlas))
    answer = client.post(GROUPS, json={**TIMES, **more}, headers=headers)
    assert answer.status_code == 422


# --- several in one, and for a colleague ---


def _lab_and_machines() -> tuple[Place, Place, Place]:
    first, second = (
        make.resource(f"M-{number}", kind_code="machine", capacity=2) for number in (1, 2)
    )
    return make.lab("L-1", under=make.policy()), first, second


def test_machines_are_added_and_left_out_before_booking(client: FlaskClient) -> None:
    lab, first, second = _lab_and_machines()
    who = make.person()
    make.signed_in(client, who)
    typed = {
        "resource": lab.spot.code,
        "day": "2026-10-06",
        "start": "10:00",
        "end": "11:00",
        "title": "Résine & co",
        "headcount": "3",
    }
    page = _send(client, "/book", **typed, add="1", more=first.spot.code)
    assert page.status_code == 200
    assert 'name="also" value="M-1"' in page.text
    assert "Résine &amp; co" in page.text
    page = _send(client, "/book", **typed, also=["M-1"], add="1", more=second.spot.code)
    assert 'name="also" value="M-2"' in page.text
    page = _send(client, "/book", **typed, also=["M-1", "M-2"], leave_out="M-1")
    assert 'name="also" value="M-1"' not in page.text
    assert queries.find(queries.mine(who)) == []
    answer = _send(client, "/book", **typed, also=["M-1", "M-2"])
    assert answer.status_code == 303
    made = queries.find(queries.mine(who))[0]
    assert [place.spot.code for place in made.places] == ["L-1", "M-1", "M-2"]
    for path in ("/reservations", f"/reservations/{made.public_id}", "/"):
        assert all(code in client.get(path).text for code in ("L-1", "M-1", "M-2"))
    edit = f"/reservations/{made.public_id}/edit"
    page = client.get(edit)
    assert page.text.count('name="leave_out"') == 3
    kept = {**typed, "version": "1", "also": ["M-2"]}
    assert _send(client, edit, **kept).status_code == 303
    assert [place.spot.code for place in make.details(made.public_id).places] == ["L-1", "M-2"]


def test_a_refusal_offers_all_spaces_together(client: FlaskClient) -> None:
    lab, first, _second = _lab_and_machines()
    make.reservation(place=first, starts_at=make.at(10), ends_at=make.at(11))
    make.signed_in(client, make.person())
    fields = {"resource": "L-1", "also": ["M-1"], "day": "2026-10-06"}
    page = _send(client, "/book", **fields, start="10:00", end="11:00")
    assert page.status_code == 409
    assert "M-1 is already booked" in page.text
    assert lab.spot.code in page.text
    assert page.text.count('name="also" value="M-1"') > 1  # of the form, and of each offer


def test_the_api_takes_several_and_changes_them(client: FlaskClient) -> None:
    lab, first, second = _lab_and_machines()
    headers = make.bearer(make.person())
    ids = [place.spot.public_id for place in (lab, first)]
    made: Json = client.post(BOOKINGS, json={"resources": ids, **TIMES}, headers=headers).get_json()
    assert [one["code"] for one in made["resources"]] == ["L-1", "M-1"]
    path = f"{BOOKINGS}/{made['id']}"
    swapped = {"resources": [lab.spot.public_id, second.spot.public_id]}
    body: Json = client.patch(path, json=swapped, headers=headers).get_json()
    assert [one["code"] for one in body["resources"]] == ["L-1", "M-2"]
    for resources in ([], ["x"], [lab.spot.public_id] * 2 + ["x"], ids * 6 + ["y"] * 9):
        answer = client.patch(path, json={"resources": resources}, headers=headers)
        assert answer.status_code == 422
    taken = client.post(BOOKINGS, json={"resources": ids, **TIMES}, headers=headers)
    assert [one["resource"] for one in (taken.json or {})["reasons"]] == ["L-1"]
    assert all(len(one["resources"]) == 2 for one in (taken.json or {})["alternatives"])


def test_a_colleague_is_chosen_in_the_form(client: FlaskClient, atlas: Organisation) -> None:
    salma, karim = _pair(atlas)
    make.signed_in(client, salma)
    page = client.get("/book?resource=A-1&day=2026-10-06")
    choice = f"{karim.public_id}@{atlas.public_id}"
    assert f'value="{choice}"' in page.text
    fields = {"resource": "A-1", "day": "2026-10-06", "start": "10:00", "end": "11:00"}
    for strange in ("x", "x@y", "@", "\u0000", f"{make.person().public_id}@{atlas.public_id}"):
        assert _send(client, "/book", **fields, person=strange).status_code == 422
    assert 'name="email"' not in page.text
    assert _send(client, "/book", **fields, email="nobody@example.com").status_code == 422
    answer = _send(client, "/book", **fields, person=choice)
    assert answer.status_code == 303
    made = queries.find(queries.mine(karim))[0]
    assert (made.state, made.booked_by.name) == (State.CONFIRMED, "Salma")
    page = client.get(f"/reservations/{made.public_id}")
    assert "Booked by" in page.text
    others = client.get("/reservations?when=others").text
    assert "Karim" in others


def test_the_operator_books_for_an_address(client: FlaskClient, atlas: Organisation) -> None:
    _salma, karim = _pair(atlas)
    make.signed_in(client, make.operator())
    fields = {"resource": "A-1", "day": "2026-10-06", "start": "10:00", "end": "11:00"}
    assert 'name="email"' in client.get("/book?resource=A-1&day=2026-10-06").text
    assert _send(client, "/book", **fields, email=karim.email).status_code == 303
    assert queries.find(queries.mine(karim))


def test_the_api_books_for_a_colleague_and_for_nobody_else(
    client: FlaskClient, atlas: Organisation
) -> None:
    salma, karim = _pair(atlas)
    desk = make.desk("A-9")
    headers = make.bearer(salma)
    body = {"resources": [desk.spot.public_id], **TIMES}
    stranger = make.person().public_id
    for person in ("x", "\u0000", stranger, "019a0000-0000-7000-8000-000000000000"):
        sent = {**body, "holder": {"person": person}}
        answer = client.post(BOOKINGS, json=sent, headers=headers)
        assert (answer.status_code, (answer.json or {})["fields"]) == (422, {"person": "not_found"})
    made: Json = client.post(
        BOOKINGS, json={**body, "holder": {"person": karim.public_id}}, headers=headers
    ).get_json()
    assert made["holder"]["person"]["name"] == "Karim"
    assert made["booked_by"]["name"] == "Salma"


def test_a_page_costs_the_same_for_few_places_and_for_many(
    client: FlaskClient,
    atlas: Organisation,
    count_statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    for number in range(1, 21):
        make.desk(f"B-{number:02}")
    salma = make.member_of(atlas)
    headers = make.bearer(salma)
    groups = [
        (client.post(GROUPS, json={"count": count, **TIMES}, headers=headers).json or {})["id"]
        for count in (2, 12)
    ]
    make.signed_in(client, salma)
    day = "day=2026-10-07"
    for few, many in (
        (f"/groups/{groups[0]}", f"/groups/{groups[1]}"),
        (f"{GROUPS}/{groups[0]}", f"{GROUPS}/{groups[1]}"),
        (f"/together?count=2&{day}", f"/together?count=20&{day}"),
    ):
        counts = []
        for path in (few, many):
            with count_statements() as found:
                assert client.get(path).status_code == 200
            counts.append(found.count)
        assert counts[0] == counts[1] <= 27
