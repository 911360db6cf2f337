"""Reading what a search for a place needs: in the same number of statements for any park."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
)

from booking.core import zones
from booking.core.database import execute, session
from booking.core.intervals import Interval
from booking.core.permissions import Actor
from booking.finding.rules import Candidate, Habits, Mine, distance_of
from booking.occupancy import queries as occupancy
from booking.policies import facts
from booking.policies.facts import Place
from booking.reservations.availability import free_units
from booking.reservations.models import LIVE, Reservation, ReservationResource
from booking.spaces import nearness
from booking.spaces import queries as spaces
from booking.spaces.models import (
    STEP_FREE,
    Area,
    Behaviour,
    Building,
    Feature,
    Floor,
    Kind,
    Resource,
    ResourceFeature,
    ResourceState,
    Site,
)
from booking.spaces.nearness import Placed, Where

LOOKING_BACK = timedelta(days=90)  # what somebody did before that is no habit any more
DAYS_AROUND = timedelta(days=7)
MOST_USUAL = 20


@dataclass(frozen=True)
class KindChoice:
    """A kind of which there is something to find."""

    id: int
    code: str
    names: Mapping[str, str]
    icon: str
    behaves: Behaviour


@dataclass(frozen=True)
class FeatureChoice:
    """A feature that can be asked for."""

    id: int
    code: str
    names: Mapping[str, str]
    icon: str


@dataclass(frozen=True)
class BuildingChoice:
    """A building of the park."""

    id: int
    code: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class AreaOption:
    """An area, what it is part of, and whether there is something to find."""

    where: Where
    code: str
    names: Mapping[str, str]
    floor_names: Mapping[str, str]
    building_names: Mapping[str, str]
    is_in_use: bool

    @property
    def id(self) -> int:
        """Its key."""
        return self.where.area_id

    @property
    def all_names(self) -> tuple[Mapping[str, str], ...]:
        """From large to small."""
        return (self.building_names, self.floor_names, self.names)


@dataclass(frozen=True)
class Park:
    """What can be chosen from, and how days are counted there."""

    zone_name: str
    first_weekday: int
    kinds: tuple[KindChoice, ...]
    features: tuple[FeatureChoice, ...]
    buildings: tuple[BuildingChoice, ...]
    areas: tuple[AreaOption, ...]

    @property
    def step_free_id(self) -> int:
        """The key of the feature that says that a place is reached without a step; 0, which no
        place has, where the park does not know it."""
        return next((one.id for one in self.features if one.code == STEP_FREE), 0)

    @property
    def equipment(self) -> tuple[FeatureChoice, ...]:
        """The features that are comforts."""
        return tuple(one for one in self.features if one.code != STEP_FREE)


@dataclass(frozen=True)
class Fitting:
    """Which places are meant: `needed` features they must have, `wished` ones are counted."""

    kind_id: int
    people: int
    needed: tuple[int, ...] = ()
    wished: tuple[int, ...] = ()
    step_free_id: int | None = None  # asked for by whoever cannot take a step
    building_id: int | None = None
    area_id: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions on `Resource`."""
        found = [
            Resource.kind_id == self.kind_id,
            Resource.retired_at.is_(None),
            Resource.capacity >= self.people,
            *(_has(feature_id) for feature_id in self.needed),
        ]
        if self.step_free_id is not None:
            found.append(_has(self.step_free_id))
        if self.area_id is not None:
            found.append(Resource.area_id == self.area_id)
        if self.building_id is not None:
            floors = select(Floor.id).where(Floor.building_id == self.building_id)
            areas = select(Area.id).where(Area.floor_id.in_(floors))
            found.append(Resource.area_id.in_(areas))
        return found


class Terms(NamedTuple):
    """A policy and a set of hours, by their keys."""

    policy_id: int
    hours_id: int


@dataclass(frozen=True)
class Terrain:
    """All places that fit and have the same policy and hours: how many they are, and one of them
    for the rules to look at."""

    terms: Terms
    count: int
    sample: Place


