"""The operator's pages of public holidays: the year ahead, taking over what the calendar knows,
announcing, moving, adding by hand and leaving out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.closures import holiday_queries, holidays, queries
from booking.closures.holiday_forms import HolidayForm
from booking.closures.holiday_queries import Known, wanted_of
from booking.closures.holidays import HolidayDraft
from booking.closures.service import WouldDisplaceError
from booking.closures.views import hit_page
from booking.core import ids, web
from booking.core.errors import InvalidError
from booking.core.i18n import _, format_day, name_in, ngettext
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.spaces.models import HolidayState

blueprint = Blueprint("holidays", __name__, url_prefix="/holidays")


@dataclass(frozen=True)
class Line:
    """A public holiday in the list, and where it stands."""

    url: str
    name: str
    day: str
    state: str
    tag: str  # how the state is drawn: good, warn or neutral
    icon: str
    detail: str
    closure_url: str
    kept: str


@blueprint.get("")
@acts(Action.OPERATE)
def index() -> ResponseReturnValue:
    """Those of the year ahead, and what the calendar knows besides."""
    found = holiday_queries.known(*holiday_queries.year_ahead())
    missing = holiday_queries.missing(current_actor())
    return render_template(
        "closures/holidays.html",
        page_title=_("Public holidays"),
        lines=[_line(one) for one in found],
        missing=[(name_in(one.names), format_day(one.day), one.is_estimated) for one in missing],
    )


@blueprint.post("/take-over")
@acts(Action.OPERATE)
def take_over() -> ResponseReturnValue:
    """Add everything that the calendar knows of the year ahead."""
    count = holidays.take_over(current_actor())
    flash(
        ngettext("%(num)s public holiday was added.", "%(num)s public holidays were added.", count),
        "ok",
    )
    return redirect(url_for(".index"), 303)


@blueprint.get("/new")
@acts(Action.OPERATE)
def new() -> ResponseReturnValue:
    """The form for one that no calendar knows."""
    form = HolidayForm(formdata=None, is_announced=True, idempotency_key=ids.new_public_id())
    return _form_page(form, None)


@blueprint.post("")
@acts(Action.OPERATE)
def create() -> ResponseReturnValue:
    """Add it; while somebody is hit, show whom first."""
    actor, form = current_actor(), HolidayForm()

    def act(draft: HolidayDraft) -> str:
        return holidays.add(
            actor, draft, seen=form.seen.data or None, keeps="keeps" in request.form
        )

    return _store(form, None, act)


@blueprint.get("/<uuid:public_id>")
@acts(Action.OPERATE)
def edit(public_id: UUID) -> ResponseReturnValue:
    """Announce it, move it, or name it otherwise."""
    found = holiday_queries.holiday(str(public_id))
    form = HolidayForm(
        formdata=None,
        day=found.day,
        names=dict(found.names),
        is_announced=True,
        idempotency_key=ids.new_public_id(),
    )
    return _form_page(form, found)


@blueprint.post("/<uuid:public_id>")
@acts(Action.OPERATE)
def change(public_id: UUID) -> ResponseReturnValue:
    """Do so; while somebody is hit, show whom first."""
    actor, form = current_actor(), HolidayForm()
    found = holiday_queries.holiday(str(public_id))

    def act(draft: HolidayDraft) -> str:
        holidays.change(
            actor,
            found.public_id,
            draft,
            seen=form.seen.data or None,
            keeps="keeps" in request.form,
        )
        return found.public_id

    return _store(form, found, act)


@blueprint.get("/<uuid:public_id>/leave-out")
@acts(Action.OPERATE)
def ask_leave_out(public_id: UUID) -> ResponseReturnValue:
    """Are you sure?"""
    found = holiday_queries.holiday(str(public_id))
    return render_template(
        "closures/leave_out.html",
        page_title=_("Leave out"),
        found=found,
        name=name_in(found.names),
        day=format_day(found.day),
    )


@blueprint.post("/<uuid:public_id>/leave-out")
@acts(Action.OPERATE)
def leave_out(public_id: UUID) -> ResponseReturnValue:
    """The park works on that day."""
    holidays.leave_out(current_actor(), str(public_id))
    flash(_("The park works on that day; what was closed is open again."), "ok")
    return redirect(url_for(".index"), 303)


def _store(
    form: HolidayForm, found: Known | None, act: Callable[[HolidayDraft], str]
) -> ResponseReturnValue:
    is_sound = form.validate()
    if not is_sound or "edit" in request.form:
        return _form_page(form, found), 200 if is_sound else 422
    try:
        draft = form.to_draft()
    except InvalidError as error:
        form.show(error)
        return _form_page(form, found), 422
    try:
        web.once_for_form(current_actor(), form.key, lambda: Answer(303, act(draft)))
    except InvalidError as error:
        form.show(error)
        return _form_page(form, found), 422
    except WouldDisplaceError as error:
        key = 0 if found is None else found.id
        plan = queries.plan(current_actor(), wanted_of(key, draft.day, draft.names))
        return hit_page(plan, _address(found), is_stale=error.is_stale), 409
    flash(_("The public holiday is stored."), "ok")
    return redirect(url_for(".index"), 303)


def _address(found: Known | None) -> str:
    if found is None:
        return url_for(".create")
    return url_for(".change", public_id=found.public_id)


def _form_page(form: HolidayForm, found: Known | None) -> str:
    return render_template(
        "closures/holiday.html",
        page_title=_("Public holiday"),
        form=form,
        found=found,
        url=_address(found),
        first=holiday_queries.year_ahead()[0],
        is_announced=found is not None and found.state is HolidayState.ANNOUNCED,
    )


def _line(one: Known) -> Line:
    state, tag, icon = {
        HolidayState.ESTIMATED: (_("Date estimated"), "warn", "hourglass"),
        HolidayState.ANNOUNCED: (_("Announced"), "good", "circle-check"),
        HolidayState.LEFT_OUT: (_("Left out"), "neutral", "ban"),
    }[one.state]
    return Line(
        url=url_for(".edit", public_id=one.public_id),
        name=name_in(one.names),
        day=format_day(one.day),
        state=state,
        tag=tag,
        icon=icon,
        detail=_detail(one),
        closure_url="" if one.closure is None else url_for("closures.show", public_id=one.closure),
        kept=ngettext(
            "%(num)s reservation stays inside", "%(num)s reservations stay inside", one.kept
        )
        if one.kept
        else "",
    )


def _detail(one: Known) -> str:
    if one.state is HolidayState.ESTIMATED:
        return _("Reservations are accepted subject to announcement.")
    if one.state is HolidayState.LEFT_OUT:
        return _("The park works on that day.")
    if one.closure is None:
        return _("The spaces close within a minute.")
    return ngettext("%(num)s space is closed", "%(num)s spaces are closed", one.spaces)
