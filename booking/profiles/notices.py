"""What people are told whose reservations lie outside new opening hours: once, of all of theirs,
that nothing is cancelled, and what else is free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from sqlalchemy import or_, select

from booking.core import clock, web
from booking.core.database import session
from booking.core.errors import BookingError
from booking.core.events import Happened
from booking.core.i18n import _, ngettext
from booking.core.intervals import LocalInterval
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.messages.models import MessageKind
from booking.people.models import Person
from booking.people.sign_in import load_actor
from booking.policies.facts import Place
from booking.reservations import alternatives, notices, queries, texts
from booking.reservations.alternatives import Why
from booking.reservations.models import LeftOutside, Reservation
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from booking.spaces.opening import Opening, joined
from booking.spaces.queries import openings

LISTED = 20  # reservations in one letter; the rest is counted
WITH_ALTERNATIVES = 5  # of them
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Outside:
    """What of one recipient's lies outside since one change of hours, as it is or as a change that
    waits would make it, and the hours as they are."""

    person: Person
    reservations: tuple[Details, ...]
    opening_of: Mapping[int, Opening]


def tell(happened: Happened) -> None:
    """Plan one letter for each holder and booker of what was left outside."""
    left = _left(happened.subject)
    recipients = {one for details in left for one in notices.recipients_of(details)}
    planner.plan(
        [
            Key(MessageKind.LEFT_OUTSIDE, happened.subject, happened.version, one, happened.at)
            for one in sorted(recipients)
        ]
    )


def _left(change_id: str, recipient_id: int | None = None) -> list[Details]:
    its = select(LeftOutside.reservation_id).where(LeftOutside.change_id == change_id)
    if recipient_id is None:
        return queries.find(Reservation.id.in_(its))
    concerns = or_(Reservation.person_id == recipient_id, Reservation.booked_by_id == recipient_id)
    return queries.find(Reservation.id.in_(its), concerns)


def _outside(key: Key) -> Outside | None:
    """What still lies outside: neither moved nor cancelled, and the hours no others again."""
    person = session().get(Person, key.recipient_id)
    ahead = [
        one
        for one in _left(key.subject, key.recipient_id)
        if one.is_live and not notices.is_over(one)
    ]
    if person is None or not ahead:
        return None
    both = [*ahead, *map(_as_wished, ahead)]
    opening_of = openings(
        {place.spot.hours_id for one in both for place in one.places},
        min(one.local.starts_at for one in both).date(),
        max(one.local.ends_at for one in both).date() + DAY,
    )
    outside = tuple(
        next((it for it in (one, _as_wished(one)) if not _covers(opening_of, it, it.local)), None)
        for one in ahead
    )
    found = tuple(one for one in outside if one is not None)
    return Outside(person, found, opening_of) if found else None


def _as_wished(one: Details) -> Details:
    """As the change that waits would make it."""
    waiting = one.amendment
    if waiting is None:
        return one
    return replace(
        one,
        places=waiting.places,
        local=waiting.local,
        interval=waiting.interval,
        title=waiting.title,
        headcount=waiting.headcount,
        layout=waiting.layout,
    )


def _still_worth_telling(_key: Key, _told: Outside) -> bool:
    return True  # what is no longer so has no facts


# --- the letter ---


def _letter(told: Outside, recipient: Recipient) -> Letter:
    return Letter(
        title=_title(told),
        opening=_(
            "The opening hours change. Nothing is cancelled: what you have reserved stays unless"
            " you move or cancel it, or hear from us. What else is free when this message is"
            " written stands below; whoever books it first has it."
        ),
        sections=(*_sections(told), *_rest(len(told.reservations) - LISTED)),
        links=(Link(_("See your reservations"), web.public_url("reservations.mine")),),
    )


def _title(told: Outside) -> str:
    first, count = told.reservations[0], len(told.reservations)
    if count == 1:
        return _(
            "Outside the new opening hours: %(place)s, %(start)s",
            place=notices.places_in_words(first.places),
            start=texts.day_and_clock(first.local.starts_at),
        )
    return ngettext(
        "%(num)s of your reservations lies outside the new opening hours",
        "%(num)s of your reservations lie outside the new opening hours",
        count,
    )


def _sections(told: Outside) -> list[Section]:
    several = len(told.reservations) > 1
    sections = []
    for number, one in enumerate(told.reservations[:LISTED]):
        section = notices.about(one, texts.day_and_clock(one.local.starts_at) if several else "")
        links = _links(told, one) if number < WITH_ALTERNATIVES else []
        lines = (*section.lines, Line(_("Open that day"), _hours(told, one)))
        sections.append(Section(lines, section.heading, tuple(links)))
    return sections


def _hours(told: Outside, one: Details) -> str:
    """When the first place that is outside is open on its first day outside."""
    for place in one.places:
        opening = told.opening_of[place.spot.hours_id]
        for day in opening.uncovered_days(one.local):
            spans = opening.spans_on(day)
            return texts.hours_in_words(spans) if spans else _("Closed")
    return ""


def _rest(count: int) -> tuple[Section, ...]:
    if count <= 0:
        return ()
    more = ngettext("%(num)s more reservation", "%(num)s more reservations", count)
    return (Section((Line(_("Besides"), more),)),)


def _links(told: Outside, one: Details) -> list[Link]:
    """What it could be changed to, if it has not begun: first the same within the new hours."""
    if one.interval.starts_at <= clock.now():
        return []
    within = within_hours(told.opening_of, one)
    label = _("Same space, within the new hours")
    own = [] if within is None else [_link(one, label, one.places, within)]
    try:
        found = alternatives.for_change(load_actor(told.person), one.public_id, _as_it_is(one))
    except BookingError:  # a space that is retired meanwhile, a holder without rights any more
        found = []
    # Whoever has a place may always give some of its time back: that alone is not within the hours.
    others = [other for other in found if other.why is not Why.SHORTER]
    links = [_link(one, texts.why(other.why), other.places, other.local) for other in others]
    return [*own, *links][: alternatives.MOST]


def _as_it_is(one: Details) -> Change:
    resources = tuple(place.spot.public_id for place in one.places)
    times = (one.local.starts_at, one.local.ends_at)
    return Change(resources, *times, headcount=one.headcount, layout=one.layout)


def within_hours(opening_of: Mapping[int, Opening], one: Details) -> LocalInterval | None:
    """The longest part of its time, on its first day, in which all its places are open, if that is
    no shorter than their policies allow."""
    day = one.local.starts_at.date()
    midnight = datetime.combine(day, time.min)
    parts = []
    for span in joined(opening_of[one.place.spot.hours_id].spans_on(day)):
        starts_at = max(one.local.starts_at, midnight + timedelta(minutes=span.opens))
        ends_at = min(one.local.ends_at, midnight + timedelta(minutes=span.closes))
        if ends_at - starts_at >= timedelta(minutes=_shortest(one)):
            parts.append(LocalInterval(starts_at, ends_at, one.local.zone_name))
    longest = max(parts, key=lambda part: part.ends_at - part.starts_at, default=None)
    if longest is None or not _covers(opening_of, one, longest):
        return None
    return longest


def _shortest(one: Details) -> int:
    return max(max(place.limits.shortest, place.limits.granularity) for place in one.places)


def _covers(opening_of: Mapping[int, Opening], one: Details, local: LocalInterval) -> bool:
    return all(opening_of[place.spot.hours_id].covers(local) for place in one.places)


def _link(one: Details, why: str, places: Sequence[Place], local: LocalInterval) -> Link:
    """The form of a change with this place and time filled in."""
    first, *others = places
    return Link(
        _(
            "%(why)s: %(place)s, %(period)s",
            why=why,
            place=texts.codes(places),
            period=texts.period(local),
        ),
        web.public_url(
            "reservations.edit",
            public_id=one.public_id,
            resource=first.spot.code,
            also=[other.spot.code for other in others],
            day=local.starts_at.date().isoformat(),
            start=local.starts_at.isoformat(timespec="minutes"),
            end=local.ends_at.isoformat(timespec="minutes"),
        ),
    )


LEFT_OUTSIDE = MessageType(_outside, _still_worth_telling, _letter)
