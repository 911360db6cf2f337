"""The day grid in a browser: by keyboard, kept fresh, told to everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from booking.core import clock
from booking.core.permissions import Actor, Role
from tests import make
from tests.browser.conftest import PHONE, Visit

ASK_NOW = "dispatchEvent(new Event('focus'))"


def _open(
    app: Flask, visit: Callable[..., Visit], who: Actor, path: str = "/planning", **window: object
) -> Visit:
    cookie = make.signed_in(app.test_client(), who).get_cookie("sid")
    assert cookie
    visited = visit(language=who.language, **window)
    visited.context.add_cookies([{"name": "sid", "value": cookie.value, "url": visited.address}])
    visited.goto(path)
    return visited


def _focused(page: Page) -> str:
    return str(
        page.evaluate("document.activeElement.closest('td, th').innerText.replace(/\\s+/g, ' ')")
    )


def _announced(page: Page) -> str:
    return page.locator("[data-announce]").inner_text()


@pytest.mark.parametrize(
    ("language", "forwards", "back"),
    [("en", "ArrowRight", "ArrowLeft"), ("ar", "ArrowLeft", "ArrowRight")],
)
def test_arrows_follow_the_reading_direction(
    app: Flask, visit: Callable[..., Visit], language: str, forwards: str, back: str
) -> None:
    for _ in range(12):
        make.desk()
    reader = make.member_of(language=language)
    make.reservation(reader, make.desk("A-00"), starts_at=make.at(10, days=0), title="Mine")
    page = _open(app, visit, reader).page
    assert page.locator(".grid tbody [tabindex='0']").count() == 1
    page.locator(".grid td a[href]").first.focus()
    assert "08:00–10:00" in _focused(page)
    assert _announced(page).startswith("A-00")
    assert "08:00" in _announced(page)
    page.keyboard.press(forwards)
    assert "10:00–11:00" in _focused(page)
    page.keyboard.press("End")
    assert "11:00–18:00" in _focused(page)
    page.keyboard.press(back)
    assert "10:00–11:00" in _focused(page)
    page.keyboard.press("ArrowDown")
    assert "08:00–18:00" in _focused(page)
    assert _announced(page).startswith("A-01")
    page.keyboard.press("PageDown")
    assert _announced(page).startswith("A-11")
    page.keyboard.press("PageUp")
    page.keyboard.press("Home")
    assert "A-01" in _focused(page)
    assert page.locator(".grid tbody [tabindex='0']").count() == 1
    page.keyboard.press(forwards)
    page.keyboard.press("Enter")
    page.wait_for_url("**/book?resource=A-01&day=2026-10-05&start=08:00&end=18:00")


def test_what_is_booked_elsewhere_appears_without_loading_the_page(
    app: Flask, visit: Callable[..., Visit]
) -> None:
    desk = make.desk("A-01")
    page = _open(app, visit, make.member_of()).page
    page.evaluate("document.body.dataset.kept = 'yes'")
    page.locator(".grid td a[href]").first.focus()
    with page.expect_response("**/planning/fragment**"):
        page.evaluate(ASK_NOW)
    expect(page.locator("td.other")).to_have_count(0)
    make.reservation(place=desk, starts_at=make.at(10, days=0))
    page.evaluate(ASK_NOW)
    expect(page.locator("td.other")).to_have_count(1)
    assert "08:00–10:00" in _focused(page)
    assert page.locator("body[data-kept]").count() == 1


def test_an_unchanged_day_costs_no_rows(app: Flask, visit: Callable[..., Visit]) -> None:
    make.desk("A-01")
    page = _open(app, visit, make.member_of()).page
    with page.expect_response("**/planning/fragment**"):
        page.evaluate(ASK_NOW)
    page.evaluate("document.querySelector('.grid tbody').dataset.kept = 'yes'")
    with page.expect_response("**/planning/fragment**"):
        page.evaluate(ASK_NOW)
    page.wait_for_timeout(100)
    assert page.locator("tbody[data-kept]").count() == 1


def test_two_failures_are_told_and_forgotten_when_it_works_again(
    app: Flask, visit: Callable[..., Visit]
) -> None:
    make.desk("A-01")
    visited = _open(app, visit, make.member_of())
    page = visited.page
    page.route("**/planning/fragment**", lambda route: route.abort())
    stale = page.locator(".stale")
    page.evaluate(ASK_NOW)
    page.wait_for_timeout(100)
    expect(stale).to_be_hidden()
    page.evaluate(ASK_NOW)
    expect(stale).to_have_text("Shown as of 08:00")
    page.unroute("**/planning/fragment**")
    page.evaluate(ASK_NOW)
    expect(stale).to_be_hidden()
    visited.complaints.clear()  # the browser reports the requests that we have broken


def test_the_line_of_the_hour_moves_by_what_the_server_says(
    app: Flask, visit: Callable[..., Visit]
) -> None:
    make.desk("A-01")
    page = _open(app, visit, make.member_of()).page
    pill = page.locator(".now-pill")
    expect(pill).to_have_text("08:00")
    before = pill.bounding_box()
    with clock.frozen_at(clock.now() + timedelta(hours=3, minutes=7)):
        page.evaluate(ASK_NOW)
        expect(pill).to_have_text("11:07")
    after = pill.bounding_box()
    assert before
    assert after
    assert after["x"] > before["x"] + 200
    expect(page.locator("thead th.covered")).to_have_text(["11:00"])
    with clock.frozen_at(clock.now() + timedelta(hours=13)):
        page.evaluate(ASK_NOW)
        expect(pill).to_be_hidden()
        assert page.locator("td.free a[href]").count() == 0


@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("ar", True)], ids=["fr", "ar"])
@pytest.mark.parametrize("path", ["/planning", "/planning?day=2026-10-11", "/"])
def test_the_pages_can_be_read_by_everybody(
    app: Flask, visit: Callable[..., Visit], language: str, path: str, dark: bool
) -> None:
    lab = make.lab("L-01")
    reader = make.grant(make.member_of(language=language), Role.LAB_MANAGER, area_id=lab.area_id)
    make.reservation(reader, make.desk("A-01"), starts_at=make.at(9, days=0), title="Prototype")
    make.reservation(place=lab, starts_at=make.at(9, days=0))
    make.resource("A-02", out_of_order="Broken")
    for screen in (None, PHONE):
        visited = _open(app, visit, reader, path, dark=dark, screen=screen)
        assert visited.violations() == []
        width = visited.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0
