"""Room layouts on the pages and in the API: offered, chosen, shown and printed."""

from __future__ import annotations

from flask.testing import FlaskClient

from booking.core.refusals import LayoutKind
from booking.policies.facts import Place
from tests import make
from tests.forms import post

OFFERED = ((LayoutKind.THEATRE, 30, 60), (LayoutKind.U_SHAPE, 12, 0))
ADDRESS = "/book?resource=T-01&day=2026-10-06"
SENT = {"resource": "T-01", "day": "2026-10-06", "start": "10:00", "end": "11:00"}


def _room() -> Place:
    return make.room("T-01", capacity=20, under=make.policy(), layouts=OFFERED)


def test_the_form_offers_what_the_room_does_and_keeps_what_was_chosen(client: FlaskClient) -> None:
    room = _room()
    make.room("T-02")
    make.signed_in(client, make.operator())
    assert 'name="layout"' not in client.get("/book?resource=T-02").text
    page = client.get(f"{ADDRESS}&layout=theatre").text
    assert "Theatre: 30 people, 1 hour to set up" in page
    assert "U-shape: 12 people" in page
    refused = post(client, ADDRESS, "/book", **SENT, layout="u_shape", headcount=15)
    assert refused.status_code == 409
    assert "T-01 takes at most 12 people in this layout: U-shape." in refused.text
    assert "Large enough: Theatre (30 people), As it stands (20 people)." in refused.text
    unknown = post(client, ADDRESS, "/book", **SENT, layout="pyramid")
    assert unknown.status_code == 422
    not_here = post(client, ADDRESS, "/book", **SENT, layout="banquet")
    assert not_here.status_code == 422
    assert "Choose from these: Theatre, U-shape." in not_here.text
    answer = post(client, ADDRESS, "/book", **SENT, layout="theatre", headcount=30)
    assert answer.status_code == 303
    shown = client.get(answer.location or "").text
    assert "Theatre" in shown
    assert "From 09:00 for set-up" in shown
    planned = client.get("/planning?day=2026-10-06").text
    assert "Rooms to set up" in planned
    assert "Set-up from 09:00" in planned
    assert "From 09:00 for set-up" in client.get("/arrivals?day=06/10/2026").text
    assert "Theatre: 30 people" in client.get("/spaces/T-01").text
    edit = f"{answer.location}/edit"
    changed = post(client, edit, edit, **SENT, layout="", headcount=20, version=1)
    assert changed.status_code == 303
    assert "From 09:00 for set-up" not in client.get(answer.location or "").text
    assert "theatre" in client.get(f"/operator/resources/{room.spot.public_id}").text


def test_operators_say_what_a_room_offers(client: FlaskClient) -> None:
    make.signed_in(client, make.operator())
    room = _room()
    make.reservation(make.member_of(), room, layout=LayoutKind.THEATRE)
    page = f"/operator/resources/{room.spot.public_id}"
    seen = client.get(page).text.split('name="seen" type="hidden" value="')[1].split('"')[0]
    assert "Theatre: 1 reservation ahead" in client.get(page).text
    resource: dict[str, str] = {
        "code": "T-01",
        "seen": seen,
        "kind": "meeting_room",
        "area": room.spot.area_code,
        "policy": str(room.policy_id),
        "hours": str(room.spot.hours_id),
        "capacity": "20",
        "units": "1",
        "state": "in_order",
        "layouts.theatre.capacity": "",
        "layouts.theatre.setup": "30",
    }
    refused = post(client, page, **resource)
    assert refused.status_code == 422
    assert "Theatre: say for how many people." in refused.text
    changed = post(client, page, **(resource | {"layouts.theatre.capacity": "25"}))
    assert changed.status_code == 303
    shown = client.get("/api/v1/resources/" + room.spot.public_id).get_json()
    assert shown["layouts"] == [{"kind": "theatre", "capacity": 25, "setup_minutes": 30}]
    journal = client.get("/operator/journal").text
    assert "Theatre (25 people, 30 minutes)" in journal


def test_the_api_takes_and_tells_it(client: FlaskClient) -> None:
    room, member = _room(), make.bearer(make.member_of())
    body = {
        "resources": [room.spot.public_id],
        "starts_at": "2026-10-06T10:00",
        "ends_at": "2026-10-06T11:00",
        "layout": "theatre",
        "headcount": 30,
    }
    path = "/api/v1/reservations"
    no = client.post(path, json={**body, "layout": "banquet"}, headers=member)
    assert (no.status_code, no.get_json()["fields"]) == (422, {"layout": "not_offered"})
    assert no.get_json()["offered"] == ["theatre", "u_shape"]
    (reason,) = client.post(path, json={**body, "layout": "u_shape"}, headers=member).get_json()[
        "reasons"
    ]
    assert reason["instead"] == [{"layout": "theatre", "capacity": 30}]
    verdict = f"/api/v1/resources/{room.spot.public_id}/verdict"
    asked = {"starts_at": body["starts_at"], "ends_at": body["ends_at"], "headcount": 25}
    for layout, allowed in (("theatre", True), ("u_shape", False)):
        found = client.get(verdict, query_string={**asked, "layout": layout}, headers=member)
        assert found.get_json()["allowed"] is allowed
    made = client.post(path, json=body, headers=member).get_json()
    assert made["layout"] == "theatre"
    address = f"{path}/{made['id']}"
    renamed = client.patch(address, json={"title": "Chairs", "headcount": 10}, headers=member)
    assert renamed.get_json()["layout"] == "theatre"
    plain = client.patch(address, json={"layout": None}, headers=member)
    assert plain.get_json()["layout"] is None
