"""The endpoints of authorisations: the list, giving one, prolonging it, taking it back, one's
own."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec
from flask import Blueprint, Response

from booking.authorisations import queries, service
from booking.authorisations.queries import Given, Standing
from booking.core import listing, schema, web
from booking.core.idempotency import Answer
from booking.core.permissions import Action
from booking.core.schema import Nothing, PublicId, describes
from booking.core.web import acts, current_actor
from booking.people import terms

blueprint = Blueprint("authorisations_api", __name__, url_prefix="/api/v1")


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """Which of them: of people whose name holds `q`, in this state, of this policy."""

    q: str = ""
    state: Standing | None = None
    group: int | None = None
    limit: int | None = None
    cursor: str | None = None


class NewAuthorisation(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /authorisations: whose address, for the resources of which policy, up to
    and with which day."""

    email: str
    group: int
    valid_until: date
    note: str = ""


class Prolonged(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH: the new last day; a note that is not sent stays."""

    valid_until: date
    note: str | None = None


class PersonOf(msgspec.Struct):
    """Whose it is, or who gave it."""

    id: PublicId
    name: str


class AuthorisationShown(msgspec.Struct):
    """An authorisation; `group` is the policy whose resources may be used."""

    id: PublicId
    person: PersonOf
    group: int
    names: dict[str, str]
    given_by: PersonOf
    given_on: date
    valid_until: date
    state: Standing
    note: str


class OwnShown(msgspec.Struct):
    """All of one's own."""

    authorisations: list[AuthorisationShown]


@blueprint.get("/authorisations")
@acts(Action.AUTHORISE)
@describes(query=Wanted, items=AuthorisationShown)
def index() -> Response:
    """Who is authorised in the groups of your spaces; those that lapse first come first."""
    asked = schema.query(Wanted)
    limit = listing.limit(asked.limit)
    found = queries.given(
        current_actor(),
        text=asked.q,
        standing=asked.state,
        policy_id=None if asked.group is None else _key(asked.group),
        limit=limit + 1,
        after=_place(asked.cursor),
    )
    last = found[limit - 1] if len(found) > limit else None
    cursor = None if last is None else listing.to_cursor(last.valid_until.toordinal(), last.id)
    return listing.answer([_as_json(one) for one in found[:limit]], cursor)


@blueprint.get("/me/authorisations")
@acts(Action.MANAGE_OWN_ACCOUNT)
@describes(query=Nothing, answer=OwnShown)
def mine() -> Response:
    """What you are authorised for, and until when."""
    schema.query(Nothing)
    return listing.read({"authorisations": [_as_json(one) for one in queries.own(current_actor())]})


@blueprint.post("/authorisations")
@acts(Action.AUTHORISE)
@describes(body=NewAuthorisation, answer=AuthorisationShown, status=201)
def create() -> Response:
    """Authorise somebody; who is so already is until the new day."""
    actor = current_actor()
    asked = schema.body(NewAuthorisation)

    def act() -> Answer:
        made = service.give(
            actor,
            email=asked.email,
            policy_id=_key(asked.group),
            valid_until=asked.valid_until,
            note=asked.note,
        )
        return Answer(201, made)

    answer = web.once(actor, act)
    return web.answer_json(_as_json(queries.one(actor, answer.location)), answer.status)


@blueprint.patch("/authorisations/<uuid:authorisation_id>")
@acts(Action.AUTHORISE)
@describes(body=Prolonged, answer=AuthorisationShown)
def prolong(authorisation_id: UUID) -> Response:
    """Let it hold until another day."""
    actor = current_actor()
    asked = schema.body(Prolonged)
    public_id = str(authorisation_id)
    service.prolong(actor, public_id, valid_until=asked.valid_until, note=asked.note)
    return web.answer_json(_as_json(queries.one(actor, public_id)))


@blueprint.delete("/authorisations/<uuid:authorisation_id>")
@acts(Action.AUTHORISE)
@describes(status=204)
def end(authorisation_id: UUID) -> Response:
    """Take it back; what was booked stays."""
    service.take_back(current_actor(), str(authorisation_id))
    return Response(status=204)


def _key(number: int) -> int:
    """Numbers that no table can hold are those of nothing."""
    return number if 0 < number <= listing.LARGEST_KEY else 0


def _place(cursor: str | None) -> tuple[date, int] | None:
    if cursor is None:
        return None
    day, key = (int(part) for part in listing.from_cursor(cursor, int, int))
    return date.fromordinal(max(1, min(day, date.max.toordinal()))), min(key, listing.LARGEST_KEY)


def _as_json(one: Given) -> dict[str, object]:
    return {
        "id": one.public_id,
        "person": {"id": one.person.public_id, "name": one.person.name},
        "group": one.policy_id,
        "names": dict(one.names),
        "given_by": {"id": one.given_by.public_id, "name": one.given_by.name},
        "given_on": one.given_on.isoformat(),
        "valid_until": one.valid_until.isoformat(),
        "state": one.standing(terms.today()).value,
        "note": one.note,
    }
