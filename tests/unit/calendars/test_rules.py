"""The window of a feed, what tells it from another one, and how often it may be fetched."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from booking.calendars import rules
from booking.calendars.rules import Pace, Subscription, Validators
from booking.core import zones
from booking.people.models import FeedDetail

CASABLANCA = zones.zone("Africa/Casablanca")
NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)
WINDOW = rules.window_on(date(2026, 10, 5), CASABLANCA)
SUBSCRIPTION = Subscription(
    token_id=1,
    digest="d",
    public_id="p",
    person_id=1,
    language="fr",
    detail=FeedDetail.FULL,
    last_fetched_at=None,
    revision=7,
    changed_at=NOW - timedelta(hours=1),
)


def validators_of(subscription: Subscription, now: datetime = NOW) -> Validators:
    return rules.validators(subscription, WINDOW, public_url="https://park.example", now=now)


def test_the_window_is_60_days_back_and_400_ahead_of_the_local_day() -> None:
    assert WINDOW.day_begins_at == datetime(2026, 10, 5, tzinfo=UTC)
    # Before the change of law midnight in Casablanca was at 23:00 UTC.
    assert WINDOW.starts_at == datetime(2026, 8, 5, 23, tzinfo=UTC)
    assert WINDOW.ends_at == datetime(2027, 11, 9, tzinfo=UTC)
    assert WINDOW.shows_ended_since == datetime(2026, 9, 21, tzinfo=UTC)


def test_a_day_without_midnight_has_a_window() -> None:
    cairo = zones.zone("Africa/Cairo")
    window = rules.window_on(date(2027, 4, 30), cairo)
    assert zones.to_local(window.day_begins_at, cairo) == datetime(2027, 4, 30, 1)


@pytest.mark.parametrize(
    "other",
    [
        replace(SUBSCRIPTION, revision=8),
        replace(SUBSCRIPTION, language="ar"),
        replace(SUBSCRIPTION, detail=FeedDetail.BUSY),
        replace(SUBSCRIPTION, changed_at=NOW - timedelta(minutes=1)),
    ],
    ids=["revision", "language", "detail", "time of change"],
)
def test_whatever_changes_the_octets_changes_the_tag(other: Subscription) -> None:
    assert validators_of(other).etag != validators_of(SUBSCRIPTION).etag


def test_the_next_day_and_another_public_address_change_the_tag() -> None:
    tomorrow = rules.window_on(date(2026, 10, 6), CASABLANCA)
    url = "https://park.example"
    tags = {
        rules.validators(SUBSCRIPTION, WINDOW, public_url=url, now=NOW).etag,
        rules.validators(SUBSCRIPTION, tomorrow, public_url=url, now=NOW).etag,
        rules.validators(SUBSCRIPTION, WINDOW, public_url="https://b.example", now=NOW).etag,
    }
    assert len(tags) == 3


def test_reading_it_changes_nothing() -> None:
    fetched = replace(SUBSCRIPTION, last_fetched_at=NOW)
    assert validators_of(fetched, NOW + timedelta(hours=2)) == validators_of(SUBSCRIPTION)


def test_it_was_last_modified_by_the_last_change_or_by_midnight() -> None:
    assert validators_of(SUBSCRIPTION).last_modified == SUBSCRIPTION.changed_at
    old = replace(SUBSCRIPTION, changed_at=NOW - timedelta(days=9))
    assert validators_of(old).last_modified == WINDOW.day_begins_at


def test_a_change_that_is_not_settled_is_dated_a_second_earlier() -> None:
    """Dates are whole seconds: whoever fetched between two changes must get the second one."""
    just_now = replace(SUBSCRIPTION, changed_at=NOW)
    assert validators_of(just_now).last_modified == NOW - timedelta(seconds=1)
    assert validators_of(just_now, NOW + timedelta(seconds=5)).last_modified == NOW


@pytest.mark.parametrize(
    ("ago", "is_to_be_noted"), [(None, True), (0, False), (59, False), (60, True), (999, True)]
)
def test_a_fetch_is_noted_at_most_once_a_minute(ago: int | None, is_to_be_noted: bool) -> None:
    last = None if ago is None else NOW - timedelta(seconds=ago)
    assert rules.is_to_be_noted(last, NOW) is is_to_be_noted


def test_the_pace_allows_so_many_in_any_hour() -> None:
    pace = Pace()
    for minute in range(3):
        now = NOW + timedelta(minutes=minute)
        assert pace.seconds_to_wait("a", limit=3, now=now) == 0
    assert pace.seconds_to_wait("a", limit=3, now=NOW + timedelta(minutes=10)) == 50 * 60
    assert pace.seconds_to_wait("b", limit=3, now=NOW + timedelta(minutes=10)) == 0
    assert pace.seconds_to_wait("a", limit=3, now=NOW + timedelta(minutes=60)) == 0
    assert pace.seconds_to_wait("a", limit=3, now=NOW + timedelta(minutes=60)) == 60


def test_a_clock_that_went_back_locks_nobody_out() -> None:
    pace = Pace()
    assert pace.seconds_to_wait("a", limit=1, now=NOW) == 0
    assert pace.seconds_to_wait("a", limit=1, now=NOW - timedelta(hours=2)) == 0


def test_a_limit_of_none_is_kept_too() -> None:
    assert Pace().seconds_to_wait("a", limit=0, now=NOW) == 3600


def test_addresses_that_nobody_fetches_are_forgotten() -> None:
    pace = Pace()
    for number in range(100):
        pace.seconds_to_wait(str(number), limit=1, now=NOW)
    pace.seconds_to_wait("a", limit=1, now=NOW + timedelta(hours=1))
    assert list(pace._fetches) == ["a"]
