"""How much one person or organisation may have of a resource group: pure counting, no database.

A reservation counts in the period of the site's day on which it begins, whole, and once for each
of its places in the group. While a change waits for approval, the larger of what a reservation has
and what it would have counts, so that a decision never uses more than was counted before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol, Self

from booking.core.instants import Interval
from booking.core.intervals import LocalInterval
from booking.core.refusals import Measure, QuotaExceeded, QuotaOf, QuotaPeriod, Reason, Refusal

DAY = timedelta(days=1)
WEEK = 7 * DAY


class Amount(NamedTuple):
    """Minutes, and the number of reservations."""

    minutes: int = 0
    reservations: int = 0

    def plus(self, other: Amount) -> Amount:
        """Both together."""
        return Amount(self.minutes + other.minutes, self.reservations + other.reservations)

    def or_more(self, other: Amount) -> Amount:
        """Of each the larger."""
        return Amount(max(self.minutes, other.minutes), max(self.reservations, other.reservations))

    def of(self, measure: Measure) -> int:
        """What a limit in this measure looks at."""
        return self.minutes if measure is Measure.MINUTES else self.reservations


@dataclass(frozen=True, slots=True)
class Quota:
    """What a policy lets one person, or one organisation, have in a period; None: no limit."""

    whose: QuotaOf
    period: QuotaPeriod
    minutes: int | None
    count: int | None

    @property
    def limits(self) -> list[tuple[Measure, int]]:
        """Each limit there is."""
        found = ((Measure.MINUTES, self.minutes), (Measure.RESERVATIONS, self.count))
        return [(measure, limit) for measure, limit in found if limit is not None]

    @property
    def is_ahead(self) -> bool:
        """Whether it is about all that has not begun yet."""
        return self.period is QuotaPeriod.AHEAD


def quotas_from(
    person_minutes: int | None,
    person_count: int | None,
    person_period: QuotaPeriod,
    organisation_minutes: int | None,
    organisation_count: int | None,
    organisation_period: QuotaPeriod,
) -> tuple[Quota, ...]:
    """The quotas of a policy; those without a limit are none."""
    found = []
    if person_minutes is not None or person_count is not None:
        found.append(Quota(QuotaOf.PERSON, person_period, person_minutes, person_count))
    if organisation_minutes is not None or organisation_count is not None:
        found.append(
            Quota(
                QuotaOf.ORGANISATION, organisation_period, organisation_minutes, organisation_count
            )
        )
    return tuple(found)


class Counted(NamedTuple):
    """Who something counts for."""

    person_id: int | None
    organisation_id: int | None = None

    def of(self, whose: QuotaOf) -> int | None:
        """The key of the person or of the organisation."""
        return self.person_id if whose is QuotaOf.PERSON else self.organisation_id


NOBODY = Counted(None)


class Group(Protocol):
    """A place, as far as quotas ask: which resource group it belongs to."""

    @property
    def resource_id(self) -> int: ...
    @property
    def policy_id(self) -> int: ...
    @property
    def quotas(self) -> tuple[Quota, ...]: ...


def days_of(period: QuotaPeriod, day: date) -> tuple[date, date] | None:
    """The first day of the period around a day, and the first after it; None for all ahead."""
    match period:
        case QuotaPeriod.DAY:
            return day, day + DAY
        case QuotaPeriod.WEEK:
            monday = day - day.weekday() * DAY
            return monday, monday + WEEK
        case QuotaPeriod.MONTH:
            first = day.replace(day=1)
            return first, (first + 31 * DAY).replace(day=1)
        case QuotaPeriod.AHEAD:
            return None


class Account(NamedTuple):
    """One subject's use of one resource group; what is ahead is counted apart."""

    policy_id: int
    whose: QuotaOf
    subject_id: int
    is_ahead: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What is counted on a day; `reservation_id` where a change waits, of which there are two."""

    day: date
    amount: Amount
    reservation_id: int | None = None


@dataclass
class Used:
    """What one account holds, by day."""

    days: dict[date, Amount] = field(default_factory=dict)
    either: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Count it."""
        if entry.reservation_id is not None:
            self.either.append(entry)
            return
        self.days[entry.day] = self.days.get(entry.day, Amount()).plus(entry.amount)

    def between(self, days: tuple[date, date] | None) -> Amount:
        """All that begins on these days, the second without; of two that stand for one
        reservation, the larger."""
        found = Amount()
        for amount in self._amounts(days):
            found = found.plus(amount)
        larger: dict[int | None, Amount] = {}
        for one in self.either:
            if days is None or days[0] <= one.day < days[1]:
                known = larger.get(one.reservation_id, Amount())
                larger[one.reservation_id] = known.or_more(one.amount)
        for amount in larger.values():
            found = found.plus(amount)
        return found

    @property
    def every_day(self) -> set[date]:
        """The days with anything."""
        return {*self.days, *(one.day for one in self.either)}

    @property
    def first_day(self) -> date | None:
        """The earliest day with anything."""
        return min(self.every_day, default=None)

    def _amounts(self, days: tuple[date, date] | None) -> Iterator[Amount]:
        if days is None:
            yield from self.days.values()
            return
        first, after = days
        for ahead in range((after - first).days):
            amount = self.days.get(first + ahead * DAY)
            if amount is not None:
                yield amount


