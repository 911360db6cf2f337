"""What could not be had in the demo park, as counters of its last weeks."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert

from booking.core.database import session
from booking.core.refusals import Reason
from booking.demand.models import UnmetDemand
from booking.demand.rules import NOTHING_FOUND, SIZES
from booking.demo.chance import stream
from booking.demo.park import Calendar
from booking.demo.rows import Row

DAYS = 45  # before today
# Kind, reason, how many a working day at most, the usual bands of people.
USUAL: tuple[tuple[str, str, int, tuple[int, ...]], ...] = (
    ("meeting_room", Reason.SLOT_TAKEN, 9, SIZES[1:4]),
    ("meeting_room", NOTHING_FOUND, 4, SIZES[2:5]),
    ("meeting_room", Reason.OVER_CAPACITY, 2, SIZES[3:5]),
    ("meeting_room", Reason.QUOTA_EXCEEDED, 2, SIZES[1:3]),
    ("desk", Reason.SLOT_TAKEN, 4, SIZES[:1]),
    ("desk", NOTHING_FOUND, 2, SIZES[:2]),
    ("lab", Reason.SLOT_TAKEN, 3, SIZES[:3]),
    ("lab", Reason.OUTSIDE_HOURS, 1, SIZES[:2]),
    ("training_room", Reason.SLOT_TAKEN, 2, SIZES[3:5]),
    ("training_room", Reason.TOO_SOON, 1, SIZES[3:5]),
    ("equipment", Reason.SLOT_TAKEN, 3, SIZES[:1]),
    ("equipment", Reason.NOT_AUTHORISED, 2, SIZES[:1]),
)
HOURS = (9, 9, 10, 10, 10, 11, 14, 14, 15, 16)  # when people want to meet


def count(calendar: Calendar) -> None:
    """Add the counters of the working days before today; part of the caller's transaction."""
    session().execute(insert(UnmetDemand), _rows(calendar))


def _rows(calendar: Calendar) -> list[Row]:
    chance, found = stream("unmet"), dict[tuple[object, ...], int]()
    for back in range(1, DAYS + 1):
        day = calendar.today - timedelta(days=back)
        if day.weekday() > 4 or day in calendar.days_off:
            continue
        for kind, reason, most, sizes in USUAL:
            for _ in range(chance.randint(0, most)):
                key = (day, chance.choice(HOURS), str(reason), kind, chance.choice(sizes))
                found[key] = found.get(key, 0) + 1
    names = ("day", "hour", "reason", "kind", "size")
    return [
        {"site_id": 1, **dict(zip(names, key, strict=True)), "count": times}
        for key, times in found.items()
    ]
