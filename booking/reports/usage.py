"""How much was open, booked and asked for in a period: the report behind page, API and CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import product

from booking.core import clock, zones
from booking.core.errors import ForbiddenError, InvalidError, Problem
from booking.core.intervals import Interval
from booking.core.permissions import Action, Actor, Role, require
from booking.reports import queries
from booking.reports.queries import Called, Space, Stay
from booking.reports.rules import By, Ground, Hour, Part, Period, worn
from booking.reports.sums import Figures, Key, Measure, Place, Sums
from booking.reservations.models import State
from booking.spaces.queries import openings

NOTHING: Counter[Measure] = Counter()
CONFIRMED = State.CONFIRMED.value
MEASURES = {
    (state.value, was_asked): (Measure(state.value), *([Measure.REQUESTS] if was_asked else ()))
    for state in State
    for was_asked in (False, True)
}


class View(StrEnum):
    """Whose figures: those of spaces, or those of one's own organisations alone."""

    SPACES = "spaces"
    ORGANISATION = "organisation"


@dataclass(frozen=True)
class Question:
    """What somebody wants to know; codes and a public id, empty where all are meant."""

    period: Period
    by: By = By.KIND
    view: View | None = None  # none: the widest that the actor may have
    kind: str = ""
    building: str = ""
    organisation: str = ""


@dataclass(frozen=True)
class Line:
    """The figures of one kind, building, organisation, month or hour of the week."""

    key: Key
    called: Called | None  # none for months, hours, and what is in no organisation's name
    figures: Mapping[Part, Figures]


@dataclass(frozen=True)
class Choices:
    """What the report can be narrowed to."""

    kinds: tuple[Called, ...]
    buildings: tuple[Called, ...]
    organisations: tuple[Called, ...]


NO_CHOICES = Choices((), (), ())


@dataclass(frozen=True)
class Usage:
    """The whole report."""

    question: Question
    view: View
    lines: tuple[Line, ...]
    total: Mapping[Part, Figures]
    months: tuple[Line, ...]
    hours: Mapping[Hour, Line]
    parts: tuple[Part, ...]  # the sides of the present that the period lies on
    now: datetime
    first_weekday: int
    choices: Choices


def views_of(actor: Actor) -> tuple[View, ...]:
    """The views that this actor may have, the widest first."""
    keeps_spaces = any(actor.has(r) for r in (Role.OPERATOR, Role.AUDITOR, Role.LAB_MANAGER))
    manages = any(membership.is_manager for membership in actor.memberships)
    return (*([View.SPACES] if keeps_spaces else ()), *([View.ORGANISATION] if manages else ()))


def usage(actor: Actor, question: Question) -> Usage:
    """The figures, for what this actor may know of; the statements do not grow with the park.

    Raises ForbiddenError for a view that is not the actor's, InvalidError for what is unknown.
    """
    require(actor, Action.SEE_FIGURES)
    allowed = views_of(actor)
    view = question.view or allowed[0]
    if view not in allowed:
        raise ForbiddenError
    return _Report(actor, question, view).whole()


