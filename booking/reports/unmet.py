"""The page of what could not be had in a period, and the same as a file and by the API."""

from __future__ import annotations

from collections import Counter as Sums
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock, csv_text, listing, schema, web, zones
from booking.core.csv_text import Cell
from booking.core.errors import InvalidError
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.schema import describes
from booking.core.web import acts, current_actor
from booking.demand import queries
from booking.demand.queries import Counted
from booking.reports import words
from booking.reports.forms import PeriodForm, period_from
from booking.reports.rules import Period
from booking.reports.views import Row, presets

pages = Blueprint("unmet", __name__, url_prefix="/reports/demand")
api = Blueprint("unmet_api", __name__, url_prefix="/api/v1")

HEADER = ("day", "hour", "reason", "kind", "people_from", "people_to", "count")


@dataclass(frozen=True)
class Table:
    """What could not be had, a line for each reason, hour or band of people, by kind of space."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    total: Row


# --- the page ---


@pages.get("")
@acts(Action.SEE_DEMAND)
def show() -> ResponseReturnValue:
    """By reason, by hour and by how many people."""
    form, today = PeriodForm(formdata=request.args), _today()
    frame = {
        "page_title": _("Unmet demand"),
        "form": form,
        "presets": presets(today, _period_url),
        "clear_url": url_for(".show"),
    }
    try:
        period = form.to_period(today)
    except InvalidError as error:
        form.show(error)
        return render_template("reports/demand.html", tables=None, **frame), 422
    found = queries.between(current_actor(), period.first, period.last)
    return render_template(
        "reports/demand.html",
        tables=_tables(found),
        period=words.period(period),
        file_url=web.path_of("unmet.file", **_asked()),
        **frame,
    )


@pages.get("/demand.csv")
@acts(Action.SEE_DEMAND)
def file() -> ResponseReturnValue:
    """Every counter, day by day, for spreadsheets."""
    period = PeriodForm(formdata=request.args).to_period(_today())
    name = f"demand-{period.first}-{period.last}.csv"
    return web.answer_file(csv_text.octets(_cells(period)), name, csv_text.MIME_TYPE)


def _cells(period: Period) -> Iterator[Sequence[Cell]]:
    yield HEADER
    for day, one in queries.each_day(current_actor(), period.first, period.last):
        what = one.what
        bounds = words.people_of(what.size)
        yield (day.isoformat(), what.hour, what.reason, what.kind, *bounds, one.count)


def _tables(found: Sequence[Counted]) -> Mapping[str, Table]:
    """By reason the most frequent first, by hour and band in their order; empty without any."""
    if not found:
        return {}
    names, count = queries.kinds(), Sums[str]()
    reasons = Sums[str]()
    for one in found:
        count[one.what.kind] += one.count
        reasons[one.what.reason] += one.count
    kinds = [kind for kind, _number in count.most_common()]
    header = tuple(words.kind(kind, names) for kind in kinds)
    by_reason = [(words.reason(key), "reason", key) for key, _number in reasons.most_common()]
    hours = sorted({one.what.hour for one in found})
    by_hour = [(f"{key:02}:00", "hour", key) for key in range(hours[0], hours[-1] + 1)]
    sizes = sorted({one.what.size for one in found})
    by_size = [(words.people(key), "size", key) for key in sizes]
    return {
        name: _table(first, header, lines, kinds, found)
        for name, first, lines in (
            ("reason", _("Reason"), by_reason),
            ("hour", _("Hour"), by_hour),
            ("size", _("People"), by_size),
        )
    }


def _table(
    first: str,
    header: tuple[str, ...],
    lines: Iterable[tuple[str, str, object]],
    kinds: Sequence[str],
    found: Sequence[Counted],
) -> Table:
    rows = tuple(
        _row(name, kinds, [one for one in found if getattr(one.what, field) == key])
        for name, field, key in lines
    )
    return Table((first, *header, _("Total")), rows, _row(_("Total"), kinds, found))


def _row(name: str, kinds: Sequence[str], found: Sequence[Counted]) -> Row:
    sums = Sums[str]()
    for one in found:
        sums[one.what.kind] += one.count
    numbers = (*(sums[kind] for kind in kinds), sums.total())
    return Row(name, tuple(words.count(number) if number else words.NONE for number in numbers))


# --- the API ---


class Asked(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The query of GET /reports/demand: days, both included; without them the month that runs."""

    from_: str = ""
    to: str = ""


class PeopleShown(msgspec.Struct, rename={"from_": "from"}):
    """A band of how many people it was wanted for; the last one has no end."""

    from_: int
    to: int | None


class CountShown(msgspec.Struct):
    """How often `reason` (the code of a refusal, or `nothing_found` of a search) kept spaces of a
    kind (by code) from whoever wanted them for so many people at this hour on the clock there."""

    reason: str
    kind: str
    people: PeopleShown
    hour: int
    count: int


class DemandShown(msgspec.Struct, rename={"from_": "from"}):
    """What could not be had in a period."""

    from_: str
    to: str
    items: list[CountShown]


@api.get("/reports/demand")
@acts(Action.SEE_DEMAND)
@describes(query=Asked, answer=DemandShown)
def read() -> Response:
    """How often the park had to say no, by reason, kind of space, people and hour; no names."""
    asked = schema.query(Asked)
    period = period_from(asked.from_, asked.to, _today())
    found = queries.between(current_actor(), period.first, period.last)
    return listing.read(
        {
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
            "items": [_as_json(one) for one in found],
        }
    )


def _as_json(one: Counted) -> dict[str, object]:
    least, most = words.people_of(one.what.size)
    return {
        "reason": one.what.reason,
        "kind": one.what.kind,
        "people": {"from": least, "to": most},
        "hour": one.what.hour,
        "count": one.count,
    }


# --- what they share ---


def _today() -> date:
    return clock.today(zones.zone(web.settings().site_zone))


def _asked() -> dict[str, str]:
    return {name: request.args[name] for name in ("from", "to") if request.args.get(name)}


def _period_url(first: str, last: str) -> str:
    return web.path_of("unmet.show", **{"from": first, "to": last})
