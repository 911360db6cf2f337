"""The page about personal data, open to all; one's own data; making somebody anonymous."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import i18n, rate_limits, web
from booking.core.errors import LastOneError
from booking.core.i18n import _
from booking.core.permissions import Action, Actor
from booking.core.rate_limits import Limit
from booking.core.web import acts, current_actor
from booking.house import queries as house
from booking.people import viewings
from booking.privacy import archive, queries, service, texts

LATEST_VIEWERS = 50
DOWNLOADS = Limit("my_data", 20, timedelta(hours=1))

pages = Blueprint("privacy", __name__)


@pages.get("/privacy")
@acts(Action.ENTER)
def notice() -> ResponseReturnValue:
    """Which data, what for, who sees it, how long it is kept, and which rights there are."""
    settings = house.house()
    return render_template(
        "privacy/notice.html",
        page_title=_("Personal data"),
        controller=settings.controller,
        legal_notice=settings.legal_notice,
        data=texts.data(),
        recipients=texts.recipients(),
        retention=texts.retention(settings.retention),
        rights=texts.rights(),
    )


@pages.get("/profile/data")
@acts(Action.MANAGE_OWN_ACCOUNT)
def my_data() -> ResponseReturnValue:
    """What is held, who looked at it, and the ways to have it and to end it."""
    actor = current_actor()
    seen = viewings.viewers_of(actor.person_id, LATEST_VIEWERS)
    return render_template(
        "privacy/my_data.html",
        page_title=_("My data"),
        held=texts.data(),
        viewers=[texts.About(one.viewer, i18n.format_day(one.day)) for one in seen],
    )


@pages.get("/profile/data/download.json")
@acts(Action.MANAGE_OWN_ACCOUNT)
def as_json() -> ResponseReturnValue:
    """Everything in one file for programs and people."""
    return _file(archive.as_json(_data(current_actor())), "my-data.json", "application/json")


@pages.get("/profile/data/download.zip")
@acts(Action.MANAGE_OWN_ACCOUNT)
def as_zip() -> ResponseReturnValue:
    """Everything as tables."""
    return _file(archive.as_zip(_data(current_actor())), "my-data.zip", "application/zip")


@pages.route("/operator/people/<uuid:person_id>/anonymise", methods=["GET", "POST"])
@acts(Action.OPERATE)
def anonymise(person_id: UUID) -> ResponseReturnValue:
    """The same for somebody else, once the operator has confirmed it."""
    back = url_for("park.people.show", person_id=person_id)
    name = queries.name_of(current_actor(), str(person_id))
    if request.method == "POST":
        try:
            service.anonymise(current_actor(), str(person_id))
        except LastOneError:
            flash(_("This is the last operator. Make somebody else one first."), "bad")
            return redirect(back, 303)
        flash(_("The account is closed and its data is anonymous."), "ok")
        return redirect(url_for("park.people.index"), 303)
    return render_template(
        "privacy/anonymise.html", page_title=_("Make anonymous"), name=name, back_url=back
    )


def _data(actor: Actor) -> archive.Lists:
    rate_limits.take(DOWNLOADS, str(actor.person_id))
    return queries.my_data(actor)


def _file(content: bytes, name: str, mimetype: str) -> Response:
    return web.answer_file([content], name, mimetype)
