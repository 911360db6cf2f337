"""Messages reach a real mail server once, whatever it does and whatever the clock does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from booking import worker
from booking.core import clock
from booking.core.database import end_reading, transaction
from booking.messages import mail, queries, service
from booking.messages.models import MessageKind, MessageState
from booking.people.models import Person, PersonState
from booking.reservations import service as reservations
from config import MailServer
from tests import mail_server, make
from tests.mail_server import TIMEOUT_SECONDS, Inbox
from tests.working import Run, Told, UseMail

TICK = timedelta(seconds=20)


@contextmanager
def later(**by: float) -> Iterator[datetime]:
    """The same, so much later."""
    end_reading()
    with clock.frozen_at(clock.now() + timedelta(**by)) as now:
        yield now


def test_without_a_mail_server_a_message_is_kept_as_it_would_look(run: Run, told: Told) -> None:
    make.reservation(title="Team day")
    run()
    (kept,) = told(MessageKind.CONFIRMED)
    assert kept.state is MessageState.KEPT
    assert kept.title is not None
    assert kept.text is not None
    assert kept.html is not None
    assert "Team day" in kept.text
    assert "Team day" in kept.html


def test_a_mail_carries_text_and_html_in_the_recipients_language(
    inbox: Inbox, run: Run, told: Told
) -> None:
    who = make.person("Amal Benali", language="ar")
    make.reservation(who)
    run()
    (sent,) = inbox.mails
    assert sent.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]
    assert sent["Content-Language"] == "ar"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert str(sent["From"]) == "Park <booking@park.example>"
    assert str(sent["To"]) == f"Amal Benali <{who.email}>"
    assert sent["Date"].datetime == clock.now()
    html = sent.get_body(("html",))
    assert html is not None
    assert '<html lang="ar" dir="rtl">' in html.get_content()
    (message,) = told(MessageKind.CONFIRMED)
    assert message.state is MessageState.SENT
    assert message.message_id == sent["Message-ID"]
    assert message.text is None, "what was sent is not kept"


def test_a_message_id_comes_from_the_key_and_the_sites_domain(
    inbox: Inbox, run: Run, told: Told
) -> None:
    make.reservation()
    run()
    (message,) = told(MessageKind.CONFIRMED)
    assert list(inbox.copies) == [mail.message_id(service.key_from(message), "booking.example")]


def test_what_was_sent_is_not_sent_again(inbox: Inbox, run: Run) -> None:
    make.reservation()
    run()
    run()
    with later(minutes=30):
        run()
    assert list(inbox.copies.values()) == [1]


def test_messages_of_one_run_share_a_connection(inbox: Inbox, run: Run) -> None:
    desk = make.desk()
    for hour in (9, 10, 11):
        make.reservation(place=desk, starts_at=make.at(hour))
    run()
    assert len(inbox.mails) == 3
    assert inbox.connections == 1


def test_an_hour_without_a_mail_server_loses_nothing(
    run: Run, told: Told, use_mail: UseMail
) -> None:
    port = mail_server.free_port()
    use_mail(mail_server.settings_for(port))
    desk = make.desk()
    for hour in (9, 10, 11, 14):
        make.reservation(place=desk, starts_at=make.at(hour, days=3))
    for minute in range(0, 60, 2):
        with later(minutes=minute):
            run()
    assert {message.state for message in told(MessageKind.CONFIRMED)} == {MessageState.PLANNED}
    with mail_server.serving(port) as (inbox, _settings):
        for seconds in range(0, 5 * 60, int(TICK.total_seconds())):
            with later(hours=1, seconds=seconds):
                run()
        assert sorted(inbox.copies.values()) == [1] * 4


def test_an_unreachable_server_is_asked_once_a_run(run: Run, told: Told, use_mail: UseMail) -> None:
    use_mail(mail_server.settings_for(mail_server.free_port()))
    desk = make.desk()
    for hour in (9, 10, 11):
        make.reservation(place=desk, starts_at=make.at(hour))
    run()
    assert sorted(message.attempts for message in told(MessageKind.CONFIRMED)) == [0, 0, 1]


def test_a_busy_server_gets_the_message_later(inbox: Inbox, run: Run, told: Told) -> None:
    inbox.behaviour.answer = "451 Try again"
    make.reservation()
    run()
    (message,) = told(MessageKind.CONFIRMED)
    assert message.state is MessageState.PLANNED
    assert message.last_error == "451 Try again"
    inbox.behaviour.answer = "250 Taken"
    run()
    assert inbox.mails == []
    with later(seconds=30):
        run()
    assert list(inbox.copies.values()) == [1]


def test_a_refused_address_is_noted_and_the_others_get_theirs(
    inbox: Inbox, run: Run, told: Told
) -> None:
    gone, here = make.person("Gone"), make.person("Here")
    inbox.behaviour.refuses[gone.email] = "550 No such person"
    make.reservation(gone)
    make.reservation(here)
    run()
    refused, sent = told(MessageKind.CONFIRMED)
    assert (refused.state, refused.last_error) == (MessageState.REFUSED, "550 No such person")
    assert sent.state is MessageState.SENT
    with later(minutes=10):
        run()
    assert len(inbox.mails) == 1


def test_what_a_column_cannot_hold_is_cut_and_keeps_nobody_waiting(
    inbox: Inbox, run: Run, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, here = make.person("Gone"), make.person("Here")
    inbox.behaviour.refuses[gone.email] = "550 No\x00 such person" + "!" * 500
    make.reservation(gone)
    make.reservation(here)
    compose = mail.compose

    def with_a_long_title(*args: Any, **choices: Any) -> mail.Composed:
        composed = compose(*args, **choices)
        assert composed is not None
        return replace(composed, title="x" * 500)

    monkeypatch.setattr(mail, "compose", with_a_long_title)
    run()
    refused, sent = told(MessageKind.CONFIRMED)
    assert (refused.state, sent.state) == (MessageState.REFUSED, MessageState.SENT)
    assert (refused.last_error or "").startswith("550 No such person!")
    assert sent.title == "x" * 300
    assert list(inbox.copies.values()) == [1]


def test_after_a_cut_line_a_second_copy_has_the_same_message_id(inbox: Inbox, run: Run) -> None:
    inbox.behaviour.hangs_up = 1
    make.reservation()
    run()
    with later(seconds=30):
        run()
    assert list(inbox.copies.values()) == [2]


def test_a_slow_server_keeps_nobody_waiting_for_ever(inbox: Inbox, run: Run, told: Told) -> None:
    inbox.behaviour.seconds = TIMEOUT_SECONDS + 1
    make.reservation()
    run()
    (message,) = told(MessageKind.CONFIRMED)
    assert message.state is MessageState.PLANNED
    inbox.behaviour.seconds = 0
    with later(seconds=30):
        run()
    assert set(inbox.copies) == {told(MessageKind.CONFIRMED)[0].message_id}


def test_after_three_days_of_trying_a_message_is_given_up(
    inbox: Inbox, run: Run, told: Told
) -> None:
    inbox.behaviour.answer = "451 Try again"
    make.reservation(starts_at=make.at(10, days=7))
    run()
    with later(days=3, minutes=1):
        run()
    (message,) = told(MessageKind.CONFIRMED)
    assert message.state is MessageState.REFUSED


# --- leases ---


def test_a_leased_message_is_nobody_elses(app: Flask, run: Run) -> None:
    make.reservation()
    end_reading()
    _only_handle_events(app)
    assert len(service.lease_due(20, timedelta(seconds=40))) == 1
    assert service.lease_due(20, timedelta(seconds=40)) == []


def test_the_lease_of_a_killed_worker_ends(app: Flask, inbox: Inbox, run: Run) -> None:
    make.reservation()
    _only_handle_events(app)
    service.lease_due(20, timedelta(seconds=40))
    run()
    assert inbox.mails == []
    with later(seconds=41):
        run()
    assert list(inbox.copies.values()) == [1]


def test_who_has_lost_the_lease_cannot_renew_it(app: Flask) -> None:
    make.reservation()
    _only_handle_events(app)
    (lost,) = service.lease_due(20, timedelta(seconds=40))
    with later(seconds=41):
        (taken,) = service.lease_due(20, timedelta(seconds=40))
        assert service.renew([lost], timedelta(seconds=40)) == []
        assert [lease.id for lease in service.renew([taken], timedelta(seconds=40))] == [taken.id]


def test_what_was_not_tried_is_given_back_at_once(app: Flask, told: Told) -> None:
    make.reservation()
    _only_handle_events(app)
    service.give_back(service.lease_due(20, timedelta(seconds=40)))
    (message,) = told(MessageKind.CONFIRMED)
    assert (message.state, message.attempts) == (MessageState.PLANNED, 0)
    assert len(service.lease_due(20, timedelta(seconds=40))) == 1


# --- clocks that jump ---


def test_a_clock_put_forward_and_back_sends_nothing_twice(inbox: Inbox, run: Run) -> None:
    make.reservation(starts_at=make.at(15))
    run()
    for hours in (2, 0, -2, 0, 23, 25, 23, 30.5, 28.5, 30.5):
        with later(hours=hours):
            run()
    assert set(inbox.copies.values()) == {1}
    assert len(inbox.mails) == 3, "the confirmation and two reminders"


def test_a_lease_of_a_clock_two_hours_ahead_does_not_hold_for_two_hours(
    app: Flask, inbox: Inbox, run: Run
) -> None:
    make.reservation()
    _only_handle_events(app)
    with later(hours=2):
        service.lease_due(20, timedelta(seconds=40))
    run()
    assert list(inbox.copies.values()) == [1]


def test_a_retry_of_a_clock_two_hours_ahead_is_tried_now(inbox: Inbox, run: Run) -> None:
    make.reservation()
    inbox.behaviour.answer = "451 Try again"
    with later(hours=2):
        run()
    inbox.behaviour.answer = "250 Taken"
    run()
    assert list(inbox.copies.values()) == [1]


# --- what is not sent ---


def test_a_cancelled_reservation_is_told_as_cancelled_only(inbox: Inbox, run: Run) -> None:
    who = make.person()
    made = make.reservation(who)
    reservations.cancel(who, made.public_id)
    run()
    (sent,) = inbox.mails
    assert str(sent["Subject"]).startswith("Reservation cancelled")


def test_a_closed_account_is_written_to_no_more(inbox: Inbox, run: Run, told: Told) -> None:
    who = make.person()
    make.reservation(who)
    with transaction() as current:
        current.execute(
            update(Person).where(Person.id == who.person_id).values(state=PersonState.DEACTIVATED)
        )
    run()
    assert inbox.mails == []
    assert told(MessageKind.CONFIRMED)[0].state is MessageState.WITHDRAWN


def test_a_message_that_cannot_be_written_keeps_no_other_from_going_out(
    inbox: Inbox, run: Run, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make.person("First"), make.person("Second")
    make.reservation(first)
    make.reservation(second)
    compose = mail.compose

    def fail_for_the_first(catalogue: Any, key: Any, recipient: Any, **choices: Any) -> object:
        if recipient.person_id == first.person_id:
            raise LookupError("a broken text")
        return compose(catalogue, key, recipient, **choices)

    monkeypatch.setattr(mail, "compose", fail_for_the_first)
    run()
    assert [str(sent["To"]) for sent in inbox.mails] == [f"Second <{second.email}>"]
    assert told(MessageKind.CONFIRMED)[0].last_error == "LookupError: a broken text"


def test_unsent_are_those_five_minutes_late(
    app: Flask, run: Run, use_mail: Callable[[MailServer], None]
) -> None:
    use_mail(mail_server.settings_for(mail_server.free_port()))
    make.reservation()
    run()
    assert queries.unsent() == []
    with later(minutes=5, seconds=1):
        assert [entry.key.kind for entry in queries.unsent()] == [MessageKind.CONFIRMED]


def _only_handle_events(app: Flask) -> None:
    """The worker's first half: messages are planned, none is sent."""
    end_reading()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "SECONDS_OF_SENDING", -1.0)
        worker.tick(app)
