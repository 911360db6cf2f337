"""Waiting for taken time: who is offered what becomes free, until when, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from booking import worker
from booking.checks import promises
from booking.core import clock
from booking.core.database import end_reading, session, transaction
from booking.core.errors import InvalidError, NotFoundError, RefusedError
from booking.core.permissions import Actor
from booking.core.refusals import Cause, NotChangeable, Obstacle, Reason, SlotTaken
from booking.messages.models import Message, MessageKind
from booking.occupancy.models import occupancy
from booking.people.models import Person, PersonState
from booking.policies.facts import Place
from booking.policies.models import Policy
from booking.reservations import linking
from booking.reservations import service as reservations
from booking.reservations.models import State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change, Wish
from booking.waitlist import offering, queries, service
from booking.waitlist.models import EntryState
from tests import make
from tests.conftest import Statements
from tests.rivals import overtaken

MINUTE = timedelta(minutes=1)


@pytest.fixture
def room(app: Flask) -> Place:
    return make.room("R-1")


@pytest.fixture
def taken(room: Place) -> Details:
    return make.reservation(make.person(), room, starts_at=make.at(10), ends_at=make.at(12))


def wish(room: Place, start: int = 10, end: int = 12) -> Wish:
    return Wish((room.spot.public_id,), make.at(start), make.at(end), "Pitch", 2)


def wait(who: Actor, room: Place, *, any_like: bool = False) -> str:
    return service.wait(who, wish(room), any_like=any_like)


def free(found: Details) -> None:
    reservations.cancel(make.actor(found.person_id), found.public_id)


def state_of(who: Actor, public_id: str) -> EntryState:
    end_reading()
    return queries.entry_of(who, public_id).state


def claims() -> list[tuple[str, int | None]]:
    end_reading()
    rows = session().execute(select(occupancy.c.kind, occupancy.c.hold_id))
    return sorted((row.kind, row.hold_id) for row in rows)


def is_clean() -> bool:
    end_reading()
    return [one for one in promises.verify().findings if one.count] == []


def offers_told() -> int:
    statement = select(func.count()).where(Message.kind == MessageKind.OFFER)
    return session().scalar(statement) or 0


def test_who_came_first_is_offered_what_becomes_free_and_takes_it(
    app: Flask, room: Place, taken: Details
) -> None:
    first, second = make.member_of(), make.person()
    ours, theirs = wait(first, room), wait(second, room)
    assert offering.serve() == 0
    free(taken)
    worker.tick(app)
    offer = queries.entry_of(first, ours).offer
    assert offer is not None
    assert offer.expires_at - clock.now() >= 29 * MINUTE
    assert state_of(second, theirs) is EntryState.WAITING
    assert [kind for kind, _hold in claims()] == ["hold"]
    assert offers_told() == 1
    assert is_clean()
    outcome = service.accept(first, ours)
    assert outcome.state is State.CONFIRMED
    made = make.details(outcome.public_id)
    assert (made.title, made.headcount, made.local.starts_at) == ("Pitch", 2, make.at(10))
    assert claims() == [("booking", None)]
    assert state_of(first, ours) is EntryState.TAKEN
    assert queries.entry_of(first, ours).reservation == outcome.public_id
    assert offering.serve() == 0
    assert is_clean()


def test_trouble_with_a_closure_keeps_nobody_from_being_offered_what_is_free(
    app: Flask, room: Place, taken: Details, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make.member_of()
    ours = wait(first, room)
    free(taken)

    def broken() -> bool:
        raise ValueError("nothing like that happens")

    monkeypatch.setattr(worker, "close_next", broken)
    worker.tick(app)
    assert state_of(first, ours) is EntryState.OFFERED


def test_what_is_left_or_not_answered_in_time_goes_to_the_next(
    app: Flask, room: Place, taken: Details
) -> None:
    people = [make.person() for _ in range(3)]
    entries = [wait(who, room) for who in people]
    free(taken)
    worker.tick(app)
    service.decline(people[0], entries[0])
    assert claims() == []
    worker.tick(app)
    assert state_of(people[0], entries[0]) is EntryState.DECLINED
    offer = queries.entry_of(people[1], entries[1]).offer
    assert offer is not None
    with clock.frozen_at(offer.expires_at - MINUTE):
        worker.tick(app)
        assert state_of(people[1], entries[1]) is EntryState.OFFERED
    with clock.frozen_at(offer.expires_at):
        with pytest.raises(RefusedError) as refused:
            service.accept(people[1], entries[1])
        assert refused.value.refusals[0].facts == NotChangeable(Obstacle.OFFER_OVER)
        worker.tick(app)
        assert state_of(people[1], entries[1]) is EntryState.MISSED
        assert state_of(people[2], entries[2]) is EntryState.OFFERED
        assert is_clean()
    assert offers_told() == 3


def test_what_is_held_is_refused_to_others_with_its_own_cause(room: Place, taken: Details) -> None:
    who, other = make.person(), make.person()
    wait(who, room)
    free(taken)
    assert offering.serve() == 1
    with pytest.raises(RefusedError) as refused:
        reservations.book(other, wish(room, 11, 13))
    facts = refused.value.refusals[0].facts
    assert isinstance(facts, SlotTaken)
    assert facts.cause is Cause.OFFER


def test_who_may_not_have_it_now_is_passed_over_and_stays_in_line(
    app: Flask, room: Place, taken: Details
) -> None:
    member, guest = make.member_of(), make.person()
    theirs, ours = wait(guest, room), wait(member, room)
    free(taken)
    with transaction() as current:
        current.execute(update(Policy).values(who_may_book="members"))
    assert offering.serve() == 1
    assert state_of(guest, theirs) is EntryState.WAITING
    assert state_of(member, ours) is EntryState.OFFERED


def test_waiting_for_any_like_it_offers_an_alike_room_and_after_a_no_the_next(
    app: Flask, room: Place, taken: Details
) -> None:
    alike = make.room("R-2")
    booked = make.reservation(make.person(), alike, starts_at=make.at(10), ends_at=make.at(12))
    make.reservation(
        make.person(), make.room("S-1", capacity=1), starts_at=make.at(10), ends_at=make.at(12)
    )
    who = make.person()
    entry = wait(who, room, any_like=True)
    assert queries.entry_of(who, entry).places == 2  # the third is too small
    free(booked)
    assert offering.serve() == 1
    offer = queries.entry_of(who, entry).offer
    assert offer is not None
    assert offer.place.resource_id == alike.resource_id
    service.decline(who, entry)
    assert offering.serve() == 0  # the same is not offered twice
    assert state_of(who, entry) is EntryState.WAITING
    free(taken)
    assert offering.serve() == 1
    made = service.accept(who, entry)
    assert make.details(made.public_id).place.resource_id == room.resource_id


def test_two_ticks_do_not_offer_one_entry_two_places(
    app: Flask, room: Place, taken: Details
) -> None:
    other = make.reservation(
        make.person(), make.room("R-2"), starts_at=make.at(10), ends_at=make.at(12)
    )
    who = make.person()
    entry = wait(who, room, any_like=True)
    free(taken)
    free(other)
    end_reading()
    assert overtaken(app, offering.serve, offering.serve) == 0
    assert state_of(who, entry) is EntryState.OFFERED
    assert [kind for kind, _hold in claims()] == ["hold"]


def test_taking_a_place_that_needs_approval_is_a_request(app: Flask) -> None:
    lab = make.lab()
    taken = make.reservation(make.person(), lab, starts_at=make.at(10), ends_at=make.at(12))
    who = make.person()
    entry = wait(who, lab)
    free(taken)
    assert offering.serve() == 1
    assert service.accept(who, entry).state is State.PENDING
    assert claims() == [("booking", None)]


def test_set_up_and_cleaning_are_held_too(app: Flask) -> None:
    room = make.room(under=make.policy(setup_minutes=15, cleanup_minutes=30))
    taken = make.reservation(make.person(), room, starts_at=make.at(10), ends_at=make.at(12))
    who = make.person()
    entry = wait(who, room)
    late = make.reservation(make.person(), room, starts_at=make.at(13), ends_at=make.at(14))
    free(taken)
    assert offering.serve() == 1
    assert [kind for kind, _hold in claims()].count("hold") == 3
    made = service.accept(who, entry)
    assert make.details(made.public_id).interval.ends_at < late.interval.starts_at
    assert is_clean()


def test_the_parts_of_a_large_room_are_held_with_it(app: Flask) -> None:
    hall, part = make.room("AB"), make.room("A")
    linking.set_parts(make.operator(), hall.spot.public_id, ["A"])
    taken = make.reservation(make.person(), hall, starts_at=make.at(10), ends_at=make.at(12))
    who = make.person()
    entry = wait(who, hall)
    free(taken)
    assert offering.serve() == 1
    assert [kind for kind, _hold in claims()] == ["hold", "hold"]
    with pytest.raises(RefusedError):
        reservations.book(make.person(), wish(part))
    service.accept(who, entry)
    assert claims() == [("booking", None), ("linked", None)]
    assert is_clean()


def test_time_that_a_shorter_reservation_gives_back_is_offered(room: Place, taken: Details) -> None:
    who = make.person()
    entry = service.wait(who, wish(room, 11, 12))
    reservations.change(make.actor(taken.person_id), taken.public_id, Change(ends_at=make.at(11)))
    assert offering.serve() == 1
    assert state_of(who, entry) is EntryState.OFFERED


def test_leaving_the_line_gives_back_what_is_held(room: Place, taken: Details) -> None:
    first, second = make.person(), make.person()
    ours, theirs = wait(first, room), wait(second, room)
    free(taken)
    offering.serve()
    service.leave(first, ours)
    service.leave(first, ours)
    assert state_of(first, ours) is EntryState.WITHDRAWN
    assert offering.serve() == 1
    assert state_of(second, theirs) is EntryState.OFFERED


def test_who_books_in_another_way_waits_no_longer(room: Place, taken: Details) -> None:
    who, other_room = make.person(), make.room("R-2")
    now = clock.now()
    with clock.frozen_at(now):
        entry = wait(who, room)
    with clock.frozen_at(now + MINUTE):
        made = reservations.book(who, wish(other_room, 9, 13))
        assert offering.serve() == 1
    assert state_of(who, entry) is EntryState.BOOKED
    assert queries.entry_of(who, entry).reservation == made.public_id


def test_an_entry_ends_quietly_when_it_begins_and_with_the_account(
    room: Place, taken: Details
) -> None:
    who, gone = make.person(), make.person()
    entry, theirs = wait(who, room), wait(gone, room)
    with transaction() as current:
        current.execute(
            update(Person).where(Person.id == gone.person_id).values(state=PersonState.DEACTIVATED)
        )
    assert offering.serve() == 1
    assert state_of(gone, theirs) is EntryState.WITHDRAWN
    with clock.frozen_at(taken.interval.starts_at):
        assert offering.serve() == 1
    assert state_of(who, entry) is EntryState.ENDED


def test_nobody_is_offered_what_there_is_no_time_to_answer(room: Place, taken: Details) -> None:
    who = make.person()
    entry = wait(who, room)
    free(taken)
    with clock.frozen_at(taken.interval.starts_at - 4 * MINUTE):
        assert offering.serve() == 0
    assert state_of(who, entry) is EntryState.WAITING


def test_what_can_be_booked_or_never_is_not_waited_for(room: Place, taken: Details) -> None:
    who = make.person()
    for asked, reason in (
        (wish(room, 13, 14), Reason.NOT_TAKEN),
        (Wish((room.spot.public_id,), make.at(10), make.at(12), "", 99), Reason.OVER_CAPACITY),
    ):
        with pytest.raises(RefusedError) as refused:
            service.wait(who, asked)
        assert refused.value.refusals[0].reason is reason
    with pytest.raises(InvalidError):
        service.wait(who, wish(room), until=taken.interval.ends_at)


def test_one_waits_once_for_a_time_and_for_ten_things_at_most(app: Flask) -> None:
    who = make.person()
    rooms = [make.room(f"R-{number}") for number in range(11)]
    for room in rooms:
        make.reservation(make.person(), room, starts_at=make.at(10), ends_at=make.at(12))
    made = [wait(who, room) for room in rooms[:10]]
    assert wait(who, rooms[0]) == made[0]
    with pytest.raises(RefusedError) as refused:
        wait(who, rooms[10])
    assert refused.value.refusals[0].reason is Reason.TOO_MANY_WAITED_FOR


def test_an_entry_is_nobody_elses(room: Place, taken: Details) -> None:
    who, other = make.person(), make.person()
    entry = wait(who, room)
    for act in (service.leave, service.accept, service.decline):
        with pytest.raises(NotFoundError):
            act(other, entry)


def test_while_nobody_waits_a_tick_asks_once(
    app: Flask, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    end_reading()
    with count_statements() as seen:
        assert offering.serve() == 0
    assert seen.count == 1, seen
