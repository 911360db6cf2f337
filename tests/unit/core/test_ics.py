"""Calendars are exact for every parser, and hostile text stays text."""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import icalendar
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as some

from booking.core.ics import Calendar, CalendarEvent, Coordinates, Status, clean, serialize

START = datetime(2026, 11, 24, 10, tzinfo=UTC)

EVENT = CalendarEvent(
    uid="0193-a@park.example",
    sequence=2,
    created_at=START - timedelta(days=9),
    changed_at=START - timedelta(days=2),
    starts_at=START,
    ends_at=START + timedelta(hours=2),
    status=Status.CONFIRMED,
    summary="Bureau A-03",
    location="Coworking, étage 2",
    coordinates=Coordinates(33.5432, -7.55),
    description="Référence : K7P2QX\nConfirmée",
    url="https://park.example/reservations/0193-a?x=1,2;3",
    categories=("Bureau", "A, B; C"),
    is_private=True,
    color="slateblue",
)
CALENDAR = Calendar(
    uid="feed-1@park.example",
    name="Mes réservations",
    zone_name="Africa/Casablanca",
    changed_at=START,
    events=(EVENT,),
    description="Casablanca Tech Valley",
    source="https://park.example/ical/secret.ics",
    url="https://park.example/mine",
    color="slateblue",
    color_code="#6254E0",
)


def parsed(calendar: Calendar) -> icalendar.Calendar:
    result = icalendar.Calendar.from_ical(serialize(calendar))
    assert isinstance(result, icalendar.Calendar)
    return result


def parsed_event(event: CalendarEvent) -> icalendar.Event:
    (result,) = parsed(replace(CALENDAR, events=(event,))).walk("VEVENT")
    assert isinstance(result, icalendar.Event)
    return result


def lines(calendar: Calendar) -> list[str]:
    return serialize(calendar).replace(b"\r\n ", b"").decode().split("\r\n")


# --- the form ---


def test_the_whole_calendar_is_written_as_expected() -> None:
    assert lines(CALENDAR) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Casablanca Tech Valley//Booking//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "UID:feed-1@park.example",
        "NAME:Mes réservations",
        "X-WR-CALNAME:Mes réservations",
        "X-WR-CALDESC:Casablanca Tech Valley",
        "X-WR-TIMEZONE:Africa/Casablanca",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
        "SOURCE;VALUE=URI:https://park.example/ical/secret.ics",
        "URL:https://park.example/mine",
        "LAST-MODIFIED:20261124T100000Z",
        "COLOR:slateblue",
        "X-APPLE-CALENDAR-COLOR:#6254E0",
        "BEGIN:VEVENT",
        "UID:0193-a@park.example",
        "DTSTAMP:20261122T100000Z",
        "CREATED:20261115T100000Z",
        "LAST-MODIFIED:20261122T100000Z",
        "SEQUENCE:2",
        "DTSTART:20261124T100000Z",
        "DTEND:20261124T120000Z",
        "STATUS:CONFIRMED",
        "SUMMARY:Bureau A-03",
        "LOCATION:Coworking\\, étage 2",
        "GEO:33.543200;-7.550000",
        "DESCRIPTION:Référence : K7P2QX\\nConfirmée",
        "URL:https://park.example/reservations/0193-a?x=1,2;3",
        "CATEGORIES:Bureau,A\\, B\\; C",
        "TRANSP:OPAQUE",
        "CLASS:PRIVATE",
        "COLOR:slateblue",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_what_is_empty_is_left_out() -> None:
    event = replace(
        EVENT,
        location="",
        coordinates=None,
        description="",
        url="",
        categories=(),
        is_private=False,
        color="",
    )
    calendar = replace(
        CALENDAR, events=(event,), description="", source="", url="", color="", color_code=""
    )
    text = serialize(calendar)
    names = b"LOCATION|GEO|DESCRIPTION|URL|CATEGORIES|CLASS|COLOR|SOURCE|X-WR-CALDESC|X-APPLE"
    assert not re.search(rb"\n(%s)" % names, text)


def test_nobody_is_invited_and_nothing_rings() -> None:
    text = serialize(CALENDAR)
    assert not re.search(b"ORGANIZER|ATTENDEE|VALARM|RRULE|VTIMEZONE|TZID", text)


@pytest.mark.parametrize(
    ("status", "transparency", "busy"),
    [
        (Status.CONFIRMED, "OPAQUE", "BUSY"),
        (Status.TENTATIVE, "OPAQUE", "TENTATIVE"),
        (Status.CANCELLED, "TRANSPARENT", "FREE"),
    ],
)
def test_a_cancelled_event_takes_no_time(status: Status, transparency: str, busy: str) -> None:
    event = parsed_event(replace(EVENT, status=status))
    assert event["STATUS"] == status
    assert event["TRANSP"] == transparency
    assert event["X-MICROSOFT-CDO-BUSYSTATUS"] == busy


