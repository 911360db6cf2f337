"""When somebody leaves: what becomes of the reservations that lie ahead or run.

A person leaves an organisation or the park, or an organisation leaves the park. Everything is one
transaction: the end itself, and for each reservation a hand-over to a named colleague or its
cancellation. A hand-over keeps the claims, the state and a change that waits; requests and members
of a group are treated like all others.

First a `Plan` is read and shown. The act is given the versions that were seen, and is refused with
`PlanChangedError` when something was booked, changed or cancelled since. Locks are taken in one
order: reservations, organisation, person. A booking that arrives meanwhile waits at its foreign
keys and is then refused by `people.terms.require_standing`; one that was there first is found.

- `membership_plan`, `end_membership`: a person leaves an organisation, at once or after a day.
- `withdraw_invitation`: the same for who has not come yet, and for whom nothing lies ahead.
- `person_plan`, `deactivate_person`: a person leaves the park. `own_plan`, `close_own_account`: by
  themselves. `close_account` asks no rights and cancels everything: for whoever erases an account.
  The last two are part of the transaction of whoever erases.
- `organisation_plan`, `deactivate_organisation`, `reactivate_organisation`.
- `end_next_term`: for the worker, when a term is over by its date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, update
from sqlalchemy.orm import aliased

from booking.core import clock, events, ids, revisions, web, zones
from booking.core.database import session, transactional
from booking.core.errors import (
    BookingError,
    InvalidError,
    NotFoundError,
    Problem,
    StaleError,
)
from booking.core.events import EventKind
from booking.core.permissions import Action, Actor, require
from booking.journal import service as journal
from booking.people import closing, links, members, organisations, terms
from booking.people.members import Colleague, KnownOrganisation, Member
from booking.people.models import Membership, Organisation, Person, PersonState
from booking.reservations import queries, service
from booking.reservations.models import (
    LIVE,
    Departure,
    DepartureKind,
    DepartureReservation,
    HouseReason,
    Reservation,
)
from booking.reservations.queries import Details, PersonName

ONE_DAY = timedelta(days=1)
LAST_DAY_AT_MOST = timedelta(days=3660)
OUTAGE = timedelta(days=60)  # a term that ended longer ago has been dealt with

REASONS = {
    DepartureKind.MEMBERSHIP: HouseReason.MEMBERSHIP_ENDED,
    DepartureKind.PERSON: HouseReason.ACCOUNT_CLOSED,
    DepartureKind.ORGANISATION: HouseReason.ORGANISATION_CLOSED,
}


@dataclass
class PlanChangedError(BookingError):
    """What lies ahead is not what was shown; the references of what came, changed and went."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    code = "stale"


@dataclass(frozen=True)
class Plan:
    """What a departure would touch, and who could take each of it over."""

    kind: DepartureKind
    person_id: int | None
    person: PersonName | None
    organisation: KnownOrganisation | None
    last_day: date | None
    reservations: tuple[Details, ...]
    takers: Mapping[int | None, tuple[Colleague, ...]]  # by the reservation's organisation

    @property
    def seen(self) -> dict[str, int]:
        """The versions by public id, to be given back with the choice."""
        return {one.public_id: one.version for one in self.reservations}

    def takers_of(self, one: Details) -> tuple[Colleague, ...]:
        """Who could take this one over."""
        return self.takers.get(one.organisation_id, ())

    @property
    def takers_of_all(self) -> tuple[Colleague, ...]:
        """Who could take every one of them over."""
        if not self.reservations:
            return ()
        first, *rest = (self.takers_of(one) for one in self.reservations)
        others = [{one.person_id for one in people} for people in rest]
        return tuple(one for one in first if all(one.person_id in ids for ids in others))


@dataclass(frozen=True)
class Choices:
    """What shall become of the reservations: the public id of who takes over, or None to cancel.

    `seen` are the versions that were shown; without it whatever there is, is meant.
    """

    for_all: str | None = None
    single: Mapping[str, str | None] = field(default_factory=dict)
    seen: Mapping[str, int] | None = None

    def of(self, one: Details) -> str | None:
        """Who takes this one over; None cancels it."""
        return self.single.get(one.public_id, self.for_all)


