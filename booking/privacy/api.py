"""The endpoint of one's own data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response

from booking.core import listing, rate_limits
from booking.core.permissions import Action
from booking.core.rate_limits import Limit
from booking.core.schema import Nothing, describes, query
from booking.core.web import acts, current_actor
from booking.privacy import queries

DOWNLOADS = Limit("my_data_api", 20, timedelta(hours=1))

blueprint = Blueprint("privacy_api", __name__, url_prefix="/api/v1")


@blueprint.get("/me/data")
@acts(Action.MANAGE_OWN_ACCOUNT)
@describes(query=Nothing, answer=dict[str, list[dict[str, Any]]])  # Any: each list has its own
def my_data() -> Response:
    """Everything that is held about the person behind the token, in lists by what it is."""
    query(Nothing)
    actor = current_actor()
    rate_limits.take(DOWNLOADS, str(actor.person_id))
    return listing.read(queries.my_data(actor))
