"""The house rules, each a pure check of one limit; all of them run on every wish."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.core.intervals import Interval, LocalInterval
from booking.core.refusals import (
    ClosedDay,
    Facts,
    InThePast,
    LayoutKind,
    NotAuthorised,
    NotEligible,
    OffGrid,
    OutOfOrder,
    OutsideHours,
    OverCapacity,
    Reason,
    Refusal,
    Seating,
    TooFar,
    TooLong,
    TooShort,
    TooSoon,
    WhoMayBook,
)
from booking.policies.quotas import Balance, Quota, refused
from booking.spaces.opening import Opening

# Until when somebody is authorised, by the key of the policy.
Rights: TypeAlias = Mapping[int, date]
NO_RIGHTS: Rights = {}

__all__ = [
    "NO_RIGHTS",
    "RULES",
    "RULES_OF_SHORTENING",
    "Booker",
    "Buffers",
    "Case",
    "Limits",
    "Rights",
    "Rule",
    "Subject",
    "Verdict",
    "WhoMayBook",
    "judge",
    "lacking",
]


class Buffers(NamedTuple):
    """How many minutes stay free before and after each reservation."""

    setup: int = 0
    cleanup: int = 0

    def around(self, interval: Interval) -> Interval:
        """From the beginning of set-up to the end of cleaning; real minutes, whatever the clocks
        on the wall do, also outside the opening hours."""
        if not any(self):
            return interval
        return Interval(
            interval.starts_at - timedelta(minutes=self.setup),
            interval.ends_at + timedelta(minutes=self.cleanup),
        )

    def inside(self, free: Interval) -> tuple[datetime, datetime]:
        """From when until when a reservation can last in a free time; nothing fits where the
        first is not before the second."""
        return (
            free.starts_at + timedelta(minutes=self.setup),
            free.ends_at - timedelta(minutes=self.cleanup),
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings of one policy: lengths and deadlines in minutes, the horizon in days."""

    granularity: int
    shortest: int
    longest: int
    notice: int
    horizon: int
    who_may_book: WhoMayBook
    needs_approval: bool
    holds_while_pending: bool
    decide_within: int
    setup_minutes: int = 0
    cleanup_minutes: int = 0
    series_horizon: int | None = None  # none: that of single reservations
    asks_for_authorisation: bool = False
    quotas: tuple[Quota, ...] = ()

    def for_series(self) -> Limits:
        """The same limits as they hold for dates that repeat."""
        horizon = self.horizon if self.series_horizon is None else self.series_horizon
        return replace(self, horizon=horizon)

    def __post_init__(self) -> None:
        if self.granularity <= 0 or self.granularity % 5:
            raise ValueError("the granularity is a multiple of 5 minutes")
        if not 0 < self.shortest <= self.longest:
            raise ValueError("the shortest reservation is not longer than the longest")
        if self.notice < 0 or self.horizon < 0 or self.decide_within <= 0:
            raise ValueError("notice and horizon lie ahead, and a decision takes time")

    @property
    def buffers(self) -> Buffers:
        """What stays free around each reservation."""
        return Buffers(self.setup_minutes, self.cleanup_minutes)


@dataclass(frozen=True, slots=True)
class Subject:
    """The resource that is wished for; `expected_back` is a wall clock time of its site."""

    public_id: str
    code: str
    capacity: int
    out_of_order: bool = False
    out_of_order_reason: str = ""
    expected_back: datetime | None = None
    layout: LayoutKind | None = None  # in which it is set out
    other_layouts: tuple[Seating, ...] = ()


