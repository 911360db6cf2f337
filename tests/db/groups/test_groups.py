"""Places for a team: near each other, all or none, each a reservation of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core import clock
from booking.core.database import session
from booking.core.errors import ForbiddenError, InvalidError, NotFoundError, Problem, RefusedError
from booking.core.permissions import Actor
from booking.core.refusals import Reason
from booking.groups import choosing, service
from booking.groups.choosing import Why
from booking.groups.wishes import Wanted
from booking.messages.models import MessageKind, MessageState
from booking.people.models import Organisation, Person
from booking.policies.facts import Place
from booking.reservations import queries
from booking.reservations import service as reservations
from booking.reservations.models import Group, Reservation, State
from booking.reservations.wishes import GroupWish
from tests import make
from tests.conftest import Statements
from tests.working import Run, Told

NOBODY = "0190163d-8694-739b-aea5-966c26f8ad91"


@dataclass(frozen=True)
class Team:
    """Three of Atlas, and six desks in two areas."""

    atlas: Organisation
    salma: Actor
    youssef: Actor
    imane: Actor
    desks: tuple[Place, ...]


@pytest.fixture
def team(app: Flask) -> Team:
    atlas = make.organisation("Atlas")
    people = [make.member_of(atlas, name=name) for name in ("Salma", "Youssef", "Imane")]
    first, second = make.area(code="A1"), make.area(code="A2")
    desks = [make.desk(f"A1-{number}", at=first) for number in (1, 2, 3, 4)]
    desks += [make.desk(f"A2-{number}", at=second) for number in (1, 2)]
    salma, youssef, imane = people
    return Team(atlas, salma, youssef, imane, tuple(desks))


def _wanted(count: int, **more: object) -> Wanted:
    values = {"kind": "desk", "count": count, "starts_at": make.at(10), "ends_at": make.at(12)}
    return Wanted(**{**values, **more})  # type: ignore[arg-type]  # any values


def _codes(made: reservations.Grouped) -> list[str]:
    return [one.place.spot.code for one in made.reservations]


def test_desks_stand_near_each_other_and_each_is_somebodys(team: Team) -> None:
    make.reservation(place=team.desks[1])  # A1-2
    wanted = _wanted(2, people=(team.youssef.public_id,), title="Sprint")
    made = service.book_near(team.salma, wanted)
    assert _codes(made) == ["A1-3", "A1-4"]
    assert [one.person.name for one in made.reservations] == ["Youssef", "Salma"]
    assert {one.booked_by.name for one in made.reservations} == {"Salma"}
    assert {one.organisation and one.organisation.name for one in made.reservations} == {"Atlas"}
    stored = queries.group(team.salma, made.public_id)
    assert tuple(stored) == made.reservations


def test_all_or_none(team: Team) -> None:
    make.reservation(place=team.desks[2])
    wish = GroupWish(
        tuple(place.spot.public_id for place in team.desks[:3]), make.at(10), make.at(12)
    )
    with pytest.raises(RefusedError) as refused:
        reservations.book_together(team.salma, wish)
    assert [one.resource_code for one in refused.value.refusals] == ["A1-3"]
    assert session().scalar(select(func.count()).select_from(Reservation)) == 1
    assert session().scalar(select(func.count()).select_from(Group)) == 0


def test_too_few_say_so_and_offer_what_is_near(team: Team) -> None:
    for place in team.desks[:2]:
        make.reservation(place=place)
    wanted = _wanted(4, area="A1")
    with pytest.raises(RefusedError) as refused:
        service.book_near(team.salma, wanted)
    assert [one.reason for one in refused.value.refusals] == [Reason.TOO_FEW_TOGETHER]
    offers = {one.why: one for one in choosing.instead(team.salma, wanted)}
    assert set(offers) == set(Why)
    assert offers[Why.FEWER].count == 2
    assert len(offers[Why.OTHER_AREA].places) == 4
    assert offers[Why.OTHER_TIME].local.starts_at == make.at(11)
    for why in (Why.OTHER_TIME, Why.OTHER_DAY):
        local = offers[why].local
        moved = _wanted(4, area="A1", starts_at=local.starts_at, ends_at=local.ends_at)
        assert choosing.choose(team.salma, moved).places


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"count": 0}, {"count": Problem.OUT_OF_RANGE}),
        ({"count": 31}, {"count": Problem.OUT_OF_RANGE}),
        ({"kind": "boat"}, {"kind": Problem.NOT_FOUND}),
        ({"area": "X\x00"}, {"area": Problem.NOT_FOUND}),
        ({"building": "X"}, {"building": Problem.NOT_FOUND}),
        ({"organisation_id": "not mine"}, {"organisation": Problem.NOT_FOUND}),
        ({"people": ("nobody",)}, {"person": Problem.NOT_FOUND}),
    ],
)
def test_a_wish_without_sense_names_the_field(
    team: Team, more: dict[str, object], problem: dict[str, Problem]
) -> None:
    with pytest.raises(InvalidError) as invalid:
        service.book_near(team.salma, _wanted(**{"count": 2, **more}))  # type: ignore[arg-type]  # any values
    assert invalid.value.fields == problem


def test_who_is_no_colleague_is_not_known_to_be_there(team: Team) -> None:
    stranger = make.member_of(make.organisation("Other"))
    with pytest.raises(InvalidError) as invalid:
        service.book_near(team.salma, _wanted(2, people=(stranger.public_id,)))
    assert invalid.value.fields == {"person": Problem.NOT_FOUND}
    crowd = (team.salma.public_id, team.youssef.public_id)
    with pytest.raises(InvalidError):
        service.book_near(team.salma, _wanted(1, people=crowd))


def test_one_message_to_the_booker_and_one_to_each_colleague(
    team: Team, run: Run, told: Told
) -> None:
    people = (team.salma.public_id, team.youssef.public_id, team.imane.public_id)
    made = service.book_near(team.salma, _wanted(4, people=people))
    run()
    assert _names(told) == [
        (MessageKind.CONFIRMED, "Imane"),
        (MessageKind.CONFIRMED, "Youssef"),
        (MessageKind.GROUPED, "Salma"),
    ]
    reservations.cancel_group(team.salma, made.public_id)
    run()
    assert _names(told)[:2] == [
        (MessageKind.CANCELLED, "Imane"),
        (MessageKind.CANCELLED, "Youssef"),
    ]
    assert _names(told).count((MessageKind.GROUPED, "Salma")) == 2


def test_whoever_holds_several_places_is_reminded_once(team: Team, run: Run, told: Told) -> None:
    service.book_near(
        team.salma, _wanted(3, starts_at=make.at(10, days=3), ends_at=make.at(11, days=3))
    )
    run()
    with clock.frozen_at(clock.now() + timedelta(days=2, hours=3)):
        run()
        sent = [one for one in told(MessageKind.REMINDER) if one.state is MessageState.KEPT]
    assert len(sent) == 1


def _names(told: Told) -> list[tuple[MessageKind, str]]:
    rows = session().execute(select(Person.id, Person.name))
    names = {person_id: name for person_id, name in rows}  # noqa: C416  # dict() takes a result for a mapping
    found = [one for one in told() if one.kind is not MessageKind.REMINDER]
    return sorted((one.kind, names[one.recipient_id]) for one in found)


def test_each_is_given_back_alone_or_all_at_once(team: Team) -> None:
    made = service.book_near(team.salma, _wanted(3, people=(team.youssef.public_id,)))
    own = made.reservations[0]
    reservations.cancel(team.youssef, own.public_id)
    done = reservations.cancel_group(team.salma, made.public_id, reason="Ill")
    assert len(done.reservations) == 2
    states = {one.state for one in queries.group(team.salma, made.public_id)}
    assert states == {State.CANCELLED}
    with pytest.raises(RefusedError):
        reservations.cancel_group(team.salma, made.public_id)


def test_who_may_see_and_cancel_a_group(team: Team) -> None:
    made = service.book_near(team.salma, _wanted(2, people=(team.youssef.public_id,)))
    with pytest.raises(NotFoundError):
        queries.group(make.person(), made.public_id)
    with pytest.raises(NotFoundError):
        reservations.cancel_group(make.person(), made.public_id)
    with pytest.raises(ForbiddenError):  # sees it, being of Atlas, and holds none of it
        reservations.cancel_group(team.imane, made.public_id)
    done = reservations.cancel_group(team.youssef, made.public_id)
    assert [one.person.name for one in done.reservations] == ["Youssef"]


def test_a_group_that_is_not_there_holds_up_nobody(
    team: Team, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    with count_statements() as sent, pytest.raises(NotFoundError):
        reservations.cancel_group(team.salma, NOBODY)
    assert sent.count == 1, sent  # and no reservation without a group was locked


def test_a_group_under_a_policy_that_asks_waits_place_by_place(team: Team) -> None:
    asking = make.policy(needs_approval=True)
    labs = [make.lab(f"L-{number}", under=asking) for number in (1, 2)]
    wish = GroupWish(tuple(one.spot.public_id for one in labs), make.at(10), make.at(12))
    made = reservations.book_together(team.salma, wish)
    assert [one.state for one in made.reservations] == [State.PENDING] * 2
    reservations.approve(make.lab_manager(labs[0]), made.reservations[0].public_id, seen_version=1)
    states = [one.state for one in queries.group(team.salma, made.public_id)]
    assert states == [State.CONFIRMED, State.PENDING]
