"""Fixtures of tests in which the worker works: a mail server, a run, messages to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from booking import worker
from booking.core.database import end_reading, session
from booking.messages.models import Message, MessageKind
from booking.worker import Done
from config import MailServer
from tests import mail_server
from tests.mail_server import Inbox

Told = Callable[..., list[Message]]
Run = Callable[[], Done]
UseMail = Callable[[MailServer], None]


@pytest.fixture
def use_mail(app: Flask, monkeypatch: pytest.MonkeyPatch) -> UseMail:
    """Let the program hand its mail to this server."""

    def use(server: MailServer) -> None:
        settings = replace(app.extensions["booking"], mail=server)
        monkeypatch.setitem(app.extensions, "booking", settings)

    return use


@pytest.fixture
def inbox(use_mail: UseMail) -> Iterator[Inbox]:
    """A mail server that runs and gets the program's mail."""
    with mail_server.serving() as (found, settings):
        use_mail(settings)
        yield found


@pytest.fixture
def run(app: Flask) -> Run:
    """Let the worker do everything that is due now."""

    def work() -> Done:
        end_reading()
        return worker.until_nothing_is_due(app)

    return work


@pytest.fixture
def told(app: Flask) -> Told:
    """The messages of these kinds as they stand, by due time; of all kinds without any."""

    def find(*kinds: MessageKind) -> list[Message]:
        end_reading()
        session().expire_all()
        statement = select(Message).order_by(Message.due_at, Message.id)
        if kinds:
            statement = statement.where(Message.kind.in_(kinds))
        return list(session().scalars(statement))

    return find
