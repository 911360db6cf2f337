"""Moving future reservations when the law changes a zone: the wall clock stays, the instant moves.

A reservation means local times; its instants are their projection by the zone data of that day.
A few resources are one transaction, so that this can be interrupted and run again, and a conflict
on one resource leaves the others right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, insert, or_, select, update

from booking.core import clock, events, revisions, zones
from booking.core.database import end_reading, execute, savepoint, session, transactional
from booking.core.errors import RefusedError
from booking.core.events import EventKind
from booking.core.intervals import Interval
from booking.core.zones import NonexistentTimeError
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Owner
from booking.occupancy.models import Hold
from booking.policies.facts import Place
from booking.reservations import queries, service
from booking.reservations.claims import (
    Had,
    bump_places,
    claims_held,
    claims_of,
    had_by_each,
    resource_ids_of,
)
from booking.reservations.models import (
    LIVE,
    Amendment,
    Approval,
    Asking,
    Reservation,
    ReservationResource,
)
from booking.reservations.queries import Details, Waiting

# What ended by the old rule may still lie ahead by the new one; no law moves a zone any further.
LONGEST_SHIFT = timedelta(hours=26)
# Reservations in one transaction: what each transaction costs is shared, and nobody waits long.
ENOUGH = 200


class Cause(StrEnum):
    """Why a reservation cannot follow its wall clock."""

    TAKEN = "the place is taken then"
    NONEXISTENT = "the clocks jump over this time"


@dataclass(frozen=True)
class Conflict:
    """A reservation that stays where it was, and all others of its resource with it."""

    resource_code: str
    reference: str
    local_start: datetime
    cause: Cause


@dataclass(frozen=True)
class Report:
    """What was done, or in a dry run would have been."""

    moved: int = 0
    stamped: int = 0  # looked at by the new rule, at the same instant
    conflicts: tuple[Conflict, ...] = ()

    def plus(self, other: Report) -> Report:
        """Both together."""
        return Report(
            self.moved + other.moved,
            self.stamped + other.stamped,
            self.conflicts + other.conflicts,
        )


class _LeftAsItWasError(Exception):
    """Rolls a resource back; carries what would have happened to it."""

    def __init__(self, report: Report) -> None:
        super().__init__("rolled back on purpose")
        self.report = report


@dataclass(frozen=True)
class _Shift:
    """A reservation, and its change if one waits, with the instants that they shall have."""

    details: Details
    interval: Interval
    wanted: Interval | None

    @property
    def moves(self) -> bool:
        """Whether any instant changes."""
        waiting = self.details.amendment
        return self.interval != self.details.interval or (
            waiting is not None and self.wanted != waiting.interval
        )


def is_needed() -> bool:
    """Whether something was projected by other zone data than today's; one cheap statement."""
    found = session().scalar(select(exists(select(Reservation.id).where(_is_stale()))))
    return bool(found)


def reproject(*, dry_run: bool = False) -> Report:
    """Bring every future reservation to the instants of its local times by the zone data in use.

    Those that move are told to their holders once. Where one cannot be moved, its resource is left
    as it was and the conflict reported; nothing is ever moved over somebody else.
    """
    report = Report()
    for sets in _batches(_to_move_together()):
        done = _reproject(list(chain(*sets)), dry_run=dry_run)
        if done.conflicts and len(sets) > 1:
            for one in sets:
                report = report.plus(_reproject(one, dry_run=dry_run))
        else:
            report = report.plus(done)
    end_reading()
    return report


def _batches(sets: Sequence[list[int]]) -> Iterator[list[list[int]]]:
    """Small sets as one, for as long as nothing stands against any of them."""
    batch: list[list[int]] = []
    for one in sets:
        batch.append(one)
        if sum(map(len, batch)) >= ENOUGH:
            yield batch
            batch = []
    if batch:
        yield batch


def _reproject(reservation_ids: Sequence[int], *, dry_run: bool) -> Report:
    end_reading()
    try:
        return _reproject_together(reservation_ids, dry_run=dry_run)
    except _LeftAsItWasError as left:
        return left.report


def _to_move_together() -> list[list[int]]:
    """The stale reservations: those of one resource together, and with them those of the resources
    that some of them take besides. What is booked from now on is not stale."""
    rows = session().execute(
        select(ReservationResource.reservation_id, ReservationResource.resource_id)
        .join(Reservation, Reservation.id == ReservationResource.reservation_id)
        .where(_is_stale())
    )
    taken_by: dict[int, set[int]] = {}
    for reservation_id, resource_id in rows:
        taken_by.setdefault(reservation_id, set()).add(resource_id)
    sets: dict[int, set[int]] = {}  # by each of its resources
    for resource_ids in taken_by.values():
        together = resource_ids.union(*(sets.get(one, ()) for one in resource_ids))
        sets.update(dict.fromkeys(together, together))
    found: dict[int, list[int]] = {}  # by the first resource of the set
    for reservation_id, resource_ids in taken_by.items():
        found.setdefault(min(sets[min(resource_ids)]), []).append(reservation_id)
    return [found[first] for first in sorted(found)]


