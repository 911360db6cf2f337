"""Reading what a day of a floor shows, in the same number of statements for any park."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    ScalarSelect,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from booking.core.database import session
from booking.core.errors import NotFoundError
from booking.core.intervals import Interval
from booking.core.permissions import Actor
from booking.core.revisions import Revision, Scope
from booking.occupancy.models import ClaimKind, Closure, ClosureKind, Hold
from booking.occupancy.queries import Resources, claims_within
from booking.pages.planning.day import Asked, Space, Taken, Terms
from booking.people.models import Organisation, Person
from booking.policies.models import Policy
from booking.policies.rules import Buffers
from booking.reservations.models import (
    Amendment,
    Attendance,
    Reservation,
    ReservationResource,
    State,
)
from booking.reservations.queries import visible_to
from booking.spaces.models import (
    Area,
    Building,
    Feature,
    Floor,
    Kind,
    Resource,
    ResourceFeature,
    ResourcePart,
    ResourceState,
    Site,
)
from booking.spaces.opening import Opening
from booking.spaces.queries import openings

_PARTS = (
    select(func.aggregate_strings(cast(ResourcePart.part_id, String), ","))
    .where(ResourcePart.resource_id == Resource.id)
    .correlate(Resource)
    .scalar_subquery()
    .label("parts")
)
NOT_BOOKED = (ClaimKind.CLOSURE, ClaimKind.SETUP, ClaimKind.CLEANUP)


@dataclass(frozen=True)
class Level:
    """A floor as the picker lists it."""

    id: int
    level: int
    names: Mapping[str, str]
    building_id: int
    building_code: str
    building_names: Mapping[str, str]
    zone_name: str
    first_weekday: int

    @property
    def code(self) -> str:
        """How addresses name it: building and level."""
        return f"{self.building_code}-{self.level}"


@dataclass(frozen=True)
class KindOfSpace:
    """A kind as the filter and the rows show it."""

    id: int
    code: str
    names: Mapping[str, str]
    icon: str


@dataclass(frozen=True)
class Equipment:
    """A feature as an icon with its words."""

    icon: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class Floorful:
    """The spaces of a floor with what their rows say."""

    spaces: tuple[Space, ...]
    areas: Mapping[int, Mapping[str, str]]
    kinds: tuple[KindOfSpace, ...]
    equipment: Mapping[int, tuple[Equipment, ...]]
    terms: Mapping[int, Terms]


@dataclass(frozen=True)
class Mark:
    """What an unchanged floor is recognised by, and the zone its days are counted in."""

    floor_id: int
    revision: int
    zone_name: str


def levels() -> list[Level]:
    """Every floor with a space in use: buildings by code, floors from below."""
    used = select(Area.floor_id).join(Resource, Resource.area_id == Area.id)
    rows = session().execute(
        select(
            Floor.id,
            Floor.level,
            Floor.names,
            Building.id,
            Building.code,
            Building.names,
            Site.zone,
            Site.first_weekday,
        )
        .join(Building, Building.id == Floor.building_id)
        .join(Site, Site.id == Building.site_id)
        .where(Floor.id.in_(used.where(Resource.retired_at.is_(None))))
        .order_by(Building.code, Floor.level)
    )
    return [Level(*row) for row in rows]


def kinds() -> list[KindOfSpace]:
    """Every kind, in the order in which they were entered."""
    rows = session().execute(select(Kind.id, Kind.code, Kind.names, Kind.icon).order_by(Kind.id))
    return [KindOfSpace(*row) for row in rows]


def mark_of(floor_id: int) -> Mark:
    """The floor's change counter; raises NotFoundError where there is no such floor."""
    row = session().execute(
        select(func.coalesce(Revision.number, 0), Site.zone)
        .select_from(Floor)
        .join(Building, Building.id == Floor.building_id)
        .join(Site, Site.id == Building.site_id)
        .outerjoin(Revision, and_(Revision.scope == Scope.FLOOR, Revision.scope_id == Floor.id))
        .where(Floor.id == floor_id)
    )
    found = row.first()
    if found is None:
        raise NotFoundError
    return Mark(floor_id, *found)


