"""Whose figures one may see, on the page, in the file and in the API."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from booking.core.permissions import Actor
from booking.people.models import Organisation
from booking.policies.facts import Place
from tests import make

API = "/api/v1/reports/usage"
WEEK = "from=2026-10-05&to=2026-10-11"
Json = dict[str, Any]  # Any: what was answered is looked at, not typed


@dataclass(frozen=True)
class Park:
    """Two startups, a desk of the one and a lab that both have asked for."""

    desk: Place
    lab: Place
    first: Organisation
    second: Organisation
    manager: Actor


@pytest.fixture
def park(client: FlaskClient) -> Park:
    first, second = make.organisation("=Atlas"), make.organisation("Zellige")
    desk, lab = make.desk(), make.lab()
    manager = make.member_of(first, is_manager=True)
    make.reservation(manager, desk, organisation_id=first.public_id)
    make.reservation(manager, lab, organisation_id=first.public_id)
    make.reservation(
        make.member_of(second), lab, starts_at=make.at(14), organisation_id=second.public_id
    )
    return Park(desk, lab, first, second, manager)


def usage(client: FlaskClient, who: Actor, query: str = "") -> Json:
    answer = client.get(f"{API}?{WEEK}&{query}", headers=make.bearer(who))
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def test_the_operator_sees_all_and_the_past_apart(client: FlaskClient, park: Park) -> None:
    found = usage(client, make.operator())
    assert [line["key"] for line in found["items"]] == ["desk", "lab"]
    assert found["total"]["past"]["minutes_open"] == 0
    coming = found["total"]["coming"]
    assert coming["minutes_open"] == 2 * 5 * 600
    assert (coming["minutes_booked"], coming["reservations"]) == (60, 1)
    assert (coming["requests"], coming["pending"]) == (2, 2)
    by_organisation = usage(client, make.auditor(), "by=organisation")["items"]
    assert {line["name"]: line["coming"]["minutes_open"] for line in by_organisation} == {
        "=Atlas": None,
        "Zellige": None,
    }


def test_a_lab_manager_sees_the_figures_of_their_spaces(client: FlaskClient, park: Park) -> None:
    found = usage(client, make.lab_manager(park.lab))
    assert [line["key"] for line in found["items"]] == ["lab"]
    assert found["total"]["coming"]["minutes_open"] == 5 * 600
    assert found["total"]["coming"]["reservations"] == 0


def test_an_organisation_sees_what_it_booked_itself(client: FlaskClient, park: Park) -> None:
    found = usage(client, park.manager, "by=organisation")
    assert [line["name"] for line in found["items"]] == ["=Atlas"]
    assert found["total"]["coming"]["minutes_open"] is None
    assert found["total"]["coming"]["pending"] == 1
    spaces = client.get(f"{API}?view=spaces", headers=make.bearer(park.manager))
    assert spaces.status_code == 403
    other = usage(client, park.manager, f"organisation={park.second.public_id}")
    assert other["total"]["coming"]["pending"] == 0


def test_members_have_no_figures(client: FlaskClient, park: Park) -> None:
    member = make.member_of(park.second)
    assert client.get(API, headers=make.bearer(member)).status_code == 403
    make.signed_in(client, member)
    assert client.get("/reports").status_code == 403
    assert "/reports" not in client.get("/").text


def test_the_page_names_what_is_counted(client: FlaskClient, park: Park) -> None:
    make.signed_in(client, make.operator())
    page = client.get(f"/reports?{WEEK}&part=coming&by=building")
    assert page.status_code == 200
    assert '<svg class="chart heat"' in page.text
    assert "Building B1" in page.text
    assert "What is counted" in page.text
    assert "style=" not in page.text
    narrowed = client.get(f"/reports?{WEEK}&kind=lab")
    assert "Lab" in narrowed.text
    assert client.get("/").text.count('href="/reports"') == 1


def test_the_file_holds_every_line_and_no_formula(client: FlaskClient, park: Park) -> None:
    make.signed_in(client, make.operator())
    answer = client.get(f"/reports/figures.csv?{WEEK}&by=organisation", buffered=True)
    assert answer.headers["Content-Disposition"].endswith(
        "figures-2026-10-05-2026-10-11-organisation.csv"
    )
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    found = {row["organisation"]: row["hours_booked"] for row in rows if row["part"] == "coming"}
    assert found == {"'=Atlas": "1.0", "Zellige": "0.0"}


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-10-05&to=2026-10-04",
        "from=2026-01-01&to=2027-06-01",
        "from=1999-01-01&to=1999-01-02",
        "from=%00",
        "from=٢٠٢٦-١٠-٠٥",
        "to=2026-02-30",
        "kind=%00",
        "kind=absent",
        "building=%ED%A0%80",
        "organisation=%00",
        "organisation=0190163d-8694-739b-aea5-966c26f8ad91",
        "by=weather",
        "view=everything",
    ],
)
def test_strange_questions_are_refused(client: FlaskClient, park: Park, query: str) -> None:
    operator = make.operator()
    asked = client.get(f"{API}?{query}", headers=make.bearer(operator))
    assert asked.status_code == 422, asked.text
    make.signed_in(client, operator)
    assert client.get(f"/reports?{query}").status_code == 422
    assert client.get(f"/reports/figures.csv?{query}").status_code == 422


def test_figures_take_the_same_statements_however_many_reservations(
    client: FlaskClient,
    park: Park,
    count_statements: Callable[[], AbstractContextManager[Any]],  # Any: as the fixture gives it
) -> None:
    make.signed_in(client, make.operator())
    with count_statements() as before:
        client.get("/reports")
    make.stored_reservations(park.manager, park.desk, 200)
    for _ in range(5):
        make.desk()
    with count_statements() as after:
        client.get("/reports")
    assert after.count == before.count <= 14, after
