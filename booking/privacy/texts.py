"""Personal data in the reader's words: which, what for, who sees it, how long, which rights."""

from __future__ import annotations

from dataclasses import dataclass

from booking.core.i18n import _, ngettext
from booking.house.rules import Retention


@dataclass(frozen=True)
class About:
    """One thing and what is said of it."""

    label: str
    text: str


def data() -> tuple[About, ...]:
    """Which data is held, and what for."""
    return (
        About(
            _("Account"),
            _("Name, e-mail address, language, organisations and roles: to know who books."),
        ),
        About(
            _("Reservations"),
            _("Space, time, number of people, purpose and what was decided: to keep the place."),
        ),
        About(
            _("Messages"),
            _("What we tell you by mail, and whether it went out: to keep you informed."),
        ),
        About(
            _("Sessions and secrets"),
            _("Browsers that are signed in, tokens, calendar addresses: to protect the account."),
        ),
        About(
            _("Journal"),
            _("Who did what when, and who looked at whose data: to settle disputes and misuse."),
        ),
    )


def recipients() -> tuple[str, ...]:
    """Who sees it."""
    return (
        _("Members of your organisation see your reservations."),
        _("Lab managers see what is booked in their spaces, reception what is in its building."),
        _("The operator and auditors of the park see everything but passwords and secrets."),
        _("Everybody else sees that a space is taken; by whom, only where that is to be shown."),
        _("Nothing is passed on to third parties."),
    )


def retention(kept: Retention) -> tuple[About, ...]:
    """How long each kind is kept."""
    return (
        About(_("Account"), _after_closing(kept.closed_accounts_months)),
        About(_("Purposes and reasons of reservations"), _months(kept.purposes_months)),
        About(_("Texts of messages"), _days(kept.messages_days)),
        About(_("Ended sessions and secrets"), _days(kept.sign_ins_days)),
        About(_("Who looked at whose data"), _months(kept.views_months)),
        About(_("Journal"), _years(kept.journal_years)),
    )


def rights() -> tuple[str, ...]:
    """What everybody may ask for."""
    return (
        _("See and download everything we hold about you, under Profile, My data."),
        _("Correct it: your name in the profile, anything else with the operator."),
        _("Have your account closed and your data made anonymous, under Profile, My data."),
        _("See who looked at your data."),
        _("Object to the processing, or turn to the CNDP, which watches over personal data."),
    )


def _after_closing(months: int | None) -> str:
    if months is None:
        return _("Until you ask for it to be made anonymous")
    if months == 0:
        return _("Until the account is closed")
    return ngettext(
        "%(num)s month after the account is closed",
        "%(num)s months after the account is closed",
        months,
    )


def _months(number: int | None) -> str:
    return _("No limit") if number is None else ngettext("%(num)s month", "%(num)s months", number)


def _days(number: int | None) -> str:
    return _("No limit") if number is None else ngettext("%(num)s day", "%(num)s days", number)


def _years(number: int | None) -> str:
    return _("No limit") if number is None else ngettext("%(num)s year", "%(num)s years", number)
