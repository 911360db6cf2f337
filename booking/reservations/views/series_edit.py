"""Changing several dates of a series: the form, every date before it changes, and the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from booking.core import ids, web
from booking.core.errors import InvalidError, OutdatedError, RefusedError
from booking.core.i18n import _, ngettext
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.reservations import place_facts, series_changing, series_texts, texts
from booking.reservations.alternatives import Alternative
from booking.reservations.forms import are_seats
from booking.reservations.queries import Details
from booking.reservations.series import Instead
from booking.reservations.series_changing import Fate, Look, Planned, Wanted
from booking.reservations.series_forms import SeriesChangeForm, first_values
from booking.reservations.views.repeating import EDIT, ON, Option, instead_from, value_of
from booking.reservations.views.series import page_of, pages
from booking.spaces.queries import openings

UNSENT = ("csrf_token", "idempotency_key", "seen", EDIT)
ALL_DAY = (0, 24 * 60)
DAY = timedelta(days=1)
STAYING = (Fate.CHANGED_ALONE, Fate.LEFT, Fate.BEGUN, Fate.NOT_YOURS, Fate.SAME)


@dataclass(frozen=True)
class Row:
    """A date ahead: what it would be, why it cannot, and what would do instead."""

    planned: Planned
    sentences: tuple[str, ...]
    options: tuple[Option, ...]
    asks: bool

    @property
    def name(self) -> str:
        """What the choice is sent under."""
        return f"{ON}{self.planned.before.public_id}"


@pages.get("/series/<uuid:public_id>/edit")
@acts(Action.CHANGE)
def edit(public_id: UUID) -> ResponseReturnValue:
    """The form, filled with the date that the address names, or as most of them are."""
    form = SeriesChangeForm(formdata=None, since=request.args.get("since", ""))
    try:
        first = _first(current_actor(), str(public_id), form)
    except RefusedError as refused:
        return page_of(str(public_id), tuple(map(describe, refused.refusals))), 409
    if first is None:
        return page_of(str(public_id), (_("None of these dates can be changed any more."),)), 409
    values = MultiDict({name: str(value) for name, value in first_values(first).items()})
    values["since"] = form.since.data or ""
    return _form_page(str(public_id), first, SeriesChangeForm(formdata=values))


@pages.post("/series/<uuid:public_id>/edit")
@acts(Action.CHANGE)
def look_at_change(public_id: UUID) -> ResponseReturnValue:
    """Every date as the change would leave it; nothing is changed."""
    return _handle(str(public_id), changes=False)


@pages.post("/series/<uuid:public_id>/edit/dates")
@acts(Action.CHANGE)
def change(public_id: UUID) -> ResponseReturnValue:
    """Change what the page showed, with what was chosen for single dates; refused, the page shows
    the dates as they stand now."""
    return _handle(str(public_id), changes=EDIT not in request.form)


def _handle(series_id: str, *, changes: bool) -> ResponseReturnValue:
    actor, form = current_actor(), SeriesChangeForm()
    try:
        first = _first(actor, series_id, form)
    except RefusedError as refused:
        return page_of(series_id, tuple(map(describe, refused.refusals))), 409
    if first is None:
        return page_of(series_id, (_("None of these dates can be changed any more."),)), 409
    if EDIT in request.form:
        return _form_page(series_id, first, form)
    try:
        wanted = form.to_wanted(first)
        if changes:
            return _change(actor, series_id, form, replace(wanted, choices=_chosen()))
        return _dates_page(actor, series_id, form, wanted)
    except InvalidError as error:
        form.show(error)
        return _form_page(series_id, first, form), 422


def _change(
    actor: Actor, series_id: str, form: SeriesChangeForm, wanted: Wanted
) -> ResponseReturnValue:
    done: Look | None = None

    def act() -> Answer:
        nonlocal done
        done = series_changing.change(
            actor, series_id, wanted, since=form.since_asked(), seen=form.seen.data or ""
        )
        return Answer(303, series_id)

    try:
        web.once_for_form(actor, form.key, act)
    except OutdatedError:
        said = [_("Since you opened this page dates were changed. Look at them, then save again.")]
        return _dates_page(actor, series_id, form, replace(wanted, choices={}), said), 409
    except RefusedError as refused:
        said = [describe(one) for one in refused.refusals]
        return _dates_page(actor, series_id, form, replace(wanted, choices={}), said), 409
    if done is not None:
        _say_what_was_done(done)
    return redirect(url_for("series.show", public_id=series_id), 303)


def _say_what_was_done(done: Look) -> None:
    changed = sum(one.fate is Fate.CHANGES for one in done.planned)
    asked = sum(one.fate is Fate.ASKS for one in done.planned)
    if changed:
        said = ngettext("%(num)s date is changed.", "%(num)s dates are changed.", changed)
        flash(said, "ok")
    if asked:
        flash(_("Your change is sent for approval. Until it is approved, nothing changes."), "ok")
    if not (changed or asked):
        flash(_("Nothing was changed."), "warn")


def _first(actor: Actor, series_id: str, form: SeriesChangeForm) -> Details | None:
    """The date that the form shows: the named one, else the first that is as most are."""
    since = form.since_asked()
    found = series_changing.look(actor, series_id, Wanted(), since=since)
    if since is not None and found.planned[0].fate is not Fate.BEGUN:
        return found.planned[0].before
    return next((one.before for one in found.planned if one.fate is Fate.SAME), None)


def _chosen() -> dict[str, Instead | None]:
    return {
        name.removeprefix(ON): instead_from(value)
        for name, value in request.form.items()
        if name.startswith(ON)
    }


def _form_page(series_id: str, first: Details, form: SeriesChangeForm) -> str:
    opens, closes = _open_on(first)
    spot = first.place.spot
    others = place_facts.places_on(spot.floor_id, spot.kind_code) if _is_alone(first) else []
    form.offer(first, others, opens, closes)
    return render_template(
        "reservations/edit_series.html",
        page_title=_("Change several dates"),
        series_id=series_id,
        first=first,
        form=form,
        is_alone=_is_alone(first),
        are_seats=are_seats(first.places),
        capacity=sum(place.spot.capacity for place in first.places),
        asks=any(place.limits.needs_approval for place in first.places),
        texts=texts,
    )


def _is_alone(first: Details) -> bool:
    return len(first.places) == 1


def _open_on(first: Details) -> tuple[int, int]:
    """From when to when it is open on that day; all day where it is not."""
    day = first.local.starts_at.date()
    hours_id = first.place.spot.hours_id
    spans = openings({hours_id}, day, day + DAY)[hours_id].spans_on(day)
    if not spans:
        return ALL_DAY
    return min(one.opens for one in spans), max(one.closes for one in spans)


def _dates_page(
    actor: Actor,
    series_id: str,
    form: SeriesChangeForm,
    wanted: Wanted,
    refusals: Sequence[str] = (),
) -> str:
    found = series_changing.look(actor, series_id, wanted, since=form.since_asked())
    offered = series_changing.options(found)
    rows = [_row(one, offered.get(one.before.public_id, ())) for one in found.planned]
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in UNSENT and not name.startswith(ON)
    ]
    return render_template(
        "reservations/change_series.html",
        page_title=_("All dates"),
        series_id=series_id,
        found=found,
        rows=[row for row in rows if row.planned.fate not in STAYING],
        staying=[row for row in rows if row.planned.fate in STAYING],
        moving=[row for row in rows if row.planned.fate is Fate.CHANGES],
        asking=[row for row in rows if row.asks],
        kept=kept,
        key=ids.new_public_id(),
        refusals=list(dict.fromkeys(refusals)),
        fates=_fates(),
        series_texts=series_texts,
        texts=texts,
    )


def _row(one: Planned, offered: Sequence[Alternative]) -> Row:
    sentences = tuple(dict.fromkeys(describe(refusal) for refusal in one.refusals))
    asks = one.fate is Fate.ASKS or (one.fate is Fate.CHANGES and bool(one.revised.asking))
    if one.fate is not Fate.CONFLICT:
        return Row(one, sentences, (), asks)
    sent = request.form.get(f"{ON}{one.before.public_id}", "")
    values = [value_of(other) for other in offered]
    leave = Option("", _("Leave this date as it is"), "", sent not in values)
    others = [
        Option(value, texts.clock_range(other.local), _detail(other, one), value == sent)
        for value, other in zip(values, offered, strict=True)
    ]
    return Row(one, sentences, (leave, *others), asks)


def _detail(other: Alternative, one: Planned) -> str:
    if other.places == one.revised.places:
        return _("Same space, other time")
    return _("Same time, similar space: %(codes)s", codes=texts.codes(other.places))


def _fates() -> dict[Fate, str]:
    return {
        Fate.SAME: _("It is so already"),
        Fate.CHANGED_ALONE: _("Changed alone, stays so"),
        Fate.LEFT: _("Left as it is"),
        Fate.BEGUN: _("Has begun"),
        Fate.NOT_YOURS: _("Only whoever it is for, or booked it, can change it"),
    }
