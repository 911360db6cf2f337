"""Questions about claims: what is in the way, what is busy, what is free."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    ScalarSelect,
    Select,
    and_,
    func,
    or_,
    select,
    union_all,
)

from booking.core.database import engine_name, session
from booking.core.instants import Interval
from booking.core.refusals import Cause
from booking.occupancy.models import IS_LONG, LONG, ClaimKind, Closure, Hold, occupancy
from booking.spaces.models import Resource, ResourcePart

Resources: TypeAlias = Collection[int] | Select[int]


@dataclass(frozen=True)
class Busy:
    """One claim as it stands in the table."""

    resource_id: int
    unit: int
    interval: Interval
    kind: ClaimKind
    reservation_id: int | None = None
    closure_id: int | None = None
    hold_id: int | None = None


def claim_in_the_way(resource_id: int, interval: Interval, unit: int = 1) -> Busy | None:
    """The claim that overlaps this interval, if any.

    Claims of one unit never overlap, so the last one that starts before the wanted end is the
    only one to look at: one index descent however long the history.
    """
    row = (
        session()
        .execute(
            select(occupancy)
            .where(
                occupancy.c.resource_id == resource_id,
                occupancy.c.unit == unit,
                occupancy.c.starts_at < interval.ends_at,
            )
            .order_by(occupancy.c.starts_at.desc())
            .limit(1)
        )
        .first()
    )
    if row is None or row.ends_at <= interval.starts_at:
        return None
    return _busy(row)


def is_free(interval: Interval) -> ColumnElement[bool]:
    """The same question as a condition on `Resource`, for searches among many; of a pool, whether
    any of its units is free.

    What is taken is read once for all of them: claims that begin inside the interval or within a
    day before it, and the few long ones, each by an index (docs/decisions/0022).
    """
    first_is_taken = union_all(
        *(claims.where(occupancy.c.unit == 1) for claims in _reaching_into(interval))
    )
    return and_(
        or_(
            Resource.id.not_in(first_is_taken),
            and_(Resource.units > 1, Resource.id.not_in(_full_pools(interval))),
        ),
        _has_its_parts(interval),
    )


def _reaching_into(interval: Interval) -> tuple[Select[int], Select[int]]:
    """The resources of all claims that overlap an interval: of those that begin lately, and of
    those that began more than a day before it."""
    reaches_in, a_day_before = occupancy.c.ends_at > interval.starts_at, interval.starts_at - LONG
    lately = select(occupancy.c.resource_id).where(
        reaches_in,
        occupancy.c.starts_at < interval.ends_at,
        occupancy.c.starts_at >= a_day_before,
    )
    long_ago = select(occupancy.c.resource_id).where(
        reaches_in, occupancy.c.starts_at < a_day_before, IS_LONG[engine_name()]
    )
    return lately, long_ago


def _full_pools(interval: Interval) -> Select[int]:
    """The pools of which every unit is taken for some of the interval."""
    pool = Resource.__table__.alias("pool")
    taken = union_all(
        *(
            claims.add_columns(occupancy.c.unit)
            .join(pool, pool.c.id == occupancy.c.resource_id)
            .where(pool.c.units > 1)
            for claims in _reaching_into(interval)
        )
    ).subquery("taken")
    units = select(pool.c.units).where(pool.c.id == taken.c.resource_id).scalar_subquery()
    return (
        select(taken.c.resource_id)
        .group_by(taken.c.resource_id)
        .having(func.count(taken.c.unit.distinct()) >= units)
    )


def _has_its_parts(interval: Interval) -> ColumnElement[bool]:
    """The condition on `Resource` that none of its parts is taken: one descent of the index for
    each part that there is anywhere, and most parks have few."""
    last_end = (
        select(occupancy.c.ends_at)
        .where(
            occupancy.c.resource_id == ResourcePart.part_id,
            occupancy.c.unit == 1,
            occupancy.c.starts_at < interval.ends_at,
        )
        .order_by(occupancy.c.starts_at.desc())
        .limit(1)
        .correlate(ResourcePart)
        .scalar_subquery()
    )
    return Resource.id.not_in(select(ResourcePart.resource_id).where(last_end > interval.starts_at))


def last_end(interval: Interval) -> ScalarSelect[datetime]:
    """When a `Resource` is free again whose last claim before the end of this interval is in the
    way; null where there is no claim at all. Of a pool its first unit, which is taken first."""
    return (
        select(occupancy.c.ends_at)
        .where(
            occupancy.c.resource_id == Resource.id,
            occupancy.c.unit == 1,
            occupancy.c.starts_at < interval.ends_at,
        )
        .order_by(occupancy.c.starts_at.desc())
        .limit(1)
        .correlate(Resource)
        .scalar_subquery()
    )


def busy_times(
    resource_ids: Collection[int], window: Interval, units: Iterable[int] = (1,)
) -> list[Busy]:
    """Every claim of these resources that overlaps the window, by resource and start."""
    if not resource_ids:
        return []
    rows = session().execute(claims_within(resource_ids, window, units))
    return sorted(
        (_busy(row) for row in rows),
        key=lambda busy: (busy.resource_id, busy.interval, busy.unit),
    )


def claims_within(
    resource_ids: Resources, window: Interval, units: Iterable[int] = (1,)
) -> CompoundSelect[*tuple[Any, ...]]:  # Any: every column of the table
    """The statement behind `busy_times`, for pages that join what owns the claims.

    What starts inside the window is an index range; what reaches in is the last claim before it,
    one descent a resource; of several units, what began within a day before it, and the few long
    ones. So none of it reads the history.
    """
    wanted = list(units)
    starting_inside = select(occupancy).where(
        occupancy.c.resource_id.in_(resource_ids),
        occupancy.c.unit.in_(wanted),
        occupancy.c.starts_at >= window.starts_at,
        occupancy.c.starts_at < window.ends_at,
    )
    if wanted == [1]:
        return union_all(starting_inside, _reaching_in(resource_ids, window.starts_at))
    a_day_before = window.starts_at - LONG
    reaching_in = select(occupancy).where(
        occupancy.c.resource_id.in_(resource_ids),
        occupancy.c.unit.in_(wanted),
        occupancy.c.starts_at < window.starts_at,
        occupancy.c.ends_at > window.starts_at,
    )
    return union_all(
        starting_inside,
        reaching_in.where(occupancy.c.starts_at >= a_day_before),
        reaching_in.where(occupancy.c.starts_at < a_day_before, IS_LONG[engine_name()]),
    )


def ahead_of(resource_id: int, now: datetime) -> list[Busy]:
    """The claims of a resource that are not over."""
    conditions = (occupancy.c.resource_id == resource_id, occupancy.c.ends_at > now)
    rows = session().execute(select(occupancy).where(*conditions).order_by(occupancy.c.starts_at))
    return [_busy(row) for row in rows]


def owned_by(reservation_ids: Iterable[int]) -> list[Busy]:
    """The claims of these reservations."""
    statement = select(occupancy).where(occupancy.c.reservation_id.in_(list(reservation_ids)))
    return [_busy(row) for row in session().execute(statement)]


def owned_with_hold(reservation_id: int, amendment_id: int) -> list[Busy]:
    """The claims of a reservation, and what is held for a change of it."""
    held = select(Hold.id).where(Hold.amendment_id == amendment_id).scalar_subquery()
    statement = select(occupancy).where(
        or_(occupancy.c.reservation_id == reservation_id, occupancy.c.hold_id == held)
    )
    return [_busy(row) for row in session().execute(statement)]


def closure_names(closure_id: int | None) -> dict[str, str] | None:
    """What a closure is called, by language; None where it is none."""
    if closure_id is None:
        return None
    return session().scalar(select(Closure.names).where(Closure.id == closure_id))


def cause_of(busy: Busy) -> Cause:
    """What has taken the time; of a hold, for whom it is kept."""
    if busy.hold_id is None:
        return Cause(busy.kind.value)
    its = select(Hold.offer_id, Hold.replacement_id).where(Hold.id == busy.hold_id)
    row = session().execute(its).first()
    if row is not None and row.offer_id is not None:
        return Cause.OFFER
    if row is not None and row.replacement_id is not None:
        return Cause.REPLACEMENT
    return Cause(busy.kind.value)


def _reaching_in(
    resource_ids: Resources, starts_at: datetime
) -> Select[*tuple[Any, ...]]:  # Any: as above
    earlier = occupancy.alias("earlier")
    last_start = (
        select(func.max(earlier.c.starts_at))
        .where(
            earlier.c.resource_id == Resource.id,
            earlier.c.unit == 1,
            earlier.c.starts_at < starts_at,
        )
        .correlate(Resource)
        .scalar_subquery()
    )
    return (
        select(occupancy)
        .join(
            Resource,
            (occupancy.c.resource_id == Resource.id)
            & (occupancy.c.unit == 1)
            & (occupancy.c.starts_at == last_start),
        )
        .where(Resource.id.in_(resource_ids), occupancy.c.ends_at > starts_at)
    )


def _busy(row: Row[tuple[object, ...]]) -> Busy:
    return Busy(
        resource_id=row.resource_id,
        unit=row.unit,
        interval=Interval(row.starts_at, row.ends_at),
        kind=ClaimKind(row.kind),
        reservation_id=row.reservation_id,
        closure_id=row.closure_id,
        hold_id=row.hold_id,
    )
