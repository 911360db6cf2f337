"""The endpoints of the worker's jobs: what ran, what waits, and trying again."""

from __future__ import annotations

from datetime import datetime

import msgspec
from flask import Blueprint, Response

from booking.checks import backlog
from booking.checks.backlog import Waiting
from booking.core import jobs, listing, web
from booking.core.jobs import Job, JobName
from booking.core.permissions import Action
from booking.core.schema import Moment, Nothing, describes, query, written
from booking.core.web import acts, current_actor

blueprint = Blueprint("jobs_api", __name__, url_prefix="/api/v1")


class JobShown(msgspec.Struct):
    """A part of the worker's round: its last run, what waits for it, and how late that is."""

    name: JobName
    last_started_at: Moment | None
    last_finished_at: Moment | None
    last_failed_at: Moment | None
    last_error: str | None
    last_lag_seconds: int
    waiting: int
    lag_seconds: int


class JobsShown(msgspec.Struct):
    """Every part, and how many events were set aside."""

    items: list[JobShown]
    set_aside: int


class TriedAgain(msgspec.Struct):
    """How many events are tried once more."""

    events: int


@blueprint.get("/jobs")
@acts(Action.OPERATE)
@describes(query=Nothing, answer=JobsShown)
def index() -> Response:
    """Each part of the worker's round with its last run, its backlog and how late that is."""
    query(Nothing)
    known, waiting = jobs.jobs(), backlog.waiting()
    _events, set_aside = backlog.set_aside()
    items = [_shown(name, known.get(name), waiting.get(name)) for name in JobName]
    return listing.read(msgspec.to_builtins(JobsShown(items, set_aside)))


@blueprint.post("/jobs/try-again")
@acts(Action.OPERATE)
@describes(answer=TriedAgain)
def try_again() -> Response:
    """Let the worker try the events that were set aside once more."""
    return web.answer_json({"events": backlog.try_again(current_actor())})


def _shown(name: JobName, job: Job | None, waiting: Waiting | None) -> JobShown:
    return JobShown(
        name=name,
        last_started_at=_written(job.last_started_at if job else None),
        last_finished_at=_written(job.last_finished_at if job else None),
        last_failed_at=_written(job.last_failed_at if job else None),
        last_error=job.last_error if job else None,
        last_lag_seconds=job.lag_seconds if job else 0,
        waiting=waiting.count if waiting else 0,
        lag_seconds=int(waiting.lag.total_seconds()) if waiting else 0,
    )


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else written(instant)
