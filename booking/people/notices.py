"""What people are told about their accounts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from booking.core import i18n, web, zones
from booking.core.database import session
from booking.core.i18n import _, ngettext
from booking.journal.models import JournalLine
from booking.messages.letters import (
    Key,
    Letter,
    Line,
    MessageType,
    Recipient,
    Section,
)
from booking.messages.letters import Link as LetterLink
from booking.people import links, terms
from booking.people.links import Link
from booking.people.models import BrowserSession, Membership, Organisation

HIDDEN = "*****"  # where a secret would stand


# --- one-time links ---


@dataclass(frozen=True)
class Opening:
    """A link to choose a password, and the organisations its person is in."""

    link: Link
    organisations: tuple[str, ...]


def _opening(key: Key) -> Opening | None:
    link = links.link(key.subject)
    return None if link is None else Opening(link, _organisations(link.person_id))


def _organisations(person_id: int) -> tuple[str, ...]:
    names = session().scalars(
        select(Organisation.name)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(
            Membership.person_id == person_id,
            *terms.holds_on(terms.today()),
            Organisation.deactivated_at.is_(None),
        )
        .order_by(Organisation.name)
    )
    return tuple(names)


def _still_works(key: Key, opening: Opening) -> bool:
    return opening.link.works


def _without_secret(opening: Opening) -> Opening:
    return replace(opening, link=replace(opening.link, secret=HIDDEN))


def _address(link: Link) -> str:
    return web.public_url("sign_in.link", secret=link.secret)


def _invitation_letter(opening: Opening, recipient: Recipient) -> Letter:
    park = web.park_name()
    lines = [Line(_("E-mail address"), recipient.email)]
    lines += [Line(_("Organisation"), name) for name in opening.organisations]
    return Letter(
        title=_("Your account at %(park)s", park=park),
        opening=_(
            "You are invited to book desks, labs and rooms at %(park)s. Open the link and choose a"
            " password; then you are signed in.",
            park=park,
        ),
        sections=(Section(tuple(lines)),),
        links=(LetterLink(_("Open your account"), _address(opening.link)),),
        closing=ngettext(
            "The link works once, within %(num)s day. If you do not know why you got this mail, do"
            " nothing: nobody can use the account without a password.",
            "The link works once, within %(num)s days. If you do not know why you got this mail, do"
            " nothing: nobody can use the account without a password.",
            links.GOOD_FOR.days,
        ),
    )


def _reset_letter(opening: Opening, recipient: Recipient) -> Letter:
    return Letter(
        title=_("Choose a new password"),
        opening=_("A new password was asked for. Open the link to choose one."),
        sections=(Section((Line(_("E-mail address"), recipient.email),)),),
        links=(LetterLink(_("Choose a new password"), _address(opening.link)),),
        closing=_(
            "The link works once, within one hour. If you did not ask for it, do nothing: your"
            " password stays as it is."
        ),
    )


# --- a browser that signed in, or set a password ---


@dataclass(frozen=True)
class SignedIn:
    """The browser, and when."""

    device: str
    at: datetime


def _signed_in(key: Key) -> SignedIn | None:
    row = (
        session()
        .execute(
            select(BrowserSession.device, BrowserSession.created_at).where(
                BrowserSession.id == key.version
            )
        )
        .first()
    )
    return None if row is None else SignedIn(*row)


def _about(signed_in: SignedIn) -> tuple[Section, ...]:
    lines = (
        Line(_("Browser"), signed_in.device or _("Unknown browser")),
        Line(_("When"), _moment(signed_in.at)),
    )
    return (Section(lines),)


def _moment(instant: datetime) -> str:
    local = zones.to_local(instant, zones.zone(web.settings().site_zone))
    return _("%(day)s at %(time)s", day=i18n.format_short_day(local), time=i18n.format_clock(local))


def _new_sign_in_letter(signed_in: SignedIn, recipient: Recipient) -> Letter:
    return Letter(
        title=_("New sign-in to your account"),
        opening=_("Somebody signed in to your account with a browser that was not used before."),
        sections=_about(signed_in),
        links=(
            LetterLink(
                _("See where you are signed in, and end sessions"),
                f"{web.public_url('profile.show')}#sessions",
            ),
            LetterLink(_("Choose a new password"), web.public_url("sign_in.forgotten")),
        ),
        closing=_(
            "If it was you, there is nothing to do. If not, choose a new password: that signs out"
            " every browser."
        ),
    )


def _password_changed_letter(signed_in: SignedIn, recipient: Recipient) -> Letter:
    return Letter(
        title=_("Your password was changed"),
        opening=_("Your account has a new password. Every other browser was signed out."),
        sections=_about(signed_in),
        links=(LetterLink(_("Choose a new password"), web.public_url("sign_in.forgotten")),),
        closing=_(
            "If it was you, there is nothing to do. If not, choose a new password at once and tell"
            " the park's operator."
        ),
    )


# --- an organisation that was joined ---


def _joined(key: Key) -> str | None:
    """The organisation's name, as long as the membership holds."""
    return session().scalar(
        select(Organisation.name)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(
            Membership.id == key.version,
            *terms.holds_on(terms.today()),
            Organisation.deactivated_at.is_(None),
        )
    )


def _joined_letter(organisation: str, recipient: Recipient) -> Letter:
    return Letter(
        title=_("You are now in %(organisation)s", organisation=organisation),
        opening=_(
            "You can book for %(organisation)s. Sign in with the password that you have.",
            organisation=organisation,
        ),
        sections=(Section((Line(_("E-mail address"), recipient.email),)),),
        links=(LetterLink(_("Sign in"), web.public_url("sign_in.form")),),
        closing=_("If this is a mistake, tell the park's operator."),
    )


# --- another address ---


@dataclass(frozen=True)
class Moved:
    """The addresses before and after."""

    left: str
    new: str


def _moved(key: Key) -> Moved | None:
    line = session().get(JournalLine, key.version)
    if line is None or line.before is None or line.after is None:
        return None
    return Moved(str(line.before.get("email")), str(line.after.get("email")))


def _moved_letter(moved: Moved, recipient: Recipient) -> Letter:
    return Letter(
        title=_("Your e-mail address was changed"),
        opening=_("From now on you sign in with the new address, and messages go there."),
        sections=(
            Section(
                (
                    Line(_("New address"), moved.new),
                    Line(_("Address before"), moved.left),
                )
            ),
        ),
        links=(LetterLink(_("Sign in"), web.public_url("sign_in.form")),),
        closing=_("If this is a mistake, tell the park's operator."),
    )


def _always(key: Key, facts: object) -> bool:
    """Facts that were found are true."""
    return True


INVITATION = MessageType(_opening, _still_works, _invitation_letter, hide=_without_secret)
PASSWORD_RESET = MessageType(_opening, _still_works, _reset_letter, hide=_without_secret)
NEW_SIGN_IN = MessageType(_signed_in, _always, _new_sign_in_letter)
PASSWORD_CHANGED = MessageType(_signed_in, _always, _password_changed_letter)
JOINED = MessageType(_joined, _always, _joined_letter)
ADDRESS_CHANGED = MessageType(_moved, _always, _moved_letter)
ADDRESS_LEFT = MessageType(_moved, _always, _moved_letter, address=lambda moved: moved.left)
