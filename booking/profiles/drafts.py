"""What an operator says of a profile, of a week under it, and of a period in which it holds."""

from __future__ import annotations

from datetime import date

from booking.spaces.drafts import Draft, Names, SpanDraft


class ProfileDraft(Draft, frozen=True, kw_only=True):
    """A profile, but for its weeks and its periods."""

    names: Names


class ProfileWeekDraft(Draft, frozen=True, kw_only=True):
    """The week of a set of hours under a profile, Monday first; a day without spans is closed."""

    week: tuple[tuple[SpanDraft, ...], ...]


class PeriodDraft(Draft, frozen=True, kw_only=True):
    """From which day to which a profile holds, both included; estimated, it holds not yet."""

    first_day: date
    last_day: date
    is_announced: bool = True
