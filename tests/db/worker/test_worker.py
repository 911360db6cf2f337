"""The worker: events are handled once and one that fails blocks no other; ticks go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from booking import worker
from booking.checks import promises
from booking.checks.promises import Promise
from booking.core import clock
from booking.core.database import end_reading, session, transaction
from booking.core.events import MOST_ATTEMPTS, Event, EventKind, Happened
from booking.core.idempotency import IdempotencyKey
from booking.messages import queries
from booking.messages.models import MessageKind, MessageState
from booking.worker import Ticker, Work
from tests import make
from tests.working import Run, Told


def _fails(_happened: Happened) -> None:
    raise LookupError("a broken handler")


@pytest.fixture
def broken_confirmations(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler of confirmations that always fails."""
    given: Work = app.extensions["work"]
    handlers = {**given.handlers, EventKind.CONFIRMED: (_fails,)}
    monkeypatch.setitem(app.extensions, "work", replace(given, handlers=handlers))


def _events() -> list[Event]:
    end_reading()
    session().expire_all()
    return list(session().scalars(select(Event).order_by(Event.id)))


def test_every_kind_of_event_has_handlers_and_every_message_its_words(app: Flask) -> None:
    given: Work = app.extensions["work"]
    assert set(given.handlers) == set(EventKind)
    assert set(given.catalogue.types) == set(MessageKind)


def test_an_event_is_handled_once(run: Run) -> None:
    make.reservation()
    assert run().events == 1
    assert run().events == 0
    assert _events()[0].handled_at == clock.now()


@pytest.mark.usefixtures("broken_confirmations")
def test_an_event_that_fails_blocks_no_other(run: Run, told: Told) -> None:
    make.reservation()
    make.reservation(place=make.lab())
    assert run().events == 1
    broken, handled = _events()
    assert broken.handled_at is None
    assert broken.last_error == "LookupError: a broken handler"
    assert handled.handled_at is not None
    assert [message.kind for message in told(MessageKind.REQUESTED)] == [MessageKind.REQUESTED]


@pytest.mark.usefixtures("broken_confirmations")
def test_an_event_that_fails_again_and_again_is_set_aside(app: Flask, run: Run) -> None:
    make.reservation()
    for day in range(MOST_ATTEMPTS + 2):
        with clock.frozen_at(clock.now() + timedelta(days=day)):
            run()
    (event,) = _events()
    assert event.attempts == MOST_ATTEMPTS
    assert {one.promise: one.examples for one in promises.verify().findings if one.count} == {
        Promise.SET_ASIDE: (event.subject,)
    }


@pytest.mark.usefixtures("broken_confirmations")
def test_what_a_failing_handler_wrote_is_undone(run: Run, told: Told) -> None:
    make.reservation()
    run()
    assert told() == []


def test_a_request_nobody_answers_expires_and_is_told(run: Run, told: Told) -> None:
    made = make.reservation(place=make.lab())
    run()
    with clock.frozen_at(datetime(2026, 10, 6, 10, tzinfo=UTC)):
        done = run()
    assert done.expired == 1
    assert make.details(made.public_id).state.value == "expired"
    assert [message.state for message in told(MessageKind.EXPIRED)] == [MessageState.KEPT]


def test_a_tick_is_written_down(app: Flask) -> None:
    assert queries.tick_age() is None
    end_reading()
    worker.tick(app)
    assert queries.tick_age() == timedelta(0)
    end_reading()
    with clock.frozen_at(clock.now() + timedelta(seconds=130)):
        assert queries.tick_age() == timedelta(seconds=130)
    with clock.frozen_at(clock.now() - timedelta(hours=2)):
        assert queries.tick_age() == timedelta(hours=2)


def test_a_tick_forgets_keys_nobody_may_replay(app: Flask) -> None:
    who = make.person()
    with transaction() as current:
        for name, age in (("old", 25), ("fresh", 1)):
            current.execute(
                insert(IdempotencyKey).values(
                    person_id=who.person_id,
                    key=name,
                    fingerprint="",
                    created_at=clock.now() - timedelta(hours=age),
                )
            )
    worker.tick(app)
    end_reading()
    assert session().scalars(select(IdempotencyKey.key)).all() == ["fresh"]


def test_trouble_in_one_part_keeps_no_other_from_being_done(
    app: Flask, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expire_nothing() -> bool:
        raise LookupError("a broken reservation")

    monkeypatch.setattr(worker, "expire_next", expire_nothing)
    make.reservation()
    end_reading()
    worker.tick(app)
    assert [message.state for message in told(MessageKind.CONFIRMED)] == [MessageState.KEPT]


def test_one_process_of_a_machine_ticks_and_another_takes_over(app: Flask, tmp_path: Path) -> None:
    first, second = (Ticker(app, lock=tmp_path / "tick.lock") for _number in range(2))
    assert first.has_the_turn()
    assert first.has_the_turn(), "it stays the one"
    assert not second.has_the_turn()
    first.stop()
    assert second.has_the_turn()
    second.stop()


def test_ticks_go_on_when_the_wall_clock_is_put_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a matter of hours: the wait between two ticks is measured by a stopwatch."""
    ticks = threading.Semaphore(0)
    monkeypatch.setattr(worker, "tick", lambda _app: ticks.release())
    monkeypatch.setitem(
        app.extensions, "booking", replace(app.extensions["booking"], tick_seconds=0)
    )
    ticker = Ticker(app)
    ticker.start()
    assert ticks.acquire(timeout=5)
    with clock.frozen_at(clock.now() - timedelta(hours=2)):
        for _number in range(3):
            assert ticks.acquire(timeout=5)
    ticker.stop()


def test_a_tick_that_runs_is_finished_before_the_end(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, ended = threading.Event(), threading.Event()

    def slow(_app: Flask) -> None:
        began.set()
        time.sleep(0.3)
        ended.set()

    monkeypatch.setattr(worker, "tick", slow)
    ticker = Ticker(app)
    ticker.start()
    assert began.wait(5)
    ticker.stop()
    assert ended.is_set()


# --- the command ---


@pytest.fixture
def scheduler(app: Flask) -> Callable[..., str]:
    """Runs `flask scheduler` and returns what it printed."""

    def invoke(*arguments: str) -> str:
        end_reading()
        return app.test_cli_runner().invoke(args=["scheduler", *arguments]).output

    return invoke


def test_once_does_everything_that_is_due_and_says_what(
    scheduler: Callable[..., str],
) -> None:
    make.reservation()
    printed = scheduler("--once")
    assert "events handled: 1" in printed
    assert "confirmed: 1 kept" in printed
    assert "reminder" not in printed


def test_at_makes_a_reminder_of_the_demo_due(
    app: Flask, scheduler: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "booking", replace(app.extensions["booking"], demo=True))
    make.reservation()
    scheduler("--once")
    assert "reminder: 2 kept" in scheduler("--once", "--at", "2026-10-06 09:30")
    assert session().scalar(select(func.count()).select_from(Event)) == 1


def test_the_clock_is_turned_in_the_demo_only(scheduler: Callable[..., str]) -> None:
    assert "works in the demo only" in scheduler("--once", "--at", "2026-10-06 09:30")


@pytest.mark.parametrize("moment", ["tomorrow", "2026-10-06", "2026-13-01 10:00"])
def test_a_time_that_cannot_be_read_is_said_so(
    app: Flask, scheduler: Callable[..., str], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setitem(app.extensions, "booking", replace(app.extensions["booking"], demo=True))
    assert "is not a time like" in scheduler("--once", "--at", moment)
