"""The profile's page of deputies: who decides while somebody is away."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import ids, web
from booking.core.errors import InvalidError
from booking.core.i18n import _, format_day
from booking.core.idempotency import Answer
from booking.core.months import day_from
from booking.core.permissions import Action, Actor, allows
from booking.core.web import acts, current_actor
from booking.people import deputies, terms
from booking.people.deputies import MOST_LISTED, Absence
from booking.people.forms import DeputyForm

pages = Blueprint("deputies", __name__, url_prefix="/profile/deputies")


@pages.get("")
@acts(Action.SEE_DEPUTIES)
def index() -> str:
    """Who decides for whom, today and later, as far as it concerns the reader; and the form."""
    return _page(_empty_form(), _after())


@pages.post("")
@acts(Action.NAME_DEPUTY)
def create() -> ResponseReturnValue:
    """Name a deputy."""
    actor, form = current_actor(), DeputyForm()
    if not form.validate():
        return _page(form), 422
    try:
        web.once_for_form(actor, form.key, lambda: Answer(303, _named(actor, form).public_id))
    except InvalidError as error:
        form.show(error)
        return _page(form), 422
    flash(_("Your deputy is named and decides in your place during these days."), "ok")
    return redirect(url_for("deputies.index"), 303)


@pages.get("/<uuid:public_id>/end")
@acts(Action.END_DEPUTY)
def ask_end(public_id: UUID) -> str:
    """Are you sure?"""
    found = deputies.absence(current_actor(), str(public_id))
    return render_template(
        "people/end_deputy.html", page_title=_("End the deputy’s days"), found=found, days=days
    )


@pages.post("/<uuid:public_id>/end")
@acts(Action.END_DEPUTY)
def end(public_id: UUID) -> ResponseReturnValue:
    """Take it back."""
    deputies.end_deputy(current_actor(), str(public_id))
    flash(_("The deputy no longer decides in this place."), "ok")
    return redirect(url_for("deputies.index"), 303)


def days(found: Absence) -> str:
    """From which day until which day."""
    return _(
        "from %(first)s until %(last)s, both included",
        first=format_day(found.first_day),
        last=format_day(found.last_day),
    )


def _named(actor: Actor, form: DeputyForm) -> Absence:
    return deputies.name_deputy(
        actor,
        email=form.deputy.data or "",
        first_day=form.first_day.data or date.min,
        last_day=form.last_day.data or date.min,
    )


def _empty_form() -> DeputyForm:
    today = terms.today()
    return DeputyForm(
        formdata=None, first_day=today, last_day=today, idempotency_key=ids.new_public_id()
    )


def _after() -> tuple[date, int] | None:
    """The place in the list that the address names; nonsense begins at the first."""
    day, _dot, key = request.args.get("after", "").partition(".")
    found = day_from(day)
    return (
        (found, int(key)) if found and key.isascii() and key.isdigit() and len(key) < 10 else None
    )


def _page(form: DeputyForm, after: tuple[date, int] | None = None) -> str:
    actor = current_actor()
    found = deputies.absences_seen_by(actor, limit=MOST_LISTED + 1, after=after)
    shown = found[:MOST_LISTED]
    place = f"{shown[-1].first_day.isoformat()}.{shown[-1].key}" if shown else ""
    return render_template(
        "people/deputies.html",
        page_title=_("Deputies"),
        actor=actor,
        form=form,
        absences=shown,
        first_url=url_for("deputies.index") if after else None,
        more_url=url_for("deputies.index", after=place) if len(found) > len(shown) else None,
        today=terms.today(),
        days=days,
        may_name=allows(actor, Action.NAME_DEPUTY),
        may_end=lambda found: allows(actor, Action.END_DEPUTY, found),
    )
