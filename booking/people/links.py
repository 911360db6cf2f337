"""One-time links: whoever holds one sets the password of its person, once.

A mail is written by the worker, long after the link was made, yet only a digest of its secret is
stored. So the secret is not drawn but derived, from the link's public id and SECRET_KEY: the worker
can write it again, and the database alone is worth nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select, update

from booking.core import clock, ids, web
from booking.core.database import execute, session, transactional
from booking.core.errors import BookingError, NotFoundError
from booking.journal import service as journal
from booking.people import passwords, service
from booking.people.models import Person, PersonState, Token, TokenKind
from booking.people.sessions import Begun

GOOD_FOR = timedelta(days=7)
RESET_GOOD_FOR = timedelta(hours=1)
LASTS = {
    TokenKind.PASSWORD: GOOD_FOR,  # made at the command line, handed over by whoever sits there
    TokenKind.INVITATION: GOOD_FOR,
    TokenKind.RESET: RESET_GOOD_FOR,
}
MOST_AT_ONCE = 500  # values in one statement; the engines allow 32 766
_DOMAIN = b"booking one-time link 1"  # no other use of SECRET_KEY can give the same secret
_INSERT = insert(Token.__table__)


class LinkOverError(BookingError):
    """The link has been used, replaced, or its time is over."""

    code = "link_over"


@dataclass(frozen=True)
class Invited:
    """Whose password a link sets; who is new may correct what others wrote about them."""

    name: str
    email: str
    language: str
    is_new: bool


@dataclass(frozen=True)
class Profile:
    """What somebody who is invited says of themselves."""

    name: str
    language: str


@dataclass(frozen=True)
class Link:
    """A link as its mail needs it."""

    secret: str
    person_id: int
    works: bool


def make_link(person: Person) -> str:
    """A new secret for the person's link; older links end. Part of the caller's transaction."""
    made = make_links([person.id], TokenKind.PASSWORD)
    journal.write(None, "link_made", subject_kind="person", subject_id=person.public_id)
    return secret_of(TokenKind.PASSWORD, made[person.id])


def make_links(person_ids: Collection[int], kind: TokenKind) -> dict[int, str]:
    """A new link of this kind for each, and its public id; older ones of the kind end. Part of the
    caller's transaction."""
    now = clock.now()
    made = {person_id: ids.new_public_id() for person_id in person_ids}
    wanted = list(made)
    for start in range(0, len(wanted), MOST_AT_ONCE):
        end_links(wanted[start : start + MOST_AT_ONCE], {kind})
    rows = [
        {
            "public_id": public_id,
            "kind": kind,
            "digest": ids.digest(secret_of(kind, public_id)),
            "person_id": person_id,
            "created_at": now,
            "expires_at": now + LASTS[kind],
        }
        for person_id, public_id in made.items()
    ]
    if rows:
        execute(_INSERT, rows)
    return made


def end_invitation(person_id: int) -> None:
    """The link in an invitation works no more; part of the caller's transaction."""
    end_links([person_id], {TokenKind.INVITATION})


def secret_of(kind: TokenKind, public_id: str) -> str:
    """The secret of a link: 256 bits that nobody can compute without SECRET_KEY."""
    words = b"\0".join((_DOMAIN, kind.value.encode(), public_id.encode()))
    octets = hmac.digest(web.settings().secret_key.encode(), words, hashlib.sha256)
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def link(public_id: str) -> Link | None:
    """A link that was made; it does not work where SECRET_KEY has changed since, for then nobody
    can follow it."""
    row = session().execute(
        select(Token.kind, Token.digest, Token.person_id, Token.revoked_at, Token.expires_at).where(
            Token.public_id == public_id, Token.kind.in_(LASTS)
        )
    )
    found = row.first()
    if found is None:
        return None
    secret = secret_of(found.kind, public_id)
    works = (
        hmac.compare_digest(found.digest, ids.digest(secret))
        and found.revoked_at is None
        and found.expires_at > clock.now()
    )
    return Link(secret, found.person_id, works)


def invited_by(secret: str) -> Invited:
    """For whom the link is; raises NotFoundError, or LinkOverError when it was good once."""
    token, person = _found(secret)
    is_new = token.kind is TokenKind.INVITATION
    return Invited(person.name, person.email, person.language, is_new)


def set_password(
    secret: str,
    password: str,
    *,
    device: str,
    own_words: Iterable[str],
    profile: Profile | None = None,
) -> Begun:
    """Set the password, use the link up, end every session and begin one.

    `profile` is heeded only where the link is an invitation. Raises InvalidError for the fields
    `password`, `name` and `language`. The hash is computed before the transaction: other writers
    must not wait for it.
    """
    _, person = _found(secret)
    words = (*own_words, profile.name) if profile else own_words
    service.refuse_weak(password, person, words)
    return _use(secret, passwords.hash_password(password), device, profile)


@transactional
def _use(secret: str, password_hash: str, device: str, profile: Profile | None) -> Begun:
    """Two who follow the link at once meet here: only the first finds it unused."""
    token, person = _found(secret)
    used = session().execute(
        update(Token)
        .where(Token.id == token.id, Token.revoked_at.is_(None))
        .values(last_used_at=clock.now(), revoked_at=clock.now())
        .returning(Token.id)
    )
    if used.first() is None:
        raise LinkOverError
    end_links([person.id])
    if profile is not None and token.kind is TokenKind.INVITATION:
        service.correct(person, name=profile.name, language=profile.language)
    return service.begin_with_password(person, password_hash, device)


def _found(secret: str) -> tuple[Token, Person]:
    row = (
        session()
        .execute(
            select(Token, Person)
            .join(Person, Person.id == Token.person_id)
            .where(Token.digest == ids.digest(secret), Token.kind.in_(LASTS))
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
    return token, person


def end_links(person_ids: Collection[int], kinds: Collection[TokenKind] = tuple(LASTS)) -> None:
    """End the links of these persons that still work, of all kinds or of these. Part of the
    caller's transaction."""
    session().execute(
        update(Token)
        .where(
            Token.person_id.in_(person_ids),
            Token.kind.in_(kinds),
            Token.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
        .execution_options(synchronize_session=False)
    )
