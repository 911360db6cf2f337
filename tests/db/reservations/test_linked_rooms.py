"""A large room and its parts: taking the whole takes them; a part in use keeps it from others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import delete, select

from booking.checks import promises
from booking.checks.promises import Promise
from booking.core import revisions
from booking.core.database import end_reading, session, transaction
from booking.core.errors import ForbiddenError, InvalidError, OutdatedError, Problem, RefusedError
from booking.core.intervals import LocalInterval
from booking.core.permissions import Actor
from booking.core.refusals import Cause, SlotTaken
from booking.journal.models import JournalLine
from booking.occupancy.models import occupancy
from booking.policies import facts
from booking.policies.facts import Place
from booking.reservations import alternatives, availability, linking, service
from booking.reservations.models import State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change, Wish
from booking.spaces.models import Resource, ResourcePart
from tests import make


@dataclass(frozen=True)
class Rooms:
    """A hall with a folding wall, its halves, and whoever looks after them."""

    hall: Place
    left: Place
    right: Place
    operator: Actor


def _again(place: Place) -> Place:
    end_reading()
    return linking.place_of(place.spot.public_id)


@pytest.fixture
def rooms(app: Flask) -> Rooms:
    tidy = make.policy(setup_minutes=15, cleanup_minutes=30)
    plain = make.policy()
    hall = make.room("AB", under=tidy, capacity=30)
    left, right = make.room("A", under=plain), make.room("B", under=plain)
    operator = make.operator()
    linking.set_parts(operator, hall.spot.public_id, ["A", "B"])
    return Rooms(_again(hall), _again(left), _again(right), operator)


def _claims(place: Place) -> list[tuple[str, str, str]]:
    statement = select(occupancy).where(occupancy.c.resource_id == place.resource_id)
    rows = session().execute(statement.order_by(occupancy.c.starts_at))
    return [(row.kind, f"{row.starts_at:%H:%M}", f"{row.ends_at:%H:%M}") for row in rows]


def _booked(*places: Place, at: int, until: int, who: Actor | None = None) -> Details:
    return make.reservation(who, *places, starts_at=make.at(at), ends_at=make.at(until))


def _why(place: Place, start: datetime, end: datetime) -> tuple[str | None, SlotTaken]:
    with pytest.raises(RefusedError) as refused:
        make.reservation(None, place, starts_at=start, ends_at=end)
    refusal = refused.value.refusals[0]
    assert isinstance(refusal.facts, SlotTaken)
    return refusal.resource_code, refusal.facts


def test_the_whole_takes_its_parts_with_set_up_and_cleaning(rooms: Rooms) -> None:
    made = _booked(rooms.hall, at=10, until=12)
    for part in (rooms.left, rooms.right):
        assert _claims(part) == [("linked", "09:45", "12:30")]
    assert len(_claims(rooms.hall)) == 3
    assert promises.verify().is_clean
    service.cancel(make.actor(made.person_id), made.public_id)
    assert [_claims(one) for one in (rooms.hall, rooms.left, rooms.right)] == [[], [], []]


def test_parts_do_not_disturb_each_other(rooms: Rooms) -> None:
    _booked(rooms.left, at=10, until=12)
    _booked(rooms.right, at=10, until=12)
    assert _claims(rooms.hall) == []
    code, found = _why(rooms.hall, make.at(11), make.at(13))
    assert (code, found.cause, found.meets) == ("A", Cause.BOOKING, Cause.LINKED)


def test_a_part_is_refused_while_the_whole_is_booked(rooms: Rooms) -> None:
    _booked(rooms.hall, at=10, until=12)
    code, found = _why(rooms.left, make.at(12), make.at(13))  # the hall is cleaned until 12:30
    assert (code, found.cause, found.meets) == ("A", Cause.LINKED, Cause.BOOKING)
    make.reservation(None, rooms.left, starts_at=make.at(12, 30), ends_at=make.at(13))


def test_a_whole_with_one_of_its_parts_is_one_reservation(rooms: Rooms) -> None:
    _booked(rooms.hall, rooms.left, at=10, until=12)
    assert _claims(rooms.left) == [
        ("setup", "09:45", "10:00"),
        ("booking", "10:00", "12:00"),
        ("cleanup", "12:00", "12:30"),
    ]
    assert _claims(rooms.right) == [("linked", "09:45", "12:30")]
    assert promises.verify().is_clean


def test_moving_between_the_whole_and_a_part(rooms: Rooms) -> None:
    member = make.person()
    made = _booked(rooms.hall, at=10, until=12, who=member)
    service.change(member, made.public_id, Change(resources=(rooms.left.spot.public_id,)))
    assert _claims(rooms.left) == [("booking", "10:00", "12:00")]
    assert _claims(rooms.right) == _claims(rooms.hall) == []
    service.change(
        member,
        made.public_id,
        Change(resources=(rooms.hall.spot.public_id,), starts_at=make.at(11), ends_at=make.at(13)),
    )
    assert _claims(rooms.left) == _claims(rooms.right) == [("linked", "10:45", "13:30")]
    assert promises.verify().is_clean


def test_searches_and_forms_say_that_the_whole_is_busy(rooms: Rooms) -> None:
    _booked(rooms.left, at=10, until=12)
    interval = LocalInterval(make.at(10), make.at(11), make.CASABLANCA).project()
    free = select(Resource.code).where(facts.is_free(interval, facts.buffers()))
    assert set(session().scalars(free)) == {"B"}
    around = availability.around([rooms.hall], make.at(10).date(), is_member=False)
    first, second = around.stretches(make.at(10).date())
    assert (first.ends_at, second.starts_at) == (make.at(9, 30), make.at(12, 15))
    wish = Wish((rooms.hall.spot.public_id,), make.at(10), make.at(11))
    assert alternatives.verdict(make.person(), wish).refusals[0].resource_code == "A"
    offered = alternatives.find(make.person(), wish)
    assert offered
    chosen = next(one for one in offered if one.place.spot.code == "AB")
    make.reservation(
        None, rooms.hall, starts_at=chosen.local.starts_at, ends_at=chosen.local.ends_at
    )


def test_what_holds_nothing_is_declined_with_its_whole(app: Flask) -> None:
    asks = make.policy(needs_approval=True, holds_while_pending=False)
    hall, left = make.room("AB", under=asks), make.room("A", under=asks)
    operator = make.operator()
    linking.set_parts(operator, hall.spot.public_id, ["A"])
    part, whole = _booked(left, at=10, until=12), _booked(hall, at=11, until=13)
    service.approve(operator, whole.public_id, seen_version=1, declines_others=True)
    assert make.details(part.public_id).state is State.DECLINED
    assert _claims(left) == [("linked", "11:00", "13:00")]
    late = _booked(left, at=15, until=16)
    again = _booked(hall, at=15, until=16)
    service.approve(operator, late.public_id, seen_version=1, declines_others=True)
    assert make.details(again.public_id).state is State.DECLINED


def test_a_change_that_waits_holds_the_parts_too(app: Flask) -> None:
    asks = make.policy(needs_approval=True)
    hall, left = make.room("AB", under=asks), make.room("A", under=make.policy())
    operator, member = make.operator(), make.person()
    linking.set_parts(operator, hall.spot.public_id, ["A"])
    made = _booked(hall, at=10, until=12, who=member)
    service.approve(operator, made.public_id, seen_version=1)
    service.change(member, made.public_id, Change(ends_at=make.at(13)))
    assert _claims(left) == [("linked", "10:00", "12:00"), ("hold", "12:00", "13:00")]
    version = make.details(made.public_id).version
    service.approve(operator, made.public_id, seen_version=version)
    assert _claims(left) == [("linked", "10:00", "13:00")]


def test_all_floors_that_show_it_are_counted_up(rooms: Rooms) -> None:
    numbers = [revisions.number(revisions.Scope.RESOURCE, one.resource_id) for one in _all(rooms)]
    _booked(rooms.left, at=10, until=12)
    end_reading()
    after = [revisions.number(revisions.Scope.RESOURCE, one.resource_id) for one in _all(rooms)]
    assert [new - old for old, new in zip(numbers, after, strict=True)] == [1, 1, 0]


def _all(rooms: Rooms) -> tuple[Place, Place, Place]:
    return rooms.hall, rooms.left, rooms.right


# --- linking and unlinking ---


def test_a_new_part_is_claimed_for_what_lies_ahead(app: Flask) -> None:
    hall, left = make.room("AB", under=make.policy(cleanup_minutes=30)), make.room("A")
    _booked(hall, at=10, until=12)
    linking.set_parts(make.operator(), hall.spot.public_id, ["A"])
    assert _claims(left) == [("linked", "10:00", "12:30")]
    assert promises.verify().is_clean
    line = session().scalars(select(JournalLine).where(JournalLine.act == "resource_changed")).one()
    assert (line.before, line.after) == ({"parts": ""}, {"parts": "A"})


def test_a_hold_is_claimed_for_a_new_part_too(app: Flask) -> None:
    hall, left = make.room("AB", under=make.policy(needs_approval=True)), make.room("A")
    operator, member = make.operator(), make.person()
    made = _booked(hall, at=10, until=12, who=member)
    service.approve(operator, made.public_id, seen_version=1)
    service.change(member, made.public_id, Change(ends_at=make.at(13)))
    linking.set_parts(operator, hall.spot.public_id, ["A"])
    assert _claims(left) == [("linked", "10:00", "12:00"), ("hold", "12:00", "13:00")]
    linking.set_parts(operator, hall.spot.public_id, [])
    assert _claims(left) == []


def test_what_is_in_the_way_is_listed_and_nothing_changes(app: Flask) -> None:
    hall, left = make.room("AB"), make.room("A")
    for hour in (9, 11, 14):
        _booked(hall, at=hour, until=hour + 1)
    for hour in (11, 14):
        _booked(left, at=hour, until=hour + 1)
    with pytest.raises(RefusedError) as refused:
        linking.set_parts(make.operator(), hall.spot.public_id, ["A"])
    starts = [
        one.facts.busy.starts_at.hour
        for one in refused.value.refusals
        if isinstance(one.facts, SlotTaken) and one.facts.busy
    ]
    assert starts == [11, 14]
    assert _again(hall).parts == ()
    assert len(_claims(left)) == 2


def test_a_part_that_goes_is_free_again(rooms: Rooms) -> None:
    _booked(rooms.hall, at=10, until=12)
    linking.set_parts(rooms.operator, rooms.hall.spot.public_id, ["B"])
    assert _claims(rooms.left) == []
    assert len(_claims(rooms.right)) == 1
    assert promises.verify().is_clean
    _booked(rooms.left, at=10, until=12)


@pytest.mark.parametrize(
    ("codes", "problem"),
    [
        (["AB"], Problem.ITSELF),
        (["POOL"], Problem.POOL),
        (["LARGE"], Problem.HAS_PARTS),
        (["NOWHERE"], Problem.NOT_FOUND),
        ([str(number) for number in range(21)], Problem.TOO_MANY),
    ],
)
def test_what_can_be_no_part_is_named(app: Flask, codes: list[str], problem: Problem) -> None:
    hall, large = make.room("AB"), make.room("LARGE")
    make.room("A")
    pool = make.room("POOL")
    with transaction() as current:
        row = current.get(Resource, pool.resource_id)
        assert row is not None
        row.units = 5
    operator = make.operator()
    linking.set_parts(operator, large.spot.public_id, ["A"])
    with pytest.raises(InvalidError) as invalid:
        linking.set_parts(operator, hall.spot.public_id, codes)
    assert invalid.value.fields == {"parts": problem}


def test_a_part_gets_no_parts(rooms: Rooms) -> None:
    make.room("C")
    with pytest.raises(InvalidError) as invalid:
        linking.set_parts(rooms.operator, rooms.left.spot.public_id, ["C"])
    assert invalid.value.fields == {"parts": Problem.IS_PART}


def test_only_operators_link_and_see_what_others_did(rooms: Rooms) -> None:
    with pytest.raises(ForbiddenError):
        linking.set_parts(make.person(), rooms.hall.spot.public_id, [])
    with pytest.raises(OutdatedError):
        linking.set_parts(rooms.operator, rooms.hall.spot.public_id, [], seen="abcdef")


def test_verify_finds_parts_that_are_not_taken_and_taken_that_are_no_parts(rooms: Rooms) -> None:
    _booked(rooms.hall, at=10, until=12)
    with transaction() as current:
        current.execute(delete(occupancy).where(occupancy.c.resource_id == rooms.left.resource_id))
    end_reading()
    assert _broken() == {Promise.MISSING_CLAIMS: 1}
    with transaction() as current:
        current.execute(delete(ResourcePart).where(ResourcePart.part_id == rooms.right.resource_id))
    end_reading()
    assert _broken() == {Promise.MISSING_CLAIMS: 1, Promise.WRONG_CLAIMS: 1}


def _broken() -> dict[Promise, int]:
    return {one.promise: one.count for one in promises.verify().findings if one.count}
