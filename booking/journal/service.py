"""Writing the journal: a line is part of the act's own transaction, and what can be taken away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import JSON, ColumnElement, Text, cast, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import InstrumentedAttribute

from booking.core import clock
from booking.core.database import engine_name, execute
from booking.core.permissions import Actor
from booking.journal.models import OLDEST_THAT_MUST_STAY, WORDS, JournalLine, JsonFacts

_INSERT = insert(JournalLine.__table__)


def write(
    actor: Actor | None,
    act: str,
    *,
    subject_kind: str,
    subject_id: str,
    before: JsonFacts | None = None,
    after: JsonFacts | None = None,
    instead_of: int | None = None,
) -> None:
    """Add one line; `actor` None means the house did it (expiry, reprojection, set-up).

    Only what differs is kept of `before` and `after` when both are given. `instead_of` is the key
    of the person in whose place a deputy acted.
    """
    if before is not None and after is not None:
        before, after = _differences(before, after)
    if instead_of is not None:
        after = {**(after or {}), "instead_of": instead_of}
    execute(
        _INSERT,
        {**_line(actor, act, subject_kind, subject_id), "before": before, "after": after},
    )


def write_each(
    actor: Actor | None,
    act: str,
    *,
    subject_kind: str,
    afters: Iterable[tuple[str, JsonFacts | None]],
) -> None:
    """The same act on many subjects: a line for each pair of a subject's id and its values."""
    rows = [
        {**_line(actor, act, subject_kind, subject_id), "before": None, "after": after}
        for subject_id, after in afters
    ]
    if rows:
        execute(_INSERT, rows)


def write_lines(
    actor: Actor | None, lines: Iterable[tuple[str, str, str, JsonFacts | None]]
) -> None:
    """Several acts at once: act, kind and id of the subject, and its values after it."""
    rows = [
        {**_line(actor, act, subject_kind, subject_id), "before": None, "after": after}
        for act, subject_kind, subject_id, after in lines
    ]
    if rows:
        execute(_INSERT, rows)


def write_changes(
    actor: Actor | None,
    act: str,
    *,
    subject_kind: str,
    changes: Iterable[tuple[str, JsonFacts, JsonFacts]],
) -> None:
    """The same change of many subjects: a line for each id with what differs of its values."""
    rows = []
    for subject_id, was, is_now in changes:
        before, after = _differences(was, is_now)
        line = _line(actor, act, subject_kind, subject_id)
        rows.append({**line, "before": before, "after": after})
    if rows:
        execute(_INSERT, rows)


def _differences(before: JsonFacts, after: JsonFacts) -> tuple[JsonFacts, JsonFacts]:
    changed = {key for key in after if before.get(key) != after[key]}
    return (
        {key: value for key, value in before.items() if key in changed},
        {key: value for key, value in after.items() if key in changed},
    )


def forget_words(which: ColumnElement[bool]) -> int:
    """Take out of these lines what people typed and what names them; how many lines lost some.

    What was done, by whom, when and to what stays. Part of the caller's transaction.
    """
    lines = update(JournalLine).where(which, _has_words())
    values = {column: _without_words(column) for column in (JournalLine.before, JournalLine.after)}
    return execute(lines.values(values)).rowcount


def forget_lines(older_than: datetime, limit: int) -> int:
    """Delete the oldest lines, so many at most; how many. Part of the caller's transaction.

    The database refuses to lose a line of the last year.
    """
    before = min(older_than, clock.now() - OLDEST_THAT_MUST_STAY)
    oldest = (
        select(JournalLine.id).where(JournalLine.at < before).order_by(JournalLine.at).limit(limit)
    )
    return execute(delete(JournalLine).where(JournalLine.id.in_(oldest))).rowcount


def _without_words(column: InstrumentedAttribute[JsonFacts | None]) -> ColumnElement[object]:
    if engine_name() == "sqlite":
        return func.json_remove(column, *(f"$.{word}" for word in WORDS))
    return cast(cast(column, JSONB).op("-")(cast(list(WORDS), ARRAY(Text))), JSON)


def _has_words() -> ColumnElement[bool]:
    """Whether one of them stands in the line: one that has none must not be written again."""
    columns = (JournalLine.before, JournalLine.after)
    return or_(*(column[word].as_string().is_not(None) for column in columns for word in WORDS))


def _line(actor: Actor | None, act: str, subject_kind: str, subject_id: str) -> dict[str, object]:
    return {
        "at": clock.now(),
        "actor_id": None if actor is None else actor.person_id,
        "act": act,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
    }
