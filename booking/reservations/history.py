"""The history of a reservation: who did what when, before and after, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking.core.database import session
from booking.core.i18n import _, isolated
from booking.core.layout_texts import layout_in_words
from booking.core.refusals import LayoutKind
from booking.journal.models import JournalLine, JsonFacts
from booking.people.models import Person
from booking.reservations import texts
from booking.reservations.models import DeclineReason

_PERSONS = ("person_id", "booked_by_id")  # whose values are keys of persons


@dataclass(frozen=True)
class Difference:
    """One value before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One act, as the component `history` shows it."""

    icon: str
    text: str
    actor: str
    moment: str
    moment_iso: str
    reason: str
    changes: tuple[Difference, ...]
    overridden: str = ""  # the rules that were set aside


def of(public_id: str, zone_name: str) -> list[Entry]:
    """Everything that was done to a reservation, oldest first.

    Each act makes one version, so that the entries after the n-th are what came since version n.
    """
    rows = (
        session()
        .execute(
            select(
                JournalLine.act,
                JournalLine.at,
                JournalLine.before,
                JournalLine.after,
                Person.name,
            )
            .outerjoin(Person, Person.id == JournalLine.actor_id)
            .where(JournalLine.subject_kind == "reservation", JournalLine.subject_id == public_id)
            .order_by(JournalLine.id)
        )
        .all()
    )
    names = _names(facts or {} for row in rows for facts in (row.before, row.after))
    return [
        Entry(
            icon=texts.ICONS.get(act, "info"),
            text=texts.act(act),
            actor=_who(name, names.get(_instead_of(after or {}))),
            moment=texts.moment(at, zone_name),
            moment_iso=at.isoformat(),
            reason=_reason(after or {}),
            changes=_differences(before or {}, after or {}, names),
            overridden=_overridden(after or {}),
        )
        for act, at, before, after, name in rows
    ]


def _names(lines: Iterable[JsonFacts]) -> dict[int, str]:
    """The persons that the lines speak of, by key: most speak of none."""
    keys = (*_PERSONS, "instead_of")
    ids = {line[key] for line in lines for key in keys if isinstance(line.get(key), int)}
    if not ids:
        return {}
    return dict(session().execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all())


def _instead_of(after: JsonFacts) -> int:
    """The key of the person in whose place a deputy acted; 0 where nobody did."""
    found = after.get("instead_of")
    return found if isinstance(found, int) else 0


def _who(name: str | None, absent: str | None) -> str:
    if name is None:
        return _("The booking system")
    if absent is None:
        return name
    return _("%(deputy)s, for %(absent)s", deputy=isolated(name), absent=isolated(absent))


def _differences(
    before: JsonFacts, after: JsonFacts, names: Mapping[int, str]
) -> tuple[Difference, ...]:
    labels: Mapping[str, str] = {
        "resource": _("Space"),
        "starts_at": _("Start"),
        "ends_at": _("End"),
        "title": _("Purpose"),
        "headcount": _("Number of people"),
        "layout": _("Layout"),
        "person_id": _("Booked for"),
        "booked_by_id": _("Booked by"),
    }
    return tuple(
        Difference(label, _shown(key, before[key], names), _shown(key, after[key], names))
        for key, label in labels.items()
        if key in before and key in after
    )


def _shown(key: str, value: object, names: Mapping[int, str]) -> str:
    if key in _PERSONS and isinstance(value, int):
        return names.get(value, "")
    if key in ("starts_at", "ends_at") and isinstance(value, str):
        return texts.day_and_clock(datetime.fromisoformat(value))
    if key == "layout":
        return layout_in_words(LayoutKind(value) if isinstance(value, str) else None)
    return str(value) if value not in (None, "") else _("none")


def _overridden(after: JsonFacts) -> str:
    codes = after.get("overridden")
    return texts.overridden(codes) if isinstance(codes, str) else ""


def _reason(after: JsonFacts) -> str:
    code, text = after.get("reason_code"), after.get("reason")
    return texts.reason(
        DeclineReason(code) if isinstance(code, str) else None,
        text if isinstance(text, str) else None,
    )
