"""The tables of places and of opening hours."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.database import Instant, Model, Names, choice
from booking.core.refusals import LayoutKind

STEP_FREE = "step_free"  # the code of the one feature that is a need and not a comfort


class Behaviour(StrEnum):
    """What a kind is like, whatever it is called."""

    SEAT = "seat"  # one person
    ROOM = "room"
    MACHINE = "machine"


class ResourceState(StrEnum):
    """Whether a resource can be used at all."""

    IN_ORDER = "in_order"
    OUT_OF_ORDER = "out_of_order"


class HolidayState(StrEnum):
    """How sure a public holiday is. Part of the API."""

    ESTIMATED = "estimated"  # its date may still move: nothing is closed
    ANNOUNCED = "announced"
    LEFT_OUT = "left_out"  # the park works on that day


class ProfileCode(StrEnum):
    """Whose dates the program can propose. Part of the API."""

    RAMADAN = "ramadan"


class PeriodState(StrEnum):
    """Whether the dates of a period are known. Part of the API."""

    ESTIMATED = "estimated"
    ANNOUNCED = "announced"
    LEFT_OUT = "left_out"  # the usual hours go on


class Site(Model):
    """A campus with one time zone; the UID domain never changes once events carry it."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    names: Mapped[dict[str, str]] = mapped_column(Names)
    zone: Mapped[str] = mapped_column(String(64))
    country: Mapped[str] = mapped_column(String(2))
    region: Mapped[str | None] = mapped_column(String(10))
    weekend: Mapped[str] = mapped_column(String(13))  # weekdays, Monday is 0: "5,6"
    first_weekday: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    uid_domain: Mapped[str] = mapped_column(String(120))
    legal_notice: Mapped[dict[str, str]] = mapped_column(Names)

    __table_args__ = (CheckConstraint("first_weekday BETWEEN 0 AND 6", name="first_weekday"),)


class Building(Model):
    """A part of the site with an address and a way in."""

    __tablename__ = "building"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    names: Mapped[dict[str, str]] = mapped_column(Names)
    address: Mapped[str] = mapped_column(String(300), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    way_in: Mapped[dict[str, str]] = mapped_column(Names)
    step_free_note: Mapped[dict[str, str]] = mapped_column(Names)

    site: Mapped[Site] = relationship(lazy="raise")


class Floor(Model):
    """One level of a building."""

    __tablename__ = "floor"

    id: Mapped[int] = mapped_column(primary_key=True)
    building_id: Mapped[int] = mapped_column(ForeignKey("building.id"), index=True)
    level: Mapped[int]
    names: Mapped[dict[str, str]] = mapped_column(Names)

    building: Mapped[Building] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("building_id", "level"),)


class Area(Model):
    """A zone of a floor."""

    __tablename__ = "area"

    id: Mapped[int] = mapped_column(primary_key=True)
    floor_id: Mapped[int] = mapped_column(ForeignKey("floor.id"), index=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    names: Mapped[dict[str, str]] = mapped_column(Names)

    floor: Mapped[Floor] = relationship(lazy="raise")


class Kind(Model):
    """What a resource is called; how it behaves is one of three."""

    __tablename__ = "kind"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    names: Mapped[dict[str, str]] = mapped_column(Names)
    icon: Mapped[str] = mapped_column(String(40))
    behaves: Mapped[Behaviour] = mapped_column(choice(Behaviour, "behaves"))


class Feature(Model):
    """Equipment or a property used in search."""

    __tablename__ = "feature"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    names: Mapped[dict[str, str]] = mapped_column(Names)
    icon: Mapped[str] = mapped_column(String(40))


class Resource(Model):
    """Anything reservable. Retired, never deleted, once used."""

    __tablename__ = "resource"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    kind_id: Mapped[int] = mapped_column(ForeignKey("kind.id"), index=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"), index=True)
    hours_id: Mapped[int] = mapped_column(ForeignKey("hours.id"), index=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    names: Mapped[dict[str, str]] = mapped_column(Names)
    capacity: Mapped[int] = mapped_column(default=1)
    units: Mapped[int] = mapped_column(default=1)
    state: Mapped[ResourceState] = mapped_column(
        choice(ResourceState, "state"), default=ResourceState.IN_ORDER
    )
    out_of_order_reason: Mapped[str | None] = mapped_column(String(300))
    expected_back_at: Mapped[datetime | None] = mapped_column(Instant)
    in_use_since: Mapped[datetime | None] = mapped_column(
        Instant
    )  # none: longer than anybody knows
    retired_at: Mapped[datetime | None] = mapped_column(Instant)

    area: Mapped[Area] = relationship(lazy="raise")
    kind: Mapped[Kind] = relationship(lazy="raise")
    features: Mapped[list[Feature]] = relationship(
        secondary="resource_feature", lazy="raise", order_by="Feature.id"
    )

    __table_args__ = (
        CheckConstraint("capacity >= 1", name="capacity"),
        CheckConstraint("units >= 1", name="units"),
    )


class ResourcePart(Model):
    """Taking a resource takes its parts: directed, and never further than one step."""

    __tablename__ = "resource_part"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True, index=True)

    __table_args__ = (CheckConstraint("resource_id <> part_id", name="itself"),)


class Layout(Model):
    """A way in which a room can be set out: how many it then takes, and how long that lasts."""

    __tablename__ = "layout"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    kind: Mapped[LayoutKind] = mapped_column(choice(LayoutKind, "kind"), primary_key=True)
    capacity: Mapped[int]
    setup_minutes: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        CheckConstraint("capacity >= 1", name="capacity"),
        CheckConstraint("setup_minutes BETWEEN 0 AND 1440", name="setup_minutes"),
    )


class ResourceFeature(Model):
    """A resource has a feature."""

    __tablename__ = "resource_feature"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True)
    feature_id: Mapped[int] = mapped_column(ForeignKey("feature.id"), primary_key=True)


