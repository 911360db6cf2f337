"""The endpoints of whoever decides: the list, yes, no and questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from flask import Blueprint, Response, request

from booking.approvals import dates, together
from booking.approvals import queries as approvals
from booking.approvals.together import Decision, Result
from booking.core import listing, schema, web
from booking.core.errors import (
    InvalidError,
    OutdatedError,
    RefusedError,
    StaleError,
    WouldDeclineError,
)
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor
from booking.core.refusals import facts_as_json
from booking.core.schema import Nothing, PublicId, describes
from booking.core.web import acts, current_actor
from booking.reservations import queries, service
from booking.reservations.api import seen_version
from booking.reservations.models import DeclineReason
from booking.reservations.queries import Details
from booking.reservations.representation import as_json, list_as_json
from booking.reservations.service import Outcome
from booking.reservations.shapes import Reason, ReservationShown

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


class OneOfSeveral(msgspec.Struct, forbid_unknown_fields=True):
    """One decision of several, with the members of approve or decline."""

    id: PublicId
    decision: Literal["approve", "decline"]
    version: int | None = None
    declines_others: bool = False
    reason_code: DeclineReason = DeclineReason.OTHER
    reason: str = ""


class Several(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /approvals/decide."""

    decisions: Annotated[
        list[OneOfSeveral], msgspec.Meta(min_length=1, max_length=together.MOST_AT_ONCE)
    ]


