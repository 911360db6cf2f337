"""Giving a reservation to a colleague."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from booking.core.errors import InvalidError, RefusedError, StaleError
from booking.core.i18n import _
from booking.core.permissions import Action, Actor, require
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.people import queries as people
from booking.people import terms
from booking.reservations import queries, service, texts
from booking.reservations.forms import TransferForm
from booking.reservations.queries import Details
from booking.reservations.views.blueprint import pages
from booking.reservations.views.one import page_of


@pages.get("/reservations/<uuid:public_id>/transfer")
@acts(Action.CHANGE)
def choose_colleague(public_id: UUID) -> ResponseReturnValue:
    """To whom it shall go."""
    actor = current_actor()
    found = queries.details(actor, str(public_id))
    require(actor, Action.CHANGE, found)
    refusal = service.why_not_transferable(actor, found)
    if refusal is not None:
        return page_of(actor, found, (describe(refusal),)), 409
    return _page(actor, found, TransferForm(formdata=None, version=str(found.version)))


@pages.post("/reservations/<uuid:public_id>/transfer")
@acts(Action.CHANGE)
def transfer(public_id: UUID) -> ResponseReturnValue:
    """Give it to the colleague; whoever has it then may have passed it out of the giver's sight."""
    actor, form = current_actor(), TransferForm()
    found = queries.details(actor, str(public_id))
    require(actor, Action.CHANGE, found)
    try:
        to = form.chosen_person()
        service.transfer(actor, found.public_id, to=to, seen_version=form.seen_version())
    except InvalidError as error:
        form.show(error)
        return _page(actor, found, form), 422
    except StaleError:
        form.version.data = str(found.version)
        return _page(actor, found, form, is_stale=True), 409
    except RefusedError as refused:
        return page_of(actor, found, tuple(map(describe, refused.refusals))), 409
    taker = dict(_colleagues(actor, found)).get(to, found.person.name)
    flash(_("The reservation now is %(name)s’s. You are both told.", name=taker), "ok")
    return redirect(url_for("reservations.mine"), 303)


def _colleagues(actor: Actor, found: Details) -> list[tuple[str, str]]:
    """Everybody else in the organisation it is for; of one that is for none, in the actor's own."""
    organisations = (
        actor.organisation_ids if found.organisation_id is None else {found.organisation_id}
    )
    return [
        (one.public_id, one.name)
        for one in people.members_of(organisations, terms.today())
        if one.person_id != found.person_id
    ]


def _page(actor: Actor, found: Details, form: TransferForm, *, is_stale: bool = False) -> str:
    form.person.choices = _colleagues(actor, found)
    return render_template(
        "reservations/transfer.html",
        page_title=_("Transfer to a colleague"),
        found=found,
        form=form,
        is_stale=is_stale,
        texts=texts,
    )
