"""What is told about deputies: to who decides from now on, and when that is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from booking.core import web
from booking.core.database import session
from booking.core.i18n import _, format_day
from booking.journal.models import JournalLine
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.people import terms
from booking.people.deputies import Absent, Standing
from booking.people.models import Deputy, Person, PersonState


@dataclass(frozen=True)
class Days:
    """Who decides for whom, from which day until which day."""

    absent: str
    absent_id: int
    deputy: str
    first_day: date
    last_day: date


def _named(key: Key) -> Days | None:
    row = (
        session()
        .execute(
            select(Absent.name, Absent.id, Standing.name, Deputy.valid_from, Deputy.valid_until)
            .join(Absent, Absent.id == Deputy.person_id)
            .join(Standing, Standing.id == Deputy.deputy_id)
            .where(Deputy.public_id == key.subject)
        )
        .first()
    )
    return None if row is None else Days(*row)


def _still_ahead(key: Key, days: Days) -> bool:
    return days.last_day >= terms.today()


def _ended(key: Key) -> Days | None:
    """The row is gone: the journal says what it was."""
    line = session().get(JournalLine, key.version)
    after = (line.after if line is not None else None) or {}
    first, last, absent_id = (after.get(name) for name in ("from", "until", "instead_of"))
    if line is None or not isinstance(absent_id, int):
        return None
    names = dict(
        session()
        .execute(
            select(Person.public_id, Person.name).where(
                (Person.id == absent_id) | (Person.public_id == line.subject_id),
                Person.state != PersonState.ANONYMISED,
            )
        )
        .all()
    )
    deputy = names.pop(line.subject_id, "")
    absent = next(iter(names.values()), "")
    days = (date.fromisoformat(str(first)), date.fromisoformat(str(last)))
    return Days(absent, absent_id, deputy, *days)


def _always(key: Key, days: Days) -> bool:
    """It was so; nothing makes it untrue."""
    return True


def _named_letter(days: Days, recipient: Recipient) -> Letter:
    return Letter(
        title=_("You decide in the place of %(absent)s", absent=_name(days.absent)),
        opening=_(
            "While %(absent)s is away, you decide on the requests for their places and get the"
            " messages about them.",
            absent=_name(days.absent),
        ),
        sections=_section(days),
        links=(
            Link(_("Requests"), web.public_url("approvals.list")),
            Link(_("Deputies"), web.public_url("deputies.index")),
        ),
        closing=_("If you cannot, tell whoever named you: they can name somebody else."),
    )


def _ended_letter(days: Days, recipient: Recipient) -> Letter:
    if recipient.person_id == days.absent_id:
        title = _("%(deputy)s no longer decides in your place", deputy=_name(days.deputy))
        opening = _("From now on your deputy decides in their own name alone.")
    else:
        title = _("You no longer decide in the place of %(absent)s", absent=_name(days.absent))
        opening = _("From now on you decide in your own name alone. What you have decided stays.")
    return Letter(
        title=title,
        opening=opening,
        sections=_section(days),
        links=(Link(_("Deputies"), web.public_url("deputies.index")),),
        closing="",
    )


def _section(days: Days) -> tuple[Section, ...]:
    lines = (
        Line(_("First day"), format_day(days.first_day)),
        Line(_("Last day"), format_day(days.last_day)),
    )
    return (Section(lines),)


def _name(name: str) -> str:
    return name or _("somebody whose account is closed")


NAMED = MessageType(_named, _still_ahead, _named_letter)
ENDED = MessageType(_ended, _always, _ended_letter)