def _is_stale() -> ColumnElement[bool]:
    """Live, not over, and projected by other zone data."""
    return and_(
        Reservation.state.in_(LIVE),
        Reservation.ends_at > clock.now() - LONGEST_SHIFT,
        _is_projected_otherwise(),
    )


def _is_projected_otherwise() -> ColumnElement[bool]:
    """Itself, or the change of it that waits."""
    version = zones.version()
    stale_change = exists().where(
        Amendment.reservation_id == Reservation.id,
        Amendment.state == Asking.WAITING,
        Amendment.tzdata != version,
    )
    return or_(Reservation.tzdata != version, stale_change)


@transactional
def _reproject_together(reservation_ids: Sequence[int], *, dry_run: bool) -> Report:
    """All reservations of some resources: their claims are given back together and taken anew, so
    that they do not stand in each other's way."""
    found = _still_stale(reservation_ids)
    shifts, impossible = _shifts(found)
    moving = [shift for shift in shifts if shift.moves]
    conflicts = [*impossible, *_move_claims(moving)]
    report = Report(len(moving), len(shifts) - len(moving), tuple(conflicts))
    if conflicts:
        raise _LeftAsItWasError(Report(conflicts=tuple(conflicts)))
    _write(moving)
    _stamp(shifts)
    if dry_run:
        raise _LeftAsItWasError(report)
    return report


def _still_stale(reservation_ids: Sequence[int]) -> list[Details]:
    """Those of them that nobody has changed meanwhile, held against other writers."""
    ids = session().scalars(
        select(Reservation.id)
        # Not `_is_stale`: SQLite would read all that ends later by its index, for each resource.
        .where(Reservation.id.in_(reservation_ids), _is_projected_otherwise())
        .order_by(Reservation.id)
        .with_for_update()
    )
    found = queries.find(Reservation.id.in_(ids.all()))
    return [one for one in found if one.state in LIVE]


def _shifts(found: Sequence[Details]) -> tuple[list[_Shift], list[Conflict]]:
    """What each becomes; what is over by the new rule stays as history has it."""
    shifts, conflicts = [], []
    for details in found:
        waiting = details.amendment
        try:
            shift = _Shift(
                details,
                details.local.project(),
                None if waiting is None else waiting.local.project(),
            )
        except NonexistentTimeError:
            conflicts.append(_conflict(details, Cause.NONEXISTENT))
            continue
        if shift.interval.ends_at > clock.now():
            shifts.append(shift)
    return shifts, conflicts


def _conflict(details: Details, cause: Cause) -> Conflict:
    return Conflict(details.place.spot.code, details.reference, details.local.starts_at, cause)


# --- claims ---


def _move_claims(shifts: Sequence[_Shift]) -> list[Conflict]:
    """Give back every old claim first, then take the new ones: all at once, and only where that
    fails one after the other, in the order of time, to say which stand against it."""
    if not shifts:
        return []
    occupancy.lock_resources(resource_ids_of(place for one in shifts for place in _places(one)))
    holds = _holds(shifts)
    had = had_by_each({shift.details.id: shift.details.interval for shift in shifts})
    occupancy.release_each(
        reservation_ids=[shift.details.id for shift in shifts], hold_ids=list(holds.values())
    )
    has = {shift.details.id: had[shift.details.id].moved_to(shift.interval) for shift in shifts}
    try:
        with savepoint():
            _claim_together(shifts, has, holds)
    except RefusedError:
        return list(_claim_in_turn(shifts, has, holds))
    return []


def _claim_together(
    shifts: Sequence[_Shift], has: Mapping[int, Had], holds: Mapping[int, int]
) -> None:
    seated = occupancy.claim_each(
        [
            (Owner(reservation_id=details.id), claim)
            for shift in shifts
            if (details := shift.details).holds_place
            for claim in claims_of(details.places, shift.interval, has[details.id])
        ]
    )
    service.note_units(seated)
    for shift in shifts:
        waiting = shift.details.amendment
        if waiting is not None and waiting.holds_place:
            key = shift.details.id
            units = [one for one in seated if one.owner.reservation_id == key]
            _claim_held(shift, has[key].on(units), waiting, holds.get(waiting.id))


def _claim_in_turn(
    shifts: Sequence[_Shift], has: Mapping[int, Had], holds: Mapping[int, int]
) -> Iterator[Conflict]:
    for shift in sorted(shifts, key=lambda one: one.interval):
        try:
            _claim_together([shift], has, holds)
        except RefusedError:
            yield _conflict(shift.details, Cause.TAKEN)


def _places(shift: _Shift) -> list[Place]:
    waiting = shift.details.amendment
    return [*shift.details.places, *(waiting.places if waiting is not None else ())]


def _holds(shifts: Sequence[_Shift]) -> dict[int, int]:
    """The holds of the changes that wait, by the change."""
    changes = [shift.details.amendment.id for shift in shifts if shift.details.amendment]
    if not changes:
        return {}
    rows = session().execute(
        select(Hold.amendment_id, Hold.id).where(Hold.amendment_id.in_(changes))
    )
    return {row.amendment_id: row.id for row in rows}


