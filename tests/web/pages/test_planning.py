"""The planning page and its fragment."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

import brotli
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking.core import clock
from booking.policies.models import Shown
from booking.reservations import service
from tests import make
from tests.web.pages.crowd import crowd

BUDGET = 40 * 1024
PAGE_STATEMENTS = 13
FRAGMENT_STATEMENTS = 11
UNCHANGED_STATEMENTS = 2
TOMORROW = "2026-10-06"


class Statements(Protocol):
    """What the fixture counts."""

    @property
    def count(self) -> int: ...


Counting = Callable[[], AbstractContextManager[Statements]]


def _row(answer: TestResponse, code: str) -> list[tuple[str, str, str]]:
    """The cells of a space: state, text, address."""
    row = next(part for part in answer.text.split("<tr ") if f"<bdi>{code}</bdi>" in part)
    cells = re.findall(r'<td role="gridcell" class="s\d+ w\d+ (\S+)"><a([^>]*)>(.*?)</a>', row)
    return [
        (
            state,
            re.sub(r"<[^>]+>", "", text),
            next(iter(re.findall('href="([^"]+)"', attributes)), ""),
        )
        for state, attributes, text in cells
    ]


def _day(client: FlaskClient, **query: str) -> TestResponse:
    answer = client.get("/planning", query_string={"day": TOMORROW, **query})
    assert answer.status_code == 200, answer.text
    return answer


def _fragment(client: FlaskClient, etag: str | None = None, day: str = TOMORROW) -> TestResponse:
    headers = {"If-None-Match": etag} if etag else {}
    return client.get(f"/planning/fragment?floor=1&day={day}", headers=headers)


@pytest.mark.parametrize(("spaces", "reservations"), [(30, 100), (300, 1500)])
def test_a_day_takes_the_same_number_of_statements_in_any_park(
    client: FlaskClient, count_statements: Counting, spaces: int, reservations: int
) -> None:
    found = crowd(spaces=spaces, reservations=reservations)
    make.signed_in(client, found.member)
    with count_statements() as page:
        assert client.get("/planning").status_code == 200
    assert page.count == PAGE_STATEMENTS, page
    with count_statements() as fragment:
        answer = _fragment(client, day="2026-10-05")
    assert fragment.count == FRAGMENT_STATEMENTS, fragment
    with count_statements() as unchanged:
        assert _fragment(client, answer.headers["ETag"], "2026-10-05").status_code == 304
    assert unchanged.count == UNCHANGED_STATEMENTS, unchanged


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_floor_of_300_spaces_and_1500_reservations_stays_small(client: FlaskClient) -> None:
    found = crowd(spaces=300, reservations=1500)
    for reader in (found.member, make.operator()):
        make.signed_in(client, reader)
        answer = client.get("/planning", headers={"Accept-Encoding": "gzip, br"})
        assert answer.headers["Content-Encoding"] == "br"
        assert len(answer.data) <= BUDGET
        assert brotli.decompress(answer.data).count(b'role="gridcell"') > 1500


def test_the_fragment_is_the_rows_of_the_page_letter_for_letter(client: FlaskClient) -> None:
    make.signed_in(client, make.member_of())
    make.reservation(title="Prototype")
    page = _day(client)
    fragment = _fragment(client)
    assert fragment.text.strip() in page.text
    version = re.search('data-version="([^"]+)"', page.text)
    assert version
    assert version[1].replace("&#34;", '"') == fragment.headers["ETag"]
    assert fragment.headers["Cache-Control"] == "private, no-cache"
    assert fragment.headers["Grid-Axis"] in page.text


def test_the_fragment_is_unchanged_until_something_on_the_floor_changes(
    client: FlaskClient,
) -> None:
    desk = make.desk()
    make.signed_in(client, make.member_of())
    etag = _fragment(client).headers["ETag"]
    unchanged = _fragment(client, etag)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["Site-Time"] == "08:00"
    made = make.reservation(place=desk)
    booked = _fragment(client, etag)
    assert booked.status_code == 200
    service.cancel(make.actor(made.person_id), made.public_id)
    assert _fragment(client, booked.headers["ETag"]).status_code == 200


def test_time_that_becomes_past_makes_the_rows_new(client: FlaskClient) -> None:
    make.desk()
    make.signed_in(client, make.member_of())
    today = "2026-10-05"
    before = _fragment(client, day=today)
    assert "start=08:00" in before.text
    with clock.frozen_at(clock.now() + timedelta(minutes=4)):
        assert _fragment(client, before.headers["ETag"], today).status_code == 304
    with clock.frozen_at(clock.now() + timedelta(minutes=16)):
        after = _fragment(client, before.headers["ETag"], today)
        assert after.status_code == 200
        assert "start=08:15" in after.text
        assert after.headers["Site-Step"] == str((8 * 60 + 16) // 5)


def test_another_reader_and_another_language_get_rows_of_their_own(client: FlaskClient) -> None:
    make.desk()
    make.signed_in(client, make.member_of())
    etag = _fragment(client).headers["ETag"]
    make.signed_in(client, make.member_of())
    assert _fragment(client, etag).status_code == 200
    make.signed_in(client, make.member_of(language="ar"))
    assert _fragment(client, etag).status_code == 200


def test_others_see_what_the_policy_shows(client: FlaskClient) -> None:
    startup = make.organisation("Souk Pay")
    amina = make.member_of(startup, name="Amina Bennani")
    for shown in Shown:
        place = make.desk(shown.value, under=make.policy(others_see=shown))
        make.reservation(amina, place, title="Secret plan", organisation_id=startup.public_id)
    make.signed_in(client, make.member_of())
    page = _day(client)
    texts = {code: _row(page, code)[1] for code in ("busy", "organisation", "person")}
    assert texts["busy"] == ("other", "Booked 10:00–11:00", "")
    assert texts["organisation"] == ("other", "Booked Souk Pay 10:00–11:00", "")
    assert texts["person"] == ("other", "Booked Amina Bennani – Secret plan 10:00–11:00", "")


def test_colleagues_and_deciders_see_all_and_find_the_way_to_it(client: FlaskClient) -> None:
    startup = make.organisation("Souk Pay")
    amina = make.member_of(startup, name="Amina Bennani")
    lab = make.lab("L-01")
    made = make.reservation(amina, lab, organisation_id=startup.public_id)
    for reader, label in (
        (amina, "Pending"),
        (make.member_of(startup), "Pending Amina Bennani"),
        (make.lab_manager(lab), "Pending Souk Pay"),
        (make.operator(), "Pending Souk Pay"),
    ):
        make.signed_in(client, reader)
        cell = _row(_day(client), "L-01")[1]
        assert cell == ("pending", f"{label} 10:00–11:00", f"r/{made.reference}")
    make.signed_in(client, make.member_of())
    assert _row(_day(client), "L-01")[1] == ("other", "Booked 10:00–11:00", "")


def test_a_request_that_holds_nothing_is_drawn_for_its_requester_alone(
    client: FlaskClient,
) -> None:
    amina = make.member_of()
    lab = make.lab("L-01", under=make.policy(needs_approval=True, holds_while_pending=False))
    make.reservation(amina, lab)
    make.signed_in(client, amina)
    assert _row(_day(client), "L-01")[1][:2] == ("pending", "Pending 10:00–11:00")
    make.signed_in(client, make.member_of())
    assert [state for state, _text, _href in _row(_day(client), "L-01")] == ["free"]


def test_a_reference_leads_to_the_reservation_for_those_who_may_see_it(
    client: FlaskClient,
) -> None:
    made = make.reservation()
    make.signed_in(client, make.actor(made.person_id))
    answer = client.get(f"/r/{made.reference}")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/reservations/{made.public_id}"
    make.signed_in(client, make.member_of())
    assert client.get(f"/r/{made.reference}").status_code == 404
    assert client.get("/r/%00%00%00%00%00%00").status_code == 404


def test_a_closed_day_says_so(client: FlaskClient) -> None:
    make.desk("A-01")
    make.signed_in(client, make.member_of())
    page = _day(client, day="2026-10-11")
    assert "Closed all day" in page.text
    assert _row(page, "A-01") == [("closed", "Closed 08:00–20:00", "")]


def test_one_kind_can_be_shown_and_the_way_back_is_offered(client: FlaskClient) -> None:
    make.desk("A-01")
    make.room("M-01")
    make.signed_in(client, make.member_of())
    page = _day(client, kind="meeting_room")
    assert "<bdi>M-01</bdi>" in page.text
    assert "<bdi>A-01</bdi>" not in page.text
    assert "Clear filters" in _day(client, kind="lab").text


def test_other_floors_are_offered_and_shown(client: FlaskClient) -> None:
    make.desk("A-01")
    upstairs = make.area(at=make.floor(level=3))
    make.desk("B-01", at=upstairs)
    make.signed_in(client, make.member_of())
    assert "floor=B1-3" in _day(client).text
    page = _day(client, floor="B1-3")
    assert "<bdi>B-01</bdi>" in page.text
    assert "<bdi>A-01</bdi>" not in page.text


def test_days_lead_to_one_another_without_a_script(client: FlaskClient) -> None:
    make.desk()
    make.signed_in(client, make.member_of())
    page = _day(client, month="2026-12").text
    assert 'rel="prev"' in page
    assert "day=2026-10-07" in page
    assert '<details class="popover month-picker" open>' in page
    assert "month=2027-01" in page


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("floor=nowhere", 404),
        ("floor=99999999999999999999", 404),
        ("day=yesterday", 422),
        ("day=2026-02-30", 422),
        ("day=1999-12-31", 422),
        ("day=20261124", 422),
        ("month=2026-13", 422),
        ("kind=%00", 200),
        ("day=2100-12-31", 200),
        ("day=2000-01-01", 200),
    ],
)
def test_strange_questions_get_an_answer(client: FlaskClient, query: str, status: int) -> None:
    make.desk()
    make.signed_in(client, make.member_of())
    assert client.get(f"/planning?{query}").status_code == status


@pytest.mark.parametrize(
    "query", ["", "floor=1", "floor=x&day=2026-10-06", "floor=7&day=2026-10-06"]
)
def test_strange_fragments_get_an_answer(client: FlaskClient, query: str) -> None:
    make.desk()
    make.signed_in(client, make.member_of())
    assert client.get(f"/planning/fragment?{query}").status_code in (404, 422)


def test_nobody_looks_in_without_signing_in(client: FlaskClient) -> None:
    make.desk()
    assert client.get("/planning").status_code == 303
    assert client.get("/planning/fragment?floor=1&day=2026-10-06").status_code == 303


def test_an_empty_park_says_so(client: FlaskClient) -> None:
    make.signed_in(client, make.member_of())
    assert "No space has been entered yet." in client.get("/planning").text


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("br, gzip", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("", None),
        ("identity", None),
    ],
)
def test_pages_travel_packed_as_the_reader_can_take_it(
    client: FlaskClient, accepted: str, coding: str | None
) -> None:
    make.desk()
    make.signed_in(client, make.member_of())
    answer = client.get("/planning", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == coding
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_only_the_day_that_runs_has_a_present_hour(client: FlaskClient) -> None:
    make.desk()
    make.signed_in(client, make.member_of())
    tomorrow = _fragment(client)
    assert tomorrow.headers["Site-Time"] == "08:00"
    assert "Site-Step" not in tomorrow.headers
    assert "now-pill" not in _day(client).text
    assert "now-pill" in client.get("/planning").text
