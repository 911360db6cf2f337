"""Whether colleagues see where one is today: agreed on the profile or at the organisation."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import web
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.people import organisations
from booking.people.views import browsers

pages = Blueprint("presence", __name__, url_prefix="/profile")
pages.before_request(browsers.only_browsers)


@pages.post("/presence")
@acts(Action.MANAGE_OWN_ACCOUNT)
def choose() -> ResponseReturnValue:
    """Agree, or take it back."""
    shows = request.form.get("shows") == "1"
    organisations.show_presence(current_actor(), shows)
    if shows:
        flash(_("Your colleagues now see where you are today."), "ok")
    else:
        flash(_("Your colleagues no longer see where you are."), "ok")
    fallback = url_for("profile.show")
    return browsers.redirected(web.local_target(request.form.get("next"), fallback))
