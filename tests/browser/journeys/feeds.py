"""A calendar address that somebody makes, and what a calendar program reads there."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import urlopen

from playwright.sync_api import Page


def make_address(page: Page) -> str:
    """Where this program answers for the address that the page shows once."""
    page.locator('a[href="/profile"]:visible').first.click()
    page.locator('a[href="/profile/feeds"]').click()
    page.click('form[action="/profile/feeds"] button[type="submit"]')
    here = urlsplit(page.url)
    return f"{here.scheme}://{here.netloc}{urlsplit(page.locator('#address').input_value()).path}"


def fetch(address: str) -> str:
    """What stands there, with folded lines made whole."""
    with urlopen(address) as answer:  # noqa: S310  # our own address on loopback
        assert answer.headers.get_content_type() == "text/calendar"
        text: str = answer.read().decode()
    return text.replace("\r\n ", "")
