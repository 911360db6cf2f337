"""A thousand messages, four worker processes, two of them killed: each message arrives once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core import clock, ids
from booking.core.database import end_reading, session
from booking.messages import queries
from booking.messages import service as messages
from booking.messages.letters import Key
from booking.messages.models import Message, MessageKind, MessageState
from tests import mail_server, make, workers
from tests.installations import Installation

COUNT = 1000
PATIENCE_SECONDS = (
    8  # a slow machine cuts no line; what a killed worker held is free after twice that
)


@pytest.mark.real_time
def test_each_of_a_thousand_messages_arrives_once_though_two_of_four_workers_are_killed(
    app: Flask, installation: Installation
) -> None:
    _plan_a_thousand()
    with mail_server.serving() as (inbox, mail):
        patient = replace(mail, timeout_seconds=PATIENCE_SECONDS)
        settings = replace(installation.settings, mail=patient)
        with workers.started(settings, living=2, doomed=2) as doomed:
            for victim in doomed:
                victim.kill()
        assert len(inbox.copies) == COUNT
        assert set(inbox.copies.values()) == {1}
    end_reading()
    states = session().execute(
        select(Message.state, func.count())
        .where(Message.kind == MessageKind.TEST)
        .group_by(Message.state)
    )
    assert [tuple(row) for row in states] == [(MessageState.SENT, COUNT)]
    assert queries.unsent() == []


def _plan_a_thousand() -> None:
    """To one person, of the kind that is true whoever gets it."""
    who, now = make.person(), clock.now()
    messages.plan(
        [
            Key(MessageKind.TEST, ids.new_public_id(), 0, who.person_id, now)
            for _number in range(COUNT)
        ]
    )