@dataclass(frozen=True, slots=True)
class Balance:
    """Where one account stands against its quota, and what a wish adds.

    `had` is what the reservation that changes counted in the same period: it is not in `used`.
    """

    policy_id: int
    quota: Quota
    days: tuple[date, date] | None
    used: Amount
    wanted: Amount
    had: Amount
    frees_on: date | None

    @classmethod
    def of(
        cls, policy_id: int, quota: Quota, days: tuple[date, date] | None, used: Used
    ) -> Balance:
        """Where an account stands, nothing wished for."""
        frees_on = used.first_day if days is None else days[1]
        return cls(policy_id, quota, days, used.between(days), Amount(), Amount(), frees_on)

    @property
    def is_over(self) -> bool:
        """Whether more is used than may be."""
        return any(self.used.of(measure) > limit for measure, limit in self.quota.limits)

    def exceeded(self) -> Iterator[QuotaExceeded]:
        """Each limit that the wish would pass; what asks for no more than it had passes none."""
        for measure, limit in self.quota.limits:
            wanted = self.wanted.of(measure)
            if wanted > self.had.of(measure) and self.used.of(measure) + wanted > limit:
                yield self.facts(measure, limit)

    def facts(self, measure: Measure, limit: int) -> QuotaExceeded:
        """The balance as a refusal, and a page, tell it."""
        return QuotaExceeded(
            whose=self.quota.whose,
            period=self.quota.period,
            measure=measure,
            limit=limit,
            used=self.used.of(measure),
            wanted=self.wanted.of(measure),
            starts_on=None if self.days is None else self.days[0],
            frees_on=self.frees_on,
        )

    @property
    def told(self) -> list[QuotaExceeded]:
        """The same of each limit, passed or not."""
        return [self.facts(measure, limit) for measure, limit in self.quota.limits]


@dataclass(frozen=True)
class Own:
    """What a reservation that changes counts so far in one resource group."""

    policy_id: int
    starts_at: datetime
    day: date
    amount: Amount


