"""What nobody comes to is given back once: claims, calendar, messages, and who comes meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from booking import worker
from booking.attendance import service
from booking.checks import promises
from booking.checks.promises import Promise
from booking.core import clock
from booking.core.database import end_reading, session, transaction
from booking.core.errors import RefusedError
from booking.core.events import Event, EventKind
from booking.core.permissions import Actor
from booking.core.refusals import NotChangeable, Obstacle
from booking.messages.models import Message, MessageKind
from booking.occupancy.claims import Claim, Owner
from booking.occupancy.models import occupancy
from booking.occupancy.service import claim, release
from booking.policies.facts import Place
from booking.reservations import service as reservations
from booking.reservations.models import Attendance, CheckInWay, State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from tests import make
from tests.rivals import overtaken

MINUTE = timedelta(minutes=1)


@pytest.fixture
def room(app: Flask) -> Place:
    return make.room(under=make.policy(asks_for_check_in=True, grace_minutes=15))


@pytest.fixture
def who(room: Place) -> Actor:
    return make.member_of()


@pytest.fixture
def made(room: Place, who: Actor) -> Details:
    return make.reservation(who, room)


def claims_of(found: Details) -> int:
    statement = select(func.count()).where(occupancy.c.reservation_id == found.id)
    return session().scalar(statement) or 0


def released() -> int:
    """Let all go that can go now; how many that were."""
    count = 0
    while service.release_next():
        count += 1
    return count


def check_in(actor: Actor, found: Details) -> None:
    service.check_in(actor, found.public_id, CheckInWay.PAGE)


def test_the_rest_is_given_back_after_the_grace_and_stays_confirmed(made: Details) -> None:
    with clock.frozen_at(made.interval.starts_at + 14 * MINUTE):
        assert released() == 0
    with clock.frozen_at(made.interval.starts_at + 15 * MINUTE) as then:
        assert released() == 1
        assert released() == 0
    found = make.details(made.public_id)
    assert (found.state, found.is_live, found.is_released) == (State.CONFIRMED, False, True)
    assert (found.attended.released_at, found.sequence, found.version) == (then, 1, 2)
    assert claims_of(found) == 0


def test_who_came_keeps_the_place(made: Details, who: Actor) -> None:
    with clock.frozen_at(made.interval.starts_at + 14 * MINUTE):
        check_in(who, made)
    with clock.frozen_at(made.interval.starts_at + 50 * MINUTE):
        assert released() == 0
    assert claims_of(made) == 1


def test_only_what_asks_is_confirmed_and_runs_is_released(room: Place, who: Actor) -> None:
    plain = make.reservation(who, make.room(under=make.policy()))
    asking = make.policy(asks_for_check_in=True, needs_approval=True, decide_within=2**17)
    request = make.reservation(who, make.lab(under=asking))
    later, short = (
        make.reservation(who, room, starts_at=make.at(hour), ends_at=make.at(hour, 30))
        for hour in (12, 11)
    )
    gone = make.reservation(who, room, starts_at=make.at(10))
    reservations.cancel(who, gone.public_id)
    with clock.frozen_at(short.interval.ends_at):  # over: there is nothing to give back
        assert released() == 0
    for one in (plain, request, later, short):
        assert claims_of(one) == 1


def test_a_change_that_waits_is_not_overtaken(who: Actor) -> None:
    policy = make.policy(asks_for_check_in=True, needs_approval=True, decide_within=10 * 60)
    lab = make.lab(under=policy)
    made = make.reservation(who, lab, starts_at=make.at(10), ends_at=make.at(12))
    reservations.approve(make.lab_manager(lab), made.public_id, seen_version=1)
    longer = Change(ends_at=make.at(13))
    with clock.frozen_at(made.interval.starts_at - MINUTE):
        assert reservations.change(who, made.public_id, longer).amendment_waits
    with clock.frozen_at(made.interval.starts_at + 30 * MINUTE):
        assert released() == 0
        reservations.withdraw_change(who, made.public_id)
        assert released() == 1


def test_who_is_late_says_so_once_and_is_waited_for_as_long_again(
    made: Details, who: Actor
) -> None:
    start = made.interval.starts_at
    with clock.frozen_at(start + 10 * MINUTE):
        service.announce_late(who, made.public_id)
        with pytest.raises(RefusedError) as again:
            service.announce_late(who, made.public_id)
        found = make.details(made.public_id)
        assert found.attended.late_until == start + 30 * MINUTE
    with clock.frozen_at(start + 29 * MINUTE):
        assert released() == 0
    with clock.frozen_at(start + 30 * MINUTE):
        assert released() == 1
        with pytest.raises(RefusedError) as gone:
            service.announce_late(who, made.public_id)
    assert again.value.refusals[0].facts == NotChangeable(Obstacle.LATE_ALREADY)
    assert gone.value.refusals[0].facts == NotChangeable(Obstacle.RELEASED)


def test_what_was_released_cannot_be_attended_changed_or_cancelled_and_others_can_book(
    made: Details, who: Actor, room: Place
) -> None:
    half_past, eleven = make.at(10, 30), make.at(11)
    with clock.frozen_at(made.interval.starts_at + 16 * MINUTE):
        released()
        acts = (
            lambda: check_in(who, made),
            lambda: reservations.change(who, made.public_id, Change(ends_at=eleven)),
            lambda: reservations.cancel(who, made.public_id),
        )
        for act in acts:
            with pytest.raises(RefusedError) as refused:
                act()
            assert refused.value.refusals[0].facts == NotChangeable(Obstacle.RELEASED)
        assert (
            make.reservation(place=room, starts_at=half_past, ends_at=eleven).state
            is State.CONFIRMED
        )


def test_holder_and_booker_are_told_once_with_a_link_to_book_again(app: Flask, room: Place) -> None:
    organisation = make.organisation()
    booker, holder = make.member_of(organisation), make.member_of(organisation)
    made = make.reservation(
        booker, room, person_id=holder.public_id, organisation_id=organisation.public_id
    )
    with clock.frozen_at(made.interval.starts_at + 15 * MINUTE):
        worker.until_nothing_is_due(app)
        worker.until_nothing_is_due(app)
    end_reading()  # what follows sees what the worker wrote
    told = session().scalars(select(Message).where(Message.kind == MessageKind.RELEASED)).all()
    assert {one.recipient_id for one in told} == {booker.person_id, holder.person_id}
    assert len(told) == 2
    for one in told:
        assert f"/reservations/{made.public_id}/again" in (one.text or "")


def test_the_calendar_no_longer_shows_the_place(app: Flask, room: Place) -> None:
    client = app.test_client()
    who = make.person()
    made = make.reservation(who, room)
    address = make.feed_address(who)
    assert "STATUS:CONFIRMED" in client.get(address).text
    with clock.frozen_at(made.interval.starts_at + 15 * MINUTE):
        released()
        feed = client.get(address).text
    assert "STATUS:CANCELLED" in feed
    assert "SEQUENCE:1" in feed
    assert "STATUS:CONFIRMED" not in feed


def test_whoever_comes_first_wins_against_the_release(
    app: Flask, made: Details, who: Actor
) -> None:
    with clock.frozen_at(made.interval.starts_at + 15 * MINUTE):
        assert overtaken(app, lambda: check_in(who, made), service.release_next) is False
    assert make.details(made.public_id).is_here
    assert claims_of(made) == 1


def test_whoever_comes_while_it_is_released_is_told(app: Flask, made: Details, who: Actor) -> None:
    with clock.frozen_at(made.interval.starts_at + 15 * MINUTE):
        with pytest.raises(RefusedError) as refused:
            overtaken(app, service.release_next, lambda: check_in(who, made))
        assert refused.value.refusals[0].facts == NotChangeable(Obstacle.RELEASED)
    assert make.details(made.public_id).is_released
    events = select(func.count()).where(Event.kind == EventKind.RELEASED)
    assert session().scalar(events) == 1


def test_verify_knows_that_what_was_released_keeps_no_place_and_all_else_does(
    made: Details, room: Place
) -> None:
    with clock.frozen_at(made.interval.starts_at + 15 * MINUTE):
        released()
        assert broken() == {}
        with transaction():
            again = Claim(room.resource_id, made.interval, room.spot.code, make.CASABLANCA)
            claim(Owner(reservation_id=made.id), [again])
        assert broken() == {Promise.DEAD_CLAIMS: 1}
        with transaction():
            release(Owner(reservation_id=made.id))
            session().execute(delete(Attendance))
        assert broken() == {Promise.MISSING_CLAIMS: 1}


def broken() -> dict[Promise, int]:
    end_reading()
    return {one.promise: one.count for one in promises.verify().findings if one.count}
