"""The endpoint that finds a place: what is free, best first and why, else what comes near."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from flask import Blueprint, Response

from booking.api.resources import ResourceShown, represent
from booking.core import listing, schema, web
from booking.core.errors import InvalidError, Problem
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor
from booking.core.refusals import facts_as_json
from booking.core.schema import Moment, PublicId, describes, moment, written
from booking.core.web import acts, current_actor
from booking.demand import service as demand
from booking.finding import assigning, finder, preferences, queries
from booking.finding.finder import Barred, Difference, Near
from booking.finding.queries import Park
from booking.finding.rules import Reason, Why
from booking.finding.wishes import Wanted
from booking.reservations import queries as reservations
from booking.reservations.representation import as_json
from booking.reservations.shapes import Reason as Refused
from booking.reservations.shapes import ReservationShown
from booking.reservations.wishes import local_interval

blueprint = Blueprint("find_api", __name__, url_prefix="/api/v1")

MOST = 50


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /resources/find; several features are parted by commas."""

    kind: str
    starts_at: Moment
    ends_at: Moment
    people: int = 1
    feature: str | None = None
    step_free: bool = False
    building: str | None = None
    area: str | None = None
    preferred: str | None = None
    limit: int = 10


class ReasonShown(msgspec.Struct):
    """What speaks for a place: how many times or reservations, or which reservation of yours."""

    code: Why
    count: int | msgspec.UnsetType = msgspec.UNSET
    resource: str | msgspec.UnsetType = msgspec.UNSET
    starts_at: str | msgspec.UnsetType = msgspec.UNSET


class MatchShown(ResourceShown, kw_only=True):
    """A place that can be booked as wished."""

    why: list[ReasonShown]


class NearShown(msgspec.Struct):
    """A place and a time that can be booked as they are, and what is different in them."""

    resource: str
    code: str
    starts_at: str
    ends_at: str
    difference: Difference
    lacks: list[str]


class BarredShown(msgspec.Struct):
    """How many places the house rules do not give then, one of them, and the reasons."""

    count: int
    example: str
    reasons: list[Refused]


class FoundShown(msgspec.Struct):
    """The answer; `together` has the ids of seats beside each other where several people come."""

    items: list[MatchShown]
    free: int
    taken: int
    together: list[str]
    nearest: list[NearShown]
    barred: list[BarredShown]


class AnyPlace(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /reservations/any: what a place must have, and what decides between them:
    one's own preferences for a desk, unless it says."""

    starts_at: Moment
    ends_at: Moment
    kind: str = "desk"
    area: str = ""
    building: str = ""
    features: list[str] = []
    preferred: list[str] | None = None
    step_free: bool = False
    people: int = 1
    title: str = ""
    organisation: PublicId | None = None


class AssignedShown(ReservationShown, kw_only=True):
    """The reservation of the place that was found; `why` this one is empty for a repeated call."""

    why: list[ReasonShown]


@blueprint.post("/reservations/any")
@acts(Action.BOOK)
@describes(body=AnyPlace, answer=AssignedShown, status=201)
def book_any() -> Response:
    """Book one of the places that will do, the best that is free: one's usual one, else near one's
    own or one's organisation's reservations of the day. Whoever is overtaken gets the next."""
    actor, park = current_actor(), queries.park()
    asked = schema.body(AnyPlace)
    if park is None:
        raise InvalidError({"kind": Problem.NOT_FOUND})
    wanted, reasons = _any(actor, park, asked), list[Reason]()

    def act() -> Answer:
        made = assigning.book_any(
            actor, park, wanted, title=asked.title, organisation_id=asked.organisation
        )
        reasons.extend(made.reasons)
        return Answer(201, made.outcome.public_id)

    with demand.counting((), wanted.local.starts_at, wanted.people, kind=wanted.kind):
        answer = web.once(actor, act)
    found = reservations.details(actor, answer.location)
    body = {**as_json(found, actor), "why": [_reason(one) for one in reasons]}
    location = web.public_url("reservations_api.show", reservation_id=answer.location)
    response = web.answer_json(body, answer.status, location)
    response.set_etag(str(found.version))
    return response


def _any(actor: Actor, park: Park, asked: AnyPlace) -> Wanted:
    starts_at = moment("starts_at", asked.starts_at)
    ends_at = moment("ends_at", asked.ends_at)
    return Wanted(
        kind=asked.kind,
        local=local_interval(starts_at, ends_at, park.zone_name),
        people=asked.people,
        features=tuple(dict.fromkeys(asked.features)),
        step_free=asked.step_free,
        building=asked.building,
        area=asked.area,
        preferred=preferences.codes_for_kind(actor, asked.kind)
        if asked.preferred is None
        else tuple(dict.fromkeys(asked.preferred)),
    )


@blueprint.get("/resources/find")
@acts(Action.SEE_SPACES)
@describes(query=Question, answer=FoundShown)
def find() -> Response:
    """Places that are free, fit and may be booked, best first; where there is none, what is near
    to the wish. Nothing is claimed."""
    asked = schema.query(Question)
    if not 1 <= asked.limit <= MOST:
        raise InvalidError({"limit": Problem.OUT_OF_RANGE})
    park = queries.park()
    if park is None:
        raise InvalidError({"kind": Problem.NOT_FOUND})
    wanted = _wanted(current_actor(), park, asked)
    found = finder.find(current_actor(), park, wanted, limit=asked.limit)
    if not found.free:
        demand.note_nothing_found(wanted.kind, wanted.local.starts_at, wanted.people)
    free = {one.place.resource_id: one.free_units for one in found.matches}
    shown = represent([one.place for one in found.matches], free)
    return listing.read(
        {
            "items": [
                {**resource, "why": [_reason(reason) for reason in match.reasons]}
                for resource, match in zip(shown, found.matches, strict=True)
            ],
            "free": found.free,
            "taken": found.taken,
            "together": [place.spot.public_id for place in found.together],
            "nearest": [_near(one) for one in found.nearest],
            "barred": [_barred(one) for one in found.barred],
        }
    )


def _wanted(actor: Actor, park: Park, asked: Question) -> Wanted:
    starts_at = moment("starts_at", asked.starts_at)
    ends_at = moment("ends_at", asked.ends_at)
    return Wanted(
        kind=asked.kind,
        local=local_interval(starts_at, ends_at, park.zone_name),
        people=asked.people,
        features=tuple(dict.fromkeys(asked.feature.split(","))) if asked.feature else (),
        step_free=asked.step_free,
        building=asked.building or "",
        area=asked.area or "",
        preferred=preferences.codes_for_kind(actor, asked.kind)
        if asked.preferred is None
        else tuple(dict.fromkeys(filter(None, asked.preferred.split(",")))),
    )


def _reason(reason: Reason) -> Mapping[str, object]:
    body: dict[str, object] = {"code": reason.why.value}
    if reason.count:
        body["count"] = reason.count
    if reason.mine is not None:
        starts_at = reason.mine.starts_at.isoformat(timespec="minutes")
        body |= {"resource": reason.mine.code, "starts_at": starts_at}
    return body


def _near(near: Near) -> Mapping[str, object]:
    interval = near.local.project()
    return {
        "resource": near.place.spot.public_id,
        "code": near.place.spot.code,
        "starts_at": written(interval.starts_at),
        "ends_at": written(interval.ends_at),
        "difference": near.difference.value,
        "lacks": [one.code for one in near.lacks],
    }


def _barred(barred: Barred) -> Mapping[str, object]:
    return {
        "count": barred.count,
        "example": barred.sample.spot.code,
        "reasons": [facts_as_json(one) for one in barred.refusals],
    }
