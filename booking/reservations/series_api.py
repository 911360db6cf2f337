"""The endpoints of one series: its dates and how each stands; cancelling several of them."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from booking.core import listing, schema, web, zones
from booking.core.errors import OutdatedError, RefusedError
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.refusals import facts_as_json
from booking.core.schema import describes
from booking.core.web import acts, current_actor
from booking.people.viewings import note_view
from booking.reservations import queries, series_cancelling
from booking.reservations.models import Series
from booking.reservations.series_shapes import (
    CancellationShown,
    SeriesCancellation,
    SeriesShown,
    going_as_json,
    repetition_as_json,
)

blueprint = Blueprint("series_api", __name__, url_prefix="/api/v1")


@blueprint.get("/series/<uuid:series_id>")
@acts(Action.SEE_RESERVATION)
@describes(answer=SeriesShown)
def show(series_id: UUID) -> Response:
    """A series: how it repeats, its dates, what was left out and why."""
    actor = current_actor()
    found, reservations = queries.series(actor, str(series_id))
    for person_id in {one.person_id for one in reservations}:
        note_view(actor, person_id)
    dates: list[dict[str, object]] = [
        {
            "starts_at": (one.series_start or one.local.starts_at).isoformat(timespec="minutes"),
            "state": one.state.value,
            "reservation": one.public_id,
        }
        for one in reservations
    ]
    dates += [
        {"starts_at": start.isoformat(timespec="minutes"), "skipped": reason.value}
        for start, reason in queries.skips_of(found.id)
    ]
    return listing.read(_as_json(found, sorted(dates, key=lambda one: str(one["starts_at"]))))


@blueprint.post("/series/<uuid:series_id>/cancel/preview")
@acts(Action.CANCEL)
@describes(body=SeriesCancellation, answer=CancellationShown)
def cancel_preview(series_id: UUID) -> Response:
    """Which dates would be cancelled: those from the named reservation on, or all ahead."""
    asked = schema.body(SeriesCancellation)
    try:
        found = series_cancelling.look(current_actor(), str(series_id), since=_since(asked))
    except RefusedError as refused:
        return _refusal(refused)
    return web.answer_json(going_as_json(found))


@blueprint.post("/series/<uuid:series_id>/cancel")
@acts(Action.CANCEL)
@describes(body=SeriesCancellation, answer=SeriesShown)
def cancel(series_id: UUID) -> Response:
    """Cancel several dates in one act; with `seen` exactly those that the preview named."""
    actor, public_id = current_actor(), str(series_id)
    asked = schema.body(SeriesCancellation)
    since = _since(asked)

    def act() -> Answer:
        done = series_cancelling.cancel(
            actor, public_id, since=since, seen=asked.seen, reason=asked.reason
        )
        return Answer(200, done.public_id)

    try:
        web.once(actor, act)
    except OutdatedError:
        now = series_cancelling.look(actor, public_id, since=since)
        return web.problem(
            409,
            "stale",
            "Other dates would be cancelled",
            "Send the mark in `seen` to cancel exactly these.",
            **going_as_json(now),
        )
    except RefusedError as refused:
        return _refusal(refused)
    return show(series_id)


def _since(asked: SeriesCancellation) -> str | None:
    return None if asked.since is None else schema.public_id("since", asked.since)


def _refusal(refused: RefusedError) -> Response:
    return web.problem(
        409,
        refused.code,
        "None of these dates can be cancelled",
        reasons=[facts_as_json(one) for one in refused.refusals],
        alternatives=[],
    )


def _as_json(found: Series, dates: list[dict[str, object]]) -> dict[str, object]:
    local = found.local
    return {
        "id": found.public_id,
        "repetition": repetition_as_json(found.repetition),
        "local": {
            "starts_at": local.starts_at.isoformat(timespec="minutes"),
            "ends_at": local.ends_at.isoformat(timespec="minutes"),
            "zone": local.zone_name,
            "offset": zones.offset(local.project().starts_at, local.zone),
        },
        "dates": dates,
        "links": {
            "self": web.public_url("series_api.show", series_id=found.public_id),
            "page": web.public_url("series.show", public_id=found.public_id),
        },
    }
