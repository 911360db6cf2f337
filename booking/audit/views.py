"""The page of the journal, and the same as a CSV file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from booking.audit import queries, texts
from booking.audit.forms import JournalForm
from booking.audit.queries import Entry, Place
from booking.core import csv_text, i18n, listing, web, zones
from booking.core.csv_text import Cell
from booking.core.i18n import _
from booking.core.permissions import Action
from booking.core.schema import written
from booking.core.web import acts, current_actor

PAGE_SIZE = 50
HEADER = ("at", "actor_id", "actor", "act", "act_in_words", "subject_kind", "subject_id",
          "subject", "before", "after")  # fmt: skip

blueprint = Blueprint("journal", __name__, url_prefix="/journal")


@dataclass(frozen=True)
class Difference:
    """One value before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Fact:
    """One value."""

    label: str
    value: str


@dataclass(frozen=True)
class Line:
    """A line of the journal as the component `history` shows it."""

    icon: str
    text: str
    subject: str
    subject_url: str
    actor: str
    moment: str
    moment_iso: str
    reason: str
    changes: tuple[Difference, ...]
    facts: tuple[Fact, ...]


@blueprint.get("")
@acts(Action.SEE_JOURNAL)
def show() -> ResponseReturnValue:
    """The newest lines that are looked for, and the way to those before them."""
    form = JournalForm(request.args)
    if not form.validate():
        return _page(form, []), 422
    found = queries.find(current_actor(), form.to_search(), after=_place(), limit=PAGE_SIZE + 1)
    return _page(form, found)


@blueprint.get("/export")
@acts(Action.SEE_JOURNAL)
def export() -> ResponseReturnValue:
    """Everything that is looked for, as CSV."""
    form = JournalForm(request.args)
    if not form.validate():
        return _page(form, []), 422
    entries = queries.find_all(current_actor(), form.to_search())
    return web.answer_file(csv_text.octets(rows(entries)), "journal.csv", csv_text.MIME_TYPE)


def _page(form: JournalForm, found: list[Entry]) -> str:
    asked = {name: text for name, text in request.args.items() if name != "cursor" and text}
    older = None
    if len(found) > PAGE_SIZE:
        at, line_id = found[PAGE_SIZE - 1].place
        cursor = listing.to_cursor(int(at.timestamp()), line_id)
        older = web.path_of("park.journal.show", **asked, cursor=cursor)
    return render_template(
        "audit/journal.html",
        page_title=_("Journal"),
        form=form,
        lines=[_line(entry) for entry in found[:PAGE_SIZE]],
        older_url=older,
        newest_url=web.path_of("park.journal.show", **asked) if "cursor" in request.args else None,
        is_filtered=bool(asked),
        all_url=web.path_of("park.journal.show"),
        export_url=web.path_of("park.journal.export", **asked),
    )


def _place() -> Place | None:
    cursor = request.args.get("cursor")
    if cursor is None:
        return None
    seconds, line_id = listing.from_cursor(cursor, int, int)
    return listing.instant_of(int(seconds)), int(line_id)


def _line(entry: Entry) -> Line:
    local = zones.to_local(entry.at, zones.zone(web.settings().site_zone))
    return Line(
        icon=texts.ICONS.get(entry.subject_kind, "info"),
        text=texts.act(entry.act),
        subject=texts.subject(entry.subject_kind, entry.subject_name),
        subject_url=_address(entry),
        actor=entry.actor_name or _("The booking system"),
        moment=_("%(day)s at %(time)s", day=i18n.format_day(local), time=i18n.format_clock(local)),
        moment_iso=entry.at.isoformat(),
        reason="",
        changes=tuple(Difference(*one) for one in texts.differences(entry.before, entry.after)),
        facts=tuple(Fact(*one) for one in texts.facts(entry.before, entry.after)),
    )


def _address(entry: Entry) -> str:
    """Where the subject can be looked at; empty where it has no page."""
    if entry.subject_kind == "reservation" and entry.subject_name:
        return web.path_of("reservations.show", public_id=entry.subject_id)
    return ""


def rows(entries: Iterator[Entry]) -> Iterator[tuple[Cell, ...]]:
    """The lines as a file has them, its header first."""
    yield HEADER
    for entry in entries:
        yield (
            written(entry.at),
            entry.actor_id,
            entry.actor_name,
            entry.act,
            texts.act(entry.act),
            entry.subject_kind,
            entry.subject_id,
            entry.subject_name,
            json.dumps(entry.before, ensure_ascii=False) if entry.before else "",
            json.dumps(entry.after, ensure_ascii=False) if entry.after else "",
        )
