"""The endpoints of one series: its dates and how each stands; changing and cancelling several
of them, adding one again."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from booking.core import listing, schema, web, zones
from booking.core.errors import OutdatedError, RefusedError
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor
from booking.core.refusals import facts_as_json
from booking.core.schema import describes
from booking.core.web import acts, current_actor
from booking.people.viewings import note_view
from booking.reservations import queries, series_adding, series_cancelling, series_changing
from booking.reservations.models import Series
from booking.reservations.representation import as_json
from booking.reservations.series_changing import Wanted
from booking.reservations.series_shapes import (
    AddedDate,
    CancellationShown,
    ChangesShown,
    SeriesCancellation,
    SeriesChange,
    SeriesShown,
    changes_as_json,
    going_as_json,
    repetition_as_json,
    series_change,
)
from booking.reservations.shapes import ReservationShown

NO_CANCELLATION = "None of these dates can be cancelled"
NO_CHANGE = "These dates cannot be changed as wished"

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


@blueprint.post("/series/<uuid:series_id>/change/preview")
@acts(Action.CHANGE)
@describes(body=SeriesChange, answer=ChangesShown)
def change_preview(series_id: UUID) -> Response:
    """Every date ahead, from the named reservation on or all, as the change would leave it."""
    asked = schema.body(SeriesChange)
    wanted, since = series_change(asked), _since(asked)
    try:
        found = series_changing.look(current_actor(), str(series_id), wanted, since=since)
    except RefusedError as refused:
        return _refusal(refused, NO_CHANGE)
    return web.answer_json(changes_as_json(found))


@blueprint.patch("/series/<uuid:series_id>")
@acts(Action.CHANGE)
@describes(body=SeriesChange, answer=SeriesShown)
def change(series_id: UUID) -> Response:
    """Change several dates in one act, all or none; what needs approval waits for it."""
    actor, public_id = current_actor(), str(series_id)
    asked = schema.body(SeriesChange)
    wanted, since = series_change(asked), _since(asked)

    def act() -> Answer:
        series_changing.change(actor, public_id, wanted, since=since, seen=asked.seen)
        return Answer(200, public_id)

    try:
        web.once(actor, act)
    except OutdatedError:
        now = series_changing.look(actor, public_id, wanted, since=since)
        return web.problem(
            409,
            "stale",
            "Other dates would change",
            "Send the mark in `seen` to change exactly these.",
            **changes_as_json(now),
        )
    except RefusedError as refused:
        return _refusal(refused, NO_CHANGE, **_dates_now(actor, public_id, wanted, since))
    return show(series_id)


def _dates_now(
    actor: Actor, public_id: str, wanted: Wanted, since: str | None
) -> dict[str, object]:
    """The dates as they stand, where there are any."""
    try:
        return changes_as_json(series_changing.look(actor, public_id, wanted, since=since))
    except RefusedError:
        return {}


@blueprint.post("/series/<uuid:series_id>/dates")
@acts(Action.CHANGE)
@describes(body=AddedDate, answer=ReservationShown, status=201)
def add(series_id: UUID) -> Response:
    """Add a date again that was left out of the series or given back, as the others are."""
    actor, day = current_actor(), schema.body(AddedDate).date
    try:
        answer = web.once(
            actor,
            lambda: Answer(201, series_adding.add(actor, str(series_id), day).public_id),
        )
    except RefusedError as refused:
        return _refusal(refused, "This date cannot be had")
    made = queries.details(actor, answer.location)
    location = web.public_url("reservations_api.show", reservation_id=made.public_id)
    response = web.answer_json(as_json(made, actor), answer.status, location)
    response.set_etag(str(made.version))
    return response


@blueprint.post("/series/<uuid:series_id>/cancel/preview")
@acts(Action.CANCEL)
@describes(body=SeriesCancellation, answer=CancellationShown)
def cancel_preview(series_id: UUID) -> Response:
    """Which dates would be cancelled: those from the named reservation on, or all ahead."""
    asked = schema.body(SeriesCancellation)
    try:
        found = series_cancelling.look(current_actor(), str(series_id), since=_since(asked))
    except RefusedError as refused:
        return _refusal(refused, NO_CANCELLATION)
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
        return _refusal(refused, NO_CANCELLATION)
    return show(series_id)


def _since(asked: SeriesCancellation | SeriesChange) -> str | None:
    return None if asked.since is None else schema.public_id("since", asked.since)


def _refusal(refused: RefusedError, title: str, **more: object) -> Response:
    return web.problem(
        409,
        refused.code,
        title,
        "",
        reasons=[facts_as_json(one) for one in refused.refusals],
        alternatives=[],
        **more,
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
