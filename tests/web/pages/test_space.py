"""The page of one space: what it is, what is asked of whoever books it, and its week."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient

from booking.policies.models import Shown
from tests import make
from tests.conftest import Statements
from tests.web.pages.crowd import crowd

Counting = Callable[[], AbstractContextManager[Statements]]
Cell = tuple[str, str, str]  # state, text, address

PAGE_STATEMENTS = 11
CELL = r'<td role="gridcell" class="s\d+ w\d+ ([a-z -]+)"><a([^>]*)>(.*?)</a>'
MONDAY, TUESDAY, SATURDAY = "5 Oct", "6 Oct", "10 Oct"


def week(page: str) -> dict[str, list[Cell]]:
    """The rows of the grid by their day."""
    rows = {}
    for part in page.split('<tr role="row">')[1:]:
        cells = re.findall(
            r'<td role="gridcell" class="s\d+ w\d+ ([a-z -]+)"><a([^>]*)>(.*?)</a>', part
        )
        day = re.search(r"<bdi>([^<]+)</bdi></a>", part)
        if day and cells:
            rows[day[1]] = [
                (
                    state,
                    re.sub(r"<[^>]+>", "", text),
                    html.unescape(next(iter(re.findall('href="([^"]+)"', attributes)), "")),
                )
                for state, attributes, text in cells
            ]
    return rows


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_week_shows_what_is_free_and_leads_to_booking_it(client: FlaskClient) -> None:
    desk = make.desk("A-01")
    member = make.person()
    make.reservation(member, desk, title="Sprint")
    page = make.signed_in(client, member).get("/spaces/A-01")
    assert page.status_code == 200
    rows = week(page.text)
    assert list(rows) == [f"{day} Oct" for day in range(5, 12)]
    assert [cell[0] for cell in rows[TUESDAY]] == ["free", "mine", "free"]
    before, mine, _after = rows[TUESDAY]
    assert before[2] == "/book?resource=A-01&day=2026-10-06&start=08:00&end=10:00"
    assert client.get(before[2]).status_code == 200
    assert client.get(mine[2]).status_code == 302
    assert [cell[0] for cell in rows[SATURDAY]] == ["closed"]


def test_what_others_see_is_what_the_policy_shows(client: FlaskClient) -> None:
    shy, open_ = make.desk("A-01"), make.desk("A-02", under=make.policy(others_see=Shown.PERSON))
    booker = make.member_of(name="Salma Idrissi")
    for place in (shy, open_):
        make.reservation(booker, place, title="Secret plan")
    make.signed_in(client, make.person())
    assert "Salma" not in client.get("/spaces/A-01").text
    assert "Secret plan" not in client.get("/spaces/A-01").text
    shown = week(client.get("/spaces/A-02").text)[TUESDAY][1]
    assert (shown[0], shown[2].partition("?")[0]) == ("other", "/waitlist/new")
    assert "Salma Idrissi – Secret plan" in shown[1]


def test_it_says_what_the_space_is_and_what_its_policy_asks(client: FlaskClient) -> None:
    lab = make.resource(
        "LAB-1",
        kind_code="lab",
        capacity=8,
        under=make.policy(needs_approval=True, notice=60),
        features=[make.feature("fume_hood")],
        out_of_order="The hood is being cleaned",
    )
    make.lab_manager(lab, "Nadia Chraibi")
    text = text_of(make.signed_in(client, make.person()).get("/spaces/LAB-1").text)
    for sentence in (
        "Lab LAB-1",
        "Fume hood",
        "8 people",
        "By the main gate",
        "This space is out of order. The hood is being cleaned",
        "Nadia Chraibi will answer within",
        "At least 1 hour ahead",
        "Mon to Fri · 08:00 – 18:00",
        "Sat to Sun · Closed",
    ):
        assert sentence in text, sentence


def test_other_weeks_and_the_public_id_lead_to_it_too(client: FlaskClient) -> None:
    desk = make.desk("A-01")
    make.signed_in(client, make.person())
    page = client.get(f"/spaces/{desk.spot.public_id}?day=2026-10-15&month=2026-11")
    assert next(iter(week(page.text))) == "12 Oct"
    assert 'href="/spaces/A-01?day=2026-10-08"' in page.text
    assert 'href="/spaces/A-01?day=2026-10-22"' in page.text


def test_a_week_around_the_clock_keeps_its_days_apart(client: FlaskClient) -> None:
    place = make.desk("A-01", open_at=make.around_the_clock(), under=make.policy(longest=2880))
    make.reservation(place=place, starts_at=make.at(22), ends_at=make.at(4, days=2))
    rows = week(make.signed_in(client, make.person()).get("/spaces/A-01").text)
    assert [cell[0] for cell in rows[TUESDAY]] == ["free", "other"]
    assert [cell[0] for cell in rows["7 Oct"]] == ["other", "free"]


def test_a_week_without_one_of_its_days_and_one_with_a_long_night(client: FlaskClient) -> None:
    make.site(zone="Pacific/Apia")
    make.desk("A-01", open_at=make.around_the_clock())
    make.signed_in(client, make.person())
    assert len(week(client.get("/spaces/A-01?day=2011-12-31").text)) == 6
    for day in ("2011-04-02", "2011-09-24"):
        assert len(week(client.get(f"/spaces/A-01?day={day}").text)) == 7


@pytest.mark.parametrize("address", ["x", "%00", "A-01%00", "%ED%A0%80", "9" * 60, "A-02"])
def test_what_is_not_there_is_not_found(client: FlaskClient, address: str) -> None:
    make.desk("A-01")
    assert make.signed_in(client, make.person()).get(f"/spaces/{address}").status_code == 404


def test_a_strange_day_shows_this_week(client: FlaskClient) -> None:
    make.desk("A-01")
    make.signed_in(client, make.person())
    for query in ("day=x", "day=9999-12-31", "day=%00", "month=0000-00"):
        assert MONDAY in week(client.get(f"/spaces/A-01?{query}").text), query
    for day in ("2000-01-01", "2100-12-31"):
        assert client.get(f"/spaces/A-01?day={day}").status_code == 200


@pytest.mark.parametrize("reservations", [1, 40])
def test_a_page_takes_the_same_number_of_statements_however_much_is_booked(
    client: FlaskClient, count_statements: Counting, reservations: int
) -> None:
    found = crowd(spaces=8, reservations=reservations)
    make.signed_in(client, found.member)
    with count_statements() as sent:
        assert client.get("/spaces/A-001").status_code == 200
    assert sent.count == PAGE_STATEMENTS, sent
