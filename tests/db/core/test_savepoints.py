"""A savepoint takes back what was written inside it, however it was written, and only that."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from booking.core.database import execute, savepoint, transaction
from tests import make


def test_what_fails_inside_leaves_a_transaction_that_goes_on(app: Flask) -> None:
    make.site()
    with transaction():
        execute(text("UPDATE site SET currency = 'EUR'"))
        with pytest.raises(IntegrityError):
            _move_to_france_and_fail()
        execute(text("UPDATE site SET region = '06'"))
    row = execute(text("SELECT currency, country, region FROM site")).one()
    assert tuple(row) == ("EUR", "MA", "06")


def _move_to_france_and_fail() -> None:
    with savepoint():
        execute(text("UPDATE site SET country = 'FR'"))
        execute(text("INSERT INTO site (id) VALUES (1)"))
