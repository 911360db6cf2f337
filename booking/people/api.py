"""The endpoints of oneself: who am I, my calendar addresses, and who decides in my place."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import flask_login
import msgspec
from flask import Blueprint, Response

from booking.core import listing, schema, web
from booking.core.errors import NotFoundError
from booking.core.i18n import _
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor, Role, Scope
from booking.core.schema import Moment, PublicId, describes, written
from booking.core.web import acts, current_actor
from booking.people import deputies, feeds, sessions
from booking.people.deputies import Absence
from booking.people.feeds import Feed
from booking.people.models import FeedDetail, FeedScope
from booking.people.sessions import Seen

LARGEST_ID = 2**31 - 1

blueprint = Blueprint("people_api", __name__, url_prefix="/api/v1")


class NewFeed(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /feeds; so far a feed shows one's own reservations."""

    scope: FeedScope
    name: str = ""
    language: str = ""
    detail: FeedDetail = FeedDetail.FULL


class SessionShown(msgspec.Struct):
    """A browser in which one is signed in; `current` is the one that asks."""

    id: int
    device: str
    created_at: Moment
    last_seen_at: Moment
    current: bool


class MyOrganisation(msgspec.Struct):
    """An organisation one is in today."""

    id: PublicId
    name: str
    is_manager: bool


class MeShown(msgspec.Struct):
    """The person behind the token or session, and what it may do."""

    id: PublicId
    name: str
    email: str
    language: str
    organisations: list[MyOrganisation]
    roles: list[Role]
    scopes: list[Scope]


class FeedShown(msgspec.Struct):
    """A calendar address; its secret and its links stand only in the answer that made it."""

    id: PublicId
    name: str
    scope: FeedScope
    language: str
    detail: FeedDetail
    created_at: Moment
    last_fetched_at: Moment | None
    secret: str | msgspec.UnsetType = msgspec.UNSET
    links: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


class NewDeputy(
    msgspec.Struct,
    forbid_unknown_fields=True,
    rename={"first_day": "from", "last_day": "until"},
):
    """The body of POST /deputies: an e-mail address, and two local days that are both included."""

    deputy: str
    first_day: date
    last_day: date


class DeputiesWanted(msgspec.Struct, forbid_unknown_fields=True):
    """Which page of the list."""

    limit: int | None = None
    cursor: str | None = None


class PersonNamed(msgspec.Struct):
    """A person."""

    id: PublicId
    name: str


class DeputyShown(msgspec.Struct, rename={"first_day": "from", "last_day": "until"}):
    """Who decides for whom, from which day until which day."""

    id: PublicId
    person: PersonNamed
    deputy: PersonNamed
    first_day: date
    last_day: date


@blueprint.get("/me")
@acts(Action.SEE_RESERVATIONS)
@describes(answer=MeShown)
def me() -> Response:
    """The person behind the token or session, and what it may do."""
    return listing.read(_as_json(current_actor()))


@blueprint.get("/feeds")
@acts(Action.SEE_RESERVATIONS)
@describes(items=FeedShown)
def index() -> Response:
    """My calendar addresses, the newest first, without their secrets."""
    return listing.answer([_feed_as_json(feed) for feed in feeds.feeds_of(current_actor())])


@blueprint.post("/feeds")
@acts(Action.MANAGE_OWN_ACCOUNT)
@describes(body=NewFeed, answer=FeedShown, status=201)
def create() -> Response:
    """Make a calendar address.

    The secret stands in this answer only: not even a retry with the same Idempotency-Key can read
    it again.
    """
    actor = current_actor()
    asked = schema.body(NewFeed)
    secrets: list[str] = []

    def make() -> Answer:
        feed, secret = feeds.make_feed(
            actor,
            name=asked.name or _("Calendar address"),
            detail=asked.detail,
            language=asked.language or actor.language,
        )
        secrets.append(secret)
        return Answer(201, feed.public_id)

    answer = web.once(actor, make)
    shown = _feed_as_json(_feed(actor, answer.location))
    return web.answer_json(shown | _links(secrets), answer.status)


@blueprint.delete("/feeds/<uuid:feed_id>")
@acts(Action.MANAGE_OWN_ACCOUNT)
@describes(status=204)
def delete(feed_id: UUID) -> Response:
    """End a calendar address; who subscribed to it gets 404 from now on."""
    feeds.revoke_feed(current_actor(), str(feed_id))
    return Response(status=204)


