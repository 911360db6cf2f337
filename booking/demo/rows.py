"""The rows of every table that the acts of a ledger leave behind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Table

from booking.core import zones
from booking.core.events import Event, EventKind
from booking.core.revisions import Revision
from booking.demo.ledger import Aim, Asked, Entry, Ledger, Line, SeriesTold, Waits, Wanted
from booking.journal.models import JournalLine
from booking.occupancy.claims import Claim
from booking.occupancy.models import Hold, occupancy
from booking.reservations.models import (
    Amendment,
    AmendmentResource,
    Approval,
    Attendance,
    CheckInWay,
    Group,
    Question,
    Reservation,
    ReservationResource,
    Series,
    SeriesSkip,
)
from booking.waitlist.models import EntryState, WaitlistEntry, WaitlistPlace

Row = dict[str, object]

NEXT_TICK = timedelta(seconds=12)  # after an act, its event was handled


@dataclass
class Rows:
    """Rows by table, in an order in which they can be inserted."""

    by_table: dict[Table, list[Row]] = field(default_factory=dict)

    def add(self, table: object, rows: list[Row]) -> None:
        """More rows of a table, given itself or by its model."""
        found = table if isinstance(table, Table) else getattr(table, "__table__")  # noqa: B009
        if rows:
            self.by_table.setdefault(found, []).extend(rows)


def rows_of(ledger: Ledger, fresh: Collection[str] = ()) -> Rows:
    """Everything the acts wrote; of these reservations the worker has not told anybody yet."""
    entries = sorted(ledger.entries, key=lambda entry: entry.created_at)
    ids = {entry.public_id: number for number, entry in enumerate(entries, 1)}
    changes = _changes(entries)
    change_ids = {wanted.public_id: number for number, (_, wanted) in enumerate(changes, 1)}
    lines = sorted(ledger.lines, key=lambda line: line.at)
    rows = Rows()
    group_ids = {told.public_id: number for number, told in enumerate(ledger.groups, 1)}
    rows.add(
        Group,
        [{"id": number, "public_id": public_id} for public_id, number in group_ids.items()],
    )
    series_ids = {told.public_id: number for number, told in enumerate(ledger.series, 1)}
    rows.add(Series, [_series(series_ids[told.public_id], told) for told in ledger.series])
    rows.add(
        SeriesSkip,
        [
            {"series_id": series_ids[told.public_id], "local_start": start, "reason": reason}
            for told in ledger.series
            for start, reason in told.skips
        ],
    )
    rows.add(
        Reservation,
        [
            {
                **_reservation(ids[entry.public_id], entry, group_ids),
                "series_id": None if entry.series is None else series_ids[entry.series],
                "series_start": entry.series_start,
            }
            for entry in entries
        ],
    )
    rows.add(
        ReservationResource,
        [row for entry in entries for row in _places(ids[entry.public_id], entry)],
    )
    rows.add(Attendance, list(_attendance(entries, ids)))
    rows.add(Amendment, [_change(ids, change_ids, *change) for change in changes])
    rows.add(AmendmentResource, list(_wanted_places(changes, change_ids)))
    rows.add(Approval, list(_approvals(entries, ids, change_ids)))
    rows.add(Question, list(_questions(entries, ids)))
    rows.add(Hold, _holds(entries, change_ids))
    rows.add(occupancy, list(_claims(entries, ids, change_ids)))
    waiting = list(enumerate(ledger.waiting, 1))
    rows.add(WaitlistEntry, [_waits(key, one) for key, one in waiting])
    rows.add(
        WaitlistPlace,
        [
            {"entry_id": key, "resource_id": one.aim.place.resource_id, "rank": 0}
            for key, one in waiting
        ],
    )
    told = [
        *map(_series_line, ledger.series),
        *map(_waiting_line, ledger.waiting),
        *map(_line, lines),
    ]
    rows.add(JournalLine, sorted(told, key=lambda row: str(row["at"])))
    happened = (_events(lines, fresh), _group_events(ledger, fresh), _series_events(ledger, fresh))
    rows.add(Event, [row for one in happened for row in one])
    rows.add(
        Revision,
        [
            {
                "scope": scope,
                "scope_id": scope_id,
                "number": number,
                "changed_at": ledger.changed_at[scope, scope_id],
            }
            for (scope, scope_id), number in sorted(ledger.revisions.items())
        ],
    )
    return rows


def _changes(entries: list[Entry]) -> list[tuple[Entry, Wanted]]:
    found = [(entry, wanted) for entry in entries for wanted in entry.changes]
    return sorted(found, key=lambda change: change[1].at)


def _times(aim: Aim) -> Row:
    interval = aim.interval
    return {
        "local_start": aim.local.starts_at,
        "local_end": aim.local.ends_at,
        "tzdata": zones.version(),
        "starts_at": interval.starts_at,
        "ends_at": interval.ends_at,
    }


def _reservation(reservation_id: int, entry: Entry, group_ids: Mapping[str, int]) -> Row:
    return {
        "id": reservation_id,
        "public_id": entry.public_id,
        "reference": entry.reference,
        "person_id": entry.holder.person_id,
        "booked_by_id": entry.holder.booker_id,
        "organisation_id": entry.holder.organisation_id,
        "group_id": None if entry.group is None else group_ids[entry.group],
        "guest": entry.holder.guest,
        "title": entry.aim.title,
        "headcount": entry.aim.headcount,
        "layout": entry.aim.layout,
        "state": entry.state,
        "holds_place": entry.holds_place,
        "zone": entry.aim.local.zone_name,
        **_times(entry.aim),
        "sequence": entry.sequence,
        "version": entry.version,
        "decide_by": entry.decide_by,
        "closing_code": entry.closing_code,
        "closing_reason": entry.closing_reason,
        "created_at": entry.created_at,
        "changed_at": entry.changed_at,
    }


def _places(reservation_id: int, entry: Entry) -> list[Row]:
    return [
        {"reservation_id": reservation_id, "resource_id": place.resource_id, "unit": place.unit}
        for place in entry.aim.places
    ]


def _attendance(entries: list[Entry], ids: Mapping[str, int]) -> Iterator[Row]:
    for entry in entries:
        came = entry.came
        if came is not None or entry.released_at is not None:
            yield {
                "reservation_id": ids[entry.public_id],
                "checked_in_at": came and came.at,
                "checked_in_by_id": came and came.by,
                "way": came and CheckInWay.PAGE,
                "released_at": entry.released_at,
            }


def _wanted_places(
    changes: list[tuple[Entry, Wanted]], change_ids: dict[str, int]
) -> Iterator[Row]:
    for _entry, wanted in changes:
        for place in wanted.aim.places:
            yield {
                "amendment_id": change_ids[wanted.public_id],
                "resource_id": place.resource_id,
            }


def _change(ids: dict[str, int], change_ids: dict[str, int], entry: Entry, wanted: Wanted) -> Row:
    return {
        "id": change_ids[wanted.public_id],
        "public_id": wanted.public_id,
        "reservation_id": ids[entry.public_id],
        "asked_by_id": wanted.by,
        "state": wanted.state,
        **_times(wanted.aim),
        "title": wanted.aim.title,
        "headcount": wanted.aim.headcount,
        "layout": wanted.aim.layout,
        "holds_place": wanted.holds,
        "decide_by": wanted.decide_by,
        "created_at": wanted.at,
    }


def _approvals(
    entries: list[Entry], ids: dict[str, int], change_ids: dict[str, int]
) -> Iterator[Row]:
    asked = [(entry, one) for entry in entries for one in entry.asked]
    asked.sort(key=lambda pair: pair[1].at)
    for number, (entry, one) in enumerate(asked, 1):
        yield {"id": number, **_approval(ids[entry.public_id], change_ids, one)}


def _approval(reservation_id: int, change_ids: dict[str, int], asked: Asked) -> Row:
    return {
        "reservation_id": reservation_id,
        "amendment_id": change_ids[asked.about.public_id] if asked.about else None,
        "version": asked.version,
        "policy_id": asked.policy_id,
        "state": asked.state,
        "decided_by_id": asked.decided_by,
        "decided_at": asked.decided_at,
        "reason_code": asked.reason_code,
        "reason": asked.reason,
    }


def _questions(entries: list[Entry], ids: dict[str, int]) -> Iterator[Row]:
    asked = [(entry, one) for entry in entries for one in entry.exchanged]
    asked.sort(key=lambda pair: pair[1].at)
    for number, (entry, one) in enumerate(asked, 1):
        yield {
            "id": number,
            "reservation_id": ids[entry.public_id],
            "version": one.version,
            "asked_by_id": one.by,
            "asked_at": one.at,
            "text": one.text,
            "answered_by_id": one.answered_by,
            "answered_at": one.answered_at,
            "answer": one.answer,
        }


def _holds(entries: list[Entry], change_ids: dict[str, int]) -> list[Row]:
    # A change has at most one hold, so the hold can have the number of its change.
    return [
        {
            "id": change_ids[entry.waiting.public_id],
            "amendment_id": change_ids[entry.waiting.public_id],
            "expires_at": entry.waiting.held_until,
        }
        for entry in entries
        if entry.waiting is not None and entry.held
    ]


def _claims(entries: list[Entry], ids: dict[str, int], change_ids: dict[str, int]) -> Iterator[Row]:
    for entry in entries:
        for claim in entry.claims:
            yield _claim(claim, reservation_id=ids[entry.public_id])
        for claim in entry.held:
            assert entry.waiting is not None  # nothing is held for anything else
            yield _claim(claim, hold_id=change_ids[entry.waiting.public_id])


def _claim(claim: Claim, *, reservation_id: int | None = None, hold_id: int | None = None) -> Row:
    return {
        "resource_id": claim.resource_id,
        "unit": claim.unit,
        "starts_at": claim.interval.starts_at,
        "ends_at": claim.interval.ends_at,
        "kind": claim.kind.value,
        "reservation_id": reservation_id,
        "closure_id": None,
        "hold_id": hold_id,
    }


def _line(line: Line) -> Row:
    return {
        "at": line.at,
        "actor_id": line.actor_id,
        "act": line.act,
        "subject_kind": "reservation",
        "subject_id": line.entry.public_id,
        "before": line.before,
        "after": line.after,
    }


def _events(lines: list[Line], fresh: Collection[str]) -> Iterator[Row]:
    for line in lines:
        if line.event is not None:
            yield {
                "kind": line.event,
                "subject": line.entry.public_id,
                "facts": {
                    "version": line.version,
                    "actor_id": line.actor_id,
                    "reason": line.reason,
                    **({"by_group": True} if line.by_group else {}),
                    **({"by_series": True} if line.by_series else {}),
                },
                "created_at": line.at,
                "handled_at": None if line.entry.public_id in fresh else line.at + NEXT_TICK,
            }


def _group_events(ledger: Ledger, fresh: Collection[str]) -> Iterator[Row]:
    news = {entry.group for entry in ledger.entries if entry.public_id in fresh}
    for told in ledger.groups:
        yield {
            "kind": EventKind.GROUPED,
            "subject": told.public_id,
            "facts": {"version": told.version, "actor_id": told.actor_id, "reason": None},
            "created_at": told.at,
            "handled_at": None if told.public_id in news else told.at + NEXT_TICK,
        }


def _series(series_id: int, told: SeriesTold) -> Row:
    repeats, local = told.repetition, told.aim.local
    return {
        "id": series_id,
        "public_id": told.public_id,
        "every": repeats.every,
        "apart": repeats.interval,
        "weekdays": "".join(map(str, sorted(repeats.weekdays))),
        "monthly_by": repeats.monthly_by,
        "until": repeats.until,
        "count": repeats.count,
        "skips_closed": repeats.skips_closed,
        "zone": local.zone_name,
        "local_start": local.starts_at,
        "local_end": local.ends_at,
        "created_at": told.at,
    }


def _waits(key: int, waits: Waits) -> Row:
    aim = waits.aim
    return {
        "id": key,
        "public_id": waits.public_id,
        "person_id": waits.holder.person_id,
        "organisation_id": waits.holder.organisation_id,
        "resource_id": aim.place.resource_id,
        "any_like": False,
        "title": aim.title,
        "headcount": aim.headcount,
        "zone": aim.local.zone_name,
        **_times(aim),
        "waits_until": aim.interval.starts_at,
        "state": EntryState.WAITING,
        "created_at": waits.at,
    }


def _waiting_line(waits: Waits) -> Row:
    return {
        "at": waits.at,
        "actor_id": waits.holder.person_id,
        "act": "waited",
        "subject_kind": "waitlist",
        "subject_id": waits.public_id,
        "before": None,
        "after": waits.facts(),
    }


def _series_line(told: SeriesTold) -> Row:
    return {
        "at": told.at,
        "actor_id": told.actor_id,
        "act": "booked_series",
        "subject_kind": "series",
        "subject_id": told.public_id,
        "before": None,
        "after": told.facts(),
    }


def _series_events(ledger: Ledger, fresh: Collection[str]) -> Iterator[Row]:
    news = {entry.series for entry in ledger.entries if entry.public_id in fresh}
    for told in ledger.series:
        yield {
            "kind": EventKind.REPEATED,
            "subject": told.public_id,
            "facts": {"version": 1, "actor_id": told.actor_id, "reason": None},
            "created_at": told.at,
            "handled_at": None if told.public_id in news else told.at + NEXT_TICK,
        }
