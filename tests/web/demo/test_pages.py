"""Whoever tries the demo finds something on every page of theirs."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from booking.core.database import session
from booking.people import sign_in
from booking.people.demo_accounts import DEMO_ACCOUNTS
from booking.people.models import Person
from tests import make
from tests.installations import SeparateClient

PAGES = ("/", "/planning", "/reservations", "/profile")


def _browser(park: Flask, email: str) -> FlaskClient:
    park.test_client_class = SeparateClient
    person = session().scalar(select(Person).where(Person.email == email))
    assert person is not None
    return make.signed_in(park.test_client(), sign_in.load_actor(person))


@pytest.mark.parametrize("email", [account.email for account in DEMO_ACCOUNTS])
def test_every_account_of_the_sign_in_page_sees_its_pages(park: Flask, email: str) -> None:
    browser = _browser(park, email)
    for page in PAGES:
        assert browser.get(page).status_code == 200, page


def test_salma_sees_her_desk_and_her_request(park: Flask) -> None:
    page = _browser(park, "salma@atlas-robotics.example").get("/reservations").text
    assert "A1-12" in page
    assert "ELEC-3" in page


def test_nadia_sees_who_wants_one_time(park: Flask) -> None:
    page = _browser(park, "nadia@techvalley.example").get("/approvals").text
    assert page.count("DATA-1") >= 3
    assert "Salma El Idrissi" in page


def test_the_operator_sees_that_all_is_well(park: Flask) -> None:
    browser = _browser(park, "amine@techvalley.example")
    page = browser.get("/operator/verify", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert "triangle-alert" not in page.text
