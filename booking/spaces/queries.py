"""Reading places and their opening hours."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Date,
    Row,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from booking.core.database import execute, session
from booking.core.intervals import Span
from booking.core.refusals import LayoutKind
from booking.spaces import hours_read
from booking.spaces.models import (
    Area,
    Behaviour,
    Building,
    Floor,
    Holiday,
    HolidayState,
    Hours,
    HoursException,
    HoursSpan,
    HoursVersion,
    Kind,
    Layout,
    PeriodState,
    Profile,
    ProfilePeriod,
    ProfileSpan,
    ProfileWeek,
    Resource,
    ResourcePart,
    ResourceState,
    Site,
)
from booking.spaces.nearness import Placed, Where
from booking.spaces.opening import Opening, PublicHoliday, WeekFrom
from booking.spaces.opening import ProfilePeriod as ProfiledDays


@dataclass(frozen=True)
class Spot:
    """A resource with everything above it that rights, rules and texts ask for."""

    resource_id: int
    public_id: str
    code: str
    names: Mapping[str, str]
    capacity: int
    units: int
    state: ResourceState
    out_of_order_reason: str | None
    expected_back_at: datetime | None
    retired_at: datetime | None
    policy_id: int
    hours_id: int
    kind_id: int
    kind_code: str
    kind_names: Mapping[str, str]
    kind_icon: str
    behaves: Behaviour
    area_id: int
    area_code: str
    area_names: Mapping[str, str]
    floor_id: int
    floor_level: int
    floor_names: Mapping[str, str]
    building_id: int
    building_code: str
    building_names: Mapping[str, str]
    site_id: int
    zone_name: str


SPOT_COLUMNS = (
    Resource.id.label("resource_id"),
    Resource.public_id,
    Resource.code,
    Resource.names,
    Resource.capacity,
    Resource.units,
    Resource.state,
    Resource.out_of_order_reason,
    Resource.expected_back_at,
    Resource.retired_at,
    Resource.policy_id,
    Resource.hours_id,
    Kind.id.label("kind_id"),
    Kind.code.label("kind_code"),
    Kind.names.label("kind_names"),
    Kind.icon.label("kind_icon"),
    Kind.behaves,
    Area.id.label("area_id"),
    Area.code.label("area_code"),
    Area.names.label("area_names"),
    Floor.id.label("floor_id"),
    Floor.level.label("floor_level"),
    Floor.names.label("floor_names"),
    Building.id.label("building_id"),
    Building.code.label("building_code"),
    Building.names.label("building_names"),
    Site.id.label("site_id"),
    Site.zone.label("zone_name"),
)


@dataclass(frozen=True, order=True, slots=True)
class Linked:
    """A part of a resource, or a resource of which it is a part."""

    code: str
    resource_id: int
    floor_id: int


def _links(near: InstrumentedAttribute[int], far: InstrumentedAttribute[int]) -> ScalarSelect[str]:
    """The links of a `Resource` as lines, in the statement that reads it: nearly always none."""
    linked, area = aliased(Resource, name="linked"), aliased(Area, name="linked_area")
    line = cast(linked.id, String) + ":" + cast(area.floor_id, String) + ":" + linked.code
    return (
        select(func.aggregate_strings(line, "\n"))
        .select_from(ResourcePart)
        .join(linked, linked.id == far)
        .join(area, area.id == linked.area_id)
        .where(near == Resource.id)
        .correlate(Resource)
        .scalar_subquery()
    )


LINK_COLUMNS = (
    _links(ResourcePart.resource_id, ResourcePart.part_id).label("parts"),
    _links(ResourcePart.part_id, ResourcePart.resource_id).label("part_of"),
)


def links_from(lines: object) -> tuple[Linked, ...]:
    """What a column of `LINK_COLUMNS` says, by code."""
    if not lines:
        return ()
    found = (line.split(":", 2) for line in str(lines).split("\n"))
    return tuple(sorted(Linked(code, int(key), int(floor)) for key, floor, code in found))


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A layout that a room offers."""

    kind: LayoutKind
    capacity: int
    setup_minutes: int


_layout_line = (
    cast(Layout.kind, String)
    + literal(":")
    + cast(Layout.capacity, String)
    + literal(":")
    + cast(Layout.setup_minutes, String)
)
LAYOUT_COLUMN = (
    select(func.aggregate_strings(_layout_line, "\n"))
    .where(Layout.resource_id == Resource.id)
    .correlate(Resource)
    .scalar_subquery()
    .label("layouts")
)
_ORDER = list(LayoutKind)


def layouts_from(lines: object) -> tuple[LaidOut, ...]:
    """What `LAYOUT_COLUMN` says, in the order of the kinds."""
    if not lines:
        return ()
    found = (line.split(":") for line in str(lines).split("\n"))
    layouts = (
        LaidOut(LayoutKind(kind), int(capacity), int(minutes)) for kind, capacity, minutes in found
    )
    return tuple(sorted(layouts, key=lambda one: _ORDER.index(one.kind)))


