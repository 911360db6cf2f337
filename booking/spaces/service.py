"""What operators do to the park: each verb is one transaction that journals and counts the change.

Whoever edits something that a day's grid shows counts up the floor's revision, so that open pages
learn of it. A verb that changes takes `seen`, the mark of what its form showed: where somebody else
was faster it raises OutdatedError and changes nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, TypeVar

import msgspec
from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies
from sqlalchemy import ColumnElement, bindparam, delete, insert, or_, select, update

from booking.core import clock, ids, revisions, zones
from booking.core.constraints import translated
from booking.core.database import Model, execute, session, transactional
from booking.core.errors import FixedError, InvalidError, NotFoundError, Problem
from booking.core.fingerprints import require_unchanged
from booking.core.permissions import Action, Actor, require
from booking.core.texts import checked_names, checked_text
from booking.journal import service as journal
from booking.spaces import inventory
from booking.spaces.drafts import (
    AreaDraft,
    BuildingDraft,
    Draft,
    FeatureDraft,
    FloorDraft,
    KindDraft,
    LayoutDraft,
    ResourceDraft,
    SiteDraft,
    facts,
)
from booking.spaces.icons import ICONS
from booking.spaces.models import (
    Area,
    Building,
    Feature,
    Floor,
    Kind,
    Layout,
    Photo,
    Resource,
    ResourceFeature,
    ResourcePart,
    ResourceState,
    Site,
)

LONGEST_CODE = 20
LONGEST_ADDRESS = 300
LONGEST_TEXT = 500
LONGEST_REASON = 300
LOWEST_LEVEL, HIGHEST_LEVEL = -20, 200
MOST_PEOPLE = 10_000
MOST_UNITS = 1_000
LONGEST_SETUP = 24 * 60  # minutes
CHUNK = 1_000  # rows a statement, well below what either engine takes
_CODE = re.compile(r"[^\s/\\]+( [^\s/\\]+)*")

Values = dict[str, Any]  # Any: what the columns hold
AnyRow = TypeVar("AnyRow", bound=Model)


class CodesTakenError(InvalidError):
    """Some of the codes belong to resources that exist."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__({"code": Problem.REUSED})
        self.codes = tuple(codes)


# --- the site ---


@transactional
def change_site(
    actor: Actor, draft: SiteDraft, *, has_reservations: bool, seen: str | None = None
) -> None:
    """Replace what is said about the site. Raises FixedError for another zone, which only the
    set-up gives, and for another country when it `has_reservations`."""
    require(actor, Action.OPERATE)
    row = _locked(Site, inventory.the_site().id)
    before = inventory.site().draft
    stays = ("zone", "country") if has_reservations else ("zone",)
    fixed = tuple(name for name in stays if getattr(draft, name) != getattr(before, name))
    if fixed:
        raise FixedError(fixed)
    edit = _Edit(before, draft, seen)
    _replace(actor, "site_changed", row, edit, _site_values(draft), "1")
    _count_floors(Resource.id.is_not(None))


def _site_values(draft: SiteDraft) -> Values:
    problems: dict[str, Problem] = {}
    if not _is_country(draft.country):
        problems["country"] = Problem.NOT_FOUND
    if draft.currency not in list_currencies():
        problems["currency"] = Problem.NOT_FOUND
    if not 0 <= draft.first_weekday <= 6:
        problems["first_weekday"] = Problem.OUT_OF_RANGE
    weekend = sorted(set(draft.weekend))
    if not set(weekend) < set(range(7)):
        problems["weekend"] = Problem.OUT_OF_RANGE
    if problems:
        raise InvalidError(problems)
    return {
        "names": checked_names("names", draft.names),
        "country": draft.country,
        "weekend": ",".join(map(str, weekend)),
        "first_weekday": draft.first_weekday,
        "currency": draft.currency,
    }


def _is_country(code: str) -> bool:
    try:
        return bool(re.fullmatch("[A-Z]{2}", code)) and bool(Locale.parse(f"und_{code}").territory)
    except (UnknownLocaleError, ValueError):
        return False


# --- buildings ---


