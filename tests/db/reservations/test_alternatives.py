"""Alternatives: each succeeds when posted, and there are none only where there is nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask

from booking.core import clock
from booking.core.database import transaction
from booking.core.errors import InvalidError, RefusedError
from booking.core.intervals import Interval, LocalInterval
from booking.core.permissions import Actor, Role
from booking.core.refusals import Reason
from booking.occupancy import queries as occupancy_queries
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Claim, Owner
from booking.occupancy.models import ClaimKind
from booking.policies import facts
from booking.policies.facts import Place
from booking.policies.rules import WhoMayBook, judge
from booking.reservations import alternatives, service
from booking.reservations.alternatives import Alternative, Why
from booking.reservations.models import State
from booking.reservations.wishes import Change, Wish
from booking.spaces.models import Hours
from booking.spaces.queries import openings
from tests import make
from tests.conftest import Statements

DAY = timedelta(days=1)


def wish_for(place: Place, starts_at: datetime, ends_at: datetime, *, headcount: int = 1) -> Wish:
    return Wish((place.spot.public_id,), starts_at, ends_at, headcount=headcount)


def times(found: list[Alternative]) -> list[tuple[str, str, str, str]]:
    return [
        (one.why.value, one.place.spot.code, f"{one.local.starts_at:%d %H:%M}",
         f"{one.local.ends_at:%d %H:%M}")
        for one in found
    ]  # fmt: skip


def test_a_taken_slot_offers_near_times_then_an_alike_desk_then_another_day(app: Flask) -> None:
    desk = make.desk("A-01")
    make.desk("A-02")
    make.reservation(place=desk, starts_at=make.at(10), ends_at=make.at(12))

    found = alternatives.find(make.person(), wish_for(desk, make.at(10), make.at(12)), most=5)

    assert times(found) == [
        ("same_resource_other_time", "A-01", "06 12:00", "06 14:00"),
        ("same_resource_other_time", "A-01", "06 08:00", "06 10:00"),
        ("alike_same_time", "A-02", "06 10:00", "06 12:00"),
        ("other_day", "A-01", "07 10:00", "07 12:00"),
        ("other_day", "A-01", "05 10:00", "05 12:00"),
    ]


def test_what_begins_as_wished_may_be_shorter(app: Flask) -> None:
    desk = make.desk()
    make.reservation(place=desk, starts_at=make.at(11), ends_at=make.at(18))

    found = alternatives.find(make.person(), wish_for(desk, make.at(9), make.at(18)))

    assert ("shorter", desk.spot.code, "06 09:00", "06 11:00") in times(found)


def test_a_wish_that_is_too_long_is_offered_the_longest(app: Flask) -> None:
    desk = make.desk(under=make.policy(longest=120))

    found = alternatives.find(make.person(), wish_for(desk, make.at(9), make.at(15)), most=1)

    assert times(found) == [("shorter", desk.spot.code, "06 09:00", "06 11:00")]


def test_too_many_people_are_offered_a_larger_room_with_the_same_features(app: Flask) -> None:
    beamer = make.feature("projector")
    room = make.resource("M-1", kind_code="meeting_room", capacity=6, features=[beamer])
    make.resource("M-2", kind_code="meeting_room", capacity=20)
    make.resource("M-3", kind_code="meeting_room", capacity=30, features=[beamer])

    found = alternatives.find(make.person(), wish_for(room, make.at(9), make.at(10), headcount=12))

    assert times(found) == [
        ("alike_same_time", "M-3", "06 09:00", "06 10:00"),
        ("alike_same_time", "M-2", "06 09:00", "06 10:00"),
    ]


def test_near_places_come_first(app: Flask) -> None:
    here = make.area()
    desk = make.desk("Z-9", at=here)
    make.desk("A-1", at=make.area(at=make.floor(at=make.building())))
    make.desk("B-1", at=make.area(at=make.floor()))
    make.desk("C-1", at=make.area())
    make.desk("D-1", at=here)
    make.reservation(place=desk)

    found = alternatives.find(make.person(), wish_for(desk, make.at(10), make.at(11)), most=9)

    alike = [one.place.spot.code for one in found if one.why is Why.ALIKE_SAME_TIME]
    assert alike == ["D-1", "C-1", "B-1", "A-1"]


def test_who_may_not_book_here_is_offered_places_where_they_may(app: Flask) -> None:
    closed_shop = make.desk("A-1", under=make.policy(who_may_book=WhoMayBook.MEMBERS))
    make.desk("A-2", under=make.policy(who_may_book=WhoMayBook.MEMBERS))
    make.desk("A-3", under=make.policy())

    found = alternatives.find(make.person(), wish_for(closed_shop, make.at(9), make.at(10)))

    assert times(found) == [("alike_same_time", "A-3", "06 09:00", "06 10:00")]


def test_where_neither_place_nor_time_will_do_another_place_at_another_time_does(
    app: Flask,
) -> None:
    broken = make.resource("A-1", out_of_order="No light")
    make.desk("A-2")

    found = alternatives.find(make.person(), wish_for(broken, make.at(20), make.at(21)))

    assert times(found) == [("alike_other_time", "A-2", "06 17:00", "06 18:00")]


def test_a_change_counts_the_reservations_own_claim_as_free(app: Flask) -> None:
    mine = make.reservation(starts_at=make.at(10), ends_at=make.at(12))
    make.reservation(place=mine.place, starts_at=make.at(12), ends_at=make.at(17))
    who = make.actor(mine.person_id)
    wanted = Change(starts_at=make.at(11), ends_at=make.at(13))

    with pytest.raises(RefusedError):
        service.change(who, mine.public_id, wanted)
    found = alternatives.for_change(who, mine.public_id, wanted)

    assert times(found)[0] == ("same_resource_other_time", "A-01", "06 09:45", "06 11:45")
    change_to(who, mine.public_id, found[0])


def test_a_change_may_use_the_time_its_own_waiting_change_holds(app: Flask) -> None:
    lab = make.lab()
    mine = make.reservation(place=lab, starts_at=make.at(10), ends_at=make.at(11))
    who = make.actor(mine.person_id)
    service.approve(make.lab_manager(lab), mine.public_id, seen_version=1)
    service.change(who, mine.public_id, Change(starts_at=make.at(11), ends_at=make.at(13)))
    make.reservation(place=lab, starts_at=make.at(13), ends_at=make.at(14))
    wanted = Change(starts_at=make.at(11), ends_at=make.at(14))

    found = alternatives.for_change(who, mine.public_id, wanted)

    assert ("shorter", lab.spot.code, "06 11:00", "06 13:00") in times(found)
    change_to(who, mine.public_id, found[0])


def test_a_running_reservation_is_only_offered_other_ends(app: Flask) -> None:
    mine = make.reservation(starts_at=make.at(8, days=0), ends_at=make.at(9, days=0))
    make.reservation(place=mine.place, starts_at=make.at(10, days=0), ends_at=make.at(11, days=0))
    make.desk()
    who = make.actor(mine.person_id)
    with clock.frozen_at(clock.now() + timedelta(minutes=20)):
        found = alternatives.for_change(who, mine.public_id, Change(ends_at=make.at(12, days=0)))
        elsewhere = alternatives.for_change(
            who, mine.public_id, Change(starts_at=make.at(9, days=0), ends_at=make.at(12, days=0))
        )

        assert times(found) == [("shorter", "A-01", "05 08:00", "05 10:00")]
        assert elsewhere == []
        change_to(who, mine.public_id, found[0])


def test_nothing_is_offered_for_what_is_over(app: Flask) -> None:
    mine = make.reservation()
    who = make.actor(mine.person_id)
    service.cancel(who, mine.public_id)

    assert alternatives.for_change(who, mine.public_id, Change(ends_at=make.at(18))) == []


def test_the_statements_do_not_grow_with_the_park(
    app: Flask, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    who, desk = make.person(), make.desk()
    wish = wish_for(desk, make.at(10), make.at(11))
    make.reservation(place=desk)
    with count_statements() as few:
        alternatives.find(who, wish)
    for _ in range(40):
        make.desk()
    make.desk(under=make.policy(), open_at=make.around_the_clock())
    with count_statements() as many:
        alternatives.find(who, wish)

    assert few.count <= many.count <= 8, f"{few}\n\n{many}"


# --- several together ---


def _codes(offered: Alternative) -> str:
    return " ".join(place.spot.code for place in offered.places)


@pytest.fixture
def lab(app: Flask) -> Place:
    """A lab for four beside a larger one, and two mills."""
    make.resource("L-2", kind_code="lab", capacity=9)
    return make.resource("L-1", kind_code="lab", capacity=4)


@pytest.fixture
def mill(app: Flask) -> Place:
    make.resource("M-2", kind_code="mill")
    return make.resource("M-1", kind_code="mill")


def together(*places: Place, headcount: int = 1) -> Wish:
    ids = tuple(place.spot.public_id for place in places)
    return Wish(ids, make.at(10), make.at(12), headcount=headcount)


def test_of_several_the_one_that_is_taken_is_replaced(lab: Place, mill: Place) -> None:
    make.reservation(place=mill, starts_at=make.at(11), ends_at=make.at(13))
    who = make.person()
    found = alternatives.find(who, together(lab, mill))
    assert [(one.why.value, _codes(one)) for one in found] == [
        ("same_resource_other_time", "L-1 M-1"),
        ("alike_same_time", "L-1 M-2"),
        ("shorter", "L-1 M-1"),
    ]
    assert found[1].local.starts_at == make.at(10)


def test_a_change_of_several_keeps_those_that_it_has(lab: Place, mill: Place) -> None:
    mine = make.reservation(None, lab, mill, starts_at=make.at(9), ends_at=make.at(10))
    make.reservation(place=mill, starts_at=make.at(10), ends_at=make.at(11))
    who = make.actor(mine.person_id)
    found = alternatives.for_change(who, mine.public_id, Change(ends_at=make.at(11)), most=9)
    assert "L-1 M-2" in {_codes(one) for one in found if one.why is Why.ALIKE_SAME_TIME}


def test_where_two_are_taken_only_other_times_are_offered(lab: Place, mill: Place) -> None:
    make.reservation(place=mill)
    make.reservation(place=lab)
    found = alternatives.find(make.person(), together(lab, mill), most=9)
    assert {_codes(one) for one in found} == {"L-1 M-1"}


def test_too_many_people_for_several_are_offered_a_larger_one_of_them(
    lab: Place, mill: Place
) -> None:
    found = alternatives.find(make.person(), together(lab, mill, headcount=8))
    assert [(one.why, _codes(one)) for one in found] == [(Why.ALIKE_SAME_TIME, "L-2 M-1")]


def test_one_that_is_out_of_order_is_replaced_at_another_time_at_least(lab: Place) -> None:
    broken = make.resource("M-1", kind_code="mill", out_of_order="No light")
    make.reservation(
        place=make.resource("M-2", kind_code="mill"), starts_at=make.at(8), ends_at=make.at(16)
    )
    make.reservation(place=lab, starts_at=make.at(10), ends_at=make.at(11))
    (found,) = alternatives.find(make.person(), together(lab, broken))
    assert (found.why, _codes(found)) == (Why.ALIKE_OTHER_TIME, "L-1 M-2")
    assert found.local.starts_at == make.at(16)


def test_the_statements_do_not_grow_with_the_places(
    lab: Place, mill: Place, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    who = make.person()
    make.reservation(place=mill)
    more = [make.resource(f"X-{n}", kind_code="mill", open_at=make.hours()) for n in range(6)]
    with count_statements() as few:
        alternatives.find(who, together(lab, mill))
    with count_statements() as many:
        alternatives.find(who, together(lab, mill, *more))
        alternatives.verdict(who, together(lab, mill, *more))
    assert few.count <= 8
    assert many.count - few.count <= 3, f"{few}\n\n{many}"  # what the verdict reads


def test_the_verdict_names_each_of_several_that_is_taken(lab: Place, mill: Place) -> None:
    who = make.person()
    make.reservation(place=mill)
    verdict = alternatives.verdict(who, together(lab, mill, headcount=8))
    assert {(one.reason, one.resource_code) for one in verdict.refusals} == {
        (Reason.OVER_CAPACITY, "L-1, M-1"), (Reason.SLOT_TAKEN, "M-1")
    }  # fmt: skip


def test_the_verdict_lists_the_rules_and_who_was_faster(app: Flask) -> None:
    who, mine = make.person(), make.reservation(place=make.lab(capacity=4))
    wish = wish_for(mine.place, make.at(10), make.at(10, 20), headcount=9)

    verdict = alternatives.verdict(who, wish)

    assert not verdict.allowed
    assert verdict.needs_approval
    assert {refusal.reason for refusal in verdict.refusals} == {
        Reason.OFF_GRID, Reason.TOO_SHORT, Reason.OVER_CAPACITY, Reason.SLOT_TAKEN
    }  # fmt: skip


def test_the_verdict_of_a_free_time_is_yes_and_claims_nothing(app: Flask) -> None:
    who, desk = make.person(), make.desk()
    wish = wish_for(desk, make.at(10), make.at(11))

    assert alternatives.verdict(who, wish).allowed
    assert service.book(who, wish).state is State.CONFIRMED
    assert not alternatives.verdict(who, wish).allowed


def test_an_unknown_place_is_an_invalid_wish(app: Flask) -> None:
    with pytest.raises(InvalidError):
        alternatives.find(make.person(), Wish(("nowhere",), make.at(9), make.at(10)))


# --- against a search of everything ---


@dataclass(frozen=True)
class Situation:
    """A small world of its own: places of one kind, some of their time taken, and a wish."""

    who: Actor
    places: list[Place]
    wish: Wish


@pytest.mark.parametrize("seed", range(4))
def test_none_only_where_a_search_of_everything_finds_none(app: Flask, seed: int) -> None:
    dice = random.Random(seed)
    people = [make.person(), make.member_of()]
    hours = [
        make.hours(),
        make.hours(((540, 720), (840, 1020)), weekdays=[0, 2, 5]),
        make.around_the_clock(),
    ]
    make.closed_on(date(2026, 10, 7), hours[0])
    offered = 0
    for number in range(10):
        situation = _situation(dice, f"k{number}", people, hours)
        found = alternatives.find(situation.who, situation.wish)
        offered += len(found)
        assert len(found) <= alternatives.MOST
        assert len({(one.place.resource_id, one.local) for one in found}) == len(found)
        if not found:
            assert next(_everything(situation), None) is None, situation
        for one in found:
            _succeeds(situation, one)
    assert offered > 3  # the dice are not so bad that nothing is tried


def change_to(who: Actor, public_id: str, offered: Alternative) -> None:
    """Post an alternative of a change."""
    service.change(
        who,
        public_id,
        Change(
            resources=(offered.place.spot.public_id,),
            starts_at=offered.local.starts_at,
            ends_at=offered.local.ends_at,
        ),
    )


@pytest.mark.parametrize("seed", [2, 3])
def test_every_offer_for_two_places_together_succeeds(app: Flask, seed: int) -> None:
    dice = random.Random(seed)
    people, hours = [make.member_of()], [make.hours(), make.around_the_clock()]
    whys: set[Why] = set()
    for number in range(8):
        room = _situation(dice, f"r{number}", people, hours)
        machine = _situation(dice, f"m{number}", people, hours)
        wish = replace(room.wish, resources=room.wish.resources + machine.wish.resources)
        situation = Situation(people[0], [*room.places, *machine.places], wish)
        found = alternatives.find(situation.who, wish)
        assert len({(_codes(one), one.local) for one in found}) == len(found)
        for one in found:
            assert {place.spot.kind_code for place in one.places} == {f"r{number}", f"m{number}"}
            _succeeds(situation, one)
        whys |= {one.why for one in found}
    assert len(whys) > 1  # the dice are not so bad that nothing is tried


def _succeeds(situation: Situation, offered: Alternative) -> None:
    """Book it, and give it back for the next one."""
    wish = replace(
        situation.wish,
        resources=tuple(place.spot.public_id for place in offered.places),
        starts_at=offered.local.starts_at,
        ends_at=offered.local.ends_at,
    )
    made = service.book(situation.who, wish)
    service.cancel(situation.who, made.public_id)


def _situation(
    dice: random.Random, kind: str, people: list[Actor], hours: list[Hours]
) -> Situation:
    places = [_place(dice, kind, number, hours) for number in range(dice.choice([1, 1, 3]))]
    for place in places:
        _take(dice, place)
    step = 5 if dice.random() < 0.2 else 30
    start = datetime.combine(date(2026, 10, 5), time()) + DAY * dice.randint(-2, 16)
    start += timedelta(minutes=dice.randrange(0, 1440, step))
    length = timedelta(minutes=dice.choice([20, 30, 60, 90, 180, 600, 1000]))
    wish = wish_for(places[0], start, start + length, headcount=dice.choice([1, 1, 2, 9]))
    return Situation(dice.choice(people), places, wish)


def _place(dice: random.Random, kind: str, number: int, hours: list[Hours]) -> Place:
    needs_approval = dice.random() < 0.3
    policy = make.policy(
        granularity=30,
        shortest=dice.choice([30, 60]),
        longest=dice.choice([60, 240, 720]),
        notice=dice.choice([0, 0, 120, 2880]),
        horizon=dice.choice([3, 10, 60]),
        who_may_book=dice.choice(list(WhoMayBook)),
        needs_approval=needs_approval,
        holds_while_pending=dice.random() < 0.5,
    )
    broken = dice.random() < 0.2
    back = clock.now() + timedelta(days=dice.randint(1, 6))
    return make.resource(
        f"{kind}-{number}",
        kind_code=kind,
        capacity=dice.choice([1, 4, 12]),
        under=policy,
        open_at=dice.choice(hours),
        out_of_order="Broken" if broken else None,
        expected_back_at=back if broken and dice.random() < 0.5 else None,
    )


def _take(dice: random.Random, place: Place) -> None:
    """Fill a good deal of three weeks, at times all of it."""
    share = dice.choice([0.0, 0.4, 0.85, 1.0])
    closure = make.closure(place, make.at(0, days=-30), make.at(1, days=-30))
    first = datetime(2026, 9, 20)
    intervals = [
        LocalInterval(start, start + timedelta(hours=2), make.CASABLANCA).project()
        for start in (first + timedelta(hours=2 * turn) for turn in range(12 * 40))
        if dice.random() < share
    ]
    if intervals:
        with transaction():
            occupancy.claim(
                Owner(closure_id=closure.id),
                [
                    Claim(
                        place.resource_id,
                        interval,
                        place.spot.code,
                        make.CASABLANCA,
                        kind=ClaimKind.CLOSURE,
                    )
                    for interval in intervals
                ],
            )


def _everything(situation: Situation) -> Iterator[Alternative]:
    """Every start and every length on every place within seven days, one after the other."""
    wish = situation.wish
    wished = wish.ends_at - wish.starts_at
    for place in situation.places:
        step = timedelta(minutes=place.limits.granularity)
        longest = max(wished + step, timedelta(minutes=place.limits.shortest))
        hours_id, day = place.spot.hours_id, wish.starts_at.date()
        opening = openings({hours_id}, day - 9 * DAY, day + 10 * DAY)[hours_id]
        window = Interval(
            LocalInterval(wish.starts_at - 9 * DAY, wish.starts_at, make.CASABLANCA)
            .project().starts_at,
            LocalInterval(wish.starts_at, wish.starts_at + 10 * DAY, make.CASABLANCA)
            .project().ends_at,
        )  # fmt: skip
        busy = [one.interval for one in occupancy_queries.busy_times([place.resource_id], window)]
        start = datetime.combine(wish.starts_at.date() - 7 * DAY, time())
        while start.date() <= wish.starts_at.date() + 7 * DAY:
            length = step
            while length <= longest:
                local = LocalInterval(start, start + length, make.CASABLANCA)
                interval = local.project()
                if not any(interval.overlaps(one) for one in busy):
                    case = facts.case_for(
                        place,
                        opening,
                        local,
                        headcount=wish.headcount,
                        is_member=bool(situation.who.memberships),
                    )
                    if judge(case).allowed:
                        yield Alternative((place,), local, Why.SHORTER)
                length += step
            start += step


def test_grants_do_not_matter_for_what_is_offered(app: Flask) -> None:
    desk = make.desk()
    make.reservation(place=desk)
    wish = wish_for(desk, make.at(10), make.at(11))

    plain = alternatives.find(make.person(), wish)

    assert plain == alternatives.find(make.grant(make.person(), Role.OPERATOR), wish)
