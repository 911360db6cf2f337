"""What the operator reads about messages, in the operator's language."""

from __future__ import annotations

from booking.core.i18n import _, pgettext
from booking.messages.models import MessageKind, MessageState


def kind_in_words(kind: MessageKind) -> str:
    """What a message is about."""
    return {
        MessageKind.REQUESTED: _("Request sent"),
        MessageKind.CONFIRMED: _("Confirmation"),
        MessageKind.CHANGED: pgettext("message", "Change"),
        MessageKind.DECLINED: pgettext("message", "Declined"),
        MessageKind.CANCELLED: _("Cancellation"),
        MessageKind.EXPIRED: _("Expiry"),
        MessageKind.REMINDER: _("Reminder"),
        MessageKind.APPROVAL_WAITING: _("Requests to decide"),
        MessageKind.APPROVAL_LATE: _("Decision is late"),
        MessageKind.INVITATION: _("Invitation"),
    }[kind]


def state_in_words(state: MessageState) -> str:
    """Where a message stands."""
    return {
        MessageState.PLANNED: _("Planned"),
        MessageState.SENDING: _("Being sent"),
        MessageState.SENT: _("Sent"),
        MessageState.KEPT: _("Kept"),
        MessageState.WITHDRAWN: _("Withdrawn"),
        MessageState.REFUSED: _("Refused"),
    }[state]


def explanation(state: MessageState) -> str:
    """What that state means for the text below."""
    return {
        MessageState.PLANNED: _("It is not sent yet. This is how it would look now."),
        MessageState.SENDING: _("It is being sent. This is how it looks."),
        MessageState.SENT: _("It was sent. Its text is not kept."),
        MessageState.KEPT: _("No mail server is set, so it was kept instead of sent."),
        MessageState.WITHDRAWN: _("It was no longer true when it was due, so it was not sent."),
        MessageState.REFUSED: _("The mail server refused it. It is not sent again."),
    }[state]
