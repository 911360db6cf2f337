"""Who is told that their reservations lie outside new hours: once, and what else is free."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from booking import worker
from booking.checks import promises
from booking.core.database import end_reading, session
from booking.core.permissions import Actor
from booking.messages.models import Message, MessageKind
from booking.policies.facts import Place
from booking.profiles import changes, queries, service
from booking.profiles.drafts import PeriodDraft
from booking.profiles.recheck import WouldLeaveOutsideError
from booking.reservations import service as reservations
from booking.reservations.models import State
from booking.reservations.wishes import Change
from booking.spaces.drafts import DayDraft, SpanDraft, WeekDraft
from booking.spaces.models import Profile
from tests import make

Letters = Callable[[], dict[int, str]]
MORNING = (SpanDraft(opens="08:00", closes="12:00"),)


@pytest.fixture
def letters(app: Flask) -> Letters:
    """What was written since hours changed, by recipient."""

    def read() -> dict[int, str]:
        worker.until_nothing_is_due(app)
        end_reading()
        kind = Message.kind == MessageKind.LEFT_OUTSIDE
        rows = session().execute(select(Message.recipient_id, Message.text).where(kind))
        return {recipient: text or "" for recipient, text in rows}

    return read


@pytest.fixture
def operator(app: Flask) -> Actor:
    return make.operator()


@pytest.fixture
def desk(operator: Actor) -> Place:
    return make.desk("D-1")


def in_days(count: int) -> date:
    return make.at(9, days=count).date()


def announce(operator: Actor, profile: Profile, first: int, last: int) -> str:
    """Confirmed at once."""
    draft = PeriodDraft(first_day=in_days(first), last_day=in_days(last))
    try:
        return service.add_period(operator, profile.id, draft)
    except WouldLeaveOutsideError as error:
        return service.add_period(operator, profile.id, draft, seen=error.seen)


def test_everybody_concerned_gets_one_letter_with_the_new_hours_and_what_is_free(
    operator: Actor, desk: Place, letters: Letters
) -> None:
    who, other, inside = make.person(language="en"), make.person(), make.person()
    late = make.reservation(who, desk, starts_at=make.at(16, days=3))
    later = make.reservation(who, desk, starts_at=make.at(17, days=3))
    make.reservation(other, desk, starts_at=make.at(16, days=4))
    make.reservation(inside, desk, starts_at=make.at(10, days=3))
    profile = make.profile()
    announce(operator, profile, 2, 5)
    found = letters()
    assert set(found) == {who.person_id, other.person_id}
    text = found[who.person_id]
    assert late.reference in text
    assert later.reference in text
    assert text.count("from 09:00 to 15:00") == 2
    assert f"/reservations/{late.public_id}/edit?resource=D-1" in text
    assert f"day={in_days(3)}" in text
    assert make.details(late.public_id).state is State.CONFIRMED
    left = queries.outside(queries.profile(profile.id))
    assert [one.public_id for one in left][:2] == [late.public_id, later.public_id]
    assert promises.verify().is_clean


def test_the_same_within_the_new_hours_is_offered_first_and_nothing_outside_them(
    operator: Actor, desk: Place, letters: Letters
) -> None:
    who = make.person(language="en")
    made = make.reservation(who, desk, starts_at=make.at(14, days=3), ends_at=make.at(18, days=3))
    announce(operator, make.profile(), 2, 5)
    text = letters()[who.person_id]
    first, *others = [line for line in text.splitlines() if "/edit?" in line]
    assert first.startswith("Same space, within the new hours: D-1")
    assert f"start={in_days(3)}T14:00&end={in_days(3)}T15:00" in first
    assert others
    assert "shorter" not in text
    within = Change(starts_at=make.at(14, days=3), ends_at=make.at(15, days=3))
    reservations.change(who, made.public_id, within)


def test_what_is_moved_or_cancelled_before_the_letter_is_written_is_not_in_it(
    operator: Actor, desk: Place, letters: Letters
) -> None:
    moved, gone = make.person(), make.person()
    one = make.reservation(moved, desk, starts_at=make.at(16, days=3))
    other = make.reservation(gone, desk, starts_at=make.at(17, days=3))
    profile = make.profile()
    announce(operator, profile, 2, 5)
    times = Change(starts_at=make.at(10, days=3), ends_at=make.at(11, days=3))
    reservations.change(moved, one.public_id, times)
    reservations.cancel(gone, other.public_id)
    assert not any(letters().values())
    assert queries.outside(queries.profile(profile.id)) == ()


def test_who_was_told_is_not_told_again_by_a_move_that_leaves_them_there(
    operator: Actor, desk: Place, letters: Letters
) -> None:
    make.reservation(make.person(), desk, starts_at=make.at(16, days=3))
    public_id = announce(operator, make.profile(), 2, 5)
    assert len(letters()) == 1
    longer = PeriodDraft(first_day=in_days(2), last_day=in_days(8))
    service.change_period(operator, public_id, longer)
    assert len(letters()) == 1


def test_a_change_that_waits_is_shown_and_told_as_it_would_be(
    operator: Actor, desk: Place, letters: Letters
) -> None:
    who, strict, profile = make.person(), make.policy(needs_approval=True), make.profile()
    made = make.reservation(who, desk, starts_at=make.at(10, days=3))
    lab = make.lab("L-1", under=strict)
    asked = Change((lab.spot.public_id,), make.at(16, days=3), make.at(17, days=3))
    assert reservations.change(who, made.public_id, asked).amendment_waits
    draft = PeriodDraft(first_day=in_days(2), last_day=in_days(5))
    with pytest.raises(WouldLeaveOutsideError) as error:
        service.add_period(operator, profile.id, draft)
    (left,) = error.value.left
    assert (left.public_id, left.local.starts_at.hour) == (made.public_id, 16)
    announce(operator, profile, 2, 5)
    (text,) = letters().values()
    assert "L-1" in text


def test_another_week_and_another_day_tell_whom_they_leave_outside(
    operator: Actor, desk: Place, letters: Letters
) -> None:
    by_week, by_day = make.person(), make.person()
    make.reservation(by_day, desk, starts_at=make.at(14, days=2))
    make.reservation(by_week, desk, starts_at=make.at(14, days=8))
    hours = desk.spot.hours_id
    changes.add_day(operator, hours, DayDraft(day=in_days(2), spans=MORNING))
    assert set(letters()) == {by_day.person_id}
    week = WeekDraft(valid_from=in_days(7), week=(MORNING,) * 7)
    changes.add_week(operator, hours, week)
    assert set(letters()) == {by_day.person_id, by_week.person_id}
