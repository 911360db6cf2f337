"""The booking form: choose a space and a time, book it, or be told why not and what instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock, ids, web
from booking.core.errors import InvalidError, NotFoundError, Problem, RefusedError
from booking.core.i18n import _, ngettext
from booking.core.idempotency import Answer
from booking.core.months import day_from
from booking.core.permissions import Action, Actor
from booking.core.refusal_texts import describe
from booking.core.refusals import Reason
from booking.core.web import acts, current_actor
from booking.demand import service as demand
from booking.people import queries as people
from booking.people import terms
from booking.policies.facts import Place
from booking.policies.quotas import Counted
from booking.reservations import (
    alternatives,
    availability,
    place_facts,
    queries,
    quota_texts,
    quotas,
    series,
    service,
    texts,
    time_panel,
)
from booking.reservations.alternatives import Alternative
from booking.reservations.availability import Availability
from booking.reservations.forms import (
    BookForm,
    ExceptionForm,
    are_seats,
    moment_from,
    sent,
    written,
)
from booking.reservations.models import State
from booking.reservations.views import repeating
from booking.reservations.views.offers import Offer, offers
from booking.reservations.wishes import MOST_RESOURCES, Wish

pages = Blueprint("book", __name__)

FIRST_LENGTH = timedelta(hours=1)


@pages.get("/book")
@acts(Action.BOOK)
def form() -> ResponseReturnValue:
    """The form for a space and a day; without a space, the spaces to choose from."""
    actor = current_actor()
    if not request.args.get("resource"):
        return _choose()
    places = _places([request.args.get("resource", ""), *request.args.getlist("also")])
    day = day_from(request.args.get("day")) or availability.today_at(places[0])
    found = _availability(actor, _as_asked(places), day)
    form = BookForm(formdata=None, **_first_values(actor, found))
    return _page(actor, found, form)


@pages.post("/book")
@acts(Action.BOOK)
def submit() -> ResponseReturnValue:
    """Book once, however often the form arrives; refused, the page says why and what instead.
    The buttons that add a space or leave one out only show the page anew."""
    actor = current_actor()
    form = BookForm()
    places = _places(form.codes())
    if form.turns_to_spaces():
        return _again(actor, places, form)
    try:
        wish = _wish(form, places)
    except InvalidError as error:
        form.show(error)
        return _again(actor, places, form), 422
    if form.repeats:
        return _look_at_dates(actor, places, form, wish)
    try:
        with demand.counting(wish.resources, wish.starts_at, wish.headcount):
            made = _book_once(actor, form, wish)
    except InvalidError as error:
        form.show(error)
        return _again(actor, places, form), 422
    except RefusedError as refused:
        offered = alternatives.find(actor, wish)
        return _again(actor, places, form, refused, offered), 409
    _say_what_was_done(actor, made)
    return redirect(url_for("reservations.show", public_id=made), 303)


@pages.post("/book/exception")
@acts(Action.OVERRIDE)
def submit_exception() -> ResponseReturnValue:
    """Book once although rules speak against it, with the reason; without one the page asks."""
    actor = current_actor()
    form, exception = BookForm(), ExceptionForm()
    places = _places(form.codes())
    try:
        wish = _wish(form, places)
    except InvalidError as error:
        form.show(error)
        return _again(actor, places, form), 422
    reason = exception.reason.data or ""
    try:
        with demand.counting(wish.resources, wish.starts_at, wish.headcount):
            made = _once(
                actor,
                exception.key,
                lambda: service.book_by_exception(actor, wish, reason=reason).public_id,
            )
    except InvalidError as error:
        (exception if "reason" in error.fields else form).show(error)
        refused = RefusedError(alternatives.verdict(actor, wish).refusals)
        return _again(actor, places, form, refused, exception=exception), 422
    except RefusedError as refused:
        offered = alternatives.find(actor, wish)
        return _again(actor, places, form, refused, offered), 409
    _say_what_was_done(actor, made)
    return redirect(url_for("reservations.show", public_id=made), 303)


@pages.post("/book/series")
@acts(Action.BOOK)
def submit_series() -> ResponseReturnValue:
    """Book all dates once, with what was chosen for those that cannot be had; refused, the page
    shows the dates as they stand now."""
    actor = current_actor()
    form = BookForm()
    places = _places(form.codes())
    if repeating.EDIT in request.form or not form.repeats:
        return _again(actor, places, form)
    try:
        wish = _wish(form, places)
    except InvalidError as error:
        form.show(error)
        return _again(actor, places, form), 422
    try:
        wanted = repeating.wanted(form, wish, repeating.chosen())
        with demand.counting(wish.resources, wish.starts_at, wish.headcount):
            made = _once(
                actor, form.idempotency_key.data, lambda: series.book(actor, wanted).public_id
            )
    except InvalidError as error:
        form.show(error)
        return _again(actor, places, form), 422
    except RefusedError as refused:
        return _look_at_dates(actor, places, form, wish, refused)
    _series, dates = queries.series(actor, made)
    if any(one.state is State.PENDING for one in dates):
        flash(_("Your request for these dates is sent."), "ok")
    else:
        count = len(dates)
        flash(ngettext("%(num)s date is booked.", "%(num)s dates are booked.", count), "ok")
    return redirect(url_for("series.show", public_id=made), 303)


def _look_at_dates(
    actor: Actor,
    places: Sequence[Place],
    form: BookForm,
    wish: Wish,
    refused: RefusedError | None = None,
) -> ResponseReturnValue:
    """Every date before it is booked."""
    try:
        found = series.look(actor, repeating.wanted(form, wish))
    except InvalidError as error:
        form.show(error)
        return _again(actor, places, form), 422
    return repeating.page(found, form, refused), 200 if refused is None else 409


def _as_asked(places: Sequence[Place]) -> Sequence[Place]:
    """The spaces in the layout that the address names."""
    return BookForm(formdata=None, layout=request.args.get("layout", "")).set_out(places)


def _places(codes: Sequence[str]) -> list[Place]:
    """The chosen spaces, the first of them first; there must be that one."""
    found = place_facts.places_called(codes)
    first = [place for place in found if codes[0] in (place.spot.code, place.spot.public_id)]
    if not first:
        raise NotFoundError
    return [*first, *(place for place in found if place not in first)][:MOST_RESOURCES]


def _wish(form: BookForm, places: Sequence[Place]) -> Wish:
    wish = form.to_wish(places)
    if not form.email.data:
        return wish
    person = people.person_by_email(form.email.data)
    if person is None:
        raise InvalidError({"email": Problem.NOT_FOUND})
    return replace(wish, person_id=person.public_id, organisation_id=None)


def _availability(
    actor: Actor, places: Sequence[Place], day: date, holder: Counted | None = None
) -> Availability:
    return availability.around(
        places,
        day,
        is_member=bool(actor.memberships),
        holder=holder or quotas.of_actor(actor),
        days=availability.DAYS_AHEAD,
    )


def _first_values(actor: Actor, found: Availability) -> dict[str, object]:
    """What the address says, else the first free hour of the day."""
    day = found.day
    start = moment_from(request.args.get("start"), day)
    end = moment_from(request.args.get("end"), day)
    if start is None:
        start, end = _first_free_hour(found)
    return {
        "resource": found.place.spot.code,
        "day": day.isoformat(),
        "start": None if start is None else written(start, day),
        "end": None if end is None else written(end, day),
        "headcount": request.args.get("headcount", 1, type=int),
        "layout": request.args.get("layout", ""),
        "organisation": actor.memberships[0].public_id if actor.memberships else "",
    }


def _first_free_hour(found: Availability) -> tuple[datetime | None, datetime | None]:
    stretch = next(iter(found.stretches(found.day)), None)
    if stretch is None:
        return None, None
    start = stretch.starts[0]
    ends = [end for end in stretch.ends if end >= start + FIRST_LENGTH]
    return start, ends[0] if ends else stretch.ends[-1]


def _book_once(actor: Actor, form: BookForm, wish: Wish) -> str:
    return _once(actor, form.idempotency_key.data, lambda: service.book(actor, wish).public_id)


def _once(actor: Actor, key: str | None, act: Callable[[], str]) -> str:
    answer = web.once_for_form(actor, key, lambda: Answer(303, act()))
    return answer.location


def _say_what_was_done(actor: Actor, public_id: str) -> None:
    made = queries.details(actor, public_id)
    sentence = (
        _("%(place)s is booked: %(period)s.")
        if made.state is State.CONFIRMED
        else _("Your request for %(place)s is sent: %(period)s.")
    )
    text = sentence % {"place": texts.codes(made.places), "period": texts.period(made.local)}
    calendar = url_for("calendars.reservation_file", public_id=public_id)
    links = [{"url": calendar, "label": _("Add to my calendar")}]
    flash({"text": text, "links": links}, "ok")  # type: ignore[arg-type]  # notes.html takes both


def _again(
    actor: Actor,
    places: Sequence[Place],
    form: BookForm,
    refused: RefusedError | None = None,
    offered: Sequence[Alternative] = (),
    exception: ExceptionForm | None = None,
) -> str:
    """The same page with what was typed, and another key: nothing was done under the old one."""
    day = day_from(form.day.data) or availability.today_at(places[0])
    places = form.set_out(places)
    found = _availability(actor, places, day, _counted(actor, places, form))
    form.idempotency_key.data = ids.new_public_id()
    refusals = () if refused is None else refused.refusals
    sentences = [describe(refusal) for refusal in refusals]
    wait_url = _wait_url(places, form, refused)
    if service.may_override(actor, places, refusals):
        exception = exception or ExceptionForm(formdata=None)
        exception.idempotency_key.data = ids.new_public_id()
    else:
        exception = None
    return _page(actor, found, form, sentences, offers(offered, _kept(form)), wait_url, exception)


def _wait_url(places: Sequence[Place], form: BookForm, refused: RefusedError | None) -> str:
    """Where to get in line for oneself, when one space is only taken."""
    reasons = set() if refused is None else {one.reason for one in refused.refusals}
    if len(places) > 1 or reasons != {Reason.SLOT_TAKEN} or form.guest_asked():
        return ""
    return url_for(
        "waitlist.new",
        resource=places[0].spot.code,
        day=form.day.data,
        start=form.start.data,
        end=form.end.data,
        headcount=form.headcount.data,
        title=form.title.data or None,
    )


def _counted(actor: Actor, places: Sequence[Place], form: BookForm) -> Counted:
    """For whom what was typed would count; the form's own proposal where it says nobody."""
    try:
        return service.holder_of(actor, _wish(form, places), tuple(places)).counted
    except InvalidError:
        return quotas.of_actor(actor)


