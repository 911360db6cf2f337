"""A feed over HTTP: who gets it, what makes it another one, what it costs, what trouble says."""

from __future__ import annotations

import gzip
import hashlib
import logging
import runpy
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.engine import make_url
from werkzeug.http import http_date, parse_date

from booking import create_app
from booking.core import clock, ids
from booking.core.database import session, transaction
from booking.core.permissions import Actor
from booking.people import feeds
from booking.people.models import FeedDetail, Person, PersonState, Token
from booking.reservations import service
from booking.reservations.wishes import Change
from tests import make
from tests.conftest import FROZEN, Statements
from tests.installations import Installation

ROOT = Path(__file__).parents[3]
LATER = FROZEN + timedelta(minutes=30)

Counting = Callable[[], AbstractContextManager[Statements]]

# Another process with the same database, whose clock stands at the same time.
PROGRAM = """
import hashlib, sys
from datetime import datetime
from pathlib import Path
from booking import create_app
from booking.core import clock
from config import Settings

database_url, secret_key, instance, now, address = sys.argv[1:]
settings = Settings(
    database_url=database_url, secret_key=secret_key, instance=Path(instance), tick_inside=False
)
client = create_app(settings).test_client()
with clock.frozen_at(datetime.fromisoformat(now)):
    for accepted in ("gzip", "identity"):
        answer = client.get(address, headers={"Accept-Encoding": accepted})
        print(answer.status_code, answer.headers["ETag"], hashlib.sha256(answer.data).hexdigest())
"""


def secret_of(address: str) -> str:
    return address.removeprefix("/ical/").removesuffix(".ics")


def last_fetched(address: str) -> datetime | None:
    session().expire_all()
    digest = ids.digest(secret_of(address))
    return session().scalar(select(Token.last_used_at).where(Token.digest == digest))


# --- what it answers ---


def test_its_headers_are_for_programs_that_keep_a_private_copy(client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who)
    answer = client.get(make.feed_address(who))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["ETag"].startswith('W/"')
    assert answer.headers["Last-Modified"].endswith(" GMT")
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    assert "Location" not in answer.headers


def test_it_is_packed_for_whoever_can_unpack(client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who)
    address = make.feed_address(who)
    plain = client.get(address)
    packed = client.get(address, headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] == plain.headers["ETag"]
    refused = client.get(address, headers={"Accept-Encoding": "gzip;q=0"})
    assert refused.data == plain.data


def test_head_answers_as_get_without_a_body(client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who)
    address = make.feed_address(who)
    got, head = client.get(address), client.head(address)
    assert head.status_code == 200
    assert head.data == b""
    assert dict(head.headers) == dict(got.headers)


def test_a_cookie_is_neither_set_nor_asked_for(client: FlaskClient) -> None:
    who = make.member_of()
    address = make.feed_address(who)
    make.site()
    client.set_cookie("flash", "not-one-of-ours")
    answer = client.get(address)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers["Vary"]


def test_who_fetches_it_is_not_looked_up(client: FlaskClient, count_statements: Counting) -> None:
    who = make.member_of()
    make.reservation(who)
    address = make.feed_address(who)
    etag = client.get(address).headers["ETag"]
    make.signed_in(client, who)
    token = make.bearer(who)
    with count_statements() as found:
        for headers in ({}, token):
            answer = client.get(address, headers={"If-None-Match": etag, **headers})
            assert answer.status_code == 304
    assert found.count == 2, found
    assert "session" not in str(found)


# --- who gets nothing ---


def test_a_wrong_secret_is_404_without_a_word(client: FlaskClient) -> None:
    for secret in ("wrong", ids.new_secret(), "%00", "%F0%9F%92%A9", "a" * 3000, "..%2F"):
        answer = client.get(f"/ical/{secret}.ics")
        assert answer.status_code == 404
        if secret != "..%2F":  # that is another path
            assert answer.data == b""
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] == "no-store"


def test_a_revoked_address_is_404_without_a_word(client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who)
    feed, secret = feeds.make_feed(who, name="Phone", detail=FeedDetail.FULL, language="en")
    etag = client.get(f"/ical/{secret}.ics").headers["ETag"]
    feeds.revoke_feed(who, feed.public_id)
    answer = client.get(f"/ical/{secret}.ics", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.data) == (404, b"")


def test_a_rotated_address_works_and_the_old_one_does_not(client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who)
    feed, old = feeds.make_feed(who, name="Phone", detail=FeedDetail.FULL, language="en")
    _feed, new = feeds.rotate_feed(who, feed.public_id)
    assert client.get(f"/ical/{old}.ics").status_code == 404
    assert client.get(f"/ical/{new}.ics").status_code == 200


def test_the_address_of_somebody_who_left_is_404_without_a_word(client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who)
    address = make.feed_address(who)
    with transaction() as current:
        current.execute(
            update(Person).where(Person.id == who.person_id).values(state=PersonState.DEACTIVATED)
        )
    answer = client.get(address)
    assert (answer.status_code, answer.data) == (404, b"")


