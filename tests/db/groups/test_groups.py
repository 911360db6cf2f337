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
from booking.core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    OutdatedError,
    Problem,
    RefusedError,
)
from booking.core.fingerprints import fingerprint
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
from booking.reservations.standing import versions
from booking.reservations.wishes import Change, GroupWish
from booking.spaces.models import Area
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


def test_desks_together_are_near_the_organisation_and_as_the_team_needs_them(team: Team) -> None:
    youssefs = team.desks[4]  # A2-1
    made = make.reservation(team.youssef, youssefs, organisation_id=team.atlas.public_id)
    third, features = make.area(code="A3"), [make.feature("step_free"), make.feature("quiet")]
    for number in (1, 2):
        make.desk(f"A2-{number + 2}", at=_area_of(youssefs))
        make.resource(f"A3-{number}", at=third, features=features)
    assert _places(team, count=2) == ["A2-2", "A2-3"]
    reservations.cancel(team.youssef, made.public_id)
    assert _places(team, count=2) == ["A1-1", "A1-2"]
    assert _places(team, count=2, step_free=True) == ["A3-1", "A3-2"]
    assert _places(team, count=2, preferred=("quiet",)) == ["A3-1", "A3-2"]
    assert _places(team, count=3, preferred=("quiet",)) == ["A1-1", "A1-2", "A1-3"]
    assert _places(team, count=3, step_free=True) == []


def _places(team: Team, **wish: object) -> list[str]:
    wanted = _wanted(**{"count": 2, **wish})  # type: ignore[arg-type]  # any values
    return [place.spot.code for place in choosing.choose(team.salma, wanted).places]


def _area_of(place: Place) -> Area:
    found = session().get(Area, place.area_id)
    assert found is not None
    return found


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


# --- moved as a whole ---


def _later() -> Change:
    return Change(starts_at=make.at(14), ends_at=make.at(16))


def _starts(team: Team, group: str) -> list[str]:
    return [f"{one.local.starts_at:%H}" for one in queries.group(team.salma, group)]


def test_all_that_still_stand_together_move_and_the_others_stay(team: Team) -> None:
    people = (team.youssef.public_id, team.imane.public_id)
    made = service.book_near(team.salma, _wanted(4, people=people))
    first, second, *_others = made.reservations
    reservations.cancel(team.youssef, first.public_id)
    alone = Change(starts_at=make.at(9), ends_at=make.at(12))
    reservations.change(team.imane, second.public_id, alone)
    done = reservations.move_group(team.salma, made.public_id, _later())
    assert _codes(done) == ["A1-3", "A1-4"]
    assert _starts(team, made.public_id) == ["10", "09", "14", "14"]
    again = reservations.move_group(
        team.salma, made.public_id, Change(starts_at=make.at(13), ends_at=make.at(15))
    )
    assert len(again.reservations) == 2
    assert _starts(team, made.public_id) == ["10", "09", "13", "13"]


def test_what_is_in_the_way_of_one_keeps_all_of_them(team: Team, run: Run, told: Told) -> None:
    made = service.book_near(team.salma, _wanted(3))
    run()
    assert _codes(made) == ["A1-1", "A1-2", "A1-3"]
    for place in team.desks[1:3]:
        make.reservation(place=place, starts_at=make.at(15), ends_at=make.at(16))
    before = queries.group(team.salma, made.public_id)
    with pytest.raises(RefusedError) as refused:
        reservations.move_group(team.salma, made.public_id, _later())
    assert [one.resource_code for one in refused.value.refusals] == ["A1-2", "A1-3"]
    assert queries.group(team.salma, made.public_id) == before
    run()
    assert _names(told).count((MessageKind.GROUPED, "Salma")) == 1


def test_a_move_is_told_once_to_the_booker_and_once_to_each_colleague(
    team: Team, run: Run, told: Told
) -> None:
    people = (team.youssef.public_id, team.imane.public_id)
    made = service.book_near(team.salma, _wanted(4, people=people))
    run()
    reservations.move_group(team.salma, made.public_id, _later())
    reservations.move_group(team.salma, made.public_id, _later())  # where it is already: no word
    run()
    assert _names(told) == [
        (MessageKind.CHANGED, "Imane"),
        (MessageKind.CHANGED, "Youssef"),
        (MessageKind.CONFIRMED, "Imane"),
        (MessageKind.CONFIRMED, "Youssef"),
        (MessageKind.GROUPED, "Salma"),
        (MessageKind.GROUPED, "Salma"),
    ]
    reservations.cancel(team.youssef, made.reservations[0].public_id)
    reservations.cancel_group(team.salma, made.public_id)
    run()
    assert _names(told).count((MessageKind.GROUPED, "Salma")) == 3


def test_a_move_that_needs_approval_waits_and_holds_the_new_time(app: Flask, team: Team) -> None:
    labs = [make.lab(f"L-{number}") for number in (1, 2)]
    ids = tuple(place.spot.public_id for place in labs)
    made = reservations.book_together(team.salma, GroupWish(ids, make.at(10), make.at(12)))
    for lab, one in zip(labs, made.reservations, strict=True):
        reservations.approve(make.lab_manager(lab), one.public_id, seen_version=1)
    for hour in (14, 15):  # a second wish takes the place of the first
        wanted = Change(starts_at=make.at(hour), ends_at=make.at(hour + 2))
        reservations.move_group(team.salma, made.public_id, wanted)
    found = queries.group(team.salma, made.public_id)
    assert {one.local.starts_at for one in found} == {make.at(10)}
    assert {one.amendment and one.amendment.local.starts_at for one in found} == {make.at(15)}


def test_who_may_move_a_group_and_which_of_it(team: Team) -> None:
    made = service.book_near(team.salma, _wanted(2, people=(team.youssef.public_id,)))
    for nobody in (make.person(), make.member_of()):
        with pytest.raises(NotFoundError):
            reservations.move_group(nobody, made.public_id, _later())
    with pytest.raises(NotFoundError):
        reservations.move_group(team.salma, NOBODY, _later())
    with pytest.raises(ForbiddenError):
        reservations.move_group(team.imane, made.public_id, _later())
    seen = fingerprint(versions(queries.group(team.salma, made.public_id)))
    done = reservations.move_group(team.youssef, made.public_id, _later(), seen=seen)
    assert [one.person.name for one in done.reservations] == ["Youssef"]
    with pytest.raises(OutdatedError):
        reservations.move_group(team.salma, made.public_id, _later(), seen=seen)
    reservations.cancel_group(team.salma, made.public_id)
    with pytest.raises(RefusedError) as refused:
        reservations.move_group(team.salma, made.public_id, _later())
    assert [one.reason for one in refused.value.refusals] == [Reason.NOT_CHANGEABLE]


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
