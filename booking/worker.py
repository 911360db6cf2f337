"""The tick: lets expire what waited too long, releases what nobody came to, holds something else
for whoever was displaced, offers what is free to whoever waits, handles events, sends.

Any number of processes may run it at the same time: every piece of work is claimed in the database
by whoever does it.
"""

from __future__ import annotations

import atexit
import fcntl
import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import IO

from flask import Flask, current_app
from sqlalchemy import select, update

from booking.attendance.service import release_next
from booking.checks import backlog
from booking.closures.breakdowns import follow_next
from booking.closures.holidays import close_next
from booking.closures.service import take_next_given_back
from booking.core import clock, idempotency, jobs, rate_limits, web
from booking.core.database import db, end_reading, session, transaction
from booking.core.events import MOST_ATTEMPTS, Event, EventKind, Happened
from booking.core.jobs import JobName, Run
from booking.exchange import service as imports
from booking.messages import letters
from booking.messages import service as messages
from booking.messages.delivery import deliver
from booking.messages.letters import Catalogue
from booking.messages.models import MessageKind, MessageState
from booking.people import resets
from booking.privacy import retention
from booking.replacements import holding
from booking.replacements import queries as replacements
from booking.reservations import reprojection
from booking.reservations.departures import end_next_term
from booking.reservations.service import expire_next
from booking.waitlist.offering import serve

log = logging.getLogger("booking.worker")

Handler = Callable[[Happened], None]

# One tick does about this much, then it is written down that it ran.
MOST_EXPIRED = 200
ONCE_A_DAY = timedelta(days=1)
MOST_DEPARTURES = 20
MOST_CLOSED = 20
MOST_EVENTS = 500
SECONDS_OF_HOLDING = 5.0  # for those whom closures displaced; who comes later is served next
SECONDS_OF_SENDING = 15.0
FIRST_RETRY = timedelta(seconds=30)
LONGEST_ERROR = 300
MOST_TICKS = 10_000  # of `until_nothing_is_due`: a safety net


@dataclass(frozen=True)
class Work:
    """What the worker was given by the application: who handles events, how messages are made."""

    handlers: Mapping[EventKind, Sequence[Handler]]
    catalogue: Catalogue


