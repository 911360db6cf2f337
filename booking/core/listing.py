"""Lists of the API: limits, cursors, the Link to the next page, ETags and 304."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Response, request

from booking.core import web
from booking.core.errors import InvalidError, Problem

DEFAULT_LIMIT = 50
MOST = 200
LARGEST_KEY = 2**31 - 1  # of a table; PostgreSQL compares no larger number with one
_LAST_SECOND = 253_402_300_799  # the end of the year 9999


def limit(wanted: int | None) -> int:
    """How many to answer: 50 unless asked, 200 at most."""
    if wanted is None:
        return DEFAULT_LIMIT
    if not 1 <= wanted <= MOST:
        raise InvalidError({"limit": Problem.OUT_OF_RANGE})
    return wanted


def page_from(text: str | None) -> int:
    """A number from an address or a form; 0 for what is none, or could not be stored."""
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= 9
    return int(text) if text and is_number else 0


def to_cursor(*parts: str | int) -> str:
    """The place in a list to go on from, opaque to the client."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def from_cursor(cursor: str, *kinds: type) -> tuple[str | int, ...]:
    """What `to_cursor` was given; raises InvalidError for anything it did not make."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, ValueError, RecursionError) as error:
        raise InvalidError({"cursor": Problem.UNREADABLE}) from error
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise InvalidError({"cursor": Problem.UNREADABLE})
    if any(isinstance(part, str) and not part.isprintable() for part in parts):
        raise InvalidError({"cursor": Problem.UNREADABLE})
    if any(isinstance(part, int) and not 0 <= part < 2**53 for part in parts):
        raise InvalidError({"cursor": Problem.UNREADABLE})
    return tuple(parts)


def instant_of(seconds: int) -> datetime:
    """The instant that stands in a cursor as epoch seconds."""
    return datetime.fromtimestamp(min(seconds, _LAST_SECOND), UTC)


def answer(items: Sequence[Mapping[str, object]], next_cursor: str | None = None) -> Response:
    """A list with its ETag and, where there is more, the address of the next page."""
    response = read({"items": items})
    if next_cursor is not None:
        arguments = {**request.args.to_dict(), "cursor": next_cursor}
        address = f"{web.settings().public_url}{request.path}?{urlencode(arguments)}"
        response.headers["Link"] = f'<{address}>; rel="next"'
    return response


def seen_mark() -> str | None:
    """The mark a client names by If-Match; None without one, or for `*`."""
    tag = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    return None if tag in ("", "*") else tag


def read(body: Mapping[str, object], etag: str | None = None) -> Response:
    """What a GET answers: with an ETag, and 304 when the client has it already."""
    response = web.answer_json(body)
    response.set_etag(etag or hashlib.blake2b(response.data, digest_size=12).hexdigest())
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response
