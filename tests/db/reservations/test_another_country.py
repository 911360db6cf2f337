"""A park in Cairo: a weekend on Friday and Saturday, a day without midnight, one of 25 hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.checks import promises
from booking.core import clock
from booking.core.database import session
from booking.core.errors import InvalidError, Problem, RefusedError
from booking.core.instants import Interval
from booking.core.refusals import Reason
from booking.occupancy.models import occupancy
from booking.policies.facts import Place
from tests import make

CAIRO = "Africa/Cairo"
SUNDAY_TO_THURSDAY = (6, 0, 1, 2, 3)
FRIDAY = date(2027, 4, 30)  # its clocks jump from 00:00 to 01:00
THURSDAY = date(2027, 10, 28)  # its last hour happens twice


@pytest.fixture
def park(app: Flask) -> Iterator[Flask]:
    make.site(zone=CAIRO, weekend="4,5")
    with clock.frozen_at(datetime(2027, 4, 20, 8, tzinfo=UTC)):
        yield app


def _lab() -> Place:
    return make.room(open_at=make.around_the_clock(), under=make.policy(longest=24 * 60))


def _at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute))


def _book(place: Place, starts_at: datetime, ends_at: datetime) -> Interval:
    return make.reservation(place=place, starts_at=starts_at, ends_at=ends_at).interval


def test_the_weekend_is_friday_and_saturday(park: Flask) -> None:
    desk = make.desk(open_at=make.hours(weekdays=SUNDAY_TO_THURSDAY))
    sunday = FRIDAY + timedelta(days=2)
    _book(desk, _at(sunday, 9), _at(sunday, 12))
    for closed in (FRIDAY, FRIDAY + timedelta(days=1)):
        with pytest.raises(RefusedError) as refused:
            _book(desk, _at(closed, 9), _at(closed, 12))
        assert [one.reason for one in refused.value.refusals] == [Reason.CLOSED_DAY]


def test_the_first_hour_of_a_day_without_midnight_is_its_second(park: Flask) -> None:
    booked = _book(_lab(), _at(FRIDAY, 1), _at(FRIDAY, 3))
    assert booked.starts_at == datetime(2027, 4, 29, 22, tzinfo=UTC)
    assert booked.minutes == 120


@pytest.mark.parametrize("minute", [0, 30])
def test_the_hour_that_is_missing_cannot_be_booked(park: Flask, minute: int) -> None:
    with pytest.raises(InvalidError) as refused:
        _book(_lab(), _at(FRIDAY, 0, minute), _at(FRIDAY, 3))
    assert refused.value.fields == {"starts_at": Problem.NONEXISTENT_TIME}


def test_a_night_over_the_missing_hour_is_an_hour_shorter(park: Flask) -> None:
    booked = _book(_lab(), _at(FRIDAY - timedelta(days=1), 22), _at(FRIDAY, 3))
    assert booked.minutes == 4 * 60


def test_a_night_and_the_morning_after_it_touch(park: Flask) -> None:
    lab = _lab()
    _book(lab, _at(FRIDAY - timedelta(days=1), 20), _at(FRIDAY, 1))
    _book(lab, _at(FRIDAY, 1), _at(FRIDAY, 9))
    with pytest.raises(RefusedError):
        _book(lab, _at(FRIDAY - timedelta(days=1), 23), _at(FRIDAY, 2))
    assert promises.verify().is_clean


def test_a_day_of_25_hours_is_still_a_day(park: Flask) -> None:
    with clock.frozen_at(datetime(2027, 10, 11, 8, tzinfo=UTC)):
        lab = _lab()
        booked = _book(lab, _at(THURSDAY), _at(THURSDAY + timedelta(days=1)))
    assert booked.minutes == 25 * 60
    claimed = session().execute(select(occupancy.c.starts_at, occupancy.c.ends_at)).one()
    assert Interval(*claimed) == booked
