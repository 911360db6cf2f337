"""What could not be had: counted where refusals and searches leave the program, and shown to
whoever runs the park."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from booking.policies.facts import Place
from tests import make
from tests.forms import post

API = "/api/v1/reports/demand"
DAY = "from=2026-10-05&to=2026-10-05"
AT_TEN = {"starts_at": "2026-10-06T10:00", "ends_at": "2026-10-06T11:00"}
FIND = "kind=meeting_room&day=2026-10-06&start=10:00&length=60"


@pytest.fixture
def room(client: FlaskClient) -> Place:
    """A room for six that somebody has all day, and tomorrow at ten."""
    found = make.room("R-1", capacity=6)
    make.reservation(place=found, starts_at=make.at(8, days=0), ends_at=make.at(18, days=0))
    make.reservation(place=found)
    return found


def counted(client: FlaskClient) -> list[tuple[str, str, int, int, int]]:
    answer = client.get(f"{API}?{DAY}", headers=make.bearer(make.operator()))
    items: list[dict[str, Any]] = answer.get_json()["items"]  # Any: an answer
    names = ("reason", "kind", "hour", "count")
    return [(*(one[name] for name in names), one["people"]["from"]) for one in items]


def test_pages_the_api_and_searches_count_alike(client: FlaskClient, room: Place) -> None:
    headers = make.bearer(make.person())
    wish = {"resources": [room.spot.public_id], **AT_TEN, "headcount": 3}
    assert client.post("/api/v1/reservations", json=wish, headers=headers).status_code == 409
    repetition = {"every": "day", "count": 2}
    series = {**wish, "repetition": repetition}
    assert client.post("/api/v1/reservations", json=series, headers=headers).status_code == 409
    anywhere = {"kind": "meeting_room", **AT_TEN}
    assert (
        client.post("/api/v1/reservations/any", json=anywhere, headers=headers).status_code == 409
    )
    query = "&".join(f"{name}={value}" for name, value in anywhere.items())
    assert client.get(f"/api/v1/resources/find?{query}", headers=headers).status_code == 200
    make.signed_in(client, make.person())
    form = {"resource": "R-1", "day": "2026-10-06", "start": "10:00", "end": "11:00"}
    refused = post(client, "/book?resource=R-1&day=2026-10-06", "/book", **form, headcount="3")
    assert refused.status_code == 409
    assert client.get(f"/find?{FIND}").status_code == 200
    assert client.get("/find").status_code == 200  # nobody has asked for anything yet
    assert counted(client) == [
        ("nothing_found", "meeting_room", 10, 2, 1),
        ("slot_taken", "meeting_room", 10, 3, 2),
        ("too_few_together", "meeting_room", 10, 1, 1),
    ]


def test_a_change_that_is_refused_counts_with_what_it_leaves_as_it_is(
    client: FlaskClient, room: Place
) -> None:
    who = make.person()
    made = make.reservation(who, room, starts_at=make.at(14), ends_at=make.at(15), headcount=5)
    earlier = {**AT_TEN, "title": "Moved"}
    headers = {**make.bearer(who), "If-Match": '"1"'}
    address = f"/api/v1/reservations/{made.public_id}"
    assert client.patch(address, json=earlier, headers=headers).status_code == 409
    make.signed_in(client, who)
    form = {"day": "2026-10-06", "start": "10:00", "end": "11:00", "headcount": "2", "version": "1"}
    page = f"/reservations/{made.public_id}/edit"
    assert post(client, page, page, **form).status_code == 409
    assert counted(client) == [
        ("slot_taken", "meeting_room", 10, 1, 2),
        ("slot_taken", "meeting_room", 10, 1, 5),
    ]


def test_any_place_that_is_refused_is_no_search_besides(client: FlaskClient, room: Place) -> None:
    make.signed_in(client, make.person())
    asked = dict(pair.split("=") for pair in FIND.split("&"))
    refused = post(client, "/find", "/find/any", **asked, people="1")
    assert client.get(refused.location).status_code == 200
    assert counted(client) == [("too_few_together", "meeting_room", 10, 1, 1)]


def test_the_page_and_the_file_show_it_to_whoever_runs_the_park(
    client: FlaskClient, room: Place
) -> None:
    address = f"/reports/demand?{DAY}"
    make.signed_in(client, make.operator())
    assert "Nothing was refused in this period" in client.get(address).text
    wish = {"resources": [room.spot.public_id], **AT_TEN, "headcount": 9}
    client.post("/api/v1/reservations", json=wish, headers=make.bearer(make.person()))
    page = client.get(address).text
    assert "Too many people" in page
    assert "9–16" in page
    assert 'href="/reports/demand"' in client.get("/reports").text
    file = client.get(f"/reports/demand/demand.csv?{DAY}", buffered=True).text.splitlines()
    assert file[0].lstrip("\ufeff") == "day,hour,reason,kind,people_from,people_to,count"
    assert file[1] == "2026-10-05,10,over_capacity,meeting_room,9,16,1"
    assert client.get("/reports/demand?from=2026-10-05&to=2026-10-04").status_code == 422
    make.signed_in(client, make.lab_manager(room))
    assert client.get(address).status_code == 403
    assert "/reports/demand" not in client.get("/reports").text
