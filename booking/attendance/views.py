"""Confirming presence from any page that shows a reservation, taking that back, being late."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking.attendance import service
from booking.core import web
from booking.core.errors import RefusedError
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.reservations.models import CheckInWay
from booking.reservations.service import Outcome

blueprint = Blueprint("attendance", __name__)


@blueprint.post("/reservations/<uuid:public_id>/check-in")
@acts(Action.CHECK_IN)
def check_in(public_id: UUID) -> ResponseReturnValue:
    """One tap; back to where it was tapped, with a way to take it back."""
    actor = current_actor()
    page = url_for("reservations.show", public_id=public_id)
    way = CheckInWay.CODE if request.form.get("way") == "code" else CheckInWay.PAGE
    return _act(
        page,
        lambda: service.check_in(actor, str(public_id), way),
        {
            "text": _("Your presence is confirmed. The place stays yours."),
            "links": [{"label": _("See this reservation"), "url": page}],
        },
    )


@blueprint.post("/reservations/<uuid:public_id>/late")
@acts(Action.CHECK_IN)
def late(public_id: UUID) -> ResponseReturnValue:
    """Somebody is on the way: the place is kept once more."""
    actor = current_actor()
    return _act(
        url_for("reservations.show", public_id=public_id),
        lambda: service.announce_late(actor, str(public_id)),
        _("The place is kept longer. Confirm your presence when you are there."),
    )


@blueprint.post("/reservations/<uuid:public_id>/check-in/undo")
@acts(Action.CHECK_IN)
def undo(public_id: UUID) -> ResponseReturnValue:
    """It was a slip."""
    actor = current_actor()
    return _act(
        url_for("reservations.show", public_id=public_id),
        lambda: service.undo_check_in(actor, str(public_id)),
        _("Your presence is no longer confirmed."),
    )


def _act(page: str, act: Callable[[], Outcome], done: object) -> ResponseReturnValue:
    """Do it, or say why not, on the page from which it was asked."""
    try:
        act()
    except RefusedError as refused:
        for refusal in refused.refusals:
            flash(describe(refusal), "bad")
    else:
        flash(done, "ok")  # type: ignore[arg-type]  # a text, or a text with links
    return redirect(web.local_target(request.form.get("next"), page), 303)
