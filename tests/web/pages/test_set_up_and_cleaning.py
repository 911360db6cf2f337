"""Set-up and cleaning as pages and the API show them: striped, in words, never a link."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from booking.policies.facts import Place
from tests import make
from tests.web.pages.test_space import TUESDAY, text_of, week


@pytest.fixture
def room(client: FlaskClient) -> Place:
    return make.room("T-01", under=make.policy(setup_minutes=15, cleanup_minutes=30))


def test_the_week_draws_them_and_leads_around_them(client: FlaskClient, room: Place) -> None:
    member = make.person()
    make.reservation(member, room, starts_at=make.at(10), ends_at=make.at(12))
    page = make.signed_in(client, member).get("/spaces/T-01").text
    row = week(page)[TUESDAY]
    assert [(state, href[-21:]) for state, _text, href in row] == [
        ("free", "start=08:00&end=09:15"),
        ("buffer", ""),
        ("mine", row[2][2][-21:]),
        ("buffer", ""),
        ("free", "start=12:45&end=18:00"),
    ]
    assert "Set-up" in row[1][1]
    assert "Cleaning" in row[3][1]
    assert "Set-up, cleaning" in text_of(page)  # in the legend


def test_the_day_of_the_floor_names_nobody_in_them(client: FlaskClient, room: Place) -> None:
    make.reservation(make.person("Amina Tazi"), room, title="Secret")
    reader = make.signed_in(client, make.person())
    page = reader.get("/planning?day=2026-10-06").text
    cells = re.findall(r'<td role="gridcell" class="s\d+ w\d+ buffer"><a([^>]*)>(.*?)</a>', page)
    assert len(cells) == 2
    assert all("href" not in attributes for attributes, _text in cells)
    assert "Amina" not in page


def test_a_day_without_them_has_no_word_for_them(client: FlaskClient) -> None:
    make.desk("A-01")
    page = make.signed_in(client, make.person()).get("/planning?day=2026-10-06").text
    assert "Set-up" not in page


def test_the_reservation_says_what_is_kept_for_it(client: FlaskClient, room: Place) -> None:
    member = make.person()
    made = make.reservation(member, room, starts_at=make.at(10), ends_at=make.at(12))
    browser = make.signed_in(client, member)
    page = text_of(browser.get(f"/reservations/{made.public_id}").text)
    assert "From 09:45 for set-up, until 12:30 for cleaning" in page
    desk = make.reservation(member, make.desk(under=make.policy()))
    assert "Kept free" not in browser.get(f"/reservations/{desk.public_id}").text


def test_what_a_calendar_gets_is_the_reservation_alone(client: FlaskClient, room: Place) -> None:
    member = make.person()
    make.reservation(member, room, starts_at=make.at(10), ends_at=make.at(12))
    feed = client.get(make.feed_address(member)).text
    assert "T100000" in feed
    assert "T094500" not in feed
    assert feed.count("BEGIN:VEVENT") == 1


def test_the_api_tells_the_policy_and_the_claims(client: FlaskClient, room: Place) -> None:
    headers = make.bearer(make.person())
    make.reservation(place=room, starts_at=make.at(10), ends_at=make.at(12))
    address = f"/api/v1/resources/{room.spot.public_id}"
    policy = client.get(address, headers=headers).get_json()["policy"]
    assert (policy["setup_minutes"], policy["cleanup_minutes"]) == (15, 30)
    window = "from=2026-10-06T00:00&to=2026-10-07T00:00"
    busy = client.get(f"{address}/busy?{window}", headers=headers).get_json()["busy"]
    assert [one["kind"] for one in busy] == ["setup", "booking", "cleanup"]
    for start, end, count in (("12:00", "13:00", 0), ("12:45", "13:00", 1)):
        times = f"free_from=2026-10-06T{start}&free_to=2026-10-06T{end}"
        found = client.get(f"/api/v1/resources?{times}", headers=headers).get_json()["items"]
        assert len(found) == count


def test_a_refusal_names_the_span_that_was_wished(client: FlaskClient, room: Place) -> None:
    make.reservation(place=room, starts_at=make.at(12), ends_at=make.at(13))
    answer = client.post(
        "/api/v1/reservations",
        json={
            "resources": [room.spot.public_id],
            "starts_at": "2026-10-06T10:00",
            "ends_at": "2026-10-06T11:30",
        },
        headers=make.bearer(make.person()),
    )
    assert answer.status_code == 409
    (reason,) = answer.get_json()["reasons"]
    assert (reason["code"], reason["cause"], reason["meets"]) == ("slot_taken", "setup", "cleanup")
    assert reason["kept"]["starts_at"] == "2026-10-06T09:45"
    assert reason["kept"]["ends_at"] == "2026-10-06T12:00"
    assert answer.get_json()["alternatives"]


def test_the_manager_sees_what_would_be_kept(client: FlaskClient) -> None:
    lab = make.lab(
        under=make.policy(
            needs_approval=True, holds_while_pending=False, setup_minutes=15, cleanup_minutes=30
        )
    )
    manager = make.lab_manager(lab)
    asked = make.reservation(place=lab, starts_at=make.at(10), ends_at=make.at(12))
    make.closure(lab, make.at(12, 15), make.at(13))
    page = make.signed_in(client, manager).get(f"/approvals/{asked.public_id}").text
    assert page.count("block buffer") >= 2
    assert "Conflict with" in text_of(page)  # the closure stands where it would be cleaned
