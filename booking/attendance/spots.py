"""The codes at doors and desks: what one finds there, and their printed labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import segno
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.attendance import queries
from booking.core import clock, listing, web, zones
from booking.core.errors import NotFoundError
from booking.core.i18n import _, format_clock, name_in
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor, Role
from booking.core.refusal_texts import describe
from booking.core.web import acts, current_actor
from booking.policies import facts
from booking.policies.facts import Place
from booking.reservations import alternatives, arrivals, place_facts, texts
from booking.reservations.alternatives import Alternative
from booking.reservations.queries import Details, is_under_a_grant
from booking.reservations.wishes import Wish
from booking.spaces.models import Area, Resource

LABELS_A_PAGE = 60
USUAL_MINUTES = 60

blueprint = Blueprint("spots", __name__)


@dataclass(frozen=True)
class Mine:
    """One's own reservation of the place, now."""

    found: Details
    can_check_in: bool


@dataclass(frozen=True)
class Free:
    """A time that can be booked, as a link."""

    url: str
    label: str


@dataclass(frozen=True)
class Label:
    """One label to print: what stands on it, and its code as a picture."""

    code: str
    name: str
    where: str
    qr: str


@blueprint.get("/spaces/<code>/check-in")
@acts(Action.SEE_SPACES)
def here(code: str) -> ResponseReturnValue:
    """What the code at a place opens: one tap for who has a reservation there now, else whether it
    is free. The address gives nobody a right."""
    actor, now = current_actor(), clock.now()
    place = place_facts.place_called(code)
    if place is None:
        raise NotFoundError
    mine = [
        Mine(one, arrivals.can_check_in(one, now))
        for one in queries.own_at(actor, place, now, arrivals.EARLY)
    ]
    return render_template(
        "attendance/here.html",
        page_title=name_in(place.spot.names),
        place=place,
        mine=mine,
        now_free=None if mine else _free_now(actor, place),
        texts=texts,
    )


@dataclass(frozen=True)
class _Now:
    """Whether the place can be booked from this minute on; why not, and what else."""

    book: Free | None
    reasons: tuple[str, ...]
    offers: tuple[Free, ...]
    planning_url: str


def _free_now(actor: Actor, place: Place) -> _Now:
    local = _usual_stay(place)
    wish = Wish((place.spot.public_id,), local.starts_at, local.ends_at)
    judged = alternatives.verdict(actor, wish)
    found = [] if judged.allowed else alternatives.find(actor, wish)
    today = local.starts_at.date()
    return _Now(
        book=_free(place, local, today) if judged.allowed else None,
        reasons=tuple(map(describe, judged.refusals)),
        offers=tuple(_offer(one, today) for one in found),
        planning_url=url_for(
            "planning.day",
            floor=f"{place.spot.building_code}-{place.spot.floor_level}",
            kind=place.spot.kind_code,
        ),
    )


def _usual_stay(place: Place) -> LocalInterval:
    """An hour from the running step on, or as near to that as the policy allows."""
    limits, zone = place.limits, zones.zone(place.spot.zone_name)
    step = limits.granularity
    minutes = max(limits.shortest, min(USUAL_MINUTES, limits.longest))
    start = zones.to_local(zones.running_step(clock.now(), zone, step), zone)
    end = start + timedelta(minutes=-(-minutes // step) * step)
    return LocalInterval(start.replace(tzinfo=None), end.replace(tzinfo=None), str(zone))


def _offer(one: Alternative, today: date) -> Free:
    code = texts.codes(one.places)
    return Free(_free(one.place, one.local, today).url, f"{code} · {texts.period(one.local)}")


def _free(place: Place, local: LocalInterval, today: date) -> Free:
    values = {
        "day": local.starts_at.date().isoformat(),
        "start": f"{local.starts_at:%H:%M}",
        "end": f"{local.ends_at:%H:%M}",
    }
    until = _("Book until %(time)s", time=format_clock(local.ends_at))
    return Free(url_for("book.form", resource=place.spot.code, **values), until)  # type: ignore[arg-type]  # the names of its fields


@blueprint.get("/labels")
@acts(Action.PRINT_LABELS)
def labels() -> ResponseReturnValue:
    """Labels of a space, an area or all spaces that the reader looks after, to print."""
    actor = current_actor()
    after = listing.page_from(request.args.get("after"))
    area = request.args.get("area", "")
    found = _places(actor, area, request.args.get("resource", ""), after)
    shown = found[:LABELS_A_PAGE]
    return render_template(
        "attendance/labels.html",
        page_title=_("Labels with codes"),
        labels=[_label(one) for one in shown],
        areas=[(code, f"{building} · {name_in(names)}") for code, building, names in _areas(actor)],
        area=area,
        more_url=url_for("spots.labels", area=area or None, after=shown[-1].resource_id)
        if len(found) > LABELS_A_PAGE
        else None,
        first_url=url_for("spots.labels", area=area or None) if after else None,
    )


def _areas(actor: Actor) -> Sequence[queries.NamedArea]:
    return queries.areas_with(
        () if _sees_all(actor) else (is_under_a_grant(actor, Role.LAB_MANAGER),)
    )


def _sees_all(actor: Actor) -> bool:
    return actor.has(Role.OPERATOR)


def _places(actor: Actor, area: str, code: str, after: int) -> list[Place]:
    if not (area + code).isprintable():  # no code has such signs, and PostgreSQL no such text
        return []
    conditions = [Resource.retired_at.is_(None), Resource.id > after]
    if not _sees_all(actor):
        conditions.append(is_under_a_grant(actor, Role.LAB_MANAGER))
    if area:
        conditions.append(Area.code == area)
    if code:
        conditions.append(Resource.code == code)
    ids = queries.first_resources(conditions, LABELS_A_PAGE + 1)
    found = {one.resource_id: one for one in facts.places(Resource.id.in_(ids))}
    return [found[one] for one in ids]


def _label(place: Place) -> Label:
    spot = place.spot
    address = web.public_url("spots.here", code=spot.code)
    return Label(
        code=spot.code,
        name=name_in(spot.names),
        where=texts.where(place),
        qr=segno.make(address, micro=False, error="m").svg_data_uri(
            scale=4, border=2, dark="#1e1b29", light="#ffffff"
        ),
    )
