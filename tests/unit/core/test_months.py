"""Days as they are typed."""

from datetime import date

import pytest

from booking.core import months


@pytest.mark.parametrize(
    "text", ["24/11/2026", " 24/11/2026 ", "24-11-2026", "24.11.2026", "2026-11-24"]
)
def test_a_day_is_read_however_it_is_typed(text: str) -> None:
    assert months.typed_day(text) == date(2026, 11, 24)


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "31/02/2026", "11/24/2026", "1/1/99", "24/11", "٢٤/١١/٢٠٢٦", "1/1/1999"],
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert months.typed_day(text) is None
    assert months.as_written(text) == text


def test_a_day_is_shown_as_it_is_typed() -> None:
    day = date(2026, 3, 4)
    assert months.as_typed(day) == "04/03/2026"
    assert months.typed_day(months.as_typed(day)) == day
    assert months.as_written("4/3/2026") == "2026-03-04"
