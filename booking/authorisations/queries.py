"""Who is authorised for what: as the rules ask, and as the lists show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select, true, tuple_
from sqlalchemy.orm import aliased

from booking.authorisations.models import Authorisation
from booking.core import web, zones
from booking.core.database import engine_name, session
from booking.core.errors import NotFoundError
from booking.core.folding import holds_all, words_of
from booking.core.permissions import Action, Actor, Role, allows, require
from booking.messages.letters import Key
from booking.messages.models import MessageKind
from booking.people import terms
from booking.people.models import Person
from booking.policies.facts import Place
from booking.policies.models import Policy
from booking.policies.rules import NO_RIGHTS, Rights
from booking.spaces.models import Area, Floor, Resource

MOST_WORDS = 6
LAPSING = timedelta(days=30)  # how long before its last day an authorisation is lapsing
TOLD_AT = time(9)  # of the first of these days

Giver = aliased(Person, name="giver")


class Standing(StrEnum):
    """How an authorisation stands today."""

    VALID = "valid"
    LAPSING = "lapsing"
    LAPSED = "lapsed"


def standing(valid_until: date, today: date) -> Standing:
    """Valid for longer, for no more than 30 days, or no longer."""
    if valid_until < today:
        return Standing.LAPSED
    return Standing.LAPSING if valid_until - today <= LAPSING else Standing.VALID


@dataclass(frozen=True)
class Name:
    """A person in a list."""

    public_id: str
    name: str


@dataclass(frozen=True)
class Given:
    """An authorisation: of whom, for what, by whom, until when."""

    id: int
    public_id: str
    person_id: int
    person: Name
    email: str
    policy_id: int
    names: Mapping[str, str]
    given_by: Name
    given_on: date
    valid_until: date
    note: str
    is_asked_for: bool  # the policy may have stopped asking

    def standing(self, today: date) -> Standing:
        """How it stands on a day."""
        return standing(self.valid_until, today)


@dataclass(frozen=True)
class Group:
    """A resource group that somebody may give authorisations for."""

    policy_id: int
    names: Mapping[str, str]


def lapsing(public_id: str, person_id: int, valid_until: date) -> Key:
    """The message that it lapses: one for each last day that it ever has."""
    zone = zones.zone(web.settings().site_zone)
    due_at = zones.reached(datetime.combine(valid_until - LAPSING, TOLD_AT), zone)
    version = valid_until.toordinal()
    return Key(MessageKind.AUTHORISATION_LAPSING, public_id, version, person_id, due_at)


# --- as the rules ask ---


def rights(places: Iterable[Place], person_id: int | None) -> Rights:
    """Until when somebody is authorised for the groups of these places; a guest without an account
    (None) never is."""
    return rights_of_each((place, person_id) for place in places)


def rights_of_each(pairs: Iterable[tuple[Place, int | None]]) -> Rights:
    """Until when all are authorised for their places, by group: a group is missing where one of
    them is not. One statement, and none where no policy asks."""
    asked = {(who, place.policy_id) for place, who in pairs if place.asks_for_authorisation}
    if not asked:
        return NO_RIGHTS
    rows = session().execute(
        select(Authorisation.person_id, Authorisation.policy_id, Authorisation.valid_until).where(
            Authorisation.person_id.in_({who for who, _group in asked if who is not None}),
            Authorisation.policy_id.in_({group for _who, group in asked}),
            Authorisation.valid_until >= terms.today(),
        )
    )
    held: dict[tuple[int | None, int], date] = {
        (row.person_id, row.policy_id): row.valid_until for row in rows
    }
    lacking = {group for who, group in asked if (who, group) not in held}
    found: dict[int, date] = {}
    for who, group in asked:
        if group not in lacking:
            until = held[who, group]
            found[group] = min(until, found.get(group, until))
    return found


# --- as the lists show it ---


def groups(actor: Actor) -> list[Group]:
    """The groups that ask for an authorisation which the actor may give."""
    rows = session().execute(
        select(Policy.id, Policy.names)
        .where(Policy.asks_for_authorisation, _given_by(actor, Policy.id))
        .order_by(Policy.id)
    )
    return [Group(row.id, row.names) for row in rows]


def own(actor: Actor) -> list[Given]:
    """The actor's own, the first to lapse first."""
    rows = session().execute(
        _listed()
        .where(Authorisation.person_id == actor.person_id)
        .order_by(Authorisation.valid_until, Authorisation.id)
    )
    return [_from(row) for row in rows]