def park() -> Park | None:
    """What can be looked for; None before there is a site."""
    site = session().execute(select(Site.zone, Site.first_weekday).order_by(Site.id)).first()
    if site is None:
        return None
    in_use = select(Resource.kind_id).where(Resource.retired_at.is_(None))
    kinds = session().execute(
        select(Kind.id, Kind.code, Kind.names, Kind.icon, Kind.behaves)
        .where(Kind.id.in_(in_use))
        .order_by(Kind.id)
    )
    features = session().execute(
        select(Feature.id, Feature.code, Feature.names, Feature.icon).order_by(Feature.id)
    )
    buildings = session().execute(
        select(Building.id, Building.code, Building.names).order_by(Building.code)
    )
    return Park(
        *site,
        tuple(KindChoice(*row) for row in kinds),
        tuple(FeatureChoice(*row) for row in features),
        tuple(BuildingChoice(*row) for row in buildings),
        _areas(),
    )


def _areas() -> tuple[AreaOption, ...]:
    """In the order of the plan."""
    is_in_use = exists().where(Resource.area_id == Area.id, Resource.retired_at.is_(None))
    rows = session().execute(
        select(
            Area.id,
            Floor.id,
            Building.id,
            Area.code,
            Area.names,
            Floor.names,
            Building.names,
            is_in_use,
        )
        .join(Floor, Floor.id == Area.floor_id)
        .join(Building, Building.id == Floor.building_id)
        .order_by(Building.code, Floor.level, Area.code)
    )
    return tuple(
        AreaOption(Where(area_id, floor_id, building_id), code, names, floor, building, used)
        for area_id, floor_id, building_id, code, names, floor, building, used in rows
    )


def hours_of_kind(kind_id: int) -> list[int]:
    """The sets of hours that places of a kind have."""
    statement = select(Resource.hours_id).where(
        Resource.kind_id == kind_id, Resource.retired_at.is_(None)
    )
    return list(session().scalars(statement.distinct()))


def terrains(fitting: Fitting) -> list[Terrain]:
    """The places that fit, by policy and hours."""
    rows = (
        session()
        .execute(
            select(Resource.policy_id, Resource.hours_id, func.count(), func.min(Resource.id))
            .where(*fitting.conditions())
            .group_by(Resource.policy_id, Resource.hours_id)
            .order_by(Resource.policy_id, Resource.hours_id)
        )
        .all()
    )
    samples = places(sample_id for *_, sample_id in rows)
    return [
        Terrain(Terms(policy_id, hours_id), count, samples[sample_id])
        for policy_id, hours_id, count, sample_id in rows
    ]


def places(resource_ids: Iterable[int]) -> dict[int, Place]:
    """These places by their keys; no statement for none."""
    wanted = list(resource_ids)
    found = facts.places(Resource.id.in_(wanted)) if wanted else []
    return {place.resource_id: place for place in found}


def free(
    fitting: Fitting,
    under: Collection[Terrain],
    interval: Interval,
    where: Mapping[int, Where],
) -> list[Candidate]:
    """What fits, works by then and is claimed by nobody.

    The claims are looked at last, each place's with one descent of the index.
    """
    if not under:
        return []
    asks = {one.terms.policy_id: one.sample.limits.needs_approval for one in under}
    rows = execute(
        select(
            Resource.id,
            Resource.code,
            Resource.area_id,
            Resource.capacity,
            Resource.policy_id,
            _extras(fitting),
            _missing(fitting),
        ).where(*_is_free(fitting, under, interval))
    ).all()
    return [
        Candidate(resource_id, code, where[area_id], capacity, asks[policy_id], extras, missing)
        for resource_id, code, area_id, capacity, policy_id, extras, missing in rows
    ]


def free_on_the_plan(
    fitting: Fitting, under: Collection[Terrain], interval: Interval
) -> list[Placed]:
    """The free places in the order of the plan; a pool as often as places in it are free."""
    if not under:
        return []
    return each_place(spaces.on_the_plan(*_is_free(fitting, under, interval)), interval)


