"""The operator's page of checks says the same as the command, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from booking.core.database import transaction
from booking.core.permissions import Actor
from tests import make
from tests.conftest import Statements

PAGE = "/operator/verify"


def test_it_says_that_all_is_well_and_shows_the_guard(client: FlaskClient, engine: str) -> None:
    make.reservation()
    page = make.signed_in(client, make.operator()).get(PAGE)
    assert page.status_code == 200
    assert "Everything is as promised." in page.text
    assert "triangle-alert" not in page.text
    expected = "EXCLUDE USING gist" if engine == "postgresql" else "RAISE(ABORT"
    assert expected in page.text


def test_it_marks_what_is_broken_and_names_it(client: FlaskClient) -> None:
    booked = make.reservation()
    with transaction() as current:
        current.execute(text("UPDATE reservation SET state = 'cancelled'"))
    page = make.signed_in(client, make.operator()).get(PAGE)
    assert page.status_code == 200
    assert "Something is not as promised" in page.text
    assert f"<bdi>{booked.reference}</bdi>" in page.text
    assert "1 case" in page.text


@pytest.mark.parametrize("who", [make.person, make.auditor])
def test_only_the_operator_sees_it(client: FlaskClient, who: Callable[[], Actor]) -> None:
    assert make.signed_in(client, who()).get(PAGE).status_code == 403


def test_who_is_not_signed_in_is_asked_to(client: FlaskClient) -> None:
    assert client.get(PAGE).status_code == 303


def test_it_cannot_be_posted_to(client: FlaskClient) -> None:
    assert make.signed_in(client, make.operator()).post(PAGE).status_code == 405


def test_it_uses_as_many_statements_for_much_as_for_little(
    client: FlaskClient, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    browser = make.signed_in(client, make.operator())
    browser.get(PAGE)
    counts = []
    for hours in (range(9, 10), range(10, 17)):
        place = make.desk()
        for hour in hours:
            make.reservation(place=place, starts_at=make.at(hour))
        with count_statements() as statements:
            browser.get(PAGE)
        counts.append(statements.count)
    assert counts[0] == counts[1]
    assert counts[0] <= 16
