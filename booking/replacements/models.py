"""Alternatives that are held for the holder of a reservation that a closure has displaced."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.database import Instant, Model, WallClock, choice
from booking.core.intervals import LocalInterval
from booking.reservations.alternatives import Why

MOST = 3  # for one reservation


class ReplacementState(StrEnum):
    """Where a replacement stands; only an open one holds its place. Part of the API."""

    OPEN = "open"
    TAKEN = "taken"
    RELEASED = "released"  # another one was taken
    DECLINED = "declined"
    EXPIRED = "expired"
    LOST = "lost"  # the house needs the place itself, or whoever it was for is gone


class Replacement(Model):
    """A place and a time that are held instead of a displaced reservation.

    As with a reservation, the wall clock times are the truth and the instants their projection.
    """

    __tablename__ = "replacement"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservation.id"))
    position: Mapped[int]
    why: Mapped[Why] = mapped_column(choice(Why, "why"))
    zone: Mapped[str] = mapped_column(String(64))
    local_start: Mapped[datetime] = mapped_column(WallClock)
    local_end: Mapped[datetime] = mapped_column(WallClock)
    tzdata: Mapped[str] = mapped_column(String(12))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[ReplacementState] = mapped_column(choice(ReplacementState, "state"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    taken_as_id: Mapped[int | None] = mapped_column(ForeignKey("reservation.id"), index=True)

    __table_args__ = (
        UniqueConstraint("reservation_id", "position"),
        CheckConstraint("position BETWEEN 1 AND 3", name="position"),
        CheckConstraint("starts_at < ends_at", name="interval"),
        CheckConstraint("expires_at <= starts_at", name="expires_at"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed_at"),
        CheckConstraint("(state = 'taken') = (taken_as_id IS NOT NULL)", name="taken_as"),
        Index(
            "replacement_open_index",
            "reservation_id",
            sqlite_where=state == ReplacementState.OPEN.value,
            postgresql_where=state == ReplacementState.OPEN.value,
        ),
    )

    @property
    def local(self) -> LocalInterval:
        """When, as the clock on the wall shows it."""
        return LocalInterval(self.local_start, self.local_end, self.zone)


class ReplacementResource(Model):
    """A place of a replacement; of a pool, the claim says which of its units."""

    __tablename__ = "replacement_resource"

    replacement_id: Mapped[int] = mapped_column(ForeignKey("replacement.id"), primary_key=True)
    resource_id: Mapped[int] = mapped_column(
        ForeignKey("resource.id"), primary_key=True, index=True
    )
