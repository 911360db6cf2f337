"""Wall clocks and instants agree with the law, in Morocco and elsewhere."""

import os
import subprocess
import sys
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from booking.core import zones
from booking.core.intervals import Interval, LocalInterval

ROOT = Path(__file__).parents[3]
OLD_FILE = ROOT / "tests" / "data" / "zoneinfo-2025b" / "Africa" / "Casablanca"

CASABLANCA = zones.zone("Africa/Casablanca")
PARIS = zones.zone("Europe/Paris")
CAIRO = zones.zone("Africa/Cairo")
HOUR = timedelta(hours=1)


def old_casablanca() -> ZoneInfo:
    with OLD_FILE.open("rb") as file:
        return ZoneInfo.from_file(file, key="Africa/Casablanca")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # the parts of a datetime


# --- the data at hand ---


def test_only_our_own_zone_data_is_read() -> None:
    zones.prepare()
    assert zoneinfo.TZPATH == ()


def test_old_zone_files_of_the_system_are_not_read() -> None:
    program = (
        "from booking.core import zones; from datetime import UTC, datetime;"
        "print(zones.offset(datetime(2026, 10, 5, tzinfo=UTC), zones.zone('Africa/Casablanca')))"
    )
    system = {**os.environ, "PYTHONTZPATH": str(OLD_FILE.parents[1])}
    shown = subprocess.run(
        [sys.executable, "-c", program], env=system, cwd=ROOT, check=True, capture_output=True
    )
    assert shown.stdout.split() == [b"+00:00"]


def test_stale_zone_data_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    old = old_casablanca()

    class OldZones(ZoneInfo):
        def __new__(cls, _key: str) -> ZoneInfo:  # type: ignore[misc]  # the old file for any name
            return old

    monkeypatch.setattr(zones, "ZoneInfo", OldZones)
    with pytest.raises(zones.StaleZoneDataError, match=r"pip install .*tzdata>=2026\.6"):
        zones.prepare()


def test_stale_zones_behind_babel_are_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "get_timezone", lambda _name: old_casablanca())
    with pytest.raises(zones.StaleZoneDataError, match=r"pip install .*pytz>=2026\.6"):
        zones.prepare()


def test_the_release_of_the_zone_data_is_known() -> None:
    assert "2026c" <= zones.version() < "2100"


@pytest.mark.parametrize(
    "name",
    ["", ".", "/", "Africa", "../../etc/passwd", "/etc/localtime", "Mars/Base", "a\0b", "\ud800"],
)
def test_strange_zone_names_are_unknown(name: str) -> None:
    with pytest.raises(zones.UnknownZoneError):
        zones.zone(name)


# --- Morocco ---


@pytest.mark.parametrize(
    ("instant", "offset"),
    [
        (utc(2026, 2, 14, 12), "+01:00"),
        (utc(2026, 2, 15, 12), "+00:00"),  # Ramadan 1447
        (utc(2026, 3, 21, 12), "+00:00"),
        (utc(2026, 3, 22, 12), "+01:00"),
        (utc(2026, 9, 19, 12), "+01:00"),
        (utc(2026, 9, 20, 12), "+00:00"),  # the new law
        (utc(2027, 2, 20, 12), "+00:00"),  # Ramadan 1448 changes nothing any more
        (utc(2027, 7, 1, 12), "+00:00"),
    ],
)
def test_morocco_keeps_utc_plus_1_with_ramadan_then_utc_for_good(
    instant: datetime, offset: str
) -> None:
    assert zones.offset(instant, CASABLANCA) == offset


def test_ten_o_clock_stays_ten_o_clock_when_the_law_changes() -> None:
    booked = LocalInterval(
        datetime(2026, 10, 5, 10), datetime(2026, 10, 5, 12), "Africa/Casablanca"
    )
    promised = booked.project_in(old_casablanca())
    assert promised == Interval(utc(2026, 10, 5, 9), utc(2026, 10, 5, 11))

    now = booked.project()
    assert now == Interval(utc(2026, 10, 5, 10), utc(2026, 10, 5, 12))
    assert zones.to_local(now.starts_at, CASABLANCA) == booked.starts_at
    assert zones.to_local(promised.starts_at, CASABLANCA) == datetime(2026, 10, 5, 9)


