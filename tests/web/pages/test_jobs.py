"""The operator sees what the worker does, what waits for it, and lets it try again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from booking import worker
from booking.checks import backlog, condition
from booking.core import clock, jobs
from booking.core.database import end_reading, session, transaction
from booking.core.events import MOST_ATTEMPTS, Event, Happened
from booking.core.jobs import JobName
from booking.core.permissions import Scope
from booking.journal.models import JournalLine
from booking.messages.delivery import Delivered
from booking.worker import Ticker
from tests import make


@pytest.fixture
def operator(client: FlaskClient) -> FlaskClient:
    """The operator's browser."""
    return make.signed_in(client, make.operator())


def _tick(app: Flask) -> None:
    end_reading()
    worker.tick(app)


def _set_aside(error: str = "LookupError: <b>broken</b>") -> None:
    make.reservation()
    with transaction() as current:
        current.execute(update(Event).values(attempts=MOST_ATTEMPTS, last_error=error))


def test_a_tick_writes_down_each_of_its_parts(app: Flask) -> None:
    _tick(app)
    found = jobs.jobs()
    assert set(found) >= {JobName.EXPIRE, JobName.EVENTS, JobName.MESSAGES, JobName.KEYS}
    assert all(job.last_started_at == clock.now() and not job.is_failing for job in found.values())


def test_the_first_tick_of_a_worker_looks_at_the_zones(app: Flask) -> None:
    end_reading()
    ticker = Ticker(app)
    ticker._tick_in_turn()
    assert jobs.jobs()[JobName.ZONES].last_error is None


def test_a_part_that_fails_is_named_until_it_works_again(
    app: Flask, operator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_happened: Happened) -> None:
        raise LookupError

    with monkeypatch.context() as patch:
        patch.setattr(worker, "_handle_events", fail)
        _tick(app)
    failing = jobs.jobs()[JobName.EVENTS]
    assert (failing.is_failing, failing.last_error) == (True, "LookupError: ")
    assert "Failing" in operator.get("/operator/jobs").text
    assert "events: LookupError" in next(
        one.found for one in condition.examine() if one.name == "Jobs"
    )
    with clock.frozen_at(clock.now() + timedelta(minutes=1)):
        _tick(app)
        mended = jobs.jobs()[JobName.EVENTS]
        assert (mended.is_failing, mended.last_error) == (False, "LookupError: ")
        assert "Failing" not in operator.get("/operator/jobs").text


def test_lag_is_how_late_the_oldest_piece_is(app: Flask, operator: FlaskClient) -> None:
    make.reservation()
    with clock.frozen_at(clock.now() + timedelta(minutes=10)):
        assert backlog.lag_of(JobName.EVENTS) == timedelta(minutes=10)
        page = operator.get("/operator/jobs").text
        assert "Late by 10 minutes" in page
        assert "The worker stands still" in page
        _tick(app)
        assert jobs.jobs()[JobName.EVENTS].lag_seconds == 600
        assert "Late by" not in operator.get("/operator/jobs").text


def test_what_was_set_aside_is_tried_again(app: Flask, operator: FlaskClient) -> None:
    _set_aside()
    page = operator.get("/operator/jobs").text
    assert "LookupError: &lt;b&gt;broken&lt;/b&gt;" in page
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = operator.post("/operator/jobs/try-again", data={"csrf_token": token})
    assert answer.status_code == 303
    assert backlog.set_aside() == ([], 0)
    lines = select(func.count()).where(JournalLine.act == "events_tried_again")
    assert session().scalar(lines) == 1
    _tick(app)
    assert session().scalar(select(Event.handled_at)) == clock.now()


def test_the_api_says_the_same(app: Flask, client: FlaskClient) -> None:
    _set_aside()
    _tick(app)
    headers = make.bearer(make.operator(), Scope.ADMIN)
    body = client.get("/api/v1/jobs", headers=headers).json
    assert body is not None
    assert body["set_aside"] == 1
    assert [item["name"] for item in body["items"]] == [name.value for name in JobName]
    answer = client.post("/api/v1/jobs/try-again", headers=headers)
    assert answer.json == {"events": 1}
    reader = make.bearer(make.member_of())
    assert client.get("/api/v1/jobs", headers=reader).status_code == 403


def test_a_daily_job_begins_once_a_day_whoever_asks(app: Flask) -> None:
    day = timedelta(days=1)
    assert jobs.begin(JobName.RETENTION, every=day)
    assert not jobs.begin(JobName.RETENTION, every=day)
    with clock.frozen_at(clock.now() + day):
        assert jobs.begin(JobName.RETENTION, every=day)
    assert jobs.begin(JobName.RETENTION, every=day), "a start that lies ahead holds nobody up"


def test_a_long_error_is_cut_to_what_its_column_holds(app: Flask) -> None:
    run = jobs.Run(JobName.EVENTS, clock.now(), clock.now())
    with transaction():
        jobs.note([replace(run, error="x\x00" * 400)])
    assert jobs.jobs()[JobName.EVENTS].last_error == "x" * jobs.LONGEST_ERROR


def test_only_operators_see_jobs(client: FlaskClient) -> None:
    make.signed_in(client, make.auditor())
    assert client.get("/operator/jobs").status_code == 403


def test_a_part_that_fails_takes_no_process_away_but_stands_where_somebody_looks(
    app: Flask,
    operator: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> bool:
        raise LookupError("no such thing")

    monkeypatch.setattr(worker, "expire_next", fail)
    _tick(app)
    assert operator.get("/readyz").status_code == 200
    assert "no such thing" in operator.get("/operator/jobs").text
    (symptom,) = [one for one in condition.examine() if one.name == "Jobs"]
    assert (symptom.is_well, symptom.found) == (False, "expire: LookupError: no such thing")
    assert "trouble with expire" in caplog.text


def test_what_a_part_says_of_its_trouble_is_logged_too(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trouble = Delivered(is_unreachable=True, trouble="nobody answers")
    monkeypatch.setattr(worker, "deliver", lambda *_given, **_named: trouble)
    _tick(app)
    assert "trouble with messages: nobody answers" in caplog.text
