"""Operators and auditors search the journal, on its page, as CSV and through the API."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking.audit.views import PAGE_SIZE
from booking.core import clock
from booking.core.permissions import Scope
from booking.reservations import service as reservations
from booking.reservations.wishes import Change
from tests import make
from tests.conftest import Statements

HOSTILE = "=<script>alert(1)</script>"


@pytest.fixture
def auditor(client: FlaskClient) -> FlaskClient:
    """The auditor's browser."""
    return make.signed_in(client, make.auditor())


def _lines(page: str) -> int:
    return page.count("<time datetime=")


def test_a_line_says_who_did_what_to_what(app: Flask, auditor: FlaskClient) -> None:
    who = make.person("Salma <b>")
    made = make.reservation(who, title="Résine")
    reservations.change(who, made.public_id, Change(title=HOSTILE))
    page = auditor.get("/operator/journal").text
    assert f'<a href="/reservations/{made.public_id}"><bdi>Reservation {made.reference}' in page
    assert "Salma &lt;b&gt;" in page
    assert "Résine" in page
    assert "=&lt;script&gt;" in page
    assert HOSTILE not in page


def test_the_journal_is_searched(app: Flask, auditor: FlaskClient) -> None:
    salma = make.person("Salma El Idrissi")
    made = make.reservation(salma, make.desk("A-01"))
    make.reservation(make.person("Karim"), make.desk("B-01"))
    with clock.frozen_at(clock.now() + timedelta(days=1)):
        reservations.cancel(salma, made.public_id)
    expected = {
        "": 3,
        "?actor=SALMA": 2,
        f"?actor={salma.email}": 2,
        "?actor=nobody": 0,
        "?actor=%25": 0,
        "?act=cancelled": 1,
        f"?subject={made.reference.lower()}": 2,
        "?subject=a-01": 2,
        f"?subject={made.public_id}": 2,
        "?subject=%27+OR+1=1": 0,
        "?from=2026-10-05&to=2026-10-05": 2,
        "?from=2026-10-06": 1,
        "?to=2026-10-04": 0,
        "?from=&to=&act=&actor=&subject=": 3,
    }
    found = {query: _lines(auditor.get(f"/operator/journal{query}").text) for query in expected}
    assert found == expected


def test_a_search_that_cannot_be_read_is_explained(auditor: FlaskClient) -> None:
    queries = (
        "from=yesterday",
        "from=0001-01-01",
        "to=9999-12-31",
        "from=2026-10-06&to=2026-10-05",
        "act=gossip",
        "actor=" + "x" * 200,
    )
    for query in queries:
        answer = auditor.get(f"/operator/journal?{query}")
        assert answer.status_code == 422, query
        assert 'role="alert"' in answer.text
        assert auditor.get(f"/operator/journal/export?{query}").status_code == 422


def test_a_strange_place_in_the_journal_is_refused(auditor: FlaskClient) -> None:
    assert auditor.get("/operator/journal?cursor=x").status_code == 422


def test_the_journal_has_pages(app: Flask, auditor: FlaskClient) -> None:
    desk = make.desk(open_at=make.around_the_clock())
    who = make.member_of()
    for number in range(PAGE_SIZE + 2):
        hours = timedelta(hours=number)
        make.reservation(who, desk, starts_at=make.at(0) + hours, ends_at=make.at(1) + hours)
    first = auditor.get("/operator/journal").text
    assert _lines(first) == PAGE_SIZE
    older = first.partition('href="/operator/journal?cursor=')[2].partition('"')[0]
    assert _lines(auditor.get(f"/operator/journal?cursor={older}").text) == 2


def test_the_page_takes_as_many_statements_for_many_lines_as_for_few(
    app: Flask,
    auditor: FlaskClient,
    count_statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    desk, who = make.desk(), make.member_of()
    counts = []
    for hours in ((9,), (10, 11, 12, 13, 14)):
        for hour in hours:
            make.reservation(who, desk, starts_at=make.at(hour))
        with count_statements() as found:
            auditor.get("/operator/journal")
        counts.append(found.count)
    assert counts[0] == counts[1] <= 6


def test_the_journal_is_taken_out_as_csv(app: Flask, auditor: FlaskClient) -> None:
    make.reservation(make.person(HOSTILE), title=HOSTILE)
    answer = auditor.get("/operator/journal/export?act=booked", buffered=True)
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["act"] for row in rows] == ["booked"]
    assert rows[0]["actor"] == f"'{HOSTILE}"
    assert rows[0]["at"] == "2026-10-05T08:00:00Z"


def test_the_api_reads_the_journal_page_by_page(app: Flask, client: FlaskClient) -> None:
    made = make.reservation(title="Résine")
    reservations.cancel(make.actor(made.person_id), made.public_id, reason="malade")
    headers = make.bearer(make.auditor(), Scope.ADMIN)
    first = client.get(f"/api/v1/journal?subject={made.reference}&limit=1", headers=headers)
    assert first.json is not None
    (line,) = first.json["items"]
    assert (line["act"], line["after"]["reason"]) == ("cancelled", "malade")
    assert line["subject"] == {
        "kind": "reservation", "id": made.public_id, "name": made.reference
    }  # fmt: skip
    following = str(first.headers["Link"]).partition("<")[2].partition(">")[0]
    second = client.get("/api" + following.partition("/api")[2], headers=headers).json
    assert second is not None
    assert [one["act"] for one in second["items"]] == ["booked"]


def test_only_operators_and_auditors_read_it(app: Flask, client: FlaskClient) -> None:
    make.signed_in(client, make.lab_manager(make.lab()))
    for path in ("", "/export"):
        assert client.get(f"/operator/journal{path}").status_code == 403
    reader = make.bearer(make.auditor(), Scope.READ)
    assert client.get("/api/v1/journal", headers=reader).status_code == 403