class _Report:
    """One report in the making."""

    def __init__(self, actor: Actor, question: Question, view: View) -> None:
        self._question = question
        self._view = view
        self._own: frozenset[int] | None = None  # the organisations that limit what is read
        self._places = queries.places_of(actor)
        if view is View.ORGANISATION:
            self._own = frozenset(
                one.organisation_id for one in actor.memberships if one.is_manager
            )
            self._places = queries.EVERYWHERE
        self._kinds = queries.kinds()
        self._buildings = queries.buildings()
        self._all_spaces = queries.spaces(self._places)
        self._spaces = {space.id: space for space in self._wanted()}
        self._organisation_id = queries.organisation_id(question.organisation)
        self._met_organisations: set[int] = set()
        self._grounds = self._lay_grounds(clock.now())
        self._cut = {
            space.id
            for space in self._spaces.values()
            if _life(space, self._ground(space)) != self._ground(space).window
        }
        self._sums = Sums()

    def whole(self) -> Usage:
        """Read, add up, put into lines."""
        if self._view is View.SPACES:
            self._add_open_hours()
        if self._spaces:
            self._add_reservations()
        organisations = queries.organisations(self._met_organisations)
        months, hours = self._month_lines(), self._hour_lines()
        named: dict[By, Iterable[tuple[Key, Called | None]]] = {
            By.KIND: self._kinds.items(),
            By.BUILDING: self._buildings.items(),
            By.ORGANISATION: [*organisations.items(), (None, None)],
        }
        by = self._question.by
        return Usage(
            question=self._question,
            view=self._view,
            lines=self._lines(named[by])
            if by in named
            else {By.MONTH: months, By.HOUR: tuple(hours.values())}[by],
            total=self._of_parts(self._sums.total(), None),
            months=months,
            hours=hours,
            parts=self._parts(),
            now=clock.now(),
            first_weekday=queries.first_weekday(),
            choices=self._choices(organisations),
        )

    # --- what it is about ---

    def _wanted(self) -> Iterator[Space]:
        kind = _id_of("kind", self._question.kind, self._kinds)
        building = _id_of("building", self._question.building, self._buildings)
        for space in self._all_spaces:
            if kind in (None, space.kind_id) and building in (None, space.building_id):
                yield space

    def _lay_grounds(self, now: datetime) -> dict[tuple[int, str], Ground]:
        wanted = {(space.hours_id, space.zone_name) for space in self._spaces.values()}
        period = self._question.period
        found = openings({hours_id for hours_id, _ in wanted}, period.first, period.last)
        return {
            (hours_id, name): Ground(found[hours_id], zones.zone(name), period, now)
            for hours_id, name in wanted
        }

    def _ground(self, space: Space) -> Ground:
        return self._grounds[space.hours_id, space.zone_name]

    def _window(self) -> Interval:
        windows = [ground.window for ground in self._grounds.values()]
        return Interval(
            min(window.starts_at for window in windows), max(window.ends_at for window in windows)
        )

    def _line(self, space: Space, organisation_id: int | None = None) -> Key:
        by = self._question.by
        if by is By.ORGANISATION:
            return organisation_id
        return space.building_id if by is By.BUILDING else space.kind_id

    # --- open hours ---

    def _add_open_hours(self) -> None:
        """Each ground as often as units stand on it; what has a shorter life one by one."""
        units: Counter[tuple[Ground, Key]] = Counter()
        for space in self._spaces.values():
            ground = self._ground(space)
            life = _life(space, ground)
            if life == ground.window:
                units[ground, self._line(space)] += space.units
            elif life is not None:
                self._open(space, life, space.units)
        for (ground, line), count in units.items():
            self._sums.add_minutes(Measure.OPEN, ground.open, line, count)
        for shut in queries.closures(self._window()) if self._spaces else ():
            found = self._spaces.get(shut.resource_id)
            if found is None:
                continue
            life = _life(found, self._ground(found))
            closed = life and _common(life, Interval(shut.starts_at, shut.ends_at))
            if closed is not None:
                self._open(found, closed, -1)

    def _open(self, space: Space, interval: Interval, times: int) -> None:
        minutes = self._ground(space).open_within(interval)
        self._sums.add_minutes(Measure.OPEN, minutes, self._line(space), times)

    # --- reservations ---

    def _add_reservations(self) -> None:
        met = _Met()
        for stay in self._stays():
            if stay.organisation_id is not None:
                self._met_organisations.add(stay.organisation_id)
            space = self._spaces.get(stay.resource_id)
            if space is None or self._organisation_id not in (None, stay.organisation_id):
                continue
            line = self._line(space, stay.organisation_id)
            is_new, in_sums = met.meet(stay.reservation_id, line)
            measures = MEASURES[stay.state, stay.was_asked] if is_new else ()
            day = self._ground(space).days.get(stay.local_start[:10])
            if day is None or day.spans is None or stay.starts_at or space.id in self._cut:
                self._add_by_instants(space, stay, line, measures, in_sums=in_sums)
                continue
            start = stay.local_start[11:]
            place = Place(day.part, day.month, line, in_sums)
            if stay.state == CONFIRMED:
                taken = worn(day.spans, start, stay.local_end[11:])
                self._sums.add_worn(taken, day.weekday, place)
            self._sums.count(measures, (day.weekday, int(start[:2])), place)

    def _add_by_instants(
        self, space: Space, stay: Stay, line: Key, measures: tuple[Measure, ...], *, in_sums: bool
    ) -> None:
        """The exact way: over midnights, jumps of the clock, the present, and ends of lives."""
        ground = self._ground(space)
        interval = _instants(stay, ground)
        if stay.state == CONFIRMED:
            self._sums.add_minutes(Measure.BOOKED, ground.minutes_of(interval), line)
            life = _life(space, ground)
            used = life and _common(life, interval)
            if used is not None:
                self._sums.add_minutes(Measure.BOOKED_OPEN, ground.open_within(used), line)
        if ground.window.includes(interval.starts_at):
            local = zones.to_local(interval.starts_at, ground.zone)
            part = Part.PAST if interval.starts_at < ground.now else Part.COMING
            place = Place(part, f"{local:%Y-%m}", line, in_sums)
            self._sums.count(measures, (local.weekday(), local.hour), place)

    def _stays(self) -> Iterator[Stay]:
        odd_days = {
            day
            for ground in self._grounds.values()
            for day, found in ground.days.items()
            if found.spans is None
        }
        return queries.stays(
            self._window(),
            odd_days,
            places=self._places,
            widest=max(space.units for space in self._spaces.values()),
            organisation_ids=self._own,
        )

    # --- what comes out ---

    def _lines(self, named: Iterable[tuple[Key, Called | None]]) -> tuple[Line, ...]:
        """The lines in which there is anything, in the order of the names.

        What is open is open to every organisation, so that it is no figure of one of them.
        """
        found = self._sums.lines()
        knows_open = self._question.by is not By.ORGANISATION
        if not knows_open:
            for numbers in found.values():
                del numbers[Measure.OPEN]
        met = {line for (_, line), numbers in found.items() if any(numbers.values())}
        return tuple(
            Line(key, called, self._of_parts(found, key, knows_open=knows_open))
            for key, called in named
            if key in met
        )

    def _month_lines(self) -> tuple[Line, ...]:
        found = self._sums.months()
        months = sorted({f"{day:%Y-%m}" for day in self._question.period.days()})
        return tuple(Line(month, None, self._of_parts(found, month)) for month in months)

    def _hour_lines(self) -> dict[Hour, Line]:
        """The hours of the week in which there is anything."""
        found = self._sums.hours()
        met = {hour for (_, hour), numbers in found.items() if any(numbers.values())}
        return {
            hour: Line(hour, None, self._of_parts(found, hour))
            for hour in product(range(7), range(24))
            if hour in met
        }

    def _of_parts(
        self,
        found: Mapping[tuple[Part, Key], Counter[Measure]],
        key: Key,
        *,
        knows_open: bool = True,
    ) -> dict[Part, Figures]:
        knows_open = knows_open and self._view is View.SPACES
        return {
            part: _figures(found.get((part, key), NOTHING), knows_open=knows_open) for part in Part
        }

    def _parts(self) -> tuple[Part, ...]:
        """The sides of the present on which the period lies."""
        if not self._grounds:
            return (Part.PAST,)
        window, now = self._window(), clock.now()
        return (
            *((Part.PAST,) if window.starts_at < now else ()),
            *((Part.COMING,) if window.ends_at > now else ()),
        )

    def _choices(self, organisations: Mapping[int, Called]) -> Choices:
        kinds = {space.kind_id for space in self._all_spaces}
        buildings = {space.building_id for space in self._all_spaces}
        return Choices(
            tuple(called for key, called in self._kinds.items() if key in kinds),
            tuple(called for key, called in self._buildings.items() if key in buildings),
            tuple(organisations.values()),
        )


