"""A date that was left out of a series, or given back, can be added again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from booking.core import clock
from booking.core.database import session
from booking.core.errors import ForbiddenError, NotFoundError, RefusedError
from booking.core.refusals import Reason
from booking.messages.models import MessageKind
from booking.policies.rules import WhoMayBook
from booking.reservations import queries, series, series_adding, series_changing, service
from booking.reservations.models import Approval, SeriesSkip, State
from booking.reservations.series import OnConflict, Repeated
from booking.reservations.series_changing import Wanted
from tests import make
from tests.db.reservations.test_series import TUESDAY, WEEK, rows, statements, weekly
from tests.working import Run, Told

pytestmark = pytest.mark.usefixtures("app")

HOUR = timedelta(hours=1)


def _days(made: Repeated) -> list[tuple[date, State]]:
    found = queries.series_by_id(made.public_id)
    assert found is not None
    return [(one.local.starts_at.date(), one.state) for one in found[1]]


def test_what_was_given_back_is_a_date_again_under_a_new_name() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    gone = made.reservations[1]
    service.cancel(member, gone.public_id)
    added = series_adding.add(member, made.public_id, TUESDAY + WEEK)
    assert added.public_id != gone.public_id
    assert added.series_start == gone.series_start
    assert (added.title, added.headcount, added.local) == (gone.title, gone.headcount, gone.local)
    assert _days(made) == [(TUESDAY + number * WEEK, State.CONFIRMED) for number in range(4)]
    old = queries.details(member, gone.public_id)
    assert (old.state, old.series) == (State.CANCELLED, None)
    with pytest.raises(NotFoundError):
        series_adding.add(member, made.public_id, TUESDAY + WEEK)


def test_what_was_left_out_is_added_when_it_can_be_had() -> None:
    member, room = make.member_of(), make.room()
    before = make.reservation(
        member, room, starts_at=datetime(2026, 10, 20, 10), ends_at=datetime(2026, 10, 20, 11)
    )
    make.closed_on(TUESDAY + 2 * WEEK)
    made = series.book(member, weekly(room, on_conflict=OnConflict.SKIP))
    found = series_adding.look(member, made.public_id).missing
    assert [[one.reason for one in missing.dated.refusals] for missing in found] == [
        [Reason.SLOT_TAKEN], [Reason.CLOSED_DAY],
    ]  # fmt: skip
    with pytest.raises(RefusedError):
        series_adding.add(member, made.public_id, TUESDAY + WEEK)
    assert rows(SeriesSkip) == 2
    service.cancel(member, before.public_id)
    series_adding.add(member, made.public_id, TUESDAY + WEEK)
    assert rows(SeriesSkip) == 1
    assert (TUESDAY + WEEK, State.CONFIRMED) in _days(made)


def test_it_is_as_the_dates_next_to_it_are() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    service.cancel(member, made.reservations[0].public_id)
    service.cancel(member, made.reservations[3].public_id)
    series_changing.change(member, made.public_id, Wanted(starts=14 * HOUR, ends=16 * HOUR))
    added = series_adding.add(member, made.public_id, TUESDAY + 3 * WEEK)
    assert added.local.starts_at == datetime(2026, 11, 3, 14)
    assert added.local.ends_at == datetime(2026, 11, 3, 16)
    assert added.series_start == datetime(2026, 11, 3, 10)


def test_of_a_series_that_was_given_back_whole_a_date_can_come_back() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    for one in made.reservations:
        service.cancel(member, one.public_id)
    series_adding.add(member, made.public_id, TUESDAY)
    assert [state for _day, state in _days(made)] == [State.CONFIRMED] + [State.CANCELLED] * 3


def test_only_who_may_change_it_adds_and_nothing_that_is_past() -> None:
    startup = make.organisation()
    member, colleague = make.member_of(startup), make.member_of(startup)
    made = series.book(member, weekly(make.room()))
    service.cancel(member, made.reservations[0].public_id)
    with pytest.raises((ForbiddenError, NotFoundError)):
        series_adding.add(colleague, made.public_id, TUESDAY)
    with clock.frozen_at(made.reservations[0].interval.ends_at), pytest.raises(NotFoundError):
        series_adding.add(member, made.public_id, TUESDAY)


def test_where_approval_is_needed_it_is_asked_for() -> None:
    member, lab = make.member_of(), make.lab()
    made = series.book(member, weekly(lab))
    service.cancel(member, made.reservations[0].public_id)
    added = series_adding.add(member, made.public_id, TUESDAY)
    assert added.state is State.PENDING
    asked = select(Approval.id).where(Approval.reservation_id == added.id)
    assert len(session().scalars(asked).all()) == 1


@pytest.mark.parametrize("gone", [1, 3])
def test_a_look_asks_as_much_for_three_as_for_one(gone: int) -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    for one in made.reservations[:gone]:
        service.cancel(member, one.public_id)
    with statements() as found:
        assert len(series_adding.look(member, made.public_id).missing) == gone
    assert len(found) <= 11, found


def test_one_hears_of_it_as_of_a_reservation(run: Run, told: Told) -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    service.cancel(member, made.reservations[0].public_id)
    added = series_adding.add(member, made.public_id, TUESDAY)
    run()
    assert [one.subject for one in told(MessageKind.CONFIRMED)] == [added.public_id]


def test_of_a_series_for_a_guest_the_date_is_for_the_guest_again() -> None:
    room = make.room(under=make.policy(who_may_book=WhoMayBook.MEMBERS, person_quota_count=1))
    hamza = make.reception(room, "Hamza")
    wanted = weekly(room)
    made = series.book(hamza, replace(wanted, wish=replace(wanted.wish, guest="Delphine")))
    service.cancel(hamza, made.reservations[1].public_id)
    added = series_adding.add(make.operator(), made.public_id, TUESDAY + WEEK)
    assert (added.guest, added.person.name) == ("Delphine", "Hamza")