@transactional
def add_building(actor: Actor, draft: BuildingDraft) -> int:
    """Add a building to the site; returns its key. Raises InvalidError."""
    require(actor, Action.OPERATE)
    row = Building(site_id=inventory.the_site().id, **_building_values(draft))
    return _add(actor, "building_added", row, draft)


@transactional
def change_building(actor: Actor, key: int, draft: BuildingDraft, seen: str | None = None) -> None:
    """Replace what is said about a building."""
    require(actor, Action.OPERATE)
    row = _locked(Building, key)
    before = inventory.building(key).draft
    edit = _Edit(before, draft, seen)
    _replace(actor, "building_changed", row, edit, _building_values(draft), str(key))
    _count_floors_of(Floor.building_id == key)


@transactional
def remove_building(actor: Actor, key: int) -> None:
    """Delete a building without floors; raises InUseError for any other."""
    require(actor, Action.OPERATE)
    _remove(actor, "building_removed", _locked(Building, key), str(key))


def _building_values(draft: BuildingDraft) -> Values:
    if (draft.latitude is None) != (draft.longitude is None):
        missing = "latitude" if draft.latitude is None else "longitude"
        raise InvalidError({missing: Problem.MISSING})
    return {
        "code": _checked_code(draft.code),
        "names": checked_names("names", draft.names),
        "address": checked_text("address", draft.address, LONGEST_ADDRESS),
        "latitude": _checked_degrees("latitude", draft.latitude, 90),
        "longitude": _checked_degrees("longitude", draft.longitude, 180),
        "way_in": checked_names("way_in", draft.way_in, LONGEST_TEXT, required=False),
        "step_free_note": checked_names(
            "step_free_note", draft.step_free_note, LONGEST_TEXT, required=False
        ),
    }


def _checked_degrees(field: str, degrees: float | None, most: int) -> float | None:
    if degrees is None:
        return None
    if not math.isfinite(degrees) or abs(degrees) > most:
        raise InvalidError({field: Problem.OUT_OF_RANGE})
    return round(degrees, 6)  # a tenth of a metre


# --- floors ---


@transactional
def add_floor(actor: Actor, draft: FloorDraft) -> int:
    """Add a floor to a building; returns its key. Raises InvalidError."""
    require(actor, Action.OPERATE)
    return _add(actor, "floor_added", Floor(**_floor_values(draft)), draft)


@transactional
def change_floor(actor: Actor, key: int, draft: FloorDraft, seen: str | None = None) -> None:
    """Replace what is said about a floor."""
    require(actor, Action.OPERATE)
    row = _locked(Floor, key)
    before = inventory.floor(key).draft
    edit = _Edit(before, draft, seen)
    _replace(actor, "floor_changed", row, edit, _floor_values(draft), str(key))
    revisions.bump(revisions.Scope.FLOOR, [key])


@transactional
def remove_floor(actor: Actor, key: int) -> None:
    """Delete a floor without areas; raises InUseError for any other."""
    require(actor, Action.OPERATE)
    _remove(actor, "floor_removed", _locked(Floor, key), str(key))


def _floor_values(draft: FloorDraft) -> Values:
    if not LOWEST_LEVEL <= draft.level <= HIGHEST_LEVEL:
        raise InvalidError({"level": Problem.OUT_OF_RANGE})
    return {
        "building_id": _key_of(Building, "building", draft.building),
        "level": draft.level,
        "names": checked_names("names", draft.names),
    }


# --- areas ---


@transactional
def add_area(actor: Actor, draft: AreaDraft) -> int:
    """Add an area to a floor; returns its key. Raises InvalidError."""
    require(actor, Action.OPERATE)
    return _add(actor, "area_added", Area(**_area_values(draft)), draft)


@transactional
def change_area(actor: Actor, key: int, draft: AreaDraft, seen: str | None = None) -> None:
    """Replace what is said about an area; its resources move with it to another floor."""
    require(actor, Action.OPERATE)
    row = _locked(Area, key)
    before = inventory.area(key).draft
    edit = _Edit(before, draft, seen)
    _replace(actor, "area_changed", row, edit, _area_values(draft), str(key))
    revisions.bump(revisions.Scope.FLOOR, [before.floor, draft.floor])


