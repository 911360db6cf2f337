"""The pages of reservations: the booking form, my reservations, one reservation and its changes."""

from booking.reservations.views import (
    book,
    change,
    mine,
    one,
    quotas,
    series,
    series_cancel,
    series_edit,
    transfer,
)
from booking.reservations.views.blueprint import pages

BLUEPRINTS = (book.pages, pages, series.pages)

__all__ = [
    "BLUEPRINTS",
    "book",
    "change",
    "mine",
    "one",
    "quotas",
    "series",
    "series_cancel",
    "series_edit",
    "transfer",
]
