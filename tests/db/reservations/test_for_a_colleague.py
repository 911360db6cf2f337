"""Booking for somebody else: who may, in which organisation, and who is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.core.database import session, transaction
from booking.core.errors import InvalidError, Problem
from booking.core.permissions import Actor, Scope
from booking.journal.models import JournalLine
from booking.messages.models import MessageKind
from booking.people.models import Organisation, Person, PersonState
from booking.policies.rules import WhoMayBook
from booking.reservations import queries, service
from booking.reservations.wishes import Change, Wish
from tests import make
from tests.working import Run, Told


@dataclass(frozen=True)
class Two:
    """Two colleagues of Atlas."""

    atlas: Organisation
    salma: Actor
    karim: Actor


@pytest.fixture
def two(app: Flask) -> Two:
    atlas = make.organisation("Atlas")
    salma = make.member_of(atlas, name="Salma", language="fr")
    return Two(atlas, salma, make.member_of(atlas, name="Karim", language="en"))


def test_a_colleague_is_booked_for_in_the_shared_organisation(two: Two) -> None:
    made = make.reservation(two.salma, person_id=two.karim.public_id)
    assert (made.person.name, made.booked_by.name) == ("Karim", "Salma")
    assert made.organisation is not None
    assert made.organisation.name == "Atlas"
    line = session().scalars(select(JournalLine).where(JournalLine.act == "booked")).one()
    assert line.actor_id == two.salma.person_id
    assert (line.after or {})["person"] == two.karim.public_id
    assert queries.find(queries.mine(two.karim)) == [made]
    assert queries.find(queries.mine(two.salma)) == []


def test_both_may_change_and_cancel_it(two: Two) -> None:
    made = make.reservation(two.salma, person_id=two.karim.public_id)
    service.change(two.salma, made.public_id, Change(title="Review"))
    service.change(two.karim, made.public_id, Change(title="Code review"))
    service.cancel(two.karim, made.public_id)


def test_both_are_told_in_their_own_languages(two: Two, run: Run, told: Told) -> None:
    make.reservation(two.salma, person_id=two.karim.public_id)
    run()
    by_person = {one.recipient_id: one.text or "" for one in told(MessageKind.CONFIRMED)}
    assert "Salma has booked this for you." in by_person[two.karim.person_id]
    assert "Karim" in by_person[two.salma.person_id]
    assert "Vous avez réservé" in by_person[two.salma.person_id]


def test_a_stranger_cannot_be_booked_for(two: Two) -> None:
    stranger = make.member_of(make.organisation("Other"))
    _refused(two.salma, stranger.public_id, "person")
    _refused(make.person(), two.karim.public_id, "person")
    _refused(two.salma, "019a0000-0000-7000-8000-000000000000", "person")
    _refused(replace(two.salma, scopes=frozenset({Scope.READ})), two.karim.public_id, None)


def test_whoever_has_left_cannot_be_booked_for(two: Two) -> None:
    gone = make.join(make.person(), two.atlas, until=date(2026, 10, 1))
    _refused(two.salma, gone.public_id, "person")
    with transaction():
        session().execute(
            update(Person)
            .where(Person.id == two.karim.person_id)
            .values(state=PersonState.DEACTIVATED)
        )
    _refused(two.salma, two.karim.public_id, "person")


def test_where_two_organisations_are_shared_one_is_named(two: Two) -> None:
    second = make.organisation("Second")
    salma, karim = make.join(two.salma, second), make.join(two.karim, second)
    with pytest.raises(InvalidError) as invalid:
        make.reservation(salma, person_id=karim.public_id)
    assert invalid.value.fields == {"organisation": Problem.MISSING}
    made = make.reservation(salma, person_id=karim.public_id, organisation_id=second.public_id)
    assert made.organisation is not None
    assert made.organisation.name == "Second"
    foreign = make.organisation("Only Karim's")
    make.join(karim, foreign)
    with pytest.raises(InvalidError):
        make.reservation(salma, person_id=karim.public_id, organisation_id=foreign.public_id)


def test_the_operator_books_for_anybody_and_reception_in_its_building(two: Two) -> None:
    guest, desk = make.person("Guest"), make.desk()
    elsewhere = make.desk(at=make.area(at=make.floor(at=make.building())))
    assert make.reservation(make.operator(), desk, person_id=guest.public_id).person.name == "Guest"
    reception = make.reception(desk)
    made = make.reservation(reception, desk, starts_at=make.at(14), person_id=two.karim.public_id)
    assert made.organisation is None
    with pytest.raises(InvalidError):
        make.reservation(reception, elsewhere, person_id=guest.public_id)


def test_the_rules_look_at_who_it_is_for(two: Two) -> None:
    desk = make.desk(under=make.policy(who_may_book=WhoMayBook.MEMBERS))
    operator = make.operator()
    made = make.reservation(operator, desk, person_id=two.karim.public_id)
    assert made.person.name == "Karim"


def _refused(who: Actor, person_id: str, field: str | None) -> None:
    wish = Wish((make.desk().spot.public_id,), make.at(10), make.at(11), person_id=person_id)
    with pytest.raises(Exception) as refused:  # noqa: PT011  # of two kinds
        service.book(who, wish)
    fields = getattr(refused.value, "fields", {})
    assert list(fields) == ([field] if field else [])
