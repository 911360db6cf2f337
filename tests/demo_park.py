"""The demo park, loaded once for each engine and file of tests, which only read."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from flask import Flask

from booking.core import clock
from booking.core.database import end_reading
from booking.demo import loading
from tests import installations
from tests.conftest import FROZEN
from tests.installations import Installation, PostgresInstallation, SqliteInstallation


@pytest.fixture(scope="module", params=installations.ENGINES)
def loaded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation of its own, so that loading is done once and not before each test."""
    folder = tmp_path_factory.mktemp(f"demo-{request.param}")
    found: Installation
    if request.param == "sqlite":
        found = SqliteInstallation(folder)
    else:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        address = request.getfixturevalue("postgres")
        found = PostgresInstallation(folder, address, f"demo_{worker}")
    with found.app.app_context(), clock.frozen_at(FROZEN):
        loading.load(lambda step: None, found.settings.reminder_minutes)
    yield found
    found.close()


@pytest.fixture
def park(loaded: Installation) -> Iterator[Flask]:
    """The program on the loaded park."""
    with loaded.app.app_context():
        yield loaded.app
        end_reading()