def spots() -> Select[*tuple[Any, ...]]:  # Any: the row has 28 columns
    """The statement that joins a resource to all that is above it; add conditions to it."""
    return (
        select(*SPOT_COLUMNS)
        .select_from(Resource)
        .join(Kind, Kind.id == Resource.kind_id)
        .join(Area, Area.id == Resource.area_id)
        .join(Floor, Floor.id == Area.floor_id)
        .join(Building, Building.id == Floor.building_id)
        .join(Site, Site.id == Building.site_id)
    )


def spot_from(row: Iterable[object]) -> Spot:
    """One row of `spots()` as a value; columns added to the statement are left alone."""
    # The columns stand in the order of the fields.
    return Spot(*tuple(row)[: len(SPOT_COLUMNS)])  # type: ignore[arg-type]  # see above


def spot_by_public_id(public_id: str) -> Spot | None:
    """The resource of this public id, retired or not."""
    row = session().execute(spots().where(Resource.public_id == public_id)).first()
    return None if row is None else spot_from(row)


@dataclass(frozen=True)
class AreaChoice:
    """An area, and where it is."""

    code: str
    names: Mapping[str, str]
    floor_names: Mapping[str, str]
    building_code: str


def areas() -> list[AreaChoice]:
    """The areas with something to book, in the order of the plan."""
    rows = session().execute(
        select(Area.code, Area.names, Floor.names, Building.code)
        .join(Floor, Floor.id == Area.floor_id)
        .join(Building, Building.id == Floor.building_id)
        .where(Area.id.in_(select(Resource.area_id).where(Resource.retired_at.is_(None))))
        .order_by(Building.code, Floor.level, Area.code)
    )
    return [AreaChoice(*row) for row in rows]


def on_the_plan(*conditions: ColumnElement[bool]) -> list[Placed]:
    """The resources that meet the conditions, in the order of the plan: building, floor, area and
    code. Each knows its number among all of its kind in its area, whatever the conditions."""
    rank = func.row_number().over(
        partition_by=(Resource.area_id, Resource.kind_id), order_by=Resource.code
    )
    numbers = (
        select(Resource.id, rank.label("number"))
        .where(Resource.retired_at.is_(None))
        .subquery("numbers")
    )
    rows = session().execute(
        select(Resource.id, Resource.units, Area.id, Floor.id, Building.id, numbers.c.number)
        .select_from(Resource)
        .join(numbers, numbers.c.id == Resource.id)
        .join(Kind, Kind.id == Resource.kind_id)
        .join(Area, Area.id == Resource.area_id)
        .join(Floor, Floor.id == Area.floor_id)
        .join(Building, Building.id == Floor.building_id)
        .where(*conditions)
        .order_by(Building.code, Floor.level, Area.code, Resource.code)
    )
    return [
        Placed(resource_id, Where(*where), number, units)
        for resource_id, units, *where, number in rows
    ]


# Built once: building it costs more than running it. One statement reads the weeks, from the day
# each begins to hold, the exceptions, by their day, how often the hours were changed with the
# public holidays on which they close, and the weeks of the profiles that hold on one of the days.
_WEEK, _EXCEPTION, _HOLIDAY, _PROFILE = range(4)
_OF_THESE: BindParameter[int] = bindparam("hours_ids", expanding=True)
_FIRST: BindParameter[date] = bindparam("first")
_LAST: BindParameter[date] = bindparam("last")
_NO_DAY = cast(null(), Date)
_HOURS: CompoundSelect[*tuple[Any, ...]] = union_all(  # Any: of four shapes
    select(
        literal(_WEEK).label("part"),
        HoursVersion.hours_id,
        HoursVersion.valid_from.label("day"),
        HoursSpan.weekday,
        HoursSpan.opens,
        HoursSpan.closes,
        null().label("names"),
        _NO_DAY.label("first_day"),
        _NO_DAY.label("last_day"),
    )
    .outerjoin(HoursSpan, HoursSpan.version_id == HoursVersion.id)
    .where(HoursVersion.hours_id.in_(_OF_THESE)),
    select(
        literal(_EXCEPTION),
        HoursException.hours_id,
        HoursException.day,
        null(),
        HoursException.opens,
        HoursException.closes,
        null(),
        _NO_DAY,
        _NO_DAY,
    ).where(HoursException.hours_id.in_(_OF_THESE), HoursException.day.between(_FIRST, _LAST)),
    select(
        literal(_HOLIDAY),
        Hours.id,
        Holiday.day,
        null(),
        case((Holiday.state == HolidayState.ANNOUNCED, 1), else_=0),
        Hours.changes,
        cast(Holiday.names, String),
        _NO_DAY,
        _NO_DAY,
    )
    .select_from(Hours)
    .outerjoin(
        Holiday,
        and_(
            Hours.closes_on_holidays.is_(true()),
            Holiday.day.between(_FIRST, _LAST),
            Holiday.state != HolidayState.LEFT_OUT,
        ),
    )
    .where(Hours.id.in_(_OF_THESE)),
    select(
        case((ProfilePeriod.state == PeriodState.ANNOUNCED, _PROFILE), else_=_PROFILE + 1),
        ProfileWeek.hours_id,
        ProfileWeek.valid_from,
        ProfileSpan.weekday,
        ProfileSpan.opens,
        ProfileSpan.closes,
        cast(Profile.names, String),
        ProfilePeriod.first_day,
        ProfilePeriod.last_day,
    )
    .select_from(ProfilePeriod)
    .join(Profile, Profile.id == ProfilePeriod.profile_id)
    .join(ProfileWeek, ProfileWeek.profile_id == Profile.id)
    .outerjoin(ProfileSpan, ProfileSpan.week_id == ProfileWeek.id)
    .where(
        ProfileWeek.hours_id.in_(_OF_THESE),
        ProfilePeriod.first_day <= _LAST,
        ProfilePeriod.last_day >= _FIRST,
        ProfilePeriod.state != PeriodState.LEFT_OUT,
    ),
).order_by("hours_id", "day", "opens")

