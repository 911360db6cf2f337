"""The places that roles are given for: found by what is typed, named where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from booking.core.database import execute, session
from booking.core.errors import InvalidError, Problem
from booking.core.permissions import Given, Role
from booking.people.models import Grant
from booking.spaces.models import Area, Building, Resource

LONGEST_CODE = 40


class Office(StrEnum):
    """A role together with what it is for."""

    OPERATOR = "operator"
    AUDITOR = "auditor"
    LAB_MANAGER_OF_RESOURCE = "lab_manager_of_resource"
    LAB_MANAGER_OF_AREA = "lab_manager_of_area"
    RECEPTION = "reception"

    @property
    def wants_place(self) -> bool:
        """Whether it is given for a place."""
        return self not in (Office.OPERATOR, Office.AUDITOR)


@dataclass(frozen=True)
class Granted:
    """A grant as it is shown; code and names are those of its place, if it has one."""

    id: int
    office: Office
    code: str
    names: Mapping[str, str]

    @property
    def role(self) -> Role:
        """The role without its place."""
        return ROLES[self.office]


ROLES = {
    Office.OPERATOR: Role.OPERATOR,
    Office.AUDITOR: Role.AUDITOR,
    Office.LAB_MANAGER_OF_RESOURCE: Role.LAB_MANAGER,
    Office.LAB_MANAGER_OF_AREA: Role.LAB_MANAGER,
    Office.RECEPTION: Role.RECEPTION,
}


def given(office: Office, code: str) -> Given:
    """The grant of this office, for the place with this code.

    Raises InvalidError for the field `code`.
    """
    role = ROLES[office]
    if not office.wants_place:
        return Given(role)
    wanted = code.strip()
    if not wanted:
        raise InvalidError({"code": Problem.MISSING})
    if office is Office.LAB_MANAGER_OF_RESOURCE:
        return Given(role, resource_id=_id_of(Resource.id, Resource.code, wanted))
    if office is Office.LAB_MANAGER_OF_AREA:
        return Given(role, area_id=_id_of(Area.id, Area.code, wanted))
    return Given(role, building_id=_id_of(Building.id, Building.code, wanted))


def grants_of(person_id: int) -> list[Granted]:
    """What a person was given, with the names of the places."""
    rows = execute(
        select(
            Grant.id,
            Grant.role,
            Resource.code.label("resource_code"),
            Resource.names.label("resource_names"),
            Area.code.label("area_code"),
            Area.names.label("area_names"),
            Building.code.label("building_code"),
            Building.names.label("building_names"),
        )
        .outerjoin(Resource, Resource.id == Grant.resource_id)
        .outerjoin(Area, Area.id == Grant.area_id)
        .outerjoin(Building, Building.id == Grant.building_id)
        .where(Grant.person_id == person_id)
        .order_by(Grant.role, Grant.id)
    )
    found = []
    for row in rows:
        if row.role is not Role.LAB_MANAGER:
            office = Office(row.role.value)
        elif row.area_code is None:
            office = Office.LAB_MANAGER_OF_RESOURCE
        else:
            office = Office.LAB_MANAGER_OF_AREA
        code = row.resource_code or row.area_code or row.building_code or ""
        names = row.resource_names or row.area_names or row.building_names or {}
        found.append(Granted(row.id, office, code, names))
    return found


def suggestions() -> list[tuple[str, Mapping[str, str]]]:
    """Codes and names of buildings and areas; spaces are too many to offer them all."""
    rows = [
        row
        for model in (Building, Area)
        for row in execute(select(model.code, model.names).order_by(model.code))
    ]
    return [(row.code, row.names) for row in rows]


def _id_of(
    id_column: InstrumentedAttribute[int], code_column: InstrumentedAttribute[str], code: str
) -> int:
    """Codes are compared as they are written; what can be no code is not even looked for."""
    found = None
    if len(code) <= LONGEST_CODE and code.isprintable():
        found = session().scalar(select(id_column).where(code_column == code))
    if found is None:
        raise InvalidError({"code": Problem.NOT_FOUND})
    return found
