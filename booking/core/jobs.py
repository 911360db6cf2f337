"""The parts of the tick: when each last ran, what went wrong, and how late it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import String, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from booking.core import clock
from booking.core.database import Instant, Model, choice, engine_name, session, transactional

LONGEST_ERROR = 300


class JobName(StrEnum):
    """What the worker does, in the order of a tick."""

    ZONES = "zones"
    EXPIRE = "expire"
    EVENTS = "events"
    MESSAGES = "messages"
    KEYS = "keys"
    RETENTION = "retention"


class Job(Model):
    """The last run of one part of the tick, by any process.

    `lag_seconds` is how late the oldest piece of work was when that run began. The last error
    stays until the next one: `last_failed_at` says whether it is still so.
    """

    __tablename__ = "job"

    name: Mapped[JobName] = mapped_column(choice(JobName, "name"), primary_key=True)
    last_started_at: Mapped[datetime] = mapped_column(Instant)
    last_finished_at: Mapped[datetime | None] = mapped_column(Instant)
    last_failed_at: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(LONGEST_ERROR))
    lag_seconds: Mapped[int] = mapped_column(default=0)

    @property
    def is_failing(self) -> bool:
        """Whether the last run went wrong."""
        return self.last_failed_at is not None and self.last_failed_at >= self.last_started_at


@dataclass(frozen=True)
class Run:
    """One run of one part, as it is written down; the error is empty when it went well."""

    name: JobName
    started_at: datetime
    finished_at: datetime
    error: str = ""
    lag: timedelta = timedelta()


def note(runs: Iterable[Run]) -> None:
    """Write down what has run; part of the caller's transaction."""
    for run in runs:
        _upsert(run)


def jobs() -> dict[JobName, Job]:
    """The last run of every part that has ever run."""
    found = session().scalars(select(Job).execution_options(populate_existing=True))
    return {job.name: job for job in found}


@transactional
def begin(name: JobName, *, every: timedelta) -> bool:
    """Whether it is time for this part again; only one of several workers is told so.

    A start that lies ahead was written by a clock that was wrong.
    """
    now = clock.now()
    dialect = sqlite if engine_name() == "sqlite" else postgresql
    statement = (
        dialect.insert(Job.__table__)
        .values(name=name, last_started_at=now, lag_seconds=0)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"last_started_at": now},
            where=or_(Job.last_started_at <= now - every, Job.last_started_at > now),
        )
        .returning(Job.name)
    )
    return session().execute(statement).first() is not None


def _upsert(run: Run) -> None:
    values: dict[str, object] = {
        "last_started_at": run.started_at,
        "last_finished_at": run.finished_at,
        "lag_seconds": max(0, int(run.lag.total_seconds())),
    }
    if run.error:
        values["last_failed_at"] = run.finished_at
        values["last_error"] = run.error.replace("\x00", "")[:LONGEST_ERROR]
    dialect = sqlite if engine_name() == "sqlite" else postgresql
    session().execute(
        dialect.insert(Job.__table__)
        .values(name=run.name, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )
