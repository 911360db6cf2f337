"""One reservation of several resources is judged, claimed, approved and changed as one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask

from booking.core import clock
from booking.core.errors import ForbiddenError, InvalidError, Problem, RefusedError
from booking.core.intervals import LocalInterval
from booking.core.permissions import Actor
from booking.core.refusals import Reason
from booking.occupancy import queries as occupancy
from booking.policies.facts import Place
from booking.reservations import alternatives, service
from booking.reservations.models import Asking, State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change, Wish
from tests import make


@dataclass(frozen=True)
class Bench:
    """A lab whose manager is asked, a machine whose other manager is asked, and one for all."""

    lab: Place
    mill: Place
    printer: Place
    of_lab: Actor
    of_mill: Actor


@pytest.fixture
def bench(app: Flask) -> Bench:
    free = make.policy()
    lab = make.lab("L-01")
    mill = make.resource("M-01", kind_code="machine", under=make.policy(needs_approval=True))
    printer = make.resource("M-02", kind_code="machine", under=free)
    return Bench(lab, mill, printer, make.lab_manager(lab), make.lab_manager(mill))


def _codes(made: Details) -> list[str]:
    return [place.spot.code for place in made.places]


def _busy(place: Place, hour: int = 10) -> bool:
    local = LocalInterval(make.at(hour), make.at(hour, 30), make.CASABLANCA)
    return occupancy.claim_in_the_way(place.resource_id, local.project()) is not None


def test_all_places_are_taken_or_none(bench: Bench) -> None:
    make.reservation(place=bench.printer)
    with pytest.raises(RefusedError) as refused:
        make.reservation(None, bench.lab, bench.printer)
    assert [one.resource_code for one in refused.value.refusals] == ["M-02"]
    assert not _busy(bench.lab)
    both = make.reservation(None, bench.lab, bench.printer, starts_at=make.at(14))
    assert _codes(both) == ["L-01", "M-02"]
    assert _busy(bench.lab, 14)
    assert _busy(bench.printer, 14)


def test_each_policy_judges_and_each_refusal_names_its_place(bench: Bench) -> None:
    strict = make.resource("M-03", kind_code="machine", under=make.policy(longest=60))
    rough = make.resource("M-04", kind_code="machine", under=make.policy(granularity=60))
    with pytest.raises(RefusedError) as refused:
        make.reservation(
            None, strict, rough, starts_at=make.at(10, 15), ends_at=make.at(12, 15), headcount=9
        )
    assert {(one.reason, one.resource_code) for one in refused.value.refusals} == {
        (Reason.OVER_CAPACITY, "M-03, M-04"),
        (Reason.TOO_LONG, "M-03"),
        (Reason.OFF_GRID, "M-04"),
    }


def test_people_spread_over_the_places(bench: Bench) -> None:
    made = make.reservation(None, bench.lab, bench.printer, headcount=9)  # eight and one
    assert made.headcount == 9
    with pytest.raises(RefusedError):
        make.reservation(None, bench.lab, bench.mill, starts_at=make.at(14), headcount=10)


def test_it_is_confirmed_with_the_last_yes(bench: Bench) -> None:
    made = make.reservation(None, bench.lab, bench.mill, bench.printer)
    assert [one.state for one in made.decisions] == [Asking.WAITING] * 2
    part = service.approve(bench.of_mill, made.public_id, seen_version=1)
    assert part.state is State.PENDING
    with pytest.raises(ForbiddenError):  # their part is done: they have nothing left to say
        service.approve(bench.of_mill, made.public_id, seen_version=2)
    whole = service.approve(bench.of_lab, made.public_id, seen_version=2)
    assert whole.state is State.CONFIRMED
    now = make.details(made.public_id)
    assert [one.decided_by and one.decided_by.name for one in now.decisions] == [
        bench.of_lab.name,
        bench.of_mill.name,
    ]


def test_one_no_is_enough(bench: Bench) -> None:
    made = make.reservation(None, bench.lab, bench.mill)
    service.decline(bench.of_mill, made.public_id, seen_version=1, reason="Broken")
    now = make.details(made.public_id)
    assert now.state is State.DECLINED
    assert {one.state for one in now.decisions} == {Asking.DECLINED, Asking.WITHDRAWN}
    assert not _busy(bench.lab)
    assert not _busy(bench.mill)


def test_the_operator_answers_for_all(bench: Bench) -> None:
    made = make.reservation(None, bench.lab, bench.mill)
    operator = make.operator()
    assert service.approve(operator, made.public_id, seen_version=1).state is State.CONFIRMED


def test_a_request_holds_where_every_policy_that_asks_does(bench: Bench) -> None:
    choosing = make.policy(needs_approval=True, holds_while_pending=False)
    contested = make.resource("L-02", kind_code="lab", capacity=8, under=choosing)
    made = make.reservation(None, bench.lab, contested)
    assert not made.holds_place
    assert not _busy(bench.lab)
    make.reservation(place=bench.lab)  # somebody is faster
    manager = make.lab_manager(contested)
    service.approve(manager, made.public_id, seen_version=1)
    with pytest.raises(RefusedError) as refused:
        service.approve(bench.of_lab, made.public_id, seen_version=2)
    assert [one.resource_code for one in refused.value.refusals] == ["L-01"]
    assert make.details(made.public_id).state is State.PENDING


def test_places_come_and_go_by_a_change(bench: Bench) -> None:
    who = make.member_of()
    desk = make.desk("D-01", under=make.policy())
    made = make.reservation(who, desk)
    service.change(who, made.public_id, Change(resources=_ids(desk, bench.printer)))
    assert _codes(make.details(made.public_id)) == ["D-01", "M-02"]
    assert _busy(bench.printer)
    service.change(who, made.public_id, Change(resources=_ids(bench.printer)))
    assert _codes(make.details(made.public_id)) == ["M-02"]
    assert not _busy(desk)
    service.change(who, made.public_id, Change(starts_at=make.at(14), ends_at=make.at(15)))
    assert _busy(bench.printer, 14)
    service.cancel(who, made.public_id)
    assert not _busy(bench.printer, 14)


def test_a_refused_change_leaves_every_place_as_it_was(bench: Bench) -> None:
    who = make.member_of()
    desk = make.desk("D-01", under=make.policy())
    made = make.reservation(who, desk, bench.printer)
    make.reservation(place=desk, starts_at=make.at(14))
    with pytest.raises(RefusedError):
        service.change(who, made.public_id, Change(starts_at=make.at(14), ends_at=make.at(15)))
    assert make.details(made.public_id) == made
    assert _busy(desk)
    assert _busy(bench.printer)


def test_only_the_policy_of_a_new_place_is_asked(bench: Bench) -> None:
    who = make.member_of()
    made = make.reservation(who, bench.lab)
    service.approve(bench.of_lab, made.public_id, seen_version=1)
    outcome = service.change(who, made.public_id, Change(resources=_ids(bench.lab, bench.mill)))
    assert outcome.amendment_waits
    waiting = make.details(made.public_id)
    assert _busy(bench.mill)  # held
    assert [place.spot.code for place in waiting.places_to_decide] == ["M-01"]
    service.approve(bench.of_mill, made.public_id, seen_version=waiting.version)
    assert _codes(make.details(made.public_id)) == ["L-01", "M-01"]
    shorter = service.change(who, made.public_id, Change(resources=_ids(bench.mill)))
    assert not shorter.amendment_waits  # to give a place back asks nobody
    assert not _busy(bench.lab)


def test_places_are_given_back_while_it_runs_but_none_is_added(bench: Bench) -> None:
    who = make.member_of()
    desk = make.desk("D-01", under=make.policy())
    made = make.reservation(
        who, desk, bench.printer, starts_at=make.at(8, days=0), ends_at=make.at(12, days=0)
    )
    with clock.frozen_at(clock.now() + timedelta(hours=2)):
        with pytest.raises(RefusedError):
            service.change(who, made.public_id, Change(resources=_ids(desk, bench.mill)))
        service.change(who, made.public_id, Change(resources=_ids(desk)))
    assert _codes(make.details(made.public_id)) == ["D-01"]


def test_other_times_are_offered_for_all_of_them(bench: Bench) -> None:
    desk = make.desk("D-01", under=make.policy())
    make.reservation(place=desk, starts_at=make.at(10), ends_at=make.at(11))
    make.reservation(place=bench.printer, starts_at=make.at(11), ends_at=make.at(12))
    wish = Wish(_ids(desk, bench.printer), make.at(10), make.at(11))
    found = alternatives.find(make.person(), wish)
    assert found
    assert all(len(one.places) == 2 for one in found)
    first = found[0].local
    made = make.reservation(
        None, desk, bench.printer, starts_at=first.starts_at, ends_at=first.ends_at
    )
    assert made.state is State.CONFIRMED


@pytest.mark.parametrize(("count", "problem"), [(0, Problem.MISSING), (11, Problem.OUT_OF_RANGE)])
def test_from_one_to_ten_places(app: Flask, count: int, problem: Problem) -> None:
    with pytest.raises(InvalidError) as invalid:
        service.book(
            make.person(),
            Wish(tuple(f"no-{n}" for n in range(count)), make.at(10), make.at(11)),
        )
    assert invalid.value.fields == {"resources": problem}


def test_a_place_that_is_named_twice_is_taken_once(bench: Bench) -> None:
    made = make.reservation(None, bench.printer, bench.printer)
    assert _codes(made) == ["M-02"]


def _ids(*places: Place) -> tuple[str, ...]:
    return tuple(place.spot.public_id for place in places)