@transactional
def remove_area(actor: Actor, key: int) -> None:
    """Delete an area without resources; raises InUseError for any other."""
    require(actor, Action.OPERATE)
    _remove(actor, "area_removed", _locked(Area, key), str(key))


def _area_values(draft: AreaDraft) -> Values:
    if not 0 < draft.floor <= inventory.LARGEST_KEY or session().get(Floor, draft.floor) is None:
        raise InvalidError({"floor": Problem.NOT_FOUND})
    return {
        "floor_id": draft.floor,
        "code": _checked_code(draft.code),
        "names": checked_names("names", draft.names),
    }


# --- kinds and features ---


@transactional
def add_kind(actor: Actor, draft: KindDraft) -> int:
    """Add a kind of resource; returns its key. Raises InvalidError."""
    require(actor, Action.OPERATE)
    return _add(actor, "kind_added", Kind(**_kind_values(draft)), draft)


@transactional
def change_kind(actor: Actor, key: int, draft: KindDraft, seen: str | None = None) -> None:
    """Replace what is said about a kind."""
    require(actor, Action.OPERATE)
    row = _locked(Kind, key)
    before = inventory.kind(key).draft
    edit = _Edit(before, draft, seen)
    _replace(actor, "kind_changed", row, edit, _kind_values(draft), str(key))
    _count_floors(Resource.kind_id == key)


@transactional
def remove_kind(actor: Actor, key: int) -> None:
    """Delete a kind that no resource is of; raises InUseError for any other."""
    require(actor, Action.OPERATE)
    _remove(actor, "kind_removed", _locked(Kind, key), str(key))


def _kind_values(draft: KindDraft) -> Values:
    return {
        "code": _checked_code(draft.code),
        "names": checked_names("names", draft.names),
        "icon": _checked_icon(draft.icon),
        "behaves": draft.behaves,
    }


@transactional
def add_feature(actor: Actor, draft: FeatureDraft) -> int:
    """Add a feature; returns its key. Raises InvalidError."""
    require(actor, Action.OPERATE)
    return _add(actor, "feature_added", Feature(**_feature_values(draft)), draft)


@transactional
def change_feature(actor: Actor, key: int, draft: FeatureDraft, seen: str | None = None) -> None:
    """Replace what is said about a feature."""
    require(actor, Action.OPERATE)
    row = _locked(Feature, key)
    before = inventory.feature(key).draft
    edit = _Edit(before, draft, seen)
    _replace(actor, "feature_changed", row, edit, _feature_values(draft), str(key))
    _count_floors(_has_feature(key))


@transactional
def remove_feature(actor: Actor, key: int) -> None:
    """Delete a feature that no resource has; raises InUseError for any other."""
    require(actor, Action.OPERATE)
    _remove(actor, "feature_removed", _locked(Feature, key), str(key))


def _feature_values(draft: FeatureDraft) -> Values:
    return {
        "code": _checked_code(draft.code),
        "names": checked_names("names", draft.names),
        "icon": _checked_icon(draft.icon),
    }


def _has_feature(key: int) -> ColumnElement[bool]:
    having = select(ResourceFeature.resource_id).where(ResourceFeature.feature_id == key)
    return Resource.id.in_(having)


# --- resources ---

_resource = Resource.__table__
_CHANGED = (
    *("area_id", "kind_id", "policy_id", "hours_id", "code", "names", "capacity", "units"),
    *("state", "out_of_order_reason", "expected_back_at"),
)
_CHANGE_RESOURCE = (
    update(_resource)
    .where(_resource.c.id == bindparam("key"))
    .values({name: bindparam(name) for name in _CHANGED})
)


@dataclass(frozen=True)
class _References:
    """The keys behind the codes that drafts of resources name."""

    areas: Mapping[str, tuple[int, int]]  # key and floor
    kinds: Mapping[str, tuple[int, Mapping[str, str]]]
    features: Mapping[str, int]
    hours: Collection[int]
    zone_name: str


