"""The page on which a place is found: what is looked for, what is free and why it is offered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from booking.core import clock, ids, web, zones
from booking.core.errors import InvalidError, RefusedError
from booking.core.i18n import _, format_day
from booking.core.idempotency import Answer
from booking.core.intervals import LocalInterval
from booking.core.months import Month, day_from, month, month_from, within
from booking.core.permissions import Action, Actor
from booking.core.refusal_texts import describe
from booking.core.web import acts
from booking.demand import service as demand
from booking.finding import assigning, finder, preferences, queries, texts
from booking.finding.finder import Found
from booking.finding.forms import FindForm
from booking.finding.hours import KindHours, hours_of
from booking.finding.queries import KindChoice, Park
from booking.finding.rules import Reason
from booking.finding.wishes import Wanted
from booking.policies.facts import Place
from booking.reservations import place_facts
from booking.reservations import queries as reservations
from booking.reservations import texts as reservation_texts
from booking.reservations.forms import values_of_local
from booking.reservations.models import State
from booking.reservations.place_facts import NamedFeature
from booking.spaces.models import Behaviour

DAY = timedelta(days=1)
PAGE = 10
FIRST_LENGTH = 60

blueprint = Blueprint("finding", __name__)


@dataclass(frozen=True)
class Days:
    """The day that is shown and the ways to others, which keep all that is asked."""

    title: str
    previous_url: str
    next_url: str
    today_url: str | None
    month: Month
    month_is_open: bool


@dataclass(frozen=True)
class Pages:
    """The ways through a long result."""

    newer_url: str | None
    older_url: str | None


@blueprint.get("/find")
@acts(Action.SEE_SPACES)
def show() -> ResponseReturnValue:
    """The form and its answer; at first what is free next, of the first kind."""
    park = queries.park()
    if park is None or not park.kinds:
        return render_template("finding/empty.html")
    today = clock.today(zones.zone(park.zone_name))
    kind, asked_day = _kind(park), day_from(request.args.get("day"))
    hours = hours_of(kind.id, asked_day or today, park.zone_name)
    form = FindForm(formdata=_asked(park, hours, asked_day))
    day = day_from(form.day.data) or today
    form.offer(park, hours.offered(day))
    preferred = preferences.for_kind(web.current_actor(), kind.code)
    wanted, found = _answer(park, form, [one.code for one in preferred])
    page = render_template(
        "finding/show.html",
        form=form,
        kind=kind,
        preferred=texts.preferred(preferred),
        days=_days(park, day, today),
        wanted=wanted,
        found=found,
        takes_any=_takes_any(kind, wanted),
        key=ids.new_public_id(),
        features=_features(found),
        pages=_pages(found),
        book_url=lambda place, local: _book_url(place, local, wanted),
        values_of_local=values_of_local,
        texts=texts,
        reservation_texts=reservation_texts,
        describe=describe,
    )
    return page, 200 if found else 422


@blueprint.post("/find/any")
@acts(Action.BOOK)
def take() -> ResponseReturnValue:
    """Book the best of what the search shows, or the next one where it was taken meanwhile."""
    actor, park, form = web.current_actor(), queries.park(), FindForm()
    if park is None:
        return redirect(url_for("finding.show"))
    reasons: list[Reason] = []

    def act() -> Answer:
        assigned = assigning.book_any(actor, park, wanted)
        reasons.extend(assigned.reasons)
        return Answer(303, assigned.outcome.public_id)

    try:
        preferred = preferences.codes_for_kind(actor, form.kind.data or "")
        wanted = form.to_wanted(park, preferred)
        with demand.counting((), wanted.local.starts_at, wanted.people, kind=wanted.kind):
            made = web.once_for_form(actor, request.form.get("idempotency_key"), act)
    except InvalidError:  # the search says what is wrong
        return redirect(url_for(".show", **form.asked), 303)  # type: ignore[arg-type]  # its fields
    except RefusedError as refused:
        flash(" ".join(map(describe, refused.refusals)), "warn")
        return redirect(url_for(".show", **form.asked, refused="y"), 303)  # type: ignore[arg-type]  # its fields
    flash(_sentence_of(actor, made.location, reasons), "ok")
    return redirect(url_for("reservations.show", public_id=made.location), 303)


def _sentence_of(actor: Actor, public_id: str, reasons: Sequence[Reason]) -> str:
    """Which place it is, when, and why this one."""
    made = reservations.details(actor, public_id)
    sentence = (
        _("%(place)s is booked: %(period)s.")
        if made.state is State.CONFIRMED
        else _("Your request for %(place)s is sent: %(period)s.")
    )
    place = reservation_texts.codes(made.places)
    said = [sentence % {"place": place, "period": reservation_texts.period(made.local)}]
    return " ".join([*said, *(f"{texts.reason(one)}." for one in reasons)])


def _kind(park: Park) -> KindChoice:
    asked = request.args.get("kind")
    return next((one for one in park.kinds if one.code == asked), park.kinds[0])


def _asked(park: Park, hours: KindHours, day: date | None) -> MultiDict[str, str]:
    """What the address says; what it leaves open begins with the next good time."""
    asked = MultiDict(request.args)
    start = hours.next_start(day)
    for name, value in (
        ("kind", park.kinds[0].code),
        ("day", start.date().isoformat()),
        ("start", f"{start:%H:%M}"),
        ("length", str(FIRST_LENGTH)),
        ("people", "1"),
    ):
        asked.setdefault(name, value)
    if "prefers" not in asked:
        asked.update({"prefers": "y", "as_preferred": "y"})
    return asked


def _takes_any(kind: KindChoice, wanted: Wanted | None) -> bool:
    """Whether one place is enough: seats for several are booked together."""
    return wanted is not None and (kind.behaves is not Behaviour.SEAT or wanted.people == 1)


def _answer(
    park: Park, form: FindForm, preferred: Sequence[str]
) -> tuple[Wanted | None, Found | None]:
    """The wish and what was found; neither where the form has mistakes, which it then names."""
    try:
        wanted = form.to_wanted(park, preferred)
        actor, skip = web.current_actor(), (_page() - 1) * PAGE
        found = finder.find(actor, park, wanted, skip=skip, limit=PAGE)
    except InvalidError as error:
        form.show(error)
        return None, None
    is_asked = "start" in request.args and "refused" not in request.args  # that one is counted
    if not found.free and is_asked:
        demand.note_nothing_found(wanted.kind, wanted.local.starts_at, wanted.people)
    return wanted, found


def _features(found: Found | None) -> Mapping[int, list[NamedFeature]]:
    shown: Iterable[Place] = () if found is None else (one.place for one in found.matches)
    resource_ids = [place.resource_id for place in shown]
    return place_facts.features_of(resource_ids) if resource_ids else {}


def _book_url(place: Place, local: LocalInterval, wanted: Wanted | None) -> str:
    """The booking form with this place and time."""
    people = wanted.people if wanted and place.spot.capacity > 1 else None
    return url_for(
        "book.form",
        resource=place.spot.code,
        headcount=people if people != 1 else None,
        **values_of_local(local),  # type: ignore[arg-type]  # the names of its fields
    )


def _page() -> int:
    asked = request.args.get("page", "")
    return int(asked) if re.fullmatch(r"[1-9][0-9]{0,3}", asked) else 1


def _pages(found: Found | None) -> Pages:
    page = _page()
    more = found is not None and found.free > page * PAGE
    return Pages(
        _url(page=page - 1 if page > 2 else None) if page > 1 else None,
        _url(page=page + 1) if more else None,
    )


def _days(park: Park, day: date, today: date) -> Days:
    turned_to = month_from(request.args.get("month"))
    return Days(
        title=format_day(day),
        previous_url=_to_day(within(day - DAY)),
        next_url=_to_day(within(day + DAY)),
        today_url=None if day == today else _to_day(today),
        month=month(
            turned_to or day,
            chosen=day,
            today=today,
            since=today,
            first_weekday=park.first_weekday,
            url_of=_to_day,
            turn_to=lambda other: _url(day=day.isoformat(), month=f"{other:%Y-%m}"),
        ),
        month_is_open=turned_to is not None,
    )


def _to_day(day: date) -> str:
    return _url(day=day.isoformat())


def _url(**changes: object) -> str:
    """This search with something changed; a page and an open month belong to what is left."""
    asked = request.args.to_dict(flat=False)
    kept = {name: values for name, values in asked.items() if name not in {"page", "month"}}
    return url_for("finding.show", **{**kept, **changes})  # type: ignore[arg-type]  # of the form's names
