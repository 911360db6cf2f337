"""All dates of a series as one file: each is the event that the feed shows, through every edit."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Event

from booking.reservations import series, series_cancelling, series_changing
from booking.reservations.series_changing import Wanted
from tests import make
from tests.db.reservations.test_series import weekly

HOUR = timedelta(hours=1)


def _events(client: FlaskClient, public_id: str) -> list[Event]:
    answer = client.get(f"/series/{public_id}.ics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/calendar")
    return Calendar.from_ical(answer.data).events


def test_names_stay_and_versions_go_up_through_every_edit(client: FlaskClient, app: Flask) -> None:
    member = make.member_of()
    make.signed_in(client, member)
    made = series.book(member, weekly(make.room()))
    booked = _events(client, made.public_id)
    third = made.reservations[2].public_id
    later = Wanted(starts=14 * HOUR, ends=15 * HOUR)
    series_changing.change(member, made.public_id, later, since=third)
    series_cancelling.cancel(member, made.public_id, since=made.reservations[3].public_id)
    now = _events(client, made.public_id)
    assert [one["UID"] for one in now] == [one["UID"] for one in booked]
    assert [str(one["SEQUENCE"]) for one in now] == ["0", "0", "1", "2"]
    assert [str(one["STATUS"]) for one in now] == ["CONFIRMED"] * 3 + ["CANCELLED"]
    assert now[2].start - booked[2].start == timedelta(hours=4)
    assert f"/series/{made.public_id}.ics" in client.get(f"/series/{made.public_id}").text


def test_it_is_there_for_those_who_may_see_the_dates(client: FlaskClient, app: Flask) -> None:
    made = series.book(make.member_of(), weekly(make.room()))
    make.signed_in(client, make.person())
    assert client.get(f"/series/{made.public_id}.ics").status_code == 404