@transactional
def add_resources(actor: Actor, drafts: Sequence[ResourceDraft]) -> list[str]:
    """Add all of them or none, in a few statements however many; returns their public ids.

    Raises InvalidError for a field of any of them, CodesTakenError for codes that exist. One that
    comes without a name is called by its kind and its code.
    """
    require(actor, Action.OPERATE)
    references = _references(drafts)
    rows = [_new_row(draft, references) for draft in drafts]
    codes = [row["code"] for row in rows]
    try:
        with translated(_UNIQUE, refers="policy"):
            for chunk in _chunks(rows):
                execute(insert(Resource.__table__), chunk)
    except InvalidError as error:
        if "code" not in error.fields:
            raise
        taken = [code for part in _chunks(codes) for code in inventory.taken_codes(part)]
        raise CodesTakenError(taken or sorted({c for c in codes if codes.count(c) > 1})) from error
    keys = _keys_of([row["public_id"] for row in rows])
    by_id = {row["public_id"]: draft for row, draft in zip(rows, drafts, strict=True)}
    _give_features(keys, by_id, references)
    _give_layouts(keys, by_id)
    _write_added(actor, rows, drafts)
    floors = {references.areas[draft.area][1] for draft in drafts}
    revisions.bump(revisions.Scope.FLOOR, floors)
    return [row["public_id"] for row in rows]


@transactional
def change_resource(
    actor: Actor, public_id: str, draft: ResourceDraft, seen: str | None = None
) -> None:
    """Replace what is said about a resource. Reservations made before stay as they are."""
    require(actor, Action.OPERATE)
    _locked_resource(public_id)
    require_unchanged(seen, inventory.resource(public_id).draft.values)
    change_resources(actor, {public_id: draft})


@transactional
def change_resources(actor: Actor, drafts: Mapping[str, ResourceDraft]) -> None:
    """Replace what is said about resources, by their public ids: all of them or none, in as many
    statements for a thousand as for one. Raises InvalidError for a field of any of them."""
    require(actor, Action.OPERATE)
    for part in _chunks(list(drafts)):
        _change_resources(actor, {public_id: drafts[public_id] for public_id in part})


def _change_resources(actor: Actor, drafts: Mapping[str, ResourceDraft]) -> None:
    backs = _locked_resources(drafts)
    stored = inventory.resources_called(list(drafts))
    if len(stored) < len(drafts):
        raise NotFoundError
    _refuse_linked_pools([one.key for one in stored if drafts[one.public_id].units > 1])
    references = _references([*(one.draft for one in stored), *drafts.values()])
    rows = []
    for one in stored:
        draft = drafts[one.public_id]
        values = _resource_values(draft, references)
        if draft.expected_back == one.draft.expected_back:
            values["expected_back_at"] = backs[one.key]  # whatever hour of that day it is
        rows.append({"key": one.key, **values})
    with translated(_UNIQUE, refers="policy"):
        execute(_CHANGE_RESOURCE, rows)
    keys = {one.public_id: one.key for one in stored}
    for table in (ResourceFeature, Layout):
        execute(delete(table).where(table.resource_id.in_(keys.values())))
    _give_features(keys, drafts, references)
    _give_layouts(keys, drafts)
    changes = [
        (one.public_id, facts(one.draft.values), facts(drafts[one.public_id].values))
        for one in stored
    ]
    journal.write_changes(actor, "resource_changed", subject_kind="resource", changes=changes)
    areas = {draft.area for one in stored for draft in (one.draft, drafts[one.public_id])}
    revisions.bump(revisions.Scope.FLOOR, {references.areas[area][1] for area in areas})
    revisions.bump(revisions.Scope.RESOURCE, keys.values())


def _refuse_linked_pools(keys: Collection[int]) -> None:
    """A pool has no parts and is no part."""
    links = or_(ResourcePart.resource_id.in_(keys), ResourcePart.part_id.in_(keys))
    if keys and session().scalar(select(ResourcePart.part_id).where(links).limit(1)):
        raise InvalidError({"units": Problem.POOL})