def _kept(form: BookForm) -> dict[str, str]:
    """What an alternative takes over from the form."""
    return {
        "title": form.title.data or "",
        "headcount": str(form.headcount.data or 1),
        "layout": form.layout.data or "",
        "organisation": form.organisation.data or "",
        "person": form.person.data or "",
        "email": form.email.data or "",
        "guest": form.guest.data or "",
    }


def _page(
    actor: Actor,
    found: Availability,
    form: BookForm,
    refusals: Sequence[str] = (),
    offered: Sequence[Offer] = (),
    wait_url: str = "",
    exception: ExceptionForm | None = None,
) -> str:
    places = found.places
    codes = [place.spot.code for place in places]
    panel = time_panel.panel(
        actor,
        found,
        form,
        url_of=lambda **values: url_for(
            "book.form",
            resource=codes[0],
            also=codes[1:],
            layout=form.layout.data or None,
            **values,
        ),
        turned_to=request.args.get("month"),
    )
    form.offer_times(panel.stretches, found.day)
    form.offer_organisations(actor)
    form.offer_repetitions()
    form.offer_layouts(places)
    form.offer_people(actor, people.members_of(actor.organisation_ids, terms.today()))
    form.offer_spaces(places, place_facts.places_on(places[0].spot.floor_id, ""))
    form.idempotency_key.data = form.idempotency_key.data or ids.new_public_id()
    asks = any(place.limits.needs_approval for place in places)
    return render_template(
        "book/form.html",
        page_title=_("Ask for approval") if asks else _("Book"),
        places=places,
        asks=asks,
        limits=found.limits,
        features=place_facts.features_of([place.resource_id for place in places]),
        approval=_approval(places),
        balances=quota_texts.lines(found, form),
        are_seats=are_seats(places),
        capacity=sum(place.spot.capacity for place in places),
        may_book_for_anybody=service.may_book_for_anybody(actor, places),
        today=clock.now(),
        texts=texts,
        panel=panel,
        form=form,
        refusals=refusals,
        offers=offered,
        wait_url=wait_url,
        exception_form=exception,
        kept=sent() if exception else [],
        several_organisations=bool(actor.memberships),
    )


def _approval(places: Sequence[Place]) -> str:
    asking = {place.resource_id for place in places if place.limits.needs_approval}
    names = [name for one in place_facts.who_answers_at(asking).values() for name in one]
    return texts.approval(places, list(dict.fromkeys(names)))


def _choose() -> str:
    """The spaces of one floor, of one kind or of all."""
    floors, kinds = place_facts.floors(), place_facts.kinds()
    asked, kind = request.args.get("floor", ""), request.args.get("kind", "")
    floor = next((one for one in floors if str(one.id) == asked), floors[0] if floors else None)
    kind = kind if kind in {one.code for one in kinds} else ""
    places = place_facts.places_on(floor.id, kind) if floor else []
    features = place_facts.features_of([place.resource_id for place in places])
    return render_template(
        "book/choose.html",
        page_title=_("Choose a space"),
        floors=floors,
        kinds=kinds,
        floor=floor,
        kind=kind,
        day=day_from(request.args.get("day")),
        places=places,
        features=features,
        texts=texts,
    )
