"""A lab: asked for, approved, seen confirmed, told by messages that the operator can look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from booking.core.permissions import Actor
from booking.messages.models import Message, MessageKind
from booking.worker import Done
from tests import make
from tests.browser.journeys.conftest import Journey
from tests.working import run, told

__all__ = ["run", "told"]

TOMORROW = "/planning?day=2026-10-06"


@pytest.fixture
def demo(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo, where the clock may be turned."""
    settings = replace(app.extensions["booking"], demo=True)
    monkeypatch.setitem(app.extensions, "booking", settings)


@pytest.mark.usefixtures("demo")
def test_a_lab_is_asked_for_approved_and_told_about(
    journey: Journey, run: Callable[[], Done], told: Callable[..., list[Message]]
) -> None:
    lab = make.lab("LAB-1")
    member = make.member_of(name="Salma El Idrissi", language=journey.language)
    page = _ask_for(journey, member)
    run()

    _approve(journey, make.lab_manager(lab, "Nadia Chraïbi", language=journey.language))
    run()
    page.reload()
    expect(page.locator("main .icon-circle-check").first).to_be_visible()
    expect(page.locator("main .icon-hourglass")).to_have_count(0)

    operator = make.operator(language=journey.language)
    messages = journey.open_as(operator, "/operator/messages")
    confirmed = told(MessageKind.CONFIRMED)[0]
    first, second = told(MessageKind.REMINDER)
    expect(_row(messages, confirmed).locator(".icon-archive")).to_be_visible()
    expect(_row(messages, first).locator(".icon-clock")).to_be_visible()
    expect(_row(messages, first)).to_contain_text("10:00")
    expect(_row(messages, second)).to_contain_text("09:00")

    _turn_the_clock_to(journey.app, "2026-10-05 10:00")
    messages.reload()
    expect(_row(messages, first).locator(".icon-archive")).to_be_visible()
    expect(_row(messages, second).locator(".icon-clock")).to_be_visible()
    _row(messages, first).locator("a.list-link").click()
    expect(messages.frame_locator("iframe").locator("body")).to_contain_text("LAB-1")


def _ask_for(journey: Journey, member: Actor) -> Page:
    page = journey.open_as(member, TOMORROW)
    page.locator('td.free a[href*="resource=LAB-1"]').click()
    page.select_option('[name="start"]', "10:00")
    page.select_option('[name="end"]', "12:00")
    page.fill('[name="headcount"]', "4")
    page.fill('[name="title"]', "Essais du capteur")
    page.click('form[action="/book"] button[type="submit"]')
    expect(page.locator("h1")).to_have_text("Essais du capteur")
    expect(page.locator("main .icon-hourglass").first).to_be_visible()
    return page


def _approve(journey: Journey, manager: Actor) -> None:
    page = journey.open_as(manager)
    page.locator('nav.side a[href="/approvals"]').click()
    page.locator("a.list-link:visible").first.click()
    expect(page.locator(".request:visible")).to_contain_text("Essais du capteur")
    page.locator('form[action$="/approve"] button[type="submit"]').click()
    expect(page.locator(".notes .note.ok")).to_contain_text("LAB-1")
    expect(page.locator("a.list-link")).to_have_count(0)


def _row(page: Page, message: Message) -> Locator:
    return page.locator(f'li:has(a[href="/operator/messages/{message.id}"])')


def _turn_the_clock_to(app: Flask, moment: str) -> None:
    answer = app.test_cli_runner().invoke(args=["scheduler", "--once", "--at", moment])
    assert answer.exit_code == 0, answer.output