@dataclass(frozen=True)
class Done:
    """What was done."""

    public_id: str
    handed_over: int
    cancelled: int


# --- a person leaves an organisation ---


def membership_plan(
    actor: Actor, organisation_id: str, person_id: str, *, last_day: date | None = None
) -> Plan:
    """What ending the membership would touch: at once all that lies ahead or runs, else what
    begins after the last day. Raises NotFoundError for who is no member."""
    organisation = members.organisation(actor, organisation_id, Action.MANAGE_ORGANISATION)
    member = members.member(organisation.organisation_id, person_id)
    _refuse_day(member, last_day)
    return _membership_plan(organisation, _name(member), member.person_id, last_day)


@transactional
def end_membership(
    actor: Actor,
    organisation_id: str,
    person_id: str,
    choices: Choices,
    *,
    last_day: date | None = None,
) -> Done:
    """End a membership, at once or after its last day.

    Raises LastOneError when a manager would leave the organisation without one (an operator may),
    PlanChangedError, and InvalidError for a colleague who cannot take over.
    """
    organisation = members.organisation(actor, organisation_id, Action.MANAGE_ORGANISATION)
    member = members.member(organisation.organisation_id, person_id)
    _refuse_day(member, last_day)
    _lock(
        [
            _of_membership(organisation, member.person_id, last_day),
            _for_others(organisation, member.person_id, last_day),
        ],
        [organisation],
        member.person_id,
    )
    member = members.member(organisation.organisation_id, person_id)
    if member.is_manager:
        organisations.refuse_last_manager(actor, organisation, member.person_id)
    plan = _membership_plan(organisation, _name(member), member.person_id, last_day)
    _end_terms(actor, plan, member)
    return _depart(actor, plan, choices)


@transactional
def withdraw_invitation(actor: Actor, organisation_id: str, person_id: str) -> None:
    """End the membership of who has not come yet; the link to come ends with it.

    Raises PlanChangedError where something was booked for them, and StaleError where they have come
    meanwhile: then what becomes of it has to be chosen.
    """
    end_membership(actor, organisation_id, person_id, Choices(seen={}))
    # Asked behind the locks: whoever sets a password meanwhile waits for the row of the person.
    if _has_password(person_id):
        raise StaleError(0)


@transactional
def end_next_term() -> bool:
    """Deal with one membership that was over by its date while reservations lie ahead; False when
    there is none. Called by the worker until it says so.

    They go to the manager who has looked after the organisation longest; without one they are
    cancelled.
    """
    found = _next_term_over()
    if found is None:
        return False
    membership, person, organisation = found
    _lock(
        [
            _of_membership(organisation, person.id, None),
            _for_others(organisation, person.id, None),
        ],
        [organisation],
        person.id,
    )
    name = PersonName(person.public_id, person.name)
    plan = _membership_plan(organisation, name, person.id, None)
    first = members.other_managers(organisation.organisation_id, person.id)[:1]
    heirs = (one.public_id for one in plan.takers_of_all if one.person_id in first)
    heir = next(heirs, None)
    _depart(None, replace(plan, last_day=membership.valid_until), Choices(for_all=heir))
    return True


# --- a person leaves the park ---


def person_plan(actor: Actor, person_id: str) -> Plan:
    """What deactivating the person would touch: all of theirs that lies ahead or runs."""
    require(actor, Action.OPERATE)
    person = _person(person_id)
    return _person_plan(person)


@transactional
def deactivate_person(actor: Actor, person_id: str, choices: Choices) -> Done:
    """Close an account: nobody signs in with it any more, its sessions, tokens, calendar addresses
    and grants end at once.

    Raises LastOneError for the last operator, PlanChangedError, and InvalidError for a colleague
    who cannot take over.
    """
    require(actor, Action.OPERATE)
    return _close_account(actor, _person(person_id), choices)


