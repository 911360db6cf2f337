"""Reading what a space's page tells of its building."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from booking.core.database import session
from booking.spaces.models import Building, Site


@dataclass(frozen=True)
class House:
    """The building a space is in, as whoever goes there needs it."""

    address: str
    way_in: Mapping[str, str]
    step_free_note: Mapping[str, str]
    first_weekday: int


def house(building_id: int) -> House:
    """The building of this key."""
    row = (
        session()
        .execute(
            select(Building.address, Building.way_in, Building.step_free_note, Site.first_weekday)
            .join(Site, Site.id == Building.site_id)
            .where(Building.id == building_id)
        )
        .one()
    )
    return House(*row)
