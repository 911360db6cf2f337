"""Why something is refused: a stable reason and the facts of the case, never a ready sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from booking.core.intervals import LocalInterval, Span

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"


class Reason(StrEnum):
    """The codes of refusals. They are part of the API: add, never rename or remove."""

    SLOT_TAKEN = "slot_taken"
    OUTSIDE_HOURS = "outside_hours"
    CLOSED_DAY = "closed_day"
    OFF_GRID = "off_grid"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    IN_THE_PAST = "in_the_past"
    OVER_CAPACITY = "over_capacity"
    OUT_OF_ORDER = "out_of_order"
    NOT_ELIGIBLE = "not_eligible"
    NOT_CHANGEABLE = "not_changeable"
    TOO_FEW_TOGETHER = "too_few_together"
    CHECK_IN_NOT_OPEN = "check_in_not_open"
    NONEXISTENT_TIME = "nonexistent_time"
    QUOTA_EXCEEDED = "quota_exceeded"
    NOT_TAKEN = "not_taken"
    TOO_MANY_WAITED_FOR = "too_many_waited_for"
    NOT_AUTHORISED = "not_authorised"


class Cause(StrEnum):
    """What a taken slot is taken by, as much of it as everybody may know."""

    BOOKING = "booking"
    SETUP = "setup"
    CLEANUP = "cleanup"
    LINKED = "linked"
    HOLD = "hold"
    CLOSURE = "closure"
    OFFER = "offer"  # held for somebody who waited
    REPLACEMENT = "replacement"  # held for somebody whom a closure has displaced


class WhoMayBook(StrEnum):
    """Whose wishes a policy takes."""

    ANYONE = "anyone"
    MEMBERS = "members"


class LayoutKind(StrEnum):
    """How a room is set out. Part of the API."""

    THEATRE = "theatre"
    CLASSROOM = "classroom"
    U_SHAPE = "u_shape"
    BOARDROOM = "boardroom"
    BANQUET = "banquet"


class QuotaOf(StrEnum):
    """Whose use a quota limits."""

    PERSON = "person"
    ORGANISATION = "organisation"


class QuotaPeriod(StrEnum):
    """Over what a quota counts: what begins in a day, week or month of the site's calendar, or
    all that has not begun yet. A week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    AHEAD = "ahead"


class Measure(StrEnum):
    """What a quota counts."""

    MINUTES = "minutes"
    RESERVATIONS = "reservations"


class Obstacle(StrEnum):
    """Why a reservation can no longer be changed this way."""

    CONFIRMED = "confirmed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ENDED = "ended"
    BEGUN = "begun"
    CANCEL_TOO_LATE = "cancel_too_late"
    QUESTION_WAITS = "question_waits"
    NOTHING_ASKED = "nothing_asked"
    RELEASED = "released"
    CHECKED_IN = "checked_in"
    LATE_ALREADY = "late_already"
    PENDING = "pending"
    NO_CHECK_IN = "no_check_in"
    NOT_CHECKED_IN = "not_checked_in"
    UNDO_TOO_LATE = "undo_too_late"
    CHANGE_WAITS = "change_waits"
    APPROVED_IN_PERSON = "approved_in_person"
    OFFER_OVER = "offer_over"


# Times in facts are wall clock times of the resource's site.


@dataclass(frozen=True, slots=True)
class SlotTaken:
    """The claim in the way; no time where it was gone again before it could be read.

    `meets` is which of the wish's own claims it is in the way of; where that is its set-up or its
    cleaning, `kept` is all that would be kept free for it. `names` is what a closure is called, by
    language.
    """

    cause: Cause
    busy: LocalInterval | None
    meets: Cause = Cause.BOOKING
    kept: LocalInterval | None = None
    names: Mapping[str, str] | None = field(default=None, compare=False)
    places: int = 1  # of a pool, how many it has: none of them is free for all of the time


