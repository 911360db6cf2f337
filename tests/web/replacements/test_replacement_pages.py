"""What is held for whoever was displaced: on the pages, in the letter and by the API."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from booking import worker
from booking.core.database import end_reading, session
from booking.core.permissions import Actor
from booking.messages.models import Message, MessageKind
from booking.reservations.queries import Details
from tests import make
from tests.displacing import displace
from tests.forms import post

CHOICE = re.compile(r'name="replacement" value="([^"]+)"')


@pytest.fixture
def who(client: FlaskClient) -> Actor:
    return make.member_of()


@pytest.fixture
def old(app: Flask, who: Actor) -> Details:
    """A reservation of a room that was closed then; three others are held."""
    room, _spare = make.room("R-1"), make.room("R-2")
    made = make.reservation(
        who,
        room,
        starts_at=make.at(10, days=2),
        ends_at=make.at(12, days=2),
        title="Pitch",
        organisation_id=who.memberships[0].public_id,
    )
    displace(make.operator(), made)
    worker.until_nothing_is_due(app)
    end_reading()
    return made


def test_three_stand_side_by_side_and_taking_one_is_one_tap(
    client: FlaskClient, who: Actor, old: Details
) -> None:
    make.signed_in(client, who)
    page, reservation = f"/replacements/{old.public_id}", f"/reservations/{old.public_id}"
    for before in ("/", "/reservations", reservation):
        assert f'href="{page}"' in client.get(before).text
    assert "What would work instead" not in client.get(reservation).text
    shown = client.get(page).text
    choices = CHOICE.findall(shown)
    assert len(choices) == shown.count("Take this one") == 3
    assert "Same time, similar space" in shown
    assert shown.count("Held for you until") == 3
    form = {"replacement": choices[1], "idempotency_key": "a" * 12}
    taken = post(client, page, f"{page}/take", **form)
    again = post(client, "/profile", f"{page}/take", **form)
    assert taken.status_code == 303
    assert taken.location == again.location
    new = client.get(taken.location).text
    assert "Pitch" in new
    assert f'href="{reservation}"' in new
    assert f'href="{taken.location}"' in client.get(reservation).text
    over = client.get(page).text
    assert "Take this one" not in over
    assert f'href="{taken.location}"' in over
    assert page not in client.get("/").text
    late = post(client, "/profile", f"{page}/take", replacement=choices[0])
    assert late.status_code == 409
    assert "no longer held for you" in late.text


def test_none_of_them_and_what_is_nobody_elses(
    client: FlaskClient, who: Actor, old: Details
) -> None:
    page = f"/replacements/{old.public_id}"
    make.signed_in(client, make.person())
    assert client.get(page).status_code == 404
    assert post(client, "/profile", f"{page}/decline").status_code == 404
    day = f"/planning?day={make.at(0, days=2).date()}"
    assert "Held" in client.get(day).text
    assert who.name not in client.get(day).text
    make.signed_in(client, who)
    assert post(client, page, f"{page}/decline").status_code == 303
    assert "Not wanted" in client.get(page).text
    assert page not in client.get("/").text


def test_the_letter_leads_there_in_three_languages(client: FlaskClient, app: Flask) -> None:
    """In one letter for each, with everything of theirs, and no secret in the links."""
    room, _spare, operator = make.room("R-1"), make.room("R-2"), make.operator()
    made = {}
    for hour, language in ((9, "fr"), (12, "ar"), (15, "en")):
        person = make.person(language=language)
        made[language] = make.reservation(person, room, starts_at=make.at(hour, days=3))
    whole_day = make.reservation(
        make.person(), make.room("R-3"), starts_at=make.at(9, days=3), ends_at=make.at(10, days=3)
    )
    for one in (*made.values(), whole_day):
        displace(operator, one)
    worker.until_nothing_is_due(app)
    end_reading()
    rows = session().execute(
        select(Message.recipient_id, Message.text).where(Message.kind == MessageKind.DISPLACED)
    )
    texts = {row.recipient_id: row.text or "" for row in rows}
    assert len(texts) == 4
    held = {"fr": "Retenue pour vous jusqu", "ar": "محجوز لك إلى غاية", "en": "Held for you until"}
    for language, one in made.items():
        text = texts[one.person_id]
        links = re.findall(rf"\S+/replacements/{one.public_id}#[0-9a-f-]{{36}}\s", text)
        assert len(links) == text.count("/replacements/") == text.count(held[language]) == 3


def test_the_api_lists_shows_takes_and_leaves(
    client: FlaskClient, who: Actor, old: Details
) -> None:
    headers, address = make.bearer(who), f"/api/v1/replacements/{old.public_id}"
    (item,) = client.get("/api/v1/replacements", headers=headers).get_json()["items"]
    assert item == client.get(address, headers=headers).get_json()
    assert [one["state"] for one in item["replacements"]] == ["open"] * 3
    assert client.get(address, headers=make.bearer(make.person())).status_code == 404
    held = next(one for one in item["replacements"] if one["why"] == "alike_same_time")
    wish = {
        "resources": [one["id"] for one in held["resources"]],
        "starts_at": held["local"]["starts_at"],
        "ends_at": held["local"]["ends_at"],
    }
    rival = make.bearer(make.person())
    refused = client.post("/api/v1/reservations", json=wish, headers=rival).get_json()
    assert refused["reasons"][0]["cause"] == "replacement"
    body = {"replacement": "00000000-0000-7000-8000-000000000000"}
    assert client.post(f"{address}/take", json=body, headers=headers).status_code == 422
    body = {"replacement": held["id"]}
    taken = client.post(f"{address}/take", json=body, headers=headers)
    assert (taken.status_code, taken.get_json()["state"]) == (201, "confirmed")
    shown = client.post(f"{address}/decline", json={}, headers=headers).get_json()
    assert shown["replaced_by"] == taken.get_json()["id"]
    assert sorted(one["state"] for one in shown["replacements"]) == [
        *("released", "released", "taken"),
    ]
    assert client.get("/api/v1/replacements", headers=headers).get_json()["items"] == []
