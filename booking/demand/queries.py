"""How much could not be had in a period, by reason, kind, band of people and hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from booking.core.database import session
from booking.core.permissions import Action, Actor, require
from booking.demand.models import UnmetDemand
from booking.demand.rules import Counter
from booking.spaces.models import Kind


@dataclass(frozen=True)
class Counted:
    """How often something was so."""

    what: Counter
    count: int


def between(actor: Actor, first: date, last: date) -> list[Counted]:
    """The counters of these days, both included, added up."""
    require(actor, Action.SEE_DEMAND)
    columns = (UnmetDemand.reason, UnmetDemand.kind, UnmetDemand.size, UnmetDemand.hour)
    rows = session().execute(
        select(*columns, func.sum(UnmetDemand.count).label("times"))
        .where(UnmetDemand.day.between(first, last))
        .group_by(*columns)
        .order_by(*columns)
    )
    return [_from(row) for row in rows]


def each_day(actor: Actor, first: date, last: date) -> Iterator[tuple[date, Counted]]:
    """The same day by day, for spreadsheets."""
    require(actor, Action.SEE_DEMAND)
    columns = (UnmetDemand.reason, UnmetDemand.kind, UnmetDemand.size, UnmetDemand.hour)
    rows = session().execute(
        select(UnmetDemand.day, *columns, func.sum(UnmetDemand.count).label("times"))
        .where(UnmetDemand.day.between(first, last))
        .group_by(UnmetDemand.day, *columns)
        .order_by(UnmetDemand.day, *columns)
    )
    for row in rows:
        yield row.day, _from(row)


def kinds() -> dict[str, dict[str, str]]:
    """The names of the kinds of spaces, by code."""
    return {row.code: row.names for row in session().execute(select(Kind.code, Kind.names))}


def _from(row: Any) -> Counted:  # Any: a row of either statement
    return Counted(Counter(row.reason, row.kind, row.size, row.hour), int(row.times))
