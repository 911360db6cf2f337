"""Journeys in a real browser: Chromium, driven against the program on a loopback port."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.installations import app, installation
from tools import chromium

__all__ = ["app", "installation"]

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# What the accessibility standard asks for; the rest of axe's rules are opinions.
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def engine() -> str:
    """Journeys run on one engine: what the browser sees does not depend on it."""
    return "sqlite"


class _QuietHandler(WSGIRequestHandler):
    def log(self, *_: Any) -> None:  # Any: as werkzeug calls it
        """Say nothing; a failing test says enough."""


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the program of this test answers, without a slash at the end."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    """One browser process for all journeys of this test process."""
    program = chromium.find()
    assert program, chromium.ADVICE
    # As root, Chromium starts only without its sandbox; it opens nothing but our own pages.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One reader with one screen; what the pages complain about is collected."""

    context: BrowserContext
    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def goto(self, path: str) -> Page:
        """Open a path of the program."""
        self.page.goto(f"{self.address}{path}")
        return self.page

    def violations(self, *, colours_only: bool = False) -> list[str]:
        """What axe finds on the open page, one line each: rule, place, advice."""
        rules: object = STANDARD
        if colours_only:
            rules = {"type": "rule", "values": ["color-contrast"]}
        found = Axe().run(self.page, options={"runOnly": rules, "resultTypes": ["violations"]})
        return [
            f"{violation['id']} at {', '.join(map(str, node['target']))}: {violation['help']}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]

    def picture(self, file: Path) -> None:
        """Keep the whole page as an image."""
        self.page.screenshot(path=file, full_page=True)


@pytest.fixture
def visit(chrome: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    """`visit(language="ar", screen=PHONE, scripts=False, dark=True)` opens a fresh browser window.

    At the end of the test nothing may have gone wrong in any page: no script error, no message of
    the content policy, no request to anybody else.
    """
    visits: list[Visit] = []

    def open_window(
        *,
        language: str = "fr",
        screen: dict[str, int] | None = None,
        scripts: bool = True,
        dark: bool = False,
    ) -> Visit:
        context = chrome.new_context(
            base_url=address,
            locale={"fr": "fr-MA", "ar": "ar-MA", "en": "en-GB"}[language],
            viewport={"width": (screen or WIDE)["width"], "height": (screen or WIDE)["height"]},
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        visited = Visit(context, context.new_page(), address)
        _listen(visited)
        visits.append(visited)
        return visited

    yield open_window
    for visited in visits:
        visited.context.close()
    assert [complaint for visited in visits for complaint in visited.complaints] == []


def _listen(visit: Visit) -> None:
    def note_console(message: ConsoleMessage) -> None:
        # A refusal (409, 422) is an answer; Chromium reports it like a broken page.
        if (
            message.type == "error"
            and "the server responded with a status of 4" not in message.text
        ):
            visit.complaints.append(f"{visit.page.url}: {message.text}")

    def note_stranger(url: str) -> None:
        if urlsplit(url).hostname not in ("127.0.0.1", None):
            visit.complaints.append(f"{visit.page.url} asked {url}")

    visit.page.on("console", note_console)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on("request", lambda request: note_stranger(request.url))
