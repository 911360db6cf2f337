"""When a resource is open: a pure value, built from the stored hours."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias
from zoneinfo import ZoneInfo

from booking.core import zones
from booking.core.intervals import Interval, LocalInterval, Span

Week: TypeAlias = tuple[tuple[Span, ...], ...]

DAY_MINUTES = 1440
WHOLE_DAY = Span(0, DAY_MINUTES)
AROUND_THE_CLOCK: Week = ((WHOLE_DAY,),) * 7

_NOON = 13 * 60
_WORKING_DAY = Span(8 * 60, 18 * 60)
_NOW_MINUTES = 60


class InvalidSpansError(ValueError):
    """The spans of a day do not lie in it, one after the other, without overlap."""


class PresetKind(StrEnum):
    """The ready-made times a booking form offers."""

    NOW = "now"
    MORNING = "morning"
    AFTERNOON = "afternoon"
    WHOLE_DAY = "whole_day"


@dataclass(frozen=True, slots=True)
class Preset:
    """A ready-made time that the opening hours and the limits of length allow."""

    kind: PresetKind
    local: LocalInterval


@dataclass(frozen=True, slots=True)
class WeekFrom:
    """The week, Monday first, that holds from a day on until the next version."""

    valid_from: date
    week: Week

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise InvalidSpansError("a week has seven days")
        for spans in self.week:
            check_spans(spans)


@dataclass(frozen=True, slots=True)
class PublicHoliday:
    """A public holiday on which what has these hours closes, or will once it is announced."""

    day: date
    names: Mapping[str, str]
    is_announced: bool


@dataclass(frozen=True, slots=True)
class ProfilePeriod:
    """From which day to which these hours follow a profile, or will once that is announced: its
    weeks, of which the last that has begun holds, as versions do."""

    first: date
    last: date
    names: Mapping[str, str]
    is_announced: bool
    weeks: tuple[WeekFrom, ...]

    def spans_on(self, day: date) -> tuple[Span, ...] | None:
        """The day's spans under the profile; None where it does not hold."""
        if not self.first <= day <= self.last:
            return None
        return _spans_by(self.weeks, day)


@dataclass(frozen=True, slots=True)
class ExpectedHours:
    """Other hours that may still be announced for a day, and would leave out a time on it."""

    day: date
    names: Mapping[str, str]
    spans: tuple[Span, ...]


Expected: TypeAlias = PublicHoliday | ExpectedHours


