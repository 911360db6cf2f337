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
        MessageKind.RELEASED: _("Released place"),
        MessageKind.REMINDER: _("Reminder"),
        MessageKind.APPROVAL_WAITING: _("Requests to decide"),
        MessageKind.APPROVAL_LATE: _("Decision is late"),
        MessageKind.QUESTION: _("Question"),
        MessageKind.ANSWERED: _("Answer"),
        MessageKind.INVITATION: _("Invitation"),
        MessageKind.TEST: pgettext("message", "Test"),
        MessageKind.PASSWORD_RESET: _("New password asked for"),
        MessageKind.PASSWORD_CHANGED: _("Password changed"),
        MessageKind.NEW_SIGN_IN: _("New sign-in"),
        MessageKind.JOINED: _("Organisation joined"),
        MessageKind.ADDRESS_CHANGED: _("New e-mail address"),
        MessageKind.ADDRESS_LEFT: _("E-mail address left"),
        MessageKind.HANDED_OVER: _("Hand-over"),
        MessageKind.TRANSFERRED: _("Transfer to a colleague"),
        MessageKind.GROUPED: _("Places together"),
        MessageKind.DISPLACED: _("Space closed"),
        MessageKind.SERIES: _("Recurring reservation"),
        MessageKind.OFFER: _("Place offered"),
        MessageKind.DEPUTY_NAMED: _("Deputy named"),
        MessageKind.DEPUTY_ENDED: _("Deputy ended"),
        MessageKind.AUTHORISATION_LAPSING: _("Authorisation lapses"),
        MessageKind.LEFT_OUTSIDE: _("Other opening hours"),
    }[kind]


def occasion(kind: MessageKind) -> str:
    """When such a message is sent, and to whom."""
    texts = {
        MessageKind.REQUESTED: _("To the person who asked, when a request waits for approval."),
        MessageKind.CONFIRMED: _("To the person, when a reservation is confirmed."),
        MessageKind.CHANGED: _("To the person, when time or place of a reservation change."),
        MessageKind.DECLINED: _("To the person who asked, when a request is declined."),
        MessageKind.CANCELLED: _("To the person, when a reservation is cancelled."),
        MessageKind.EXPIRED: _("To the person who asked, when nobody decided in time."),
        MessageKind.RELEASED: _("To the person, when nobody came and the place was given back."),
        MessageKind.REMINDER: _("To the person, before a reservation begins."),
        MessageKind.APPROVAL_WAITING: _("To those who decide, each half-hour with new requests."),
        MessageKind.APPROVAL_LATE: _("To those who decide, when half of the time has passed."),
        MessageKind.QUESTION: _("To the person who asked, when whoever decides has a question."),
        MessageKind.ANSWERED: _("To those who decide, when their question is answered."),
        MessageKind.INVITATION: _("To somebody new, with the link to choose a password."),
        MessageKind.PASSWORD_RESET: _("To the person, when a new password is asked for."),
        MessageKind.NEW_SIGN_IN: _("To the person, when a new browser signs in."),
        MessageKind.PASSWORD_CHANGED: _("To the person, when their password was changed."),
        MessageKind.JOINED: _("To somebody with an account, when they join an organisation."),
        MessageKind.ADDRESS_CHANGED: _("To the new address, when an operator changes it."),
        MessageKind.ADDRESS_LEFT: _("To the old address, when an operator changes it."),
        MessageKind.HANDED_OVER: _(
            "To whoever leaves and whoever takes over, with all the reservations it is about."
        ),
        MessageKind.TRANSFERRED: _("To both, when a reservation goes from one to the other."),
        MessageKind.GROUPED: _("To the person who booked several places at once."),
        MessageKind.DISPLACED: _(
            "To the person, when a closure cancels their reservations or is made around them, or"
            " what they reserved is out of order."
        ),
        MessageKind.SERIES: _("To the person, with all dates of a recurring reservation."),
        MessageKind.OFFER: _("To whoever waited, when what they wait for has become free."),
        MessageKind.DEPUTY_NAMED: _("To the deputy, when a lab manager who goes away names one."),
        MessageKind.DEPUTY_ENDED: _(
            "To the deputy, and to the lab manager where somebody else did it, when a deputy’s days"
            " are taken back."
        ),
        MessageKind.AUTHORISATION_LAPSING: _(
            "To the person, 30 days before an authorisation lapses."
        ),
        MessageKind.LEFT_OUTSIDE: _(
            "To the person, when other opening hours leave their reservations outside."
        ),
        MessageKind.TEST: _("To the operator, when the mail server is tried."),
    }
    return texts[kind]


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


def explanation(state: MessageState, *, hands_over: bool = False) -> str:
    """What that state means for the text below."""
    if hands_over:
        return _(
            "No mail server is set: give the link to its recipient yourself. It stands here only"
            " as long as it works."
        )
    return {
        MessageState.PLANNED: _("It is not sent yet. This is how it would look now."),
        MessageState.SENDING: _("It is being sent. This is how it looks."),
        MessageState.SENT: _("It was sent. Its text is not kept."),
        MessageState.KEPT: _("No mail server is set, so it was kept instead of sent."),
        MessageState.WITHDRAWN: _("It was no longer true when it was due, so it was not sent."),
        MessageState.REFUSED: _("The mail server refused it. It is not sent again."),
    }[state]
