"""The reception's day: who comes to one building, hour by hour, to be checked in or printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than stubs

from booking.attendance import queries
from booking.attendance.queries import ArrivalsAt
from booking.core import clock, web
from booking.core.fields import DayField
from booking.core.forms import PageForm, lazy_gettext
from booking.core.i18n import _, format_clock, format_day, name_in
from booking.core.layout_texts import layout_in_words
from booking.core.months import as_typed, typed_day
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.people import terms
from booking.people.models import Person
from booking.people.viewings import note_views
from booking.reservations import arrivals, place_facts, texts
from booking.reservations.claims import Had, had_by_each
from booking.reservations.queries import Details

A_PAGE = 100
LAST_PAGE = 999

blueprint = Blueprint("reception", __name__)


class ArrivalsForm(PageForm):
    """Of which building, day and kind of space."""

    building = SelectField(lazy_gettext("Building"), validate_choice=False)
    day = DayField(lazy_gettext("Day"))
    kind = SelectField(lazy_gettext("Kind"), validate_choice=False)


@dataclass(frozen=True)
class Line:
    """Somebody who comes, and what the reception can do about it now."""

    found: Details
    can_check_in: bool
    set_out: str  # in which layout, and from when on it is set up


@dataclass(frozen=True)
class Hour:
    """Everything that begins within one hour; `title` is empty for what began on an earlier day."""

    title: str
    lines: tuple[Line, ...]


@blueprint.get("/arrivals")
@acts(Action.SEE_ARRIVALS)
def show() -> ResponseReturnValue:
    """The confirmed reservations of a day in a building, by start."""
    actor = current_actor()
    buildings = queries.buildings_received_at(actor)
    asked = request.args.get("building", "")
    building = next((one for one in buildings if one.code == asked), next(iter(buildings), None))
    day = typed_day(request.args.get("day", "")) or terms.today()
    kinds = place_facts.kinds()
    kind = next((one.code for one in kinds if one.code == request.args.get("kind")), "")
    page = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    found: list[Details] = []
    if building is not None:
        at = ArrivalsAt(building.id, day, kind)
        found = queries.arriving(at, limit=A_PAGE + 1, offset=(page - 1) * A_PAGE)
    shown = found[:A_PAGE]
    note_views(actor, Person.id.in_({one.person_id for one in shown}))
    form = ArrivalsForm(formdata=None, building=building and building.code, day=day, kind=kind)
    form.building.choices = [SelectChoice(one.code, name_in(one.names)) for one in buildings]
    form.kind.choices = [
        SelectChoice("", _("All kinds")),
        *(SelectChoice(one.code, name_in(one.names)) for one in kinds),
    ]

    def url(turned_to: int) -> str:
        code = building.code if building else None
        number = turned_to if turned_to > 1 else None
        shown = {"building": code, "day": as_typed(day), "kind": kind or None, "page": number}
        return url_for("reception.show", **shown)  # type: ignore[arg-type]  # texts and a number

    return render_template(
        "attendance/arrivals.html",
        page_title=_("Arrivals"),
        form=form,
        title="" if building is None else _title(name_in(building.names), day),
        hours=list(_by_hour(shown, day)),
        newer_url=url(page - 1) if page > 1 else None,
        older_url=url(page + 1) if len(found) > A_PAGE else None,
        here=web.local_target(request.full_path, url_for("reception.show")),
        texts=texts,
    )


def _title(building: str, day: date) -> str:
    return _("%(building)s, %(day)s", building=building, day=format_day(day))


def _by_hour(found: Sequence[Details], day: date) -> Iterator[Hour]:
    now = clock.now()
    laid_out = {one.id: one.interval for one in found if one.layout is not None}
    had = had_by_each(laid_out) if laid_out else {}

    def hour(one: Details) -> str:
        start = one.local.starts_at
        return format_clock(start.replace(minute=0)) if start.date() == day else ""

    for title, ones in groupby(found, key=hour):
        yield Hour(
            title,
            tuple(
                Line(one, arrivals.can_check_in(one, now), _set_out(one, had.get(one.id)))
                for one in ones
            ),
        )


def _set_out(found: Details, had: Had | None) -> str:
    if found.layout is None or had is None:
        return ""
    kept = texts.kept_free(found, had)
    layout = layout_in_words(found.layout)
    return f"{layout} · {kept}" if kept else layout
