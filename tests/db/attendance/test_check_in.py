"""Who comes confirms it: from when on, until when, by whom, and how it is taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.attendance import service
from booking.core import clock
from booking.core.database import session
from booking.core.errors import ForbiddenError, NotFoundError, RefusedError
from booking.core.permissions import Actor
from booking.core.refusals import CheckInNotOpen, NotChangeable, Obstacle, Refusal
from booking.journal.models import JournalLine
from booking.policies.facts import Place
from booking.reservations import arrivals
from booking.reservations import service as reservations
from booking.reservations.models import Attendance, CheckInWay
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from tests import make

MINUTE = timedelta(minutes=1)


@pytest.fixture
def room(app: Flask) -> Place:
    return make.room(under=make.policy(asks_for_check_in=True, grace_minutes=20))


def check_in(actor: Actor, found: Details, way: CheckInWay = CheckInWay.PAGE) -> Details:
    service.check_in(actor, found.public_id, way)
    return make.details(found.public_id)


def stored(found: Details) -> Attendance:
    return session().scalars(select(Attendance).where(Attendance.reservation_id == found.id)).one()


def refused(actor: Actor, found: Details) -> Refusal:
    with pytest.raises(RefusedError) as refusal:
        service.check_in(actor, found.public_id, CheckInWay.PAGE)
    return refusal.value.refusals[0]


def test_who_comes_confirms_it_once_and_the_journal_says_so(room: Place) -> None:
    who = make.member_of()
    made = make.reservation(who, room)
    with clock.frozen_at(made.interval.starts_at - 5 * MINUTE) as then:
        there = check_in(who, made)
        again = check_in(who, made)
    assert there.is_here
    assert (there.attended.checked_in_at, there.version) == (then, 2)
    assert again == there
    row = stored(made)
    assert (row.checked_in_by_id, row.way) == (who.person_id, CheckInWay.PAGE)
    lines = session().scalars(select(JournalLine).where(JournalLine.act == "checked_in")).all()
    assert [line.after for line in lines] == [{"way": "page"}]


def test_before_it_is_time_it_is_said_from_when_on(room: Place) -> None:
    who = make.member_of()
    made = make.reservation(who, room)
    opens = make.at(9, 45)
    with clock.frozen_at(made.interval.starts_at - 16 * MINUTE):
        assert refused(who, made).facts == CheckInNotOpen(opens)
    with clock.frozen_at(made.interval.starts_at - 15 * MINUTE):
        assert check_in(who, made).is_here


def test_what_is_over_closed_or_asked_for_cannot_be_attended(room: Place) -> None:
    who = make.member_of()
    over, closed = make.reservation(who, room), make.reservation(who, room, starts_at=make.at(12))
    request, plain = (
        make.reservation(who, make.lab()),
        make.reservation(who, make.desk(under=make.policy())),
    )
    reservations.cancel(who, closed.public_id)
    with clock.frozen_at(over.interval.ends_at):
        assert refused(who, over).facts == NotChangeable(Obstacle.ENDED)
    with clock.frozen_at(over.interval.starts_at):
        assert refused(who, closed).facts == NotChangeable(Obstacle.CANCELLED)
        assert refused(who, request).facts == NotChangeable(Obstacle.PENDING)
        assert refused(who, plain).facts == NotChangeable(Obstacle.NO_CHECK_IN)


def test_the_reception_of_the_building_confirms_for_others_and_nobody_else(room: Place) -> None:
    organisation = make.organisation()
    who = make.member_of(organisation)
    made = make.reservation(who, room, organisation_id=organisation.public_id)
    with clock.frozen_at(made.interval.starts_at):
        with pytest.raises(ForbiddenError):
            service.check_in(make.member_of(organisation), made.public_id, CheckInWay.PAGE)
        with pytest.raises(NotFoundError):
            service.check_in(make.member_of(), made.public_id, CheckInWay.PAGE)
        desk = make.reception(room)
        check_in(desk, made)
    assert (stored(made).checked_in_by_id, stored(made).way) == (
        desk.person_id,
        CheckInWay.RECEPTION,
    )


def test_a_slip_is_taken_back_within_ten_minutes(room: Place) -> None:
    who = make.member_of()
    made = make.reservation(who, room)
    start = made.interval.starts_at
    with clock.frozen_at(start):
        check_in(who, made)
    with clock.frozen_at(start + 10 * MINUTE):
        service.undo_check_in(who, made.public_id)
        assert not make.details(made.public_id).is_here
        with pytest.raises(RefusedError) as nothing:
            service.undo_check_in(who, made.public_id)
        assert check_in(who, made).is_here
    with clock.frozen_at(start + 21 * MINUTE), pytest.raises(RefusedError) as late:
        service.undo_check_in(who, made.public_id)
    assert nothing.value.refusals[0].facts == NotChangeable(Obstacle.NOT_CHECKED_IN)
    assert late.value.refusals[0].facts == NotChangeable(Obstacle.UNDO_TOO_LATE)


def test_who_came_early_has_not_come_to_a_later_time(room: Place) -> None:
    who = make.member_of()
    made = make.reservation(who, room)
    later = Change(starts_at=make.at(14), ends_at=make.at(15))
    with clock.frozen_at(made.interval.starts_at - 5 * MINUTE):
        check_in(who, made)
        reservations.change(who, made.public_id, Change(title="Review"))
        assert make.details(made.public_id).is_here
        reservations.change(who, made.public_id, later)
    assert not make.details(made.public_id).is_here


def test_the_shortest_grace_counts_and_a_late_booking_has_all_of_it(room: Place) -> None:
    short = make.room(under=make.policy(asks_for_check_in=True, grace_minutes=10))
    who = make.member_of()
    both = make.reservation(who, room, short, make.desk())
    assert arrivals.kept_until(both) == both.interval.starts_at + 10 * MINUTE
    eleven = make.at(11)
    with clock.frozen_at(both.interval.ends_at + 5 * MINUTE):
        late = make.reservation(who, room, starts_at=eleven)
    assert arrivals.kept_until(late) == late.created_at + 20 * MINUTE
