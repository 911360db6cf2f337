"""The endpoint of the search field."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from booking.core import listing, schema, web
from booking.core.errors import InvalidError, Problem
from booking.core.folding import words_of
from booking.core.i18n import name_in
from booking.core.permissions import Action
from booking.core.schema import describes
from booking.core.web import acts, current_actor
from booking.policies.facts import Place
from booking.reservations.queries import Details
from booking.search.queries import LONGEST, OrganisationHit, PersonHit, search

blueprint = Blueprint("search_api", __name__, url_prefix="/api/v1")

DEFAULT, MOST = 10, 50


class Typed(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /search; `limit` holds for each kind of thing."""

    q: str
    limit: int = DEFAULT


class SpaceFound(msgspec.Struct):
    """A resource."""

    id: str
    code: str
    name: str
    kind: str
    page: str


class PersonFound(msgspec.Struct):
    """A person; the address is for operators and auditors."""

    id: str
    name: str
    active: bool
    organisations: list[str]
    email: str | msgspec.UnsetType = msgspec.UNSET


class OrganisationFound(msgspec.Struct):
    """An organisation."""

    id: str
    name: str
    active: bool


class ReservationFound(msgspec.Struct):
    """The reservation whose reference was typed."""

    id: str
    reference: str
    page: str


class Found(msgspec.Struct):
    """What was found, by what it is; `more` names the kinds of which there is more."""

    reservations: list[ReservationFound]
    resources: list[SpaceFound]
    people: list[PersonFound]
    organisations: list[OrganisationFound]
    more: list[str]


@blueprint.get("/search")
@acts(Action.SEARCH)
@describes(query=Typed, answer=Found)
def find() -> Response:
    """People, organisations, resources and reservations that you may see."""
    asked = schema.query(Typed)
    if not 1 <= asked.limit <= MOST:
        raise InvalidError({"limit": Problem.OUT_OF_RANGE})
    if len(asked.q) > LONGEST:
        raise InvalidError({"q": Problem.TOO_LONG})
    if not words_of(asked.q):
        raise InvalidError({"q": Problem.MISSING})
    found = search(current_actor(), asked.q, most=asked.limit)
    has_more = {
        "resources": found.places.has_more,
        "people": found.people.has_more,
        "organisations": found.organisations.has_more,
    }
    reservation = found.reservation
    return listing.read(
        {
            "reservations": [] if reservation is None else [_reservation(reservation)],
            "resources": [_space(one) for one in found.places.found],
            "people": [_person(one) for one in found.people.found],
            "organisations": [_organisation(one) for one in found.organisations.found],
            "more": [name for name, more in has_more.items() if more],
        }
    )


def _reservation(found: Details) -> dict[str, object]:
    page = web.public_url("reservations.show", public_id=found.public_id)
    return {"id": found.public_id, "reference": found.reference, "page": page}


def _space(place: Place) -> dict[str, object]:
    spot = place.spot
    return {
        "id": spot.public_id,
        "code": spot.code,
        "name": name_in(spot.names),
        "kind": spot.kind_code,
        "page": web.public_url("space.show", code=spot.code),
    }


def _person(hit: PersonHit) -> dict[str, object]:
    email = {"email": hit.email} if hit.email else {}
    return {
        "id": hit.public_id,
        "name": hit.name,
        "active": hit.is_active,
        "organisations": list(hit.organisations),
        **email,
    }


def _organisation(hit: OrganisationHit) -> dict[str, object]:
    return {"id": hit.public_id, "name": hit.name, "active": hit.is_active}
