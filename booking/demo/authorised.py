"""Who is authorised in the demo park: everybody whose reservations lie on spaces that ask for it,
somebody for whom it lapses soon, and somebody for whom it has lapsed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, func, insert, select

from booking.authorisations import queries
from booking.authorisations.models import Authorisation
from booking.core import clock
from booking.core.database import session
from booking.demo.chance import public_id, stream
from booking.demo.park import Calendar
from booking.demo.people import FABRICATION, LAB_MANAGER, MEMBER, People
from booking.demo.rows import Row
from booking.journal.models import JournalLine
from booking.messages.models import Message, MessageState
from booking.people.models import Person
from booking.policies.models import Policy
from booking.reservations.models import Reservation, ReservationResource
from booking.spaces.models import Resource

BEFORE = timedelta(days=3)  # the safety training before the first request
YEAR = timedelta(days=365)
LAPSES_IN, LAPSED_FOR = timedelta(days=12), timedelta(days=9)
LONGER_THAN_LOADED = 60  # days: nobody's lapses before their last reservation
NOTE = "Formation sécurité machines"


@dataclass(frozen=True)
class Right:
    """Somebody's authorisation, before it is a row."""

    person_id: int
    policy_id: int
    given_on: date
    valid_until: date


def begin(calendar: Calendar, people: People) -> None:
    """Salma's lapses soon, a newcomer's has lapsed, and everybody has what they need."""
    policy_id = session().scalars(select(Policy.id).where(Policy.asks_for_authorisation)).one()
    told = {
        people.id_of[MEMBER]: calendar.today + LAPSES_IN,
        people.newcomers[0].person_id: calendar.today - LAPSED_FOR,
    }
    _write(calendar, [Right(who, policy_id, day - YEAR, day) for who, day in told.items()])
    complete(calendar)


def complete(calendar: Calendar) -> None:
    """Whoever has a reservation that asks for an authorisation, and none, gets one."""
    _write(calendar, list(_needed(calendar)))


def _needed(calendar: Calendar) -> Iterator[Right]:
    chance = stream("authorisations")
    has_one = exists().where(
        Authorisation.person_id == Reservation.person_id,
        Authorisation.policy_id == Resource.policy_id,
    )
    rows = session().execute(
        select(Reservation.person_id, Resource.policy_id, func.min(Reservation.created_at))
        .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
        .join(Resource, Resource.id == ReservationResource.resource_id)
        .join(Policy, Policy.id == Resource.policy_id)
        .where(Policy.asks_for_authorisation, ~has_one)
        .group_by(Reservation.person_id, Resource.policy_id)
        .order_by(Reservation.person_id)
    )
    for person_id, policy_id, first in rows:
        until = calendar.today + timedelta(days=chance.randint(LONGER_THAN_LOADED, YEAR.days))
        yield Right(person_id, policy_id, (first - BEFORE).date(), until)


def _write(calendar: Calendar, rights: Sequence[Right]) -> None:
    """The rows, and a line of the journal for each; Nadia and Khadija give them in turn."""
    if not rights:
        return
    chance, now = stream(f"authorisation-ids-{len(rights)}"), clock.now()
    emails = (LAB_MANAGER, FABRICATION)
    givers = session().scalars(select(Person.id).where(Person.email.in_(emails))).all()
    rows: list[Row] = []
    messages: list[Row] = []
    for place, right in enumerate(rights):
        at = min(now, calendar.at(right.given_on, 10))
        key = public_id(chance, at)
        rows.append(_row(right, givers[place % len(givers)], at, key))
        messages += _messages(right, key, now)
    session().execute(insert(Authorisation), rows)
    if messages:
        session().execute(insert(Message), messages)
    session().execute(insert(JournalLine), [_line(row) for row in rows])


def _row(right: Right, giver: int, at: datetime, key: str) -> Row:
    return {
        "public_id": key,
        "person_id": right.person_id,
        "policy_id": right.policy_id,
        "given_by_id": giver,
        "given_on": right.given_on,
        "valid_until": right.valid_until,
        "note": NOTE,
        "changed_at": at,
    }


def _messages(right: Right, public_id: str, now: datetime) -> list[Row]:
    """That it lapses is told 30 days before; what was due before now was told then."""
    key = queries.lapsing(public_id, right.person_id, right.valid_until)
    planned: Row = {
        "kind": key.kind,
        "subject": key.subject,
        "version": key.version,
        "recipient_id": key.recipient_id,
        "due_at": key.due_at,
        "next_try_at": key.due_at,
        "state": MessageState.PLANNED,
        "attempts": 0,
    }
    return [planned] if key.due_at > now else []


def _line(row: Row) -> Row:
    return {
        "at": row["changed_at"],
        "actor_id": row["given_by_id"],
        "act": "authorisation_given",
        "subject_kind": "person",
        "subject_id": session().get_one(Person, row["person_id"]).public_id,
        "before": None,
        "after": {
            "policy": str(row["policy_id"]),
            "valid_until": str(row["valid_until"]),
            "note": row["note"],
        },
    }
