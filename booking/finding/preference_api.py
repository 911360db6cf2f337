"""The endpoint of what somebody prefers of a desk."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response

from booking.core import listing, schema
from booking.core.permissions import Action
from booking.core.schema import describes
from booking.core.web import acts, current_actor
from booking.finding import preferences

blueprint = Blueprint("desk_preferences_api", __name__, url_prefix="/api/v1")


class DeskPreferences(msgspec.Struct, forbid_unknown_fields=True):
    """Features by their codes, which decide between desks where any will do."""

    features: list[str]


@blueprint.get("/me/desk-preferences")
@acts(Action.MANAGE_OWN_ACCOUNT)
@describes(answer=DeskPreferences)
def show() -> Response:
    """What I prefer of a desk; nobody else sees it."""
    return listing.read({"features": list(preferences.of(current_actor()).codes)})


@blueprint.put("/me/desk-preferences")
@acts(Action.MANAGE_OWN_ACCOUNT)
@describes(body=DeskPreferences, answer=DeskPreferences)
def choose() -> Response:
    """Prefer these features and no others."""
    preferences.choose(current_actor(), schema.body(DeskPreferences).features)
    return show()
