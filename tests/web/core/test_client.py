"""The client of the tests: its requests share nothing with the test but the database."""

from __future__ import annotations

import socket

import pytest
from flask import Flask, g, request_finished
from flask.testing import FlaskClient

from booking.core.database import session


def test_a_request_does_not_run_in_the_context_of_the_test(app: Flask, client: FlaskClient) -> None:
    seen: list[tuple[bool, bool]] = []
    own = session()

    def look(_app: Flask, **_: object) -> None:
        seen.append(("mark" in g, session() is own))

    g.mark = True
    with request_finished.connected_to(look, app):
        client.get("/nowhere")
    assert seen == [(False, False)]


def test_no_test_reaches_another_machine() -> None:
    with pytest.raises(AssertionError, match="only loopback"), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))
