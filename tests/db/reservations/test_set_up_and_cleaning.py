"""What a policy keeps free around a reservation is claimed with it, and nobody else gets it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.checks import promises
from booking.core.database import end_reading, session, transaction
from booking.core.errors import RefusedError
from booking.core.intervals import LocalInterval
from booking.core.permissions import Actor
from booking.core.refusals import Cause, SlotTaken
from booking.occupancy.models import occupancy
from booking.policies import facts
from booking.policies.facts import Place
from booking.policies.models import Policy
from booking.reservations import alternatives, availability, service
from booking.reservations.availability import Own
from booking.reservations.models import State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change, GroupWish, Wish
from booking.spaces.models import Resource
from tests import make


@pytest.fixture
def room(app: Flask) -> Place:
    """A quarter of an hour before and half an hour after each reservation stay free."""
    return make.room("T-01", under=make.policy(setup_minutes=15, cleanup_minutes=30))


def _claims(place: Place) -> list[tuple[str, str, str]]:
    """Kind, start and end of all claims of a place, on the clock of the site."""
    statement = select(occupancy).where(occupancy.c.resource_id == place.resource_id)
    rows = session().execute(statement.order_by(occupancy.c.starts_at))
    return [(row.kind, f"{row.starts_at:%H:%M}", f"{row.ends_at:%H:%M}") for row in rows]


def _booked(place: Place, start: datetime, end: datetime, who: Actor | None = None) -> Details:
    return make.reservation(who, place, starts_at=start, ends_at=end)


def _why(place: Place, start: datetime, end: datetime) -> SlotTaken:
    with pytest.raises(RefusedError) as refused:
        _booked(place, start, end)
    (refusal,) = refused.value.refusals
    assert refusal.resource_code == place.spot.code
    assert isinstance(refusal.facts, SlotTaken)
    return refusal.facts


def _keep_longer(place: Place, minutes: int) -> None:
    with transaction() as current:
        current.execute(
            update(Policy)
            .where(Policy.id == place.spot.policy_id)
            .values(setup_minutes=minutes, cleanup_minutes=minutes)
        )


def test_they_are_claimed_with_the_reservation(room: Place) -> None:
    made = _booked(room, make.at(10), make.at(12))
    assert _claims(room) == [
        ("setup", "09:45", "10:00"),
        ("booking", "10:00", "12:00"),
        ("cleanup", "12:00", "12:30"),
    ]
    service.cancel(make.actor(made.person_id), made.public_id)
    assert _claims(room) == []


def test_also_outside_the_opening_hours(room: Place) -> None:
    _booked(room, make.at(8), make.at(18))
    assert _claims(room)[0] == ("setup", "07:45", "08:00")
    assert _claims(room)[-1] == ("cleanup", "18:00", "18:30")


def test_the_next_begins_when_both_have_their_time(room: Place) -> None:
    _booked(room, make.at(10), make.at(12))
    found = _why(room, make.at(12, 30), make.at(13, 30))
    assert (found.cause, found.meets) == (Cause.CLEANUP, Cause.SETUP)
    _booked(room, make.at(12, 45), make.at(13, 45))


def test_a_refusal_says_whose_buffer_it_is(room: Place) -> None:
    _booked(room, make.at(12), make.at(13))
    others = _why(room, make.at(13, 15), make.at(14))
    assert (others.cause, others.meets, others.kept) == (Cause.CLEANUP, Cause.BOOKING, None)
    own = _why(room, make.at(10), make.at(11, 30))
    assert (own.cause, own.meets) == (Cause.SETUP, Cause.CLEANUP)
    assert own.kept == LocalInterval(make.at(9, 45), make.at(12), make.CASABLANCA)
    make.closure(room, make.at(16), make.at(17))
    before = _why(room, make.at(14, 30), make.at(15, 45))
    assert (before.cause, before.meets) == (Cause.CLOSURE, Cause.CLEANUP)


def test_could_i_says_the_same(room: Place) -> None:
    _booked(room, make.at(12), make.at(13))
    wish = Wish((room.spot.public_id,), make.at(10), make.at(11, 45))
    (refusal,) = alternatives.verdict(make.person(), wish).refusals
    assert isinstance(refusal.facts, SlotTaken)
    assert (refusal.facts.cause, refusal.facts.meets) == (Cause.SETUP, Cause.CLEANUP)


def test_what_is_offered_instead_can_be_booked(room: Place) -> None:
    _booked(room, make.at(10), make.at(12))
    _booked(room, make.at(14), make.at(16))
    member = make.person()
    wish = Wish((room.spot.public_id,), make.at(12), make.at(13))
    found = alternatives.find(member, wish)
    times = [(one.local.starts_at, one.local.ends_at) for one in found]
    assert (make.at(8, 15), make.at(9, 15)) in times
    assert all(start != make.at(12, 30) for start, _end in times)
    for start, end in times:
        _booked(room, start, end)


def test_the_form_offers_times_that_leave_room(room: Place) -> None:
    _booked(room, make.at(10), make.at(12))
    around = availability.around([room], make.at(10).date(), is_member=False)
    first, second = around.stretches(make.at(10).date())
    assert (first.starts_at, first.ends_at) == (make.at(8), make.at(9, 15))
    assert (second.starts_at, second.ends_at) == (make.at(12, 45), make.at(18))


def test_searches_find_only_what_has_room(room: Place) -> None:
    desk = make.room("T-02", under=make.policy())
    _booked(room, make.at(10), make.at(12))
    _booked(desk, make.at(10), make.at(12))

    def free(start: datetime, end: datetime) -> set[str]:
        interval = LocalInterval(start, end, make.CASABLANCA).project()
        condition = facts.is_free(interval, facts.buffers())
        return set(session().scalars(select(Resource.code).where(condition)))

    assert free(make.at(12), make.at(13)) == {"T-02"}
    assert free(make.at(12, 30), make.at(13)) == {"T-02"}
    assert free(make.at(12, 45), make.at(13)) == {"T-01", "T-02"}
    assert free(make.at(8, 30), make.at(9, 30)) == {"T-02"}


def test_a_change_may_use_its_own_buffers(room: Place) -> None:
    member = make.person()
    made = _booked(room, make.at(10), make.at(12), member)
    own = Own.of(make.details(made.public_id))
    around = availability.around([room], make.at(10).date(), is_member=False, own=own)
    assert around.can_be_booked(LocalInterval(make.at(10, 15), make.at(12, 15), make.CASABLANCA))
    service.change(
        member, made.public_id, Change(starts_at=make.at(10, 15), ends_at=make.at(12, 15))
    )
    assert _claims(room) == [
        ("setup", "10:00", "10:15"),
        ("booking", "10:15", "12:15"),
        ("cleanup", "12:15", "12:45"),
    ]


def test_a_stricter_policy_holds_from_now_on_and_lets_time_be_given_back(app: Flask) -> None:
    room = make.room("T-01", under=make.policy())
    member = make.person()
    _booked(room, make.at(9), make.at(10))
    made = _booked(room, make.at(10), make.at(12), member)
    _booked(room, make.at(12), make.at(13))
    _keep_longer(room, 30)
    own = Own.of(make.details(made.public_id))
    around = availability.around([room], make.at(10).date(), is_member=False, own=own)
    shorter = LocalInterval(make.at(10), make.at(11, 45), make.CASABLANCA)
    assert around.can_be_booked(shorter)
    service.change(member, made.public_id, Change(ends_at=make.at(11, 45)))
    assert _claims(room)[1:3] == [
        ("booking", "10:00", "11:45"),
        ("cleanup", "11:45", "12:00"),  # as much as was given back
    ]
    assert promises.verify().is_clean
    found = _why(room, make.at(13, 15), make.at(14))
    assert (found.cause, found.meets) == (Cause.BOOKING, Cause.SETUP)


def test_a_change_that_waits_holds_what_it_adds(app: Flask) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, setup_minutes=15, cleanup_minutes=30))
    manager, member = make.lab_manager(lab), make.person()
    made = _booked(lab, make.at(10), make.at(11), member)
    service.approve(manager, made.public_id, seen_version=1)
    service.change(member, made.public_id, Change(ends_at=make.at(12)))
    assert _claims(lab) == [
        ("setup", "09:45", "10:00"),
        ("booking", "10:00", "11:00"),
        ("cleanup", "11:00", "11:30"),
        ("hold", "11:30", "12:30"),
    ]
    _keep_longer(lab, 120)  # what is held is enough, whatever the policy says by now
    _booked(lab, make.at(14, 30), make.at(15), member)
    version = make.details(made.public_id).version
    service.approve(manager, made.public_id, seen_version=version)
    assert _claims(lab)[:3] == [
        ("setup", "09:45", "10:00"),
        ("booking", "10:00", "12:00"),
        ("cleanup", "12:00", "12:30"),
    ]
    assert promises.verify().is_clean


def test_a_request_that_holds_nothing_claims_them_when_it_is_approved(app: Flask) -> None:
    lab = make.lab(
        under=make.policy(
            needs_approval=True, holds_while_pending=False, setup_minutes=15, cleanup_minutes=15
        )
    )
    manager = make.lab_manager(lab)
    made = _booked(lab, make.at(10), make.at(11))
    near = _booked(lab, make.at(11, 15), make.at(12))
    after = _booked(lab, make.at(11, 30), make.at(12))
    assert _claims(lab) == []
    service.approve(manager, made.public_id, seen_version=1, declines_others=True)
    assert len(_claims(lab)) == 3
    assert make.details(near.public_id).state is State.DECLINED
    assert make.details(after.public_id).state is State.PENDING
    service.approve(manager, after.public_id, seen_version=1)


def test_a_change_into_its_own_cleaning_is_cleaned_after_when_nothing_was_held(app: Flask) -> None:
    policy = make.policy(needs_approval=True, holds_while_pending=False, cleanup_minutes=30)
    place = make.lab(under=policy)
    holder, operator = make.member_of(), make.operator()
    made = _booked(place, make.at(10), make.at(11), holder)
    service.approve(operator, made.public_id, seen_version=None)
    later = Change(starts_at=make.at(11), ends_at=make.at(11, 30))
    service.change(holder, made.public_id, later)
    service.approve(operator, made.public_id, seen_version=None)
    assert _claims(place) == [("booking", "11:00", "11:30"), ("cleanup", "11:30", "12:00")]


def test_places_taken_together_have_them_each(app: Flask) -> None:
    policy = make.policy(cleanup_minutes=30)
    desks = [make.desk(under=policy) for _number in range(3)]
    member = make.member_of()
    wish = GroupWish(
        tuple(one.spot.public_id for one in desks),
        make.at(10),
        make.at(11),
        organisation_id=member.memberships[0].public_id,
    )
    service.book_together(member, wish)
    for one in desks:
        assert _claims(one) == [("booking", "10:00", "11:00"), ("cleanup", "11:00", "11:30")]
    assert promises.verify().is_clean


def test_each_place_of_a_reservation_by_its_own_policy(room: Place) -> None:
    beside = make.room("T-02", under=make.policy(cleanup_minutes=60))
    make.reservation(None, room, beside, starts_at=make.at(10), ends_at=make.at(11))
    assert len(_claims(room)) == 3
    assert _claims(beside) == [("booking", "10:00", "11:00"), ("cleanup", "11:00", "12:00")]
    around = availability.around([room, beside], make.at(10).date(), is_member=False)
    second = around.stretches(make.at(10).date())[1]
    assert second.starts_at == make.at(12)


def test_verify_finds_buffers_that_are_elsewhere(room: Place) -> None:
    made = _booked(room, make.at(10), make.at(12))
    assert promises.verify().is_clean
    elsewhere = {
        "cleanup": {"starts_at": made.interval.ends_at + timedelta(minutes=5)},
        "setup": {"ends_at": made.interval.starts_at - timedelta(minutes=5)},
    }
    for kind, values in elsewhere.items():
        with transaction() as current:
            current.execute(update(occupancy).where(occupancy.c.kind == kind).values(values))
        end_reading()
        found = {one.promise: one.count for one in promises.verify().findings if one.count}
        assert found == {promises.Promise.WRONG_CLAIMS: list(elsewhere).index(kind) + 1}
