"""One reservation: what it is, what was done with it, and what can still be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock, ids, web
from booking.core.errors import InvalidError, RefusedError
from booking.core.i18n import _
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor, allows
from booking.core.refusal_texts import describe
from booking.core.refusals import LayoutKind
from booking.core.web import acts, current_actor
from booking.people.viewings import note_view
from booking.reservations import (
    alternatives,
    arrivals,
    availability,
    history,
    place_facts,
    queries,
    questions,
    service,
    texts,
)
from booking.reservations.announcements import expected_for
from booking.reservations.claims import had_by
from booking.reservations.forms import AnswerForm, are_seats, values_of_local
from booking.reservations.models import Asking, HouseReason, State
from booking.reservations.queries import Details
from booking.reservations.questions import Exchange
from booking.reservations.views.blueprint import pages
from booking.reservations.views.offers import Offer, offers
from booking.reservations.wishes import Wish


@dataclass(frozen=True)
class Possible:
    """What this reader may do with it now; nothing is offered that would be refused."""

    change: bool
    cancel: bool
    transfer: bool
    decide: bool
    book_again: bool
    give_back: bool
    check_in: bool
    undo_check_in: bool
    be_late: bool


def possible(actor: Actor, found: Details) -> Possible:
    """Ask the rights, and what the reservation's state leaves."""
    now = clock.now()
    is_open = found.is_live and found.interval.ends_at > now
    may_check_in = allows(actor, Action.CHECK_IN, found)
    changeable = is_open and allows(actor, Action.CHANGE, found)
    return Possible(
        change=changeable,
        cancel=allows(actor, Action.CANCEL, found) and service.why_not_cancellable(found) is None,
        transfer=changeable
        and (found.organisation_id is not None or bool(actor.memberships))
        and service.why_not_transferable(actor, found) is None,
        decide=found.waits and is_open and allows(actor, Action.DECIDE, found),
        book_again=all(place.spot.retired_at is None for place in found.places)
        and actor.person_id == found.person_id,
        give_back=changeable and found.interval.starts_at <= now,
        check_in=may_check_in and arrivals.can_check_in(found, now),
        be_late=may_check_in and arrivals.why_not_late(found, now) is None,
        undo_check_in=may_check_in and arrivals.why_not_undo(found, now) is None,
    )


@pages.get("/reservations/<uuid:public_id>")
@acts(Action.SEE_RESERVATION)
def show(public_id: UUID) -> ResponseReturnValue:
    """Everything about it that the reader may know."""
    actor = current_actor()
    found = queries.details(actor, str(public_id))
    note_view(actor, found.person_id)
    return page_of(actor, found)


@pages.get("/reservations/<uuid:public_id>/again")
@acts(Action.SEE_RESERVATION)
def again(public_id: UUID) -> ResponseReturnValue:
    """The booking form with the same space and hours, on the next day that has them free."""
    actor = current_actor()
    found = queries.details(actor, str(public_id))
    local = found.local
    today = availability.today_at(found.place)
    around = availability.around(
        found.places,
        today,
        is_member=bool(actor.memberships),
        days=availability.DAYS_AHEAD,
    )
    next_time = around.next_time_like(local)
    values = values_of_local(next_time)
    layout = _layout_there(found)
    if layout is not None:
        values["layout"] = layout.value
    also = [place.spot.code for place in found.places[1:]]
    address = url_for("book.form", resource=found.place.spot.code, also=also, **values)  # type: ignore[arg-type]  # the names of its fields
    return redirect(address)


@pages.post("/reservations/<uuid:public_id>/answer")
@acts(Action.ANSWER)
def answer(public_id: UUID) -> ResponseReturnValue:
    """Answer what was asked about the request."""
    actor, form = current_actor(), AnswerForm()
    text = form.text.data or ""
    try:
        web.once_for_form(
            actor,
            form.key,
            lambda: Answer(303, service.answer(actor, str(public_id), text=text).public_id),
        )
    except InvalidError as error:
        form.show(error)
        return page_of(actor, queries.details(actor, str(public_id)), answer_form=form), 422
    except RefusedError as refused:
        found = queries.details(actor, str(public_id))
        return page_of(actor, found, tuple(map(describe, refused.refusals))), 409
    flash(_("Your answer is with whoever asked. You will hear from us."), "ok")
    return redirect(url_for("reservations.show", public_id=public_id), 303)


def page_of(
    actor: Actor,
    found: Details,
    refusals: tuple[str, ...] = (),
    answer_form: AnswerForm | None = None,
) -> str:
    """The page; `refusals` say why something was not done."""
    sees_history = allows(actor, Action.SEE_HISTORY, found)
    entries = list(reversed(_history(found))) if sees_history else []
    exchanges = questions.about(found.id) if sees_history and found.decisions else []
    return render_template(
        "reservations/show.html",
        page_title=_("Reservation %(reference)s", reference=found.reference),
        found=found,
        possible=possible(actor, found),
        sees_history=sees_history,
        entries=entries,
        exception=next((one for one in entries if one.overridden), None),
        exchanges=exchanges,
        offers=_instead(actor, found),
        kept=texts.kept_free(found, had_by(found.id, found.interval)) if found.is_live else "",
        expected=expected_for([found]).get(found.id, ()),
        asks=any(place.limits.needs_approval for place in found.places),
        answer_form=answer_form or _empty_answer(actor, found, exchanges),
        asked_of=_asked_of(found) if found.waits else [],
        declined=next(
            (one for one in reversed(found.decisions) if one.state is Asking.DECLINED), None
        ),
        presence=texts.presence(found),
        are_seats=are_seats(found.places),
        is_mine=actor.person_id == found.person_id,
        refusals=refusals,
        texts=texts,
        describe=describe,
    )


def _asked_of(found: Details) -> list[str]:
    """Whoever is still to answer, once each."""
    asked = place_facts.who_answers_at({place.resource_id for place in found.places_to_decide})
    return list(dict.fromkeys(name for names in asked.values() for name in names))


def _instead(actor: Actor, found: Details) -> list[Offer]:
    """What could be booked instead of a declined request, or of what a closure cancelled, that has
    not become past, for its holder."""
    is_mine = actor.person_id == found.person_id
    is_refused = found.state is State.DECLINED or found.closing_reason == HouseReason.PLACE_CLOSED
    is_lost = is_refused and found.interval.starts_at > clock.now()
    if not is_mine or not is_lost or any(place.spot.retired_at for place in found.places):
        return []
    wish = Wish(
        resources=tuple(place.spot.public_id for place in found.places),
        starts_at=found.local.starts_at,
        ends_at=found.local.ends_at,
        headcount=found.headcount,
        layout=_layout_there(found),
    )
    kept = {
        "title": found.title,
        "headcount": str(found.headcount),
        "layout": wish.layout or "",
        "organisation": "" if found.organisation is None else found.organisation.public_id,
    }
    return offers(alternatives.find(actor, wish), kept)


def _layout_there(found: Details) -> LayoutKind | None:
    """How it was set out, where that is still offered."""
    return next((one.layout.kind for one in found.places if one.layout is not None), None)


def _empty_answer(actor: Actor, found: Details, exchanges: Sequence[Exchange]) -> AnswerForm | None:
    """The form, where a question waits for this reader's answer."""
    waits = found.waits and any(one.is_open for one in exchanges)
    if not waits or not allows(actor, Action.ANSWER, found):
        return None
    return AnswerForm(formdata=None, idempotency_key=ids.new_public_id())


def _history(found: Details) -> list[history.Entry]:
    return history.of(found.public_id, found.local.zone_name)
