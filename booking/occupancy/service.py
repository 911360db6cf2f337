"""Taking and giving back claims: the only code that writes the claims table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from booking.core import zones
from booking.core.database import OutpacedError, engine_name, execute, savepoint, session
from booking.core.errors import RefusedError
from booking.core.intervals import LocalInterval
from booking.core.refusals import Cause, Reason, Refusal, SlotTaken
from booking.occupancy import pools, queries
from booking.occupancy.claims import Claim, Owner
from booking.occupancy.models import ClaimKind, occupancy
from booking.occupancy.pools import Seated, Units
from booking.occupancy.queries import Busy
from booking.spaces import hours_read
from booking.spaces.models import Hours, Resource, ResourcePart

_OVERLAP = ("occupancy_no_overlap", "occupancy_pkey")  # the constraints' names on PostgreSQL
_SQLITE_OVERLAP = (
    "occupancy_no_overlap",
    "UNIQUE constraint failed: occupancy.resource_id, occupancy.unit, occupancy.starts_at",
)

_INSERT = insert(occupancy)
# On PostgreSQL the parts of what is booked, and how often its hours were changed, are read once
# more, in the statement that takes it: by then the resource is locked against whoever would add one
# or change them. On SQLite there is one writer.
_PARTS = (
    select(
        func.array_agg(postgresql.aggregate_order_by(ResourcePart.part_id, ResourcePart.part_id))
    )
    .where(ResourcePart.resource_id == literal_column("occupancy.resource_id"))
    .scalar_subquery()
)
_HOURS = (
    select(postgresql.array([Hours.id, Hours.changes]))
    .join(Resource, Resource.hours_id == Hours.id)
    .where(Resource.id == literal_column("occupancy.resource_id"))
    .scalar_subquery()
)
_READ_AGAIN = (occupancy.c.resource_id, _PARTS.label("parts"), _HOURS.label("hours"))
_INSERT_MANY = {  # returning makes it one statement
    "sqlite": _INSERT.returning(occupancy.c.resource_id),
    "postgresql": _INSERT.returning(*_READ_AGAIN),
}
_CHANGE_UNIT = (
    update(occupancy)
    .where(
        occupancy.c.resource_id == bindparam("of_resource"),
        occupancy.c.unit == bindparam("of_unit"),
        occupancy.c.starts_at == bindparam("of_start"),
    )
    .values(unit=bindparam("new_unit"))
)
_INSERT_ONE = {
    "sqlite": _INSERT.returning(occupancy.c.resource_id),
    "postgresql": postgresql.insert(occupancy).on_conflict_do_nothing().returning(*_READ_AGAIN),
}


def claim(owner: Owner, claims: Sequence[Claim]) -> Sequence[Seated]:
    """Take all of them or none; says which units of pools it has become. Raises
    RefusedError(SLOT_TAKEN) naming what is in the way.

    It never looks first, but for a free unit: the database accepts or refuses.
    """
    for one in claims:
        if one.units > 1:
            return _claim_units([(owner, claim) for claim in claims])
    if len(claims) == 1:
        taken = not _claim_one(owner, claims[0])
    else:
        lock_resources(claim.resource_id for claim in claims)
        taken = not _insert_all([(owner, claim) for claim in claims])
    if taken:
        raise RefusedError(tuple(_refusals(claims)))
    return ()


def claim_each(claims: Sequence[tuple[Owner, Claim]]) -> Sequence[Seated]:
    """Take claims for several owners, all of them or none; refuses as `claim` does."""
    if not claims:
        return ()
    if any(claim.units > 1 for _owner, claim in claims):
        return _claim_units(claims)
    lock_resources(claim.resource_id for _owner, claim in claims)
    if not _insert_all(claims):
        raise RefusedError(tuple(_refusals([claim for _owner, claim in claims])))
    return ()


def change_units(moves: Sequence[tuple[Busy, int]], *, resource_id: int) -> None:
    """Give claims of a pool, which is locked, other units that are free for them."""
    if moves:
        execute(
            _CHANGE_UNIT,
            [
                {
                    "of_resource": resource_id,
                    "of_unit": busy.unit,
                    "of_start": busy.interval.starts_at,
                    "new_unit": unit,
                }
                for busy, unit in moves
            ],
        )


def forget_units(resource_id: int, *, above: int, since: datetime) -> None:
    """Give back what closures have of units of a pool that there are no more."""
    session().execute(
        delete(occupancy).where(
            occupancy.c.resource_id == resource_id,
            occupancy.c.unit > above,
            occupancy.c.closure_id.is_not(None),
            occupancy.c.ends_at > since,
        )
    )


LOOKS = 3  # for a free unit of a pool, where somebody was faster who takes no lock


def _claim_units(claims: Sequence[tuple[Owner, Claim]]) -> Sequence[Seated]:
    """Look under the lock which units are free, and take them; the claim decides all the same."""
    lock_resources(claim.resource_id for _owner, claim in claims)
    _require_known_units([claim for _owner, claim in claims])
    for _look in range(LOOKS):
        try:
            placed, seated = pools.seat(claims)
        except pools.FullError as full:
            raise RefusedError((refused_pool(full.claims, full.units),)) from full
        if _insert_all(placed):
            return seated
        single = [claim for _owner, claim in claims if claim.units == 1]
        in_the_way = tuple(_in_the_way(single))
        if in_the_way:
            raise RefusedError(in_the_way)
    raise RefusedError((refused(claims[0][1], None),))


def release(owner: Owner) -> None:
    """Give back every claim of this owner."""
    column, value = _owner_column(owner)
    session().execute(delete(occupancy).where(column == value))


def release_at(owner: Owner, resource_ids: Collection[int]) -> None:
    """Give back what this owner has at these resources."""
    column, value = _owner_column(owner)
    of_these = occupancy.c.resource_id.in_(resource_ids)
    session().execute(delete(occupancy).where(column == value, of_these))


def release_each(*, reservation_ids: Collection[int] = (), hold_ids: Collection[int] = ()) -> None:
    """Give back every claim of these owners."""
    for column, keys in (
        (occupancy.c.reservation_id, reservation_ids),
        (occupancy.c.hold_id, hold_ids),
    ):
        if keys:
            session().execute(delete(occupancy).where(column.in_(keys)))


def move(owner: Owner, claims: Sequence[Claim], had: Iterable[int]) -> Sequence[Seated]:
    """Give back what the owner has, at these resources, and take the claims instead; refused, the
    caller rolls back."""
    lock_resources([*(claim.resource_id for claim in claims), *had])
    release(owner)
    return claim(owner, claims)


def cut(owner: Owner, at: datetime) -> None:
    """Give back what this owner has from a moment on."""
    column, value = _owner_column(owner)
    session().execute(delete(occupancy).where(column == value, occupancy.c.starts_at >= at))
    session().execute(
        update(occupancy).where(column == value, occupancy.c.ends_at > at).values(ends_at=at)
    )


def lock_resources(resource_ids: Iterable[int]) -> None:
    """Queue several claims behind each other, in one order: the exclusion constraint alone
    deadlocks. SQLite has one writer at a time anyway."""
    wanted = sorted(set(resource_ids))
    if engine_name() == "postgresql" and wanted:
        session().execute(
            select(Resource.id)
            .where(Resource.id.in_(wanted))
            .order_by(Resource.id)
            .with_for_update(key_share=True)
        )


_ANY_OF_THEM = 0x0A17  # the first number of the locks of `try_first`


def try_first(resource_id: int) -> bool:
    """Whether nobody else who takes any place that will do is just trying this one; until the end
    of the transaction, or of its savepoint, others pass it over. Nobody waits for this."""
    if engine_name() == "sqlite":
        return True  # one writer at a time
    lock = func.pg_try_advisory_xact_lock(_ANY_OF_THEM, resource_id)
    return bool(session().scalar(select(lock)))


def _claim_one(owner: Owner, claim: Claim) -> bool:
    """Needs no savepoint: PostgreSQL returns no row, SQLite takes back this one statement."""
    try:
        row = execute(_INSERT_ONE[engine_name()], _row(owner, claim)).first()
    except IntegrityError as error:
        if not _is_overlap(error):
            raise
        return False
    if row is None:
        return False
    _require_known([row], [claim])
    return True


def _insert_all(claims: Sequence[tuple[Owner, Claim]]) -> bool:
    try:
        with savepoint():
            written = [_row(owner, claim) for owner, claim in claims]
            rows = execute(_INSERT_MANY[engine_name()], written).all()
    except IntegrityError as error:
        if not _is_overlap(error):
            raise
        return False
    _require_known(rows, [claim for _owner, claim in claims])
    return True


def require_known_hours(resource_ids: Iterable[int]) -> None:
    """What a claim notices, for what claims nothing: begin again where the hours of one of these
    were changed since they were judged by. The caller's rows already refer to them."""
    if engine_name() == "postgresql":
        rows = session().execute(
            select(Hours.id, Hours.changes)
            .join(Resource, Resource.hours_id == Hours.id)
            .where(Resource.id.in_(list(resource_ids)))
        )
        hours_read.require_unchanged({row.id: row.changes for row in rows})