@dataclass(frozen=True, slots=True)
class OutsideHours:
    """The first day that is not open long enough, and when it is open."""

    day: date
    open: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """The first day of the wish that is closed."""

    day: date


@dataclass(frozen=True, slots=True)
class OffGrid:
    """Start and end stand on multiples of this after midnight."""

    granularity_minutes: int


@dataclass(frozen=True, slots=True)
class TooShort:
    """The shortest reservation, and the wished length."""

    shortest_minutes: int
    minutes: int


@dataclass(frozen=True, slots=True)
class TooLong:
    """The longest reservation, and the wished length."""

    longest_minutes: int
    minutes: int


@dataclass(frozen=True, slots=True)
class TooSoon:
    """The notice, and the earliest start it leaves."""

    notice_minutes: int
    earliest: datetime


@dataclass(frozen=True, slots=True)
class TooFar:
    """How many days ahead a reservation may start, and the last of them."""

    horizon_days: int
    last_day: date


@dataclass(frozen=True, slots=True)
class InThePast:
    """The start of the step that runs now; everything before it is past."""

    earliest: datetime


@dataclass(frozen=True, slots=True)
class Seating:
    """How many people fit in a layout; as the room stands where it names none."""

    layout: LayoutKind | None
    capacity: int


@dataclass(frozen=True, slots=True)
class OverCapacity:
    """How many people fit, and how many would come; in which layout, where one was chosen, and in
    which others so many would fit."""

    capacity: int
    headcount: int
    layout: LayoutKind | None = None
    instead: tuple[Seating, ...] = ()


@dataclass(frozen=True, slots=True)
class TooFewTogether:
    """How many places were wanted at one time, and how many are free."""

    wanted: int
    free: int


@dataclass(frozen=True, slots=True)
class NonexistentTime:
    """A start at or before which the clocks are put forward on that day."""

    starts_at: datetime


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """What is wrong, as the lab manager wrote it, and when it should work again, if known."""

    because: str
    expected_back: datetime | None


@dataclass(frozen=True, slots=True)
class NotEligible:
    """Who may book here."""

    who_may_book: WhoMayBook


@dataclass(frozen=True, slots=True)
class NotAuthorised:
    """The last day of the use, and until when an authorisation holds; none where there is none."""

    day: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class NotChangeable:
    """What stands in the way of the change."""

    obstacle: Obstacle


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Nobody has to wait for what can be booked."""


@dataclass(frozen=True, slots=True)
class TooManyWaitedFor:
    """How many things one person may wait for at a time."""

    most: int


@dataclass(frozen=True, slots=True)
class CheckInNotOpen:
    """From when on presence can be confirmed."""

    opens_at: datetime


@dataclass(frozen=True, slots=True)
class QuotaExceeded:
    """The limit of a period, what of it is used, and what the wish adds, all in one measure.

    `starts_on` is the first day of the period, none for all that is ahead; `frees_on` the first
    day of the next one, or that on which the first of what is ahead begins.
    """

    whose: QuotaOf
    period: QuotaPeriod
    measure: Measure
    limit: int
    used: int
    wanted: int
    starts_on: date | None
    frees_on: date | None


Facts: TypeAlias = (
    SlotTaken
    | OutsideHours
    | ClosedDay
    | OffGrid
    | TooShort
    | TooLong
    | TooSoon
    | TooFar
    | InThePast
    | OverCapacity
    | OutOfOrder
    | NotEligible
    | NotAuthorised
    | NotChangeable
    | TooFewTogether
    | CheckInNotOpen
    | NonexistentTime
    | QuotaExceeded
    | NotTaken
    | TooManyWaitedFor
)

FACTS: dict[Reason, type[Facts]] = {
    Reason.SLOT_TAKEN: SlotTaken,
    Reason.OUTSIDE_HOURS: OutsideHours,
    Reason.CLOSED_DAY: ClosedDay,
    Reason.OFF_GRID: OffGrid,
    Reason.TOO_SHORT: TooShort,
    Reason.TOO_LONG: TooLong,
    Reason.TOO_SOON: TooSoon,
    Reason.TOO_FAR: TooFar,
    Reason.IN_THE_PAST: InThePast,
    Reason.OVER_CAPACITY: OverCapacity,
    Reason.OUT_OF_ORDER: OutOfOrder,
    Reason.NOT_ELIGIBLE: NotEligible,
    Reason.NOT_AUTHORISED: NotAuthorised,
    Reason.NOT_CHANGEABLE: NotChangeable,
    Reason.TOO_FEW_TOGETHER: TooFewTogether,
    Reason.CHECK_IN_NOT_OPEN: CheckInNotOpen,
    Reason.NONEXISTENT_TIME: NonexistentTime,
    Reason.QUOTA_EXCEEDED: QuotaExceeded,
    Reason.NOT_TAKEN: NotTaken,
    Reason.TOO_MANY_WAITED_FOR: TooManyWaitedFor,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One no: its reason, its facts, the resource it speaks of, and who could override it."""

    reason: Reason
    facts: Facts
    resource_code: str | None = None
    overridable_by: str | None = None

    def __post_init__(self) -> None:
        if type(self.facts) is not FACTS[self.reason]:
            raise TypeError(f"{self.reason} does not go with {type(self.facts).__name__}")


