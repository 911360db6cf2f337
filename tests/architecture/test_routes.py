"""Every route says what it is about, and what strangers may reach is a list that somebody wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from booking.core.permissions import SCOPES, TABLE, Action, anyone
from tests.installations import app, client, engine, installation

__all__ = ["app", "client", "engine", "installation"]

# Who is not signed in may open these; each new one is a decision.
OPEN_TO_ALL = {
    "sign_in.form",
    "sign_in.enter",
    "sign_in.leave",
    "sign_in.forgotten",
    "sign_in.ask_for_link",
    "sign_in.link",  # the secret in the address is the right
    "sign_in.use_link",  # as above
    "feeds.fetch",  # as above
    "preferences.language",
    "preferences.theme",
    "privacy.notice",
    "house.logo_file",
    "health.healthz",
    "health.readyz",
    "openapi.document",
}
ARGUMENTS = {
    "UUIDConverter": "0190163d-8694-739b-aea5-966c26f8ad91",
    "IntegerConverter": 1,
    "UnicodeConverter": "x",
    "PathConverter": "x",
}


def rules(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Every route with each of its methods and an address that fits."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values = {
            name: ARGUMENTS[type(converter).__name__]
            for name, converter in rule._converters.items()
        }
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, adapter.build(rule.endpoint, values, method=method)


def action(app: Flask, endpoint: str) -> Action | None:
    return getattr(app.view_functions[endpoint], "action", None)


def test_every_route_declares_its_action(app: Flask) -> None:
    silent = [rule.endpoint for rule, _, _ in rules(app) if action(app, rule.endpoint) is None]
    assert silent == []


def test_every_action_has_somebody_who_may_do_it() -> None:
    assert {action for action in Action if not TABLE.get(action)} == set()
    assert set(SCOPES) <= set(TABLE)


def test_the_routes_open_to_all_are_known(app: Flask) -> None:
    open_routes = {
        rule.endpoint
        for rule, _, _ in rules(app)
        if anyone in TABLE[action(app, rule.endpoint) or Action.OPERATE]
    }
    assert open_routes - OPEN_TO_ALL == set()
    assert OPEN_TO_ALL - open_routes == set()


def test_strangers_are_asked_to_sign_in_everywhere_else(app: Flask, client: FlaskClient) -> None:
    """The API says 401, pages lead to the sign-in; no method of any route does anything else."""
    wrong = []
    for rule, method, address in rules(app):
        answer = client.open(address, method=method)
        if address.startswith("/api/"):
            is_asked = answer.status_code == 401
        else:
            is_asked = answer.status_code == 303 and str(answer.location).startswith("/sign-in?")
        if is_asked == (rule.endpoint in OPEN_TO_ALL):
            wrong.append(f"{method} {address}: {answer.status}")
    assert wrong == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_changes_something_cannot_be_fetched(
    app: Flask, client: FlaskClient, method: str
) -> None:
    """A route that takes POST alone answers 405: links and pictures of other sites do nothing."""
    takes: dict[str, set[str]] = {}
    for _rule, taken, address in rules(app):
        takes.setdefault(address, set()).add(taken)
    posts = [address for address, methods in takes.items() if "GET" not in methods]
    answers = {address: client.open(address, method=method).status_code for address in posts}
    assert {address: status for address, status in answers.items() if status != 405} == {}
