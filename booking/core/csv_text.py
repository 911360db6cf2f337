"""CSV as every program here writes it: RFC 4180, UTF-8 with its mark, no formula in any cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

Cell: TypeAlias = str | int | float | None

MARK = "\ufeff"  # tells spreadsheets that the bytes are UTF-8
MIME_TYPE = "text/csv"
CHUNK = 16 * 1024  # characters; a row on its own would cost a system call
# What spreadsheets take for a formula. The apostrophe before it says that it is text; a text that
# has such an apostrophe of its own gets one more, so that `plain` gives back what was written.
_FORMULA = re.compile("'*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")


def safe(cell: Cell) -> str:
    """The cell as it may stand in a file that a spreadsheet opens."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text) else text


def plain(text: str) -> str:
    """What `safe` was given; what anybody else wrote stays as it is."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def octets(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The file, piece by piece; the first row is its header."""
    buffer = io.StringIO(MARK)
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([safe(cell) for cell in row])
        if buffer.tell() > CHUNK:
            yield _taken_from(buffer)
    yield _taken_from(buffer)


def _taken_from(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "replace")
