"""Quotas: periods of the calendar, what is counted in them, and when a wish passes one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from booking.core.intervals import LocalInterval
from booking.core.refusals import Measure, QuotaOf, QuotaPeriod, Reason
from booking.policies.quotas import (
    Account,
    Amount,
    Counted,
    Counting,
    Entry,
    Group,
    Own,
    Quota,
    Used,
    days_of,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday
MOROCCO = "Africa/Casablanca"
PERIODS = [one for one in QuotaPeriod if one is not QuotaPeriod.AHEAD]
DAYS = some.dates(date(2026, 1, 1), date(2029, 12, 31))
SOMEBODY = Counted(7)


def place(*quotas: Quota, key: int = 1, policy: int = 3) -> Group:
    return SimpleNamespace(resource_id=key, policy_id=policy, quotas=quotas)


def weekly(
    minutes: int | None = None,
    count: int | None = None,
    period: QuotaPeriod = QuotaPeriod.WEEK,
    whose: QuotaOf = QuotaOf.PERSON,
) -> Quota:
    return Quota(whose, period, minutes, count)


def local(start: str, end: str, zone: str = MOROCCO) -> LocalInterval:
    return LocalInterval(datetime.fromisoformat(start), datetime.fromisoformat(end), zone)


def having(*entries: Entry, is_ahead: bool = False, own: tuple[Own, ...] = ()) -> Counting:
    used = Used()
    for one in entries:
        used.add(one)
    assert SOMEBODY.person_id is not None
    account = Account(3, QuotaOf.PERSON, SOMEBODY.person_id, is_ahead)
    return Counting(SOMEBODY, NOW, {account: used}, own)


def reasons(counting: Counting, wanted: LocalInterval, *places: Group) -> list[Measure]:
    refusals = counting.refusals(places, wanted, wanted.project(), "S-01")
    assert {one.reason for one in refusals} <= {Reason.QUOTA_EXCEEDED}
    return [one.facts.measure for one in refusals]  # type: ignore[union-attr]  # all of that reason


@given(day=DAYS, period=some.sampled_from(PERIODS))
def test_every_day_lies_in_one_period_and_periods_touch(day: date, period: QuotaPeriod) -> None:
    days = days_of(period, day)
    assert days is not None
    first, after = days
    assert first <= day < after
    assert days_of(period, first) == days == days_of(period, after - timedelta(days=1))
    following = days_of(period, after)
    assert following is not None
    assert following[0] == after


@given(day=DAYS)
def test_a_week_begins_on_monday_and_a_month_on_its_first(day: date) -> None:
    week, month = days_of(QuotaPeriod.WEEK, day), days_of(QuotaPeriod.MONTH, day)
    assert week is not None
    assert month is not None
    assert (week[0].weekday(), (week[1] - week[0]).days) == (0, 7)
    assert (month[0].day, month[1].day) == (1, 1)
    assert month[0].month == day.month


@given(
    spans=some.lists(some.tuples(some.integers(0, 400), some.integers(1, 60)), max_size=12),
    period=some.sampled_from(PERIODS),
)
def test_what_is_allowed_one_after_another_never_passes_the_limit(
    spans: list[tuple[int, int]], period: QuotaPeriod
) -> None:
    """Over Ramadan, for which Morocco's clocks went back in February 2026 and forward in March."""
    first = datetime(2026, 2, 1)
    counting, room = having(), place(weekly(600, 4, period))
    taken: dict[object, Amount] = {}
    for hours, quarters in spans:
        start = first + timedelta(hours=5 * hours)
        wanted = LocalInterval(start, start + timedelta(minutes=15 * quarters), MOROCCO)
        try:
            interval = wanted.project()
        except ValueError:  # the clocks jump over it
            continue
        if not reasons(counting, wanted, room):
            counting.take([room], wanted, interval)
            days = days_of(period, start.date())
            taken[days] = taken.get(days, Amount()).plus(Amount(interval.minutes, 1))
    assert all(one.minutes <= 600 and one.reservations <= 4 for one in taken.values())


def test_an_hour_that_is_repeated_counts_as_long_as_it_is() -> None:
    """Morocco's clocks were put back for Ramadan: from one to four were four hours."""
    night = local("2026-02-15T01:00", "2026-02-15T04:00")
    assert reasons(having(), night, place(weekly(240))) == []
    assert reasons(having(), night, place(weekly(239))) == [Measure.MINUTES]


@pytest.mark.parametrize(("limit", "passed"), [(299, True), (300, False)])
def test_the_limit_itself_may_be_reached(limit: int, passed: bool) -> None:
    counting = having(Entry(date(2026, 11, 25), Amount(180, 1)))
    wanted = local("2026-11-29T10:00", "2026-11-29T12:00")
    assert bool(reasons(counting, wanted, place(weekly(limit)))) is passed
    assert reasons(counting, wanted, place(weekly(limit), policy=4)) == []


def test_time_and_number_are_two_limits() -> None:
    counting = having(Entry(date(2026, 11, 25), Amount(180, 1)))
    wanted = local("2026-11-29T10:00", "2026-11-29T12:00")
    assert reasons(counting, wanted, place(weekly(240, 1))) == [
        Measure.MINUTES, Measure.RESERVATIONS
    ]  # fmt: skip


def test_of_a_reservation_whose_change_waits_the_larger_counts_in_each_period() -> None:
    counting = having(
        Entry(date(2026, 11, 25), Amount(60, 1), reservation_id=1),
        Entry(date(2026, 11, 26), Amount(180, 1), reservation_id=1),
        Entry(date(2026, 12, 2), Amount(240, 1), reservation_id=1),
    )
    wanted = local("2026-11-29T10:00", "2026-11-29T12:00")
    assert reasons(counting, wanted, place(weekly(300))) == []
    assert reasons(counting, wanted, place(weekly(299))) == [Measure.MINUTES]


def test_what_is_ahead_leaves_out_what_begins_now() -> None:
    quota = weekly(count=1, period=QuotaPeriod.AHEAD)
    counting = having(Entry(date(2026, 12, 24), Amount(60, 1)), is_ahead=True)
    assert reasons(counting, local("2026-11-23T09:00", "2026-11-23T10:00"), place(quota)) == []
    later = local("2026-11-23T18:00", "2026-11-23T19:00")
    assert reasons(counting, later, place(quota)) == [Measure.RESERVATIONS]


def test_a_change_asks_for_no_more_than_it_had() -> None:
    own = Own(3, NOW + timedelta(days=1), date(2026, 11, 24), Amount(120, 1))
    counting = having(Entry(date(2026, 11, 25), Amount(180, 1)), own=(own,))
    room = place(weekly(60))
    assert reasons(counting, local("2026-11-28T10:00", "2026-11-28T12:00"), room) == []
    assert reasons(counting, local("2026-11-28T10:00", "2026-11-28T12:30"), room)
    assert reasons(counting, local("2026-11-30T10:00", "2026-11-30T12:00"), room)


def test_who_is_in_no_organisation_has_no_quota_of_one() -> None:
    wanted = local("2026-11-29T10:00", "2026-11-29T12:00")
    of_organisation = place(weekly(60, whose=QuotaOf.ORGANISATION))
    assert reasons(having(), wanted, of_organisation) == []
    counting = having().of(Counted(7, 1))
    assert reasons(counting, wanted, of_organisation) == [Measure.MINUTES]
