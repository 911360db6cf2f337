"""Series in the bodies and answers of the API: shapes, read into wishes and filled from looks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec

from booking.core import schema
from booking.core.errors import InvalidError, Problem
from booking.core.refusals import LayoutKind, Refusal, facts_as_json
from booking.core.schema import Moment, PublicId, moment, public_id
from booking.reservations import series, series_changing
from booking.reservations.alternatives import Alternative
from booking.reservations.models import SkipReason, State
from booking.reservations.queries import Details
from booking.reservations.repetition import Every, MonthlyBy, Repetition
from booking.reservations.series import Dated, Instead, Look, OnConflict, SeriesWish
from booking.reservations.series_cancelling import Going
from booking.reservations.series_changing import Fate, Planned, Wanted
from booking.reservations.series_changing import Look as Changes
from booking.reservations.shapes import (
    AlternativeShown,
    AnnouncementExpected,
    LocalTimes,
    Reason,
    expected_as_json,
)
from booking.reservations.wishes import Wish, checked_resources

DAY_MINUTES = 24 * 60
_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Holder(msgspec.Struct, forbid_unknown_fields=True):
    """For whom: a colleague, and in which organisation, or a guest without an account, by name;
    without either, whoever books."""

    person: PublicId | None = None
    organisation: PublicId | None = None
    guest: str = ""


class RepetitionShape(msgspec.Struct, forbid_unknown_fields=True):
    """How a series repeats; `weekdays` go with weeks, `monthly_by` with months, and either `until`
    or `count` ends it."""

    every: Every
    interval: int = 1
    weekdays: list[str] = []
    monthly_by: MonthlyBy = MonthlyBy.DATE
    until: date | None = None
    count: int | None = None
    skip_closed_days: bool = True


class ExceptionShape(msgspec.Struct, forbid_unknown_fields=True):
    """What is other on one date: it is skipped, or at another time or place."""

    date: date
    skip: bool = False
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    resources: list[PublicId] | None = None


class SeriesPreview(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /series/preview."""

    resources: list[PublicId]
    starts_at: Moment
    ends_at: Moment
    repetition: RepetitionShape
    title: str = ""
    headcount: int = 1
    layout: LayoutKind | None = None
    holder: Holder = msgspec.field(default_factory=Holder)
    exceptions: list[ExceptionShape] = []


class DateShown(msgspec.Struct):
    """A date of a wished series: free, skipped, or in conflict with `reasons`."""

    date: date
    starts_at: str
    ends_at: str
    state: str
    resources: list[PublicId]
    needs_approval: bool
    reasons: list[Reason]
    alternatives: list[AlternativeShown]
    skipped: SkipReason | msgspec.UnsetType = msgspec.UNSET
    subject_to_announcement: list[AnnouncementExpected] | msgspec.UnsetType = msgspec.UNSET


class PreviewShown(msgspec.Struct):
    """Every date of a wished series."""

    dates: list[DateShown]
    needs_approval: bool
    free: int
    conflicts: int


class SeriesDateShown(msgspec.Struct):
    """A date of a series: its reservation, or why there is none."""

    starts_at: str
    state: State | msgspec.UnsetType = msgspec.UNSET
    reservation: PublicId | msgspec.UnsetType = msgspec.UNSET
    skipped: SkipReason | msgspec.UnsetType = msgspec.UNSET


