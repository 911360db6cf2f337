"""What holders and bookers are told about their reservations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking.core import clock, i18n, web
from booking.core.database import session
from booking.core.events import EventKind, Happened
from booking.core.i18n import _
from booking.core.intervals import LocalInterval
from booking.core.layout_texts import layout_in_words
from booking.core.refusals import LayoutKind
from booking.journal.models import JournalLine, JsonFacts
from booking.messages import queries as messages
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.messages.models import MessageKind
from booking.policies.facts import Place
from booking.reservations import questions, texts
from booking.reservations.models import Asking, DepartureReservation, Displacement, State
from booking.reservations.queries import Decision, Details, Waiting, details_by_id
from booking.reservations.questions import Exchange
from booking.spaces.models import Site

KIND_OF: dict[EventKind, MessageKind] = {
    EventKind.REQUESTED: MessageKind.REQUESTED,
    EventKind.AMENDMENT_REQUESTED: MessageKind.REQUESTED,
    EventKind.CONFIRMED: MessageKind.CONFIRMED,
    EventKind.CHANGED: MessageKind.CHANGED,
    EventKind.DECLINED: MessageKind.DECLINED,
    EventKind.AMENDMENT_DECLINED: MessageKind.DECLINED,
    EventKind.CANCELLED: MessageKind.CANCELLED,
    EventKind.EXPIRED: MessageKind.EXPIRED,
    EventKind.ASKED: MessageKind.QUESTION,
}
# What a later message makes superfluous; what contradicts it, the reservation's state tells.
OVERTAKEN_BY: dict[MessageKind, frozenset[MessageKind]] = {
    MessageKind.REQUESTED: frozenset(
        {
            MessageKind.REQUESTED,
            MessageKind.CONFIRMED,
            MessageKind.CHANGED,
            MessageKind.DECLINED,
        }
    ),
    MessageKind.CONFIRMED: frozenset({MessageKind.CONFIRMED, MessageKind.CHANGED}),
    MessageKind.CHANGED: frozenset({MessageKind.CHANGED}),
    MessageKind.DECLINED: frozenset({MessageKind.DECLINED, MessageKind.CHANGED}),
    MessageKind.CANCELLED: frozenset(),
    MessageKind.EXPIRED: frozenset(),
}
EXCEPTIONAL_ACTS = ("booked_by_exception", "requested_by_exception")
CHANGING_ACTS = ("moved", "shortened", "approved_change", "reprojected")


def recipients_of(details: Details) -> tuple[int, ...]:
    """Holder and booker, once if they are the same.

    They hear of everything, also of what they did themselves: the mail is their receipt. A manager
    who decides or cancels is neither, and gets none.
    """
    return tuple(dict.fromkeys((details.person_id, details.booked_by_id)))


def tell(happened: Happened) -> None:
    """Plan what holder and booker are told about this event."""
    details = None if happened.by_series else details_by_id(happened.subject)
    if details is None:
        return
    kind = KIND_OF[happened.kind]
    if kind is MessageKind.CANCELLED and _was_displaced(details):
        return  # whoever is concerned is told once of all that a closure cancels
    told_otherwise = {_who_left_it(details)} if kind is MessageKind.CANCELLED else set()
    if happened.by_group:
        told_otherwise.add(details.booked_by_id)
    planner.plan(
        [
            Key(kind, happened.subject, happened.version, recipient_id, happened.at)
            for recipient_id in recipients_of(details)
            if recipient_id not in told_otherwise
        ]
    )


def _who_left_it(details: Details) -> int | None:
    """Whoever leaves is told of all their reservations at once, see `departure_notices`."""
    return session().scalar(
        select(DepartureReservation.from_person_id).where(
            DepartureReservation.reservation_id == details.id,
            DepartureReservation.to_person_id.is_(None),
        )
    )


def _was_displaced(details: Details) -> bool:
    statement = select(Displacement.reservation_id).where(Displacement.reservation_id == details.id)
    return session().scalar(statement.limit(1)) is not None


def tell_asker(happened: Happened) -> None:
    """Plan what whoever asked is told about the answer."""
    exchange = questions.answered_in(happened.subject, happened.version)
    if exchange is not None:
        kind, recipient_id = MessageKind.ANSWERED, exchange.asked_by_id
        planner.plan([Key(kind, happened.subject, happened.version, recipient_id, happened.at)])


def uid_domain() -> str:
    """The domain of the site's identifiers, which never changes."""
    return session().scalar(select(Site.uid_domain).order_by(Site.id).limit(1)) or "localhost"


# --- facts ---


def reservation_of(key: Key) -> Details | None:
    """The reservation that a message is about."""
    return details_by_id(key.subject)


