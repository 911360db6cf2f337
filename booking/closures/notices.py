"""What people are told whose reservations a closure cancels: once each, with all of theirs, why,
and what else is free. And whoever stays inside one: that they do, and whom to ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select, union_all

from booking.closures import words
from booking.core import clock, web
from booking.core.database import session
from booking.core.errors import BookingError
from booking.core.events import Happened
from booking.core.i18n import _, ngettext
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.messages.models import MessageKind
from booking.occupancy.models import Closure, ClosureKind
from booking.people.models import Person
from booking.people.sign_in import load_actor
from booking.replacements import queries as replacements
from booking.replacements.models import MOST
from booking.replacements.queries import Held
from booking.reservations import alternatives, notices, place_facts, queries, texts
from booking.reservations.alternatives import Alternative
from booking.reservations.models import Displacement, Reservation, Spared
from booking.reservations.queries import Details
from booking.reservations.wishes import Wish

LISTED = 20  # reservations in one letter; the rest is counted
WITH_ALTERNATIVES = 5  # of them


@dataclass(frozen=True)
class Displaced:
    """What a closure has cancelled for one recipient, as one act of it; or what stays of theirs
    although it is closed around it."""

    closure: Closure
    person: Person
    reservations: tuple[Details, ...]
    held: Mapping[int, tuple[Held, ...]]  # instead of each, that can still be taken

    @property
    def has_something_held(self) -> bool:
        """Whether anything is held of what the letter shows."""
        return any(self.held.get(one.id) for one in self.reservations[:LISTED])

    @property
    def stays(self) -> bool:
        """Whether nothing of it is cancelled."""
        return all(one.is_live for one in self.reservations)


def tell(happened: Happened) -> None:
    """Plan one letter for each holder and booker of what was cancelled."""
    closure = _closure(happened.subject)
    if closure is None:
        return
    gone = _gone(closure, happened.version)
    recipients = {one for details in gone for one in notices.recipients_of(details)}
    planner.plan(
        [
            Key(MessageKind.DISPLACED, happened.subject, happened.version, one, happened.at)
            for one in sorted(recipients)
        ]
    )


def _closure(public_id: str) -> Closure | None:
    return session().scalar(select(Closure).where(Closure.public_id == public_id))


def _gone(closure: Closure, version: int, recipient_id: int | None = None) -> list[Details]:
    its = union_all(
        select(Displacement.reservation_id).where(
            Displacement.closure_id == closure.id, Displacement.version == version
        ),
        select(Spared.reservation_id).where(
            Spared.closure_id == closure.id, Spared.told == version
        ),
    )
    if recipient_id is None:
        return queries.find(Reservation.id.in_(its))
    concerns = or_(Reservation.person_id == recipient_id, Reservation.booked_by_id == recipient_id)
    return queries.find(Reservation.id.in_(its), concerns)


def _displaced(key: Key) -> Displaced | None:
    closure = _closure(key.subject)
    person = session().get(Person, key.recipient_id)
    if closure is None or person is None:
        return None
    found = _gone(closure, key.version, key.recipient_id)
    kept = [one for one in found if one.is_live]
    found = kept or found  # what stays may be cancelled meanwhile: of that they hear by itself
    return Displaced(closure, person, tuple(found), _held(found)) if found else None


def _held(found: Sequence[Details]) -> dict[int, tuple[Held, ...]]:
    now = clock.now()
    return {
        key: tuple(one for one in held if one.is_open(now))
        for key, held in replacements.held_for([one.id for one in found]).items()
    }


def _still_worth_telling(_key: Key, told: Displaced) -> bool:
    if told.stays and told.closure.ended_at is not None:
        return False  # it is open, or back in order, already
    return any(not notices.is_over(one) for one in told.reservations)


# --- the letter ---


def _letter(told: Displaced, recipient: Recipient) -> Letter:
    count = len(told.reservations)
    return Letter(
        title=_title(told),
        opening=_opening(told),
        sections=(*_sections(told), *_rest(count - LISTED)),
        links=(
            Link(_("Find another place"), web.public_url("finding.show")),
            Link(_("See your reservations"), web.public_url("reservations.mine")),
        ),
    )


def _title(told: Displaced) -> str:
    first, count = told.reservations[0], len(told.reservations)
    place = notices.places_in_words(first.places)
    start = texts.day_and_clock(first.local.starts_at)
    if told.stays:
        return _title_of_what_stays(told.closure.kind, place, start, count)
    return (
        _(
            "Cancelled: %(place)s, %(start)s: the space is closed",
            place=place,
            start=start,
        )
        if count == 1
        else ngettext(
            "%(num)s of your reservations is cancelled: the space is closed",
            "%(num)s of your reservations are cancelled: the spaces are closed",
            count,
        )
    )


def _title_of_what_stays(kind: ClosureKind, place: str, start: str, count: int) -> str:
    if kind is ClosureKind.OUT_OF_ORDER:
        return (
            _("Out of order: %(place)s, reserved %(start)s", place=place, start=start)
            if count == 1
            else ngettext(
                "Out of order: %(num)s of your reservations is concerned",
                "Out of order: %(num)s of your reservations are concerned",
                count,
            )
        )
    return (
        _(
            "Closed around it, your reservation stays: %(place)s, %(start)s",
            place=place,
            start=start,
        )
        if count == 1
        else ngettext(
            "Closed around it, %(num)s of your reservations stays",
            "Closed around them, %(num)s of your reservations stay",
            count,
        )
    )


def _opening(told: Displaced) -> str:
    closure, first = told.closure, told.reservations[0]
    zone_name = first.local.zone_name
    if told.stays:
        return _opening_of_what_stays(closure, zone_name)
    if told.has_something_held:
        return _(
            "Closed %(period)s. Reason: %(what)s. We are sorry. Instead, some places are held for"
            " you: nobody else can book them until the time that stands beside each. Take one of"
            " them with one tap, and the others are free again. What is not held goes to whoever"
            " books it first.",
            period=words.period(closure.interval, zone_name),
            what=words.what(closure.kind, closure.names),
        )
    return _(
        "Closed %(period)s. Reason: %(what)s. We are sorry. What else is free when this message is"
        " written stands below; whoever books it first has it.",
        period=words.period(closure.interval, zone_name),
        what=words.what(closure.kind, closure.names),
    )


def _opening_of_what_stays(closure: Closure, zone_name: str) -> str:
    what = words.what(closure.kind, closure.names)
    if closure.kind is ClosureKind.OUT_OF_ORDER:
        return _(
            "%(what)s. Expected back: %(moment)s. Nothing is cancelled: what you have reserved"
            " stays unless you move or cancel it, or hear from us. What else is free when this"
            " message is written stands below; whoever books it first has it.",
            what=what,
            moment=texts.moment(closure.ends_at, zone_name),
        )
    return _(
        "Closed %(period)s. Reason: %(what)s. Your reservation was kept, but the house around it is"
        " closed then: before you come, ask whether the doors are open. If you would rather come at"
        " another time, what else is free when this message is written stands below; whoever books"
        " it first has it.",
        period=words.period(closure.interval, zone_name),
        what=what,
    )


def _sections(told: Displaced) -> list[Section]:
    several = len(told.reservations) > 1
    whom = _whom_to_ask(told)
    sections = []
    for number, one in enumerate(told.reservations[:LISTED]):
        section = notices.about(one, texts.day_and_clock(one.local.starts_at) if several else "")
        held = told.held.get(one.id, ())
        is_short = number < WITH_ALTERNATIVES and len(held) < MOST
        more = _instead_of(told, one)[: MOST - len(held)] if is_short else ()
        links = (*(_link_to_held(one, other) for other in held), *map(_link, more))
        sections.append(Section((*section.lines, *whom(one)), section.heading, links))
    return sections


def _whom_to_ask(told: Displaced) -> Callable[[Details], tuple[Line, ...]]:
    """Who knows what a closure means for what stays inside it; one statement for all of them."""
    if not told.stays:
        return lambda _details: ()
    found = told.reservations[:LISTED]
    names_at = place_facts.who_answers_at(
        {place.resource_id for one in found for place in one.places}
    )

    def line(details: Details) -> tuple[Line, ...]:
        names = dict.fromkeys(
            name for place in details.places for name in names_at[place.resource_id]
        )
        return (Line(_("Whom to ask"), _(", ").join(names) or _("Reception")),)

    return line


def _rest(count: int) -> tuple[Section, ...]:
    if count <= 0:
        return ()
    more = ngettext("%(num)s more reservation", "%(num)s more reservations", count)
    return (Section((Line(_("Besides"), more),)),)


def _instead_of(told: Displaced, one: Details) -> Sequence[Alternative]:
    """What the recipient could book instead, if it has not become past."""
    if one.interval.starts_at <= clock.now():
        return ()
    wish = Wish(
        resources=tuple(place.spot.public_id for place in one.places),
        starts_at=one.local.starts_at,
        ends_at=one.local.ends_at,
        headcount=one.headcount,
    )
    try:
        return alternatives.find(load_actor(told.person), wish)
    except BookingError:  # a space that is retired meanwhile, a holder without rights any more
        return ()


def _link_to_held(one: Details, held: Held) -> Link:
    """The page on which it is taken."""
    return Link(
        _(
            "Held for you until %(moment)s: %(place)s, %(period)s",
            moment=texts.moment(held.expires_at, held.local.zone_name),
            place=texts.codes(held.places),
            period=texts.period(held.local),
        ),
        f"{web.public_url('replacements.show', public_id=one.public_id)}#{held.public_id}",
    )


def _link(found: Alternative) -> Link:
    """The booking form with this place and time."""
    first, *others = found.places
    local = found.local
    return Link(
        _(
            "%(why)s: %(place)s, %(period)s",
            why=texts.why(found.why),
            place=texts.codes(found.places),
            period=texts.period(local),
        ),
        web.public_url(
            "book.form",
            resource=first.spot.code,
            also=[other.spot.code for other in others],
            day=local.starts_at.date().isoformat(),
            start=local.starts_at.isoformat(timespec="minutes"),
            end=local.ends_at.isoformat(timespec="minutes"),
        ),
    )


DISPLACED = MessageType(_displaced, _still_worth_telling, _letter)
