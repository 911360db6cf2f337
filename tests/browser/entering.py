"""Coming into the pages: as somebody signed in already, or by the form with a password."""

from __future__ import annotations

from functools import cache

from flask import Flask
from playwright.sync_api import Page

from booking.core.permissions import Actor
from booking.people import passwords
from tests import make
from tests.browser.conftest import Visit

PASSWORD = "un-thé-à-la-menthe-2026"


def enter(app: Flask, visited: Visit, who: Actor, path: str = "/") -> Page:
    """Open a path in the browser of somebody who has signed in before."""
    cookie = make.signed_in(app.test_client(), who).get_cookie("sid")
    assert cookie
    visited.context.add_cookies([{"name": "sid", "value": cookie.value, "url": visited.address}])
    return visited.goto(path)


def member_with_password(language: str) -> Actor:
    """A member of a new startup who signs in with `PASSWORD`."""
    made = make.person("Salma El Idrissi", language=language, password_hash=password_hash())
    return make.join(made, make.organisation("Atlas Robotics"))


@cache
def password_hash() -> str:
    """What is stored of `PASSWORD`; computed once, for it is slow on purpose."""
    return passwords.hash_password(PASSWORD)