def _require_known_units(claims: Sequence[Claim]) -> None:
    """Begin again where a pool has another number of places by now than was read."""
    known = {claim.resource_id: claim.units for claim in claims if claim.units > 1}
    rows = session().execute(select(Resource.id, Resource.units).where(Resource.id.in_(known)))
    if any(known[resource_id] != units for resource_id, units in rows):
        raise OutpacedError


def _require_known(rows: Sequence[Row[*tuple[Any, ...]]], claims: Sequence[Claim]) -> None:
    """Begin again where a part was added to what is booked, or taken from it, since it was read, or
    where its hours were changed since they were judged by."""
    if engine_name() != "postgresql":
        return
    hours_read.require_unchanged(dict(row.hours for row in rows))
    known = {claim.resource_id: claim.parts for claim in claims if claim.parts is not None}
    for row in rows:
        parts = known.get(row.resource_id)
        if parts is not None and tuple(row.parts or ()) != parts:
            raise OutpacedError


def _is_overlap(error: IntegrityError) -> bool:
    """Only the guard's own refusals; any other integrity error is a bug and stays one."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return diagnosis.constraint_name in _OVERLAP
    return str(error.orig) in _SQLITE_OVERLAP


def _row(owner: Owner, claim: Claim) -> dict[str, object]:
    return {
        "resource_id": claim.resource_id,
        "unit": claim.unit,
        "starts_at": claim.interval.starts_at,
        "ends_at": claim.interval.ends_at,
        "kind": claim.kind.value,
        "reservation_id": owner.reservation_id,
        "closure_id": owner.closure_id,
        "hold_id": owner.hold_id,
    }


def _refusals(claims: Sequence[Claim]) -> Iterator[Refusal]:
    """Name what is in the way of each resource's first claim that cannot be had; where it is gone
    already, at least that it was taken."""
    found = list(_in_the_way(claims))
    yield from found or [refused(claims[0], None)]


def _in_the_way(claims: Sequence[Claim]) -> Iterator[Refusal]:
    found: dict[tuple[int, int], Refusal] = {}
    for claim in claims:
        if (claim.resource_id, claim.unit) not in found:
            busy = queries.claim_in_the_way(claim.resource_id, claim.interval, claim.unit)
            if busy is not None:
                found[claim.resource_id, claim.unit] = refused(claim, busy)
    yield from found.values()


def refused(claim: Claim, busy: Busy | None) -> Refusal:
    """The refusal that names the claim in the way, as much of it as everybody may know, and which
    of the wish's own claims it meets."""
    if busy is None:
        return Refusal(Reason.SLOT_TAKEN, SlotTaken(Cause.BOOKING, None), claim.code)
    zone = zones.zone(claim.zone_name)
    local = LocalInterval.of(busy.interval, zone)
    is_longer = claim.span is not None and claim.kind in (ClaimKind.SETUP, ClaimKind.CLEANUP)
    facts = SlotTaken(
        queries.cause_of(busy),
        local,
        Cause(claim.kind.value),
        LocalInterval.of(claim.span, zone) if claim.span is not None and is_longer else None,
        queries.closure_names(busy.closure_id),
    )
    return Refusal(Reason.SLOT_TAKEN, facts, claim.code)


