"""The endpoint of the journal."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Blueprint, Response

from booking.audit import queries, texts
from booking.audit.queries import Entry, Place, Search
from booking.core import listing
from booking.core.permissions import Action
from booking.core.schema import Moment, PublicId, describes, instant, query, written
from booking.core.texts import plain
from booking.core.web import acts, current_actor

blueprint = Blueprint("journal_api", __name__, url_prefix="/api/v1")


class Asked(msgspec.Struct, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}):
    """The query of GET /journal; `subject` is a reference, a code, a name or an id."""

    since: Moment | None = None
    until: Moment | None = None
    actor: str = ""
    act: str = ""
    subject: str = ""
    limit: int | None = None
    cursor: str | None = None


class ActorShown(msgspec.Struct):
    """Who did it."""

    id: PublicId
    name: str


class SubjectShown(msgspec.Struct):
    """What it was done to; the name is empty where it has none."""

    kind: str
    id: str
    name: str


class LineShown(msgspec.Struct):
    """A line of the journal; without an actor the house did it."""

    id: int
    at: Moment
    actor: ActorShown | None
    act: str
    text: str
    subject: SubjectShown
    before: dict[str, Any]  # Any: the facts of each act are its own
    after: dict[str, Any]  # Any: as above


@blueprint.get("/journal")
@acts(Action.SEE_JOURNAL)
@describes(query=Asked, items=LineShown)
def index() -> Response:
    """Who did what when, the newest first; for operators and auditors."""
    asked = query(Asked)
    limit = listing.limit(asked.limit)
    found = queries.find(
        current_actor(), _search(asked), after=_place(asked.cursor), limit=limit + 1
    )
    following = None
    if len(found) > limit:
        at, line_id = found[limit - 1].place
        following = listing.to_cursor(int(at.timestamp()), line_id)
    return listing.answer(
        [msgspec.to_builtins(_shown(entry)) for entry in found[:limit]], following
    )


def _search(asked: Asked) -> Search:
    return Search(
        since=None if asked.since is None else instant("from", asked.since),
        until=None if asked.until is None else instant("to", asked.until),
        actor=plain(asked.actor),
        act=plain(asked.act),
        subject=plain(asked.subject),
    )


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    seconds, line_id = listing.from_cursor(cursor, int, int)
    return listing.instant_of(int(seconds)), int(line_id)


def _shown(entry: Entry) -> LineShown:
    actor = None
    if entry.actor_id is not None:
        actor = ActorShown(entry.actor_id, entry.actor_name or "")
    return LineShown(
        id=entry.id,
        at=written(entry.at),
        actor=actor,
        act=entry.act,
        text=texts.act(entry.act),
        subject=SubjectShown(entry.subject_kind, entry.subject_id, entry.subject_name),
        before=dict(entry.before),
        after=dict(entry.after),
    )
