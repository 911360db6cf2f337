"""Who sends this request: a browser session or a token, loaded as an Actor once a request."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Request, g
from flask_login import UserMixin
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import InstrumentedAttribute

from booking.core import clock, i18n, ids, web, zones
from booking.core.database import session, transaction
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


def load_actor(person: Person, scopes: frozenset[Scope] = ALL_SCOPES) -> Actor:
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
    row = (
        session()
        .execute(
            select(BrowserSession, Person)
            .join(Person, Person.id == BrowserSession.person_id)
            .where(
                BrowserSession.digest == ids.digest(secret),
                BrowserSession.ended_at.is_(None),
                BrowserSession.created_at > clock.now() - sessions.LONGEST,
                *_open_accounts(),
            )
        )
        .first()
    )
    if row is None:
        return None
    found, person = row
    _note(BrowserSession, BrowserSession.last_seen_at, found.id, found.last_seen_at)
    return SignedIn(load_actor(person), found.id)


def _by_token(secret: str) -> SignedIn | None:
    row = (
        session()
        .execute(
            select(Token, Person)
            .join(Person, Person.id == Token.person_id)
            .where(
                Token.digest == ids.digest(secret),
                Token.kind == TokenKind.API,
                Token.revoked_at.is_(None),
                *_open_accounts(),
            )
        )
        .first()
    )
    if row is None:
        return None
    token, person = row
    _note(Token, Token.last_used_at, token.id, token.last_used_at)
    scopes = frozenset(Scope(word) for word in token.scopes.split(",") if word)
    return SignedIn(load_actor(person, scopes), None)


def _open_accounts() -> tuple[ColumnElement[bool], ...]:
    """Deactivated persons are nobody, and in production the demo's are too."""
    active = Person.state == PersonState.ACTIVE
    return (active, Person.is_demo.is_(False)) if web.settings().production else (active,)


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
    rows = session().execute(
        select(
            Membership.organisation_id, Membership.role, Organisation.public_id, Organisation.name
        )
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            Membership.person_id == person_id,
            Membership.valid_from <= today,
            Membership.valid_until.is_(None) | (Membership.valid_until >= today),
        )
        .order_by(Organisation.name)
    )
    return tuple(
        Belongs(organisation_id, role == MemberRole.MANAGER, public_id, name)
        for organisation_id, role, public_id, name in rows
    )


def _grants(person_id: int) -> tuple[Given, ...]:
    rows = session().execute(
        select(Grant.role, Grant.resource_id, Grant.area_id, Grant.building_id).where(
            Grant.person_id == person_id
        )
    )
    return tuple(Given(*row) for row in rows)
