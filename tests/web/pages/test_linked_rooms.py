"""Rooms that are taken together: how pages and the API show and link them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient

from booking.core.permissions import Actor
from booking.policies.facts import Place
from booking.reservations import linking
from tests import make
from tests.forms import post
from tests.web.pages.test_space import TUESDAY, text_of, week


@dataclass(frozen=True)
class Rooms:
    """A hall and its half."""

    hall: Place
    half: Place
    operator: Actor


@pytest.fixture
def rooms(client: FlaskClient) -> Rooms:
    hall, half = make.room("AB"), make.room("A")
    operator = make.operator()
    linking.set_parts(operator, hall.spot.public_id, ["A"])
    return Rooms(hall, half, operator)


def test_a_half_is_shown_in_use_as_part_of_the_hall(client: FlaskClient, rooms: Rooms) -> None:
    member = make.person("Amina Tazi")
    make.reservation(member, rooms.hall, starts_at=make.at(10), ends_at=make.at(12), title="Forum")
    theirs = week(make.signed_in(client, make.person()).get("/spaces/A").text)[TUESDAY]
    assert [state for state, _text, _href in theirs] == ["free", "other", "free"]
    assert "In use as part of AB" in theirs[1][1]
    assert "Forum" not in theirs[1][1]
    assert theirs[1][2].startswith("/waitlist/new?resource=A&")
    mine = week(make.signed_in(client, member).get("/spaces/A").text)[TUESDAY]
    assert mine[1][0] == "mine"
    assert "Forum" in mine[1][1]


@pytest.mark.parametrize("reader", ["stranger", "holder"])
def test_the_hall_says_that_a_part_is_in_use_and_not_by_whom(
    client: FlaskClient, rooms: Rooms, reader: str
) -> None:
    member = make.person("Amina Tazi")
    make.reservation(member, rooms.half, starts_at=make.at(10), ends_at=make.at(12), title="Forum")
    browser = make.signed_in(client, member if reader == "holder" else make.person())
    before, part, after = week(browser.get("/spaces/AB").text)[TUESDAY]
    assert (part[0], part[2].partition("&")[0]) == ("other", "/waitlist/new?resource=AB")
    assert "A part of it is in use" in part[1]
    assert "Forum" not in part[1]
    assert before[2].endswith("start=08:00&end=10:00")
    assert after[2].endswith("start=12:00&end=18:00")
    day = browser.get("/planning?day=2026-10-06").text
    assert day.count("A part of it is in use") == 1
    form = browser.get("/book?resource=AB&day=2026-10-06").text
    assert "A part of it is in use" in form


def test_the_api_shows_links_and_the_busy_times_of_both(client: FlaskClient, rooms: Rooms) -> None:
    make.reservation(place=rooms.half, starts_at=make.at(10), ends_at=make.at(12))
    make.reservation(place=rooms.hall, starts_at=make.at(14), ends_at=make.at(15))
    headers = make.bearer(make.person())
    address = f"/api/v1/resources/{rooms.hall.spot.public_id}"
    found = client.get(address, headers=headers).get_json()
    assert (found["parts"], found["part_of"]) == (["A"], [])
    half = client.get(f"/api/v1/resources/{rooms.half.spot.public_id}", headers=headers).get_json()
    assert (half["parts"], half["part_of"]) == ([], ["AB"])
    window = "from=2026-10-06T00:00&to=2026-10-07T00:00"
    busy = client.get(f"{address}/busy?{window}", headers=headers).get_json()["busy"]
    assert [(one["kind"], one["starts_at"][11:13]) for one in busy] == [
        ("linked", "10"),
        ("booking", "14"),
    ]
    assert "reservation" not in busy[0]


def test_the_api_links_and_unlinks(client: FlaskClient, rooms: Rooms) -> None:
    make.room("B")
    address = f"/api/v1/resources/{rooms.hall.spot.public_id}"
    headers = make.bearer(rooms.operator)
    answer = client.patch(address, json={"parts": ["A", "B"]}, headers=headers)
    assert answer.status_code == 200
    assert answer.get_json()["parts"] == ["A", "B"]
    renamed = client.patch(address, json={"capacity": 40}, headers=headers).get_json()
    assert (renamed["parts"], renamed["capacity"]) == (["A", "B"], 40)
    wrong = client.patch(address, json={"parts": ["AB"], "capacity": 50}, headers=headers)
    assert wrong.status_code == 422
    assert wrong.get_json()["fields"] == {"parts": "itself"}
    pool = client.patch(address, json={"units": 3}, headers=headers)
    assert pool.get_json()["fields"] == {"units": "pool"}
    assert client.patch(address, json={"parts": []}, headers=headers).get_json()["parts"] == []
    member = make.bearer(make.person())
    assert client.patch(address, json={"parts": []}, headers=member).status_code == 403


def test_the_form_links_by_code_and_names_what_is_in_the_way(
    client: FlaskClient, rooms: Rooms
) -> None:
    other = make.room("B")
    for place in (rooms.hall, other):
        make.reservation(place=place, starts_at=make.at(10), ends_at=make.at(12))
    operator = make.signed_in(client, rooms.operator)
    page = f"/operator/resources/{rooms.hall.spot.public_id}"
    assert "Taking this space also takes: A" in text_of(operator.get(page).text)
    assert "It is taken with: AB" in text_of(
        operator.get(f"/operator/resources/{rooms.half.spot.public_id}").text
    )
    form = operator.get(f"{page}/parts").text
    seen = re.findall(r'name="seen" type="hidden" value="([^"]*)"', form)
    refused = post(operator, f"{page}/parts", parts="A, B", seen=seen[0])
    assert refused.status_code == 409
    assert "B is taken on Tue 6 Oct from 10:00 to 12:00." in text_of(refused.text)
    itself = post(operator, f"{page}/parts", parts="AB", seen=seen[0])
    assert itself.status_code == 422
    assert "A space is no part of itself" in itself.text
    assert post(operator, f"{page}/parts", parts="", seen=seen[0]).status_code == 303
    assert "Nothing is taken with this space." in operator.get(page).text
    outdated = post(operator, f"{page}/parts", parts="A", seen=seen[0])
    assert outdated.status_code == 409
    assert "Somebody has changed these links" in outdated.text
    journal = text_of(operator.get("/operator/journal").text)
    assert "Changed a space" in journal


def test_a_refusal_says_which_part_is_in_the_way(client: FlaskClient, rooms: Rooms) -> None:
    make.reservation(place=rooms.half, starts_at=make.at(10), ends_at=make.at(12))
    body = {
        "resources": [rooms.hall.spot.public_id],
        "starts_at": "2026-10-06T11:00",
        "ends_at": "2026-10-06T13:00",
    }
    answer = client.post("/api/v1/reservations", json=body, headers=make.bearer(make.person()))
    (reason,) = answer.get_json()["reasons"]
    assert (reason["resource"], reason["cause"], reason["meets"]) == ("A", "booking", "linked")


def test_the_manager_sees_who_has_a_part(client: FlaskClient) -> None:
    asks = make.policy(needs_approval=True, holds_while_pending=False)
    hall, half = make.room("AB", under=asks), make.room("A", under=make.policy())
    linking.set_parts(make.operator(), hall.spot.public_id, ["A"])
    asked = make.reservation(place=hall)
    make.reservation(make.person("Amina Tazi"), half)
    manager = make.lab_manager(hall)
    page = text_of(make.signed_in(client, manager).get(f"/approvals/{asked.public_id}").text)
    assert "Conflict with \u2068Amina Tazi\u2069" in page
