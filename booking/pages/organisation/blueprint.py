"""The blueprint of the pages of an organisation, and their addresses."""

from __future__ import annotations

from flask import Blueprint

from booking.core import web

blueprint = Blueprint("organisation", __name__, url_prefix="/organisation")


def path(to: str, **values: object) -> str:
    """The address of one of these pages."""
    return web.path_of(f"{blueprint.name}.{to}", **values)