def own_plan(actor: Actor) -> Plan:
    """What closing the actor's own account would touch."""
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    return _person_plan(_person(actor.public_id))


def close_own_account(actor: Actor, choices: Choices) -> Done:
    """The same by the person themselves; part of the caller's transaction.

    Raises LastOneError for the last operator and for the last manager of an organisation in which
    others stay, PlanChangedError, and InvalidError for a colleague who cannot take over.
    """
    require(actor, Action.MANAGE_OWN_ACCOUNT)
    managed = members.managed_by(actor.person_id)
    return _close_account(actor, _person(actor.public_id), choices, managed)


def close_account(actor: Actor | None, person_id: str) -> Done:
    """The same with everything cancelled, for whoever erases an account: rights are asked there,
    and it is part of the caller's transaction. Afterwards the person can be blanked."""
    return _close_account(actor, _person(person_id), Choices())


def _close_account(
    actor: Actor | None,
    person: Person,
    choices: Choices,
    managed: Sequence[KnownOrganisation] = (),
) -> Done:
    _lock([_of_person(person.id), _for_others(None, person.id, None)], managed, person.id)
    for organisation in managed:
        if actor is not None and members.count(organisation.organisation_id) > 1:
            organisations.refuse_last_manager(actor, organisation, person.id)
    if person.state is not PersonState.ACTIVE:  # somebody was faster
        raise NotFoundError
    plan = _person_plan(person)
    closing.close(actor, person)
    return _depart(actor, plan, choices)


# --- an organisation leaves the park ---


def organisation_plan(actor: Actor, organisation_id: str) -> Plan:
    """What deactivating the organisation would touch: everything that is booked for it and lies
    ahead or runs."""
    require(actor, Action.OPERATE)
    return _organisation_plan(members.organisation(actor, organisation_id))


@transactional
def deactivate_organisation(actor: Actor, organisation_id: str, choices: Choices) -> Done:
    """Let nobody book for it any more. What is handed over goes on in its new holder's own name.

    Raises PlanChangedError, and InvalidError for somebody who cannot take over.
    """
    require(actor, Action.OPERATE)
    organisation = members.organisation(actor, organisation_id)
    _lock([_of_organisation(organisation)], [organisation])
    plan = _organisation_plan(members.organisation(actor, organisation_id))
    if plan.organisation is None or not plan.organisation.is_active:  # somebody was faster
        raise NotFoundError
    done = _depart(actor, plan, choices)
    _write_organisation(actor, organisation, "organisation_deactivated", clock.now())
    return done


@transactional
def reactivate_organisation(actor: Actor, organisation_id: str) -> None:
    """Let its members book for it again; what was cancelled stays cancelled."""
    require(actor, Action.OPERATE)
    organisation = members.organisation(actor, organisation_id)
    if not organisation.is_active:
        _write_organisation(actor, organisation, "organisation_reactivated", None)


def _write_organisation(
    actor: Actor, organisation: KnownOrganisation, act: str, deactivated_at: datetime | None
) -> None:
    session().execute(
        update(Organisation)
        .where(Organisation.id == organisation.organisation_id)
        .values(deactivated_at=deactivated_at)
    )
    revisions.bump(revisions.Scope.ORGANISATION, [organisation.organisation_id])
    journal.write(actor, act, subject_kind="organisation", subject_id=organisation.public_id)


# --- what they share ---


