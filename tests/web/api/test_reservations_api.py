"""The JSON API of reservations, as a program sees it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from booking.core.permissions import Scope
from booking.policies.facts import Place
from tests import make
from tests.conftest import Statements

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
BOOKINGS = "/api/v1/reservations"


def wish(place: Place, hour: int = 10, *, until: int = 11, **more: Any) -> Json:
    return {
        "resources": [place.spot.public_id],
        "starts_at": make.at(hour).isoformat(timespec="minutes"),
        "ends_at": make.at(until).isoformat(timespec="minutes"),
        **more,
    }


def test_a_program_books_a_desk_and_reads_it_back(client: FlaskClient) -> None:
    desk = make.desk("A-01")
    atlas = make.organisation("Atlas Robotics")
    member = make.member_of(atlas, name="Salma Idrissi")
    headers = make.bearer(member)
    answer = client.post(
        BOOKINGS,
        json=wish(desk, title="Sprint", holder={"organisation": atlas.public_id}),
        headers=headers,
    )
    assert answer.status_code == 201
    body: Json = answer.get_json()
    assert body["state"] == "confirmed"
    assert body["starts_at"] == "2026-10-06T10:00:00Z"
    assert body["local"] == {
        "starts_at": "2026-10-06T10:00",
        "ends_at": "2026-10-06T11:00",
        "zone": "Africa/Casablanca",
        "offset": "+00:00",
    }
    assert [one["code"] for one in body["resources"]] == ["A-01"]
    assert body["holder"]["person"]["name"] == "Salma Idrissi"
    assert body["holder"]["organisation"]["name"] == "Atlas Robotics"
    assert answer.headers["Location"].endswith(f"{BOOKINGS}/{body['id']}")
    read = client.get(f"{BOOKINGS}/{body['id']}", headers=headers)
    assert read.get_json() == body
    assert read.headers["ETag"] == '"1"'
    again = client.get(f"{BOOKINGS}/{body['id']}", headers={**headers, "If-None-Match": '"1"'})
    assert again.status_code == 304


def test_a_booking_is_thirteen_statements(
    client: FlaskClient, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    desk = make.desk()
    headers = make.bearer(make.person())
    client.post(BOOKINGS, json=wish(desk), headers=headers)  # what a token's first use writes
    headers["Idempotency-Key"] = "one-that-was-never-sent"
    with count_statements() as statements:
        answer = client.post(BOOKINGS, json=wish(desk, 14, until=15), headers=headers)
    assert answer.status_code == 201
    assert statements.count == 13, statements


def test_what_may_still_be_announced_stands_in_the_answer_as_it_is_read_later(
    client: FlaskClient,
) -> None:
    make.holiday(make.at(0).date(), "Eid al-Fitr")
    desk, headers = make.desk(open_at=make.hours()), make.bearer(make.person())
    made: Json = client.post(BOOKINGS, json=wish(desk), headers=headers).get_json()
    assert [one["names"]["en"] for one in made["subject_to_announcement"]] == ["Eid al-Fitr"]
    assert client.get(f"{BOOKINGS}/{made['id']}", headers=headers).get_json() == made


def test_an_instant_with_an_offset_is_that_instant(client: FlaskClient) -> None:
    headers = make.bearer(make.person())
    body = wish(make.desk()) | {
        "starts_at": "2026-10-06T12:00:00+02:00",
        "ends_at": "2026-10-06T11:00:00Z",
    }
    answer = client.post(BOOKINGS, json=body, headers=headers)
    assert answer.status_code == 201
    assert answer.get_json()["local"]["starts_at"] == "2026-10-06T10:00"


def test_a_taken_slot_names_what_is_in_the_way_and_what_would_succeed(client: FlaskClient) -> None:
    desk, other = make.desk("A-01"), make.desk("A-02")
    make.reservation(place=desk)
    headers = make.bearer(make.person())
    answer = client.post(BOOKINGS, json=wish(desk), headers=headers)
    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"
    problem: Json = answer.get_json()
    assert problem["code"] == "refused"
    assert [one["code"] for one in problem["reasons"]] == ["slot_taken"]
    assert problem["reasons"][0]["busy"]["starts_at"] == "2026-10-06T10:00"
    assert other.spot.public_id in {one["resource"] for one in problem["alternatives"]}
    for alternative in problem["alternatives"]:
        verdict = client.get(
            f"/api/v1/resources/{alternative['resource']}/verdict",
            query_string={
                "starts_at": alternative["starts_at"],
                "ends_at": alternative["ends_at"],
            },
            headers=headers,
        )
        assert verdict.get_json()["allowed"] is True


def test_the_verdict_takes_further_resources(client: FlaskClient) -> None:
    lab, mill = make.lab("L-1"), make.resource("M-1", kind_code="mill")
    make.resource("M-2", kind_code="mill")
    make.reservation(place=mill)
    headers = make.bearer(make.person())
    path = f"/api/v1/resources/{lab.spot.public_id}/verdict"
    times = {"starts_at": "2026-10-06T10:00", "ends_at": "2026-10-06T11:00"}

    def asked(others: str) -> Json:
        query = {**times, "with": others}
        found: Json = client.get(path, query_string=query, headers=headers).get_json()
        return found

    taken = asked(mill.spot.public_id)
    assert (taken["allowed"], taken["needs_approval"]) == (False, True)
    assert [(one["code"], one["resource"]) for one in taken["reasons"]] == [("slot_taken", "M-1")]
    alike = next(one for one in taken["alternatives"] if one["why"] == "alike_same_time")
    assert asked(alike["resources"][1])["allowed"] is True
    assert asked("x")["fields"] == {"with": "not_found"}
    assert asked(str(uuid4()))["fields"] == {"resources": "not_found"}


def test_every_broken_rule_is_listed_with_its_facts(client: FlaskClient) -> None:
    place = make.lab(
        capacity=4,
        under=make.policy(granularity=30, shortest=60, longest=120, notice=7 * 1440, horizon=3),
    )
    body = wish(place, headcount=9) | {
        "starts_at": "2026-10-10T19:10",
        "ends_at": "2026-10-10T23:20",
    }
    answer = client.post(BOOKINGS, json=body, headers=make.bearer(make.person()))
    assert answer.status_code == 409
    codes = {one["code"] for one in answer.get_json()["reasons"]}
    assert codes == {"closed_day", "off_grid", "too_long", "too_soon", "too_far", "over_capacity"}


def test_a_retry_with_the_same_key_books_once(client: FlaskClient) -> None:
    desk = make.desk()
    headers = make.bearer(make.person()) | {"Idempotency-Key": "a1"}
    first = client.post(BOOKINGS, json=wish(desk), headers=headers)
    second = client.post(BOOKINGS, json=wish(desk), headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    assert first.headers["Location"] == second.headers["Location"]
    listed = client.get(BOOKINGS, headers=headers).get_json()["items"]
    assert len(listed) == 1


def test_the_same_key_with_another_body_is_refused(client: FlaskClient) -> None:
    desk = make.desk()
    headers = make.bearer(make.person()) | {"Idempotency-Key": "a1"}
    client.post(BOOKINGS, json=wish(desk), headers=headers)
    answer = client.post(BOOKINGS, json=wish(desk, 14, until=15), headers=headers)
    assert answer.status_code == 422
    assert answer.get_json()["fields"] == {"Idempotency-Key": "reused"}


def test_a_change_with_a_stale_version_is_refused(client: FlaskClient) -> None:
    member = make.person()
    headers = make.bearer(member)
    address = f"{BOOKINGS}/{make.reservation(member).public_id}"
    moved = client.patch(
        address,
        json={"starts_at": "2026-10-06T14:00", "ends_at": "2026-10-06T15:00"},
        headers={**headers, "If-Match": '"1"'},
    )
    assert moved.status_code == 200
    assert (moved.get_json()["version"], moved.get_json()["sequence"]) == (2, 1)
    stale = client.patch(address, json={"title": "x"}, headers={**headers, "If-Match": '"1"'})
    assert stale.status_code == 412
    assert stale.get_json()["current_version"] == 2


def test_a_request_tells_whose_answer_it_waits_for(client: FlaskClient) -> None:
    lab = make.lab()
    make.lab_manager(lab, "Nadia Chraibi")
    member = make.bearer(make.person())
    made: Json = client.post(BOOKINGS, json=wish(lab), headers=member).get_json()
    assert made["state"] == "pending"
    assert made["approval"]["asked_of"] == ["Nadia Chraibi"]
    assert made["approval"]["deadline"]
    (listed,) = client.get(BOOKINGS, headers=member).get_json()["items"]
    assert listed == made


def test_a_change_that_needs_approval_waits_beside_the_reservation(client: FlaskClient) -> None:
    lab = make.lab()
    member = make.person()
    made = make.reservation(member, lab)
    manager = make.bearer(make.lab_manager(lab))
    client.post(f"{BOOKINGS}/{made.public_id}/approve", json={"version": 1}, headers=manager)
    answer = client.patch(
        f"{BOOKINGS}/{made.public_id}",
        json={"starts_at": "2026-10-06T14:00", "ends_at": "2026-10-06T15:00"},
        headers=make.bearer(member),
    )
    assert answer.status_code == 200
    body: Json = answer.get_json()
    assert body["state"] == "confirmed"
    assert body["local"]["starts_at"] == "2026-10-06T10:00"
    assert body["amendment"]["local"]["starts_at"] == "2026-10-06T14:00"


def test_cancelling_frees_the_place(client: FlaskClient) -> None:
    desk, member = make.desk(), make.person()
    made = make.reservation(member, desk)
    headers = make.bearer(member)
    answer = client.post(f"{BOOKINGS}/{made.public_id}/cancel", json={}, headers=headers)
    assert (answer.status_code, answer.get_json()["state"]) == (200, "cancelled")
    assert client.post(BOOKINGS, json=wish(desk), headers=headers).status_code == 201


def test_what_one_may_not_see_is_not_there(client: FlaskClient) -> None:
    made = make.reservation(make.person())
    stranger = make.bearer(make.person())
    for method, address in (
        ("GET", f"{BOOKINGS}/{made.public_id}"),
        ("PATCH", f"{BOOKINGS}/{made.public_id}"),
        ("POST", f"{BOOKINGS}/{made.public_id}/cancel"),
        ("POST", f"{BOOKINGS}/{made.public_id}/approve"),
        ("GET", f"{BOOKINGS}/00000000-0000-7000-8000-000000000000"),
    ):
        answer = client.open(address, method=method, json={}, headers=stranger)
        assert answer.status_code == 404, (method, address)
    assert client.get(BOOKINGS, headers=stranger).get_json()["items"] == []


@pytest.mark.parametrize("scope", [Scope.READ, Scope.DECIDE, Scope.ADMIN])
def test_a_token_without_the_scope_may_not_book(client: FlaskClient, scope: Scope) -> None:
    desk = make.desk()
    answer = client.post(BOOKINGS, json=wish(desk), headers=make.bearer(make.person(), scope))
    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_without_a_valid_token_the_answer_is_401(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.get(BOOKINGS, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_browser_session_needs_a_csrf_token(client: FlaskClient) -> None:
    desk = make.desk()
    browser = make.signed_in(client, make.person())
    assert browser.post(BOOKINGS, json=wish(desk)).status_code == 400
    assert browser.get(BOOKINGS).get_json()["items"] == []


def test_lists_go_on_from_a_cursor(client: FlaskClient) -> None:
    desk, member = make.desk(), make.person()
    for hour in range(8, 13):
        make.reservation(member, desk, starts_at=make.at(hour))
    headers = make.bearer(member)
    seen: list[str] = []
    address: str | None = f"{BOOKINGS}?limit=2"
    while address:
        page = client.get(address, headers=headers)
        seen += [one["starts_at"] for one in page.get_json()["items"]]
        link = page.headers.get("Link", "")
        address = link[1 : link.index(">")].partition("8000")[2] if link else None
    assert seen == [f"2026-10-06T{hour:02}:00:00Z" for hour in range(8, 13)]


def test_busy_times_carry_names_only_with_the_right(client: FlaskClient) -> None:
    desk, member = make.desk(), make.person("Salma Idrissi")
    make.reservation(member, desk, title="Secret")
    address = f"/api/v1/resources/{desk.spot.public_id}/busy"
    window = {"from": "2026-10-06T00:00", "to": "2026-10-07T00:00"}
    own = client.get(address, query_string=window, headers=make.bearer(member))
    others = client.get(address, query_string=window, headers=make.bearer(make.person()))
    assert own.get_json()["busy"][0]["reservation"]["title"] == "Secret"
    assert others.get_json()["busy"] == [
        {
            "starts_at": "2026-10-06T10:00:00Z",
            "ends_at": "2026-10-06T11:00:00Z",
            "kind": "booking",
            "unit": 1,
        }
    ]


def test_resources_are_found_by_kind_and_free_time(client: FlaskClient) -> None:
    taken, free = make.desk("A-01"), make.desk("A-02")
    make.lab("L-01")
    make.reservation(place=taken)
    found = client.get(
        "/api/v1/resources",
        query_string={
            "kind": "desk",
            "free_from": "2026-10-06T10:30",
            "free_to": "2026-10-06T12:00",
        },
        headers=make.bearer(make.person()),
    )
    assert [one["id"] for one in found.get_json()["items"]] == [free.spot.public_id]
    assert found.get_json()["items"][0]["hours_today"] == [{"opens": "08:00", "closes": "18:00"}]
