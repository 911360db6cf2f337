"""Cancelling several dates of a series: which they are, and the button for exactly these."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import ids, web
from booking.core.errors import InvalidError, OutdatedError, RefusedError
from booking.core.i18n import _, ngettext
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.reservations import series_cancelling, series_texts, texts
from booking.reservations.series_cancelling import Staying
from booking.reservations.series_forms import SeriesCancelForm
from booking.reservations.views.series import page_of, pages


@pages.get("/series/<uuid:public_id>/cancel")
@acts(Action.CANCEL)
def cancel(public_id: UUID) -> ResponseReturnValue:
    """The dates that would go, from the one that the address names or all, before they do."""
    since = request.args.get("since", "")
    try:
        return _page(str(public_id), SeriesCancelForm(formdata=None, since=since))
    except RefusedError as refused:
        return page_of(str(public_id), tuple(map(describe, refused.refusals))), 409


@pages.post("/series/<uuid:public_id>/cancel")
@acts(Action.CANCEL)
def give_back(public_id: UUID) -> ResponseReturnValue:
    """Cancel exactly the dates that the page showed."""
    actor, form, series_id = current_actor(), SeriesCancelForm(), str(public_id)
    count = 0

    def act() -> Answer:
        nonlocal count
        done = series_cancelling.cancel(
            actor,
            series_id,
            since=form.since_asked(),
            seen=form.seen.data or "",
            reason=form.reason.data or "",
        )
        count = len(done.reservations)
        return Answer(303, done.public_id)

    try:
        web.once_for_form(actor, form.key, act)
    except InvalidError as error:
        form.show(error)
        return _page(series_id, form), 422
    except OutdatedError:
        return _page(series_id, form, is_stale=True), 409
    except RefusedError as refused:
        return page_of(series_id, tuple(map(describe, refused.refusals))), 409
    if count:
        flash(ngettext("%(num)s date is cancelled.", "%(num)s dates are cancelled.", count), "ok")
    return redirect(url_for("series.show", public_id=public_id), 303)


def _page(series_id: str, form: SeriesCancelForm, *, is_stale: bool = False) -> str:
    since = form.since_asked()
    found = series_cancelling.look(current_actor(), series_id, since=since)
    form.seen.data = found.seen
    form.idempotency_key.data = ids.new_public_id()
    return render_template(
        "reservations/cancel_series.html",
        page_title=_("Cancel several dates"),
        found=found,
        first=found.going[0],
        since=since,
        form=form,
        is_stale=is_stale,
        why_staying=_why_staying,
        series_texts=series_texts,
        texts=texts,
    )


def _why_staying(one: Staying) -> str:
    if one.refusal is None:
        return _("Only whoever it is for, or booked it, can cancel this date.")
    return describe(one.refusal)
