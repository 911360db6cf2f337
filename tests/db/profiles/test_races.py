"""Hours that are announced while others announce and book, from several processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from booking.checks import promises
from booking.core.database import end_reading, session
from booking.spaces.models import PeriodState, ProfilePeriod
from tests import make
from tests.db.promises.parks import Park, park
from tests.db.reservations.callers import Call, at_once
from tests.serving import serving

DAYS = 6
BOOKERS = 4
ANNOUNCERS = 4

pytestmark = pytest.mark.real_time


@pytest.fixture
def park_(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=BOOKERS, people=BOOKERS) as made:
        yield made


def day(number: int) -> date:
    return make.at(9, days=number + 3).date()


def test_nobody_books_outside_hours_that_are_announced_just_now(park_: Park) -> None:
    """The announcement finds whoever was faster, and whoever is slower finds the new hours."""
    operator = make.bearer(make.operator())["Authorization"]
    bookers = [make.bearer(make.person())["Authorization"] for _ in range(BOOKERS)]
    profile = make.profile(spans=((9 * 60, 15 * 60),), weekdays=range(7))
    made = [
        make.period(profile, day(number), day(number), PeriodState.ESTIMATED).public_id
        for number in range(DAYS)
    ]
    with serving(park_.database_url, park_.instance, servers=2) as servers:
        ports = [server.port for server in servers]
        answers = at_once(
            [
                [
                    Call(ports[0], operator, "PATCH", f"/api/v1/hour-periods/{one}", "{}"),
                    *(
                        _book(ports[(n + 1) % 2], who, park_.desks[n], number)
                        for n, who in enumerate(bookers)
                    ),
                ]
                for number, one in enumerate(made)
            ]
        )
    for announced, *booked in answers:
        assert {announced, *booked} <= {200, 201, 409}
        assert (announced == 200) == (201 not in booked), (announced, booked)
    end_reading()
    assert promises.verify().is_clean


def test_two_announcements_of_the_same_days_are_never_both_accepted(park_: Park) -> None:
    operators = [make.bearer(make.operator())["Authorization"] for _ in range(ANNOUNCERS)]
    profiles = [make.profile(f"Profile {number}").id for number in range(ANNOUNCERS)]
    with serving(park_.database_url, park_.instance, servers=2) as servers:
        ports = [server.port for server in servers]
        answers = at_once(
            [
                [
                    Call(
                        ports[n % 2],
                        who,
                        "POST",
                        f"/api/v1/hour-profiles/{profiles[n]}/periods",
                        _period(10 * number + n, 10 * number + 6),
                    )
                    for n, who in enumerate(operators)
                ]
                for number in range(DAYS)
            ]
        )
    assert [sorted(one) for one in answers] == [[201, *[422] * (ANNOUNCERS - 1)]] * DAYS
    end_reading()
    found = sorted(session().execute(select(ProfilePeriod.first_day, ProfilePeriod.last_day)))
    assert len(found) == DAYS
    assert all(one.last_day < other.first_day for one, other in pairwise(found))


def _book(port: int, authorization: str, desk: str, number: int) -> Call:
    body = {
        "resources": [desk],
        "starts_at": (make.at(16, days=number + 3)).isoformat(),
        "ends_at": (make.at(16, days=number + 3) + timedelta(hours=1)).isoformat(),
    }
    return Call(port, authorization, "POST", "/api/v1/reservations", json.dumps(body))


def _period(first: int, last: int) -> str:
    return json.dumps({"first_day": day(first).isoformat(), "last_day": day(last).isoformat()})
