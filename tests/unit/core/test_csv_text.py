"""CSV files open as text in spreadsheets, and are read back as they were written."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from booking.core import csv_text

FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TEMPTING = st.builds(str.__add__, st.text("'=+-@\t\r＝＋－＠", max_size=4), TEXTS)


def read(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))


@given(st.lists(st.lists(TEXTS | TEMPTING, min_size=1, max_size=4), min_size=1, max_size=4))
def test_cells_are_no_formulas_and_come_back_as_they_were(rows: list[list[str]]) -> None:
    found = read(b"".join(csv_text.octets(rows)))
    assert [[csv_text.plain(cell) for cell in row] for row in found] == rows
    assert not [cell for row in found for cell in row if cell.startswith(FORMULA_STARTS)]


def test_a_file_has_its_mark_once_and_ends_lines_as_the_standard_says() -> None:
    pieces = list(csv_text.octets([["x" * 1000, 'a "b"', None, -7.5]] * 40))
    assert len(pieces) > 1
    assert b"".join(pieces).count("\ufeff".encode()) == 1
    assert pieces[0].startswith("\ufeff".encode())
    assert pieces[-1].endswith(b',"a ""b""",,\'-7.5\r\n')