def _depart(actor: Actor | None, plan: Plan, choices: Choices) -> Done:
    """Write the departure down, then hand over or cancel each reservation."""
    _refuse_changed(actor, plan, choices)
    departure = Departure(
        public_id=ids.new_public_id(),
        kind=plan.kind,
        person_id=plan.person_id,
        organisation_id=plan.organisation.organisation_id if plan.organisation else None,
        last_day=plan.last_day,
        created_at=clock.now(),
    )
    session().add(departure)
    session().flush()
    fates = [_Fate(one, _taker(plan, one, choices)) for one in plan.reservations]
    for fate in fates:
        _settle(actor, plan.kind, fate)
    _refuse_takers_who_left(fates)
    _let_go_of_what_was_booked_for_others(actor, plan)
    _write_down(actor, departure, fates)
    # From this one event everybody is told, once each.
    events.record(EventKind.HANDED_OVER, departure.public_id, version=1)
    cancelled = sum(1 for fate in fates if fate.taker is None)
    return Done(departure.public_id, len(fates) - cancelled, cancelled)


@dataclass(frozen=True)
class _Fate:
    """A reservation and who takes it over; nobody: it is cancelled."""

    details: Details
    taker: Colleague | None


def _settle(actor: Actor | None, kind: DepartureKind, fate: _Fate) -> None:
    one, taker = fate.details, fate.taker
    if taker is None:
        service.close_because(actor, one, REASONS[kind])
        return
    booked_for_oneself = one.booked_by_id == one.person_id
    service.hand_over(
        actor,
        one,
        to_person_id=taker.person_id,
        booked_by_id=taker.person_id if booked_for_oneself else one.booked_by_id,
        organisation_id=None if kind is DepartureKind.ORGANISATION else one.organisation_id,
    )


def _refuse_takers_who_left(fates: Sequence[_Fate]) -> None:
    """Asked after the hand-over, whose foreign keys have waited for takers who leave themselves."""
    handed = [(fate.details, fate.taker) for fate in fates if fate.taker is not None]
    organisation_ids = {one.organisation_id for one, _taker in handed if one.organisation_id}
    now = members.colleagues(organisation_ids) if organisation_ids else {}
    for one, taker in handed:
        if one.organisation_id is None:
            terms.require_standing(taker.person_id, None)
        elif all(taker.person_id != other.person_id for other in now[one.organisation_id]):
            raise InvalidError({one.public_id: Problem.NOT_FOUND})


def _let_go_of_what_was_booked_for_others(actor: Actor | None, plan: Plan) -> None:
    """Who booked for a colleague could otherwise go on changing it after leaving."""
    if plan.person_id is None:
        return
    is_over = plan.last_day is not None and plan.last_day < terms.today()
    last_day = None if is_over else plan.last_day
    for one in queries.find(*_for_others(plan.organisation, plan.person_id, last_day)):
        service.hand_over(
            actor,
            one,
            to_person_id=one.person_id,
            booked_by_id=one.person_id,
            organisation_id=one.organisation_id,
        )


def _write_down(actor: Actor | None, departure: Departure, fates: Sequence[_Fate]) -> None:
    if not fates:
        return
    session().execute(
        insert(DepartureReservation),
        [
            {
                "departure_id": departure.id,
                "reservation_id": fate.details.id,
                "from_person_id": fate.details.person_id,
                "to_person_id": None if fate.taker is None else fate.taker.person_id,
            }
            for fate in fates
        ],
    )
    cancelled = sum(1 for fate in fates if fate.taker is None)
    journal.write(
        actor,
        "reservations_settled",
        subject_kind="departure",
        subject_id=departure.public_id,
        after={
            "kind": departure.kind.value,
            "handed_over": len(fates) - cancelled,
            "cancelled": cancelled,
        },
    )


def _taker(plan: Plan, one: Details, choices: Choices) -> Colleague | None:
    wanted = choices.of(one)
    if wanted is None:
        return None
    for taker in plan.takers_of(one):
        if taker.public_id == wanted:
            return taker
    raise InvalidError({one.public_id: Problem.NOT_FOUND})


def _refuse_changed(actor: Actor | None, plan: Plan, choices: Choices) -> None:
    if actor is None or choices.seen is None or choices.seen == plan.seen:
        return
    seen = choices.seen
    gone = queries.references(actor, seen.keys() - plan.seen.keys())
    raise PlanChangedError(
        added=tuple(one.reference for one in plan.reservations if one.public_id not in seen),
        changed=tuple(
            one.reference
            for one in plan.reservations
            if seen.get(one.public_id, one.version) != one.version
        ),
        gone=tuple(gone),
    )


