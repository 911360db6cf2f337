"""A series: its dates, how each stands, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock, ids, web
from booking.core.errors import ForbiddenError, NotFoundError, RefusedError
from booking.core.i18n import _
from booking.core.idempotency import Answer
from booking.core.months import day_from
from booking.core.permissions import Action, Actor, allows
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.people.viewings import note_view
from booking.reservations import queries, series_adding, series_texts, service, texts
from booking.reservations.models import SkipReason, State
from booking.reservations.queries import Details
from booking.reservations.series_adding import Missing

pages = Blueprint("series", __name__)


@dataclass(frozen=True)
class Row:
    """A date of the series, with its reservation or the reason why there is none.

    One that is missing ahead may be added, or says why it cannot.
    """

    start: datetime
    found: Details | None
    reason: SkipReason | None = None
    missing: Missing | None = None
    sentences: tuple[str, ...] = ()


@pages.get("/series/<uuid:public_id>")
@acts(Action.SEE_RESERVATION)
def show(public_id: UUID) -> ResponseReturnValue:
    """Everything about it that the reader may know."""
    return page_of(str(public_id))


def page_of(public_id: str, refusals: tuple[str, ...] = ()) -> str:
    """The page; `refusals` say why something was not done."""
    actor = current_actor()
    series, reservations = queries.series(actor, public_id)
    for person_id in {one.person_id for one in reservations}:
        note_view(actor, person_id)
    rows = [Row(one.series_start or one.local.starts_at, one) for one in reservations]
    rows += [Row(start, None, reason) for start, reason in queries.skips_of(series.id)]
    if any(row.found is None or not row.found.is_live for row in rows):
        missing = _missing(actor, public_id)
        rows = [_with(row, missing.get(row.start)) for row in rows]
    first = _next(reservations)
    return render_template(
        "reservations/series.html",
        page_title=_("Recurring reservation"),
        series=series,
        first=first,
        rows=sorted(rows, key=lambda row: row.start),
        live=sum(one.is_live for one in reservations),
        possible=_possible(actor, reservations),
        refusals=refusals,
        new_key=ids.new_public_id,
        rule=series_texts.repetition(series.repetition, series.local.starts_at.date()),
        series_texts=series_texts,
        texts=texts,
    )


@pages.post("/series/<uuid:public_id>/dates")
@acts(Action.CHANGE)
def add(public_id: UUID) -> ResponseReturnValue:
    """Add a date again that was left out or given back."""
    actor, series_id = current_actor(), str(public_id)
    day = day_from(request.form.get("day"))
    if day is None:
        series_adding.look(actor, series_id)  # for whoever may add one
        return page_of(series_id), 422
    try:
        made = web.once_for_form(
            actor,
            request.form.get("idempotency_key"),
            lambda: Answer(303, series_adding.add(actor, series_id, day).public_id),
        )
    except RefusedError as refused:
        return page_of(series_id, tuple(map(describe, refused.refusals))), 409
    except NotFoundError:
        queries.series(actor, series_id)
        flash(_("Nothing is missing on this date any more."), "warn")
        return redirect(url_for("series.show", public_id=public_id), 303)
    state = queries.details(actor, made.location).state
    asks = state is State.PENDING
    flash(_("Your request for this date is sent.") if asks else _("The date is added."), "ok")
    return redirect(url_for("series.show", public_id=public_id), 303)


def _missing(actor: Actor, public_id: str) -> dict[datetime, Missing]:
    """What is missing ahead, by its date, for whoever may add it."""
    try:
        found = series_adding.look(actor, public_id).missing
    except ForbiddenError:
        return {}
    return {one.dated.series_start: one for one in found}


def _with(row: Row, missing: Missing | None) -> Row:
    if missing is None:
        return row
    sentences = tuple(dict.fromkeys(describe(one) for one in missing.dated.refusals))
    return replace(row, missing=missing, sentences=sentences)


@dataclass(frozen=True)
class Possible:
    """What this reader may do with all of its dates; nothing is offered that would be refused."""

    cancel: bool
    change: bool


def _possible(actor: Actor, reservations: Sequence[Details]) -> Possible:
    now = clock.now()
    ahead = [one for one in reservations if one.is_live and one.interval.starts_at > now]
    return Possible(
        cancel=any(
            service.why_not_cancellable(one) is None and allows(actor, Action.CANCEL, one)
            for one in reservations
        ),
        change=any(allows(actor, Action.CHANGE, one) for one in ahead),
    )


def _next(reservations: Sequence[Details]) -> Details:
    """The next that stands and is not over, else the last that stood."""
    now = clock.now()
    live = [one for one in reservations if one.is_live]
    ahead = [one for one in live if one.interval.ends_at > now]
    return next(iter(ahead or live[-1:] or reservations))