_Rows: TypeAlias = Sequence[Row[*tuple[Any, ...]]]  # Any: of the statement above


def openings(hours_ids: Collection[int], first: date, last: date) -> dict[int, Opening]:
    """The opening hours of these sets as they stand from the first to the last day."""
    rows = execute(_HOURS, {"hours_ids": list(hours_ids), "first": first, "last": last}).all()
    by_part: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        by_part[row.part].append(row)
    told = by_part[_HOLIDAY]
    hours_read.note({row.hours_id: row.closes for row in told})
    weeks = _weeks(by_part[_WEEK])
    exceptions = _exceptions(by_part[_EXCEPTION])
    holidays = _holidays(told)
    profiles = _profiles([*by_part[_PROFILE], *by_part[_PROFILE + 1]])
    return {
        hours_id: Opening(
            tuple(weeks.get(hours_id, ())),
            exceptions.get(hours_id, {}),
            tuple(holidays.get(hours_id, ())),
            tuple(profiles.get(hours_id, ())),
        )
        for hours_id in hours_ids
    }


def _weeks(rows: _Rows) -> dict[int, list[WeekFrom]]:
    spans: dict[tuple[int, date], list[list[Span]]] = {}
    for row in rows:
        week = spans.setdefault((row.hours_id, row.day), [[] for _ in range(7)])
        if row.weekday is not None:
            week[row.weekday].append(Span(row.opens, row.closes))
    found: dict[int, list[WeekFrom]] = defaultdict(list)
    for (hours_id, valid_from), week in spans.items():
        found[hours_id].append(WeekFrom(valid_from, tuple(tuple(day) for day in week)))
    return found


def _profiles(rows: _Rows) -> dict[int, list[ProfiledDays]]:
    """The periods of each set by their first day, each with the weeks of its profile."""
    of_period: dict[tuple[date, date, bool, str], list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        key = (row.first_day, row.last_day, row.part == _PROFILE, row.names)
        of_period[key].append(row)
    found: dict[int, list[ProfiledDays]] = defaultdict(list)
    for (first, last, is_announced, names), its in sorted(of_period.items()):
        for hours_id, weeks in _weeks(its).items():
            said: dict[str, str] = json.loads(names)
            found[hours_id].append(ProfiledDays(first, last, said, is_announced, tuple(weeks)))
    return found


def _exceptions(
    rows: _Rows,
) -> dict[int, dict[date, tuple[Span, ...]]]:
    found: dict[int, dict[date, tuple[Span, ...]]] = defaultdict(dict)
    for row in rows:
        already = found[row.hours_id].get(row.day, ())
        is_closed = row.opens is None or row.closes is None
        found[row.hours_id][row.day] = (
            already if is_closed else (*already, Span(row.opens, row.closes))
        )
    return found


def _holidays(rows: _Rows) -> dict[int, list[PublicHoliday]]:
    """Each set of hours has a row also where there is none."""
    found: dict[int, list[PublicHoliday]] = defaultdict(list)
    for row in rows:
        if row.day is not None:
            names: dict[str, str] = json.loads(row.names)
            found[row.hours_id].append(PublicHoliday(row.day, names, bool(row.opens)))
    return found


def site_zone() -> str | None:
    """The zone on whose clocks people book; None before the set-up."""
    return session().scalar(select(Site.zone).order_by(Site.id).limit(1))


def legal_notice() -> Mapping[str, str]:
    """What the house says of itself wherever it collects data, by language."""
    return session().scalar(select(Site.legal_notice).limit(1)) or {}
