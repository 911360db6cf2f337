"""Who looked at whose data: written by the pages, lists and files that show somebody's data to
those with a role."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Date, Integer, exists, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from booking.core import clock, web, zones
from booking.core.database import Instant, engine_name, session, transaction
from booking.core.permissions import Actor
from booking.people.models import Person, PersonState, Viewing

log = logging.getLogger("booking.people")


@dataclass(frozen=True)
class Viewed:
    """One viewer on one day."""

    day: date
    viewer: str


def note_view(actor: Actor, subject_id: int) -> None:
    """Write down that the actor sees this person's data, once a day.

    Whoever looks at themselves, or has no role that opens the data of others, is not noted. The
    page is shown even where nothing can be written just then.
    """
    note_views(actor, Person.id == subject_id)


def note_views(actor: Actor, which: ColumnElement[bool]) -> None:
    """The same for all of these persons at once: one statement where they are noted already, two
    more where one of them is not, however many they are."""
    if not _has_a_role(actor) or not _is_any_new(actor, which):
        return
    try:
        with transaction():
            write_views(actor, which)
    except DBAPIError as error:
        if not web.is_passing_trouble(error):
            raise
        log.warning("a view was not noted, reference %s", web.request_id())


def write_views(actor: Actor, which: ColumnElement[bool]) -> None:
    """The same for what must not be shown unnoted; part of the caller's transaction."""
    dialect = sqlite if engine_name() == "sqlite" else postgresql
    seen = select(
        Person.id,
        literal(_today(), Date),
        literal(actor.person_id, Integer),
        literal(clock.now(), Instant),
    ).where(which, *_is_somebody_else(actor))
    session().execute(
        dialect.insert(Viewing.__table__)
        .from_select(["subject_id", "day", "viewer_id", "first_at"], seen)
        .on_conflict_do_nothing()
    )


def viewers_of(person_id: int, limit: int) -> list[Viewed]:
    """Who saw this person's data, the last day first."""
    rows = session().execute(
        select(Viewing.day, Person.name)
        .join(Person, Person.id == Viewing.viewer_id)
        .where(Viewing.subject_id == person_id)
        .order_by(Viewing.day.desc(), Person.name)
        .limit(limit)
    )
    return [Viewed(*row) for row in rows]


def _has_a_role(actor: Actor) -> bool:
    return bool(actor.grants) or any(one.is_manager for one in actor.memberships)


def _is_any_new(actor: Actor, which: ColumnElement[bool]) -> bool:
    is_noted = exists().where(
        Viewing.subject_id == Person.id,
        Viewing.day == _today(),
        Viewing.viewer_id == actor.person_id,
    )
    statement = select(Person.id).where(which, *_is_somebody_else(actor), ~is_noted).limit(1)
    return session().scalar(statement) is not None


def _is_somebody_else(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """Of whom there is something to see."""
    return Person.id != actor.person_id, Person.state != PersonState.ANONYMISED


def _today() -> date:
    return clock.today(zones.zone(web.settings().site_zone))
