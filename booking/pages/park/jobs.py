"""The operator's page of jobs: what the worker does, when it last did, what waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from booking.checks import backlog
from booking.checks.backlog import SetAside
from booking.core import clock, i18n, jobs, web, zones
from booking.core.i18n import _, ngettext
from booking.core.jobs import Job, JobName
from booking.core.permissions import Action
from booking.core.web import acts, current_actor
from booking.messages import queries as messages

LATE = timedelta(minutes=2)
ONCE_A_DAY = timedelta(days=1)

blueprint = Blueprint("jobs", __name__, url_prefix="/jobs")


@dataclass(frozen=True)
class Line:
    """A part of the tick in words."""

    icon: str
    label: str
    explanation: str
    last_run: str
    next_run: str
    lag: str
    waiting: str
    is_failing: bool
    is_late: bool
    last_error: str
    failed_at: str


@dataclass(frozen=True)
class Failed:
    """An event that was set aside, in words."""

    kind: str
    subject: str
    happened: str
    last_error: str


@blueprint.get("")
@acts(Action.OPERATE)
def show() -> ResponseReturnValue:
    """Every part with its last run and what waits; below, what was set aside."""
    waiting = backlog.waiting()
    known = jobs.jobs()
    events, count = backlog.set_aside()
    return render_template(
        "park/jobs.html",
        page_title=_("Jobs"),
        lines=[_line(name, known.get(name), waiting.get(name)) for name in JobName],
        tick=_tick(),
        is_ticking=_is_ticking(),
        failed=[_failed(event) for event in events],
        failed_count=count,
        more_failed=count - len(events),
    )


@blueprint.post("/try-again")
@acts(Action.OPERATE)
def try_again() -> ResponseReturnValue:
    """Let the worker try once more what was set aside."""
    count = backlog.try_again(current_actor())
    said = ngettext(
        "%(num)s event is tried again with the next run.",
        "%(num)s events are tried again with the next run.",
        count,
    )
    flash(said, "ok")
    return redirect(url_for("park.jobs.show"), 303)


def _line(name: JobName, job: Job | None, waiting: backlog.Waiting | None) -> Line:
    icon, label, explanation = _words(name)
    lag = waiting.lag if waiting is not None else timedelta()
    return Line(
        icon=icon,
        label=label,
        explanation=explanation,
        last_run=_("Never yet") if job is None else ago(job.last_started_at),
        next_run=_next_run(name, job),
        lag=i18n.format_duration(int(lag.total_seconds()) // 60) if lag >= LATE else "",
        waiting="" if waiting is None else str(waiting.count),
        is_failing=job is not None and job.is_failing,
        is_late=lag >= LATE,
        last_error=(job.last_error if job is not None else None) or "",
        failed_at="" if job is None or job.last_failed_at is None else ago(job.last_failed_at),
    )


def _words(name: JobName) -> tuple[str, str, str]:
    """Icon, name and what it is for."""
    return {
        JobName.ZONES: (
            "globe",
            _("Legal time"),
            _("Moves what lies ahead when the legal time changes."),
        ),
        JobName.EXPIRE: (
            "hourglass",
            _("Deadlines"),
            _("Lets requests expire that nobody decided on in time."),
        ),
        JobName.EVENTS: ("zap", _("Events"), _("Turns what happened into messages.")),
        JobName.MESSAGES: ("send", _("Sending"), _("Hands messages to the mail server.")),
        JobName.KEYS: (
            "key-round",
            _("Old keys"),
            _("Forgets what guards against doing things twice."),
        ),
        JobName.RETENTION: (
            "archive",
            _("Retention"),
            _("Deletes personal data whose time is over."),
        ),
    }[name]


def _next_run(name: JobName, job: Job | None) -> str:
    if name is JobName.ZONES:
        return _("When the program starts")
    if name is JobName.RETENTION and job is not None:
        return _at(job.last_started_at + ONCE_A_DAY)
    seconds = web.settings().tick_seconds
    return ngettext("Every %(num)s second", "Every %(num)s seconds", seconds)


def _failed(event: SetAside) -> Failed:
    return Failed(event.kind.value, event.subject, _at(event.created_at), event.last_error)


def _tick() -> str:
    age = messages.tick_age()
    return _("Never yet") if age is None else ago(clock.now() - age)


def _is_ticking() -> bool:
    age = messages.tick_age()
    return age is not None and age < LATE


def ago(instant: datetime) -> str:
    """How long ago, in words."""
    return i18n.format_ago(instant, clock.now())


def _at(instant: datetime) -> str:
    local = zones.to_local(instant, zones.zone(web.settings().site_zone))
    return _(
        "%(day)s at %(time)s",
        day=i18n.format_short_day(local),
        time=i18n.format_clock(local),
    )
