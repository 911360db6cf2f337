"""What holder and booker are told when nobody came and the place was given back."""

from __future__ import annotations

from booking.core import web
from booking.core.events import Happened
from booking.core.i18n import _
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, Link, MessageType, Recipient
from booking.messages.models import MessageKind
from booking.reservations import notices, texts
from booking.reservations.queries import Details, details_by_id


def tell(happened: Happened) -> None:
    """Plan one message to each."""
    details = details_by_id(happened.subject)
    if details is not None:
        planner.plan(
            [
                Key(MessageKind.RELEASED, happened.subject, happened.version, one, happened.at)
                for one in notices.recipients_of(details)
            ]
        )


def _still_released(key: Key, details: Details) -> bool:
    return details.is_released and key.recipient_id in notices.recipients_of(details)


def _released(details: Details, recipient: Recipient) -> Letter:
    return Letter(
        title=_(
            "Place released: %(place)s, %(start)s",
            place=notices.places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=_(
            "Nobody had confirmed their presence in time, so the rest of this reservation was given"
            " back. Others can book the place now."
        ),
        sections=(notices.about(details),),
        links=(
            Link(
                _("Book again"),
                web.public_url("reservations.again", public_id=details.public_id),
            ),
            Link(
                _("See this reservation"),
                web.public_url("reservations.show", public_id=details.public_id),
            ),
        ),
    )


RELEASED = MessageType(notices.reservation_of, _still_released, _released)
