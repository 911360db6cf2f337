"""The profile: account, language, password, sessions; secrets have a module of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock, i18n, web, zones
from booking.core.errors import InvalidError
from booking.core.i18n import _, ngettext
from booking.core.permissions import Action, allows
from booking.core.web import acts, current_actor
from booking.people import (
    deputies,
    feeds,
    organisations,
    passwords,
    service,
    sessions,
    texts,
    tokens,
)
from booking.people.forms import ChangePasswordForm, LanguageForm
from booking.people.views import browsers

LARGEST_ID = 2**31 - 1

pages = Blueprint("profile", __name__, url_prefix="/profile")
pages.before_request(browsers.only_browsers)


@dataclass(frozen=True)
class Row:
    """A session, a calendar address or a token in words."""

    key: str
    title: str
    details: tuple[str, ...]
    is_this_one: bool = False


@pages.get("")
@acts(Action.MANAGE_OWN_ACCOUNT)
def show() -> ResponseReturnValue:
    """Everything about the account on one page."""
    return _page(LanguageForm(formdata=None, language=current_actor().language))


@pages.post("/language")
@acts(Action.MANAGE_OWN_ACCOUNT)
def language() -> ResponseReturnValue:
    """Store the person's language, for pages and mails; this browser follows it too."""
    form = LanguageForm()
    if not form.validate():
        return _page(form), 422
    service.change_language(current_actor(), form.language.data)
    browsers.follow_the_person()
    with i18n.speaking(form.language.data):
        flash(_("Your language is saved."), "ok")
    return redirect(url_for("profile.show"), 303)


@pages.get("/password")
@acts(Action.MANAGE_OWN_ACCOUNT)
def password() -> ResponseReturnValue:
    """The form for a new password."""
    return _password_page(ChangePasswordForm(formdata=None))


@pages.post("/password")
@acts(Action.MANAGE_OWN_ACCOUNT)
def change_password() -> ResponseReturnValue:
    """Replace the password; every other browser is signed out."""
    form = ChangePasswordForm()
    if not form.validate():
        return _password_page(form), 422
    try:
        begun = service.change_password(
            current_actor(),
            current=form.current.data or "",
            new=form.password.data or "",
            device=browsers.present_device(),
            own_words=(web.settings().site_name,),
        )
    except InvalidError as error:
        form.show(error)
        return _password_page(form), 422
    flash(_("Your password is changed. Every other browser has been signed out."), "ok")
    return browsers.hand_over(browsers.redirected(url_for("profile.show")), begun)


@pages.post(f"/sessions/<int(max={LARGEST_ID}):session_id>/end")
@acts(Action.MANAGE_OWN_ACCOUNT)
def end_session(session_id: int) -> ResponseReturnValue:
    """Sign one browser out."""
    sessions.end_one(current_actor(), session_id)
    flash(_("That browser is signed out."), "ok")
    return redirect(url_for("profile.show", _anchor="sessions"), 303)


@pages.post("/sessions/end-others")
@acts(Action.MANAGE_OWN_ACCOUNT)
def end_other_sessions() -> ResponseReturnValue:
    """Sign every browser out but this one."""
    count = sessions.end_others(current_actor(), browsers.present_session_id())
    said = ngettext("%(num)s browser is signed out.", "%(num)s browsers are signed out.", count)
    flash(said, "ok")
    return redirect(url_for("profile.show", _anchor="sessions"), 303)


def _page(form: LanguageForm) -> str:
    return render_template(
        "people/profile.html",
        page_title=_("Profile"),
        actor=current_actor(),
        form=form,
        has_deputies=_has_deputies(),
        sessions=_session_rows(),
        feeds=_feed_rows(),
        tokens=_token_rows(),
        shows_presence=organisations.shows_presence(current_actor()),
    )


def _has_deputies() -> bool:
    """Whether the page of deputies would say or offer something."""
    actor = current_actor()
    sees = any(allows(actor, one) for one in (Action.NAME_DEPUTY, Action.SEE_EVERY_DEPUTY))
    return sees or bool(deputies.absences_seen_by(actor))


def _password_page(form: ChangePasswordForm) -> str:
    return render_template(
        "people/password.html",
        page_title=_("Change the password"),
        form=form,
        shortest=passwords.SHORTEST,
    )


def _session_rows() -> list[Row]:
    return [
        Row(
            key=str(seen.id),
            title=seen.device or _("Unknown browser"),
            details=(
                _("Signed in: %(day)s", day=_day(seen.created_at)),
                _("Last seen: %(moment)s", moment=_ago(seen.last_seen_at)),
            ),
            is_this_one=seen.is_this_one,
        )
        for seen in sessions.running(current_actor(), browsers.present_session_id())
    ]


def _feed_rows() -> list[Row]:
    return [
        Row(
            key=feed.public_id,
            title=feed.name,
            details=(
                str(texts.DETAILS[feed.detail]),
                _("Made: %(day)s", day=_day(feed.created_at)),
                _("Last fetched: %(moment)s", moment=_ago(feed.last_fetched_at))
                if feed.last_fetched_at
                else _("Not fetched yet"),
            ),
        )
        for feed in feeds.feeds_of(current_actor())
    ]


def _token_rows() -> list[Row]:
    return [
        Row(
            key=token.public_id,
            title=token.name,
            details=(
                *(str(texts.SCOPES[scope]) for scope in token.scopes),
                _("Made: %(day)s", day=_day(token.created_at)),
                _("Last used: %(moment)s", moment=_ago(token.last_used_at))
                if token.last_used_at
                else _("Not used yet"),
            ),
        )
        for token in tokens.tokens_of(current_actor())
    ]


def _day(instant: datetime) -> str:
    return i18n.format_day(zones.to_local(instant, zones.zone(web.settings().site_zone)))


def _ago(instant: datetime) -> str:
    now = clock.now()
    if (now - instant).total_seconds() < 60:
        return _("just now")
    return i18n.format_ago(instant, now)
