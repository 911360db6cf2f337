"""Several ticks, people who answer and people who book, all at the same moment: one place is one
person's, and offered to one at a time, to who came first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from booking import worker
from booking.checks import promises
from booking.core import clock
from booking.core.database import end_reading, session
from booking.messages.models import Message, MessageKind
from booking.reservations import service as reservations
from booking.reservations.wishes import Wish
from booking.waitlist import offering, queries, service
from booking.waitlist.models import EntryState, Offer
from config import Settings
from tests import make
from tests.db.promises.parks import SECRET, Park, park
from tests.db.waitlist.at_once import Line, Scene, rush

PLACES = 8
SECOND = timedelta(seconds=1)


@pytest.fixture
def scene(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    with park(engine, tmp_path, request, desks=0, people=0) as found:
        yield _scene(found)


def _scene(found: Park) -> Scene:
    """Places with set-up and cleaning, two in line for each, and all of them free just now."""
    policy = make.policy(granularity=15, setup_minutes=15, cleanup_minutes=15)
    hours = make.around_the_clock()
    lines, wish = [], (make.at(10), make.at(12))
    for number in range(PLACES):
        room = make.room(f"R-{number:02}", under=policy, open_at=hours)
        owner = make.person()
        taken = make.reservation(owner, room, starts_at=wish[0], ends_at=wish[1])
        waiting = []
        for _number in range(2):
            who = make.person()
            entry = service.wait(who, Wish((room.spot.public_id,), *wish))
            waiting.append((who.person_id, entry))
        reservations.cancel(owner, taken.public_id)
        lines.append(Line(room.spot.public_id, tuple(waiting)))
    settings = Settings(
        database_url=found.database_url,
        secret_key=SECRET,
        instance=found.instance,
        tick_inside=False,
    )
    end_reading()
    return Scene(settings, clock.now(), clock.now(), lines, *wish)


def _states(line: Line) -> list[EntryState]:
    end_reading()
    return [
        queries.entry_of(make.actor(person_id), entry).state for person_id, entry in line.waiting
    ]


def _assert_nothing_is_broken(scene: Scene) -> None:
    with clock.frozen_at(scene.now):
        while not worker.work().is_nothing:
            end_reading()
        end_reading()
        assert [one for one in promises.verify().findings if one.count] == []


def test_two_ticks_offer_each_place_once_and_to_who_came_first(scene: Scene) -> None:
    bookers = [make.person().person_id for _ in range(2)]
    end_reading()
    won = Counter(rush(scene, tickers=2, bookers=bookers))
    _assert_nothing_is_broken(scene)
    offered = 0
    for line in scene.lines:
        if won["booked", line.resource]:
            assert won["booked", line.resource] == 1
            assert _states(line) == [EntryState.WAITING, EntryState.WAITING]
        else:
            assert _states(line) == [EntryState.OFFERED, EntryState.WAITING]
            offered += 1
    assert session().scalar(select(func.count()).select_from(Offer)) == offered
    told = select(func.count()).where(Message.kind == MessageKind.OFFER)
    assert session().scalar(told) == offered


def test_who_answers_in_the_last_second_has_it_or_the_next_is_offered_it(scene: Scene) -> None:
    while offering.serve():
        end_reading()
    person_id, entry = scene.lines[0].waiting[0]
    offer = queries.entry_of(make.actor(person_id), entry).offer
    assert offer is not None
    bookers = [make.person().person_id]
    end_reading()
    late = replace(scene, now=offer.expires_at, clock_of_answers=offer.expires_at - SECOND)
    won = Counter(rush(late, tickers=2, bookers=bookers, answers=2))
    _assert_nothing_is_broken(late)
    for line in scene.lines:
        taken, booked = won["took", line.resource], won["booked", line.resource]
        assert taken + booked <= 1
        first, second = _states(line)
        assert first is (EntryState.TAKEN if taken else EntryState.MISSED)
        assert second is (EntryState.WAITING if taken or booked else EntryState.OFFERED)
