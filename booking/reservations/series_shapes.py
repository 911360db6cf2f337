"""Series in the bodies and answers of the API: shapes, read into wishes and filled from looks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from booking.core import schema
from booking.core.errors import InvalidError, Problem
from booking.core.refusals import Refusal, facts_as_json
from booking.core.schema import Moment, PublicId, moment, public_id
from booking.reservations import series
from booking.reservations.alternatives import Alternative
from booking.reservations.models import SkipReason, State
from booking.reservations.queries import Details
from booking.reservations.repetition import Every, MonthlyBy, Repetition
from booking.reservations.series import Dated, Instead, Look, OnConflict, SeriesWish
from booking.reservations.series_cancelling import Going
from booking.reservations.shapes import AlternativeShown, LocalTimes, Reason
from booking.reservations.wishes import Wish

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Holder(msgspec.Struct, forbid_unknown_fields=True):
    """For whom: a colleague, and in which organisation; without a person, whoever books."""

    person: PublicId | None = None
    organisation: PublicId | None = None


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
    return body if one.skipped is None else body | {"skipped": one.skipped.value}


def _written(local: datetime) -> str:
    return local.isoformat(timespec="minutes")


def _instead(shape: ExceptionShape) -> Instead | None:
    if shape.skip:
        return None
    resources = shape.resources
    return Instead(
        None if shape.starts_at is None else moment("exceptions", shape.starts_at),
        None if shape.ends_at is None else moment("exceptions", shape.ends_at),
        None if resources is None else tuple(public_id("exceptions", one) for one in resources),
    )
