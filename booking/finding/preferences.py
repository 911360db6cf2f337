"""What somebody prefers of a desk, wherever any will do: theirs to know and to change, alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, exists, insert, select

from booking.core.database import execute, session, transactional
from booking.core.errors import InvalidError, Problem
from booking.core.permissions import Action, Actor, require
from booking.finding.models import DeskPreference
from booking.finding.queries import FeatureChoice
from booking.journal import service as journal
from booking.people.models import Person
from booking.spaces.models import Behaviour, Feature, Kind, Resource, ResourceFeature

MOST_PREFERRED = 10


@dataclass(frozen=True)
class Preferences:
    """What can be preferred, and what somebody does prefer."""

    offered: tuple[FeatureChoice, ...]
    chosen: tuple[FeatureChoice, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of what is preferred."""
        return tuple(one.code for one in self.chosen)


def of(actor: Actor) -> Preferences:
    """One's own; offered is what some desk in use has."""
    has_seat = exists().where(
        ResourceFeature.feature_id == Feature.id,
        ResourceFeature.resource_id == Resource.id,
        Resource.retired_at.is_(None),
        Resource.kind_id == Kind.id,
        Kind.behaves == Behaviour.SEAT,
    )
    is_preferred = exists().where(
        DeskPreference.feature_id == Feature.id, DeskPreference.person_id == actor.person_id
    )
    rows = session().execute(
        select(Feature.id, Feature.code, Feature.names, Feature.icon, has_seat, is_preferred)
        .where(has_seat | is_preferred)
        .order_by(Feature.id)
    )
    found = [(FeatureChoice(*row[:4]), row[4], row[5]) for row in rows]
    return Preferences(
        tuple(one for one, _has_seat, _is_preferred in found),
        tuple(one for one, _has_seat, is_so in found if is_so),
    )


def for_kind(actor: Actor, kind: str) -> tuple[FeatureChoice, ...]:
    """What decides between free places of this kind for somebody who says nothing else: only of
    seats anything is preferred."""
    if not kind.isprintable():  # no code has such signs, and PostgreSQL no such text
        return ()
    is_seat = exists().where(Kind.code == kind, Kind.behaves == Behaviour.SEAT)
    rows = session().execute(
        select(Feature.id, Feature.code, Feature.names, Feature.icon)
        .join(DeskPreference, DeskPreference.feature_id == Feature.id)
        .where(DeskPreference.person_id == actor.person_id, is_seat)
        .order_by(Feature.id)
    )
    return tuple(FeatureChoice(*row) for row in rows)


def codes_for_kind(actor: Actor, kind: str) -> tuple[str, ...]:
    """The codes of the same."""
    return tuple(one.code for one in for_kind(actor, kind))


@transactional
def choose(actor: Actor, codes: Collection[str]) -> None:
    """Prefer these and no others. The journal says that they changed, and not what they are.

    Raises InvalidError for a feature that no desk has, and for too many.
    """
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    session().execute(
        select(Person.id).where(Person.id == actor.person_id).with_for_update()
    )  # two who save at once would both write
    known = of(actor)
    by_code = {one.code: one.id for one in known.offered}
    wanted = set(codes)
    if not wanted <= by_code.keys():
        raise InvalidError({"features": Problem.NOT_FOUND})
    if len(wanted) > MOST_PREFERRED:
        raise InvalidError({"features": Problem.TOO_MANY})
    if wanted == set(known.codes):
        return
    forget(actor.person_id)
    rows = [{"person_id": actor.person_id, "feature_id": by_code[code]} for code in sorted(wanted)]
    if rows:
        execute(insert(DeskPreference.__table__), rows)
    journal.write(
        actor, "desk_preferences_changed", subject_kind="person", subject_id=actor.public_id
    )


def forget(person_id: int) -> None:
    """Of somebody nothing is preferred any more. Part of the caller's transaction."""
    session().execute(delete(DeskPreference).where(DeskPreference.person_id == person_id))
