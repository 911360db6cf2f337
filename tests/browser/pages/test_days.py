"""Fields for a day: a month in the page's language, and a plain field without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect

from tests import make
from tests.browser.conftest import PHONE, WIDE, Visit
from tests.browser.entering import enter


@pytest.mark.parametrize(
    ("language", "heading", "day", "screen"),
    [
        ("fr", "octobre 2026", "mercredi 7 octobre 2026", WIDE),
        ("ar", "أكتوبر 2026", "الأربعاء 7 أكتوبر 2026", PHONE),
    ],
)
def test_a_day_is_chosen_in_a_month_that_speaks_the_language_of_the_page(
    app: Flask,
    visit: Callable[..., Visit],
    language: str,
    heading: str,
    day: str,
    screen: dict[str, int],
) -> None:
    operator = make.operator(language=language)
    make.site()
    page = enter(app, visit(language=language, screen=screen), operator, "/operator/journal")
    field, picker = page.locator("#from"), page.locator("[data-day-of=from]")
    picker.locator("summary").click()
    expect(picker.locator("strong")).to_have_text(heading)
    panel = picker.locator(".popover-panel").bounding_box()
    assert panel
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= screen["width"]
    chosen = picker.get_by_role("button", name=day, exact=True)
    chosen.click()
    expect(field).to_have_value("07/10/2026")
    expect(picker.locator("summary")).to_be_focused()
    picker.locator("summary").click()
    expect(chosen).to_have_attribute("aria-current", "date")


def test_arrows_go_from_day_to_day_and_turning_keeps_what_was_typed(
    app: Flask, visit: Callable[..., Visit]
) -> None:
    make.site()
    page = enter(app, visit(language="ar"), make.operator(language="ar"), "/operator/journal")
    page.locator("#from").fill("2/1/2027")
    picker = page.locator("[data-day-of=from]")
    picker.locator("summary").click()
    picker.locator("[data-day='2027-01-02']").focus()
    page.keyboard.press("ArrowLeft")
    expect(picker.locator("[data-day='2027-01-03']")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(picker.locator("[data-day='2027-01-10']")).to_be_focused()
    picker.locator("[data-turn='-1']").click()
    expect(picker.locator("strong")).to_contain_text("2026")
    page.keyboard.press("Escape")
    expect(picker.locator(".popover-panel")).to_be_hidden()
    expect(page.locator("#from")).to_have_value("2/1/2027")


def test_without_scripts_a_day_is_typed(app: Flask, visit: Callable[..., Visit]) -> None:
    make.site()
    visited = visit(scripts=False, language="fr")
    page = enter(app, visited, make.operator(language="fr"), "/operator/journal")
    expect(page.locator("[data-day-of=from]")).to_be_hidden()
    page.locator("#from").fill("5/10/2026")
    page.locator("main button.primary").click()
    expect(page.locator("#from")).to_have_value("05/10/2026")
