"""The house rules: each limit at, just below and just above; all of them at once; and changes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from booking.core import zones
from booking.core.intervals import Interval, LocalInterval, Span
from booking.core.refusals import (
    ClosedDay,
    InThePast,
    NotEligible,
    OffGrid,
    OutOfOrder,
    OutsideHours,
    OverCapacity,
    Reason,
    TooFar,
    TooLong,
    TooShort,
    TooSoon,
)
from booking.policies.rules import Booker, Case, Limits, Subject, WhoMayBook, judge
from booking.spaces.opening import AROUND_THE_CLOCK, Opening, WeekFrom

LONG_AGO = date(2020, 1, 1)
OFFICE = (Span(480, 1080),)
WEEKDAYS = Opening((WeekFrom(LONG_AGO, (OFFICE,) * 5 + ((), ())),))
ALWAYS = Opening((WeekFrom(LONG_AGO, AROUND_THE_CLOCK),))

LIMITS = Limits(
    granularity=15,
    shortest=30,
    longest=240,
    notice=0,
    horizon=30,
    who_may_book=WhoMayBook.ANYONE,
    needs_approval=False,
    holds_while_pending=True,
    decide_within=1440,
)
SUBJECT = Subject(public_id="0193-a", code="A-03", capacity=4)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday


def local(start: str, end: str, zone_name: str = "Africa/Casablanca") -> LocalInterval:
    return LocalInterval(datetime.fromisoformat(start), datetime.fromisoformat(end), zone_name)


def wish(
    start: str = "2026-11-24T10:00",
    end: str = "2026-11-24T12:00",
    *,
    limits: Limits = LIMITS,
    opening: Opening = WEEKDAYS,
    subject: Subject = SUBJECT,
    headcount: int = 1,
    is_member: bool = True,
    now: datetime = NOW,
    zone_name: str = "Africa/Casablanca",
) -> Case:
    wanted = local(start, end, zone_name)
    return Case(
        subject=subject,
        limits=limits,
        opening=opening,
        local=wanted,
        interval=wanted.project(),
        headcount=headcount,
        booker=Booker(is_member=is_member),
        now=now,
    )


def change(was: tuple[str, str], case: Case, *, keeps_place: bool = True) -> Case:
    return replace(case, was=local(*was).project(), keeps_place=keeps_place)


def reasons(case: Case) -> list[Reason]:
    return [refusal.reason for refusal in judge(case).refusals]


def facts(case: Case) -> object:
    (refusal,) = judge(case).refusals
    assert refusal.resource_code == "A-03"
    return refusal.facts


# --- the verdict ---


def test_a_wish_within_the_rules_is_allowed() -> None:
    verdict = judge(wish())
    assert verdict.allowed
    assert not verdict.needs_approval


def test_approval_is_the_policys_question() -> None:
    verdict = judge(wish(limits=replace(LIMITS, needs_approval=True)))
    assert verdict.allowed
    assert verdict.needs_approval


def test_a_wish_that_breaks_five_rules_lists_five_each_with_its_facts() -> None:
    verdict = judge(
        wish(
            "2026-11-24T17:05",
            "2026-11-24T22:05",
            headcount=5,
            is_member=False,
            limits=replace(LIMITS, who_may_book=WhoMayBook.MEMBERS),
        )
    )
    assert not verdict.allowed
    assert {refusal.reason: refusal.facts for refusal in verdict.refusals} == {
        Reason.NOT_ELIGIBLE: NotEligible(WhoMayBook.MEMBERS),
        Reason.OUTSIDE_HOURS: OutsideHours(date(2026, 11, 24), OFFICE),
        Reason.OFF_GRID: OffGrid(15),
        Reason.TOO_LONG: TooLong(longest_minutes=240, minutes=300),
        Reason.OVER_CAPACITY: OverCapacity(capacity=4, headcount=5),
    }
    assert len(verdict.refusals) == 5


def test_every_rule_can_refuse_the_same_wish_but_those_that_exclude_each_other() -> None:
    broken = Subject("0193-a", "A-03", capacity=1, out_of_order=True)
    past = wish(
        "2026-11-21T10:05",
        "2026-11-21T10:10",
        headcount=2,
        is_member=False,
        subject=broken,
        limits=replace(
            LIMITS,
            who_may_book=WhoMayBook.MEMBERS,
            notice=60,
            asks_for_authorisation=True,
        ),
    )
    assert set(reasons(past)) == set(Reason) - {
        Reason.SLOT_TAKEN,
        Reason.OUTSIDE_HOURS,
        Reason.TOO_LONG,
        Reason.TOO_FAR,
        Reason.NOT_CHANGEABLE,
        Reason.TOO_FEW_TOGETHER,
        Reason.CHECK_IN_NOT_OPEN,
        Reason.NONEXISTENT_TIME,
        Reason.QUOTA_EXCEEDED,
        Reason.NOT_TAKEN,
        Reason.TOO_MANY_WAITED_FOR,
    }


# --- hours ---


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        ("2026-11-24T08:00", "2026-11-24T12:00", []),
        ("2026-11-24T07:45", "2026-11-24T11:45", [Reason.OUTSIDE_HOURS]),
        ("2026-11-24T14:00", "2026-11-24T18:00", []),
        ("2026-11-24T14:15", "2026-11-24T18:15", [Reason.OUTSIDE_HOURS]),
        ("2026-11-28T10:00", "2026-11-28T12:00", [Reason.CLOSED_DAY]),
    ],
)
def test_hours(start: str, end: str, refused: list[Reason]) -> None:
    assert reasons(wish(start, end)) == refused


def test_a_wish_into_the_weekend_names_the_short_day_and_the_closed_one() -> None:
    weekend = wish("2026-11-27T16:00", "2026-11-30T09:00", limits=replace(LIMITS, longest=10_000))
    assert [refusal.facts for refusal in judge(weekend).refusals] == [
        OutsideHours(date(2026, 11, 27), OFFICE),
        ClosedDay(date(2026, 11, 28)),
    ]


def test_a_night_is_fine_where_both_days_are_open_over_midnight() -> None:
    assert reasons(wish("2026-11-24T22:00", "2026-11-25T02:00", opening=ALWAYS)) == []


# --- grid and lengths ---


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-24T10:05", "2026-11-24T12:00"),
        ("2026-11-24T10:00", "2026-11-24T12:14"),
        ("2026-11-24T10:00:30", "2026-11-24T12:00"),
    ],
)
def test_start_and_end_stand_on_the_grid(start: str, end: str) -> None:
    assert facts(wish(start, end)) == OffGrid(granularity_minutes=15)


@pytest.mark.parametrize(
    ("end", "refused"),
    [
        ("2026-11-24T10:15", [Reason.TOO_SHORT]),
        ("2026-11-24T10:30", []),
        ("2026-11-24T10:45", []),
        ("2026-11-24T13:45", []),
        ("2026-11-24T14:00", []),
        ("2026-11-24T14:15", [Reason.TOO_LONG]),
    ],
)
def test_lengths(end: str, refused: list[Reason]) -> None:
    assert reasons(wish(end=end)) == refused


def test_lengths_carry_the_limit_and_what_was_wished() -> None:
    assert facts(wish(end="2026-11-24T10:15")) == TooShort(shortest_minutes=30, minutes=15)
    assert facts(wish(end="2026-11-24T14:15")) == TooLong(longest_minutes=240, minutes=255)


def test_where_the_clocks_change_the_kinder_length_counts() -> None:
    a_day = replace(LIMITS, longest=1440, shortest=1440, horizon=1000)
    for start, end in (
        ("2026-10-29T00:00", "2026-10-30T00:00"),  # 25 hours
        ("2027-04-29T00:00", "2027-04-30T00:00"),  # 24 hours, up to the jump
        ("2027-04-30T01:00", "2027-05-01T01:00"),
    ):
        case = wish(
            start,
            end,
            limits=a_day,
            opening=ALWAYS,
            zone_name="Africa/Cairo",
            now=datetime(2026, 10, 1, tzinfo=UTC),
        )
        assert reasons(case) == []


# --- too early, too late ---


@pytest.mark.parametrize(
    ("start", "refused"),
    [
        ("2026-11-24T07:45", [Reason.IN_THE_PAST]),
        ("2026-11-24T08:00", []),
        ("2026-11-24T08:15", []),
    ],
)
def test_at_ten_past_eight_a_desk_can_be_booked_from_eight(
    start: str, refused: list[Reason]
) -> None:
    now = datetime(2026, 11, 24, 8, 10, tzinfo=UTC)
    assert reasons(wish(start, "2026-11-24T10:00", opening=ALWAYS, now=now)) == refused


def test_a_step_that_ends_now_is_past() -> None:
    now = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)
    assert facts(wish("2026-11-24T08:00", "2026-11-24T10:00", now=now)) == InThePast(
        earliest=datetime(2026, 11, 24, 8, 15)
    )


def test_the_running_step_is_local_to_the_site() -> None:
    now = datetime(2026, 11, 24, 8, 10, tzinfo=UTC)  # 13:55 in Kathmandu
    limits = replace(LIMITS, granularity=60, shortest=60)
    case = wish(
        "2026-11-24T13:00", "2026-11-24T15:00", limits=limits, now=now, zone_name="Asia/Kathmandu"
    )
    assert reasons(case) == []


@pytest.mark.parametrize(
    ("start", "refused"),
    [
        ("2026-11-24T09:45", [Reason.TOO_SOON]),
        ("2026-11-24T10:00", []),
        ("2026-11-24T10:15", []),
    ],
)
def test_notice(start: str, refused: list[Reason]) -> None:
    limits = replace(LIMITS, notice=120)
    now = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert reasons(wish(start, limits=limits, now=now)) == refused


def test_a_notice_names_the_first_step_that_keeps_it() -> None:
    limits = replace(LIMITS, notice=120)
    now = datetime(2026, 11, 24, 8, 1, tzinfo=UTC)
    refused = wish("2026-11-24T10:00", limits=limits, now=now)
    assert facts(refused) == TooSoon(notice_minutes=120, earliest=datetime(2026, 11, 24, 10, 15))
    assert reasons(wish("2026-11-24T10:15", limits=limits, now=now)) == []


@pytest.mark.parametrize(
    ("day", "refused"),
    [
        ("2026-12-22", []),
        ("2026-12-23", []),
        ("2026-12-24", [Reason.TOO_FAR]),
    ],
)
def test_the_horizon_counts_days(day: str, refused: list[Reason]) -> None:
    assert reasons(wish(f"{day}T10:00", f"{day}T12:00")) == refused


def test_the_horizon_names_its_last_day() -> None:
    far = wish("2026-12-24T10:00", "2026-12-24T12:00")
    assert facts(far) == TooFar(horizon_days=30, last_day=date(2026, 12, 23))


def test_the_horizon_counts_from_the_sites_own_day() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # already Tuesday in Paris
    today_only = replace(LIMITS, horizon=0)
    tuesday = ("2026-11-24T10:00", "2026-11-24T12:00")
    assert reasons(wish(*tuesday, limits=today_only, now=late)) == [Reason.TOO_FAR]
    assert reasons(wish(*tuesday, limits=today_only, now=late, zone_name="Europe/Paris")) == []


def test_another_place_has_a_notice_and_a_horizon_of_its_own() -> None:
    ten, noon = "2026-12-24T10:00", "2026-12-24T12:00"
    far = wish(ten, noon)
    assert reasons(change((ten, noon), far)) == []
    assert reasons(change((ten, noon), far, keeps_place=False)) == [Reason.TOO_FAR]
    soon = wish(limits=replace(LIMITS, notice=7 * 1440))
    was = ("2026-11-24T10:00", "2026-11-24T12:00")
    assert reasons(change(was, soon)) == []
    assert reasons(change(was, soon, keeps_place=False)) == [Reason.TOO_SOON]


# --- place and person ---


@pytest.mark.parametrize(("headcount", "refused"), [(3, []), (4, []), (5, [Reason.OVER_CAPACITY])])
def test_capacity(headcount: int, refused: list[Reason]) -> None:
    assert reasons(wish(headcount=headcount)) == refused


def test_a_broken_resource_says_why_and_until_when() -> None:
    back = datetime(2026, 11, 25, 8)
    broken = replace(
        SUBJECT, out_of_order=True, out_of_order_reason="The lamp is broken", expected_back=back
    )
    assert facts(wish(subject=broken)) == OutOfOrder("The lamp is broken", back)


@pytest.mark.parametrize(
    ("back", "refused"),
    [
        (datetime(2026, 11, 24, 9, 45), []),
        (datetime(2026, 11, 24, 10, 0), []),
        (datetime(2026, 11, 24, 10, 15), [Reason.OUT_OF_ORDER]),
        (None, [Reason.OUT_OF_ORDER]),
    ],
)
def test_a_broken_resource_can_be_booked_for_when_it_is_back(
    back: datetime | None, refused: list[Reason]
) -> None:
    broken = replace(SUBJECT, out_of_order=True, expected_back=back)
    assert reasons(wish(subject=broken)) == refused


def test_a_resource_in_order_ignores_an_old_date() -> None:
    assert reasons(wish(subject=replace(SUBJECT, expected_back=datetime(2030, 1, 1)))) == []


@pytest.mark.parametrize(
    ("who", "is_member", "refused"),
    [
        (WhoMayBook.ANYONE, False, []),
        (WhoMayBook.ANYONE, True, []),
        (WhoMayBook.MEMBERS, True, []),
        (WhoMayBook.MEMBERS, False, [Reason.NOT_ELIGIBLE]),
    ],
)
def test_who_may_book(who: WhoMayBook, is_member: bool, refused: list[Reason]) -> None:
    limits = replace(LIMITS, who_may_book=who)
    assert reasons(wish(is_member=is_member, limits=limits)) == refused


# --- changes ---

TEN_TO_TWELVE = ("2026-11-24T10:00", "2026-11-24T12:00")
ELEVEN = datetime(2026, 11, 24, 11, 7, tzinfo=UTC)


def test_a_start_in_the_past_may_stay() -> None:
    longer = wish("2026-11-24T10:00", "2026-11-24T13:00", now=ELEVEN)
    assert reasons(longer) == [Reason.IN_THE_PAST]
    assert reasons(change(TEN_TO_TWELVE, longer)) == []


def test_a_start_does_not_move_into_the_past() -> None:
    moved = wish("2026-11-24T10:15", "2026-11-24T12:15", now=ELEVEN)
    assert reasons(change(TEN_TO_TWELVE, moved)) == [Reason.IN_THE_PAST]


def test_the_rest_of_a_running_reservation_is_given_back_at_any_step() -> None:
    now = datetime(2026, 11, 24, 10, 7, tzinfo=UTC)
    shorter = wish("2026-11-24T10:00", "2026-11-24T10:15", now=now)
    assert reasons(shorter) == [Reason.TOO_SHORT]
    assert reasons(change(TEN_TO_TWELVE, shorter)) == []


def test_time_that_is_used_is_not_given_back() -> None:
    shorter = wish("2026-11-24T10:00", "2026-11-24T10:45", now=ELEVEN)
    assert reasons(change(TEN_TO_TWELVE, shorter)) == [Reason.IN_THE_PAST]


def test_before_it_begins_a_reservation_is_not_cut_too_short() -> None:
    shorter = wish("2026-11-24T10:00", "2026-11-24T10:15")
    assert reasons(change(TEN_TO_TWELVE, shorter)) == [Reason.TOO_SHORT]


def test_giving_time_back_is_never_against_limits_that_came_later() -> None:
    strict = replace(
        LIMITS,
        longest=60,
        notice=10_000,
        horizon=0,
        who_may_book=WhoMayBook.MEMBERS,
        needs_approval=True,
    )
    shorter = wish(
        "2026-11-24T10:00",
        "2026-11-24T11:30",
        limits=strict,
        opening=Opening(()),
        subject=replace(SUBJECT, out_of_order=True),
        is_member=False,
    )
    verdict = judge(change(TEN_TO_TWELVE, shorter))
    assert verdict.allowed
    assert not verdict.needs_approval
    assert set(reasons(shorter)) == {
        Reason.NOT_ELIGIBLE,
        Reason.OUT_OF_ORDER,
        Reason.CLOSED_DAY,
        Reason.TOO_LONG,
        Reason.TOO_SOON,
        Reason.TOO_FAR,
    }


def test_a_shorter_time_elsewhere_is_judged_like_any_wish() -> None:
    limits = replace(LIMITS, longest=60, needs_approval=True)
    elsewhere = wish("2026-11-24T10:00", "2026-11-24T11:30", limits=limits)
    verdict = judge(change(TEN_TO_TWELVE, elsewhere, keeps_place=False))
    assert [refusal.reason for refusal in verdict.refusals] == [Reason.TOO_LONG]
    assert verdict.needs_approval


def test_only_a_change_that_wants_more_needs_approval() -> None:
    limits = replace(LIMITS, needs_approval=True)
    for start, end, asks in (
        ("10:00", "12:00", False),  # a new title
        ("10:00", "11:00", False),
        ("11:00", "12:00", False),
        ("10:00", "12:15", True),
        ("09:45", "12:00", True),
        ("14:00", "16:00", True),
    ):
        case = wish(f"2026-11-24T{start}", f"2026-11-24T{end}", limits=limits)
        assert judge(change(TEN_TO_TWELVE, case)).needs_approval is asks


def test_more_people_than_fit_are_refused_in_a_shorter_time_too() -> None:
    shorter = wish("2026-11-24T10:00", "2026-11-24T11:00", headcount=5)
    assert reasons(change(TEN_TO_TWELVE, shorter)) == [Reason.OVER_CAPACITY]


def test_a_longer_end_needs_no_new_notice() -> None:
    limits = replace(LIMITS, notice=120, horizon=0)
    now = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    longer = wish("2026-11-24T10:00", "2026-11-24T13:00", limits=limits, now=now)
    assert reasons(change(TEN_TO_TWELVE, longer)) == []
    later = wish("2026-11-24T11:00", "2026-11-24T13:00", limits=limits, now=now)
    assert reasons(change(TEN_TO_TWELVE, later)) == [Reason.TOO_SOON]


# --- the settings themselves ---


@pytest.mark.parametrize(
    "wrong",
    [
        {"granularity": 0},
        {"granularity": 7},
        {"shortest": 0},
        {"shortest": 300},
        {"notice": -1},
        {"horizon": -1},
        {"decide_within": 0},
    ],
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"minutes|longest|ahead"):
        replace(LIMITS, **wrong)  # type: ignore[arg-type]  # each is a field of whole minutes


# --- any wish ---


@given(
    start=some.integers(-40, 400),
    length=some.integers(1, 60),
    granularity=some.sampled_from([5, 15, 30, 60]),
    longest=some.sampled_from([60, 240, 720]),
    notice=some.sampled_from([0, 15, 120]),
    horizon=some.integers(0, 3),
    minute=some.integers(0, 120),
)
def test_an_allowed_wish_keeps_every_limit_and_a_refused_one_breaks_what_it_names(
    start: int, length: int, granularity: int, longest: int, notice: int, horizon: int, minute: int
) -> None:
    limits = replace(
        LIMITS, granularity=granularity, longest=longest, notice=notice, horizon=horizon
    )
    now = NOW + timedelta(minutes=minute)
    starts_at = NOW + timedelta(minutes=15 * start)
    zone = zones.zone("Africa/Casablanca")
    interval = Interval(starts_at, starts_at + timedelta(minutes=15 * length))
    wanted = LocalInterval.of(interval, zone)
    step = zones.running_step(now, zone, granularity)
    broken = set(
        reasons(
            replace(wish(limits=limits, opening=ALWAYS, now=now), local=wanted, interval=interval)
        )
    )
    minutes = [wanted.starts_at.hour * 60 + wanted.starts_at.minute]
    minutes.append(wanted.ends_at.hour * 60 + wanted.ends_at.minute)
    assert broken == {
        reason
        for reason, is_broken in {
            Reason.IN_THE_PAST: starts_at < step,
            Reason.TOO_SOON: notice > 0 and starts_at - now < timedelta(minutes=notice),
            Reason.TOO_FAR: (starts_at.date() - now.date()).days > horizon,
            Reason.TOO_SHORT: 15 * length < 30,
            Reason.TOO_LONG: 15 * length > longest,
            Reason.OFF_GRID: any(one % granularity for one in minutes),
        }.items()
        if is_broken
    }
