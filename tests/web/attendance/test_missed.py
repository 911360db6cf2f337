"""How often nobody came is told to the person, and to whoever decides on their next request."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask.testing import FlaskClient

from booking.attendance.service import release_next
from booking.core import clock
from tests import make
from tests.conftest import FROZEN

TODAY = datetime(2026, 10, 5)


def test_a_year_of_it_is_told_to_both(client: FlaskClient) -> None:
    desk = make.desk(under=make.policy(asks_for_check_in=True))
    lab = make.lab()
    salma = make.member_of(name="Salma")
    for hour in (9, 12):
        make.reservation(salma, desk, starts_at=TODAY.replace(hour=hour))
    make.reservation(salma, desk, starts_at=make.at(9))  # is still to come
    with clock.frozen_at(FROZEN + timedelta(hours=4, minutes=30)):
        assert release_next()
    request = make.reservation(salma, lab)
    mine, manager = "/reservations?when=past", make.lab_manager(lab)
    make.signed_in(client, salma)
    assert "Nobody came to 1 of your reservations" in client.get(mine).text
    make.signed_in(client, manager)
    said = "nobody came to 1 reservation of this person"
    assert said in client.get(f"/approvals/{request.public_id}").text
    with clock.frozen_at(FROZEN + timedelta(days=366)):
        make.signed_in(client, salma)
        assert "Nobody came" not in client.get(mine).text


def test_nothing_is_said_where_there_is_nothing(client: FlaskClient) -> None:
    salma, lab = make.member_of(), make.lab()
    request = make.reservation(salma, lab)
    make.signed_in(client, salma)
    assert "Nobody came" not in client.get("/reservations?when=past").text
    make.signed_in(client, make.lab_manager(lab))
    assert "nobody came" not in client.get(f"/approvals/{request.public_id}").text
