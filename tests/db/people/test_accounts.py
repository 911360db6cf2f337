"""Signing in, passwords and sessions as services, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select, update

from booking.core import clock
from booking.core.database import session, transaction
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.permissions import Actor
from booking.journal.models import JournalLine
from booking.people import passwords, queries, service, sessions
from booking.people.models import BrowserSession, Person, PersonState
from booking.people.service import WrongPasswordError
from booking.people.sessions import Begun
from tests import make

PASSWORD = "tagine et nuages violets"
OTHER = "neuf tortues sous la pluie"


@pytest.fixture(scope="module")
def hashed() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def salma(app: Flask, hashed: str) -> Actor:
    return make.person("Salma", password_hash=hashed)


def enter(email: str, password: str = PASSWORD, **more: str | bool) -> Begun:
    return service.sign_in(email, password, device="Firefox · Linux", **more)  # type: ignore[arg-type]  # named in each test


def acts() -> list[str]:
    return list(session().scalars(select(JournalLine.act).order_by(JournalLine.id)))


def running(actor: Actor) -> list[int]:
    return [seen.id for seen in sessions.running(actor, None)]


def test_the_right_password_begins_a_session(salma: Actor) -> None:
    begun = enter(f"  {salma.email.upper()} ")
    assert running(salma) == [begun.session_id]
    assert acts() == ["signed_in"]


@pytest.mark.parametrize("password", ["", "tagine", PASSWORD.upper(), "x" * 5000, "\0"])
def test_a_wrong_password_begins_none(salma: Actor, password: str) -> None:
    with pytest.raises(WrongPasswordError):
        enter(salma.email, password)
    assert running(salma) == []
    assert acts() == ["sign_in_failed"]


@pytest.mark.parametrize("email", ["nobody@example.com", "", "a\0b", "é" * 300, "%", "\udcff"])
def test_an_unknown_address_is_refused_and_not_kept(salma: Actor, email: str) -> None:
    with pytest.raises(WrongPasswordError):
        enter(email)
    line = session().scalars(select(JournalLine)).one()
    assert (line.act, line.subject_id, line.before, line.after) == (
        *("sign_in_failed", service.UNKNOWN),
        *(None, None),
    )


def _close(person: Actor, **values: object) -> None:
    with transaction() as current:
        current.execute(update(Person).where(Person.id == person.person_id).values(values))


@pytest.mark.parametrize("state", [PersonState.DEACTIVATED, PersonState.ANONYMISED])
def test_a_closed_account_cannot_sign_in(salma: Actor, state: PersonState) -> None:
    _close(salma, state=state)
    with pytest.raises(WrongPasswordError):
        enter(salma.email)


def test_the_demos_accounts_cannot_sign_in_where_they_are_not_admitted(salma: Actor) -> None:
    _close(salma, is_demo=True)
    with pytest.raises(WrongPasswordError):
        enter(salma.email, admits_demo=False)
    enter(salma.email, admits_demo=True)


def test_known_and_unknown_accounts_cost_the_same(
    salma: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each refusal compares one hash with the parameters of the house, and writes one line."""
    compared: list[str] = []
    verify = PasswordHasher.verify

    def counting(self: PasswordHasher, stored: str, password: str) -> bool:
        compared.append(stored)
        return bool(verify(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    without = make.person("Without a password")
    closed = make.person("Closed", password_hash=passwords.hash_password(PASSWORD))
    _close(closed, state=PersonState.DEACTIVATED)
    emails = [salma.email, "nobody@example.com", without.email, closed.email, "\0", "x" * 300]
    for email in emails:
        with pytest.raises(WrongPasswordError):
            enter(email, "not the password")
    assert len(compared) == len(emails)
    assert not any(passwords.is_outdated(stored) for stored in compared)
    assert acts() == ["sign_in_failed"] * len(emails)


def test_an_older_hash_is_renewed_at_sign_in(salma: Actor) -> None:
    older = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    _close(salma, password_hash=older)
    enter(salma.email)
    renewed = queries.person_by_id(salma.person_id).password_hash
    assert renewed is not None
    assert not passwords.is_outdated(renewed)
    enter(salma.email)


def test_the_browsers_old_session_ends_when_a_new_one_begins(salma: Actor) -> None:
    first = enter(salma.email)
    second = enter(salma.email, old_secret=first.secret)
    assert running(salma) == [second.session_id]
    assert first.secret != second.secret


def test_signing_out_ends_the_session_for_good(salma: Actor) -> None:
    begun = enter(salma.email)
    service.sign_out(begun.secret)
    service.sign_out(begun.secret)
    service.sign_out("never a secret")
    assert running(salma) == []
    assert acts() == ["signed_in", "signed_out"]


def test_a_new_password_ends_every_session_and_begins_one(salma: Actor) -> None:
    here, elsewhere = enter(salma.email), enter(salma.email)
    begun = service.change_password(
        salma, current=PASSWORD, new=OTHER, device="Firefox", own_words=()
    )
    assert running(salma) == [begun.session_id]
    assert begun.session_id not in {here.session_id, elsewhere.session_id}
    assert acts()[-2:] == ["password_changed", "signed_in"]
    with pytest.raises(WrongPasswordError):
        enter(salma.email, PASSWORD)
    enter(salma.email, OTHER)


@pytest.mark.parametrize(
    ("current", "new", "problem"),
    [
        ("not the password", OTHER, {"current": Problem.WRONG}),
        (PASSWORD, "short", {"password": Problem.TOO_SHORT}),
        (PASSWORD, "password1234", {"password": Problem.TOO_COMMON}),
        (PASSWORD, "techvalley-salma", {"password": Problem.TOO_COMMON}),
    ],
)
def test_a_refused_password_changes_nothing(
    salma: Actor, current: str, new: str, problem: dict[str, Problem]
) -> None:
    begun = enter(salma.email)
    with pytest.raises(InvalidError) as refused:
        service.change_password(
            salma, current=current, new=new, device="", own_words=("Tech Valley techvalley",)
        )
    assert refused.value.fields == problem
    assert running(salma) == [begun.session_id]
    enter(salma.email)


def test_the_language_is_stored_on_the_person(salma: Actor) -> None:
    service.change_language(salma, "ar")
    service.change_language(salma, "ar")
    assert queries.person_by_id(salma.person_id).language == "ar"
    line = session().scalars(select(JournalLine)).one()
    assert (line.act, line.before, line.after) == (
        "language_changed",
        {"language": "en"},
        {"language": "ar"},
    )


def test_one_ends_ones_own_sessions_only(salma: Actor) -> None:
    stranger = make.person("Stranger")
    mine = enter(salma.email)
    with pytest.raises(NotFoundError):
        sessions.end_one(stranger, mine.session_id)
    sessions.end_one(salma, mine.session_id)
    with pytest.raises(NotFoundError):
        sessions.end_one(salma, mine.session_id)
    assert acts() == ["signed_in", "session_ended"]


def test_every_other_session_can_be_ended_at_once(salma: Actor) -> None:
    stranger = make.person("Stranger", password_hash=passwords.hash_password(PASSWORD))
    theirs = enter(stranger.email)
    sessions_begun = [enter(salma.email) for _ in range(3)]
    assert sessions.end_others(salma, sessions_begun[1].session_id) == 2
    assert running(salma) == [sessions_begun[1].session_id]
    assert running(stranger) == [theirs.session_id]


def test_this_browser_stands_first_in_the_list(salma: Actor) -> None:
    first = enter(salma.email)
    with clock.frozen_at(clock.now() + timedelta(hours=1)):
        second = enter(salma.email)
        assert running(salma) == [second.session_id, first.session_id]
        found = sessions.running(salma, first.session_id)
    assert [(seen.id, seen.is_this_one) for seen in found] == [
        (first.session_id, True),
        (second.session_id, False),
    ]


def test_a_session_is_not_listed_for_ever(salma: Actor) -> None:
    enter(salma.email)
    with clock.frozen_at(clock.now() + sessions.LONGEST):
        assert running(salma) == []


def test_the_secret_of_a_session_is_not_stored(salma: Actor) -> None:
    begun = enter(salma.email)
    row = session().get(BrowserSession, begun.session_id)
    assert row is not None
    assert begun.secret not in row.digest
    assert len(row.digest) == 64
