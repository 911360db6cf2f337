"""A change to another place is decided there, not where the reservation is."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.approvals import queries as approvals
from booking.approvals.notices import deciders
from booking.core.errors import ForbiddenError
from booking.core.permissions import Actor
from booking.policies.facts import Place
from booking.reservations import queries, service
from booking.reservations.models import State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from tests import make


@pytest.fixture
def labs(app: Flask) -> tuple[Place, Place]:
    return make.lab("L-01"), make.lab("L-02")


@pytest.fixture
def managers(labs: tuple[Place, Place]) -> tuple[Actor, Actor]:
    return make.lab_manager(labs[0], "Here"), make.lab_manager(labs[1], "There")


@pytest.fixture
def moving(labs: tuple[Place, Place], managers: tuple[Actor, Actor]) -> Details:
    member = make.person("Salma Idrissi")
    made = make.reservation(member, labs[0])
    service.approve(managers[0], made.public_id, seen_version=made.version)
    service.change(member, made.public_id, Change(resources=(labs[1].spot.public_id,)))
    return make.details(made.public_id)


def test_only_the_manager_of_the_wished_place_is_asked(
    moving: Details, managers: tuple[Actor, Actor]
) -> None:
    here, there = managers
    assert approvals.waiting_for(here) == []
    assert [one.public_id for one in approvals.waiting_for(there)] == [moving.public_id]
    assert (approvals.count_for(here), approvals.count_for(there)) == (0, 1)
    assert deciders().of(moving) == {there.person_id}


def test_the_manager_of_the_wished_place_sees_and_approves_it(
    moving: Details, managers: tuple[Actor, Actor], labs: tuple[Place, Place]
) -> None:
    there = managers[1]
    assert queries.details(there, moving.public_id).version == moving.version
    service.approve(there, moving.public_id, seen_version=moving.version)
    moved = make.details(moving.public_id)
    assert (moved.state, moved.place.spot.code) == (State.CONFIRMED, labs[1].spot.code)


def test_the_manager_of_the_old_place_may_not_decide(
    moving: Details, managers: tuple[Actor, Actor]
) -> None:
    here, version = managers[0], moving.version
    with pytest.raises(ForbiddenError):
        service.approve(here, moving.public_id, seen_version=version)
    with pytest.raises(ForbiddenError):
        service.decline(here, moving.public_id, seen_version=version, reason="no")
    assert make.details(moving.public_id) == moving