def test_a_booking_before_the_change_of_law_means_the_same_instants_in_both_editions() -> None:
    booked = LocalInterval(datetime(2026, 9, 18, 10), datetime(2026, 9, 18, 12), str(CASABLANCA))
    assert booked.project() == booked.project_in(old_casablanca())


def test_in_ramadan_2026_ten_o_clock_was_ten_utc() -> None:
    assert zones.to_instant(datetime(2026, 2, 13, 10), CASABLANCA) == utc(2026, 2, 13, 9)
    assert zones.to_instant(datetime(2026, 2, 20, 10), CASABLANCA) == utc(2026, 2, 20, 10)
    assert zones.to_instant(datetime(2026, 3, 27, 10), CASABLANCA) == utc(2026, 3, 27, 9)


def test_the_hour_that_the_end_of_ramadan_jumps_over_is_refused() -> None:
    with pytest.raises(zones.NonexistentTimeError):
        zones.to_instant(datetime(2026, 3, 22, 2, 30), CASABLANCA)


# --- gaps and overlaps ---


@pytest.mark.parametrize("minute", [0, 1, 30, 59])
def test_a_time_in_the_gap_is_refused_with_the_time_and_the_zone(minute: int) -> None:
    local = datetime(2027, 3, 28, 2, minute)
    with pytest.raises(zones.NonexistentTimeError) as refused:
        zones.to_instant(local, PARIS)
    assert (refused.value.local, refused.value.zone_name) == (local, "Europe/Paris")


def test_the_minutes_beside_the_gap_exist() -> None:
    assert zones.to_instant(datetime(2027, 3, 28, 1, 59), PARIS) == utc(2027, 3, 28, 0, 59)
    assert zones.to_instant(datetime(2027, 3, 28, 3, 0), PARIS) == utc(2027, 3, 28, 1, 0)


def test_a_time_that_happens_twice_takes_the_first() -> None:
    assert zones.to_instant(datetime(2027, 10, 31, 2, 30), PARIS) == utc(2027, 10, 31, 0, 30)


def test_the_fold_asks_for_the_second() -> None:
    second = datetime(2027, 10, 31, 2, 30, fold=1)
    assert zones.to_instant(second, PARIS) == utc(2027, 10, 31, 1, 30)


def test_a_wall_clock_time_keeps_its_fold() -> None:
    assert zones.to_local(utc(2027, 10, 31, 0, 30), PARIS).fold == 0
    assert zones.to_local(utc(2027, 10, 31, 1, 30), PARIS).fold == 1


def test_a_wall_clock_time_carries_no_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        zones.to_instant(utc(2027, 10, 31, 2), PARIS)


def test_the_moment_of_a_jump_is_a_good_end_and_no_start() -> None:
    until_the_jump = LocalInterval(
        datetime(2027, 3, 28, 1), datetime(2027, 3, 28, 2), "Europe/Paris"
    )
    assert until_the_jump.project() == Interval(utc(2027, 3, 28, 0), utc(2027, 3, 28, 1))
    into_the_gap = LocalInterval(
        datetime(2027, 3, 28, 1), datetime(2027, 3, 28, 2, 15), "Europe/Paris"
    )
    with pytest.raises(zones.NonexistentTimeError):
        into_the_gap.project()


@given(
    local=some.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)),
    name=some.sampled_from(
        ["Africa/Casablanca", "Africa/Cairo", "Europe/Paris", "Australia/Lord_Howe", "Asia/Tehran"]
    ),
    fold=some.sampled_from([0, 1]),
)
def test_a_wall_clock_time_comes_back_or_does_not_exist(
    local: datetime, name: str, fold: int
) -> None:
    zone = zones.zone(name)
    local = local.replace(microsecond=0, fold=fold)
    try:
        instant = zones.to_instant(local, zone)
    except zones.NonexistentTimeError:
        assert zones.to_local(zones.reached(local, zone), zone) > local
    else:
        assert zones.to_local(instant, zone) == local


