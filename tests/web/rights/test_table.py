"""Who may reach what: one expectation for each person and each route, in rights.txt beside this.

A new route, or a new right, changes that file: the test says how, and somebody reads the change.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from booking import worker
from booking.core.permissions import Actor
from tests import make
from tests.web.rights.world import BODIES, World, build

TABLE = Path(__file__).with_name("rights.txt")
WIDTH = 8
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")  # what takes away comes last
ASKED = "sign-in"
_browsers: dict[str, str] = {}  # the cookies of those who are signed in
LEGEND = """\
# sign-in: asked who they are · 403: may not · 404: not told that it exists · yes: let in, whatever
# the answer is then (a page, a redirect, a field that is missing, a rule that says no).
"""


@pytest.fixture
def engine() -> str:
    """Who is let in does not depend on the engine, and asking everybody everything takes long."""
    return "sqlite"


def test_everybody_reaches_what_the_table_says_and_nothing_else(
    app: Flask, client: FlaskClient
) -> None:
    # Forms are not read before they are sent: what counts here is who is let in.
    app.config["WTF_CSRF_METHODS"] = set()
    _browsers.clear()
    world = build()
    worker.tick(app)
    try:
        found = "\n".join(_lines(app, client, world)) + "\n"
    finally:
        app.config["WTF_CSRF_METHODS"] = {"POST", "PUT", "PATCH", "DELETE"}
    if found != TABLE.read_text():
        Path("build/rights.txt").write_text(found)
        pytest.fail("rights.txt says otherwise: compare it with build/rights.txt")


def _lines(app: Flask, client: FlaskClient, world: World) -> Iterator[str]:
    yield LEGEND.rstrip()
    people = list(world.people)
    yield "# " + " | ".join(people)
    for rule, method in _routes(app):
        answers = [_answer(app, client, world, rule, method, who) for who in people]
        cells = " ".join(f"{answer:<{WIDTH}}" for answer in answers)
        yield f"{cells}{method} {rule.rule}"


def _routes(app: Flask) -> list[tuple[Rule, str]]:
    return sorted(
        (
            (rule, method)
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        ),
        key=lambda route: (route[0].rule, METHODS.index(route[1])),
    )


def _answer(
    app: Flask, client: FlaskClient, world: World, rule: Rule, method: str, who: str
) -> str:
    """What one person gets; whoever an earlier request has signed out comes back first."""
    values = {name: world.stands_for(rule.endpoint, name, who) for name in rule.arguments}
    address = app.url_map.bind("localhost").build(rule.endpoint, values, method=method)
    answer = _ask(client, world.people[who], method, address, BODIES.get(rule.endpoint))
    assert answer.status_code < 500, f"{method} {address} for {who}: {answer.status}"
    return _in_a_word(answer)


def _ask(
    client: FlaskClient, actor: Actor | None, method: str, address: str, body: object
) -> TestResponse:
    client.delete_cookie("sid")
    if actor is None:
        return client.open(address, method=method, json=body, buffered=True)
    if actor.public_id in _browsers:
        client.set_cookie("sid", _browsers[actor.public_id])
        answer = client.open(address, method=method, json=body, buffered=True)
        if _in_a_word(answer) != ASKED:
            return answer
    make.signed_in(client, actor)
    cookie = client.get_cookie("sid")
    assert cookie is not None
    _browsers[actor.public_id] = cookie.value
    return client.open(address, method=method, json=body, buffered=True)


def _in_a_word(answer: TestResponse) -> str:
    if answer.status_code == 401 or (answer.location or "").startswith("/sign-in?"):
        return ASKED
    return str(answer.status_code) if answer.status_code in (403, 404) else "yes"
