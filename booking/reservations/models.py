"""The tables of reservations, their amendments and approvals, and the allowed changes of state."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.database import Instant, Model, WallClock, choice
from booking.core.intervals import Interval, LocalInterval
from booking.core.refusals import LayoutKind
from booking.people.models import Organisation, Person
from booking.policies.models import Policy
from booking.reservations.repetition import Every, MonthlyBy, Repetition
from booking.spaces.models import Resource


class State(StrEnum):
    """Where a reservation stands."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ALLOWED: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.CONFIRMED, State.DECLINED, State.CANCELLED, State.EXPIRED}),
    State.CONFIRMED: frozenset({State.CANCELLED}),
    State.DECLINED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}
LIVE = (State.PENDING, State.CONFIRMED)


class Asking(StrEnum):
    """Where an approval or an amendment stands."""

    WAITING = "waiting"
    GRANTED = "granted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class DeclineReason(StrEnum):
    """Why a request is declined; free text may stand beside it, and says it all for `other`."""

    ALREADY_IN_USE = "already_in_use"
    AUTHORISATION_MISSING = "authorisation_missing"
    OUTSIDE_PURPOSE = "outside_purpose"
    TOO_MANY_PEOPLE = "too_many_people"
    MAINTENANCE_EXPECTED = "maintenance_expected"
    OTHER = "other"
    ANOTHER_WAS_APPROVED = "another_was_approved"  # said by the house, never chosen


CHOSEN_REASONS = tuple(
    one for one in DeclineReason if one is not DeclineReason.ANOTHER_WAS_APPROVED
)


class HouseReason(StrEnum):
    """Why the house cancelled; stands in place of words and is shown translated."""

    MEMBERSHIP_ENDED = "membership_ended"
    ACCOUNT_CLOSED = "account_closed"
    ORGANISATION_CLOSED = "organisation_closed"
    PLACE_CLOSED = "place_closed"


class SkipReason(StrEnum):
    """Why a series has no reservation on one of its dates. Part of the API."""

    CLOSED_DAY = "closed_day"
    SLOT_TAKEN = "slot_taken"
    HOUSE_RULES = "house_rules"
    NONEXISTENT_TIME = "nonexistent_time"  # the clocks jump over it
    LEFT_OUT = "left_out"  # by choice


class Series(Model):
    """Reservations from one repetition: which days it names, and at which time of the day.

    For whom it is, and what for, stands with each of its reservations, where it may change.
    """

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    every: Mapped[Every] = mapped_column(choice(Every, "every"))
    apart: Mapped[int]  # days, weeks or months
    weekdays: Mapped[str] = mapped_column(String(7))  # 0 to 6 from Monday on, such as 024
    monthly_by: Mapped[MonthlyBy] = mapped_column(choice(MonthlyBy, "monthly_by"))
    until: Mapped[date | None] = mapped_column(Date)
    count: Mapped[int | None]
    skips_closed: Mapped[bool]
    zone: Mapped[str] = mapped_column(String(64))
    local_start: Mapped[datetime] = mapped_column(WallClock)  # of the first date
    local_end: Mapped[datetime] = mapped_column(WallClock)
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("apart BETWEEN 1 AND 52", name="apart"),
        CheckConstraint("count BETWEEN 1 AND 366", name="count"),
        CheckConstraint("(until IS NULL) <> (count IS NULL)", name="end"),
    )

    @property
    def repetition(self) -> Repetition:
        """Which days it names."""
        return Repetition(
            self.every,
            self.apart,
            frozenset(map(int, self.weekdays)),
            self.monthly_by,
            self.until,
            self.count,
            self.skips_closed,
        )

    @property
    def local(self) -> LocalInterval:
        """The time of its first date, as the clock on the wall shows it."""
        return LocalInterval(self.local_start, self.local_end, self.zone)


class SeriesSkip(Model):
    """A date of a series on which there is no reservation, and why."""

    __tablename__ = "series_skip"

    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), primary_key=True)
    local_start: Mapped[datetime] = mapped_column(WallClock, primary_key=True)
    reason: Mapped[SkipReason] = mapped_column(choice(SkipReason, "reason"))


class SeriesAct(StrEnum):
    """What was done with several dates of a series at once."""

    CANCELLED = "cancelled"
    CHANGED = "changed"
    ASKED = "asked"  # for a change, which waits for approval
    APPROVED = "approved"
    DECLINED = "declined"


class SeriesNews(Model):
    """What one act did to a date of a series.

    All dates of the act have the same `version`: whoever is concerned is told of them in one
    message. `was_start` and `was_end` are when a date was that has another time since.
    """

    __tablename__ = "series_news"

    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)  # 1 is the booking, which has no rows
    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("reservation.id"), primary_key=True, index=True
    )
    act: Mapped[SeriesAct] = mapped_column(choice(SeriesAct, "act"))
    was_start: Mapped[datetime | None] = mapped_column(WallClock)
    was_end: Mapped[datetime | None] = mapped_column(WallClock)


