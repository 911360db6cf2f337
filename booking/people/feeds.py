"""Calendar addresses of a person: made, listed, replaced, revoked. What they serve is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from booking.core import clock, ids
from booking.core.database import session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.i18n import LOCALES
from booking.core.permissions import Action, Actor, require
from booking.journal import service as journal
from booking.people import tokens
from booking.people.models import FeedDetail, FeedScope, Token, TokenKind


@dataclass(frozen=True)
class Feed:
    """A calendar address as its person sees it: everything but the secret."""

    public_id: str
    name: str
    scope: FeedScope
    detail: FeedDetail
    language: str
    created_at: datetime
    last_fetched_at: datetime | None


@transactional
def make_feed(actor: Actor, *, name: str, detail: FeedDetail, language: str) -> tuple[Feed, str]:
    """A new address of the actor's own reservations and its secret, which nobody can read again."""
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    if language not in LOCALES:
        raise InvalidError({"language": Problem.UNKNOWN})
    secret = ids.new_secret()
    token = Token(
        public_id=ids.new_public_id(),
        kind=TokenKind.FEED,
        digest=ids.digest(secret),
        person_id=actor.person_id,
        name=tokens.checked_name(name),
        feed_scope=FeedScope.MINE,
        detail=detail,
        language=language,
        created_at=clock.now(),
    )
    session().add(token)
    journal.write(
        actor,
        "feed_made",
        subject_kind="token",
        subject_id=token.public_id,
        after={"name": token.name, "detail": detail.value, "language": language},
    )
    return _feed(token), secret


@transactional
def rotate_feed(actor: Actor, public_id: str) -> tuple[Feed, str]:
    """Give one of the actor's addresses a new secret; the old one stops working at once."""
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    token = session().scalar(_running(actor).where(Token.public_id == public_id).with_for_update())
    if token is None:
        raise NotFoundError
    secret = ids.new_secret()
    token.digest, token.created_at, token.last_used_at = ids.digest(secret), clock.now(), None
    journal.write(actor, "feed_rotated", subject_kind="token", subject_id=public_id)
    return _feed(token), secret


@transactional
def revoke_feed(actor: Actor, public_id: str) -> None:
    """End one of the actor's addresses; those of others do not exist for them."""
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    tokens.end(actor, public_id, TokenKind.FEED)
    journal.write(actor, "feed_revoked", subject_kind="token", subject_id=public_id)


def feeds_of(actor: Actor) -> list[Feed]:
    """The actor's addresses that still work, the newest first."""
    return [_feed(token) for token in session().scalars(_running(actor).order_by(Token.id.desc()))]


def _running(actor: Actor) -> Select[Token]:
    return (
        select(Token)
        .where(
            Token.person_id == actor.person_id,
            Token.kind == TokenKind.FEED,
            Token.revoked_at.is_(None),
        )
        .execution_options(populate_existing=True)
    )


def _feed(token: Token) -> Feed:
    # Rows of kind FEED always have the three; other kinds of tokens have none of them.
    assert token.feed_scope is not None
    assert token.detail is not None
    assert token.language is not None
    return Feed(
        token.public_id,
        token.name,
        token.feed_scope,
        token.detail,
        token.language,
        token.created_at,
        token.last_used_at,
    )