@dataclass
class Done:
    """What was done."""

    expired: int = 0
    released: int = 0
    departures: int = 0
    closed: int = 0  # closures that took what was given back, and days of holidays
    waitlist: int = 0  # entries that ended or were offered something
    replacements: int = 0  # displaced reservations that were served, or whose replacements ended
    events: int = 0
    messages: Counter[tuple[MessageKind, MessageState]] = field(default_factory=Counter)
    waits: bool = False  # something failed and is tried again later
    runs: list[Run] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether there was nothing to do, or nothing that could be done now."""
        given_back = self.expired or self.released or self.departures
        taken = self.closed or self.waitlist or self.replacements
        work = given_back or taken or self.events or self.messages
        return self.waits or not work

    def add(self, other: Done) -> None:
        """Count another run in."""
        self.expired += other.expired
        self.released += other.released
        self.departures += other.departures
        self.closed += other.closed
        self.waitlist += other.waitlist
        self.replacements += other.replacements
        self.events += other.events
        self.messages += other.messages
        self.runs += other.runs


# --- one tick ---


def tick(app: Flask) -> Done:
    """Do what is due, as much as fits into one tick, and write down that it ran."""
    with app.app_context():
        done = work()
        if jobs.begin(JobName.RETENTION, every=ONCE_A_DAY):
            with _part(JobName.RETENTION, done.runs):
                retention.run()
        with _part(JobName.KEYS, done.runs), transaction():
            idempotency.forget_old_keys()
            rate_limits.forget_old_tries()
            imports.forget_old_drafts()
        with _trouble_is_logged("the end of the tick"), transaction():
            jobs.note(done.runs)
            messages.note_tick()
        return done


def work() -> Done:
    """Expire, handle, send. What fails is logged and does not keep the rest from being done."""
    given: Work = current_app.extensions["work"]
    done = Done()
    with _part(JobName.EXPIRE, done.runs):
        try:
            _settle(done)
        finally:  # last, for they give what has become free just now, whatever went wrong above
            end_reading()
            try:
                _replace(done)
            finally:
                end_reading()
                done.waitlist = serve()
    with _part(JobName.EVENTS, done.runs):
        done.events = _handle_events(given) + _answer_password_requests()
    with _part(JobName.MESSAGES, done.runs) as part:
        delivered = deliver(given.catalogue, seconds=SECONDS_OF_SENDING)
        done.messages = delivered.counts
        done.waits = delivered.is_unreachable
        part.error = delivered.trouble
    return done


def _settle(done: Done) -> None:
    """What is due by the clock, and what closures have to follow."""
    while done.expired < MOST_EXPIRED and expire_next():
        done.expired += 1
    while done.released < MOST_EXPIRED and release_next():
        done.released += 1
    while done.departures < MOST_DEPARTURES and end_next_term():
        done.departures += 1
    while done.closed < MOST_CLOSED and _next_closure():
        done.closed += 1


def _next_closure() -> bool:
    """One thing that a closure has to follow."""
    return take_next_given_back() or close_next() or follow_next()


def _replace(done: Done) -> None:
    """Hold something else for whoever was displaced, before they are told; then end what is over.
    They come before those who wait: they had something already."""
    ends = time.monotonic() + SECONDS_OF_HOLDING
    due = replacements.unserved()
    end_reading()
    for one in due:
        if time.monotonic() > ends:
            break
        try:
            done.replacements += holding.serve(one)
        except Exception:  # the worker's outer loop: they are told all the same
            log.exception("nothing can be held instead of reservation %s", one.reservation_id)
            done.replacements += holding.pass_over(one)
        end_reading()
    done.replacements += holding.end_due()
    end_reading()


def until_nothing_is_due(app: Flask) -> Done:
    """Whole ticks until there is nothing left to do."""
    done = Done()
    for _number in range(MOST_TICKS):
        with app.app_context():
            now = work()
        done.add(now)
        if now.is_nothing:
            break
    return done


@dataclass
class _Part:
    """A part of the tick while it runs: what it cannot raise it says here."""

    error: str = ""


@contextmanager
def _part(name: JobName, runs: list[Run]) -> Iterator[_Part]:
    """Run one part; how that went is added to the runs, to be written down at the end."""
    part, started_at, lag = _Part(), clock.now(), timedelta()
    try:
        lag = backlog.lag_of(name)
        end_reading()
        yield part
    except Exception as error:  # the worker's outer loop: the next tick tries again
        log.exception("trouble with %s", name.value)
        part.error = f"{type(error).__name__}: {error}"
    else:
        if part.error:
            log.error("trouble with %s: %s", name.value, part.error)
    finally:
        end_reading()
    runs.append(Run(name, started_at, clock.now(), part.error, lag))


@contextmanager
def _trouble_is_logged(what: str) -> Iterator[None]:
    try:
        yield
    except Exception:  # the worker's outer loop: the next tick tries again
        log.exception("trouble while %s", what)
    finally:
        end_reading()


def follow_the_law(app: Flask) -> None:
    """Move what lies ahead when the program came with new zone data; once, at the start."""
    runs: list[Run] = []
    with app.app_context(), _trouble_is_logged("following a change of zone data"):
        with _part(JobName.ZONES, runs) as part:
            if reprojection.is_needed():
                part.error = _reproject()
        with transaction():
            jobs.note(runs)


def _reproject() -> str:
    """Move what can be moved; which reservations cannot."""
    conflicts = reprojection.reproject().conflicts
    for conflict in conflicts:
        log.error(
            "%s on %s stays at its old hour: %s",
            conflict.reference,
            conflict.resource_code,
            conflict.cause,
        )
    return ", ".join(f"{one.reference}: {one.cause.value}" for one in conflicts)


# --- events ---


def _handle_events(given: Work) -> int:
    """Each event in its own transaction, the oldest first; one that fails waits for later."""
    handled = 0
    for event_id in _waiting_events():
        try:
            handled += _handle(given, event_id)
        except Exception as error:  # the worker's outer loop: others must go on
            log.exception("event %s cannot be handled", event_id)
            _try_later(event_id, f"{type(error).__name__}: {error}")
    return handled


def _answer_password_requests() -> int:
    answered = 0
    while answered < MOST_EVENTS and resets.answer_next():
        answered += 1
    return answered


def _waiting_events() -> Sequence[int]:
    now = clock.now()
    found = session().scalars(
        select(Event.id)
        .where(
            Event.handled_at.is_(None),
            Event.attempts < MOST_ATTEMPTS,
            Event.next_try_at.is_(None) | (Event.next_try_at <= now),
        )
        .order_by(Event.id)
        .limit(MOST_EVENTS)
    )
    waiting = found.all()
    end_reading()
    return waiting


def _handle(given: Work, event_id: int) -> int:
    """Handle one event; 0 when another worker has it, or had it."""
    with transaction() as current:
        row = current.execute(
            select(Event.kind, Event.subject, Event.facts, Event.created_at)
            .where(Event.id == event_id, Event.handled_at.is_(None))
            .with_for_update(skip_locked=True)
        ).first()
        if row is None:
            return 0
        happened = Happened(
            row.kind,
            row.subject,
            int(row.facts["version"]),
            row.created_at,
            by_group=bool(row.facts.get("by_group")),
            by_series=bool(row.facts.get("by_series")),
        )
        for handler in given.handlers[row.kind]:
            handler(happened)
        messages.withdraw_untrue(
            row.subject, lambda key: letters.is_still_true(given.catalogue, key)
        )
        current.execute(update(Event).where(Event.id == event_id).values(handled_at=clock.now()))
    return 1


def _try_later(event_id: int, error: str) -> None:
    with transaction() as current:
        attempts = current.scalar(select(Event.attempts).where(Event.id == event_id)) or 0
        if attempts + 1 >= MOST_ATTEMPTS:
            log.error("event %s is set aside after %s attempts", event_id, attempts + 1)
        current.execute(
            update(Event)
            .where(Event.id == event_id)
            .values(
                attempts=attempts + 1,
                next_try_at=clock.now() + FIRST_RETRY * 2**attempts,
                last_error=error[:LONGEST_ERROR],
            )
        )


# --- again and again ---


class Ticker:
    """Ticks until it is stopped.

    It waits by the machine's own stopwatch: a scheduler that compares wall clocks stands still for
    two hours when the clock is put back by two hours.
    """

    def __init__(self, app: Flask, *, lock: Path | None = None) -> None:
        self._app = app
        self._seconds: int = app.extensions["booking"].tick_seconds
        self._lock = lock
        self._held: IO[str] | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._knows_the_zones = False

    def run(self) -> None:
        """Tick in this thread until `stop`."""
        while not self._stopped.is_set():
            self._tick_in_turn()
            self._stopped.wait(self._seconds)

    def start(self) -> None:
        """Tick in a thread of its own until the process ends, which waits for a tick that runs."""
        self._thread = threading.Thread(target=self.run, name="tick", daemon=True)
        self._thread.start()
        atexit.register(self.stop)

    def stop(self) -> None:
        """No further tick; returns when the one that runs is through, and gives up the turn."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        if self._held is not None:
            self._held.close()
            self._held = None

    def _tick_in_turn(self) -> None:
        if not self.has_the_turn():
            return
        try:
            if not self._knows_the_zones:
                self._knows_the_zones = True
                follow_the_law(self._app)
            tick(self._app)
        except Exception:  # the worker's outer loop: the next tick tries again
            log.exception("the tick failed")

    def has_the_turn(self) -> bool:
        """Among the processes of one machine the first keeps the lock, until the kernel takes it
        back when that process ends, however it ends."""
        if self._lock is None or self._held is not None:
            return True
        file = self._lock.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._held = file
        return True


def start_inside(app: Flask) -> None:
    """Run the tick inside this web process, after the fork; one process of a machine ticks."""
    with app.app_context():
        db.engine.dispose(close=False)  # connections of before the fork belong to the parent
        if not web.settings().tick_inside:
            return
        lock = web.settings().instance / "tick.lock"
    Ticker(app, lock=lock).start()


def run_in_foreground(app: Flask) -> None:
    """Tick until SIGTERM or SIGINT; a tick that runs is finished."""
    ticker = Ticker(app)

    def stop(_number: int, _frame: FrameType | None) -> None:
        ticker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    ticker.run()
