"""What people are told about their accounts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select

from booking.core import clock, web, zones
from booking.core.database import session
from booking.core.i18n import _, ngettext
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.people import links
from booking.people.links import Waiting
from booking.people.models import Membership, Organisation

HIDDEN = "*****"  # where a secret would stand


@dataclass(frozen=True)
class Invitation:
    """A link that still works, and the organisations its person comes to."""

    link: Waiting
    organisations: tuple[str, ...]


def _invitation(key: Key) -> Invitation | None:
    link = links.waiting(key.subject)
    return None if link is None else Invitation(link, _organisations(link.person_id))


def _organisations(person_id: int) -> tuple[str, ...]:
    today = clock.today(zones.zone(web.settings().site_zone))
    names = session().scalars(
        select(Organisation.name)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(
            Membership.person_id == person_id,
            Membership.valid_from <= today,
            Membership.valid_until.is_(None) | (Membership.valid_until >= today),
        )
        .order_by(Organisation.name)
    )
    return tuple(names)


def _invitation_letter(invitation: Invitation, recipient: Recipient) -> Letter:
    park = web.settings().site_name
    lines = [Line(_("E-mail address"), recipient.email)]
    lines += [Line(_("Organisation"), name) for name in invitation.organisations]
    days = links.GOOD_FOR.days
    return Letter(
        title=_("Your account at %(park)s", park=park),
        opening=_(
            "You are invited to book desks, labs and rooms at %(park)s. Open the link and choose a"
            " password; then you are signed in.",
            park=park,
        ),
        sections=(Section(tuple(lines)),),
        links=(Link(_("Open your account"), _address(invitation.link)),),
        closing=ngettext(
            "The link works once, within %(num)s day. If you do not know why you got this mail, do"
            " nothing: nobody can use the account without a password.",
            "The link works once, within %(num)s days. If you do not know why you got this mail, do"
            " nothing: nobody can use the account without a password.",
            days,
        ),
    )


def _address(link: Waiting) -> str:
    return web.public_url("sign_in.link", secret=link.secret)


def _without_secret(invitation: Invitation) -> Invitation:
    return replace(invitation, link=replace(invitation.link, secret=HIDDEN))


def _always(key: Key, facts: object) -> bool:
    """Facts that were found are true."""
    return True


INVITATION = MessageType(_invitation, _always, _invitation_letter, hide=_without_secret)
