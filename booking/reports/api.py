"""The endpoint of figures."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from flask import Blueprint, Response

from booking.core import clock, listing, schema, web, zones
from booking.core.permissions import Action
from booking.core.schema import Moment, describes, written
from booking.core.web import acts, current_actor
from booking.reports import usage, words
from booking.reports.forms import period_from
from booking.reports.rules import By, Part
from booking.reports.sums import Figures
from booking.reports.usage import Line, Question, View

blueprint = Blueprint("reports_api", __name__, url_prefix="/api/v1")


class Asked(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The query of GET /reports/usage: days, both included; without them the month that runs."""

    from_: str = ""
    to: str = ""
    by: By = By.KIND
    view: View | None = None
    kind: str = ""
    building: str = ""
    organisation: str = ""


class FiguresShown(msgspec.Struct):
    """Times in minutes; `minutes_open` and `rate` only where they are known and mean something."""

    minutes_open: int | None
    minutes_booked: int
    minutes_booked_while_open: int
    rate: float | None
    reservations: int
    requests: int
    pending: int
    declined: int
    cancelled: int
    expired: int


class PartsShown(msgspec.Struct):
    """Both sides of the present, which are never added up."""

    past: FiguresShown
    coming: FiguresShown


class LineShown(msgspec.Struct):
    """A kind, building (by code), organisation (by id), month, or hour of the week (1-08: Monday
    from eight); no key for what is in no organisation's name."""

    key: str | None
    name: str
    past: FiguresShown
    coming: FiguresShown


class UsageShown(msgspec.Struct, rename={"from_": "from"}):
    """The figures of a period."""

    from_: str
    to: str
    by: By
    view: View
    parted_at: Moment
    items: list[LineShown]
    total: PartsShown


@blueprint.get("/reports/usage")
@acts(Action.SEE_FIGURES)
@describes(query=Asked, answer=UsageShown)
def show() -> Response:
    """Hours open and booked, requests and what became of them, for what this person may know of."""
    asked = schema.query(Asked)
    today = clock.today(zones.zone(web.settings().site_zone))
    period = period_from(asked.from_, asked.to, today)
    question = Question(
        period, asked.by, asked.view, asked.kind, asked.building, asked.organisation
    )
    report = usage.usage(current_actor(), question)
    return listing.read(
        {
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
            "by": question.by.value,
            "view": report.view.value,
            "parted_at": written(report.now),
            "items": [_line(line, question) for line in report.lines],
            "total": _parts(report.total),
        }
    )


def _line(line: Line, question: Question) -> dict[str, object]:
    return {
        "key": _key(line),
        "name": words.name_of(line, question),
        **_parts(line.figures),
    }


def _key(line: Line) -> str | None:
    if line.called is not None:
        return line.called.code
    if isinstance(line.key, tuple):
        weekday, hour = line.key
        return f"{weekday + 1}-{hour:02}"
    return None if line.key is None else str(line.key)


def _parts(figures: Mapping[Part, Figures]) -> dict[str, object]:
    return {part.value: _figures(figures[part]) for part in Part}


def _figures(figures: Figures) -> dict[str, object]:
    return {
        "minutes_open": figures.open,
        "minutes_booked": figures.booked,
        "minutes_booked_while_open": figures.booked_open,
        "rate": None if figures.rate is None else round(figures.rate, 4),
        "reservations": figures.confirmed,
        "requests": figures.requests,
        "pending": figures.pending,
        "declined": figures.declined,
        "cancelled": figures.cancelled,
        "expired": figures.expired,
    }
