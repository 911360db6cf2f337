"""Reading profiles: their weeks by set of hours, their periods, and what could be proposed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import select

from booking.core.database import session
from booking.core.errors import NotFoundError
from booking.core.fingerprints import fingerprint
from booking.core.intervals import Span
from booking.core.permissions import Action, Actor, require
from booking.profiles import proposals
from booking.profiles.drafts import PeriodDraft, ProfileDraft, ProfileWeekDraft
from booking.profiles.proposals import Proposal
from booking.reservations import ahead
from booking.reservations.ahead import Left
from booking.spaces import timetables
from booking.spaces.models import (
    Hours,
    PeriodState,
    Profile,
    ProfileCode,
    ProfilePeriod,
    ProfileSpan,
    ProfileWeek,
)
from booking.spaces.opening import Week
from booking.spaces.queries import openings

AnyFound = TypeVar("AnyFound")


@dataclass(frozen=True)
class StoredWeek:
    """The week of a set of hours under a profile, as it holds or will."""

    hours_key: int
    names: Mapping[str, str]  # of the set
    valid_from: date
    week: Week

    @property
    def draft(self) -> ProfileWeekDraft:
        """As it would be typed."""
        return ProfileWeekDraft(week=tuple(timetables.drafted(day) for day in self.week))

    @property
    def mark(self) -> str:
        """The fingerprint that a form or an ETag carries."""
        return fingerprint(self.draft.values)


@dataclass(frozen=True)
class StoredPeriod:
    """A period of a profile."""

    public_id: str
    profile_key: int
    first_day: date
    last_day: date
    state: PeriodState
    hijri_year: int | None

    @property
    def draft(self) -> PeriodDraft:
        """As it would be typed."""
        return PeriodDraft(
            first_day=self.first_day,
            last_day=self.last_day,
            is_announced=self.state is PeriodState.ANNOUNCED,
        )

    @property
    def mark(self) -> str:
        """The fingerprint that a form or an ETag carries."""
        return fingerprint(self.draft.values)

    def has_begun(self, today: date) -> bool:
        """Whether its hours have held for a day that is past."""
        return self.state is PeriodState.ANNOUNCED and self.first_day < today

    def is_over(self, today: date) -> bool:
        """Whether it has held, and does so no more."""
        return self.state is PeriodState.ANNOUNCED and self.last_day < today


@dataclass(frozen=True)
class StoredProfile:
    """A profile with its weeks, by the set of hours, and its periods, the last first."""

    key: int
    draft: ProfileDraft
    code: ProfileCode | None
    weeks: tuple[StoredWeek, ...]
    periods: tuple[StoredPeriod, ...]

    @property
    def mark(self) -> str:
        """The fingerprint that a form or an ETag carries."""
        return fingerprint(self.draft.values)


def profiles() -> list[StoredProfile]:
    """All of them, in the order in which they were added."""
    rows = session().execute(select(Profile.id, Profile.names, Profile.code).order_by(Profile.id))
    weeks, periods = _weeks(), _periods()
    return [
        StoredProfile(
            key,
            ProfileDraft(names=dict(names)),
            code,
            tuple(weeks.get(key, ())),
            tuple(periods.get(key, ())),
        )
        for key, names, code in rows
    ]


def profile(key: int) -> StoredProfile:
    """One of them; raises NotFoundError."""
    return _only([one for one in profiles() if one.key == key])


def week(profile_key: int, hours_key: int) -> StoredWeek:
    """The week of a set; raises NotFoundError where it has none under this profile."""
    return _only([one for one in profile(profile_key).weeks if one.hours_key == hours_key])


def period(public_id: str) -> StoredPeriod:
    """One period; raises NotFoundError."""
    found = (one for its in _periods().values() for one in its)
    return _only([one for one in found if one.public_id == public_id])


def outside(found: StoredProfile) -> tuple[Left, ...]:
    """The reservations ahead that lie outside the hours of the sets that follow the profile, while
    it holds."""
    present = timetables.today()
    held = [
        one
        for one in found.periods
        if one.state is PeriodState.ANNOUNCED and not one.is_over(present)
    ]
    hours_keys = [one.hours_key for one in found.weeks]
    if not held or not hours_keys:
        return ()
    first = max(min(one.first_day for one in held), present)
    last = max(one.last_day for one in held)
    return ahead.all_outside(openings(hours_keys, first, last), first, last)


def missing(actor: Actor) -> list[Proposal]:
    """The Ramadans of the year ahead that nobody has entered, nor anything else for their days."""
    require(actor, Action.OPERATE)
    first = timetables.today()
    known = [one for its in _periods().values() for one in its]
    years = {one.hijri_year for one in known}  # also of one that was moved and is over
    taken = [one for one in known if one.state is not PeriodState.LEFT_OUT]
    return [
        one
        for one in proposals.proposals(first)
        if one.hijri_year not in years and not any(_meet(one, other) for other in taken)
    ]


def _meet(one: Proposal, other: StoredPeriod) -> bool:
    return other.first_day <= one.last_day and one.first_day <= other.last_day


def _only(found: Sequence[AnyFound]) -> AnyFound:
    if not found:
        raise NotFoundError
    return found[0]


def _weeks() -> dict[int, list[StoredWeek]]:
    """Of each profile and set, the one that begins last."""
    rows = session().execute(
        select(
            ProfileWeek.profile_id,
            ProfileWeek.hours_id,
            Hours.names,
            ProfileWeek.valid_from,
            ProfileSpan.weekday,
            ProfileSpan.opens,
            ProfileSpan.closes,
        )
        .join(Hours, Hours.id == ProfileWeek.hours_id)
        .outerjoin(ProfileSpan, ProfileSpan.week_id == ProfileWeek.id)
        .order_by(
            ProfileWeek.profile_id, ProfileWeek.hours_id, ProfileWeek.valid_from, ProfileSpan.opens
        )
    )
    last: dict[tuple[int, int], tuple[Mapping[str, str], date]] = {}
    spans: dict[tuple[int, int, date], list[list[Span]]] = {}
    for profile_id, hours_id, said, valid_from, weekday, opens, closes in rows:
        last[profile_id, hours_id] = (said, valid_from)
        days = spans.setdefault((profile_id, hours_id, valid_from), [[] for _ in range(7)])
        if weekday is not None:
            days[weekday].append(Span(opens, closes))
    found: dict[int, list[StoredWeek]] = defaultdict(list)
    for (profile_id, hours_id), (names, valid_from) in last.items():
        whole = tuple(map(tuple, spans[profile_id, hours_id, valid_from]))
        found[profile_id].append(StoredWeek(hours_id, names, valid_from, whole))
    return found


def _periods() -> dict[int, list[StoredPeriod]]:
    rows = session().execute(
        select(
            ProfilePeriod.public_id,
            ProfilePeriod.profile_id,
            ProfilePeriod.first_day,
            ProfilePeriod.last_day,
            ProfilePeriod.state,
            ProfilePeriod.hijri_year,
        ).order_by(ProfilePeriod.first_day.desc(), ProfilePeriod.id)
    )
    found: dict[int, list[StoredPeriod]] = defaultdict(list)
    for row in rows:
        found[row.profile_id].append(StoredPeriod(*row))
    return found
