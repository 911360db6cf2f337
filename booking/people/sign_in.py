"""Who sends this request: a browser session or a token, loaded as an Actor once a request."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Request, g
from flask_login import UserMixin
from sqlalchemy import Executable, Row, Select, and_, bindparam, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute

from booking.core import clock, i18n, ids, web
from booking.core.database import execute, transaction
from booking.core.permissions import ALL_SCOPES, Actor, Belongs, Given, Role, Scope
from booking.people import deputies, sessions, terms
from booking.people.deputies import Absent
from booking.people.models import (
    BrowserSession,
    Deputy,
    Grant,
    MemberRole,
    Membership,
    Organisation,
    Person,
    PersonState,
    Token,
    TokenKind,
)

log = logging.getLogger("booking")

SEEN_EVERY = timedelta(minutes=1)


def _with_rights(
    statement: Select[*tuple[Any, ...]],
) -> Select[*tuple[Any, ...]]:  # Any: rows
    """The person, what they belong to today and what they were given, also as somebody's deputy:
    a row for each pair."""
    return (
        statement.add_columns(
            Person.id.label("person_id"),
            Person.public_id,
            Person.name,
            Person.email,
            Person.language,
            Person.is_demo,
            Organisation.id.label("organisation_id"),
            Membership.role.label("member_role"),
            Organisation.public_id.label("organisation_public_id"),
            Organisation.name.label("organisation_name"),
            Grant.role,
            Grant.resource_id,
            Grant.area_id,
            Grant.building_id,
            Grant.person_id.label("granted_to"),
        )
        .outerjoin(
            Membership,
            and_(
                Membership.person_id == Person.id,
                *terms.holds_on(bindparam("today")),
            ),
        )
        .outerjoin(
            Organisation,
            and_(
                Organisation.id == Membership.organisation_id,
                Organisation.deactivated_at.is_(None),
            ),
        )
        .outerjoin(Deputy, deputies.stands_in_on(bindparam("today"), Deputy.deputy_id == Person.id))
        .outerjoin(Absent, and_(Absent.id == Deputy.person_id, Absent.state == PersonState.ACTIVE))
        .outerjoin(
            Grant,
            or_(
                Grant.person_id == Person.id,
                and_(Grant.person_id == Absent.id, Grant.role == Role.LAB_MANAGER),
            ),
        )
        .order_by(Organisation.name, Grant.id)
    )


# What every request asks is built once: building a statement costs more than running it.
_PERSON = _with_rights(select().select_from(Person)).where(Person.id == bindparam("person_id"))
_SESSION = _with_rights(
    select(BrowserSession.id.label("session_id"), BrowserSession.last_seen_at)
    .join(Person, Person.id == BrowserSession.person_id)
    .where(
        BrowserSession.digest == bindparam("digest"),
        BrowserSession.ended_at.is_(None),
        BrowserSession.created_at > bindparam("since"),
        Person.state == PersonState.ACTIVE,
    )
)
_TOKEN = _with_rights(
    select(Token.id.label("token_id"), Token.scopes, Token.last_used_at)
    .join(Person, Person.id == Token.person_id)
    .where(
        Token.digest == bindparam("digest"),
        Token.kind == TokenKind.API,
        Token.revoked_at.is_(None),
        Person.state == PersonState.ACTIVE,
    )
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


def load_actor(person: Person, scopes: frozenset[Scope] = ALL_SCOPES) -> Actor:
    """The person with the memberships and grants that hold today."""
    return _actor(_rows(_PERSON, {"person_id": person.id}), scopes)


def _by_session(secret: str) -> SignedIn | None:
    since = clock.now() - sessions.LONGEST
    rows = _rows(_SESSION, {"digest": ids.digest(secret), "since": since})
    if not rows or not _may_enter(rows[0].is_demo):
        return None
    found = rows[0]
    _note(BrowserSession, BrowserSession.last_seen_at, found.session_id, found.last_seen_at)
    return SignedIn(_actor(rows, ALL_SCOPES), found.session_id)


def _by_token(secret: str) -> SignedIn | None:
    rows = _rows(_TOKEN, {"digest": ids.digest(secret)})
    if not rows or not _may_enter(rows[0].is_demo):
        return None
    found = rows[0]
    _note(Token, Token.last_used_at, found.token_id, found.last_used_at)
    scopes = frozenset(Scope(word) for word in found.scopes.split(",") if word)
    return SignedIn(_actor(rows, scopes), None)


def _may_enter(is_demo: bool) -> bool:
    """In production the persons of the demo are nobody."""
    return not (is_demo and web.settings().production)


def _note(
    model: type[BrowserSession] | type[Token],
    column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    row_id: int,
    last: datetime | None,
) -> None:
    """Write when it was last seen, at most once a minute. Whoever can only read still enters."""
    now = clock.now()
    if last is not None and now - last < SEEN_EVERY:
        return
    try:
        with transaction() as current:
            current.execute(update(model).where(model.id == row_id).values({column: now}))
    except DBAPIError as error:
        if not web.is_passing_trouble(error):
            raise
        log.warning("a visit was not noted, reference %s", web.request_id())


def _rows(statement: Executable, values: dict[str, object]) -> Sequence[Row[*tuple[Any, ...]]]:
    return execute(statement, {**values, "today": terms.today()}).all()


def _actor(rows: Sequence[Row[*tuple[Any, ...]]], scopes: frozenset[Scope]) -> Actor:
    """The actor of one person's rows; a membership or a grant may stand on several of them."""
    person = rows[0]
    memberships = dict.fromkeys(
        Belongs(
            row.organisation_id,
            row.member_role == MemberRole.MANAGER,
            row.organisation_public_id,
            row.organisation_name,
        )
        for row in rows
        if row.organisation_id is not None
    )
    grants = dict.fromkeys(
        Given(
            row.role,
            row.resource_id,
            row.area_id,
            row.building_id,
            instead_of=None if row.granted_to == person.person_id else row.granted_to,
        )
        for row in rows
        if row.role is not None
    )
    return Actor(
        person_id=person.person_id,
        public_id=person.public_id,
        name=person.name,
        email=person.email,
        language=person.language,
        memberships=tuple(memberships),
        grants=tuple(grants),
        scopes=scopes,
    )
