"""Guests without an account on the pages and in the API."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests import make
from tests.forms import post

GUEST = "Delphine <Marchand>"
SHOWN = "Delphine &lt;Marchand&gt;"


def test_the_reception_books_for_a_guest_and_finds_them_among_the_arrivals(
    client: FlaskClient,
) -> None:
    desk = make.desk("A-01")
    make.signed_in(client, make.reception(desk, "Hamza"))
    page = client.get("/book?resource=A-01&day=2026-10-06")
    assert "Or for a guest without an account, by name" in page.text
    sent = {"resource": "A-01", "day": "2026-10-06", "start": "09:00", "end": "10:00"}
    address = "/book?resource=A-01&day=2026-10-06"
    refused = post(client, address, "/book", **sent, guest=GUEST, email="nobody@atlas.example")
    assert refused.status_code == 422
    assert SHOWN in refused.text
    answer = post(client, address, "/book", **sent, guest=GUEST)
    assert answer.status_code == 303
    made = answer.location or ""
    for path in (made, f"{made}/edit", "/arrivals?day=06/10/2026", "/reservations"):
        assert SHOWN in client.get(path).text, path


def test_others_have_no_such_field(client: FlaskClient) -> None:
    make.desk("A-01")
    make.signed_in(client, make.member_of())
    assert "guest without an account" not in client.get("/book?resource=A-01").text


def test_the_api_books_for_guests_and_tells_of_them(client: FlaskClient) -> None:
    desk = make.desk("A-01")
    body = {
        "resources": [desk.spot.public_id],
        "starts_at": "2026-10-06T09:00",
        "ends_at": "2026-10-06T10:00",
        "holder": {"guest": GUEST},
    }
    allowed, denied = make.bearer(make.reception(desk)), make.bearer(make.member_of())
    made = client.post("/api/v1/reservations", json=body, headers=allowed)
    assert (made.status_code, made.get_json()["holder"]["guest"]) == (201, GUEST)
    assert client.post("/api/v1/reservations", json=body, headers=denied).status_code == 403
    own = client.post(
        "/api/v1/reservations",
        json={**body, "starts_at": "2026-10-06T11:00", "ends_at": "2026-10-06T12:00", "holder": {}},
        headers=denied,
    )
    assert "guest" not in own.get_json()["holder"]


def test_nobody_waits_for_a_guest(client: FlaskClient) -> None:
    desk = make.desk("A-01")
    make.reservation(make.member_of(), desk, starts_at=make.at(9))
    make.signed_in(client, make.reception(desk))
    sent = {"resource": "A-01", "day": "2026-10-06", "start": "09:00", "end": "10:00"}
    address = "/book?resource=A-01&day=2026-10-06"
    offered = "/waitlist/new"
    assert offered in post(client, address, "/book", **sent).text
    assert offered not in post(client, address, "/book", **sent, guest=GUEST).text


def test_blanks_are_no_guest_and_the_organisation_stays(client: FlaskClient) -> None:
    desk, atlas = make.desk("A-01"), make.organisation("Atlas")
    member = make.member_of(atlas)
    make.signed_in(client, member)
    sent = {"resource": "A-01", "day": "2026-10-06", "start": "09:00", "end": "10:00"}
    wished = {**sent, "organisation": atlas.public_id, "guest": "  "}
    answer = post(client, "/book?resource=A-01&day=2026-10-06", "/book", **wished)
    made = make.details((answer.location or "").rpartition("/")[2])
    assert made.organisation is not None
    assert made.guest is None
    assert made.place.spot.code == desk.spot.code
