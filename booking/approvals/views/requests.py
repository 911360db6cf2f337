"""The pages of whoever decides: what waits, one request with all it takes, yes and no."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.approvals import queries, words
from booking.approvals.asked import asked_of
from booking.approvals.case import Case, case_of
from booking.approvals.forms import (
    ApproveForm,
    AskForm,
    DeclineForm,
    SeveralForm,
    empty_approve_form,
    empty_ask_form,
    empty_decline_form,
    empty_several_form,
)
from booking.approvals.queries import MOST
from booking.approvals.rows import groups_of, rows_of
from booking.approvals.views.blueprint import pages
from booking.core import web
from booking.core.errors import InvalidError, RefusedError, StaleError, WouldDeclineError
from booking.core.i18n import _, ngettext
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.refusal_texts import describe
from booking.core.refusals import Reason
from booking.core.web import acts, current_actor
from booking.people import deputies
from booking.people.viewings import note_view
from booking.reservations import service, texts
from booking.reservations.history import Entry
from booking.reservations.models import State
from booking.reservations.queries import Details, details_by_id
from booking.reservations.service import Outcome


@dataclass(frozen=True)
class Left:
    """A request of several that was not decided, and why."""

    public_id: str
    reference: str
    who: str
    why: str


@dataclass(frozen=True)
class Note:
    """Why a decision was not taken, and what the reader has not seen yet."""

    text: str
    tone: str = "bad"
    entries: Sequence[Entry] = ()
    left: Sequence[Left] = ()


@pages.get("/approvals", endpoint="list")
@acts(Action.SEE_APPROVALS)
def index() -> str:
    """What waits, the nearest deadline first, and beside it the one that was selected."""
    return list_page()


@pages.get("/approvals/<uuid:public_id>")
@acts(Action.DECIDE)
def show(public_id: UUID) -> ResponseReturnValue:
    """One request on a page of its own: what a phone shows, and where messages lead."""
    return _page(str(public_id))


@pages.post("/approvals/<uuid:public_id>/approve")
@acts(Action.DECIDE)
def approve(public_id: UUID) -> ResponseReturnValue:
    """Say yes; first ask, where others would be declined."""
    form, wanted = ApproveForm(), queries.request_for(current_actor(), str(public_id))
    if not form.validate():
        return _page(wanted.public_id, status=422, note=_unreadable())
    try:
        _once(
            form.key,
            lambda: service.approve(
                current_actor(),
                wanted.public_id,
                seen_version=form.seen_version,
                declines_others=form.may_decline_others,
            ),
        )
    except WouldDeclineError:
        return _question(wanted.public_id, form), 409
    except (StaleError, RefusedError, InvalidError) as error:
        return _page(wanted.public_id, status=409, error=error, seen_version=form.seen_version)
    asked = asked_of(wanted)
    now = details_by_id(wanted.public_id)
    said = words.approved_in_part if now is not None and now.waits else words.approved
    return _done(said(wanted, asked.codes, asked.local))


@pages.post("/approvals/<uuid:public_id>/decline")
@acts(Action.DECIDE)
def decline(public_id: UUID) -> ResponseReturnValue:
    """Say no, with a reason."""
    form, wanted = DeclineForm(), queries.request_for(current_actor(), str(public_id))
    if not form.validate():
        note = _unreadable() if form.version.errors else None
        return _page(wanted.public_id, status=422, note=note, decline_form=form)
    try:
        _once(
            form.key,
            lambda: service.decline(
                current_actor(),
                wanted.public_id,
                seen_version=form.seen_version,
                code=form.code,
                reason=form.reason.data or "",
            ),
        )
    except InvalidError as error:
        form.show(error)
        status = 422 if form.reason.errors or form.reason_code.errors else 409
        return _page(wanted.public_id, status=status, error=error, decline_form=form)
    except (StaleError, RefusedError) as error:
        return _page(
            wanted.public_id,
            status=409,
            error=error,
            seen_version=form.seen_version,
            decline_form=form,
        )
    was_a_request = wanted.state in (State.PENDING, State.DECLINED)  # the latter when sent twice
    said = words.declined if was_a_request else words.change_declined
    return _done(said(wanted, texts.codes(wanted.places), wanted.local))


@pages.post("/approvals/<uuid:public_id>/ask")
@acts(Action.ASK)
def ask(public_id: UUID) -> ResponseReturnValue:
    """Ask something before deciding."""
    form, wanted = AskForm(), queries.request_for(current_actor(), str(public_id))
    try:
        _once(
            form.key,
            lambda: service.ask(
                current_actor(), wanted.public_id, question=form.question.data or ""
            ),
        )
    except InvalidError as error:
        form.show(error)
        return _page(wanted.public_id, status=422, error=error, ask_form=form)
    except RefusedError as error:
        return _page(wanted.public_id, status=409, error=error)
    flash(_("Your question is sent. The time to answer the request runs on."), "ok")
    return redirect(url_for("approvals.show", public_id=wanted.public_id), 303)


def list_page(
    note: Note | None = None,
    form: SeveralForm | None = None,
    chosen: Collection[str] = (),
) -> str:
    """The list as it stands now; `chosen` are the requests whose boxes are checked."""
    actor = current_actor()
    waiting = queries.waiting_for(actor)
    background = queries.background_of(waiting)
    wanted = request.args.get("selected")
    selected = _selected(waiting, wanted)
    if selected is not None:
        note_view(actor, selected.person_id)
    if request.args.get("chosen") == "all":
        chosen = [one.public_id for one in waiting]
    rows = rows_of(waiting, background, selected)
    return render_template(
        "approvals/list.html",
        page_title=_("Requests"),
        rows=rows,
        groups=groups_of(rows, waiting, background),
        count=_count(waiting),
        chosen=chosen,
        several_form=form or empty_several_form(),
        stand_ins=[words.stand_in(actor, one) for one in deputies.absences_today_of(actor)],
        note=note or (_no_longer_waits() if _is_gone(wanted, selected) else None),
        **(_answerable(case_of(actor, selected, background)) if selected else {"case": None}),
    )


def _selected(waiting: Sequence[Details], chosen: str | None) -> Details | None:
    """The chosen one, else the first."""
    return next((one for one in waiting if one.public_id == chosen), next(iter(waiting), None))


def _is_gone(chosen: str | None, selected: Details | None) -> bool:
    return bool(chosen) and (selected is None or selected.public_id != chosen)


def _no_longer_waits() -> Note:
    return Note(_("The request that you opened no longer waits for a decision."), tone="warn")


def _count(waiting: Sequence[Details]) -> str:
    if len(waiting) < MOST:
        return ngettext("%(num)s request", "%(num)s requests", len(waiting))
    return ngettext(
        "The %(num)s most urgent request", "The %(num)s most urgent requests", len(waiting)
    )


def _page(
    public_id: str,
    *,
    status: int = 200,
    note: Note | None = None,
    error: Exception | None = None,
    seen_version: int | None = None,
    decline_form: DeclineForm | None = None,
    ask_form: AskForm | None = None,
) -> ResponseReturnValue:
    """The request as it is now, with what was refused and what was typed."""
    actor = current_actor()
    case = case_of(actor, queries.request_for(actor, public_id))
    note_view(actor, case.request.person_id)
    if error is not None:
        note = _refused(error, case, seen_version)
    page = render_template(
        "approvals/show.html",
        page_title=_("Request %(reference)s", reference=case.request.reference),
        note=note,
        **_answerable(case, decline_form, ask_form),
    )
    return page, status


def _answerable(
    case: Case, decline_form: DeclineForm | None = None, ask_form: AskForm | None = None
) -> dict[str, object]:
    """What the detail needs; the forms always carry the version that this page shows."""
    version = case.request.version
    fresh = empty_decline_form(version)
    if decline_form is not None:
        decline_form.version.data, decline_form.version.raw_data = version, None
        decline_form.idempotency_key.data = fresh.idempotency_key.data
    return {
        "texts": texts,
        "case": case,
        "approve_form": empty_approve_form(version),
        "decline_form": decline_form or fresh,
        "ask_form": ask_form or empty_ask_form(),
    }


def _question(public_id: str, form: ApproveForm) -> str:
    """Approving declines others: say whom, and ask. Nothing has happened yet."""
    actor = current_actor()
    case = case_of(actor, queries.request_for(actor, public_id))
    return render_template(
        "approvals/confirm.html",
        page_title=_("Request %(reference)s", reference=case.request.reference),
        case=case,
        version=form.seen_version,
        key=form.key or "",
    )


def _refused(error: Exception, case: Case, seen_version: int | None) -> Note | None:
    match error:
        case StaleError():
            return Note(
                _(
                    "This request has changed since you opened it. Nothing was decided:"
                    " look at it once more."
                ),
                entries=case.changed_since(seen_version or 0),
            )
        case RefusedError(refusals=refusals):
            if any(refusal.reason is Reason.SLOT_TAKEN for refusal in refusals):
                return _taken()
            return Note(" ".join(describe(refusal) for refusal in refusals))
        case InvalidError(fields=fields) if "Idempotency-Key" in fields:
            return Note(_("This form was sent before with another answer. Look at the request."))
    return None


def _taken() -> Note:
    return Note(
        _(
            "The place is taken at this time, so this request cannot be approved. Decline it, or"
            " first move what is in the way."
        )
    )


def _unreadable() -> Note:
    return Note(_("The form was incomplete. Nothing was decided: please try again."))


def _once(key: str | None, act: Callable[[], Outcome]) -> None:
    """Act once for each key: what was asked is told by the address and the fields."""
    web.once_for_form(current_actor(), key, lambda: Answer(303, act().public_id))


def _done(text: str) -> ResponseReturnValue:
    flash(text, "ok")
    return redirect(url_for("approvals.list"), 303)
