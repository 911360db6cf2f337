"""One-time links, API tokens and calendar addresses, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import String, cast, select

from booking.core import clock
from booking.core.database import Model, session, transaction
from booking.core.errors import ForbiddenError, InvalidError, NotFoundError, Problem
from booking.core.permissions import Actor, Role, Scope
from booking.journal.models import JournalLine
from booking.people import feeds, links, queries, service, sessions, tokens
from booking.people.links import LinkOverError
from booking.people.models import FeedDetail
from tests import make

PASSWORD = "neuf tortues sous la pluie"


@pytest.fixture
def salma(app: Flask) -> Actor:
    return make.person("Salma")


def link_for(actor: Actor) -> str:
    with transaction():
        return links.make_link(queries.person_by_id(actor.person_id))


def follow(secret: str, password: str = PASSWORD) -> None:
    links.set_password(secret, password, device="", own_words=())


def acts() -> list[str]:
    return list(session().scalars(select(JournalLine.act).order_by(JournalLine.id)))


# --- links ---


def test_a_link_sets_the_password_once(salma: Actor) -> None:
    secret = link_for(salma)
    assert links.invited_by(secret).email == salma.email
    follow(secret)
    service.sign_in(salma.email, PASSWORD, device="")
    for _ in range(2):
        with pytest.raises(LinkOverError):
            follow(secret, "une autre tortue au soleil")
    service.sign_in(salma.email, PASSWORD, device="")


def test_a_link_ends_the_sessions_of_before(salma: Actor) -> None:
    with transaction():
        sessions.begin(salma.person_id, "")
    follow(link_for(salma))
    assert len(sessions.running(salma, None)) == 1
    assert acts() == ["link_made", "password_changed", "signed_in"]


def test_a_link_is_good_for_seven_days(salma: Actor) -> None:
    secret = link_for(salma)
    with clock.frozen_at(clock.now() + links.GOOD_FOR - timedelta(seconds=1)):
        links.invited_by(secret)
    with clock.frozen_at(clock.now() + links.GOOD_FOR), pytest.raises(LinkOverError):
        follow(secret)


def test_a_newer_link_replaces_the_older(salma: Actor) -> None:
    older, newer = link_for(salma), link_for(salma)
    with pytest.raises(LinkOverError):
        follow(older)
    follow(newer)


def test_a_refused_password_does_not_use_the_link_up(salma: Actor) -> None:
    secret = link_for(salma)
    with pytest.raises(InvalidError) as refused:
        follow(secret, "password1234")
    assert refused.value.fields == {"password": Problem.TOO_COMMON}
    follow(secret)


def test_no_other_secret_opens_the_door_of_a_link(salma: Actor) -> None:
    _, token = tokens.make_token(salma, name="x", scopes=[Scope.READ])
    _, feed = feeds.make_feed(salma, name="x", detail=FeedDetail.FULL, language="fr")
    for secret in (token, feed, "", "x" * 1000, "\0", "\udcff"):
        with pytest.raises(NotFoundError):
            links.invited_by(secret)


# --- tokens ---


def test_a_token_is_listed_without_its_secret_until_it_is_revoked(salma: Actor) -> None:
    made, secret = tokens.make_token(
        salma, name="  Door\ndisplay\0 ", scopes=[Scope.WRITE, Scope.READ]
    )
    assert secret.startswith(tokens.PREFIX)
    assert tokens.tokens_of(salma) == [made]
    assert (made.name, made.scopes) == ("Door display", (Scope.READ, Scope.WRITE))
    tokens.revoke_token(salma, made.public_id)
    assert tokens.tokens_of(salma) == []
    assert acts() == ["token_made", "token_revoked"]


def test_a_token_cannot_make_a_stronger_one(salma: Actor) -> None:
    weak = Actor(
        *(salma.person_id, salma.public_id, salma.name, salma.email, salma.language),
        scopes=frozenset({Scope.READ, Scope.WRITE}),
    )
    with pytest.raises(ForbiddenError):
        tokens.make_token(weak, name="x", scopes=[Scope.READ, Scope.ADMIN])
    assert tokens.make_token(weak, name="x", scopes=[Scope.READ])


@pytest.mark.parametrize(
    ("name", "scopes", "problem"),
    [
        ("x", [], {"scopes": Problem.MISSING}),
        (" \n\0", [Scope.READ], {"name": Problem.MISSING}),
        ("x" * 81, [Scope.READ], {"name": Problem.TOO_LONG}),
    ],
)
def test_a_token_needs_a_name_and_a_scope(
    salma: Actor, name: str, scopes: list[Scope], problem: dict[str, Problem]
) -> None:
    with pytest.raises(InvalidError) as refused:
        tokens.make_token(salma, name=name, scopes=scopes)
    assert refused.value.fields == problem


def test_the_scopes_offered_would_let_the_person_do_something(salma: Actor) -> None:
    assert tokens.useful_scopes(salma) == (Scope.READ, Scope.WRITE)
    manager = make.lab_manager(make.lab())
    assert tokens.useful_scopes(manager) == (Scope.READ, Scope.WRITE, Scope.DECIDE)
    assert tokens.useful_scopes(make.grant(salma, Role.OPERATOR)) == tuple(Scope)


# --- calendar addresses ---


def test_a_feed_is_listed_replaced_and_revoked(salma: Actor) -> None:
    made, first = feeds.make_feed(salma, name="Phone", detail=FeedDetail.BUSY, language="ar")
    assert feeds.feeds_of(salma) == [made]
    with clock.frozen_at(clock.now() + timedelta(days=1)):
        replaced, second = feeds.rotate_feed(salma, made.public_id)
    assert first != second
    assert (replaced.public_id, replaced.name, replaced.detail) == (
        made.public_id,
        "Phone",
        FeedDetail.BUSY,
    )
    assert feeds.feeds_of(salma) == [replaced]
    feeds.revoke_feed(salma, made.public_id)
    assert feeds.feeds_of(salma) == []
    assert acts() == ["feed_made", "feed_rotated", "feed_revoked"]


def test_what_is_not_ones_own_is_not_there(salma: Actor) -> None:
    stranger = make.person("Stranger")
    feed, _ = feeds.make_feed(salma, name="Phone", detail=FeedDetail.FULL, language="fr")
    token, _ = tokens.make_token(salma, name="x", scopes=[Scope.READ])
    for attempt in (
        lambda: feeds.rotate_feed(stranger, feed.public_id),
        lambda: feeds.revoke_feed(stranger, feed.public_id),
        lambda: feeds.revoke_feed(salma, token.public_id),
        lambda: tokens.revoke_token(stranger, token.public_id),
        lambda: tokens.revoke_token(salma, feed.public_id),
    ):
        with pytest.raises(NotFoundError):
            attempt()
    assert (len(feeds.feeds_of(salma)), len(tokens.tokens_of(salma))) == (1, 1)
    assert feeds.feeds_of(stranger) == []


def test_no_secret_is_stored_anywhere(salma: Actor) -> None:
    link = link_for(salma)
    follow(link)
    begun = service.sign_in(salma.email, PASSWORD, device="")
    _, token = tokens.make_token(salma, name="x", scopes=[Scope.READ])
    _, feed = feeds.make_feed(salma, name="x", detail=FeedDetail.FULL, language="fr")
    _, rotated = feeds.rotate_feed(salma, feeds.feeds_of(salma)[0].public_id)
    stored = _everything_stored()
    assert salma.email in stored
    for secret in (link, PASSWORD, begun.secret, token, token[3:], feed, rotated):
        assert secret not in stored


def _everything_stored() -> str:
    texts = []
    for table in Model.metadata.sorted_tables:
        columns = [cast(column, String) for column in table.columns]
        texts += [" ".join(map(str, row)) for row in session().execute(select(*columns))]
    return "\n".join(texts)
