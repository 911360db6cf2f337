"""Several ticks, people who arrive and people who want the place, all at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from booking.checks import promises
from booking.core import clock
from booking.core.database import end_reading, session
from booking.core.events import Event, EventKind
from booking.messages.models import Message, MessageKind
from booking.occupancy.models import occupancy
from booking.reservations import service as reservations
from booking.reservations.wishes import Wish
from config import Settings
from tests import make
from tests.db.attendance.at_once import Missed, Scene, rush
from tests.db.promises.parks import SECRET, Park, park

PLACES = 16
MINUTES_LATE = 30


@dataclass(frozen=True)
class Made:
    """The park, and what everybody there acts on."""

    scene: Scene
    bookers: list[int]


@pytest.fixture
def made(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Made]:
    with park(engine, tmp_path, request, desks=0, people=0) as found:
        yield _made(found)


def _made(found: Park) -> Made:
    policy = make.policy(asks_for_check_in=True, granularity=15)
    hours = make.around_the_clock()
    missed = []
    for number in range(PLACES):
        room = make.room(f"R-{number:02}", under=policy, open_at=hours)
        who = make.person()
        one = make.reservation(who, room, starts_at=make.at(10), ends_at=make.at(16))
        missed.append(Missed(one.public_id, who.person_id, room.spot.public_id))
    now = make.details(missed[0].public_id).interval.starts_at + timedelta(minutes=MINUTES_LATE)
    bookers = [make.person().person_id for _ in range(2)]
    settings = Settings(
        database_url=found.database_url,
        secret_key=SECRET,
        instance=found.instance,
        tick_inside=False,
    )
    scene = Scene(settings, now, missed, make.at(13), make.at(14))
    end_reading()
    return Made(scene, bookers)


def test_each_is_attended_or_released_and_told_never_both_and_one_gets_the_place(
    made: Made,
) -> None:
    won = Counter(rush(made.scene, tickers=2, arrivals=2, bookers=made.bookers))
    end_reading()
    ids = [one.public_id for one in made.scene.missed]
    found = {public_id: make.details(public_id) for public_id in ids}
    came = {public_id for public_id in ids if found[public_id].is_here}
    released = {public_id for public_id in ids if found[public_id].is_released}
    assert came | released == set(ids)
    assert not came & released
    assert {public_id for act, public_id in won if act == "came"} == came
    for one in made.scene.missed:  # what became free too late for them is free now
        if one.public_id in released and not won["booked", one.public_id]:
            _book_late(made, one.resource)
            won["booked", one.public_id] += 1
    booked = {public_id: won["booked", public_id] for public_id in ids}
    assert booked == {public_id: int(public_id in released) for public_id in ids}
    assert _events() == dict.fromkeys(released, 1)
    assert _messages() == dict.fromkeys(released, 1)
    for public_id in ids:
        kept = select(func.count()).where(occupancy.c.reservation_id == found[public_id].id)
        assert session().scalar(kept) == int(public_id in came)
    with clock.frozen_at(made.scene.now):
        assert [one for one in promises.verify().findings if one.count] == []


def _book_late(made: Made, resource: str) -> None:
    scene = made.scene
    with clock.frozen_at(scene.now):
        wish = Wish((resource,), scene.starts_at, scene.ends_at)
        reservations.book(make.actor(made.bookers[0]), wish)


def _events() -> dict[str, int]:
    rows = session().execute(
        select(Event.subject, func.count())
        .where(Event.kind == EventKind.RELEASED)
        .group_by(Event.subject)
    )
    return {subject: count for subject, count in rows}  # noqa: C416  # dict() takes a result for a mapping


def _messages() -> dict[str, int]:
    rows = session().execute(
        select(Message.subject, func.count())
        .where(Message.kind == MessageKind.RELEASED)
        .group_by(Message.subject)
    )
    return {subject: count for subject, count in rows}  # noqa: C416  # as above