@dataclass(frozen=True, slots=True)
class Booker:
    """Who the reservation is for, as far as the rules ask."""

    is_member: bool


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the rules look at.

    `was` is the interval of the reservation that changes. `keeps_place` says that it also stays on
    this resource, so that a change inside its old time takes nothing from anybody.
    """

    subject: Subject
    limits: Limits
    opening: Opening
    local: LocalInterval
    interval: Interval
    headcount: int
    booker: Booker
    now: datetime
    was: Interval | None = None
    keeps_place: bool = False
    balances: tuple[Balance, ...] = ()
    authorised_until: date | None = None  # none: not authorised for this resource group

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the site."""
        return self.local.zone

    @property
    def only_shortens(self) -> bool:
        """Whether the change stays inside the reservation's own time and place."""
        return self.keeps_place and self.was is not None and self.was.contains(self.interval)

    @property
    def keeps_start(self) -> bool:
        """Whether the reservation begins when and where it always did: another place has a notice
        and a horizon of its own."""
        starts_as_before = self.was is not None and self.was.starts_at == self.interval.starts_at
        return self.keeps_place and starts_as_before

    @property
    def is_running(self) -> bool:
        """Whether the reservation that changes has begun."""
        return self.was is not None and self.was.starts_at <= self.now

    def refuse(self, reason: Reason, facts: Facts) -> Refusal:
        """A refusal that names this resource."""
        return Refusal(reason, facts, resource_code=self.subject.code)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say to a wish."""

    refusals: tuple[Refusal, ...]
    needs_approval: bool

    @property
    def allowed(self) -> bool:
        """Whether no rule refuses."""
        return not self.refusals


Rule: TypeAlias = Callable[[Case], Iterator[Refusal]]


def judge(case: Case) -> Verdict:
    """Run every rule. A change that only gives time back is spared what cannot be its fault:
    the limits may have changed since, and to refuse it would keep the time taken."""
    rules = RULES_OF_SHORTENING if case.only_shortens else RULES
    return Verdict(
        refusals=tuple(refusal for rule in rules for refusal in rule(case)),
        needs_approval=case.limits.needs_approval and not case.only_shortens,
    )


def within_hours(case: Case) -> Iterator[Refusal]:
    """Open from start to end; names the first closed day and the first that is open too short."""
    told: set[Reason] = set()
    for day in case.opening.uncovered_days(case.local):
        spans = case.opening.spans_on(day)
        reason = Reason.OUTSIDE_HOURS if spans else Reason.CLOSED_DAY
        if reason not in told:
            told.add(reason)
            yield case.refuse(reason, OutsideHours(day, spans) if spans else ClosedDay(day))
        if len(told) == 2:
            return


def on_the_grid(case: Case) -> Iterator[Refusal]:
    """Start and end stand on whole steps after midnight."""
    granularity = case.limits.granularity
    if _off_grid(case.local.starts_at, granularity) or _off_grid(case.local.ends_at, granularity):
        yield case.refuse(Reason.OFF_GRID, OffGrid(granularity))


def long_enough(case: Case) -> Iterator[Refusal]:
    """At least the shortest; the rest of a running reservation may be given back at any step."""
    if case.only_shortens and case.is_running and case.keeps_start:
        return
    minutes = max(case.interval.minutes, case.local.minutes)
    if minutes < case.limits.shortest:
        yield case.refuse(Reason.TOO_SHORT, TooShort(case.limits.shortest, minutes))


def short_enough(case: Case) -> Iterator[Refusal]:
    """At most the longest. On a day of 25 hours, a whole day is still a day: where the clocks
    change inside a wish, the reading that suits the member counts."""
    minutes = min(case.interval.minutes, case.local.minutes)
    if minutes > case.limits.longest:
        yield case.refuse(Reason.TOO_LONG, TooLong(case.limits.longest, minutes))


def not_past(case: Case) -> Iterator[Refusal]:
    """The step that runs now is not past yet, and a start that stays may be."""
    step = zones.running_step(case.now, case.zone, case.limits.granularity)
    begins_in_time = case.keeps_start or case.interval.starts_at >= step
    if not begins_in_time or case.interval.ends_at < step:
        yield case.refuse(Reason.IN_THE_PAST, InThePast(zones.to_local(step, case.zone)))


def with_notice(case: Case) -> Iterator[Refusal]:
    """Wished early enough; without a notice only the past is too late."""
    notice = case.limits.notice
    earliest = case.now + timedelta(minutes=notice)
    if notice and not case.keeps_start and case.interval.starts_at < earliest:
        yield case.refuse(Reason.TOO_SOON, TooSoon(notice, _next_step(case, earliest)))


def within_horizon(case: Case) -> Iterator[Refusal]:
    """Not further ahead than the horizon, counted in days of the site."""
    horizon = case.limits.horizon
    last_day = zones.to_local(case.now, case.zone).date() + timedelta(days=horizon)
    if not case.keeps_start and case.local.starts_at.date() > last_day:
        yield case.refuse(Reason.TOO_FAR, TooFar(horizon, last_day))


def within_capacity(case: Case) -> Iterator[Refusal]:
    """No more people than fit."""
    if case.headcount > case.subject.capacity:
        facts = too_many(case.subject, case.headcount)
        yield case.refuse(Reason.OVER_CAPACITY, facts)


def too_many(subject: Subject, headcount: int) -> OverCapacity:
    """How many fit as it is set out, and in which layouts so many would."""
    instead = (one for one in subject.other_layouts if one.capacity >= headcount)
    return OverCapacity(subject.capacity, headcount, subject.layout, tuple(instead))


def in_order(case: Case) -> Iterator[Refusal]:
    """The resource works, or is expected to work again by the start."""
    subject = case.subject
    back = subject.expected_back
    if subject.out_of_order and (back is None or case.local.starts_at < back):
        yield case.refuse(Reason.OUT_OF_ORDER, OutOfOrder(subject.out_of_order_reason, back))


def may_book(case: Case) -> Iterator[Refusal]:
    """The policy takes wishes of this booker."""
    if case.limits.who_may_book is WhoMayBook.MEMBERS and not case.booker.is_member:
        yield case.refuse(Reason.NOT_ELIGIBLE, NotEligible(case.limits.who_may_book))


def authorised(case: Case) -> Iterator[Refusal]:
    """Where the policy asks, whoever it is for is authorised on the day of the use."""
    found = lacking(case.limits, case.local, case.authorised_until)
    if found is not None:
        yield case.refuse(Reason.NOT_AUTHORISED, found)


def lacking(limits: Limits, local: LocalInterval, until: date | None) -> NotAuthorised | None:
    """What is missing to a use whose last day is not covered; one that ends at midnight does not
    use the day that begins then."""
    if not limits.asks_for_authorisation:
        return None
    day = (local.ends_at - timedelta(microseconds=1)).date()
    return NotAuthorised(day, until) if until is None or until < day else None


def within_quota(case: Case) -> Iterator[Refusal]:
    """No more than one person, and one organisation, may have of this resource group. A wish of
    several places of the group asks once, at the first of them."""
    yield from refused(case.balances, case.subject.code)


RULES: tuple[Rule, ...] = (
    may_book,
    authorised,
    in_order,
    not_past,
    within_hours,
    on_the_grid,
    long_enough,
    short_enough,
    with_notice,
    within_horizon,
    within_capacity,
    within_quota,
)

RULES_OF_SHORTENING: tuple[Rule, ...] = (not_past, on_the_grid, long_enough, within_capacity)


def _off_grid(local: datetime, granularity: int) -> bool:
    minute = local.hour * 60 + local.minute
    return minute % granularity != 0 or local.second != 0 or local.microsecond != 0


def _next_step(case: Case, instant: datetime) -> datetime:
    """The wall clock time of the first step of the grid at or after an instant."""
    granularity = case.limits.granularity
    step = zones.running_step(instant, case.zone, granularity)
    if step < instant:
        step += timedelta(minutes=granularity)
    return zones.to_local(step, case.zone)
