"""Those who decide are told what waits, gathered by the half-hour, and again when it is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from booking.core import clock
from booking.core.database import end_reading, transaction
from booking.core.permissions import Role
from booking.messages.models import MessageKind, MessageState
from booking.people.models import Person, PersonState
from booking.reservations import service as reservations
from booking.reservations.wishes import Change
from tests import make
from tests.working import Run, Told

WAITING, LATE = MessageKind.APPROVAL_WAITING, MessageKind.APPROVAL_LATE
HALF_PAST = datetime(2026, 10, 5, 8, 30, tzinfo=UTC)


def test_requests_of_one_half_hour_come_in_one_message(run: Run, told: Told) -> None:
    lab = make.lab("LAB-7")
    manager = make.lab_manager(lab)
    make.reservation(place=lab, starts_at=make.at(10))
    with clock.frozen_at(HALF_PAST - timedelta(minutes=10)):
        make.reservation(place=lab, starts_at=make.at(14))
        run()
        assert [message.state for message in told(WAITING)] == [MessageState.PLANNED]
    with clock.frozen_at(HALF_PAST):
        run()
    (message,) = told(WAITING)
    assert message.recipient_id == manager.person_id
    assert (message.version, message.due_at) == (0, HALF_PAST)
    assert message.state is MessageState.KEPT
    assert message.title == "2 requests wait for your decision"
    assert "LAB-7" in (message.text or "")
    assert "http://127.0.0.1:8000/approvals" in (message.text or "")


def test_a_request_decided_meanwhile_is_not_told(run: Run, told: Told) -> None:
    lab = make.lab()
    manager = make.lab_manager(lab)
    made = make.reservation(place=lab)
    run()
    reservations.approve(manager, made.public_id, seen_version=made.version)
    with clock.frozen_at(HALF_PAST):
        run()
    assert told(WAITING)[0].state is MessageState.WITHDRAWN


def test_a_manager_of_the_area_is_asked_too_and_an_operator_is_not(run: Run, told: Told) -> None:
    lab = make.lab()
    of_lab = make.lab_manager(lab)
    of_area = make.grant(make.person(), Role.LAB_MANAGER, area_id=lab.area_id)
    make.operator()
    make.reservation(place=lab)
    run()
    assert {message.recipient_id for message in told(WAITING)} == {
        of_lab.person_id,
        of_area.person_id,
    }


def test_without_an_active_manager_the_operators_are_asked(run: Run, told: Told) -> None:
    lab = make.lab()
    manager = make.lab_manager(lab)
    operator = make.operator()
    with transaction() as current:
        current.execute(
            update(Person)
            .where(Person.id == manager.person_id)
            .values(state=PersonState.DEACTIVATED)
        )
    make.reservation(place=lab)
    run()
    assert [message.recipient_id for message in told(WAITING)] == [operator.person_id]


def test_nobody_is_asked_about_their_own_request(run: Run, told: Told) -> None:
    lab = make.lab()
    manager = make.lab_manager(lab)
    operator = make.operator()
    make.reservation(manager, lab)
    run()
    assert [message.recipient_id for message in told(WAITING)] == [operator.person_id]


def test_at_half_the_deadline_they_are_asked_again(run: Run, told: Told) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, decide_within=10 * 60))
    make.lab_manager(lab)
    make.reservation(place=lab)
    run()
    half = datetime(2026, 10, 5, 13, tzinfo=UTC)
    assert [message.due_at for message in told(LATE)] == [half]
    with clock.frozen_at(half):
        run()
    assert told(LATE)[0].state is MessageState.KEPT
    assert "13:00" not in (told(LATE)[0].text or "")
    assert "18:00" in (told(LATE)[0].text or "")


def test_an_answer_in_time_takes_the_second_message_back(run: Run, told: Told) -> None:
    lab = make.lab()
    manager = make.lab_manager(lab)
    made = make.reservation(place=lab)
    run()
    reservations.decline(manager, made.public_id, seen_version=made.version, reason="No.")
    run()
    assert told(LATE)[0].state is MessageState.WITHDRAWN


def test_a_request_that_moves_is_late_only_by_its_new_deadline(run: Run, told: Told) -> None:
    lab, who = make.lab(), make.person()
    make.lab_manager(lab)
    made = make.reservation(who, lab, starts_at=make.at(10, days=4))
    run()
    with clock.frozen_at(clock.now() + timedelta(hours=2)):
        reservations.change(
            who, made.public_id, Change(starts_at=make.at(14, days=4), ends_at=make.at(15, days=4))
        )
        run()
    states = [(message.version, message.state) for message in told(LATE)]
    assert states == [(1, MessageState.WITHDRAWN), (2, MessageState.PLANNED)]


def test_a_wished_change_is_asked_about_as_it_is_wished(run: Run, told: Told) -> None:
    lab, who = make.lab(), make.person()
    manager = make.lab_manager(lab)
    made = make.reservation(who, lab)
    reservations.approve(manager, made.public_id, seen_version=made.version)
    reservations.change(who, made.public_id, Change(starts_at=make.at(14), ends_at=make.at(15)))
    run()
    with clock.frozen_at(HALF_PAST):
        run()
    end_reading()
    (message,) = told(WAITING)
    assert "Change of a reservation" in (message.text or "")
    assert "from 14:00 to 15:00" in (message.text or "")
