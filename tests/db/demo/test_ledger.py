"""The demo's ledger writes what the verbs write, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from flask import Flask
from sqlalchemy import Table, select

from booking.core.database import session
from booking.core.events import Event
from booking.core.revisions import Revision
from booking.demo.rows import Row, rows_of
from booking.journal.models import JournalLine
from booking.occupancy.models import Hold, occupancy
from booking.reservations.models import (
    Amendment,
    AmendmentResource,
    Approval,
    Attendance,
    Group,
    Question,
    Reservation,
    ReservationResource,
    Series,
    SeriesSkip,
)
from booking.waitlist.models import WaitlistEntry, WaitlistPlace
from tests.db.demo.acts import STORIES, Acts, ByLedger, ByVerbs, Cast, cast

TABLES: tuple[Table, ...] = tuple(
    model if isinstance(model, Table) else model.__table__
    for model in (
        Reservation,
        ReservationResource,
        Amendment,
        AmendmentResource,
        Approval,
        Question,
        Hold,
        occupancy,
        JournalLine,
        Event,
        Revision,
        Group,
        Attendance,
        Series,
        SeriesSkip,
        WaitlistEntry,
        WaitlistPlace,
    )
)
RESERVATIONS, HOLDS = Reservation.__table__, Hold.__table__
NUMBERED = {
    "closing_reason",
    "asked_by_id",
    "policy_id",
}  # rows that others refer to, or that count
CHANCE = {"public_id", "reference"}  # given by chance, by both


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_the_ledger_leaves_the_rows_that_the_verbs_leave(
    app: Flask, story: Callable[[Acts, Cast], None]
) -> None:
    on = cast()
    ledger = ByLedger()
    story(ByVerbs(), on)
    story(ledger, on)
    entries = ledger.ledger.entries
    of_ledger = rows_of(ledger.ledger, fresh=[entry.public_id for entry in entries]).by_table
    all_stored = {table: _stored(table) for table in TABLES}
    plain_stored, plain_written = _plain(all_stored), _plain(of_ledger)
    for table, stored in all_stored.items():
        written = of_ledger.get(table, [])
        assert len(written) == len(stored), table.name
        stored_rows = [plain_stored(row) for row in stored]
        written_rows = [plain_written(row) for row in written]
        for row in stored_rows:
            _leave_out_what_stands_by_default(row, written[0])
        assert sorted(map(_line, written_rows)) == sorted(map(_line, stored_rows)), table.name


def _leave_out_what_stands_by_default(row: Row, written: Row) -> None:
    """What a bulk insert leaves to the table must be what the verbs leave to it, too."""
    for name in [name for name in row if name not in written and name != "id"]:
        assert row.pop(name) in (None, 0), name


def _line(row: Row) -> str:
    return str(sorted((name, value) for name, value in row.items()))


def _stored(table: Table) -> list[Row]:
    rows = session().execute(select(table).order_by(*table.primary_key)).mappings()
    return [dict(row) for row in rows]


def _plain(rows: Mapping[Table, list[Row]]) -> Callable[[Row], Row]:
    """How to replace what chance gave by what it stands for, and leave out mere row numbers."""
    numbers = {
        str(row["public_id"]): row["id"]
        for table in (RESERVATIONS, Group.__table__, Series.__table__, WaitlistEntry.__table__)
        for row in rows.get(table, [])
    }
    changes = {row["id"]: row["amendment_id"] for row in rows.get(HOLDS, [])}

    def plain(row: Row) -> Row:
        found = {name: value for name, value in row.items() if name not in CHANCE}
        for name in ("subject", "subject_id"):
            if name in found:
                found[name] = numbers[str(found[name])]
        if found.get("hold_id") is not None:
            found["hold_id"] = changes[found["hold_id"]]
        if NUMBERED.isdisjoint(found):
            found.pop("id", None)
        return found

    return plain
