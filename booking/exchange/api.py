"""The endpoints of files: a dry run, its confirmation, and exports."""

from __future__ import annotations

from uuid import UUID

import msgspec
from flask import Blueprint, Response, request

from booking.core import csv_text, listing, schema, web
from booking.core.errors import NotFoundError
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.schema import Moment, Nothing, PublicId, describes, written
from booking.core.web import accepts, acts, current_actor
from booking.exchange import export, service, words
from booking.exchange.export import Export
from booking.exchange.forms import limits_from
from booking.exchange.planning import Line, Outcome
from booking.exchange.rules import MOST_OCTETS, FileError, Subject
from booking.exchange.service import NotReadyError, Report

blueprint = Blueprint("exchange_api", __name__, url_prefix="/api/v1")


class Asked(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The query of GET /exports/{kind}: days, both included, for reservations."""

    from_: str = ""
    to: str = ""
    resource: str = ""


class LineShown(msgspec.Struct):
    """A line of the file, what becomes of it, and what is wrong with which column."""

    line: int
    key: str
    outcome: Outcome
    problems: dict[str, str]


class ReportShown(msgspec.Struct):
    """A dry run; `POST /imports/{id}/confirm` does what it says until it expires."""

    id: PublicId
    kind: Subject
    expires_at: Moment
    is_ready: bool
    counts: dict[str, int]
    lines: list[LineShown]


class Done(msgspec.Struct):
    """An import that was carried out, all of it."""

    new: int
    changed: int
    unchanged: int


@blueprint.post("/imports/<kind>")
@acts(Action.OPERATE)
@accepts(MOST_OCTETS)
@describes(query=Nothing, takes=csv_text.MIME_TYPE, answer=ReportShown)
def try_out(kind: str) -> Response:
    """The dry run of a CSV file: nothing is changed."""
    schema.query(Nothing)
    try:
        subject = Subject(kind)
    except ValueError as error:
        raise NotFoundError from error
    actor = current_actor()

    def act() -> Answer:
        return Answer(200, service.try_out(actor, subject, request.get_data()).public_id)

    try:
        kept = web.once(actor, act).location
    except FileError as error:
        return _unreadable(error)
    return web.answer_json(_as_json(service.report(actor, kept)))


@blueprint.get("/imports/<uuid:import_id>")
@acts(Action.OPERATE)
@describes(query=Nothing, answer=ReportShown)
def report(import_id: UUID) -> Response:
    """The report of one's own dry run, until it expires or is confirmed."""
    schema.query(Nothing)
    return listing.read(_as_json(service.report(current_actor(), str(import_id))))


@blueprint.post("/imports/<uuid:import_id>/confirm")
@acts(Action.OPERATE)
@describes(body=Nothing, answer=Done)
def confirm(import_id: UUID) -> Response:
    """Do what the dry run said: all of it in one transaction, or nothing (409)."""
    schema.body(Nothing)
    actor = current_actor()

    def act() -> Answer:
        counts = service.carry_out(actor, str(import_id)).counts
        done = Done(counts[Outcome.NEW], counts[Outcome.CHANGED], counts[Outcome.UNCHANGED])
        return Answer(200, msgspec.json.encode(done).decode())

    try:
        answer = web.once(actor, act)
    except NotReadyError as error:
        service.try_out_again(actor, str(import_id))  # the refusal has taken its new report back
        return web.problem(409, error.code, "A line is wrong, or the park has changed since")
    return web.answer_json(msgspec.json.decode(answer.location), answer.status)


@blueprint.get("/exports/<kind>")
@acts(Action.EXPORT)
@describes(query=Asked, gives=csv_text.MIME_TYPE)
def file(kind: str) -> Response:
    """Everything of a kind as CSV; reservations by period and resource."""
    asked = schema.query(Asked)
    try:
        what = Export(kind)
    except ValueError as error:
        raise NotFoundError from error
    limits = limits_from(asked.from_, asked.to, asked.resource)
    rows = export.rows(current_actor(), what, limits)
    return web.answer_file(csv_text.octets(rows), f"{what.value}.csv", csv_text.MIME_TYPE)


def _unreadable(error: FileError) -> Response:
    return web.problem(
        422,
        error.code,
        "The file cannot be read",
        words.file_problem(error),
        fields={"file": error.problem.value},
        line=error.line,
        columns=list(error.columns),
    )


def _as_json(found: Report) -> dict[str, object]:
    return {
        "id": found.public_id,
        "kind": found.subject.value,
        "expires_at": written(found.expires_at),
        "is_ready": found.is_ready,
        "counts": {outcome.value: count for outcome, count in found.counts.items()},
        "lines": [_line(line) for line in found.lines],
    }


def _line(line: Line) -> dict[str, object]:
    return {
        "line": line.number,
        "key": line.key,
        "outcome": line.outcome.value,
        "problems": {name: problem.value for name, problem in line.problems.items()},
    }
