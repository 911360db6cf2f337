"""When Ramadan is expected."""

from datetime import date, timedelta

from booking.profiles.proposals import Proposal, proposals

RAMADAN_2027 = Proposal(date(2027, 2, 8), date(2027, 3, 8), 1448)


def test_the_next_ramadan_is_proposed_with_its_first_and_last_day() -> None:
    assert proposals(date(2026, 11, 30)) == [RAMADAN_2027]


def test_one_that_runs_already_is_not_proposed() -> None:
    first = RAMADAN_2027.first_day
    assert RAMADAN_2027 in proposals(first)
    assert [one.hijri_year for one in proposals(first + timedelta(days=1))] == [1449]


def test_two_of_one_year_are_both_proposed() -> None:
    assert [one.hijri_year for one in proposals(date(2030, 1, 1))] == [1451, 1452]


def test_nothing_is_proposed_where_the_calendar_ends() -> None:
    assert proposals(date(2090, 1, 1)) == []
