"""Adding up minutes and counts, by line and month and by hour of the week; pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from booking.reports.rules import Hour, Minutes, Part, Worn

Key: TypeAlias = Hashable  # the id of a kind, a building or an organisation; none for nobody's


class Measure(StrEnum):
    """What is added up: minutes, requests, and reservations by their states."""

    OPEN = "open"
    BOOKED = "booked"
    BOOKED_OPEN = "booked_open"
    REQUESTS = "requests"
    CONFIRMED = "confirmed"
    PENDING = "pending"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Figures:
    """What was added up on one side of the present; times in minutes, so that sums are exact."""

    open: int | None  # none where it is not for this reader, or means nothing
    booked: int  # of confirmed reservations
    booked_open: int  # of that, what lies within the opening hours
    requests: int  # what somebody had to decide on, whatever became of it
    confirmed: int
    pending: int
    declined: int
    cancelled: int
    expired: int

    @property
    def rate(self) -> float | None:
        """The share of the open time that is booked; none where nothing is open."""
        return self.booked_open / self.open if self.open else None


TIMES = frozenset({Measure.OPEN, Measure.BOOKED, Measure.BOOKED_OPEN})


class Place(NamedTuple):
    """Where numbers belong.

    A reservation of several resources is met several times. Its minutes are added each time; it is
    itself counted once in every line, and once in the sums.
    """

    part: Part
    month: str
    line: Key
    in_sums: bool = True


@dataclass
class Sums:
    """All numbers of a report."""

    _by_line: dict[Place, Counter[Measure]] = field(default_factory=lambda: defaultdict(Counter))
    _by_hour: dict[tuple[Part, Key], Counter[Measure]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    _even: Counter[tuple[Part, int, Worn]] = field(default_factory=Counter)

    def add_minutes(self, measure: Measure, minutes: Minutes, line: Key, times: int = 1) -> None:
        """Minutes laid on the clock, so many times."""
        for (part, month), number in minutes.by_month.items():
            self._by_line[Place(part, month, line)][measure] += times * number
        for place, number in minutes.by_hour.items():
            self._by_hour[place][measure] += times * number

    def add_worn(self, worn: Worn, weekday: int, place: Place) -> None:
        """The booked minutes of a time of an even day; spread over its hours in the end."""
        numbers = self._by_line[place]
        numbers[Measure.BOOKED] += worn.minutes
        numbers[Measure.BOOKED_OPEN] += worn.open_minutes
        self._even[place.part, weekday, worn] += 1

    def count(self, measures: tuple[Measure, ...], hour: Hour, place: Place) -> None:
        """A reservation, where it begins."""
        numbers = self._by_line[place]
        for measure in measures:
            numbers[measure] += 1
            if place.in_sums:
                self._by_hour[place.part, hour][measure] += 1

    def hours(self) -> dict[tuple[Part, Key], Counter[Measure]]:
        """The numbers by hour of the week."""
        for (part, weekday, worn), times in self._even.items():
            for hour, minutes, open_minutes in worn.hours:
                numbers = self._by_hour[part, (weekday, hour)]
                numbers[Measure.BOOKED] += times * minutes
                numbers[Measure.BOOKED_OPEN] += times * open_minutes
        self._even.clear()
        return self._by_hour

    def lines(self) -> dict[tuple[Part, Key], Counter[Measure]]:
        """The numbers by line."""
        return self._added(lambda place: place.line, each_line=True)

    def months(self) -> dict[tuple[Part, Key], Counter[Measure]]:
        """The numbers by month."""
        return self._added(lambda place: place.month)

    def total(self) -> dict[tuple[Part, Key], Counter[Measure]]:
        """All numbers."""
        return self._added(lambda place: None)

    def _added(
        self, key_of: Callable[[Place], Key], *, each_line: bool = False
    ) -> dict[tuple[Part, Key], Counter[Measure]]:
        found: dict[tuple[Part, Key], Counter[Measure]] = defaultdict(Counter)
        for place, numbers in self._by_line.items():
            for measure, number in numbers.items():
                if each_line or place.in_sums or measure in TIMES:
                    found[place.part, key_of(place)][measure] += number
        return found
