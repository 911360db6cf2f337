"""Whoever watches the program learns whether it lives, whether it can work, and why not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking import worker
from booking.core import clock
from booking.core.database import SCHEMA_VERSION, end_reading
from booking.pages import health


def test_a_process_that_answers_is_healthy(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok"}


def test_it_is_ready_once_the_tick_runs(app: Flask, client: FlaskClient) -> None:
    before = client.get("/readyz")
    assert before.status_code == 503
    assert before.json is not None
    assert before.json["checks"] == {"database": "ok", "schema": "ok", "tick": "has never run"}
    end_reading()
    worker.tick(app)
    after = client.get("/readyz")
    assert after.status_code == 200
    assert after.json == {
        "status": "ready",
        "checks": {"database": "ok", "schema": "ok", "tick": "ok"},
    }


def test_it_is_not_ready_two_minutes_after_the_last_tick(app: Flask, client: FlaskClient) -> None:
    end_reading()
    worker.tick(app)
    with clock.frozen_at(clock.now() + timedelta(seconds=120)):
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["checks"]["tick"] == "last ran 120 seconds ago"


def test_it_is_not_ready_on_another_schema(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_reading()
    worker.tick(app)
    monkeypatch.setattr(health, "schema_version", lambda: "0000")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["checks"]["schema"] == f"is 0000, must be {SCHEMA_VERSION}"
