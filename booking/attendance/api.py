"""The endpoints of presence: confirm it, take that back, or announce to be late."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, Response

from booking.attendance import service
from booking.core import schema, web
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.schema import Nothing, describes
from booking.core.web import acts, current_actor
from booking.reservations import queries
from booking.reservations.models import CheckInWay
from booking.reservations.representation import as_json
from booking.reservations.service import Outcome
from booking.reservations.shapes import ReservationShown

blueprint = Blueprint("attendance_api", __name__, url_prefix="/api/v1")


@blueprint.post("/reservations/<uuid:reservation_id>/check-in")
@acts(Action.CHECK_IN)
@describes(body=Nothing, answer=ReservationShown)
def check_in(reservation_id: UUID) -> Response:
    """Confirm presence; a second time changes nothing."""
    schema.body(Nothing)
    actor = current_actor()
    return _once(lambda: service.check_in(actor, str(reservation_id), CheckInWay.API))


@blueprint.post("/reservations/<uuid:reservation_id>/late")
@acts(Action.CHECK_IN)
@describes(body=Nothing, answer=ReservationShown)
def late(reservation_id: UUID) -> Response:
    """Have the place kept for the grace once more; once."""
    schema.body(Nothing)
    actor = current_actor()
    return _once(lambda: service.announce_late(actor, str(reservation_id)))


@blueprint.delete("/reservations/<uuid:reservation_id>/check-in")
@acts(Action.CHECK_IN)
@describes(answer=ReservationShown)
def undo(reservation_id: UUID) -> Response:
    """Take it back within ten minutes."""
    actor = current_actor()
    return _once(lambda: service.undo_check_in(actor, str(reservation_id)))


def _once(act: Callable[[], Outcome]) -> Response:
    """Run a verb once for the Idempotency-Key of this request; show what stands there now."""
    actor = current_actor()
    answer = web.once(actor, lambda: Answer(200, act().public_id))
    found = queries.details(actor, answer.location)
    response = web.answer_json(as_json(found, actor))
    response.set_etag(str(found.version))
    return response
