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
from booking.core.months import day_from
from booking.core.permissions import Action, Actor, require
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.demand import service as demand
from booking.policies.facts import Place
from booking.reservations import (
    alternatives,
    availability,
    history,
    place_facts,
    queries,
    quota_texts,
    quotas,
    service,
    texts,
    time_panel,
)
from booking.reservations.availability import Availability, Own, Stretch
from booking.reservations.forms import (
    CancelForm,
    ChangeForm,
    ExceptionForm,
    are_seats,
    moment_from,
    sent,
    values_of,
    written,
)
from booking.reservations.models import State
from booking.reservations.queries import Details
from booking.reservations.service import Outcome
from booking.reservations.views.blueprint import pages
from booking.reservations.views.offers import Offer, offers
from booking.reservations.views.one import page_of, possible
from booking.reservations.wishes import MOST_RESOURCES, Change


@pages.get("/reservations/<uuid:public_id>/edit")
@acts(Action.CHANGE)
def edit(public_id: UUID) -> ResponseReturnValue:
    """The form of a change, filled with the reservation as it stands or as the address says."""
    actor = current_actor()
    found = _changeable(actor, public_id)
    refusal = service.why_not_changeable(found)
    if refusal is not None:
        return page_of(actor, found, (describe(refusal),)), 409
    places = _places(found, [request.args.get("resource", ""), *request.args.getlist("also")])
    day = day_from(request.args.get("day")) or found.local.starts_at.date()
    form = ChangeForm(formdata=None, **_first_values(found, places, day))
    return _page(actor, found, places, form)


@pages.post("/reservations/<uuid:public_id>/edit")
@acts(Action.CHANGE)
def change(public_id: UUID) -> ResponseReturnValue:
    """Change it, or say why not and what instead; nothing is changed that was not seen."""
    actor = current_actor()
    found = _changeable(actor, public_id)
    form = ChangeForm()
    places = _places(found, form.codes())
    if form.turns_to_spaces():
        return _page(actor, found, places, form)
    try:
        wanted = form.to_change(places, found)
    except InvalidError as error:
        form.show(error)
        return _page(actor, found, places, form), 422
    try:
        outcome = service.change(actor, found.public_id, wanted, seen_version=form.seen_version())
    except InvalidError as error:
        form.show(error)
        return _page(actor, found, places, form), 422
    except StaleError:
        return _stale(actor, public_id, places, form), 409
    except RefusedError as refused:
        return _refused(actor, found, places, form, wanted, refused), 409
    flash(_what_was_done(found, outcome), "ok")
    return _back_to(outcome.public_id)


@pages.post("/reservations/<uuid:public_id>/edit/exception")
@acts(Action.OVERRIDE)
def change_by_exception(public_id: UUID) -> ResponseReturnValue:
    """Change it although rules speak against it, with the reason; without one the page asks."""
    actor = current_actor()
    found = _changeable(actor, public_id)
    form, exception = ChangeForm(), ExceptionForm()
    places = _places(found, form.codes())
    try:
        wanted = form.to_change(places, found)
    except InvalidError as error:
        form.show(error)
        return _page(actor, found, places, form), 422
    try:
        outcome = service.change_by_exception(
            actor,
            found.public_id,
            wanted,
            reason=exception.reason.data or "",
            seen_version=form.seen_version(),
        )
    except InvalidError as error:
        (exception if "reason" in error.fields else form).show(error)
        return _page(actor, found, places, form, exception=exception), 422
    except StaleError:
        return _stale(actor, public_id, places, form), 409
    except RefusedError as refused:
        return _refused(actor, found, places, form, wanted, refused), 409
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


def _places(found: Details, codes: Sequence[str]) -> list[Place]:
    """The spaces that are named, those it has among them even if they are retired; all that it has
    where none is named."""
    named = [code for code in codes if code]
    if not named:
        return list(found.places)
    known = [place for place in found.places if _is_named(place, named)]
    unknown = [code for code in named if not any(_is_named(one, [code]) for one in known)]
    places = [*known, *place_facts.places_called(unknown)]
    if not any(_is_named(place, named[:1]) for place in places):
        raise NotFoundError
    return places[:MOST_RESOURCES]


def _is_named(place: Place, codes: Sequence[str]) -> bool:
    return place.spot.code in codes or place.spot.public_id in codes


def _back_to(public_id: str) -> ResponseReturnValue:
    return redirect(url_for("reservations.show", public_id=public_id), 303)


def _first_values(found: Details, places: Sequence[Place], day: date) -> dict[str, object]:
    """The reservation as it stands, moved to the day and the times that the address names."""
    moved = day - found.local.starts_at.date()
    start = moment_from(request.args.get("start"), day) or found.local.starts_at + moved
    end = moment_from(request.args.get("end"), day) or found.local.ends_at + moved
    return {
        **values_of(found, day),
        "resource": places[0].spot.code,
        "also": [place.spot.code for place in places[1:]],
        "start": written(start, day),
        "end": written(end, day),
        **({"layout": request.args["layout"]} if "layout" in request.args else {}),
    }


