"""What a file would do, line by line, before anything is done."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from booking.core.errors import InvalidError, Problem
from booking.core.permissions import Actor
from booking.exchange.columns import COLUMN_OF
from booking.exchange.rules import Row


class Outcome(StrEnum):
    """What becomes of a line."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    ERROR = "error"


@dataclass(frozen=True)
class Line:
    """What a line of the file says about one thing; a range of codes says it about several."""

    number: int
    key: str
    outcome: Outcome
    problems: Mapping[str, Problem] = field(default_factory=dict)

    @classmethod
    def wrong(cls, number: int, key: str, error: InvalidError) -> Line:
        """A line that cannot be used; fields of services get the names of their columns."""
        problems = {COLUMN_OF.get(name, name): problem for name, problem in error.fields.items()}
        return cls(number, key, Outcome.ERROR, problems)


@dataclass
class Met:
    """What other lines of the file have said something about."""

    _keys: set[Hashable] = field(default_factory=set)

    def meet(self, key: Hashable) -> None:
        """Raise InvalidError for what was met before."""
        if key in self._keys:
            raise InvalidError({"line": Problem.REUSED})
        self._keys.add(key)


class Importer(Protocol):
    """How the files of one subject are planned and carried out."""

    def plan(self, rows: list[Row]) -> list[Line]:
        """What each line would do; reads only."""
        ...

    def carry_out(self, actor: Actor) -> None:
        """Do what was planned, as part of the caller's transaction."""
        ...