def test_a_token_of_the_api_opens_no_calendar(client: FlaskClient) -> None:
    secret = make.bearer(make.member_of())["Authorization"].removeprefix("Bearer ")
    assert client.get(f"/ical/{secret}.ics").status_code == 404


def test_an_address_can_only_be_read(client: FlaskClient) -> None:
    address = make.feed_address(make.member_of())
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert client.open(address, method=method).status_code == 405


def test_a_foreign_host_is_refused_here_too(client: FlaskClient) -> None:
    address = make.feed_address(make.member_of())
    assert client.get(address, headers={"Host": "evil.example"}).status_code == 400


# --- the same, and another one ---


def test_while_nothing_changes_the_octets_stay(client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who)
    address = make.feed_address(who)
    first = client.get(address, headers={"Accept-Encoding": "gzip"})
    make.reservation(make.member_of(), make.desk())  # somebody else's
    with clock.frozen_at(FROZEN + timedelta(hours=9)):
        second = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert second.data == first.data
    assert second.headers["ETag"] == first.headers["ETag"]
    with clock.frozen_at(FROZEN + timedelta(days=1)):
        next_day = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert next_day.data == first.data


def test_another_process_sends_the_same_octets(
    client: FlaskClient, installation: Installation
) -> None:
    who = make.member_of()
    for hour in (9, 10, 11):
        make.reservation(who, make.desk(), starts_at=make.at(hour), title="قاعة, 👩‍🔬; a")
    address = make.feed_address(who)
    here = []
    for accepted in ("gzip", "identity"):
        answer = client.get(address, headers={"Accept-Encoding": accepted})
        digest = hashlib.sha256(answer.data).hexdigest()
        here.append(f"{answer.status_code} {answer.headers['ETag']} {digest}")
    settings = installation.settings
    there = subprocess.run(
        [
            *(sys.executable, "-c", PROGRAM),
            *(settings.database_url, settings.secret_key, str(settings.instance)),
            *(FROZEN.isoformat(), address),
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert there.stdout.splitlines() == here


@pytest.mark.parametrize("change", ["booked", "moved", "renamed", "cancelled"])
def test_every_change_makes_it_another_one(client: FlaskClient, change: str) -> None:
    who = make.member_of()
    made = make.reservation(who, title="Before")
    address = make.feed_address(who)
    before = client.get(address)
    with clock.frozen_at(LATER):
        _change(who, made.public_id, change)
        by_tag = client.get(address, headers={"If-None-Match": before.headers["ETag"]})
        by_date = client.get(
            address, headers={"If-Modified-Since": before.headers["Last-Modified"]}
        )
    assert by_tag.status_code == by_date.status_code == 200
    assert by_tag.data == by_date.data != before.data
    assert by_tag.headers["ETag"] != before.headers["ETag"]


def _change(who: Actor, public_id: str, change: str) -> None:
    if change == "booked":
        make.reservation(who, make.desk())
    elif change == "moved":
        service.change(who, public_id, Change(starts_at=make.at(14), ends_at=make.at(15)))
    elif change == "renamed":
        service.change(who, public_id, Change(title="After"))
    else:
        service.cancel(who, public_id)


def test_two_changes_within_a_second_are_two(client: FlaskClient) -> None:
    """Who asks by date alone must not keep what stood there between the two for ever."""
    who = make.member_of()
    make.reservation(who)
    address = make.feed_address(who)
    between = client.get(address)
    make.reservation(who, make.desk())
    with clock.frozen_at(LATER):
        answer = client.get(
            address, headers={"If-Modified-Since": between.headers["Last-Modified"]}
        )
    assert answer.status_code == 200
    assert answer.data != between.data


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("{etag}", 304),
        ("{strong}", 304),
        ('"other", {strong}', 304),
        ('W/"other" , {etag},"third"', 304),
        ("*", 304),
        ('"other"', 200),
        ('W/"other"', 200),
        ("", 200),
        ('"', 200),
    ],
)
def test_a_client_that_has_it_is_told_so(client: FlaskClient, form: str, status: int) -> None:
    who = make.member_of()
    make.reservation(who)
    address = make.feed_address(who)
    first = client.get(address)
    etag = first.headers["ETag"]
    asked = form.format(etag=etag, strong=etag.removeprefix("W/"))
    for method in ("GET", "HEAD"):
        answer = client.open(address, method=method, headers={"If-None-Match": asked})
        assert answer.status_code == status
        if status == 304:
            assert answer.data == b""
        for name in ("ETag", "Cache-Control", "Vary", "X-Robots-Tag"):
            assert answer.headers[name] == first.headers[name]


def test_without_tags_the_date_counts_and_with_them_it_does_not(client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who)
    address = make.feed_address(who)
    with clock.frozen_at(LATER):
        first = client.get(address)
        dated = first.headers["Last-Modified"]
        assert parse_date(dated) == FROZEN
        asked = {
            304: [{"If-Modified-Since": dated}, {"If-Modified-Since": http_date(LATER)}],
            200: [
                {"If-Modified-Since": http_date(FROZEN - timedelta(seconds=1))},
                {"If-Modified-Since": "yesterday"},
                {"If-Modified-Since": dated, "If-None-Match": '"other"'},
            ],
        }
        for status, headers in asked.items():
            for one in headers:
                assert client.get(address, headers=one).status_code == status


