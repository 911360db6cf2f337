"""Giving and taking roles, correcting accounts, on both engines; the last operator stays."""

from __future__ import annotations

from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from booking import create_app
from booking.core.database import end_reading, session
from booking.core.errors import ForbiddenError, InvalidError, LastOneError, NotFoundError
from booking.core.permissions import Actor, Given, Role
from booking.journal.models import JournalLine
from booking.messages.models import MessageKind
from booking.people import accounts, directory, grants, invitations, links, passwords
from booking.people.accounts import Correction
from booking.people.directory import RoleHeld, Search, Standing
from booking.people.models import Grant, TokenKind
from booking.spaces import granting
from booking.spaces.granting import Office
from config import Settings
from tests import make
from tests.installations import Installation
from tests.mail_server import Inbox
from tests.processes import others
from tests.working import Run, Told, inbox, run, told, use_mail

__all__ = ["inbox", "run", "told", "use_mail"]

PATIENCE_SECONDS = 120


def acts_on(who: Actor) -> list[str]:
    end_reading()
    return list(
        session().scalars(
            select(JournalLine.act)
            .where(JournalLine.subject_id == who.public_id)
            .order_by(JournalLine.id)
        )
    )


def grant_ids(who: Actor) -> list[int]:
    end_reading()
    return list(session().scalars(select(Grant.id).where(Grant.person_id == who.person_id)))


def test_a_role_is_given_once_and_taken_with_its_journal(app: Flask) -> None:
    operator, omar = make.operator(), make.person()
    lab = make.lab("LAB-1")
    wanted = granting.given(Office.LAB_MANAGER_OF_RESOURCE, " LAB-1 ")
    first = grants.give(operator, omar.public_id, wanted)
    assert grants.give(operator, omar.public_id, wanted) == first
    assert make.actor(omar.person_id).grants == (
        Given(Role.LAB_MANAGER, resource_id=lab.resource_id),
    )
    (shown,) = granting.grants_of(omar.person_id)
    assert (shown.code, shown.role) == ("LAB-1", Role.LAB_MANAGER)
    grants.take(operator, omar.public_id, first)
    assert grant_ids(omar) == []
    assert acts_on(omar) == ["grant_given", "grant_taken"]
    with pytest.raises(NotFoundError):
        grants.take(operator, omar.public_id, first)


