"""The blueprint that the pages of whoever decides share."""

from flask import Blueprint

from booking.approvals import words
from booking.reservations.texts import end_clock

pages = Blueprint("approvals", __name__)
pages.add_app_template_global(words.is_one_day, "ends_on_its_day")
pages.add_app_template_global(end_clock, "end_clock")
