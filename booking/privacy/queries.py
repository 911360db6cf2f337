"""Everything the house holds about a person, as they may have it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.orm import aliased

from booking.audit import queries as audit
from booking.authorisations.models import Authorisation
from booking.core.database import session
from booking.core.errors import NotFoundError
from booking.core.permissions import Action, Actor, require
from booking.finding.models import DeskPreference
from booking.messages.models import Message
from booking.people import queries as people
from booking.people import viewings
from booking.people.models import (
    BrowserSession,
    Grant,
    Membership,
    Organisation,
    Person,
    PersonState,
    Token,
)
from booking.policies.models import Policy
from booking.replacements.models import Replacement, ReplacementResource
from booking.reservations.models import Question, Reservation, ReservationResource
from booking.spaces.models import Feature, Resource
from booking.waitlist.models import WaitlistEntry

MOST = 5000  # of each kind: whoever has more gets the newest

Json = dict[str, object]
Columns = Select[*tuple[Any, ...]]  # Any: each list has its own


def my_data(actor: Actor) -> dict[str, list[Json]]:
    """Lists by what they are about, in one answer; secrets are not in it, nor could they be."""
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    person = people.person_by_id(actor.person_id)
    account = {
        "id": person.public_id,
        "name": person.name,
        "email": person.email,
        "language": person.language,
        "state": person.state.value,
        "shows_presence": person.shows_presence,
        "created_at": _plain(person.created_at),
    }
    return {
        "account": [account],
        "memberships": _rows(_memberships(actor.person_id)),
        "roles": _rows(_grants(actor.person_id)),
        "sessions": _rows(_sessions(actor.person_id)),
        "authorisations": _rows(_authorisations(actor.person_id)),
        "desk_preferences": _rows(_desk_preferences(actor.person_id)),
        "secrets": _rows(_tokens(actor.person_id)),
        "reservations": _rows(_reservations(actor.person_id)),
        "waitlist": _rows(_waitlist(actor.person_id)),
        "replacements": _rows(_replacements(actor.person_id)),
        "questions": _rows(_questions(actor.person_id)),
        "messages": _rows(_messages(actor.person_id)),
        "journal": [_line(entry) for entry in audit.about(person.id, person.public_id, MOST)],
        "viewed_by": [
            {"day": seen.day.isoformat(), "viewer": seen.viewer}
            for seen in viewings.viewers_of(person.id, MOST)
        ],
    }


def name_of(actor: Actor, public_id: str) -> str:
    """Whom the operator is about to forget; raises NotFoundError when they are so already."""
    require(actor, Action.OPERATE)
    found = session().scalar(
        select(Person.name).where(
            Person.public_id == public_id, Person.state != PersonState.ANONYMISED
        )
    )
    if found is None:
        raise NotFoundError
    return found


def _memberships(person_id: int) -> Columns:
    return (
        select(
            Organisation.name.label("organisation"),
            Membership.role,
            Membership.valid_from,
            Membership.valid_until,
        )
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id == person_id)
        .order_by(Membership.id.desc())
    )


def _grants(person_id: int) -> Columns:
    return (
        select(Grant.role, Grant.resource_id, Grant.area_id, Grant.building_id)
        .where(Grant.person_id == person_id)
        .order_by(Grant.id.desc())
    )


def _authorisations(person_id: int) -> Columns:
    giver = aliased(Person)
    return (
        select(
            Policy.names.label("for"),
            giver.name.label("given_by"),
            Authorisation.given_on,
            Authorisation.valid_until,
            Authorisation.note,
        )
        .join(Policy, Policy.id == Authorisation.policy_id)
        .join(giver, giver.id == Authorisation.given_by_id)
        .where(Authorisation.person_id == person_id)
        .order_by(Authorisation.id.desc())
    )


def _desk_preferences(person_id: int) -> Columns:
    """What the person prefers of a desk."""
    return (
        select(Feature.code, Feature.names)
        .join(DeskPreference, DeskPreference.feature_id == Feature.id)
        .where(DeskPreference.person_id == person_id)
        .order_by(Feature.id)
    )


def _sessions(person_id: int) -> Columns:
    return (
        select(
            BrowserSession.device,
            BrowserSession.created_at,
            BrowserSession.last_seen_at,
            BrowserSession.ended_at,
        )
        .where(BrowserSession.person_id == person_id)
        .order_by(BrowserSession.id.desc())
    )


def _tokens(person_id: int) -> Columns:
    return (
        select(
            Token.public_id.label("id"),
            Token.kind,
            Token.name,
            Token.scopes,
            Token.created_at,
            Token.expires_at,
            Token.last_used_at,
            Token.revoked_at,
        )
        .where(Token.person_id == person_id)
        .order_by(Token.id.desc())
    )


def _reservations(person_id: int) -> Columns:
    """One row for each resource, as the holder or the booker."""
    return (
        select(
            Reservation.public_id.label("id"),
            Reservation.reference,
            Resource.code.label("resource"),
            Reservation.starts_at,
            Reservation.ends_at,
            Reservation.zone,
            Reservation.state,
            Reservation.title,
            Reservation.guest,
            Reservation.headcount,
            Reservation.layout,
            Reservation.closing_reason,
            (Reservation.person_id == person_id).label("is_holder"),
            (Reservation.booked_by_id == person_id).label("is_booker"),
            Reservation.created_at,
            Reservation.changed_at,
        )
        .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
        .join(Resource, Resource.id == ReservationResource.resource_id)
        .where(or_(Reservation.person_id == person_id, Reservation.booked_by_id == person_id))
        .order_by(Reservation.starts_at.desc(), Reservation.id.desc(), Resource.id)
    )


def _waitlist(person_id: int) -> Columns:
    """What the person waits for, or waited for."""
    return (
        select(
            WaitlistEntry.public_id.label("id"),
            Resource.code.label("resource"),
            WaitlistEntry.any_like,
            WaitlistEntry.starts_at,
            WaitlistEntry.ends_at,
            WaitlistEntry.zone,
            WaitlistEntry.waits_until,
            WaitlistEntry.state,
            WaitlistEntry.title,
            WaitlistEntry.headcount,
            WaitlistEntry.created_at,
            WaitlistEntry.closed_at,
        )
        .join(Resource, Resource.id == WaitlistEntry.resource_id)
        .where(WaitlistEntry.person_id == person_id)
        .order_by(WaitlistEntry.id.desc())
    )


def _replacements(person_id: int) -> Columns:
    """What is or was held for the person instead of what closures have cancelled; one row for each
    resource."""
    return (
        select(
            Replacement.public_id.label("id"),
            Reservation.reference.label("instead_of"),
            Resource.code.label("resource"),
            Replacement.starts_at,
            Replacement.ends_at,
            Replacement.zone,
            Replacement.state,
            Replacement.made_at,
            Replacement.expires_at,
            Replacement.closed_at,
        )
        .join(Reservation, Reservation.id == Replacement.reservation_id)
        .join(ReplacementResource, ReplacementResource.replacement_id == Replacement.id)
        .join(Resource, Resource.id == ReplacementResource.resource_id)
        .where(or_(Reservation.person_id == person_id, Reservation.booked_by_id == person_id))
        .order_by(Replacement.id.desc(), Resource.id)
    )


def _questions(person_id: int) -> Columns:
    """Asked or answered by the person, or about a reservation of theirs."""
    return (
        select(
            Reservation.reference,
            Question.asked_at,
            Question.text,
            Question.answered_at,
            Question.answer,
        )
        .join(Reservation, Reservation.id == Question.reservation_id)
        .where(
            or_(
                Question.asked_by_id == person_id,
                Question.answered_by_id == person_id,
                Reservation.person_id == person_id,
                Reservation.booked_by_id == person_id,
            )
        )
        .order_by(Question.id.desc())
    )


def _messages(person_id: int) -> Columns:
    return (
        select(
            Message.kind,
            Message.subject,
            Message.due_at,
            Message.state,
            Message.settled_at,
            Message.title,
            Message.text,
        )
        .where(Message.recipient_id == person_id)
        .order_by(Message.id.desc())
    )


def _line(entry: audit.Entry) -> Json:
    return {
        "at": _plain(entry.at),
        "act": entry.act,
        "by": entry.actor_name,
        "subject_kind": entry.subject_kind,
        "subject": entry.subject_name or entry.subject_id,
        "before": dict(entry.before),
        "after": dict(entry.after),
    }


def _rows(statement: Columns) -> list[Json]:
    rows: Sequence[Row[*tuple[object, ...]]] = session().execute(statement.limit(MOST)).all()
    return [{name: _plain(value) for name, value in row._mapping.items()} for row in rows]


def _plain(value: object) -> object:
    """A value as JSON and CSV know it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
