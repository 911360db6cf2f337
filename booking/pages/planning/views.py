"""The planning page and the rows that keep it fresh."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.core import clock, i18n, web, zones
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.months import FIRST_DAY, LAST_DAY
from booking.core.permissions import Action, Actor, allows
from booking.core.web import acts
from booking.pages.planning import queries
from booking.pages.planning.axis import STEP, Axis
from booking.pages.planning.controls import Shown, controls
from booking.pages.planning.queries import Level
from booking.pages.planning.sheet import Question, sheet

ROWS_FORM = 1  # counts up when the same facts are drawn as other rows
SECONDS_A_STEP = STEP * 60
LONGEST_KEY = 9  # digits; a larger number is no key of ours
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_REFERENCE = re.compile(r"[0-9A-Z]{6}", re.ASCII)

blueprint = Blueprint("planning", __name__)


@dataclass(frozen=True)
class Now:
    """The line of the present hour."""

    step: int
    text: str


@blueprint.get("/planning")
@acts(Action.SEE_SPACES)
def day() -> ResponseReturnValue:
    """One day of one floor."""
    actor = web.current_actor()
    now = clock.now()
    levels = queries.levels()
    if not levels:
        may_describe = allows(actor, Action.OPERATE)
        return render_template("planning/empty.html", may_describe=may_describe)
    level = _level(levels, request.args.get("floor", ""))
    zone = zones.zone(level.zone_name)
    today = zones.to_local(now, zone).date()
    wanted = _asked_day(today)
    question = Question(queries.mark_of(level.id), wanted, request.args.get("kind", ""))
    version = _version(actor, question, now)
    found = sheet(actor, question, now)
    shown = Shown(level.code, wanted, question.kind, today)
    return render_template(
        "planning/day.html",
        sheet=found,
        controls=controls(shown, levels, level, found.kinds, _asked_month()),
        fragment_url=url_for(
            "planning.fragment",
            floor=level.id,
            day=wanted.isoformat(),
            kind=question.kind or None,
        ),
        version=f'W/"{version}"',
        axis=_axis_mark(question, found.axis),
        now=_now(found.axis, now),
        is_today=wanted == today,
        as_of=i18n.format_clock(zones.to_local(now, zone)),
    )


@blueprint.get("/planning/fragment")
@acts(Action.SEE_SPACES)
def fragment() -> ResponseReturnValue:
    """The rows alone, for a page that is open: 304 until something on them has changed.

    The present hour travels in headers, so that it does not make the rows new; what it does to
    them (free time becomes past) happens in five-minute steps, which the ETag counts.
    """
    actor = web.current_actor()
    now = clock.now()
    question = Question(queries.mark_of(_asked_floor()), _asked_day(), request.args.get("kind", ""))
    version = _version(actor, question, now)
    if request.if_none_match.contains_weak(version):
        response = Response(status=304)
    else:
        found = sheet(actor, question, now)
        response = Response(render_template("planning/rows.html", groups=found.groups))
        response.headers["Grid-Axis"] = _axis_mark(question, found.axis)
    response.set_etag(version, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    _tell_the_time(response, question, now)
    return response


@blueprint.get("/r/<reference>")
@acts(Action.SEE_RESERVATION)
def reservation(reference: str) -> ResponseReturnValue:
    """The short way to a reservation, by the reference that people say aloud."""
    if not _REFERENCE.fullmatch(reference):
        raise NotFoundError
    public_id = queries.public_id_of(web.current_actor(), reference)
    return redirect(url_for("reservations.show", public_id=public_id))


def _version(actor: Actor, question: Question, now: datetime) -> str:
    """What the rows depend on: the floor's counter, the question, who asks, and the time."""
    parts = (
        ROWS_FORM,
        question.floor,
        question.day,
        question.kind,
        i18n.language(),
        int(now.timestamp()) // SECONDS_A_STEP,
        actor.person_id,
        sorted(actor.organisation_ids),
        actor.grants,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def _axis_mark(question: Question, axis: Axis) -> str:
    """Where the hours begin in the day (in steps of the line) and how many quarters they are."""
    first = int((axis.starts_at - question.window.starts_at).total_seconds()) // SECONDS_A_STEP
    return f"{first}/{axis.quarters}"


def _tell_the_time(response: Response, question: Question, now: datetime) -> None:
    local = zones.to_local(now, zones.zone(question.floor.zone_name))
    response.headers["Site-Time"] = i18n.format_clock(local)
    if question.window.includes(now):
        elapsed = now - question.window.starts_at
        response.headers["Site-Step"] = str(int(elapsed.total_seconds()) // SECONDS_A_STEP)


def _now(axis: Axis, now: datetime) -> Now | None:
    step = axis.step_of(now)
    return None if step is None else Now(step, i18n.format_clock(zones.to_local(now, axis.zone)))


def _level(levels: list[Level], asked: str) -> Level:
    if not asked:
        return levels[0]
    found = next((level for level in levels if asked in {level.code, str(level.id)}), None)
    if found is None:
        raise NotFoundError
    return found


def _asked_floor() -> int:
    asked = request.args.get("floor", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_KEY):
        raise NotFoundError
    return int(asked)


def _asked_day(otherwise: date | None = None) -> date:
    asked = request.args.get("day", "")
    if not asked and otherwise is not None:
        return otherwise
    return _checked("day", asked, _DAY, "")


def _asked_month() -> date | None:
    asked = request.args.get("month", "")
    return _checked("month", asked, _MONTH, "-01") if asked else None


def _checked(field: str, asked: str, form: re.Pattern[str], rest: str) -> date:
    if not form.fullmatch(asked):
        raise InvalidError({field: Problem.UNREADABLE})
    try:
        found = date.fromisoformat(asked + rest)
    except ValueError as error:
        raise InvalidError({field: Problem.UNREADABLE}) from error
    if not FIRST_DAY <= found <= LAST_DAY:
        raise InvalidError({field: Problem.OUT_OF_RANGE})
    return found
