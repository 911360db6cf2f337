"""The page of the search field, which a phone opens and a wide screen reaches from its top bar."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core.permissions import Action, allows
from booking.core.web import acts, current_actor
from booking.reservations import texts
from booking.search.queries import LONGEST, search

MOST = 10

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
@acts(Action.SEARCH)
def show() -> ResponseReturnValue:
    """What was found; the reference of a reservation leads straight to it."""
    text = request.args.get("q", "")
    actor = current_actor()
    found = search(actor, text, most=MOST)
    if found.reservation is not None:
        return redirect(url_for("reservations.show", public_id=found.reservation.public_id))
    return render_template(
        "search/show.html",
        text=text,
        found=found,
        texts=texts,
        longest=LONGEST,
        sees_people=allows(actor, Action.SEE_PEOPLE),
        runs_the_park=allows(actor, Action.OPERATE),
    )