def given(
    actor: Actor,
    *,
    text: str = "",
    standing: Standing | None = None,
    policy_id: int | None = None,
    limit: int | None = None,
    after: tuple[date, int] | None = None,
) -> list[Given]:
    """Those of the groups that the actor answers for, the first to lapse first; `after` is the
    place of the last one before."""
    require(actor, Action.AUTHORISE)
    statement = _listed().where(_given_by(actor, Authorisation.policy_id), _stands(standing))
    if policy_id is not None:
        statement = statement.where(Authorisation.policy_id == policy_id)
    words = words_of(text)[:MOST_WORDS]
    if words:
        statement = statement.where(holds_all([Person.name], words, engine_name()))
    if after is not None:
        place = tuple_(Authorisation.valid_until, Authorisation.id)
        statement = statement.where(place > after)
    rows = session().execute(
        statement.order_by(Authorisation.valid_until, Authorisation.id).limit(limit)
    )
    return [_from(row) for row in rows]


def one(actor: Actor, public_id: str) -> Given:
    """One of those; raises NotFoundError for any other."""
    row = (
        session()
        .execute(
            _listed().where(
                Authorisation.public_id == public_id, _given_by(actor, Authorisation.policy_id)
            )
        )
        .first()
    )
    if row is None:
        raise NotFoundError
    return _from(row)


def told_of(public_id: str) -> Given | None:
    """One of them for the house itself, which tells whoever has it; no rights are asked."""
    row = session().execute(_listed().where(Authorisation.public_id == public_id)).first()
    return None if row is None else _from(row)


def may_give(actor: Actor, policy_id: int) -> bool:
    """Whether the actor gives authorisations for this group: it asks, and has a place of theirs."""
    return policy_id in {group.policy_id for group in groups(actor)}


def _given_by(actor: Actor, policy_id: Any) -> ColumnElement[bool]:  # Any: a column
    """The groups of operators are all, those of lab managers where any of their places is."""
    if allows(actor, Action.DECIDE_ANYTHING):
        return true()
    managed = [grant for grant in actor.grants if grant.role == Role.LAB_MANAGER]
    places = [
        *(Resource.id == one.resource_id for one in managed if one.resource_id is not None),
        *(Resource.area_id == one.area_id for one in managed if one.area_id is not None),
        *(Floor.building_id == one.building_id for one in managed if one.building_id is not None),
    ]
    found: ColumnElement[bool] = policy_id.in_(
        select(Resource.policy_id)
        .join(Area, Area.id == Resource.area_id)
        .join(Floor, Floor.id == Area.floor_id)
        .where(Resource.retired_at.is_(None), or_(false(), *places))
    )
    return found


def _stands(wanted: Standing | None) -> ColumnElement[bool]:
    today = terms.today()
    until = Authorisation.valid_until
    match wanted:
        case None:
            return true()
        case Standing.LAPSED:
            return until < today
        case Standing.LAPSING:
            return until.between(today, today + LAPSING)
        case Standing.VALID:
            return until > today + LAPSING


def _listed() -> Select[*tuple[Any, ...]]:  # Any: the row has fourteen columns
    return (
        select(
            Authorisation.id,
            Authorisation.public_id,
            Authorisation.person_id,
            Person.public_id.label("person"),
            Person.name,
            Person.email,
            Authorisation.policy_id,
            Policy.names,
            Giver.public_id.label("giver"),
            Giver.name.label("giver_name"),
            Authorisation.given_on,
            Authorisation.valid_until,
            Authorisation.note,
            Policy.asks_for_authorisation,
        )
        .join(Person, Person.id == Authorisation.person_id)
        .join(Policy, Policy.id == Authorisation.policy_id)
        .join(Giver, Giver.id == Authorisation.given_by_id)
    )


def _from(row: Any) -> Given:  # Any: a row of `_listed`
    return Given(
        row.id,
        row.public_id,
        row.person_id,
        Name(row.person, row.name),
        row.email,
        row.policy_id,
        row.names,
        Name(row.giver, row.giver_name),
        row.given_on,
        row.valid_until,
        row.note,
        row.asks_for_authorisation,
    )