@dataclass(frozen=True)
class Before:
    """What a changed reservation was: its place's code and its time, where they were others, and
    how it was set out."""

    code: str | None
    local: LocalInterval
    layout: str = ""  # in words, where it was another


@dataclass(frozen=True)
class Changed:
    """A changed reservation, what it was, and why rules were set aside for it, where they were."""

    details: Details
    before: Before | None
    because: str = ""


def _changed(key: Key) -> Changed | None:
    details = details_by_id(key.subject)
    if details is None:
        return None
    before, after = _last_change(details)
    because = after.get("reason") if "overridden" in after else ""
    return Changed(details, _before(details, before), str(because or ""))


def _last_change(details: Details) -> tuple[JsonFacts, JsonFacts]:
    """What the journal keeps of it: in what the two differ, and what was said."""
    line = (
        session()
        .execute(
            select(JournalLine.before, JournalLine.after)
            .where(
                JournalLine.subject_kind == "reservation",
                JournalLine.subject_id == details.public_id,
                JournalLine.act.in_(CHANGING_ACTS),
            )
            .order_by(JournalLine.id.desc())
            .limit(1)
        )
        .first()
    )
    return (line.before or {}, line.after or {}) if line else ({}, {})


def _before(details: Details, values: JsonFacts) -> Before | None:
    if not values.keys() & {"resource", "starts_at", "ends_at"}:
        return None  # the law moved it: on the clock it is where it was
    local = LocalInterval(
        _moment(values.get("starts_at")) or details.local.starts_at,
        _moment(values.get("ends_at")) or details.local.ends_at,
        details.local.zone_name,
    )
    code = values.get("resource")
    layout = layout_in_words(_layout(values["layout"])) if "layout" in values else ""
    return Before(str(code) if code else None, local, layout)


def _layout(text: object) -> LayoutKind | None:
    return LayoutKind(text) if isinstance(text, str) else None


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


@dataclass(frozen=True)
class Discussed:
    """A request and a question about it, with or without its answer."""

    details: Details
    exchange: Exchange


def _asked(key: Key) -> Discussed | None:
    return _discussed(key, questions.asked_in(key.subject, key.version))


def _answered(key: Key) -> Discussed | None:
    return _discussed(key, questions.answered_in(key.subject, key.version))


def _discussed(key: Key, exchange: Exchange | None) -> Discussed | None:
    details = details_by_id(key.subject)
    return None if details is None or exchange is None else Discussed(details, exchange)


# --- still true? ---


def is_over(details: Details) -> bool:
    """Whether the reservation has ended, so that nobody needs to hear of it."""
    return details.interval.ends_at <= clock.now()


def _stands(key: Key, details: Details, is_so: bool) -> bool:
    concerned = key.recipient_id in recipients_of(details)  # it may have been handed over since
    if not is_so or not concerned or is_over(details):
        return False
    return not messages.has_newer(key, OVERTAKEN_BY[key.kind])


def _still_waits(key: Key, details: Details) -> bool:
    return _stands(key, details, details.waits)


def _still_confirmed(key: Key, details: Details) -> bool:
    return _stands(key, details, details.state is State.CONFIRMED and details.is_live)


def _still_changed(key: Key, changed: Changed) -> bool:
    details = changed.details
    return _stands(key, details, details.state is State.CONFIRMED and details.is_live)


def _still_declined(key: Key, details: Details) -> bool:
    is_change = details.state is State.CONFIRMED and details.amendment is None
    return _stands(key, details, details.state is State.DECLINED or is_change)


def _still(state: State) -> Callable[[Key, Details], bool]:
    return lambda key, details: details.state is state


def _still_asked(key: Key, told: Discussed) -> bool:
    return told.details.waits and told.exchange.is_open and not is_over(told.details)


def _still_to_decide(key: Key, told: Discussed) -> bool:
    return told.details.waits and not is_over(told.details)


# --- words ---


def place_in_words(place: Place) -> str:
    """«Lab Chemistry (L-03)»; a name that holds the code already stands alone."""
    name, code = i18n.name_in(place.spot.names), place.spot.code
    if not name or code in name:
        return name or code
    return _("%(name)s (%(code)s)", name=name, code=code)


def places_in_words(places: Sequence[Place]) -> str:
    """The same for all of them."""
    return _(", ").join(map(place_in_words, places))


def about(details: Details, heading: str = "") -> Section:
    """The lines about a reservation as it stands."""
    return Section(
        _lines(details, details.places, details.local, details.title, details.layout),
        heading,
    )


def wished(details: Details, waiting: Waiting, heading: str = "") -> Section:
    """The lines about a reservation as the change that waits would make it."""
    return Section(
        _lines(details, waiting.places, waiting.local, waiting.title, waiting.layout), heading
    )


