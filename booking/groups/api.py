"""The endpoints of groups: places for several people at one time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from uuid import UUID

import msgspec
from flask import Blueprint, Response

from booking.core import listing, schema, web
from booking.core.errors import InvalidError, Problem, RefusedError
from booking.core.fingerprints import fingerprint
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor, allows
from booking.core.refusals import facts_as_json
from booking.core.schema import Moment, PublicId, describes, moment, public_id
from booking.core.web import acts, current_actor
from booking.demand import service as demand
from booking.finding import preferences
from booking.groups import choosing, service
from booking.groups.choosing import Offer
from booking.groups.wishes import Wanted, checked_count
from booking.reservations import queries
from booking.reservations import service as reservations
from booking.reservations.queries import Details
from booking.reservations.representation import list_as_json
from booking.reservations.service import Grouped
from booking.reservations.shapes import ReservationShown
from booking.reservations.standing import versions
from booking.reservations.wishes import Change

blueprint = Blueprint("groups_api", __name__, url_prefix="/api/v1")


class NewGroup(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /groups: these resources, or so many of a kind near each other."""

    starts_at: Moment
    ends_at: Moment
    resources: list[PublicId] = msgspec.field(default_factory=list)
    kind: str = "desk"
    count: int | None = None
    area: str = ""
    building: str = ""
    people: list[PublicId] = msgspec.field(default_factory=list)
    organisation: PublicId | None = None
    title: str = ""
    step_free: bool = False
    preferred: list[str] | None = None  # one's own preferences for a desk, unless it says


