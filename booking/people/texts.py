"""Texts of accounts: labels translated when they are shown, problems as whole sentences."""

from __future__ import annotations

from collections.abc import Mapping

from booking.core.errors import Problem
from booking.core.forms import lazy_gettext
from booking.core.forms import problem_text as general_text
from booking.core.i18n import _, ngettext
from booking.core.permissions import Scope
from booking.people import deputies, passwords
from booking.people.models import FeedDetail, MemberRole

DETAILS = {
    FeedDetail.FULL: lazy_gettext("All details of my reservations"),
    FeedDetail.BUSY: lazy_gettext("Only when I am busy"),
}
MEMBER_ROLES = {
    MemberRole.MEMBER: lazy_gettext("Member"),
    MemberRole.MANAGER: lazy_gettext("Manager"),
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
    return texts.get(problem) or general_text(problem)


def email_problem(problem: Problem) -> str:
    """What is wrong with an e-mail address that was typed."""
    if problem is Problem.UNREADABLE:
        return _("This is no e-mail address. It looks like name@example.org.")
    return general_text(problem)


def deputy_problem(field: str, problem: Problem) -> str:
    """What is wrong where a deputy is named, and what would be right."""
    by_field: Mapping[tuple[str, Problem], str] = {
        ("deputy", Problem.NOT_FOUND): _(
            "Nobody with an open account has this address. Check how it is written."
        ),
        ("deputy", Problem.WRONG): _("This is your own address. Name somebody else."),
        ("deputy", Problem.REUSED): _(
            "This person decides for you on some of these days already. Choose other days, or end"
            " the days that are set."
        ),
        ("deputy", Problem.TOO_MANY): ngettext(
            "On some of these days %(num)s person decides for you already. Choose other days.",
            "On some of these days %(num)s people decide for you already. Choose other days.",
            deputies.MOST_AT_ONCE,
        ),
        ("from", Problem.OUT_OF_RANGE): _("Choose today or a later day."),
        ("until", Problem.OUT_OF_RANGE): _("Choose an earlier day: a year at most."),
        ("until", Problem.ENDS_BEFORE_IT_STARTS): _(
            "The last day is before the first. Choose a later day."
        ),
    }
    return by_field.get((field, problem)) or general_text(problem)