def _lines(
    details: Details,
    places: Sequence[Place],
    local: LocalInterval,
    title: str,
    layout: LayoutKind | None,
) -> tuple[Line, ...]:
    lines = [
        Line(_("Space"), places_in_words(places)),
        Line(_("Where"), texts.where_all(places)),
        Line(_("When"), texts.period(local)),
        Line(_("Layout"), "" if layout is None else layout_in_words(layout)),
        Line(_("Purpose"), title),
        Line(_("Booked for"), holder(details)),
        Line(_("Reference"), details.reference),
    ]
    return tuple(line for line in lines if line.value)


def holder(details: Details) -> str:
    if details.organisation is None:
        return details.for_whom
    return _(
        "%(person)s, %(organisation)s",
        person=details.for_whom,
        organisation=details.organisation.name,
    )


def links_of(details: Details) -> tuple[Link, ...]:
    """What can be done next with a reservation that stands; each opens a page."""
    page = web.public_url("reservations.show", public_id=details.public_id)
    return (
        Link(_("See, change or cancel this reservation"), page),
        Link(
            _("Add it to your calendar"),
            web.public_url("calendars.reservation_file", public_id=details.public_id),
        ),
        Link(_("See all your reservations in your calendar"), web.public_url("profile.show")),
    )


def _link_to(details: Details) -> Link:
    page = web.public_url("reservations.show", public_id=details.public_id)
    return Link(_("See this reservation"), page)


def _links_when_lost(details: Details) -> tuple[Link, ...]:
    return (
        _link_to(details),
        Link(_("Find another place"), web.public_url("planning.day")),
    )


# --- letters ---