# --- which reservations, and who could take them ---


def _membership_plan(
    organisation: KnownOrganisation, name: PersonName, person_id: int, last_day: date | None
) -> Plan:
    return Plan(
        kind=DepartureKind.MEMBERSHIP,
        person_id=person_id,
        person=name,
        organisation=organisation,
        last_day=last_day,
        reservations=tuple(queries.find(*_of_membership(organisation, person_id, last_day))),
        takers=_colleagues({organisation.organisation_id}, but=person_id),
    )


def _person_plan(person: Person) -> Plan:
    """What was booked in the person's own name may go to any colleague."""
    found = queries.find(*_of_person(person.id))
    own = _organisations_of(person.id)
    booked = {one.organisation_id for one in found if one.organisation_id is not None}
    takers = _colleagues(own | booked, but=person.id)
    known = {one.person_id: one for organisation_id in own for one in takers[organisation_id]}
    return Plan(
        kind=DepartureKind.PERSON,
        person_id=person.id,
        person=PersonName(person.public_id, person.name),
        organisation=None,
        last_day=None,
        reservations=tuple(found),
        takers={**takers, None: tuple(known.values())},
    )


def _organisation_plan(organisation: KnownOrganisation) -> Plan:
    return Plan(
        kind=DepartureKind.ORGANISATION,
        person_id=None,
        person=None,
        organisation=organisation,
        last_day=None,
        reservations=tuple(queries.find(*_of_organisation(organisation))),
        takers=_colleagues({organisation.organisation_id}),
    )


def _organisations_of(person_id: int) -> set[int]:
    return set(
        session().scalars(
            select(Membership.organisation_id)
            .join(Organisation, Organisation.id == Membership.organisation_id)
            .where(
                Membership.person_id == person_id,
                Organisation.deactivated_at.is_(None),
                *terms.holds_on(terms.today()),
            )
        )
    )


def _colleagues(
    organisation_ids: set[int], *, but: int | None = None
) -> dict[int | None, tuple[Colleague, ...]]:
    found = members.colleagues(organisation_ids)
    return {
        key: tuple(one for one in people if one.person_id != but) for key, people in found.items()
    }


def _of_membership(
    organisation: KnownOrganisation, person_id: int, last_day: date | None
) -> list[ColumnElement[bool]]:
    return [
        Reservation.person_id == person_id,
        Reservation.organisation_id == organisation.organisation_id,
        *_ahead(last_day),
    ]


def _of_person(person_id: int) -> list[ColumnElement[bool]]:
    return [Reservation.person_id == person_id, *_ahead(None)]


def _for_others(
    organisation: KnownOrganisation | None, person_id: int, last_day: date | None
) -> list[ColumnElement[bool]]:
    """What the person has booked for somebody else, in one organisation or in any."""
    conditions = [
        Reservation.booked_by_id == person_id,
        Reservation.person_id != person_id,
        *_ahead(last_day),
    ]
    if organisation is not None:
        conditions.append(Reservation.organisation_id == organisation.organisation_id)
    return conditions


def _of_organisation(organisation: KnownOrganisation) -> list[ColumnElement[bool]]:
    return [Reservation.organisation_id == organisation.organisation_id, *_ahead(None)]


def _ahead(last_day: date | None) -> list[ColumnElement[bool]]:
    """Pending or confirmed, and not over; with a last day only what begins after it."""
    if last_day is None:
        return [Reservation.state.in_(LIVE), Reservation.ends_at > clock.now()]
    first = datetime.combine(last_day + ONE_DAY, time.min)
    after = zones.reached(first, zones.zone(web.settings().site_zone))
    return [
        Reservation.state.in_(LIVE),
        Reservation.starts_at >= after,
        Reservation.ends_at > clock.now(),
    ]


