"""The endpoints of closures: which there are, planning one, closing and opening again."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import msgspec
from flask import Blueprint, Response

from booking.closures import breakdowns, queries, service
from booking.closures.breakdowns import Breakdown
from booking.closures.queries import Closed, Hit, Plan, When
from booking.closures.rules import Wanted
from booking.closures.service import WouldDisplaceError
from booking.core import clock, listing, schema, web
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor
from booking.core.schema import Moment, Nothing, PublicId, describes, moment, public_id, written
from booking.core.texts import checked_names
from booking.core.web import acts, current_actor
from booking.occupancy.models import ClosureKind
from booking.reservations.shapes import Named

MOST_LISTED = 200  # reservations in one answer

blueprint = Blueprint("closures_api", __name__, url_prefix="/api/v1")


class ClosureQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Which closures."""

    when: When = When.NOW
    limit: int | None = None
    cursor: str | None = None


class HandKind(StrEnum):
    """What can be closed for by hand; a public holiday is announced instead."""

    MAINTENANCE = ClosureKind.MAINTENANCE.value
    CLOSED = ClosureKind.CLOSED.value


class NewClosure(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /closures and of /closures/plan: what, when, why; `seen` is the mark of the
    reservations whose cancelling is confirmed, `keeps` closes the time around them instead."""

    names: dict[str, str]
    starts_at: Moment
    ends_at: Moment
    kind: HandKind = HandKind.MAINTENANCE
    resources: list[PublicId] = msgspec.field(default_factory=list)
    areas: list[int] = msgspec.field(default_factory=list)
    floors: list[int] = msgspec.field(default_factory=list)
    buildings: list[int] = msgspec.field(default_factory=list)
    seen: str | None = None
    keeps: bool = False


class Displacing(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /closures/{id}/displace: the mark that its `kept` gave."""

    seen: str


class Expecting(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /closures/{id}/put-off; `seen` and `keeps` as for a closure."""

    expected_back: Moment
    seen: str | None = None
    keeps: bool = False


class BrokenDown(Expecting, kw_only=True, forbid_unknown_fields=True):
    """The body of POST /closures/out-of-order: which space, and what is wrong."""

    resource: PublicId
    reason: str


class ClosureShown(msgspec.Struct):
    """A closure; `resources` are the codes of the first twelve of its `spaces`."""

    id: PublicId
    kind: ClosureKind
    names: dict[str, str]
    when: When
    starts_at: Moment
    ends_at: Moment
    ended_at: Moment | None
    resources: list[str]
    spaces: int
    displaced: int


class HitShown(msgspec.Struct):
    """A reservation in the way; holder and title only where you may see them. Of a change only
    the change is declined."""

    id: PublicId
    reference: str
    version: int
    state: str
    starts_at: Moment
    ends_at: Moment
    resources: list[str]
    is_change: bool
    title: str | None
    holder: Named | None


class PlanShown(msgspec.Struct):
    """What a closure would close, and whom it would hit; `count` tells all of them."""

    starts_at: Moment
    ends_at: Moment
    spaces: int
    count: int
    seen: str
    reservations: list[HitShown]


@blueprint.get("/closures")
@acts(Action.CLOSE_SPACES)
@describes(query=ClosureQuery, items=ClosureShown)
def index() -> Response:
    """The closures of your spaces that hold, are to come, or are over."""
    asked = schema.query(ClosureQuery)
    limit = listing.limit(asked.limit)
    after = None
    if asked.cursor is not None:
        seconds, key = listing.from_cursor(asked.cursor, int, int)
        after = (listing.instant_of(int(seconds)), min(int(key), listing.LARGEST_KEY))
    found = queries.closures(current_actor(), asked.when, limit=limit + 1, after=after)
    shown, last = found[:limit], found[:limit][-1:]
    cursor = None
    if len(found) > limit:
        cursor = listing.to_cursor(int(last[0].interval.starts_at.timestamp()), last[0].id)
    return listing.answer([_as_json(one) for one in shown], cursor)


@blueprint.post("/closures/plan")
@acts(Action.CLOSE_SPACES)
@describes(body=NewClosure, answer=PlanShown)
def plan() -> Response:
    """Whom a closure would hit; nothing is closed."""
    actor = current_actor()
    wanted = _wanted(schema.body(NewClosure))
    return web.answer_json(plan_as_json(actor, queries.plan(actor, wanted)))


@blueprint.post("/closures")
@acts(Action.CLOSE_SPACES)
@describes(body=NewClosure, answer=ClosureShown, status=201)
def create() -> Response:
    """Close spaces for a time; while anybody is hit, only with the mark of exactly these."""
    actor = current_actor()
    asked = schema.body(NewClosure)
    wanted = _wanted(asked)

    def act() -> Answer:
        made = service.close(actor, wanted, seen=asked.seen, keeps=asked.keeps)
        return Answer(201, made.public_id)

    try:
        made = web.once(actor, act)
    except WouldDisplaceError as error:
        return in_the_way(actor, queries.plan(actor, wanted), error)
    location = web.public_url("closures_api.show", closure_id=made.location)
    return web.answer_json(_as_json(queries.closure(actor, made.location)), 201, location)


def in_the_way(actor: Actor, found: Plan, error: WouldDisplaceError) -> Response:
    """409 with whom a closure would hit."""
    return web.problem(
        409,
        "stale" if error.is_stale else error.code,
        "Reservations are in the way",
        "Send the mark in `seen` to cancel exactly these.",
        **plan_as_json(actor, found),
    )


@blueprint.post("/closures/out-of-order")
@acts(Action.CLOSE_SPACES)
@describes(body=BrokenDown, answer=ClosureShown, status=201)
def take_out() -> Response:
    """Take a space out of order now, until it is expected back."""
    actor, asked = current_actor(), schema.body(BrokenDown)
    breakdown = Breakdown(
        public_id("resource", asked.resource),
        asked.reason,
        moment("expected_back", asked.expected_back),
    )

    def act() -> Answer:
        made = breakdowns.take_out(actor, breakdown, seen=asked.seen, keeps=asked.keeps)
        return Answer(201, made.public_id)

    try:
        made = web.once(actor, act)
    except WouldDisplaceError as error:
        found = queries.plan(actor, breakdowns.wanted_of(actor, breakdown))
        return in_the_way(actor, found, error)
    location = web.public_url("closures_api.show", closure_id=made.location)
    return web.answer_json(_as_json(queries.closure(actor, made.location)), 201, location)


@blueprint.post("/closures/<uuid:closure_id>/put-off")
@acts(Action.CLOSE_SPACES)
@describes(body=Expecting, answer=ClosureShown)
def put_off(closure_id: UUID) -> Response:
    """Expect what is out of order back at another time."""
    actor, asked, key = current_actor(), schema.body(Expecting), str(closure_id)
    back = moment("expected_back", asked.expected_back)

    def act() -> Answer:
        breakdowns.put_off(actor, key, back, seen=asked.seen, keeps=asked.keeps)
        return Answer(200, key)

    try:
        web.once(actor, act)
    except WouldDisplaceError as error:
        return in_the_way(actor, breakdowns.put_off_plan(actor, key, back), error)
    return web.answer_json(_as_json(queries.closure(actor, key)))


@blueprint.get("/closures/<uuid:closure_id>")
@acts(Action.CLOSE_SPACES)
@describes(query=Nothing, answer=ClosureShown)
def show(closure_id: UUID) -> Response:
    """One closure of your spaces."""
    schema.query(Nothing)
    return listing.read(_as_json(queries.closure(current_actor(), str(closure_id))))


@blueprint.post("/closures/<uuid:closure_id>/end")
@acts(Action.CLOSE_SPACES)
@describes(body=Nothing, answer=ClosureShown)
def end(closure_id: UUID) -> Response:
    """Open again what is closed, or would be."""
    schema.body(Nothing)
    actor = current_actor()

    def act() -> Answer:
        service.end(actor, str(closure_id))
        return Answer(200, str(closure_id))

    web.once(actor, act)
    return web.answer_json(_as_json(queries.closure(actor, str(closure_id))))


@blueprint.get("/closures/<uuid:closure_id>/kept")
@acts(Action.CLOSE_SPACES)
@describes(query=Nothing, answer=PlanShown)
def kept(closure_id: UUID) -> Response:
    """What still stands in a closure that was closed around it."""
    schema.query(Nothing)
    actor = current_actor()
    return listing.read(plan_as_json(actor, queries.standing(actor, str(closure_id))))


@blueprint.post("/closures/<uuid:closure_id>/displace")
@acts(Action.CLOSE_SPACES)
@describes(body=Displacing, answer=ClosureShown)
def displace(closure_id: UUID) -> Response:
    """Cancel what a closure has left standing: exactly what `seen` is the mark of."""
    actor, asked = current_actor(), schema.body(Displacing)

    def act() -> Answer:
        service.displace(actor, str(closure_id), seen=asked.seen)
        return Answer(200, str(closure_id))

    try:
        web.once(actor, act)
    except WouldDisplaceError as error:
        return in_the_way(actor, queries.standing(actor, str(closure_id)), error)
    return web.answer_json(_as_json(queries.closure(actor, str(closure_id))))


def _wanted(asked: NewClosure) -> Wanted:
    return Wanted(
        kind=ClosureKind(asked.kind.value),
        names=checked_names("names", asked.names),
        starts_at=moment("starts_at", asked.starts_at),
        ends_at=moment("ends_at", asked.ends_at),
        resources=tuple(public_id("resources", one) for one in asked.resources),
        areas=_keys(asked.areas),
        floors=_keys(asked.floors),
        buildings=_keys(asked.buildings),
    )


def _keys(numbers: list[int]) -> tuple[int, ...]:
    """Numbers that no table can hold are those of nothing."""
    return tuple(one if 0 < one <= listing.LARGEST_KEY else 0 for one in numbers)


def _as_json(found: Closed) -> dict[str, object]:
    return {
        "id": found.public_id,
        "kind": found.kind.value,
        "names": dict(found.names),
        "when": found.when(clock.now()).value,
        "starts_at": written(found.interval.starts_at),
        "ends_at": written(found.interval.ends_at),
        "ended_at": None if found.ended_at is None else written(found.ended_at),
        "resources": list(found.codes),
        "spaces": found.spaces,
        "displaced": found.displaced,
    }


def plan_as_json(actor: Actor, found: Plan) -> dict[str, object]:
    """What a closure closes, and whom it hits."""
    return {
        "starts_at": written(found.interval.starts_at),
        "ends_at": written(found.interval.ends_at),
        "spaces": len(found.places),
        "count": len(found.hits),
        "seen": found.seen,
        "reservations": [_hit_as_json(actor, one) for one in found.hits[:MOST_LISTED]],
    }


def _hit_as_json(actor: Actor, hit: Hit) -> dict[str, object]:
    one = hit.details
    sees = queries.may_see(actor, one)
    return {
        "id": one.public_id,
        "reference": one.reference,
        "version": one.version,
        "state": one.state.value,
        "starts_at": written(one.interval.starts_at),
        "ends_at": written(one.interval.ends_at),
        "resources": [place.spot.code for place in one.places],
        "is_change": hit.is_change,
        "title": one.title if sees else None,
        "holder": {"id": one.person.public_id, "name": one.person.name} if sees else None,
    }