def each_place(free: Sequence[Placed], interval: Interval) -> list[Placed]:
    """These, a pool as often as places in it are free; no statement where none is a pool."""
    pools = places(one.resource_id for one in free if one.units > 1)
    counted = free_units(pools.values(), interval)
    return [one for one in free for _ in range(counted.get(one.resource_id, 1))]


def together(
    fitting: Fitting,
    under: Collection[Terrain],
    interval: Interval,
    habits: Habits,
    *,
    count: int,
) -> list[Place]:
    """So many of the free places as near to each other as can be, and near to one's own; none where
    there are fewer."""
    free = free_on_the_plan(fitting, under, interval)
    chosen = [one.resource_id for one in nearest_together(free, count, habits)]
    found = places(chosen)
    return [found[resource_id] for resource_id in chosen]


def nearest_together(free: Sequence[Placed], count: int, habits: Habits) -> list[Placed]:
    """So many of them together: of the parts of the house that have so many, the one where the
    person is that day, else their organisation."""
    return nearness.together(free, count, lambda where: distance_of(where, habits))


def soonest_free(
    fitting: Fitting, under: Collection[Terrain], interval: Interval, *, most: int
) -> list[Place]:
    """What fits and will work within a week, those first whose claim in the way ends first."""
    if not under:
        return []
    ends_at = func.coalesce(occupancy.last_end(interval), interval.starts_at)
    rows = session().execute(
        facts.place_columns()
        .where(*fitting.conditions(), _is_under(under), _works_by(interval.starts_at + DAYS_AROUND))
        .order_by(ends_at, Resource.code)
        .limit(most)
    )
    return [facts.place_from(row) for row in rows]


