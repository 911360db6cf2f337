"""The endpoints of one kind of thing that operators describe: list, one, add, change, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from flask import Blueprint, Response
from msgspec import UNSET, UnsetType

from booking.core import listing, schema, web
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor
from booking.core.schema import Nothing
from booking.core.web import acts, current_actor
from booking.spaces.drafts import Draft, Stored
from booking.spaces.inventory import Page

AnyDraft = TypeVar("AnyDraft", bound=Draft)
PREFIX = "/api/v1"


class ListQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of a list."""

    limit: int | None = None
    cursor: str | None = None


@dataclass(frozen=True)
class Collection(Generic[AnyDraft]):
    """How one kind of thing is read and written."""

    name: str  # of its endpoints and, with an s, of its addresses
    path: str
    draft: type[AnyDraft]
    listed: Callable[[Page], list[Stored[AnyDraft]]]
    stored: Callable[[int], Stored[AnyDraft]]
    add: Callable[[Actor, AnyDraft], int]
    change: Callable[[Actor, int, AnyDraft, str | None], None]
    remove: Callable[[Actor, int], None]


def register(blueprint: Blueprint, of: Collection[AnyDraft]) -> None:
    """Give the blueprint the endpoints of a collection."""
    shown, changes = shown_of(of.draft), changes_of(of.draft)

    @acts(Action.SEE_SPACES)
    @schema.describes(query=ListQuery, items=shown)
    def index() -> Response:
        asked = schema.query(ListQuery)
        count = listing.limit(asked.limit)
        after = 0
        if asked.cursor is not None:
            after = int(listing.from_cursor(asked.cursor, int)[0])
        found = of.listed((min(after, 2**31 - 1), count + 1))
        more = listing.to_cursor(found[count - 1].key) if len(found) > count else None
        return listing.answer([as_json(one) for one in found[:count]], more)

    @acts(Action.SEE_SPACES)
    @schema.describes(query=Nothing, answer=shown)
    def show(key: int) -> Response:
        schema.query(Nothing)
        return _one(of.stored(key))

    @acts(Action.OPERATE)
    @schema.describes(body=of.draft, answer=shown, status=201)
    def create() -> Response:
        actor, draft = current_actor(), schema.body(of.draft)
        answer = web.once(actor, lambda: Answer(201, str(of.add(actor, draft))))
        stored = of.stored(int(answer.location))
        location = f"{web.settings().public_url}{PREFIX}{of.path}/{stored.key}"
        response = web.answer_json(as_json(stored), answer.status, location)
        response.set_etag(stored.mark)
        return response

    @acts(Action.OPERATE)
    @schema.describes(body=changes, answer=shown)
    def update(key: int) -> Response:
        stored = of.stored(key)
        draft = with_changes(stored.draft, schema.body(changes))
        of.change(current_actor(), key, draft, listing.seen_mark())
        return _one(of.stored(key))

    @acts(Action.OPERATE)
    @schema.describes(status=204)
    def delete(key: int) -> Response:
        of.remove(current_actor(), key)
        return Response(status=204)

    one = f"{of.path}/<int:key>"
    for rule, name, method, view, words in (
        (of.path, f"{of.name}_index", "GET", index, "All of them, by their numbers."),
        (of.path, f"{of.name}_create", "POST", create, "Add one."),
        (one, f"{of.name}_show", "GET", show, "One of them."),
        (one, f"{of.name}_update", "PATCH", update, "Change what is named; the rest stays."),
        (one, f"{of.name}_delete", "DELETE", delete, "Delete it while nothing refers to it."),
    ):
        view.__doc__ = words
        blueprint.add_url_rule(rule, name, view, methods=[method])


def as_json(stored: Stored[Any]) -> dict[str, object]:  # Any: a draft of any kind
    """What is said about something, with the number under which it is listed."""
    return {"id": stored.key, **stored.draft.values}


def with_changes(draft: AnyDraft, changes: msgspec.Struct) -> AnyDraft:
    """The draft with the members that a PATCH named."""
    given = {
        name: value
        for name in draft.__struct_fields__
        if (value := getattr(changes, name)) is not UNSET
    }
    return msgspec.structs.replace(draft, **given)


def shown_of(draft: type[Draft]) -> type[msgspec.Struct]:
    """The shape of an answer: the draft with its number."""
    fields = [(field.name, field.type) for field in msgspec.structs.fields(draft)]
    name = draft.__name__.removesuffix("Draft")
    return msgspec.defstruct(f"{name}Described", [("id", int), *fields])


def changes_of(draft: type[Draft]) -> type[msgspec.Struct]:
    """The shape of a PATCH: any of the draft's members."""
    fields = [
        (field.name, field.type | UnsetType, UNSET) for field in msgspec.structs.fields(draft)
    ]
    name = draft.__name__.removesuffix("Draft")
    return msgspec.defstruct(f"{name}Change", fields, forbid_unknown_fields=True)


def _one(stored: Stored[Any]) -> Response:  # Any: a draft of any kind
    return listing.read(as_json(stored), stored.mark)
