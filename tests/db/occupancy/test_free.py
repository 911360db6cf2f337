"""What is free at a time is what no claim overlaps, however long and whenever it began."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core import zones
from booking.core.database import session
from booking.core.intervals import Interval, LocalInterval
from booking.occupancy.queries import is_free
from booking.policies.facts import Place
from booking.spaces.models import Resource
from tests import make
from tests.conftest import FROZEN

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WISH = Interval(FROZEN + 10 * DAY, FROZEN + 10 * DAY + timedelta(hours=2))


def close(place: Place, interval: Interval) -> None:
    local = LocalInterval.of(interval, zones.zone(make.CASABLANCA))
    make.closure(place, local.starts_at, local.ends_at)


def free_codes(interval: Interval) -> set[str]:
    return set(session().scalars(select(Resource.code).where(is_free(interval))))


@pytest.mark.parametrize(
    ("before", "length", "is_taken"),
    [
        (timedelta(hours=1), timedelta(hours=1), False),
        (timedelta(hours=1), timedelta(hours=1) + MINUTE, True),
        (DAY, DAY, False),
        (DAY - MINUTE, DAY, True),
        (DAY, DAY + MINUTE, True),
        (DAY + MINUTE, DAY + 2 * MINUTE, True),
        (40 * DAY, 41 * DAY, True),
        (40 * DAY, 40 * DAY, False),
        (-timedelta(minutes=119), 3 * DAY, True),
        (-timedelta(hours=2), 3 * DAY, False),
    ],
)
def test_a_claim_takes_what_it_overlaps(
    app: Flask, before: timedelta, length: timedelta, is_taken: bool
) -> None:
    taken, other = make.desk(), make.desk()
    starts_at = WISH.starts_at - before
    close(taken, Interval(starts_at, starts_at + length))
    assert free_codes(WISH) == {other.spot.code} | (set() if is_taken else {taken.spot.code})


def test_any_claims_leave_free_what_none_of_them_overlaps(app: Flask) -> None:
    chance = random.Random(3)
    desks = [make.desk() for _ in range(12)]
    claimed: dict[str, list[Interval]] = {}
    for desk in desks:
        start = FROZEN
        claimed[desk.spot.code] = found = []
        for _ in range(6):
            start += MINUTE * chance.choice((0, 30, 60 * 20, 60 * 30))
            end = start + MINUTE * chance.choice((30, 60 * 24, 60 * 24 + 1, 60 * 70))
            found.append(Interval(start, end))
            close(desk, found[-1])
            start = end
    for _ in range(60):
        start = FROZEN + MINUTE * chance.randrange(0, 60 * 24 * 12, 30)
        wish = Interval(start, start + MINUTE * chance.choice((30, 60 * 26, 60 * 24 * 5)))
        assert free_codes(wish) == {
            code
            for code, claims in claimed.items()
            if not any(
                one.starts_at < wish.ends_at and wish.starts_at < one.ends_at for one in claims
            )
        }
