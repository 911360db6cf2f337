"""The figures are what anybody would find who counts minute by minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking.core import clock
from booking.reports import usage
from booking.reports.rules import By, Part, Period
from booking.reports.usage import Line, Question
from booking.reservations.models import State
from tests.db.reports import parks
from tests.db.reports.parks import MINUTE, Park, Stay
from tests.installations import Installation

# A week in which the clocks go back, one in which they jump, and a day whose midnight is missing.
WEEKS = {
    "Africa/Casablanca": date(2026, 9, 17),
    "Europe/Paris": date(2026, 3, 26),
    "Africa/Cairo": date(2026, 4, 22),
}
Numbers = Counter[tuple[Hashable, Part, str]]


@pytest.mark.parametrize("zone_name", WEEKS)
def test_figures_are_what_counting_minute_by_minute_gives(
    installation: Installation, zone_name: str
) -> None:
    first = WEEKS[zone_name]
    last = first + timedelta(days=6)

    @settings(max_examples=3, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def reconcile(chance: Random) -> None:
        installation.renew()
        with installation.app.app_context():
            park = parks.build(chance, zone_name, first, last)
            now = datetime.combine(first, time(), UTC) + MINUTE * chance.randrange(7 * 1440)
            count = Count(park, Period(first, last), now)
            with clock.frozen_at(now):
                for by in By:
                    report = usage.usage(park.operator, Question(Period(first, last), by))
                    assert _told(report.lines) == count.lines(by)
                    assert _told([Line(None, None, report.total)]) == count.total()

    reconcile()


def _told(lines: Iterable[Line]) -> Numbers:
    found: Numbers = Counter()
    for line in lines:
        key = line.called.code if line.called else line.key
        for part, figures in line.figures.items():
            for name, number in asdict(figures).items():
                found[key, part, name] += number or 0
    return +found


class Count:
    """Everything counted, one minute of one space after the other."""

    def __init__(self, park: Park, period: Period, now: datetime) -> None:
        self._park = park
        self._now = now
        self._window = period.window(park.zone)
        self._found: Counter[tuple[parks.Space, int | None, datetime, str]] = Counter()
        for space in park.spaces:
            self._count_open(space)
        for stay in park.stays:
            if stay.state is State.CONFIRMED:
                self._count_booked(stay)

    def lines(self, by: By) -> Numbers:
        """By what the lines of a report stand for; what is open is open to every organisation."""
        found: Numbers = Counter()
        for (space, organisation_id, instant, name), number in self._found.items():
            if by is not By.ORGANISATION or name != "open":
                found[
                    self._key(by, space, organisation_id, instant), self._part(instant), name
                ] += number
        for stay, name in self._counted():
            start = stay.interval.starts_at
            keys = {self._key(by, space, stay.organisation_id, start) for space in stay.spaces}
            found.update((key, self._part(start), name) for key in keys)
        return +found

    def total(self) -> Numbers:
        """All of it."""
        found: Numbers = Counter()
        for (_, _, instant, name), number in self._found.items():
            found[None, self._part(instant), name] += number
        found.update(
            (None, self._part(stay.interval.starts_at), name) for stay, name in self._counted()
        )
        return +found

    def _count_open(self, space: parks.Space) -> None:
        for instant in _minutes(self._window.starts_at, self._window.ends_at):
            if space.is_open_at(instant, self._park.zone):
                closed = any(start <= instant < end for start, end in space.closures)
                self._found[space, None, instant, "open"] += space.units - closed

    def _count_booked(self, stay: Stay) -> None:
        for space in stay.spaces:
            for instant in _minutes(stay.interval.starts_at, stay.interval.ends_at):
                if self._window.includes(instant):
                    self._found[space, stay.organisation_id, instant, "booked"] += 1
                    if space.is_open_at(instant, self._park.zone):
                        self._found[space, stay.organisation_id, instant, "booked_open"] += 1

    def _counted(self) -> Iterator[tuple[Stay, str]]:
        for stay in self._park.stays:
            if self._window.includes(stay.interval.starts_at):
                yield stay, stay.state.value
                if stay.was_asked:
                    yield stay, "requests"

    def _part(self, instant: datetime) -> Part:
        return Part.PAST if instant < self._now else Part.COMING

    def _key(
        self, by: By, space: parks.Space, organisation_id: int | None, instant: datetime
    ) -> Hashable:
        local = instant.astimezone(self._park.zone)
        organisations = {one.id: one.public_id for one in self._park.organisations}
        return {
            By.KIND: space.kind,
            By.BUILDING: space.building,
            By.ORGANISATION: organisations.get(organisation_id or 0),
            By.MONTH: f"{local:%Y-%m}",
            By.HOUR: (local.weekday(), local.hour),
        }[by]


def _minutes(starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    while starts_at < ends_at:
        yield starts_at
        starts_at += MINUTE
