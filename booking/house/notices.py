"""The message that tries the mail server."""

from __future__ import annotations

from booking.core import web
from booking.core.i18n import _
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section


def _server(_key: Key) -> str:
    """Where the mail is handed over; empty where it is kept."""
    mail = web.settings().mail
    return f"{mail.host}:{mail.port}" if mail.host else ""


def _always(_key: Key, _server: str) -> bool:
    """A test is as true later as it was at first."""
    return True


def _letter(server: str, recipient: Recipient) -> Letter:
    lines = (Line(_("Mail server"), server),) if server else ()
    return Letter(
        title=_("Test: mail from %(park)s goes out", park=web.park_name()),
        opening=_("You asked for this test. That you read it means that mail goes out."),
        sections=(Section((*lines, Line(_("To"), recipient.email))),),
        links=(Link(_("Back to the settings"), web.public_url("park.settings.show")),),
    )


TEST = MessageType(_server, _always, _letter)