@dataclass(frozen=True)
class Counting:
    """What was read of the accounts that a wish touches, and for whom it is.

    `take` counts a wish as if it were booked: what is judged after it stands against it, too.
    """

    holder: Counted
    now: datetime
    used: dict[Account, Used] = field(default_factory=dict)
    own: tuple[Own, ...] = ()

    def of(self, holder: Counted) -> Self:
        """The same accounts, for somebody else."""
        return replace(self, holder=holder)

    def balances(
        self, places: Sequence[Group], local: LocalInterval, interval: Interval
    ) -> dict[int, tuple[Balance, ...]]:
        """The balances that a wish touches, under the first of its places in each group."""
        found: dict[int, tuple[Balance, ...]] = {}
        for policy_id, of_group in _by_group(places).items():
            amount = _amount(interval, len(of_group))
            balances = tuple(
                self._balance(account, quota, amount, local.starts_at.date(), interval.starts_at)
                for quota, account in self._accounts(of_group[0].quotas, policy_id)
            )
            if balances:
                found[of_group[0].resource_id] = balances
        return found

    def balances_of(
        self, place: Group, local: LocalInterval, interval: Interval
    ) -> tuple[Balance, ...]:
        """The same of one place."""
        return self.balances([place], local, interval).get(place.resource_id, ())

    def refusals(
        self, places: Sequence[Group], local: LocalInterval, interval: Interval, codes: str
    ) -> tuple[Refusal, ...]:
        """What the quotas say to a wish."""
        balances = self.balances(places, local, interval).values()
        return tuple(refusal for one in balances for refusal in refused(one, codes))

    def stand(self, group: Group, day: date) -> list[Balance]:
        """Where the accounts of one group stand in the period around a day."""
        return [
            Balance.of(
                group.policy_id, quota, days_of(quota.period, day), self.used.get(account, Used())
            )
            for quota, account in self._accounts(group.quotas, group.policy_id)
        ]

    def take(
        self,
        places: Sequence[Group],
        local: LocalInterval,
        interval: Interval,
        reservation_id: int | None = None,
    ) -> None:
        """Count it from now on; with the key of a reservation, as one of the two it may become."""
        for policy_id, of_group in _by_group(places).items():
            amount = _amount(interval, len(of_group))
            entry = Entry(local.starts_at.date(), amount, reservation_id)
            for _quota, account in self._accounts(of_group[0].quotas, policy_id):
                if not account.is_ahead or interval.starts_at > self.now:
                    self.used.setdefault(account, Used()).add(entry)

    def _accounts(self, quotas: Iterable[Quota], policy_id: int) -> Iterator[tuple[Quota, Account]]:
        for quota in quotas:
            subject_id = self.holder.of(quota.whose)
            if subject_id is not None:
                yield quota, Account(policy_id, quota.whose, subject_id, quota.is_ahead)

    def _balance(
        self, account: Account, quota: Quota, amount: Amount, day: date, starts_at: datetime
    ) -> Balance:
        days = days_of(quota.period, day)
        used = self.used.get(account, Used())
        counts = not quota.is_ahead or starts_at > self.now
        return Balance(
            account.policy_id,
            quota,
            days,
            used.between(days),
            amount if counts else Amount(),
            self._had(account, days),
            used.first_day if days is None else days[1],
        )

    def _had(self, account: Account, days: tuple[date, date] | None) -> Amount:
        found = Amount()
        for one in self.own:
            counts = one.starts_at > self.now if days is None else days[0] <= one.day < days[1]
            if one.policy_id == account.policy_id and counts:
                found = found.or_more(one.amount)
        return found


def refused(balances: Iterable[Balance], code: str) -> Iterator[Refusal]:
    """A refusal for each limit that is passed."""
    for balance in balances:
        for facts in balance.exceeded():
            yield Refusal(Reason.QUOTA_EXCEEDED, facts, code)


def of_places(places: Iterable[Group]) -> Mapping[int, tuple[Quota, ...]]:
    """The quotas of these places, by their resource group."""
    return {place.policy_id: place.quotas for place in places if place.quotas}


def _by_group(places: Sequence[Group]) -> dict[int, list[Group]]:
    found: dict[int, list[Group]] = {}
    for place in places:
        if place.quotas:
            found.setdefault(place.policy_id, []).append(place)
    return found


def _amount(interval: Interval, places: int) -> Amount:
    return Amount(interval.minutes * places, places)
