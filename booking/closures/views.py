"""The pages of closures: the list, planning one, whom it hits, and ending it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.closures import queries, service, words
from booking.closures.forms import CLOSES, OPENS, ClosureForm
from booking.closures.queries import Closed, Hit, Plan, When
from booking.closures.rules import Wanted
from booking.closures.service import WouldDisplaceError
from booking.core import clock, ids, listing, web, zones
from booking.core.errors import InvalidError, RefusedError
from booking.core.i18n import _
from booking.core.idempotency import Answer
from booking.core.months import day_from
from booking.core.permissions import Action, Actor, allows
from booking.core.web import acts, current_actor, settings
from booking.occupancy.models import ClosureKind
from booking.reservations import place_facts, texts

PAGE = 30
MOST_HITS = 50  # named on the page; the rest is counted
NOT_CARRIED = {"csrf_token", "seen", "keeps", "edit", "idempotency_key"}

ICONS = {
    ClosureKind.MAINTENANCE: "wrench",
    ClosureKind.CLOSED: "ban",
    ClosureKind.HOLIDAY: "calendar",
    ClosureKind.OUT_OF_ORDER: "wrench",
}

pages = Blueprint("closures", __name__, url_prefix="/closures")


@dataclass(frozen=True)
class Tab:
    """One of the two lists."""

    url: str
    label: str
    current: bool


@dataclass(frozen=True)
class Row:
    """A closure in the list."""

    public_id: str
    icon: str
    title: str
    period: str
    spaces: str
    displaced: str
    is_ended_early: bool


@dataclass(frozen=True)
class Card:
    """The closures of one state."""

    id: str
    title: str
    rows: tuple[Row, ...]
    empty: str


@dataclass(frozen=True)
class HitRow:
    """A reservation in the way, as far as the reader may know it."""

    url: str | None
    place: str
    period: str
    person: str
    organisation: str
    title: str
    state: str
    is_change: bool
    note: str


@pages.get("")
@acts(Action.CLOSE_SPACES)
def index() -> ResponseReturnValue:
    """What is closed now and what will be; or what was."""
    actor = current_actor()
    shows_past = request.args.get("when") == "past"
    page = max(1, listing.page_from(request.args.get("page")))
    cards, has_more = _past(actor, page) if shows_past else (_present(actor), False)
    return render_template(
        "closures/list.html",
        page_title=_("Closures"),
        tabs=(
            Tab(url_for(".index"), _("Now and to come"), not shows_past),
            Tab(url_for(".index", when="past"), _("Past"), shows_past),
        ),
        cards=cards,
        newer_url=url_for(".index", when="past", page=page - 1) if page > 1 else None,
        older_url=url_for(".index", when="past", page=page + 1) if has_more else None,
    )


@pages.get("/new")
@acts(Action.CLOSE_SPACES)
def new() -> ResponseReturnValue:
    """The form, with the space and the day that the address names."""
    today = clock.today(_zone())
    day = day_from(request.args.get("day")) or today
    return _form_page(_empty_form(max(day, today)))


@pages.post("")
@acts(Action.CLOSE_SPACES)
def create() -> ResponseReturnValue:
    """Close; while somebody is hit, show whom first."""
    actor = current_actor()
    form = ClosureForm()
    is_sound = form.validate()
    if not is_sound or "edit" in request.form:
        return _form_page(form), 200 if is_sound else 422
    try:
        return _close(actor, form, form.to_wanted())
    except InvalidError as error:
        form.show(error)
        return _form_page(form), 422


@pages.get("/<uuid:public_id>")
@acts(Action.CLOSE_SPACES)
def show(public_id: UUID) -> ResponseReturnValue:
    """One closure: what, when, why, and what it has cancelled."""
    return _closure_page(current_actor(), str(public_id))


@pages.get("/<uuid:public_id>/end")
@acts(Action.CLOSE_SPACES)
def ask_end(public_id: UUID) -> ResponseReturnValue:
    """Are you sure?"""
    found = queries.closure(current_actor(), str(public_id))
    return render_template(
        "closures/end.html",
        page_title=_("Open again"),
        found=found,
        title=words.what(found.kind, found.names),
        period=words.period(found.interval, str(_zone())),
        is_breakdown=found.kind is ClosureKind.OUT_OF_ORDER,
        has_begun=found.when(clock.now()) is When.NOW,
    )


@pages.post("/<uuid:public_id>/end")
@acts(Action.CLOSE_SPACES)
def end(public_id: UUID) -> ResponseReturnValue:
    """Open what is closed, or would be."""
    try:
        service.end(current_actor(), str(public_id))
    except RefusedError:
        flash(_("This closure is over already."), "warn")
    else:
        flash(_("The spaces are open again for the rest of the time."), "ok")
    return redirect(url_for(".show", public_id=public_id), 303)


@pages.post("/<uuid:public_id>/displace")
@acts(Action.CLOSE_SPACES)
def displace(public_id: UUID) -> ResponseReturnValue:
    """Cancel what the closure has left standing, if it is still what the page showed."""
    actor, seen = current_actor(), request.form.get("seen", "")
    try:
        service.displace(actor, str(public_id), seen=seen)
    except WouldDisplaceError:
        return _closure_page(actor, str(public_id), is_stale=True), 409
    except RefusedError:
        flash(_("This closure is over already."), "warn")
    else:
        flash(_("These reservations are cancelled, and everybody concerned is told."), "ok")
    return redirect(url_for(".show", public_id=public_id), 303)


def _close(actor: Actor, form: ClosureForm, wanted: Wanted) -> ResponseReturnValue:
    seen, keeps = form.seen.data or None, "keeps" in request.form

    def act() -> Answer:
        return Answer(303, service.close(actor, wanted, seen=seen, keeps=keeps).public_id)

    try:
        made = web.once_for_form(actor, form.key, act)
    except WouldDisplaceError as error:
        found = queries.plan(actor, wanted)
        return hit_page(found, url_for(".create"), is_stale=error.is_stale), 409
    flash(_("The spaces are closed for this time."), "ok")
    return redirect(url_for(".show", public_id=made.location), 303)


def _empty_form(day: date) -> ClosureForm:
    named = request.args.get("resource", "")
    place = place_facts.place_called(named) if named else None
    return ClosureForm(
        formdata=None,
        kind=ClosureKind.MAINTENANCE.value,
        codes="" if place is None else place.spot.code,
        first_day=day,
        start=str(OPENS),
        last_day=day,
        end=str(CLOSES),
        idempotency_key=ids.new_public_id(),
    )


def _form_page(form: ClosureForm) -> str:
    return render_template(
        "closures/form.html",
        page_title=_("Close spaces"),
        form=form.offer(queries.choices(current_actor())),
        today=clock.today(_zone()),
    )


def hit_page(found: Plan, url: str, *, is_stale: bool) -> str:
    """Whom it would hit, before anything happens; the form is sent once more to the address."""
    actor = current_actor()
    carried = [
        (name, value) for name, value in request.form.items(multi=True) if name not in NOT_CARRIED
    ]
    return render_template(
        "closures/hit.html",
        page_title=_("Close spaces"),
        title=words.what(found.wanted.kind, found.wanted.names),
        period=words.period(found.interval, str(_zone())),
        spaces=_codes(found),
        rows=[_hit_row(actor, hit) for hit in found.hits[:MOST_HITS]],
        count=len(found.hits),
        more=max(0, len(found.hits) - MOST_HITS),
        seen=found.seen,
        is_stale=is_stale,
        url=url,
        carried=carried,
        key=ids.new_public_id(),
    )


def _codes(found: Plan) -> str:
    codes = [place.spot.code for place in found.places]
    return words.spaces(codes[: queries.CODES_SHOWN], len(codes))


def _hit_row(actor: Actor, hit: Hit) -> HitRow:
    one = hit.details
    sees = queries.may_see(actor, one)
    organisation = "" if one.organisation is None else one.organisation.name
    return HitRow(
        url=url_for("reservations.show", public_id=one.public_id) if sees else None,
        place=texts.codes(one.places),
        period=texts.period(one.local),
        person=one.person.name if sees else "",
        organisation=organisation if sees else "",
        title=one.title if sees else "",
        state=one.state.value,
        is_change=hit.is_change,
        note=_("Only the change that was asked for is declined.") if hit.is_change else "",
    )


def _closure_page(actor: Actor, public_id: str, *, is_stale: bool = False) -> str:
    found = queries.closure(actor, public_id)
    places = queries.places_of_closure(found.id)
    when = found.when(clock.now())
    displaced = queries.displaced_by(found.id)
    may_close = when is not When.PAST and allows(
        actor, Action.CLOSE_SPACES, queries.Closing.of(places)
    )
    keeps = may_close and bool(queries.kept_by([found.id]))
    standing = queries.standing(actor, public_id) if keeps else None
    return render_template(
        "closures/show.html",
        page_title=_("Closure"),
        found=found,
        title=words.what(found.kind, found.names),
        kind=texts.closure_kind(found.kind),
        state=_state_words(found, when),
        when=when.value,
        period=words.period(found.interval, str(_zone())),
        ended=found.ended_at and texts.moment(found.ended_at, str(_zone())),
        made=texts.moment(found.created_at, str(_zone())),
        places=places,
        rows=[_hit_row(actor, Hit(one)) for one in displaced[:MOST_HITS]],
        more=max(0, len(displaced) - MOST_HITS),
        is_stale=is_stale,
        standing=standing,
        kept=[_hit_row(actor, one) for one in standing.hits[:MOST_HITS]] if standing else [],
        more_kept=max(0, len(standing.hits) - MOST_HITS) if standing else 0,
        may_end=may_close
        and (found.kind is not ClosureKind.HOLIDAY or allows(actor, Action.OPERATE)),
        is_breakdown=found.kind is ClosureKind.OUT_OF_ORDER,
    )


def _state_words(found: Closed, when: When) -> str:
    if found.ended_at is not None:
        return _("Ended early")
    return {
        When.NOW: _("Closed now"),
        When.AHEAD: _("To come"),
        When.PAST: _("Past"),
    }[when]


def _present(actor: Actor) -> list[Card]:
    now = _rows(queries.closures(actor, When.NOW, limit=listing.MOST))
    ahead = _rows(queries.closures(actor, When.AHEAD, limit=listing.MOST))
    return [
        Card("now", _("Closed now"), now, _("Nothing is closed now.")),
        Card("ahead", _("To come"), ahead, _("No closure is to come.")),
    ]


def _past(actor: Actor, page: int) -> tuple[list[Card], bool]:
    found = queries.closures(actor, When.PAST, limit=PAGE + 1, offset=(page - 1) * PAGE)
    card = Card("past", _("Past"), _rows(found[:PAGE]), _("No closure is past."))
    return [card], len(found) > PAGE


def _rows(found: Sequence[Closed]) -> tuple[Row, ...]:
    zone_name = str(_zone())
    return tuple(
        Row(
            public_id=one.public_id,
            icon=ICONS[one.kind],
            title=words.what(one.kind, one.names),
            period=words.period(one.interval, zone_name),
            spaces=words.spaces(one.codes, one.spaces),
            displaced=words.displaced(one.displaced),
            is_ended_early=one.ended_at is not None,
        )
        for one in found
    )


def _zone() -> ZoneInfo:
    return zones.zone(settings().site_zone)
