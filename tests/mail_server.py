"""A real mail server on loopback, which can be told to be slow, to refuse, or to hang up."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesHeaderParser

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

import config

TIMEOUT_SECONDS = 2


@dataclass
class Behaviour:
    """What the server does; changed by a test while it runs."""

    refuses: dict[str, str] = field(default_factory=dict)  # recipient → answer to RCPT
    answer: str = "250 Taken"  # to the text
    seconds: float = 0.0  # before that answer
    hangs_up: int = 0  # so many times it takes the text and never answers


class Inbox:
    """Everything the server took, in order."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.taken: list[bytes] = []
        self.connections = 0

    @property
    def mails(self) -> list[EmailMessage]:
        """What it took, read."""
        return [email.message_from_bytes(one, policy=email.policy.default) for one in self.taken]

    @property
    def copies(self) -> Counter[str]:
        """How often each Message-ID arrived."""
        parser = BytesHeaderParser()
        return Counter(str(parser.parsebytes(one)["Message-ID"]) for one in self.taken)


class _Handler:
    """Fills the inbox. aiosmtpd looks at every attribute of it for each connection, so it has
    none that cost something; the names of its methods are aiosmtpd's."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        _envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self._inbox.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        refusal = self._inbox.behaviour.refuses.get(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        behaviour = self._inbox.behaviour
        if behaviour.seconds:
            await asyncio.sleep(behaviour.seconds)
        if behaviour.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self._inbox.taken.append(envelope.content)
        if behaviour.hangs_up > 0:
            behaviour.hangs_up -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return behaviour.answer


def free_port() -> int:
    """A port of loopback nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serving(
    port: int | None = None, *, knows_utf8: bool = True
) -> Iterator[tuple[Inbox, config.MailServer]]:
    """A mail server that runs, and the settings to reach it."""
    inbox = Inbox()
    settings = settings_for(port or free_port())
    controller = Controller(
        _Handler(inbox), hostname="127.0.0.1", port=settings.port, enable_SMTPUTF8=knows_utf8
    )
    controller.start()
    try:
        yield inbox, settings
    finally:
        controller.stop()


def settings_for(port: int) -> config.MailServer:
    """The settings of a mail server at this port, whether or not it runs."""
    return config.MailServer(
        host="127.0.0.1",
        port=port,
        timeout_seconds=TIMEOUT_SECONDS,
        sender="Park <booking@park.example>",
    )
