"""The pages on which a space is taken out of order, and is expected back at another time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.closures import breakdowns, queries
from booking.closures.breakdown_forms import BreakdownForm, ExpectedForm
from booking.closures.breakdowns import Breakdown
from booking.closures.queries import Plan
from booking.closures.service import WouldDisplaceError
from booking.closures.views import hit_page
from booking.core import clock, ids, web, zones
from booking.core.errors import InvalidError, NotFoundError, RefusedError
from booking.core.i18n import _
from booking.core.idempotency import Answer
from booking.core.permissions import Action, require
from booking.core.web import acts, current_actor
from booking.occupancy.models import ClosureKind
from booking.policies.facts import Place
from booking.reservations import place_facts

MORNING = 8 * 60

blueprint = Blueprint("breakdowns", __name__)


@blueprint.get("/spaces/<code>/out-of-order")
@acts(Action.CLOSE_SPACES)
def new(code: str) -> ResponseReturnValue:
    """What is wrong, and when is it expected back?"""
    place = _place(code)
    tomorrow = clock.today(zones.zone(place.spot.zone_name)) + timedelta(days=1)
    form = BreakdownForm(
        formdata=None, day=tomorrow, hour=str(MORNING), idempotency_key=ids.new_public_id()
    )
    return _new_page(form, place)


@blueprint.post("/spaces/<code>/out-of-order")
@acts(Action.CLOSE_SPACES)
def create(code: str) -> ResponseReturnValue:
    """Take it out of order; while somebody is hit, show whom first."""
    actor, place, form = current_actor(), _place(code), BreakdownForm()

    def breakdown() -> Breakdown:
        return Breakdown(place.spot.public_id, form.reason.data or "", form.expected_back())

    def act() -> str:
        keeps = "keeps" in request.form
        seen = form.seen.data or None
        return breakdowns.take_out(actor, breakdown(), seen=seen, keeps=keeps).public_id

    return _store(
        form,
        lambda: _new_page(form, place),
        act,
        lambda: queries.plan(actor, breakdowns.wanted_of(actor, breakdown())),
        _("The space is out of order. Whoever wants to book it reads why, and until when."),
    )


@blueprint.get("/closures/<uuid:public_id>/put-off")
@acts(Action.CLOSE_SPACES)
def ask_put_off(public_id: UUID) -> ResponseReturnValue:
    """When is it expected back now?"""
    found = queries.closure(current_actor(), str(public_id))
    if found.kind is not ClosureKind.OUT_OF_ORDER:
        raise NotFoundError
    place = queries.places_of_closure(found.id)[0]
    local = zones.to_local(found.interval.ends_at, zones.zone(place.spot.zone_name))
    form = ExpectedForm(
        formdata=None,
        day=local.date(),
        hour=str(local.hour * 60 + local.minute // 15 * 15),
        idempotency_key=ids.new_public_id(),
    )
    return _put_off_page(form, str(public_id))


@blueprint.post("/closures/<uuid:public_id>/put-off")
@acts(Action.CLOSE_SPACES)
def put_off(public_id: UUID) -> ResponseReturnValue:
    """Expect it then; while somebody is hit, show whom first."""
    actor, form, key = current_actor(), ExpectedForm(), str(public_id)

    def act() -> str:
        keeps, seen = "keeps" in request.form, form.seen.data or None
        back = form.expected_back()
        return breakdowns.put_off(actor, key, back, seen=seen, keeps=keeps).public_id

    return _store(
        form,
        lambda: _put_off_page(form, key),
        act,
        lambda: breakdowns.put_off_plan(actor, key, form.expected_back()),
        _("The space is expected back at another time."),
    )


def _store(
    form: ExpectedForm,
    page: Callable[[], str],
    act: Callable[[], str],
    plan: Callable[[], Plan],
    said: str,
) -> ResponseReturnValue:
    is_sound = form.validate()
    if not is_sound or "edit" in request.form:
        return page(), 200 if is_sound else 422
    try:
        made = web.once_for_form(current_actor(), form.key, lambda: Answer(303, act()))
    except InvalidError as error:
        form.show(error)
        return page(), 422
    except RefusedError:
        flash(_("This closure is over already."), "warn")
        return redirect(url_for("closures.index"), 303)
    except WouldDisplaceError as error:
        return hit_page(plan(), request.path, is_stale=error.is_stale), 409
    flash(said, "ok")
    return redirect(url_for("closures.show", public_id=made.location), 303)


def _place(code: str) -> Place:
    place = place_facts.place_called(code)
    if place is None:
        raise NotFoundError
    require(current_actor(), Action.CLOSE_SPACES, queries.Closing.of((place,)))
    return place


def _new_page(form: BreakdownForm, place: Place) -> str:
    return render_template(
        "closures/breakdown.html",
        page_title=_("Take out of order"),
        form=form.offer(),
        place=place,
        url=url_for(".create", code=place.spot.code),
        back_url=url_for("space.show", code=place.spot.code),
        today=clock.today(zones.zone(place.spot.zone_name)),
    )


def _put_off_page(form: ExpectedForm, public_id: str) -> str:
    found = queries.closure(current_actor(), public_id)
    place = queries.places_of_closure(found.id)[0]
    return render_template(
        "closures/breakdown.html",
        page_title=_("Expected back at another time"),
        form=form.offer(),
        place=place,
        url=url_for(".put_off", public_id=public_id),
        back_url=url_for("closures.show", public_id=public_id),
        today=clock.today(zones.zone(place.spot.zone_name)),
    )
