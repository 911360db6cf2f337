"""Who looked at whose data: written by the pages that show somebody to those with a role."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from booking.core import clock, web, zones
from booking.core.database import engine_name, session, transaction
from booking.core.permissions import Actor
from booking.people.models import Person, Viewing

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
    if actor.person_id == subject_id or not _has_a_role(actor):
        return
    day = clock.today(zones.zone(web.settings().site_zone))
    values = {"subject_id": subject_id, "day": day, "viewer_id": actor.person_id}
    if _is_noted(values):
        return
    dialect = sqlite if engine_name() == "sqlite" else postgresql
    statement = dialect.insert(Viewing.__table__).on_conflict_do_nothing()
    try:
        with transaction() as current:
            current.execute(statement.values(first_at=clock.now(), **values))
    except DBAPIError as error:
        if not web.is_passing_trouble(error):
            raise
        log.warning("a view was not noted, reference %s", web.request_id())


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


def _is_noted(values: dict[str, object]) -> bool:
    is_that = [getattr(Viewing, name) == value for name, value in values.items()]
    return bool(session().scalar(select(exists().where(*is_that))))
