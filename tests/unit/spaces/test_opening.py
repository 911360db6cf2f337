"""Opening hours: by weekday and version, with exceptions, over midnight, as ready-made times."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from booking.core import zones
from booking.core.intervals import Interval, LocalInterval, Span
from booking.spaces.opening import (
    AROUND_THE_CLOCK,
    InvalidSpansError,
    Opening,
    PresetKind,
    WeekFrom,
    check_spans,
    joined,
)

CASABLANCA = zones.zone("Africa/Casablanca")
CAIRO = zones.zone("Africa/Cairo")
PARIS = zones.zone("Europe/Paris")

MONDAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)
SUNDAY = date(2026, 11, 29)
LONG_AGO = date(2020, 1, 1)

OFFICE = (Span(480, 1080),)
WITH_LUNCH = (Span(480, 720), Span(840, 1080))


def weekdays(*spans: Span) -> Opening:
    return Opening((WeekFrom(LONG_AGO, (spans,) * 5 + ((), ())),))


def every_day(*spans: Span) -> Opening:
    return Opening((WeekFrom(LONG_AGO, (spans,) * 7),))


ALWAYS = Opening((WeekFrom(LONG_AGO, AROUND_THE_CLOCK),))


def local(start: str, end: str, zone_name: str = "Africa/Casablanca") -> LocalInterval:
    return LocalInterval(datetime.fromisoformat(start), datetime.fromisoformat(end), zone_name)


# --- which hours hold ---


def test_each_weekday_has_its_own_hours() -> None:
    opening = weekdays(*OFFICE)
    assert opening.spans_on(MONDAY) == OFFICE
    assert opening.spans_on(SUNDAY) == ()


def test_a_new_version_leaves_last_year_its_hours() -> None:
    opening = Opening(
        (
            WeekFrom(LONG_AGO, ((Span(480, 1080),),) * 7),
            WeekFrom(TUESDAY, ((Span(540, 900),),) * 7),
        )
    )
    assert opening.spans_on(MONDAY) == (Span(480, 1080),)
    assert opening.spans_on(TUESDAY) == (Span(540, 900),)


def test_before_the_first_version_it_is_closed() -> None:
    assert every_day(*OFFICE).spans_on(date(2019, 12, 31)) == ()


def test_an_exception_replaces_the_day_and_may_close_it() -> None:
    opening = Opening(weekdays(*OFFICE).versions, {MONDAY: (), SUNDAY: (Span(600, 660),)})
    assert opening.spans_on(MONDAY) == ()
    assert opening.spans_on(SUNDAY) == (Span(600, 660),)
    assert opening.spans_on(TUESDAY) == OFFICE


# --- what is refused as hours ---


@pytest.mark.parametrize(
    "spans",
    [
        (Span(480, 480),),
        (Span(600, 480),),
        (Span(-1, 480),),
        (Span(480, 1441),),
        (Span(840, 1080), Span(480, 720)),
        (Span(480, 720), Span(719, 1080)),
    ],
)
def test_spans_lie_in_their_day_one_after_the_other(spans: tuple[Span, ...]) -> None:
    with pytest.raises(InvalidSpansError):
        check_spans(spans)
    with pytest.raises(InvalidSpansError):
        every_day(*spans)
    with pytest.raises(InvalidSpansError):
        Opening((), {MONDAY: spans})


def test_spans_may_touch_each_other_and_both_midnights() -> None:
    check_spans((Span(0, 720), Span(720, 1440)))
    assert joined((Span(0, 720), Span(720, 1440))) == (Span(0, 1440),)


def test_a_week_has_seven_days() -> None:
    with pytest.raises(InvalidSpansError):
        WeekFrom(LONG_AGO, (OFFICE,) * 6)


def test_two_versions_do_not_begin_on_one_day() -> None:
    version = WeekFrom(LONG_AGO, (OFFICE,) * 7)
    with pytest.raises(InvalidSpansError):
        Opening((version, version))


# --- what is open ---


def test_open_intervals_are_instants() -> None:
    assert every_day(*WITH_LUNCH).open_intervals(date(2026, 7, 1), PARIS) == [
        Interval(datetime(2026, 7, 1, 6, tzinfo=UTC), datetime(2026, 7, 1, 10, tzinfo=UTC)),
        Interval(datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 16, tzinfo=UTC)),
    ]


def test_around_the_clock_is_the_whole_day_whatever_its_length() -> None:
    for day in (date(2027, 4, 29), date(2027, 4, 30), date(2026, 10, 29)):
        assert ALWAYS.open_intervals(day, CAIRO) == [zones.day_bounds(day, CAIRO)]


def test_a_span_that_the_clocks_jump_over_is_no_time() -> None:
    assert every_day(Span(0, 60)).open_intervals(date(2027, 4, 30), CAIRO) == []


def test_a_span_that_ends_in_an_hour_that_comes_twice_is_open_in_both() -> None:
    (interval,) = every_day(Span(0, 150)).open_intervals(date(2027, 10, 31), PARIS)
    assert interval.minutes == 150 + 60


@pytest.mark.parametrize(
    ("start", "end", "covered"),
    [
        ("2026-11-24T08:00", "2026-11-24T12:00", True),
        ("2026-11-24T07:59", "2026-11-24T12:00", False),
        ("2026-11-24T08:00", "2026-11-24T12:01", False),
        ("2026-11-24T11:00", "2026-11-24T15:00", False),  # over lunch
        ("2026-11-24T12:00", "2026-11-24T14:00", False),
        ("2026-11-24T14:00", "2026-11-24T18:00", True),
        ("2026-11-24T08:00", "2026-11-25T12:00", False),
        ("2026-11-29T09:00", "2026-11-29T10:00", False),  # Sunday
    ],
)
def test_a_wish_is_covered_when_it_is_open_from_start_to_end(
    start: str, end: str, *, covered: bool
) -> None:
    assert weekdays(*WITH_LUNCH).covers(local(start, end)) is covered


def test_spans_that_touch_cover_what_crosses_them() -> None:
    assert every_day(Span(480, 720), Span(720, 1080)).covers(
        local("2026-11-24T11:00", "2026-11-24T13:00")
    )


def test_a_night_is_covered_when_both_days_touch_midnight() -> None:
    night = local("2026-11-24T22:00", "2026-11-25T06:00")
    assert ALWAYS.covers(night)
    assert every_day(Span(0, 360), Span(1320, 1440)).covers(night)
    assert not every_day(Span(0, 360), Span(1320, 1439)).covers(night)
    assert not every_day(Span(1, 360), Span(1320, 1440)).covers(night)


def test_a_wish_until_midnight_asks_nothing_of_the_next_day() -> None:
    assert weekdays(Span(480, 1440)).covers(local("2026-11-27T20:00", "2026-11-28T00:00"))


def test_every_day_that_is_not_open_long_enough_is_named() -> None:
    opening = weekdays(Span(0, 1440))
    weekend = local("2026-11-27T20:00", "2026-11-30T08:00")
    assert list(opening.uncovered_days(weekend)) == [date(2026, 11, 28), date(2026, 11, 29)]


def test_a_wish_that_ends_in_the_second_of_two_equal_hours_needs_both_open() -> None:
    second = LocalInterval(
        datetime(2027, 10, 31, 2, 45), datetime(2027, 10, 31, 2, 15, fold=1), "Europe/Paris"
    )
    assert ALWAYS.covers(second)
    assert not every_day(Span(0, 150)).covers(second)


days_spans = some.lists(some.integers(0, 24), min_size=2, max_size=6, unique=True).map(
    lambda hours: tuple(
        Span(60 * opens, 60 * closes)
        for opens, closes in zip(sorted(hours)[::2], sorted(hours)[1::2], strict=False)
    )
)


@given(spans=days_spans, start=some.integers(0, 95), length=some.integers(1, 140))
def test_covered_means_inside_the_open_intervals_of_the_days(
    spans: tuple[Span, ...], start: int, length: int
) -> None:
    opening = every_day(*spans)
    starts_at = datetime(2026, 11, 24) + timedelta(minutes=15 * start)
    wish = LocalInterval(starts_at, starts_at + timedelta(minutes=15 * length), "Africa/Casablanca")
    quarters = [
        Interval(instant, instant + timedelta(minutes=15))
        for instant in (
            wish.project().starts_at + timedelta(minutes=15 * number) for number in range(length)
        )
    ]
    open_time = [
        interval
        for day in range(4)
        for interval in opening.open_intervals(TUESDAY + timedelta(days=day), CASABLANCA)
    ]
    assert opening.covers(wish) is all(
        any(interval.contains(quarter) for interval in open_time) for quarter in quarters
    )


# --- ready-made times ---


def offered(
    opening: Opening,
    now: str,
    *,
    day: date = TUESDAY,
    granularity: int = 15,
    longest: int = 720,
    shortest: int = 30,
    notice: int = 0,
) -> dict[PresetKind, str]:
    """Each ready-made time as «08:00-13:00»."""
    instant = zones.to_instant(datetime.fromisoformat(now), CASABLANCA)
    presets = opening.presets(
        day,
        CASABLANCA,
        now=instant,
        granularity=granularity,
        longest=longest,
        shortest=shortest,
        notice=notice,
    )
    return {
        preset.kind: f"{preset.local.starts_at:%H:%M}-{preset.local.ends_at:%H:%M}"
        for preset in presets
    }


NOW, MORNING, AFTERNOON, WHOLE_DAY = PresetKind


def test_a_day_ahead_offers_morning_afternoon_and_whole_day() -> None:
    assert offered(weekdays(*OFFICE), "2026-11-23T09:00") == {
        MORNING: "08:00-13:00",
        AFTERNOON: "13:00-18:00",
        WHOLE_DAY: "08:00-18:00",
    }


def test_the_lunch_break_parts_the_day_and_leaves_no_whole_day() -> None:
    assert offered(weekdays(*WITH_LUNCH), "2026-11-23T09:00") == {
        MORNING: "08:00-12:00",
        AFTERNOON: "14:00-18:00",
    }


def test_now_is_an_hour_from_the_running_step() -> None:
    assert offered(weekdays(*OFFICE), "2026-11-24T10:07") == {
        NOW: "10:00-11:00",
        MORNING: "10:00-13:00",
        AFTERNOON: "13:00-18:00",
        WHOLE_DAY: "10:00-18:00",
    }


def test_what_is_over_is_not_offered_and_nothing_twice() -> None:
    assert offered(weekdays(*OFFICE), "2026-11-24T15:10") == {
        NOW: "15:00-16:00",
        AFTERNOON: "15:00-18:00",
    }
    assert offered(weekdays(*OFFICE), "2026-11-24T17:20") == {NOW: "17:15-18:00"}
    assert offered(weekdays(*OFFICE), "2026-11-24T17:50") == {}  # a quarter is too short


def test_before_opening_there_is_no_now() -> None:
    assert NOW not in offered(weekdays(*OFFICE), "2026-11-24T07:10")
    assert NOW not in offered(weekdays(*WITH_LUNCH), "2026-11-24T12:30")


def test_a_closed_day_and_a_past_day_offer_nothing() -> None:
    assert offered(weekdays(*OFFICE), "2026-11-24T10:00", day=SUNDAY) == {}
    assert offered(weekdays(*OFFICE), "2026-11-24T10:00", day=MONDAY) == {}


def test_halves_are_cut_to_the_longest_and_a_cut_day_is_no_whole_day() -> None:
    assert offered(weekdays(*OFFICE), "2026-11-23T09:00", longest=240) == {
        MORNING: "08:00-12:00",
        AFTERNOON: "13:00-17:00",
    }


def test_with_a_notice_there_is_no_now_and_the_rest_begins_later() -> None:
    assert offered(weekdays(*OFFICE), "2026-11-24T10:07", notice=120) == {
        MORNING: "12:15-13:00",
        AFTERNOON: "13:00-18:00",
        WHOLE_DAY: "12:15-18:00",
    }


def test_ready_made_times_stand_on_the_grid() -> None:
    assert offered(weekdays(Span(490, 1070)), "2026-11-23T09:00", granularity=30) == {
        MORNING: "08:30-13:00",
        AFTERNOON: "13:00-17:30",
        WHOLE_DAY: "08:30-17:30",
    }


def test_a_day_on_one_side_of_noon_has_one_half() -> None:
    assert offered(weekdays(Span(480, 720)), "2026-11-23T09:00") == {MORNING: "08:00-12:00"}
    assert offered(weekdays(Span(840, 1320)), "2026-11-23T09:00") == {AFTERNOON: "14:00-22:00"}


def test_two_evening_spans_are_no_morning() -> None:
    evening = weekdays(Span(1020, 1140), Span(1200, 1320))
    assert offered(evening, "2026-11-23T09:00") == {AFTERNOON: "20:00-22:00"}


def test_around_the_clock_a_morning_is_not_at_midnight() -> None:
    assert offered(ALWAYS, "2026-11-23T09:00", longest=1440) == {
        MORNING: "08:00-13:00",
        AFTERNOON: "13:00-18:00",
        WHOLE_DAY: "00:00-00:00",
    }


def test_a_whole_day_without_midnight_begins_when_the_day_does() -> None:
    day = date(2027, 4, 30)
    presets = ALWAYS.presets(
        day, CAIRO, now=datetime(2027, 4, 28, tzinfo=UTC), granularity=15, longest=1440
    )
    whole = next(preset for preset in presets if preset.kind is WHOLE_DAY)
    assert whole.local.project() == zones.day_bounds(day, CAIRO)


@given(
    spans=days_spans,
    minute=some.integers(0, 1439),
    granularity=some.sampled_from([5, 15, 30, 60]),
    longest=some.sampled_from([30, 60, 240, 720, 1440]),
    notice=some.sampled_from([0, 30, 120]),
)
def test_every_ready_made_time_is_open_in_time_and_not_too_long(
    spans: tuple[Span, ...], minute: int, granularity: int, longest: int, notice: int
) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC) + timedelta(minutes=minute)
    opening = every_day(*spans)
    presets = opening.presets(
        TUESDAY, CASABLANCA, now=now, granularity=granularity, longest=longest, notice=notice
    )
    step = zones.running_step(now, CASABLANCA, granularity)
    earliest = now + timedelta(minutes=notice) if notice else step
    for preset in presets:
        assert opening.covers(preset.local)
        assert granularity <= preset.local.minutes <= longest
        assert preset.local.project().starts_at >= earliest
        assert preset.local.starts_at.minute % min(granularity, 60) == 0
    assert len({preset.local for preset in presets}) == len(presets)
