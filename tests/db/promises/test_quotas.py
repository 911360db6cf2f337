"""Whoever acts at once for the same person or organisation cannot pass a quota together, by
whatever verb, and nobody blocks anybody for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, time, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import select, update

from booking import create_app
from booking.core import clock
from booking.core.database import session, transaction
from booking.core.errors import RefusedError
from booking.core.permissions import Actor
from booking.policies.models import Policy
from booking.reservations import series, service
from booking.reservations.models import LIVE, Reservation
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import SeriesWish
from booking.reservations.wishes import Change, GroupWish, Wish
from config import Settings
from tests import make
from tests.db.promises.parks import SECRET, Park, deadlocks, park
from tests.processes import others

WRITERS, TURNS, DESKS = 4, 8, 8
OF_PERSON, OF_ORGANISATION = 3, 4  # reservations a week; two writers act for each person
PATIENCE_SECONDS = 120
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


@pytest.fixture
def rooms(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Park]:
    with park(engine, tmp_path, request, desks=DESKS, people=1) as made:
        yield made


@pytest.mark.real_time
def test_no_quota_is_passed_by_acting_at_once(rooms: Park) -> None:
    startup = make.organisation()
    people = [make.member_of(startup).person_id for _ in range(2)]
    limits = {"person_quota_count": OF_PERSON, "organisation_quota_count": OF_ORGANISATION}
    with transaction() as write:
        write.execute(update(Policy).values(**limits))
    settings = Settings(
        database_url=rooms.database_url,
        secret_key=SECRET,
        instance=rooms.instance,
        tick_inside=False,
    )
    barrier = others.Barrier(WRITERS)
    writers = [
        others.Process(
            target=act, args=(settings, barrier, number, people[number % 2], rooms.desks),
            daemon=True,
        )
        for number in range(WRITERS)
    ]  # fmt: skip
    for one in writers:
        one.start()
    for one in writers:
        one.join(PATIENCE_SECONDS)
    assert [one.exitcode for one in writers] == [0] * WRITERS
    assert deadlocks() == 0
    standing = session().scalars(select(Reservation).where(Reservation.state.in_(LIVE))).all()
    weeks = Counter(one.local_start.isocalendar()[:2] for one in standing)
    of_persons = Counter((one.local_start.isocalendar()[:2], one.person_id) for one in standing)
    assert max(weeks.values()) == OF_ORGANISATION
    assert max(of_persons.values()) == OF_PERSON


def act(
    settings: Settings, barrier: Barrier, number: int, person_id: int, desks: list[str]
) -> None:
    """Turn by turn all writers want the same week, each desks of its own: by booking, as places
    for a team, as a series, and by moving what they have into it."""
    with create_app(settings).app_context():
        actor = make.actor(person_id)
        own = desks[2 * number : 2 * number + 2]
        next_week = clock.now().date() + WEEK - clock.now().date().weekday() * DAY
        session().commit()
        verbs = (_book, _together, _repeat, _move)
        for turn in range(TURNS):
            monday = datetime.combine(next_week + 2 * turn * WEEK, time(10))
            barrier.wait(PATIENCE_SECONDS)
            for hour in range(2):
                with suppress(RefusedError):
                    verbs[(turn + number) % len(verbs)](actor, own, monday + hour * HOUR)


Verb = Callable[[Actor, list[str], datetime], object]


def _book(actor: Actor, desks: list[str], start: datetime) -> object:
    organisation_id = actor.memberships[0].public_id
    wish = Wish((desks[0],), start, start + HOUR, organisation_id=organisation_id)
    return service.book(actor, wish).public_id


def _together(actor: Actor, desks: list[str], start: datetime) -> object:
    organisation_id = actor.memberships[0].public_id
    wish = GroupWish(tuple(desks), start, start + HOUR, organisation_id=organisation_id)
    return service.book_together(actor, wish)


def _repeat(actor: Actor, desks: list[str], start: datetime) -> object:
    organisation_id = actor.memberships[0].public_id
    wish = Wish((desks[0],), start, start + HOUR, organisation_id=organisation_id)
    return series.book(actor, SeriesWish(wish, Repetition(Every.DAY, count=2)))


def _move(actor: Actor, desks: list[str], start: datetime) -> object:
    """From the week after, which nobody fills."""
    made = _book(actor, desks, start + WEEK)
    return service.change(actor, str(made), Change(starts_at=start, ends_at=start + HOUR))
