"""The only source of the present time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_frozen: datetime | None = None


def now() -> datetime:
    """The present instant: aware, in UTC, in whole seconds."""
    if _frozen is not None:
        return _frozen
    return datetime.now(UTC).replace(microsecond=0)


def today(zone: ZoneInfo) -> date:
    """The date that the calendars on the wall show in this zone."""
    return now().astimezone(zone).date()


@contextmanager
def frozen_at(instant: datetime) -> Iterator[datetime]:
    """Stop the clock of the whole process, every thread of it, at an aware instant."""
    global _frozen
    if instant.tzinfo is None:
        raise ValueError("the clock stops at an instant; a wall clock needs its zone")
    before = _frozen
    _frozen = instant.astimezone(UTC).replace(microsecond=0)
    try:
        yield _frozen
    finally:
        _frozen = before
