"""How often somebody may try to get into an account, ask for a new password, or invite."""

from __future__ import annotations

from datetime import timedelta

from booking.core import rate_limits, web
from booking.core.rate_limits import Limit

QUARTER_OF_AN_HOUR = timedelta(minutes=15)


def count_sign_in(email: str, address: str) -> None:
    """One try for the account, whether or not there is one, and one for the client's address;
    raises TooManyError."""
    rate_limits.take(_sign_ins_from_an_address(), rate_limits.network_of(address))
    rate_limits.take(_sign_ins_of_an_account(), email)


def right_password(email: str, address: str) -> None:
    """The try was none: many sign in from one address each morning, and the owner of an account
    begins anew. Part of the caller's transaction."""
    rate_limits.give_back(_sign_ins_from_an_address(), rate_limits.network_of(address))
    rate_limits.forget(_sign_ins_of_an_account(), email)


def count_reset(email: str, address: str) -> None:
    """One request for a new password; raises TooManyError."""
    settings, hour = web.settings().limits, timedelta(hours=1)
    from_an_address = Limit("reset_address", settings.resets_from_an_address, hour)
    rate_limits.take(from_an_address, rate_limits.network_of(address))
    rate_limits.take(Limit("reset_mailbox", settings.reset_mails_to_a_mailbox, hour), email)


def count_invitations(person_id: int, count: int) -> None:
    """So many invitations by somebody who is no operator; raises TooManyError."""
    most = web.settings().limits.invitations_of_a_person
    rate_limits.take(Limit("invitations", most, timedelta(days=1)), str(person_id), count)


def _sign_ins_of_an_account() -> Limit:
    most = web.settings().limits.sign_ins_of_an_account
    return Limit("sign_in_account", most, QUARTER_OF_AN_HOUR)


def _sign_ins_from_an_address() -> Limit:
    most = web.settings().limits.sign_ins_from_an_address
    return Limit("sign_in_address", most, QUARTER_OF_AN_HOUR)
