"""A series: its dates, how each stands, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.people.viewings import note_view
from booking.reservations import queries, series_texts, texts
from booking.reservations.models import SkipReason
from booking.reservations.queries import Details

pages = Blueprint("series", __name__)


@dataclass(frozen=True)
class Row:
    """A date of the series, with its reservation or the reason why there is none."""

    start: datetime
    found: Details | None
    reason: SkipReason | None = None


@pages.get("/series/<uuid:public_id>")
@acts(Action.SEE_RESERVATION)
def show(public_id: UUID) -> ResponseReturnValue:
    """Everything about it that the reader may know."""
    actor = current_actor()
    series, reservations = queries.series(actor, str(public_id))
    for person_id in {one.person_id for one in reservations}:
        note_view(actor, person_id)
    rows = [Row(one.series_start or one.local.starts_at, one) for one in reservations]
    rows += [Row(start, None, reason) for start, reason in queries.skips_of(series.id)]
    first = next((one for one in reservations if one.is_live), reservations[0])
    return render_template(
        "reservations/series.html",
        page_title=_("Recurring reservation"),
        series=series,
        first=first,
        rows=sorted(rows, key=lambda row: row.start),
        live=sum(one.is_live for one in reservations),
        rule=series_texts.repetition(series.repetition, series.local.starts_at.date()),
        series_texts=series_texts,
        texts=texts,
    )