@dataclass
class _Met:
    """The reservations met so far: one of several resources is met several times."""

    first_line: dict[int, Key] = field(default_factory=dict)
    other_lines: set[tuple[int, Key]] = field(default_factory=set)

    def meet(self, reservation_id: int, line: Key) -> tuple[bool, bool]:
        """Whether it is new in its line, and whether it is new at all."""
        first = self.first_line.setdefault(reservation_id, _UNMET)
        if first is _UNMET:
            self.first_line[reservation_id] = line
            return True, True
        if first == line or (reservation_id, line) in self.other_lines:
            return False, False
        self.other_lines.add((reservation_id, line))
        return True, False


_UNMET = object()


def _id_of(field_name: str, code: str, named: Mapping[int, Called]) -> int | None:
    if not code:
        return None
    for key, called in named.items():
        if called.code == code:
            return key
    raise InvalidError({field_name: Problem.NOT_FOUND})


def _life(space: Space, ground: Ground) -> Interval | None:
    """The part of the period in which the space was in use."""
    window = ground.window
    since, until = space.in_use_since, space.retired_at
    starts_at = max(window.starts_at, since.replace(second=0)) if since else window.starts_at
    ends_at = min(window.ends_at, until.replace(second=0)) if until else window.ends_at
    return Interval(starts_at, ends_at) if starts_at < ends_at else None


def _common(one: Interval, other: Interval) -> Interval | None:
    starts_at = max(one.starts_at, other.starts_at)
    ends_at = min(one.ends_at, other.ends_at)
    return Interval(starts_at, ends_at) if starts_at < ends_at else None


def _instants(stay: Stay, ground: Ground) -> Interval:
    """From the database, or, on an even day, from the clock."""
    if stay.starts_at is not None and stay.ends_at is not None:
        return Interval(stay.starts_at, stay.ends_at)
    return Interval(
        zones.reached(datetime.fromisoformat(stay.local_start), ground.zone),
        zones.reached(datetime.fromisoformat(stay.local_end), ground.zone),
    )


def _figures(numbers: Counter[Measure], *, knows_open: bool) -> Figures:
    return Figures(
        open=numbers[Measure.OPEN] if knows_open else None,
        booked=numbers[Measure.BOOKED],
        booked_open=numbers[Measure.BOOKED_OPEN],
        requests=numbers[Measure.REQUESTS],
        confirmed=numbers[Measure.CONFIRMED],
        pending=numbers[Measure.PENDING],
        declined=numbers[Measure.DECLINED],
        cancelled=numbers[Measure.CANCELLED],
        expired=numbers[Measure.EXPIRED],
    )
