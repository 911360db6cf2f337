"""Texts of accounts: labels translated when they are shown, problems as whole sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from booking.core import i18n
from booking.core.errors import Problem
from booking.core.i18n import _, ngettext
from booking.core.permissions import Scope
from booking.people import passwords
from booking.people.models import FeedDetail

# WTForms takes any object that becomes a text; its type stubs know only str.
lazy_gettext: Callable[[str], str] = i18n.lazy_gettext  # type: ignore[assignment]  # see above

DETAILS = {
    FeedDetail.FULL: lazy_gettext("All details of my reservations"),
    FeedDetail.BUSY: lazy_gettext("Only when I am busy"),
}
SCOPES = {
    Scope.READ: lazy_gettext("See what I see"),
    Scope.WRITE: lazy_gettext("Book, change and cancel for me"),
    Scope.DECIDE: lazy_gettext("Approve and decline requests"),
    Scope.ADMIN: lazy_gettext("Run the park"),
}


def problem_text(problem: Problem) -> str:
    """What is wrong with a field, and what would be right."""
    texts: Mapping[Problem, str] = {
        Problem.MISSING: _("Please fill this in."),
        Problem.WRONG: _("This is not your current password."),
        Problem.TOO_SHORT: ngettext(
            "Choose a longer password: at least %(num)s character.",
            "Choose a longer password: at least %(num)s characters.",
            passwords.SHORTEST,
        ),
        Problem.TOO_LONG: ngettext(
            "Choose a shorter password: at most %(num)s character.",
            "Choose a shorter password: at most %(num)s characters.",
            passwords.LONGEST,
        ),
        Problem.TOO_COMMON: _(
            "This password is easy to guess: it is little more than common words, names, years"
            " or repetitions. Add words of your own."
        ),
    }
    return texts.get(problem, _("Please check this entry."))
