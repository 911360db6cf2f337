"""The operator's pages of profiles of hours: their weeks, their periods, Ramadan as it is expected,
and whom a change would leave outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import ids, web
from booking.core.errors import FixedError, InUseError, InvalidError, NotFoundError, OutdatedError
from booking.core.i18n import _, format_days, name_in, ngettext
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.pages.park.editor import changes_of
from booking.pages.park.forms import DraftForm, PeriodForm, ProfileForm, ProfileWeekForm
from booking.pages.park.hours import Affected, affected, week_words
from booking.profiles import queries, service
from booking.profiles.drafts import PeriodDraft, ProfileDraft, ProfileWeekDraft
from booking.profiles.queries import StoredPeriod, StoredProfile
from booking.profiles.recheck import WouldLeaveOutsideError
from booking.reservations.ahead import Left
from booking.spaces import inventory, timetables
from booking.spaces.drafts import Draft, SpanDraft
from booking.spaces.models import PeriodState
from booking.spaces.words import DaysAlike

AnyDraft = TypeVar("AnyDraft", bound=Draft)

MOST_SHOWN = 50  # of those left outside; the rest is counted
NOT_CARRIED = {"csrf_token", "left", "idempotency_key"}
FASTING_DAY = (SpanDraft(opens="09:00", closes="15:00"),)  # offered where nothing is known

blueprint = Blueprint("profiles", __name__, url_prefix="/profiles")


@dataclass(frozen=True)
class PeriodLine:
    """A period in a list, and where it stands."""

    url: str | None
    days: str
    state: str
    tag: str  # how the state is drawn: good, warn or neutral
    icon: str
    detail: str


@dataclass(frozen=True)
class ProfileLine:
    """A profile in the list."""

    url: str
    name: str
    detail: str
    periods: tuple[PeriodLine, ...]


@dataclass(frozen=True)
class WeekLine:
    """A set of hours under a profile; without a week it is as usual."""

    url: str
    name: str
    week: tuple[DaysAlike, ...]
    remove_url: str | None


# --- profiles ---


@blueprint.get("")
@acts(Action.OPERATE)
def index() -> ResponseReturnValue:
    """The profiles with the periods that are not over, and Ramadan as it is expected."""
    missing = queries.missing(current_actor())
    return render_template(
        "park/profiles.html",
        page_title=_("Ramadan and other profiles"),
        profiles=[_profile_line(one) for one in queries.profiles()],
        missing=[format_days(one.first_day, one.last_day) for one in missing],
    )


@blueprint.post("/propose")
@acts(Action.OPERATE)
def propose() -> ResponseReturnValue:
    """Add the Ramadans that are expected."""
    count = service.propose(current_actor())
    flash(ngettext("%(num)s period was added.", "%(num)s periods were added.", count), "ok")
    return redirect(url_for(".index"), 303)


@blueprint.get("/new")
@acts(Action.OPERATE)
def new() -> ResponseReturnValue:
    """The form for a new profile."""
    return _form_page(ProfileForm(formdata=None), _("New profile"), url_for(".index"))


@blueprint.post("/new")
@acts(Action.OPERATE)
def add() -> ResponseReturnValue:
    """Add a profile."""
    actor, form = current_actor(), ProfileForm()

    def act(draft: ProfileDraft) -> str:
        return url_for(".show", key=service.add(actor, draft))

    return _write(form, _("New profile"), url_for(".index"), act)


@blueprint.get("/<int:key>")
@acts(Action.OPERATE)
def show(key: int) -> ResponseReturnValue:
    """A profile with its periods and the week of each set of hours."""
    found = queries.profile(key)
    weeks = {one.hours_key: one for one in found.weeks}
    has_held = any(one.has_begun(timetables.today()) for one in found.periods)
    lines = [
        WeekLine(
            url_for(".edit_week", key=key, hours=one.key),
            name_in(one.draft.names),
            week_words(weeks[one.key].week) if one.key in weeks else (),
            url_for(".ask_remove_week", key=key, hours=one.key)
            if one.key in weeks and not has_held
            else None,
        )
        for one in inventory.hours()
    ]
    left = queries.outside(found)
    return render_template(
        "park/profile.html",
        page_title=name_in(found.draft.names),
        found=found,
        periods=[_period_line(one) for one in found.periods],
        weeks=lines,
        rows=_affected(left),
        count=len(left),
        more=max(0, len(left) - MOST_SHOWN),
    )


@blueprint.get("/<int:key>/name")
@acts(Action.OPERATE)
def edit_name(key: int) -> ResponseReturnValue:
    """The form for the name."""
    found = queries.profile(key)
    form = ProfileForm.showing(found.draft)
    form.seen.data = found.mark
    return _form_page(form, _("Name of the profile"), url_for(".show", key=key))


@blueprint.post("/<int:key>/name")
@acts(Action.OPERATE)
def rename(key: int) -> ResponseReturnValue:
    """Store the name."""
    actor, form = current_actor(), ProfileForm()
    back = url_for(".show", key=key)

    def act(draft: ProfileDraft) -> str:
        service.rename(actor, key, draft, form.seen.data or "")
        return back

    return _write(
        form, _("Name of the profile"), back, act, stored=lambda: queries.profile(key).draft
    )


@blueprint.get("/<int:key>/remove")
@acts(Action.OPERATE)
def ask_remove(key: int) -> ResponseReturnValue:
    """Are you sure?"""
    return _remove_page(name_in(queries.profile(key).draft.names), key)


@blueprint.post("/<int:key>/remove")
@acts(Action.OPERATE)
def remove(key: int) -> ResponseReturnValue:
    """Delete a profile that holds at no time."""
    name = name_in(queries.profile(key).draft.names)
    try:
        service.remove(current_actor(), key)
    except InUseError:
        refusal = _("This profile has periods. Leave them out first; what has held stays.")
        return _remove_page(name, key, refusal), 409
    flash(_("The profile has been deleted."), "ok")
    return redirect(url_for(".index"), 303)


# --- the week of a set ---


@blueprint.get("/<int:key>/weeks/<int:hours>")
@acts(Action.OPERATE)
def edit_week(key: int, hours: int) -> ResponseReturnValue:
    """The form for the week of a set under this profile."""
    queries.profile(key)
    name = name_in(inventory.hours_set(hours).draft.names)
    try:
        stored = queries.week(key, hours)
    except NotFoundError:
        form = ProfileWeekForm.showing(_first_week(hours))
    else:
        form = ProfileWeekForm.showing(stored.draft)
        form.seen.data = stored.mark
    return _form_page(form, _("Hours under the profile"), url_for(".show", key=key), name)


@blueprint.post("/<int:key>/weeks/<int:hours>")
@acts(Action.OPERATE)
def set_week(key: int, hours: int) -> ResponseReturnValue:
    """Store it; while it leaves somebody outside, show whom first."""
    queries.profile(key)
    inventory.hours_set(hours)
    actor, form = current_actor(), ProfileWeekForm().offer()
    back = url_for(".show", key=key)

    def act(draft: ProfileWeekDraft) -> str:
        mark, seen = form.seen.data or None, form.left.data or None
        service.set_week(actor, key, hours, draft, mark=mark, seen=seen)
        return back

    return _write(
        form,
        _("Hours under the profile"),
        back,
        act,
        stored=lambda: queries.week(key, hours).draft,
    )


@blueprint.get("/<int:key>/weeks/<int:hours>/remove")
@acts(Action.OPERATE)
def ask_remove_week(key: int, hours: int) -> ResponseReturnValue:
    """Are you sure?"""
    return _remove_page(name_in(queries.week(key, hours).names), key)


@blueprint.post("/<int:key>/weeks/<int:hours>/remove")
@acts(Action.OPERATE)
def remove_week(key: int, hours: int) -> ResponseReturnValue:
    """Let the set be as usual under this profile."""
    name = name_in(queries.week(key, hours).names)
    try:
        seen = request.form.get("left") or None
        service.remove_week(current_actor(), key, hours, seen=seen)
    except FixedError:
        refusal = _("These hours have held already and stay. Give the set other ones instead.")
        return _remove_page(name, key, refusal), 409
    except WouldLeaveOutsideError as error:
        return _outside_page(error, url_for(".show", key=key)), 409
    flash(_("The opening hours are as usual under this profile."), "ok")
    return redirect(url_for(".show", key=key), 303)


# --- periods ---


@blueprint.get("/<int:key>/periods/new")
@acts(Action.OPERATE)
def new_period(key: int) -> ResponseReturnValue:
    """The form for a period."""
    name = name_in(queries.profile(key).draft.names)
    form = PeriodForm(formdata=None, is_announced=True)
    return _form_page(form, _("New period"), url_for(".show", key=key), name)


@blueprint.post("/<int:key>/periods/new")
@acts(Action.OPERATE)
def add_period(key: int) -> ResponseReturnValue:
    """Add it; while it leaves somebody outside, show whom first."""
    queries.profile(key)
    actor, form = current_actor(), PeriodForm()
    back = url_for(".show", key=key)

    def act(draft: PeriodDraft) -> str:
        service.add_period(actor, key, draft, seen=form.left.data or None)
        return back

    return _write(form, _("New period"), back, act)


@blueprint.get("/periods/<uuid:public_id>")
@acts(Action.OPERATE)
def edit_period(public_id: UUID) -> ResponseReturnValue:
    """Announce it, or let it begin or end on another day."""
    found = queries.period(str(public_id))
    form = PeriodForm(
        formdata=None, first_day=found.first_day, last_day=found.last_day, is_announced=True
    )
    form.seen.data = found.mark
    return _period_page(form, found)


@blueprint.post("/periods/<uuid:public_id>")
@acts(Action.OPERATE)
def change_period(public_id: UUID) -> ResponseReturnValue:
    """Do so; while it leaves somebody outside, show whom first."""
    actor, form = current_actor(), PeriodForm()
    found = queries.period(str(public_id))
    back = url_for(".show", key=found.profile_key)

    def act(draft: PeriodDraft) -> str:
        mark, seen = form.seen.data or None, form.left.data or None
        service.change_period(actor, found.public_id, draft, mark=mark, seen=seen)
        return back

    return _write(
        form,
        _("Announce or move"),
        back,
        act,
        stored=lambda: queries.period(found.public_id).draft,
    )


@blueprint.get("/periods/<uuid:public_id>/leave-out")
@acts(Action.OPERATE)
def ask_leave_out(public_id: UUID) -> ResponseReturnValue:
    """Are you sure?"""
    found = queries.period(str(public_id))
    return render_template(
        "park/leave_out_period.html",
        page_title=_("Leave out"),
        found=found,
        name=name_in(queries.profile(found.profile_key).draft.names),
        days=format_days(found.first_day, found.last_day),
    )


@blueprint.post("/periods/<uuid:public_id>/leave-out")
@acts(Action.OPERATE)
def leave_out(public_id: UUID) -> ResponseReturnValue:
    """Let the usual hours go on."""
    found = queries.period(str(public_id))
    try:
        seen = request.form.get("left") or None
        service.leave_out(current_actor(), found.public_id, seen=seen)
    except WouldLeaveOutsideError as error:
        return _outside_page(error, url_for(".show", key=found.profile_key)), 409
    flash(_("The usual hours go on."), "ok")
    return redirect(url_for(".show", key=found.profile_key), 303)


# --- writing ---


def _write(
    form: DraftForm[AnyDraft],
    title: str,
    back: str,
    act: Callable[[AnyDraft], str],
    *,
    stored: Callable[[], AnyDraft] | None = None,
) -> ResponseReturnValue:
    """Do it once and go on; `stored` reads what somebody else may have changed."""
    is_sound = form.validate()
    if not is_sound or "edit" in request.form:
        return _form_page(form, title, back), 200 if is_sound else 422
    try:
        draft = form.to_draft()
        answer = web.once_for_form(
            current_actor(), form.idempotency_key.data, lambda: Answer(303, act(draft))
        )
    except InvalidError as error:
        form.show(error)
        return _form_page(form, title, back), 422
    except OutdatedError as error:
        form.seen.data = error.current
        changes = changes_of(form, type(form).showing(stored()), error) if stored else []
        return _form_page(form, title, back, changes=changes), 409
    except WouldLeaveOutsideError as error:
        return _outside_page(error), 409
    flash(_("The hours have been changed."), "ok")
    return redirect(answer.location, 303)  # nosemgrep: redirect-elsewhere


def _form_page(
    form: DraftForm[Any],  # Any: a form about one of these
    title: str,
    back: str,
    subject: str = "",
    **more: object,
) -> str:
    form.idempotency_key.data = form.idempotency_key.data or ids.new_public_id()
    return render_template(
        "park/profile_form.html",
        page_title=title,
        subject=subject,
        form=form,
        list_url=back,
        **more,
    )


def _period_page(form: PeriodForm, found: StoredPeriod) -> str:
    if found.state is PeriodState.ANNOUNCED:
        del form.is_announced
    may_leave_out = found.state is not PeriodState.LEFT_OUT
    name = name_in(queries.profile(found.profile_key).draft.names)
    return _form_page(
        form,
        _("Announce or move"),
        url_for(".show", key=found.profile_key),
        name,
        leave_out_url=url_for(".ask_leave_out", public_id=found.public_id)
        if may_leave_out and not found.has_begun(timetables.today())
        else "",
    )


def _outside_page(error: WouldLeaveOutsideError, back_url: str = "") -> str:
    """Whom it would leave outside, before anything happens; the form is sent once more to the same
    address."""
    return render_template(
        "park/outside.html",
        page_title=_("Outside the new hours"),
        rows=_affected(error.left),
        count=len(error.left),
        more=max(0, len(error.left) - MOST_SHOWN),
        left=error.seen,
        is_stale=error.is_stale,
        carried=[
            (name, value)
            for name, value in request.form.items(multi=True)
            if name not in NOT_CARRIED
        ],
        key=ids.new_public_id(),
        back_url=back_url,
    )


def _affected(left: Sequence[Left]) -> list[Affected]:
    shown = left[:MOST_SHOWN]
    return affected([one.id for one in shown], {one.id: one.local for one in shown})


def _remove_page(subject: str, key: int, refusal: str = "") -> str:
    return render_template(
        "park/remove.html",
        page_title=_("Delete"),
        subject=subject,
        refusal=refusal,
        back_url=url_for(".show", key=key),
    )


# --- words ---


def _first_week(hours_key: int) -> ProfileWeekDraft:
    """What is offered for a set that has no week yet: short days where it is open."""
    present = timetables.present_weeks([hours_key])[hours_key] or ((),) * 7
    return ProfileWeekDraft(week=tuple(FASTING_DAY if spans else () for spans in present))


def _profile_line(found: StoredProfile) -> ProfileLine:
    present = timetables.today()
    count = len(found.weeks)
    detail = (
        ngettext("%(num)s set of hours", "%(num)s sets of hours", count)
        if count
        else _("No hours yet")
    )
    ahead = [one for one in found.periods if one.last_day >= present]
    return ProfileLine(
        url_for(".show", key=found.key),
        name_in(found.draft.names),
        detail,
        tuple(_period_line(one) for one in reversed(ahead)),
    )


def _period_line(one: StoredPeriod) -> PeriodLine:
    present = timetables.today()
    state, tag, icon = {
        PeriodState.ESTIMATED: (_("Dates estimated"), "warn", "hourglass"),
        PeriodState.ANNOUNCED: (_("Announced"), "good", "circle-check"),
        PeriodState.LEFT_OUT: (_("Left out"), "neutral", "ban"),
    }[one.state]
    if one.is_over(present):
        state, tag, icon = _("Past"), "neutral", "history"
    return PeriodLine(
        url=None if one.is_over(present) else url_for(".edit_period", public_id=one.public_id),
        days=format_days(one.first_day, one.last_day),
        state=state,
        tag=tag,
        icon=icon,
        detail=_detail(one),
    )


def _detail(one: StoredPeriod) -> str:
    if one.state is PeriodState.ESTIMATED:
        return _("The usual hours go on; what lies outside is subject to announcement.")
    if one.state is PeriodState.LEFT_OUT:
        return _("The usual hours go on.")
    return ""
