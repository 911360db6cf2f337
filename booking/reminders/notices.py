"""Reminders: planned when a reservation is confirmed or changed, sent before it begins."""

from __future__ import annotations

from datetime import timedelta

from booking.core import clock, web
from booking.core.events import Happened
from booking.core.i18n import _
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, MessageType, Recipient
from booking.messages.models import MessageKind
from booking.reservations import notices, texts
from booking.reservations.models import State
from booking.reservations.queries import Details, details_by_id, is_one_of_several


def plan(happened: Happened) -> None:
    """Plan the reminders of a reservation that was confirmed or changed.

    Their version is the reservation's sequence, which counts changes of time, place and state: a
    new title neither doubles nor loses a reminder. Those already due when it happened are not
    made; those that only this worker is late for are.
    """
    details = details_by_id(happened.subject)
    if details is None or details.state is not State.CONFIRMED:
        return
    moments = [
        details.interval.starts_at - timedelta(minutes=minutes)
        for minutes in web.settings().reminder_minutes
    ]
    planner.plan(
        [
            Key(MessageKind.REMINDER, happened.subject, details.sequence, recipient_id, due_at)
            for due_at in moments
            if due_at > happened.at
            for recipient_id in _reminded(details)
        ]
    )


def _reminded(details: Details) -> tuple[int, ...]:
    """Holder and booker; of places booked together each only of their own."""
    return (details.person_id,) if details.group else notices.recipients_of(details)


def _still_ahead(key: Key, details: Details) -> bool:
    """Confirmed, at the time and place that were planned, not begun, and not handed over since."""
    return (
        details.state is State.CONFIRMED
        and key.recipient_id in notices.recipients_of(details)
        and details.sequence == key.version
        and clock.now() < details.interval.starts_at
        and not is_one_of_several(details)
    )


def _reminder(details: Details, recipient: Recipient) -> Letter:
    return Letter(
        title=_(
            "Reminder: %(place)s, %(start)s",
            place=notices.places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=_("Your reservation begins soon. If you do not need it, please give it back."),
        sections=(notices.about(details),),
        links=notices.links_of(details),
    )


REMINDER = MessageType(notices.reservation_of, _still_ahead, _reminder)
