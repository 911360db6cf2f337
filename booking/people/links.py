"""One-time links: whoever holds one sets the password of its person, once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select, update

from booking.core import clock, ids
from booking.core.database import session, transactional
from booking.core.errors import BookingError, NotFoundError
from booking.journal import service as journal
from booking.people import passwords, service
from booking.people.models import Person, PersonState, Token, TokenKind
from booking.people.sessions import Begun

GOOD_FOR = timedelta(days=7)


class LinkOverError(BookingError):
    """The link has been used, replaced, or its time is over."""

    code = "link_over"


@dataclass(frozen=True)
class Invited:
    """Whose password a link sets."""

    name: str
    email: str


def make_link(person: Person) -> str:
    """A new secret for the person's link; older links end. Part of the caller's transaction."""
    _end_links(person.id)
    secret, public_id = ids.new_secret(), ids.new_public_id()
    session().execute(
        insert(Token).values(
            public_id=public_id,
            kind=TokenKind.PASSWORD,
            digest=ids.digest(secret),
            person_id=person.id,
            created_at=clock.now(),
            expires_at=clock.now() + GOOD_FOR,
        )
    )
    journal.write(None, "link_made", subject_kind="person", subject_id=person.public_id)
    return secret


def invited_by(secret: str) -> Invited:
    """For whom the link is; raises NotFoundError, or LinkOverError when it was good once."""
    _, person = _found(secret)
    return Invited(person.name, person.email)


def set_password(secret: str, password: str, *, device: str, own_words: Iterable[str]) -> Begun:
    """Set the password, use the link up, end every session and begin one.

    Raises InvalidError for the field `password`. The hash is computed before the transaction:
    other writers must not wait for it.
    """
    _, person = _found(secret)
    service.refuse_weak(password, person, own_words)
    return _use(secret, passwords.hash_password(password), device)


@transactional
def _use(secret: str, password_hash: str, device: str) -> Begun:
    """Two who follow the link at once meet here: only the first finds it unused."""
    token_id, person = _found(secret)
    used = session().execute(
        update(Token)
        .where(Token.id == token_id, Token.revoked_at.is_(None))
        .values(last_used_at=clock.now(), revoked_at=clock.now())
        .returning(Token.id)
    )
    if used.first() is None:
        raise LinkOverError
    _end_links(person.id)
    return service.begin_with_password(person, password_hash, device)


def _found(secret: str) -> tuple[int, Person]:
    row = (
        session()
        .execute(
            select(Token, Person)
            .join(Person, Person.id == Token.person_id)
            .where(Token.digest == ids.digest(secret), Token.kind == TokenKind.PASSWORD)
            .execution_options(populate_existing=True)
        )
        .first()
    )
    if row is None:
        raise NotFoundError
    token, person = row
    expired = token.expires_at is not None and token.expires_at <= clock.now()
    if expired or token.revoked_at is not None or person.state != PersonState.ACTIVE:
        raise LinkOverError
    return token.id, person


def _end_links(person_id: int) -> None:
    session().execute(
        update(Token)
        .where(
            Token.person_id == person_id,
            Token.kind == TokenKind.PASSWORD,
            Token.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
    )
