"""Authorisations: every way to get a place of a group that asks for one, and who gives them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from booking.authorisations import queries
from booking.authorisations import service as authorisations
from booking.authorisations.models import Authorisation
from booking.authorisations.queries import Standing
from booking.core.database import session
from booking.core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Problem,
    RefusedError,
)
from booking.core.permissions import Actor
from booking.core.refusals import NotAuthorised, Reason
from booking.journal.models import JournalLine
from booking.policies.facts import Place
from booking.policies.models import Policy
from booking.reservations import alternatives, series, series_changing, service
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import OnConflict, SeriesWish
from booking.reservations.series_changing import Wanted
from booking.reservations.wishes import Change, GroupWish, Wish
from tests import make

pytestmark = pytest.mark.usefixtures("app")

MONDAY = date(2026, 10, 5)  # on which the clock of the tests stands
WEDNESDAY = MONDAY + timedelta(days=2)


def at(day: int, hour: int = 10) -> datetime:
    """So many days after that Monday."""
    return datetime(MONDAY.year, MONDAY.month, MONDAY.day, hour) + timedelta(days=day)


def machine(code: str = "S-01") -> Place:
    policy = make.policy(asks_for_authorisation=True)
    return make.room(code, under=policy, open_at=make.around_the_clock())


def wish(place: Place, day: int = 1, hours: int = 2, hour: int = 10) -> Wish:
    start = at(day, hour)
    return Wish((place.spot.public_id,), start, start + timedelta(hours=hours))


def authorise(person: Actor, place: Place, until: date = WEDNESDAY) -> str:
    return authorisations.give(
        make.operator(), email=person.email, policy_id=place.policy_id, valid_until=until
    )


def missing(refused: pytest.ExceptionInfo[RefusedError]) -> NotAuthorised:
    (refusal,) = refused.value.refusals
    assert refusal.reason is Reason.NOT_AUTHORISED
    assert isinstance(refusal.facts, NotAuthorised)
    return refusal.facts


def test_booking_needs_an_authorisation_on_the_day_of_the_use() -> None:
    room, member = machine(), make.person()
    with pytest.raises(RefusedError) as refused:
        service.book(member, wish(room))
    assert missing(refused) == NotAuthorised(MONDAY + timedelta(days=1), None)
    authorise(member, room)
    service.book(member, wish(room, 2, hour=20, hours=4))  # until midnight of the last day
    with pytest.raises(RefusedError) as refused:
        service.book(member, wish(room, 3))
    assert missing(refused) == NotAuthorised(MONDAY + timedelta(days=3), WEDNESDAY)
    with pytest.raises(RefusedError):
        service.book(make.person(), wish(room, 1))


def test_a_guest_without_an_account_has_none() -> None:
    room, operator = machine(), make.operator()
    authorise(operator, room)
    with pytest.raises(RefusedError) as refused:
        service.book(operator, replace(wish(room), guest="Mme Alami"))
    missing(refused)
    service.book(operator, wish(room))


def test_a_change_is_asked_and_giving_time_back_is_not() -> None:
    room, member = machine(), make.person()
    given = authorise(member, room)
    booked = service.book(member, wish(room, 2)).public_id
    with pytest.raises(RefusedError) as refused:
        service.change(member, booked, Change(starts_at=at(3), ends_at=at(3, 12)))
    missing(refused)
    authorisations.take_back(make.operator(), given)
    service.change(member, booked, Change(ends_at=at(2, 11)))


def test_a_series_and_its_changes_are_asked_date_by_date() -> None:
    room, member = machine(), make.person()
    authorise(member, room)
    wanted = SeriesWish(wish(room), Repetition(Every.DAY, count=3))
    with pytest.raises(RefusedError):
        series.book(member, wanted)
    made = series.book(
        member, SeriesWish(wish(room), Repetition(Every.DAY, count=3), on_conflict=OnConflict.SKIP)
    )
    look = series_changing.look(
        member, made.public_id, Wanted(starts=timedelta(hours=14), ends=timedelta(hours=16))
    )
    assert [one.refusals for one in look.planned] == [(), ()]


def test_each_place_of_a_group_asks_whoever_it_is_for() -> None:
    room, free = machine(), make.room("Z-01", under=make.policy(), open_at=make.around_the_clock())
    organisation = make.organisation("Atlas")
    host, other = make.member_of(organisation), make.member_of(organisation)
    ids = (room.spot.public_id, free.spot.public_id)
    wanted = GroupWish(ids, at(1), at(1, 12), (host.public_id, other.public_id))
    with pytest.raises(RefusedError) as refused:
        service.book_together(host, wanted)
    missing(refused)
    authorise(host, room)  # the other one's place asks for nothing
    assert len(service.book_together(host, wanted).reservations) == 2
    policy = session().get_one(Policy, room.policy_id)
    twin = make.room("S-02", under=policy, open_at=make.around_the_clock())
    with pytest.raises(RefusedError):  # one of the two is authorised, and not the other
        service.book_together(
            host,
            GroupWish(
                (room.spot.public_id, twin.spot.public_id),
                at(2),
                at(2, 12),
                (host.public_id, other.public_id),
            ),
        )


def test_a_colleague_takes_over_with_an_authorisation_only() -> None:
    room, organisation = machine(), make.organisation("Atlas")
    giver, taker = make.member_of(organisation), make.member_of(organisation)
    authorise(giver, room)
    booked = service.book(giver, wish(room)).public_id
    with pytest.raises(RefusedError) as refused:
        service.transfer(giver, booked, to=taker.public_id)
    missing(refused)
    authorise(taker, room)
    service.transfer(giver, booked, to=taker.public_id)


def test_the_verdict_says_so_and_alternatives_are_other_days_or_spaces() -> None:
    room, member = machine(), make.person()
    elsewhere = make.room("Z-01", under=make.policy(), open_at=make.around_the_clock())
    said = alternatives.verdict(member, wish(room))
    assert [one.reason for one in said.refusals] == [Reason.NOT_AUTHORISED]
    offered = alternatives.find(member, wish(room))
    assert {one.places[0].resource_id for one in offered} == {elsewhere.resource_id}
    authorise(member, room)
    assert alternatives.verdict(member, wish(room)).allowed


def test_lab_managers_give_for_the_groups_of_their_places_alone() -> None:
    room, other, member = machine("S-01"), machine("S-02"), make.person()
    manager = make.lab_manager(room)
    until = WEDNESDAY
    given = authorisations.give(
        manager, email=member.email, policy_id=room.policy_id, valid_until=until
    )
    with pytest.raises(InvalidError):
        authorisations.give(
            manager, email=member.email, policy_id=other.policy_id, valid_until=until
        )
    with pytest.raises(ForbiddenError):
        authorisations.give(member, email=member.email, policy_id=room.policy_id, valid_until=until)
    with pytest.raises(NotFoundError):
        authorisations.take_back(make.lab_manager(other), given)
    assert queries.given(make.lab_manager(other)) == []
    authorisations.prolong(manager, given, valid_until=until + timedelta(days=90), note="Trained")
    (one,) = queries.given(manager, text=member.name, standing=Standing.VALID)
    assert (one.valid_until, one.note, one.given_by.public_id) == (
        until + timedelta(days=90),
        "Trained",
        manager.public_id,
    )
    assert queries.given(manager, standing=Standing.LAPSED) == []
    assert [found.public_id for found in queries.own(member)] == [given]
    authorisations.take_back(manager, given)
    acts = session().scalars(
        select(JournalLine.act)
        .where(JournalLine.act.like("authorisation%"))
        .order_by(JournalLine.id)
    )
    assert list(acts) == [
        "authorisation_given",
        "authorisation_prolonged",
        "authorisation_taken_back",
    ]


def test_giving_twice_prolongs_and_a_day_that_is_past_is_none() -> None:
    room, member = machine(), make.person()
    authorise(member, room)
    authorise(member, room, WEDNESDAY + timedelta(days=9))
    assert session().scalar(select(func.count()).select_from(Authorisation)) == 1
    with pytest.raises(InvalidError):
        authorise(member, room, MONDAY - timedelta(days=1))
    with pytest.raises(InvalidError) as error:
        authorise(replace(member, email="a\0b@example.com"), room)
    assert error.value.fields == {"email": Problem.NOT_FOUND}
