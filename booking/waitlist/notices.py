"""What whoever waits is told when a place is held for them: once, with until when and how to take
it. Whatever else becomes of an entry is quiet: it stands on the page of the waiting list."""

from __future__ import annotations

from booking.core import clock, web
from booking.core.events import Happened
from booking.core.i18n import _
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.messages.models import MessageKind
from booking.reservations import notices, texts
from booking.waitlist import queries
from booking.waitlist.queries import Entry


def tell(happened: Happened) -> None:
    """Plan the one message of an offer."""
    entry = queries.entry_of_offer(happened.subject)
    if entry is not None:
        planner.plan(
            [
                Key(
                    MessageKind.OFFER,
                    happened.subject,
                    happened.version,
                    entry.person_id,
                    happened.at,
                )
            ]
        )


def _offered(key: Key) -> Entry | None:
    return queries.entry_of_offer(key.subject)


def _is_still_held(key: Key, entry: Entry) -> bool:
    offer = entry.offer
    return offer is not None and offer.public_id == key.subject and offer.expires_at > clock.now()


def _letter(entry: Entry, _recipient: Recipient) -> Letter:
    place = entry.place if entry.offer is None else entry.offer.place
    return Letter(
        title=_(
            "Free for you: %(place)s, %(start)s",
            place=notices.place_in_words(place),
            start=texts.day_and_clock(entry.local.starts_at),
        ),
        opening=_opening(entry),
        sections=(Section(_lines(entry)),),
        links=(
            Link(
                _("Take it, or leave it to the next"),
                web.public_url("waitlist.show", public_id=entry.public_id),
            ),
        ),
    )


def _opening(entry: Entry) -> str:
    if entry.offer is None:
        return _("You were first in line for this place. It is no longer held for you.")
    until = texts.moment(entry.offer.expires_at, entry.offer.place.spot.zone_name)
    return _(
        "You are first in line. The place is held for you until %(moment)s. Without an answer it"
        " goes to the next in line then, and your wish ends.",
        moment=until,
    )


def _lines(entry: Entry) -> tuple[Line, ...]:
    place = entry.place if entry.offer is None else entry.offer.place
    lines = (
        Line(_("Space"), notices.place_in_words(place)),
        Line(_("Where"), texts.where(place)),
        Line(_("When"), texts.period(entry.local)),
        Line(_("Purpose"), entry.title),
    )
    return tuple(line for line in lines if line.value)


OFFER = MessageType(_offered, _is_still_held, _letter)
