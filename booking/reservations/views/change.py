"""Changing a reservation, giving it back, and taking back the wish for a change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock
from booking.core.errors import InvalidError, NotFoundError, RefusedError, StaleError
from booking.core.i18n import _
from booking.core.permissions import Action, Actor, require
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.policies.facts import Place
from booking.reservations import (
    alternatives,
    availability,
    history,
    place_facts,
    queries,
    service,
    texts,
    time_panel,
)
from booking.reservations.availability import Availability, Own, Stretch
from booking.reservations.forms import (
    CancelForm,
    ChangeForm,
    day_from,
    moment_from,
    values_of,
    written,
)
from booking.reservations.models import State
from booking.reservations.queries import Details
from booking.reservations.service import Outcome
from booking.reservations.views.blueprint import pages
from booking.reservations.views.offers import Offer, offers
from booking.reservations.views.one import page_of, possible


@pages.get("/reservations/<uuid:public_id>/edit")
@acts(Action.CHANGE)
def edit(public_id: UUID) -> ResponseReturnValue:
    """The form of a change, filled with the reservation as it stands or as the address says."""
    actor = current_actor()
    found = _changeable(actor, public_id)
    refusal = service.why_not_changeable(found)
    if refusal is not None:
        return page_of(actor, found, (describe(refusal),)), 409
    place = _place(found, request.args.get("resource"))
    day = day_from(request.args.get("day")) or found.local.starts_at.date()
    form = ChangeForm(formdata=None, **_first_values(found, place, day))
    return _page(actor, found, place, form)


@pages.post("/reservations/<uuid:public_id>/edit")
@acts(Action.CHANGE)
def change(public_id: UUID) -> ResponseReturnValue:
    """Change it, or say why not and what instead; nothing is changed that was not seen."""
    actor = current_actor()
    found = _changeable(actor, public_id)
    form = ChangeForm()
    place = _place(found, form.resource.data)
    try:
        wanted = form.to_change(place)
    except InvalidError as error:
        form.show(error)
        return _page(actor, found, place, form), 422
    try:
        outcome = service.change(actor, found.public_id, wanted, seen_version=form.seen_version())
    except InvalidError as error:
        form.show(error)
        return _page(actor, found, place, form), 422
    except StaleError:
        return _stale(actor, public_id, place, form), 409
    except RefusedError as refused:
        offered = alternatives.for_change(actor, found.public_id, wanted)
        sentences = [describe(refusal) for refusal in refused.refusals]
        return _page(actor, found, place, form, sentences, offers(offered, _kept(form))), 409
    flash(_what_was_done(found, outcome), "ok")
    return _back_to(outcome.public_id)


@pages.get("/reservations/<uuid:public_id>/cancel")
@acts(Action.CANCEL)
def cancel(public_id: UUID) -> ResponseReturnValue:
    """Ask before it is given back."""
    actor = current_actor()
    found = queries.details(actor, str(public_id))
    require(actor, Action.CANCEL, found)
    refusal = service.why_not_cancellable(found)
    if refusal is not None:
        return page_of(actor, found, (describe(refusal),)), 409
    return _cancel_page(found, CancelForm(formdata=None))


@pages.post("/reservations/<uuid:public_id>/cancel")
@acts(Action.CANCEL)
def give_back(public_id: UUID) -> ResponseReturnValue:
    """Cancel it."""
    actor = current_actor()
    form = CancelForm()
    try:
        outcome = service.cancel(actor, str(public_id), reason=form.reason.data or "")
    except InvalidError as error:
        form.show(error)
        return _cancel_page(queries.details(actor, str(public_id)), form), 422
    except RefusedError as refused:
        found = queries.details(actor, str(public_id))
        return page_of(actor, found, tuple(map(describe, refused.refusals))), 409
    flash(_("The reservation is cancelled."), "ok")
    return _back_to(outcome.public_id)


@pages.post("/reservations/<uuid:public_id>/withdraw-change")
@acts(Action.CHANGE)
def withdraw_change(public_id: UUID) -> ResponseReturnValue:
    """Keep the reservation as it is."""
    try:
        outcome = service.withdraw_change(current_actor(), str(public_id))
    except NotFoundError:
        # Somebody may just have decided on it: the page shows what stands now.
        queries.details(current_actor(), str(public_id))
        flash(_("No change is waiting any more."), "warn")
        return _back_to(str(public_id))
    flash(_("The change is withdrawn. The reservation stays as it is."), "ok")
    return _back_to(outcome.public_id)


def _changeable(actor: Actor, public_id: UUID) -> Details:
    found = queries.details(actor, str(public_id))
    require(actor, Action.CHANGE, found)
    return found


def _place(found: Details, text: str | None) -> Place:
    if not text or text in (found.place.spot.code, found.place.spot.public_id):
        return found.place
    place = place_facts.place_called(text)
    if place is None:
        raise NotFoundError
    return place


def _back_to(public_id: str) -> ResponseReturnValue:
    return redirect(url_for("reservations.show", public_id=public_id), 303)


def _first_values(found: Details, place: Place, day: date) -> dict[str, object]:
    """The reservation as it stands, moved to the day and the times that the address names."""
    moved = day - found.local.starts_at.date()
    start = moment_from(request.args.get("start"), day) or found.local.starts_at + moved
    end = moment_from(request.args.get("end"), day) or found.local.ends_at + moved
    return {
        **values_of(found, day),
        "resource": place.spot.code,
        "start": written(start, day),
        "end": written(end, day),
    }


def _kept(form: ChangeForm) -> dict[str, str]:
    """What an alternative takes over from the form."""
    return {
        "title": form.title.data or "",
        "headcount": str(form.headcount.data or 1),
        "version": form.version.data or "",
    }


def _stale(actor: Actor, public_id: UUID, place: Place, form: ChangeForm) -> str:
    """Show what was done meanwhile; sent again, the form changes what stands now."""
    found = queries.details(actor, str(public_id))
    since = history.of(found.public_id, found.local.zone_name)[form.seen_version() :]
    form.version.data = str(found.version)
    return _page(actor, found, place, form, since=since)


def _page(
    actor: Actor,
    found: Details,
    place: Place,
    form: ChangeForm,
    refusals: Sequence[str] = (),
    offered: Sequence[Offer] = (),
    since: Sequence[history.Entry] = (),
) -> str:
    day = day_from(form.day.data) or found.local.starts_at.date()
    is_member = found.organisation_id is not None or bool(actor.memberships)
    around = availability.around(
        place, day, is_member=is_member, own=Own.of(found), days=availability.DAYS_AHEAD
    )
    panel = time_panel.panel(
        actor,
        around,
        form,
        url_of=lambda **values: url_for(
            "reservations.edit", public_id=found.public_id, resource=place.spot.code, **values
        ),
        turned_to=request.values.get("month"),
    )
    is_running = found.interval.starts_at <= clock.now()
    form.offer_times(_ends_of_running(around, found) if is_running else panel.stretches, day)
    return render_template(
        "reservations/edit.html",
        page_title=_("Change the reservation"),
        found=found,
        place=place,
        form=form,
        panel=panel,
        is_running=is_running,
        others=place_facts.places_on(found.place.spot.floor_id, found.place.spot.kind_code),
        rest=_rest(around, found) if is_running else None,
        notes=_what_happens(found, place, is_running),
        refusals=refusals,
        offers=offered,
        since=since,
        may_cancel=possible(actor, found).cancel,
        texts=texts,
    )


def _ends_of_running(around: Availability, found: Details) -> list[Stretch]:
    """One start, the present one, and the ends that it can still have."""
    ends = tuple(around.ends_of(found.local))
    return (
        [Stretch(found.local.starts_at, max(ends), (found.local.starts_at,), ends)] if ends else []
    )


def _rest(around: Availability, found: Details) -> dict[str, str] | None:
    """What is sent to give back the rest from now on."""
    ends = around.ends_of(found.local)
    first = next(iter(ends), None)
    if first is None or first >= found.local.ends_at:
        return None
    day = found.local.starts_at.date()
    return {
        **{name: str(value) for name, value in values_of(found, day).items()},
        "resource": found.place.spot.code,
        "end": written(first, day),
    }


def _what_happens(found: Details, place: Place, is_running: bool) -> list[str]:
    """What the change leads to, said before it is sent."""
    notes = []
    if found.amendment is not None:
        notes.append(_("A change is waiting for approval already. Another one replaces it."))
    if found.state is State.PENDING:
        notes.append(_("This is still a request. After a change it is asked anew."))
    elif place.limits.needs_approval:
        notes.append(
            _(
                "Another time or place needs approval; until it is given, the reservation stays"
                " as it is. A shorter time or another purpose needs none."
            )
        )
    if is_running:
        notes.append(_("The reservation has begun: its end can still be changed."))
    return notes


def _what_was_done(found: Details, outcome: Outcome) -> str:
    if outcome.amendment_waits:
        return _("Your change is sent for approval. Until it is approved, nothing changes.")
    if outcome.state is State.PENDING:
        return _("The request is changed and asked anew.")
    return _("The reservation is changed.")


def _cancel_page(found: Details, form: CancelForm) -> str:
    return render_template(
        "reservations/cancel.html",
        page_title=_("Cancel the reservation"),
        found=found,
        form=form,
        texts=texts,
    )