class OnDates(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /approvals/series/{id}/decide; `seen` is the mark of what was looked at."""

    decision: Literal["approve", "decline"]
    seen: str | None = None
    reason_code: DeclineReason = DeclineReason.OTHER
    reason: str = ""


class DatesShown(msgspec.Struct):
    """What of a series waits, the references of those that a yes declines, what is taken."""

    requests: list[ReservationShown]
    declines: list[str]
    taken: list[PublicId]
    seen: str


class DatesDecided(msgspec.Struct):
    """The series, and which of its requests wait on because their time is taken."""

    series: PublicId
    left: list[PublicId]


class WhatBecameOfIt(msgspec.Struct, omit_defaults=True):
    """What became of one decision: taken, or the code of what stood against it, and its facts."""

    id: PublicId
    decided: bool
    code: str | msgspec.UnsetType = msgspec.UNSET
    current_version: int | msgspec.UnsetType = msgspec.UNSET
    references: list[str] | msgspec.UnsetType = msgspec.UNSET
    reasons: list[Reason] | msgspec.UnsetType = msgspec.UNSET
    fields: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


class Results(msgspec.Struct):
    """What became of each, in the order in which they were sent."""

    results: list[WhatBecameOfIt]


@blueprint.get("/approvals")
@acts(Action.SEE_APPROVALS)
@describes(query=Nothing, items=ReservationShown)
def index() -> Response:
    """What waits for this person's decision, the nearest deadline first."""
    schema.query(Nothing)
    actor = current_actor()
    return listing.answer(list_as_json(approvals.waiting_for(actor), actor))


@blueprint.post("/approvals/decide")
@acts(Action.SEE_APPROVALS)
@describes(body=Several, answer=Results)
def decide() -> Response:
    """Take several decisions, each for itself: what stands against one stops none of the others."""
    asked = schema.body(Several)
    decisions = [
        Decision(
            public_id=schema.public_id("id", one.id),
            is_yes=one.decision == "approve",
            seen_version=one.version,
            declines_others=one.declines_others,
            code=one.reason_code,
            reason=one.reason,
        )
        for one in asked.decisions
    ]
    key = request.headers.get("Idempotency-Key")
    results = together.decide_each(current_actor(), decisions, key)
    return web.answer_json({"results": [_result(one) for one in results]})


@blueprint.get("/approvals/series/<uuid:series_id>")
@acts(Action.DECIDE)
@describes(query=Nothing, answer=DatesShown)
def series_dates(series_id: UUID) -> Response:
    """What of a series waits for your answer, whom a yes declines, and what is taken."""
    schema.query(Nothing)
    actor = current_actor()
    try:
        found = dates.look(actor, str(series_id))
    except RefusedError as refused:
        return _refusal(refused)
    return listing.read(_dates_as_json(actor, found))


@blueprint.post("/approvals/series/<uuid:series_id>/decide")
@acts(Action.DECIDE)
@describes(body=OnDates, answer=DatesDecided)
def decide_series(series_id: UUID) -> Response:
    """Decide on all dates of a series that wait for your answer; those whose time is taken wait on
    after a yes."""
    asked = schema.body(OnDates)
    actor, public_id = current_actor(), str(series_id)
    left: list[str] = []

    def act() -> Answer:
        if asked.decision == "approve":
            done = dates.approve(actor, public_id, seen=asked.seen)
        else:
            done = dates.decline(
                actor, public_id, seen=asked.seen, code=asked.reason_code, reason=asked.reason
            )
        left.extend(one.public_id for one in done.left)
        return Answer(200, public_id)

    try:
        web.once(actor, act)
    except WouldDeclineError as error:
        return _would_decline(error)
    except OutdatedError:
        return web.problem(409, "stale", "Something else waits now", "Look at the dates again.")
    except RefusedError as refused:
        return _refusal(refused)
    return web.answer_json({"series": public_id, "left": left})


def _would_decline(error: WouldDeclineError) -> Response:
    return web.problem(
        409,
        error.code,
        "Other requests for the same times would be declined",
        "Send the mark in `seen` to approve these dates and decline the others.",
        references=list(error.references),
    )


def _refusal(refused: RefusedError) -> Response:
    return web.problem(
        409,
        refused.code,
        "Nothing of this series can be decided",
        reasons=[facts_as_json(one) for one in refused.refusals],
        alternatives=[],
    )


def _dates_as_json(actor: Actor, found: dates.Waiting) -> dict[str, object]:
    return {
        "requests": list_as_json(found.requests, actor),
        "declines": [one.reference for one in found.rivals],
        "taken": [one.public_id for one in found.taken],
        "seen": found.seen,
    }


@blueprint.post("/reservations/<uuid:reservation_id>/approve")
@acts(Action.DECIDE)
@describes(body=Approving, answer=ReservationShown)
def approve(reservation_id: UUID) -> Response:
    """Say yes to the request or to the change that waits."""
    asked = schema.body(Approving)
    actor, public_id = current_actor(), str(reservation_id)
    try:
        return _once(
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


@blueprint.post("/reservations/<uuid:reservation_id>/decline")
@acts(Action.DECIDE)
@describes(body=Declining, answer=ReservationShown)
def decline(reservation_id: UUID) -> Response:
    """Say no, with a reason."""
    asked = schema.body(Declining)
    actor, public_id = current_actor(), str(reservation_id)
    return _once(
        lambda: service.decline(
            actor,
            public_id,
            seen_version=asked.version if asked.version is not None else seen_version(),
            code=asked.reason_code,
            reason=asked.reason,
        )
    )


@blueprint.post("/reservations/<uuid:reservation_id>/ask")
@acts(Action.ASK)
@describes(body=Asking, answer=ReservationShown)
def ask(reservation_id: UUID) -> Response:
    """Ask whoever wants it something before deciding; the time to answer runs on."""
    asked = schema.body(Asking)
    actor, public_id = current_actor(), str(reservation_id)
    return _once(lambda: service.ask(actor, public_id, question=asked.question))


def _result(one: Result) -> dict[str, object]:
    body: dict[str, object] = {"id": one.public_id, "decided": one.error is None}
    if one.error is not None:
        body["code"] = one.error.code
    match one.error:
        case StaleError(current_version=version):
            body["current_version"] = version
        case WouldDeclineError(references=references):
            body["references"] = list(references)
        case RefusedError(refusals=refusals):
            body["reasons"] = [facts_as_json(refusal) for refusal in refusals]
        case InvalidError(fields=fields):
            body["fields"] = {name: problem.value for name, problem in fields.items()}
    return body


def _once(act: Callable[[], Outcome]) -> Response:
    """Run a verb once for the Idempotency-Key of this request; show what became of it.

    Whoever decided sees that, even where the place of a declined change was all that let them see
    the reservation. A retry sees what they may see by then.
    """
    actor = current_actor()
    decided: Details | None = None

    def decide() -> Answer:
        nonlocal decided
        public_id = act().public_id
        decided = queries.details_by_id(public_id)
        return Answer(200, public_id)

    answer = web.once(actor, decide)
    found = decided or queries.details(actor, answer.location)
    response = web.answer_json(as_json(found, actor))
    response.set_etag(str(found.version))
    return response
