"""The endpoints of resources: find them, one of them, its busy times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from flask import Blueprint, Response
from sqlalchemy import ColumnElement, Select, exists, select

from booking.core import clock, listing, schema, web, zones
from booking.core.database import session
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.i18n import format_minutes_as_clock, name_in
from booking.core.instants import Interval
from booking.core.permissions import Action, Actor
from booking.core.refusals import LayoutKind, QuotaOf, QuotaPeriod
from booking.core.schema import Moment, Nothing, describes, written
from booking.core.web import acts, current_actor
from booking.finding.queries import each_place
from booking.occupancy import queries as occupancy
from booking.occupancy.models import ClaimKind
from booking.occupancy.queries import Busy
from booking.policies import facts
from booking.policies.facts import Place
from booking.reservations import queries as reservations
from booking.reservations.availability import free_units
from booking.reservations.claims import resource_ids_of
from booking.reservations.models import Reservation, State
from booking.reservations.queries import Details
from booking.spaces import nearness
from booking.spaces.models import (
    STEP_FREE,
    Area,
    Building,
    Feature,
    Floor,
    Kind,
    Resource,
    ResourceFeature,
    ResourceState,
)
from booking.spaces.opening import Opening
from booking.spaces.queries import on_the_plan, openings

blueprint = Blueprint("resources_api", __name__, url_prefix="/api/v1")

LONGEST_WINDOW = timedelta(days=62)
DEFAULT_WINDOW = timedelta(days=7)


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /resources."""

    kind: str | None = None
    building: str | None = None
    area: str | None = None
    capacity: int | None = None
    feature: str | None = None
    step_free: bool = False
    free_from: Moment | None = None
    free_to: Moment | None = None
    count: int | None = None
    limit: int | None = None
    cursor: str | None = None


