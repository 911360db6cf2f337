"""Many writers of several claims each queue behind each other: PostgreSQL never has to break a
deadlock, neither of the exclusion constraint nor of the order in which claims are written."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, time, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import select

from booking import create_app
from booking.core import clock
from booking.core.database import session, transaction
from booking.core.errors import RefusedError
from booking.core.instants import Interval
from booking.occupancy import service as occupancy
from booking.occupancy.models import Closure, ClosureKind
from booking.occupancy.service import Claim, Owner
from booking.reservations import service as reservations
from booking.reservations.wishes import Change, Wish
from booking.spaces.models import Resource
from config import Settings
from tests import make
from tests.db.promises.parks import SECRET, Park, deadlocks, park

DESKS, WRITERS, TIMES, EACH = 8, 6, 40, 6
CHANGERS, CHANGES = 4, 15
PATIENCE_SECONDS = 120
spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def rooms(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=DESKS, people=1) as made:
        yield made


@pytest.mark.real_time
@pytest.mark.xdist_group("storms")
def test_writers_of_several_claims_do_not_block_each_other(rooms: Park) -> None:
    settings = Settings(
        database_url=rooms.database_url,
        secret_key=SECRET,
        instance=rooms.instance,
        tick_inside=False,
    )
    barrier = spawn.Barrier(WRITERS)
    writers = [
        spawn.Process(target=write, args=(settings, barrier, number), daemon=True)
        for number in range(WRITERS)
    ]
    for one in writers:
        one.start()
    for one in writers:
        one.join(PATIENCE_SECONDS)
    assert [one.exitcode for one in writers] == [0] * WRITERS
    assert deadlocks() == 0


def write(settings: Settings, barrier: Barrier, number: int) -> None:
    """Claim some of the same desks at the same hours, in any order, by both ways to claim several,
    and give them up again."""
    chance = random.Random(number)
    with create_app(settings).app_context():
        desks = session().scalars(select(Resource.id).order_by(Resource.id)).all()
        session().commit()
        start = clock.now() + timedelta(days=1)
        with transaction():
            closure = Closure(
                public_id=f"writer-{number}",
                kind=ClosureKind.CLOSED,
                names={},
                starts_at=start,
                ends_at=start + timedelta(hours=9),
                created_at=start,
            )
            session().add(closure)
        owner = Owner(closure_id=closure.id)
        barrier.wait(PATIENCE_SECONDS)
        for turn in range(TIMES):
            hour = start + timedelta(hours=turn % 4)
            claims = [
                Claim(desk, Interval(hour, hour + timedelta(hours=2)), "D", "UTC")
                for desk in chance.sample(desks, EACH)
            ]
            try:
                with transaction():
                    if turn % 2:
                        occupancy.claim_each([(owner, one) for one in claims])
                    else:
                        occupancy.claim(owner, claims)
            except RefusedError:
                pass
            with transaction():
                occupancy.release(owner)


@pytest.mark.real_time
@pytest.mark.xdist_group("storms")
def test_who_changes_what_waits_blocks_nobody_else_who_does(rooms: Park) -> None:
    """Each writer has a request for two labs at another time, which holds both, and asks for one
    of the times of the others instead, again and again."""
    policy = make.policy(needs_approval=True, holds_while_pending=True, horizon=60)
    labs = [make.lab(under=policy, open_at=make.around_the_clock()) for _ in range(2)]
    manager = make.operator()
    confirmed = []
    for number in range(CHANGERS):
        who = make.member_of()
        starts_at = datetime.combine(clock.now().date(), time(8)) + timedelta(days=2 + number)
        wish = Wish(
            tuple(lab.spot.public_id for lab in labs),
            starts_at,
            starts_at + timedelta(hours=2),
            organisation_id=who.memberships[0].public_id,
        )
        asked = reservations.book(who, wish)
        reservations.approve(manager, asked.public_id, seen_version=1)
        confirmed.append((who.person_id, asked.public_id))
    session().commit()
    settings = Settings(
        database_url=rooms.database_url,
        secret_key=SECRET,
        instance=rooms.instance,
        tick_inside=False,
    )
    barrier = spawn.Barrier(CHANGERS)
    writers = [
        spawn.Process(target=change, args=(settings, barrier, *one), daemon=True)
        for one in confirmed
    ]
    for one in writers:
        one.start()
    for one in writers:
        one.join(PATIENCE_SECONDS)
    assert [one.exitcode for one in writers] == [0] * CHANGERS
    assert deadlocks() == 0


def change(settings: Settings, barrier: Barrier, person_id: int, public_id: str) -> None:
    """Ask for one of a few times after the other; others may hold it."""
    chance = random.Random(person_id)
    with create_app(settings).app_context():
        who = make.actor(person_id)
        session().commit()
        days = datetime.combine(clock.now().date(), time(8)) + timedelta(days=40)
        barrier.wait(PATIENCE_SECONDS)
        for _turn in range(CHANGES):
            starts_at = days + timedelta(hours=chance.randrange(3))
            wanted = Change(starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
            with suppress(RefusedError):
                reservations.change(who, public_id, wanted)
