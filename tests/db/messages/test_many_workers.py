"""A thousand messages, four worker processes, two of them killed: each message arrives once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from booking.core import clock, ids
from booking.core.database import end_reading, session, transaction
from booking.messages import queries
from booking.messages import service as messages
from booking.messages.letters import Key
from booking.messages.models import Message, MessageKind, MessageState
from booking.people.models import Person
from booking.reservations.queries import Details
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
    made = make.reservation(place=make.desk(open_at=make.around_the_clock()))
    _plan_for_a_thousand(made)
    with mail_server.serving() as (inbox, mail):
        patient = replace(mail, timeout_seconds=PATIENCE_SECONDS)
        settings = replace(installation.settings, mail=patient)
        with workers.started(settings, living=2, doomed=2) as doomed:
            for victim in doomed:
                victim.kill()
        # The worker that lives also tells who booked, by the event of the booking itself.
        assert len(inbox.copies) == COUNT + 1
        assert set(inbox.copies.values()) == {1}
    end_reading()
    states = session().execute(
        select(Message.state, func.count())
        .where(Message.kind == MessageKind.CONFIRMED)
        .group_by(Message.state)
    )
    assert [tuple(row) for row in states] == [(MessageState.SENT, COUNT + 1)]
    assert queries.unsent() == []


def _plan_for_a_thousand(made: Details) -> None:
    now = clock.now()
    with transaction() as current:
        people = current.scalars(
            insert(Person).returning(Person.id),
            [
                {
                    "public_id": ids.new_public_id(),
                    "email": f"reader{number}@example.com",
                    "name": f"Reader {number}",
                    "language": ("fr", "ar", "en")[number % 3],
                    "created_at": now,
                }
                for number in range(COUNT)
            ],
        ).all()
        messages.plan(
            [
                Key(MessageKind.CONFIRMED, made.public_id, made.version, person_id, now)
                for person_id in people
            ]
        )
