"""How pages show a message: its text on the page, its HTML in a frame, in each language."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Response, request

from booking.core import i18n, web
from booking.core.i18n import OWN_NAMES
from booking.messages import mail
from booking.messages.letters import Catalogue, Key, Recipient
from booking.messages.mail import Composed


@dataclass(frozen=True)
class Shown:
    """The text of a message and the language it is in."""

    title: str
    lines: tuple[str, ...]
    html: str
    language: str
    direction: str


@dataclass(frozen=True)
class LanguageChoice:
    """One language to look at a message in; `lang` is the language its name is written in."""

    url: str
    label: str
    lang: str
    current: bool


def chosen_language() -> str | None:
    """The language that the address asks for; None where it names none, or none of ours."""
    wanted = request.args.get("language", "")
    return wanted if wanted in OWN_NAMES else None


def language_choices(endpoint: str, current: str | None, **values: object) -> list[LanguageChoice]:
    """The same page in each language."""
    return [
        LanguageChoice(web.path_of(endpoint, language=code, **values), name, code, code == current)
        for code, name in OWN_NAMES.items()
    ]


def shown_as(title: str, text: str, html: str, language: str) -> Shown:
    """A text that is there already."""
    with i18n.speaking(language):
        direction = "rtl" if i18n.is_right_to_left() else "ltr"
    return Shown(title, tuple(text.strip().split("\n")), html, language, direction)


def shown(composed: Composed) -> Shown:
    """A message that was just written."""
    return shown_as(composed.title, composed.text, composed.html, composed.language)


def sample(catalogue: Catalogue, key: Key, recipient: Recipient, language: str) -> Shown | None:
    """The message as it would look today in that language, without its secret."""
    composed = mail.compose_sample(catalogue, key, replace(recipient, language=language))
    return None if composed is None else shown(composed)


def page(body: str) -> Response:
    """A page that may hold the frame."""
    response = Response(body)
    response.headers["Content-Security-Policy"] = f"{web.CONTENT_POLICY}; frame-src 'self'"
    return response


def frame(html: str) -> Response:
    """The HTML of a message, which may do nothing but look: its one style sheet is allowed by its
    digest, and only our own page may frame it."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {mail.style_source()}; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    )
    return response
