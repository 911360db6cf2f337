"""Files are read as people have them, and refused with the reason where they cannot be."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.exchange import rules
from booking.exchange.rules import MOST_OCTETS, FileError, FileProblem

KNOWN = ("code", "name", "level")

HOSTILE = {
    "nothing": (b"", FileProblem.EMPTY),
    "white space": (b" \r\n\t\n", FileProblem.EMPTY),
    "a mark alone": (b"\xef\xbb\xbf", FileProblem.EMPTY),
    "latin-1": ("code,name\nA,Café".encode("latin-1"), FileProblem.NOT_UTF8),
    "utf-16": ("code,name\nA,B".encode("utf-16"), FileProblem.NOT_UTF8),
    "a nul": (b"code,name\nA,\x00", FileProblem.NOT_UTF8),
    "an open quotation": (b'code,name\nA,"B', FileProblem.NOT_CSV),
    "a stray quotation": (b'code,name\nA,"B"C\n', FileProblem.NOT_CSV),
    "a cell like a book": (b"code,name\nA," + b"x" * 200_000, FileProblem.NOT_CSV),
    "a hundred thousand columns": (b"x," * 100_000, FileProblem.TOO_MANY_COLUMNS),
    "unknown columns": (b"code,colour\nA,red", FileProblem.UNKNOWN_COLUMNS),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", FileProblem.NOT_UTF8),
    "missing columns": (b"name\nA", FileProblem.MISSING_COLUMNS),
    "the same column twice": (b"code,name,name\nA,B,C", FileProblem.REPEATED_COLUMNS),
    "too many lines": (b"code\n" + b"A\n" * 50_001, FileProblem.TOO_MANY_LINES),
    "too large": (b"code\n" + b"A" * MOST_OCTETS, FileProblem.TOO_LARGE),
}


def read(octets: bytes) -> list[rules.Row]:
    return rules.rows_of(rules.text_of(octets), KNOWN, ["code"])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_separators_marks_and_line_ends_of_all_programs_are_read(
    separator: str, mark: str, ending: str
) -> None:
    lines = (separator.join(("Code", " name ")), separator.join(("A", '"Aile, nord; 1"')), "")
    (row,) = read((mark + ending.join(lines)).encode())
    assert (row.number, dict(row.cells)) == (2, {"code": "A", "name": "Aile, nord; 1"})


@pytest.mark.parametrize(("octets", "problem"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_be_read_says_why(octets: bytes, problem: FileProblem) -> None:
    with pytest.raises(FileError) as found:
        read(octets)
    assert found.value.problem is problem


def test_a_line_with_other_cells_than_columns_is_only_wrong_itself() -> None:
    rows = read(b"code,name\nA\nB,b\nC,c,d\nD,d,\n\n")
    assert [(row.cells["code"], row.is_uneven) for row in rows] == [
        ("A", True),
        ("B", False),
        ("C", True),
        ("D", False),
    ]


@given(st.binary(max_size=200))
def test_any_octets_are_lines_or_a_reason(octets: bytes) -> None:
    with contextlib.suppress(FileError):
        assert all(row.cells for row in read(octets))