def _locked_resources(public_ids: Collection[str]) -> dict[int, datetime | None]:
    """Hold the rows until the end; when each is expected back, by its key."""
    rows = session().execute(
        select(Resource.id, Resource.expected_back_at)
        .where(Resource.public_id.in_(public_ids))
        .order_by(Resource.id)
        .with_for_update(key_share=True)
    )
    return {key: back for key, back in rows}  # noqa: C416  # dict() takes a result for a mapping


@transactional
def retire_resources(actor: Actor, public_ids: Collection[str]) -> None:
    """Take resources out of use: nobody finds or books them any more, their past stays."""
    require(actor, Action.OPERATE)
    _set_retired(actor, "resource_retired", public_ids, clock.now())


@transactional
def bring_back_resources(actor: Actor, public_ids: Collection[str]) -> None:
    """Take retired resources into use again."""
    require(actor, Action.OPERATE)
    _set_retired(actor, "resource_brought_back", public_ids, None)


@transactional
def remove_resource(actor: Actor, public_id: str) -> None:
    """Delete a resource that was never used, with its photos; raises InUseError for any other."""
    require(actor, Action.OPERATE)
    row = _locked_resource(public_id)
    before = inventory.resource(public_id).draft
    floors = inventory.floors_with(Resource.id == row.id)
    with translated():
        for table in (ResourceFeature, Layout, Photo):
            session().execute(delete(table).where(table.resource_id == row.id))
        session().execute(delete(Resource).where(Resource.id == row.id))
    session().expunge(row)
    revisions.bump(revisions.Scope.FLOOR, floors)
    journal.write(
        actor,
        "resource_removed",
        subject_kind="resource",
        subject_id=public_id,
        before=facts(before.values),
    )


def _new_row(draft: ResourceDraft, references: _References) -> Values:
    return {
        "public_id": ids.new_public_id(),
        "in_use_since": clock.now(),
        "retired_at": None,
        **_resource_values(draft, references),
    }


def _resource_values(draft: ResourceDraft, references: _References) -> Values:
    problems: dict[str, Problem] = {}
    for field, is_known in (
        ("area", draft.area in references.areas),
        ("kind", draft.kind in references.kinds),
        # Whether there is such a policy, the database knows.
        ("policy", 0 < draft.policy <= inventory.LARGEST_KEY),
        ("hours", draft.hours in references.hours),
        ("features", set(draft.features) <= references.features.keys()),
    ):
        if not is_known:
            problems[field] = Problem.NOT_FOUND
    if not 1 <= draft.capacity <= MOST_PEOPLE:
        problems["capacity"] = Problem.OUT_OF_RANGE
    if not 1 <= draft.units <= MOST_UNITS:
        problems["units"] = Problem.OUT_OF_RANGE
    problem = _problem_of(draft.layouts, draft.units)
    if problem is not None:
        problems["layouts"] = problem
    if problems:
        raise InvalidError(problems)
    code = _checked_code(draft.code)
    kind_id, kind_names = references.kinds[draft.kind]
    names = checked_names("names", draft.names, required=False)
    return {
        "area_id": references.areas[draft.area][0],
        "kind_id": kind_id,
        "policy_id": draft.policy,
        "hours_id": draft.hours,
        "code": code,
        "names": names or {language: f"{name} {code}" for language, name in kind_names.items()},
        "capacity": draft.capacity,
        "units": draft.units,
        **_condition(draft, references.zone_name),
    }


def _problem_of(layouts: Sequence[LayoutDraft], units: int) -> Problem | None:
    """What is wrong with the ways in which a room can be set out."""
    if layouts and units > 1:
        return Problem.POOL
    if len({one.kind for one in layouts}) < len(layouts):
        return Problem.TOO_MANY
    are_possible = (
        1 <= one.capacity <= MOST_PEOPLE and 0 <= one.setup_minutes <= LONGEST_SETUP
        for one in layouts
    )
    return None if all(are_possible) else Problem.OUT_OF_RANGE


