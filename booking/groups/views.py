"""The pages of groups: places for a team near each other, and what was booked together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from booking.core import clock, ids, web, zones
from booking.core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    OutdatedError,
    RefusedError,
)
from booking.core.fingerprints import fingerprint
from booking.core.i18n import _, format_short_day, ngettext
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor, allows
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.demand import service as demand
from booking.finding import preferences
from booking.finding import queries as finding
from booking.finding import texts as finding_texts
from booking.finding.queries import FeatureChoice, Park
from booking.groups import choosing
from booking.groups.choosing import Choice, Offer, Why
from booking.groups.forms import GiveBackForm, MoveForm, TogetherForm
from booking.groups.notices import holder_in_words
from booking.groups.wishes import Wanted
from booking.people import queries as people
from booking.people import terms
from booking.people.queries import Known
from booking.policies.facts import Place
from booking.reservations import queries, service, texts
from booking.reservations.forms import values_of_local
from booking.reservations.queries import Details
from booking.reservations.standing import Standing, standing, versions
from booking.reservations.wishes import MOST_TOGETHER
from booking.spaces.queries import areas, openings

blueprint = Blueprint("groups", __name__)

USUAL = ("09:00", "17:00")
USUAL_MINUTES = (9 * 60, 17 * 60)
DAYS_LOOKED_AT = 14
WORKING_HOURS = (8 * 60, 18 * 60)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Seat:
    """A place of the proposal, and who would sit there."""

    place: Place
    who: str


@dataclass(frozen=True)
class OfferLink:
    """Something near to the wish: what it says, and the page with it filled in."""

    label: str
    detail: str
    url: str


@dataclass(frozen=True)
class Row:
    """One reservation of a group, as its page lists it."""

    found: Details
    who: str
    may_cancel: bool


@blueprint.get("/together")
@acts(Action.BOOK)
def form() -> ResponseReturnValue:
    """The form; with a number of places, the places it would take."""
    actor, park = current_actor(), _park()
    values = MultiDict(request.args)
    asked = "count" in values
    for name, value in _usual(actor, park).items():
        values.setdefault(name, value)
    if "prefers" not in values:
        values.update({"prefers": "y", "as_preferred": "y"})
    form = TogetherForm(formdata=values)
    if not asked or not park.kinds:  # nothing to choose from yet
        return _page(actor, park, form)
    try:
        wanted = form.to_wanted(_codes(actor, form))
        choice = choosing.choose(actor, wanted)
    except InvalidError as error:
        form.show(error)
        return _page(actor, park, form), 422
    return _proposal(actor, park, form, wanted, choice)


@blueprint.post("/together")
@acts(Action.BOOK)
def book() -> ResponseReturnValue:
    """Book the places that the page showed, all of them or none."""
    actor, park = current_actor(), _park()
    form = TogetherForm()
    try:
        wanted = form.to_wanted(_codes(actor, form))
        wish = wanted.at(form.resource_ids())
    except InvalidError as error:
        form.show(error)
        return _page(actor, park, form), 422
    try:
        with demand.counting(wish.resources, wish.starts_at, len(wish.resources)):
            answer = _once(
                actor,
                form.idempotency_key.data,
                lambda: service.book_together(actor, wish).public_id,
            )
    except InvalidError as error:
        form.show(error)
        return _page(actor, park, form), 422
    except RefusedError as refused:
        sentences = [describe(one) for one in refused.refusals]
        choice = choosing.choose(actor, wanted)
        return _proposal(actor, park, form, wanted, choice, sentences), 409
    flash(_("The places are booked. Each colleague gets a message about their own."), "ok")
    return redirect(url_for("groups.show", public_id=answer), 303)


@blueprint.get("/groups/<uuid:public_id>")
@acts(Action.SEE_RESERVATION)
def show(public_id: UUID) -> ResponseReturnValue:
    """Who sits where, and what can be given back."""
    return _group_page(str(public_id))


@blueprint.get("/groups/<uuid:public_id>/cancel")
@acts(Action.CANCEL)
def cancel(public_id: UUID) -> ResponseReturnValue:
    """Ask before all of them are given back."""
    if not _to_give_back(current_actor(), str(public_id)):
        return redirect(url_for("groups.show", public_id=public_id))
    return _cancel_page(str(public_id), GiveBackForm(formdata=None))


@blueprint.post("/groups/<uuid:public_id>/cancel")
@acts(Action.CANCEL)
def give_back(public_id: UUID) -> ResponseReturnValue:
    """Give back all that can still be given back."""
    form = GiveBackForm()
    try:
        done = service.cancel_group(current_actor(), str(public_id), reason=form.reason.data or "")
    except InvalidError as error:
        if not _to_give_back(current_actor(), str(public_id)):
            return redirect(url_for("groups.show", public_id=public_id), 303)
        form.show(error)
        return _cancel_page(str(public_id), form), 422
    except RefusedError as refused:
        sentences = [describe(one) for one in refused.refusals]
        return _group_page(str(public_id), sentences), 409
    count = len(done.reservations)
    flash(ngettext("%(num)s place is given back.", "%(num)s places are given back.", count), "ok")
    return redirect(url_for("groups.show", public_id=public_id), 303)


@blueprint.get("/groups/<uuid:public_id>/move")
@acts(Action.CHANGE)
def move(public_id: UUID) -> ResponseReturnValue:
    """The form with the time that they have, and which of them would move."""
    _found, ours = _standing(str(public_id))
    if not ours.together:
        return redirect(url_for("groups.show", public_id=public_id))
    values = values_of_local(ours.together[0].local)
    return _move_page(str(public_id), MoveForm(formdata=MultiDict(values)))


@blueprint.post("/groups/<uuid:public_id>/move")
@acts(Action.CHANGE)
def move_all(public_id: UUID) -> ResponseReturnValue:
    """Move all that stands together, or say what is in the way."""
    form, group = MoveForm(), str(public_id)
    try:
        done = service.move_group(
            current_actor(), group, form.to_change(), seen=form.seen.data or ""
        )
    except InvalidError as error:
        form.show(error)
        return _move_page(group, form), 422
    except OutdatedError:
        form.seen.data = None
        said = _("Since you opened this page the group was changed. Look at it, then save again.")
        return _move_page(group, form, [said]), 409
    except RefusedError as refused:
        return _move_page(group, form, [describe(one) for one in refused.refusals]), 409
    waiting = sum(one.amendment is not None for one in queries.group(current_actor(), group))
    count = len(done.reservations)
    if waiting:
        flash(_("Your wish for another time is sent. The old time stays until then."), "ok")
    else:
        flash(ngettext("%(num)s place has moved.", "%(num)s places have moved.", count), "ok")
    return redirect(url_for("groups.show", public_id=public_id), 303)


def _park() -> Park:
    park = finding.park()
    if park is None:
        raise NotFoundError
    return park


def _preferred(actor: Actor, form: TogetherForm) -> tuple[FeatureChoice, ...]:
    """What decides between the places; read once."""
    if form.preferred is None:
        form.preferred = preferences.for_kind(actor, form.kind.data or "")
    return form.preferred


def _codes(actor: Actor, form: TogetherForm) -> list[str]:
    return [one.code for one in _preferred(actor, form)]


def _usual(actor: Actor, park: Park) -> dict[str, str]:
    """What the form shows first: desks, the next working day, the hours of most."""
    kinds = [one.code for one in park.kinds]
    kind = "desk" if "desk" in kinds else next(iter(kinds), "")
    return {
        "kind": kind,
        "day": _next_working_day(park, kind).isoformat(),
        "start": USUAL[0],
        "end": USUAL[1],
        "organisation": actor.memberships[0].public_id if actor.memberships else "",
    }


def _next_working_day(park: Park, kind: str) -> date:
    """The next day on which something of the kind is open in the usual hours, tomorrow at least."""
    today = _today(park)
    opening_of = openings(_hours(park, kind), today, today + DAYS_LOOKED_AT * DAY)
    starts, ends = USUAL_MINUTES
    for number in range(1, DAYS_LOOKED_AT):
        day = today + number * DAY
        for opening in opening_of.values():
            if any(one.opens <= starts and ends <= one.closes for one in opening.spans_on(day)):
                return day
    return today + DAY


def _hours(park: Park, kind: str | None) -> list[int]:
    kind_id = next((one.id for one in park.kinds if one.code == kind), 0)
    return finding.hours_of_kind(kind_id)


def _today(park: Park) -> date:
    return clock.today(zones.zone(park.zone_name))


def _once(actor: Actor, key: str | None, act: Callable[[], str]) -> str:
    answer = web.once_for_form(actor, key, lambda: Answer(303, act()))
    return answer.location


# --- the form's page ---


def _proposal(
    actor: Actor,
    park: Park,
    form: TogetherForm,
    wanted: Wanted,
    choice: Choice,
    refusals: Sequence[str] = (),
) -> str:
    """The page with the places it would take, or why there are none and what is nearest."""
    if choice.places:
        return _page(actor, park, form, refusals, choice=choice, wanted=wanted)
    said = [*refusals, *(describe(one) for one in choosing.too_few(wanted, choice))]
    offers = [_offer_link(form, one) for one in choosing.instead(actor, wanted)]
    return _page(actor, park, form, list(dict.fromkeys(said)), offers=offers)


def _page(
    actor: Actor,
    park: Park,
    form: TogetherForm,
    refusals: Sequence[str] = (),
    *,
    offers: Sequence[OfferLink] = (),
    choice: Choice | None = None,
    wanted: Wanted | None = None,
) -> str:
    today = _today(park)
    colleagues = _colleagues(actor, form.organisation.data)
    form.offer(park, areas(), today)
    form.offer_times(*_open_hours(park, form.kind.data, today))
    form.offer_people([(one.public_id, one.name) for one in actor.memberships], colleagues)
    form.idempotency_key.data = ids.new_public_id()
    places = choice.places if choice else ()
    return render_template(
        "groups/form.html",
        page_title=_("Places for a team"),
        form=form,
        refusals=refusals,
        offers=offers,
        seats=_seats(actor, places, wanted, colleagues),
        asks=any(place.limits.needs_approval for place in places),
        when="" if choice is None else texts.period(choice.local),
        kept=_kept(form),
        preferred=finding_texts.preferred(_preferred(actor, form)),
        most=MOST_TOGETHER,
        texts=texts,
    )


def _colleagues(actor: Actor, organisation_id: str | None) -> list[Known]:
    """Who can be named: the members of the chosen organisation, oneself among them."""
    chosen = [one for one in actor.memberships if one.public_id == organisation_id]
    if not chosen:
        return []
    return people.members_of([chosen[0].organisation_id], terms.today())


def _seats(
    actor: Actor, places: Sequence[Place], wanted: Wanted | None, colleagues: Sequence[Known]
) -> list[Seat]:
    names = {one.public_id: one.name for one in colleagues}
    organisation = next(
        (
            one.name
            for one in actor.memberships
            if wanted is not None and one.public_id == wanted.organisation_id
        ),
        actor.name,
    )
    named = [names.get(one, "") for one in wanted.people] if wanted is not None else []
    who = [*named, *([organisation] * (len(places) - len(named)))]
    return [Seat(place, name) for place, name in zip(places, who, strict=False)]


def _open_hours(park: Park, kind: str | None, today: date) -> tuple[int, int]:
    """The first opening and the last closing of a week, on half-hours."""
    spans = [
        span
        for opening in openings(_hours(park, kind), today, today + 7 * DAY).values()
        for number in range(7)
        for span in opening.spans_on(today + number * DAY)
    ]
    if not spans:
        return WORKING_HOURS
    opens, closes = min(one.opens for one in spans), max(one.closes for one in spans)
    return opens // 30 * 30, -(-closes // 30) * 30


def _kept(form: TogetherForm) -> list[tuple[str, str]]:
    """What the button that books sends again."""
    single = ("kind", "count", "day", "start", "end", "where", "organisation", "title")
    values = [
        (name, str(form[name].data if form[name].data is not None else "")) for name in single
    ]
    boxes = (form.step_free, form.as_preferred, form.prefers)
    values += [(one.name, "y") for one in boxes if one.data]
    return [*values, *(("people", one) for one in form.people.data or [])]


def _offer_link(form: TogetherForm, offer: Offer) -> OfferLink:
    values = dict[str, object](_kept_for_address(form))
    values |= _differences(offer)
    return OfferLink(_label(offer), _detail(offer), url_for("groups.form", **values))  # type: ignore[arg-type]  # the names of its fields


def _kept_for_address(form: TogetherForm) -> dict[str, object]:
    kept = {name: value for name, value in _kept(form) if name != "people"}
    return {**kept, "people": form.people.data or []}


def _differences(offer: Offer) -> Mapping[str, object]:
    match offer.why:
        case Why.OTHER_AREA:
            return {"where": ""}
        case Why.FEWER:
            return {"count": offer.count}
        case Why.OTHER_TIME | Why.OTHER_DAY:
            return values_of_local(offer.local)


def _label(offer: Offer) -> str:
    return {
        Why.OTHER_AREA: _("Same time, elsewhere in the park"),
        Why.OTHER_TIME: _("Same day, other time"),
        Why.OTHER_DAY: _("Same hours, other day"),
        Why.FEWER: ngettext(
            "%(num)s place at this time", "%(num)s places at this time", offer.count
        ),
    }[offer.why]


def _detail(offer: Offer) -> str:
    if offer.places:
        return texts.codes(offer.places)
    start, end = offer.local.starts_at, offer.local.ends_at
    return _(
        "%(day)s, from %(start)s to %(end)s",
        day=format_short_day(start),
        start=f"{start:%H:%M}",
        end=texts.end_clock(start, end),
    )


# --- a group ---


def _group_page(public_id: str, refusals: Sequence[str] = ()) -> str:
    actor = current_actor()
    found = queries.group(actor, public_id)
    rows = [Row(one, holder_in_words(one), _may_cancel(actor, one)) for one in found]
    return render_template(
        "groups/show.html",
        page_title=_("Places together"),
        public_id=public_id,
        first=found[0],
        rows=rows,
        refusals=refusals,
        may_cancel_all=sum(row.may_cancel for row in rows) > 0,
        may_move=bool(_movable(actor, found).together),
        texts=texts,
    )


def _may_cancel(actor: Actor, one: Details) -> bool:
    return allows(actor, Action.CANCEL, one) and service.why_not_cancellable(one) is None


def _to_give_back(actor: Actor, public_id: str) -> list[Details]:
    return [one for one in queries.group(actor, public_id) if _may_cancel(actor, one)]


def _movable(actor: Actor, found: Sequence[Details]) -> Standing:
    """What the actor could move, and what stays: of those that they may change."""
    mine = [one for one in found if allows(actor, Action.CHANGE, one)]
    changeable = [one for one in mine if service.why_not_changeable(one) is None or not one.is_live]
    return standing(changeable)


def _standing(public_id: str) -> tuple[list[Details], Standing]:
    """The group, and what of it the reader could move; raises ForbiddenError where it is not
    theirs."""
    actor = current_actor()
    found = queries.group(actor, public_id)
    if not any(allows(actor, Action.CHANGE, one) for one in found):
        raise ForbiddenError
    return found, _movable(actor, found)


def _move_page(public_id: str, form: MoveForm, refusals: Sequence[str] = ()) -> str:
    park = _park()
    found, ours = _standing(public_id)
    kind = next((one.place.spot.kind_code for one in ours.together), None)
    form.seen.data = form.seen.data or fingerprint(versions(found))
    form.offer_days(_today(park))
    form.offer_times(*_open_hours(park, kind, _today(park)))
    return render_template(
        "groups/move.html",
        page_title=_("Move all of them"),
        public_id=public_id,
        form=form,
        refusals=refusals,
        standing=ours,
        holder=holder_in_words,
        asks=any(one.place.limits.needs_approval for one in ours.together),
        texts=texts,
    )


def _cancel_page(public_id: str, form: GiveBackForm) -> str:
    found = _to_give_back(current_actor(), public_id)
    return render_template(
        "groups/cancel.html",
        page_title=_("Give all of them back"),
        public_id=public_id,
        found=found,
        form=form,
        texts=texts,
    )
