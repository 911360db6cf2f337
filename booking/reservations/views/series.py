"""A series: its dates, how each stands, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from booking.core import clock
from booking.core.i18n import _
from booking.core.permissions import Action, Actor, allows
from booking.core.web import acts, current_actor
from booking.people.viewings import note_view
from booking.reservations import queries, series_texts, service, texts
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
    return page_of(str(public_id))


def page_of(public_id: str, refusals: tuple[str, ...] = ()) -> str:
    """The page; `refusals` say why something was not done."""
    actor = current_actor()
    series, reservations = queries.series(actor, public_id)
    for person_id in {one.person_id for one in reservations}:
        note_view(actor, person_id)
    rows = [Row(one.series_start or one.local.starts_at, one) for one in reservations]
    rows += [Row(start, None, reason) for start, reason in queries.skips_of(series.id)]
    first = _next(reservations)
    return render_template(
        "reservations/series.html",
        page_title=_("Recurring reservation"),
        series=series,
        first=first,
        rows=sorted(rows, key=lambda row: row.start),
        live=sum(one.is_live for one in reservations),
        possible=_possible(actor, reservations),
        refusals=refusals,
        rule=series_texts.repetition(series.repetition, series.local.starts_at.date()),
        series_texts=series_texts,
        texts=texts,
    )


@dataclass(frozen=True)
class Possible:
    """What this reader may do with all of its dates; nothing is offered that would be refused."""

    cancel: bool
    change: bool


def _possible(actor: Actor, reservations: Sequence[Details]) -> Possible:
    now = clock.now()
    ahead = [one for one in reservations if one.is_live and one.interval.starts_at > now]
    return Possible(
        cancel=any(
            service.why_not_cancellable(one) is None and allows(actor, Action.CANCEL, one)
            for one in reservations
        ),
        change=any(allows(actor, Action.CHANGE, one) for one in ahead),
    )


def _next(reservations: Sequence[Details]) -> Details:
    """The next that stands and is not over, else the last that stood."""
    now = clock.now()
    live = [one for one in reservations if one.is_live]
    ahead = [one for one in live if one.interval.ends_at > now]
    return next(iter(ahead or live[-1:] or reservations))
