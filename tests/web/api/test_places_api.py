"""The API describes the park as the forms do: scope admin writes, whoever sees spaces reads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking.core.database import session
from booking.core.permissions import Scope
from booking.spaces import pictures
from booking.spaces.pictures import MOST_BYTES
from tests import make
from tests.conftest import Statements
from tests.drawing import picture

API = "/api/v1"
NAMES = {"fr": "Atlas", "ar": "الأطلس"}
POLICY = {"names": {"en": "Desks"}}
Body = dict[str, Any]  # Any: what JSON can hold


def _made(client: FlaskClient, headers: dict[str, str], path: str, body: Body) -> Body:
    answer = client.post(f"{API}{path}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    found: Body = answer.get_json()
    return found


def test_the_zone_of_the_site_is_read_and_not_changed(client: FlaskClient) -> None:
    make.site()
    headers = make.bearer(make.operator())
    said = client.get(f"{API}/site", headers=headers).get_json()
    assert said.pop("id")
    same = client.patch(f"{API}/site", json=said | {"currency": "EUR"}, headers=headers)
    assert (same.status_code, same.get_json()["currency"]) == (200, "EUR")
    moved = client.patch(f"{API}/site", json={"zone": "Africa/Cairo"}, headers=headers)
    problem = moved.get_json()
    assert (moved.status_code, problem["code"], problem["fixed"]) == (409, "fixed", ["zone"])
    assert "SITE_ZONE" in problem["detail"]


def test_a_park_from_nothing_to_a_booking(client: FlaskClient) -> None:
    make.site()
    headers = make.bearer(make.operator())
    _made(client, headers, "/buildings", {"code": "ATLAS", "names": NAMES})
    floor = _made(client, headers, "/floors", {"building": "ATLAS", "level": 0, "names": NAMES})
    _made(client, headers, "/areas", {"floor": floor["id"], "code": "PATIO", "names": NAMES})
    kind = {"code": "desk", "names": NAMES, "icon": "armchair", "behaves": "seat"}
    _made(client, headers, "/kinds", kind)
    _made(client, headers, "/features", {"code": "window", "names": NAMES, "icon": "sun"})
    policy = _made(client, headers, "/policies", POLICY)
    open_day = [{"opens": "08:00", "closes": "18:00"}]
    first = {"names": NAMES, "valid_from": "2026-10-05", "week": [open_day] * 7}
    hours = _made(client, headers, "/hours", first)
    made = _made(
        client,
        headers,
        "/resources",
        {
            "code": "A-01..A-03",
            "area": "PATIO",
            "kind": "desk",
            "policy": policy["id"],
            "hours": hours["id"],
            "features": ["window"],
        },
    )["items"]
    assert [one["code"] for one in made] == ["A-01", "A-02", "A-03"]
    times = {"starts_at": "2026-10-06T10:00", "ends_at": "2026-10-06T11:00"}
    _made(client, headers, "/reservations", {"resources": [made[0]["id"]], **times})
    used = client.delete(f"{API}/resources/{made[0]['id']}", headers=headers)
    assert (used.status_code, used.get_json()["code"]) == (409, "in_use")
    assert client.delete(f"{API}/resources/{made[1]['id']}", headers=headers).status_code == 204
    retired = client.post(f"{API}/resources/{made[0]['id']}/retire", headers=headers)
    assert retired.get_json()["is_retired"] is True
    back = client.post(f"{API}/resources/{made[0]['id']}/bring-back", headers=headers)
    assert back.get_json()["is_retired"] is False


def test_reading_needs_an_account_and_writing_the_scope_of_an_operator(
    client: FlaskClient,
) -> None:
    make.desk()
    paths = ("buildings", "floors", "areas", "kinds", "features", "policies", "hours", "site")
    member, narrow = make.bearer(make.member_of()), make.bearer(make.operator(), Scope.WRITE)
    for path in paths:
        assert client.get(f"{API}/{path}").status_code == 401
        assert client.get(f"{API}/{path}", headers=member).status_code == 200
        method = "PATCH" if path == "site" else "POST"
        for headers in (member, narrow):
            answer = client.open(f"{API}/{path}", method=method, json={}, headers=headers)
            assert answer.status_code == 403, path


def test_a_change_names_what_changes_and_minds_what_others_did(client: FlaskClient) -> None:
    desk = make.desk()
    headers = make.bearer(make.operator())
    address = f"{API}/buildings/{desk.spot.building_id}"
    seen = client.get(address, headers=headers).headers["ETag"]
    changed = client.patch(
        address, json={"address": "2, rue"}, headers=headers | {"If-Match": seen}
    )
    assert changed.get_json()["address"] == "2, rue"
    late = client.patch(address, json={"code": "X"}, headers=headers | {"If-Match": seen})
    assert (late.status_code, late.get_json()["changed"]) == (412, ["address"])
    assert client.patch(address, json={"code": "X"}, headers=headers).status_code == 200
    assert client.patch(address, json={"cod": "X"}, headers=headers).status_code == 422
    taken = client.post(f"{API}/buildings", json={"code": "X", "names": NAMES}, headers=headers)
    assert taken.get_json()["fields"] == {"code": "reused"}


def test_hours_change_by_date_and_the_past_stays(client: FlaskClient) -> None:
    desk = make.desk()
    headers = make.bearer(make.operator())
    address = f"{API}/hours/{desk.spot.hours_id}"
    week = {"valid_from": "2026-11-02", "week": [[]] * 7}
    assert client.post(f"{address}/weeks", json=week, headers=headers).status_code == 201
    assert client.post(f"{address}/weeks", json=week, headers=headers).status_code == 422
    long_ago = client.patch(f"{address}/weeks/2020-01-01", json={}, headers=headers)
    assert (long_ago.status_code, long_ago.get_json()["code"]) == (409, "fixed")
    change = {"valid_from": "2026-11-09"}
    later = client.patch(f"{address}/weeks/2026-11-02", json=change, headers=headers)
    assert [one["valid_from"] for one in later.get_json()["weeks"]] == ["2026-11-09", "2020-01-01"]
    day = {"day": "2026-11-06", "names": {"fr": "Marche verte"}}
    assert client.post(f"{address}/days", json=day, headers=headers).status_code == 201
    assert client.delete(f"{address}/days/2026-11-06", headers=headers).status_code == 204
    assert client.delete(f"{address}/weeks/2026-11-09", headers=headers).status_code == 204
    assert client.delete(f"{address}/weeks/2020-01-01", headers=headers).status_code == 409
    assert client.delete(f"{address}/weeks/yesterday", headers=headers).status_code == 404


def test_new_hours_say_which_reservations_they_leave_outside(client: FlaskClient) -> None:
    desk = make.desk()
    headers = make.bearer(make.operator())
    address = f"{API}/hours/{desk.spot.hours_id}"
    first = make.reservation(place=desk, starts_at=make.at(10), ends_at=make.at(11)).public_id
    second = make.reservation(
        place=desk, starts_at=make.at(10, days=2), ends_at=make.at(11, days=2)
    )

    def told(answer: TestResponse) -> tuple[int, list[str]]:
        outside = answer.get_json()["outside"]
        return outside["count"], outside["reservations"]

    week = {"valid_from": "2026-10-06", "week": [[]] * 7}
    added = client.post(f"{address}/weeks", json=week, headers=headers)
    assert told(added) == (2, [first, second.public_id])
    later = {"valid_from": "2026-10-07"}
    changed = client.patch(f"{address}/weeks/2026-10-06", json=later, headers=headers)
    assert told(changed) == (1, [second.public_id])
    open_day = {"day": "2026-10-07", "spans": [{"opens": "09:00", "closes": "12:00"}]}
    day = client.post(f"{address}/days", json=open_day, headers=headers)
    assert told(day) == (0, [])
    closed = client.patch(f"{address}/days/2026-10-07", json={"spans": []}, headers=headers)
    assert told(closed) == (1, [second.public_id])


def test_many_resources_are_added_in_as_many_statements_as_two(
    client: FlaskClient, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    spot, headers = make.desk("A-1").spot, make.bearer(make.operator())
    body = {
        "area": spot.area_code,
        "kind": "desk",
        "policy": spot.policy_id,
        "hours": spot.hours_id,
    }
    with count_statements() as few:
        _made(client, headers, "/resources", {**body, "code": "B-1..B-2"})
    with count_statements() as many:
        made = _made(client, headers, "/resources", {**body, "code": "C-1..C-60"})["items"]
    assert [one["code"] for one in made] == [f"C-{number}" for number in range(1, 61)]
    assert many.count <= few.count


def test_a_photo_is_sent_as_it_is_and_a_larger_body_only_there(client: FlaskClient) -> None:
    desk = make.desk()
    headers = make.bearer(make.operator())
    address = f"{API}/resources/{desk.spot.public_id}/photos?fr=Un+bureau"
    made = client.post(address, data=picture(900, 600), headers=headers)
    assert made.status_code == 201
    photo = made.get_json()
    assert (photo["width"], photo["description"]) == (900, {"fr": "Un bureau"})
    moved = client.patch(f"{API}/photos/{photo['id']}", json={"position": 0}, headers=headers)
    assert moved.status_code == 200
    for data, problem in ((b"<svg/>", "unreadable"), (b"\0" * (MOST_BYTES + 1), "too_long")):
        answer = client.post(address, data=data, headers=headers)
        assert answer.get_json()["fields"] == {"picture": problem}
    assert client.post(address, data=b"\0" * (MOST_BYTES * 2), headers=headers).status_code == 413
    large = b" " * (MOST_BYTES - 1)
    assert client.post(f"{API}/buildings", data=large, headers=headers).status_code == 413
    assert client.delete(f"{API}/photos/{photo['id']}", headers=headers).status_code == 204


def test_a_photo_is_drawn_before_the_others_have_to_wait(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, render = make.desk(), pictures.render

    def rendered_outside(data: bytes, field: str = "picture") -> pictures.Rendered:
        assert not session().info.get("writing")
        return render(data, field)

    monkeypatch.setattr(pictures, "render", rendered_outside)
    address = f"{API}/resources/{desk.spot.public_id}/photos?fr=Un+bureau"
    headers = {**make.bearer(make.operator()), "Idempotency-Key": "k"}
    for _time in range(2):
        assert client.post(address, data=picture(), headers=headers).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        '{"code": "\\u0000", "names": {"fr": "x"}}',
        '{"code": "a", "names": {"fr": "\\u202e\\u0000"}}',
        '{"code": "a", "names": {"xx": "x"}}',
        '{"code": "a", "names": ["x"]}',
        '{"code": "a", "names": {"fr": "x"}, "latitude": 1e999, "longitude": 1}',
        '{"code": "a", "names": {"fr": "x"}, "address": 5}',
        '{"code": "%s", "names": {"fr": "x"}}' % ("x" * 10_000),
        '{"code": "\\ud800", "names": {"fr": "x"}}',
    ],
)
def test_a_strange_building_is_refused(client: FlaskClient, body: str) -> None:
    make.site()
    headers = make.bearer(make.operator())
    answer = client.post(f"{API}/buildings", data=body.encode(), headers=headers)
    assert answer.status_code == 422
    assert answer.get_json()["fields"]


@pytest.mark.parametrize(
    "change",
    [
        {"granularity": 7}, {"granularity": 0}, {"shortest": 0}, {"longest": 1},
        {"notice": -1}, {"horizon": 2**62}, {"decide_within": 0}, {"names": {}},
        {"horizon": 0, "notice": 5 * 1440}, {"others_see": "everything"},
        {"setup_minutes": -5}, {"setup_minutes": 1441}, {"cleanup_minutes": 1441},
    ],
)  # fmt: skip
def test_a_policy_that_makes_no_sense_names_its_field(client: FlaskClient, change: Body) -> None:
    make.site()
    headers = make.bearer(make.operator())
    answer = client.post(f"{API}/policies", json=POLICY | change, headers=headers)
    assert answer.status_code == 422
    assert set(answer.get_json()["fields"]) <= {*change, "longest"}