class GroupCancellation(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /groups/{id}/cancel."""

    reason: str = ""


class GroupChange(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /groups/{id}; what is absent stays."""

    starts_at: Moment | None = None
    ends_at: Moment | None = None


class Stayed(StrEnum):
    """Why a reservation did not move with its group."""

    GIVEN_BACK = "given_back"
    CHANGED_ALONE = "changed_alone"
    NOT_YOURS = "not_yours"


class GroupShown(msgspec.Struct, omit_defaults=True):
    """A group; of its reservations those that the reader may see. After a move, `stayed` says by
    the id which did not move, and why."""

    id: PublicId
    reservations: list[ReservationShown]
    links: dict[str, str]
    stayed: dict[str, Stayed] = {}


@blueprint.post("/groups")
@acts(Action.BOOK)
@describes(body=NewGroup, answer=GroupShown, status=201)
def create() -> Response:
    """Book several places at one time, each a reservation of its own: all of them or none."""
    actor = current_actor()
    asked = schema.body(NewGroup)
    wanted = _wanted(actor, asked)
    try:
        return _once(actor, asked, wanted)
    except RefusedError as refused:
        offered = [] if asked.resources else choosing.instead(actor, wanted)
        return _refusal(refused, offered)


@blueprint.get("/groups/<uuid:group_id>")
@acts(Action.SEE_RESERVATION)
@describes(answer=GroupShown)
def show(group_id: UUID) -> Response:
    """A group with those of its reservations that one may see."""
    actor = current_actor()
    found = queries.group(actor, str(group_id))
    return listing.read(_as_json(str(group_id), found, actor), _mark(found))


@blueprint.patch("/groups/<uuid:group_id>")
@acts(Action.CHANGE)
@describes(body=GroupChange, answer=GroupShown)
def move(group_id: UUID) -> Response:
    """Move all that still stands together, or nothing; what waits for approval has `amendment`."""
    actor, public_id_ = current_actor(), str(group_id)
    asked = schema.body(GroupChange)
    wanted = Change(
        starts_at=None if asked.starts_at is None else moment("starts_at", asked.starts_at),
        ends_at=None if asked.ends_at is None else moment("ends_at", asked.ends_at),
    )
    try:
        done = reservations.move_group(actor, public_id_, wanted, seen=listing.seen_mark())
    except RefusedError as refused:
        return _refusal(refused, [])
    found = queries.group(actor, public_id_)
    moved = {one.id for one in done.reservations}
    stayed = {one.public_id: _why(actor, one) for one in found if one.id not in moved}
    return listing.read(_as_json(public_id_, found, actor) | {"stayed": stayed}, _mark(found))


def _why(actor: Actor, one: Details) -> Stayed:
    if not one.is_live:
        return Stayed.GIVEN_BACK
    return Stayed.CHANGED_ALONE if allows(actor, Action.CHANGE, one) else Stayed.NOT_YOURS


@blueprint.post("/groups/<uuid:group_id>/cancel")
@acts(Action.CANCEL)
@describes(body=GroupCancellation, answer=GroupShown)
def cancel(group_id: UUID) -> Response:
    """Give back all that can still be given back."""
    actor, public_id_ = current_actor(), str(group_id)
    asked = schema.body(GroupCancellation)
    _answer_once(
        actor,
        lambda: reservations.cancel_group(actor, public_id_, reason=asked.reason),
        status=200,
    )
    return web.answer_json(_as_json(public_id_, queries.group(actor, public_id_), actor))


def _wanted(actor: Actor, asked: NewGroup) -> Wanted:
    """The wish; either resources are named, or how many (as many as people, where nothing says)."""
    count = asked.count if asked.count is not None else len(asked.people)
    if asked.resources and (asked.count is not None or asked.area or asked.building):
        raise InvalidError({"resources": Problem.UNKNOWN})
    if not asked.resources and not count:
        raise InvalidError({"count": Problem.MISSING})
    return Wanted(
        kind=asked.kind,
        count=len(asked.resources) or checked_count(count),
        starts_at=moment("starts_at", asked.starts_at),
        ends_at=moment("ends_at", asked.ends_at),
        area=asked.area,
        building=asked.building,
        people=tuple(public_id("people", one) for one in asked.people),
        title=asked.title,
        organisation_id=asked.organisation,
        step_free=asked.step_free,
        preferred=preferences.codes_for_kind(actor, asked.kind)
        if asked.preferred is None
        else tuple(dict.fromkeys(asked.preferred)),
    )


def _once(actor: Actor, asked: NewGroup, wanted: Wanted) -> Response:
    ids = tuple(public_id("resources", one) for one in asked.resources)
    kind = "" if ids else wanted.kind
    with demand.counting(ids, wanted.starts_at, len(ids) or wanted.count, kind=kind):
        made = _answer_once(
            actor,
            lambda: (
                reservations.book_together(actor, wanted.at(ids))
                if ids
                else service.book_near(actor, wanted)
            ),
            status=201,
        )
    found = queries.group(actor, made.location)
    location = web.public_url("groups_api.show", group_id=made.location)
    return web.answer_json(_as_json(made.location, found, actor), made.status, location)


def _answer_once(actor: Actor, act: Callable[[], Grouped], *, status: int) -> Answer:
    return web.once(actor, lambda: Answer(status, act().public_id))


def _as_json(group_id: str, found: Sequence[Details], actor: Actor) -> dict[str, object]:
    return {
        "id": group_id,
        "reservations": list_as_json(found, actor),
        "links": {
            "self": web.public_url("groups_api.show", group_id=group_id),
            "page": web.public_url("groups.show", public_id=group_id),
        },
    }


def _mark(found: Sequence[Details]) -> str:
    return fingerprint(versions(found))


def _refusal(refused: RefusedError, offered: Sequence[Offer]) -> Response:
    return web.problem(
        409,
        refused.code,
        "The house rules or other reservations stand in the way",
        reasons=[facts_as_json(one) for one in refused.refusals],
        alternatives=[_offer_as_json(one) for one in offered],
    )


def _offer_as_json(offer: Offer) -> dict[str, object]:
    interval = offer.local.project()
    return {
        "why": offer.why.value,
        "count": offer.count,
        "starts_at": schema.written(interval.starts_at),
        "ends_at": schema.written(interval.ends_at),
        "resources": [place.spot.public_id for place in offer.places],
    }
