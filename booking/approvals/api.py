"""The endpoints of whoever decides: the list, yes, no and questions."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import msgspec
from flask import Blueprint, Response, request

from booking.approvals import queries as approvals
from booking.core import idempotency, listing, schema, web
from booking.core.errors import WouldDeclineError
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.schema import Nothing, describes
from booking.core.web import acts, current_actor
from booking.reservations import queries, service
from booking.reservations.api import seen_version
from booking.reservations.models import DeclineReason
from booking.reservations.representation import as_json, list_as_json
from booking.reservations.service import Outcome
from booking.reservations.shapes import ReservationShown

blueprint = Blueprint("approvals_api", __name__, url_prefix="/api/v1")


class Approving(msgspec.Struct, forbid_unknown_fields=True):
    """The body of approve: the version that was seen (or If-Match), and whether other requests
    for the same time may be declined."""

    version: int | None = None
    declines_others: bool = False


class Declining(msgspec.Struct, forbid_unknown_fields=True):
    """The body of decline: a reason of the list, free text (which `other` needs), or both."""

    reason_code: DeclineReason = DeclineReason.OTHER
    reason: str = ""
    version: int | None = None


class Asking(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ask."""

    question: str


@blueprint.get("/approvals")
@acts(Action.SEE_APPROVALS)
@describes(query=Nothing, items=ReservationShown)
def index() -> Response:
    """What waits for this person's decision, the nearest deadline first."""
    schema.query(Nothing)
    actor = current_actor()
    return listing.answer(list_as_json(approvals.waiting_for(actor), actor))


@blueprint.post("/reservations/<uuid:reservation_id>/approve")
@acts(Action.DECIDE)
@describes(body=Approving, answer=ReservationShown)
def approve(reservation_id: UUID) -> Response:
    """Say yes to the request or to the change that waits."""
    asked = schema.body(Approving)
    actor, public_id = current_actor(), str(reservation_id)
    try:
        _once(
            lambda: service.approve(
                actor,
                public_id,
                seen_version=asked.version if asked.version is not None else seen_version(),
                declines_others=asked.declines_others,
            )
        )
    except WouldDeclineError as error:
        return web.problem(
            409,
            error.code,
            "Other requests for the same time would be declined",
            "Send declines_others: true to approve this one and decline the others.",
            references=list(error.references),
        )
    return _represent(public_id)


@blueprint.post("/reservations/<uuid:reservation_id>/decline")
@acts(Action.DECIDE)
@describes(body=Declining, answer=ReservationShown)
def decline(reservation_id: UUID) -> Response:
    """Say no, with a reason."""
    asked = schema.body(Declining)
    actor, public_id = current_actor(), str(reservation_id)
    _once(
        lambda: service.decline(
            actor,
            public_id,
            seen_version=asked.version if asked.version is not None else seen_version(),
            code=asked.reason_code,
            reason=asked.reason,
        )
    )
    return _represent(public_id)


@blueprint.post("/reservations/<uuid:reservation_id>/ask")
@acts(Action.ASK)
@describes(body=Asking, answer=ReservationShown)
def ask(reservation_id: UUID) -> Response:
    """Ask whoever wants it something before deciding; the time to answer runs on."""
    asked = schema.body(Asking)
    actor, public_id = current_actor(), str(reservation_id)
    _once(lambda: service.ask(actor, public_id, question=asked.question))
    return _represent(public_id)


def _once(act: Callable[[], Outcome]) -> None:
    key = request.headers.get("Idempotency-Key")
    asked = f"{request.method} {request.path}\n".encode() + request.get_data()
    idempotency.once(current_actor(), key, asked, lambda: Answer(200, act().public_id))


def _represent(public_id: str) -> Response:
    actor = current_actor()
    found = queries.details(actor, public_id)
    response = web.answer_json(as_json(found, actor))
    response.set_etag(str(found.version))
    return response