def _requested(details: Details, recipient: Recipient) -> Letter:
    if details.amendment is not None:
        return _change_requested(details, details.amendment)
    return Letter(
        title=_(
            "Request sent: %(place)s, %(start)s",
            place=places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=for_whom(
            details,
            recipient,
            _("Your request is with the people who decide. You will hear from us."),
        ),
        sections=(about(details),),
        links=(
            Link(
                _("See, change or cancel this request"),
                web.public_url("reservations.show", public_id=details.public_id),
            ),
        ),
        closing=_deadline(details.decide_by, details),
    )


def _change_requested(details: Details, waiting: Waiting) -> Letter:
    return Letter(
        title=_(
            "Change requested: %(place)s, %(start)s",
            place=places_in_words(waiting.places),
            start=texts.day_and_clock(waiting.local.starts_at),
        ),
        opening=_("Your change needs approval. Until then your reservation stays as it is."),
        sections=(
            wished(details, waiting, _("As requested")),
            about(details, _("As it stands")),
        ),
        links=links_of(details),
        closing=_deadline(waiting.decide_by, details),
    )


def _deadline(decide_by: datetime | None, details: Details) -> str:
    if decide_by is None:
        return ""
    return _(
        "Without an answer by %(moment)s the request expires.",
        moment=texts.moment(decide_by, details.local.zone_name),
    )


def _confirmed(details: Details, recipient: Recipient) -> Letter:
    return Letter(
        title=_(
            "Reservation confirmed: %(place)s, %(start)s",
            place=places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=for_whom(details, recipient, _("Your reservation is confirmed.")),
        sections=(about(details),),
        links=links_of(details),
        closing=_exception(details),
    )


def _exception(details: Details) -> str:
    """Whoever was booked for by way of exception is told so; whoever did it knows."""
    if details.person_id == details.booked_by_id:
        return ""
    found = session().scalar(
        select(JournalLine.after).where(
            JournalLine.subject_kind == "reservation",
            JournalLine.subject_id == details.public_id,
            JournalLine.act.in_(EXCEPTIONAL_ACTS),
        )
    )
    return _said_of(str((found or {}).get("reason") or ""))


def _said_of(because: str) -> str:
    if not because:
        return ""
    return _("This is an exception from the house rules: %(reason)s", reason=because)


def for_whom(details: Details, recipient: Recipient, opening: str) -> str:
    """Where somebody else has booked, both learn of it in the first sentence."""
    if not details.is_for_another:
        return opening
    if recipient.person_id == details.booked_by_id:
        said = _("You have booked this for %(name)s.", name=details.for_whom)
    else:
        said = _("%(name)s has booked this for you.", name=details.booked_by.name)
    return f"{said} {opening}"


def _changed_letter(changed: Changed, recipient: Recipient) -> Letter:
    details = changed.details
    sections = [about(details, _("As it stands now"))]
    if changed.before is not None:
        sections.append(_what_it_was(changed.before))
    return Letter(
        title=_(
            "Reservation changed: %(place)s, %(start)s",
            place=places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=_("Your reservation has changed and remains confirmed."),
        sections=tuple(sections),
        links=links_of(details),
        closing=_said_of(changed.because),
    )


def _what_it_was(before: Before) -> Section:
    lines = [Line(_("When"), texts.period(before.local))]
    if before.code:
        lines.insert(0, Line(_("Space"), before.code))
    if before.layout:
        lines.append(Line(_("Layout"), before.layout))
    return Section(tuple(lines), _("As it was before"))


def _declined(details: Details, recipient: Recipient) -> Letter:
    if details.state is State.CONFIRMED:
        return _change_declined(details)
    return Letter(
        title=_(
            "Request declined: %(place)s, %(start)s",
            place=places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=_("Your request was declined. Nothing is booked."),
        sections=(_with_reason(about(details), _why_closed(details)),),
        links=(
            Link(_("See what else is free"), _link_to(details).url),
            Link(_("Find another place"), web.public_url("planning.day")),
        ),
    )


def _change_declined(details: Details) -> Letter:
    answer = _last_no(details)
    is_late = answer is not None and answer.state is Asking.EXPIRED
    return Letter(
        title=_(
            "Change declined: %(place)s, %(start)s",
            place=places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=_("Nobody decided on your change in time. Your reservation stays as it was.")
        if is_late
        else _("Your change was declined. Your reservation stays as it was."),
        sections=(_with_reason(about(details), _why_not(answer)),),
        links=links_of(details),
    )


def _last_no(details: Details) -> Decision | None:
    answers = [one for one in details.decisions if one.state in (Asking.DECLINED, Asking.EXPIRED)]
    return answers[-1] if answers else None


def _cancelled(details: Details, recipient: Recipient) -> Letter:
    return Letter(
        title=_(
            "Reservation cancelled: %(place)s, %(start)s",
            place=places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=_("This reservation is cancelled. The place is free again."),
        sections=(_with_reason(about(details), _why_closed(details)),),
        links=_links_when_lost(details),
    )


def _expired(details: Details, recipient: Recipient) -> Letter:
    return Letter(
        title=_(
            "Request expired: %(place)s, %(start)s",
            place=places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=_("Nobody decided on your request in time. Nothing is booked."),
        sections=(about(details),),
        links=_links_when_lost(details),
    )


def _why_closed(details: Details) -> str:
    return texts.reason(details.closing_code, details.closing_reason)


def _why_not(answer: Decision | None) -> str:
    return "" if answer is None else texts.reason(answer.reason_code, answer.reason)


def _question(told: Discussed, recipient: Recipient) -> Letter:
    details, exchange = told.details, told.exchange
    page = web.public_url("reservations.show", public_id=details.public_id)
    return Letter(
        title=_(
            "A question about your request: %(place)s, %(start)s",
            place=places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=_("Before deciding, %(person)s asks you something.", person=exchange.asked_by.name),
        sections=(Section((Line(_("Question"), exchange.text),)), _what_is_asked_for(details)),
        links=(Link(_("Answer the question"), f"{page}#question"),),
        closing=_("The time to decide runs on.") + " " + _deadline(_decide_by(details), details),
    )


def _answer(told: Discussed, recipient: Recipient) -> Letter:
    details, exchange = told.details, told.exchange
    answerer = exchange.answered_by or details.person
    asked_and_answered = (
        Line(_("Question"), exchange.text),
        Line(_("Answer"), exchange.answer or ""),
    )
    return Letter(
        title=_(
            "Answer to your question: %(place)s, %(start)s",
            place=places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=_("%(person)s has answered your question.", person=answerer.name),
        sections=(Section(asked_and_answered), _what_is_asked_for(details)),
        links=(Link(_("Decide"), web.public_url("approvals.show", public_id=details.public_id)),),
        closing=_deadline(_decide_by(details), details),
    )


def _what_is_asked_for(details: Details) -> Section:
    if details.amendment is not None:
        return wished(details, details.amendment, _("As requested"))
    return about(details)


def _decide_by(details: Details) -> datetime | None:
    return details.decide_by if details.amendment is None else details.amendment.decide_by


def _with_reason(section: Section, words: str) -> Section:
    if not words:
        return section
    return Section((*section.lines, Line(_("Reason"), words)), section.heading, section.links)


REQUESTED = MessageType(reservation_of, _still_waits, _requested)
CONFIRMED = MessageType(reservation_of, _still_confirmed, _confirmed)
CHANGED = MessageType(_changed, _still_changed, _changed_letter)
DECLINED = MessageType(reservation_of, _still_declined, _declined)
CANCELLED = MessageType(reservation_of, _still(State.CANCELLED), _cancelled)
EXPIRED = MessageType(reservation_of, _still(State.EXPIRED), _expired)
QUESTION = MessageType(_asked, _still_asked, _question)
ANSWERED = MessageType(_answered, _still_to_decide, _answer)
