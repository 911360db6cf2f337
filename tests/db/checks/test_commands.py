"""The commands that look after an installation say what they found and exit 1 on trouble."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from booking.checks import condition
from booking.core.database import end_reading, transaction
from booking.messages import service as messages
from booking.occupancy import guard
from booking.occupancy.guard import Guard
from config import MailServer
from tests import make

SECRET = "only-for-tests-3b1f0c5e9a7d4e62"
LONG_SECRET = SECRET + SECRET


@pytest.fixture(autouse=True)
def kept_settings(app: Flask) -> Iterator[None]:
    settings = app.extensions["booking"]
    _set(app, secret_key=LONG_SECRET)
    yield
    app.extensions["booking"] = settings


def _set(app: Flask, **values: Any) -> None:  # Any: settings of many types
    app.extensions["booking"] = replace(app.extensions["booking"], **values)


def _run(app: Flask, *words: str) -> Result:
    end_reading()
    return app.test_cli_runner().invoke(args=words)


def test_verify_says_that_all_is_well(app: Flask, engine: str) -> None:
    make.reservation()
    result = _run(app, "verify")
    assert result.exit_code == 0, result.output
    assert "0  overlapping claims" in result.output
    expected = "EXCLUDE USING gist" if engine == "postgresql" else "RAISE(ABORT"
    assert expected in result.output


def test_verify_exits_1_on_an_orphan_and_names_it(app: Flask) -> None:
    booked = make.reservation()
    with transaction() as current:
        current.execute(text("UPDATE reservation SET state = 'cancelled'"))
    result = _run(app, "verify")
    assert result.exit_code == 1
    assert f"1  orphans: claims whose owner is gone or no longer live ({booked.reference})" in (
        result.output
    )


def test_doctor_finds_a_well_installation_well(app: Flask) -> None:
    with transaction():
        messages.note_tick()
    result = _run(app, "doctor")
    assert result.exit_code == 0, result.output
    for words in ("Python", "tzdata", "pytz", "2026-10-01", "schema", "Overlap guard", "kept",
                  "free", "Secret key", "Assets", "last ran 0 seconds ago"):  # fmt: skip
        assert words in result.output


def test_doctor_says_how_to_start_a_tick_that_never_ran(app: Flask) -> None:
    result = _run(app, "doctor")
    assert result.exit_code == 1
    assert "has never run" in result.output
    assert "flask scheduler" in result.output


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"secret_key": "short"}, "Secret key"),
        ({"assets": Path("nowhere")}, "Assets"),
        ({"production": True}, "Mail"),
    ],
)
def test_doctor_names_what_has_to_be_done(app: Flask, values: dict[str, Any], name: str) -> None:
    with transaction():
        messages.note_tick()
    _set(app, **values)
    assert [one.name for one in condition.examine() if not one.is_well] == [name]


def test_doctor_says_where_the_setting_and_the_site_are_in_different_zones(app: Flask) -> None:
    make.site(zone="Africa/Cairo")
    with transaction():
        messages.note_tick()
    (found,) = (one for one in condition.examine() if not one.is_well)
    assert (found.name, "SITE_ZONE=Africa/Cairo" in found.advice) == ("Site's zone", True)
    _set(app, site_zone="Africa/Cairo")
    assert all(one.is_well for one in condition.examine())


def test_doctor_knocks_at_the_mail_server(app: Flask) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    _set(app, mail=MailServer(host="127.0.0.1", port=port, timeout_seconds=2))
    result = _run(app, "doctor")
    assert result.exit_code == 1
    assert f"127.0.0.1:{port}" in result.output
    assert "SMTP_HOST" in result.output


def test_doctor_finds_a_missing_guard(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction():
        messages.note_tick()
    nothing = Guard({}, is_whole=False)
    monkeypatch.setattr(guard, "read", lambda: nothing)
    troubled = [one for one in condition.examine() if not one.is_well]
    assert [one.name for one in troubled] == ["Overlap guard"]


def test_doctor_finds_a_full_disk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(condition, "LEAST_FREE", 10**12)
    troubled = [one for one in condition.examine() if not one.is_well]
    assert "Disk" in [one.name for one in troubled]


def test_doctor_finds_another_schema(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(condition, "SCHEMA_VERSION", "9999")
    result = _run(app, "doctor")
    assert result.exit_code == 1
    assert "flask db upgrade" in result.output


def test_demo_refuses_production_and_an_installation_that_is_no_demo(app: Flask) -> None:
    for values, words in (
        ({"production": True, "demo": False}, "never loaded in production"),
        ({"production": False, "demo": False}, "DEMO=0"),
    ):
        _set(app, **values)
        result = _run(app, "demo")
        assert result.exit_code == 1
        assert words in result.output


def test_demo_leaves_alone_what_is_there(app: Flask) -> None:
    make.desk()
    _set(app, demo=True)
    refused, left = _run(app, "demo"), _run(app, "demo", "--if-empty")
    assert refused.exit_code == 1
    assert "not empty" in refused.output
    assert left.exit_code == 0
    assert "nothing was loaded" in left.output
