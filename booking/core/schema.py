"""What endpoints take and answer: JSON bodies and query strings read into typed values.

What does not fit names its field. The same shapes make the description of the API.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from flask import current_app, request

from booking.core import zones
from booking.core.errors import InvalidError, Problem
from booking.core.web import settings
from booking.core.zones import EARLIEST_YEAR, LATEST_YEAR

Shape = TypeVar("Shape", bound=msgspec.Struct)
View = TypeVar("View", bound=Callable[..., object])

# How the description of the API names the texts that `moment` and `public_id` read.
Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
PublicId = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})]

BODY = "body"  # the field's name where the body as a whole cannot be read
_PATH = re.compile(r"at `\$\.?([\w]*)")
_NAMED = re.compile(r"(unknown|missing required) field `([^`]*)`")
# RFC 3339 with optional seconds; without an offset it is a wall clock time at the resource's site.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.0+)?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """A query or body without members."""


@dataclass(frozen=True)
class Description:
    """What an endpoint takes and answers, as the description of the API tells it."""

    query: type[msgspec.Struct] | None
    body: type[msgspec.Struct] | None
    answer: object  # a type that msgspec knows; None where the answer has no JSON body
    items: object  # what a list is made of, where the answer is one
    status: int
    takes: str  # the type of a body that is a file
    gives: str  # the type of an answer that is a file


def describes(
    *,
    query: type[msgspec.Struct] | None = None,
    body: type[msgspec.Struct] | None = None,
    answer: object = None,
    items: object = None,
    status: int = 200,
    takes: str = "",
    gives: str = "",
) -> Callable[[View], View]:
    """Declare the shapes of an endpoint; reading another one than was declared is an error.

    `answer` is the shape of what a 2xx says, `items` that of the entries where it is a list;
    `takes` and `gives` are media types, where a body or an answer is a file.
    """

    def declare(view: View) -> View:
        view.described = Description(query, body, answer, items, status, takes, gives)  # type: ignore[attr-defined]  # read back by description_of
        return view

    return declare


def description_of(view: Callable[..., object]) -> Description | None:
    """What was declared for an endpoint; None where nothing was."""
    found: Description | None = getattr(view, "described", None)
    return found


def body(shape: type[Shape]) -> Shape:
    """The request's JSON body; an empty one counts as {}. Raises InvalidError."""
    _hold_to_the_description("body", shape)
    octets = request.get_data() or b"{}"
    try:
        return msgspec.json.decode(octets, type=shape)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, or absurdly deep
        raise InvalidError({BODY: Problem.UNREADABLE}) from error


def query(shape: type[Shape]) -> Shape:
    """The query string. Raises InvalidError for unknown, repeated or unreadable parameters."""
    _hold_to_the_description("query", shape)
    repeated = [name for name in request.args if len(request.args.getlist(name)) > 1]
    if repeated:
        raise InvalidError({repeated[0]: Problem.UNREADABLE})
    try:
        return msgspec.convert(request.args.to_dict(), shape, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error


def moment(field: str, text: str) -> datetime:
    """A time of the API: aware with an offset or Z, naive (local at the site) without."""
    if not _MOMENT.fullmatch(text):
        raise InvalidError({field: Problem.UNREADABLE})
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise InvalidError({field: Problem.UNREADABLE}) from error


def instant(field: str, text: str) -> datetime:
    """The edge of a window: as `moment`, a time without an offset being local at the site."""
    read = moment(field, text)
    if not EARLIEST_YEAR <= read.year <= LATEST_YEAR:
        raise InvalidError({field: Problem.OUT_OF_RANGE})
    if read.tzinfo is not None:
        return read.astimezone(UTC)
    return zones.reached(read, zones.zone(settings().site_zone))


def written(instant: datetime) -> str:
    """An instant as the API writes it: 2026-11-24T10:00:00Z."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def public_id(field: str, text: str) -> str:
    """A public id in its one written form; raises InvalidError for anything else."""
    try:
        return str(UUID(text))
    except ValueError as error:
        raise InvalidError({field: Problem.NOT_FOUND}) from error


def _hold_to_the_description(part: str, shape: type[msgspec.Struct]) -> None:
    described = description_of(current_app.view_functions[request.endpoint or ""])
    if described is not None and getattr(described, part) not in (shape, None):
        raise TypeError(f"{request.endpoint} is described with another {part} than it reads")


def _invalid(error: msgspec.ValidationError) -> InvalidError:
    text = str(error)
    named = _NAMED.search(text)
    if named:
        problem = Problem.UNKNOWN if named[1] == "unknown" else Problem.MISSING
        return InvalidError({named[2]: problem})
    path = _PATH.search(text)
    return InvalidError({path[1] if path and path[1] else BODY: Problem.UNREADABLE})
