"""Pools on pages and in the API: how many places are free, and no word of who has one."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from booking.policies.facts import Place
from tests import make
from tests.web.pages.test_space import TUESDAY, week

DAY = "day=2026-10-06"


@pytest.fixture
def pool(client: FlaskClient) -> Place:
    """Three places: two from ten, the third from eleven to twelve."""
    pool = make.pool("OPEN")
    for start, end in ((10, 12), (10, 13), (11, 12)):
        make.reservation(
            make.person("Amina Tazi"), pool, starts_at=make.at(start), ends_at=make.at(end)
        )
    return pool


def test_plans_say_how_many_places_are_free(client: FlaskClient, pool: Place) -> None:
    browser = make.signed_in(client, make.person())
    shown = week(browser.get("/spaces/OPEN").text)[TUESDAY]
    assert [state for state, *_rest in shown] == [
        *("free", "free part", "other", "free part", "free"),
    ]
    assert ["1/3" in shown[1][1], "All places are taken" in shown[2][1], "2/3" in shown[3][1]] == [
        True
    ] * 3
    assert shown[1][2].endswith("start=10:00&end=11:00")
    assert shown[2][2].startswith("/waitlist/new?resource=OPEN&")
    day = browser.get(f"/planning?{DAY}").text
    assert (day.count("1/3"), day.count("All places are taken"), day.count("2/3")) == (1, 1, 1)
    assert "Amina Tazi" not in day
    make.reservation(owner := make.person(), pool, starts_at=make.at(9), ends_at=make.at(10))
    mine = week(make.signed_in(client, owner).get("/spaces/OPEN").text)[TUESDAY]
    assert mine[1][0] == "mine"


def test_forms_and_searches_count_the_places(client: FlaskClient, pool: Place) -> None:
    browser = make.signed_in(client, make.person())
    form = browser.get(f"/book?resource=OPEN&{DAY}&start=10:00&end=11:00").text
    assert "1 of 3 places free" in form
    assert "All places are taken" in form
    found = browser.get(f"/find?kind=desk&{DAY}&start=10:00&length=60&people=1").text
    assert "1 of 3 places free" in found
    waiting = browser.get(f"/waitlist/new?resource=OPEN&{DAY}").text
    assert 'value="11:00"' in waiting


def test_the_api_counts_them_and_takes_a_team(client: FlaskClient, pool: Place) -> None:
    headers = make.bearer(make.person())
    window = "free_from=2026-10-06T12:00&free_to=2026-10-06T13:00"
    (free,) = client.get(f"/api/v1/resources?{window}", headers=headers).get_json()["items"]
    assert (free["units"], free["free_units"]) == (3, 2)
    pair = client.get(f"/api/v1/resources?kind=desk&count=2&{window}", headers=headers)
    assert [one["code"] for one in pair.get_json()["items"]] == ["OPEN", "OPEN"]
    times = {"starts_at": "2026-10-06T12:00", "ends_at": "2026-10-06T13:00"}
    three = client.post("/api/v1/groups", json={"count": 3, **times}, headers=headers)
    assert three.get_json()["reasons"][0]["free"] == 2
    team = client.post("/api/v1/groups", json={"count": 2, **times}, headers=headers)
    assert (team.status_code, len(team.get_json()["reservations"])) == (201, 2)
    body = {"resources": [pool.spot.public_id], **times}
    refused = client.post("/api/v1/reservations", json=body, headers=headers).get_json()
    (reason,) = refused["reasons"]
    assert (reason["code"], reason["places"]) == ("slot_taken", 3)
    busy = client.get(f"/api/v1/resources/{pool.spot.public_id}/busy", headers=headers)
    assert sorted(one["unit"] for one in busy.get_json()["busy"]) == [1, 1, 2, 3, 3]


def test_a_pool_that_would_be_too_small_is_refused_by_its_number(
    client: FlaskClient, pool: Place
) -> None:
    operator = make.operator()
    address = f"/api/v1/resources/{pool.spot.public_id}"
    refused = client.patch(address, json={"units": 2}, headers=make.bearer(operator))
    assert refused.status_code == 422
    problem = refused.get_json()
    assert (problem["fields"], problem["needed"]) == ({"units": "in_use"}, 3)
    assert (
        client.patch(address, json={"units": 4}, headers=make.bearer(operator)).status_code == 200
    )
