"""Whatever is typed into any form, nothing breaks: no error of ours, and every page and calendar
can still be read afterwards, with what was typed as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from werkzeug.test import TestResponse

from booking.core.database import end_reading
from booking.core.permissions import Actor
from config import Limits
from tests import make
from tests.browser.accessibility import parks
from tests.browser.accessibility.parks import Park
from tests.browser.accessibility.test_every_page import PAGES, Reader
from tests.web.strange.pages import Form, Page

STRANGE = (
    "",
    "\x00",
    "\ud800",
    "\x1b[31m\x07\r\n",
    "\u202e\u2066\ufeff",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=HYPERLINK(1)",
    "' OR 1=1 --",
    "%s %(name)s {0} {{ 7*7 }}",
    "99999999999999999999999999",
    "-1",
    "1e999",
    "NaN",
    "٢٠٢٦-١٠-٠٦",
    "9999-12-31T24:00",
    "../../etc/passwd",
    "x" * 3_000,
)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
LEFT_ALONE = {"csrf_token"}
EXECUTED = ("<script>alert", "<img src=x")


# PostgreSQL is the stricter reader of texts, SQLite of numbers. What the forms of one engine let
# through, those of the other do: it takes long, so that each reader meets one of them.
@pytest.mark.parametrize(
    ("reader", "engine"),
    [
        (Reader.NOBODY, "sqlite"),
        (Reader.MEMBER, "sqlite"),
        (Reader.MANAGER, "postgresql"),
        (Reader.OPERATOR, "postgresql"),
    ],
)
def test_strange_input_breaks_no_form_and_no_page(
    app: Flask, client: FlaskClient, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.extensions["booking"]
    unlimited = replace(settings, limits=Limits(**dict.fromkeys(asdict(Limits()), 0)))
    monkeypatch.setitem(app.extensions, "booking", unlimited)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)  # errors answer, as for users
    park = parks.full(app, "en")
    actor = reader.of(park)
    faults: list[str] = []
    known: set[str] = set()
    for address in _addresses(reader, park):
        for form in _forms(client, actor, address, known):
            for values in _strange_values(form, len(known) % 2):
                answer = _send(client, actor, address, form, values)
                if answer.status_code >= 500:
                    faults.append(f"{form.action} with {str(values)[:200]}: {answer.status}")
    faults += _unreadable(client, actor, _addresses(reader, park))
    _read_calendar(client, park.member)
    assert not faults, "\n".join(faults)


def _addresses(reader: Reader, park: Park) -> list[str]:
    found = []
    for where in PAGES.values():
        if where.reader is reader:
            found += [one.format_map(_Things(park.things)) for one in where.addresses]
    return [one for one in found if "{" not in one]


class _Things(dict[str, str]):
    """What a park does not have stays in braces."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def _get(client: FlaskClient, actor: Actor | None, address: str) -> TestResponse:
    """As a browser that has just signed in: some forms end the session they come from."""
    client.delete_cookie("sid")
    if actor is not None:
        make.signed_in(client, actor)
    end_reading()
    return client.get(address, buffered=True)


def _forms(
    client: FlaskClient, actor: Actor | None, address: str, known: set[str]
) -> Iterator[Form]:
    """The forms of the page in which somebody types or chooses something, each sort once."""
    answer = _get(client, actor, address)
    if answer.mimetype != "text/html":
        return
    for form in Page(answer.text).forms:
        sort = f"{_ID.sub('', form.action or address.partition('?')[0])} {sorted(form.values)}"
        if form.visible and sort not in known:
            known.add(sort)
            yield form


def _strange_values(form: Form, first: int) -> Iterator[dict[str, str]]:
    """Every other strange text in all fields at once, the rest in the next form; and one after the
    other in each."""
    names = [name for name in form.values if name not in LEFT_ALONE]
    for text in STRANGE[first::2]:
        yield dict.fromkeys(form.visible, text)
    for number, name in enumerate(names):
        yield {name: STRANGE[(number * 5 + len(form.action)) % len(STRANGE)]}


def _send(
    client: FlaskClient, actor: Actor | None, address: str, form: Form, values: dict[str, str]
) -> TestResponse:
    if actor is not None and client.get_cookie("sid") is None:
        make.signed_in(client, actor)
    octets = {
        name: text.encode("utf-8", "surrogatepass") for name, text in (form.values | values).items()
    }
    end_reading()
    to = form.action or address
    answer = (
        client.post(to, data=octets, buffered=True)
        if form.method == "post"
        else client.get(to, query_string=octets, buffered=True)
    )
    if (answer.location or "").startswith("/sign-in"):
        client.delete_cookie("sid")
    return answer


def _unreadable(client: FlaskClient, actor: Actor | None, addresses: list[str]) -> Iterator[str]:
    for address in addresses:
        answer = _get(client, actor, address)
        if answer.status_code >= 500:
            yield f"{address} answers {answer.status} afterwards"
        if answer.mimetype == "text/html" and not answer.location:
            yield from (f"{address}: {fault}" for fault in Page(answer.text).faults)
            yield from (f"{address} runs {one}" for one in EXECUTED if one in answer.text)


def _read_calendar(client: FlaskClient, member: Actor) -> None:
    answer = client.get(make.feed_address(member))
    assert answer.status_code == 200
    assert Calendar.from_ical(answer.data).walk("VEVENT")
