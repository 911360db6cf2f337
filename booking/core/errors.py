"""What can be said no to, as facts; the text is made at the edge, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from booking.core.refusals import LayoutKind, Refusal


class Problem(StrEnum):
    """What is wrong with one field."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"  # a key, value or parameter that is not supported
    NOT_FOUND = "not_found"
    TOO_LONG = "too_long"
    OUT_OF_RANGE = "out_of_range"
    ENDS_BEFORE_IT_STARTS = "ends_before_it_starts"
    NONEXISTENT_TIME = "nonexistent_time"
    TOO_COMMON = "too_common"
    TOO_SHORT = "too_short"
    WRONG = "wrong"
    TOO_MANY = "too_many"
    CLOSED = "closed"  # an account that was deactivated
    ITSELF = "itself"  # a space among its own parts
    POOL = "pool"  # of several units: it is no part, and has none
    HAS_PARTS = "has_parts"  # a part that has parts of its own
    IS_PART = "is_part"  # a whole that is a part of another
    NOT_OFFERED = "not_offered"  # a layout in which none of the rooms can be set out
    IN_USE = "in_use"  # a pool would have fewer places than are reserved
    REUSED = "reused"  # an Idempotency-Key that came with another body


class BookingError(Exception):
    """An expected no; `code` is stable and part of the API."""

    code = "error"


class NotFoundError(BookingError):
    """Absent, or not visible to this actor: both look the same."""

    code = "not_found"


class ForbiddenError(BookingError):
    """Visible, but not allowed."""

    code = "forbidden"


class SignInRequiredError(BookingError):
    """Nobody is signed in, or the token is wrong, revoked or lacks the scope."""

    code = "sign_in_required"


@dataclass
class InvalidError(BookingError):
    """Fields that cannot be read or make no sense."""

    fields: dict[str, Problem]
    code = "invalid"


class PlacesNeededError(InvalidError):
    """A pool has at least so many places in use at one time: it cannot have fewer."""

    def __init__(self, needed: int) -> None:
        super().__init__({"units": Problem.IN_USE})
        self.needed = needed


class NotOfferedError(InvalidError):
    """A layout in which none of the rooms can be set out; those that they offer."""

    def __init__(self, offered: tuple[LayoutKind, ...]) -> None:
        super().__init__({"layout": Problem.NOT_OFFERED})
        self.offered = offered


@dataclass
class StaleError(BookingError):
    """Somebody changed it since it was read."""

    current_version: int
    code = "stale"


@dataclass
class OutdatedError(BookingError):
    """Somebody changed these fields since the form was opened; `current` is its mark now."""

    fields: tuple[str, ...]
    current: str
    code = "stale"


@dataclass
class FixedError(BookingError):
    """It, or these fields of it, stay as they are: what people booked, and figures of the past,
    rest on them."""

    fields: tuple[str, ...] = ()
    code = "fixed"


class InUseError(BookingError):
    """It cannot be deleted while others refer to it."""

    code = "in_use"


@dataclass
class RefusedError(BookingError):
    """The house rules, or the claims of others, say no; every reason is listed."""

    refusals: tuple[Refusal, ...]
    code = "refused"


@dataclass
class LastOneError(BookingError):
    """Nobody else would be left to do what this person does."""

    code: str  # last_operator, last_manager
    organisation: str = ""  # the name of the one that would be left without a manager


@dataclass
class WouldDeclineError(BookingError):
    """Approving this declines other requests for the same time; it must be said first."""

    references: tuple[str, ...]
    code = "would_decline_others"


@dataclass
class TooManyError(BookingError):
    """A rate limit."""

    retry_after_seconds: int
    code = "too_many"