class Group(Model):
    """Reservations made together."""

    __tablename__ = "group"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)


class Reservation(Model):
    """The right of a holder to resources for an interval.

    `local_start` and `local_end` in `zone` are the truth; `starts_at` and `ends_at` are their
    projection with the zone data named in `tzdata`.
    """

    __tablename__ = "reservation"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    reference: Mapped[str] = mapped_column(String(6), unique=True)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))
    series_start: Mapped[datetime | None] = mapped_column(WallClock)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    booked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    # Somebody without an account, whom the house receives; the person who booked answers for them.
    guest: Mapped[str | None] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200), default="")
    headcount: Mapped[int] = mapped_column(default=1)
    # As those of its rooms are set out that offer it; what they no longer offer stays a word.
    layout: Mapped[LayoutKind | None] = mapped_column(choice(LayoutKind, "layout"))
    state: Mapped[State] = mapped_column(choice(State, "state"))
    holds_place: Mapped[bool]
    zone: Mapped[str] = mapped_column(String(64))
    local_start: Mapped[datetime] = mapped_column(WallClock)
    local_end: Mapped[datetime] = mapped_column(WallClock)
    tzdata: Mapped[str] = mapped_column(String(12))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    decide_by: Mapped[datetime | None] = mapped_column(Instant)
    closing_code: Mapped[DeclineReason | None] = mapped_column(
        choice(DeclineReason, "closing_code")
    )
    closing_reason: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="raise")
    booked_by: Mapped[Person] = relationship(foreign_keys=[booked_by_id], lazy="raise")
    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    resources: Mapped[list[Resource]] = relationship(
        secondary="reservation_resource",
        lazy="raise",
        order_by="Resource.id",
        viewonly=True,
    )

    __table_args__ = (
        UniqueConstraint("series_id", "series_start"),
        CheckConstraint("starts_at < ends_at", name="interval"),
        CheckConstraint("headcount >= 1", name="headcount"),
        Index("reservation_person_index", "person_id", "starts_at"),
        Index("reservation_booker_index", "booked_by_id", "starts_at"),
        Index("reservation_organisation_index", "organisation_id", "starts_at"),
        Index("reservation_state_index", "state", "decide_by"),
        Index("reservation_start_index", "starts_at"),
        Index("reservation_end_index", "ends_at"),
    )

    @property
    def interval(self) -> Interval:
        """When, in UTC."""
        return Interval(self.starts_at, self.ends_at)

    @property
    def local(self) -> LocalInterval:
        """When, as the clock on the wall shows it."""
        return LocalInterval(self.local_start, self.local_end, self.zone)


class ReservationResource(Model):
    """A reservation takes a unit of a resource."""

    __tablename__ = "reservation_resource"

    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservation.id"), primary_key=True)
    resource_id: Mapped[int] = mapped_column(
        ForeignKey("resource.id"), primary_key=True, index=True
    )
    unit: Mapped[int] = mapped_column(default=1)


class Amendment(Model):
    """A wished change of a confirmed reservation that waits for approval."""

    __tablename__ = "amendment"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservation.id"))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[Asking] = mapped_column(choice(Asking, "state"))
    local_start: Mapped[datetime] = mapped_column(WallClock)
    local_end: Mapped[datetime] = mapped_column(WallClock)
    tzdata: Mapped[str] = mapped_column(String(12))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    title: Mapped[str] = mapped_column(String(200))
    headcount: Mapped[int]
    layout: Mapped[LayoutKind | None] = mapped_column(choice(LayoutKind, "layout"))
    holds_place: Mapped[bool]
    decide_by: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="interval"),
        Index(
            "amendment_waiting_index",
            "reservation_id",
            unique=True,
            sqlite_where=(state == Asking.WAITING.value),
            postgresql_where=(state == Asking.WAITING.value),
        ),
    )

    @property
    def interval(self) -> Interval:
        """When it shall be, in UTC."""
        return Interval(self.starts_at, self.ends_at)


class AmendmentResource(Model):
    """A resource that the reservation shall have after the change: all of them are named."""

    __tablename__ = "amendment_resource"

    amendment_id: Mapped[int] = mapped_column(ForeignKey("amendment.id"), primary_key=True)
    resource_id: Mapped[int] = mapped_column(
        ForeignKey("resource.id"), primary_key=True, index=True
    )


