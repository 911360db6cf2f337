"""Closing spaces on pages: the form, whom it hits, the list, and opening again."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from booking import worker
from booking.closures import service
from booking.closures.rules import Wanted
from booking.core.database import session
from booking.core.permissions import Actor
from booking.messages.models import Message, MessageKind
from booking.occupancy.models import ClosureKind
from booking.policies.facts import Place
from booking.reservations.models import State
from tests import make

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
LINK = re.compile(r"http://\S+/book\?\S+")
SEEN = re.compile(r'name="seen" value="([^"]+)"')
TYPED = {
    "kind": "maintenance",
    "names.fr": "Ventilation",
    "codes": "LAB-9",
    "first_day": "06/10/2026",
    "start": str(9 * 60),
    "last_day": "06/10/2026",
    "end": str(24 * 60),
}


@pytest.fixture
def lab(client: FlaskClient) -> Place:
    return make.lab("LAB-9")


@pytest.fixture
def manager(client: FlaskClient, lab: Place) -> Actor:
    manager = make.lab_manager(lab)
    make.signed_in(client, manager)
    return manager


def send(client: FlaskClient, path: str = "/closures", **fields: object) -> TestResponse:
    token = TOKEN.findall(client.get("/closures").text)[0]
    return client.post(path, data={"csrf_token": token, **fields})


def test_a_manager_closes_a_space_and_opens_it_again(client: FlaskClient, manager: Actor) -> None:
    form = client.get("/closures/new?resource=LAB-9&day=2026-10-06").text
    assert 'value="LAB-9"' in form
    assert "06/10/2026" in form
    made = send(client, **TYPED)
    assert made.status_code == 303
    address = made.headers["Location"]
    assert "Ventilation" in client.get(address).text
    assert "Ventilation" in client.get("/closures").text
    assert client.get(f"{address}/end").status_code == 200
    assert send(client, f"{address}/end").status_code == 303
    assert "Ventilation" in client.get("/closures?when=past").text
    assert "Ventilation" not in client.get("/closures").text


def test_whoever_is_hit_is_shown_first_and_cancelled_only_on_confirmation(
    client: FlaskClient, manager: Actor, lab: Place
) -> None:
    booked = make.reservation(make.person("Salma"), lab, title="Essai")
    shown = send(client, **TYPED)
    assert shown.status_code == 409
    assert "Salma" in shown.text
    assert "Essai" in shown.text
    assert 'name="names.fr" value="Ventilation"' in shown.text
    assert make.details(booked.public_id).is_live
    edited = send(client, **TYPED, edit="1")
    assert edited.status_code == 200
    assert 'value="Ventilation"' in edited.text
    stale = send(client, **TYPED, seen="0")
    assert stale.status_code == 409
    assert make.details(booked.public_id).is_live
    (seen,) = SEEN.findall(stale.text)
    made = send(client, **TYPED, seen=seen)
    assert made.status_code == 303
    assert make.details(booked.public_id).state is State.CANCELLED
    assert "Essai" in client.get(made.headers["Location"]).text


def test_what_is_missing_or_strange_stands_beside_its_field(
    client: FlaskClient, manager: Actor
) -> None:
    for changed in (
        {"names.fr": ""},
        {"codes": ""},
        {"codes": "NOWHERE"},
        {"kind": "party"},
        {"first_day": "32/10/2026"},
        {"start": "٣"},
        {"end": "1500"},
        {"last_day": "05/10/2026"},
        {"places": "area:x"},
        {"places": "space:x"},
        {"places": "floor:99"},
        {"codes": "A\x00"},
    ):
        answer = send(client, **TYPED | changed)
        assert answer.status_code == 422, changed
        assert 'class="error' in answer.text or 'role="alert"' in answer.text


def test_spaces_of_others_are_refused(client: FlaskClient, manager: Actor) -> None:
    make.lab("LAB-X", at=make.area())
    assert send(client, **TYPED | {"codes": "LAB-X"}).status_code == 403
    make.signed_in(client, make.person())
    assert client.get("/closures").status_code == 403


def test_the_planning_the_space_and_the_booking_form_name_the_closure(
    client: FlaskClient, lab: Place
) -> None:
    make.closure(lab, make.at(9), make.at(18), kind=ClosureKind.MAINTENANCE)
    make.signed_in(client, make.person())
    for address in (
        "/planning?day=2026-10-06",
        "/spaces/LAB-9?day=2026-10-06",
        "/spaces/LAB-9",
    ):
        page = client.get(address).text
        assert "Maintenance" in page, address
    assert " maintenance" in client.get("/planning?day=2026-10-06").text
    assert "/closures/new" not in client.get("/spaces/LAB-9").text
    token = TOKEN.findall(client.get("/book?resource=LAB-9&day=2026-10-06").text)[0]
    sent = {"resource": "LAB-9", "day": "2026-10-06", "start": "10:00", "end": "11:00"}
    answer = client.post("/book", data={"csrf_token": token, "headcount": "1", **sent})
    assert answer.status_code == 409
    assert "is closed" in answer.text
    assert "Maintenance" in answer.text


def test_a_letter_leads_to_the_booking_form_with_a_time_that_is_free(
    app: Flask, client: FlaskClient
) -> None:
    desk, who = make.desk("D-1"), make.person()
    make.desk("D-2")
    make.reservation(who, desk)
    operator = make.operator()
    plain = Wanted(
        kind=ClosureKind.CLOSED,
        names={"en": "Painting"},
        starts_at=make.at(8),
        ends_at=make.at(18),
        resources=(desk.spot.public_id,),
    )
    service.close(operator, plain, keeps=True)
    worker.until_nothing_is_due(app)
    letter = session().scalar(select(Message.text).where(Message.kind == MessageKind.DISPLACED))
    links = [urlsplit(link) for link in LINK.findall(letter or "")]
    assert len(links) == 3
    make.signed_in(client, who)
    for link in links:
        form = client.get(f"{link.path}?{link.query}").text
        assert form.count("<option selected value=") == 2
        assert "Chosen, but not free" not in form
