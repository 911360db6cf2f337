"""Reading a CSV file as people have them: any separator, a mark or none; pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from booking.core import csv_text, texts
from booking.core.errors import InvalidError, Problem

MOST_OCTETS = 8 * 1024 * 1024
MOST_LINES = 50_000
MOST_COLUMNS = 60
LONGEST_CELL = 5_000
SEPARATORS = (",", ";", "\t")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Subject(StrEnum):
    """What a file is about."""

    BUILDINGS = "buildings"
    FLOORS = "floors"
    AREAS = "areas"
    RESOURCES = "resources"
    ORGANISATIONS = "organisations"
    PERSONS = "persons"


class FileProblem(StrEnum):
    """Why a file cannot be read at all."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_CSV = "not_csv"  # a quotation mark that is never closed, a cell as long as a book
    TOO_MANY_COLUMNS = "too_many_columns"
    TOO_MANY_LINES = "too_many_lines"
    UNKNOWN_COLUMNS = "unknown_columns"
    MISSING_COLUMNS = "missing_columns"
    REPEATED_COLUMNS = "repeated_columns"


class FileError(InvalidError):
    """The file as a whole; `line` and `columns` say where."""

    def __init__(
        self, problem: FileProblem, *, line: int | None = None, columns: Collection[str] = ()
    ) -> None:
        super().__init__({"file": Problem.UNREADABLE})
        self.problem = problem
        self.line = line
        self.columns = tuple(columns)


@dataclass(frozen=True)
class Row:
    """A line of the file: its number there, and its cells by column."""

    number: int
    cells: Mapping[str, str]
    is_uneven: bool = False  # it has more or fewer cells than there are columns


def rows_of(text: str, known: Collection[str], required: Collection[str]) -> list[Row]:
    """The lines below the header. Raises FileError."""
    lines = _lines(text)
    header = next(
        ((number, line) for number, line in lines if any(cell.strip() for cell in line)), None
    )
    if header is None:
        raise FileError(FileProblem.EMPTY)
    columns = _columns(header[1], known, required)
    found: list[Row] = []
    for number, line in lines:
        if not any(cell.strip() for cell in line):
            continue
        if len(found) == MOST_LINES:
            raise FileError(FileProblem.TOO_MANY_LINES, line=number)
        cells = [_tidied(cell) for cell in line]
        while len(cells) > len(columns) and not cells[-1]:
            cells.pop()
        found.append(
            Row(number, dict(zip(columns, cells, strict=False)), len(cells) != len(columns))
        )
    return found


def text_of(octets: bytes) -> str:
    """The text of a file in UTF-8, with a mark or without. Raises FileError."""
    if len(octets) > MOST_OCTETS:
        raise FileError(FileProblem.TOO_LARGE)
    if octets.startswith(UTF_16):
        raise FileError(FileProblem.NOT_UTF8)
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise FileError(FileProblem.NOT_UTF8, line=line) from error
    if "\x00" in text:
        raise FileError(FileProblem.NOT_UTF8, line=text.count("\n", 0, text.index("\x00")) + 1)
    return text


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Every line with its number, split at whatever separates the header."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    if first.count(separator) >= MOST_COLUMNS:
        raise FileError(FileProblem.TOO_MANY_COLUMNS, line=1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 1
    try:
        for line in reader:
            yield number, line
            number = reader.line_num + 1
    except csv.Error as error:
        raise FileError(FileProblem.NOT_CSV, line=number) from error


def _columns(header: list[str], known: Collection[str], required: Collection[str]) -> list[str]:
    columns = [_tidied(cell).lower() for cell in header]
    while columns and not columns[-1]:  # spreadsheets like to end lines with separators
        columns.pop()
    for problem, wrong in (
        (FileProblem.UNKNOWN_COLUMNS, [name for name in columns if name not in known]),
        (FileProblem.REPEATED_COLUMNS, [name for name in columns if columns.count(name) > 1]),
        (FileProblem.MISSING_COLUMNS, [name for name in required if name not in columns]),
    ):
        if wrong:
            raise FileError(problem, columns=[name[:40] for name in dict.fromkeys(wrong)][:10])
    return columns


def _tidied(cell: str) -> str:
    return texts.plain(csv_text.plain(cell[: LONGEST_CELL + 1].strip()))
