"""What the program refuses to start on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text, update

from booking import UnknownSchemaError, check_start
from booking.core.database import SCHEMA_VERSION, transaction
from booking.occupancy.guard import GuardMissingError
from booking.people.models import Person
from config import SettingsError
from tests import make


def test_a_whole_database_is_served(app: Flask) -> None:
    check_start(app)


def test_demo_accounts_keep_production_from_starting(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.person()
    with transaction() as current:
        current.execute(update(Person).values(is_demo=True))
    check_start(app)
    production = replace(app.extensions["booking"], production=True)
    monkeypatch.setitem(app.extensions, "booking", production)
    with pytest.raises(SettingsError, match="demo accounts"):
        check_start(app)


def test_a_site_in_another_zone_than_the_setting_is_not_served(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.site(zone="Africa/Cairo")
    with pytest.raises(SettingsError, match="SITE_ZONE=Africa/Cairo"):
        check_start(app)
    fitting = replace(app.extensions["booking"], site_zone="Africa/Cairo")
    monkeypatch.setitem(app.extensions, "booking", fitting)
    check_start(app)


def test_an_unknown_version_of_the_schema_is_refused(app: Flask) -> None:
    with transaction() as current:
        current.execute(text("UPDATE alembic_version SET version_num = 'x'"))
    try:
        with pytest.raises(UnknownSchemaError, match="flask db upgrade"):
            check_start(app)
    finally:
        with transaction() as current:
            current.execute(
                text("UPDATE alembic_version SET version_num = :version"),
                {"version": SCHEMA_VERSION},
            )


def test_a_missing_guard_is_refused(app: Flask, engine: str) -> None:
    if engine == "sqlite":
        undo = "SELECT sql FROM sqlite_master WHERE name = 'occupancy_no_overlap_update'"
        drop = "DROP TRIGGER occupancy_no_overlap_update"
    else:
        undo = (
            "SELECT 'ALTER TABLE occupancy ADD CONSTRAINT occupancy_no_overlap '"
            " || pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname = 'occupancy_no_overlap'"
        )
        drop = "ALTER TABLE occupancy DROP CONSTRAINT occupancy_no_overlap"
    with transaction() as current:
        restore = str(current.scalar(text(undo)))
        current.execute(text(drop))
    try:
        with pytest.raises(GuardMissingError):
            check_start(app)
    finally:
        with transaction() as current:
            current.execute(text(restore))
    check_start(app)
