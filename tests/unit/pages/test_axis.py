"""The hours of a day, also where the clocks change."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from booking.core.intervals import Interval
from booking.pages.planning.axis import Axis

CASABLANCA = ZoneInfo("Africa/Casablanca")
PARIS = ZoneInfo("Europe/Paris")
CAIRO = ZoneInfo("Africa/Cairo")
DAY = date(2026, 11, 24)


def _utc(day: date, *times: str) -> list[Interval]:
    moments = [datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=UTC) for time in times]
    return [Interval(start, end) for start, end in zip(moments[::2], moments[1::2], strict=True)]


def test_hours_are_drawn_outward_to_whole_ones() -> None:
    axis = Axis.around(_utc(DAY, "08:30", "12:00", "13:15", "17:45"), DAY, CASABLANCA)
    assert axis.labels[0] == "08:00"
    assert axis.hours == 10
    assert axis.clock(axis.minutes) == "18:00"


def test_a_closed_day_shows_eight_to_twenty() -> None:
    axis = Axis.around([], DAY, CASABLANCA)
    assert (axis.labels[0], axis.labels[-1], axis.quarters) == ("08:00", "19:00", 48)


def test_what_reaches_in_from_another_day_is_cut_at_midnight() -> None:
    night = Interval(datetime(2026, 11, 23, 22, tzinfo=UTC), datetime(2026, 11, 25, 6, tzinfo=UTC))
    axis = Axis.around([night], DAY, CASABLANCA)
    assert (axis.labels[0], axis.hours, axis.clock(1440)) == ("00:00", 24, "24:00")


def test_an_autumn_day_has_the_same_hour_twice_and_no_cell_over_another() -> None:
    day = date(2026, 10, 25)
    whole = Interval(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    axis = Axis.around([whole], day, PARIS)
    assert axis.hours == 25
    assert axis.labels[1:5] == ("01:00", "02:00", "02:00", "03:00")


def test_a_spring_day_leaves_the_missing_hour_out() -> None:
    day = date(2026, 3, 29)
    whole = Interval(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))
    axis = Axis.around([whole], day, PARIS)
    assert axis.hours == 23
    assert axis.labels[:4] == ("00:00", "01:00", "03:00", "04:00")


def test_a_day_without_midnight_begins_when_it_begins() -> None:
    day = date(2026, 4, 24)
    whole = Interval(datetime(2026, 4, 23, 22, tzinfo=UTC), datetime(2026, 4, 24, 21, tzinfo=UTC))
    axis = Axis.around([whole], day, CAIRO)
    assert (axis.labels[0], axis.hours) == ("01:00", 23)


def test_the_present_hour_stands_in_five_minute_steps() -> None:
    axis = Axis.around(_utc(DAY, "08:00", "18:00"), DAY, CASABLANCA)
    assert axis.step_of(datetime(2026, 11, 24, 10, 37, tzinfo=UTC)) == 31
    assert axis.step_of(datetime(2026, 11, 24, 7, 59, tzinfo=UTC)) is None
    assert axis.step_of(datetime(2026, 11, 24, 18, 0, tzinfo=UTC)) is None
