"""Lays a letter out as text and as HTML, and packs both into a mail."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from flask import current_app

from booking.core import clock, i18n, web
from booking.core.i18n import _
from booking.messages.letters import Catalogue, Key, Letter, Recipient, sample, write
from booking.messages.smtp import Envelope

STYLES = "messages/letter.css"


@dataclass(frozen=True)
class Composed:
    """A message as it looks, to the recipient and to the operator."""

    title: str
    text: str
    html: str
    language: str


def compose(
    catalogue: Catalogue, key: Key, recipient: Recipient, *, shows_secrets: bool = True
) -> Composed | None:
    """The message in the recipient's language; None when it is no longer true."""
    with i18n.speaking(recipient.language):
        return _composed(write(catalogue, key, recipient, shows_secrets=shows_secrets), recipient)


def compose_sample(catalogue: Catalogue, key: Key, recipient: Recipient) -> Composed | None:
    """What such a message looks like in that language; None when what it is about is gone."""
    with i18n.speaking(recipient.language):
        return _composed(sample(catalogue, key, recipient), recipient)


def _composed(letter: Letter | None, recipient: Recipient) -> Composed | None:
    if letter is None:
        return None
    return Composed(
        title=" ".join(letter.title.split()),
        text=_laid_out("messages/letter.txt", letter, recipient),
        html=_laid_out("messages/letter.html", letter, recipient),
        language=i18n.language(),
    )


def message_id(key: Key, domain: str) -> str:
    """The same for every copy of a message, and for no other message."""
    words = (
        key.kind.value,
        key.subject,
        str(key.version),
        str(key.recipient_id),
        str(int(key.due_at.timestamp())),
    )
    digest = hashlib.sha256("|".join(words).encode()).hexdigest()
    return f"<{digest[:40]}@{domain}>"


def envelope(composed: Composed, recipient: Recipient, identifier: str) -> Envelope:
    """The finished mail."""
    name, address = parseaddr(web.settings().mail.sender)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = composed.title
    mail["From"] = Address(_plain(name or web.park_name()), addr_spec=address)
    mail["To"] = _to(recipient)
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = identifier
    mail["Auto-Submitted"] = "auto-generated"
    # Neither form has lines that are too long for SMTP; base64 is the shorter one for Arabic.
    coding = "base64" if composed.language == "ar" else "quoted-printable"
    mail.set_content(composed.text, cte=coding)
    mail.add_alternative(composed.html, subtype="html", cte=coding)
    mail["Content-Language"] = composed.language  # earlier it would move into the first part
    return Envelope(address, recipient.email, mail)


def style_source() -> str:
    """What a content policy says to allow the style sheet inside the HTML, and nothing else."""
    sheet = current_app.jinja_env.get_template(STYLES).render()
    digest = hashlib.sha256(sheet.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _laid_out(template: str, letter: Letter, recipient: Recipient) -> str:
    # Not flask.render_template: what pages know comes from a request, and here is none.
    return (
        current_app.jinja_env.get_template(template)
        .render(
            letter=letter,
            greeting=_("Hello %(name)s,", name=recipient.name),
            park=web.park_name(),
            language=i18n.language(),
            direction="rtl" if i18n.is_right_to_left() else "ltr",
        )
        .strip()
        + "\n"
    )


def _to(recipient: Recipient) -> Address:
    local, _at, domain = recipient.email.rpartition("@")
    return Address(_plain(recipient.name), local, domain)


def _plain(name: str) -> str:
    """A name that cannot start another header."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())