def spaces_of(floor_id: int) -> Floorful:
    """Everything that stands on the floor, by area and code."""
    spaces = tuple(_spaces(floor_id))
    used = {space.kind_id for space in spaces}
    return Floorful(
        spaces=spaces,
        areas=_areas(floor_id),
        kinds=tuple(kind for kind in kinds() if kind.id in used),
        equipment=_equipment(floor_id),
        terms=_terms(),
    )


def opening_on(spaces: Iterable[Space], day: date) -> dict[int, Opening]:
    """The opening hours of these spaces around a day, by set of hours."""
    return openings({space.hours_id for space in spaces}, day, day)


def taken_on(
    actor: Actor,
    floor_id: int,
    kind_id: int | None,
    window: Interval,
    parts: Collection[int] = (),
    most_units: int = 1,
) -> list[Taken]:
    """The claims of the floor, and of these parts of its spaces, in a window, by space and start,
    with what the actor may see."""
    wanted = _resource_ids(floor_id, kind_id)
    if parts:
        either = or_(Resource.id.in_(wanted), Resource.id.in_(parts))
        wanted = select(Resource.id).where(either)
    return taken_of(actor, wanted, window, most_units)


def taken_of(
    actor: Actor, resource_ids: Resources, window: Interval, most_units: int = 1
) -> list[Taken]:
    """The same of any spaces, of which none has more places than this."""
    claim = claims_within(resource_ids, window, range(1, most_units + 1)).subquery("claim")
    owner = func.coalesce(claim.c.reservation_id, Amendment.reservation_id)
    is_ours = Reservation.organisation_id.in_(actor.organisation_ids)
    rows = session().execute(
        select(
            claim.c.resource_id,
            claim.c.starts_at,
            claim.c.ends_at,
            claim.c.kind,
            func.coalesce(Reservation.person_id == actor.person_id, false()),
            func.coalesce(is_ours, false()),
            func.coalesce(visible_to(actor) & Reservation.id.is_not(None), false()),
            func.coalesce(Reservation.state == State.PENDING, false()),
            func.coalesce(Reservation.reference, ""),
            func.coalesce(Reservation.title, ""),
            func.coalesce(Reservation.guest, Person.name, ""),
            func.coalesce(Organisation.name, ""),
            Closure.names,
            Attendance.checked_in_at.is_not(None),
            func.coalesce(Closure.kind == ClosureKind.MAINTENANCE, false()),
            case((claim.c.kind == ClaimKind.LINKED.value, _whole_of(claim)), else_=""),
            func.coalesce(Closure.kind == ClosureKind.OUT_OF_ORDER, false()),
            Reservation.layout,
        )
        .select_from(claim)
        .outerjoin(Hold, Hold.id == claim.c.hold_id)
        .outerjoin(Amendment, Amendment.id == Hold.amendment_id)
        .outerjoin(Reservation, Reservation.id == owner)
        .outerjoin(Attendance, Attendance.reservation_id == Reservation.id)
        .outerjoin(Person, Person.id == Reservation.person_id)
        .outerjoin(Organisation, Organisation.id == Reservation.organisation_id)
        .outerjoin(Closure, Closure.id == claim.c.closure_id)
        .order_by(claim.c.resource_id, claim.c.starts_at)
    )
    # The columns stand in the order of the fields.
    return [Taken(*row) for row in rows]


def _whole_of(claim: Subquery) -> ScalarSelect[str]:
    """The code of the space with which a linked claim was taken."""
    whole = aliased(Resource, name="whole")
    return (
        select(func.min(whole.code))
        .select_from(ResourcePart)
        .join(whole, whole.id == ResourcePart.resource_id)
        .join(ReservationResource, ReservationResource.resource_id == whole.id)
        .where(
            ResourcePart.part_id == claim.c.resource_id,
            ReservationResource.reservation_id == claim.c.reservation_id,
        )
        .correlate(claim)
        .scalar_subquery()
    )


def asked_on(actor: Actor, floor_id: int, window: Interval) -> list[Asked]:
    """The actor's own requests that hold nothing, by start."""
    return asked_of(actor, _resource_ids(floor_id, None), window)


