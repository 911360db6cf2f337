"""What is told about an authorisation: once, 30 days before its last day, that it lapses."""

from __future__ import annotations

from booking.authorisations import queries
from booking.authorisations.queries import Given
from booking.core import web
from booking.core.i18n import _, format_day, name_in
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.people import terms


def _still_lapses(key: Key, found: Given) -> bool:
    """Not prolonged, not lapsed yet, and still asked for."""
    return (
        found.valid_until.toordinal() == key.version
        and found.valid_until >= terms.today()
        and found.is_asked_for
    )


def _letter(found: Given, recipient: Recipient) -> Letter:
    return Letter(
        title=_(
            "Your authorisation for %(group)s ends on %(day)s",
            group=name_in(found.names),
            day=format_day(found.valid_until),
        ),
        opening=_(
            "After that day you can no longer use these spaces. One of their lab managers can"
            " prolong it: ask them in time."
        ),
        sections=(Section(_lines(found)),),
        links=(Link(_("My authorisations"), web.public_url("authorisations.mine")),),
    )


def _lines(found: Given) -> tuple[Line, ...]:
    lines = (
        Line(_("For which spaces"), name_in(found.names)),
        Line(_("Valid until"), format_day(found.valid_until)),
        Line(_("Given by"), found.given_by.name),
        Line(_("Note"), found.note),
    )
    return tuple(line for line in lines if line.value)


LAPSING = MessageType(lambda key: queries.told_of(key.subject), _still_lapses, _letter)
