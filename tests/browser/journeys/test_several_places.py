"""Several places: one reservation of a lab with two machines, and desks for a team."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from booking.core.permissions import Actor
from booking.reservations import queries
from booking.reservations.models import State
from tests import make
from tests.browser.conftest import PHONE, WIDE
from tests.browser.journeys import feeds
from tests.browser.journeys.conftest import Journey, Way

ONE_RESERVATION = re.compile(r"/reservations/[0-9a-f-]{36}$")
ONE_GROUP = re.compile(r"/groups/[0-9a-f-]{36}$")


@pytest.mark.parametrize(
    "journey",
    [Way("fr", WIDE, scripts=True), Way("ar", PHONE, scripts=False)],
    ids=str,
    indirect=True,
)
def test_a_lab_is_booked_with_two_machines_as_one_reservation(journey: Journey) -> None:
    make.resource("LAB-01", kind_code="lab", capacity=8)
    for code in ("MCH-01", "MCH-02", "MCH-03"):
        make.resource(code, kind_code="equipment")
    page = journey.open_as(
        make.member_of(language=journey.language), "/book?resource=LAB-01&day=2026-10-06"
    )
    page.fill('[name="title"]', "Banc d’essai")
    for code in ("MCH-01", "MCH-03", "MCH-02"):
        page.select_option('[name="more"]', code)
        page.click('button[name="add"]')
    page.click('button[name="leave_out"][value="MCH-03"]')
    page.select_option('[name="start"]', "10:00")
    page.select_option('[name="end"]', "12:00")
    page.click('form[action="/book"] button.primary')
    expect(page).to_have_url(ONE_RESERVATION)
    expect(page.locator("h1")).to_have_text("Banc d’essai")
    together = ("LAB-01", "MCH-01", "MCH-02")
    for code in together:
        expect(page.locator("dd", has_text=code).first).to_be_visible()
    expect(page.get_by_text("MCH-03")).to_have_count(0)
    expect(page.locator(".history li")).to_have_count(1)

    calendar = feeds.fetch(feeds.make_address(page))
    assert calendar.count("BEGIN:VEVENT") == 1
    assert all(code in calendar for code in together)
    page.goto("/planning?day=2026-10-06")
    for code in together:
        expect(page.locator("tr", has_text=code).locator("td.mine")).to_have_count(1)


@pytest.mark.parametrize(
    "journey",
    [
        Way("fr", WIDE, scripts=True),
        Way("fr", PHONE, scripts=False),
        Way("ar", WIDE, scripts=False),
        Way("ar", PHONE, scripts=True),
    ],
    ids=str,
    indirect=True,
)
def test_a_team_books_its_desks_and_one_of_them_gives_theirs_back_alone(journey: Journey) -> None:
    for number in range(1, 5):
        make.desk(f"A-0{number}")
    salma, karim, _imane = _team(journey.language)
    page = journey.open_as(salma, "/together")
    page.fill('[name="count"]', "3")
    page.select_option('[name="day"]', "2026-10-06")
    for name in ("Karim", "Imane"):
        page.get_by_role("checkbox", name=name).check()
    page.fill('[name="title"]', "Sprint")
    page.click('form[action="/together"][method="get"] button[type="submit"]')
    expect(page.locator(".list li")).to_have_count(3)
    page.click('form[action="/together"][method="post"] button[type="submit"]')
    expect(page).to_have_url(ONE_GROUP)
    expect(page.locator(".notes .note.ok")).to_be_visible()
    assert _states() == {"Karim": State.CONFIRMED, "Imane": State.CONFIRMED, "Salma": "confirmed"}

    own = journey.open_as(karim, "/reservations")
    own.locator("a.list-link").click()
    own.click('a[href$="/cancel"]')
    own.click('form[action$="/cancel"] button[type="submit"]')
    expect(own).to_have_url(ONE_RESERVATION)
    assert _states() == {"Karim": State.CANCELLED, "Imane": State.CONFIRMED, "Salma": "confirmed"}

    page.reload()
    expect(page.locator(".list li", has_text="Karim").locator(".icon-calendar-x-2")).to_be_visible()
    expect(page.locator('.list a[href$="/cancel"]')).to_have_count(2)


def _team(language: str) -> tuple[Actor, Actor, Actor]:
    atlas = make.organisation("Atlas")
    salma, karim, imane = (
        make.member_of(atlas, name=name, language=language) for name in ("Salma", "Karim", "Imane")
    )
    return salma, karim, imane


def _states() -> dict[str, State]:
    """What became of each place, by who sits there."""
    group = queries.latest_group()
    assert group is not None
    return {one.person.name: one.state for one in queries.group_by_id(group)}
