"""A member books: from the day grid to the calendar, and past somebody who was faster."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests import make
from tests.browser.entering import PASSWORD, member_with_password
from tests.browser.journeys import feeds
from tests.browser.journeys.conftest import Journey

TOMORROW = "/planning?day=2026-10-06"
ONE_RESERVATION = re.compile(r"/reservations/[0-9a-f-]{36}$")


def test_a_member_books_a_desk_finds_it_in_the_calendar_and_gives_it_back(
    journey: Journey,
) -> None:
    make.desk("A-01")
    make.reservation(place=make.desk("A-02"), starts_at=make.at(9))
    member = member_with_password(journey.language)
    visited = journey.window()
    page = visited.goto(TOMORROW)
    _sign_in(page, member.email)

    page.locator('td.free a[href*="resource=A-01"]').click()
    _choose(page, "10:00", "11:30")
    page.fill('[name="title"]', "Prototype du bras")
    page.click('form[action="/book"] button[type="submit"]')
    expect(page).to_have_url(ONE_RESERVATION)
    expect(page.locator(".notes .note.ok")).to_contain_text("A-01")
    expect(page.locator("main .icon-circle-check").first).to_be_visible()

    page.click('nav.side a[href="/reservations"]')
    booked = page.locator("a.list-link")
    expect(booked).to_contain_text("A-01")
    expect(booked).to_contain_text("10:00–11:30")

    calendar = feeds.make_address(page)
    assert "SUMMARY:Prototype du bras" in feeds.fetch(calendar)
    assert "STATUS:CONFIRMED" in feeds.fetch(calendar)

    page.click('nav.side a[href="/reservations"]')
    page.locator("a.list-link").click()
    page.click('a[href$="/cancel"]')
    page.click('form[action$="/cancel"] button[type="submit"]')
    expect(page).to_have_url(ONE_RESERVATION)
    expect(page.locator("main .icon-calendar-x-2").first).to_be_visible()
    assert "STATUS:CANCELLED" in feeds.fetch(calendar)
    visited.goto(TOMORROW)
    expect(page.locator('td.free a[href*="resource=A-01"]')).to_have_count(1)


def test_whoever_comes_second_books_what_is_offered_instead(journey: Journey) -> None:
    desk = make.desk("A-01")
    make.desk("A-02")
    page = journey.open_as(make.member_of(language=journey.language), TOMORROW)
    page.locator('td.free a[href*="resource=A-01"]').click()
    _choose(page, "10:00", "11:00")
    page.fill('[name="title"]', "Entretien")
    make.reservation(place=desk, starts_at=make.at(9), ends_at=make.at(12))
    page.click('form.form[action="/book"] button[type="submit"]')

    expect(page.locator('main [role="alert"]')).to_contain_text("09:00")
    expect(page.locator('[name="title"]').last).to_have_value("Entretien")
    offers = page.locator('.list form[action="/book"] button[type="submit"]')
    assert 1 <= offers.count() <= 3
    offers.first.click()
    expect(page).to_have_url(ONE_RESERVATION)
    expect(page.locator(".notes .note.ok")).to_be_visible()
    expect(page.locator("h1")).to_have_text("Entretien")


def _sign_in(page: Page, email: str) -> None:
    page.fill('[name="email"]', email)
    page.fill('[name="password"]', PASSWORD)
    page.click('form.form button[type="submit"]')
    expect(page.locator("html")).to_have_attribute("lang", re.compile("fr|ar"))


def _choose(page: Page, start: str, end: str) -> None:
    page.select_option('[name="start"]', start)
    page.select_option('[name="end"]', end)
