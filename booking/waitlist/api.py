"""The endpoints of the waiting list: get in line, see what is offered, take it or leave it."""

from __future__ import annotations

from uuid import UUID

import msgspec
from flask import Blueprint, Response

from booking.core import listing, schema, web
from booking.core.idempotency import Answer
from booking.core.permissions import Action, Actor
from booking.core.schema import Moment, Nothing, PublicId, describes, moment, public_id, written
from booking.core.web import acts, current_actor
from booking.policies.facts import Place
from booking.reservations import queries as reservations
from booking.reservations.representation import answer_with, times_as_json
from booking.reservations.shapes import LocalTimes, ReservationShown
from booking.reservations.wishes import Wish
from booking.waitlist import queries, service
from booking.waitlist.models import EntryState
from booking.waitlist.queries import Entry

blueprint = Blueprint("waitlist_api", __name__, url_prefix="/api/v1")


class NewEntry(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /waitlist: a taken time at a space; with `any_like`, or at any other of its
    kind that is large enough and has its features. Without `until`, until it begins."""

    resource: PublicId
    starts_at: Moment
    ends_at: Moment
    title: str = ""
    headcount: int = 1
    organisation: PublicId | None = None
    any_like: bool = False
    until: Moment | None = None


class PlaceNamed(msgspec.Struct):
    """A space."""

    id: PublicId
    code: str


class OfferShown(msgspec.Struct):
    """What is held for whoever waits, and until when."""

    id: PublicId
    resource: PlaceNamed
    expires_at: Moment


class EntryShown(msgspec.Struct):
    """What somebody waits for; `places` is how many spaces would do."""

    id: PublicId
    state: EntryState
    resource: PlaceNamed
    any_like: bool
    places: int
    starts_at: Moment
    ends_at: Moment
    local: LocalTimes
    title: str
    headcount: int
    organisation: PublicId | None
    until: Moment
    created_at: Moment
    offer: OfferShown | None
    reservation: PublicId | None
    links: dict[str, str]


@blueprint.get("/waitlist")
@acts(Action.SEE_RESERVATIONS)
@describes(query=Nothing, items=EntryShown)
def index() -> Response:
    """What you wait for; then what has ended, the latest first, twenty at most."""
    schema.query(Nothing)
    return listing.answer([as_json(one) for one in queries.mine(current_actor())])


@blueprint.post("/waitlist")
@acts(Action.BOOK)
@describes(body=NewEntry, answer=EntryShown, status=201)
def create() -> Response:
    """Get in line for a taken time. What can be booked, or never, is refused."""
    actor = current_actor()
    asked = schema.body(NewEntry)
    wish = Wish(
        (public_id("resource", asked.resource),),
        moment("starts_at", asked.starts_at),
        moment("ends_at", asked.ends_at),
        asked.title,
        asked.headcount,
        None if asked.organisation is None else public_id("organisation", asked.organisation),
    )
    until = None if asked.until is None else moment("until", asked.until)
    made = web.once(
        actor,
        lambda: Answer(201, service.wait(actor, wish, any_like=asked.any_like, until=until)),
    )
    location = web.public_url("waitlist_api.show", entry_id=made.location)
    return web.answer_json(as_json(queries.entry_of(actor, made.location)), 201, location)


@blueprint.get("/waitlist/<uuid:entry_id>")
@acts(Action.SEE_RESERVATIONS)
@describes(query=Nothing, answer=EntryShown)
def show(entry_id: UUID) -> Response:
    """One thing that you wait for, and what is held for you."""
    schema.query(Nothing)
    return listing.read(as_json(queries.entry_of(current_actor(), str(entry_id))))


@blueprint.delete("/waitlist/<uuid:entry_id>")
@acts(Action.BOOK)
@describes(status=204)
def leave(entry_id: UUID) -> Response:
    """Leave the line; what has ended stays as it is."""
    service.leave(current_actor(), str(entry_id))
    return Response(status=204)


@blueprint.post("/waitlist/<uuid:entry_id>/accept")
@acts(Action.BOOK)
@describes(body=Nothing, answer=ReservationShown, status=201)
def accept(entry_id: UUID) -> Response:
    """Take what is held for you: the reservation, or the request where approval is needed."""
    schema.body(Nothing)
    actor = current_actor()
    made = web.once(actor, lambda: Answer(201, service.accept(actor, str(entry_id)).public_id))
    return answer_with(reservations.details(actor, made.location), actor, 201)


@blueprint.post("/waitlist/<uuid:entry_id>/decline")
@acts(Action.BOOK)
@describes(body=Nothing, answer=EntryShown)
def decline(entry_id: UUID) -> Response:
    """Leave what is held for you to the next; with `any_like` you stay in line for the others."""
    schema.body(Nothing)
    actor = current_actor()

    def act() -> Answer:
        service.decline(actor, str(entry_id))
        return Answer(200, str(entry_id))

    web.once(actor, act)
    return web.answer_json(_shown(actor, entry_id))


def _shown(actor: Actor, entry_id: UUID) -> dict[str, object]:
    return as_json(queries.entry_of(actor, str(entry_id)))


def as_json(entry: Entry) -> dict[str, object]:
    """An entry as the API answers it."""
    offer = entry.offer
    return {
        "id": entry.public_id,
        "state": entry.state.value,
        "resource": _named(entry.place),
        "any_like": entry.any_like,
        "places": entry.places,
        **times_as_json(entry.interval, entry.local),
        "title": entry.title,
        "headcount": entry.headcount,
        "organisation": entry.organisation,
        "until": written(entry.waits_until),
        "created_at": written(entry.created_at),
        "offer": None
        if offer is None
        else {
            "id": offer.public_id,
            "resource": _named(offer.place),
            "expires_at": written(offer.expires_at),
        },
        "reservation": entry.reservation,
        "links": {"page": web.public_url("waitlist.show", public_id=entry.public_id)},
    }


def _named(place: Place) -> dict[str, str]:
    return {"id": place.spot.public_id, "code": place.spot.code}