@dataclass(frozen=True, slots=True)
class Opening:
    """Opening hours: versions of the week, days with hours of their own, public holidays, and the
    periods of profiles, which never overlap.

    The hours of an announced holiday stay those of its weekday: a closure takes the time, and says
    what for. So nothing is closed by two things that could differ.
    """

    versions: tuple[WeekFrom, ...]
    exceptions: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    holidays: tuple[PublicHoliday, ...] = ()
    profiles: tuple[ProfilePeriod, ...] = ()

    def __post_init__(self) -> None:
        for versions in (self.versions, *(one.weeks for one in self.profiles)):
            starts = [version.valid_from for version in versions]
            if any(later <= earlier for earlier, later in pairwise(starts)):
                raise InvalidSpansError("the versions of a week follow one another")
        for spans in self.exceptions.values():
            check_spans(spans)

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The day's spans in order; none on a closed day and before the first version."""
        exception = self.exceptions.get(day)
        if exception is not None:
            return exception
        for profile in self.profiles:
            spans = profile.spans_on(day) if profile.is_announced else None
            if spans is not None:
                return spans
        return _spans_by(self.versions, day) or ()

    def profile_on(self, day: date) -> ProfilePeriod | None:
        """The profile whose hours a day has, or would have once that is announced."""
        if day in self.exceptions:
            return None
        return next((one for one in self.profiles if one.spans_on(day) is not None), None)

    def is_closed_on(self, day: date) -> bool:
        """Whether it has no hours that day, or a public holiday that is announced."""
        return not self.spans_on(day) or any(
            one.is_announced and one.day == day for one in self.holidays
        )

    def expected_within(self, local: LocalInterval) -> list[Expected]:
        """What may still be announced against the wish: public holidays on a day that it touches,
        and hours of a profile that do not cover it."""
        if not self.holidays and not self.profiles:
            return []
        pieces = list(_pieces(local))
        days = {day for day, _span in pieces}
        found = [one for one in self.holidays if not one.is_announced and one.day in days]
        return [*found, *self._expected_hours(pieces)]

    def _expected_hours(self, pieces: Sequence[tuple[date, Span]]) -> Iterator[ExpectedHours]:
        for day, wanted in pieces:
            profile = self.profile_on(day)
            if profile is None or profile.is_announced:
                continue
            spans = profile.spans_on(day) or ()
            if not _is_within(wanted, spans):
                yield ExpectedHours(day, profile.names, spans)

    def open_intervals(self, day: date, zone: ZoneInfo) -> list[Interval]:
        """When it is open on a day; spans that touch are one interval."""
        intervals = []
        for span in joined(self.spans_on(day)):
            opens, closes = span.on(day)
            starts_at = zones.reached(opens, zone)
            # A closing time that happens twice means the second: the hour between is open.
            last = closes if span.closes == DAY_MINUTES else closes.replace(fold=1)
            ends_at = zones.reached(last, zone)
            if starts_at < ends_at:  # the clocks may jump over a whole span
                intervals.append(Interval(starts_at, ends_at))
        return intervals

    def covers(self, local: LocalInterval) -> bool:
        """Whether it is open from start to end, over midnight too."""
        return next(self.uncovered_days(local), None) is None

    def uncovered_days(self, local: LocalInterval) -> Iterator[date]:
        """The days on which the wish reaches outside the open spans, in order."""
        for day, wanted in _pieces(local):
            if not _is_within(wanted, self.spans_on(day)):
                yield day

    def presets(
        self,
        day: date,
        zone: ZoneInfo,
        *,
        now: datetime,
        granularity: int,
        longest: int,
        shortest: int = 0,
        notice: int = 0,
    ) -> tuple[Preset, ...]:
        """Now, Morning, Afternoon, Whole day, each only where the day still allows it.

        A morning and an afternoon are cut to the longest reservation. A whole day that would have
        to be cut is no whole day and is left out, and so is a time that an earlier preset offers.
        """
        fitter = _Fitter(
            earliest=_earliest_minute(day, zone, now=now, granularity=granularity, notice=notice),
            granularity=granularity,
            shortest=max(shortest, granularity),
            longest=longest,
        )
        spans = joined(self.spans_on(day))
        wishes = [*_halves(spans), *_whole(spans, fitter)]
        if notice == 0 and zones.to_local(now, zone).date() == day:
            wishes = [*_now(spans, fitter), *wishes]
        return _offers(wishes, fitter, day, zone)


def check_spans(spans: Sequence[Span]) -> None:
    """Refuse spans that are not sorted, not disjoint, empty, or outside the day."""
    if any(not 0 <= span.opens < span.closes <= DAY_MINUTES for span in spans):
        raise InvalidSpansError("a span opens before it closes, within its day")
    if any(later.opens < earlier.closes for earlier, later in pairwise(spans)):
        raise InvalidSpansError("the spans of a day follow one another")


def joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The same open time with spans that touch made one."""
    result: list[Span] = []
    for span in spans:
        if result and result[-1].closes == span.opens:
            result[-1] = Span(result[-1].opens, span.closes)
        else:
            result.append(span)
    return tuple(result)


def _is_within(wanted: Span, spans: Sequence[Span]) -> bool:
    return any(
        span.opens <= wanted.opens and wanted.closes <= span.closes for span in joined(spans)
    )


def _spans_by(versions: Sequence[WeekFrom], day: date) -> tuple[Span, ...] | None:
    """What the last version that has begun says; None before the first."""
    for version in reversed(versions):
        if version.valid_from <= day:
            return version.week[day.weekday()]
    return None


def _pieces(local: LocalInterval) -> Iterator[tuple[date, Span]]:
    """The part of a local interval on each day that it touches."""
    if local.ends_at <= local.starts_at:  # the clocks go back inside it
        yield local.ends_at.date(), Span(_minute(local.ends_at), _minute(local.starts_at) + 1)
        return
    day = local.starts_at.date()
    opens = _minute(local.starts_at)
    while day < local.ends_at.date():
        yield day, Span(opens, DAY_MINUTES)
        day, opens = day + timedelta(days=1), 0
    closes = _minute(local.ends_at)
    if opens < closes:
        yield day, Span(opens, closes)


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute


def _earliest_minute(
    day: date, zone: ZoneInfo, *, now: datetime, granularity: int, notice: int
) -> int:
    """The first minute of the day that is not past and leaves the notice; it may lie outside."""
    start = (
        now + timedelta(minutes=notice) if notice else zones.running_step(now, zone, granularity)
    )
    since_midnight = zones.to_local(start, zone) - datetime.combine(day, time.min)
    return -(-since_midnight // timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class _Fitter:
    earliest: int
    granularity: int
    shortest: int
    longest: int

    def fit(self, span: Span) -> Span | None:
        """The span on the grid, not past and not too long; nothing where that is too short."""
        opens = -(-max(span.opens, self.earliest) // self.granularity) * self.granularity
        closes = min(span.closes, opens + self.longest) // self.granularity * self.granularity
        return Span(opens, closes) if closes - opens >= self.shortest else None

    def fits_uncut(self, span: Span) -> bool:
        """Whether the longest reservation reaches to the span's end."""
        fitting = self.fit(span)
        return fitting is not None and span.closes - fitting.closes < self.granularity


_Wish: TypeAlias = tuple[PresetKind, Span]


def _now(spans: Sequence[Span], fitter: _Fitter) -> list[_Wish]:
    minute = fitter.earliest
    length = max(_NOW_MINUTES, fitter.shortest)
    return [
        (PresetKind.NOW, Span(minute, min(minute + length, span.closes)))
        for span in spans
        if span.opens <= minute < span.closes
    ]


def _halves(spans: Sequence[Span]) -> Iterator[_Wish]:
    """The morning and the afternoon, parted at the break nearest to 13:00, else at 13:00."""
    before, after = _around_noon(spans)
    if before is not None and before.opens < _NOON:
        yield PresetKind.MORNING, before
    if after is not None and after.closes > _NOON:
        yield PresetKind.AFTERNOON, after


def _around_noon(spans: Sequence[Span]) -> tuple[Span | None, Span | None]:
    breaks = list(pairwise(spans))
    if breaks:
        return min(breaks, key=lambda pair: max(pair[0].closes - _NOON, _NOON - pair[1].opens, 0))
    if not spans:
        return None, None
    # Around the clock, a morning still begins with the working day and an afternoon ends with it.
    day = _WORKING_DAY if spans[0] == WHOLE_DAY else spans[0]
    if day.closes <= _NOON:
        return day, None
    if day.opens >= _NOON:
        return None, day
    return Span(day.opens, _NOON), Span(_NOON, day.closes)


def _whole(spans: Sequence[Span], fitter: _Fitter) -> Iterator[_Wish]:
    if len(spans) == 1 and fitter.fits_uncut(spans[0]):
        yield PresetKind.WHOLE_DAY, spans[0]


def _offers(
    wishes: Sequence[_Wish], fitter: _Fitter, day: date, zone: ZoneInfo
) -> tuple[Preset, ...]:
    offered: dict[LocalInterval, PresetKind] = {}
    for kind, span in wishes:
        fitting = fitter.fit(span)
        local = _existing(fitting, day, zone) if fitting is not None else None
        if local is not None:
            offered.setdefault(local, kind)
    return tuple(Preset(kind, local) for local, kind in offered.items())


def _existing(span: Span, day: date, zone: ZoneInfo) -> LocalInterval | None:
    """The span on the clocks of that day, which may jump over its start or its end."""
    opens, closes = span.on(day)
    starts_at = zones.to_local(zones.reached(opens, zone), zone)
    try:
        local = LocalInterval(starts_at, closes, str(zone))
        local.project()
    except ValueError:
        return None
    return local
