"""The statements behind what is asked all day go down indexes, whatever the statistics say: what
grows with the years (claims, reservations, messages, the journal) is never read whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text
from werkzeug.test import TestResponse

from booking.core.database import db, session
from booking.core.permissions import Actor
from booking.reservations.wishes import Wish
from booking.waitlist import offering
from booking.waitlist import service as waitlist
from tests import make
from tests.web.pages.crowd import Crowd, crowd

DAYS = (date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3), date(2026, 10, 6))
GROWING = (
    *("occupancy", "earlier", "reservation", "reservation_resource", "amendment", "approval"),
    *("membership", "session", "token", "message", "event", "journal", "question"),
    *("waitlist_entry", "waitlist_place", "offer"),
)
# Also what is read whole by an index that holds nothing but what waits is short.
READS_ALL = re.compile(rf"(SCAN|BLOOM FILTER ON) ({'|'.join(GROWING)})\b(?!.*_waiting_index)")

# By its state alone only what is pending may be read: nearly all the others are confirmed.
BY_STATE = re.compile(r"INDEX reservation_state_index \(state=\?\)")

Ask = Callable[[FlaskClient, Crowd, Actor], TestResponse]


@pytest.fixture
def engine() -> str:
    """Only SQLite tells its plan in words that do not depend on how full the tables are."""
    return "sqlite"


def _get(path: str) -> Ask:
    def ask(client: FlaskClient, found: Crowd, manager: Actor) -> TestResponse:
        return make.signed_in(client, found.member).get(path)

    return ask


def _approvals(client: FlaskClient, found: Crowd, manager: Actor) -> TestResponse:
    return make.signed_in(client, manager).get("/approvals")


def _day(client: FlaskClient, found: Crowd, manager: Actor) -> TestResponse:
    return make.signed_in(client, found.member).get("/planning?day=2026-10-06")


def _feed(client: FlaskClient, found: Crowd, manager: Actor) -> TestResponse:
    return client.get(make.feed_address(found.member))


def _book(client: FlaskClient, found: Crowd, manager: Actor) -> TestResponse:
    body = {
        "resources": [make.desk().spot.public_id],
        "starts_at": "2026-10-06T10:00",
        "ends_at": "2026-10-06T12:00",
    }
    return client.post("/api/v1/reservations", json=body, headers=make.bearer(found.member))


def _book_under_a_quota(client: FlaskClient, found: Crowd, manager: Actor) -> TestResponse:
    rules = make.policy(person_quota_count=50, organisation_quota_minutes=60_000)
    body = {
        "resources": [make.desk(under=rules).spot.public_id],
        "starts_at": "2026-10-06T10:00",
        "ends_at": "2026-10-06T12:00",
        "holder": {"organisation": found.member.memberships[0].public_id},
    }
    return client.post("/api/v1/reservations", json=body, headers=make.bearer(found.member))


def _tick(client: FlaskClient, found: Crowd, manager: Actor) -> TestResponse:
    """What a tick asks for whoever waits, with one who does."""
    room, who = make.room(), make.person()
    make.reservation(make.person(), room)
    wish = Wish((room.spot.public_id,), make.at(10), make.at(11))
    entry = waitlist.wait(who, wish, any_like=True)
    offering.serve()
    return client.get(f"/api/v1/waitlist/{entry}", headers=make.bearer(who))


FREE = "kind=desk&free_from=2026-10-06T10:00&free_to=2026-10-06T12:00"
WISH = "starts_at=2026-10-06T10:00&ends_at=2026-10-06T12:00"
ASKED: dict[str, Ask] = {
    "the requests that wait": _approvals,
    "the day of a floor": _day,
    "a calendar": _feed,
    "a booking": _book,
    "a booking under a quota": _book_under_a_quota,
    "what is free": _get(f"/api/v1/resources?{FREE}"),
    "a desk": _get(f"/api/v1/resources/find?kind=desk&{WISH}"),
    "a room": _get(f"/api/v1/resources/find?kind=meeting_room&people=4&feature=wifi&{WISH}"),
    "nothing that is free": _get(f"/api/v1/resources/find?kind=lab&people=40&{WISH}"),
    "a name": _get("/search?q=amina"),
    "a reference": _get("/search?q=ABCDEF"),
    "one's own day": _get("/"),
    "who waits": _tick,
}


@pytest.mark.parametrize("asked", ASKED)
def test_no_hot_statement_reads_the_history(app: Flask, client: FlaskClient, asked: str) -> None:
    found = crowd(spaces=40, reservations=200, days=DAYS)
    lab = make.lab()
    make.reservation(make.member_of(), lab)
    manager = make.lab_manager(lab)
    session().execute(text("ANALYZE"))
    session().commit()
    sent: list[tuple[str, Any]] = []  # Any: what the driver was given, one row or many

    def note(*call: Any) -> None:
        sent.append((call[2], call[3]))

    event.listen(db.engine, "before_cursor_execute", note)
    answer = ASKED[asked](client, found, manager)
    event.remove(db.engine, "before_cursor_execute", note)
    assert answer.status_code in {200, 201}, answer.text
    read = [one for one in sent if one[0].startswith("SELECT")]
    assert len(read) >= 3
    for statement, values in read:
        steps = session().connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        plan = [str(step[3]) for step in steps]
        assert not [step for step in plan if READS_ALL.search(step)], (statement, plan)
        if "confirmed" in values:
            assert not [step for step in plan if BY_STATE.search(step)], (statement, plan)
