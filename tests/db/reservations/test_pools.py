"""A pool is as many places as it has units: each is taken by itself, and any of them will do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from flask import Flask
from msgspec.structs import replace
from sqlalchemy import select

from booking.approvals import queries as approvals
from booking.checks import promises
from booking.closures import queries as closures_queries
from booking.closures import service as closures
from booking.closures.rules import Wanted
from booking.core.database import end_reading, session
from booking.core.errors import PlacesNeededError, RefusedError, WouldDeclineError
from booking.core.intervals import Interval
from booking.core.permissions import Actor
from booking.core.refusals import Cause, Reason, SlotTaken
from booking.occupancy.models import ClosureKind, occupancy
from booking.occupancy.queries import is_free
from booking.policies.facts import Place
from booking.reservations import alternatives, availability, pooling, queries, series
from booking.reservations import service as reservations
from booking.reservations.models import Reservation, ReservationResource, State
from booking.reservations.queries import Details
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import OnConflict, SeriesWish
from booking.reservations.wishes import Change, GroupWish, Wish
from booking.spaces import inventory
from booking.spaces.models import Resource
from booking.waitlist import offering
from booking.waitlist import queries as waiting
from booking.waitlist import service as waitlist
from booking.waitlist.models import EntryState
from tests import make
from tests.conftest import Statements
from tests.rivals import overtaken


@pytest.fixture
def pool(app: Flask) -> Place:
    return make.pool("OPEN", 3)


def book(place: Place, start: int = 10, end: int = 11, who: Actor | None = None) -> Details:
    return make.reservation(
        who or make.member_of(), place, starts_at=make.at(start), ends_at=make.at(end)
    )


def fill(place: Place, start: int = 10, end: int = 11) -> list[Details]:
    return [book(place, start, end) for _ in range(place.spot.units)]


def units(*found: Details) -> list[int]:
    """Where the claims are, which is where the reservations say that they are."""
    end_reading()
    had = []
    for one in found:
        claims = select(occupancy.c.unit).where(occupancy.c.reservation_id == one.id)
        noted = select(ReservationResource.unit).where(ReservationResource.reservation_id == one.id)
        (unit,) = set(session().scalars(claims))
        assert session().scalars(noted).all() == [unit] == [make.details(one.public_id).place.unit]
        had.append(unit)
    assert [one for one in promises.verify().findings if one.count] == []
    return had


def wish(place: Place, start: int = 10, end: int = 11, *, days: int = 1) -> Wish:
    return Wish((place.spot.public_id,), make.at(start, days=days), make.at(end, days=days))


def refusal(who: Actor, place: Place, start: int = 10, end: int = 11) -> SlotTaken:
    with pytest.raises(RefusedError) as refused:
        reservations.book(who, wish(place, start, end))
    (one,) = refused.value.refusals
    (looked,) = alternatives.verdict(who, wish(place, start, end)).refusals
    assert looked == one
    assert (one.reason, one.resource_code) == (Reason.SLOT_TAKEN, place.spot.code)
    assert isinstance(one.facts, SlotTaken)
    return one.facts


def local(facts: SlotTaken) -> tuple[datetime, datetime] | None:
    return None if facts.busy is None else (facts.busy.starts_at, facts.busy.ends_at)


def test_each_takes_the_lowest_place_that_is_free_until_none_is(pool: Place) -> None:
    made = fill(pool)
    assert units(*made) == [1, 2, 3]
    facts = refusal(make.member_of(), pool)
    assert (facts.places, facts.cause, local(facts)) == (
        3,
        Cause.BOOKING,
        (make.at(10), make.at(11)),
    )
    give_back(made[1])
    assert units(book(pool)) == [2]


def test_a_place_is_kept_from_the_start_to_the_end(pool: Place) -> None:
    """At each moment one of them is free, but none for the whole time."""
    book(pool, 9, 10), book(pool, 10, 11), book(pool, 11, 12)
    assert units(book(pool, 9, 11), book(pool, 10, 12), book(pool, 9, 10)) == [2, 3, 3]
    assert units(book(pool, 11, 12)) == [2]
    assert units(book(pool, 12, 13)) == [1]
    give_back(_at(pool, 2, 9))
    facts = refusal(make.member_of(), pool, 9, 12)
    assert (facts.places, local(facts)) == (3, (make.at(11), make.at(12)))
    give_back(_at(pool, 1, 11))
    facts = refusal(make.member_of(), pool, 9, 12)
    assert (facts.places, local(facts)) == (3, None)


def _at(place: Place, unit: int, hour: int) -> Details:
    end_reading()
    owner = select(occupancy.c.reservation_id).where(
        occupancy.c.resource_id == place.resource_id, occupancy.c.unit == unit
    )
    (found,) = queries.find(Reservation.id.in_(owner), Reservation.local_start == make.at(hour))
    return found


def give_back(found: Details) -> None:
    reservations.cancel(make.actor(found.person_id), found.public_id)


def test_only_a_pool_asks_for_what_pools_need(
    pool: Place, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    """The lock, how many places there are, which are free, a savepoint, and which one it is."""
    who = make.member_of()
    desk = make.desk(under=make.policy())
    counts = []
    for place in (desk, pool):
        reservations.book(who, wish(place, 14, 15))
        with count_statements() as found:
            reservations.book(who, wish(place))
        counts.append(found.count)
    assert 0 < counts[1] - counts[0] <= 5


def test_a_place_is_kept_through_changes_as_long_as_it_is_free(pool: Place) -> None:
    first, second = book(pool), book(pool)
    who = make.actor(second.person_id)
    give_back(first)
    reservations.change(who, second.public_id, Change(ends_at=make.at(12)))
    assert units(second) == [2]
    others = [book(pool, 12, 13) for _ in range(2)]
    assert units(*others) == [1, 2]
    reservations.change(who, second.public_id, Change(ends_at=make.at(13)))
    assert units(second) == [3]
    book(pool, 13, 14), book(pool, 13, 14), book(pool, 13, 14)
    with pytest.raises(RefusedError):
        reservations.change(who, second.public_id, Change(ends_at=make.at(14)))
    assert units(second) == [3]
    room = make.room()
    reservations.change(who, second.public_id, Change(resources=(room.spot.public_id,)))
    reservations.change(who, second.public_id, Change(resources=(pool.spot.public_id,)))
    assert units(second) == [3]


def test_a_team_gets_as_many_places_as_it_names_or_none(pool: Place) -> None:
    book(pool)
    who = make.member_of()
    named = (pool.spot.public_id,) * 2
    made = reservations.book_together(who, GroupWish(named, make.at(10), make.at(11)))
    assert units(*made.reservations) == [2, 3]
    later = GroupWish(named * 2, make.at(12), make.at(13))
    with pytest.raises(RefusedError) as refused:
        reservations.book_together(who, later)
    assert [one.reason for one in refused.value.refusals] == [Reason.SLOT_TAKEN]
    reservations.move_group(who, made.public_id, Change(starts_at=make.at(11), ends_at=make.at(12)))
    assert sorted(units(*made.reservations)) == [2, 3]


def test_each_date_of_a_series_takes_a_place_of_its_own(pool: Place) -> None:
    who = make.member_of()
    book(pool)
    for _ in range(3):
        make.reservation(
            make.member_of(), pool, starts_at=make.at(10, days=3), ends_at=make.at(11, days=3)
        )
    wanted = SeriesWish(wish(pool), Repetition(Every.DAY, count=3), on_conflict=OnConflict.SKIP)
    looked = series.look(who, wanted)
    assert [bool(one.refusals) for one in looked.dates] == [False, False, True]
    made = series.book(who, wanted)
    assert units(*made.reservations) == [2, 1]
    twice = SeriesWish(wish(pool, 9, 12), Repetition(Every.DAY, count=2))
    assert units(*series.book(make.member_of(), twice).reservations) == [3, 2]


@pytest.fixture
def asked(app: Flask) -> Place:
    """Two places about which somebody is asked, and which are not held meanwhile."""
    return make.pool("ASKED", 2, under=make.policy(needs_approval=True, holds_while_pending=False))


def test_a_request_gets_its_place_with_the_yes_and_only_then_others_lose(asked: Place) -> None:
    boss = make.lab_manager(asked)
    first, second, third = (book(asked) for _ in range(3))
    assert not approvals.background_of([first]).rivals[first.id]
    reservations.approve(boss, first.public_id, seen_version=1)
    background = approvals.background_of([second])
    assert [one.reference for one in background.rivals[second.id]] == [third.reference]
    with pytest.raises(WouldDeclineError):
        reservations.approve(boss, second.public_id, seen_version=1)
    reservations.approve(boss, second.public_id, seen_version=1, declines_others=True)
    assert units(first, second) == [1, 2]
    assert make.details(third.public_id).state is State.DECLINED
    with pytest.raises(RefusedError):  # it holds nothing, but the wait would be hopeless
        book(asked)


def test_a_change_that_waits_holds_the_same_place_or_all_of_another(app: Flask) -> None:
    held = make.pool("HELD", 2, under=make.policy(needs_approval=True))
    boss = make.lab_manager(held)
    first, second = book(held), book(held)
    for one in (first, second):
        reservations.approve(boss, one.public_id, seen_version=1)
    who = make.actor(second.person_id)
    to_noon = Change(starts_at=make.at(9), ends_at=make.at(12))
    reservations.change(who, second.public_id, to_noon)
    assert holds() == [(2, make.at(9), 1), (2, make.at(11), 1)]
    reservations.withdraw_change(who, second.public_id)
    assert units(book(held, 11, 12), book(held, 11, 12)) == [1, 2]
    give_back(first)
    give_back(_at(held, 1, 11))
    reservations.change(who, second.public_id, to_noon)
    assert holds() == [(1, make.at(9), 3)]
    version = make.details(second.public_id).version
    reservations.approve(boss, second.public_id, seen_version=version)
    assert (holds(), units(second)) == ([], [1])


def holds() -> list[tuple[int, datetime, int]]:
    """The unit, the start, and for how many hours."""
    end_reading()
    rows = session().execute(select(occupancy).where(occupancy.c.hold_id.is_not(None)))
    return sorted(
        (
            row.unit,
            row.starts_at.replace(tzinfo=None),
            (row.ends_at - row.starts_at) // timedelta(hours=1),
        )
        for row in rows
    )


def test_a_closure_takes_every_place_and_displaces_whoever_is_there(pool: Place) -> None:
    inside = fill(pool)
    operator = make.operator()
    wanted = Wanted(
        ClosureKind.MAINTENANCE,
        {"en": "Works"},
        make.at(10),
        make.at(12),
        resources=(pool.spot.public_id,),
    )
    seen = closures_queries.plan(operator, wanted).seen
    end_reading()
    done = closures.close(operator, wanted, seen=seen)
    assert done.displaced == 3
    assert {make.details(one.public_id).state for one in inside} == {State.CANCELLED}
    facts = refusal(make.member_of(), pool, 9, 11)
    assert (facts.cause, local(facts)) == (Cause.CLOSURE, (make.at(10), make.at(12)))
    change_units(operator, pool, 4)
    refusal(make.member_of(), pool, 11, 12)
    closures.end(operator, done.public_id)
    assert units(book(pool)) == [1]


def test_who_waits_is_offered_the_first_place_that_becomes_free(pool: Place) -> None:
    made, waiter = fill(pool), make.person()
    entry = waitlist.wait(waiter, wish(pool))
    offering.serve()
    end_reading()
    assert waiting.entry_of(waiter, entry).state is EntryState.WAITING
    give_back(made[2])
    assert offering.serve() == 1
    refusal(make.member_of(), pool)
    taken = waitlist.accept(waiter, entry)
    assert units(make.details(taken.public_id)) == [3]


def change_units(operator: Actor, place: Place, wanted: int) -> None:
    end_reading()
    draft = inventory.resource(place.spot.public_id).draft
    pooling.change_resource(operator, place.spot.public_id, replace(draft, units=wanted))


def test_a_pool_gets_smaller_as_far_as_those_who_have_places_find_room(pool: Place) -> None:
    operator = make.operator()
    first, second, third = fill(pool)
    give_back(first)
    change_units(operator, pool, 2)
    assert units(second, third) == [2, 1]
    with pytest.raises(PlacesNeededError) as refused:
        change_units(operator, pool, 1)
    assert refused.value.needed == 2
    assert refusal(make.member_of(), pool).places == 2


def test_what_is_free_counts_the_places(pool: Place) -> None:
    book(pool), book(pool, 10, 12)
    window = book(pool, 11, 12).interval
    assert availability.free_units([pool], window) == {pool.resource_id: 1}
    found = availability.around([pool], make.at(10).date(), is_member=True)
    assert [one.ends_at for one in found.free][-1:] == [found.free[0].ends_at]  # all in one
    assert is_found(pool, window)
    book(pool, 11, 12)
    assert availability.free_times([pool], window) == {pool.resource_id: ()}
    assert not is_found(pool, window)


def is_found(place: Place, window: Interval) -> bool:
    end_reading()
    statement = select(Resource.id).where(is_free(window))
    return place.resource_id in session().scalars(statement).all()


def test_who_books_while_a_pool_gets_smaller_gets_no_place_that_is_gone(
    app: Flask, pool: Place
) -> None:
    operator, who = make.operator(), make.member_of()
    made = [book(pool), book(pool)]
    with pytest.raises(RefusedError):
        overtaken(app, lambda: change_units(operator, pool, 2), lambda: book(pool, who=who))
    assert units(*made) == [1, 2]
