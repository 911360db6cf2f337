"""One's own data as files: JSON in one piece, or a ZIP of CSV tables."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

from booking.core import csv_text
from booking.core.csv_text import Cell

Lists = dict[str, list[dict[str, object]]]


def as_json(lists: Lists) -> bytes:
    """Readable by people and programs."""
    return json.dumps(lists, ensure_ascii=False, indent=2).encode("utf-8", "replace")


def as_zip(lists: Lists) -> bytes:
    """A CSV file for each list; one without rows is left out."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in lists.items():
            if rows:
                archive.writestr(f"{name}.csv", b"".join(csv_text.octets(_table(rows))))
    return file.getvalue()


def _table(rows: list[dict[str, object]]) -> Iterator[list[Cell]]:
    header = list(rows[0])
    yield list(header)
    for row in rows:
        yield [_cell(row[name]) for name in header]


def _cell(value: object) -> Cell:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return value if isinstance(value, str | int | float) else None if value is None else str(value)