def asked_of(actor: Actor, resource_ids: Resources, window: Interval) -> list[Asked]:
    """The same of any spaces."""
    rows = session().execute(
        select(
            ReservationResource.resource_id,
            Reservation.starts_at,
            Reservation.ends_at,
            Reservation.reference,
            Reservation.title,
        )
        .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
        .where(
            Reservation.person_id == actor.person_id,
            Reservation.state == State.PENDING,
            Reservation.holds_place.is_(False),
            Reservation.starts_at < window.ends_at,
            Reservation.ends_at > window.starts_at,
            ReservationResource.resource_id.in_(resource_ids),
        )
        .order_by(Reservation.starts_at)
    )
    return [Asked(*row) for row in rows]


def public_id_of(actor: Actor, reference: str) -> str:
    """The reservation behind a spoken reference; NotFoundError where the actor may not see it."""
    found = session().scalar(
        select(Reservation.public_id).where(Reservation.reference == reference, visible_to(actor))
    )
    if found is None:
        raise NotFoundError
    return found


def _resource_ids(floor_id: int, kind_id: int | None) -> Select[int]:
    statement = (
        select(Resource.id)
        .join(Area, Area.id == Resource.area_id)
        .where(Area.floor_id == floor_id, Resource.retired_at.is_(None))
    )
    return statement if kind_id is None else statement.where(Resource.kind_id == kind_id)


def _spaces(floor_id: int) -> Iterable[Space]:
    rows = session().execute(
        select(
            Resource.id,
            Resource.code,
            Resource.capacity,
            Resource.area_id,
            Resource.kind_id,
            Resource.policy_id,
            Resource.hours_id,
            Resource.state == ResourceState.OUT_OF_ORDER,
            func.coalesce(Resource.out_of_order_reason, ""),
            Resource.expected_back_at,
            Resource.units,
            _PARTS,
        )
        .join(Area, Area.id == Resource.area_id)
        .where(Area.floor_id == floor_id, Resource.retired_at.is_(None))
        .order_by(Area.code, Resource.code)
    )
    # The columns stand in the order of the fields.
    return (Space(*tuple(row)[:-1], _keys_in(row.parts)) for row in rows)  # type: ignore[call-arg]  # see above


def _keys_in(text: str | None) -> tuple[int, ...]:
    return tuple(int(key) for key in text.split(",")) if text else ()


def _areas(floor_id: int) -> dict[int, Mapping[str, str]]:
    rows = session().execute(select(Area.id, Area.names).where(Area.floor_id == floor_id))
    return {area_id: names for area_id, names in rows}  # noqa: C416  # dict() takes a result for a mapping


def _equipment(floor_id: int) -> dict[int, tuple[Equipment, ...]]:
    known = {
        feature_id: Equipment(icon, names)
        for feature_id, icon, names in session().execute(
            select(Feature.id, Feature.icon, Feature.names)
        )
    }
    rows = session().execute(
        select(ResourceFeature.resource_id, ResourceFeature.feature_id)
        .where(ResourceFeature.resource_id.in_(_resource_ids(floor_id, None)))
        .order_by(ResourceFeature.resource_id, ResourceFeature.feature_id)
    )
    found: dict[int, list[Equipment]] = defaultdict(list)
    for resource_id, feature_id in rows:
        found[resource_id].append(known[feature_id])
    return {resource_id: tuple(features) for resource_id, features in found.items()}


def _terms() -> dict[int, Terms]:
    rows = session().execute(
        select(
            Policy.id,
            Policy.granularity,
            Policy.shortest,
            Policy.longest,
            Policy.notice,
            Policy.horizon,
            Policy.who_may_book,
            Policy.others_see,
            Policy.setup_minutes,
            Policy.cleanup_minutes,
        )
    )
    return {
        row.id: Terms(*tuple(row)[1:-2], Buffers(row.setup_minutes, row.cleanup_minutes))  # type: ignore[call-arg]  # the columns stand in the order of the fields
        for row in rows
    }


def booked_hours(taken: Iterable[Taken]) -> list[Interval]:
    """From the first to the last booked minute, however the hours have changed since."""
    found = [one for one in taken if one.kind not in NOT_BOOKED]
    if not found:
        return []
    return [Interval(min(one.starts_at for one in found), max(one.ends_at for one in found))]
