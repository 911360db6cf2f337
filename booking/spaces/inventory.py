"""What the park is made of, as operators look after it: everything there is, used or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from booking.core import zones
from booking.core.database import session
from booking.core.errors import NotFoundError
from booking.spaces.drafts import (
    AreaDraft,
    BuildingDraft,
    FeatureDraft,
    FloorDraft,
    HoursDraft,
    KindDraft,
    LayoutDraft,
    ResourceDraft,
    SiteDraft,
    Stored,
)
from booking.spaces.models import (
    Area,
    Building,
    Feature,
    Floor,
    Hours,
    Kind,
    Resource,
    ResourceFeature,
    ResourceState,
    Site,
)
from booking.spaces.queries import LAYOUT_COLUMN, layouts_from

LARGEST_KEY = 2**31 - 1
AT_ONCE = 1000  # resources in one statement

Key = InstrumentedAttribute[int]
Page = tuple[int, int]  # the key after which to go on, and how many


@dataclass(frozen=True)
class Step:
    """How much there is of what every park needs before somebody can book."""

    buildings: int
    floors: int
    areas: int
    resources: int

    @property
    def is_bookable(self) -> bool:
        """Whether there is a resource in use."""
        return self.resources > 0


def steps() -> Step:
    """How far the park is described, in one statement."""
    counted = [
        select(func.count()).select_from(model).scalar_subquery()
        for model in (Building, Floor, Area)
    ]
    in_use = select(func.count()).where(Resource.retired_at.is_(None)).scalar_subquery()
    return Step(*tuple(session().execute(select(*counted, in_use)).one()))


# --- the site ---


def the_site() -> Site:
    """The one site; raises NotFoundError where nothing was set up."""
    found = session().scalars(select(Site).order_by(Site.id).limit(1)).first()
    if found is None:
        raise NotFoundError
    return found


def site() -> Stored[SiteDraft]:
    """What is said about the site."""
    found = the_site()
    return Stored(
        found.id,
        SiteDraft(
            names=found.names,
            zone=found.zone,
            country=found.country,
            weekend=tuple(int(day) for day in found.weekend.split(",") if day),
            first_weekday=found.first_weekday,
            currency=found.currency,
        ),
    )


# --- buildings, floors, areas ---


def _uses(of: Key, key: Key) -> ScalarSelect[int]:
    """How many rows refer to the key."""
    return select(func.count()).where(of == key).scalar_subquery()


_BUILDINGS = select(Building, _uses(Floor.building_id, Building.id)).order_by(Building.id)
_FLOORS = (
    select(Floor, _uses(Area.floor_id, Floor.id), Building.code)
    .join(Building, Building.id == Floor.building_id)
    .order_by(Floor.id)
)
_AREAS = select(Area, _uses(Resource.area_id, Area.id)).order_by(Area.id)
_KINDS = select(Kind, _uses(Resource.kind_id, Kind.id)).order_by(Kind.id)
_FEATURES = select(Feature, _uses(ResourceFeature.feature_id, Feature.id)).order_by(Feature.id)
_HOURS = select(Hours, _uses(Resource.hours_id, Hours.id)).order_by(Hours.id)


def buildings(page: Page | None = None) -> list[Stored[BuildingDraft]]:
    """The buildings in the order they came."""
    return [_building(row) for row in _rows(_BUILDINGS, Building.id, page)]


def building(key: int) -> Stored[BuildingDraft]:
    """One building; raises NotFoundError."""
    return _building(_one(_BUILDINGS, Building.id, key))


def floors(page: Page | None = None) -> list[Stored[FloorDraft]]:
    """The floors of all buildings."""
    return [_floor(row) for row in _rows(_FLOORS, Floor.id, page)]


def floors_of(building_codes: Collection[str]) -> list[Stored[FloorDraft]]:
    """The floors of these buildings, the highest first."""
    statement = _FLOORS.where(Building.code.in_(building_codes)).order_by(None)
    rows = session().execute(statement.order_by(Floor.level.desc()))
    return [_floor(row) for row in rows]


def floor(key: int) -> Stored[FloorDraft]:
    """One floor; raises NotFoundError."""
    return _floor(_one(_FLOORS, Floor.id, key))


def areas(page: Page | None = None) -> list[Stored[AreaDraft]]:
    """The areas of all floors."""
    return [_area(row) for row in _rows(_AREAS, Area.id, page)]


def areas_of(floor_keys: Collection[int]) -> list[Stored[AreaDraft]]:
    """The areas of these floors, by code."""
    statement = _AREAS.where(Area.floor_id.in_(floor_keys)).order_by(None)
    return [_area(row) for row in session().execute(statement.order_by(Area.code))]


def area(key: int) -> Stored[AreaDraft]:
    """One area; raises NotFoundError."""
    return _area(_one(_AREAS, Area.id, key))


def kinds(page: Page | None = None) -> list[Stored[KindDraft]]:
    """The kinds of resources."""
    return [_kind(row) for row in _rows(_KINDS, Kind.id, page)]


def kind(key: int) -> Stored[KindDraft]:
    """One kind; raises NotFoundError."""
    return _kind(_one(_KINDS, Kind.id, key))


def features(page: Page | None = None) -> list[Stored[FeatureDraft]]:
    """The features resources can have."""
    return [_feature(row) for row in _rows(_FEATURES, Feature.id, page)]


def feature(key: int) -> Stored[FeatureDraft]:
    """One feature; raises NotFoundError."""
    return _feature(_one(_FEATURES, Feature.id, key))


def hours(page: Page | None = None) -> list[Stored[HoursDraft]]:
    """The sets of opening hours by their names."""
    return [_hours(row) for row in _rows(_HOURS, Hours.id, page)]


def hours_set(key: int) -> Stored[HoursDraft]:
    """One set of opening hours; raises NotFoundError."""
    return _hours(_one(_HOURS, Hours.id, key))


def _rows(
    statement: Select[*tuple[Any, ...]], key: Key, page: Page | None
) -> Sequence[Row[*tuple[Any, ...]]]:  # Any: each statement has its own columns
    if page is not None:
        statement = statement.where(key > page[0]).limit(page[1])
    return session().execute(statement).all()


def _one(
    statement: Select[*tuple[Any, ...]], column: Key, key: int
) -> Row[*tuple[Any, ...]]:  # Any: as above
    row = session().execute(statement.where(column == key)).first() if key <= LARGEST_KEY else None
    if row is None:
        raise NotFoundError
    return row


_AnyRow = Row[*tuple[Any, ...]]  # Any: as above


def _building(row: _AnyRow) -> Stored[BuildingDraft]:
    found, uses = row
    return Stored(
        found.id,
        BuildingDraft(
            code=found.code,
            names=found.names,
            address=found.address,
            latitude=found.latitude,
            longitude=found.longitude,
            way_in=_said(found.way_in),
            step_free_note=_said(found.step_free_note),
        ),
        uses,
    )


def _floor(row: _AnyRow) -> Stored[FloorDraft]:
    found, uses, building_code = row
    return Stored(
        found.id, FloorDraft(building=building_code, level=found.level, names=found.names), uses
    )


def _area(row: _AnyRow) -> Stored[AreaDraft]:
    found, uses = row
    return Stored(
        found.id, AreaDraft(floor=found.floor_id, code=found.code, names=found.names), uses
    )


def _kind(row: _AnyRow) -> Stored[KindDraft]:
    found, uses = row
    draft = KindDraft(code=found.code, names=found.names, icon=found.icon, behaves=found.behaves)
    return Stored(found.id, draft, uses)


def _feature(row: _AnyRow) -> Stored[FeatureDraft]:
    found, uses = row
    draft = FeatureDraft(code=found.code, names=found.names, icon=found.icon)
    return Stored(found.id, draft, uses)


def _hours(row: _AnyRow) -> Stored[HoursDraft]:
    found, uses = row
    draft = HoursDraft(names=found.names, closes_on_holidays=found.closes_on_holidays)
    return Stored(found.id, draft, uses)


def _said(names: Mapping[str, str]) -> dict[str, str]:
    """Without the languages in which nothing is said."""
    return {language: text for language, text in names.items() if text}


# --- resources ---


@dataclass(frozen=True)
class ResourceLine:
    """A resource in the operator's list."""

    key: int
    public_id: str
    code: str
    names: Mapping[str, str]
    kind_names: Mapping[str, str]
    kind_icon: str
    building_code: str
    area_names: Mapping[str, str]
    policy_id: int
    hours_id: int
    capacity: int
    units: int
    state: ResourceState
    retired_at: datetime | None


