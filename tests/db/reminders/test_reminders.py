"""Reminders: one a day and one an hour before, of what is still true, and never a second one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from booking.core import clock
from booking.core.database import end_reading, transaction
from booking.core.events import Event
from booking.messages.models import Message, MessageKind, MessageState
from booking.reservations import service as reservations
from booking.reservations.wishes import Change
from tests import make
from tests.mail_server import Inbox
from tests.working import Run, Told

REMINDER = MessageKind.REMINDER
TOMORROW_AT_TEN = datetime(2026, 10, 6, 10, tzinfo=UTC)


def _due(messages: list[Message], *states: MessageState) -> list[datetime]:
    wanted = states or (MessageState.PLANNED,)
    return [message.due_at for message in messages if message.state in wanted]


def test_a_reservation_is_reminded_of_a_day_and_an_hour_before(run: Run, told: Told) -> None:
    make.reservation()
    run()
    assert _due(told(REMINDER)) == [
        TOMORROW_AT_TEN - timedelta(days=1),
        TOMORROW_AT_TEN - timedelta(hours=1),
    ]


def test_the_settings_say_when(
    app: Flask, run: Run, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(app.extensions["booking"], reminder_minutes=(30,))
    monkeypatch.setitem(app.extensions, "booking", settings)
    make.reservation()
    run()
    assert _due(told(REMINDER)) == [TOMORROW_AT_TEN - timedelta(minutes=30)]


def test_what_is_already_due_at_booking_is_not_made(run: Run, told: Told) -> None:
    make.reservation(starts_at=make.at(10, days=0))
    run()
    assert _due(told(REMINDER)) == [datetime(2026, 10, 5, 9, tzinfo=UTC)]


def test_what_only_the_worker_is_late_for_is_made_and_sent(inbox: Inbox, run: Run) -> None:
    make.reservation(starts_at=make.at(10, days=0))
    with clock.frozen_at(datetime(2026, 10, 5, 9, 30, tzinfo=UTC)):
        run()
    subjects = sorted(str(mail["Subject"]).partition(":")[0] for mail in inbox.mails)
    assert subjects == ["Reminder", "Reservation confirmed"]


def test_once_it_has_begun_nobody_is_reminded(inbox: Inbox, run: Run, told: Told) -> None:
    make.reservation()
    run()
    with clock.frozen_at(TOMORROW_AT_TEN):
        run()
    assert len(inbox.mails) == 1
    assert _due(told(REMINDER), MessageState.WITHDRAWN) == [
        TOMORROW_AT_TEN - timedelta(days=1),
        TOMORROW_AT_TEN - timedelta(hours=1),
    ]


def test_a_cancelled_reservation_sends_no_reminder(inbox: Inbox, run: Run, told: Told) -> None:
    who = make.person()
    made = make.reservation(who)
    run()
    reservations.cancel(who, made.public_id)
    run()
    assert {message.state for message in told(REMINDER)} == {MessageState.WITHDRAWN}
    with clock.frozen_at(TOMORROW_AT_TEN - timedelta(minutes=50)):
        run()
    assert not any(str(mail["Subject"]).startswith("Reminder") for mail in inbox.mails)


def test_a_cancellation_the_worker_has_not_seen_sends_no_reminder_either(
    inbox: Inbox, run: Run, told: Told
) -> None:
    """The truth is asked right before sending, not only when the event is handled."""
    who = make.person()
    made = make.reservation(who)
    run()
    with clock.frozen_at(TOMORROW_AT_TEN - timedelta(minutes=50)):
        reservations.cancel(who, made.public_id)
        run()
    assert not any(str(mail["Subject"]).startswith("Reminder") for mail in inbox.mails)


def test_a_moved_reservation_is_reminded_of_at_its_new_time_only(
    inbox: Inbox, run: Run, told: Told
) -> None:
    who = make.person()
    made = make.reservation(who, starts_at=make.at(10, days=2))
    run()
    reservations.change(
        who, made.public_id, Change(starts_at=make.at(14, days=2), ends_at=make.at(15, days=2))
    )
    run()
    new = datetime(2026, 10, 7, 14, tzinfo=UTC)
    assert _due(told(REMINDER)) == [new - timedelta(days=1), new - timedelta(hours=1)]
    for hours in range(1, 60, 2):
        end_reading()
        with clock.frozen_at(clock.now() + timedelta(hours=hours)):
            run()
    reminders = [mail for mail in inbox.mails if str(mail["Subject"]).startswith("Reminder")]
    assert len(reminders) == 2
    assert all("at 14:00" in str(mail["Subject"]) for mail in reminders)


def test_a_new_title_neither_doubles_nor_loses_a_reminder(
    inbox: Inbox, run: Run, told: Told
) -> None:
    who = make.person()
    made = make.reservation(who)
    run()
    before = [message.id for message in told(REMINDER)]
    reservations.change(who, made.public_id, Change(title="A new title"))
    run()
    assert [message.id for message in told(REMINDER)] == before
    with clock.frozen_at(TOMORROW_AT_TEN - timedelta(minutes=50)):
        run()
    sent = [mail for mail in inbox.mails if str(mail["Subject"]).startswith("Reminder")]
    assert len(sent) == 2, "both were due by then"
    text = sent[-1].get_body(("plain",))
    assert text is not None
    assert "A new title" in text.get_content()


def test_an_event_handled_twice_plans_once(app: Flask, run: Run, told: Told) -> None:
    make.reservation()
    run()
    first = len(told())
    _forget_that_events_were_handled()
    run()
    assert len(told()) == first


def test_a_request_is_reminded_of_only_when_it_is_approved(run: Run, told: Told) -> None:
    lab = make.lab()
    manager = make.lab_manager(lab)
    made = make.reservation(place=lab)
    run()
    assert told(REMINDER) == []
    reservations.approve(manager, made.public_id, seen_version=made.version)
    run()
    assert len(_due(told(REMINDER))) == 2


def _forget_that_events_were_handled() -> None:
    end_reading()
    with transaction() as current:
        current.execute(update(Event).values(handled_at=None))
