"""Looking for what somebody typed, among what they may see, in a fixed number of statements."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, func, literal, or_, select, true

from booking.core.database import engine_name, session
from booking.core.folding import folded_column, holds_all, words_of
from booking.core.permissions import Action, Actor, allows, require
from booking.people import terms
from booking.people.models import Membership, Organisation, Person, PersonState
from booking.people.viewings import note_views
from booking.policies import facts
from booking.policies.facts import Place
from booking.reservations import queries as reservations
from booking.reservations.models import Reservation
from booking.reservations.queries import Details
from booking.spaces.models import Resource

LONGEST = 100
MOST_WORDS = 6
_REFERENCE = re.compile(r"[2-9A-HJ-NP-Z]{6}")

Hit = TypeVar("Hit")


@dataclass(frozen=True)
class Hits(Generic[Hit]):
    """The first of what was found, and whether there is more."""

    found: tuple[Hit, ...] = ()
    has_more: bool = False


@dataclass(frozen=True)
class PersonHit:
    """A person as the reader may know them: the address is for operators and auditors."""

    public_id: str
    name: str
    email: str
    is_active: bool
    organisations: tuple[str, ...]


@dataclass(frozen=True)
class OrganisationHit:
    """An organisation."""

    public_id: str
    name: str
    is_active: bool


@dataclass(frozen=True)
class Answer:
    """Everything that was found."""

    reservation: Details | None = None
    places: Hits[Place] = Hits()
    people: Hits[PersonHit] = Hits()
    organisations: Hits[OrganisationHit] = Hits()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        groups = (self.places, self.people, self.organisations)
        return self.reservation is None and not any(group.found for group in groups)


def search(actor: Actor, text: str, *, most: int) -> Answer:
    """What holds each word of the text; the reservation whose reference it is."""
    require(actor, Action.SEARCH)
    words = words_of(text[:LONGEST])[:MOST_WORDS]
    if not words:
        return Answer()
    return Answer(
        reservation=_reservation(actor, text),
        places=_places(words, most),
        people=_people(actor, words, most),
        organisations=_organisations(actor, words, most),
    )


def reference_in(text: str) -> str | None:
    """The reference of a reservation, if the text is one, however it is parted or cased."""
    bare = re.sub(r"[\s-]", "", text[:LONGEST]).upper()
    return bare if _REFERENCE.fullmatch(bare) else None


def _reservation(actor: Actor, text: str) -> Details | None:
    reference = reference_in(text)
    if reference is None:
        return None
    found = reservations.find(
        Reservation.reference == reference, reservations.visible_to(actor), limit=1
    )
    return found[0] if found else None


def _places(words: list[str], most: int) -> Hits[Place]:
    """Resources in use, by their codes and names; one whose code begins so stands first."""
    french, arabic, english = (_name_in(language) for language in ("fr", "ar", "en"))
    parted = literal(" ")
    texts = (Resource.code + parted + french + parted + english, arabic)
    code = folded_column(Resource.code, engine_name())
    begins = code.startswith(" ".join(words), autoescape=True)
    statement = (
        facts.place_columns()
        .where(Resource.retired_at.is_(None), holds_all(texts, words, engine_name()))
        .order_by(begins.desc(), Resource.code)
        .limit(most + 1)
    )
    return _cut([facts.place_from(row) for row in session().execute(statement)], most)


def _name_in(language: str) -> ColumnElement[str]:
    return func.coalesce(Resource.names[language].as_string(), "")


def _people(actor: Actor, words: list[str], most: int) -> Hits[PersonHit]:
    sees_all = allows(actor, Action.SEE_PEOPLE)
    name = holds_all([Person.name], words, engine_name())
    matches = or_(name, *_by_address(words)) if sees_all else name
    rows = (
        session()
        .execute(
            select(Person.id, Person.public_id, Person.name, Person.email, Person.state)
            .where(_knows(actor), matches)
            .order_by(Person.name, Person.id)
            .limit(most + 1)
        )
        .all()
    )
    organisations = _organisations_of(actor, [row.id for row in rows])
    if sees_all:  # the addresses
        note_views(actor, Person.id.in_([row.id for row in rows[:most]]))
    found = [
        PersonHit(
            row.public_id,
            row.name,
            row.email if sees_all else "",
            row.state is PersonState.ACTIVE,
            tuple(organisations[row.id]),
        )
        for row in rows
    ]
    return _cut(found, most)


def _organisations(actor: Actor, words: list[str], most: int) -> Hits[OrganisationHit]:
    ours = Organisation.id.in_(actor.organisation_ids)
    rows = session().execute(
        select(Organisation.public_id, Organisation.name, Organisation.deactivated_at.is_(None))
        .where(
            true() if allows(actor, Action.SEE_PEOPLE) else ours,
            holds_all([Organisation.name], words, engine_name()),
        )
        .order_by(Organisation.name)
        .limit(most + 1)
    )
    return _cut([OrganisationHit(*row) for row in rows], most)


def _organisations_of(actor: Actor, person_ids: Collection[int]) -> Mapping[int, list[str]]:
    """The organisations of each, as far as the actor may know them."""
    found: dict[int, list[str]] = defaultdict(list)
    if not person_ids:
        return found
    ours = Organisation.id.in_(actor.organisation_ids)
    rows = session().execute(
        select(Membership.person_id, Organisation.name)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            Membership.person_id.in_(person_ids),
            *terms.holds_on(terms.today()),
            true() if allows(actor, Action.SEE_PEOPLE) else ours,
        )
        .order_by(Organisation.name)
        .distinct()
    )
    for person_id, name in rows:
        found[person_id].append(name)
    return found


def _knows(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Person` that the actor may know of them: all but the anonymised for whoever
    runs or audits the park, else oneself and today's colleagues."""
    if allows(actor, Action.SEE_PEOPLE):
        return Person.state != PersonState.ANONYMISED
    colleagues = select(Membership.person_id).where(
        Membership.organisation_id.in_(actor.organisation_ids), *terms.holds_on(terms.today())
    )
    known = colleagues.union(select(literal(actor.person_id)))
    return Person.id.in_(known) & (Person.state == PersonState.ACTIVE)


def _by_address(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """An address has no spaces: only a single word can be one; it is stored in small letters."""
    return [Person.email.contains(words[0], autoescape=True)] if len(words) == 1 else []


def _cut(found: Sequence[Hit], most: int) -> Hits[Hit]:
    return Hits(tuple(found[:most]), len(found) > most)
