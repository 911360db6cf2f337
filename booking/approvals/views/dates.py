"""The page of one series whose dates wait: all of them decided together, or each alone."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from booking.approvals import dates, words
from booking.approvals.asked import asked_of
from booking.approvals.forms import DatesForm, DeclineDatesForm
from booking.approvals.rows import rows_of
from booking.approvals.views.blueprint import pages
from booking.core import ids, web
from booking.core.errors import InvalidError, OutdatedError, RefusedError, WouldDeclineError
from booking.core.i18n import _, ngettext
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.people.viewings import note_view
from booking.reservations import series_texts, texts


@pages.get("/approvals/series/<uuid:public_id>", endpoint="dates")
@acts(Action.DECIDE)
def show(public_id: UUID) -> ResponseReturnValue:
    """All dates that wait for this person's answer."""
    try:
        return _page(str(public_id))
    except RefusedError as refused:
        return _nothing_waits(refused)


@pages.post("/approvals/series/<uuid:public_id>/approve")
@acts(Action.DECIDE)
def approve_dates(public_id: UUID) -> ResponseReturnValue:
    """Say yes to exactly those that the page showed."""
    actor, form, left = current_actor(), DatesForm(), 0
    series_id = str(public_id)

    def act() -> Answer:
        nonlocal left
        done = dates.approve(actor, series_id, seen=form.seen.data or "")
        left = len(done.left)
        return Answer(303, done.public_id)

    try:
        web.once_for_form(actor, form.key, act)
    except (OutdatedError, WouldDeclineError):
        return _stale(series_id)
    except RefusedError as refused:
        return _refused(series_id, refused)
    flash(_("The dates are approved."), "ok")
    if left:
        flash(
            ngettext(
                "%(num)s date is taken and waits on.", "%(num)s dates are taken and wait on.", left
            ),
            "warn",
        )
    return redirect(url_for("approvals.list"), 303)


@pages.post("/approvals/series/<uuid:public_id>/decline")
@acts(Action.DECIDE)
def decline_dates(public_id: UUID) -> ResponseReturnValue:
    """Say no to exactly those that the page showed, with one reason."""
    actor, form = current_actor(), DeclineDatesForm()
    series_id = str(public_id)

    def act() -> Answer:
        done = dates.decline(
            actor,
            series_id,
            seen=form.seen.data or "",
            code=form.code,
            reason=form.reason.data or "",
        )
        return Answer(303, done.public_id)

    if not form.validate():
        return _page(series_id, form=form), 422
    try:
        web.once_for_form(actor, form.key, act)
    except InvalidError as error:
        form.show(error)
        return _page(series_id, form=form), 422
    except OutdatedError:
        return _stale(series_id)
    except RefusedError as refused:
        return _refused(series_id, refused)
    flash(_("The dates are declined."), "ok")
    return redirect(url_for("approvals.list"), 303)


def _stale(series_id: str) -> ResponseReturnValue:
    said = _("Something has changed since you read this page, so nothing was done. Look again.")
    try:
        return _page(series_id, said), 409
    except RefusedError as refused:
        return _nothing_waits(refused)


def _refused(series_id: str, refused: RefusedError) -> ResponseReturnValue:
    said = " ".join(dict.fromkeys(describe(one) for one in refused.refusals))
    try:
        return _page(series_id, said), 409
    except RefusedError as nothing:
        return _nothing_waits(nothing)


def _nothing_waits(refused: RefusedError) -> ResponseReturnValue:
    flash(" ".join(dict.fromkeys(describe(one) for one in refused.refusals)), "warn")
    return redirect(url_for("approvals.list"), 303)


def _page(series_id: str, said: str = "", form: DeclineDatesForm | None = None) -> str:
    actor = current_actor()
    found = dates.look(actor, series_id)
    for person_id in {one.person_id for one in found.requests}:
        note_view(actor, person_id)
    form = form or DeclineDatesForm(formdata=None)
    form.seen.data, form.idempotency_key.data = found.seen, ids.new_public_id()
    first = found.requests[0]
    series = found.series
    return render_template(
        "approvals/dates.html",
        page_title=ngettext(
            "%(num)s date of a recurring reservation",
            "%(num)s dates of a recurring reservation",
            len(found.requests),
        ),
        found=found,
        first=first,
        rows=rows_of(found.requests, found.background, None),
        who=words.who_asks(first),
        asked=asked_of(first),
        rule=series_texts.repetition(series.repetition, series.local.starts_at.date()),
        form=form,
        said=said,
        series_texts=series_texts,
        texts=texts,
    )
