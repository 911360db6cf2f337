"""The endpoint of quotas: what of each is used."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from flask import Blueprint, Response

from booking.core import listing, schema
from booking.core.errors import InvalidError, Problem
from booking.core.permissions import Action, Actor
from booking.core.schema import PublicId, describes, public_id
from booking.core.web import acts, current_actor
from booking.people.viewings import note_view
from booking.reservations import balances
from booking.reservations.balances import Standing
from booking.reservations.shapes import BalanceShown, balances_as_json

blueprint = Blueprint("quotas_api", __name__, url_prefix="/api/v1")


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /quotas: nobody named is oneself, and one's organisations."""

    person: PublicId | None = None
    organisation: PublicId | None = None


class StandingShown(msgspec.Struct):
    """The limits of one resource group for one person or organisation, today."""

    group: int
    names: Mapping[str, str]
    of: PublicId
    balances: list[BalanceShown]


class StandingsShown(msgspec.Struct):
    """Where every quota stands."""

    quotas: list[StandingShown]


@blueprint.get("/quotas")
@acts(Action.SEE_RESERVATIONS)
@describes(query=Asked, answer=StandingsShown)
def index() -> Response:
    """What of each quota is used: by oneself and one's organisations; for operators and lab
    managers also by others, in the groups of their spaces."""
    found = _standings(current_actor(), schema.query(Asked))
    return listing.read(
        {
            "quotas": [
                {
                    "group": one.policy_id,
                    "names": dict(one.names),
                    "of": one.of.public_id,
                    "balances": balances_as_json([one.balance]),
                }
                for one in found
            ]
        }
    )


def _standings(actor: Actor, asked: Asked) -> list[Standing]:
    if asked.person is not None and asked.organisation is not None:
        raise InvalidError({"organisation": Problem.UNKNOWN})
    if asked.person is not None:
        found = balances.of_person(actor, public_id("person", asked.person))
        for subject_id in {one.subject_id for one in found}:
            note_view(actor, subject_id)
        return found
    if asked.organisation is not None:
        return balances.of_organisation(actor, public_id("organisation", asked.organisation))
    return balances.of_actor(actor)
