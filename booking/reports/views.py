"""The page of figures, and the same as a file for spreadsheets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock, csv_text, i18n, web, zones
from booking.core.csv_text import Cell
from booking.core.errors import InvalidError
from booking.core.i18n import _, pgettext
from booking.core.months import as_written
from booking.core.permissions import Action, allows
from booking.core.web import acts
from booking.reports import drawing, usage, words
from booking.reports.drawing import Bar, Chart, Heat
from booking.reports.forms import FiguresForm, month_of
from booking.reports.rules import By, Hour, Part, Period
from booking.reports.sums import Figures
from booking.reports.usage import Line, Usage, View

blueprint = Blueprint("reports", __name__, url_prefix="/reports")

LINES = (By.KIND, By.BUILDING, By.ORGANISATION, By.MONTH)
COLUMNS = ("hours_open", "hours_booked", "hours_booked_while_open", "rate", "reservations")
COUNTS = ("requests", "pending", "declined", "cancelled", "expired")
FIT_A_PHONE = 7  # months
KEPT = ("from", "to", "kind", "building", "organisation", "by", "view", "part")


@dataclass(frozen=True)
class Choice:
    """One of several links."""

    url: str
    label: str
    current: bool


@dataclass(frozen=True)
class Row:
    """A line of the table in words."""

    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Drawn:
    """A chart with the same data as a table."""

    chart: Chart
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    is_wide: bool = False  # wider than a phone


@dataclass(frozen=True)
class Page:
    """Everything on the page but its form."""

    title: str
    parts: tuple[Choice, ...]
    lines: tuple[Choice, ...]
    views: tuple[Choice, ...]
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    total: Row
    outside: str  # hours booked outside the opening hours, where there are any
    heat: Drawn | None
    bars: Drawn | None
    knows_open: bool
    parted_at: str
    file_url: str
    is_narrowed: bool


@blueprint.get("")
@acts(Action.SEE_FIGURES)
def show() -> ResponseReturnValue:
    """The figures of a period."""
    form = FiguresForm(formdata=request.args)
    today = clock.today(zones.zone(web.settings().site_zone))
    frame = {
        "page_title": _("Figures"),
        "form": form,
        "presets": presets(today, _period_url),
        "clear_url": url_for(".show"),
        "demand_url": url_for("unmet.show")
        if allows(web.current_actor(), Action.SEE_DEMAND)
        else None,
    }
    try:
        report = usage.usage(web.current_actor(), form.to_question(today))
    except InvalidError as error:
        form.show(error)
        form.offer(usage.NO_CHOICES)
        return render_template("reports/show.html", page=None, **frame), 422
    form.offer(report.choices)
    return render_template("reports/show.html", page=_page(report), **frame)


@blueprint.get("/figures.csv")
@acts(Action.SEE_FIGURES)
def file() -> ResponseReturnValue:
    """Every line, on each side of the present, for spreadsheets."""
    form = FiguresForm(formdata=request.args)
    today = clock.today(zones.zone(web.settings().site_zone))
    report = usage.usage(web.current_actor(), form.to_question(today))
    period = report.question.period
    name = f"figures-{period.first}-{period.last}-{report.question.by.value}.csv"
    return web.answer_file(csv_text.octets(_cells(report)), name, csv_text.MIME_TYPE)


# --- the file ---


def _cells(report: Usage) -> Iterator[Sequence[Cell]]:
    yield ("part", report.question.by.value, *COLUMNS, *COUNTS)
    for part in report.parts:
        for line in report.lines:
            name = words.name_of(line, report.question)
            yield (part.value, name, *_numbers(line.figures[part]))


def _numbers(figures: Figures) -> Iterator[Cell]:
    yield None if figures.open is None else round(figures.open / 60, 2)
    yield round(figures.booked / 60, 2)
    yield round(figures.booked_open / 60, 2)
    yield None if figures.rate is None else round(figures.rate, 4)
    yield figures.confirmed
    for name in COUNTS:
        yield getattr(figures, name)


# --- the page ---


def _page(report: Usage) -> Page:
    part = _part(report)
    total = report.total[part]
    knows_open = report.view is View.SPACES
    outside = total.booked - total.booked_open
    question = report.question
    return Page(
        title=words.period(question.period),
        parts=tuple(
            Choice(_url(part=one.value), words.part(one), one is part) for one in report.parts
        ),
        lines=tuple(Choice(_url(by=one.value), words.by(one), one is question.by) for one in LINES),
        views=_views(report),
        header=(words.by(question.by), *_header(knows_open)),
        rows=tuple(
            Row(words.name_of(line, question), _row(line.figures[part], knows_open))
            for line in report.lines
        ),
        total=Row(_("Total"), _row(total, knows_open)),
        outside=words.hours(outside) if outside and knows_open else "",
        heat=_heat(report, part),
        bars=_bars(report, part),
        knows_open=knows_open,
        parted_at=_moment(report),
        file_url=web.path_of("reports.file", **_asked()),
        is_narrowed=bool(question.kind or question.building or question.organisation),
    )


def _part(report: Usage) -> Part:
    """What is asked for, where the period has such a side."""
    asked = request.args.get("part")
    return next((part for part in report.parts if part.value == asked), report.parts[0])


def _views(report: Usage) -> tuple[Choice, ...]:
    labels = {View.SPACES: _("Spaces"), View.ORGANISATION: _("My organisation")}
    allowed = usage.views_of(web.current_actor())
    return tuple(
        Choice(_url(view=view.value, organisation=None), labels[view], view is report.view)
        for view in allowed
    )


def _header(knows_open: bool) -> tuple[str, ...]:
    return (
        *((_("Hours open"),) if knows_open else ()),
        _("Hours booked"),
        *((_("Rate"),) if knows_open else ()),
        _("Reservations"),
        _("Requests"),
        _("Pending"),
        pgettext("figures", "Declined"),
        pgettext("figures", "Cancelled"),
        pgettext("figures", "Expired"),
    )


def _row(figures: Figures, knows_open: bool) -> tuple[str, ...]:
    return (
        *((words.hours(figures.open),) if knows_open else ()),
        words.hours(figures.booked),
        *((words.percent(figures.rate),) if knows_open else ()),
        *(
            words.count(number)
            for number in (
                figures.confirmed,
                figures.requests,
                figures.pending,
                figures.declined,
                figures.cancelled,
                figures.expired,
            )
        ),
    )


# --- the charts ---


def _heat(report: Usage, part: Part) -> Drawn | None:
    """How full each hour of the week is; without open hours, how much of it is booked."""
    figures = {
        hour: line.figures[part] for hour, line in report.hours.items() if _counts(line, part)
    }
    if not figures:
        return None
    most = max(one.booked for one in figures.values()) or 1
    cells: dict[Hour, Heat] = {}
    for key, one in figures.items():
        if one.open is None:
            cells[key] = Heat(one.booked / most, words.hours(one.booked))
        elif one.rate is not None:
            cells[key] = Heat(one.rate, words.count(round(one.rate * 100)))
    days = [((report.first_weekday + turn) % 7) for turn in range(7)]
    hours = range(min(hour for _, hour in cells), max(hour for _, hour in cells) + 1)
    return Drawn(
        drawing.heat_map(
            cells,
            days=[(day, words.weekday(day)) for day in days],
            hours=[(hour, f"{hour:02}:00") for hour in hours],
            mirrored=i18n.is_right_to_left(),
        ),
        (_("Hour"), *(words.weekday(day) for day in days)),
        tuple(
            Row(f"{hour:02}:00", tuple(_text(cells.get((day, hour))) for day in days))
            for hour in hours
        ),
    )


def _counts(line: Line, part: Part) -> bool:
    """Whether an hour of the week has a cell: it is open, or booked."""
    figures = line.figures[part]
    return bool(figures.booked if figures.open is None else figures.open)


def _text(cell: Heat | None) -> str:
    return words.NONE if cell is None else cell.text


def _bars(report: Usage, part: Part) -> Drawn | None:
    """The months: what is booked within what is open."""
    months = [(str(line.key), line.figures[part]) for line in report.months]
    highest = max(max(one.open or 0, one.booked_open, one.booked) for _, one in months)
    if not highest or len(months) == 1:
        return None
    knows_open = report.view is View.SPACES
    bars = [
        Bar(
            (one.open or 0) / highest,
            (one.booked_open if knows_open else one.booked) / highest,
            words.short_month(month),
            words.percent(one.rate) if knows_open else words.hours(one.booked),
        )
        for month, one in months
    ]
    return Drawn(
        drawing.bar_chart(bars, mirrored=i18n.is_right_to_left()),
        (words.by(By.MONTH), *_header(knows_open)[: 3 if knows_open else 1]),
        tuple(
            Row(words.month(month), _row(one, knows_open)[: 3 if knows_open else 1])
            for month, one in months
        ),
        is_wide=len(months) > FIT_A_PHONE,
    )


# --- addresses ---


def _asked() -> dict[str, str]:
    return {name: request.args[name] for name in KEPT if request.args.get(name)}


def _url(**changed: str | None) -> str:
    """This page with some of what is asked changed."""
    return web.path_of("reports.show", **{**_asked(), **changed})


def _period_url(first: str, last: str) -> str:
    return _url(**{"from": first, "to": last}, part=None)


def presets(today: date, url_of: Callable[[str, str], str]) -> tuple[Choice, ...]:
    """Periods that are often asked for; the address of each by its first and last day."""
    this_month = month_of(today)
    last_month = month_of(this_month.first - timedelta(days=1))
    two_before = month_of(month_of(last_month.first - timedelta(days=1)).first - timedelta(days=1))
    year = Period(date(today.year, 1, 1), date(today.year, 12, 31))
    offered = (
        (_("This month"), this_month),
        (_("Last month"), last_month),
        (_("Last three months"), Period(two_before.first, last_month.last)),
        (_("This year"), year),
    )
    shown = (
        as_written(request.args.get("from", "")) or this_month.first.isoformat(),
        as_written(request.args.get("to", "")) or this_month.last.isoformat(),
    )
    return tuple(
        Choice(url_of(*days), label, days == shown)
        for label, period in offered
        for days in [(period.first.isoformat(), period.last.isoformat())]
    )


def _moment(report: Usage) -> str:
    local = zones.to_local(report.now, zones.zone(web.settings().site_zone))
    return _("%(day)s, %(time)s", day=i18n.format_day(local), time=i18n.format_clock(local))
