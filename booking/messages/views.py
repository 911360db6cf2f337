"""The operator's pages about messages: the list, and one of them as it would look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from booking.core import i18n, web, zones
from booking.core.errors import NotFoundError
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts
from booking.messages import letters, mail, preview, queries, texts
from booking.messages.letters import Catalogue, Recipient
from booking.messages.models import MessageState
from booking.messages.preview import Shown
from booking.messages.queries import Entry

PAGE_SIZE = 50
LAST_PAGE = 100_000
LARGEST_ID = 2**31 - 1
PREVIEWED = (MessageState.PLANNED, MessageState.SENDING)
Tone = Literal["neutral", "good", "warn", "bad"]
TONES: dict[MessageState, tuple[Tone, str]] = {
    MessageState.PLANNED: ("neutral", "clock"),
    MessageState.SENDING: ("neutral", "send"),
    MessageState.SENT: ("good", "mail-check"),
    MessageState.KEPT: ("good", "archive"),
    MessageState.WITHDRAWN: ("neutral", "undo-2"),
    MessageState.REFUSED: ("bad", "circle-alert"),
}

blueprint = Blueprint("operator", __name__, url_prefix="/operator")


@dataclass(frozen=True)
class Row:
    """A message in words."""

    url: str
    kind: str
    title: str
    recipient: str
    due: str
    state: str
    tone: Tone
    icon: str
    settled: str
    attempts: int
    next_try: str
    last_error: str
    message_id: str
    try_again_url: str  # empty where there is no reason to


@dataclass(frozen=True)
class Choice:
    """One state to filter by."""

    value: str
    label: str
    url: str
    current: bool


@blueprint.get("/messages")
@acts(Action.OPERATE)
def messages() -> ResponseReturnValue:
    """Messages around the present: what was due last first, then what is planned."""
    state = _state()
    page = _page()
    entries, counts = queries.listed(state, page=page, page_size=PAGE_SIZE)
    recipients = _catalogue().recipients([entry.key.recipient_id for entry in entries])
    total = sum(counts.values()) if state is None else counts.get(state, 0)
    return render_template(
        "operator/messages.html",
        page_title=_("Messages"),
        rows=[_row(entry, recipients.get(entry.key.recipient_id)) for entry in entries],
        choices=_choices(state, counts),
        newer_url=_list_url(state, page - 1) if page > 1 else None,
        older_url=_list_url(state, page + 1) if page * PAGE_SIZE < total else None,
        is_filtered=state is not None,
        all_url=_list_url(None),
    )


@blueprint.get("/messages/<int:message_id>")
@acts(Action.OPERATE)
def message(message_id: int) -> ResponseReturnValue:
    """One message as it looks: its text on the page, its HTML in a frame of its own; in the
    recipient's language, or as it would look today in another."""
    entry = _entry(message_id)
    recipient = _recipient(entry)
    language = preview.chosen_language()
    shown = _shown(entry, recipient, language)
    asked = {} if language is None else {"language": language}
    return preview.page(
        render_template(
            "operator/message.html",
            page_title=texts.kind_in_words(entry.key.kind),
            row=_row(entry, recipient),
            explanation=texts.explanation(entry.state, hands_over=_hands_over(entry)),
            shown=shown,
            is_as_of_today=_is_other(language, recipient),
            languages_to_see=preview.language_choices(
                "operator.message",
                language or (shown.language if shown else None),
                message_id=message_id,
            ),
            html_url=web.path_of("operator.message_html", message_id=message_id, **asked),
            list_url=_list_url(None),
        )
    )


@blueprint.get("/messages/<int:message_id>/html")
@acts(Action.OPERATE)
def message_html(message_id: int) -> ResponseReturnValue:
    """The HTML of a message for the frame."""
    entry = _entry(message_id)
    shown = _shown(entry, _recipient(entry), preview.chosen_language())
    if shown is None:
        raise NotFoundError
    return preview.frame(shown.html)


def _catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["work"].catalogue
    return found


def _state() -> MessageState | None:
    wanted = request.args.get("state", "")
    return MessageState(wanted) if wanted in set(MessageState) else None


