"""There is one clock, and it can be stopped."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from booking.core import clock, zones

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.real_time
def test_the_running_clock_gives_whole_seconds_in_utc() -> None:
    now = clock.now()
    assert now.tzinfo is UTC
    assert now.microsecond == 0
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)


def test_a_stopped_clock_stands_still_in_every_thread() -> None:
    with clock.frozen_at(NOON), ThreadPoolExecutor(2) as threads:
        assert threads.submit(clock.now).result() == NOON


def test_stopped_clocks_nest_and_come_back_after_an_error() -> None:
    def fail_later() -> None:
        with clock.frozen_at(NOON + timedelta(hours=1)):
            assert clock.now() == NOON + timedelta(hours=1)
            raise KeyError

    with clock.frozen_at(NOON):
        with pytest.raises(KeyError):
            fail_later()
        assert clock.now() == NOON


def test_the_clock_stops_at_an_instant_of_any_offset_in_whole_seconds() -> None:
    local = datetime(2026, 11, 24, 14, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    with clock.frozen_at(local) as now:
        assert now == clock.now() == NOON
        assert now.utcoffset() == timedelta(0)


def test_the_clock_does_not_stop_at_a_naive_time() -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(ValueError, match="zone"), clock.frozen_at(naive):
        pass


def test_today_is_the_date_on_the_wall_of_the_zone() -> None:
    with clock.frozen_at(datetime(2026, 11, 24, 23, 30, tzinfo=UTC)):
        assert clock.today(zones.zone("Africa/Casablanca")) == date(2026, 11, 24)
        assert clock.today(zones.zone("Europe/Paris")) == date(2026, 11, 25)
