"""Forms as a browser without scripts sends them: read the page, take its token, post."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def token(client: FlaskClient, page: str) -> str:
    """The CSRF token of a page."""
    found = _TOKEN.search(client.get(page).text)
    assert found, f"{page} has no form"
    return found[1]


def post(client: FlaskClient, page: str, to: str | None = None, **fields: object) -> TestResponse:
    """Post the form of a page, to another address where the form says so."""
    data = {"csrf_token": token(client, page), **fields}
    return client.post(to or page, data=data)
