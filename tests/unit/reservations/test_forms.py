"""What the pages' addresses and forms say about days and times."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.core.months import day_from
from booking.reservations.forms import moment_from, written

DAY = date(2026, 10, 6)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-10-06", DAY),
        ("2026-10-32", None),
        ("9999-99-99", None),
        ("1999-12-31", None),
        ("2101-01-01", None),
        ("20261006", None),
        ("٢٠٢٦-10-06", None),
        ("", None),
        (None, None),
    ],
)
def test_a_day_is_written_in_one_way(text: str | None, day: date | None) -> None:
    assert day_from(text) == day


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10:00", datetime(2026, 10, 6, 10)),
        ("00:00", datetime(2026, 10, 6)),
        ("24:00", datetime(2026, 10, 7)),
        ("24:01", None),
        ("25:00", None),
        ("10:60", None),
        ("1:00", None),
        ("10:00:00", None),
        ("2026-10-07T02:00", datetime(2026, 10, 7, 2)),
        ("2026-10-07T02:00Z", None),
        ("9999-99-99T99:99", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_belongs_to_the_day_or_says_its_own(
    text: str | None, moment: datetime | None
) -> None:
    assert moment_from(text, DAY) == moment


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    day_from(text)
    moment_from(text, DAY)


@given(st.datetimes(datetime(2026, 10, 1), datetime(2026, 10, 10)))
def test_what_is_written_is_read_back(moment: datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    assert moment_from(written(moment, DAY), DAY) == moment


def test_midnight_at_the_end_of_the_day_is_24() -> None:
    assert written(datetime(2026, 10, 7), DAY) == "24:00"
    assert written(datetime(2026, 10, 6), DAY) == "00:00"
