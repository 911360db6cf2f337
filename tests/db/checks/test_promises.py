"""`flask verify` finds what raw SQL can break, counts it and names it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import bindparam, insert, literal, select, text, update

from booking.checks import promises
from booking.checks.promises import Promise
from booking.core import clock
from booking.core.database import Instant, end_reading, session, transaction
from booking.messages.letters import Key
from booking.messages.models import MessageKind
from booking.messages.service import plan
from booking.occupancy.models import occupancy
from booking.policies.facts import Place
from booking.reservations import service
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from tests import make
from tests.conftest import Statements

COUNT_OF_PROMISES = len(Promise)


def _broken() -> dict[Promise, int]:
    found = promises.verify()
    return {finding.promise: finding.count for finding in found.findings if finding.count}


def _examples(promise: Promise) -> tuple[str, ...]:
    found = {finding.promise: finding for finding in promises.verify().findings}
    return found[promise].examples


def _write(statement: str, **values: object) -> None:
    with transaction() as current:
        current.execute(text(statement), values)


class _UndoError(Exception):
    """Nothing of this is to stay."""


@contextmanager
def _undone() -> Iterator[None]:
    """A transaction that is rolled back: on both engines, changes of tables are, too."""
    with suppress(_UndoError), transaction():
        yield
        raise _UndoError


def _drop_the_guard(engine: str) -> None:
    if engine == "postgresql":
        session().execute(text("ALTER TABLE occupancy DROP CONSTRAINT occupancy_no_overlap"))
    else:
        session().execute(text("DROP TRIGGER occupancy_no_overlap_insert"))
        session().execute(text("DROP TRIGGER occupancy_no_overlap_update"))


def _booked(place: Place, hour: int = 9) -> Details:
    return make.reservation(place=place, starts_at=make.at(hour), ends_at=make.at(hour + 1))


def _with_a_change_that_waits() -> Details:
    lab = make.lab()
    manager, member = make.lab_manager(lab), make.person()
    asked = make.reservation(member, lab, starts_at=make.at(9), ends_at=make.at(10))
    service.approve(manager, asked.public_id, seen_version=1)
    service.change(member, asked.public_id, Change(ends_at=make.at(12)))
    return make.details(asked.public_id)


def test_an_empty_park_keeps_every_promise(app: Flask) -> None:
    report = promises.verify()
    assert report.is_clean
    assert {finding.promise for finding in report.findings} == set(Promise)


def test_what_the_verbs_write_keeps_every_promise(app: Flask) -> None:
    desk = make.desk()
    _booked(desk)
    _with_a_change_that_waits()
    make.closure(desk, make.at(14), make.at(15))
    assert promises.verify().is_clean


def test_touching_claims_do_not_overlap(app: Flask) -> None:
    desk = make.desk()
    for hour in (9, 10, 11):
        _booked(desk, hour)
    assert _broken() == {}


def test_an_overlap_without_guard_is_counted(app: Flask, engine: str) -> None:
    first = _booked(make.desk("A-07"))
    claim = occupancy.c
    copied = select(
        claim.resource_id,
        claim.unit,
        literal(first.interval.starts_at + timedelta(minutes=5), Instant),
        claim.ends_at,
        claim.kind,
        claim.reservation_id,
    )
    columns = ["resource_id", "unit", "starts_at", "ends_at", "kind", "reservation_id"]
    with _undone():
        _drop_the_guard(engine)
        session().execute(insert(occupancy).from_select(columns, copied))
        report = promises.verify()
    found = {finding.promise: finding for finding in report.findings}
    assert found[Promise.OVERLAPS].count == 1
    assert found[Promise.OVERLAPS].examples == ("A-07",)
    assert not report.guard.is_whole
    assert not report.is_clean


def test_claims_of_what_is_no_longer_live_are_orphans(app: Flask) -> None:
    booked = _booked(make.desk())
    _write("UPDATE reservation SET state = 'cancelled' WHERE id = :id", id=booked.id)
    assert _broken() == {Promise.DEAD_CLAIMS: 1}
    assert _examples(Promise.DEAD_CLAIMS) == (booked.reference,)


def test_a_claim_of_a_request_that_holds_nothing_is_an_orphan(app: Flask) -> None:
    asked = make.reservation(place=make.lab(), starts_at=make.at(9), ends_at=make.at(10))
    _write("UPDATE reservation SET holds_place = :no WHERE id = :id", no=False, id=asked.id)
    assert _broken() == {Promise.DEAD_CLAIMS: 1}


def test_a_reservation_ahead_without_its_claim_is_an_orphan(app: Flask) -> None:
    booked = _booked(make.desk())
    _write("DELETE FROM occupancy WHERE reservation_id = :id", id=booked.id)
    assert _broken() == {Promise.MISSING_CLAIMS: 1}
    with clock.frozen_at(booked.interval.ends_at):
        assert _broken() == {}, "what is over needs no claim"


def test_a_claim_at_another_time_is_an_orphan(app: Flask) -> None:
    booked = _booked(make.desk())
    later = booked.interval.ends_at + timedelta(hours=1)
    with transaction() as current:
        current.execute(
            update(occupancy).where(occupancy.c.reservation_id == booked.id).values(ends_at=later)
        )
    assert _broken() == {Promise.WRONG_CLAIMS: 1}


def test_a_claim_on_another_resource_is_an_orphan(app: Flask) -> None:
    booked, other = _booked(make.desk()), make.desk()
    _write(
        "UPDATE occupancy SET resource_id = :other WHERE reservation_id = :id",
        other=other.resource_id,
        id=booked.id,
    )
    assert _broken() == {Promise.WRONG_CLAIMS: 1, Promise.MISSING_CLAIMS: 1}


def test_a_hold_for_a_change_that_was_decided_is_an_orphan(app: Flask) -> None:
    booked = _with_a_change_that_waits()
    _write("UPDATE amendment SET state = 'withdrawn'")
    assert _broken() == {Promise.DEAD_HOLDS: 1}
    assert _examples(Promise.DEAD_HOLDS) == (booked.reference,)


def test_a_change_of_what_is_no_longer_confirmed_is_an_orphan(app: Flask) -> None:
    booked = _with_a_change_that_waits()
    _write("DELETE FROM occupancy WHERE reservation_id = :id", id=booked.id)
    _write("UPDATE reservation SET state = 'cancelled' WHERE id = :id", id=booked.id)
    assert _broken() == {Promise.DEAD_CHANGES: 1}


@pytest.mark.parametrize(
    ("state", "late_by", "count"),
    [
        ("planned", timedelta(minutes=4), 0),
        ("planned", timedelta(minutes=6), 1),
        ("sending", timedelta(minutes=6), 1),
        ("sent", timedelta(hours=1), 0),
        ("kept", timedelta(hours=1), 0),
        ("withdrawn", timedelta(hours=1), 0),
        ("refused", timedelta(hours=1), 0),
    ],
)
def test_a_message_that_should_long_be_out_is_counted(
    app: Flask, state: str, late_by: timedelta, count: int
) -> None:
    booked = _booked(make.desk())
    due_at = clock.now() - late_by
    plan([Key(MessageKind.CONFIRMED, booked.public_id, 1, booked.person_id, due_at)])
    _write("UPDATE message SET state = :state", state=state)
    assert _broken() == ({Promise.UNSENT: 1} if count else {})


def test_only_a_few_cases_are_named_but_all_are_counted(app: Flask) -> None:
    desk = make.desk()
    for hour in range(8, 16):
        _booked(desk, hour)
    _write("UPDATE reservation SET state = 'cancelled'")
    assert _broken() == {Promise.DEAD_CLAIMS: 8}
    assert len(_examples(Promise.DEAD_CLAIMS)) == promises.MOST_EXAMPLES


def test_the_number_of_statements_does_not_depend_on_the_data(
    app: Flask, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    counts = []
    for hours in (range(8, 9), range(9, 17)):
        desk = make.desk()
        for hour in hours:
            _booked(desk, hour)
        end_reading()
        with count_statements() as statements:
            promises.verify()
        counts.append(statements.count)
    guard, quotas = 1, 1
    assert counts == [COUNT_OF_PROMISES + guard + quotas] * 2


def test_who_is_over_a_quota_is_named_and_no_promise_is_broken(app: Flask) -> None:
    policy = make.policy(person_quota_minutes=120, organisation_quota_count=5)
    member, room = make.person("Salma"), make.room(under=policy)
    for hour in (9, 10):
        make.reservation(member, room, starts_at=make.at(hour), ends_at=make.at(hour + 1))
    assert promises.verify().over_quota == ()
    _write("UPDATE policy SET person_quota_minutes = 60")
    report = promises.verify()
    assert report.over_quota == ("Salma",)
    assert report.is_clean


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE closure_resource SET resource_id = :other",
        "UPDATE closure SET ended_at = starts_at",
        "UPDATE closure SET starts_at = :later",
    ],
)
def test_a_closure_that_takes_what_is_not_its_own_is_found(app: Flask, broken: str) -> None:
    desk, other = make.desk("A-01"), make.desk("A-02")
    make.closure(desk, make.at(9), make.at(12))
    assert _broken() == {}
    statement = text(broken)
    values: dict[str, object] = {}
    if ":other" in broken:
        values = {"other": other.resource_id}
    if ":later" in broken:
        statement = statement.bindparams(bindparam("later", type_=Instant()))
        values = {"later": clock.now() + timedelta(days=1, hours=2)}
    with transaction() as current:
        current.execute(statement, values)
    assert _broken() == {Promise.WRONG_CLOSURES: 1}
    assert _examples(Promise.WRONG_CLOSURES) == ("A-01",)
