"""What the booker of a group is told: one message about all of it."""

from __future__ import annotations

from dataclasses import dataclass

from booking.core import web
from booking.core.events import Happened
from booking.core.i18n import _, ngettext
from booking.core.intervals import LocalInterval
from booking.messages import queries as messages
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.messages.models import MessageKind
from booking.reservations import notices, texts
from booking.reservations.models import State
from booking.reservations.queries import Details, group_by_id
from booking.reservations.standing import standing


@dataclass(frozen=True)
class Together:
    """The reservations of a group, by place; at least one."""

    public_id: str
    reservations: tuple[Details, ...]
    is_new: bool

    @property
    def first(self) -> Details:
        """When most of them are, and who booked."""
        return next(iter(standing(self.reservations).together), self.reservations[0])

    @property
    def is_given_back(self) -> bool:
        """Whether none of them stands any more."""
        return not any(one.is_live for one in self.reservations)


def tell(happened: Happened) -> None:
    """Plan the message to whoever booked; the others hear of their own places as always."""
    found = group_by_id(happened.subject)
    bookers = dict.fromkeys(one.booked_by_id for one in found)
    planner.plan(
        [
            Key(MessageKind.GROUPED, happened.subject, happened.version, person_id, happened.at)
            for person_id in bookers
        ]
    )


def _together(key: Key) -> Together | None:
    found = tuple(group_by_id(key.subject))
    return Together(key.subject, found, key.version == 1) if found else None


def _still_true(key: Key, together: Together) -> bool:
    is_over = all(notices.is_over(one) for one in together.reservations)
    return not is_over and not messages.has_newer(key, {MessageKind.GROUPED})


def _letter(together: Together, recipient: Recipient) -> Letter:
    return Letter(
        title=_title(together),
        opening=_opening(together),
        sections=(_section(together),),
        links=(
            Link(
                _("See all places, and give one or all of them back"),
                web.public_url("groups.show", public_id=together.public_id),
            ),
        ),
    )


def _title(together: Together) -> str:
    start = texts.day_and_clock(together.first.local.starts_at)
    count = len(together.reservations)
    if together.is_given_back:
        return _("Places given back: %(start)s", start=start)
    if not together.is_new:
        return _("Places together, changed: %(start)s", start=start)
    return ngettext(
        "%(num)s place together: %(start)s",
        "%(num)s places together: %(start)s",
        count,
        start=start,
    )


def _opening(together: Together) -> str:
    if together.is_given_back:
        return _("The places you had booked together are given back.")
    if any(one.amendment for one in together.reservations):
        return _("You have asked for another time. Until it is approved, the old one stays.")
    if not together.is_new:
        return _("The places you booked together have changed. This is how they stand now.")
    if any(one.state is State.PENDING for one in together.reservations):
        return _("You have asked for these places. Some of them still need approval.")
    return _("You have booked these places. Each colleague is told about their own.")


def _section(together: Together) -> Section:
    first = together.first
    lines = [Line(_("When"), texts.period(first.local))]
    if first.title:
        lines.append(Line(_("Purpose"), first.title))
    lines += [
        Line(notices.places_in_words(one.places), _who(one, first.local))
        for one in together.reservations
    ]
    return Section(tuple(lines))


def _who(one: Details, usual: LocalInterval) -> str:
    """Who sits there: a colleague by name, else the organisation, and what became of it."""
    who = holder_in_words(one)
    if one.state is State.CANCELLED:
        return _("%(who)s (given back)", who=who)
    if one.amendment is not None:
        wanted = texts.period(one.amendment.local)
        return _("%(who)s (asked for: %(period)s)", who=who, period=wanted)
    if one.local != usual:
        return _("%(who)s (%(period)s)", who=who, period=texts.period(one.local))
    return who


def holder_in_words(one: Details) -> str:
    """The colleague by name; where the booker holds it for the organisation, that."""
    if one.person_id == one.booked_by_id and one.organisation is not None:
        return f"{one.person.name} · {one.organisation.name}"
    return one.person.name


GROUPED = MessageType(_together, _still_true, _letter)