@pytest.mark.parametrize("code", ["", "NO-1", "x" * 5000, "\x00", "\ud800", "LAB-1 "])
def test_a_place_that_is_not_there_cannot_be_given(app: Flask, code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        granting.given(Office.RECEPTION, code)
    assert set(refused.value.fields) == {"code"}


def test_only_operators_give_and_only_to_open_accounts(app: Flask) -> None:
    omar, auditor = make.person(), make.auditor()
    for actor in (omar, auditor):
        with pytest.raises(ForbiddenError):
            grants.give(actor, omar.public_id, Given(Role.AUDITOR))
    with pytest.raises(InvalidError):
        grants.give(make.operator(), omar.public_id, Given(Role.RECEPTION))  # of no building


def test_the_last_operator_stays(app: Flask) -> None:
    operator = make.operator()
    (only,) = grant_ids(operator)
    with pytest.raises(LastOneError):
        grants.take(operator, operator.public_id, only)
    make.operator()
    grants.take(operator, operator.public_id, only)
    assert make.actor(operator.person_id).grants == ()


@pytest.mark.real_time
def test_of_two_operators_who_take_each_others_role_at_once_one_stays(
    installation: Installation, app: Flask
) -> None:
    first, second = make.operator(), make.operator()
    end_reading()
    barrier, refused = others.Barrier(2), others.Queue()
    pairs = ((first, second), (second, first))
    racers = [
        others.Process(
            target=_take, args=(installation.settings, barrier, refused, *pair), daemon=True
        )
        for pair in pairs
    ]
    for racer in racers:
        racer.start()
    answers = sorted(refused.get(timeout=PATIENCE_SECONDS) for _ in racers)
    for racer in racers:
        racer.join(PATIENCE_SECONDS)
    assert answers == ["", "last_operator"]
    assert len(grant_ids(first) + grant_ids(second)) == 1


def _take(
    settings: Settings,
    barrier: Barrier,
    refused: Queue[str],
    actor: Actor,
    other: Actor,
) -> None:
    app = create_app(settings)
    with app.app_context():
        (grant_id,) = grant_ids(other)
        barrier.wait(PATIENCE_SECONDS)
        try:
            grants.take(actor, other.public_id, grant_id)
        except LastOneError as error:
            refused.put(error.code)
        else:
            refused.put("")


def test_both_addresses_are_told_of_a_new_one(app: Flask, inbox: Inbox, run: Run) -> None:
    salma = make.person("Salma", password_hash=passwords.NOBODYS_HASH)
    change = Correction(name=" Salma  Idrissi ", email="New@Example.com")
    accounts.correct(make.operator(), salma.public_id, change)
    run()
    assert sorted(str(mail["To"]) for mail in inbox.mails) == [
        "Salma Idrissi <new@example.com>",
        "Salma Idrissi <person1@example.com>",
    ]
    for mail in inbox.mails:
        body = mail.get_body(("plain",))
        assert body
        assert "New address: new@example.com" in body.get_content()
    assert make.actor(salma.person_id).name == "Salma Idrissi"


def test_a_corrected_address_gets_the_invitation_and_the_first_link_ends(
    app: Flask, inbox: Inbox, run: Run, told: Told
) -> None:
    operator = make.operator()
    made = invitations.invite(operator, "lnia@example.com", "Lina")
    run()
    (first,) = told(MessageKind.INVITATION)
    accounts.correct(operator, made.public_id, Correction(email="lina@example.com"))
    run()
    assert str(inbox.mails[-1]["To"]) == "Lina <lina@example.com>"
    assert len(inbox.mails) == 2
    with pytest.raises(links.LinkOverError):
        links.invited_by(links.secret_of(TokenKind.INVITATION, first.subject))


@pytest.mark.parametrize(
    ("correction", "field"),
    [
        (Correction(email="person2@example.com"), "email"),
        (Correction(email="nothing"), "email"),
        (Correction(name=" "), "name"),
        (Correction(language="de"), "language"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    app: Flask, correction: Correction, field: str
) -> None:
    operator, other = make.operator(), make.person()
    assert other.email == "person2@example.com"
    with pytest.raises(InvalidError) as refused:
        accounts.correct(operator, operator.public_id, correction)
    assert set(refused.value.fields) == {field}
    assert make.actor(operator.person_id).name == operator.name


def test_people_are_found_by_what_they_are(app: Flask) -> None:
    operator, atlas = make.operator("Amine"), make.organisation("Atlas")
    manager = make.member_of(atlas, name="Youssef", is_manager=True)
    make.member_of(atlas, name="Salma 100%")
    invitations.invite(operator, "lina@example.com", "Lina")

    def names(search: Search) -> list[str]:
        return [one.name for one in directory.people(operator, search, limit=10)]

    everybody = ["Amine", "Lina", "Salma 100%", "Youssef"]
    assert names(Search()) == everybody
    assert names(Search(text="%")) == ["Salma 100%"]
    assert names(Search(text="YOUSS")) == ["Youssef"]
    assert names(Search(text="lina@")) == ["Lina"]
    assert names(Search(organisation_id=atlas.public_id)) == ["Salma 100%", "Youssef"]
    assert names(Search(role=RoleHeld.OPERATOR)) == ["Amine"]
    assert names(Search(role=RoleHeld.ORGANISATION_MANAGER)) == ["Youssef"]
    assert names(Search(standing=Standing.INVITED)) == everybody  # nobody has a password here
    assert names(Search(standing=Standing.DEACTIVATED)) == []
    found = directory.person(make.auditor(), manager.public_id)
    assert [one.organisation for one in found.memberships] == ["Atlas"]
    with pytest.raises(ForbiddenError):
        directory.people(manager, Search(), limit=10)
