"""The pages of the waiting list: getting in line, one entry with what is offered, all of mine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock, ids, web, zones
from booking.core.errors import InvalidError, NotFoundError, RefusedError
from booking.core.i18n import _, format_clock
from booking.core.idempotency import Answer
from booking.core.months import day_from
from booking.core.permissions import Action, Actor
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.occupancy.models import ClaimKind
from booking.occupancy.pools import full_times
from booking.policies.facts import Place
from booking.reservations import availability, place_facts, time_panel
from booking.reservations import texts as reservation_texts
from booking.reservations.availability import Availability
from booking.reservations.forms import are_seats, moment_from, written
from booking.spaces.opening import joined
from booking.waitlist import queries, service, texts
from booking.waitlist.forms import WaitForm

TAKEN = (ClaimKind.BOOKING, ClaimKind.LINKED, ClaimKind.HOLD)

blueprint = Blueprint("waitlist", __name__, url_prefix="/waitlist")


@dataclass(frozen=True)
class TakenTime:
    """A taken time of the day, as a link that chooses it."""

    url: str
    times: tuple[str, str]
    current: bool


@dataclass(frozen=True)
class Announced:
    """What is held for the reader, and where to answer."""

    text: str
    url: str


def offers_to_reader() -> list[Announced]:
    """What is held for the reader now; for pages of other features."""
    return [
        Announced(texts.announced(entry), url_for("waitlist.show", public_id=entry.public_id))
        for entry in queries.offers_to(current_actor(), clock.now())
    ]


@blueprint.get("")
@acts(Action.SEE_RESERVATIONS)
def mine() -> ResponseReturnValue:
    """What is offered, what is waited for, and what came of the rest."""
    found = queries.mine(current_actor())
    return render_template(
        "waitlist/mine.html",
        page_title=_("Waiting list"),
        open=[one for one in found if one.is_open],
        closed=[one for one in found if not one.is_open],
        texts=texts,
        reservation_texts=reservation_texts,
    )


@blueprint.get("/new")
@acts(Action.BOOK)
def new() -> ResponseReturnValue:
    """The form for a space and a day, with the time that the address names or the first taken."""
    actor = current_actor()
    place = _place(request.args.get("resource"))
    day = day_from(request.args.get("day")) or availability.today_at(place)
    found = _around(actor, place, day)
    form = WaitForm(formdata=None, **_first_values(actor, found))
    return _page(actor, found, form)


@blueprint.post("")
@acts(Action.BOOK)
def create() -> ResponseReturnValue:
    """Get in line, once however often the form arrives."""
    actor = current_actor()
    form = WaitForm()
    place = _place(form.resource.data)
    try:
        wish, until = form.to_wish(place), form.until(place)
        made = web.once_for_form(
            actor,
            form.key,
            lambda: Answer(
                303,
                service.wait(actor, wish, any_like=bool(form.any_like.data), until=until),
            ),
        )
    except InvalidError as error:
        form.show(error)
        return _again(actor, place, form), 422
    except RefusedError as refused:
        return _again(actor, place, form, [describe(one) for one in refused.refusals]), 409
    flash(_("You are in line. We write to you as soon as it is held for you."), "ok")
    return redirect(url_for(".show", public_id=made.location), 303)


@blueprint.get("/<uuid:public_id>")
@acts(Action.SEE_RESERVATIONS)
def show(public_id: UUID) -> ResponseReturnValue:
    """One entry: what is offered and until when, with the two answers; or how it stands."""
    return _entry_page(str(public_id))


@blueprint.post("/<uuid:public_id>/accept")
@acts(Action.BOOK)
def accept(public_id: UUID) -> ResponseReturnValue:
    """Take it: the reservation, or the request."""
    actor = current_actor()
    try:
        made = web.once_for_form(
            actor,
            request.form.get("idempotency_key"),
            lambda: Answer(303, service.accept(actor, str(public_id)).public_id),
        )
    except RefusedError as refused:
        return _entry_page(str(public_id), [describe(one) for one in refused.refusals]), 409
    except InvalidError:
        gone = _("You no longer belong to the organisation for which you waited.")
        return _entry_page(str(public_id), [gone]), 409
    flash(_("It is yours."), "ok")
    return redirect(url_for("reservations.show", public_id=made.location), 303)


@blueprint.post("/<uuid:public_id>/decline")
@acts(Action.BOOK)
def decline(public_id: UUID) -> ResponseReturnValue:
    """Leave it to the next."""
    actor = current_actor()
    thanks = _("Thank you. It goes to the next in line.")
    return _act(str(public_id), lambda: service.decline(actor, str(public_id)), thanks)


@blueprint.post("/<uuid:public_id>/leave")
@acts(Action.BOOK)
def leave(public_id: UUID) -> ResponseReturnValue:
    """Leave the line."""
    actor = current_actor()
    gone = _("You no longer wait for this.")
    return _act(str(public_id), lambda: service.leave(actor, str(public_id)), gone)


def _act(public_id: str, act: Callable[[], None], done: str) -> ResponseReturnValue:
    try:
        act()
    except RefusedError as refused:
        return _entry_page(public_id, [describe(one) for one in refused.refusals]), 409
    flash(done, "ok")
    return redirect(url_for(".mine"), 303)


def _entry_page(public_id: str, refusals: Sequence[str] = ()) -> str:
    entry = queries.entry_of(current_actor(), public_id)
    place = entry.place if entry.offer is None else entry.offer.place
    return render_template(
        "waitlist/show.html",
        page_title=_("Place offered") if entry.offer else _("Waiting list"),
        entry=entry,
        place=place,
        refusals=refusals,
        key=ids.new_public_id(),
        asks=place.limits.needs_approval,
        texts=texts,
        reservation_texts=reservation_texts,
    )


# --- the form ---


def _place(code: str | None) -> Place:
    found = place_facts.place_called(code or "")
    if found is None:
        raise NotFoundError
    return found


def _around(actor: Actor, place: Place, day: date) -> Availability:
    return availability.around([place], day, is_member=bool(actor.memberships))


def _first_values(actor: Actor, found: Availability) -> dict[str, object]:
    day = found.day
    taken = _taken_on(found)
    asked = [moment_from(request.args.get(name), day) for name in ("start", "end")]
    if None in asked and taken:
        asked = list(taken[0])
    start, end = asked
    return {
        "resource": found.place.spot.code,
        "day": day.isoformat(),
        "start": None if start is None else written(start, day),
        "end": None if end is None else written(end, day),
        "title": request.args.get("title", ""),
        "headcount": request.args.get("headcount", 1, type=int),
        "organisation": actor.memberships[0].public_id if actor.memberships else "",
        "any_like": "any_like" in request.args,
    }


def _taken_on(found: Availability) -> list[tuple[datetime, datetime]]:
    """When it is taken on the day, as far as that is still to come; on the clock of the site."""
    zone = zones.zone(found.place.spot.zone_name)
    taken = [one.interval for one in found.busy if one.kind in TAKEN]
    if found.place.spot.units > 1:
        taken = full_times(taken, found.place.spot.units)
    times = [
        (zones.to_local(one.starts_at, zone), zones.to_local(one.ends_at, zone))
        for one in taken
        if one.starts_at > found.now
    ]
    return [(start, end) for start, end in times if start.date() == found.day]


def _again(actor: Actor, place: Place, form: WaitForm, refusals: Sequence[str] = ()) -> str:
    day = day_from(form.day.data) or availability.today_at(place)
    form.idempotency_key.data = ids.new_public_id()
    return _page(actor, _around(actor, place, day), form, refusals)


def _page(actor: Actor, found: Availability, form: WaitForm, refusals: Sequence[str] = ()) -> str:
    place, day = found.place, found.day
    code = place.spot.code
    panel = time_panel.panel(
        actor,
        found,
        form,
        url_of=lambda **values: url_for(".new", resource=code, **values),
        turned_to=request.args.get("month"),
    )
    form.offer_choices(actor, place, day, joined(found.opening.spans_on(day)))
    form.idempotency_key.data = form.idempotency_key.data or ids.new_public_id()
    return render_template(
        "waitlist/new.html",
        page_title=_("Wait for a taken time"),
        place=place,
        form=form,
        panel=panel,
        taken=[_link(code, day, start, end, form) for start, end in _taken_on(found)],
        refusals=refusals,
        is_seat=are_seats([place]),
        texts=reservation_texts,
    )


def _link(code: str, day: date, start: datetime, end: datetime, form: WaitForm) -> TakenTime:
    values = {"start": written(start, day), "end": written(end, day)}
    return TakenTime(
        url_for(".new", resource=code, day=day.isoformat(), **values),  # type: ignore[arg-type]  # the names of its fields
        (format_clock(start), reservation_texts.end_clock(start, end)),
        form.start.data == values["start"] and form.end.data == values["end"],
    )
