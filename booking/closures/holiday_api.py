"""The endpoints of public holidays: which there are, taking over, announcing, moving, leaving
out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

import msgspec
from flask import Blueprint, Response

from booking.closures import holiday_queries, holidays, queries
from booking.closures.api import in_the_way
from booking.closures.holiday_queries import Known, wanted_of
from booking.closures.holidays import HolidayDraft
from booking.closures.service import WouldDisplaceError
from booking.core import listing, schema, web
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.schema import Nothing, PublicId, describes
from booking.core.texts import checked_names
from booking.core.web import acts, current_actor
from booking.spaces.models import HolidayState

blueprint = Blueprint("holidays_api", __name__, url_prefix="/api/v1")


class NewHoliday(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /holidays. An announced one closes its day: `seen` is the mark of the
    reservations whose cancelling is confirmed, `keeps` closes the time around them instead."""

    day: date
    names: dict[str, str]
    is_announced: bool = True
    seen: str | None = None
    keeps: bool = False


class HolidayChange(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /holidays/{id}; what is absent stays. Without `is_announced` it is
    announced."""

    day: date | None = None
    names: dict[str, str] | None = None
    is_announced: bool = True
    seen: str | None = None
    keeps: bool = False


class HolidayShown(msgspec.Struct):
    """A public holiday; `closure` is what closes its day, with so many spaces, around so many
    reservations that stay."""

    id: PublicId
    day: date
    names: dict[str, str]
    state: HolidayState
    closure: PublicId | None
    spaces: int
    kept: int


class TakenOver(msgspec.Struct):
    """How many were added."""

    added: int


@blueprint.get("/holidays")
@acts(Action.SEE_SPACES)
@describes(query=Nothing, items=HolidayShown)
def index() -> Response:
    """Those of the year ahead, by day."""
    schema.query(Nothing)
    found = holiday_queries.known(*holiday_queries.year_ahead())
    return listing.answer([_as_json(one) for one in found], None)


@blueprint.post("/holidays/take-over")
@acts(Action.OPERATE)
@describes(body=Nothing, answer=TakenOver)
def take_over() -> Response:
    """Add everything that the calendar of the country knows of the year ahead."""
    schema.body(Nothing)
    actor = current_actor()
    answer = web.once(actor, lambda: Answer(200, str(holidays.take_over(actor))))
    return web.answer_json({"added": int(answer.location)})


@blueprint.post("/holidays")
@acts(Action.OPERATE)
@describes(body=NewHoliday, answer=HolidayShown, status=201)
def create() -> Response:
    """Add one by hand."""
    actor, asked = current_actor(), schema.body(NewHoliday)
    draft = HolidayDraft(asked.day, checked_names("names", asked.names), asked.is_announced)

    def act() -> str:
        return holidays.add(actor, draft, seen=asked.seen, keeps=asked.keeps)

    return _written(act, 201, 0, draft)


@blueprint.get("/holidays/<uuid:holiday_id>")
@acts(Action.SEE_SPACES)
@describes(query=Nothing, answer=HolidayShown)
def show(holiday_id: UUID) -> Response:
    """One of them."""
    schema.query(Nothing)
    return listing.read(_as_json(holiday_queries.holiday(str(holiday_id))))


@blueprint.patch("/holidays/<uuid:holiday_id>")
@acts(Action.OPERATE)
@describes(body=HolidayChange, answer=HolidayShown)
def change(holiday_id: UUID) -> Response:
    """Announce it, move it, or name it otherwise."""
    actor, asked = current_actor(), schema.body(HolidayChange)
    found = holiday_queries.holiday(str(holiday_id))
    names = dict(found.names) if asked.names is None else checked_names("names", asked.names)
    draft = HolidayDraft(asked.day or found.day, names, asked.is_announced)

    def act() -> str:
        holidays.change(actor, found.public_id, draft, seen=asked.seen, keeps=asked.keeps)
        return found.public_id

    return _written(act, 200, found.id, draft)


@blueprint.delete("/holidays/<uuid:holiday_id>")
@acts(Action.OPERATE)
@describes(status=204)
def leave_out(holiday_id: UUID) -> Response:
    """The park works on that day; what was closed is open again."""
    holidays.leave_out(current_actor(), str(holiday_id))
    return Response(status=204)


def _written(act: Callable[[], str], status: int, key: int, draft: HolidayDraft) -> Response:
    actor = current_actor()
    try:
        answer = web.once(actor, lambda: Answer(status, act()))
    except WouldDisplaceError as error:
        plan = queries.plan(actor, wanted_of(key, draft.day, draft.names))
        return in_the_way(actor, plan, error)
    location = web.public_url("holidays_api.show", holiday_id=answer.location)
    shown = _as_json(holiday_queries.holiday(answer.location))
    return web.answer_json(shown, answer.status, location if status == 201 else "")


def _as_json(one: Known) -> dict[str, object]:
    return {
        "id": one.public_id,
        "day": one.day.isoformat(),
        "names": dict(one.names),
        "state": one.state.value,
        "closure": one.closure,
        "spaces": one.spaces,
        "kept": one.kept,
    }
