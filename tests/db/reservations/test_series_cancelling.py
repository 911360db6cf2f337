"""Several dates of a series are cancelled in one act, exactly those that were seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from booking.core import clock, i18n
from booking.core.database import session
from booking.core.errors import ForbiddenError, NotFoundError, OutdatedError, RefusedError
from booking.core.refusals import NotChangeable, Obstacle
from booking.journal.models import JournalLine
from booking.messages.models import MessageKind, MessageState
from booking.occupancy.models import Hold, occupancy
from booking.reservations import queries, series, series_cancelling, service
from booking.reservations.models import Amendment, Approval, Asking, State
from booking.reservations.repetition import Every, Repetition
from booking.reservations.wishes import Change
from tests import make
from tests.db.reservations.test_series import TUESDAY, WEEK, rows, statements, weekly
from tests.working import Run, Told

pytestmark = pytest.mark.usefixtures("app")

CANCELLED, CONFIRMED = State.CANCELLED, State.CONFIRMED


def _states(public_id: str) -> list[State]:
    found = queries.series_by_id(public_id)
    assert found is not None
    return [one.state for one in found[1]]


def test_this_and_following_go_and_the_others_stay() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    third = made.reservations[2]
    done = series_cancelling.cancel(member, made.public_id, since=third.public_id, reason="Moved")
    assert [one.public_id for one in done.reservations] == [
        one.public_id for one in made.reservations[2:]
    ]
    assert _states(made.public_id) == [CONFIRMED, CONFIRMED, CANCELLED, CANCELLED]
    assert rows(occupancy) == 2
    found = queries.details(member, third.public_id)
    assert (found.sequence, found.version, found.holds_place) == (1, 2, False)
    assert found.closing_reason == "Moved"
    assert found.series_start == third.series_start


def test_all_that_are_ahead_go_and_what_runs_is_told_to_stay() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    with clock.frozen_at(made.reservations[1].interval.starts_at + timedelta(minutes=20)):
        going = series_cancelling.look(member, made.public_id)
        assert len(going.going) == 2
        (running,) = going.staying
        assert running.refusal is not None
        assert running.refusal.facts == NotChangeable(Obstacle.CANCEL_TOO_LATE)
        series_cancelling.cancel(member, made.public_id, seen=going.seen)
    assert _states(made.public_id) == [CONFIRMED, CONFIRMED, CANCELLED, CANCELLED]


def test_only_what_was_seen_goes() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    going = series_cancelling.look(member, made.public_id)
    one = made.reservations[1].public_id
    later = datetime(2026, 10, 20, 12)
    service.change(member, one, Change(starts_at=later, ends_at=later + timedelta(hours=1)))
    with pytest.raises(OutdatedError):
        series_cancelling.cancel(member, made.public_id, seen=going.seen)
    assert _states(made.public_id) == [CONFIRMED] * 4
    now = series_cancelling.look(member, made.public_id)
    series_cancelling.cancel(member, made.public_id, seen=now.seen)
    assert _states(made.public_id) == [CANCELLED] * 4
    with pytest.raises(RefusedError):
        series_cancelling.cancel(member, made.public_id)


def test_what_waits_is_withdrawn_with_its_hold() -> None:
    member, lab = make.member_of(), make.lab()
    made = series.book(member, weekly(lab))
    manager = make.lab_manager(lab)
    first, second = made.reservations[:2]
    service.approve(manager, first.public_id, seen_version=1)
    longer = Change(ends_at=first.local.ends_at + timedelta(hours=1))
    service.change(member, first.public_id, longer)
    assert rows(Hold) == 1
    series_cancelling.cancel(member, made.public_id)
    assert _states(made.public_id) == [CANCELLED] * 4
    assert (rows(Hold), rows(occupancy)) == (0, 0)
    assert set(session().scalars(select(Amendment.state))) == {Asking.WITHDRAWN}
    waiting = select(Approval.id).where(Approval.state == Asking.WAITING)
    assert session().scalars(waiting).all() == []
    assert queries.details(member, second.public_id).version == 2


def test_who_may_not_is_told_so_and_dates_of_others_stay() -> None:
    startup = make.organisation()
    member, colleague = make.member_of(startup), make.member_of(startup)
    wanted = weekly(make.room())
    shared = replace(wanted, wish=replace(wanted.wish, organisation_id=startup.public_id))
    made = series.book(member, shared)
    with pytest.raises(ForbiddenError):
        series_cancelling.cancel(colleague, made.public_id)
    with pytest.raises(NotFoundError):
        series_cancelling.cancel(make.person(), made.public_id)
    other = make.reservation(member, make.desk())
    with pytest.raises(NotFoundError):
        series_cancelling.look(member, made.public_id, since=other.public_id)
    assert _states(made.public_id) == [CONFIRMED] * 4


def test_each_has_a_line_and_the_series_one() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    series_cancelling.cancel(member, made.public_id, reason="Moved")
    lines = session().execute(select(JournalLine).where(JournalLine.act.like("cancelled%")))
    found = [(one.act, one.subject_id, one.before, one.after) for one in lines.scalars()]
    was, after = {"state": "confirmed"}, {"state": "cancelled", "reason": "Moved"}
    assert found == [
        *(("cancelled", one.public_id, was, after) for one in made.reservations),
        ("cancelled_series", made.public_id, None, {"dates": 4, "reason": "Moved"}),
    ]


@pytest.mark.parametrize("count", [2, 52])
def test_the_number_of_statements_does_not_grow_with_the_dates(count: int) -> None:
    member = make.member_of()
    room = make.room(under=make.policy(horizon=700))
    made = series.book(member, weekly(room, Repetition(Every.WEEK, count=count)))
    with statements() as found:
        done = series_cancelling.cancel(member, made.public_id)
    assert len(done.reservations) == count
    assert len(found) <= 20, found


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_one_message_names_all_dates_and_no_reminder_is_left(
    run: Run, told: Told, language: str
) -> None:
    startup = make.organisation()
    salma, karim = make.member_of(startup, language=language), make.member_of(startup)
    wanted = weekly(make.room())
    for_karim = replace(wanted, wish=replace(wanted.wish, person_id=karim.public_id))
    made = series.book(salma, for_karim)
    run()
    second = made.reservations[1]
    series_cancelling.cancel(salma, made.public_id, since=second.public_id, reason="Chantier")
    run()
    messages = [one for one in told(MessageKind.SERIES) if one.version == 2]
    assert {one.recipient_id for one in messages} == {salma.person_id, karim.person_id}
    assert told(MessageKind.CANCELLED) == []
    (hers,) = [one for one in messages if one.recipient_id == salma.person_id]
    assert hers.text is not None
    assert "Chantier" in hers.text
    with i18n.speaking(language):
        days = [i18n.format_day(TUESDAY + number * WEEK) for number in range(4)]
    assert [day in hers.text for day in days[1:]] == [True] * 3
    assert hers.text.count(days[0]) == 0
    reminders = [one for one in told(MessageKind.REMINDER) if one.state.value == "planned"]
    assert {one.subject for one in reminders} == {made.reservations[0].public_id}


def test_the_message_of_a_booking_is_not_sent_for_what_is_cancelled(run: Run, told: Told) -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    series_cancelling.cancel(member, made.public_id)
    run()
    withdrawn = [one.state is MessageState.WITHDRAWN for one in told(MessageKind.SERIES)]
    assert [one.version for one in told(MessageKind.SERIES)] == [1, 2]
    assert withdrawn == [True, False]
