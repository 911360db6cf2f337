"""Inviting people, on both engines: who gets an account, a membership, a mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from booking.core import clock
from booking.core.database import end_reading, session, transaction
from booking.core.errors import ForbiddenError, InvalidError
from booking.journal.models import JournalLine
from booking.messages.models import Message, MessageKind, MessageState
from booking.people import invitations, links, passwords
from booking.people.invitations import Guest, Outcome
from booking.people.models import MemberRole, Membership, Person, PersonState, Token, TokenKind
from tests import make
from tests.conftest import Statements
from tests.mail_server import Inbox
from tests.rivals import overtaken
from tests.working import Run, Told, inbox, run, told, use_mail

Count = Callable[[], AbstractContextManager[Statements]]

__all__ = ["inbox", "run", "told", "use_mail"]

LINK = re.compile(r"/password/([\w-]{43})\b")


def secret_in(text: str) -> str:
    found = LINK.search(text.replace("=\n", ""))
    assert found, text
    return found[1]


def test_an_invitation_makes_an_account_a_membership_and_a_mail_with_a_link_that_works(
    app: Flask, inbox: Inbox, run: Run
) -> None:
    atlas = make.organisation("Atlas Robotics")
    made = invitations.invite(
        make.operator(), " Lina@Example.com ", "Lina  Amrani", "fr", atlas.id, MemberRole.MANAGER
    )
    assert (made.outcome, made.email, made.is_new) == (Outcome.INVITED, "lina@example.com", True)
    who = make.actor(made.person_id)
    assert (who.name, who.language) == ("Lina Amrani", "fr")
    assert [(one.name, one.is_manager) for one in who.memberships] == [("Atlas Robotics", True)]
    run()
    (mail,) = inbox.mails
    assert mail["To"] == "Lina Amrani <lina@example.com>"
    assert mail["Content-Language"] == "fr"
    text = mail.get_body(("plain",))
    assert text
    assert "Atlas Robotics" in text.get_content()
    secret = secret_in(text.get_content())
    links.set_password(secret, "neuf tortues sous la pluie", device="", own_words=())
    end_reading()
    assert session().scalar(select(Person.password_hash).where(Person.id == made.person_id)), (
        "the link sets the password"
    )


def test_the_database_holds_no_secret(app: Flask, run: Run, told: Told) -> None:
    """Not even where no mail server is set, and the message is kept."""
    invitations.invite(make.operator(), "lina@example.com")
    token = session().scalars(select(Token)).one()
    secret = links.secret_of(TokenKind.INVITATION, token.public_id)
    run()
    (message,) = told(MessageKind.INVITATION)
    assert message.state is MessageState.KEPT
    assert message.text
    assert "/password/*****" in message.text
    for value in (token.digest, message.text, message.html, message.title):
        assert secret not in (value or "")


def test_inviting_again_sends_another_link_and_ends_the_first(
    app: Flask, inbox: Inbox, run: Run
) -> None:
    operator = make.operator()
    invitations.invite(operator, "lina@example.com", "Lina")
    run()
    with clock.frozen_at(clock.now() + timedelta(days=3)):
        again = invitations.invite(operator, "lina@example.com", "Somebody else")
        assert (again.outcome, again.is_new) == (Outcome.INVITED, False)
        run()
    assert make.actor(again.person_id).name == "Lina"
    first, second = (secret_in(one.get_body(("plain",)).get_content()) for one in inbox.mails)  # type: ignore[union-attr]  # each has one
    with clock.frozen_at(clock.now() + timedelta(days=8)):
        assert links.invited_by(second).name == "Lina"
        with pytest.raises(links.LinkOverError):
            links.invited_by(first)


def test_a_link_used_before_its_mail_goes_out_is_not_sent(app: Flask, run: Run, told: Told) -> None:
    made = invitations.invite(make.operator(), "lina@example.com")
    token = session().scalars(select(Token)).one()
    links.set_password(
        links.secret_of(TokenKind.INVITATION, token.public_id),
        "neuf tortues sous la pluie",
        device="",
        own_words=(),
    )
    run()
    assert [one.state for one in told(MessageKind.INVITATION)] == [MessageState.WITHDRAWN]
    assert made.outcome is Outcome.INVITED


def test_who_has_an_account_joins_at_once_and_who_was_there_stays(app: Flask) -> None:
    operator, atlas = make.operator(), make.organisation()
    known = make.person("Known", password_hash=passwords.NOBODYS_HASH)
    outcomes = [
        invitations.invite(operator, known.email, "Other", "ar", atlas.id).outcome for _ in range(2)
    ]
    assert outcomes == [Outcome.JOINED, Outcome.UNCHANGED]
    assert make.actor(known.person_id).name == "Known"
    with transaction() as current:
        current.execute(update(Membership).values(valid_until=clock.now().date()))
    assert invitations.invite(operator, known.email, "", "", atlas.id).outcome is Outcome.JOINED
    assert session().scalar(select(func.count()).select_from(Membership)) == 1


@pytest.mark.parametrize("role", MemberRole)
def test_who_is_invited_again_before_the_end_goes_on_in_the_role_of_the_invitation(
    app: Flask, role: MemberRole
) -> None:
    atlas = make.organisation()
    make.member_of(atlas, is_manager=True)
    was_manager = role is MemberRole.MEMBER
    who = make.join(make.person(), atlas, is_manager=was_manager, until=clock.now().date())
    invitations.invite(make.operator(), who.email, "", "", atlas.id, role)
    assert [one.is_manager for one in make.actor(who.person_id).memberships] == [not was_manager]
    line = session().scalars(select(JournalLine).where(JournalLine.act == "member_added")).one()
    assert line.after == {"organisation_id": atlas.id, "role": role.value}


def test_the_last_manager_who_is_invited_as_a_member_stays_one(app: Flask) -> None:
    atlas = make.organisation()
    make.member_of(atlas)
    last = make.join(make.person(), atlas, is_manager=True, until=clock.now().date())
    invitations.invite(last, last.email, "", "", atlas.id, MemberRole.MEMBER)
    assert [one.is_manager for one in make.actor(last.person_id).memberships] == [True]
    line = session().scalars(select(JournalLine).where(JournalLine.act == "member_added")).one()
    assert (line.after or {})["role"] == "manager"


def test_a_closed_account_stays_closed(app: Flask, run: Run, told: Told) -> None:
    closed = make.person()
    with transaction() as current:
        current.execute(
            update(Person)
            .where(Person.id == closed.person_id)
            .values(state=PersonState.DEACTIVATED)
        )
    made = invitations.invite(make.operator(), closed.email, "", "", make.organisation().id)
    assert made.outcome is Outcome.CLOSED
    run()
    assert told(MessageKind.INVITATION) == []
    assert session().scalars(select(Membership)).all() == []


def test_a_manager_invites_to_their_own_organisation_and_to_no_other(app: Flask) -> None:
    atlas, other = make.organisation(), make.organisation()
    manager = make.member_of(atlas, is_manager=True)
    assert invitations.invite(manager, "lina@example.com", "", "", atlas.id).is_new
    for nowhere in (other.id, None):
        with pytest.raises(ForbiddenError):
            invitations.invite(manager, "omar@example.com", "", "", nowhere)
    with pytest.raises(ForbiddenError):
        invitations.invite(make.member_of(atlas), "omar@example.com", "", "", atlas.id)


@pytest.mark.parametrize(
    ("email", "name", "language", "field"),
    [
        ("", "Lina", "fr", "email"),
        ("lina", "Lina", "fr", "email"),
        ("lina@", "Lina", "fr", "email"),
        ("li\x00na@example.com", "Lina", "fr", "email"),
        ("\ud800@example.com", "Lina", "fr", "email"),
        ("x" * 250 + "@example.com", "Lina", "fr", "email"),
        ("lina@example.com", "x" * 121, "fr", "name"),
        ("lina@example.com", "Lina", "de", "language"),
    ],
)
def test_what_can_be_no_person_is_refused_by_its_field(
    app: Flask, email: str, name: str, language: str, field: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        invitations.invite(make.operator(), email, name, language)
    assert set(refused.value.fields) == {field}


def test_many_are_invited_in_a_number_of_statements_that_does_not_grow_with_theirs(
    app: Flask, count_statements: Count
) -> None:
    operator, atlas = make.operator(), make.organisation()
    guests = [Guest(f"guest{number}@example.com", "", "", atlas.id) for number in range(300)]
    with count_statements() as few:
        invitations.invite(operator, "first@example.com", "", "", atlas.id)
    with count_statements() as found:
        made = invitations.invite_all(operator, [*guests, *guests[:3]])
    assert found.count == few.count, found
    assert [one.email for one in made] == [one.email for one in (*guests, *guests[:3])]
    assert len({one.person_id for one in made}) == 300
    for model in (Membership, Token, Message):
        assert session().scalar(select(func.count()).select_from(model)) == 301


def test_two_who_invite_one_address_at_one_moment_both_succeed(app: Flask) -> None:
    operator, atlas, karama = make.operator(), make.organisation(), make.organisation()
    guests = [Guest("lina@example.com", organisation_id=one.id) for one in (atlas, karama)]
    theirs = overtaken(
        app,
        lambda: invitations.invite_all(operator, guests[:1]),
        lambda: invitations.invite_all(operator, guests[1:]),
    )
    end_reading()
    (made,) = session().scalars(select(Person).where(Person.email == "lina@example.com"))
    assert [one.person_id for one in theirs] == [made.id]
    assert make.actor(made.id).organisation_ids == {atlas.id, karama.id}
