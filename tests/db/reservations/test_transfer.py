"""Giving a reservation to a colleague: to whom, what stays, who decides again, and who is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.attendance import service as attendance
from booking.core import clock
from booking.core.database import session
from booking.core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
    StaleError,
)
from booking.core.permissions import Actor
from booking.core.refusals import NotChangeable, Obstacle
from booking.journal.models import JournalLine
from booking.messages.models import MessageKind
from booking.occupancy.models import occupancy
from booking.people.models import Organisation
from booking.reservations import queries, service
from booking.reservations.models import CheckInWay, State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from tests import make, rivals
from tests.conftest import FROZEN
from tests.working import Run, Told


@dataclass(frozen=True)
class Two:
    """Two colleagues of Atlas; Salma has the reservation."""

    atlas: Organisation
    salma: Actor
    karim: Actor

    def reservation(self, **how: object) -> Details:
        made = {"organisation_id": self.atlas.public_id, **how}
        return make.reservation(self.salma, **made)  # type: ignore[arg-type]  # as `make` takes it


@pytest.fixture
def two(app: Flask) -> Two:
    atlas = make.organisation("Atlas")
    salma = make.member_of(atlas, name="Salma", language="fr")
    return Two(atlas, salma, make.member_of(atlas, name="Karim", language="en"))


def test_the_colleague_has_it_and_place_and_time_stay(two: Two) -> None:
    before = two.reservation()
    claims = session().execute(select(occupancy)).all()
    service.transfer(two.salma, before.public_id, to=two.karim.public_id)
    after = make.details(before.public_id)
    assert (after.person_id, after.booked_by_id) == (two.karim.person_id, two.karim.person_id)
    assert (after.local, after.places, after.sequence) == (before.local, before.places, 0)
    assert after.version == before.version + 1
    assert session().execute(select(occupancy)).all() == claims
    assert queries.find(queries.mine(two.salma)) == []
    line = session().scalars(select(JournalLine).where(JournalLine.act == "transferred")).one()
    salma_id = two.salma.person_id
    assert line.actor_id == salma_id
    assert line.before == {"person_id": salma_id, "booked_by_id": salma_id}
    with pytest.raises(ForbiddenError):  # a colleague sees it, and no more
        service.change(two.salma, before.public_id, Change(title="Mine?"))


def test_both_are_told_in_their_own_languages_and_whoever_booked_it(
    two: Two, run: Run, told: Told
) -> None:
    hicham = make.member_of(two.atlas, name="Hicham")
    made = make.reservation(hicham, person_id=two.salma.public_id, starts_at=make.at(10, days=4))
    service.transfer(two.salma, made.public_id, to=two.karim.public_id)
    assert make.details(made.public_id).booked_by_id == hicham.person_id
    run()
    text = {one.recipient_id: one.text or "" for one in told(MessageKind.TRANSFERRED)}
    assert "has transferred this reservation to you" in text[two.karim.person_id]
    assert "Cette réservation n’est plus à vous" in text[two.salma.person_id]
    assert "The reservation that you have booked" in text[hicham.person_id]
    with clock.frozen_at(FROZEN + timedelta(days=3, hours=2, minutes=5)):
        run()
        reminded = {one.recipient_id for one in told(MessageKind.REMINDER) if one.text}
    assert two.karim.person_id in reminded
    assert two.salma.person_id not in reminded


def test_it_goes_to_a_colleague_only(two: Two) -> None:
    made = two.reservation()
    stranger = make.member_of(make.organisation("Other"), name="Stranger")
    for nobody in (stranger.public_id, "019a0000-0000-7000-8000-000000000000", ""):
        with pytest.raises(InvalidError) as refused:
            service.transfer(two.salma, made.public_id, to=nobody)
        assert set(refused.value.fields) == {"person"}
    with pytest.raises(ForbiddenError):
        service.transfer(two.karim, made.public_id, to=two.karim.public_id)
    with pytest.raises(NotFoundError):
        service.transfer(stranger, made.public_id, to=stranger.public_id)


def test_one_in_ones_own_name_goes_to_somebody_of_any_organisation_one_shares(two: Two) -> None:
    other = make.organisation("Other")
    both = make.join(make.join(make.person("Nadia"), two.atlas), other)
    made = make.reservation(both)
    assert made.organisation is None
    service.transfer(both, made.public_id, to=make.member_of(other).public_id)
    with pytest.raises(InvalidError):
        service.transfer(make.operator(), made.public_id, to=two.salma.public_id)


def test_a_request_is_asked_anew_in_the_colleagues_name(two: Two) -> None:
    lab = make.lab()
    made = two.reservation(place=lab)
    service.transfer(two.salma, made.public_id, to=two.karim.public_id)
    with pytest.raises(StaleError):
        service.approve(make.operator(), made.public_id, seen_version=made.version)
    service.approve(make.operator(), made.public_id, seen_version=made.version + 1)
    assert make.details(made.public_id).state is State.CONFIRMED


def test_what_was_approved_only_whoever_decides_passes_on(two: Two) -> None:
    lab = make.lab()
    made = two.reservation(place=lab)
    operator = make.operator()
    service.approve(operator, made.public_id, seen_version=None)
    assert _obstacle(two.salma, made, two.karim) is Obstacle.APPROVED_IN_PERSON
    service.transfer(operator, made.public_id, to=two.karim.public_id)
    assert make.details(made.public_id).person_id == two.karim.person_id


def test_not_while_a_change_waits_nor_when_it_is_over(two: Two) -> None:
    desk, lab = make.desk(), make.lab()
    made = two.reservation(place=desk)
    service.change(two.salma, made.public_id, Change(resources=(lab.spot.public_id,)))
    assert _obstacle(two.salma, made, two.karim) is Obstacle.CHANGE_WAITS
    service.withdraw_change(two.salma, made.public_id)
    with clock.frozen_at(made.interval.ends_at):
        assert _obstacle(two.salma, made, two.karim) is Obstacle.ENDED
    service.cancel(two.salma, made.public_id)
    assert _obstacle(two.salma, made, two.karim) is Obstacle.CANCELLED


def test_one_that_runs_goes_on_with_the_other(two: Two) -> None:
    policy = make.policy(asks_for_check_in=True)
    made = two.reservation(place=make.desk(under=policy), starts_at=datetime(2026, 10, 5, 8))
    attendance.check_in(two.salma, made.public_id, CheckInWay.PAGE)
    service.transfer(two.salma, made.public_id, to=two.karim.public_id)
    assert make.details(made.public_id).is_here


def test_of_two_who_transfer_at_once_the_second_sees_the_first(app: Flask, two: Two) -> None:
    nadia = make.member_of(two.atlas, name="Nadia")
    made = two.reservation()

    def theirs() -> Exception | None:
        try:
            service.transfer(
                two.salma, made.public_id, to=nadia.public_id, seen_version=made.version
            )
        except (ForbiddenError, StaleError) as error:
            return error
        return None

    refused = rivals.overtaken(
        app,
        lambda: service.transfer(
            two.salma, made.public_id, to=two.karim.public_id, seen_version=made.version
        ),
        theirs,
    )
    assert refused is not None
    assert make.details(made.public_id).person_id == two.karim.person_id


def _obstacle(actor: Actor, made: Details, to: Actor) -> Obstacle:
    with pytest.raises(RefusedError) as refused:
        service.transfer(actor, made.public_id, to=to.public_id)
    (refusal,) = refused.value.refusals
    assert isinstance(refusal.facts, NotChangeable)
    return refusal.facts.obstacle
