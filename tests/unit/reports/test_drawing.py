"""Charts stand where they should, in both directions of reading."""

from __future__ import annotations

import pytest

from booking.reports import drawing
from booking.reports.drawing import Bar, Heat

DAYS = [(day, f"D{day}") for day in range(7)]
HOURS = [(hour, f"{hour:02}:00") for hour in range(8, 18)]


@pytest.mark.parametrize(
    ("share", "step"), [(0, 0), (0.001, 1), (0.2, 1), (0.21, 2), (0.99, 5), (1, 5), (1.5, 5)]
)
def test_a_share_has_one_of_five_steps(share: float, step: int) -> None:
    assert drawing.step_of(share) == step


def test_the_week_begins_where_reading_begins() -> None:
    cells = {(0, 8): Heat(0.5, "50"), (6, 17): Heat(1, "100")}
    plain = drawing.heat_map(cells, days=DAYS, hours=HOURS, mirrored=False)
    mirrored = drawing.heat_map(cells, days=DAYS, hours=HOURS, mirrored=True)
    assert plain.boxes[0].x < plain.boxes[1].x
    assert mirrored.boxes[0].x > mirrored.boxes[1].x
    assert [box.x + box.width for box in mirrored.boxes] == [
        plain.width - box.x for box in plain.boxes
    ]
    assert plain.side_marks[0].x == 0
    assert mirrored.side_marks[0].x == mirrored.width


def test_bars_are_as_high_as_their_share_of_the_highest() -> None:
    chart = drawing.bar_chart([Bar(1, 0.5, "oct.", "50 %"), Bar(0, 0, "nov.", "–")], mirrored=False)
    whole, filled, *nothing = chart.boxes
    assert filled.height == whole.height / 2
    assert filled.y + filled.height == whole.y + whole.height
    assert [box.height for box in nothing] == [0, 0]
