"""Writing the journal: a line is part of the act's own transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert

from booking.core import clock
from booking.core.database import execute
from booking.core.permissions import Actor
from booking.journal.models import JournalLine, JsonFacts

_INSERT = insert(JournalLine.__table__)


def write(
    actor: Actor | None,
    act: str,
    *,
    subject_kind: str,
    subject_id: str,
    before: JsonFacts | None = None,
    after: JsonFacts | None = None,
) -> None:
    """Add one line; `actor` None means the house did it (expiry, reprojection, set-up).

    Only what differs is kept of `before` and `after` when both are given.
    """
    if before is not None and after is not None:
        changed = {key for key in after if before.get(key) != after[key]}
        before = {key: value for key, value in before.items() if key in changed}
        after = {key: value for key, value in after.items() if key in changed}
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


def _line(actor: Actor | None, act: str, subject_kind: str, subject_id: str) -> dict[str, object]:
    return {
        "at": clock.now(),
        "actor_id": None if actor is None else actor.person_id,
        "act": act,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
    }
