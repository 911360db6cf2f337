"""A range of codes is counted as it is written, and never without end."""

from __future__ import annotations

import pytest

from booking.core.errors import InvalidError, Problem
from booking.spaces.numbering import codes


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("LAB-1", ("LAB-1",)),
        (" A 1 ", ("A 1",)),
        ("A-08..A-11", ("A-08", "A-09", "A-10", "A-11")),
        ("A-8..11", ("A-8", "A-9", "A-10", "A-11")),
        ("A1-001 .. A1-002", ("A1-001", "A1-002")),
        ("7..8", ("7", "8")),
        ("ب-1..ب-2", ("ب-1", "ب-2")),
    ],
)
def test_numbers_keep_their_width(text: str, made: tuple[str, ...]) -> None:
    assert codes(text) == made


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("A-1..B-3", Problem.UNREADABLE),
        ("A..B", Problem.UNREADABLE),
        ("..", Problem.UNREADABLE),
        ("A-1..A-2..A-3", Problem.UNREADABLE),
        ("A-9..A-1", Problem.ENDS_BEFORE_IT_STARTS),
        ("A-1..A-501", Problem.TOO_MANY),
        ("A-1..A-" + "9" * 40, Problem.UNREADABLE),
    ],
)
def test_what_is_no_range_is_refused(text: str, problem: Problem) -> None:
    with pytest.raises(InvalidError) as refused:
        codes(text)
    assert refused.value.fields == {"code": problem}
