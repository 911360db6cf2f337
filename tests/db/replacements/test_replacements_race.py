"""People who take two of the three at once, ticks that serve and end, people who book what is held:
one displaced reservation becomes one other, and what is held is nobody else's."""

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
from booking.core.events import Event, EventKind
from booking.replacements import queries
from booking.replacements.models import Replacement, ReplacementState
from booking.reservations.models import LIVE, Reservation
from config import Settings
from tests import make
from tests.db.promises.parks import SECRET, Park, park
from tests.db.replacements.at_once import Choice, Scene, rush
from tests.displacing import displace, serve_all

CASES = 5
SECOND = timedelta(seconds=1)


@pytest.fixture
def scene(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    with park(engine, tmp_path, request, desks=0, people=0) as found:
        yield _scene(found)


def _scene(found: Park) -> Scene:
    """Reservations of rooms with set-up and cleaning, all displaced by one act and not served."""
    policy = make.policy(granularity=15, setup_minutes=15, cleanup_minutes=15)
    hours, operator = make.around_the_clock(), make.operator()
    rooms = [
        make.room(f"R-{number:02}", under=policy, open_at=hours) for number in range(2 * CASES)
    ]
    displace(
        operator,
        *(
            make.reservation(make.person(), room, starts_at=make.at(10, days=3))
            for room in rooms[:CASES]
        ),
    )
    settings = Settings(
        database_url=found.database_url,
        secret_key=SECRET,
        instance=found.instance,
        tick_inside=False,
    )
    return Scene(settings, clock.now(), clock.now(), (), ())


def _choices() -> list[Choice]:
    end_reading()
    found = queries.find(queries.IS_OPEN)
    rows = session().execute(select(Reservation.id, Reservation.public_id, Reservation.person_id))
    of = {row.id: row for row in rows}
    choices = [
        Choice(
            of[one.reservation_id].person_id,
            of[one.reservation_id].public_id,
            one.public_id,
            one.places[0].spot.public_id,
            one.local.starts_at,
            one.local.ends_at,
        )
        for one in found
    ]
    end_reading()
    return choices


def _assert_nothing_is_broken(scene: Scene) -> None:
    with clock.frozen_at(scene.now):
        while not worker.work().is_nothing:
            end_reading()
        end_reading()
        assert [one for one in promises.verify().findings if one.count] == []


def _count(state: ReplacementState) -> int:
    statement = select(func.count()).select_from(Replacement).where(Replacement.state == state)
    return session().scalar(statement) or 0


def test_of_two_who_take_one_each_one_has_it_and_nobody_books_what_is_held(scene: Scene) -> None:
    serve_all()
    assert len(_choices()) == 3 * CASES
    bookers = [make.person().person_id for _ in range(2)]
    end_reading()
    won = Counter(rush(replace(scene, choices=_choices(), takers=(0, 1, 0), bookers=bookers)))
    _assert_nothing_is_broken(scene)
    took = {what: count for what, count in won.items() if what[0] == "took"}
    assert len(took) == CASES
    assert set(took.values()) == {1}
    assert _count(ReplacementState.TAKEN) == CASES
    assert _count(ReplacementState.OPEN) == 0
    live = select(func.count()).select_from(Reservation).where(Reservation.state.in_(LIVE))
    booked = sum(count for what, count in won.items() if what[0] == "booked")
    assert session().scalar(live) == CASES + booked


def test_several_ticks_serve_each_once_and_nobody_takes_what_has_ended(scene: Scene) -> None:
    bookers = [make.person().person_id]
    end_reading()
    rush(replace(scene, tickers=3))
    choices = _choices()
    assert len(choices) == 3 * CASES
    told = select(func.count()).where(Event.kind == EventKind.DISPLACED)
    assert session().scalar(told) == 1
    end_reading()
    late = clock.now() + timedelta(days=1)
    won = Counter(
        rush(
            replace(
                scene,
                choices=choices,
                takers=(0, 2),
                tickers=2,
                bookers=bookers,
                now=late,
                clock_of_takers=late - SECOND,
            )
        )
    )
    _assert_nothing_is_broken(replace(scene, now=late))
    took = sum(count for what, count in won.items() if what[0] == "took")
    assert _count(ReplacementState.TAKEN) == took
    assert _count(ReplacementState.EXPIRED) == 3 * (CASES - took)
    assert max((count for what, count in won.items() if what[0] == "took"), default=1) == 1
