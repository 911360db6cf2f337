"""The reception's day: who comes to the building, and who is let in to see it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from flask.testing import FlaskClient

from booking.core import clock
from tests import make
from tests.conftest import FROZEN, Statements
from tests.forms import post

Counting = Callable[[], AbstractContextManager[Statements]]
TODAY = datetime(2026, 10, 5)


def test_the_reception_sees_its_building_hour_by_hour(client: FlaskClient) -> None:
    policy = make.policy(asks_for_check_in=True, longest=24 * 60)
    hours = make.around_the_clock()
    here = make.desk("A-01", under=policy, open_at=hours)
    other = make.desk("X-01", at=make.area(at=make.floor(at=make.building(code="OTHER"))))
    atlas = make.organisation("Atlas")
    salma = make.member_of(atlas, name="Salma")
    nine = TODAY.replace(hour=9)
    make.reservation(salma, here, starts_at=nine, organisation_id=atlas.public_id)
    make.reservation(make.member_of(name="Karim"), here, starts_at=nine.replace(hour=11))
    make.reservation(make.member_of(name="Elsewhere"), other, starts_at=nine)
    make.reservation(make.member_of(name="Another day"), here, starts_at=make.at(9))
    make.reservation(make.member_of(name="Waits"), make.lab("LAB-1"), starts_at=nine)
    make.signed_in(client, make.reception(here))
    assert 'href="/arrivals"' in client.get("/").text
    page = client.get("/arrivals").text
    assert page.index("Salma") < page.index("Karim")
    assert "Atlas" in page
    assert not any(name in page for name in ("Elsewhere", "Another day", "Waits", "OTHER"))
    assert "Another day" in client.get("/arrivals?day=06/10/2026").text
    assert "Salma" not in client.get("/arrivals?kind=lab").text
    assert "Salma" in client.get("/arrivals?kind=desk").text
    assert "Elsewhere" not in client.get("/arrivals?building=OTHER").text


def test_whoever_stands_there_is_checked_in_from_the_list(client: FlaskClient) -> None:
    policy = make.policy(asks_for_check_in=True)
    desk = make.desk(under=policy)
    made = make.reservation(make.member_of(name="Salma"), desk, starts_at=TODAY.replace(hour=8))
    make.signed_in(client, make.reception(desk))
    answer = post(client, "/arrivals", f"/reservations/{made.public_id}/check-in", next="/arrivals")
    assert (answer.status_code, answer.location) == (303, "/arrivals")
    page = client.get("/arrivals").text
    assert "On site" in page
    assert "Confirm the presence" not in page


def test_what_began_yesterday_and_runs_stands_first(client: FlaskClient) -> None:
    desk = make.desk(under=make.policy(longest=24 * 60), open_at=make.around_the_clock())
    late = TODAY.replace(hour=22)
    make.reservation(
        make.member_of(name="Night"), desk, starts_at=late, ends_at=late + timedelta(hours=8)
    )
    make.signed_in(client, make.reception(desk))
    with clock.frozen_at(FROZEN + timedelta(days=1)):
        page = client.get("/arrivals").text
    assert page.index("Since an earlier day") < page.index("Night")


def test_nobody_else_sees_who_comes(client: FlaskClient) -> None:
    make.desk()
    make.signed_in(client, make.member_of())
    assert client.get("/arrivals").status_code == 403
    assert 'href="/arrivals"' not in client.get("/").text
    make.signed_in(client, make.operator())
    assert "Nobody is expected" in client.get("/arrivals?day=x&page=-4&building=nothing").text


def test_many_cost_as_many_statements_as_two(
    client: FlaskClient, count_statements: Counting
) -> None:
    desk = make.desk(under=make.policy(shortest=15), open_at=make.around_the_clock())
    reception = make.signed_in(client, make.reception(desk))

    def count() -> int:
        reception.get("/arrivals")  # whom one sees is noted once a day
        with count_statements() as found:
            reception.get("/arrivals")
        return found.count

    for number in range(1, 3):
        start = TODAY + timedelta(hours=9 + number)
        make.reservation(make.member_of(), desk, starts_at=start)
    few = count()
    for number in range(20):
        start = TODAY + timedelta(hours=12, minutes=15 * number)
        make.reservation(
            make.member_of(), desk, starts_at=start, ends_at=start + timedelta(minutes=15)
        )
    assert count() == few