def in_the_way(claims: Iterable[Claim], units: Units, but: int | None = None) -> list[Refusal]:
    """What is in the way of one owner's claims by what was read: of each resource the first, of a
    pool where none of its units has room. What reservation `but` has is no obstacle."""
    told: dict[str, Refusal] = {}
    for together in pools.by_resource(claims):
        first = together[0]
        if first.units > 1:
            if units.room_for(together, but) is None:
                told.setdefault(first.code, refused_pool(together, units, but))
            continue
        for claim in together:
            busy = units.in_the_way(claim, but)
            if busy is not None:
                told.setdefault(claim.code, refused(claim, busy))
    return list(told.values())


def refused_pool(claims: Sequence[Claim], units: Units, but: int | None = None) -> Refusal:
    """The refusal of a pool of which no unit has room: when all are taken, if there is such a time;
    where the house has closed them all, that. What reservation `but` has itself is no obstacle."""
    claim = claims[0]
    in_the_way = units.in_the_way_everywhere(claims, but)
    if all(one.kind is ClaimKind.CLOSURE for one in in_the_way):
        return refused(claim, in_the_way[0] if in_the_way else None)
    full = pools.full_times((one.interval for one in in_the_way), claim.units)
    local = LocalInterval.of(full[0], zones.zone(claim.zone_name)) if full else None
    return Refusal(
        Reason.SLOT_TAKEN, SlotTaken(Cause.BOOKING, local, places=claim.units), claim.code
    )


def _owner_column(owner: Owner) -> tuple[ColumnElement[int | None], int]:
    for column, value in (
        (occupancy.c.reservation_id, owner.reservation_id),
        (occupancy.c.closure_id, owner.closure_id),
        (occupancy.c.hold_id, owner.hold_id),
    ):
        if value is not None:
            return column, value
    raise ValueError("a claim has an owner")
