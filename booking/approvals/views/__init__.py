"""The pages of whoever decides: what waits, one request, several at once, competing ones."""

from booking.approvals.views import dates, requests, together
from booking.approvals.views.blueprint import pages

__all__ = ["dates", "pages", "requests", "together"]