def _page() -> int:
    text = request.args.get("page", "1")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(LAST_PAGE))
    return max(1, min(int(text), LAST_PAGE)) if is_number else 1


def _entry(message_id: int) -> Entry:
    found = queries.entry(message_id) if message_id <= LARGEST_ID else None
    if found is None:
        raise NotFoundError
    return found


def _recipient(entry: Entry) -> Recipient | None:
    person_id = entry.key.recipient_id
    return _catalogue().recipients([person_id]).get(person_id)


def _is_other(language: str | None, recipient: Recipient | None) -> bool:
    return language is not None and (recipient is None or language != recipient.language)


def _shown(entry: Entry, recipient: Recipient | None, language: str | None) -> Shown | None:
    """In another language what it would be today; in the recipient's what was kept, or what would
    be sent now. None where there is nothing to show."""
    if language is not None and recipient is not None and _is_other(language, recipient):
        return preview.sample(_catalogue(), entry.key, recipient, language)
    return _shown_to(entry, recipient)


def _shown_to(entry: Entry, recipient: Recipient | None) -> Shown | None:
    """What was kept, or what would be sent now; None where there is nothing to show.

    A secret is shown to nobody but the recipient. Where no mail server is set somebody has to hand
    it over: then, and only as long as it would work, the operator reads it here.
    """
    language = recipient.language if recipient else web.settings().default_language
    hands_over = _hands_over(entry)
    composed = None
    if recipient is not None and (entry.state in PREVIEWED or hands_over):
        composed = mail.compose(_catalogue(), entry.key, recipient, shows_secrets=hands_over)
    if composed is not None:
        return preview.shown(composed)
    kept = queries.kept(entry.id)
    return None if kept is None else preview.shown_as(kept.title, kept.text, kept.html, language)


def _hands_over(entry: Entry) -> bool:
    """Whether the operator takes the place of the mail server."""
    is_kept = not web.settings().mail.host and entry.state is MessageState.KEPT
    return is_kept and letters.carries_a_secret(_catalogue(), entry.key.kind)


def _row(entry: Entry, recipient: Recipient | None) -> Row:
    tone, icon = TONES[entry.state]
    waits = entry.state in PREVIEWED and entry.attempts > 0
    return Row(
        url=web.path_of("operator.message", message_id=entry.id),
        kind=texts.kind_in_words(entry.key.kind),
        title=entry.title or "",
        recipient=recipient.name if recipient else _("Account closed"),
        due=_moment(entry.key.due_at),
        state=texts.state_in_words(entry.state),
        tone=tone,
        icon=icon,
        settled=_moment(entry.settled_at),
        attempts=entry.attempts,
        next_try=_moment(entry.next_try_at) if waits else "",
        last_error=entry.last_error or "",
        message_id=entry.message_id or "",
        try_again_url=web.path_of("park.retrying.message", message_id=entry.id)
        if entry.state is MessageState.REFUSED
        or (entry.state is MessageState.PLANNED and entry.attempts > 0)
        else "",
    )


def _moment(instant: datetime | None) -> str:
    if instant is None:
        return ""
    local = zones.to_local(instant, zones.zone(web.settings().site_zone))
    return f"{i18n.format_short_day(local)} {i18n.format_clock(local)}"


def _choices(state: MessageState | None, counts: Mapping[MessageState, int]) -> list[Choice]:
    every = Choice(
        "", _("All (%(number)s)", number=sum(counts.values())), _list_url(None), not state
    )
    return [every] + [
        Choice(
            one.value,
            _(
                "%(state)s (%(number)s)",
                state=texts.state_in_words(one),
                number=counts.get(one, 0),
            ),
            _list_url(one),
            one is state,
        )
        for one in MessageState
        if counts.get(one) or one is state
    ]


def _list_url(state: MessageState | None, page: int = 1) -> str:
    values: dict[str, object] = {}
    if state is not None:
        values["state"] = state.value
    if page > 1:
        values["page"] = page
    return web.path_of("operator.messages", **values)
