"""Opening hours as operators look after them: sets, their weeks by date, and days that differ.

A week that has begun to hold is never changed and never deleted: last year's figures need last
year's hours. One that begins today may still be corrected until its first day is over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select, update

from booking.core import clock, revisions, zones
from booking.core.constraints import translated
from booking.core.database import session, transactional
from booking.core.errors import FixedError, InvalidError, NotFoundError, Problem
from booking.core.fingerprints import fingerprint, require_unchanged
from booking.core.intervals import Span
from booking.core.permissions import Action, Actor, require
from booking.core.texts import checked_names
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.spaces import inventory
from booking.spaces.drafts import DayDraft, HoursDraft, SpanDraft, WeekDraft, facts
from booking.spaces.models import (
    Hours,
    HoursException,
    HoursSpan,
    HoursVersion,
    ProfileSpan,
    ProfileWeek,
    Resource,
)
from booking.spaces.opening import InvalidSpansError, Opening, Week, WeekFrom, check_spans
from booking.spaces.queries import openings

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_SPANS = 6  # of one day
FOR_EVER = date(zones.LATEST_YEAR, 12, 31)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])", re.ASCII)
_UNIQUE = {"hours_version_hours_id_valid_from_unique": "valid_from"}


@dataclass(frozen=True)
class StoredWeek:
    """A week of a set, from a day on; `is_fixed` once that day is past."""

    key: int
    draft: WeekDraft
    week: Week
    is_fixed: bool

    @property
    def mark(self) -> str:
        """The fingerprint that a form or an ETag carries."""
        return fingerprint(self.draft.values)


@dataclass(frozen=True)
class StoredDay:
    """A day with hours of its own; `is_fixed` once it is past."""

    draft: DayDraft
    spans: tuple[Span, ...]
    is_fixed: bool

    @property
    def mark(self) -> str:
        """The fingerprint that a form or an ETag carries."""
        return fingerprint(self.draft.values)


# --- reading ---


def today() -> date:
    """The date on the calendars of the site."""
    return clock.today(zones.zone(inventory.the_site().zone))


def weeks(hours_key: int) -> list[StoredWeek]:
    """The weeks of a set, the one that begins last first."""
    present = today()
    opening = openings({hours_key}, FOR_EVER, FOR_EVER)[hours_key]
    rows = session().execute(
        select(HoursVersion.valid_from, HoursVersion.id).where(HoursVersion.hours_id == hours_key)
    )
    keys = {valid_from: key for valid_from, key in rows}  # noqa: C416  # dict() takes a result for a mapping
    return [
        StoredWeek(
            keys[version.valid_from],
            WeekDraft(
                valid_from=version.valid_from, week=tuple(drafted(day) for day in version.week)
            ),
            version.week,
            version.valid_from < present,
        )
        for version in reversed(opening.versions)
    ]


def week(hours_key: int, valid_from: date) -> StoredWeek:
    """The week that begins on that day; raises NotFoundError."""
    for one in weeks(hours_key):
        if one.draft.valid_from == valid_from:
            return one
    raise NotFoundError


def present_weeks(hours_keys: Iterable[int]) -> dict[int, Week | None]:
    """The week that holds today, of several sets in two statements; None where none has begun."""
    present = today()
    found = openings(set(hours_keys), present, present)
    return {
        key: next(
            (one.week for one in reversed(opening.versions) if one.valid_from <= present), None
        )
        for key, opening in found.items()
    }


def days(hours_key: int, first: date = date.min, last: date = FOR_EVER) -> list[StoredDay]:
    """The days with hours of their own, in order."""
    present = today()
    rows = session().execute(
        select(
            HoursException.day, HoursException.names, HoursException.opens, HoursException.closes
        )
        .where(HoursException.hours_id == hours_key, HoursException.day.between(first, last))
        .order_by(HoursException.day, HoursException.opens)
    )
    names: dict[date, Mapping[str, str]] = {}
    spans: dict[date, tuple[Span, ...]] = {}
    for day, said, opens, closes in rows:
        names[day] = said
        already = spans.get(day, ())
        closed = opens is None or closes is None
        spans[day] = already if closed else (*already, Span(opens or 0, closes or 0))
    return [
        StoredDay(
            DayDraft(day=day, names=dict(names[day]), spans=drafted(spans[day])),
            spans[day],
            day < present,
        )
        for day in names
    ]


def day(hours_key: int, wanted: date) -> StoredDay:
    """One day with hours of its own; raises NotFoundError."""
    found = days(hours_key, wanted, wanted)
    if not found:
        raise NotFoundError
    return found[0]


def opening_with_week(
    hours_key: int, draft: WeekDraft | None, instead_of: date | None = None
) -> Opening:
    """The hours as they would be with another week, or without one; raises InvalidError."""
    stored = openings({hours_key}, today(), FOR_EVER)[hours_key]
    gone = {instead_of, draft and draft.valid_from}
    versions = [one for one in stored.versions if one.valid_from not in gone]
    if draft is not None:
        versions.append(WeekFrom(draft.valid_from, checked_week(draft.week)))
    versions.sort(key=lambda one: one.valid_from)
    return replace(stored, versions=tuple(versions))


def opening_with_day(
    hours_key: int, draft: DayDraft | None, instead_of: date | None = None
) -> Opening:
    """The hours as they would be with another day of its own, or without one; raises
    InvalidError."""
    stored = openings({hours_key}, today(), FOR_EVER)[hours_key]
    exceptions = {day: spans for day, spans in stored.exceptions.items() if day != instead_of}
    if draft is not None:
        exceptions[draft.day] = _spans("spans", draft.spans)
    return replace(stored, exceptions=exceptions)


# --- sets ---


@transactional
def add_hours(actor: Actor, draft: HoursDraft, first: WeekDraft) -> int:
    """Add a set with its first week; returns its key."""
    require(actor, Action.OPERATE)
    names = checked_names("names", draft.names)
    row = Hours(names=names, closes_on_holidays=draft.closes_on_holidays)
    session().add(row)
    session().flush()
    _insert_week(row.id, first)
    _write(actor, "hours_added", row.id, facts(draft.values) | _week_facts(first))
    return row.id


@transactional
def rename_hours(actor: Actor, key: int, draft: HoursDraft, seen: str | None = None) -> None:
    """Replace the names of a set, and whether it closes on public holidays: the worker closes and
    opens what that changes."""
    require(actor, Action.OPERATE)
    before = inventory.hours_set(key).draft
    require_unchanged(seen, before.values)
    names = checked_names("names", draft.names)
    values = {"names": names, "closes_on_holidays": draft.closes_on_holidays}
    session().execute(update(Hours).where(Hours.id == key).values(values))
    _write(actor, "hours_renamed", key, facts(draft.values), facts(before.values))


@transactional
def remove_hours(actor: Actor, key: int) -> None:
    """Delete a set that no resource has; raises InUseError for any other."""
    require(actor, Action.OPERATE)
    before = inventory.hours_set(key).draft
    versions = select(HoursVersion.id).where(HoursVersion.hours_id == key)
    with translated():
        session().execute(delete(HoursSpan).where(HoursSpan.version_id.in_(versions)))
        session().execute(delete(HoursVersion).where(HoursVersion.hours_id == key))
        session().execute(delete(HoursException).where(HoursException.hours_id == key))
        _delete_profile_weeks(key)
        session().execute(delete(Hours).where(Hours.id == key))
    _write(actor, "hours_removed", key, None, facts(before.values))


def _delete_profile_weeks(key: int) -> None:
    weeks = select(ProfileWeek.id).where(ProfileWeek.hours_id == key)
    session().execute(delete(ProfileSpan).where(ProfileSpan.week_id.in_(weeks)))
    session().execute(delete(ProfileWeek).where(ProfileWeek.hours_id == key))


# --- weeks ---


@transactional
def add_week(actor: Actor, hours_key: int, draft: WeekDraft) -> None:
    """Let another week hold from a day on, today at the earliest. What came before stays."""
    require(actor, Action.OPERATE)
    _hold(hours_key)
    _insert_week(hours_key, draft)
    _write(actor, "week_added", hours_key, _week_facts(draft))
    _count_floors(hours_key)


@transactional
def change_week(
    actor: Actor, hours_key: int, valid_from: date, draft: WeekDraft, seen: str | None = None
) -> None:
    """Replace a week that has not begun to hold; raises FixedError for any other."""
    require(actor, Action.OPERATE)
    stored = _changeable_week(hours_key, valid_from)
    require_unchanged(seen, stored.draft.values)
    _delete_week(stored)
    _insert_week(hours_key, draft)
    _write(actor, "week_changed", hours_key, _week_facts(draft), _week_facts(stored.draft))
    _count_floors(hours_key)


@transactional
def remove_week(actor: Actor, hours_key: int, valid_from: date) -> None:
    """Delete a week that has not begun to hold: the one before it goes on. Raises FixedError for
    one that has, and for the only one."""
    require(actor, Action.OPERATE)
    stored = _changeable_week(hours_key, valid_from)
    if len(weeks(hours_key)) == 1:
        raise FixedError
    _delete_week(stored)
    _write(actor, "week_removed", hours_key, None, _week_facts(stored.draft))
    _count_floors(hours_key)


def _changeable_week(hours_key: int, valid_from: date) -> StoredWeek:
    _hold(hours_key)
    found = week(hours_key, valid_from)
    if found.is_fixed:
        raise FixedError
    return found


def _insert_week(hours_key: int, draft: WeekDraft) -> None:
    if not today() <= draft.valid_from <= FOR_EVER:
        raise InvalidError({"valid_from": Problem.OUT_OF_RANGE})
    spans = checked_week(draft.week)
    with translated(_UNIQUE):
        version = HoursVersion(hours_id=hours_key, valid_from=draft.valid_from)
        session().add(version)
    rows = [
        {"version_id": version.id, "weekday": weekday, "opens": span.opens, "closes": span.closes}
        for weekday, of_day in enumerate(spans)
        for span in of_day
    ]
    if rows:
        session().execute(insert(HoursSpan), rows)


def _delete_week(stored: StoredWeek) -> None:
    session().execute(delete(HoursSpan).where(HoursSpan.version_id == stored.key))
    session().execute(delete(HoursVersion).where(HoursVersion.id == stored.key))


# --- days ---


@transactional
def add_day(actor: Actor, hours_key: int, draft: DayDraft) -> None:
    """Give a day, today at the earliest, hours of its own or none. Raises InvalidError for a day
    that has its own already."""
    require(actor, Action.OPERATE)
    _hold(hours_key)
    if days(hours_key, draft.day, draft.day):
        raise InvalidError({"day": Problem.REUSED})
    _insert_day(hours_key, draft)
    _write(actor, "day_added", hours_key, _day_facts(draft))
    _count_floors(hours_key)


@transactional
def change_day(
    actor: Actor, hours_key: int, wanted: date, draft: DayDraft, seen: str | None = None
) -> None:
    """Replace the hours of a day that is not past; raises FixedError for any other."""
    require(actor, Action.OPERATE)
    stored = _changeable_day(hours_key, wanted)
    require_unchanged(seen, stored.draft.values)
    if draft.day != wanted and days(hours_key, draft.day, draft.day):
        raise InvalidError({"day": Problem.REUSED})
    _delete_day(hours_key, wanted)
    _insert_day(hours_key, draft)
    _write(actor, "day_changed", hours_key, _day_facts(draft), _day_facts(stored.draft))
    _count_floors(hours_key)


@transactional
def remove_day(actor: Actor, hours_key: int, wanted: date) -> None:
    """Give a day that is not past the hours of its week again; raises FixedError for any other."""
    require(actor, Action.OPERATE)
    stored = _changeable_day(hours_key, wanted)
    _delete_day(hours_key, wanted)
    _write(actor, "day_removed", hours_key, None, _day_facts(stored.draft))
    _count_floors(hours_key)


def _changeable_day(hours_key: int, wanted: date) -> StoredDay:
    _hold(hours_key)
    found = day(hours_key, wanted)
    if found.is_fixed:
        raise FixedError
    return found


def _insert_day(hours_key: int, draft: DayDraft) -> None:
    if not today() <= draft.day <= FOR_EVER:
        raise InvalidError({"day": Problem.OUT_OF_RANGE})
    spans: Sequence[Span | tuple[None, None]] = _spans("spans", draft.spans) or [(None, None)]
    names = checked_names("names", draft.names, required=False)
    session().execute(
        insert(HoursException),
        [
            {
                "hours_id": hours_key,
                "day": draft.day,
                "opens": opens,
                "closes": closes,
                "names": names,
            }
            for opens, closes in spans
        ],
    )


def _delete_day(hours_key: int, wanted: date) -> None:
    session().execute(
        delete(HoursException).where(
            HoursException.hours_id == hours_key, HoursException.day == wanted
        )
    )


# --- what they share ---


def minutes(text: str) -> int:
    """Minutes after midnight of a time like 8:30 or 24:00; raises ValueError."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError("no time of a day")
    read = int(found[1]) * 60 + int(found[2])
    if read > 1440:
        raise ValueError("a day has 24 hours")
    return read