def test_only_instants_in_utc_leave() -> None:
    for wrong in (START.replace(tzinfo=None), START.astimezone(timezone(timedelta(hours=1)))):
        with pytest.raises(ValueError, match="UTC"):
            serialize(replace(CALENDAR, events=(replace(EVENT, starts_at=wrong),)))


def test_equal_calendars_are_equal_octets() -> None:
    assert serialize(CALENDAR) == serialize(replace(CALENDAR, events=(replace(EVENT),)))


def test_a_calendar_without_events_is_still_a_calendar() -> None:
    assert parsed(replace(CALENDAR, events=())).walk("VEVENT") == []


# --- what parsers read ---


def test_icalendar_reads_every_value() -> None:
    event = parsed_event(EVENT)
    assert event.decoded("DTSTART") == EVENT.starts_at
    assert event.decoded("DTEND") == EVENT.ends_at
    assert event.decoded("DTSTAMP") == event.decoded("LAST-MODIFIED") == EVENT.changed_at
    assert event.decoded("CREATED") == EVENT.created_at
    assert event["SEQUENCE"] == EVENT.sequence
    assert event["LOCATION"] == EVENT.location
    assert event["DESCRIPTION"] == EVENT.description
    assert event["URL"] == EVENT.url
    assert event.categories == list(EVENT.categories)
    assert event["GEO"].to_ical() == "33.5432;-7.55"


def test_vobject_reads_the_same_instants() -> None:
    event = vobject.readOne(serialize(CALENDAR).decode()).vevent
    assert event.dtstart.value == EVENT.starts_at
    assert event.dtend.value == EVENT.ends_at
    assert event.summary.value == EVENT.summary


# --- hostile text ---

HOSTILE = [
    "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:forged",
    "a\\nb, c; d: e \\ \" ' \\, \\;",
    "first\nsecond\rthird\r\nfourth",
    "tab\tnul\0bell\x07escape\x1bdelete\x7fnel\x85",
    "line\u2028paragraph\u2029end",
    "\u202etxt.exe\u202c \u2066isolated\u2069 \u200fmark \u061cletter",
    "lone \ud800 surrogate \udfff",
    "e\u0301 and e\u200e\u0301 and \u1e9b\u0323",
    "مختبر النماذج الأولية، الطابق الثاني؛ قاعة التكوين " * 4,
    "👩‍🔬" * 30,
    "x" * 400,
    "é" * 37 + "x" * 80,
    " leading and trailing ",
    "=cmd|' /C calc'!A0",
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    event = replace(EVENT, summary=text, location=text, description=text, categories=(text, "b"))
    shown = parsed_event(event)
    assert shown["UID"] == EVENT.uid
    assert shown["SUMMARY"] == clean(event.summary)
    assert shown.get("LOCATION", "") == clean(event.location)
    assert shown.get("DESCRIPTION", "") == clean(event.description)


def test_a_hostile_address_adds_no_property() -> None:
    event = parsed_event(replace(EVENT, url="https://park.example/\r\nATTENDEE:mailto:x@y.example"))
    assert event["URL"] == "https://park.example/ATTENDEE:mailto:x@y.example"
    assert "ATTENDEE" not in event


def test_clean_text_is_composed_and_says_nothing_about_direction() -> None:
    assert clean("e\u200e\u0301") == "é"
    assert clean("\u202eabc\u202c\u2066\u2069\u061c") == "abc"
    assert clean("a\r\nb\rc\td\0") == "a\nb\nc d"


texts = some.text(max_size=200) | some.text(
    alphabet='\\;,:"\n\r\t\0 nN\u2028\u200eéم👩\u0301\ud800', max_size=200
)


@given(summary=texts, location=texts)
def test_any_text_comes_back_clean_from_well_formed_lines(summary: str, location: str) -> None:
    octets = serialize(
        replace(CALENDAR, events=(replace(EVENT, summary=summary, location=location),))
    )
    assert octets.endswith(b"\r\n")
    for line in octets.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # never cut inside a character
        assert not re.search(rb"[\x00-\x1f\x7f]", line)
    shown = parsed_event(replace(EVENT, summary=summary, location=location))
    assert shown["SUMMARY"] == clean(summary)
    assert shown.get("LOCATION", "") == clean(location)


@given(text=texts)
def test_cleaning_is_done_once_and_for_all(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode()


@given(size=some.integers(50, 100), letter=some.sampled_from("xé€👩"))
def test_lines_are_as_long_as_they_may_be(size: int, letter: str) -> None:
    octets = serialize(replace(CALENDAR, name=letter * size))
    name = next(part for part in octets.split(b"\r\n") if part.startswith(b"NAME:"))
    if len(f"NAME:{letter * size}".encode()) > 75:
        assert 75 - len(letter.encode()) < len(name) <= 75