class SeriesCancellation(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /series/{id}/cancel and of its preview: since which reservation, all
    without one; `seen` is the mark of the dates that are confirmed."""

    since: PublicId | None = None
    reason: str = ""
    seen: str | None = None


class GoingShown(msgspec.Struct):
    """A date that an act on several would cancel, or why it stays; without `reasons` it is not
    yours to cancel."""

    reservation: PublicId
    starts_at: str
    ends_at: str
    state: State
    reasons: list[Reason]


class CancellationShown(msgspec.Struct):
    """What would be cancelled, what of the dates ahead would stay, and the mark of the former."""

    dates: list[GoingShown]
    staying: list[GoingShown]
    seen: str


class AddedDate(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /series/{id}/dates: the day by which the series names the date."""

    date: date


class ChosenShape(msgspec.Struct, forbid_unknown_fields=True):
    """What one date shall be instead: as it is, or another time or place."""

    reservation: PublicId
    leave: bool = False
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    resources: list[PublicId] | None = None


class SeriesChange(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /series/{id} and of its preview; what is absent stays.

    `starts` and `ends` are times of the day, such as 14:00; `seen` is the mark of the dates ahead
    that the preview named.
    """

    since: PublicId | None = None
    starts: str | None = None
    ends: str | None = None
    resources: list[PublicId] | None = None
    title: str | None = None
    headcount: int | None = None
    layout: LayoutKind | msgspec.UnsetType | None = msgspec.UNSET
    changes_others: bool = False
    choices: list[ChosenShape] = []
    seen: str | None = None


class ChangeShown(msgspec.Struct):
    """A date ahead as a change would leave it; of a conflict `alternatives` say what would do."""

    reservation: PublicId
    fate: Fate
    starts_at: str
    ends_at: str
    resources: list[PublicId]
    needs_approval: bool
    reasons: list[Reason]
    alternatives: list[AlternativeShown]


class ChangesShown(msgspec.Struct):
    """Every date ahead, and the mark of them as they stand now."""

    dates: list[ChangeShown]
    seen: str


class SeriesShown(msgspec.Struct):
    """A series; of its reservations those that the reader may see."""

    id: PublicId
    repetition: RepetitionShape
    local: LocalTimes
    dates: list[SeriesDateShown]
    links: dict[str, str]


def series_wish(
    wish: Wish,
    repeats: RepetitionShape,
    exceptions: Sequence[ExceptionShape],
    on_conflict: OnConflict,
) -> SeriesWish:
    """The wished series of a body; raises InvalidError for what cannot be read."""
    return SeriesWish(
        wish,
        repetition_from(repeats),
        {one.date: _instead(one) for one in exceptions},
        on_conflict,
    )


def repetition_from(shape: RepetitionShape) -> Repetition:
    """The repetition; raises InvalidError for weekdays that are none."""
    if not set(shape.weekdays) <= set(WEEKDAYS):
        raise InvalidError({"weekdays": Problem.UNKNOWN})
    return Repetition(
        shape.every,
        shape.interval,
        frozenset(map(WEEKDAYS.index, shape.weekdays)),
        shape.monthly_by,
        shape.until,
        shape.count,
        shape.skip_closed_days,
    )


def repetition_as_json(found: Repetition) -> dict[str, object]:
    """A repetition that can be posted as it is."""
    return {
        "every": found.every.value,
        "interval": found.interval,
        "weekdays": [WEEKDAYS[day] for day in sorted(found.weekdays)],
        "monthly_by": found.monthly_by.value,
        "until": None if found.until is None else found.until.isoformat(),
        "count": found.count,
        "skip_closed_days": found.skips_closed,
    }


def dates_as_json(look: Look) -> list[dict[str, object]]:
    """Every date with what stands against it and what would do instead."""
    offered = series.options(look)
    return [_date_as_json(one, offered.get(one.day, ())) for one in look.dates]


def series_change(asked: SeriesChange) -> Wanted:
    """The wanted change of a body; raises InvalidError for what cannot be read."""
    return Wanted(
        _after_midnight("starts", asked.starts),
        _after_midnight("ends", asked.ends),
        None if asked.resources is None else _public_ids("resources", asked.resources),
        asked.title,
        asked.headcount,
        asked.layout,
        asked.changes_others,
        {public_id("reservation", one.reservation): _instead_of(one) for one in asked.choices},
    )


def changes_as_json(look: Changes) -> dict[str, object]:
    """Every date ahead with what stands against it and what would do instead."""
    offered = series_changing.options(look)
    return {
        "dates": [
            _change_as_json(one, offered.get(one.before.public_id, ())) for one in look.planned
        ],
        "seen": look.seen,
    }


def _change_as_json(one: Planned, offered: Sequence[Alternative]) -> dict[str, object]:
    revised = one.revised
    return {
        "reservation": one.before.public_id,
        "fate": one.fate.value,
        "starts_at": _written(revised.local.starts_at),
        "ends_at": _written(revised.local.ends_at),
        "resources": [place.spot.public_id for place in revised.places],
        "needs_approval": bool(revised.asking),
        "reasons": [facts_as_json(refusal) for refusal in one.refusals],
        "alternatives": [alternative_as_json(other) for other in offered],
    }


def _after_midnight(name: str, text: str | None) -> timedelta | None:
    """A time of the day, 24:00 for its end."""
    if text is None:
        return None
    found = _CLOCK.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else None
    if minutes is None or minutes > DAY_MINUTES:
        raise InvalidError({name: Problem.UNREADABLE})
    return timedelta(minutes=minutes)


def _public_ids(name: str, found: Sequence[str]) -> tuple[str, ...]:
    return tuple(public_id(name, one) for one in checked_resources(found))


def going_as_json(going: Going) -> dict[str, object]:
    """What would be cancelled."""
    return {
        "dates": [_going_as_json(one, ()) for one in going.going],
        "staying": [
            _going_as_json(one.details, () if one.refusal is None else (one.refusal,))
            for one in going.staying
        ],
        "seen": going.seen,
    }


def _going_as_json(one: Details, refusals: Sequence[Refusal]) -> dict[str, object]:
    return {
        "reservation": one.public_id,
        "starts_at": _written(one.local.starts_at),
        "ends_at": _written(one.local.ends_at),
        "state": one.state.value,
        "reasons": [facts_as_json(refusal) for refusal in refusals],
    }


def alternative_as_json(alternative: Alternative) -> dict[str, object]:
    """An alternative that can be posted as it is."""
    interval = alternative.local.project()
    return {
        "resource": alternative.place.spot.public_id,
        "resources": [place.spot.public_id for place in alternative.places],
        "code": alternative.place.spot.code,
        "starts_at": schema.written(interval.starts_at),
        "ends_at": schema.written(interval.ends_at),
        "why": alternative.why.value,
    }


def _date_as_json(one: Dated, offered: Sequence[Alternative]) -> dict[str, object]:
    state = "free" if one.is_bookable else "conflict" if one.refusals else "skipped"
    body: dict[str, object] = {
        "date": one.day.isoformat(),
        "starts_at": _written(one.local.starts_at),
        "ends_at": _written(one.local.ends_at),
        "state": state,
        "resources": [place.spot.public_id for place in one.places],
        "needs_approval": bool(one.asking),
        "reasons": [facts_as_json(refusal) for refusal in one.refusals],
        "alternatives": [alternative_as_json(other) for other in offered],
    }
    if one.expected:
        body["subject_to_announcement"] = expected_as_json(one.expected)
    return body if one.skipped is None else body | {"skipped": one.skipped.value}


def _written(local: datetime) -> str:
    return local.isoformat(timespec="minutes")


def _instead(shape: ExceptionShape) -> Instead | None:
    return None if shape.skip else _other("exceptions", shape)


def _instead_of(shape: ChosenShape) -> Instead | None:
    return None if shape.leave else _other("choices", shape)


def _other(name: str, shape: ExceptionShape | ChosenShape) -> Instead:
    resources = shape.resources
    return Instead(
        None if shape.starts_at is None else moment(name, shape.starts_at),
        None if shape.ends_at is None else moment(name, shape.ends_at),
        None if resources is None else tuple(public_id(name, one) for one in resources),
    )