def _condition(draft: ResourceDraft, zone_name: str) -> Values:
    """Whether it works, and if not, why and until when."""
    if draft.state is ResourceState.IN_ORDER:
        return {"state": draft.state, "out_of_order_reason": None, "expected_back_at": None}
    reason = checked_text(
        "out_of_order_reason", draft.out_of_order_reason, LONGEST_REASON, required=True
    )
    back = draft.expected_back
    return {
        "state": draft.state,
        "out_of_order_reason": reason,
        "expected_back_at": back and _beginning("expected_back", back, zone_name),
    }


def _beginning(field: str, day: date, zone_name: str) -> datetime:
    """The first instant of a day at the site."""
    if not zones.EARLIEST_YEAR <= day.year <= zones.LATEST_YEAR:
        raise InvalidError({field: Problem.OUT_OF_RANGE})
    return zones.reached(datetime.combine(day, time.min), zones.zone(zone_name))


def _references(drafts: Sequence[ResourceDraft]) -> _References:
    """Everything the drafts may refer to, in as many statements for one as for a thousand."""
    areas = {draft.area for draft in drafts}
    found_areas: dict[str, tuple[int, int]] = {}
    for part in _chunks(sorted(code for code in areas if code.isprintable())):
        rows = session().execute(
            select(Area.code, Area.id, Area.floor_id).where(Area.code.in_(part))
        )
        found_areas |= {code: (key, floor) for code, key, floor in rows}
    kinds = session().execute(select(Kind.code, Kind.id, Kind.names))
    features = session().execute(select(Feature.code, Feature.id))
    return _References(
        areas=found_areas,
        kinds={code: (key, names) for code, key, names in kinds},
        features={code: key for code, key in features},  # noqa: C416  # dict() takes a result for a mapping
        hours={stored.key for stored in inventory.hours()},
        zone_name=inventory.the_site().zone,
    )


