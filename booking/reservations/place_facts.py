"""What a booking form tells about a place besides its policy: features, who answers, whose time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from booking.core.database import session
from booking.core.permissions import Actor, Role
from booking.people import deputies
from booking.policies import facts
from booking.policies.facts import Place
from booking.reservations.models import Reservation
from booking.spaces.models import (
    Area,
    Building,
    Feature,
    Floor,
    Kind,
    Resource,
    ResourceFeature,
    Site,
)

LONGEST_CODE = 40
MOST_READ = 20  # more than one reservation takes


@dataclass(frozen=True)
class NamedFeature:
    """A feature as it is shown."""

    icon: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class FloorChoice:
    """A floor with something to book."""

    id: int
    building_code: str
    building_names: Mapping[str, str]
    names: Mapping[str, str]


@dataclass(frozen=True)
class KindChoice:
    """A kind of which there is something to book."""

    code: str
    names: Mapping[str, str]


def place_called(text: str) -> Place | None:
    """The place of this code or public id."""
    found = places_called([text])
    return found[0] if found else None


def places_called(texts: Sequence[str]) -> list[Place]:
    """The places of these codes or public ids, each once; what is none is left out."""
    sound = [text for text in texts if text.isprintable() and 0 < len(text) <= LONGEST_CODE]
    if not sound:
        return []
    sound = sound[:MOST_READ]
    return facts.places(
        or_(Resource.code.in_(sound), Resource.public_id.in_(sound)),
        Resource.retired_at.is_(None),
    )


def features_of(resource_ids: Collection[int]) -> dict[int, list[NamedFeature]]:
    """The features of these places; one statement."""
    rows = session().execute(
        select(ResourceFeature.resource_id, Feature.icon, Feature.names)
        .join(Feature, Feature.id == ResourceFeature.feature_id)
        .where(ResourceFeature.resource_id.in_(resource_ids))
        .order_by(Feature.id)
    )
    found: dict[int, list[NamedFeature]] = {resource_id: [] for resource_id in resource_ids}
    for resource_id, icon, names in rows:
        found[resource_id].append(NamedFeature(icon, names))
    return found


def who_answers(place: Place) -> list[str]:
    """The names of the active lab managers of a place, and of who stands in for them today; none
    where the operator answers."""
    return who_answers_at([place.resource_id])[place.resource_id]


def who_answers_at(resource_ids: Collection[int]) -> dict[int, list[str]]:
    """The same for many places, in one statement."""
    found: dict[int, list[str]] = {resource_id: [] for resource_id in resource_ids}
    deciders = deputies.deciding_today()
    who = deciders.c
    rows = session().execute(
        select(Resource.id, who.name)
        .join(deciders, or_(who.resource_id == Resource.id, who.area_id == Resource.area_id))
        .where(Resource.id.in_(found), who.role == Role.LAB_MANAGER)
        .order_by(who.name)
        .distinct()
    )
    for resource_id, name in rows:
        found[resource_id].append(name)
    return found


def mine_among(actor: Actor, reservation_ids: Collection[int]) -> frozenset[int]:
    """Which of these reservations are the actor's own."""
    if not reservation_ids:
        return frozenset()
    found = session().scalars(
        select(Reservation.id).where(
            Reservation.id.in_(reservation_ids), Reservation.person_id == actor.person_id
        )
    )
    return frozenset(found)


def first_weekday(place: Place) -> int:
    """With which day a week begins at the place's site."""
    found = session().scalar(select(Site.first_weekday).where(Site.id == place.spot.site_id))
    return found or 0


def floors() -> list[FloorChoice]:
    """The floors with something to book, building by building."""
    rows = session().execute(
        select(Floor.id, Building.code, Building.names, Floor.names)
        .join(Building, Building.id == Floor.building_id)
        .where(
            Floor.id.in_(
                select(Area.floor_id)
                .join(Resource, Resource.area_id == Area.id)
                .where(Resource.retired_at.is_(None))
            )
        )
        .order_by(Building.code, Floor.level)
    )
    return [FloorChoice(*row) for row in rows]


def kinds() -> list[KindChoice]:
    """The kinds of which there is something to book."""
    rows = session().execute(
        select(Kind.code, Kind.names)
        .where(Kind.id.in_(select(Resource.kind_id).where(Resource.retired_at.is_(None))))
        .order_by(Kind.id)
    )
    return [KindChoice(*row) for row in rows]


def places_on(floor_id: int, kind_code: str) -> list[Place]:
    """What can be booked on a floor, of one kind or of all."""
    conditions = [Floor.id == floor_id, Resource.retired_at.is_(None)]
    if kind_code:
        conditions.append(Kind.code == kind_code)
    return facts.places(*conditions)
