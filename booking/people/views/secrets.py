"""Calendar addresses and API tokens on the profile.

A new secret is shown once, in the answer to the POST that made it: after a redirect it would have
to travel in an address, which histories and logs keep, or in the flash cookie, which is signed but
not encrypted. Reloading that answer posts again; its idempotency key then makes nothing new.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import ids, web
from booking.core.errors import InvalidError, NotFoundError
from booking.core.i18n import _
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Scope
from booking.core.web import acts, current_actor
from booking.people import feeds, tokens
from booking.people.forms import FeedForm, TokenForm
from booking.people.models import FeedDetail
from booking.people.tokens import useful_scopes
from booking.people.views import browsers

FEEDS, TOKENS = "feeds", "tokens"  # the places on the profile

pages = Blueprint("secrets", __name__, url_prefix="/profile")
pages.before_request(browsers.only_browsers)


@pages.get("/feeds")
@acts(Action.MANAGE_OWN_ACCOUNT)
def new_feed() -> ResponseReturnValue:
    """The form for a new calendar address."""
    form = FeedForm(formdata=None, name=_("My calendar"), language=current_actor().language)
    return _feed_form_page(form)


@pages.post("/feeds")
@acts(Action.MANAGE_OWN_ACCOUNT)
def make_feed() -> ResponseReturnValue:
    """Make a calendar address and show it, once."""
    form = FeedForm()
    if not form.validate():
        return _feed_form_page(form), 422

    def make() -> str:
        return feeds.make_feed(
            current_actor(),
            name=form.name.data or "",
            detail=FeedDetail(form.detail.data),
            language=form.language.data,
        )[1]

    try:
        secret = _made_once(make, FEEDS)
    except InvalidError as error:
        form.show(error)
        return _feed_form_page(form), 422
    return _feed_page(secret) if secret else _shown_already(FEEDS)


@pages.get("/feeds/<uuid:public_id>/rotate")
@acts(Action.MANAGE_OWN_ACCOUNT)
def ask_rotate_feed(public_id: UUID) -> ResponseReturnValue:
    """Are you sure?"""
    return render_template(
        "people/rotate_feed.html",
        page_title=_("Replace the calendar address"),
        name=_own_feed(public_id).name,
        key=ids.new_public_id(),
        public_id=public_id,
    )


@pages.post("/feeds/<uuid:public_id>/rotate")
@acts(Action.MANAGE_OWN_ACCOUNT)
def rotate_feed(public_id: UUID) -> ResponseReturnValue:
    """Give a calendar address a new secret and show it, once."""
    secret = _made_once(lambda: feeds.rotate_feed(current_actor(), str(public_id))[1], FEEDS)
    return _feed_page(secret) if secret else _shown_already(FEEDS)


@pages.get("/feeds/<uuid:public_id>/revoke")
@acts(Action.MANAGE_OWN_ACCOUNT)
def ask_revoke_feed(public_id: UUID) -> ResponseReturnValue:
    """Are you sure?"""
    return render_template(
        "people/revoke_feed.html",
        page_title=_("Delete the calendar address"),
        name=_own_feed(public_id).name,
        public_id=public_id,
    )


@pages.post("/feeds/<uuid:public_id>/revoke")
@acts(Action.MANAGE_OWN_ACCOUNT)
def revoke_feed(public_id: UUID) -> ResponseReturnValue:
    """End a calendar address."""
    feeds.revoke_feed(current_actor(), str(public_id))
    flash(_("The calendar address no longer works."), "ok")
    return redirect(url_for("profile.show", _anchor=FEEDS), 303)


@pages.get("/tokens")
@acts(Action.MANAGE_OWN_ACCOUNT)
def new_token() -> ResponseReturnValue:
    """The form for a new API token."""
    form = TokenForm(formdata=None, scopes=[Scope.READ.value])
    return _token_form_page(form.offer(useful_scopes(current_actor())))


@pages.post("/tokens")
@acts(Action.MANAGE_OWN_ACCOUNT)
def make_token() -> ResponseReturnValue:
    """Make an API token and show it, once."""
    form = TokenForm().offer(useful_scopes(current_actor()))
    if not form.validate():
        return _token_form_page(form), 422

    def make() -> str:
        scopes = [Scope(word) for word in form.scopes.data or ()]
        return tokens.make_token(current_actor(), name=form.name.data or "", scopes=scopes)[1]

    try:
        secret = _made_once(make, TOKENS)
    except InvalidError as error:
        form.show(error)
        return _token_form_page(form), 422
    if not secret:
        return _shown_already(TOKENS)
    return render_template(
        "people/token_made.html", page_title=_("Your new API token"), secret=secret
    )


@pages.get("/tokens/<uuid:public_id>/revoke")
@acts(Action.MANAGE_OWN_ACCOUNT)
def ask_revoke_token(public_id: UUID) -> ResponseReturnValue:
    """Are you sure?"""
    names = {token.public_id: token.name for token in tokens.tokens_of(current_actor())}
    if str(public_id) not in names:
        raise NotFoundError
    return render_template(
        "people/revoke_token.html",
        page_title=_("Delete the API token"),
        name=names[str(public_id)],
        public_id=public_id,
    )


@pages.post("/tokens/<uuid:public_id>/revoke")
@acts(Action.MANAGE_OWN_ACCOUNT)
def revoke_token(public_id: UUID) -> ResponseReturnValue:
    """End an API token."""
    tokens.revoke_token(current_actor(), str(public_id))
    flash(_("The API token no longer works."), "ok")
    return redirect(url_for("profile.show", _anchor=TOKENS), 303)


def _made_once(make: Callable[[], str], place: str) -> str | None:
    """The new secret; None when this very form had been sent before."""
    made: list[str] = []

    def act() -> Answer:
        made[:] = [make()]  # the whole list: a deadlock runs the transaction again
        return Answer(200, url_for("profile.show", _anchor=place))

    web.once_for_form(current_actor(), request.form.get("idempotency_key"), act)
    return made[0] if made else None


def _shown_already(place: str) -> ResponseReturnValue:
    flash(
        _(
            "This was made already, and its secret is shown only once."
            " If you have not copied it, make another one."
        ),
        "warn",
    )
    return redirect(url_for("profile.show", _anchor=place), 303)


def _own_feed(public_id: UUID) -> feeds.Feed:
    for feed in feeds.feeds_of(current_actor()):
        if feed.public_id == str(public_id):
            return feed
    raise NotFoundError


def _feed_form_page(form: FeedForm) -> str:
    return render_template(
        "people/new_feed.html",
        page_title=_("New calendar address"),
        form=form,
        key=ids.new_public_id(),
    )


def _token_form_page(form: TokenForm) -> str:
    return render_template(
        "people/new_token.html", page_title=_("New API token"), form=form, key=ids.new_public_id()
    )


def _feed_page(secret: str) -> str:
    address = web.public_url("feeds.fetch", secret=secret)
    return render_template(
        "people/feed_made.html",
        page_title=_("Your calendar address"),
        address=address,
        webcal=urlsplit(address)._replace(scheme="webcal").geturl(),
        qr=segno.make(address, micro=False).svg_data_uri(
            scale=4, border=4, dark="#1e1b29", light="#ffffff"
        ),
    )