def test_at_midnight_it_is_asked_for_again(client: FlaskClient) -> None:
    """The window has moved: something may have dropped out of it without a change."""
    who = make.member_of()
    make.reservation(who)
    address = make.feed_address(who)
    first = client.get(address)
    with clock.frozen_at(FROZEN.replace(hour=23, minute=59)):
        headers = {"If-None-Match": first.headers["ETag"]}
        assert client.get(address, headers=headers).status_code == 304
    with clock.frozen_at(FROZEN.replace(hour=0) + timedelta(days=1)):
        assert client.get(address, headers=headers).status_code == 200
        headers = {"If-Modified-Since": first.headers["Last-Modified"]}
        assert client.get(address, headers=headers).status_code == 200


# --- what it costs ---


@pytest.mark.parametrize(
    ("validator", "header"),
    [("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")],
)
def test_a_304_takes_at_most_two_statements_and_looks_at_no_reservation(
    client: FlaskClient, count_statements: Counting, validator: str, header: str
) -> None:
    who = make.member_of()
    make.reservation(who)
    address = make.feed_address(who)
    with clock.frozen_at(LATER):
        known = client.get(address).headers[validator]
        with count_statements() as at_once:
            assert client.get(address, headers={header: known}).status_code == 304
    with clock.frozen_at(LATER + timedelta(minutes=5)), count_statements() as noted:
        assert client.get(address, headers={header: known}).status_code == 304
    assert at_once.count == 1, at_once
    assert noted.count == 2, noted  # that it was fetched is written, too
    assert "reservation" not in f"{at_once}{noted}"


def test_a_large_calendar_takes_as_many_statements_as_a_small_one(
    client: FlaskClient, count_statements: Counting
) -> None:
    desk, counts = make.desk(), []
    for many in (100, 1500):
        who = make.member_of()
        make.stored_reservations(who, desk, many)
        address = make.feed_address(who)
        with count_statements() as found:
            answer = client.get(address)
        events = icalendar.Calendar.from_ical(answer.data).walk("VEVENT") if many < 500 else None
        assert answer.data.count(b"BEGIN:VEVENT") == many
        assert events is None or len(events) == many
        counts.append(found.count)
    assert counts[0] == counts[1] <= 5


def test_a_fetch_is_noted_once_a_minute_after_a_304_too(client: FlaskClient) -> None:
    make.site()
    address = make.feed_address(make.member_of())
    assert last_fetched(address) is None
    etag = client.get(address).headers["ETag"]
    assert last_fetched(address) == FROZEN
    for seconds, noted in ((59, 0), (60, 60), (119, 60), (180, 180)):
        with clock.frozen_at(FROZEN + timedelta(seconds=seconds)):
            client.get(address, headers={"If-None-Match": etag})
        assert last_fetched(address) == FROZEN + timedelta(seconds=noted)


def test_the_sixty_first_fetch_within_an_hour_has_to_wait(client: FlaskClient) -> None:
    make.site()
    who = make.member_of()
    address, other = make.feed_address(who), make.feed_address(who)
    etag = client.get(address).headers["ETag"]
    for _ in range(59):
        answer = client.get(address, headers={"If-None-Match": etag})
        assert answer.status_code == 304
    with clock.frozen_at(FROZEN + timedelta(minutes=20)):
        answer = client.get(address)
        assert (answer.status_code, answer.data) == (429, b"")
        assert answer.headers["Retry-After"] == str(40 * 60)
        assert answer.headers["Cache-Control"] == "no-store"
        assert client.get(other).status_code == 200
    with clock.frozen_at(FROZEN + timedelta(hours=1)):
        assert client.get(address).status_code == 200


# --- trouble ---


def _without_database(installation: Installation) -> Flask:
    url = make_url(installation.settings.database_url)
    if url.get_backend_name() == "sqlite":
        url = url.set(database=str(installation.settings.instance / "gone" / "booking.db"))
    else:
        url = url.set(host="127.0.0.1", port=1, query={})
    gone = url.render_as_string(hide_password=False)
    return create_app(replace(installation.settings, database_url=gone))


def test_without_a_database_a_client_is_asked_to_come_back(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    secret = ids.new_secret()
    answer = _without_database(installation).test_client().get(f"/ical/{secret}.ics")
    assert (answer.status_code, answer.data) == (503, b"")
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in caplog.text


def test_a_failure_of_our_own_is_no_empty_calendar_and_keeps_the_secret(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """There is no site yet, which no calendar can do without."""
    caplog.set_level(logging.DEBUG)
    address = make.feed_address(make.member_of())
    answer = client.get(address)
    assert (answer.status_code, answer.data) == (500, b"")
    assert "a calendar could not be made" in caplog.text
    assert secret_of(address) not in caplog.text


def test_the_server_keeps_no_list_of_what_was_fetched() -> None:
    assert runpy.run_path(str(ROOT / "gunicorn.conf.py"))["accesslog"] is None
