"""What is waited for, at which places, and what was offered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.database import Instant, Model, WallClock, choice
from booking.core.intervals import LocalInterval


class EntryState(StrEnum):
    """Where an entry stands. Part of the API."""

    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"  # what was offered was taken
    BOOKED = "booked"  # the person has such a place for that time in another way
    DECLINED = "declined"
    MISSED = "missed"  # nobody answered the offer in time
    WITHDRAWN = "withdrawn"
    ENDED = "ended"  # nothing became free in time


class OfferState(StrEnum):
    """Where an offer stands; only an open one holds its place."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


OPEN_STATES = (EntryState.WAITING, EntryState.OFFERED)


class WaitlistEntry(Model):
    """A wish for taken time; whoever came first has the smaller key.

    As with a reservation, the wall clock times are the truth and the instants their projection.
    """

    __tablename__ = "waitlist_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    any_like: Mapped[bool]
    title: Mapped[str] = mapped_column(String(200))
    headcount: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    local_start: Mapped[datetime] = mapped_column(WallClock)
    local_end: Mapped[datetime] = mapped_column(WallClock)
    tzdata: Mapped[str] = mapped_column(String(12))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    waits_until: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[EntryState] = mapped_column(choice(EntryState, "state"))
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("reservation.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="interval"),
        CheckConstraint("waits_until <= starts_at", name="waits_until"),
        CheckConstraint("headcount >= 1", name="headcount"),
        Index("waitlist_entry_person_index", "person_id", "starts_at"),
        Index(
            "waitlist_entry_waiting_index",
            "starts_at",
            sqlite_where=state.in_([one.value for one in OPEN_STATES]),
            postgresql_where=state.in_([one.value for one in OPEN_STATES]),
        ),
    )

    @property
    def local(self) -> LocalInterval:
        """When, as the clock on the wall shows it."""
        return LocalInterval(self.local_start, self.local_end, self.zone)


class WaitlistPlace(Model):
    """A place that would do, the best first; one that was declined is none any more."""

    __tablename__ = "waitlist_place"

    entry_id: Mapped[int] = mapped_column(ForeignKey("waitlist_entry.id"), primary_key=True)
    resource_id: Mapped[int] = mapped_column(
        ForeignKey("resource.id"), primary_key=True, index=True
    )
    rank: Mapped[int]


class Offer(Model):
    """A place that is held for an entry until a time."""

    __tablename__ = "offer"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("waitlist_entry.id"), index=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    state: Mapped[OfferState] = mapped_column(choice(OfferState, "state"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index(
            "offer_open_index",
            "entry_id",
            unique=True,
            sqlite_where=(state == OfferState.OPEN.value),
            postgresql_where=(state == OfferState.OPEN.value),
        ),
    )
