"""docs/personal-data.md names every column that holds data about people, and no other."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import JSON, Column, String

from booking.core.database import Model
from tests.architecture.sources import ROOT
from tests.installations import app, engine, installation

__all__ = ["app", "engine", "installation"]

DOCUMENT = ROOT / "docs" / "personal-data.md"
SHORTEST_TEXT = 60  # shorter ones are codes, versions and the like

# Long texts that are about places, the house or the program.
NOT_PERSONAL = {
    *("area.names", "building.names", "building.address", "building.way_in"),
    *("building.step_free_note", "closure.names", "feature.names", "floor.names", "hours.names"),
    *("holiday.code", "holiday.names", "profile.names"),
    *("hours_exception.names", "kind.names", "photo.description", "policy.names"),
    *("resource.names", "resource.out_of_order_reason", "site.names", "site.legal_notice"),
    *("site.uid_domain", "site.zone", "organisation.name", "house.cndp_receipt"),
    *("idempotency_key.key", "idempotency_key.fingerprint", "idempotency_key.location"),
    *("job.last_error", "message.message_id", "rate_limit.who", "reservation.zone", "series.zone"),
    *("waitlist_entry.zone", "replacement.zone"),
    *("closure.public_id", "occupancy.kind", "session.digest", "token.digest", "token.scopes"),
}


def _columns() -> dict[str, Column[object]]:
    return {
        f"{table.name}.{column.name}": column
        for table in Model.metadata.sorted_tables
        for column in table.columns
    }


def _is_about_people(column: Column[object]) -> bool:
    refers = any(key.column.table.name == "person" for key in column.foreign_keys)
    kind = column.type
    is_long = isinstance(kind, String) and (kind.length is None or kind.length >= SHORTEST_TEXT)
    is_text = is_long and not hasattr(kind, "enums")
    return refers or is_text or isinstance(kind, JSON)


def _named() -> set[str]:
    return set(re.findall(r"`([a-z_]+\.[a-z_]+)`", DOCUMENT.read_text(encoding="utf-8")))


def test_every_column_about_people_is_named(app: Flask) -> None:
    about_people = {name for name, column in _columns().items() if _is_about_people(column)}
    assert about_people - NOT_PERSONAL - _named() == set()


def test_nothing_is_named_that_does_not_exist(app: Flask) -> None:
    assert _named() - _columns().keys() == set()
    assert NOT_PERSONAL - _columns().keys() == set()
    assert NOT_PERSONAL & _named() == set()
