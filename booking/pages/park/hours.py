"""The operator's pages of opening hours: sets, their weeks by date, days that differ, and which
reservations a change would leave outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import ids, web, zones
from booking.core.errors import (
    FixedError,
    InUseError,
    InvalidError,
    NotFoundError,
    OutdatedError,
)
from booking.core.i18n import _, format_clock, format_day, format_short_day, name_in, ngettext
from booking.core.idempotency import Answer
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.pages.park.editor import Change, changes_of
from booking.pages.park.forms import DayForm, DraftForm, HoursForm, HoursNameForm, WeekForm
from booking.pages.park.places import spaces_counted
from booking.profiles import changes
from booking.reservations import ahead, queries
from booking.reservations.ahead import Outside
from booking.reservations.models import Reservation
from booking.spaces import inventory, timetables
from booking.spaces.drafts import DayDraft, Draft, HoursDraft, SpanDraft, WeekDraft
from booking.spaces.opening import Week
from booking.spaces.timetables import StoredDay, StoredWeek
from booking.spaces.words import DaysAlike, times_in_words, week_in_words

AnyDraft = TypeVar("AnyDraft", bound=Draft)
AnyStored = TypeVar("AnyStored", StoredWeek, StoredDay)

WORKING_DAY = (SpanDraft(opens="08:00", closes="18:00"),)
DAYS_SHOWN_BACK = timedelta(days=31)

blueprint = Blueprint("hours", __name__, url_prefix="/hours")


@dataclass(frozen=True)
class SetLine:
    """A set of hours in the list."""

    url: str
    name: str
    detail: str
    week: tuple[DaysAlike, ...]


@dataclass(frozen=True)
class WeekLine:
    """A week of a set, and what can be done with it."""

    title: str
    week: tuple[DaysAlike, ...]
    holds_now: bool
    is_fixed: bool
    edit_url: str
    remove_url: str


@dataclass(frozen=True)
class DayLine:
    """A day with hours of its own."""

    title: str
    name: str
    times: tuple[tuple[str, str], ...]
    is_fixed: bool
    edit_url: str
    remove_url: str


@dataclass(frozen=True)
class Affected:
    """A reservation that a change leaves outside the hours."""

    url: str
    icon: str
    title: str
    person: str
    day: str
    times: tuple[str, str]


@dataclass(frozen=True)
class Preview:
    """What a change would do."""

    title: str
    week: tuple[DaysAlike, ...]
    times: tuple[tuple[str, str], ...] | None  # of a single day
    warning: str
    affected: list[Affected]


# --- sets ---


@blueprint.get("")
@acts(Action.OPERATE)
def index() -> ResponseReturnValue:
    """The sets with the week that holds today."""
    found = inventory.hours()
    weeks = timetables.present_weeks([one.key for one in found])
    return render_template(
        "park/hours.html",
        page_title=_("Opening hours"),
        sets=[
            SetLine(
                url_for(".show", key=one.key),
                name_in(one.draft.names),
                spaces_counted(one.uses),
                week_words(weeks[one.key]),
            )
            for one in found
        ],
    )


@blueprint.get("/new")
@acts(Action.OPERATE)
def new() -> ResponseReturnValue:
    """The form for a new set: office hours on the working days, from today on."""
    weekend = inventory.site().draft.weekend
    week = tuple(() if day in weekend else WORKING_DAY for day in range(7))
    form = HoursForm.showing(WeekDraft(valid_from=timetables.today(), week=week))
    return _form_page(form, _("New opening hours"), url_for(".index"))


@blueprint.post("/new")
@acts(Action.OPERATE)
def add() -> ResponseReturnValue:
    """Add a set with its first week."""
    form = HoursForm().offer()
    back, title = url_for(".index"), _("New opening hours")
    draft = _typed(form)
    if draft is None:
        return _form_page(form, title, back), 422
    actor = current_actor()

    def act() -> Answer:
        named = HoursDraft(
            names=form.names.data or {}, closes_on_holidays=bool(form.closes_on_holidays.data)
        )
        key = timetables.add_hours(actor, named, draft)
        return Answer(303, url_for("park.hours.show", key=key))

    try:
        if "preview" in request.form:
            return _form_page(form, title, back, _week_preview(None, draft))
        answer = web.once_for_form(actor, form.idempotency_key.data, act)
    except InvalidError as error:
        form.show(error)
        return _form_page(form, title, back), 422
    flash(_("The opening hours are there. Spaces get them on their own pages."), "ok")
    return redirect(answer.location, 303)  # nosemgrep: redirect-elsewhere


@blueprint.get("/<int:key>")
@acts(Action.OPERATE)
def show(key: int) -> ResponseReturnValue:
    """A set with its weeks, the last first, and its days."""
    stored = inventory.hours_set(key)
    weeks = timetables.weeks(key)
    present = timetables.today()
    begun = [one for one in weeks if one.draft.valid_from <= present]
    return render_template(
        "park/hours_set.html",
        page_title=_("Opening hours"),
        stored=stored,
        counted=spaces_counted(stored.uses),
        weeks=[_week_line(key, one, holds_now=one in begun[:1]) for one in weeks],
        days=[_day_line(key, one) for one in timetables.days(key, present - DAYS_SHOWN_BACK)],
        may_remove_weeks=len(weeks) > 1,
    )


@blueprint.get("/<int:key>/name")
@acts(Action.OPERATE)
def edit_name(key: int) -> ResponseReturnValue:
    """The form for the name."""
    stored = inventory.hours_set(key)
    form = HoursNameForm.showing(stored.draft)
    form.seen.data = stored.mark
    return _form_page(form, _("Name of the opening hours"), url_for(".show", key=key))


@blueprint.post("/<int:key>/name")
@acts(Action.OPERATE)
def rename(key: int) -> ResponseReturnValue:
    """Store the name."""
    form = HoursNameForm()
    seen = form.seen.data or ""
    return _write(
        form,
        _("Name of the opening hours"),
        key,
        lambda draft: timetables.rename_hours(current_actor(), key, draft, seen),
        stored=lambda: inventory.hours_set(key).draft,
    )


@blueprint.get("/<int:key>/remove")
@acts(Action.OPERATE)
def ask_remove(key: int) -> ResponseReturnValue:
    """Are you sure?"""
    return _remove_page(name_in(inventory.hours_set(key).draft.names), key)


@blueprint.post("/<int:key>/remove")
@acts(Action.OPERATE)
def remove(key: int) -> ResponseReturnValue:
    """Delete a set that no space has."""
    name = name_in(inventory.hours_set(key).draft.names)
    try:
        timetables.remove_hours(current_actor(), key)
    except InUseError:
        refusal = _("Spaces have these opening hours. Give them other ones first.")
        return _remove_page(name, key, refusal), 409
    flash(_("The opening hours have been deleted."), "ok")
    return redirect(url_for(".index"), 303)


# --- weeks ---


@blueprint.get("/<int:key>/weeks/new")
@acts(Action.OPERATE)
def new_week(key: int) -> ResponseReturnValue:
    """The form for other hours from a day on; it begins with those that hold last."""
    inventory.hours_set(key)
    weeks = timetables.weeks(key)
    week = weeks[0].draft.week if weeks else ((),) * 7
    tomorrow = timetables.today() + timedelta(days=1)
    form = WeekForm.showing(WeekDraft(valid_from=tomorrow, week=week))
    return _form_page(form, _("Other hours from a day on"), url_for(".show", key=key))


@blueprint.post("/<int:key>/weeks/new")
@acts(Action.OPERATE)
def add_week(key: int) -> ResponseReturnValue:
    """Let them hold from that day on."""
    inventory.hours_set(key)
    form = WeekForm().offer()
    return _write(
        form,
        _("Other hours from a day on"),
        key,
        lambda draft: changes.add_week(current_actor(), key, draft),
        preview=lambda draft: _week_preview(key, draft),
    )


@blueprint.get("/<int:key>/weeks/<day>")
@acts(Action.OPERATE)
def edit_week(key: int, day: str) -> ResponseReturnValue:
    """The form for a week that has not begun."""
    stored = _changeable(timetables.week(key, _day(day)))
    form = WeekForm.showing(stored.draft)
    form.seen.data = stored.mark
    return _form_page(form, _("Other hours from a day on"), url_for(".show", key=key))


@blueprint.post("/<int:key>/weeks/<day>")
@acts(Action.OPERATE)
def change_week(key: int, day: str) -> ResponseReturnValue:
    """Store the week, unless it has begun or somebody else was faster."""
    valid_from = _day(day)
    _changeable(timetables.week(key, valid_from))
    form = WeekForm().offer()
    seen = form.seen.data or ""
    return _write(
        form,
        _("Other hours from a day on"),
        key,
        lambda draft: changes.change_week(current_actor(), key, valid_from, draft, seen),
        stored=lambda: timetables.week(key, valid_from).draft,
        preview=lambda draft: _week_preview(key, draft, valid_from),
    )


@blueprint.get("/<int:key>/weeks/<day>/remove")
@acts(Action.OPERATE)
def ask_remove_week(key: int, day: str) -> ResponseReturnValue:
    """Are you sure? Says what would lie outside the hours then."""
    valid_from = _day(day)
    _changeable(timetables.week(key, valid_from))
    opening = timetables.opening_with_week(key, None, valid_from)
    outside = ahead.outside_week(key, opening, valid_from, valid_from)
    title = _("The hours from %(day)s on", day=format_day(valid_from))
    return _remove_page(title, key, warning=_warning(outside))


@blueprint.post("/<int:key>/weeks/<day>/remove")
@acts(Action.OPERATE)
def remove_week(key: int, day: str) -> ResponseReturnValue:
    """Delete a week that has not begun."""
    changes.remove_week(current_actor(), key, _day(day))
    flash(_("These hours have been deleted; those before them go on."), "ok")
    return redirect(url_for(".show", key=key), 303)


# --- days ---


@blueprint.get("/<int:key>/days/new")
@acts(Action.OPERATE)
def new_day(key: int) -> ResponseReturnValue:
    """The form for a day with hours of its own."""
    inventory.hours_set(key)
    form = DayForm(formdata=None)
    return _form_page(form, _("A day with other hours"), url_for(".show", key=key))


@blueprint.post("/<int:key>/days/new")
@acts(Action.OPERATE)
def add_day(key: int) -> ResponseReturnValue:
    """Give the day its hours."""
    inventory.hours_set(key)
    form = DayForm()
    return _write(
        form,
        _("A day with other hours"),
        key,
        lambda draft: changes.add_day(current_actor(), key, draft),
        preview=lambda draft: _day_preview(key, draft, draft.day),
    )


@blueprint.get("/<int:key>/days/<day>")
@acts(Action.OPERATE)
def edit_day(key: int, day: str) -> ResponseReturnValue:
    """The form for a day that is not past."""
    stored = _changeable(timetables.day(key, _day(day)))
    form = DayForm.showing(stored.draft)
    form.seen.data = stored.mark
    return _form_page(form, _("A day with other hours"), url_for(".show", key=key))


@blueprint.post("/<int:key>/days/<day>")
@acts(Action.OPERATE)
def change_day(key: int, day: str) -> ResponseReturnValue:
    """Store the day, unless it is past or somebody else was faster."""
    wanted = _day(day)
    _changeable(timetables.day(key, wanted))
    form = DayForm()
    seen = form.seen.data or ""
    return _write(
        form,
        _("A day with other hours"),
        key,
        lambda draft: changes.change_day(current_actor(), key, wanted, draft, seen),
        stored=lambda: timetables.day(key, wanted).draft,
        preview=lambda draft: _day_preview(key, draft, wanted),
    )


@blueprint.get("/<int:key>/days/<day>/remove")
@acts(Action.OPERATE)
def ask_remove_day(key: int, day: str) -> ResponseReturnValue:
    """Are you sure? Says what would lie outside the hours then."""
    wanted = _day(day)
    _changeable(timetables.day(key, wanted))
    outside = ahead.outside(key, timetables.opening_with_day(key, None, wanted), wanted, wanted)
    return _remove_page(format_day(wanted), key, warning=_warning(outside))


@blueprint.post("/<int:key>/days/<day>/remove")
@acts(Action.OPERATE)
def remove_day(key: int, day: str) -> ResponseReturnValue:
    """Give the day the hours of its week again."""
    changes.remove_day(current_actor(), key, _day(day))
    flash(_("The day has the hours of its week again."), "ok")
    return redirect(url_for(".show", key=key), 303)


# --- writing ---


def _write(
    form: DraftForm[AnyDraft],
    title: str,
    key: int,
    act: Callable[[AnyDraft], object],
    *,
    stored: Callable[[], AnyDraft] | None = None,
    preview: Callable[[AnyDraft], Preview] | None = None,
) -> ResponseReturnValue:
    """Do it and go back to the set.

    First comes the preview where it was asked for, or where the change leaves reservations outside
    and nobody has said yet that this is meant. `stored` reads what somebody else may have changed.
    """
    back = url_for(".show", key=key)
    draft = _typed(form)
    if draft is None:
        return _form_page(form, title, back), 422
    try:
        shown = preview(draft) if preview else None
        if shown and ("preview" in request.form or _must_be_asked(shown)):
            return _form_page(form, title, back, shown)
        act(draft)
    except InvalidError as error:
        form.show(error)
        return _form_page(form, title, back), 422
    except OutdatedError as error:
        form.seen.data = error.current
        changed = changes_of(form, type(form).showing(stored()), error) if stored else []
        return _form_page(form, title, back, changes=changed), 409
    flash(_("The opening hours have been changed."), "ok")
    return redirect(back, 303)


def _must_be_asked(shown: Preview) -> bool:
    """Whether the change leaves reservations outside, and nobody has said that this is meant."""
    return bool(shown.affected) and "confirmed" not in request.form


def _typed(form: DraftForm[AnyDraft]) -> AnyDraft | None:
    """What was typed; None where some of it cannot be read, which then stands in the form."""
    if form.validate():
        try:
            return form.to_draft()
        except InvalidError as error:
            form.show(error)
    return None


def _form_page(
    form: DraftForm[Any],  # Any: a form about one of these
    title: str,
    back: str,
    preview: Preview | None = None,
    changes: Sequence[Change] = (),
) -> str:
    form.idempotency_key.data = form.idempotency_key.data or ids.new_public_id()
    return render_template(
        "park/hours_form.html",
        page_title=title,
        form=form,
        preview=preview,
        changes=changes,
        list_url=back,
        has_preview=isinstance(form, WeekForm | DayForm),
    )


def _remove_page(subject: str, key: int, refusal: str = "", warning: str = "") -> str:
    return render_template(
        "park/remove.html",
        page_title=_("Delete"),
        subject=subject,
        refusal=refusal,
        warning=warning,
        back_url=url_for(".show", key=key),
    )


# --- words ---


def _week_preview(key: int | None, draft: WeekDraft, instead_of: date | None = None) -> Preview:
    """The week in words, and who would stand before a closed door."""
    opening = timetables.opening_with_week(key or 0, draft, instead_of)
    week = next(one.week for one in opening.versions if one.valid_from == draft.valid_from)
    outside = Outside((), 0)
    if key is not None:
        before = instead_of or draft.valid_from
        outside = ahead.outside_week(key, opening, draft.valid_from, before)
    title = _("From %(day)s:", day=format_day(draft.valid_from))
    return Preview(
        title,
        week_words(week),
        None,
        _warning(outside),
        _affected(outside),
    )


def _day_preview(key: int, draft: DayDraft, instead_of: date) -> Preview:
    """The day in words, and who would stand before a closed door."""
    day = draft.day
    opening = timetables.opening_with_day(key, draft, instead_of)
    outside = ahead.outside(key, opening, min(day, instead_of), max(day, instead_of))
    times = times_in_words(opening.spans_on(day))
    return Preview(
        format_day(day),
        (),
        times,
        _warning(outside),
        _affected(outside),
    )


def _warning(outside: Outside) -> str:
    if not outside.count:
        return ""
    return ngettext(
        "%(num)s reservation ahead lies outside these hours. It stays as it is, and whoever holds"
        " it is told.",
        "%(num)s reservations ahead lie outside these hours. They stay as they are, and whoever"
        " holds them is told.",
        outside.count,
    )


def _affected(outside: Outside) -> list[Affected]:
    return affected([key for key, _public_id in outside.shown])


def affected(
    keys: Sequence[int], meant: Mapping[int, LocalInterval] | None = None
) -> list[Affected]:
    """The reservations with these keys, by their start; with the time that is `meant`, where that
    is the one of a change that waits."""
    found = queries.find(Reservation.id.in_(keys)) if keys else []
    local_of = {one.id: one.local for one in found} | dict(meant or {})
    return [
        Affected(
            url_for("reservations.show", public_id=one.public_id),
            one.place.spot.kind_icon,
            f"{name_in(one.place.spot.kind_names)} {one.place.spot.code}",
            one.person.name,
            format_short_day(local_of[one.id].starts_at),
            (format_clock(local_of[one.id].starts_at), format_clock(local_of[one.id].ends_at)),
        )
        for one in sorted(found, key=lambda one: local_of[one.id].starts_at)
    ]


def week_words(week: Week | None) -> tuple[DaysAlike, ...]:
    """A week in words, beginning as the site's does, which is read once for a page."""
    if "first_weekday" not in g:
        g.first_weekday = inventory.the_site().first_weekday
    return week_in_words(week, g.first_weekday) if week else ()


def _week_line(key: int, stored: StoredWeek, *, holds_now: bool) -> WeekLine:
    day = stored.draft.valid_from.isoformat()
    return WeekLine(
        _("From %(day)s:", day=format_day(stored.draft.valid_from)),
        week_words(stored.week),
        holds_now,
        stored.is_fixed,
        url_for(".edit_week", key=key, day=day),
        url_for(".ask_remove_week", key=key, day=day),
    )


def _day_line(key: int, stored: StoredDay) -> DayLine:
    day = stored.draft.day.isoformat()
    return DayLine(
        format_day(stored.draft.day),
        name_in(stored.draft.names),
        times_in_words(stored.spans),
        stored.is_fixed,
        url_for(".edit_day", key=key, day=day),
        url_for(".ask_remove_day", key=key, day=day),
    )


def _day(text: str) -> date:
    """The day of an address; raises NotFoundError for what is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise NotFoundError from error
    if not zones.EARLIEST_YEAR <= found.year <= zones.LATEST_YEAR:
        raise NotFoundError
    return found


def _changeable(stored: AnyStored) -> AnyStored:
    if stored.is_fixed:
        raise FixedError
    return stored
