"""Taking and giving back claims: the only code that writes the claims table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from booking.core.database import engine_name, execute, savepoint, session
from booking.core.errors import RefusedError
from booking.core.intervals import Interval
from booking.core.refusals import Refusal
from booking.occupancy import queries
from booking.occupancy.models import ClaimKind, occupancy
from booking.spaces.models import Resource

_OVERLAP = ("occupancy_no_overlap", "occupancy_pkey")  # the constraints' names on PostgreSQL
_SQLITE_OVERLAP = (
    "occupancy_no_overlap",
    "UNIQUE constraint failed: occupancy.resource_id, occupancy.unit, occupancy.starts_at",
)

_INSERT = insert(occupancy)
_INSERT_ONE = {
    "sqlite": _INSERT.returning(occupancy.c.unit),
    "postgresql": postgresql.insert(occupancy).on_conflict_do_nothing().returning(occupancy.c.unit),
}


@dataclass(frozen=True)
class Claim:
    """A unit of a resource for an interval; code and zone are what a refusal tells of it."""

    resource_id: int
    interval: Interval
    code: str
    zone_name: str
    unit: int = 1
    kind: ClaimKind = ClaimKind.BOOKING


@dataclass(frozen=True)
class Owner:
    """Exactly one of the three; the claim goes when its owner lets go."""

    reservation_id: int | None = None
    closure_id: int | None = None
    hold_id: int | None = None


def claim(owner: Owner, claims: Sequence[Claim]) -> None:
    """Take all of them or none. Raises RefusedError(SLOT_TAKEN) naming what is in the way.

    It never looks first: the database accepts or refuses.
    """
    if len(claims) == 1:
        taken = not _claim_one(owner, claims[0])
    else:
        lock_resources(claim.resource_id for claim in claims)
        taken = not _insert_all([_row(owner, claim) for claim in claims])
    if taken:
        raise RefusedError(tuple(_refusals(claims)))


def claim_each(claims: Sequence[tuple[Owner, Claim]]) -> None:
    """Take one claim for each of several owners, all of them or none; refuses as `claim` does."""
    if not claims:
        return
    lock_resources(claim.resource_id for _owner, claim in claims)
    if not _insert_all([_row(owner, claim) for owner, claim in claims]):
        raise RefusedError(tuple(_refusals([claim for _owner, claim in claims])))


def release(owner: Owner) -> None:
    """Give back every claim of this owner."""
    column, value = _owner_column(owner)
    session().execute(delete(occupancy).where(column == value))


def move(owner: Owner, claims: Sequence[Claim]) -> None:
    """Give back what the owner has and take these instead; refused, the caller rolls back."""
    column, value = _owner_column(owner)
    had = session().scalars(select(occupancy.c.resource_id).where(column == value))
    lock_resources([*(claim.resource_id for claim in claims), *had])
    release(owner)
    claim(owner, claims)


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


def _claim_one(owner: Owner, claim: Claim) -> bool:
    """Needs no savepoint: PostgreSQL returns no row, SQLite takes back this one statement."""
    try:
        return execute(_INSERT_ONE[engine_name()], _row(owner, claim)).first() is not None
    except IntegrityError as error:
        if not _is_overlap(error):
            raise
        return False


def _insert_all(rows: list[dict[str, object]]) -> bool:
    try:
        with savepoint():
            execute(_INSERT, rows)
    except IntegrityError as error:
        if not _is_overlap(error):
            raise
        return False
    return True


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
    """Name what is in the way; where it is gone already, at least that it was taken."""
    found = [
        queries.slot_taken(claim.code, claim.zone_name, busy)
        for claim in claims
        if (busy := queries.claim_in_the_way(claim.resource_id, claim.interval, claim.unit))
    ]
    yield from found or [queries.slot_taken(claims[0].code, claims[0].zone_name, None)]


def _owner_column(owner: Owner) -> tuple[ColumnElement[int | None], int]:
    for column, value in (
        (occupancy.c.reservation_id, owner.reservation_id),
        (occupancy.c.closure_id, owner.closure_id),
        (occupancy.c.hold_id, owner.hold_id),
    ):
        if value is not None:
            return column, value
    raise ValueError("a claim has an owner")