@dataclass(frozen=True)
class Wanted:
    """Which resources to list; what is empty does not matter."""

    text: str = ""
    building: str = ""
    kind: str = ""
    policy: int | None = None
    hours: int | None = None
    state: str = "in_use"  # or out_of_order, retired, all


@dataclass(frozen=True)
class StoredResource(Stored[ResourceDraft]):
    """A resource with what no draft says."""

    public_id: str = ""
    retired_at: datetime | None = None


_LINES = (
    select(
        Resource.id,
        Resource.public_id,
        Resource.code,
        Resource.names,
        Kind.names,
        Kind.icon,
        Building.code,
        Area.names,
        Resource.policy_id,
        Resource.hours_id,
        Resource.capacity,
        Resource.units,
        Resource.state,
        Resource.retired_at,
    )
    .join(Kind, Kind.id == Resource.kind_id)
    .join(Area, Area.id == Resource.area_id)
    .join(Floor, Floor.id == Area.floor_id)
    .join(Building, Building.id == Floor.building_id)
)


def resources(wanted: Wanted, *, first: int, count: int) -> tuple[list[ResourceLine], int]:
    """One page of the resources that are wanted, by code, and how many there are in all."""
    conditions = _conditions(wanted)
    rows = session().execute(
        _LINES.where(*conditions).order_by(Resource.code).offset(first).limit(count)
    )
    found = [ResourceLine(*tuple(row)) for row in rows]
    total = session().scalar(
        select(func.count())
        .select_from(Resource)
        .join(Kind, Kind.id == Resource.kind_id)
        .join(Area, Area.id == Resource.area_id)
        .join(Floor, Floor.id == Area.floor_id)
        .join(Building, Building.id == Floor.building_id)
        .where(*conditions)
    )
    return found, total or 0


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.text:
        pattern = f"%{_escaped(wanted.text.lower())}%"
        conditions.append(func.lower(Resource.code).like(pattern, escape="\\"))
    if wanted.building:
        conditions.append(Building.code == wanted.building)
    if wanted.kind:
        conditions.append(Kind.code == wanted.kind)
    if wanted.policy is not None:
        conditions.append(Resource.policy_id == wanted.policy)
    if wanted.hours is not None:
        conditions.append(Resource.hours_id == wanted.hours)
    return [*conditions, *_in_state(wanted.state)]


