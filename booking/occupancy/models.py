"""The claims table and what a claim can belong to besides a reservation."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.database import Instant, Model, Names, choice
from booking.core.instants import Interval


class ClaimKind(StrEnum):
    """Why the time is taken."""

    BOOKING = "booking"
    SETUP = "setup"
    CLEANUP = "cleanup"
    LINKED = "linked"
    HOLD = "hold"
    CLOSURE = "closure"


class ClosureKind(StrEnum):
    """Why the house takes the time."""

    MAINTENANCE = "maintenance"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    OUT_OF_ORDER = "out_of_order"  # its end is expected, not fixed


IS_OPEN = text("ended_at IS NULL")


class Closure(Model):
    """Time claimed by the house for some resources.

    Its claims are what it really keeps: where two closures overlap, the time is claimed by the one
    that was there first, and goes to the other when that one ends early.
    """

    __tablename__ = "closure"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[ClosureKind] = mapped_column(choice(ClosureKind, "kind"))
    names: Mapped[dict[str, str]] = mapped_column(Names)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)  # before its time
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    holiday_id: Mapped[int | None] = mapped_column(ForeignKey("holiday.id"))

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="interval"),
        CheckConstraint("(kind = 'holiday') = (holiday_id IS NOT NULL)", name="holiday"),
        Index("closure_end_index", "ends_at"),
        Index(
            "closure_of_holiday_index",
            "holiday_id",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
    )

    @property
    def interval(self) -> Interval:
        """From when to when it was planned."""
        return Interval(self.starts_at, self.ends_at)


class ClosureResource(Model):
    """A resource that a closure closes, whether or not it claims any of its time."""

    __tablename__ = "closure_resource"

    closure_id: Mapped[int] = mapped_column(ForeignKey("closure.id"), primary_key=True)
    resource_id: Mapped[int] = mapped_column(
        ForeignKey("resource.id"), primary_key=True, index=True
    )


class Hold(Model):
    """A short claim for an amendment that waits, for an offer or for a replacement; it ends at a
    time."""

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    amendment_id: Mapped[int | None] = mapped_column(ForeignKey("amendment.id"), unique=True)
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"), unique=True)
    replacement_id: Mapped[int | None] = mapped_column(ForeignKey("replacement.id"), unique=True)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)

    __table_args__ = (
        CheckConstraint(
            "(amendment_id IS NOT NULL AND offer_id IS NULL AND replacement_id IS NULL)"
            " OR (amendment_id IS NULL AND offer_id IS NOT NULL AND replacement_id IS NULL)"
            " OR (amendment_id IS NULL AND offer_id IS NULL AND replacement_id IS NOT NULL)",
            name="owner",
        ),
    )


# The few claims of more than a day; with the others' starts they tell what is taken at a time.
LONG = timedelta(days=1)
IS_LONG = {
    "sqlite": text("ends_at - starts_at > 86400"),
    "postgresql": text("ends_at - starts_at > INTERVAL '1 day'"),
}

# A Core table: claims are written in bulk, never through the unit of work. Only live claims are in
# it, so claims of one (resource, unit) never overlap; the constraint (PostgreSQL) or the triggers
# (SQLite, in booking.occupancy.guard and in the first migration) refuse two that do.
occupancy = Table(
    "occupancy",
    Model.metadata,
    Column("resource_id", Integer, ForeignKey("resource.id"), nullable=False),
    Column("unit", Integer, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reservation_id", Integer, ForeignKey("reservation.id")),
    Column("closure_id", Integer, ForeignKey("closure.id")),
    Column("hold_id", Integer, ForeignKey("hold.id")),
    PrimaryKeyConstraint(
        "resource_id", "unit", "starts_at", name="occupancy_pkey", postgresql_include=["ends_at"]
    ),
    CheckConstraint(
        "kind IN ('booking', 'setup', 'cleanup', 'linked', 'hold', 'closure')", name="kind"
    ),
    CheckConstraint("starts_at < ends_at", name="interval"),
    CheckConstraint("unit >= 1", name="unit"),
    CheckConstraint(
        "(reservation_id IS NOT NULL AND closure_id IS NULL AND hold_id IS NULL)"
        " OR (reservation_id IS NULL AND closure_id IS NOT NULL AND hold_id IS NULL)"
        " OR (reservation_id IS NULL AND closure_id IS NULL AND hold_id IS NOT NULL)",
        name="owner",
    ),
    ExcludeConstraint(
        (Column("resource_id", Integer), "="),
        (Column("unit", Integer), "="),
        (func.tstzrange(text("starts_at"), text("ends_at"), text("'[)'")), "&&"),
        name="occupancy_no_overlap",
        using="gist",
    ).ddl_if(dialect="postgresql"),
    Index(
        "occupancy_start_index", "starts_at", "ends_at", postgresql_include=["resource_id", "unit"]
    ),
    Index(
        "occupancy_long_index",
        "ends_at",
        sqlite_where=IS_LONG["sqlite"],
        postgresql_where=IS_LONG["postgresql"],
    ),
    Index("occupancy_reservation_id_index", "reservation_id"),
    Index("occupancy_closure_id_index", "closure_id"),
    Index("occupancy_hold_id_index", "hold_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
