"""The endpoint of one series: its dates and how each stands."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response

from booking.core import listing, web, zones
from booking.core.permissions import Action
from booking.core.schema import describes
from booking.core.web import acts, current_actor
from booking.people.viewings import note_view
from booking.reservations import queries
from booking.reservations.models import Series
from booking.reservations.series_shapes import SeriesShown, repetition_as_json

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
