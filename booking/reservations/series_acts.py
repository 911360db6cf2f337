"""What acts on several dates of a series share: which dates they are, held against others, and
that whoever is concerned is told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from booking.core import clock, events
from booking.core.database import execute, session
from booking.core.errors import NotFoundError
from booking.core.events import EventKind
from booking.core.intervals import LocalInterval
from booking.core.permissions import Actor
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.reservations import queries
from booking.reservations.models import Reservation, Series, SeriesAct, SeriesNews
from booking.reservations.queries import Details

_INSERT_NEWS = insert(SeriesNews.__table__)


@dataclass(frozen=True)
class Dates:
    """A series with its reservations that an act can concern: from one on, or all."""

    series: Series
    reservations: tuple[Details, ...]

    @property
    def ahead(self) -> list[Details]:
        """Those that stand and are not over."""
        now = clock.now()
        return [one for one in self.reservations if one.is_live and one.interval.ends_at > now]


@dataclass(frozen=True)
class Done:
    """One date of an act: what was done, and when it was before, where it has another time."""

    reservation_id: int
    act: SeriesAct
    was: LocalInterval | None = None


def dates(actor: Actor, public_id: str, since: str | None) -> Dates:
    """Those of a series that the actor may see, from the date on whose reservation is named.

    Raises NotFoundError where there is none, or where the named one is no date of it.
    """
    series, found = queries.series(actor, public_id)
    if since is None:
        return Dates(series, tuple(found))
    positions = [number for number, one in enumerate(found) if one.public_id == since]
    if not positions:
        raise NotFoundError
    return Dates(series, tuple(found[positions[0] :]))


def held(actor: Actor, public_id: str, since: str | None) -> Dates:
    """The same, the series and all its reservations held against other writers until the commit."""
    statement = select(Series.id).where(Series.public_id == public_id).with_for_update()
    series_id = session().scalar(statement)
    if series_id is None:
        raise NotFoundError
    session().execute(
        select(Reservation.id)
        .where(Reservation.series_id == series_id)
        .order_by(Reservation.id)
        .with_for_update()
    )
    return dates(actor, public_id, since)


def tell(actor: Actor, series: Series, act: str, after: JsonFacts, done: Iterable[Done]) -> None:
    """Journal the act on the series, and let everybody concerned hear of these dates at once."""
    journal.write(actor, act, subject_kind="series", subject_id=series.public_id, after=after)
    last = select(func.max(SeriesNews.version)).where(SeriesNews.series_id == series.id)
    version = (session().scalar(last) or 1) + 1
    rows = [
        {
            "series_id": series.id,
            "version": version,
            "reservation_id": one.reservation_id,
            "act": one.act,
            "was_start": None if one.was is None else one.was.starts_at,
            "was_end": None if one.was is None else one.was.ends_at,
        }
        for one in done
    ]
    if not rows:
        return
    execute(_INSERT_NEWS, rows)
    events.record(
        EventKind.REPEATED,
        series.public_id,
        version=version,
        actor_id=actor.person_id,
        reason=None,
    )


def news_of(series_id: int, version: int) -> dict[int, SeriesNews]:
    """What one act did, by the keys of the reservations."""
    rows = session().scalars(
        select(SeriesNews).where(SeriesNews.series_id == series_id, SeriesNews.version == version)
    )
    return {one.reservation_id: one for one in rows}