class Window(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The query of GET /resources/{id}/busy; a week from now unless it says otherwise."""

    from_: Moment | None = None
    to: Moment | None = None


class ClockSpan(msgspec.Struct):
    """When it opens and closes, on the clock of the site."""

    opens: str
    closes: str


class QuotaShown(msgspec.Struct):
    """What one person, or one organisation, may have of the resources of a policy in a period;
    null: no limit."""

    whose: QuotaOf
    period: QuotaPeriod
    minutes: int | None
    reservations: int | None


class PolicyLimits(msgspec.Struct):
    """What the policy of a resource allows and keeps free around each reservation: minutes, the
    horizon in days."""

    granularity: int
    shortest: int
    longest: int
    notice: int
    horizon: int
    series_horizon: int
    needs_approval: bool
    asks_for_authorisation: bool
    setup_minutes: int
    cleanup_minutes: int
    quotas: list[QuotaShown]


class LayoutShown(msgspec.Struct):
    """A way in which a room can be set out: how many it then takes, and how long that lasts."""

    kind: LayoutKind
    capacity: int
    setup_minutes: int


class ResourceShown(msgspec.Struct):
    """A resource, where it is and what its policy allows."""

    id: str
    code: str
    name: str
    kind: str
    capacity: int
    units: int
    layouts: list[LayoutShown]
    features: list[str]
    site: str
    building: str
    floor: int
    area: str
    state: ResourceState
    parts: list[str]  # codes of what is taken with it
    part_of: list[str]  # codes of what takes it
    policy: PolicyLimits
    hours_today: list[ClockSpan]
    links: dict[str, str]
    free_units: int | msgspec.UnsetType = msgspec.UNSET  # where a time was asked for


class BusyReservation(msgspec.Struct):
    """The reservation behind a claim, for those who may see it."""

    id: str
    reference: str
    state: State
    title: str
    person: str
    organisation: str | None


class BusyTime(msgspec.Struct):
    """One claim."""

    starts_at: str
    ends_at: str
    kind: ClaimKind
    unit: int  # of a pool: which of its places; else 1
    reservation: BusyReservation | msgspec.UnsetType = msgspec.UNSET


class BusyTimes(msgspec.Struct):
    """The claims of a resource in a window."""

    busy: list[BusyTime]


@blueprint.get("/resources")
@acts(Action.SEE_SPACES)
@describes(query=Wanted, items=ResourceShown)
def index() -> Response:
    """Resources by code; with `free_from` and `free_to` only those nobody has claimed then, and
    with `count` so many of a kind as near to each other as can be, or none: a pool as often as
    places of it are meant."""
    wanted = schema.query(Wanted)
    if wanted.count is not None:
        chosen = _together(wanted, wanted.count)
        return listing.answer(represent(chosen, _free_units(wanted, chosen)))
    count = listing.limit(wanted.limit)
    found = facts.places(*_conditions(wanted), limit=count + 1)
    cursor = listing.to_cursor(found[count - 1].spot.code) if len(found) > count else None
    return listing.answer(represent(found[:count], _free_units(wanted, found[:count])), cursor)


@blueprint.get("/resources/<uuid:resource_id>")
@acts(Action.SEE_SPACES)
@describes(query=Nothing, answer=ResourceShown)
def show(resource_id: UUID) -> Response:
    """One resource."""
    schema.query(Nothing)
    return listing.read(represent([_existing(resource_id)])[0])


@blueprint.get("/resources/<uuid:resource_id>/busy")
@acts(Action.SEE_SPACES)
@describes(query=Window, answer=BusyTimes)
def busy(resource_id: UUID) -> Response:
    """Its claims in a window, of a pool those of all its units, those of its parts as linked; names
    only where the actor may see the reservation."""
    place = _existing(resource_id)
    window = _window(schema.query(Window))
    units = range(1, place.spot.units + 1)
    found = occupancy.busy_times(resource_ids_of([place]), window, units)
    claims = list(_at_the_whole(place, found))
    return listing.read({"busy": _with_names(claims, current_actor())})


def _at_the_whole(place: Place, found: Sequence[Busy]) -> Iterator[Busy]:
    """The claims of a place, and as linked those of its parts that others have."""
    own = [one for one in found if one.resource_id == place.resource_id]
    owners = {one.reservation_id for one in own if one.reservation_id is not None}
    parts = (
        replace(one, kind=ClaimKind.LINKED)
        for one in found
        if one.resource_id != place.resource_id and one.reservation_id not in owners
    )
    yield from sorted((*own, *parts), key=lambda one: one.interval)


def _existing(resource_id: UUID) -> Place:
    place = facts.place(str(resource_id))
    if place is None:
        raise NotFoundError
    return place


def _together(wanted: Wanted, count: int) -> list[Place]:
    """In the order of the plan."""
    if not 1 <= count <= listing.MOST:
        raise InvalidError({"count": Problem.OUT_OF_RANGE})
    missing = [name for name in ("kind", "free_from", "free_to") if getattr(wanted, name) is None]
    if missing:
        raise InvalidError(dict.fromkeys(missing, Problem.MISSING))
    if wanted.limit is not None or wanted.cursor is not None:
        raise InvalidError({"limit" if wanted.cursor is None else "cursor": Problem.UNKNOWN})
    in_order = Resource.state == ResourceState.IN_ORDER
    free = each_place(on_the_plan(*_conditions(wanted), in_order), _wished(wanted))
    chosen = [one.resource_id for one in nearness.together(free, count)]
    found = {place.resource_id: place for place in facts.places(Resource.id.in_(chosen))}
    return [found[resource_id] for resource_id in chosen]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [Resource.retired_at.is_(None), *_named(wanted)]
    if wanted.capacity is not None:
        if not 1 <= wanted.capacity < 2**31:
            raise InvalidError({"capacity": Problem.OUT_OF_RANGE})
        conditions.append(Resource.capacity >= wanted.capacity)
    if wanted.free_from is not None or wanted.free_to is not None:
        conditions.append(_is_free(wanted))
    if wanted.cursor is not None:
        (code,) = listing.from_cursor(wanted.cursor, str)
        conditions.append(Resource.code > code)
    return conditions


def _named(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """The filters by code."""
    for name, code, condition in (
        ("kind", wanted.kind, Resource.kind_id.in_(_of_code(Kind, wanted.kind))),
        ("building", wanted.building, Resource.area_id.in_(_areas_of(wanted.building))),
        ("area", wanted.area, Resource.area_id.in_(_of_code(Area, wanted.area))),
        ("feature", wanted.feature, _has_feature(wanted.feature or "")),
    ):
        if code is None:
            continue
        if "\x00" in code:
            raise InvalidError({name: Problem.UNREADABLE})  # PostgreSQL has no such text
        yield condition
    if wanted.step_free:
        yield _has_feature(STEP_FREE)


def _of_code(model: type[Kind | Area | Building], code: str | None) -> Select[int]:
    return select(model.id).where(model.code == code)


def _areas_of(building: str | None) -> Select[int]:
    floors = select(Floor.id).where(Floor.building_id.in_(_of_code(Building, building)))
    return select(Area.id).where(Area.floor_id.in_(floors))


def _has_feature(code: str) -> ColumnElement[bool]:
    return exists().where(
        ResourceFeature.resource_id == Resource.id,
        ResourceFeature.feature_id == Feature.id,
        Feature.code == code,
    )


def _is_free(wanted: Wanted) -> ColumnElement[bool]:
    return facts.is_free(_wished(wanted), facts.buffers())


def _free_units(wanted: Wanted, places: Sequence[Place]) -> Mapping[int, int] | None:
    """How many units are free at the time that was asked for; one statement where one is a pool."""
    if wanted.free_from is None:
        return None
    return free_units(places, _wished(wanted))


def _wished(wanted: Wanted) -> Interval:
    if wanted.free_from is None or wanted.free_to is None:
        missing = "free_from" if wanted.free_from is None else "free_to"
        raise InvalidError({missing: Problem.MISSING})
    starts_at = schema.instant("free_from", wanted.free_from)
    ends_at = schema.instant("free_to", wanted.free_to)
    return _interval("free_to", starts_at, ends_at)


def _window(wanted: Window) -> Interval:
    starts_at = clock.now() if wanted.from_ is None else schema.instant("from", wanted.from_)
    ends_at = starts_at + DEFAULT_WINDOW if wanted.to is None else schema.instant("to", wanted.to)
    return _interval("to", starts_at, ends_at)


def _interval(field: str, starts_at: datetime, ends_at: datetime) -> Interval:
    if ends_at <= starts_at:
        raise InvalidError({field: Problem.ENDS_BEFORE_IT_STARTS})
    if ends_at - starts_at > LONGEST_WINDOW:
        raise InvalidError({field: Problem.OUT_OF_RANGE})
    return Interval(starts_at, ends_at)


def represent(
    places: Sequence[Place], free: Mapping[int, int] | None = None
) -> list[dict[str, object]]:
    """The resources as ResourceShown, and how many units of each are free; two statements however
    many there are."""
    if not places:
        return []
    today = clock.today(zones.zone(places[0].spot.zone_name))
    hours = openings({place.spot.hours_id for place in places}, today, today)
    features = _features([place.resource_id for place in places])
    return [
        _as_json(place, features[place.resource_id], hours[place.spot.hours_id], today)
        | ({} if free is None else {"free_units": free[place.resource_id]})
        for place in places
    ]


def _features(resource_ids: Collection[int]) -> dict[int, list[str]]:
    rows = session().execute(
        select(ResourceFeature.resource_id, Feature.code)
        .join(Feature, Feature.id == ResourceFeature.feature_id)
        .where(ResourceFeature.resource_id.in_(resource_ids))
        .order_by(Feature.id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for resource_id, code in rows:
        found[resource_id].append(code)
    return found


def _as_json(place: Place, features: list[str], opening: Opening, today: date) -> dict[str, object]:
    spot, limits = place.spot, place.limits
    return {
        "id": spot.public_id,
        "code": spot.code,
        "name": name_in(spot.names),
        "kind": spot.kind_code,
        "capacity": spot.capacity,
        "units": spot.units,
        "layouts": [
            {
                "kind": one.kind.value,
                "capacity": one.capacity,
                "setup_minutes": one.setup_minutes,
            }
            for one in place.layouts
        ],
        "features": features,
        "site": web.settings().site_name,
        "building": spot.building_code,
        "floor": spot.floor_level,
        "area": spot.area_code,
        "state": spot.state.value,
        "parts": [one.code for one in place.parts],
        "part_of": [one.code for one in place.part_of],
        "policy": {
            "granularity": limits.granularity,
            "shortest": limits.shortest,
            "longest": limits.longest,
            "notice": limits.notice,
            "horizon": limits.horizon,
            "series_horizon": limits.for_series().horizon,
            "needs_approval": limits.needs_approval,
            "asks_for_authorisation": limits.asks_for_authorisation,
            "setup_minutes": limits.setup_minutes,
            "cleanup_minutes": limits.cleanup_minutes,
            "quotas": [
                {
                    "whose": one.whose.value,
                    "period": one.period.value,
                    "minutes": one.minutes,
                    "reservations": one.count,
                }
                for one in limits.quotas
            ],
        },
        "hours_today": [
            {
                "opens": format_minutes_as_clock(span.opens),
                "closes": format_minutes_as_clock(span.closes),
            }
            for span in opening.spans_on(today)
        ],
        "links": {
            "self": web.public_url("resources_api.show", resource_id=spot.public_id),
            "busy": web.public_url("resources_api.busy", resource_id=spot.public_id),
            "page": web.public_url("space.show", code=spot.code),
            "verdict": web.public_url("reservations_api.verdict", resource_id=spot.public_id),
        },
    }


def _with_names(claims: list[Busy], actor: Actor) -> list[dict[str, object]]:
    ids = {claim.reservation_id for claim in claims if claim.reservation_id is not None}
    seen: dict[int, Details] = {}
    if ids:
        found = reservations.find(Reservation.id.in_(ids), reservations.visible_to(actor))
        seen = {one.id: one for one in found}
    return [_busy_as_json(claim, seen.get(claim.reservation_id or 0)) for claim in claims]


def _busy_as_json(claim: Busy, reservation: Details | None) -> dict[str, object]:
    body: dict[str, object] = {
        "starts_at": written(claim.interval.starts_at),
        "ends_at": written(claim.interval.ends_at),
        "kind": claim.kind.value,
        "unit": claim.unit,
    }
    if reservation is not None:
        body["reservation"] = {
            "id": reservation.public_id,
            "reference": reservation.reference,
            "state": reservation.state.value,
            "title": reservation.title,
            "person": reservation.for_whom,
            "organisation": reservation.organisation and reservation.organisation.name,
        }
    return body
