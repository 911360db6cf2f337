"""Files, lines and what is wrong with them, in the reader's language and with a way out."""

from __future__ import annotations

from collections.abc import Mapping

from booking.core.errors import Problem
from booking.core.forms import problem_text
from booking.core.i18n import _, pgettext
from booking.exchange.export import Export
from booking.exchange.planning import Outcome
from booking.exchange.rules import MOST_COLUMNS, MOST_LINES, FileError, FileProblem


def name(what: Export) -> str:
    """What a file is about."""
    return {
        Export.BUILDINGS: _("Buildings"),
        Export.FLOORS: _("Floors"),
        Export.AREAS: _("Areas"),
        Export.RESOURCES: _("Spaces"),
        Export.ORGANISATIONS: _("Organisations"),
        Export.PERSONS: _("People"),
        Export.RESERVATIONS: _("Reservations"),
    }[what]


def outcome(which: Outcome) -> str:
    """What becomes of a line."""
    return {
        Outcome.NEW: pgettext("import", "New"),
        Outcome.CHANGED: pgettext("import", "Changed"),
        Outcome.UNCHANGED: pgettext("import", "Unchanged"),
        Outcome.ERROR: pgettext("import", "Wrong"),
    }[which]


def problem(column: str, which: Problem) -> str:
    """What is wrong with a cell, and what would be right."""
    own: Mapping[tuple[str, Problem], str] = {
        ("line", Problem.UNREADABLE): _(
            "This line has more or fewer cells than there are columns. Check its separators and"
            " quotation marks."
        ),
        ("line", Problem.REUSED): _(
            "Another line of the file is about the same. Keep one of them."
        ),
        ("email", Problem.CLOSED): _(
            "This account was closed. Only the page of the person can open it again."
        ),
        ("organisation", Problem.NOT_FOUND): _(
            "There is no organisation of this name. Import organisations first."
        ),
        ("building", Problem.NOT_FOUND): _(
            "There is no building with this code. Import buildings first."
        ),
        ("level", Problem.NOT_FOUND): _(
            "This building has no floor at this level. Import floors first."
        ),
        ("area", Problem.NOT_FOUND): _("There is no area with this code. Import areas first."),
        ("kind", Problem.NOT_FOUND): _(
            "There is no kind with this code. The operator’s page of kinds lists them."
        ),
        ("policy", Problem.NOT_FOUND): _(
            "There is no policy of this name or number. The operator’s page of policies lists them."
        ),
        ("policy", Problem.MISSING): _("There are several policies: say which, by name or number."),
        ("hours", Problem.NOT_FOUND): _(
            "There are no opening hours of this name or number. The operator’s page of hours lists"
            " them."
        ),
        ("hours", Problem.MISSING): _(
            "There are several opening hours: say which, by name or number."
        ),
        ("features", Problem.NOT_FOUND): _(
            "One of these features does not exist. The operator’s page of features lists them."
        ),
        ("layouts", Problem.UNREADABLE): _(
            "Write a layout like theatre:40:30, for 40 people and with 30 minutes to set up. There"
            " are theatre, classroom, u_shape, boardroom and banquet."
        ),
        ("layouts", Problem.OUT_OF_RANGE): _(
            "Each layout takes from 1 to 10,000 people and at most 1,440 minutes to set up."
        ),
        ("layouts", Problem.TOO_MANY): _("A layout stands there twice. Keep one of them."),
        ("layouts", Problem.POOL): _("A pool of places has no layouts."),
        **_of_parts(),
        ("id", Problem.NOT_FOUND): _(
            "There is no organisation with this id. Leave it empty for a new one."
        ),
        ("language", Problem.UNKNOWN): _("Write fr, ar or en."),
        ("role", Problem.UNREADABLE): _("Write member or manager."),
        ("state", Problem.UNREADABLE): _("Write in_order or out_of_order."),
        ("expected_back", Problem.UNREADABLE): _("Write a day such as 2026-10-05."),
        ("code", Problem.ENDS_BEFORE_IT_STARTS): _("The range ends before it starts."),
        ("code", Problem.TOO_MANY): _("A range holds 500 codes at most. Write several lines."),
    }
    return own.get((column, which)) or problem_text(which)


def _of_parts() -> Mapping[tuple[str, Problem], str]:
    """What is wrong with what is taken with a space."""
    return {
        ("parts", Problem.NOT_FOUND): _("One of these codes is no space in use. Check them."),
        ("parts", Problem.TOO_MANY): _("At most 20 spaces are taken with one."),
        ("parts", Problem.ITSELF): _("A space is no part of itself. Leave its own code out."),
        ("parts", Problem.POOL): _(
            "A space of several units is no part and has none. Leave it out."
        ),
        ("parts", Problem.HAS_PARTS): _(
            "One of these spaces has parts of its own. Name those parts here instead."
        ),
        ("parts", Problem.IS_PART): _(
            "This space is taken with a larger one, so nothing can be taken with it."
        ),
        ("parts", Problem.IN_USE): _(
            "One of these spaces is taken while this one is reserved. Its page says by what."
        ),
    }


def file_problem(error: FileError) -> str:
    """Why a file cannot be read at all."""
    named = ", ".join(error.columns)
    texts = {
        FileProblem.EMPTY: _("The file is empty. Choose one whose first line names the columns."),
        FileProblem.TOO_LARGE: _("The file is larger than 8 MiB. Split it into several."),
        FileProblem.NOT_UTF8: _(
            "The file is not written in UTF-8. In your spreadsheet, save it as “CSV UTF-8”."
        ),
        FileProblem.NOT_CSV: _(
            "The file cannot be read as CSV from here on: a quotation mark is not closed, or a cell"
            " is far too long."
        ),
        FileProblem.TOO_MANY_COLUMNS: _(
            "The file has more than %(count)s columns. Take the template for them.",
            count=MOST_COLUMNS,
        ),
        FileProblem.TOO_MANY_LINES: _(
            "The file has more than %(count)s lines. Split it into several.", count=MOST_LINES
        ),
        FileProblem.UNKNOWN_COLUMNS: _(
            "These columns are unknown: %(names)s. The template has those that are known.",
            names=named,
        ),
        FileProblem.MISSING_COLUMNS: _("These columns are missing: %(names)s.", names=named),
        FileProblem.REPEATED_COLUMNS: _("These columns stand there twice: %(names)s.", names=named),
    }
    text = texts[error.problem]
    if error.line is None:
        return text
    return _("Line %(line)s: %(problem)s", line=error.line, problem=text)
