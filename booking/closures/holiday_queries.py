"""Reading public holidays: those of a site, what of them is closed, and which could be added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, select

from booking.closures import proposals, queries
from booking.closures.proposals import YEAR, Proposal
from booking.closures.rules import Wanted, whole_day
from booking.core.database import session
from booking.core.errors import NotFoundError
from booking.core.permissions import Action, Actor, require
from booking.occupancy.models import Closure, ClosureKind, ClosureResource
from booking.spaces import inventory, timetables
from booking.spaces.models import Holiday, HolidayState


@dataclass(frozen=True)
class Known:
    """A public holiday as lists show it; `closure` is what closes its day, if anything does yet."""

    id: int
    public_id: str
    day: date
    names: Mapping[str, str]
    state: HolidayState
    closure: str | None = None
    spaces: int = 0  # that are closed
    kept: int = 0  # reservations that stay


def known(first: date, last: date) -> list[Known]:
    """Those of these days, left out or not, by day."""
    counted = (
        select(func.count())
        .where(ClosureResource.closure_id == Closure.id)
        .correlate(Closure)
        .scalar_subquery()
    )
    rows = session().execute(
        select(Holiday, Closure.id, Closure.public_id, counted)
        .outerjoin(Closure, and_(Closure.holiday_id == Holiday.id, Closure.ended_at.is_(None)))
        .where(Holiday.day.between(first, last))
        .order_by(Holiday.day, Holiday.id)
        .execution_options(populate_existing=True)
    )
    found = rows.all()
    kept = queries.kept_by([closure_id for _row, closure_id, *_rest in found if closure_id])
    return [
        Known(
            id=row.id,
            public_id=row.public_id,
            day=row.day,
            names=row.names,
            state=row.state,
            closure=closure,
            spaces=spaces or 0,
            kept=kept.get(closure_id or 0, 0),
        )
        for row, closure_id, closure, spaces in found
    ]


def holiday(public_id: str) -> Known:
    """One of them; raises NotFoundError."""
    day = session().scalar(select(Holiday.day).where(Holiday.public_id == public_id))
    found = [] if day is None else known(day, day)
    for one in found:
        if one.public_id == public_id:
            return one
    raise NotFoundError


def missing(actor: Actor) -> list[Proposal]:
    """What the calendar of the country knows of the year ahead and nobody has taken over."""
    require(actor, Action.OPERATE)
    country, first = inventory.site().draft.country, timetables.today()
    rows = session().execute(
        select(Holiday.code, Holiday.proposed_for).where(Holiday.proposed_for >= first)
    )
    there = {(row.code, row.proposed_for) for row in rows}
    return [one for one in proposals.proposals(country, first) if (one.code, one.day) not in there]


def year_ahead() -> tuple[date, date]:
    """From today on."""
    first = timetables.today()
    return first, first + YEAR


def wanted_of(holiday_id: int, day: date, names: Mapping[str, str]) -> Wanted:
    """The closure of its day."""
    starts_at, ends_at = whole_day(day)
    return Wanted(ClosureKind.HOLIDAY, dict(names), starts_at, ends_at, holiday=holiday_id)