# Rules of the house that the lab manager of all places, or an operator, can set aside. What keeps
# two from one place, and what is about safety or sense, nobody can.
OVERRIDABLE = frozenset(
    {
        Reason.OUTSIDE_HOURS,
        Reason.CLOSED_DAY,
        Reason.TOO_SHORT,
        Reason.TOO_LONG,
        Reason.TOO_SOON,
        Reason.TOO_FAR,
        Reason.NOT_ELIGIBLE,
        Reason.QUOTA_EXCEEDED,
    }
)
OVERRIDER = "lab_manager"


def with_overrider(refusal: Refusal) -> Refusal:
    """The same, saying who could override it where somebody can."""
    by = OVERRIDER if refusal.reason in OVERRIDABLE else None
    return replace(refusal, overridable_by=by)


def are_overridable(refusals: Iterable[Refusal]) -> bool:
    """Whether there are any, and each of them can be overridden."""
    reasons = {refusal.reason for refusal in refusals}
    return bool(reasons) and reasons <= OVERRIDABLE


def facts_as_json(refusal: Refusal) -> dict[str, JsonValue]:
    """The refusal as the API lists it: code, resource, each fact by its name, who may override."""
    facts = {
        field.name: _as_json(getattr(refusal.facts, field.name)) for field in fields(refusal.facts)
    }
    return {
        "code": refusal.reason.value,
        "resource": refusal.resource_code,
        **facts,
        "overridable_by": refusal.overridable_by,
    }


def _as_json(value: object) -> JsonValue:
    match value:
        case None | int() | str():
            return value.value if isinstance(value, StrEnum) else value
        case datetime():
            return value.isoformat(timespec="minutes")
        case date():
            return value.isoformat()
        case Span() | LocalInterval() | Seating():
            return _of_several(value)
        case tuple():
            return [_as_json(item) for item in value]
        case Mapping():
            return {str(key): _as_json(item) for key, item in value.items()}
    raise TypeError(f"a fact of type {type(value).__name__} has no JSON form")


def _of_several(value: Span | LocalInterval | Seating) -> JsonValue:
    match value:
        case Span():
            return {"opens": _clock(value.opens), "closes": _clock(value.closes)}
        case LocalInterval():
            return {
                "starts_at": _as_json(value.starts_at),
                "ends_at": _as_json(value.ends_at),
                "zone": value.zone_name,
            }
        case Seating():
            return {"layout": _as_json(value.layout), "capacity": value.capacity}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
