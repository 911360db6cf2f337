"""Where the marks of the charts stand; what they look like is for the style sheet; pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from booking.reports.rules import Hour

STEPS = 5
DAYS = 7


@dataclass(frozen=True)
class Mark:
    """A text and the point it hangs on."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Box:
    """A rectangle, how strongly it is filled, and the number in it."""

    x: float
    y: float
    width: float
    height: float
    step: int
    mark: Mark | None = None


@dataclass(frozen=True)
class Chart:
    """A drawing in its own units."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    marks: tuple[Mark, ...]
    side_marks: tuple[Mark, ...] = ()  # they begin at the edge where reading begins


@dataclass(frozen=True)
class Heat:
    """What a cell of the heat map says: how full it is, from 0 to 1, and its number."""

    share: float
    text: str


@dataclass(frozen=True)
class Bar:
    """A bar within the outline of what it could be, both from 0 to 1."""

    whole: float
    filled: float
    label: str
    text: str


def step_of(share: float) -> int:
    """One of five, evenly spaced; 0 for nothing at all."""
    return 0 if share <= 0 else min(math.ceil(share * STEPS), STEPS)


def heat_map(
    cells: Mapping[Hour, Heat],
    *,
    days: Sequence[tuple[int, str]],
    hours: Sequence[tuple[int, str]],
    mirrored: bool,
) -> Chart:
    """Weekdays across, hours down: seven columns fit a phone."""
    side, top, width, height, gap = 46.0, 24.0, 44.0, 26.0, 2.0
    whole = side + DAYS * width

    def x(column: int) -> float:
        start = side + column * width
        return whole - start - width if mirrored else start

    boxes = []
    for (column, (weekday, _)), (row, (hour, _)) in product(enumerate(days), enumerate(hours)):
        cell = cells.get((weekday, hour))
        if cell is not None:
            left, up = x(column), top + row * height
            mark = Mark(left + width / 2, up + height / 2, cell.text)
            box = (left + gap / 2, up + gap / 2, width - gap, height - gap)
            boxes.append(Box(*box, step_of(cell.share), mark))
    edge = whole if mirrored else 0
    return Chart(
        whole,
        top + len(hours) * height,
        tuple(boxes),
        tuple(Mark(x(n) + width / 2, top / 2, name) for n, (_, name) in enumerate(days)),
        tuple(Mark(edge, top + (row + 0.5) * height, name) for row, (_, name) in enumerate(hours)),
    )


def bar_chart(bars: Sequence[Bar], *, mirrored: bool) -> Chart:
    """One bar a month, in the order of time and of reading; as high as the largest."""
    slot, top, tall, foot = 46.0, 22.0, 150.0, 24.0
    slots = max(len(bars), 6)  # few bars do not become planks
    whole = slots * slot
    boxes, marks = [], []
    for number, bar in enumerate(bars):
        left = whole - (number + 1) * slot if mirrored else number * slot
        middle = left + slot / 2
        for share, step in ((bar.whole, 0), (bar.filled, STEPS)):
            boxes.append(Box(left + 6, top + tall * (1 - share), slot - 12, tall * share, step))
        highest = max(bar.whole, bar.filled)
        marks.append(Mark(middle, top + tall * (1 - highest) - 9, bar.text))
        marks.append(Mark(middle, top + tall + foot / 2 + 2, bar.label))
    return Chart(whole, top + tall + foot, tuple(boxes), tuple(marks))
