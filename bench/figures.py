"""What is told: figures with their goals, and the one table of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """At most so much, of the figure itself or of its ratio to the bare app."""

    at_most: float
    is_ratio: bool = False


@dataclass(frozen=True)
class Figure:
    """One thing measured on one engine; `ratio` is to the bare app beside it."""

    name: str
    unit: str
    value: float
    ratio: float | None = None
    goal: Goal | None = None

    @property
    def mark(self) -> str:
        """Whether the goal is kept."""
        if self.goal is None:
            return ""
        reached = self.ratio if self.goal.is_ratio else self.value
        assert reached is not None
        return "ok" if reached <= self.goal.at_most else "missed"


def table(by_engine: Mapping[str, Sequence[Figure]]) -> str:
    """A line a figure, three columns an engine: the value, the ratio to the bare app, the mark."""
    fullest = max(by_engine.values(), key=len)  # one engine has processes of its own to tell of
    names = [figure.name for figure in fullest]
    head = ["", "unit", "goal", *(cell for engine in by_engine for cell in (engine, "× bare", ""))]
    rows = [head, *(_row(name, list(by_engine.values())) for name in names)]
    return _ruled(rows)


MOST_GROWTH = 0.2


def growth_table(engine: str, small: Sequence[Figure], large: Sequence[Figure]) -> str:
    """A line a figure: in a small park, in a large one, and how much dearer it has become.

    Growth is that of the figure itself; on a machine that is busy by turns, look at the ratios.
    """
    head = [engine, "unit", "small", "× bare", "large", "× bare", "growth", ""]
    rows = [head]
    for before, after in zip(small, large, strict=True):
        growth = after.value / before.value - 1
        mark = "ok" if growth <= MOST_GROWTH else "grows"
        cells = (*_cells(before)[:2], *_cells(after)[:2])
        rows.append([before.name, before.unit, *cells, f"{growth:+.0%}", mark])
    return _ruled(rows)


def _ruled(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    ruled = [rows[0], ["-" * width for width in widths], *rows[1:]]
    return "\n".join(_line(row, widths) for row in ruled)


def _row(name: str, engines: Sequence[Sequence[Figure]]) -> list[str]:
    found = [next((one for one in figures if one.name == name), None) for figures in engines]
    first = next(one for one in found if one is not None)
    return [name, first.unit, _goal(first.goal), *(cell for one in found for cell in _cells(one))]


def _cells(figure: Figure | None) -> tuple[str, str, str]:
    if figure is None:
        return "-", "", ""
    return _number(figure.value), "" if figure.ratio is None else _number(figure.ratio), figure.mark


def _goal(goal: Goal | None) -> str:
    if goal is None:
        return ""
    return f"≤ {goal.at_most:g} ×" if goal.is_ratio else f"≤ {goal.at_most:g}"


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """Names and units to the left, numbers to the right."""
    cells = [
        cell.ljust(width) if column < 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