def _kept(form: ChangeForm) -> dict[str, str]:
    """What an alternative takes over from the form."""
    return {
        "title": form.title.data or "",
        "headcount": str(form.headcount.data or 1),
        "layout": form.layout.data or "",
        "version": form.version.data or "",
    }


def _refused(
    actor: Actor,
    found: Details,
    places: Sequence[Place],
    form: ChangeForm,
    wanted: Change,
    refused: RefusedError,
) -> str:
    """Why not and what instead, and the way past the rules for whoever has it."""
    wish = alternatives.whole_wish(found, wanted)
    demand.note_refused(refused, wish.resources, wish.starts_at, wish.headcount)
    offered = alternatives.for_change(actor, found.public_id, wanted)
    may = service.may_override(actor, places, refused.refusals)
    return _page(
        actor,
        found,
        places,
        form,
        [describe(refusal) for refusal in refused.refusals],
        offers(offered, _kept(form)),
        exception=ExceptionForm(formdata=None) if may else None,
    )


def _stale(actor: Actor, public_id: UUID, places: Sequence[Place], form: ChangeForm) -> str:
    """Show what was done meanwhile; sent again, the form changes what stands now."""
    found = queries.details(actor, str(public_id))
    since = history.of(found.public_id, found.local.zone_name)[form.seen_version() :]
    form.version.data = str(found.version)
    return _page(actor, found, places, form, since=since)


def _page(
    actor: Actor,
    found: Details,
    places: Sequence[Place],
    form: ChangeForm,
    refusals: Sequence[str] = (),
    offered: Sequence[Offer] = (),
    since: Sequence[history.Entry] = (),
    exception: ExceptionForm | None = None,
) -> str:
    places = form.set_out(places)
    day = day_from(form.day.data) or found.local.starts_at.date()
    is_member = found.counts_as_member or bool(actor.memberships)
    around = availability.around(
        places,
        day,
        is_member=is_member,
        holder=quotas.of(found),
        own=Own.of(found),
        days=availability.DAYS_AHEAD,
    )
    codes = [place.spot.code for place in places]
    panel = time_panel.panel(
        actor,
        around,
        form,
        url_of=lambda **values: url_for(
            "reservations.edit",
            public_id=found.public_id,
            resource=codes[0],
            also=codes[1:],
            layout=form.layout.data,
            **values,
        ),
        turned_to=request.values.get("month"),
    )
    is_running = found.interval.starts_at <= clock.now()
    keeps_places = {place.resource_id for place in places} <= found.resource_ids
    form.offer_layouts(places, found.layout if keeps_places else None)
    form.offer_spaces(places, place_facts.places_on(places[0].spot.floor_id, ""))
    form.offer_times(_ends_of_running(around, found) if is_running else panel.stretches, day)
    return render_template(
        "reservations/edit.html",
        page_title=_("Change the reservation"),
        found=found,
        places=places,
        limits=around.limits,
        are_seats=are_seats(places),
        capacity=sum(place.spot.capacity for place in places),
        form=form,
        panel=panel,
        is_running=is_running,
        others=place_facts.places_on(found.place.spot.floor_id, found.place.spot.kind_code),
        rest=_rest(around, found) if is_running else None,
        balances=quota_texts.lines(around, form),
        notes=_what_happens(found, places, is_running),
        refusals=refusals,
        offers=offered,
        since=since,
        exception_form=exception,
        kept=sent() if exception else [],
        may_cancel=possible(actor, found).cancel,
        texts=texts,
    )


def _ends_of_running(around: Availability, found: Details) -> list[Stretch]:
    """One start, the present one, and the ends that it can still have."""
    ends = tuple(around.ends_of(found.local))
    return (
        [Stretch(found.local.starts_at, max(ends), (found.local.starts_at,), ends)] if ends else []
    )


def _rest(around: Availability, found: Details) -> dict[str, object] | None:
    """What is sent to give back the rest from now on."""
    ends = around.ends_of(found.local)
    first = next(iter(ends), None)
    if first is None or first >= found.local.ends_at:
        return None
    day = found.local.starts_at.date()
    return {
        **values_of(found, day),
        "resource": found.place.spot.code,
        "also": [place.spot.code for place in found.places[1:]],
        "end": written(first, day),
    }


def _what_happens(found: Details, places: Sequence[Place], is_running: bool) -> list[str]:
    """What the change leads to, said before it is sent."""
    notes = []
    if found.amendment is not None:
        notes.append(_("A change is waiting for approval already. Another one replaces it."))
    if found.state is State.PENDING:
        notes.append(_("This is still a request. After a change it is asked anew."))
    elif any(place.limits.needs_approval for place in places):
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