def _keys_of(public_ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in _chunks(public_ids):
        rows = session().execute(
            select(Resource.public_id, Resource.id).where(Resource.public_id.in_(part))
        )
        found |= {public_id: key for public_id, key in rows}  # noqa: C416  # as above
    return found


def _give_features(
    keys: Mapping[str, int], drafts: Mapping[str, ResourceDraft], references: _References
) -> None:
    """The features of resources that have none, by their public ids."""
    pairs = [
        {"resource_id": key, "feature_id": references.features[code]}
        for public_id, key in keys.items()
        for code in set(drafts[public_id].features)
    ]
    for chunk in _chunks(pairs):
        execute(insert(ResourceFeature.__table__), chunk)


def _give_layouts(keys: Mapping[str, int], drafts: Mapping[str, ResourceDraft]) -> None:
    """The layouts of resources that have none, by their public ids."""
    rows = [
        {"resource_id": key, **msgspec.structs.asdict(layout)}
        for public_id, key in keys.items()
        for layout in drafts[public_id].layouts
    ]
    for chunk in _chunks(rows):
        execute(insert(Layout.__table__), chunk)


def _write_added(actor: Actor, rows: Sequence[Values], drafts: Sequence[ResourceDraft]) -> None:
    afters = [
        (row["public_id"], facts(draft.values)) for row, draft in zip(rows, drafts, strict=True)
    ]
    journal.write_each(actor, "resource_added", subject_kind="resource", afters=afters)


def _set_retired(
    actor: Actor, act: str, public_ids: Collection[str], retired_at: datetime | None
) -> None:
    changing = Resource.retired_at.is_(None) if retired_at else Resource.retired_at.is_not(None)
    keys: list[int] = []
    for part in _chunks(sorted(public_ids)):
        found = session().execute(
            update(Resource)
            .where(Resource.public_id.in_(part), changing)
            .values(retired_at=retired_at)
            .returning(Resource.id, Resource.public_id)
            .execution_options(synchronize_session=False)
        )
        changed = found.all()
        keys += [key for key, _ in changed]
        afters = [(public_id, None) for _, public_id in changed]
        journal.write_each(actor, act, subject_kind="resource", afters=afters)
    for chunk in _chunks(keys):
        revisions.bump(revisions.Scope.FLOOR, inventory.floors_with(Resource.id.in_(chunk)))
    revisions.bump(revisions.Scope.RESOURCE, keys)


def _locked_resource(public_id: str) -> Resource:
    statement = (
        select(Resource).where(Resource.public_id == public_id).with_for_update(key_share=True)
    )
    found = session().scalars(statement.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFoundError
    return found


# --- looking before writing ---


def check(draft: BuildingDraft | FloorDraft | AreaDraft) -> None:
    """Raise the InvalidError that adding or changing would raise for a field; writes nothing."""
    if isinstance(draft, BuildingDraft):
        _building_values(draft)
    elif isinstance(draft, FloorDraft):
        _floor_values(draft)
    else:
        _area_values(draft)


def check_resources(drafts: Sequence[ResourceDraft]) -> list[InvalidError | None]:
    """What adding or changing each of these would refuse about its fields; writes nothing."""
    references = _references(drafts)
    return [_refusal(draft, references) for draft in drafts]


def _refusal(draft: ResourceDraft, references: _References) -> InvalidError | None:
    try:
        _resource_values(draft, references)
    except InvalidError as error:
        return error
    return None


# --- what they share ---

_UNIQUE = {
    "building_code_unique": "code",
    "floor_building_id_level_unique": "level",
    "area_code_unique": "code",
    "kind_code_unique": "code",
    "feature_code_unique": "code",
    "resource_code_unique": "code",
}


def _add(actor: Actor, act: str, row: Model, draft: Draft) -> int:
    with translated(_UNIQUE):
        session().add(row)
    key: int = row.id  # type: ignore[attr-defined]  # every table here has one
    journal.write(
        actor,
        act,
        subject_kind=row.__tablename__,
        subject_id=str(key),
        after=facts(draft.values),
    )
    return key


@dataclass(frozen=True)
class _Edit:
    """A draft that shall replace another, with the mark of what its form showed."""

    before: Draft
    after: Draft
    seen: str | None


def _replace(
    actor: Actor, act: str, row: Model, edit: _Edit, values: Values, subject_id: str
) -> None:
    """Write the values into the row unless its form is outdated; journal what differs."""
    require_unchanged(edit.seen, edit.before.values)
    with translated(_UNIQUE, refers="policy"):  # of all references only this one is not read first
        for name, value in values.items():
            setattr(row, name, value)
    journal.write(
        actor,
        act,
        subject_kind=row.__tablename__,
        subject_id=subject_id,
        before=facts(edit.before.values),
        after=facts(edit.after.values),
    )


def _remove(actor: Actor, act: str, row: Model, subject_id: str) -> None:
    with translated():
        session().delete(row)
    journal.write(actor, act, subject_kind=row.__tablename__, subject_id=subject_id)


def _locked(model: type[AnyRow], key: int) -> AnyRow:
    """The row as it is now, held until the end; raises NotFoundError."""
    if key > inventory.LARGEST_KEY:
        raise NotFoundError
    row = session().get(model, key, with_for_update={"key_share": True}, populate_existing=True)
    if row is None:
        raise NotFoundError
    return row


def _key_of(model: type[Building], field: str, code: str) -> int:
    key = None
    if code.isprintable():
        key = session().scalar(select(model.id).where(model.code == code))
    if key is None:
        raise InvalidError({field: Problem.NOT_FOUND})
    return key


def _checked_code(code: str) -> str:
    """A code that can be read aloud and stand in an address."""
    found = checked_text("code", code, LONGEST_CODE, required=True)
    if not _CODE.fullmatch(found):
        raise InvalidError({"code": Problem.UNREADABLE})
    return found


def _checked_icon(icon: str) -> str:
    if icon not in ICONS:
        raise InvalidError({"icon": Problem.NOT_FOUND})
    return icon


def _count_floors(condition: ColumnElement[bool]) -> None:
    revisions.bump(revisions.Scope.FLOOR, inventory.floors_with(condition))


def _count_floors_of(condition: ColumnElement[bool]) -> None:
    revisions.bump(
        revisions.Scope.FLOOR, session().scalars(select(Floor.id).where(condition)).all()
    )


AnyItem = TypeVar("AnyItem")


def _chunks(items: Sequence[AnyItem]) -> list[Sequence[AnyItem]]:
    return [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
