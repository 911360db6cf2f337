"""Counting tries, on both engines: windows, several at once, and processes that race."""

from __future__ import annotations

from datetime import timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking import create_app
from booking.core import clock, rate_limits
from booking.core.database import end_reading, session, transaction
from booking.core.errors import TooManyError
from booking.core.rate_limits import Limit, Tries
from config import Settings
from tests.installations import Installation
from tests.processes import others

FIVE = Limit("five", 5, timedelta(minutes=15))
PROCESSES = 4
TRIES = 5  # of each process
PATIENCE_SECONDS = 120


def passes(limit: Limit = FIVE, who: str = "salma", count: int = 1) -> bool:
    try:
        rate_limits.take(limit, who, count)
    except TooManyError:
        return False
    return True


def test_a_window_begins_with_the_first_try_and_trying_on_does_not_prolong_it(app: Flask) -> None:
    begin = clock.now()
    assert [passes() for _ in range(6)] == [True] * 5 + [False]
    with clock.frozen_at(begin + timedelta(minutes=14, seconds=50)):
        with pytest.raises(TooManyError) as refused:
            rate_limits.take(FIVE, "salma")
        assert refused.value.retry_after_seconds == 10
        assert passes(who="omar")
    with clock.frozen_at(begin + timedelta(minutes=15)):
        assert [passes() for _ in range(6)] == [True] * 5 + [False]


def test_several_are_counted_all_or_none(app: Flask) -> None:
    assert passes(count=4)
    assert not passes(count=2)
    assert passes(count=1)
    assert not passes()


def test_a_try_can_be_given_back_and_all_be_forgotten(app: Flask) -> None:
    assert passes(count=5)
    rate_limits.give_back(FIVE, "salma")
    assert [passes(), passes()] == [True, False]
    rate_limits.forget(FIVE, "salma")
    assert passes(count=5)


def test_zero_is_no_limit_and_a_clock_that_was_wrong_locks_nobody_out(app: Flask) -> None:
    assert all(passes(Limit("none", 0, timedelta(minutes=1))) for _ in range(20))
    with clock.frozen_at(clock.now() + timedelta(days=900)):
        assert passes(count=5)
    assert passes(count=5)


def test_old_windows_are_deleted_and_no_address_is_stored(app: Flask) -> None:
    assert passes(who="salma@example.com")
    assert "salma" not in session().scalars(select(Tries.who)).one()
    with (
        clock.frozen_at(clock.now() + rate_limits.LONGEST + timedelta(seconds=1)),
        transaction(),
    ):
        rate_limits.forget_old_tries()
    assert session().scalar(select(func.count()).select_from(Tries)) == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("41.250.1.2", "41.250.1.2"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("no address", ""),
        (None, ""),
    ],
)
def test_an_address_counts_as_its_subscriber(address: str | None, network: str) -> None:
    assert rate_limits.network_of(address) == network


@pytest.mark.real_time
def test_of_twenty_tries_at_once_in_four_processes_exactly_five_pass(
    installation: Installation,
) -> None:
    barrier, passed = others.Barrier(PROCESSES), others.Queue()
    racers = [
        others.Process(target=_race, args=(installation.settings, barrier, passed), daemon=True)
        for _number in range(PROCESSES)
    ]
    for racer in racers:
        racer.start()
    answers = [passed.get(timeout=PATIENCE_SECONDS) for _ in range(PROCESSES)]
    for racer in racers:
        racer.join(PATIENCE_SECONDS)
        assert racer.exitcode == 0
    assert sum(answers) == FIVE.most


def _race(settings: Settings, barrier: Barrier, passed: Queue[int]) -> None:
    app = create_app(settings)
    with app.app_context():
        end_reading()
        barrier.wait(PATIENCE_SECONDS)
        passed.put(sum(passes() for _ in range(TRIES)))
