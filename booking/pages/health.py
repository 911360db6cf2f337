"""Whether the process lives, and whether it can do its work, for whoever watches it."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from booking.core.database import SCHEMA_VERSION, abandon, schema_version
from booking.core.permissions import Action
from booking.core.web import acts, answer_json
from booking.messages import queries as messages

OLDEST_TICK = timedelta(seconds=120)

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@acts(Action.ENTER)
def healthz() -> ResponseReturnValue:
    """The process answers; nothing else is asked."""
    return answer_json({"status": "ok"})


@blueprint.get("/readyz")
@acts(Action.ENTER)
def readyz() -> ResponseReturnValue:
    """200 when it can work, else 503; each check says what is wrong.

    A single job that fails is none of it: taking the process away would mend nothing and cost the
    rest. It stands on the page of jobs, in `flask doctor` and in the log.
    """
    checks = _checks()
    is_ready = all(word == "ok" for word in checks.values())
    body = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return answer_json(body, 200 if is_ready else 503)


def _checks() -> dict[str, str]:
    try:
        return {"database": "ok", "schema": _schema(), "tick": _tick()}
    except (DBAPIError, PoolTimeoutError):
        abandon()
        return {"database": "cannot be reached"}


def _schema() -> str:
    found = schema_version()
    return "ok" if found == SCHEMA_VERSION else f"is {found or 'none'}, must be {SCHEMA_VERSION}"


def _tick() -> str:
    age = messages.tick_age()
    if age is None:
        return "has never run"
    seconds = int(age.total_seconds())
    return "ok" if age < OLDEST_TICK else f"last ran {seconds} seconds ago"
