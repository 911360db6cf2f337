"""The operator's pages of files: a dry run, one button, and everything as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import csv_text, web
from booking.core.errors import InvalidError, NotFoundError
from booking.core.i18n import _, ngettext
from booking.core.months import as_written
from booking.core.permissions import Action, allows
from booking.core.web import accepts, acts, current_actor
from booking.exchange import export, service, templates, words
from booking.exchange.export import Export
from booking.exchange.forms import ExportForm, ImportForm, limits_from, subject_from
from booking.exchange.planning import Line, Outcome
from booking.exchange.rules import MOST_OCTETS, FileError, Subject
from booking.exchange.service import NotReadyError, Report

AROUND_A_FILE = 64 * 1024  # the rest of the form
LINES_A_PAGE = 100
LAST_PAGE = 10_000
TONES = {
    Outcome.NEW: "good",
    Outcome.CHANGED: "brand",
    Outcome.UNCHANGED: "neutral",
    Outcome.ERROR: "bad",
}

blueprint = Blueprint("exchange", __name__, url_prefix="/files")


@dataclass(frozen=True)
class Choice:
    """One of several links."""

    url: str
    label: str
    current: bool


@dataclass(frozen=True)
class File:
    """Something that can be had as a file."""

    url: str
    label: str
    template_url: str


@dataclass(frozen=True)
class Shown:
    """A line of a report in words."""

    number: int
    key: str
    outcome: str
    tone: str
    problems: tuple[tuple[str, str], ...]


@blueprint.get("")
@acts(Action.EXPORT)
def show() -> ResponseReturnValue:
    """What goes in, for operators, and what goes out."""
    return _start_page(ImportForm().offer())


@blueprint.get("/templates/<subject>.csv")
@acts(Action.EXPORT)
def template(subject: str) -> ResponseReturnValue:
    """A small file to begin with."""
    try:
        rows = templates.rows(Subject(subject))
    except ValueError as error:
        raise NotFoundError from error
    return web.answer_file(csv_text.octets(rows), f"{subject}.csv", csv_text.MIME_TYPE)


@blueprint.get("/exports/<what>.csv")
@acts(Action.EXPORT)
def file(what: str) -> ResponseReturnValue:
    """The file."""
    try:
        wanted = Export(what)
    except ValueError as error:
        raise NotFoundError from error
    since, until = (as_written(request.args.get(name, "")) for name in ("from", "to"))
    limits = limits_from(since, until, request.args.get("resource", ""))
    rows = export.rows(current_actor(), wanted, limits)
    return web.answer_file(csv_text.octets(rows), f"{what}.csv", csv_text.MIME_TYPE)


@blueprint.post("/imports")
@acts(Action.OPERATE)
@accepts(MOST_OCTETS + AROUND_A_FILE)
def try_out() -> ResponseReturnValue:
    """The dry run, and the way to its report."""
    form = ImportForm().offer()
    octets = form.file.data.read() if form.file.data else b""
    try:
        subject = subject_from(form.subject.data)
        report = service.try_out(current_actor(), subject, octets)
    except FileError as error:
        form.file.errors = [words.file_problem(error)]
        return _start_page(form), 422
    except InvalidError as error:
        form.show(error)
        return _start_page(form), 422
    return redirect(url_for("park.exchange.report", import_id=report.public_id), 303)


@blueprint.get("/imports/<uuid:import_id>")
@acts(Action.OPERATE)
def report(import_id: UUID) -> ResponseReturnValue:
    """What the file would do, line by line."""
    return _report_page(service.report(current_actor(), str(import_id)))


@blueprint.post("/imports/<uuid:import_id>")
@acts(Action.OPERATE)
def carry_out(import_id: UUID) -> ResponseReturnValue:
    """The one button."""
    try:
        done = service.carry_out(current_actor(), str(import_id))
    except (NotReadyError, InvalidError):
        flash(
            _("Nothing was imported: the park has changed since. Look at the report again."), "warn"
        )
        return redirect(url_for("park.exchange.report", import_id=import_id), 303)
    made = done.counts[Outcome.NEW] + done.counts[Outcome.CHANGED]
    flash(
        ngettext("%(num)s line was imported.", "%(num)s lines were imported.", made),
        "ok",
    )
    return redirect(url_for("park.exchange.show"), 303)


def _start_page(form: ImportForm) -> str:
    return render_template(
        "exchange/start.html",
        page_title=_("Import and export"),
        form=form,
        export_form=ExportForm(formdata=None),
        may_import=allows(current_actor(), Action.OPERATE),
        files=[_file(what) for what in Export if what is not Export.RESERVATIONS],
        reservations_url=url_for("park.exchange.file", what=Export.RESERVATIONS.value),
        journal_url=url_for("park.journal.show"),
    )


def _file(what: Export) -> File:
    return File(
        url_for("park.exchange.file", what=what.value),
        words.name(what),
        url_for("park.exchange.template", subject=what.value),
    )


def _report_page(found: Report) -> str:
    page, shown = _page(), _shown(found)
    lines = [line for line in found.lines if shown in (None, line.outcome)]
    first = (page - 1) * LINES_A_PAGE
    here = url_for("park.exchange.report", import_id=found.public_id)
    return render_template(
        "exchange/report.html",
        page_title=words.name(Export(found.subject.value)),
        report=found,
        choices=_choices(found, shown, here),
        lines=[_line(line) for line in lines[first : first + LINES_A_PAGE]],
        errors=found.counts[Outcome.ERROR],
        wanted=found.counts[Outcome.NEW] + found.counts[Outcome.CHANGED],
        here=here,
        back_url=url_for("park.exchange.show"),
        newer_url=_page_url(found, shown, page - 1) if page > 1 else None,
        older_url=_page_url(found, shown, page + 1) if len(lines) > first + LINES_A_PAGE else None,
    )


def _choices(found: Report, shown: Outcome | None, here: str) -> Sequence[Choice]:
    counts = found.counts
    all_of_them = _("All (%(count)s)", count=len(found.lines))
    return (
        Choice(here, all_of_them, shown is None),
        *(
            Choice(
                url_for("park.exchange.report", import_id=found.public_id, show=outcome.value),
                f"{words.outcome(outcome)} ({counts[outcome]})",
                shown is outcome,
            )
            for outcome in (Outcome.ERROR, Outcome.NEW, Outcome.CHANGED, Outcome.UNCHANGED)
            if counts[outcome]
        ),
    )


def _line(line: Line) -> Shown:
    return Shown(
        line.number,
        line.key,
        words.outcome(line.outcome),
        TONES[line.outcome],
        tuple(
            ("" if column == "line" else column, words.problem(column, problem))
            for column, problem in line.problems.items()
        ),
    )


def _shown(found: Report) -> Outcome | None:
    asked = request.args.get("show")
    return next((outcome for outcome in Outcome if outcome.value == asked), None)


def _page() -> int:
    asked = request.args.get("page", "1")
    if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) <= LAST_PAGE):
        return 1
    return int(asked)


def _page_url(found: Report, shown: Outcome | None, page: int) -> str:
    return url_for(
        "park.exchange.report",
        import_id=found.public_id,
        show=shown and shown.value,
        page=page if page > 1 else None,
    )
