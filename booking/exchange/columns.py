"""The columns of each kind of file: how a cell becomes a value, and a value a cell."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from booking.core.csv_text import Cell
from booking.core.errors import InvalidError, Problem
from booking.core.refusals import LayoutKind
from booking.core.texts import LANGUAGES
from booking.exchange.rules import LONGEST_CELL, Row, Subject
from booking.people.models import MemberRole
from booking.spaces.models import ResourceState

Values = dict[str, Any]  # Any: what a draft is made of
BETWEEN = " | "  # what stands in one cell
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,9}([.,][0-9]{1,15})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True)
class Column:
    """A column, and where its value stands: `names.fr` is the text fr of the field names."""

    name: str
    into: str = ""
    read: Callable[[str], Any] = str  # Any: the type of the field
    is_key: bool = False  # without it a line says nothing about anything

    @property
    def field(self) -> str:
        """The field of the draft."""
        return (self.into or self.name).partition(".")[0]


def whole(text: str) -> int:
    """A whole number."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def decimal(text: str) -> float | None:
    """A number with a point or a comma; nothing where the cell is empty."""
    if not text:
        return None
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    found = float(text.replace(",", "."))
    if not math.isfinite(found):
        raise ValueError(text)
    return round(found, 6)


def day(text: str) -> date | None:
    """A day such as 2026-10-05; nothing where the cell is empty."""
    if not text:
        return None
    if not _DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def codes(text: str) -> tuple[str, ...]:
    """Several codes, with a bar or a comma between them."""
    parts = (part.strip() for part in text.replace(",", "|").split("|"))
    return tuple(dict.fromkeys(part for part in parts if part))


def layouts(text: str) -> tuple[dict[str, Any], ...]:
    """Several layouts with a bar, a comma or a blank between them, such as theatre:40:30: for how
    many people, and how many minutes it takes to set up."""
    found = [_layout(one) for one in re.split(r"[\s,|]+", text) if one]
    return tuple(sorted(found, key=lambda one: list(LayoutKind).index(one["kind"])))


def _layout(text: str) -> dict[str, Any]:
    kind, *numbers = text.split(":")
    if not 1 <= len(numbers) <= 2:
        raise ValueError(text)
    capacity, minutes = (*map(whole, numbers), 0)[:2]
    return {"kind": LayoutKind(kind), "capacity": capacity, "setup_minutes": minutes}


def _at_least_one(text: str) -> int:
    return whole(text) if text else 1


def _state(text: str) -> ResourceState:
    return ResourceState(text) if text else ResourceState.IN_ORDER


def _role(text: str) -> MemberRole:
    return MemberRole(text) if text else MemberRole.MEMBER


def _texts(prefix: str, field: str) -> tuple[Column, ...]:
    return tuple(Column(f"{prefix}_{language}", f"{field}.{language}") for language in LANGUAGES)


COLUMNS: dict[Subject, tuple[Column, ...]] = {
    Subject.BUILDINGS: (
        Column("code", is_key=True),
        *_texts("name", "names"),
        Column("address"),
        Column("latitude", read=decimal),
        Column("longitude", read=decimal),
        *_texts("way_in", "way_in"),
        *_texts("step_free", "step_free_note"),
    ),
    Subject.FLOORS: (
        Column("building", is_key=True),
        Column("level", read=whole, is_key=True),
        *_texts("name", "names"),
    ),
    Subject.AREAS: (
        Column("code", is_key=True),
        Column("building", "floor.building", is_key=True),
        Column("level", "floor.level", read=whole, is_key=True),
        *_texts("name", "names"),
    ),
    Subject.RESOURCES: (
        Column("code", is_key=True),
        Column("area", is_key=True),
        Column("kind", is_key=True),
        Column("policy"),
        Column("hours"),
        *_texts("name", "names"),
        Column("capacity", read=_at_least_one),
        Column("units", read=_at_least_one),
        Column("layouts", read=layouts),
        Column("parts", read=codes),
        Column("features", read=codes),
        Column("state", read=_state),
        Column("reason", "out_of_order_reason"),
        Column("expected_back", read=day),
    ),
    Subject.ORGANISATIONS: (Column("name", is_key=True), Column("id")),
    Subject.PERSONS: (
        Column("email", is_key=True),
        Column("name"),
        Column("language"),
        Column("organisation"),
        Column("role", read=_role),
    ),
}
NAMES = {subject: [column.name for column in columns] for subject, columns in COLUMNS.items()}
KEYS = {
    subject: [column.name for column in columns if column.is_key]
    for subject, columns in COLUMNS.items()
}
TEXTS = {"names", "way_in", "step_free_note"}  # fields that are a text by language
COLUMN_OF = {  # what the services call otherwise than the columns do
    "names": "name_fr",
    "floor": "level",
    "step_free_note": "step_free_fr",
    "way_in": "way_in_fr",
    "out_of_order_reason": "reason",
}


def read(subject: Subject, row: Row, before: Mapping[str, Any] | None = None) -> Values:
    """The values of a line, over those there are: a column that is missing changes nothing.

    Raises InvalidError for the columns that cannot be read.
    """
    if row.is_uneven:
        raise InvalidError({"line": Problem.UNREADABLE})
    found: Values = dict(before or {})
    for name in TEXTS & found.keys():
        found[name] = dict(found[name])
    problems: dict[str, Problem] = {}
    for column in COLUMNS[subject]:
        if column.name in row.cells:
            problem = _read_cell(found, column, row.cells[column.name])
            if problem is not None:
                problems[column.name] = problem
    if problems:
        raise InvalidError(problems)
    return found


def _read_cell(values: Values, column: Column, text: str) -> Problem | None:
    if not text and column.is_key:
        return Problem.MISSING
    if len(text) > LONGEST_CELL:
        return Problem.TOO_LONG
    try:
        _put(values, column, column.read(text))
    except ValueError:
        return Problem.UNREADABLE
    return None


def _put(values: Values, column: Column, value: object) -> None:
    field, _, part = (column.into or column.name).partition(".")
    if not part:
        values[field] = value
    elif value or field not in TEXTS:
        values.setdefault(field, {})[part] = value
    else:
        values.setdefault(field, {}).pop(part, None)


def written(subject: Subject, values: Mapping[str, Any]) -> list[Cell]:
    """The cells of one line."""
    return [_cell(column, values) for column in COLUMNS[subject]]


def _cell(column: Column, values: Mapping[str, Any]) -> Cell:
    field, _, part = (column.into or column.name).partition(".")
    value = values.get(field)
    if part and isinstance(value, Mapping):
        value = value.get(part)
    if isinstance(value, tuple | list):
        return BETWEEN.join(map(_one_of_several, value))
    return None if value is None else str(value)


def _one_of_several(value: Any) -> str:  # Any: a code, or the values of a layout
    return ":".join(map(str, value.values())) if isinstance(value, dict) else str(value)