class Photo(Model):
    """A picture of a resource, written anew by us in two sizes; both are read only to be served."""

    __tablename__ = "photo"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), index=True)
    position: Mapped[int]
    description: Mapped[dict[str, str]] = mapped_column(Names)
    width: Mapped[int]  # of the large one; the small one has the same shape
    height: Mapped[int]
    large: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    small: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Hours(Model):
    """A named set of opening hours; its versions say what holds from which day on."""

    __tablename__ = "hours"

    id: Mapped[int] = mapped_column(primary_key=True)
    names: Mapped[dict[str, str]] = mapped_column(Names)
    closes_on_holidays: Mapped[bool] = mapped_column(default=True)
    changes: Mapped[int] = mapped_column(default=0)  # how often what it says of days has changed


class HoursVersion(Model):
    """The week that holds from a day on; never overwritten, so last year keeps its hours."""

    __tablename__ = "hours_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    hours_id: Mapped[int] = mapped_column(ForeignKey("hours.id"))
    valid_from: Mapped[date] = mapped_column(Date)

    __table_args__ = (UniqueConstraint("hours_id", "valid_from"),)


class HoursSpan(Model):
    """One span of a weekday (Monday is 0), in minutes after local midnight."""

    __tablename__ = "hours_span"

    version_id: Mapped[int] = mapped_column(ForeignKey("hours_version.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    opens: Mapped[int] = mapped_column(primary_key=True)
    closes: Mapped[int]

    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("opens >= 0 AND opens < closes AND closes <= 1440", name="span"),
    )


class HoursException(Model):
    """Other hours on one day; a single line without times means closed."""

    __tablename__ = "hours_exception"

    id: Mapped[int] = mapped_column(primary_key=True)
    hours_id: Mapped[int] = mapped_column(ForeignKey("hours.id"))
    day: Mapped[date] = mapped_column(Date)
    opens: Mapped[int | None]
    closes: Mapped[int | None]
    names: Mapped[dict[str, str]] = mapped_column(Names)

    __table_args__ = (
        UniqueConstraint("hours_id", "day", "opens"),
        CheckConstraint(
            "(opens IS NULL AND closes IS NULL)"
            " OR (opens >= 0 AND opens < closes AND closes <= 1440)",
            name="span",
        ),
    )


class Holiday(Model):
    """A public holiday of a site: one row each, also where two fall on one day.

    `code` and `proposed_for` say which one of the calendar of the country it is, wherever it has
    been moved to; one that was added by hand has neither.
    """

    __tablename__ = "holiday"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    day: Mapped[date] = mapped_column(Date, index=True)
    names: Mapped[dict[str, str]] = mapped_column(Names)
    state: Mapped[HolidayState] = mapped_column(choice(HolidayState, "state"))
    code: Mapped[str | None] = mapped_column(String(80))
    proposed_for: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (
        UniqueConstraint("site_id", "code", "proposed_for"),
        CheckConstraint("(code IS NULL) = (proposed_for IS NULL)", name="proposed"),
    )


class Profile(Model):
    """Named hours that hold from time to time instead of the usual weeks, such as those of
    Ramadan, whose dates are proposed where the code says so."""

    __tablename__ = "profile"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    names: Mapped[dict[str, str]] = mapped_column(Names)
    code: Mapped[ProfileCode | None] = mapped_column(choice(ProfileCode, "code"))

    __table_args__ = (UniqueConstraint("site_id", "code"),)


class ProfileWeek(Model):
    """The week of a set of hours under a profile; another one holds from a later day on, so last
    year keeps its hours."""

    __tablename__ = "profile_week"

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"))
    hours_id: Mapped[int] = mapped_column(ForeignKey("hours.id"), index=True)
    valid_from: Mapped[date] = mapped_column(Date)

    __table_args__ = (UniqueConstraint("profile_id", "hours_id", "valid_from"),)


class ProfileSpan(Model):
    """One span of a weekday (Monday is 0) of such a week, in minutes after local midnight."""

    __tablename__ = "profile_span"

    week_id: Mapped[int] = mapped_column(ForeignKey("profile_week.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    opens: Mapped[int] = mapped_column(primary_key=True)
    closes: Mapped[int]

    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("opens >= 0 AND opens < closes AND closes <= 1440", name="span"),
    )


class ProfilePeriod(Model):
    """From which day to which a profile holds, both included; while it is estimated the usual hours
    go on. Those of a site never overlap, but for what is left out.

    `hijri_year` says which one of the calendar it is, wherever it has been moved to.
    """

    __tablename__ = "profile_period"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(36), unique=True)
    profile_id: Mapped[int] = mapped_column(ForeignKey("profile.id"))
    first_day: Mapped[date] = mapped_column(Date, index=True)
    last_day: Mapped[date] = mapped_column(Date)
    state: Mapped[PeriodState] = mapped_column(choice(PeriodState, "state"))
    hijri_year: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("profile_id", "hijri_year"),
        CheckConstraint("first_day <= last_day", name="days"),
    )
