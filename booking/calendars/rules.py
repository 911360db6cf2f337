"""What a calendar shows and when it is another one: the window, the validators, the pace."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.people.models import FeedDetail

FORM = 1  # count up whenever the same reservations give other octets, or clients keep the old ones
DAYS_BACK = 60
DAYS_AHEAD = 400
DAYS_AFTER_THE_END = 14  # how long a cancelled or declined reservation is still shown
MOST_EVENTS = 2000
HOUR = timedelta(hours=1)
NOTED_EVERY = timedelta(minutes=1)

# Times are whole seconds and a change is dated a little before its commit: a date as young as this
# may be shared by a change that nobody sees yet.
_SETTLED_AFTER = timedelta(seconds=5)
_A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Window:
    """Which reservations a feed shows on one local day.

    It moves at midnight only, so that between two midnights nothing but a change changes octets.
    """

    day: date
    day_begins_at: datetime
    starts_at: datetime
    ends_at: datetime
    shows_ended_since: datetime


@dataclass(frozen=True)
class Subscription:
    """A calendar address that works, with the change counter of the person it is about."""

    token_id: int
    digest: str
    public_id: str
    person_id: int
    language: str
    detail: FeedDetail
    last_fetched_at: datetime | None
    revision: int
    changed_at: datetime  # the last change of what it shows, at the earliest its own making


@dataclass(frozen=True)
class Validators:
    """What tells a client whether it has this calendar already."""

    etag: str
    last_modified: datetime


def window_on(day: date, zone: ZoneInfo) -> Window:
    """The window of a local day."""

    def beginning(days: int) -> datetime:
        midnight = datetime.combine(day + timedelta(days=days), time.min)
        return zones.reached(midnight, zone)

    return Window(
        day=day,
        day_begins_at=beginning(0),
        starts_at=beginning(-DAYS_BACK),
        ends_at=beginning(DAYS_AHEAD),
        shows_ended_since=beginning(-DAYS_AFTER_THE_END),
    )


def validators(
    subscription: Subscription, window: Window, *, public_url: str, now: datetime
) -> Validators:
    """What stays the same as long as the feed does.

    New names of places are not counted: they show with the person's next change, at the latest
    the next day, when the window moves.
    """
    depends_on = (
        FORM,
        subscription.revision,
        subscription.changed_at.isoformat(),
        subscription.language,
        subscription.detail.value,
        window.day.isoformat(),
        public_url,
    )
    digest = hashlib.blake2b("\n".join(map(str, depends_on)).encode(), digest_size=12)
    changed_at = max(subscription.changed_at, window.day_begins_at)
    if now - changed_at < _SETTLED_AFTER:
        changed_at -= _A_SECOND  # so that another change of the same second is a newer one
    return Validators(digest.hexdigest(), changed_at)


def is_to_be_noted(last_fetched_at: datetime | None, now: datetime) -> bool:
    """Whether a fetch is worth a write: at most once a minute."""
    return last_fetched_at is None or now - last_fetched_at >= NOTED_EVERY


class Pace:
    """How often each address was fetched within the hour, as far as this process knows."""

    def __init__(self) -> None:
        self._fetches: dict[str, deque[datetime]] = {}
        self._forget_at: datetime | None = None

    def seconds_to_wait(self, digest: str, *, limit: int, now: datetime) -> int:
        """0 and the fetch is counted; otherwise how long until the next one is welcome."""
        self._forget_idle(now)
        fetches = self._fetches.setdefault(digest, deque())
        while fetches and not now - HOUR < fetches[0] <= now:
            fetches.popleft()
        if len(fetches) < limit:
            fetches.append(now)
            return 0
        if not fetches:
            return int(HOUR.total_seconds())  # the setting allows none at all
        return max(1, int((fetches[0] + HOUR - now).total_seconds()))

    def _forget_idle(self, now: datetime) -> None:
        """Once an hour, let go of the addresses that nobody fetches any more."""
        if self._forget_at is not None and self._forget_at - HOUR <= now < self._forget_at:
            return
        self._forget_at = now + HOUR
        self._fetches = {
            digest: fetches
            for digest, fetches in self._fetches.items()
            if fetches and now - HOUR < fetches[-1] <= now
        }
