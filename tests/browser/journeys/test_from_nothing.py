"""From an empty database to the first booking of a member who was invited by mail.

Nothing is made behind the pages: what the command line and the mails say is all that people have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from booking import worker
from booking.core.database import end_reading
from tests import mail_server
from tests.browser.conftest import Visit
from tests.browser.entering import PASSWORD
from tests.mail_server import Inbox

ADDRESS = re.compile(r"http://\S+/password/\S+")
ONE_RESERVATION = re.compile(r"/reservations/[0-9a-f-]{36}$")
MEMBER = "lina.amrani@example.com"


@pytest.fixture
def inbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with mail_server.serving() as (found, server):
        settings = replace(app.extensions["booking"], mail=server)
        monkeypatch.setitem(app.extensions, "booking", settings)
        yield found


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_an_empty_park_comes_to_its_first_booking(
    app: Flask, inbox: Inbox, visit: Callable[..., Visit], language: str
) -> None:
    said = app.test_cli_runner().invoke(args=["setup", "--email", "amine@example.com"])
    end_reading()
    operator = visit(language=language)
    page = operator.goto(_path_in(said.output))
    page.click(f'form.language-form button[value="{language}"]')
    _choose_password(page)
    _describe_the_park(page)
    _invite(page, language)

    member = visit(language="en")
    page = member.goto(_path_in(_mails(app, inbox)[-1]))
    assert page.locator("html").get_attribute("lang") == language
    expect(page.locator('[name="name"]')).to_have_value("Lina")
    page.fill('[name="name"]', "Lina Amrani")
    _choose_password(page)

    page.goto("/planning?day=2026-10-06")
    assert page.locator("html").get_attribute("lang") == language
    page.locator('td.free a[href*="resource=A-02"]').click()
    page.select_option('[name="start"]', "10:00")
    page.select_option('[name="end"]', "11:00")
    page.click('form[action="/book"] button[type="submit"]')
    expect(page).to_have_url(ONE_RESERVATION)
    assert "A-02" in _mails(app, inbox)[-1]

    page = operator.goto("/planning?day=2026-10-06")
    expect(page.locator("td.other")).to_have_count(1)


def _choose_password(page: Page) -> None:
    page.fill('[name="password"]', PASSWORD)
    page.fill('[name="again"]', PASSWORD)
    page.click('form.form button[type="submit"]')
    expect(page.locator(".notes .note.ok")).to_be_visible()


def _describe_the_park(page: Page) -> None:
    """By the steps that the operator's first page offers, one after the other."""
    for fields in (
        {"code": "ATLAS", "names.fr": "Atlas", "address": "1 boulevard Sidi Othmane"},
        {"level": "0", "names.fr": "Rez-de-chaussée"},
        {"code": "PATIO", "names.fr": "Patio"},
        {"code": "A-01..A-03"},
    ):
        page.goto("/operator")
        page.locator(".steps .current a").click()
        for name, value in fields.items():
            page.fill(f'[name="{name}"]', value)
        page.locator('form.form button[type="submit"]').last.click()


def _invite(page: Page, language: str) -> None:
    page.goto("/operator/people/new")
    page.fill('[name="name"]', "Lina")
    page.fill('[name="email"]', MEMBER)
    page.select_option('select[name="language"]', language)
    page.click('form.form button[type="submit"]')
    expect(page.locator(".notes .note.ok")).to_contain_text(MEMBER)


def _mails(app: Flask, inbox: Inbox) -> list[str]:
    """What everybody was written, when the worker has done what is due."""
    worker.until_nothing_is_due(app)
    bodies = [mail.get_body(("plain",)) for mail in inbox.mails]
    return [body.get_content() for body in bodies if body]


def _path_in(text: str) -> str:
    found = ADDRESS.search(text)
    assert found, text
    return urlsplit(found[0]).path
