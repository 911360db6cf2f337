"""What both are told when a reservation goes from one colleague to another, and whoever booked it
for them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from booking.core.database import session
from booking.core.events import Happened
from booking.core.i18n import _, isolated
from booking.journal.models import JournalLine
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, MessageType, Recipient
from booking.messages.models import MessageKind
from booking.people.models import Person
from booking.reservations import notices, texts
from booking.reservations.queries import Details, details_by_id


@dataclass(frozen=True)
class Transferred:
    """A reservation, whose it is now, and whose it was."""

    details: Details
    giver_id: int
    giver: str


def tell(happened: Happened) -> None:
    """Plan one message for each."""
    found = _transferred(happened.subject)
    if found is None:
        return
    recipients = {found.giver_id, *notices.recipients_of(found.details)}
    planner.plan(
        [
            Key(MessageKind.TRANSFERRED, happened.subject, happened.version, one, happened.at)
            for one in sorted(recipients)
        ]
    )


def _facts(key: Key) -> Transferred | None:
    return _transferred(key.subject)


def _transferred(public_id: str) -> Transferred | None:
    """Whose it was stands in the journal's line of the last transfer."""
    details = details_by_id(public_id)
    before = session().scalar(
        select(JournalLine.before)
        .where(
            JournalLine.subject_kind == "reservation",
            JournalLine.subject_id == public_id,
            JournalLine.act == "transferred",
        )
        .order_by(JournalLine.id.desc())
        .limit(1)
    )
    if details is None or not before:
        return None
    giver_id = before["person_id"]
    assert isinstance(giver_id, int)
    name = session().scalar(select(Person.name).where(Person.id == giver_id)) or ""
    return Transferred(details, giver_id, name)


def _still_true(key: Key, found: Transferred) -> bool:
    """Of two transfers in a row whoever passed it on hears of the last alone."""
    concerned = {found.giver_id, *notices.recipients_of(found.details)}
    is_live = found.details.is_live and not notices.is_over(found.details)
    return is_live and key.recipient_id in concerned


def _letter(found: Transferred, recipient: Recipient) -> Letter:
    details = found.details
    taker = isolated(details.person.name)
    if recipient.person_id == details.person_id:
        opening = _(
            "%(name)s has transferred this reservation to you. From now on it is yours: change it,"
            " or give it back if you do not need it.",
            name=isolated(found.giver),
        )
    elif recipient.person_id == found.giver_id:
        opening = _(
            "This reservation is no longer yours: it was transferred to %(name)s.", name=taker
        )
    else:
        opening = _(
            "The reservation that you have booked for %(giver)s was transferred to %(name)s.",
            giver=isolated(found.giver),
            name=taker,
        )
    return Letter(
        title=_(
            "Reservation transferred: %(place)s, %(start)s",
            place=notices.places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=opening,
        sections=(notices.about(details),),
        links=notices.links_of(details)
        if recipient.person_id in notices.recipients_of(details)
        else (),
    )


TRANSFERRED = MessageType(_facts, _still_true, _letter)