def features_of(resource_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """The features of these places, by key."""
    found: dict[int, set[int]] = {resource_id: set() for resource_id in resource_ids}
    rows = session().execute(
        select(ResourceFeature.resource_id, ResourceFeature.feature_id).where(
            ResourceFeature.resource_id.in_(found)
        )
    )
    for resource_id, feature_id in rows:
        found[resource_id].add(feature_id)
    return {resource_id: frozenset(features) for resource_id, features in found.items()}


def largest(kind_id: int) -> int:
    """How many people the largest place of a kind takes."""
    statement = select(func.max(Resource.capacity)).where(
        Resource.kind_id == kind_id, Resource.retired_at.is_(None)
    )
    return session().scalar(statement) or 0


# --- what is known of the person ---


def habits(
    actor: Actor, kind_id: int, wished: Interval, day: Interval, where: Mapping[int, Where]
) -> Habits:
    """Where the person often was, where they are on the day, and where their organisations are."""
    by_area, by_floor = _ours(actor, day, where)
    return Habits(
        _uses(actor, kind_id, wished), _mine(actor, wished, day, where), by_area, by_floor
    )


def whereabouts(
    actor: Actor, wished: Interval, day: Interval, where: Mapping[int, Where]
) -> Habits:
    """The same without what they often did: where they and their organisations are on the day."""
    by_area, by_floor = _ours(actor, day, where)
    return Habits({}, _mine(actor, wished, day, where), by_area, by_floor)


def _uses(actor: Actor, kind_id: int, wished: Interval) -> dict[int, int]:
    times = func.count().label("times")
    rows = session().execute(
        select(ReservationResource.resource_id, times)
        .select_from(Reservation)
        .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
        .join(Resource, Resource.id == ReservationResource.resource_id)
        .where(
            Reservation.person_id == actor.person_id,
            Reservation.starts_at >= wished.starts_at - LOOKING_BACK,
            Reservation.starts_at < wished.starts_at,
            Reservation.state.in_(LIVE),
            Resource.kind_id == kind_id,
        )
        .group_by(ReservationResource.resource_id)
        .order_by(times.desc(), ReservationResource.resource_id)
        .limit(MOST_USUAL)
    )
    return {resource_id: count for resource_id, count in rows}  # noqa: C416  # dict() takes a result for a mapping


def _mine(actor: Actor, wished: Interval, day: Interval, where: Mapping[int, Where]) -> Mine | None:
    rows = (
        session()
        .execute(
            select(
                Reservation.starts_at,
                Reservation.ends_at,
                Reservation.zone,
                Resource.code,
                Resource.area_id,
            )
            .select_from(Reservation)
            .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
            .join(Resource, Resource.id == ReservationResource.resource_id)
            .where(Reservation.person_id == actor.person_id, *_on_the_day(day))
        )
        .all()
    )
    nearest = min(rows, key=lambda row: (_apart(wished, Interval(*row[:2])), row[0]), default=None)
    if nearest is None:
        return None
    starts_at = zones.to_local(nearest.starts_at, zones.zone(nearest.zone))
    return Mine(nearest.code, starts_at, where[nearest.area_id])


def _apart(wished: Interval, other: Interval) -> timedelta:
    """How long lies between the two; nothing where they overlap."""
    return max(other.starts_at - wished.ends_at, wished.starts_at - other.ends_at, timedelta(0))


def _ours(
    actor: Actor, day: Interval, where: Mapping[int, Where]
) -> tuple[Counter[int], Counter[int]]:
    """How many reservations of others in the actor's organisations stand where on the day."""
    by_area: Counter[int] = Counter()
    by_floor: Counter[int] = Counter()
    if not actor.organisation_ids:
        return by_area, by_floor
    rows = session().execute(
        select(Resource.area_id, func.count())
        .select_from(Reservation)
        .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
        .join(Resource, Resource.id == ReservationResource.resource_id)
        .where(
            Reservation.organisation_id.in_(actor.organisation_ids),
            Reservation.person_id != actor.person_id,
            *_on_the_day(day),
        )
        .group_by(Resource.area_id)
    )
    for area_id, count in rows:
        by_area[area_id] += count
        by_floor[where[area_id].floor_id] += count
    return by_area, by_floor


def _on_the_day(day: Interval) -> tuple[ColumnElement[bool], ...]:
    """Begun on the day and not given back."""
    return (
        Reservation.starts_at >= day.starts_at,
        Reservation.starts_at < day.ends_at,
        Reservation.state.in_(LIVE),
    )


# --- conditions ---


def _is_free(
    fitting: Fitting, under: Collection[Terrain], interval: Interval
) -> tuple[ColumnElement[bool], ...]:
    return (
        *fitting.conditions(),
        _is_under(under),
        _works_by(interval.starts_at),
        facts.is_free(interval, {one.terms.policy_id: one.sample.limits.buffers for one in under}),
    )


def _has(feature_id: int) -> ColumnElement[bool]:
    return exists().where(
        ResourceFeature.resource_id == Resource.id, ResourceFeature.feature_id == feature_id
    )


def _works_by(moment: datetime) -> ColumnElement[bool]:
    return or_(Resource.state == ResourceState.IN_ORDER, Resource.expected_back_at <= moment)


def _is_under(terrains: Collection[Terrain]) -> ColumnElement[bool]:
    return or_(
        *(
            and_(Resource.policy_id == policy_id, Resource.hours_id == hours_id)
            for policy_id, hours_id in (one.terms for one in terrains)
        )
    )


def _extras(fitting: Fitting) -> ColumnElement[int]:
    """How many features more than asked for; only counted where any was asked for."""
    if not fitting.needed:
        return literal(0)
    step_free = select(Feature.id).where(Feature.code == STEP_FREE)
    return _count_of_features(
        ResourceFeature.feature_id.not_in(fitting.needed)
        & ResourceFeature.feature_id.not_in(step_free)
    )


def _missing(fitting: Fitting) -> ColumnElement[int]:
    if not fitting.wished:
        return literal(0)
    has = _count_of_features(ResourceFeature.feature_id.in_(fitting.wished))
    return literal(len(fitting.wished)) - has


def _count_of_features(condition: ColumnElement[bool]) -> ScalarSelect[int]:
    return (
        select(func.count())
        .select_from(ResourceFeature)
        .where(ResourceFeature.resource_id == Resource.id, condition)
        .correlate(Resource)
        .scalar_subquery()
    )