@given(instant=some.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)))
def test_an_instant_comes_back_from_the_wall(instant: datetime) -> None:
    aware = instant.replace(tzinfo=UTC, microsecond=0)
    for zone in (CASABLANCA, PARIS, CAIRO):
        assert zones.to_instant(zones.to_local(aware, zone), zone) == aware


# --- days ---


def test_a_day_without_midnight_begins_at_the_jump() -> None:
    with pytest.raises(zones.NonexistentTimeError):
        zones.to_instant(datetime(2027, 4, 30), CAIRO)
    bounds = zones.day_bounds(date(2027, 4, 30), CAIRO)
    assert bounds.minutes == 23 * 60
    assert zones.to_local(bounds.starts_at, CAIRO) == datetime(2027, 4, 30, 1)


def test_the_eve_of_a_day_without_midnight_can_be_booked_until_midnight() -> None:
    eve = LocalInterval(datetime(2027, 4, 29, 20), datetime(2027, 4, 30), "Africa/Cairo")
    assert eve.project().minutes == 4 * 60
    assert eve.project().ends_at == zones.day_bounds(date(2027, 4, 30), CAIRO).starts_at


def test_a_day_of_25_hours_is_a_whole_day() -> None:
    assert zones.day_bounds(date(2026, 10, 29), CAIRO).minutes == 25 * 60
    assert zones.day_bounds(date(2027, 10, 31), PARIS).minutes == 25 * 60


def test_a_day_that_never_was_has_no_bounds() -> None:
    with pytest.raises(zones.NonexistentTimeError):
        zones.day_bounds(date(2011, 12, 30), zones.zone("Pacific/Apia"))


@given(
    day=some.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 30)),
    name=some.sampled_from(["Africa/Casablanca", "Africa/Cairo", "Europe/Paris", "America/Havana"]),
)
def test_days_follow_one_another_without_a_gap(day: date, name: str) -> None:
    zone = zones.zone(name)
    bounds = zones.day_bounds(day, zone)
    assert bounds.ends_at == zones.day_bounds(day + timedelta(days=1), zone).starts_at
    assert bounds.minutes in (23 * 60, 24 * 60, 25 * 60)
    assert zones.to_local(bounds.starts_at, zone).date() == day
    assert zones.to_local(bounds.starts_at - timedelta(seconds=1), zone).date() < day


def test_the_jump_inside_a_gap_is_found_to_the_second() -> None:
    for minute in range(60):
        local = datetime(2027, 3, 28, 2, minute)
        assert zones.reached(local, PARIS) == utc(2027, 3, 28, 1)


# --- steps and offsets ---


@pytest.mark.parametrize(
    ("now", "step"),
    [
        (utc(2026, 11, 24, 8, 0), utc(2026, 11, 24, 8, 0)),
        (utc(2026, 11, 24, 8, 10), utc(2026, 11, 24, 8, 0)),
        (utc(2026, 11, 24, 8, 14, 59), utc(2026, 11, 24, 8, 0)),
        (utc(2026, 11, 24, 8, 15), utc(2026, 11, 24, 8, 15)),
    ],
)
def test_the_running_step_began_on_the_grid(now: datetime, step: datetime) -> None:
    assert zones.running_step(now, CASABLANCA, 15) == step


def test_the_running_step_counts_from_local_midnight() -> None:
    kathmandu = zones.zone("Asia/Kathmandu")  # 5 h 45 from UTC
    step = zones.running_step(utc(2026, 11, 24, 8, 10), kathmandu, 60)
    assert zones.to_local(step, kathmandu) == datetime(2026, 11, 24, 13)


def test_offsets_are_written_with_their_sign() -> None:
    noon = utc(2026, 11, 24, 12)
    assert zones.offset(noon, CASABLANCA) == "+00:00"
    assert zones.offset(noon, zones.zone("Asia/Kathmandu")) == "+05:45"
    assert zones.offset(noon, zones.zone("America/St_Johns")) == "-03:30"
