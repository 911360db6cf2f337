"""Handing mail over to the mail server, one connection for many messages."""

from __future__ import annotations

import smtplib
import ssl
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from enum import Enum
from types import TracebackType
from typing import Self

from config import MailServer

SHORTEST_WAIT = 0.1
GOODBYE_SECONDS = 2.0


class Fate(Enum):
    """What became of a message that was handed over."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # for good, for this recipient
    LATER = "later"  # the server could not just then
    UNREACHABLE = "unreachable"  # nobody to talk to: the others need not be tried now


@dataclass(frozen=True)
class Answer:
    """The fate of one message, and the server's own words where it was not accepted."""

    fate: Fate
    words: str = ""


@dataclass(frozen=True)
class Envelope:
    """A finished mail and where it goes."""

    sender: str
    recipient: str
    mail: EmailMessage


class Connection:
    """A connection that opens when it is needed, and again after it was lost.

    Handing over one message, from MAIL to the answer after the text, takes no longer than the
    server's time-out: a lease can be made longer than that.
    """

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> Answer | None:
        """Be connected; an answer only when that fails."""
        if self._smtp is not None:
            return None
        try:
            self._smtp = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            return Answer(Fate.UNREACHABLE, _words(error))
        return None

    def send(self, envelope: Envelope) -> Answer:
        """Hand over one message."""
        trouble = self.open()
        if trouble is not None:
            return trouble
        assert self._smtp is not None
        try:
            answer = _converse(self._smtp, envelope, self._server.timeout_seconds)
        except (OSError, smtplib.SMTPException) as error:
            # Also after the whole text was sent: whether the server took it nobody knows. It is
            # sent again under the same Message-ID, so that it can be recognised as a copy.
            self._drop()
            return Answer(Fate.LATER, _words(error))
        if answer.fate is not Fate.ACCEPTED:
            self._reset()
        return answer

    def close(self) -> None:
        """Say goodbye; a server that does not answer is left alone."""
        if self._smtp is not None:
            _allow(self._smtp, GOODBYE_SECONDS)
            try:
                self._smtp.quit()
            except (OSError, smtplib.SMTPException):
                self._smtp.close()
            self._smtp = None

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)
        try:
            if server.starttls:
                smtp.starttls(context=ssl.create_default_context())
            if server.user:
                smtp.login(server.user, server.password)
            else:
                smtp.ehlo_or_helo_if_needed()
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _reset(self) -> None:
        """Make the connection fit for the next message, or give it up."""
        if self._smtp is None:
            return
        _allow(self._smtp, GOODBYE_SECONDS)
        try:
            if self._smtp.rset()[0] != 250:
                self._drop()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


def _converse(smtp: smtplib.SMTP, envelope: Envelope, seconds: int) -> Answer:
    ends = time.monotonic() + seconds
    recipient, options, refusal = _addressed(smtp, envelope.recipient)
    if refusal is not None:
        return refusal
    _allow(smtp, ends - time.monotonic())
    code, words = smtp.mail(envelope.sender, options)
    if code != 250:  # our own address or rights: no fault of this recipient
        return Answer(Fate.LATER, _said(code, words))
    _allow(smtp, ends - time.monotonic())
    code, words = smtp.rcpt(recipient)
    if code not in (250, 251):
        return _turned_down(code, words)
    _allow(smtp, ends - time.monotonic())
    try:
        policy = SMTPUTF8 if options else SMTP
        code, words = smtp.data(envelope.mail.as_bytes(policy=policy))
    except smtplib.SMTPDataError as error:
        code, words = error.smtp_code, _as_bytes(error.smtp_error)
    return Answer(Fate.ACCEPTED) if code == 250 else _turned_down(code, words)


def _addressed(smtp: smtplib.SMTP, address: str) -> tuple[str, list[str], Answer | None]:
    """The recipient as this server understands it: a name beyond ASCII needs its consent."""
    if address.isascii():
        return address, [], None
    if smtp.has_extn("smtputf8"):
        smtp.command_encoding = "utf-8"
        return address, ["SMTPUTF8"], None
    local, _, domain = address.rpartition("@")
    if local.isascii():
        return f"{local}@{domain.encode('idna').decode('ascii')}", [], None
    return address, [], Answer(Fate.REFUSED, "The mail server does not know SMTPUTF8.")


def _allow(smtp: smtplib.SMTP, seconds: float) -> None:
    """How long the next answer may take."""
    if smtp.sock is not None:
        smtp.sock.settimeout(max(SHORTEST_WAIT, seconds))


def _turned_down(code: int, words: bytes) -> Answer:
    if code == -1:
        raise smtplib.SMTPServerDisconnected(_said(code, words))
    fate = Fate.REFUSED if 500 <= code < 600 else Fate.LATER
    return Answer(fate, _said(code, words))


def _said(code: int, words: bytes) -> str:
    return f"{code} {words.decode('utf-8', 'replace')}".strip()


def _as_bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode()


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