def _claim_held(shift: _Shift, has: Had, waiting: Waiting, hold_id: int | None) -> None:
    """Hold what a change that waits adds by the new instants: nothing maybe, or something now."""
    assert shift.wanted is not None  # a change waits
    claims = claims_held(waiting.places, shift.wanted, has)
    if not claims:
        session().execute(delete(Hold).where(Hold.amendment_id == waiting.id))
        return
    if hold_id is None:
        values = {"amendment_id": waiting.id, "expires_at": _decide_by(waiting, shift.wanted)}
        hold_id = session().execute(insert(Hold).values(values).returning(Hold.id)).scalar_one()
    occupancy.claim(Owner(hold_id=hold_id), claims)


# --- rows ---


def _write(shifts: Sequence[_Shift]) -> None:
    """The new instants, new versions, and what goes with every act."""
    if not shifts:
        return
    execute(_MOVE, [_values_of(shift) for shift in shifts])
    asked = []
    for shift in shifts:
        details = shift.details
        if details.amendment is not None:
            _write_change(shift, details.amendment)
        elif details.decide_by is not None:
            asked.append({"of_id": details.id, "new_version": details.version + 1})
        _bump(shift)
    if asked:
        execute(_ASK_ABOUT, asked)
    journal.write_changes(
        None,
        "reprojected",
        subject_kind="reservation",
        changes=[
            (
                shift.details.public_id,
                _instants(shift.details.tzdata, shift.details.interval),
                _instants(zones.version(), shift.interval),
            )
            for shift in shifts
        ],
    )
    events.record_each(
        (
            EventKind.CHANGED,
            shift.details.public_id,
            {"version": shift.details.version + 1, "actor_id": None, "reason": None},
        )
        for shift in shifts
        if shift.interval != shift.details.interval
    )


_reservations = Reservation.__table__
_MOVE = (
    update(_reservations)
    .where(_reservations.c.id == bindparam("of_id"))
    .values(
        starts_at=bindparam("new_start"),
        ends_at=bindparam("new_end"),
        sequence=_reservations.c.sequence + bindparam("moved"),
        version=_reservations.c.version + 1,
        decide_by=bindparam("deadline"),
        changed_at=bindparam("at"),
    )
)

# Who decides is asked about the version that there is now: nothing they knew has changed.
_approvals = Approval.__table__
_ASK_ABOUT = (
    update(_approvals)
    .where(_approvals.c.reservation_id == bindparam("of_id"), _approvals.c.state == Asking.WAITING)
    .values(version=bindparam("new_version"))
)


def _values_of(shift: _Shift) -> dict[str, object]:
    details, interval = shift.details, shift.interval
    return {
        "of_id": details.id,
        "new_start": interval.starts_at,
        "new_end": interval.ends_at,
        "moved": int(interval != details.interval),
        "deadline": _deadline(details.decide_by, details.interval, interval),
        "at": clock.now(),
    }


def _write_change(shift: _Shift, waiting: Waiting) -> None:
    assert shift.wanted is not None  # a change waits
    session().execute(
        update(Amendment)
        .where(Amendment.id == waiting.id)
        .values(
            starts_at=shift.wanted.starts_at,
            ends_at=shift.wanted.ends_at,
            decide_by=_decide_by(waiting, shift.wanted),
        )
    )


def _deadline(decide_by: datetime | None, old: Interval, new: Interval) -> datetime | None:
    """A deadline that was the start stays the start; any other stays, but not after it."""
    if decide_by is None:
        return None
    return new.starts_at if decide_by == old.starts_at else min(decide_by, new.starts_at)


def _decide_by(waiting: Waiting, wanted: Interval) -> datetime:
    if waiting.decide_by > waiting.interval.starts_at:  # a longer stay, granted until its old end
        return waiting.decide_by + (wanted.starts_at - waiting.interval.starts_at)
    return _deadline(waiting.decide_by, waiting.interval, wanted) or wanted.starts_at


def _instants(tzdata: str, interval: Interval) -> JsonFacts:
    return {
        "tzdata": tzdata,
        "utc_start": interval.starts_at.isoformat(),
        "utc_end": interval.ends_at.isoformat(),
    }


def _stamp(shifts: Sequence[_Shift]) -> None:
    """All of them are now as the zone data in use has them; that alone is no new version."""
    ids = [shift.details.id for shift in shifts]
    session().execute(
        update(Reservation).where(Reservation.id.in_(ids)).values(tzdata=zones.version())
    )
    session().execute(
        update(Amendment)
        .where(Amendment.reservation_id.in_(ids), Amendment.state == Asking.WAITING)
        .values(tzdata=zones.version())
    )


def _bump(shift: _Shift) -> None:
    details, places = shift.details, _places(shift)
    bump_places(places)
    revisions.bump(revisions.Scope.PERSON, (details.person_id, details.booked_by_id))
    revisions.bump(revisions.Scope.ORGANISATION, (details.organisation_id,))
