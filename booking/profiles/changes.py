"""Changing the weeks and the days of a set of hours, for pages and the API: whoever is left outside
is told in the same transaction. The verbs themselves, and what they raise, are those of
`spaces.timetables`."""

from __future__ import annotations

from datetime import date

from booking.core.permissions import Actor
from booking.profiles.recheck import following
from booking.spaces import timetables
from booking.spaces.drafts import DayDraft, WeekDraft
from booking.spaces.timetables import FOR_EVER


def add_week(actor: Actor, hours_key: int, draft: WeekDraft) -> None:
    """Let another week hold from a day on."""
    following(
        actor,
        hours_key,
        (draft.valid_from, FOR_EVER),
        lambda: timetables.add_week(actor, hours_key, draft),
    )


def change_week(
    actor: Actor, hours_key: int, valid_from: date, draft: WeekDraft, seen: str | None = None
) -> None:
    """Replace a week that has not begun to hold."""
    following(
        actor,
        hours_key,
        (min(valid_from, draft.valid_from), FOR_EVER),
        lambda: timetables.change_week(actor, hours_key, valid_from, draft, seen),
    )


def remove_week(actor: Actor, hours_key: int, valid_from: date) -> None:
    """Delete a week that has not begun to hold."""
    following(
        actor,
        hours_key,
        (valid_from, FOR_EVER),
        lambda: timetables.remove_week(actor, hours_key, valid_from),
    )


def add_day(actor: Actor, hours_key: int, draft: DayDraft) -> None:
    """Give a day hours of its own or none."""
    following(
        actor,
        hours_key,
        (draft.day, draft.day),
        lambda: timetables.add_day(actor, hours_key, draft),
    )


def change_day(
    actor: Actor, hours_key: int, wanted: date, draft: DayDraft, seen: str | None = None
) -> None:
    """Replace the hours of a day that is not past."""
    following(
        actor,
        hours_key,
        (min(wanted, draft.day), max(wanted, draft.day)),
        lambda: timetables.change_day(actor, hours_key, wanted, draft, seen),
    )


def remove_day(actor: Actor, hours_key: int, wanted: date) -> None:
    """Give a day that is not past the hours of its week again."""
    following(
        actor,
        hours_key,
        (wanted, wanted),
        lambda: timetables.remove_day(actor, hours_key, wanted),
    )
