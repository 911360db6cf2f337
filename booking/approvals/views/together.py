"""The pages of several requests: one answer to all that were checked, and competing ones side by
side."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from booking.approvals import queries, words
from booking.approvals.compared import compare
from booking.approvals.forms import SeveralForm, empty_approve_form, empty_several_form
from booking.approvals.together import Decision, Result, decide_each
from booking.approvals.views.blueprint import pages
from booking.approvals.views.requests import Left, Note, list_page
from booking.core.errors import InvalidError, Problem
from booking.core.i18n import _, ngettext
from booking.core.permissions import Action
from booking.core.web import acts, current_actor


@pages.post("/approvals/decide")
@acts(Action.SEE_APPROVALS)
def decide() -> ResponseReturnValue:
    """Answer all that were checked, each for itself; say which went through, and why others did
    not."""
    form = SeveralForm()
    if not form.validate():
        return _again(form)
    if not form.chosen:
        return list_page(Note(_("Choose at least one request first."), "warn"), form), 422
    if not form.is_yes and not form.says_why:
        form.show(InvalidError({"reason": Problem.MISSING}))
        return _again(form)
    results = decide_each(current_actor(), _decisions(form), form.key)
    return _answer(results, is_yes=form.is_yes)


@pages.get("/approvals/<uuid:public_id>/compare")
@acts(Action.DECIDE)
def competing(public_id: UUID) -> ResponseReturnValue:
    """A request and those that want the same place at an overlapping time, side by side."""
    actor = current_actor()
    wanted = queries.request_for(actor, str(public_id))
    found = compare(actor, wanted)
    if len(found) < 2:
        flash(_("No other request waits for this time any more."), "warn")
        return redirect(url_for("approvals.show", public_id=public_id), 303)
    return render_template(
        "approvals/compare.html",
        page_title=ngettext(
            "%(num)s request for one time", "%(num)s requests for one time", len(found)
        ),
        wanted=wanted,
        found=found,
        approve_form=empty_approve_form,
        several_form=empty_several_form(),
    )


def _decisions(form: SeveralForm) -> Iterable[Decision]:
    return (
        Decision(
            one.public_id,
            form.is_yes,
            one.seen_version,
            code=form.code,
            reason=form.reason.data or "",
        )
        for one in form.chosen
    )


def _again(form: SeveralForm) -> ResponseReturnValue:
    """The list with what was checked and typed, and what is wrong with it."""
    return list_page(form=form, chosen=[one.public_id for one in form.chosen]), 422


def _answer(results: list[Result], *, is_yes: bool) -> ResponseReturnValue:
    refused = {one.public_id: one.error for one in results if one.error is not None}
    done = len(results) - len(refused)
    said = words.decided(done, is_yes=is_yes)
    if not refused:
        flash(said, "ok")
        return redirect(url_for("approvals.list"), 303)
    known = queries.requests_for(current_actor(), list(refused))
    left = [
        Left(
            one.public_id, one.reference, words.who_asks(one), words.why_not(refused[one.public_id])
        )
        for one in known
    ]
    sentences = (said if done else "", words.left(len(refused)))
    note = Note(" ".join(filter(None, sentences)), "warn" if done else "bad", left=left)
    return list_page(note, chosen=list(refused)), 409
