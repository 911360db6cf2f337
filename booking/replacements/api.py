"""The endpoints of what is held instead of displaced reservations: see it, take one, or none."""

from __future__ import annotations

from uuid import UUID

import msgspec
from flask import Blueprint, Response

from booking.core import clock, listing, schema, web
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.schema import Moment, Nothing, PublicId, describes, public_id, written
from booking.core.web import acts, current_actor
from booking.replacements import queries, service
from booking.replacements.models import ReplacementState
from booking.replacements.queries import Case, Held
from booking.reservations import queries as reservations
from booking.reservations.alternatives import Why
from booking.reservations.representation import answer_with, times_as_json
from booking.reservations.shapes import LocalTimes, ReservationShown

blueprint = Blueprint("replacements_api", __name__, url_prefix="/api/v1")


class Choice(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /replacements/{id}/take: which of them."""

    replacement: PublicId


class PlaceHeld(msgspec.Struct):
    """A space."""

    id: PublicId
    code: str


class ReplacementShown(msgspec.Struct):
    """A place that is held, or was, and until when; `why` is what it has in common with what was
    displaced."""

    id: PublicId
    state: ReplacementState
    resources: list[PlaceHeld]
    starts_at: Moment
    ends_at: Moment
    local: LocalTimes
    capacity: int
    why: Why
    expires_at: Moment


class CaseShown(msgspec.Struct):
    """A displaced reservation with what is held instead of it."""

    reservation: PublicId
    reference: str
    replacements: list[ReplacementShown]
    replaced_by: PublicId | None
    links: dict[str, str]


@blueprint.get("/replacements")
@acts(Action.SEE_RESERVATIONS)
@describes(query=Nothing, items=CaseShown)
def index() -> Response:
    """Your displaced reservations for which something is held now, by start."""
    schema.query(Nothing)
    now = clock.now()
    return listing.answer([as_json(one) for one in queries.mine(current_actor(), now)])


@blueprint.get("/replacements/<uuid:reservation_id>")
@acts(Action.SEE_RESERVATION)
@describes(query=Nothing, answer=CaseShown)
def show(reservation_id: UUID) -> Response:
    """What is or was held instead of a displaced reservation, by the id of that."""
    schema.query(Nothing)
    return listing.read(as_json(queries.case(current_actor(), str(reservation_id))))


@blueprint.post("/replacements/<uuid:reservation_id>/take")
@acts(Action.BOOK)
@describes(body=Choice, answer=ReservationShown, status=201)
def take(reservation_id: UUID) -> Response:
    """Take one: the reservation, or the request where approval is needed. The others are free."""
    asked = schema.body(Choice)
    chosen = public_id("replacement", asked.replacement)
    actor = current_actor()
    made = web.once(
        actor, lambda: Answer(201, service.take(actor, str(reservation_id), chosen).public_id)
    )
    return answer_with(reservations.details(actor, made.location), actor, 201)


@blueprint.post("/replacements/<uuid:reservation_id>/decline")
@acts(Action.BOOK)
@describes(body=Nothing, answer=CaseShown)
def decline(reservation_id: UUID) -> Response:
    """Leave all of them to others."""
    schema.body(Nothing)
    actor = current_actor()

    def act() -> Answer:
        service.decline(actor, str(reservation_id))
        return Answer(200, str(reservation_id))

    web.once(actor, act)
    return web.answer_json(as_json(queries.case(actor, str(reservation_id))))


def as_json(case: Case) -> dict[str, object]:
    """What is held instead of a reservation, as the API answers it."""
    details = case.details
    return {
        "reservation": details.public_id,
        "reference": details.reference,
        "replacements": [_shown(one) for one in case.replacements],
        "replaced_by": None if case.replaced_by is None else case.replaced_by.public_id,
        "links": {"page": web.public_url("replacements.show", public_id=details.public_id)},
    }


def _shown(held: Held) -> dict[str, object]:
    return {
        "id": held.public_id,
        "state": held.state.value,
        "resources": [
            {"id": place.spot.public_id, "code": place.spot.code} for place in held.places
        ],
        **times_as_json(held.interval, held.local),
        "capacity": sum(place.spot.capacity for place in held.places),
        "why": held.why.value,
        "expires_at": written(held.expires_at),
    }
