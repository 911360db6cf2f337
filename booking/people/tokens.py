"""API tokens: secrets that act for a person, as far as their scopes go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from booking.core import clock, ids
from booking.core.database import session, transactional
from booking.core.errors import ForbiddenError, InvalidError, NotFoundError, Problem
from booking.core.permissions import Action, Actor, Role, Scope, require
from booking.journal import service as journal
from booking.people.models import Token, TokenKind

PREFIX = "bk_"  # so that people and secret scanners recognise one
LONGEST_NAME = 80


@dataclass(frozen=True)
class ApiToken:
    """A token as its person sees it: everything but the secret."""

    public_id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    last_used_at: datetime | None


@transactional
def make_token(actor: Actor, *, name: str, scopes: Iterable[Scope]) -> tuple[ApiToken, str]:
    """A new token of the actor and its secret, which nobody can read again.

    A token cannot make a stronger one: its own scopes are the limit.
    """
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    wanted = _in_order(scopes)
    if not wanted:
        raise InvalidError({"scopes": Problem.MISSING})
    if not actor.scopes.issuperset(wanted):
        raise ForbiddenError
    return _insert(actor.person_id, checked_name(name), wanted, by=actor)


def make_token_for(person_id: int, *, name: str, scopes: Iterable[Scope]) -> tuple[ApiToken, str]:
    """The same, made by the house at the command line; part of the caller's transaction."""
    return _insert(person_id, checked_name(name), _in_order(scopes), by=None)


@transactional
def revoke_token(actor: Actor, public_id: str) -> None:
    """End one of the actor's own tokens; those of others do not exist for them."""
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    end(actor, public_id, TokenKind.API)
    journal.write(actor, "token_revoked", subject_kind="token", subject_id=public_id)


def tokens_of(actor: Actor) -> list[ApiToken]:
    """The actor's tokens that still work, the newest first."""
    rows = session().execute(
        select(Token.public_id, Token.name, Token.scopes, Token.created_at, Token.last_used_at)
        .where(
            Token.person_id == actor.person_id,
            Token.kind == TokenKind.API,
            Token.revoked_at.is_(None),
        )
        .order_by(Token.id.desc())
    )
    return [
        ApiToken(public_id, name, tuple(map(Scope, scopes.split(","))), created_at, last_used_at)
        for public_id, name, scopes, created_at, last_used_at in rows
    ]


def useful_scopes(actor: Actor) -> tuple[Scope, ...]:
    """The scopes that would let this person do something: a token never adds a right."""
    decides = actor.has(Role.LAB_MANAGER) or actor.has(Role.OPERATOR)
    scopes = [Scope.READ, Scope.WRITE]
    scopes += [Scope.DECIDE] if decides else []
    sees_all = actor.has(Role.OPERATOR) or actor.has(Role.AUDITOR)
    scopes += [Scope.ADMIN] if sees_all else []
    return tuple(scopes)


def end(actor: Actor, public_id: str, kind: TokenKind) -> None:
    """Revoke a secret of the actor, or raise NotFoundError; part of the caller's transaction."""
    statement = (
        update(Token)
        .where(
            Token.public_id == public_id,
            Token.person_id == actor.person_id,
            Token.kind == kind,
            Token.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
        .returning(Token.id)
    )
    if session().execute(statement).first() is None:
        raise NotFoundError


def checked_name(name: str) -> str:
    """A name on one line that fits."""
    text = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if not text:
        raise InvalidError({"name": Problem.MISSING})
    if len(text) > LONGEST_NAME:
        raise InvalidError({"name": Problem.TOO_LONG})
    return text


def _in_order(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    wanted = set(scopes)
    return tuple(scope for scope in Scope if scope in wanted)


def _insert(
    person_id: int, name: str, scopes: tuple[Scope, ...], *, by: Actor | None
) -> tuple[ApiToken, str]:
    secret, public_id, now = PREFIX + ids.new_secret(), ids.new_public_id(), clock.now()
    words = ",".join(scopes)
    session().execute(
        insert(Token).values(
            public_id=public_id,
            kind=TokenKind.API,
            digest=ids.digest(secret),
            person_id=person_id,
            name=name,
            scopes=words,
            created_at=now,
        )
    )
    journal.write(
        by,
        "token_made",
        subject_kind="token",
        subject_id=public_id,
        after={"name": name, "scopes": words},
    )
    return ApiToken(public_id, name, scopes, now, None), secret
