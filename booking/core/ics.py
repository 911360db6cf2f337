"""Calendars as octets: a short and fast serializer for feeds (RFC 5545, 7986), UTC only."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PRODUCT = "-//Casablanca Tech Valley//Booking//EN"
CONTENT_TYPE = "text/calendar; charset=utf-8"

_REFRESH = "PT15M"
_LONGEST_LINE = 75  # octets, without the line break
_UTC_OFFSET = timedelta(0)

# Control characters (but the line feed, which is escaped), surrogates that stand alone, the line
# and paragraph separators, and the marks that turn the direction of text around them.
_UNWANTED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_TO_ESCAPE = re.compile("[\\\\;,\n]")
_ESCAPED = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}


class Status(StrEnum):
    """Where an event stands."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


_BUSY_STATUS = {Status.CONFIRMED: "BUSY", Status.TENTATIVE: "TENTATIVE", Status.CANCELLED: "FREE"}


@dataclass(frozen=True, slots=True)
class Coordinates:
    """A point on the earth in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One event; empty texts are left out. `color` is a colour name of CSS."""

    uid: str
    sequence: int
    created_at: datetime
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    status: Status
    summary: str
    location: str = ""
    coordinates: Coordinates | None = None
    description: str = ""
    url: str = ""
    categories: tuple[str, ...] = ()
    is_private: bool = False
    color: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar and its events; `source` is the address it can be fetched from again.

    Without a name it is no calendar of its own but events for one that the reader has: some
    programs open a named or refreshed one beside it.
    """

    uid: str
    name: str
    zone_name: str
    changed_at: datetime
    events: tuple[CalendarEvent, ...]
    description: str = ""
    source: str = ""
    url: str = ""
    color: str = ""
    color_code: str = ""  # the same colour as #RRGGBB


def serialize(calendar: Calendar) -> bytes:
    """The calendar as it is sent; equal calendars give equal octets."""
    lines = [*_calendar_lines(calendar)]
    for event in calendar.events:
        lines += _event_lines(event)
    lines.append("END:VCALENDAR")
    return b"\r\n".join(map(_fold, lines)) + b"\r\n"


def clean(text: str) -> str:
    """Text as it may stand in a calendar: lines end in a line feed, nothing else controls."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    text = _UNWANTED.sub("", text)
    # After the removal: what stood between a letter and its accent no longer parts them.
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _calendar_lines(calendar: Calendar) -> Iterator[str]:
    name = _text(calendar.name)
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:{PRODUCT}"
    yield "CALSCALE:GREGORIAN"
    yield "METHOD:PUBLISH"
    yield f"UID:{_text(calendar.uid)}"
    yield from _unless_empty("NAME", name)
    yield from _unless_empty("X-WR-CALNAME", name)
    yield from _unless_empty("X-WR-CALDESC", _text(calendar.description))
    yield f"X-WR-TIMEZONE:{_text(calendar.zone_name)}"
    yield from _unless_empty("REFRESH-INTERVAL;VALUE=DURATION", _REFRESH if name else "")
    yield from _unless_empty("X-PUBLISHED-TTL", _REFRESH if name else "")
    yield from _unless_empty("SOURCE;VALUE=URI", _address(calendar.source))
    yield from _unless_empty("URL", _address(calendar.url))
    yield f"LAST-MODIFIED:{_instant(calendar.changed_at)}"
    yield from _unless_empty("COLOR", _text(calendar.color))
    yield from _unless_empty("X-APPLE-CALENDAR-COLOR", _text(calendar.color_code))


def _event_lines(event: CalendarEvent) -> list[str]:
    changed_at = _instant(event.changed_at)
    where = event.coordinates
    return [
        "BEGIN:VEVENT",
        f"UID:{_text(event.uid)}",
        f"DTSTAMP:{changed_at}",
        f"CREATED:{_instant(event.created_at)}",
        f"LAST-MODIFIED:{changed_at}",
        f"SEQUENCE:{event.sequence}",
        f"DTSTART:{_instant(event.starts_at)}",
        f"DTEND:{_instant(event.ends_at)}",
        f"STATUS:{event.status}",
        f"SUMMARY:{_text(event.summary)}",
        *_unless_empty("LOCATION", _text(event.location)),
        *([f"GEO:{where.latitude:.6f};{where.longitude:.6f}"] if where else ()),
        *_unless_empty("DESCRIPTION", _text(event.description)),
        *_unless_empty("URL", _address(event.url)),
        *_unless_empty("CATEGORIES", ",".join(map(_text, event.categories))),
        f"TRANSP:{'TRANSPARENT' if event.status is Status.CANCELLED else 'OPAQUE'}",
        *(["CLASS:PRIVATE"] if event.is_private else ()),
        *_unless_empty("COLOR", _text(event.color)),
        f"X-MICROSOFT-CDO-BUSYSTATUS:{_BUSY_STATUS[event.status]}",
        "END:VEVENT",
    ]


def _unless_empty(name: str, value: str) -> Iterable[str]:
    return (f"{name}:{value}",) if value else ()


def _instant(instant: datetime) -> str:
    if instant.utcoffset() != _UTC_OFFSET:
        raise ValueError("calendars that leave the program carry instants in UTC only")
    return (
        f"{instant.year:04}{instant.month:02}{instant.day:02}"
        f"T{instant.hour:02}{instant.minute:02}{instant.second:02}Z"
    )


def _text(text: str) -> str:
    return _TO_ESCAPE.sub(lambda match: _ESCAPED[match[0]], _plain(text))


def _address(address: str) -> str:
    """An address is not escaped; it has no line breaks, or it would end the property."""
    return _plain(address).replace("\n", "")


def _plain(text: str) -> str:
    """The quick way past cleaning for what is clean already, which nearly all texts are."""
    return text if text.isascii() and text.isprintable() else clean(text)


def _fold(line: str) -> bytes:
    octets = line.encode()
    if len(octets) <= _LONGEST_LINE:
        return octets
    return b"\r\n ".join(_pieces(octets))


def _pieces(octets: bytes) -> Iterator[bytes]:
    """Cut a line so that each piece fits and begins with the first octet of a character."""
    start, room = 0, _LONGEST_LINE
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0b1100_0000 == 0b1000_0000:
            end -= 1
        yield octets[start:end]
        start, room = end, _LONGEST_LINE - 1  # each further line begins with a space
    yield octets[start:]
