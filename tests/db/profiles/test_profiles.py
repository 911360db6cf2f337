"""Profiles of hours: proposed, announced, moved, left out; whom they leave outside."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from booking.core import clock, revisions
from booking.core.database import OutpacedError, db, end_reading, session, transaction
from booking.core.errors import (
    FixedError,
    ForbiddenError,
    InUseError,
    InvalidError,
    NotFoundError,
    OutdatedError,
    Problem,
    RefusedError,
)
from booking.core.intervals import Interval, Span
from booking.core.permissions import Actor
from booking.core.refusals import OutsideHours
from booking.journal.models import JournalLine
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Claim, Owner
from booking.policies import facts
from booking.policies.facts import Judged, Place
from booking.profiles import queries, service
from booking.profiles.drafts import PeriodDraft, ProfileDraft, ProfileWeekDraft
from booking.profiles.recheck import WouldLeaveOutsideError
from booking.reservations import announcements, series
from booking.reservations import service as reservations
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import SeriesWish
from booking.reservations.wishes import Change, Wish
from booking.spaces.drafts import SpanDraft
from booking.spaces.models import Hours, PeriodState, Profile, ProfilePeriod, ProfileWeek
from booking.spaces.opening import ExpectedHours
from booking.spaces.queries import openings
from tests import make

DAY = timedelta(days=1)
NAMES = dict.fromkeys(("en", "fr", "ar"), "Ramadan hours")
SHORT = (Span(9 * 60, 15 * 60),)
FASTING = ProfileWeekDraft(week=((SpanDraft(opens="09:00", closes="15:00"),),) * 5 + ((), ()))


@pytest.fixture
def operator(app: Flask) -> Actor:
    return make.operator()


@pytest.fixture
def desk(operator: Actor) -> Place:
    return make.desk()


def in_days(count: int) -> date:
    return make.at(9, days=count).date()


def draft(first: int, last: int, *, is_announced: bool = True) -> PeriodDraft:
    return PeriodDraft(first_day=in_days(first), last_day=in_days(last), is_announced=is_announced)


def wish(place: Place, days: int, hour: int = 16) -> Wish:
    times = (make.at(hour, days=days), make.at(hour + 1, days=days))
    return Wish((place.spot.public_id,), *times)


def spans(place: Place, days: int) -> tuple[Span, ...]:
    day = in_days(days)
    return openings([place.spot.hours_id], day, day)[place.spot.hours_id].spans_on(day)


def problems(error: pytest.ExceptionInfo[InvalidError]) -> dict[str, Problem]:
    return dict(error.value.fields)


# --- proposals ---


def test_ramadan_is_entered_once_as_estimated(operator: Actor, desk: Place) -> None:
    assert service.propose(operator) == 1
    (found,) = queries.profiles()
    (period,) = found.periods
    assert found.weeks == ()
    assert (found.draft.names["ar"], period.state) == ("توقيت رمضان", PeriodState.ESTIMATED)
    assert (period.first_day, period.last_day) == (date(2027, 2, 8), date(2027, 3, 8))
    service.change_period(
        operator,
        period.public_id,
        PeriodDraft(first_day=period.first_day + DAY, last_day=period.last_day + DAY),
    )
    service.leave_out(operator, period.public_id)
    assert (service.propose(operator), queries.missing(operator)) == (0, [])


def test_a_ramadan_that_was_moved_and_is_over_is_not_proposed_again(
    operator: Actor, desk: Place
) -> None:
    assert service.propose(operator) == 1
    with transaction() as current:
        over = {"first_day": in_days(-9), "last_day": in_days(-8)}
        current.execute(update(ProfilePeriod).values(over))
    assert queries.missing(operator) == []
    assert service.propose(operator) == 0


def test_days_that_have_other_hours_are_not_proposed(operator: Actor) -> None:
    own = make.profile()
    make.period(own, date(2027, 3, 8), date(2027, 3, 20))
    assert queries.missing(operator) == []


def test_only_operators_change_profiles(operator: Actor, desk: Place) -> None:
    manager = make.lab_manager(desk)
    with pytest.raises(ForbiddenError):
        service.propose(manager)
    with pytest.raises(ForbiddenError):
        service.add_period(manager, make.profile().id, draft(3, 5))


# --- what holds ---


def test_announced_hours_hold_and_estimated_ones_are_marked(operator: Actor, desk: Place) -> None:
    profile = make.profile()
    public_id = service.add_period(operator, profile.id, draft(2, 5, is_announced=False))
    booked = make.details(reservations.book(make.person(), wish(desk, 3)).public_id)
    inside = make.details(reservations.book(make.person(), wish(desk, 3, 10)).public_id)
    said = ExpectedHours(in_days(3), NAMES, SHORT)
    assert announcements.expected_for([booked, inside]) == {booked.id: (said,)}
    with pytest.raises(WouldLeaveOutsideError) as hit:
        service.change_period(operator, public_id, draft(2, 5))
    assert [one.public_id for one in hit.value.left] == [booked.public_id]
    assert spans(desk, 3) != SHORT
    service.change_period(operator, public_id, draft(2, 5), seen=hit.value.seen)
    assert spans(desk, 3) == SHORT
    assert announcements.expected_for([booked]) == {}
    assert make.details(booked.public_id).is_live
    with pytest.raises(RefusedError) as refused:
        reservations.book(make.person(), wish(desk, 3, 17))
    facts = refused.value.refusals[0].facts
    assert facts == OutsideHours(in_days(3), SHORT)


def test_what_was_confirmed_of_others_is_asked_again(operator: Actor, desk: Place) -> None:
    profile = make.profile()
    reservations.book(make.person(), wish(desk, 3))
    with pytest.raises(WouldLeaveOutsideError) as hit:
        service.add_period(operator, profile.id, draft(2, 5))
    reservations.book(make.person(), wish(desk, 3, 17))
    with pytest.raises(WouldLeaveOutsideError) as again:
        service.add_period(operator, profile.id, draft(2, 5), seen=hit.value.seen)
    assert (again.value.is_stale, len(again.value.left)) == (True, 2)


def test_what_lies_outside_already_is_not_left_outside_by_a_move(
    operator: Actor, desk: Place
) -> None:
    profile = make.profile()
    for days in (3, 7):
        reservations.book(make.person(), wish(desk, days))
    with pytest.raises(WouldLeaveOutsideError) as hit:
        service.add_period(operator, profile.id, draft(2, 5))
    public_id = service.add_period(operator, profile.id, draft(2, 5), seen=hit.value.seen)
    with pytest.raises(WouldLeaveOutsideError) as moved:
        service.change_period(operator, public_id, draft(3, 8))
    starts = [make.details(one.public_id).local.starts_at for one in moved.value.left]
    assert starts == [make.at(16, days=7)]


def test_a_series_marks_the_dates_outside_expected_hours(operator: Actor, desk: Place) -> None:
    make.period(make.profile(), in_days(2), in_days(2), PeriodState.ESTIMATED)
    wanted = SeriesWish(wish(desk, 1), Repetition(Every.DAY, count=3))
    dates = series.look(operator, wanted).dates
    assert [len(one.expected) for one in dates] == [0, 1, 0]


# --- periods ---


def test_periods_never_overlap(operator: Actor) -> None:
    profile, other = make.profile(), make.profile("Summer")
    public_id = service.add_period(operator, profile.id, draft(10, 20))
    for first, last in ((5, 10), (20, 25), (12, 13), (1, 40)):
        with pytest.raises(InvalidError) as error:
            service.add_period(operator, other.id, draft(first, last, is_announced=False))
        assert problems(error) == {"first_day": Problem.REUSED}
    service.leave_out(operator, public_id)
    service.add_period(operator, other.id, draft(5, 10))
    with pytest.raises(InvalidError) as error:
        service.change_period(operator, public_id, draft(10, 20))
    assert problems(error) == {"first_day": Problem.REUSED}


@pytest.mark.parametrize(
    ("first", "last", "field"), [(-1, 3, "first_day"), (5, 4, "last_day"), (5, 400, "last_day")]
)
def test_days_that_make_no_period_are_refused(
    operator: Actor, first: int, last: int, field: str
) -> None:
    with pytest.raises(InvalidError) as error:
        service.add_period(operator, make.profile().id, draft(first, last))
    assert problems(error) == {field: Problem.OUT_OF_RANGE}


def test_what_has_held_stays(operator: Actor) -> None:
    profile = make.profile()
    public_id = service.add_period(operator, profile.id, draft(2, 5))
    first = in_days(2)
    with clock.frozen_at(clock.now() + 3 * DAY):
        with pytest.raises(FixedError):
            service.leave_out(operator, public_id)
        later = PeriodDraft(first_day=first + DAY, last_day=first + 3 * DAY)
        with pytest.raises(InvalidError):
            service.change_period(operator, public_id, later)
        ended = PeriodDraft(first_day=first, last_day=first)
        service.change_period(operator, public_id, ended)  # it ends before today
        with pytest.raises(FixedError):
            service.change_period(operator, public_id, ended)
        with pytest.raises(InUseError):
            service.remove(operator, profile.id)


# --- weeks ---


def test_a_set_is_given_a_week_and_loses_it_before_it_has_held(
    operator: Actor, desk: Place
) -> None:
    key, hours = service.add(operator, ProfileDraft(names=NAMES)), desk.spot.hours_id
    service.add_period(operator, key, draft(2, 5))
    reservations.book(make.person(), wish(desk, 3))
    with pytest.raises(WouldLeaveOutsideError) as hit:
        service.set_week(operator, key, hours, FASTING)
    service.set_week(operator, key, hours, FASTING, seen=hit.value.seen)
    assert spans(desk, 3) == SHORT
    with pytest.raises(OutdatedError):
        service.set_week(operator, key, hours, FASTING, mark="never seen")
    service.remove_week(operator, key, hours)
    assert spans(desk, 3) != SHORT
    with pytest.raises(NotFoundError):
        service.remove_week(operator, key, hours)
    acts = set(session().scalars(select(JournalLine.act)))
    assert {"profile_added", "period_added", "profile_week_changed"} <= acts


def test_another_week_leaves_past_days_their_hours(operator: Actor, desk: Place) -> None:
    profile = make.profile()
    make.period(profile, in_days(0), in_days(20))
    longer = ProfileWeekDraft(week=((SpanDraft(opens="09:00", closes="16:00"),),) * 7)
    with clock.frozen_at(clock.now() + 7 * DAY):
        for week in (FASTING, longer):
            service.set_week(operator, profile.id, desk.spot.hours_id, week)
        with pytest.raises(FixedError):
            service.remove_week(operator, profile.id, desk.spot.hours_id)
    day = in_days(0)
    opening = openings([desk.spot.hours_id], day, day + 7 * DAY)[desk.spot.hours_id]
    closes = [opening.spans_on(day + number * DAY)[0].closes for number in (0, 7)]
    assert closes == [15 * 60, 16 * 60]
    assert session().scalar(select(func.count()).select_from(ProfileWeek)) == 2


def test_a_profile_is_renamed_and_removed_once_nothing_holds(operator: Actor) -> None:
    key = make.profile().id
    public_id = service.add_period(operator, key, draft(2, 5))
    service.rename(operator, key, ProfileDraft(names={"fr": "Été"}))
    with pytest.raises(OutdatedError):
        service.rename(operator, key, ProfileDraft(names=NAMES), "never seen")
    with pytest.raises(InUseError):
        service.remove(operator, key)
    service.leave_out(operator, public_id)
    service.remove(operator, key)
    for table in (Profile, ProfilePeriod, ProfileWeek):
        assert session().scalar(select(func.count()).select_from(table)) == 0


def test_the_plan_of_the_day_is_read_again(operator: Actor, desk: Place) -> None:
    before = revisions.number(revisions.Scope.FLOOR, desk.spot.floor_id)
    service.add_period(operator, make.profile().id, draft(2, 5, is_announced=False))
    assert revisions.number(revisions.Scope.FLOOR, desk.spot.floor_id) == before + 1


def test_whoever_judged_by_hours_that_changed_meanwhile_begins_again(
    engine: str, desk: Place
) -> None:
    """With a claim, and with a request that claims nothing; on SQLite there is one writer."""
    if engine == "sqlite":
        return
    made = make.reservation(make.person(), desk)
    hours_id, day = desk.spot.hours_id, in_days(3)
    interval = Interval(*(made.interval.starts_at + hours * DAY for hours in (3, 4)))
    claim = Claim(desk.resource_id, interval, desk.spot.code, desk.spot.zone_name)
    for notices in (
        lambda: occupancy.require_known_hours([desk.resource_id]),
        lambda: occupancy.claim(Owner(reservation_id=made.id), [claim]),
    ):
        with transaction():
            openings([hours_id], day, day)
            with db.engine.begin() as other:
                changed = update(Hours).where(Hours.id == hours_id)
                other.execute(changed.values(changes=Hours.changes + 1))
            with pytest.raises(OutpacedError):
                notices()


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_a_wish_that_moves_and_holds_nothing_is_judged_again_by_other_hours(
    operator: Actor, engine: str, monkeypatch: pytest.MonkeyPatch, *, is_confirmed: bool
) -> None:
    """A request, and a change of what is confirmed; on SQLite there is one writer."""
    if engine == "sqlite":
        return
    lab = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))
    who = make.person()
    made = make.reservation(who, lab, starts_at=make.at(10, days=3), ends_at=make.at(11, days=3))
    if is_confirmed:
        reservations.approve(operator, made.public_id, seen_version=None)
    end_reading()
    judge_all, judgements = facts.judge_all, 0

    def judge(*given: Any, **named: Any) -> Judged:  # Any: as the rules take it
        nonlocal judgements
        judgements += 1
        judged = judge_all(*given, **named)
        if judgements == 1:
            with db.engine.begin() as other:
                other.execute(update(Hours).values(changes=Hours.changes + 1))
        return judged

    monkeypatch.setattr(facts, "judge_all", judge)
    wanted = Change(starts_at=make.at(16, days=3), ends_at=make.at(17, days=3))
    outcome = reservations.change(who, made.public_id, wanted)
    assert outcome.amendment_waits is is_confirmed
    assert judgements == 2
