"""Who sends this request: a browser session or a token, loaded as an Actor once a request."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from flask import Request, g
from flask_login import UserMixin
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import InstrumentedAttribute

from booking.core import clock, i18n, ids, web, zones
from booking.core.database import execute, transaction
from booking.core.permissions import ALL_SCOPES, Actor, Belongs, Given, Scope
from booking.people import sessions
from booking.people.models import (
    BrowserSession,
    Grant,
    MemberRole,
    Membership,
    Organisation,
    Person,
    PersonState,
    Token,
    TokenKind,
)

SEEN_EVERY = timedelta(minutes=1)

# What every request asks is built once: building a statement costs more than running it.
_PERSON = (Person.id, Person.public_id, Person.name, Person.email, Person.language, Person.is_demo)
_SESSION = (
    select(BrowserSession.id.label("session_id"), BrowserSession.last_seen_at, *_PERSON)
    .join(Person, Person.id == BrowserSession.person_id)
    .where(
        BrowserSession.digest == bindparam("digest"),
        BrowserSession.ended_at.is_(None),
        BrowserSession.created_at > bindparam("since"),
        Person.state == PersonState.ACTIVE,
    )
)
_TOKEN = (
    select(Token.id.label("token_id"), Token.scopes, Token.last_used_at, *_PERSON)
    .join(Person, Person.id == Token.person_id)
    .where(
        Token.digest == bindparam("digest"),
        Token.kind == TokenKind.API,
        Token.revoked_at.is_(None),
        Person.state == PersonState.ACTIVE,
    )
)
_MEMBERSHIPS = (
    select(Membership.organisation_id, Membership.role, Organisation.public_id, Organisation.name)
    .join(Organisation, Organisation.id == Membership.organisation_id)
    .where(
        Membership.person_id == bindparam("person_id"),
        Membership.valid_from <= bindparam("today"),
        Membership.valid_until.is_(None) | (Membership.valid_until >= bindparam("today")),
    )
    .order_by(Organisation.name)
)
_GRANTS = select(Grant.role, Grant.resource_id, Grant.area_id, Grant.building_id).where(
    Grant.person_id == bindparam("person_id")
)


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login is untyped
    """What Flask-Login keeps for the request."""

    def __init__(self, actor: Actor, session_id: int | None) -> None:
        self.id = actor.public_id
        self.actor = actor
        self.session_id = session_id  # the browser session's row; None with a token


def cookie_name() -> str:
    """`__Host-` binds the cookie to https and this host; plain http on a laptop cannot have it."""
    return "__Host-sid" if web.settings().is_https else "sid"


def load_user(request: Request) -> SignedIn | None:
    """Flask-Login's request loader: a bearer token, else the session cookie, else nobody.

    A wrong token is nobody, even beside a good cookie.
    """
    if web.has_bearer():
        secret = request.headers["Authorization"][len("bearer ") :].strip()
        return _by_token(secret)
    secret = request.cookies.get(cookie_name(), "")
    return _by_session(secret) if secret else None


def locale_of_reader() -> str:
    """The locale of this request (flask-babel asks once and keeps it)."""
    actor = web.current_actor_or_none() if "_login_user" in g else None
    return i18n.choose_locale(actor.language if actor else None, web.settings().default_language)


class Known(Protocol):
    """A person's row, or as much of it as an actor is made from."""

    @property
    def id(self) -> int: ...
    @property
    def public_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def language(self) -> str: ...


def load_actor(person: Known, scopes: frozenset[Scope] = ALL_SCOPES) -> Actor:
    """The person with the memberships and grants that hold today."""
    return Actor(
        person_id=person.id,
        public_id=person.public_id,
        name=person.name,
        email=person.email,
        language=person.language,
        memberships=_memberships(person.id),
        grants=_grants(person.id),
        scopes=scopes,
    )


def _by_session(secret: str) -> SignedIn | None:
    since = clock.now() - sessions.LONGEST
    row = execute(_SESSION, {"digest": ids.digest(secret), "since": since}).first()
    if row is None or not _may_enter(row.is_demo):
        return None
    _note(BrowserSession, BrowserSession.last_seen_at, row.session_id, row.last_seen_at)
    return SignedIn(load_actor(row), row.session_id)


def _by_token(secret: str) -> SignedIn | None:
    row = execute(_TOKEN, {"digest": ids.digest(secret)}).first()
    if row is None or not _may_enter(row.is_demo):
        return None
    _note(Token, Token.last_used_at, row.token_id, row.last_used_at)
    scopes = frozenset(Scope(word) for word in row.scopes.split(",") if word)
    return SignedIn(load_actor(row, scopes), None)


def _may_enter(is_demo: bool) -> bool:
    """In production the persons of the demo are nobody."""
    return not (is_demo and web.settings().production)


def _note(
    model: type[BrowserSession] | type[Token],
    column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    row_id: int,
    last: datetime | None,
) -> None:
    """Write when it was last seen, at most once a minute."""
    now = clock.now()
    if last is not None and now - last < SEEN_EVERY:
        return
    with transaction() as current:
        current.execute(update(model).where(model.id == row_id).values({column: now}))


def _memberships(person_id: int) -> tuple[Belongs, ...]:
    today = clock.today(zones.zone(web.settings().site_zone))
    rows = execute(_MEMBERSHIPS, {"person_id": person_id, "today": today})
    return tuple(
        Belongs(organisation_id, role == MemberRole.MANAGER, public_id, name)
        for organisation_id, role, public_id, name in rows
    )


def _grants(person_id: int) -> tuple[Given, ...]:
    return tuple(Given(*row) for row in execute(_GRANTS, {"person_id": person_id}))
