"""What those who decide are told: what waits, each half-hour, and what waits too long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from booking.approvals.queries import waiting_for
from booking.core import clock, web
from booking.core.database import session
from booking.core.events import Happened
from booking.core.i18n import _, ngettext
from booking.core.permissions import Role
from booking.messages import queries as messages
from booking.messages import service as planner
from booking.messages.letters import Key, Letter, Line, Link, MessageType, Recipient, Section
from booking.messages.models import MessageKind
from booking.people import deputies
from booking.people.models import Person
from booking.people.sign_in import load_actor
from booking.policies.facts import Place
from booking.reservations import notices, texts
from booking.reservations.queries import Details, details_by_id

GATHERED_FOR = timedelta(minutes=30)
LONGEST_LIST = 20


@dataclass(frozen=True)
class Decider:
    """A person who decides at a resource or in an area, in person or in somebody's place."""

    person_id: int
    resource_id: int | None
    area_id: int | None
    instead_of: int | None

    def is_at(self, place: Place) -> bool:
        """Whether it is a place of theirs."""
        if self.resource_id is not None:
            return self.resource_id == place.resource_id
        return self.area_id == place.area_id


@dataclass(frozen=True)
class Deciders:
    """Everybody who can decide somewhere, read once."""

    managers: tuple[Decider, ...]
    operators: frozenset[int]

    def of(self, details: Details) -> frozenset[int]:
        """Who is asked about this reservation, for each policy that asks: the lab managers of its
        places, or of those that a change asks for, and who stands in for them; where there is none
        but the person who asks, the operators."""
        asked_by = frozenset(notices.recipients_of(details))
        own = frozenset() if details.own_request_may_be_decided else asked_by
        counting = [
            one
            for one in self.managers
            if not {one.person_id, one.instead_of} & own
            and not (one.instead_of and one.person_id in asked_by)
        ]
        asked = (_persons_at(places, counting) for places in details.questions)
        return frozenset[int]().union(*(managers or self.operators - own for managers in asked))


def _persons_at(places: Iterable[Place], deciders: Sequence[Decider]) -> frozenset[int]:
    """Who decides at every one of them."""
    return frozenset.intersection(
        *(frozenset(one.person_id for one in deciders if one.is_at(place)) for place in places)
    )


def deciders() -> Deciders:
    """Those whose account can be used, with whoever stands in for them today."""
    rows = session().execute(select(deputies.deciding_today())).all()
    return Deciders(
        tuple(
            Decider(row.person_id, row.resource_id, row.area_id, row.instead_of)
            for row in rows
            if row.role == Role.LAB_MANAGER
        ),
        frozenset(row.person_id for row in rows if row.role == Role.OPERATOR),
    )


def ask(happened: Happened) -> None:
    """Plan the gathered message of this half-hour, and another one at half the deadline."""
    details = details_by_id(happened.subject)
    if details is None or not details.waits:
        return
    told_at = _end_of_half_hour(happened.at)
    late_at = happened.at + (_decide_by(details) - happened.at) // timedelta(seconds=2) * timedelta(
        seconds=1
    )
    keys = []
    for person_id in deciders().of(details):
        keys.append(Key(MessageKind.APPROVAL_WAITING, _name_of(told_at), 0, person_id, told_at))
        keys.append(
            Key(
                MessageKind.APPROVAL_LATE,
                happened.subject,
                happened.version,
                person_id,
                late_at,
            )
        )
    planner.plan(keys)


def _end_of_half_hour(moment: datetime) -> datetime:
    size = int(GATHERED_FOR.total_seconds())
    return datetime.fromtimestamp((int(moment.timestamp()) // size + 1) * size, UTC)


def _name_of(half_hour: datetime) -> str:
    return half_hour.strftime("%Y-%m-%dT%H:%MZ")


def _decide_by(details: Details) -> datetime:
    waiting = details.amendment
    decide_by = waiting.decide_by if waiting is not None else details.decide_by
    return decide_by or details.interval.starts_at


def _asked_at(details: Details) -> datetime:
    return details.amendment.created_at if details.amendment is not None else details.changed_at


# --- gathered ---


@dataclass(frozen=True)
class Gathered:
    """Everything that waits for one person, the nearest deadline first."""

    requests: tuple[Details, ...]


def _gathered(key: Key) -> Gathered | None:
    person = session().get(Person, key.recipient_id)
    if person is None:
        return None
    everybody = deciders()
    return Gathered(
        tuple(
            details
            for details in waiting_for(load_actor(person))
            if key.recipient_id in everybody.of(details)
        )
    )


def _has_news(key: Key, gathered: Gathered) -> bool:
    """Something was asked in this half-hour; what is older was told then."""
    return any(_asked_at(details) >= key.due_at - GATHERED_FOR for details in gathered.requests)


def _waiting(gathered: Gathered, recipient: Recipient) -> Letter:
    count = len(gathered.requests)
    left_out = count - LONGEST_LIST
    return Letter(
        title=ngettext(
            "%(num)s request waits for your decision",
            "%(num)s requests wait for your decision",
            count,
        ),
        opening=ngettext(
            "This request waits for your decision.",
            "These requests wait for your decision, the nearest deadline first.",
            count,
        ),
        sections=tuple(_request(details) for details in gathered.requests[:LONGEST_LIST]),
        links=(Link(_("See all requests"), web.public_url("approvals.list")),),
        closing=ngettext("And %(num)s more.", "And %(num)s more.", left_out)
        if left_out > 0
        else "",
    )


# --- late ---


def _still_late(key: Key, details: Details) -> bool:
    return (
        details.waits
        and clock.now() < _decide_by(details)
        and not messages.has_newer(key, {MessageKind.APPROVAL_LATE})
        and key.recipient_id in deciders().of(details)
    )


def _late(details: Details, recipient: Recipient) -> Letter:
    return Letter(
        title=_(
            "Still waits for your decision: %(place)s, %(start)s",
            place=notices.places_in_words(details.places),
            start=texts.day_and_clock(details.local.starts_at),
        ),
        opening=_(
            "Half of the time for an answer has passed. Without an answer this request expires."
        ),
        sections=(_request(details),),
    )


def _request(details: Details) -> Section:
    """One request, with what is wished where it is a change."""
    about = notices.about(details)
    if details.amendment is not None:
        about = notices.wished(details, details.amendment)
    heading = _("Change of a reservation") if details.amendment is not None else _("New request")
    deadline = Line(
        _("Answer by"),
        texts.moment(_decide_by(details), details.local.zone_name),
    )
    page = web.public_url("approvals.show", public_id=details.public_id)
    return Section((*about.lines, deadline), heading, (Link(_("Decide"), page),))


APPROVAL_WAITING = MessageType(_gathered, _has_news, _waiting)
APPROVAL_LATE = MessageType(notices.reservation_of, _still_late, _late)
