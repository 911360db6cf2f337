"""The tables of persons, organisations, rights, sessions and tokens."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    column,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.database import Instant, Model, choice
from booking.core.permissions import Role


class PersonState(StrEnum):
    """Whether an account can be used."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    ANONYMISED = "anonymised"


class MemberRole(StrEnum):
    """What a person is in an organisation."""

    MEMBER = "member"
    MANAGER = "manager"


class TokenKind(StrEnum):
    """What a secret opens."""

    API = "api"
    FEED = "feed"
    PASSWORD = "password"  # noqa: S105  # a kind of link, not a password
    INVITATION = "invitation"
    RESET = "reset"


class FeedScope(StrEnum):
    """Which reservations a feed shows."""

    MINE = "mine"


class FeedDetail(StrEnum):
    """How much a feed shows of each."""

    FULL = "full"
    BUSY = "busy"


class Person(Model):
    """Somebody with an account; the e-mail is stored in lower case."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(2))
    state: Mapped[PersonState] = mapped_column(
        choice(PersonState, "state"), default=PersonState.ACTIVE
    )
    password_hash: Mapped[str | None] = mapped_column(String(200))
    is_demo: Mapped[bool] = mapped_column(default=False)
    shows_presence: Mapped[bool] = mapped_column(default=False)  # to colleagues, where today
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (CheckConstraint("email = lower(email)", name="email"),)


class Organisation(Model):
    """A startup, a partner or a training centre; nobody books for one that is deactivated."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    deactivated_at: Mapped[datetime | None] = mapped_column(Instant)


class Membership(Model):
    """A person in an organisation, from a day until a day (both included, local)."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[MemberRole] = mapped_column(choice(MemberRole, "role"), default=MemberRole.MEMBER)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)

    organisation: Mapped[Organisation] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("person_id", "organisation_id", "valid_from"),
        Index(
            "membership_end_index",
            "valid_until",
            sqlite_where=valid_until.is_not(None),
            postgresql_where=valid_until.is_not(None),
        ),
    )


class Grant(Model):
    """A role the park gives: lab manager of a resource or an area, reception of a building,
    operator or auditor of the site."""

    __tablename__ = "grant"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[Role] = mapped_column(choice(Role, "role"))
    resource_id: Mapped[int | None] = mapped_column(ForeignKey("resource.id"), index=True)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    building_id: Mapped[int | None] = mapped_column(ForeignKey("building.id"))

    __table_args__ = (
        CheckConstraint(
            "(role = 'lab_manager' AND building_id IS NULL"
            " AND (resource_id IS NULL) <> (area_id IS NULL))"
            " OR (role = 'reception' AND building_id IS NOT NULL"
            " AND resource_id IS NULL AND area_id IS NULL)"
            " OR (role IN ('operator', 'auditor') AND building_id IS NULL"
            " AND resource_id IS NULL AND area_id IS NULL)",
            name="place",
        ),
    )


class Deputy(Model):
    """Who decides for a lab manager who is away, from a day until a day (both included, local).

    The same deputy stands in once at a time: on SQLite triggers of the migration refuse it.
    """

    __tablename__ = "deputy"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    deputy_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("valid_from <= valid_until", name="days"),
        CheckConstraint("person_id <> deputy_id", name="somebody_else"),
        ExcludeConstraint(
            (column("person_id"), "="),
            (column("deputy_id"), "="),
            (text("daterange(valid_from, valid_until, '[]')"), "&&"),
            name="deputy_no_overlap",
            using="gist",
        ).ddl_if(dialect="postgresql"),
    )


class BrowserSession(Model):
    """A signed-in browser; the cookie holds the secret, the row its digest."""

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    device: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class Token(Model):
    """A secret of a person, stored as its digest: API token, calendar address, one-time link."""

    __tablename__ = "token"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    kind: Mapped[TokenKind] = mapped_column(choice(TokenKind, "kind"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(80), default="")
    scopes: Mapped[str] = mapped_column(String(60), default="")  # of an API token: "read,write"
    feed_scope: Mapped[FeedScope | None] = mapped_column(choice(FeedScope, "feed_scope"))
    language: Mapped[str | None] = mapped_column(String(2))
    detail: Mapped[FeedDetail | None] = mapped_column(choice(FeedDetail, "detail"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class PasswordRequest(Model):
    """Somebody asked for a new password of this address; the worker looks whether it has an
    account, so that no answer of a page depends on it. The row goes when that is done."""

    __tablename__ = "password_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(Instant)


class Viewing(Model):
    """Somebody with a role looked at data of somebody else, on that day for the first time."""

    __tablename__ = "viewing"

    subject_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    viewer_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    first_at: Mapped[datetime] = mapped_column(Instant, index=True)
