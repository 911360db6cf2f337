"""The eight ways to make each journey: two languages, two screens, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest
from flask import Flask
from playwright.sync_api import Page

from booking.core.permissions import Actor
from tests.browser.conftest import PHONE, WIDE, Visit
from tests.browser.entering import enter


@dataclass(frozen=True)
class Way:
    """How the people of one journey read: every window that they open is like this."""

    language: str
    screen: dict[str, int]
    scripts: bool

    def __str__(self) -> str:
        return f"{self.language}-{self.screen['width']}-{'scripts' if self.scripts else 'plain'}"


WAYS = [Way(*one) for one in product(("fr", "ar"), (WIDE, PHONE), (True, False))]


@dataclass(frozen=True)
class Journey:
    """One journey: its way, and the windows of the people who take part in it."""

    way: Way
    app: Flask
    visit: Callable[..., Visit]

    @property
    def language(self) -> str:
        """The language of everybody in it."""
        return self.way.language

    def window(self) -> Visit:
        """A fresh browser window in which nobody has signed in."""
        return self.visit(
            language=self.way.language, screen=self.way.screen, scripts=self.way.scripts
        )

    def open_as(self, who: Actor, path: str = "/") -> Page:
        """A fresh window of somebody who has signed in before."""
        page = enter(self.app, self.window(), who, path)
        assert page.locator("html").get_attribute("lang") == self.language
        assert page.locator("html").get_attribute("dir") == (
            "rtl" if self.language == "ar" else "ltr"
        )
        return page


@pytest.fixture(params=WAYS, ids=str)
def journey(request: pytest.FixtureRequest, app: Flask, visit: Callable[..., Visit]) -> Journey:
    """A journey; a test that uses it makes it in all eight ways."""
    return Journey(request.param, app, visit)
