"""The blueprint that the pages of existing reservations share."""

from flask import Blueprint

pages = Blueprint("reservations", __name__)
