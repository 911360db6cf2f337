"""Signing in and booking with nothing but the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.conftest import Visit
from tests.browser.entering import PASSWORD, member_with_password

FARTHEST = 40  # tab stops; beyond, somebody would give up


@pytest.mark.parametrize(("language", "forwards"), [("fr", "ArrowRight"), ("ar", "ArrowLeft")])
def test_a_desk_is_booked_by_keyboard_alone(
    visit: Callable[..., Visit], language: str, forwards: str
) -> None:
    member = member_with_password(language)
    desk = make.desk("A-01")
    make.reservation(place=desk, starts_at=make.at(10))
    make.desk("A-02")
    page = visit(language=language).goto("/planning?day=2026-10-06")
    expect(page.locator('[name="email"]')).to_be_focused()
    page.keyboard.type(member.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/planning?day=2026-10-06")

    _tab_to(page, ".grid td a")
    for key in ("Home", forwards, forwards, forwards):
        page.keyboard.press(key)
    expect(page.locator(":focus")).to_have_attribute(
        "href", re.compile("resource=A-01.*start=11:00")
    )
    page.keyboard.press("Enter")
    page.wait_for_url("**/book?resource=A-01*")
    _tab_to(page, '[name="end"]')
    page.keyboard.type("12:30")
    expect(page.locator('[name="end"]')).to_have_value("12:30")
    _tab_to(page, '[name="title"]')
    page.keyboard.type("Clavier")
    _tab_to(page, 'form[action="/book"] button')
    page.keyboard.press("Space")
    expect(page.locator("h1")).to_have_text("Clavier")
    expect(page.locator("dd").first).to_contain_text("12:30")


def test_the_first_tab_stop_leads_past_the_menu(visit: Callable[..., Visit]) -> None:
    page = visit().goto("/nowhere")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def _tab_to(page: Page, selector: str) -> None:
    for _stop in range(FARTHEST):
        page.keyboard.press("Tab")
        if page.locator(":focus").and_(page.locator(selector)).count():
            return
    raise AssertionError(f"{selector} is not reached within {FARTHEST} tab stops")