def _lock(
    which: Sequence[Sequence[ColumnElement[bool]]],
    organisations_left: Sequence[KnownOrganisation],
    person_id: int | None = None,
) -> None:
    """Hold what shall be settled, then whoever leaves: a verb that holds a reservation still writes
    its journal line, which refers to the person, so persons come last."""
    touched = or_(*(and_(*conditions) for conditions in which))
    statements = [select(Reservation.id).where(touched).order_by(Reservation.id).with_for_update()]
    if organisations_left:
        of_these = Organisation.id.in_([one.organisation_id for one in organisations_left])
        ordered = select(Organisation.id).where(of_these).order_by(Organisation.id)
        statements.append(ordered.with_for_update())
    if person_id is not None:
        statements.append(select(Person.id).where(Person.id == person_id).with_for_update())
    for statement in statements:
        session().execute(statement).all()
    session().expire_all()  # what was read before the locks may have changed


# --- memberships and persons ---


def _refuse_day(member: Member, last_day: date | None) -> None:
    if last_day is None:
        return
    today = terms.today()
    if not max(today, member.valid_from) <= last_day <= today + LAST_DAY_AT_MOST:
        raise InvalidError({"last_day": Problem.OUT_OF_RANGE})


def _end_terms(actor: Actor, plan: Plan, member: Member) -> None:
    """At once means that yesterday was the last day; a term that has held no whole day yet, or
    would begin later, leaves nothing behind."""
    until = plan.last_day or terms.today() - ONE_DAY
    of_these = (
        Membership.person_id == member.person_id,
        Membership.organisation_id == member.organisation_id,
    )
    session().execute(delete(Membership).where(*of_these, Membership.valid_from > until))
    session().execute(
        update(Membership)
        .where(*of_these, or_(Membership.valid_until.is_(None), Membership.valid_until > until))
        .values(valid_until=until)
    )
    revisions.bump(revisions.Scope.ORGANISATION, [member.organisation_id])
    assert plan.organisation is not None  # a membership's plan
    journal.write(
        actor,
        "membership_ended",
        subject_kind="person",
        subject_id=member.public_id,
        after={
            "organisation": plan.organisation.public_id,
            "role": member.role.value,
            "last_day": until.isoformat(),
        },
    )
    if not member.has_password and not members.belongs_anywhere(member.person_id):
        links.end_invitation(member.person_id)


def _next_term_over() -> tuple[Membership, Person, KnownOrganisation] | None:
    today = terms.today()
    other = aliased(Membership)
    row = (
        session()
        .execute(
            select(Membership, Person)
            .join(Person, Person.id == Membership.person_id)
            .where(
                Membership.valid_until < today,
                Membership.valid_until >= today - OUTAGE,
                exists().where(
                    or_(
                        Reservation.person_id == Membership.person_id,
                        Reservation.booked_by_id == Membership.person_id,
                    ),
                    Reservation.organisation_id == Membership.organisation_id,
                    *_ahead(None),
                ),
                ~exists().where(
                    other.person_id == Membership.person_id,
                    other.organisation_id == Membership.organisation_id,
                    or_(other.valid_until.is_(None), other.valid_until >= today),
                ),
            )
            .order_by(Membership.id)
            .limit(1)
            .with_for_update(of=Membership, skip_locked=True)
        )
        .first()
    )
    if row is None:
        return None
    membership, person = row
    organisation = members.organisation_by_id(membership.organisation_id)
    assert organisation is not None  # a membership's foreign key
    return membership, person, organisation


def _person(public_id: str) -> Person:
    """The person who leaves, if their account is still open."""
    found = session().scalar(select(Person).where(Person.public_id == public_id))
    if found is None or found.state is not PersonState.ACTIVE:
        raise NotFoundError
    return found


def _has_password(public_id: str) -> bool:
    statement = select(Person.password_hash).where(Person.public_id == public_id)
    return session().scalar(statement) is not None


def _name(member: Member) -> PersonName:
    return PersonName(member.public_id, member.name)
