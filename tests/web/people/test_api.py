"""The API of oneself: who am I, and my calendar addresses."""

from __future__ import annotations

import icalendar
import pytest
from flask.testing import FlaskClient

from booking.core import ids
from booking.core.permissions import Role, Scope
from tests import make

FEEDS = "/api/v1/feeds"


def test_me_says_who_and_what_the_token_may_do(client: FlaskClient) -> None:
    startup = make.organisation("Atlas Robotics")
    who = make.member_of(startup, name="Nadia Idrissi", language="fr")
    who = make.grant(who, Role.LAB_MANAGER, place=make.lab())
    answer = client.get("/api/v1/me", headers=make.bearer(who, Scope.READ, Scope.DECIDE))
    assert answer.status_code == 200
    assert answer.headers["ETag"]
    assert answer.json == {
        "id": who.public_id,
        "name": "Nadia Idrissi",
        "email": who.email,
        "language": "fr",
        "organisations": [{"id": startup.public_id, "name": "Atlas Robotics", "is_manager": False}],
        "roles": ["lab_manager"],
        "scopes": ["decide", "read"],
    }


@pytest.mark.parametrize("path", ["/api/v1/me", FEEDS])
def test_strangers_are_told_to_sign_in(client: FlaskClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_address_is_made_shown_once_and_works(client: FlaskClient) -> None:
    who = make.member_of(language="en")
    made = make.reservation(who)
    mine = make.bearer(who)
    answer = client.post(FEEDS, json={"scope": "mine"}, headers=mine)
    assert answer.status_code == 201
    assert answer.json is not None
    body = answer.json
    secret = body.pop("secret")
    assert body.pop("links") == {
        "https": f"http://127.0.0.1:8000/ical/{secret}.ics",
        "webcal": f"webcal://127.0.0.1:8000/ical/{secret}.ics",
    }
    assert body == {
        "id": body["id"],
        "name": "Calendar address",
        "scope": "mine",
        "language": "en",
        "detail": "full",
        "created_at": "2026-10-05T08:00:00Z",
        "last_fetched_at": None,
    }
    calendar = icalendar.Calendar.from_ical(client.get(f"/ical/{secret}.ics").data)
    assert [event["UID"] for event in calendar.events] == [f"{made.public_id}@booking.example"]
    listed = client.get(FEEDS, headers=mine)
    assert listed.json == {"items": [body | {"last_fetched_at": "2026-10-05T08:00:00Z"}]}
    assert secret not in listed.text


def test_what_an_address_shall_show_can_be_chosen(client: FlaskClient) -> None:
    wanted = {"scope": "mine", "name": "Telephone", "language": "ar", "detail": "busy"}
    answer = client.post(FEEDS, json=wanted, headers=make.bearer(make.member_of()))
    assert answer.status_code == 201
    assert answer.json is not None
    assert {key: answer.json[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "scope"),
        ({"scope": "resource"}, "scope"),
        ({"scope": "organisation"}, "scope"),
        ({"scope": "mine", "id": "x"}, "id"),
        ({"scope": "mine", "language": "tlh"}, "language"),
        ({"scope": "mine", "detail": "everything"}, "detail"),
        ({"scope": "mine", "name": "x" * 81}, "name"),
        ({"scope": "mine", "name": 7}, "name"),
    ],
)
def test_what_cannot_be_made_is_named(
    client: FlaskClient, body: dict[str, object], field: str
) -> None:
    answer = client.post(FEEDS, json=body, headers=make.bearer(make.member_of()))
    assert answer.status_code == 422
    assert answer.json is not None
    assert list(answer.json["fields"]) == [field]


def test_a_retry_makes_one_address_and_shows_no_secret_again(client: FlaskClient) -> None:
    mine = {**make.bearer(make.member_of()), "Idempotency-Key": "k-1"}
    first = client.post(FEEDS, json={"scope": "mine"}, headers=mine)
    second = client.post(FEEDS, json={"scope": "mine"}, headers=mine)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json is not None
    assert second.json is not None
    assert first.json["id"] == second.json["id"]
    assert "secret" not in second.json
    assert first.json["secret"] not in second.text
    other = client.post(FEEDS, json={"scope": "mine", "detail": "busy"}, headers=mine)
    assert other.status_code == 422


def test_an_address_is_ended_by_its_owner_only(client: FlaskClient) -> None:
    mine, theirs = make.bearer(make.member_of()), make.bearer(make.member_of())
    made = client.post(FEEDS, json={"scope": "mine"}, headers=mine).json
    assert made is not None
    path = f"{FEEDS}/{made['id']}"
    assert client.delete(path, headers=theirs).status_code == 404
    assert client.delete(f"{FEEDS}/{ids.new_public_id()}", headers=mine).status_code == 404
    ended = client.delete(path, headers=mine)
    assert (ended.status_code, ended.data) == (204, b"")
    assert client.delete(path, headers=mine).status_code == 404
    assert client.get(FEEDS, headers=mine).json == {"items": []}
    assert client.get(f"/ical/{made['secret']}.ics").status_code == 404


def test_a_token_that_may_only_read_makes_and_ends_nothing(client: FlaskClient) -> None:
    who = make.member_of()
    reading = make.bearer(who, Scope.READ)
    made = client.post(FEEDS, json={"scope": "mine"}, headers=make.bearer(who)).json
    assert made is not None
    assert client.get(FEEDS, headers=reading).status_code == 200
    assert client.post(FEEDS, json={"scope": "mine"}, headers=reading).status_code == 403
    assert client.delete(f"{FEEDS}/{made['id']}", headers=reading).status_code == 403


def test_a_session_needs_its_csrf_token(client: FlaskClient) -> None:
    signed_in = make.signed_in(client, make.member_of())
    assert signed_in.get(FEEDS).status_code == 200
    assert signed_in.post(FEEDS, json={"scope": "mine"}).status_code == 400
