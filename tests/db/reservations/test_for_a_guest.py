"""The reception books for somebody without an account: who may, and what it counts for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking.attendance import service as attendance
from booking.core import clock
from booking.core.errors import ForbiddenError, InvalidError, Problem
from booking.messages.models import MessageKind
from booking.policies.facts import Place
from booking.policies.rules import WhoMayBook
from booking.privacy import retention
from booking.reservations import alternatives, queries, service
from booking.reservations.wishes import Change
from tests import make
from tests.working import Run, Told

pytestmark = pytest.mark.usefixtures("app")
GUEST = "Delphine Marchand"


def received(place: Place) -> queries.Details:
    """A guest whom the reception of the place's building expects."""
    return make.reservation(make.reception(place, "Hamza"), place, guest=GUEST)


def test_the_reception_books_for_a_guest_where_only_members_may() -> None:
    made = received(make.desk(under=make.policy(who_may_book=WhoMayBook.MEMBERS)))
    assert (made.guest, made.for_whom) == (GUEST, GUEST)
    assert (made.person.name, made.booked_by.name, made.organisation) == ("Hamza", "Hamza", None)


def test_nobody_books_for_guests_but_who_receives_in_that_building() -> None:
    desk, elsewhere = make.desk(), make.desk(at=make.area(at=make.floor(at=make.building())))
    for who in (make.member_of(), make.lab_manager(desk), make.reception(elsewhere)):
        with pytest.raises(ForbiddenError):
            make.reservation(who, desk, guest=GUEST)
    assert make.reservation(make.operator(), desk, guest=GUEST).guest == GUEST


@pytest.mark.parametrize(
    ("guest", "problem"), [("x" * 121, Problem.TOO_LONG), (GUEST, Problem.UNKNOWN)]
)
def test_what_names_no_guest_is_refused_by_its_field(guest: str, problem: Problem) -> None:
    desk, somebody = make.desk(), make.person()
    whom = None if problem is Problem.TOO_LONG else somebody.public_id
    with pytest.raises(InvalidError) as error:
        make.reservation(make.reception(desk), desk, guest=guest, person_id=whom)
    assert error.value.fields == {"guest": problem}


def test_a_name_is_one_printable_line() -> None:
    desk = make.desk()
    made = make.reservation(make.reception(desk), desk, guest=" Delphine\0\nMarchand ")
    assert made.guest == GUEST


def test_guests_use_up_no_quota_of_whoever_receives_them() -> None:
    desk = make.desk(under=make.policy(person_quota_count=1))
    hamza = make.reception(desk)
    for hour in (9, 10, 11):
        make.reservation(hamza, desk, starts_at=make.at(hour), guest=GUEST)
    make.reservation(hamza, desk, starts_at=make.at(14))  # their own, the first that counts
    house = make.organisation()
    for one in (hamza, colleague := make.person()):
        make.join(one, house)
    make.reservation(colleague, desk, starts_at=make.at(15))
    guests = make.reservation(hamza, desk, starts_at=make.at(16), guest=GUEST)
    service.transfer(make.actor(hamza.person_id), guests.public_id, to=colleague.public_id)
    assert make.details(guests.public_id).person_id == colleague.person_id


def test_a_guest_who_does_not_come_is_not_held_against_the_reception() -> None:
    desk = make.desk(under=make.policy(asks_for_check_in=True))
    made = received(desk)
    with clock.frozen_at(made.interval.ends_at - timedelta(minutes=1)):
        assert attendance.release_next()
        assert make.details(made.public_id).is_released
        assert queries.missed_by(made.person_id) == 0


def test_a_change_keeps_the_guest() -> None:
    made = received(make.desk())
    later = make.at(15)
    service.change(
        make.operator(),
        made.public_id,
        Change(starts_at=later, ends_at=later + timedelta(hours=1)),
    )
    assert make.details(made.public_id).guest == GUEST


def test_the_reception_is_told_for_whom_it_is(run: Run, told: Told) -> None:
    received(make.desk("D-07"))
    run()
    (letter,) = told(MessageKind.CONFIRMED)
    assert f"You have booked this for {GUEST}." in (letter.text or "")


def test_the_name_of_a_guest_does_not_outlive_the_purposes() -> None:
    made = received(make.desk())
    with clock.frozen_at(made.interval.ends_at + timedelta(days=25 * 31)):
        retention.run()
        assert make.details(made.public_id).guest == "—"


def test_whoever_receives_a_guest_moves_them_where_only_members_may_book() -> None:
    made = received(make.desk(under=make.policy(who_may_book=WhoMayBook.MEMBERS)))
    hamza = make.actor(made.person_id)
    later = Change(starts_at=make.at(14), ends_at=make.at(15))
    assert alternatives.for_change(hamza, made.public_id, later)
    service.change(hamza, made.public_id, later)
    assert make.details(made.public_id).local.starts_at == make.at(14)
