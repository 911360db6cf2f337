"""What stands in a feed, as calendar programs read it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
import vobject
from flask import Flask
from flask.testing import FlaskClient

from booking.core import clock, i18n
from booking.core.database import transaction
from booking.core.ics import clean
from booking.people.models import FeedDetail
from booking.reservations import service
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from booking.spaces.models import Building
from tests import make

OLD_ZONES = Path(__file__).parents[2] / "data" / "zoneinfo-2025b"
BEFORE_THE_LAW = datetime(2026, 9, 10, 8, tzinfo=UTC)

# What a calendar program with its own zone data makes of a feed.
PROGRAM = """
import json, sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
import icalendar, vobject

octets = sys.stdin.buffer.read()
zone = ZoneInfo("Africa/Casablanca")
def plain(*instants): return [instant.astimezone(UTC).isoformat() for instant in instants]
by_icalendar = {
    str(event["UID"]): plain(event.decoded("DTSTART"), event.decoded("DTEND"))
    for event in icalendar.Calendar.from_ical(octets).walk("VEVENT")
}
by_vobject = {
    event.uid.value: plain(event.dtstart.value, event.dtend.value)
    for event in vobject.readOne(octets.decode()).vevent_list
}
hours = datetime(2026, 10, 5, tzinfo=zone).utcoffset().total_seconds() / 3600
print(json.dumps([hours, by_icalendar, by_vobject]))
"""


def events_of(client: FlaskClient, address: str) -> list[Any]:  # Any: a component of icalendar
    answer = client.get(address)
    assert answer.status_code == 200
    return list(icalendar.Calendar.from_ical(answer.data).walk("VEVENT"))


def only_event(client: FlaskClient, address: str) -> Any:  # Any: as above
    (event,) = events_of(client, address)
    return event


def instants_of(reservations: Iterable[Details]) -> dict[str, list[str]]:
    return {
        f"{one.public_id}@booking.example": [
            one.interval.starts_at.isoformat(),
            one.interval.ends_at.isoformat(),
        ]
        for one in reservations
    }


@pytest.mark.parametrize(
    ("zone_files", "offset"), [(str(OLD_ZONES), 1), ("", 0)], ids=["old zones", "new zones"]
)
def test_two_parsers_read_the_instants_of_the_database_whatever_zones_they_know(
    client: FlaskClient, zone_files: str, offset: int
) -> None:
    who, desk = make.member_of(), make.desk()
    address = make.feed_address(who)
    with clock.frozen_at(BEFORE_THE_LAW):
        made = [
            make.reservation(who, desk, starts_at=make.at(10, days=days))
            for days in (8, 14, 46)  # before the change of 2026-09-20, after it, in the future
        ]
    hours = {one.interval.starts_at.hour for one in made}
    assert hours == {9, 10}  # ten o'clock on the wall, each time

    read = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=client.get(address).data,
        env={**os.environ, "PYTHONTZPATH": zone_files},
        check=True,
        capture_output=True,
    )
    known_offset, by_icalendar, by_vobject = json.loads(read.stdout)
    assert known_offset == offset
    assert by_icalendar == by_vobject == instants_of(made)


def test_an_event_for_a_guest_names_them(client: FlaskClient) -> None:
    desk = make.desk("A-07")
    hamza = make.reception(desk)
    make.reservation(hamza, desk, guest="Delphine Marchand")
    event = only_event(client, make.feed_address(hamza))
    assert event["DESCRIPTION"].startswith("Reserved for: Delphine Marchand\nReference:")


def test_an_event_says_what_where_when_and_where_to_read_more(client: FlaskClient) -> None:
    who, desk = make.member_of(), make.desk("A-07")
    _stand_at(33.5432, -7.55)
    made = make.reservation(who, desk, title="Prototype tests")
    event = only_event(client, make.feed_address(who))
    url = f"http://127.0.0.1:8000/reservations/{made.public_id}"
    assert event["UID"] == f"{made.public_id}@booking.example"
    assert event["SUMMARY"] == "Prototype tests"
    assert event["LOCATION"] == "Desk A-07, Area Z1, Floor 0, Building B1"
    assert event["GEO"].to_ical() == "33.5432;-7.55"
    assert event["DESCRIPTION"] == f"Reference: {made.reference}\nConfirmed\n{url}"
    assert event["URL"] == url
    assert event.categories == ["Desk"]
    assert event["STATUS"] == "CONFIRMED"
    assert event["TRANSP"] == "OPAQUE"
    assert event["CLASS"] == "PRIVATE"
    assert event["COLOR"] == "slateblue"
    assert event["X-MICROSOFT-CDO-BUSYSTATUS"] == "BUSY"
    assert event["SEQUENCE"] == 0
    assert event.decoded("DTSTAMP") == event.decoded("LAST-MODIFIED") == made.changed_at
    assert event.decoded("CREATED") == made.created_at
    assert not {"ORGANIZER", "ATTENDEE", "RRULE"} & set(event)
    assert not event.subcomponents


def _stand_at(latitude: float, longitude: float) -> None:
    with transaction() as current:
        for building in current.query(Building):
            building.latitude, building.longitude = latitude, longitude


def test_a_calendar_says_whose_it_is_and_when_to_come_back(client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who)
    address = make.feed_address(who)
    calendar = icalendar.Calendar.from_ical(client.get(address).data)
    assert calendar["METHOD"] == "PUBLISH"
    assert calendar["X-WR-CALNAME"] == "My reservations – Casablanca Tech Valley"
    assert calendar["NAME"] == calendar["X-WR-CALNAME"]
    assert calendar["X-WR-TIMEZONE"] == "Africa/Casablanca"
    assert calendar["SOURCE"] == f"http://127.0.0.1:8000{address}"
    assert calendar["URL"] == "http://127.0.0.1:8000/reservations"
    assert calendar["X-APPLE-CALENDAR-COLOR"] == "#4F41D6"
    assert calendar["REFRESH-INTERVAL"].to_ical() == b"PT15M"
    assert str(calendar["UID"]).endswith("@booking.example")
    assert calendar.walk("VTIMEZONE") == []


def test_without_a_title_the_place_is_the_title(client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who, make.desk("A-07"))
    assert only_event(client, make.feed_address(who))["SUMMARY"] == "Desk A-07"


def test_somebody_without_reservations_has_an_empty_calendar(client: FlaskClient) -> None:
    make.desk()
    assert events_of(client, make.feed_address(make.member_of())) == []


def test_what_waits_for_approval_is_tentative(client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who, make.lab(), title="Soldering")
    event = only_event(client, make.feed_address(who))
    assert event["STATUS"] == "TENTATIVE"
    assert event["SUMMARY"] == "Pending: Soldering"
    assert event["X-MICROSOFT-CDO-BUSYSTATUS"] == "TENTATIVE"


def test_approval_and_a_move_count_the_sequence_up_and_keep_the_uid(client: FlaskClient) -> None:
    who, lab = make.member_of(), make.lab(under=make.policy(needs_approval=True))
    made = make.reservation(who, lab, title="Soldering")
    address = make.feed_address(who)
    manager = make.lab_manager(lab)
    with clock.frozen_at(clock.now() + timedelta(minutes=10)):
        service.approve(manager, made.public_id, seen_version=1)
        approved = only_event(client, address)
        service.change(who, made.public_id, Change(starts_at=make.at(10), ends_at=make.at(10, 30)))
        moved = only_event(client, address)
    assert approved["STATUS"] == "CONFIRMED"
    assert approved["SUMMARY"] == "Soldering"
    assert (approved["SEQUENCE"], moved["SEQUENCE"]) == (1, 2)
    assert approved["UID"] == moved["UID"] == f"{made.public_id}@booking.example"
    assert moved.decoded("DTEND") - moved.decoded("DTSTART") == timedelta(minutes=30)


def test_a_cancelled_one_says_so_for_14_days_and_is_gone_then(client: FlaskClient) -> None:
    who = make.member_of()
    made = make.reservation(who, starts_at=make.at(10, days=3), title="Soldering")
    address = make.feed_address(who)
    cancelled_at = clock.now() + timedelta(hours=1)
    with clock.frozen_at(cancelled_at):
        service.cancel(who, made.public_id)
    with clock.frozen_at(cancelled_at + timedelta(days=14)):
        event = only_event(client, address)
    assert event["STATUS"] == "CANCELLED"
    assert event["SUMMARY"] == "Cancelled: Soldering"
    assert event["SEQUENCE"] == 1
    assert event["TRANSP"] == "TRANSPARENT"
    with clock.frozen_at(cancelled_at + timedelta(days=15)):
        assert events_of(client, address) == []


def test_a_declined_one_says_so_without_the_reason(client: FlaskClient) -> None:
    who, lab = make.member_of(), make.lab()
    made = make.reservation(who, lab, title="Soldering")
    service.decline(make.lab_manager(lab), made.public_id, seen_version=1, reason="Private words")
    address = make.feed_address(who)
    event = only_event(client, address)
    assert (event["STATUS"], event["SUMMARY"]) == ("CANCELLED", "Declined: Soldering")
    assert b"Private words" not in client.get(address).data


def test_busy_says_when_but_neither_what_nor_where(client: FlaskClient) -> None:
    who, desk = make.member_of(), make.desk("A-07")
    made = make.reservation(who, desk, title="Prototype tests")
    address = make.feed_address(who, detail=FeedDetail.BUSY)
    event = only_event(client, address)
    assert event["SUMMARY"] == "Busy"
    assert event.decoded("DTSTART") == made.interval.starts_at
    assert event.decoded("DTEND") == made.interval.ends_at
    assert not {"DESCRIPTION", "LOCATION", "GEO", "URL", "CATEGORIES"} & set(event)
    for secret in (b"Prototype", b"A-07", made.reference.encode()):
        assert secret not in client.get(address).data


def test_a_feed_speaks_its_own_language_not_the_one_of_the_request(client: FlaskClient) -> None:
    who = make.member_of(language="ar")
    make.reservation(who, make.desk("A-07"))
    address = make.feed_address(who, language="fr")
    asked = client.get(address, headers={"Accept-Language": "ar"})
    (event,) = icalendar.Calendar.from_ical(asked.data).events
    assert event.categories == ["Bureau"]
    assert client.get(make.feed_address(who, language="ar")).data != asked.data


def test_nobody_else_is_named(client: FlaskClient) -> None:
    startup = make.organisation("Atlas Robotics")
    who = make.member_of(startup, name="Nadia Idrissi")
    lab = make.lab()
    manager = make.lab_manager(lab, name="Omar Bennis")
    made = make.reservation(who, lab)
    service.approve(manager, made.public_id, seen_version=1)
    octets = client.get(make.feed_address(who)).data
    for name in ("Omar", "Nadia", "Atlas", manager.email, who.email):
        assert name.encode() not in octets


HOSTILE = [
    "END:VEVENT BEGIN:VEVENT",
    "a\\nb, c; d: e \\ \" ' \\, \\;",
    "first\nsecond",
    "👩‍🔬 émile " * 10,
    "\u202etxt.exe\u202c \u2066isolated\u2069",
    "100 % %(title)s %s {title}",
    ("قاعة التكوين، الطابق الثاني؛ " * 8)[:200].strip(),
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles_come_back_as_text(client: FlaskClient, title: str) -> None:
    who = make.member_of()
    made = make.reservation(who, title=title)
    address = make.feed_address(who)
    event = only_event(client, address)
    assert event["SUMMARY"] == clean(made.title)
    assert unicodedata.is_normalized("NFC", event["SUMMARY"])
    second = vobject.readOne(client.get(address).data.decode()).vevent
    assert second.summary.value == clean(made.title)
    for line in client.get(address).data.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


def test_every_language_has_its_texts(app: Flask, client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who, make.lab(), title="Soldering")
    for language in i18n.LOCALES:
        event = only_event(client, make.feed_address(who, language=language))
        assert "Soldering" in event["SUMMARY"]
        assert "%" not in event["SUMMARY"] + event["LOCATION"] + event["DESCRIPTION"]