def clock_text(minute: int) -> str:
    """A minute of the day as the clock shows it, the last one as 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def hold(hours_keys: Collection[int]) -> None:
    """Let those who change the same sets come one after the other, and count the change.

    The resources are locked against whoever takes a place of them: what is booked before is seen
    afterwards, and what is booked later notices that the hours are not those it was judged by.
    """
    wanted = sorted(hours_keys)
    held = select(Hours.id).where(Hours.id.in_(wanted)).order_by(Hours.id)
    session().execute(held.with_for_update(key_share=True)).all()
    counted = update(Hours).where(Hours.id.in_(wanted)).values(changes=Hours.changes + 1)
    session().execute(counted)
    with_them = select(Resource.id).where(Resource.hours_id.in_(wanted)).order_by(Resource.id)
    session().execute(with_them.with_for_update()).all()


def _hold(hours_key: int) -> None:
    """The same for one set; raises NotFoundError."""
    inventory.hours_set(hours_key)
    hold([hours_key])


def checked_week(week: Sequence[Sequence[SpanDraft]]) -> Week:
    """The spans of each day in order; raises InvalidError where they cannot be read or meet."""
    if len(week) != 7:
        raise InvalidError({"week": Problem.OUT_OF_RANGE})
    return tuple(_spans(f"week.{weekday}", spans) for weekday, spans in enumerate(week))


def _spans(field: str, drafts: Sequence[SpanDraft]) -> tuple[Span, ...]:
    """The spans in order; raises InvalidError where they cannot be read or meet."""
    if len(drafts) > MOST_SPANS:
        raise InvalidError({field: Problem.TOO_MANY})
    try:
        spans = sorted(Span(minutes(one.opens), minutes(one.closes)) for one in drafts)
    except ValueError as error:
        raise InvalidError({field: Problem.UNREADABLE}) from error
    try:
        check_spans(spans)
    except InvalidSpansError as error:
        raise InvalidError({field: Problem.OUT_OF_RANGE}) from error
    return tuple(spans)


def drafted(spans: Sequence[Span]) -> tuple[SpanDraft, ...]:
    """The spans as they would be typed."""
    return tuple(
        SpanDraft(opens=clock_text(span.opens), closes=clock_text(span.closes)) for span in spans
    )


def _in_words(spans: Sequence[SpanDraft]) -> str:
    return ", ".join(f"{span.opens}–{span.closes}" for span in spans)


def _week_facts(draft: WeekDraft) -> JsonFacts:
    return {"valid_from": draft.valid_from.isoformat(), **facts_of_days(draft.week)}


def facts_of_days(week: Sequence[Sequence[SpanDraft]]) -> JsonFacts:
    """What the journal says of the days of a week."""
    return {day: _in_words(spans) for day, spans in zip(WEEKDAYS, week, strict=True)}


def _day_facts(draft: DayDraft) -> JsonFacts:
    names: dict[str, Any] = {"names": draft.names}  # Any: what `facts` takes
    return {"day": draft.day.isoformat(), "spans": _in_words(draft.spans), **facts(names)}


def _write(
    actor: Actor,
    act: str,
    key: int,
    after: JsonFacts | None,
    before: JsonFacts | None = None,
) -> None:
    journal.write(actor, act, subject_kind="hours", subject_id=str(key), before=before, after=after)


def _count_floors(hours_key: int) -> None:
    revisions.bump(revisions.Scope.FLOOR, inventory.floors_with(Resource.hours_id == hours_key))
