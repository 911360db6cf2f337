"""What the code at a door opens, and who prints labels of which spaces."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from booking.core import clock
from booking.core.database import end_reading, session
from booking.policies.facts import Place
from booking.reservations.models import Attendance, CheckInWay
from tests import make
from tests.forms import post

BUTTON = "Confirm my presence"
LABEL = 'class="qr"'
PAGE = "/spaces/M-01/check-in"


@pytest.fixture
def room(client: FlaskClient) -> Place:
    return make.room("M-01", under=make.policy(asks_for_check_in=True))


def test_who_has_a_reservation_there_now_confirms_with_one_tap(
    client: FlaskClient, room: Place
) -> None:
    who = make.member_of()
    made = make.reservation(who, room)
    make.signed_in(client, who)
    with clock.frozen_at(made.interval.starts_at - timedelta(minutes=20)):
        assert "Your reservation" not in client.get(PAGE).text
    with clock.frozen_at(made.interval.starts_at - timedelta(minutes=10)):
        assert BUTTON in client.get(PAGE).text
        address = f"/reservations/{made.public_id}/check-in"
        answer = post(client, PAGE, address, next=PAGE, way="code")
        assert (answer.status_code, answer.location) == (303, PAGE)
        shown = client.get(PAGE).text
        assert "On site" in shown
        assert BUTTON not in shown
    end_reading()
    assert session().scalars(select(Attendance.way)).all() == [CheckInWay.CODE]


def test_others_read_whether_it_is_free_and_nothing_about_who_is_there(
    client: FlaskClient, room: Place
) -> None:
    made = make.reservation(make.member_of(), room, title="Secret talks")
    make.signed_in(client, make.member_of())
    with clock.frozen_at(made.interval.starts_at):
        taken = client.get(PAGE).text
        assert "M-01 is already booked" in taken
        assert "Secret talks" not in taken
        assert BUTTON not in taken
    with clock.frozen_at(made.interval.ends_at):
        free = client.get(PAGE).text
        assert "/book?resource=M-01&amp;day=2026-10-06&amp;start=11:00&amp;end=12:00" in free


def test_who_is_not_signed_in_comes_back_after_signing_in(client: FlaskClient, room: Place) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 303
    assert f"next={PAGE}" in answer.location.replace("%2F", "/")


def test_a_place_that_is_not_there_has_no_page(client: FlaskClient, room: Place) -> None:
    make.signed_in(client, make.member_of())
    assert client.get("/spaces/M-99/check-in").status_code == 404


def test_labels_are_of_the_spaces_one_looks_after(client: FlaskClient, room: Place) -> None:
    lab = make.lab("LAB-01")
    make.signed_in(client, make.lab_manager(lab))
    shown = client.get("/labels").text
    assert shown.count(LABEL) == 1
    assert "QR code of LAB-01" in shown
    assert LABEL not in client.get("/labels?resource=M-01").text
    make.signed_in(client, make.operator())
    assert client.get("/labels").text.count(LABEL) == 2
    assert client.get("/labels?resource=M-01").text.count(LABEL) == 1
    assert client.get(f"/labels?area={lab.spot.area_code}").text.count(LABEL) == 2
    assert client.get("/labels?area=absent").text.count(LABEL) == 0
    make.signed_in(client, make.member_of())
    assert client.get("/labels").status_code == 403


def test_many_labels_come_in_pages(client: FlaskClient, room: Place) -> None:
    for number in range(60):
        make.desk(f"D-{number:02}")
    make.signed_in(client, make.operator())
    first = client.get("/labels")
    assert first.text.count(LABEL) == 60
    after = first.text.split("/labels?after=")[1].split('"')[0]
    assert client.get(f"/labels?after={after}").text.count(LABEL) == 1
