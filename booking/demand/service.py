"""Counting what could not be had, after it was refused and in a transaction of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from booking.core import clock, web, zones
from booking.core.database import engine_name, session, transaction
from booking.core.errors import RefusedError
from booking.demand import rules
from booking.demand.models import UnmetDemand
from booking.demand.rules import NOTHING_FOUND, Counter
from booking.spaces.models import Kind, Resource, Site

log = logging.getLogger("booking.demand")

MOST_PLACES = 40


@contextmanager
def counting(
    resources: Sequence[str], starts_at: datetime, people: int, *, kind: str = ""
) -> Iterator[None]:
    """Count what is refused in here, once its transaction is gone; the refusal goes on. The wish
    is for these spaces (public ids), or for any of a kind."""
    try:
        yield
    except RefusedError as refused:
        note_refused(refused, resources, starts_at, people, kind=kind)
        raise


def note_refused(
    refused: RefusedError,
    resources: Sequence[str],
    starts_at: datetime,
    people: int,
    *,
    kind: str = "",
) -> None:
    """Count a refusal whose transaction is gone."""
    with _forgiving():
        kinds = _kinds(resources, kind)
        _add(rules.counters(refused.refusals, kinds, people, _hour(starts_at)))


def note_nothing_found(kind: str, starts_at: datetime, people: int) -> None:
    """A search for this kind of space found none that is free, fits and may be booked."""
    with _forgiving():
        _add([Counter(NOTHING_FOUND, kind, rules.size_of(people), _hour(starts_at))])


def add(day: date, counted: Sequence[Counter]) -> None:
    """Let these go up by one, all in one statement; part of the caller's transaction."""
    dialect = sqlite if engine_name() == "sqlite" else postgresql
    the_site = select(func.min(Site.id)).scalar_subquery()
    rows = [
        {
            "site_id": the_site,
            "day": day,
            "hour": one.hour,
            "reason": one.reason,
            "kind": one.kind,
            "size": one.size,
            "count": 1,
        }
        for one in sorted(counted)
    ]
    table = UnmetDemand.__table__
    statement = dialect.insert(table).values(rows)
    session().execute(
        statement.on_conflict_do_update(
            index_elements=[column.name for column in table.primary_key],
            set_={"count": table.c.count + 1},
        )
    )


def _add(counted: Sequence[Counter]) -> None:
    if counted:
        with transaction():
            add(clock.today(_zone()), counted)


@contextmanager
def _forgiving() -> Iterator[None]:
    """Whoever was refused is answered, even where nothing can be counted just then."""
    try:
        yield
    except DBAPIError as error:
        if not web.is_passing_trouble(error):
            raise
        log.warning("unmet demand was not counted, reference %s", web.request_id())


def _kinds(resources: Sequence[str], kind: str) -> dict[str, str]:
    """The kind of each of these spaces by its code; a kind alone stands under no code."""
    if kind:
        known = session().scalars(select(Kind.code).where(Kind.code == kind))
        return dict.fromkeys(known, kind)
    rows = session().execute(
        select(Resource.code, Kind.code)
        .join(Kind, Kind.id == Resource.kind_id)
        .where(Resource.public_id.in_(resources[:MOST_PLACES]))
    )
    return {row[0]: row[1] for row in rows}


def _hour(starts_at: datetime) -> int:
    return rules.hour_of(starts_at, _zone())


def _zone() -> ZoneInfo:
    return zones.zone(web.settings().site_zone)
