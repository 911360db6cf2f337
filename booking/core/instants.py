"""The half-open stretch between two instants."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

_UTC_OFFSET = timedelta(0)


@dataclass(frozen=True, order=True, slots=True)
class Interval:
    """From an instant up to, and without, a later one; both aware and in UTC."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.starts_at.utcoffset() != _UTC_OFFSET or self.ends_at.utcoffset() != _UTC_OFFSET:
            raise ValueError("an interval lies between two instants in UTC")
        if self.ends_at <= self.starts_at:
            raise ValueError("an interval ends after it starts")

    @property
    def minutes(self) -> int:
        """Its length in whole elapsed minutes."""
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    def overlaps(self, other: Self) -> bool:
        """Whether both share any time; touching is not sharing."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def contains(self, other: Self) -> bool:
        """Whether the other lies wholly inside; an interval contains itself."""
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at

    def includes(self, instant: datetime) -> bool:
        """Whether the instant lies inside; the end does not."""
        return self.starts_at <= instant < self.ends_at