@blueprint.get("/deputies")
@acts(Action.SEE_DEPUTIES)
@describes(query=DeputiesWanted, items=DeputyShown)
def deputies_index() -> Response:
    """Who decides for me, and for whom I decide, today and later; for the operator all of them."""
    wanted = schema.query(DeputiesWanted)
    count = listing.limit(wanted.limit)
    found = deputies.absences_seen_by(current_actor(), limit=count + 1, after=_place(wanted.cursor))
    last = found[count - 1] if len(found) > count else None
    cursor = None if last is None else listing.to_cursor(last.first_day.toordinal(), last.key)
    return listing.answer([_absence_as_json(one) for one in found[:count]], cursor)


@blueprint.post("/deputies")
@acts(Action.NAME_DEPUTY)
@describes(body=NewDeputy, answer=DeputyShown, status=201)
def name_deputy() -> Response:
    """Let somebody decide in my place."""
    actor = current_actor()
    asked = schema.body(NewDeputy)

    def name() -> Answer:
        made = deputies.name_deputy(
            actor, email=asked.deputy, first_day=asked.first_day, last_day=asked.last_day
        )
        return Answer(201, made.public_id)

    answer = web.once(actor, name)
    shown = _absence_as_json(deputies.absence(actor, answer.location))
    return web.answer_json(shown, answer.status)


@blueprint.delete("/deputies/<uuid:deputy_id>")
@acts(Action.END_DEPUTY)
@describes(status=204)
def end_deputy(deputy_id: UUID) -> Response:
    """Take it back; from now on the deputy decides in their own name alone."""
    deputies.end_deputy(current_actor(), str(deputy_id))
    return Response(status=204)


def _place(cursor: str | None) -> tuple[date, int] | None:
    if cursor is None:
        return None
    day, key = (int(part) for part in listing.from_cursor(cursor, int, int))
    return (
        date.fromordinal(max(1, min(day, date.max.toordinal()))),
        min(key, listing.LARGEST_KEY),
    )


def _absence_as_json(found: Absence) -> dict[str, object]:
    return {
        "id": found.public_id,
        "person": {"id": found.absent.public_id, "name": found.absent.name},
        "deputy": {"id": found.deputy.public_id, "name": found.deputy.name},
        "from": found.first_day.isoformat(),
        "until": found.last_day.isoformat(),
    }


@blueprint.get("/sessions")
@acts(Action.MANAGE_OWN_ACCOUNT)
@describes(items=SessionShown)
def running_sessions() -> Response:
    """Where I am signed in, this browser first, then the last seen."""
    seen = sessions.running(current_actor(), _this_session())
    return listing.answer([_session_as_json(one) for one in seen])


@blueprint.delete(f"/sessions/<int(max={LARGEST_ID}):session_id>")
@acts(Action.MANAGE_OWN_ACCOUNT)
@describes(status=204)
def end_session(session_id: int) -> Response:
    """Sign one browser out, at once; it may be the one that asks."""
    sessions.end_one(current_actor(), session_id)
    return Response(status=204)


def _this_session() -> int | None:
    """The row of the session that asks; none with a token."""
    session_id: int | None = getattr(flask_login.current_user, "session_id", None)
    return session_id


def _session_as_json(seen: Seen) -> dict[str, object]:
    return {
        "id": seen.id,
        "device": seen.device,
        "created_at": written(seen.created_at),
        "last_seen_at": written(seen.last_seen_at),
        "current": seen.is_this_one,
    }


def _feed(actor: Actor, public_id: str) -> Feed:
    for feed in feeds.feeds_of(actor):
        if feed.public_id == public_id:
            return feed
    raise NotFoundError  # made by the first try, and revoked before this one


def _as_json(actor: Actor) -> dict[str, object]:
    return {
        "id": actor.public_id,
        "name": actor.name,
        "email": actor.email,
        "language": actor.language,
        "organisations": [
            {"id": one.public_id, "name": one.name, "is_manager": one.is_manager}
            for one in actor.memberships
        ],
        "roles": sorted({grant.role.value for grant in actor.grants}),
        "scopes": sorted(scope.value for scope in actor.scopes),
    }


def _feed_as_json(feed: Feed) -> dict[str, object]:
    last = feed.last_fetched_at
    return {
        "id": feed.public_id,
        "name": feed.name,
        "scope": feed.scope.value,
        "language": feed.language,
        "detail": feed.detail.value,
        "created_at": written(feed.created_at),
        "last_fetched_at": None if last is None else written(last),
    }


def _links(secrets: list[str]) -> dict[str, object]:
    """The address to copy, and the one that opens a calendar program."""
    if not secrets:
        return {}
    address = web.public_url("feeds.fetch", secret=secrets[0])
    without_scheme = address.partition(":")[2]
    return {
        "secret": secrets[0],
        "links": {"https": address, "webcal": f"webcal:{without_scheme}"},
    }
