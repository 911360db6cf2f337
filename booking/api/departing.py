"""Leaving by the API: what lies ahead, the choice for each, and closing accounts.

Nothing is cancelled unsaid: where reservations lie ahead, a call that does not say what shall
become of them answers 409 `reservations_ahead` with the list.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec
from flask import Blueprint, Response

from booking.core import listing, schema, web
from booking.core.errors import InvalidError, Problem
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor
from booking.core.schema import Moment, Nothing, PublicId, describes, public_id, written
from booking.core.web import acts, current_actor
from booking.people import closing
from booking.reservations import departures
from booking.reservations.departures import Choices, Done, Plan, PlanChangedError
from booking.reservations.queries import Details
from booking.reservations.shapes import Named

blueprint = Blueprint("departing_api", __name__, url_prefix="/api/v1")


class Fate(msgspec.Struct, forbid_unknown_fields=True):
    """One reservation as it was seen, and who takes it over; nobody: it is cancelled."""

    id: PublicId
    version: int
    hand_over_to: PublicId | None = None


class Settlement(msgspec.Struct, forbid_unknown_fields=True):
    """What shall become of the reservations: one answer for all, or each as it was seen."""

    hand_over_to: PublicId | None = None
    cancel: bool = False
    reservations: list[Fate] | None = None


class AheadShown(msgspec.Struct):
    """A reservation that lies ahead or runs, and who could take it over."""

    id: PublicId
    reference: str
    version: int
    state: str
    title: str
    starts_at: Moment
    ends_at: Moment
    resources: list[str]
    holder: Named
    takers: list[Named]


class PlanShown(msgspec.Struct):
    """What a departure would touch."""

    reservations: list[AheadShown]


class DoneShown(msgspec.Struct):
    """What was done."""

    id: PublicId
    handed_over: int
    cancelled: int


@blueprint.get("/people/<uuid:person_id>/departure")
@acts(Action.OPERATE)
@describes(query=Nothing, answer=PlanShown)
def person_plan(person_id: UUID) -> Response:
    """What deactivating the person would touch."""
    schema.query(Nothing)
    return plan_shown(departures.person_plan(current_actor(), str(person_id)))


@blueprint.post("/people/<uuid:person_id>/deactivate")
@acts(Action.OPERATE)
@describes(body=Settlement, answer=DoneShown)
def deactivate(person_id: UUID) -> Response:
    """Close an account; sessions, tokens, calendar addresses and grants end at once."""
    actor = current_actor()
    wanted = choices(schema.body(Settlement))
    return settled(
        actor,
        wanted,
        lambda: departures.person_plan(actor, str(person_id)),
        lambda chosen: departures.deactivate_person(actor, str(person_id), chosen),
    )


@blueprint.post("/people/<uuid:person_id>/reactivate")
@acts(Action.OPERATE)
@describes(body=Nothing, status=204)
def reactivate(person_id: UUID) -> Response:
    """Open a closed account again; grants have to be given anew."""
    schema.body(Nothing)
    closing.reopen(current_actor(), str(person_id))
    return Response(status=204)


# --- what the endpoints of organisations share ---


def choices(asked: Settlement) -> Choices | None:
    """What was chosen; None where nothing was."""
    if asked.reservations is not None:
        fates = {public_id("reservations", one.id): one for one in asked.reservations}
        if asked.cancel or asked.hand_over_to is not None or len(fates) < len(asked.reservations):
            raise InvalidError({"reservations": Problem.UNREADABLE})
        return Choices(
            single={key: _taker("reservations", one.hand_over_to) for key, one in fates.items()},
            seen={key: one.version for key, one in fates.items()},
        )
    if asked.cancel:
        if asked.hand_over_to is not None:
            raise InvalidError({"cancel": Problem.UNREADABLE})
        return Choices()
    if asked.hand_over_to is not None:
        return Choices(for_all=_taker("hand_over_to", asked.hand_over_to))
    return None


def settled(
    actor: Actor,
    wanted: Choices | None,
    plan: Callable[[], Plan],
    act: Callable[[Choices], Done],
) -> Response:
    """Do it once for the Idempotency-Key; without a choice only where nothing lies ahead."""

    def run() -> Answer:
        # Without a choice nothing may lie ahead, then either.
        done = act(wanted or Choices(seen={}))
        return Answer(200, f"{done.public_id} {done.handed_over} {done.cancelled}")

    try:
        answer = web.once(actor, run)
    except PlanChangedError as changed:
        return _ahead(plan()) if wanted is None else _changed(changed)
    departure_id, handed_over, cancelled = answer.location.split()
    return web.answer_json(
        {"id": departure_id, "handed_over": int(handed_over), "cancelled": int(cancelled)}
    )


def plan_shown(plan: Plan) -> Response:
    """What a departure would touch, as it stands now."""
    return listing.read({"reservations": [_as_json(plan, one) for one in plan.reservations]})


def _ahead(plan: Plan) -> Response:
    return web.problem(
        409,
        "reservations_ahead",
        "Reservations lie ahead; say what shall become of them",
        reservations=[_as_json(plan, one) for one in plan.reservations],
    )


def _changed(changed: PlanChangedError) -> Response:
    return web.problem(
        409,
        changed.code,
        "Reservations were booked, changed or cancelled since",
        added=list(changed.added),
        changed=list(changed.changed),
        gone=list(changed.gone),
    )


def _taker(field: str, text: str | None) -> str | None:
    return None if text is None else public_id(field, text)


def _as_json(plan: Plan, one: Details) -> dict[str, object]:
    return {
        "id": one.public_id,
        "reference": one.reference,
        "version": one.version,
        "state": one.state.value,
        "title": one.title,
        "starts_at": written(one.interval.starts_at),
        "ends_at": written(one.interval.ends_at),
        "resources": [place.spot.code for place in one.places],
        "holder": {"id": one.person.public_id, "name": one.person.name},
        "takers": [{"id": taker.public_id, "name": taker.name} for taker in plan.takers_of(one)],
    }
