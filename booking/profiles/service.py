"""Profiles of hours, as operators look after them. Each verb is one transaction that does
everything or raises and leaves all as it was.

What has held is never changed: last year's figures need last year's hours.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import delete, insert, select, update

from booking.core import ids, revisions
from booking.core.constraints import translated
from booking.core.database import session, transactional
from booking.core.errors import FixedError, InUseError, InvalidError, NotFoundError, Problem
from booking.core.fingerprints import require_unchanged
from booking.core.permissions import Action, Actor, require
from booking.core.texts import checked_names
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.profiles import proposals, queries
from booking.profiles.drafts import PeriodDraft, ProfileDraft, ProfileWeekDraft
from booking.profiles.proposals import Proposal
from booking.profiles.queries import StoredPeriod, StoredProfile
from booking.profiles.recheck import changing
from booking.spaces import inventory, timetables
from booking.spaces.drafts import facts
from booking.spaces.models import (
    PeriodState,
    Profile,
    ProfileCode,
    ProfilePeriod,
    ProfileSpan,
    ProfileWeek,
    Resource,
    Site,
)
from booking.spaces.timetables import FOR_EVER

LONGEST = timedelta(days=366)  # a period
DAY = timedelta(days=1)
_UNIQUE = {"profile_site_id_code_unique": "code"}


# --- profiles ---


@transactional
def add(actor: Actor, draft: ProfileDraft) -> int:
    """Add a profile that has no weeks and no periods yet; returns its key."""
    require(actor, Action.OPERATE)
    return _add(actor, draft, None)


@transactional
def rename(actor: Actor, key: int, draft: ProfileDraft, mark: str | None = None) -> None:
    """Call it otherwise."""
    require(actor, Action.OPERATE)
    _hold_site()
    found = queries.profile(key)
    require_unchanged(mark, found.draft.values)
    names = checked_names("names", draft.names)
    session().execute(update(Profile).where(Profile.id == key).values(names=names))
    _write(actor, "profile_renamed", key, facts(draft.values), facts(found.draft.values))
    _count_floors([one.hours_key for one in found.weeks])


@transactional
def remove(actor: Actor, key: int) -> None:
    """Delete a profile; raises InUseError while any period of it is not left out."""
    require(actor, Action.OPERATE)
    _hold_site()
    found = queries.profile(key)
    if any(one.state is not PeriodState.LEFT_OUT for one in found.periods):
        raise InUseError
    for one in found.weeks:
        _delete_weeks(key, one.hours_key, date.min)
    session().execute(delete(ProfilePeriod).where(ProfilePeriod.profile_id == key))
    session().execute(delete(Profile).where(Profile.id == key))
    _write(actor, "profile_removed", key, None, facts(found.draft.values))


@transactional
def propose(actor: Actor) -> int:
    """Add the Ramadans of the year ahead that are not there yet, as estimated, with their profile
    where that is missing, too; how many."""
    require(actor, Action.OPERATE)
    _hold_site()
    found = queries.missing(actor)
    if not found:
        return 0
    key = session().scalar(select(Profile.id).where(Profile.code == ProfileCode.RAMADAN))
    if key is None:
        key = _add(actor, ProfileDraft(names=dict(proposals.NAMES)), ProfileCode.RAMADAN)
    for one in found:
        _insert_proposed(actor, key, one)
    _count_floors(_hours_of(key))
    return len(found)


def _add(actor: Actor, draft: ProfileDraft, code: ProfileCode | None) -> int:
    names = checked_names("names", draft.names)
    row = Profile(site_id=inventory.the_site().id, names=names, code=code)
    with translated(_UNIQUE):
        session().add(row)
    _write(actor, "profile_added", row.id, facts(draft.values))
    return row.id


def _insert_proposed(actor: Actor, key: int, one: Proposal) -> None:
    row = ProfilePeriod(
        public_id=ids.new_public_id(),
        profile_id=key,
        first_day=one.first_day,
        last_day=one.last_day,
        state=PeriodState.ESTIMATED,
        hijri_year=one.hijri_year,
    )
    session().add(row)
    session().flush()
    _write(actor, "period_added", key, _facts(row))


# --- the week of a set ---


@transactional
def set_week(
    actor: Actor,
    key: int,
    hours_key: int,
    draft: ProfileWeekDraft,
    *,
    mark: str | None = None,
    seen: str | None = None,
) -> None:
    """Give a set of hours a week under a profile, or another one from today on.

    Raises WouldLeaveOutsideError as `recheck.changing` does.
    """
    require(actor, Action.OPERATE)
    timetables.checked_week(draft.week)
    _hold_site()
    found = queries.profile(key)
    inventory.hours_set(hours_key)
    before = next((one for one in found.weeks if one.hours_key == hours_key), None)
    if before is not None:
        require_unchanged(mark, before.draft.values)
    changing(
        actor,
        [hours_key],
        _days_ahead(found),
        lambda: _replace_week(key, hours_key, draft),
        seen=seen,
    )
    was = None if before is None else _week_facts(hours_key, before.draft)
    _write(actor, "profile_week_changed", key, _week_facts(hours_key, draft), was)
    _count_floors([hours_key])


@transactional
def remove_week(actor: Actor, key: int, hours_key: int, *, seen: str | None = None) -> None:
    """Let a set keep its usual hours under this profile. Raises FixedError once the profile has
    held, NotFoundError where there is no such week, WouldLeaveOutsideError as above."""
    require(actor, Action.OPERATE)
    _hold_site()
    found, before = queries.profile(key), queries.week(key, hours_key)
    present = timetables.today()
    if any(one.has_begun(present) for one in found.periods):
        raise FixedError
    changing(
        actor,
        [hours_key],
        _days_ahead(found),
        lambda: _delete_weeks(key, hours_key, date.min),
        seen=seen,
    )
    _write(actor, "profile_week_removed", key, None, _week_facts(hours_key, before.draft))
    _count_floors([hours_key])


def _replace_week(key: int, hours_key: int, draft: ProfileWeekDraft) -> None:
    """What holds from today on; one that has held before stays for the days before."""
    present = timetables.today()
    _delete_weeks(key, hours_key, present)
    row = ProfileWeek(profile_id=key, hours_id=hours_key, valid_from=present)
    session().add(row)
    session().flush()
    rows = [
        {"week_id": row.id, "weekday": weekday, "opens": span.opens, "closes": span.closes}
        for weekday, spans in enumerate(timetables.checked_week(draft.week))
        for span in spans
    ]
    if rows:
        session().execute(insert(ProfileSpan), rows)


def _delete_weeks(key: int, hours_key: int, since: date) -> None:
    of_it = (
        ProfileWeek.profile_id == key,
        ProfileWeek.hours_id == hours_key,
        ProfileWeek.valid_from >= since,
    )
    weeks = select(ProfileWeek.id).where(*of_it)
    session().execute(delete(ProfileSpan).where(ProfileSpan.week_id.in_(weeks)))
    session().execute(delete(ProfileWeek).where(*of_it))


def _days_ahead(found: StoredProfile) -> tuple[date, date]:
    """From today to the last day on which the profile holds."""
    held = (one.last_day for one in found.periods if one.state is PeriodState.ANNOUNCED)
    return timetables.today(), max(held, default=date.min)


def _week_facts(hours_key: int, draft: ProfileWeekDraft) -> JsonFacts:
    named = facts({"names": inventory.hours_set(hours_key).draft.names})
    return {**named, **timetables.facts_of_days(draft.week)}


# --- periods ---


@transactional
def add_period(actor: Actor, key: int, draft: PeriodDraft, *, seen: str | None = None) -> str:
    """Let a profile hold on these days; returns the public id of the period.

    Raises InvalidError for days that another period has, WouldLeaveOutsideError as above.
    """
    require(actor, Action.OPERATE)
    _hold_site()
    queries.profile(key)
    _require_in_order(draft, None)
    row = ProfilePeriod(public_id=ids.new_public_id(), profile_id=key)
    _require_alone(row, draft)

    def act() -> None:
        _say(row, draft)
        session().add(row)

    changing(actor, _hours_of(key), (draft.first_day, draft.last_day), act, seen=seen)
    _write(actor, "period_added", key, _facts(row))
    _count_floors(_hours_of(key))
    return row.public_id


@transactional
def change_period(
    actor: Actor,
    public_id: str,
    draft: PeriodDraft,
    *,
    mark: str | None = None,
    seen: str | None = None,
) -> None:
    """Announce it, or let it begin or end on another day; also one that was left out.

    What is announced stays so until it is left out, and a first day that is past stays. Raises
    FixedError for one that is over, and as `add_period` does.
    """
    require(actor, Action.OPERATE)
    _hold_site()
    stored = queries.period(public_id)
    require_unchanged(mark, stored.draft.values)
    _require_in_order(draft, stored)
    row = _row(public_id)
    _require_alone(row, draft)
    before = _facts(row)
    days = (min(draft.first_day, row.first_day), max(draft.last_day, row.last_day))
    changing(actor, _hours_of(row.profile_id), days, lambda: _say(row, draft), seen=seen)
    _write(actor, "period_changed", row.profile_id, _facts(row), before)
    _count_floors(_hours_of(row.profile_id))


@transactional
def leave_out(actor: Actor, public_id: str, *, seen: str | None = None) -> None:
    """The usual hours go on; it stays in the list and can be announced later. Raises FixedError for
    one that has begun, WouldLeaveOutsideError as above."""
    require(actor, Action.OPERATE)
    _hold_site()
    if queries.period(public_id).has_begun(timetables.today()):
        raise FixedError
    row = _row(public_id)
    before = _facts(row)

    def act() -> None:
        row.state = PeriodState.LEFT_OUT

    changing(actor, _hours_of(row.profile_id), (row.first_day, row.last_day), act, seen=seen)
    _write(actor, "period_left_out", row.profile_id, _facts(row), before)
    _count_floors(_hours_of(row.profile_id))


def _say(row: ProfilePeriod, draft: PeriodDraft) -> None:
    row.first_day, row.last_day = draft.first_day, draft.last_day
    if draft.is_announced or row.state is not PeriodState.ANNOUNCED:
        row.state = PeriodState.ANNOUNCED if draft.is_announced else PeriodState.ESTIMATED


def _require_in_order(draft: PeriodDraft, before: StoredPeriod | None) -> None:
    present = timetables.today()
    if before is not None and before.is_over(present):
        raise FixedError
    if before is not None and before.has_begun(present):
        is_possible = draft.first_day == before.first_day
    else:
        is_possible = present <= draft.first_day < FOR_EVER
    if not is_possible:
        raise InvalidError({"first_day": Problem.OUT_OF_RANGE})
    earliest = max(draft.first_day, present - DAY)  # what is past has held
    if not earliest <= draft.last_day < min(draft.first_day + LONGEST, FOR_EVER):
        raise InvalidError({"last_day": Problem.OUT_OF_RANGE})


def _require_alone(row: ProfilePeriod, draft: PeriodDraft) -> None:
    """No other period has any of these days; whoever writes one holds the site."""
    other = session().scalar(
        select(ProfilePeriod.id)
        .where(
            ProfilePeriod.public_id != row.public_id,
            ProfilePeriod.state != PeriodState.LEFT_OUT,
            ProfilePeriod.first_day <= draft.last_day,
            ProfilePeriod.last_day >= draft.first_day,
        )
        .limit(1)
    )
    if other is not None:
        raise InvalidError({"first_day": Problem.REUSED})


def _row(public_id: str) -> ProfilePeriod:
    row = session().scalar(
        select(ProfilePeriod)
        .where(ProfilePeriod.public_id == public_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFoundError
    return row


# --- what they share ---


def _hold_site() -> None:
    """Those who change profiles come one after the other, so that periods cannot overlap."""
    session().execute(select(Site.id).order_by(Site.id).with_for_update(key_share=True)).all()


def _hours_of(key: int) -> list[int]:
    """The sets of hours that have a week under it."""
    its = select(ProfileWeek.hours_id).where(ProfileWeek.profile_id == key).distinct()
    return sorted(session().scalars(its))


def _facts(row: ProfilePeriod) -> JsonFacts:
    return {
        "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat(),
        "period": row.state.value,
    }


def _write(
    actor: Actor, act: str, key: int, after: JsonFacts | None, before: JsonFacts | None = None
) -> None:
    journal.write(
        actor, act, subject_kind="profile", subject_id=str(key), before=before, after=after
    )


def _count_floors(hours_keys: Collection[int]) -> None:
    """What the plan of a day says of hours, or of expected ones, has changed."""
    with_them = Resource.hours_id.in_(hours_keys)
    revisions.bump(revisions.Scope.FLOOR, inventory.floors_with(with_them))
