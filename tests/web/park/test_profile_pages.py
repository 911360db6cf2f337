"""Profiles of hours on pages and by the API: proposed, announced, whom they leave outside."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking.core.permissions import Actor
from booking.policies.facts import Place
from booking.spaces.models import PeriodState
from tests import make

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
LEFT = re.compile(r'name="left" value="([^"]+)"')
PERIOD = re.compile(r"/operator/profiles/periods/[0-9a-f-]{36}")
PAGES = "/operator/profiles"
API = "/api/v1/hour-profiles"
Json = dict[str, Any]  # Any: what was answered is looked at, not typed


@pytest.fixture
def desk(client: FlaskClient) -> Place:
    return make.desk("A-9")


@pytest.fixture
def operator(client: FlaskClient, desk: Place) -> Actor:
    operator = make.operator()
    make.signed_in(client, operator)
    return operator


def send(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    token = TOKEN.findall(client.get(f"{PAGES}/new").text)[0]
    return client.post(path, data={"csrf_token": token, **fields})


def typed(first: int, last: int, **more: object) -> Json:
    days = [f"{make.at(0, days=days):%d/%m/%Y}" for days in (first, last)]
    return {"first_day": days[0], "last_day": days[1], "is_announced": "y", **more}


def days(first: int, last: int) -> Json:
    found = [make.at(0, days=days).date().isoformat() for days in (first, last)]
    return {"first_day": found[0], "last_day": found[1]}


def test_ramadan_is_proposed_given_hours_and_announced(
    client: FlaskClient, operator: Actor, desk: Place
) -> None:
    page = client.get(PAGES).text
    assert "Ramadan is expected" in page
    assert send(client, f"{PAGES}/propose").status_code == 303
    page = client.get(PAGES).text
    assert "Ramadan is expected" not in page
    assert "Dates estimated" in page
    (profile,) = set(re.findall(rf"{PAGES}/\d+", page))
    form = client.get(f"{profile}/weeks/{desk.spot.hours_id}").text
    assert form.count("09:00–15:00") == 5
    week = dict.fromkeys((f"day_{number}" for number in range(5)), "09:00–15:00")
    assert send(client, f"{profile}/weeks/{desk.spot.hours_id}", **week).status_code == 303
    (period,) = set(PERIOD.findall(client.get(profile).text))
    form = client.get(period).text
    assert 'value="08/02/2027"' in form
    dates = {"first_day": "09/02/2027", "last_day": "10/03/2027", "is_announced": "y"}
    assert send(client, period, **dates).status_code == 303
    assert "Announced" in client.get(profile).text
    assert "is_announced" not in client.get(period).text
    assert send(client, f"{period}/leave-out").status_code == 303
    assert "Left out" in client.get(profile).text


def test_whom_it_leaves_outside_is_shown_before_it_happens(
    client: FlaskClient, operator: Actor, desk: Place
) -> None:
    profile = f"{PAGES}/{make.profile().id}"
    make.reservation(make.person("Salma"), desk, starts_at=make.at(16, days=3))
    shown = send(client, f"{profile}/periods/new", **typed(2, 5))
    assert shown.status_code == 409
    assert "Salma" in shown.text
    assert "nobody is cancelled" in shown.text
    assert not PERIOD.findall(client.get(profile).text)
    again = send(client, f"{profile}/periods/new", **typed(2, 5, edit="1"))
    assert (again.status_code, 'name="first_day"' in again.text) == (200, True)
    left = LEFT.findall(shown.text)[0]
    done = send(client, f"{profile}/periods/new", **typed(2, 5, left=left))
    assert done.status_code == 303
    assert len(PERIOD.findall(client.get(profile).text)) == 1


def test_what_cannot_be_typed_is_said_beside_its_field(
    client: FlaskClient, operator: Actor
) -> None:
    profile = make.profile()
    make.period(profile, make.at(0, days=3).date(), make.at(0, days=5).date())
    path = f"{PAGES}/{profile.id}/periods/new"
    refused = send(client, path, **typed(5, 9))
    assert refused.status_code == 422
    assert "Another period has some of these days." in refused.text
    assert "It ends on its first day or later" in send(client, path, **typed(9, 8)).text
    assert send(client, path, last_day="never").status_code == 422
    assert send(client, f"{PAGES}/{profile.id}/remove").status_code == 409
    stale = send(client, f"{PAGES}/{profile.id}/name", **{"names.en": "Eid", "seen": "old"})
    assert stale.status_code == 409
    renamed = send(client, f"{PAGES}/{profile.id}/name", **{"names.en": "Ramadan, short days"})
    assert renamed.status_code in (303, 409)


def test_expected_hours_are_marked_wherever_they_are_booked(
    client: FlaskClient, desk: Place
) -> None:
    who = make.member_of()
    make.signed_in(client, who)
    day = make.at(0, days=3).date()
    make.period(make.profile(), day, day, PeriodState.ESTIMATED)
    mark = "from 09:00 to 15:00; the dates are estimated"
    assert mark in client.get(f"/book?resource=A-9&day={day}").text
    assert mark not in client.get(f"/book?resource=A-9&day={make.at(0).date()}").text
    assert "Ramadan hours, estimated" in client.get(f"/planning?day={day}").text
    late = make.reservation(who, desk, starts_at=make.at(16, days=3))
    early = make.reservation(who, desk, starts_at=make.at(10, days=3))
    assert mark in client.get(f"/reservations/{late.public_id}").text
    assert mark not in client.get(f"/reservations/{early.public_id}").text
    headers = make.bearer(who)
    found: Json = client.get(f"/api/v1/reservations/{late.public_id}", headers=headers).json or {}
    (said,) = found["subject_to_announcement"]
    assert (said["day"], said["spans"]) == (
        day.isoformat(),
        [{"opens": "09:00", "closes": "15:00"}],
    )
    url = f"/api/v1/resources/{desk.spot.public_id}/verdict?starts_at={day}T14:00"
    verdict: Json = client.get(f"{url}&ends_at={day}T15:30", headers=headers).json or {}
    assert verdict["allowed"]
    assert verdict["subject_to_announcement"] == [said]


def test_the_api_announces_moves_and_leaves_out(client: FlaskClient, desk: Place) -> None:
    headers, member = make.bearer(make.operator()), make.bearer(make.person())
    make.reservation(make.person(), desk, starts_at=make.at(16, days=4))
    body = {"names": {"en": "Ramadan hours"}}
    made: Json = client.post(API, json=body, headers=headers).json or {}
    path = f"{API}/{made['id']}"
    week = [[{"opens": "09:00", "closes": "15:00"}]] * 5 + [[], []]
    url = f"{path}/weeks/{desk.spot.hours_id}"
    given: Json = client.put(url, json={"week": week}, headers=headers).json or {}
    assert given["weeks"] == [{"hours": desk.spot.hours_id, "week": week}]
    wanted = {**days(2, 3), "is_announced": False}
    answer = client.post(f"{path}/periods", json=wanted, headers=headers)
    period: Json = answer.json or {}
    assert (answer.status_code, period["state"]) == (201, "estimated")
    one = f"/api/v1/hour-periods/{period['id']}"
    refused = client.patch(one, json=days(3, 4), headers=headers)
    said: Json = refused.json or {}
    assert (refused.status_code, said["code"], said["count"]) == (409, "reservations_outside", 1)
    confirmed = {**days(3, 4), "seen": said["seen"]}
    moved: Json = client.patch(one, json=confirmed, headers=headers).json or {}
    assert (moved["state"], moved["last_day"]) == ("announced", days(3, 4)["last_day"])
    shown = client.get(one, headers=member)
    stale = {**headers, "If-Match": '"old"'}
    assert client.patch(one, json=days(3, 4), headers=stale).status_code in (409, 412)
    fresh = {**headers, "If-Match": shown.headers["ETag"]}
    assert client.patch(one, json=days(3, 4), headers=fresh).status_code == 200
    assert client.delete(one, headers=member).status_code == 403
    assert client.delete(one, headers=headers).status_code == 204
    assert client.delete(url, headers=headers).status_code == 204
    listed: Json = client.get(API, headers=member).json or {}
    assert [one["state"] for one in listed["items"][0]["periods"]] == ["left_out"]
    assert client.delete(path, headers=headers).status_code == 204
    assert client.get(path, headers=member).status_code == 404
    added: Json = client.post(f"{API}/propose", headers=headers).json or {}
    assert added == {"added": 1}
