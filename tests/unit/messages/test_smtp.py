"""Handing over to a real mail server that is slow, refuses, hangs up, or is not there."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest

from booking.messages.smtp import Connection, Envelope, Fate
from tests.mail_server import TIMEOUT_SECONDS, free_port, serving, settings_for


def _envelope(recipient: str = "amal@example.com") -> Envelope:
    mail = EmailMessage()
    mail["Subject"] = "Réservation – حجز"
    mail["Message-ID"] = "<one@park.example>"
    mail.set_content("Bonjour")
    return Envelope("booking@park.example", recipient, mail)


def test_many_messages_share_one_connection() -> None:
    with serving() as (inbox, settings), Connection(settings) as connection:
        fates = [connection.send(_envelope()).fate for _number in range(5)]
    assert fates == [Fate.ACCEPTED] * 5
    assert len(inbox.mails) == 5
    assert inbox.connections == 1
    assert inbox.mails[0]["Subject"] == "Réservation – حجز"


def test_a_server_that_is_down_is_unreachable() -> None:
    with Connection(settings_for(free_port())) as connection:
        assert connection.send(_envelope()).fate is Fate.UNREACHABLE


def test_an_address_refused_for_good_is_refused_and_the_next_goes_through() -> None:
    with serving() as (inbox, settings), Connection(settings) as connection:
        inbox.behaviour.refuses["gone@example.com"] = "550 No such person"
        refused = connection.send(_envelope("gone@example.com"))
        accepted = connection.send(_envelope())
    assert refused.fate is Fate.REFUSED
    assert refused.words == "550 No such person"
    assert accepted.fate is Fate.ACCEPTED
    assert inbox.connections == 1


@pytest.mark.parametrize(
    ("answer", "fate"),
    [("451 Try again", Fate.LATER), ("452 Full", Fate.LATER), ("554 Spam", Fate.REFUSED)],
)
def test_the_answer_to_the_text_decides(answer: str, fate: Fate) -> None:
    with serving() as (inbox, settings), Connection(settings) as connection:
        inbox.behaviour.answer = answer
        assert connection.send(_envelope()).fate is fate


def test_a_mailbox_that_is_busy_is_tried_later() -> None:
    with serving() as (inbox, settings), Connection(settings) as connection:
        inbox.behaviour.refuses["busy@example.com"] = "450 Busy"
        assert connection.send(_envelope("busy@example.com")).fate is Fate.LATER


def test_a_line_cut_after_the_text_leaves_it_open_and_the_next_message_connects_anew() -> None:
    with serving() as (inbox, settings), Connection(settings) as connection:
        inbox.behaviour.hangs_up = 1
        assert connection.send(_envelope()).fate is Fate.LATER
        assert connection.send(_envelope()).fate is Fate.ACCEPTED
    assert len(inbox.mails) == 2
    assert inbox.connections == 2


def test_a_slow_server_is_given_no_more_than_its_time() -> None:
    with serving() as (inbox, settings), Connection(settings) as connection:
        inbox.behaviour.seconds = TIMEOUT_SECONDS + 1
        began = time.monotonic()
        assert connection.send(_envelope()).fate is Fate.LATER
        assert time.monotonic() - began < TIMEOUT_SECONDS + 0.8
        inbox.behaviour.seconds = 0


@pytest.mark.parametrize(("knows_utf8", "fate"), [(True, Fate.ACCEPTED), (False, Fate.REFUSED)])
def test_a_name_beyond_ascii_needs_a_server_that_knows_it(knows_utf8: bool, fate: Fate) -> None:
    with serving(knows_utf8=knows_utf8) as (_inbox, settings), Connection(settings) as connection:
        assert connection.send(_envelope("أمل@example.com")).fate is fate


def test_a_domain_beyond_ascii_is_written_in_ascii() -> None:
    with serving(knows_utf8=False) as (inbox, settings), Connection(settings) as connection:
        assert connection.send(_envelope("amal@bücher.example")).fate is Fate.ACCEPTED
    assert len(inbox.mails) == 1
