"""The operator's page of samples: what each kind of message looks like in each language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from booking.core import clock, i18n, web
from booking.core.errors import NotFoundError
from booking.core.i18n import _
from booking.core.permissions import Action, Actor
from booking.core.web import acts, current_actor
from booking.messages import preview, texts
from booking.messages import queries as messages
from booking.messages.letters import Catalogue, Key, Recipient
from booking.messages.models import MessageKind
from booking.messages.preview import Shown
from booking.reservations import queries as reservations
from booking.reservations.models import State

# Which reservation can stand for one that such a message would be about.
STANDS_FOR = {
    MessageKind.REQUESTED: State.PENDING,
    MessageKind.CONFIRMED: State.CONFIRMED,
    MessageKind.CHANGED: State.CONFIRMED,
    MessageKind.DECLINED: State.DECLINED,
    MessageKind.CANCELLED: State.CANCELLED,
    MessageKind.EXPIRED: State.EXPIRED,
    MessageKind.REMINDER: State.CONFIRMED,
    MessageKind.APPROVAL_LATE: State.PENDING,
}
MOST_TRIED = 5

blueprint = Blueprint("samples", __name__, url_prefix="/samples")


@dataclass(frozen=True)
class Line:
    """A kind of message in words."""

    url: str
    label: str
    occasion: str


@blueprint.get("")
@acts(Action.OPERATE)
def index() -> ResponseReturnValue:
    """Every kind of message, and when it is sent."""
    return render_template(
        "park/samples.html",
        page_title=_("What messages look like"),
        lines=[
            Line(
                web.path_of("park.samples.show", kind=kind.value),
                texts.kind_in_words(kind),
                texts.occasion(kind),
            )
            for kind in _catalogue().types
        ],
    )


@blueprint.get("/<kind>")
@acts(Action.OPERATE)
def show(kind: str) -> ResponseReturnValue:
    """One kind, as text and in a frame, made from something that has really happened."""
    wanted = _kind(kind)
    language = _language()
    return preview.page(
        render_template(
            "park/sample.html",
            page_title=texts.kind_in_words(wanted),
            occasion=texts.occasion(wanted),
            shown=_sample(wanted, language),
            languages_to_see=preview.language_choices("park.samples.show", language, kind=kind),
            html_url=web.path_of("park.samples.html", kind=kind, language=language),
            list_url=web.path_of("park.samples.index"),
        )
    )


@blueprint.get("/<kind>/html")
@acts(Action.OPERATE)
def html(kind: str) -> ResponseReturnValue:
    """The HTML of the sample for the frame."""
    found = _sample(_kind(kind), _language())
    if found is None:
        raise NotFoundError
    return preview.frame(found.html)


def _kind(text: str) -> MessageKind:
    """A kind that the program sends."""
    if text not in set(MessageKind) or MessageKind(text) not in _catalogue().types:
        raise NotFoundError
    return MessageKind(text)


def _language() -> str:
    return preview.chosen_language() or i18n.language()


def _sample(kind: MessageKind, language: str) -> Shown | None:
    """The first of these that there is still something to tell about, as if it were for the
    operator; None in a park where nothing of the kind has happened."""
    catalogue, actor = _catalogue(), current_actor()
    recipient = Recipient(actor.person_id, actor.name, actor.email, language)
    for key in _keys(kind, actor):
        found = preview.sample(catalogue, key, recipient, language)
        if found is not None:
            return found
    return None


def _keys(kind: MessageKind, actor: Actor) -> Iterator[Key]:
    yield from messages.latest_keys(kind, MOST_TRIED)
    if kind is MessageKind.GROUPED:
        group = reservations.latest_group()
        if group is not None:
            yield Key(kind, group, 1, actor.person_id, clock.now())
    if kind is MessageKind.SERIES:
        series = reservations.latest_series()
        if series is not None:
            yield Key(kind, series, 1, actor.person_id, clock.now())
    state = STANDS_FOR.get(kind)
    found = reservations.latest_in(state) if state is not None else None
    if found is not None:
        public_id, version = found
        yield Key(kind, public_id, version, actor.person_id, clock.now())


def _catalogue() -> Catalogue:
    found: Catalogue = current_app.extensions["work"].catalogue
    return found