def _in_state(state: str) -> list[ColumnElement[bool]]:
    in_use = Resource.retired_at.is_(None)
    if state == "in_use":
        return [in_use]
    if state == "out_of_order":
        return [in_use, Resource.state == ResourceState.OUT_OF_ORDER]
    return [Resource.retired_at.is_not(None)] if state == "retired" else []


def _escaped(text: str) -> str:
    for character in "\\%_":
        text = text.replace(character, f"\\{character}")
    return text


_RESOURCES = (
    select(Resource, Area.code, Kind.code, Site.zone, LAYOUT_COLUMN)
    .join(Area, Area.id == Resource.area_id)
    .join(Kind, Kind.id == Resource.kind_id)
    .join(Floor, Floor.id == Area.floor_id)
    .join(Building, Building.id == Floor.building_id)
    .join(Site, Site.id == Building.site_id)
)


def resource(public_id: str) -> StoredResource:
    """One resource, retired or not; raises NotFoundError."""
    found = resources_called([public_id])
    if not found:
        raise NotFoundError
    return found[0]


def resources_called(public_ids: Sequence[str]) -> list[StoredResource]:
    """Those of these that there are, in the order given: two statements however many."""
    statement = _RESOURCES.where(Resource.public_id.in_(public_ids))
    # Bulk changes go past the session: what it has read before may be out of date.
    rows = session().execute(statement.execution_options(populate_existing=True)).all()
    features = _features_of([row[0].id for row in rows])
    found = [_stored_resource(row, features[row[0].id]) for row in rows]
    return sorted(found, key=lambda one: public_ids.index(one.public_id))


def all_resources() -> Iterator[StoredResource]:
    """Every resource by its code, retired or not, read piece by piece."""
    last = ""
    while True:
        statement = _RESOURCES.where(Resource.code > last).order_by(Resource.code).limit(AT_ONCE)
        rows = session().execute(statement).all()
        features = _features_of([row[0].id for row in rows])
        for row in rows:
            yield _stored_resource(row, features[row[0].id])
        if len(rows) < AT_ONCE:
            return
        last = rows[-1][0].code


def _stored_resource(row: _AnyRow, features: tuple[str, ...]) -> StoredResource:
    found, area_code, kind_code, zone_name, lines = row
    layouts = tuple(
        LayoutDraft(kind=one.kind, capacity=one.capacity, setup_minutes=one.setup_minutes)
        for one in layouts_from(lines)
    )
    back = found.expected_back_at
    draft = ResourceDraft(
        code=found.code,
        names=found.names,
        area=area_code,
        kind=kind_code,
        policy=found.policy_id,
        hours=found.hours_id,
        capacity=found.capacity,
        units=found.units,
        layouts=layouts,
        features=features,
        state=found.state,
        out_of_order_reason=found.out_of_order_reason or "",
        expected_back=back and zones.to_local(back, zones.zone(zone_name)).date(),
    )
    return StoredResource(found.id, draft, public_id=found.public_id, retired_at=found.retired_at)


def public_id_of(key: int) -> str:
    """The public id of a resource; raises NotFoundError."""
    found = session().scalar(select(Resource.public_id).where(Resource.id == key))
    if found is None:
        raise NotFoundError
    return found


def _features_of(resource_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    rows = session().execute(
        select(ResourceFeature.resource_id, Feature.code)
        .join(Feature, Feature.id == ResourceFeature.feature_id)
        .where(ResourceFeature.resource_id.in_(resource_ids))
        .order_by(Feature.id)
    )
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for resource_id, code in rows:
        found[resource_id] = (*found[resource_id], code)
    return found


def taken_codes(codes: Collection[str]) -> list[str]:
    """Those of the codes that resources have already."""
    return list(
        session().scalars(
            select(Resource.code).where(Resource.code.in_(codes)).order_by(Resource.code)
        )
    )


def floors_with(*conditions: ColumnElement[bool]) -> list[int]:
    """The floors on which resources meet one of the conditions."""
    return list(
        session().scalars(
            select(Area.floor_id)
            .join(Resource, Resource.area_id == Area.id)
            .where(or_(*conditions))
            .distinct()
        )
    )
