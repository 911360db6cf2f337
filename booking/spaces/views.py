"""The photos of resources, as files."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from booking.core.errors import NotFoundError
from booking.core.permissions import Action
from booking.core.web import acts
from booking.spaces import photos
from booking.spaces.pictures import Size

blueprint = Blueprint("photos", __name__)


@blueprint.get("/photos/<uuid:photo_id>/<size>")
@acts(Action.SEE_SPACES)
def show(photo_id: UUID, size: str) -> Response:
    """A photo in one of its sizes; a photo never changes, so a browser may keep it for ever."""
    if size not in set(Size):
        raise NotFoundError
    data = photos.content(str(photo_id), Size(size))
    if data is None:
        raise NotFoundError
    response = Response(data, mimetype="image/webp")
    response.set_etag(f"{photo_id}-{size}")
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.make_conditional(request)
    return response
