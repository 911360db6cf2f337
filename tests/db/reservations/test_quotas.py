"""Quotas: what counts, for whom and in which period; every verb that adds is asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update

from booking.core.database import transaction
from booking.core.errors import RefusedError
from booking.core.permissions import Actor
from booking.core.refusals import Measure, QuotaExceeded, QuotaOf, QuotaPeriod, Reason
from booking.policies.facts import Place
from booking.policies.models import Policy
from booking.reservations import (
    alternatives,
    quotas,
    series,
    series_adding,
    series_changing,
    service,
)
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import OnConflict, SeriesWish
from booking.reservations.series_changing import Fate, Wanted
from booking.reservations.wishes import Change, GroupWish, Wish
from tests import make

pytestmark = pytest.mark.usefixtures("app")

MONDAY = date(2026, 10, 5)  # on which the clock of the tests stands
NOW = 8  # as it shows in Casablanca since 2026-09-20


def at(day: int, hour: int = 10) -> datetime:
    """So many days after that Monday."""
    start = datetime(MONDAY.year, MONDAY.month, MONDAY.day, hour)
    return start + timedelta(days=day)


def studio(code: str = "S-01", *, under: Policy | None = None, minutes: int = 0) -> Place:
    rules = under or (make.policy(person_quota_minutes=minutes) if minutes else make.policy())
    return make.room(code, under=rules, open_at=make.around_the_clock())


def wish(place: Place, *beside: Place, day: int = 1, hour: int = 10, hours: int = 2) -> Wish:
    codes = tuple(one.spot.public_id for one in (place, *beside))
    return Wish(codes, at(day, hour), at(day, hour) + timedelta(hours=hours))


def book(who: Actor, place: Place, *beside: Place, **when: int) -> str:
    return service.book(who, wish(place, *beside, **when)).public_id


def facts_of(refused: pytest.ExceptionInfo[RefusedError]) -> QuotaExceeded:
    (refusal,) = refused.value.refusals
    assert refusal.reason is Reason.QUOTA_EXCEEDED
    assert isinstance(refusal.facts, QuotaExceeded)
    return refusal.facts


def test_the_hours_of_a_week_are_used_up_and_come_back_on_monday() -> None:
    room, member = studio(minutes=300), make.person()
    book(member, room, day=1)
    book(member, room, day=2)
    with pytest.raises(RefusedError) as refused:
        book(member, room, day=6)
    assert facts_of(refused) == QuotaExceeded(
        whose=QuotaOf.PERSON, period=QuotaPeriod.WEEK, measure=Measure.MINUTES,
        limit=300, used=240, wanted=120, starts_on=MONDAY, frees_on=date(2026, 10, 12),
    )  # fmt: skip
    book(member, room, day=6, hours=1)
    book(member, room, day=7)
    book(make.person(), room, day=3)


def test_what_is_cancelled_or_given_back_counts_no_more() -> None:
    room, member = studio(minutes=240), make.person()
    first = book(member, room, day=1)
    longer = book(member, room, day=2)
    service.cancel(member, first)
    book(member, room, day=3, hours=1)
    service.change(member, longer, Change(ends_at=at(2, 11)))
    book(member, room, day=4)
    with pytest.raises(RefusedError):
        book(member, room, day=5, hours=1)


def test_a_request_counts_until_it_is_declined() -> None:
    policy = make.policy(needs_approval=True, holds_while_pending=False, person_quota_count=1)
    lab, member = make.lab("L-01", under=policy), make.person()
    asked = book(member, lab, day=1)
    with pytest.raises(RefusedError) as refused:
        book(member, lab, day=2)
    assert facts_of(refused).measure is Measure.RESERVATIONS
    service.decline(make.lab_manager(lab), asked, seen_version=1, reason="No")
    book(member, lab, day=2)


def test_each_place_of_the_group_counts_and_others_do_not() -> None:
    rules = make.policy(person_quota_minutes=240)
    one, other, elsewhere = studio(under=rules), studio("S-02", under=rules), studio("M-01")
    member = make.person()
    with pytest.raises(RefusedError) as refused:
        book(member, one, other, elsewhere, hours=3)
    assert facts_of(refused).wanted == 360
    book(member, one, other, elsewhere, hours=2)
    with pytest.raises(RefusedError):
        book(member, other, day=2, hours=1)
    book(member, elsewhere, day=2, hours=8)


@pytest.mark.parametrize(
    ("period", "too_soon", "free_again"),
    [(QuotaPeriod.DAY, 1, 2), (QuotaPeriod.WEEK, 6, 7), (QuotaPeriod.MONTH, 26, 27)],
)
def test_a_period_ends_with_its_day_week_or_month(
    period: QuotaPeriod, too_soon: int, free_again: int
) -> None:
    policy = make.policy(person_quota_count=1, person_quota_period=period)
    room, member = make.room("S-01", under=policy, open_at=make.around_the_clock()), make.person()
    book(member, room, day=1)
    with pytest.raises(RefusedError) as refused:
        book(member, room, day=too_soon, hour=22)
    assert facts_of(refused).frees_on == at(free_again).date()
    book(member, room, day=free_again, hour=0)


def test_what_is_ahead_counts_until_it_begins() -> None:
    policy = make.policy(person_quota_count=2, person_quota_period=QuotaPeriod.AHEAD)
    room, member = studio(under=policy), make.person()
    book(member, room, day=0, hour=NOW, hours=1)  # it begins now: nothing that is kept ahead
    book(member, room, day=8)
    book(member, room, day=2)
    with pytest.raises(RefusedError) as refused:
        book(member, room, day=30)
    assert facts_of(refused).frees_on == at(2).date()


def test_an_organisation_has_a_quota_of_its_own() -> None:
    startup = make.organisation()
    one, other = make.member_of(startup), make.member_of(startup)
    rules = make.policy(organisation_quota_minutes=180, person_quota_minutes=600)
    room = studio(under=rules)
    organisation_id = one.memberships[0].public_id

    def for_it(who: Actor, day: int) -> None:
        wanted = wish(room, day=day)
        service.book(who, Wish(wanted.resources, wanted.starts_at, wanted.ends_at,
                               organisation_id=organisation_id))  # fmt: skip

    for_it(one, 1)
    with pytest.raises(RefusedError) as refused:
        for_it(other, 2)
    assert facts_of(refused).whose is QuotaOf.ORGANISATION
    book(other, room, day=2)  # for themselves alone


def test_places_for_a_team_count_for_each_holder_and_for_the_organisation() -> None:
    startup = make.organisation()
    people = [make.member_of(startup) for _ in range(3)]
    rules = make.policy(organisation_quota_count=2, person_quota_count=1)
    desks = [make.desk(f"D-{number}", under=rules) for number in range(3)]
    organisation_id = people[0].memberships[0].public_id

    def together(count: int, named: list[Actor]) -> GroupWish:
        return GroupWish(
            tuple(one.spot.public_id for one in desks[:count]), at(1), at(1, 12),
            tuple(one.public_id for one in named), organisation_id=organisation_id,
        )  # fmt: skip

    with pytest.raises(RefusedError) as refused:
        service.book_together(people[0], together(3, people))
    assert facts_of(refused).whose is QuotaOf.ORGANISATION
    with pytest.raises(RefusedError) as refused:  # both of one person
        service.book_together(people[0], together(2, []))
    assert facts_of(refused).whose is QuotaOf.PERSON
    made = service.book_together(people[0], together(2, people[:2]))
    assert len(made.reservations) == 2


def test_a_change_counts_what_it_adds() -> None:
    room, member = studio(minutes=240), make.person()
    first = book(member, room, day=1)
    second = book(member, room, day=2)
    service.change(member, first, Change(starts_at=at(3), ends_at=at(3, 12)))
    with pytest.raises(RefusedError):
        service.change(member, second, Change(ends_at=at(2, 13)))
    service.change(member, second, Change(starts_at=at(8), ends_at=at(8, 14)))
    with pytest.raises(RefusedError):
        service.change(member, first, Change(starts_at=at(9), ends_at=at(9, 12)))


def test_whoever_is_over_a_limit_that_was_lowered_may_still_move_within_the_week() -> None:
    policy = make.policy(person_quota_minutes=240)
    room, other, member = studio(under=policy), studio("S-02", under=policy), make.person()
    first = book(member, room, day=1)
    book(member, room, day=2)
    with transaction() as write:
        write.execute(update(Policy).where(Policy.id == policy.id).values(person_quota_minutes=60))
    moved = Change((other.spot.public_id,), at(3), at(3, 12))
    service.change(member, first, moved)
    with pytest.raises(RefusedError):
        service.change(member, first, Change(starts_at=at(8), ends_at=at(8, 12)))


def test_while_a_change_waits_the_larger_of_both_counts() -> None:
    """So that neither its approval nor its end can use more than was counted."""
    policy = make.policy(needs_approval=True, person_quota_minutes=240)
    lab, member = make.lab("L-01", under=policy), make.person()
    manager = make.lab_manager(lab)
    made = book(member, lab, day=1)
    service.approve(manager, made, seen_version=1)
    assert service.change(member, made, Change(ends_at=at(1, 13))).amendment_waits
    with pytest.raises(RefusedError) as refused:
        book(member, lab, day=2)
    assert facts_of(refused).used == 180
    service.withdraw_change(member, made)
    asked = book(member, lab, day=2)
    service.cancel(member, asked)
    assert service.change(member, made, Change(starts_at=at(8), ends_at=at(8, 13))).amendment_waits
    for day, used in ((3, 120), (9, 180)):
        with pytest.raises(RefusedError) as refused:
            book(member, lab, day=day, hours=3)
        assert facts_of(refused).used == used


def test_a_colleague_gets_no_more_than_their_quota() -> None:
    startup = make.organisation()
    member, colleague = make.member_of(startup), make.member_of(startup)
    room = studio(minutes=180)
    organisation_id = member.memberships[0].public_id
    first, second = (
        make.reservation(
            member if day == 1 else colleague,
            room,
            starts_at=at(day),
            ends_at=at(day, 12),
            organisation_id=organisation_id,
        )
        for day in (1, 2)
    )
    with pytest.raises(RefusedError) as refused:
        service.transfer(member, first.public_id, to=colleague.public_id)
    assert facts_of(refused).used == 120
    service.cancel(colleague, second.public_id)
    service.transfer(member, first.public_id, to=colleague.public_id)


def test_the_dates_of_a_series_count_against_each_other() -> None:
    room, member = studio(minutes=180), make.person()
    twice_a_week = Repetition(Every.WEEK, weekdays=frozenset({1, 3}), count=4)
    found = series.look(member, SeriesWish(wish(room, day=1), twice_a_week))
    assert [bool(one.refusals) for one in found.dates] == [False, True, False, True]
    assert found.dates[1].refusals[0].reason is Reason.QUOTA_EXCEEDED
    assert series.options(found)[at(3).date()] == []  # at no time of that day
    with pytest.raises(RefusedError):
        series.book(member, SeriesWish(wish(room, day=1), twice_a_week))
    wanted = SeriesWish(wish(room, day=1), twice_a_week, on_conflict=OnConflict.SKIP)
    made = series.book(member, wanted)
    assert [one.local.starts_at for one in made.reservations] == [at(1), at(8)]
    assert made.skipped == 2


def test_several_dates_that_change_count_together_and_no_longer_as_they_were() -> None:
    room, member = studio(minutes=300), make.person()
    both = Repetition(Every.WEEK, weekdays=frozenset({1, 3}), count=4)
    made = series.book(member, SeriesWish(wish(room, day=1), both))
    longer = Wanted(ends=timedelta(hours=12, minutes=30))
    found = series_changing.look(member, made.public_id, longer)
    assert [one.fate for one in found.planned] == [Fate.CHANGES] * 4
    series_changing.change(member, made.public_id, longer)
    too_long = Wanted(ends=timedelta(hours=13))
    found = series_changing.look(member, made.public_id, too_long)
    assert [one.fate for one in found.planned] == [Fate.CHANGES, Fate.CONFLICT] * 2
    with pytest.raises(RefusedError):
        series_changing.change(member, made.public_id, too_long)
    later = Wanted(starts=timedelta(hours=14), ends=timedelta(hours=16, minutes=30))
    series_changing.change(member, made.public_id, later)


def test_a_date_that_is_added_again_counts() -> None:
    room, member = studio(minutes=240), make.person()
    both = Repetition(Every.WEEK, weekdays=frozenset({1, 3}), count=4)
    made = series.book(member, SeriesWish(wish(room, day=1), both))
    given_back = made.reservations[1]
    service.cancel(member, given_back.public_id)
    other = book(member, room, day=4, hours=1)
    with pytest.raises(RefusedError) as refused:
        series_adding.add(member, made.public_id, at(3).date())
    assert facts_of(refused).used == 180
    service.cancel(member, other)
    series_adding.add(member, made.public_id, at(3).date())


def test_what_is_offered_instead_keeps_the_quota() -> None:
    room, member = studio(minutes=180), make.person()
    book(member, room, day=1)
    offered = alternatives.find(member, wish(room, day=2))
    assert offered
    assert {one.local.starts_at.date() >= at(7).date() or one.local.minutes <= 60
            for one in offered} == {True}  # fmt: skip
    for one in offered:
        made = service.book(member, Wish((one.place.spot.public_id,),
                                         one.local.starts_at, one.local.ends_at))  # fmt: skip
        service.cancel(member, made.public_id)


def test_the_verdict_tells_the_balance() -> None:
    room, member = studio(minutes=600), make.person()
    book(member, room, day=1, hours=4)
    judged = alternatives.verdict(member, wish(room, day=2))
    (facts,) = judged.balances[0].told
    assert judged.allowed
    assert (facts.used, facts.wanted, facts.limit) == (240, 120, 600)
    assert alternatives.verdict(member, wish(studio("M-01"), day=2)).balances == ()


def test_nobody_is_counted_where_no_policy_has_a_quota() -> None:
    member = make.person()
    assert quotas.counting([studio()], [quotas.of_actor(member)], (MONDAY, MONDAY)) is None