class Question(Model):
    """What whoever decides asks about a request, and the answer; one at a time waits for its own.

    `version` is the one that the asking made of the reservation.
    """

    __tablename__ = "question"

    id: Mapped[int] = mapped_column(primary_key=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservation.id"))
    version: Mapped[int]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    text: Mapped[str] = mapped_column(String(1000))
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answer: Mapped[str | None] = mapped_column(String(1000))

    __table_args__ = (
        UniqueConstraint("reservation_id", "version"),
        CheckConstraint("text <> ''", name="text"),
        CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)"
            " AND (answer IS NULL) = (answered_by_id IS NULL) AND answer <> ''",
            name="answer",
        ),
        Index(
            "question_open_index",
            "reservation_id",
            unique=True,
            sqlite_where=answered_at.is_(None),
            postgresql_where=answered_at.is_(None),
        ),
    )


class Approval(Model):
    """A policy asks about one version of a reservation, or about an amendment of it."""

    __tablename__ = "approval"

    id: Mapped[int] = mapped_column(primary_key=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservation.id"))
    amendment_id: Mapped[int | None] = mapped_column(ForeignKey("amendment.id"))
    version: Mapped[int]
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"))
    state: Mapped[Asking] = mapped_column(choice(Asking, "state"), default=Asking.WAITING)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    reason_code: Mapped[DeclineReason | None] = mapped_column(choice(DeclineReason, "reason_code"))
    reason: Mapped[str | None] = mapped_column(String(500))

    policy: Mapped[Policy] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("reservation_id", "version", "policy_id"),
        Index("approval_amendment_index", "amendment_id"),
        Index(
            "approval_waiting_index",
            "policy_id",
            sqlite_where=(state == Asking.WAITING.value),
            postgresql_where=(state == Asking.WAITING.value),
        ),
    )


class CheckInWay(StrEnum):
    """How somebody's presence became known."""

    PAGE = "page"
    CODE = "code"  # the one on the door or the desk
    RECEPTION = "reception"
    API = "api"


class Attendance(Model):
    """What became of a reservation on the day: somebody came, or announced to be late, or nobody
    came and the rest of the time was given back. No row: nothing of it so far.
    """

    __tablename__ = "attendance"

    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservation.id"), primary_key=True)
    checked_in_at: Mapped[datetime | None] = mapped_column(Instant)
    checked_in_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    way: Mapped[CheckInWay | None] = mapped_column(choice(CheckInWay, "way"))
    late_until: Mapped[datetime | None] = mapped_column(Instant)
    released_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint(
            "(checked_in_at IS NULL) = (checked_in_by_id IS NULL)"
            " AND (checked_in_at IS NULL) = (way IS NULL)",
            name="check_in",
        ),
        CheckConstraint("checked_in_at IS NULL OR released_at IS NULL", name="here_or_released"),
    )


class DepartureKind(StrEnum):
    """Who leaves what."""

    MEMBERSHIP = "membership"  # a person an organisation
    PERSON = "person"  # a person the park
    ORGANISATION = "organisation"  # an organisation the park


class Departure(Model):
    """A membership, an account or an organisation that ended; its reservations stand below it."""

    __tablename__ = "departure"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    kind: Mapped[DepartureKind] = mapped_column(choice(DepartureKind, "kind"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    last_day: Mapped[date | None] = mapped_column(Date)  # of the membership; none: at once
    created_at: Mapped[datetime] = mapped_column(Instant)


class Displacement(Model):
    """A reservation that was cancelled because its place was closed at its time.

    What one act displaced has the same `version`: whoever is concerned is told of it once, when
    all of it is served: when alternatives are held for each, as far as there are any.
    """

    __tablename__ = "displacement"

    closure_id: Mapped[int] = mapped_column(ForeignKey("closure.id"), primary_key=True)
    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("reservation.id"), primary_key=True, index=True
    )
    version: Mapped[int]
    served_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index(
            "displacement_unserved_index",
            "closure_id",
            sqlite_where=served_at.is_(None),
            postgresql_where=served_at.is_(None),
        ),
    )


class Spared(Model):
    """A reservation that stays although its place is closed around it; `version` is what it was
    when the closure last looked: what it gives back since goes to the closure. `told` is the act of
    the closure of which whoever is concerned was told, as of what it displaced."""

    __tablename__ = "spared"

    closure_id: Mapped[int] = mapped_column(ForeignKey("closure.id"), primary_key=True)
    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("reservation.id"), primary_key=True, index=True
    )
    version: Mapped[int]
    told: Mapped[int | None]


class LeftOutside(Model):
    """A reservation that a change of opening hours has left outside them: whoever is concerned is
    told, and it stays until it is moved or cancelled. The change is known by a name of its own;
    `version` is what the reservation was then."""

    __tablename__ = "left_outside"

    change_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("reservation.id"), primary_key=True, index=True
    )
    version: Mapped[int]


class DepartureReservation(Model):
    """What became of one reservation: handed over to somebody, or cancelled."""

    __tablename__ = "departure_reservation"

    departure_id: Mapped[int] = mapped_column(ForeignKey("departure.id"), primary_key=True)
    reservation_id: Mapped[int] = mapped_column(
        ForeignKey("reservation.id"), primary_key=True, index=True
    )
    from_person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    to_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
