"""The page of what is held instead of a displaced reservation: side by side, with the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock, ids, web
from booking.core.errors import InvalidError, RefusedError
from booking.core.i18n import _
from booking.core.idempotency import Answer
from booking.core.permissions import Action, allows
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.replacements import queries, service, texts
from booking.replacements.queries import Links
from booking.reservations import texts as reservation_texts
from booking.reservations.queries import Details

blueprint = Blueprint("replacements", __name__, url_prefix="/replacements")


@dataclass(frozen=True)
class Announced:
    """What is held for the reader, and where to answer."""

    text: str
    url: str


def replacements_for_reader() -> list[Announced]:
    """What is held for the reader now; for pages of other features."""
    now = clock.now()
    return [
        Announced(
            texts.announced(case, case.open(now)),
            url_for("replacements.show", public_id=case.details.public_id),
        )
        for case in queries.mine(current_actor(), now)
    ]


def replacements_of(details: Details) -> Links:
    """What a reservation stands in for, and by what it was replaced; for its own page."""
    return queries.links_of(details.id, clock.now())


@blueprint.get("/<uuid:public_id>")
@acts(Action.SEE_RESERVATION)
def show(public_id: UUID) -> ResponseReturnValue:
    """What is held instead of this reservation, each with until when and a button that takes it."""
    return _page(str(public_id))


@blueprint.post("/<uuid:public_id>/take")
@acts(Action.BOOK)
def take(public_id: UUID) -> ResponseReturnValue:
    """Take one of them: the reservation, or the request."""
    actor = current_actor()
    chosen = request.form.get("replacement", "")
    try:
        made = web.once_for_form(
            actor,
            request.form.get("idempotency_key"),
            lambda: Answer(303, service.take(actor, str(public_id), chosen).public_id),
        )
    except RefusedError as refused:
        return _page(str(public_id), [describe(one) for one in refused.refusals]), 409
    except InvalidError:
        gone = _("Whoever it was for no longer belongs to the organisation.")
        return _page(str(public_id), [gone]), 409
    flash(_("It is yours. The other places are free again."), "ok")
    return redirect(url_for("reservations.show", public_id=made.location), 303)


@blueprint.post("/<uuid:public_id>/decline")
@acts(Action.BOOK)
def decline(public_id: UUID) -> ResponseReturnValue:
    """None of them: all are free again."""
    service.decline(current_actor(), str(public_id))
    flash(_("Thank you. All of these places are free again."), "ok")
    return redirect(url_for("reservations.show", public_id=public_id), 303)


def _page(public_id: str, refusals: Sequence[str] = ()) -> str:
    actor, now = current_actor(), clock.now()
    case = queries.case(actor, public_id)
    return render_template(
        "replacements/show.html",
        page_title=_("Held for you instead"),
        case=case,
        open=case.open(now),
        may_take=allows(actor, Action.BOOK) and allows(actor, Action.CHANGE, case.details),
        refusals=refusals,
        key=ids.new_public_id(),
        introduction=texts.introduction(case, now),
        texts=texts,
        reservation_texts=reservation_texts,
    )
