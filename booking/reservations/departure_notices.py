"""What people are told when somebody leaves: once each, with all the reservations it is about.

Whoever leaves hears what became of theirs; a colleague who takes some over hears which. Whose
account is closed is not written to any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from booking.core import i18n, web
from booking.core.database import session
from booking.core.events import Happened
from booking.core.i18n import _, ngettext
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.messages.models import MessageKind
from booking.people import members
from booking.people.models import Organisation, Person
from booking.reservations import notices, queries, texts
from booking.reservations.models import (
    Departure,
    DepartureKind,
    DepartureReservation,
    Reservation,
)
from booking.reservations.queries import Details

LISTED = 20  # reservations in one letter; the rest is counted


@dataclass(frozen=True)
class Leave:
    """A departure as its letters tell it to one recipient."""

    departure: Departure
    organisation: str
    is_told_to_who_leaves: bool
    taken_over: Sequence[Details]
    handed_over: Sequence[Details]
    cancelled: Sequence[Details]


def tell(happened: Happened) -> None:
    """Plan one letter for each who leaves or takes over; a reservation's own hand-over is part of
    a departure and needs none."""
    departure = _departure(happened.subject)
    if departure is None:
        return
    takers = session().scalars(
        select(DepartureReservation.to_person_id).where(
            DepartureReservation.departure_id == departure.id,
            DepartureReservation.to_person_id.is_not(None),
        )
    )
    recipients = {*_who_leaves(departure), *(one for one in takers if one is not None)}
    planner.plan(
        [
            Key(MessageKind.HANDED_OVER, happened.subject, happened.version, one, happened.at)
            for one in sorted(recipients)
        ]
    )


def _departure(public_id: str) -> Departure | None:
    return session().scalar(select(Departure).where(Departure.public_id == public_id))


def _who_leaves(departure: Departure) -> set[int]:
    if departure.kind is DepartureKind.ORGANISATION:
        assert departure.organisation_id is not None  # of this kind it is
        found = members.colleagues({departure.organisation_id})
        return {one.person_id for one in found[departure.organisation_id]}
    if departure.kind is DepartureKind.PERSON:
        return set()
    # Who never came does not hear that they left.
    came = select(Person.id).where(
        Person.id == departure.person_id, Person.password_hash.is_not(None)
    )
    return set(session().scalars(came))


def _leave(key: Key) -> Leave | None:
    departure = _departure(key.subject)
    if departure is None:
        return None
    rows = session().execute(
        select(DepartureReservation)
        .where(
            DepartureReservation.departure_id == departure.id,
            or_(
                DepartureReservation.from_person_id == key.recipient_id,
                DepartureReservation.to_person_id == key.recipient_id,
            ),
        )
        .order_by(DepartureReservation.reservation_id)
    )
    fates = [row[0] for row in rows]
    ids = {one.reservation_id for one in fates}
    found = {one.id: one for one in queries.find(Reservation.id.in_(ids))} if ids else {}
    return Leave(
        departure,
        _organisation_name(departure),
        # Of an organisation that leaves everybody is a member, also who takes over.
        is_told_to_who_leaves=departure.kind is DepartureKind.ORGANISATION
        or key.recipient_id == departure.person_id,
        taken_over=_chosen(found, [one for one in fates if one.to_person_id == key.recipient_id]),
        handed_over=_chosen(
            found, [one for one in fates if one.to_person_id not in (None, key.recipient_id)]
        ),
        cancelled=_chosen(found, [one for one in fates if one.to_person_id is None]),
    )


def _chosen(
    found: dict[int, Details], fates: Sequence[DepartureReservation]
) -> tuple[Details, ...]:
    chosen = (found[one.reservation_id] for one in fates)
    return tuple(sorted(chosen, key=lambda one: one.interval.starts_at))


def _organisation_name(departure: Departure) -> str:
    statement = select(Organisation.name).where(Organisation.id == departure.organisation_id)
    return session().scalar(statement) or ""


def _always(_key: Key, _leave: Leave) -> bool:
    """It was so; nothing makes it untrue."""
    return True


# --- letters ---


def _letter(leave: Leave, recipient: Recipient) -> Letter:
    return _to_who_leaves(leave) if leave.is_told_to_who_leaves else _to_who_takes_over(leave)


def _to_who_takes_over(leave: Leave) -> Letter:
    count = len(leave.taken_over)
    return Letter(
        title=ngettext(
            "%(num)s reservation was handed over to you",
            "%(num)s reservations were handed over to you",
            count,
        ),
        opening=_(
            "Somebody is leaving, and from now on this is yours: change it, or give it back if"
            " you do not need it."
        ),
        sections=_sections(leave),
        links=_links(),
    )


def _to_who_leaves(leave: Leave) -> Letter:
    return Letter(
        title=_title(leave), opening=_opening(leave), sections=_sections(leave), links=_links()
    )


def _title(leave: Leave) -> str:
    if leave.departure.kind is DepartureKind.ORGANISATION:
        return _("%(organisation)s has left the park", organisation=leave.organisation)
    return _("Your membership in %(organisation)s", organisation=leave.organisation)


def _opening(leave: Leave) -> str:
    if leave.departure.kind is DepartureKind.ORGANISATION:
        return _("Nobody can book for this organisation any more. Your account stays as it is.")
    if leave.departure.last_day is None:
        return _("Your membership has ended. Your account stays as it is.")
    return _(
        "The last day of your membership is %(day)s. Your account stays as it is.",
        day=i18n.format_day(leave.departure.last_day),
    )


def _sections(leave: Leave) -> tuple[Section, ...]:
    parts = (
        (_("Yours from now on"), leave.taken_over),
        (_("Handed over to colleagues"), leave.handed_over),
        (_("Cancelled"), leave.cancelled),
    )
    return tuple(Section(_lines(found), heading) for heading, found in parts if found)


def _lines(found: Sequence[Details]) -> tuple[Line, ...]:
    lines = [
        Line(notices.places_in_words(one.places), texts.period(one.local)) for one in found[:LISTED]
    ]
    rest = len(found) - LISTED
    if rest > 0:
        more = ngettext("%(num)s more reservation", "%(num)s more reservations", rest)
        lines.append(Line(_("Besides"), more))
    return tuple(lines)


def _links() -> tuple[Link, ...]:
    return (Link(_("See your reservations"), web.public_url("reservations.mine")),)


HANDED_OVER = MessageType(_leave, _always, _letter)
