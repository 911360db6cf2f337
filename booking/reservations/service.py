"""The verbs of a reservation. Each is one transaction that journals, records events, bumps
revisions and either does everything or raises and leaves all as it was."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import UNSET
from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from booking.authorisations.queries import rights, rights_of_each
from booking.core import clock, events, ids, revisions, zones
from booking.core.database import engine_name, execute, savepoint, session, transactional
from booking.core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Problem,
    RefusedError,
    StaleError,
    WouldDeclineError,
)
from booking.core.events import EventKind
from booking.core.fingerprints import require_unchanged
from booking.core.instants import Interval
from booking.core.intervals import LocalInterval
from booking.core.permissions import (
    Action,
    Actor,
    Belongs,
    allows,
    answers,
    in_whose_place,
    require,
)
from booking.core.refusals import (
    LayoutKind,
    NotChangeable,
    Obstacle,
    Reason,
    Refusal,
    are_overridable,
    with_overrider,
)
from booking.journal import service as journal
from booking.journal.models import JsonFacts
from booking.occupancy import queries as occupancy_queries
from booking.occupancy import service as occupancy
from booking.occupancy.claims import Claim, Owner
from booking.occupancy.models import Hold
from booking.occupancy.pools import Seated, Units
from booking.people import terms
from booking.people.queries import Known, known_persons
from booking.policies import facts
from booking.policies.facts import Judged, Place
from booking.policies.quotas import NOBODY, Counted
from booking.reservations import queries, quotas
from booking.reservations.claims import (
    Had,
    bump_places,
    claims_held,
    claims_of,
    had_by,
    had_by_each,
    resource_ids_of,
    window_of,
)
from booking.reservations.models import (
    ALLOWED,
    CHOSEN_REASONS,
    Amendment,
    AmendmentResource,
    Approval,
    Asking,
    Attendance,
    DeclineReason,
    Group,
    HouseReason,
    Question,
    Reservation,
    ReservationResource,
    State,
)
from booking.reservations.pool_rivals import Around, pools_of
from booking.reservations.queries import Decision, Details, PersonName, Waiting
from booking.reservations.standing import standing, versions
from booking.reservations.wishes import (
    MOST_RESOURCES,
    MOST_TOGETHER,
    Change,
    GroupWish,
    Wish,
    checked_guest,
    checked_headcount,
    checked_people,
    checked_resources,
    checked_title,
    laid_out,
    local_interval,
)
from booking.spaces.opening import Expected

CANCEL_WHILE_RUNNING = timedelta(minutes=10)  # after it was made: a slip, not a give-back
LONGEST_REASON = 500
LONGEST_TEXT = 1000  # of a question, and of its answer

# What every booking writes is built once: building a statement costs more than running it.
_INSERT = {
    name: dialect.insert(Reservation.__table__)
    .on_conflict_do_nothing(index_elements=["reference"])
    .returning(Reservation.__table__.c.id)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_INSERT_EACH = {
    name: dialect.insert(Reservation.__table__).on_conflict_do_nothing(index_elements=["reference"])
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_KEYS_OF = select(Reservation.id, Reservation.public_id).where(
    Reservation.public_id.in_(bindparam("public_ids", expanding=True))
)
_STORED_AS_NAMED = (
    *("public_id", "person_id", "booked_by_id", "organisation_id", "guest", "title", "headcount"),
    *("layout", "group_id", "series_id", "series_start"),
    *("state", "holds_place", "tzdata", "sequence", "version", "decide_by"),
    *("created_at", "changed_at"),
)
_INSERT_RESOURCE = insert(ReservationResource.__table__)
_NOTE_UNIT = (
    update(ReservationResource.__table__)
    .where(
        ReservationResource.__table__.c.reservation_id == bindparam("of_id"),
        ReservationResource.__table__.c.resource_id == bindparam("of_resource"),
    )
    .values(unit=bindparam("new_unit"))
)
_INSERT_APPROVAL = insert(Approval.__table__)
_MOVED = (
    *("title", "headcount", "layout"),
    *("zone", "local_start", "local_end", "tzdata", "starts_at", "ends_at"),
)
_MOVE_EACH = (
    update(Reservation.__table__)
    .where(Reservation.__table__.c.id == bindparam("of_id"))
    .values(
        version=Reservation.__table__.c.version + 1,
        sequence=Reservation.__table__.c.sequence + 1,
        changed_at=bindparam("at"),
        **{name: bindparam(f"new_{name}") for name in _MOVED},
    )
)
_RENAME_EACH = (
    update(Reservation.__table__)
    .where(Reservation.__table__.c.id == bindparam("of_id"))
    .values(
        version=Reservation.__table__.c.version + 1,
        changed_at=bindparam("at"),
        title=bindparam("new_title"),
        headcount=bindparam("new_headcount"),
    )
)


@dataclass(frozen=True)
class Outcome:
    """What a verb did: the reservation, where it stands, and whether a change waits.

    What was booked just now comes with it, and what may still be announced for its time, so that
    nobody has to read it back.
    """

    public_id: str
    state: State
    amendment_waits: bool = False
    details: Details | None = None
    expected: tuple[Expected, ...] = ()


class _Whole(StrEnum):
    """Of what all is told in one message, under the name by which events know it."""

    GROUP = "by_group"  # to the booker
    SERIES = "by_series"  # to everybody


@dataclass(frozen=True)
class _Plan:
    """A wish or change after it was resolved: what the reservation shall be."""

    places: tuple[Place, ...]
    local: LocalInterval
    title: str
    headcount: int
    whole: _Whole | None = None
    layout: LayoutKind | None = None  # the places are laid out in it

    @property
    def interval(self) -> Interval:
        return self.local.project()

    @property
    def resource_ids(self) -> frozenset[int]:
        return frozenset(place.resource_id for place in self.places)

    @property
    def codes(self) -> str:
        return ", ".join(place.spot.code for place in self.places)

    def claims(self, had: Had | None = None) -> list[Claim]:
        return claims_of(self.places, self.interval, had)

    @property
    def days(self) -> tuple[date, date]:
        """The day on which it begins, as the first and the last to be counted."""
        return self.local.starts_at.date(), self.local.starts_at.date()

    def decide_by(self, now: datetime, asking: Sequence[Place]) -> datetime:
        """When the request expires: by the strictest policy, at the latest when it would begin."""
        return max(now, min(_deadline(now, asking), self.interval.starts_at))


@dataclass(frozen=True)
class Holder:
    """For whom it is, and in which organisation."""

    person_id: int
    name: PersonName
    is_member: bool
    organisation: Belongs | None
    guest: str | None = None

    @property
    def counted(self) -> Counted:
        """For whom it counts; guests of the house have no quota."""
        if self.guest is not None:
            return NOBODY
        found = self.organisation
        return Counted(self.person_id, None if found is None else found.organisation_id)


@dataclass(frozen=True)
class _ForSomebody:
    """What rights ask for when somebody else is booked for."""

    organisation_ids: frozenset[int]
    places: tuple[Place, ...]


# --- book ---


@transactional
def book(actor: Actor, wish: Wish) -> Outcome:
    """Book, or ask for, one resource or several together: all of them or none.

    Raises InvalidError for a wish that makes no sense, RefusedError with every broken rule or with
    what has taken the place.
    """
    require(actor, Action.BOOK)
    plan = _plan_of(wish)
    return _book(actor, holder_of(actor, wish, plan.places), plan)


@transactional
def book_by_exception(actor: Actor, wish: Wish, *, reason: str) -> Outcome:
    """Book although rules of the house speak against it, and say why.

    Only rules that can be overridden are set aside: what has taken the place, and who has to be
    asked, stay as they are. Where nothing speaks against it (any more) it is booked as ever.
    Raises as `book` does, and InvalidError without a reason.
    """
    require(actor, Action.BOOK)
    plan = _plan_of(wish)
    require(actor, Action.OVERRIDE, plan)
    return _book(actor, holder_of(actor, wish, plan.places), plan, _because(reason))


def book_instead(
    actor: Actor, before: Details, places: tuple[Place, ...], local: LocalInterval
) -> Outcome:
    """Book this for whomever a displaced reservation was for, with what it was for and the one who
    booked it, in the layout in which these places are laid out, by the rules of every booking;
    raises as `book` does. Part of the caller's transaction, who has asked for the right."""
    plan = _Plan(places, local, before.title, before.headcount, layout=before.layout)
    return _book(actor, _holder_as_before(actor, before, places), plan, instead_of=before)


def _because(reason: str) -> str:
    """The words; raises InvalidError where there are none."""
    because = checked_reason(reason)
    if not because:
        raise InvalidError({"reason": Problem.MISSING})
    return because


def may_override(actor: Actor, places: Sequence[Place], refusals: Sequence[Refusal]) -> bool:
    """Whether the actor could have it nevertheless."""
    there = _ForSomebody(frozenset(), tuple(places))
    return are_overridable(refusals) and allows(actor, Action.OVERRIDE, there)


def _book(
    actor: Actor,
    holder: Holder,
    plan: _Plan,
    because: str = "",
    instead_of: Details | None = None,
) -> Outcome:
    judged = facts.judge_all(
        plan.places,
        plan.local,
        headcount=plan.headcount,
        is_member=holder.is_member,
        changes={},
        counting=quotas.held(plan.places, [holder.counted], plan.days),
        rights=rights(plan.places, holder.counted.person_id),
    )
    exception = _exception(judged, because)
    if not exception:
        _refuse(judged, plan)
    if not _holds(judged.asking):
        _refuse_if_taken(plan)
    new = _insert(_with_booker_of(instead_of, _new(actor, plan, holder, judged.asking)))
    terms.require_standing(new.person_id, new.organisation_id)
    if new.holds_place:
        note_units(occupancy.claim(Owner(reservation_id=new.id), plan.claims()))
    _ask(new.id, version=1, asking=judged.asking)
    tell_of_new(actor, new, exception)
    return Outcome(new.public_id, new.state, details=new, expected=judged.expected)


def _with_booker_of(before: Details | None, new: Details) -> Details:
    """Whoever booked what it stands in for goes on hearing of it."""
    if before is None:
        return new
    return replace(new, booked_by_id=before.booked_by_id, booked_by=before.booked_by)


def _exception(judged: Judged, because: str) -> JsonFacts:
    """What the journal keeps of the rules that are set aside; empty where none may be."""
    if not because or not are_overridable(judged.refusals):
        return {}
    codes = dict.fromkeys(refusal.reason.value for refusal in judged.refusals)
    return {"overridden": ", ".join(codes), "reason": because}


def tell_of_new(actor: Actor, new: Details, exception: JsonFacts | None = None) -> None:
    """The journal's line and the event of a reservation that was just made for itself."""
    if exception:
        act = "requested_by_exception" if new.waits else "booked_by_exception"
    else:
        act = "booked" if new.state is State.CONFIRMED else "requested"
    _tell(
        actor,
        act,
        EventKind.CONFIRMED if new.state is State.CONFIRMED else EventKind.REQUESTED,
        new.public_id,
        version=1,
        after={**facts_of_new(new), **(exception or {})},
        whole=None if new.group is None else _Whole.GROUP,
    )
    _bump_of(new)


def _new(actor: Actor, plan: _Plan, holder: Holder, asking: Sequence[Place]) -> Details:
    """The reservation as it shall be; storing it gives it its key and its reference."""
    now = clock.now()
    organisation = holder.organisation
    return Details(
        id=0,
        public_id=ids.new_public_id(),
        reference="",
        state=State.PENDING if asking else State.CONFIRMED,
        version=1,
        sequence=0,
        title=plan.title,
        headcount=plan.headcount,
        holds_place=_holds(asking),
        local=plan.local,
        interval=plan.interval,
        tzdata=zones.version(),
        decide_by=plan.decide_by(now, asking) if asking else None,
        closing_code=None,
        closing_reason=None,
        created_at=now,
        changed_at=now,
        person_id=holder.person_id,
        booked_by_id=actor.person_id,
        organisation_id=None if organisation is None else organisation.organisation_id,
        group_id=None,
        group=None,
        person=holder.name,
        booked_by=PersonName(actor.public_id, actor.name),
        organisation=None
        if organisation is None
        else PersonName(organisation.public_id, organisation.name),
        places=plan.places,
        decisions=tuple(
            Decision(1, policy_id, Asking.WAITING, None, None, None, None)
            for policy_id in _policies(asking)
        ),
        amendment=None,
        guest=holder.guest,
        layout=plan.layout,
    )


# --- groups ---


@dataclass(frozen=True)
class Grouped:
    """What was booked together: the group, and its reservations by place."""

    public_id: str
    reservations: tuple[Details, ...]


@transactional
def book_together(actor: Actor, wish: GroupWish) -> Grouped:
    """Book, or ask for, several places at one time, each for somebody: all of them or none.

    Each is a reservation of its own, to be changed and given back alone. Raises as `book` does.
    """
    require(actor, Action.BOOK)
    different = places_of(wish.resources, most=MOST_TOGETHER)
    places = _as_often_as_named(different, wish.resources)
    local = local_interval(wish.starts_at, wish.ends_at, places[0].spot.zone_name)
    title = checked_title(wish.title)
    people = checked_people(wish.people, len(places))
    holders = _holders(actor, people, wish.organisation_id, places)
    judged = facts.judge_all(
        different,
        local,
        headcount=1,
        is_member=all(holder.is_member for holder in holders),
        changes={},
        rights=rights_of_each(
            (place, holder.counted.person_id) for place, holder in zip(places, holders, strict=True)
        ),
    )
    everything = _Plan(places, local, title, len(places))
    _refuse(_counted_each(judged, everything, holders), everything)
    _refuse_if_taken(
        replace(everything, places=tuple(one for one in judged.asking if not _holds([one])))
    )
    group = Group(public_id=ids.new_public_id())
    session().add(group)
    session().flush()
    made = [
        _insert(
            replace(
                _new(actor, _Plan((place,), local, title, 1), holder, _of(place, judged.asking)),
                group_id=group.id,
                group=group.public_id,
            )
        )
        for place, holder in zip(places, holders, strict=True)
    ]
    for person_id, organisation_id in {(one.person_id, one.organisation_id) for one in made}:
        terms.require_standing(person_id, organisation_id)
    note_units(
        occupancy.claim_each(
            [
                (Owner(reservation_id=one.id), claim)
                for one in made
                if one.holds_place
                for claim in _plan_as_is(one).claims()
            ]
        )
    )
    for one in made:
        _ask(one.id, version=1, asking=_of(one.place, judged.asking))
        tell_of_new(actor, one)
    _tell_of_group(actor, group.public_id, version=1)
    return Grouped(group.public_id, tuple(made))


def _as_often_as_named(places: Sequence[Place], resources: Sequence[str]) -> tuple[Place, ...]:
    """A pool for each time it is named, any other place once; raises InvalidError for too many."""
    named = Counter(resources)
    found = tuple(
        place
        for place in places
        for _ in range(named[place.spot.public_id] if place.spot.units > 1 else 1)
    )
    if len(found) > MOST_TOGETHER:
        raise InvalidError({"resources": Problem.OUT_OF_RANGE})
    return found


def _counted_each(judged: Judged, plan: _Plan, holders: Sequence[Holder]) -> Judged:
    """With what the quotas say to each holder's place, those before it counted."""
    counted = [holder.counted for holder in holders]
    counting = quotas.held(plan.places, counted, plan.days)
    if counting is None:
        return judged
    refusals = list(judged.refusals)
    for place, holder in zip(plan.places, counted, strict=True):
        own = counting.of(holder)
        said = own.refusals([place], plan.local, plan.interval, place.spot.code)
        if not said:
            own.take([place], plan.local, plan.interval)
        refusals += said
    return replace(judged, refusals=tuple(refusals))


def _of(place: Place, asking: Sequence[Place]) -> list[Place]:
    return [one for one in asking if one.resource_id == place.resource_id]


def _holders(
    actor: Actor, people: Sequence[str], organisation_id: str | None, places: tuple[Place, ...]
) -> list[Holder]:
    """Who holds each place: the named people, then whoever books."""
    only = actor.memberships[0].public_id if len(actor.memberships) == 1 else None
    own = _own_holder(actor, organisation_id or only)
    found = known_persons(people, terms.today()) if people else {}
    named = [
        own
        if person_id == actor.public_id
        else _somebody(actor, found.get(person_id), organisation_id, places)
        for person_id in people
    ]
    return [*named, *([own] * (len(places) - len(named)))]


@transactional
def cancel_group(actor: Actor, public_id: str, *, reason: str = "") -> Grouped:
    """Give back all reservations of a group that can still be given back and that the actor may
    cancel; raises RefusedError where none can."""
    found = _locked_group(actor, public_id)
    reason = checked_reason(reason)
    mine = [one for one in found if allows(actor, Action.CANCEL, one)]
    if not mine:
        raise ForbiddenError
    refusals = {one.id: why_not_cancellable(one) for one in mine}
    closing = [one for one in mine if refusals[one.id] is None]
    if not closing:
        raise RefusedError(tuple(one for one in refusals.values() if one is not None)[:1])
    for one in closing:
        _close(actor, one, State.CANCELLED, EventKind.CANCELLED, reason, whole=_Whole.GROUP)
    _tell_of_group(actor, public_id, version=_next_telling(closing[0]))
    return Grouped(public_id, tuple(closing))


@transactional
def move_group(actor: Actor, public_id: str, wanted: Change, *, seen: str | None = None) -> Grouped:
    """Move what of a group still stands together to another time: all of it or none.

    What was given back or changed alone stays as it is. A change that needs approval waits for it.
    Raises OutdatedError where the group is no longer what was `seen`, and RefusedError with what
    stands against any of them.
    """
    found = _locked_group(actor, public_id)
    require_unchanged(seen, versions(found))
    mine = [one for one in found if allows(actor, Action.CHANGE, one)]
    if not mine:
        raise ForbiddenError
    moving = standing(mine).together
    if not moving:
        raise RefusedError(tuple(filter(None, [why_not_changeable(mine[0])])))
    plans = [replace(_plan_of_change(one, wanted), whole=_Whole.GROUP) for one in moving]
    had = [place for one in moving for place in (*one.places, *_asked_for(one))]
    quotas.hold(
        [place for plan in plans for place in plan.places], [quotas.of(one) for one in moving]
    )
    occupancy.lock_resources(resource_ids_of(had))
    refusals: dict[Refusal, None] = {}
    for one, plan in zip(moving, plans, strict=True):
        try:
            with savepoint():
                _change_to(actor, one, plan)
        except RefusedError as refused:
            refusals |= dict.fromkeys(refused.refusals)
    if refusals:
        raise RefusedError(tuple(refusals))
    if any(plan.local != one.local for one, plan in zip(moving, plans, strict=True)):
        _tell_of_group(actor, public_id, version=_next_telling(moving[0]))
    return Grouped(public_id, tuple(moving))


def _asked_for(one: Details) -> tuple[Place, ...]:
    return () if one.amendment is None else one.amendment.places


def _next_telling(one: Details) -> int:
    """Counts up with each act on any reservation of its group; 1 is the booking."""
    counted = func.sum(Reservation.version) - func.count() + 1
    return session().scalar(select(counted).where(Reservation.group_id == one.group_id)) or 1


def _locked_group(actor: Actor, public_id: str) -> list[Details]:
    """Those of its reservations that the actor may see, all of them held until the commit."""
    group_id = session().scalar(select(Group.id).where(Group.public_id == public_id))
    if group_id is None:  # compared with nothing, every reservation without a group would be locked
        raise NotFoundError
    session().execute(
        select(Reservation.id)
        .where(Reservation.group_id == group_id)
        .order_by(Reservation.id)
        .with_for_update()
    )
    return queries.group(actor, public_id)


def _tell_of_group(actor: Actor, public_id: str, version: int) -> None:
    events.record(
        EventKind.GROUPED, public_id, version=version, actor_id=actor.person_id, reason=None
    )


# --- series: for `series`, which has judged every date and names each once ---


@dataclass(frozen=True)
class Occurrence:
    """A date of a series: when it was meant to begin, where and when it is, and who is asked."""

    series_start: datetime
    places: tuple[Place, ...]
    local: LocalInterval
    asking: tuple[Place, ...]


def claims_for(places: Sequence[Place], local: LocalInterval) -> list[Claim]:
    """What a reservation of these places at this time takes."""
    return claims_of(places, local.project())


def facts_of_new(new: Details) -> JsonFacts:
    """What the journal keeps of a reservation that was just made."""
    return {"state": new.state.value, **_facts_of(_plan_as_is(new)), **_for_whom(new)}


def make_occurrences(
    actor: Actor,
    holder: Holder,
    series: tuple[int, str],
    occurrences: Sequence[Occurrence],
    *,
    title: str,
    headcount: int,
    layout: LayoutKind | None = None,
) -> list[Details]:
    """Write a reservation for each of them, all or none, in as many statements for a hundred as
    for two. Raises RefusedError where one of them is taken."""
    series_id, public_id = series
    made = _insert_each(
        [
            replace(
                _new(
                    actor,
                    _Plan(one.places, one.local, title, headcount, layout=layout),
                    holder,
                    one.asking,
                ),
                series_id=series_id,
                series=public_id,
                series_start=one.series_start,
            )
            for one in occurrences
        ]
    )
    terms.require_standing(holder.person_id, made[0].organisation_id)
    note_units(
        occupancy.claim_each(
            [
                (Owner(reservation_id=one.id), claim)
                for one in made
                if one.holds_place
                for claim in _plan_as_is(one).claims()
            ]
        )
    )
    _ask_each(made)
    for one in made:
        _bump_of(one)
    return made


def close_each(actor: Actor, closing: Sequence[Details], reason: str) -> None:
    """Cancel all of them, in as many statements for a hundred as for two. Whoever is concerned
    hears of them as a series, in one message."""
    keys = [one.id for one in closing]
    occupancy.release_each(reservation_ids=keys)
    _drop_amendments(closing, Asking.WITHDRAWN)
    _answer_approvals(keys, Asking.WITHDRAWN)
    session().execute(
        update(Reservation)
        .where(Reservation.id.in_(keys))
        .values(
            state=State.CANCELLED,
            holds_place=False,
            sequence=Reservation.sequence + 1,
            version=Reservation.version + 1,
            changed_at=clock.now(),
            closing_reason=reason or None,
        )
    )
    after = {"state": State.CANCELLED.value, **_reason_facts(None, reason)}
    journal.write_changes(
        actor,
        State.CANCELLED.value,
        subject_kind="reservation",
        changes=[(one.public_id, {"state": one.state.value}, after) for one in closing],
    )
    _record_each(actor, EventKind.CANCELLED, closing)


@dataclass(frozen=True)
class Revised:
    """A date of a series as it shall be; `asking` are the places that need approval for it."""

    before: Details
    places: tuple[Place, ...]
    local: LocalInterval
    title: str
    headcount: int
    layout: LayoutKind | None
    asking: tuple[Place, ...] = ()

    @property
    def is_same_time_and_place(self) -> bool:
        """Whether only what it is for, or how many people come, is other."""
        resource_ids = frozenset(place.resource_id for place in self.places)
        stays = self.local == self.before.local and self.layout == self.before.layout
        return stays and resource_ids == self.before.resource_ids

    @property
    def waits(self) -> bool:
        """Whether it stays as it is until the change is approved."""
        is_request = self.before.state is State.PENDING
        return bool(self.asking) and not is_request and not self.is_same_time_and_place

    @property
    def resource_ids(self) -> set[int]:
        """All that are had, asked for already, or wanted."""
        return resource_ids_of((*self.before.places, *_asked_for(self.before), *self.places))

    def claims(self, had: Had) -> list[Claim]:
        """What it takes, or what a change that waits takes besides."""
        interval = self.local.project()
        had = had.set_out(self.before.places, self.places)
        if self.waits and _holds(self.asking):
            return claims_held(self.places, interval, had)
        return claims_of(self.places, interval, had)


def revise_each(actor: Actor, revised: Sequence[Revised]) -> None:
    """Change dates of a series that were judged and are held, all or none; confirmed ones in as
    many statements for a hundred as for two. Raises RefusedError where one of them is taken."""
    renamed = [one for one in revised if one.is_same_time_and_place]
    others = [one for one in revised if not one.is_same_time_and_place]
    occupancy.lock_resources(key for one in others for key in one.resource_ids)
    _move_each(
        actor, [one for one in others if one.before.state is State.CONFIRMED and not one.waits]
    )
    for one in others:
        if one.before.state is State.PENDING:
            _move_pending(actor, one.before, _plan_of_revised(one), {})
        elif one.waits:
            _amend(actor, one.before, _plan_of_revised(one), one.asking, {})
    _rename_each(actor, [one for one in renamed if one.before.state is State.CONFIRMED])
    for one in renamed:
        if one.before.state is State.PENDING:
            _rename(actor, one.before, _plan_of_revised(one))


def _plan_of_revised(one: Revised) -> _Plan:
    return _Plan(one.places, one.local, one.title, one.headcount, _Whole.SERIES, one.layout)


def _move_each(actor: Actor, moving: Sequence[Revised]) -> None:
    """As `_move_confirmed` does; all places are given back before any is taken."""
    if not moving:
        return
    had = had_by_each({one.before.id: one.before.interval for one in moving})
    _drop_amendments([one.before for one in moving], Asking.WITHDRAWN)
    _forget_attendance_of_each(moving)
    occupancy.release_each(reservation_ids=[one.before.id for one in moving])
    seated = occupancy.claim_each(
        [
            (Owner(reservation_id=one.before.id), claim)
            for one in moving
            for claim in one.claims(had[one.before.id])
        ]
    )
    now = clock.now()
    execute(_MOVE_EACH, [_moved_values(one, now) for one in moving])
    _place_each(moving)
    note_units(seated)
    _journal_moves(actor, moving)
    _record_each(actor, EventKind.CHANGED, [one.before for one in moving])
    for one in moving:
        _bump(one.places, [], None)


def _moved_values(one: Revised, now: datetime) -> dict[str, object]:
    values = {
        "title": one.title,
        "headcount": one.headcount,
        "layout": one.layout,
        **_time_values(one.local),
    }
    new = {f"new_{name}": values[name] for name in _MOVED}
    return {"of_id": one.before.id, "at": now, **new}


def _rename_each(actor: Actor, renamed: Sequence[Revised]) -> None:
    """As `_rename` does with what is confirmed."""
    if not renamed:
        return
    rows = [
        {"of_id": one.before.id, "new_title": one.title, "new_headcount": one.headcount}
        for one in renamed
    ]
    execute(_RENAME_EACH, [{**row, "at": clock.now()} for row in rows])
    for one in renamed:
        if one.before.amendment is not None:
            wanted = {"title": one.title, "headcount": one.headcount}
            session().execute(
                update(Amendment).where(Amendment.id == one.before.amendment.id).values(**wanted)
            )
    journal.write_changes(
        actor,
        "renamed",
        subject_kind="reservation",
        changes=[
            (one.before.public_id, _facts_before(one.before), _facts_after(one)) for one in renamed
        ],
    )
    for one in renamed:
        _bump_of(one.before)


def _facts_after(one: Revised) -> JsonFacts:
    return {"state": one.before.state.value, **_facts_of(_plan_of_revised(one))}


def _place_each(moving: Sequence[Revised]) -> None:
    """Write on which resources those are now that have others."""
    placed = [one for one in moving if not _keeps_places(one.before, _plan_of_revised(one))]
    if not placed:
        return
    had = ReservationResource.reservation_id.in_([one.before.id for one in placed])
    session().execute(delete(ReservationResource).where(had))
    rows = [
        {"reservation_id": one.before.id, "resource_id": place.resource_id, "unit": 1}
        for one in placed
        for place in one.places
    ]
    execute(_INSERT_RESOURCE, rows)


def _forget_attendance_of_each(moving: Sequence[Revised]) -> None:
    moved = [one.before.id for one in moving if one.local.starts_at != one.before.local.starts_at]
    session().execute(delete(Attendance).where(Attendance.reservation_id.in_(moved)))


def _journal_moves(actor: Actor, moving: Sequence[Revised]) -> None:
    by_act: dict[str, list[tuple[str, JsonFacts, JsonFacts]]] = {}
    for one in moving:
        plan = _plan_of_revised(one)
        was, shall_be = _layouts(one.before, plan)
        change = (
            one.before.public_id,
            _facts_before(one.before) | was,
            _facts_after(one) | shall_be,
        )
        act = _move_act(one.before, plan)
        by_act.setdefault(act, []).append(change)
    for act, changes in by_act.items():
        journal.write_changes(actor, act, subject_kind="reservation", changes=changes)


def _move_act(before: Details, plan: _Plan) -> str:
    gives_back = plan.resource_ids <= before.resource_ids and plan.layout == before.layout
    return "shortened" if gives_back and before.interval.contains(plan.interval) else "moved"


def _record_each(actor: Actor, kind: EventKind, acted_on: Sequence[Details]) -> None:
    """The event of each, of which nobody hears alone."""
    told = {"actor_id": actor.person_id, "reason": None, _Whole.SERIES.value: True}
    events.record_each(
        [(kind, one.public_id, {"version": one.version + 1, **told}) for one in acted_on]
    )
    for one in acted_on:
        _bump_of(one)


def _insert_each(wanted: Sequence[Details]) -> list[Details]:
    """Store them under references that nobody has yet; where one is taken another is tried."""
    missing = {one.public_id: one for one in wanted}
    made: dict[str, Details] = {}
    while missing:
        references = {public_id: ids.new_reference() for public_id in missing}
        rows = [
            {**_values_of(one), "reference": references[public_id]}
            for public_id, one in missing.items()
        ]
        execute(_INSERT_EACH[engine_name()], rows)
        found = execute(_KEYS_OF, {"public_ids": list(missing)})
        for row in found:
            new = missing.pop(row.public_id)
            made[row.public_id] = replace(new, id=row.id, reference=references[row.public_id])
    inserted = [made[one.public_id] for one in wanted]
    execute(_INSERT_RESOURCE, [row for one in inserted for row in _resource_rows(one)])
    _require_known_hours(inserted)
    return inserted


def _ask_each(made: Sequence[Details]) -> None:
    rows = [
        row
        for one in made
        if one.state is State.PENDING
        for row in _approval_rows(one.id, 1, [one.policy_id for one in one.decisions])
    ]
    if rows:
        execute(_INSERT_APPROVAL, rows)


# --- change ---


@transactional
def change(
    actor: Actor, public_id: str, wanted: Change, *, seen_version: int | None = None
) -> Outcome:
    """Move, shorten, extend, rename, add or give back resources.

    A confirmed reservation whose change needs approval stays as it is and gets an amendment that
    waits; giving time back and renaming never need one. Raises StaleError when the reservation is
    no longer the version that was seen, RefusedError and InvalidError as `book` does.
    """
    before = _locked(actor, public_id, Action.CHANGE)
    _refuse_stale(before, seen_version)
    return _change_to(actor, before, _plan_of_change(before, wanted))


@transactional
def change_by_exception(
    actor: Actor,
    public_id: str,
    wanted: Change,
    *,
    reason: str,
    seen_version: int | None = None,
) -> Outcome:
    """Change although rules of the house speak against it, and say why; see `book_by_exception`.

    Raises as `change` does, and InvalidError without a reason.
    """
    before = _locked(actor, public_id, Action.CHANGE)
    _refuse_stale(before, seen_version)
    plan = _plan_of_change(before, wanted)
    require(actor, Action.OVERRIDE, plan)
    return _change_to(actor, before, plan, _because(reason))


def _change_to(actor: Actor, before: Details, plan: _Plan, because: str = "") -> Outcome:
    _refuse_unchangeable(before, plan)
    stays = plan.local == before.local and plan.layout == before.layout
    if stays and _keeps_places(before, plan):
        return _rename(actor, before, plan)
    judged = facts.judge_all(
        plan.places,
        plan.local,
        headcount=plan.headcount,
        is_member=before.counts_as_member or bool(actor.memberships),
        changes={
            place.resource_id: facts.Change(
                was=before.interval, keeps_place=place.resource_id in before.resource_ids
            )
            for place in plan.places
        },
        counting=quotas.held(plan.places, [quotas.of(before)], plan.days, own=before),
        rights=rights(plan.places, quotas.of(before).person_id),
    )
    exception = _exception(judged, because)
    if not exception:
        _refuse(judged, plan, before)
    if before.state is State.PENDING:
        return _move_pending(actor, before, plan, exception)
    if judged.needs_approval:
        return _amend(actor, before, plan, judged.asking, exception)
    return _move_confirmed(actor, before, plan, exception)


def _rename(actor: Actor, before: Details, plan: _Plan) -> Outcome:
    refusals = facts.over_capacity(plan.places, plan.headcount)
    if refusals and plan.headcount > before.headcount:
        raise RefusedError(tuple(refusals))
    was = {"title": before.title, "headcount": before.headcount}
    wanted = {"title": plan.title, "headcount": plan.headcount}
    changed = {name: value for name, value in wanted.items() if value != was[name]}
    if not changed:
        return _outcome(before)
    version = _update(before, **changed)
    if before.amendment is not None:  # else its approval would bring the old name back
        session().execute(
            update(Amendment).where(Amendment.id == before.amendment.id).values(**changed)
        )
    if before.state is State.PENDING:
        _ask_again(before, version, _asking(plan.places) or before.places_to_decide)
    journal.write(
        actor,
        "renamed",
        subject_kind="reservation",
        subject_id=before.public_id,
        before=_facts_before(before),
        after={"state": before.state.value, **_facts_of(plan)},
    )
    _bump_of(before)
    return _outcome(before)


def _move_pending(actor: Actor, before: Details, plan: _Plan, exception: JsonFacts) -> Outcome:
    """A request moves in place and is asked anew; on places that ask nobody it is confirmed."""
    asking = _asking(plan.places)
    holds = _holds(asking)
    seated: Sequence[Seated] = ()
    if holds:
        seated = _move_claims(before, plan)
    else:
        occupancy.lock_resources(plan.resource_ids)  # against whoever changes their hours
        occupancy.release(Owner(reservation_id=before.id))
        _refuse_if_taken(plan)
        occupancy.require_known_hours(plan.resource_ids)
    now = clock.now()
    state = State.PENDING if asking else State.CONFIRMED
    version = _update(
        before,
        sequence=before.sequence + 1,
        state=state,
        holds_place=holds,
        title=plan.title,
        headcount=plan.headcount,
        layout=plan.layout,
        decide_by=plan.decide_by(now, asking) if asking else None,
        **_time_values(plan.local),
    )
    _place(before, plan)
    note_units(seated)
    _ask_again(before, version, asking)
    kind = EventKind.REQUESTED if asking else EventKind.CONFIRMED
    _tell_change(actor, "moved", kind, before, plan, version, state, exception=exception)
    return Outcome(before.public_id, state)


def _move_confirmed(actor: Actor, before: Details, plan: _Plan, exception: JsonFacts) -> Outcome:
    _lock_for_another(before, plan)
    _drop_amendment(before, Asking.WITHDRAWN)
    _forget_attendance(before, plan)
    seated = _move_claims(before, plan)
    version = _update(
        before,
        sequence=before.sequence + 1,
        title=plan.title,
        headcount=plan.headcount,
        layout=plan.layout,
        **_time_values(plan.local),
    )
    _place(before, plan)
    note_units(seated)
    act = _move_act(before, plan)
    kind, state = EventKind.CHANGED, State.CONFIRMED
    _tell_change(actor, act, kind, before, plan, version, state, exception=exception)
    return Outcome(before.public_id, State.CONFIRMED)


def _move_claims(before: Details, plan: _Plan) -> Sequence[Seated]:
    had = had_by(before.id, before.interval).set_out(before.places, plan.places)
    return occupancy.move(Owner(reservation_id=before.id), plan.claims(had), had.spans)


def _amend(
    actor: Actor, before: Details, plan: _Plan, asking: Sequence[Place], exception: JsonFacts
) -> Outcome:
    """Ask for the change; where the policies hold, hold only what it adds to the old claims."""
    _lock_for_another(before, plan)
    _drop_amendment(before, Asking.WITHDRAWN)
    now = clock.now()
    holds = _holds(asking)
    if not holds:
        _refuse_if_taken(plan, but_not_by=before.id)
    decide_by = _decide_change_by(before, plan, asking, now)
    version = _update(before)
    amendment_id = (
        session()
        .execute(
            insert(Amendment)
            .values(
                public_id=ids.new_public_id(),
                reservation_id=before.id,
                asked_by_id=actor.person_id,
                state=Asking.WAITING,
                title=plan.title,
                headcount=plan.headcount,
                layout=plan.layout,
                holds_place=holds,
                decide_by=decide_by,
                created_at=now,
                **{k: v for k, v in _time_values(plan.local).items() if k != "zone"},
            )
            .returning(Amendment.id)
        )
        .scalar_one()
    )
    session().execute(
        insert(AmendmentResource),
        [{"amendment_id": amendment_id, "resource_id": place.resource_id} for place in plan.places],
    )
    _ask(before.id, version, asking, amendment_id)
    if holds:
        _hold(before, plan, amendment_id, decide_by)
    else:
        occupancy.require_known_hours(plan.resource_ids)
    was, shall_be = _layouts(before, plan)
    _tell(
        actor,
        "asked_for_change",
        EventKind.AMENDMENT_REQUESTED,
        before.public_id,
        version,
        before=_facts_before(before) | was,
        after={"state": before.state.value, **_facts_of(plan), **shall_be, **exception},
        whole=plan.whole,
    )
    people = [before.person_id, before.booked_by_id]
    _bump([*before.places, *plan.places], people, before.organisation_id)
    return Outcome(before.public_id, before.state, amendment_waits=True)


def _decide_change_by(
    before: Details, plan: _Plan, asking: Sequence[Place], now: datetime
) -> datetime:
    """When the wish for a change expires: a longer stay can be granted until its end, but what
    would begin at another time or place only before either beginning."""
    last = before.interval.ends_at
    if not _keeps_places(before, plan) or plan.interval.starts_at != before.interval.starts_at:
        last = min(before.interval.starts_at, plan.interval.starts_at)
    return min(_deadline(now, asking), last)


def _hold(before: Details, plan: _Plan, amendment_id: int, until: datetime) -> None:
    """Hold on each place that the reservation keeps the time outside of its own, and on each other
    place all of it."""
    had = had_by(before.id, before.interval).set_out(before.places, plan.places)
    claims = claims_held(plan.places, plan.interval, had)
    if not claims:
        return
    hold_id = (
        session()
        .execute(
            insert(Hold).values(amendment_id=amendment_id, expires_at=until).returning(Hold.id)
        )
        .scalar_one()
    )
    occupancy.claim(Owner(hold_id=hold_id), claims)


# --- cancel ---


@transactional
def cancel(actor: Actor, public_id: str, *, reason: str = "") -> Outcome:
    """Give the whole reservation back. Running ones only within ten minutes of being made; later
    the rest is given back by shortening."""
    before = _locked(actor, public_id, Action.CANCEL)
    reason = checked_reason(reason)
    refusal = why_not_cancellable(before)
    if refusal is not None:
        raise RefusedError((refusal,))
    _close(actor, before, State.CANCELLED, EventKind.CANCELLED, reason)
    return Outcome(public_id, State.CANCELLED)


@transactional
def withdraw_change(actor: Actor, public_id: str) -> Outcome:
    """Take back the wish for a change; the reservation stays as it is."""
    before = _locked(actor, public_id, Action.CHANGE)
    if before.amendment is None:
        raise NotFoundError
    _drop_amendment(before, Asking.WITHDRAWN)
    _update(before)
    journal.write(actor, "withdrew_change", subject_kind="reservation", subject_id=public_id)
    _bump_of(before)
    return _outcome(before)


# --- transfer ---


@transactional
def transfer(actor: Actor, public_id: str, *, to: str, seen_version: int | None = None) -> Outcome:
    """Make it a colleague's, within the organisation that it is for; place and time stay. A request
    is asked anew in the colleague's name.

    Raises InvalidError for somebody who is no such colleague, StaleError for another version than
    was seen, and RefusedError where it cannot be given on: see `why_not_transferable`.
    """
    before = _locked(actor, public_id, Action.CHANGE)
    _refuse_stale(before, seen_version)
    refusal = why_not_transferable(actor, before)
    if refusal is not None:
        raise RefusedError((refusal,))
    taker = known_persons([to], terms.today()).get(to)
    if taker is None or not _is_colleague(actor, before, taker):
        raise InvalidError({"person": Problem.NOT_FOUND})
    if taker.person_id == before.person_id:
        return _outcome(before)
    _refuse_beyond_quota(before, Counted(taker.person_id))
    _refuse_unauthorised(before, taker.person_id)
    booked_for_oneself = before.booked_by_id == before.person_id
    owners = {
        "person_id": taker.person_id,
        "booked_by_id": taker.person_id if booked_for_oneself else before.booked_by_id,
        "organisation_id": before.organisation_id,
    }
    version = _give(actor, before, owners, "transferred", EventKind.TRANSFERRED)
    terms.require_standing(taker.person_id, before.organisation_id)
    if before.state is State.PENDING:
        _ask_again(before, version, _asking(before.places) or before.places_to_decide)
    return _outcome(before)


def _refuse_beyond_quota(before: Details, taker: Counted) -> None:
    """Whoever gets a reservation must have room for it; for its organisation nothing changes, and
    a guest's counts for nobody."""
    if before.guest is not None:
        return
    plan = _plan_as_is(before)
    counting = quotas.held(plan.places, [taker], plan.days, given_up=[before])
    if counting is None:
        return
    refusals = counting.refusals(plan.places, plan.local, plan.interval, plan.codes)
    if refusals:
        raise RefusedError(refusals)


def _refuse_unauthorised(before: Details, person_id: int) -> None:
    """Whoever gets a reservation must be authorised as if they had booked it."""
    refusals = facts.unauthorised(before.places, before.local, rights(before.places, person_id))
    if refusals:
        raise RefusedError(refusals)


def why_not_transferable(actor: Actor, before: Details) -> Refusal | None:
    """What stands against giving it to a colleague: it is closed or over, a change waits, or a yes
    was given to whoever has it, so that only whoever decides may pass it on."""
    refusal = why_not_changeable(before)
    if refusal is not None:
        return refusal
    if before.amendment is not None:
        return _obstacle(before, Obstacle.CHANGE_WAITS)
    was_approved = before.state is State.CONFIRMED and _asking(before.places)
    if was_approved and not allows(actor, Action.DECIDE, before):
        return _obstacle(before, Obstacle.APPROVED_IN_PERSON)
    return None


def _is_colleague(actor: Actor, before: Details, taker: Known) -> bool:
    """In the organisation that it is for; where it is for none, in one of the actor's."""
    organisations = {one.organisation_id for one in taker.memberships}
    if before.organisation_id is not None:
        return before.organisation_id in organisations
    return not organisations.isdisjoint(actor.organisation_ids)


# --- when somebody leaves: for departures, which has asked for the right and holds the rows ---


def hand_over(
    actor: Actor | None,
    before: Details,
    *,
    to_person_id: int,
    booked_by_id: int,
    organisation_id: int | None,
) -> None:
    """Give a live reservation to somebody else; its place, its time and what waits for a decision
    stay as they are. Its sequence stays too: for a calendar nothing has changed."""
    _give(
        actor,
        before,
        {
            "person_id": to_person_id,
            "booked_by_id": booked_by_id,
            "organisation_id": organisation_id,
        },
        "handed_over",
        EventKind.HANDED_OVER,
    )


def _give(
    actor: Actor | None,
    before: Details,
    owners: Mapping[str, int | None],
    act: str,
    kind: EventKind,
) -> int:
    """Write whose it is from now on; the version that it makes."""
    version = _update(before, **owners)
    had = {name: getattr(before, name) for name in owners}
    _tell(actor, act, kind, before.public_id, version, before=had, after=dict(owners))
    _bump_of(before)
    people = [owners["person_id"], owners["booked_by_id"]]
    revisions.bump(revisions.Scope.PERSON, [one for one in people if one is not None])
    return version


def close_because(actor: Actor | None, before: Details, reason: HouseReason) -> None:
    """Cancel a live reservation, also one that runs, for a reason of the house."""
    _close(actor, before, State.CANCELLED, EventKind.CANCELLED, reason)


# --- who came: for attendance, which has asked for the right ---


def held(actor: Actor, public_id: str, action: Action) -> Details:
    """The reservation as it is now, held against other writers until the commit."""
    return _locked(actor, public_id, action)


def note(actor: Actor | None, before: Details, act: str, after: JsonFacts | None = None) -> None:
    """Journal what became of it on the day, as a version of its own."""
    _update(before)
    journal.write(actor, act, subject_kind="reservation", subject_id=before.public_id, after=after)
    _bump_of(before)


def give_back(before: Details) -> None:
    """Free the places of a running reservation to which nobody came. It stays confirmed; for a
    calendar it is cancelled."""
    occupancy.release(Owner(reservation_id=before.id))
    version = _update(before, holds_place=False, sequence=before.sequence + 1)
    _tell(None, "released", EventKind.RELEASED, before.public_id, version)
    _bump_of(before)


def _forget_attendance(before: Details, plan: _Plan) -> None:
    """Who came early to a reservation that then moves has not come to the new time."""
    if before.interval.starts_at != plan.interval.starts_at:
        session().execute(delete(Attendance).where(Attendance.reservation_id == before.id))


# --- decide ---


@transactional
def approve(
    actor: Actor,
    public_id: str,
    *,
    seen_version: int | None,
    declines_others: bool = False,
) -> Outcome:
    """Say yes to a request or to the change that waits. Where policies of several managers ask,
    it is confirmed once each has said yes; until then it waits for the others.

    Raises StaleError when it is not the version that was seen, RefusedError when the place is
    taken, WouldDeclineError when other requests for the same time would be declined and
    `declines_others` does not say that this was understood.
    """
    before = _locked(actor, public_id, Action.DECIDE)
    _refuse_undecidable(before, seen_version)
    return _grant(actor, before, declines_others=declines_others)


def grant_date(actor: Actor, before: Details) -> Outcome:
    """The yes to a date of a series that waits and is held; other requests for its time are
    declined. Whoever asked hears of the dates as a series, in one message."""
    return _grant(actor, before, declines_others=True, whole=_Whole.SERIES)


def _grant(
    actor: Actor, before: Details, *, declines_others: bool, whole: _Whole | None = None
) -> Outcome:
    public_id = before.public_id
    answered = [places for places in before.questions if answers(actor, before, places)]
    if len(answered) < len(before.questions):
        return _approve_in_part(actor, before, [place for one in answered for place in one])
    rivals = _rivals(before)
    if rivals and not declines_others:
        raise WouldDeclineError(tuple(rival.reference for rival in rivals))
    for rival in rivals:
        _decline(actor, rival, DeclineReason.ANOTHER_WAS_APPROVED, "")
    if before.amendment is not None:
        return _approve_change(actor, before, before.amendment, whole)
    if not before.holds_place:
        claims = _plan_as_is(before).claims()
        note_units(occupancy.claim(Owner(reservation_id=before.id), claims))
    _settle_approvals(before, Asking.GRANTED, actor)
    version = _update(before, state=State.CONFIRMED, holds_place=True, sequence=before.sequence + 1)
    _tell(
        actor,
        "approved",
        EventKind.CONFIRMED,
        public_id,
        version,
        before={"state": before.state.value},
        after={"state": State.CONFIRMED.value},
        instead_of=in_whose_place(actor, before),
        whole=whole,
    )
    _bump_of(before)
    return Outcome(public_id, State.CONFIRMED)


def _approve_in_part(actor: Actor, before: Details, places: Sequence[Place]) -> Outcome:
    """Note the yes of one of several; nobody else is declined before the last."""
    _settle_approvals(before, Asking.GRANTED, actor, of=_policies(places))
    _update(before)
    journal.write(
        actor,
        "approved_in_part",
        subject_kind="reservation",
        subject_id=before.public_id,
        after={"resource": ", ".join(place.spot.code for place in places)},
        instead_of=in_whose_place(actor, before),
    )
    _bump_of(before)
    return Outcome(before.public_id, before.state, before.amendment is not None)


def _approve_change(
    actor: Actor, before: Details, waiting: Waiting, whole: _Whole | None
) -> Outcome:
    """Swap the old claim for the new one in this transaction."""
    plan = _Plan(
        waiting.places,
        waiting.local,
        waiting.title,
        waiting.headcount,
        whole,
        waiting.layout,
    )
    if waiting.holds_place:  # no more is claimed than was held
        had = Had.of(waiting.interval, occupancy_queries.owned_with_hold(before.id, waiting.id))
    else:
        had = had_by(before.id, before.interval).set_out(before.places, plan.places)
    _settle_approvals(before, Asking.GRANTED, actor)
    _lock_for_another(before, plan)
    _drop_holds([waiting.id])
    _settle_amendments([waiting.id], Asking.GRANTED)
    _forget_attendance(before, plan)
    seated = occupancy.move(
        Owner(reservation_id=before.id), plan.claims(had), resource_ids_of(before.places)
    )
    version = _update(
        before,
        sequence=before.sequence + 1,
        title=plan.title,
        headcount=plan.headcount,
        layout=plan.layout,
        **_time_values(plan.local),
    )
    _place(before, plan)
    note_units(seated)
    _tell_change(
        actor,
        "approved_change",
        EventKind.CHANGED,
        before,
        plan,
        version,
        before.state,
        in_whose_place(actor, before),
    )
    return Outcome(before.public_id, before.state)


@transactional
def decline(
    actor: Actor,
    public_id: str,
    *,
    seen_version: int | None,
    code: DeclineReason = DeclineReason.OTHER,
    reason: str = "",
) -> Outcome:
    """Say no to a request or to the change that waits, with a reason from the list, the manager's
    own words, or both; `other` alone says nothing. One no is enough."""
    before = _locked(actor, public_id, Action.DECIDE)
    reason = checked_decline(code, reason)
    _refuse_undecidable(before, seen_version)
    return _refuse_wish(actor, before, code, reason)


def checked_decline(code: DeclineReason, reason: str) -> str:
    """The manager's own words; raises InvalidError where nothing says why."""
    reason = checked_reason(reason)
    if code not in CHOSEN_REASONS:
        raise InvalidError({"reason_code": Problem.UNKNOWN})
    if code is DeclineReason.OTHER and not reason:
        raise InvalidError({"reason": Problem.MISSING})
    return reason


def decline_date(actor: Actor, before: Details, code: DeclineReason, reason: str) -> Outcome:
    """The no to a date of a series that waits and is held, told as `grant_date` tells."""
    return _refuse_wish(actor, before, code, reason, _Whole.SERIES)


def _refuse_wish(
    actor: Actor,
    before: Details,
    code: DeclineReason,
    reason: str,
    whole: _Whole | None = None,
) -> Outcome:
    _ask_no_others(actor, before)
    if before.amendment is not None:
        return _decline_change(actor, before, code, reason, whole)
    _decline(actor, before, code, reason, whole)
    return Outcome(before.public_id, State.DECLINED)


def _ask_no_others(actor: Actor, before: Details) -> None:
    """After a no, what the managers of other places were asked is no longer asked."""
    others = [places for places in before.questions if not answers(actor, before, places)]
    if others:
        asked = _policies(place for places in others for place in places)
        _settle_approvals(before, Asking.WITHDRAWN, of=asked)


def _decline(
    actor: Actor,
    before: Details,
    code: DeclineReason,
    reason: str,
    whole: _Whole | None = None,
) -> None:
    _settle_approvals(before, Asking.DECLINED, actor, code, reason)
    _close(actor, before, State.DECLINED, EventKind.DECLINED, reason, code, whole=whole)


def _decline_change(
    actor: Actor, before: Details, code: DeclineReason, reason: str, whole: _Whole | None
) -> Outcome:
    _settle_approvals(before, Asking.DECLINED, actor, code, reason)
    _drop_amendment(before, Asking.DECLINED)
    version = _update(before)
    _tell(
        actor,
        "declined_change",
        EventKind.AMENDMENT_DECLINED,
        before.public_id,
        version,
        after=_reason_facts(code, reason),
        reason=reason,
        instead_of=in_whose_place(actor, before),
        whole=whole,
    )
    _bump_of(before)
    return _outcome(before)


# --- ask and answer ---


@transactional
def ask(actor: Actor, public_id: str, *, question: str) -> Outcome:
    """Ask whoever wants the request, or the change, something before deciding. The time to answer
    runs on. Raises RefusedError while another question waits."""
    before = _locked(actor, public_id, Action.ASK)
    text = _checked_text("question", question)
    _refuse_undecidable(before, None)
    if _open_question(before) is not None:
        raise _unchangeable(before, Obstacle.QUESTION_WAITS)
    version = _update(before)
    session().add(
        Question(
            reservation_id=before.id,
            version=version,
            asked_by_id=actor.person_id,
            asked_at=clock.now(),
            text=text,
        )
    )
    session().flush()
    in_place = in_whose_place(actor, before)
    _tell(actor, "asked", EventKind.ASKED, public_id, version, instead_of=in_place)
    _bump_of(before)
    return _outcome(before)


@transactional
def answer(actor: Actor, public_id: str, *, text: str) -> Outcome:
    """Answer the question that waits. Raises RefusedError when none does, or when it is decided."""
    before = _locked(actor, public_id, Action.ANSWER)
    text = _checked_text("text", text)
    _refuse_undecidable(before, None)
    asked = _open_question(before)
    if asked is None:
        raise _unchangeable(before, Obstacle.NOTHING_ASKED)
    asked.answer, asked.answered_by_id, asked.answered_at = text, actor.person_id, clock.now()
    session().flush()
    version = _update(before)
    _tell(actor, "answered", EventKind.ANSWERED, public_id, version)
    _bump_of(before)
    return _outcome(before)


def _open_question(before: Details) -> Question | None:
    return (
        session()
        .scalars(
            select(Question)
            .where(Question.reservation_id == before.id, Question.answered_at.is_(None))
            .execution_options(populate_existing=True)
        )
        .one_or_none()
    )


# --- expire ---


@transactional
def expire_next() -> bool:
    """Let one overdue request or change expire; False when there is none. Called by the worker
    until it says so: each is its own transaction, and any number of workers may call."""
    public_id = _next_overdue()
    if public_id is None:
        return False
    before = queries.details_by_id(public_id)
    if before is None:
        return False
    if before.state is State.PENDING:
        _settle_approvals(before, Asking.EXPIRED)
        _close(None, before, State.EXPIRED, EventKind.EXPIRED, "")
        return True
    # Another one may have taken the place of the change that was found.
    if before.amendment is not None and before.amendment.decide_by <= clock.now():
        _settle_approvals(before, Asking.EXPIRED)
        _drop_amendment(before, Asking.EXPIRED)
        version = _update(before)
        _tell(None, "change_expired", EventKind.AMENDMENT_DECLINED, public_id, version)
        _bump_of(before)
    return True


def _next_overdue() -> str | None:
    now = clock.now()
    overdue_change = exists().where(
        Amendment.reservation_id == Reservation.id,
        Amendment.state == Asking.WAITING,
        Amendment.decide_by <= now,
    )
    for condition in (
        (Reservation.state == State.PENDING) & (Reservation.decide_by <= now),
        (Reservation.state == State.CONFIRMED) & overdue_change,
    ):
        public_id = session().scalar(
            select(Reservation.public_id)
            .where(condition)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if public_id is not None:
            return public_id
    return None


# --- what can still be done ---


def why_not_changeable(before: Details) -> Refusal | None:
    """What stands against every change: it is closed or over."""
    if before.is_released:
        return _obstacle(before, Obstacle.RELEASED)
    if not before.is_live:
        return _obstacle(before, Obstacle(before.state.value))
    if before.interval.ends_at <= clock.now():
        return _obstacle(before, Obstacle.ENDED)
    return None


def why_not_cancellable(before: Details) -> Refusal | None:
    """What stands against cancelling: besides, it has begun and was not made just now."""
    now = clock.now()
    if before.interval.starts_at <= now and now - before.created_at > CANCEL_WHILE_RUNNING:
        return why_not_changeable(before) or _obstacle(before, Obstacle.CANCEL_TOO_LATE)
    return why_not_changeable(before)


# --- what the verbs share ---


def _plan_of(wish: Wish) -> _Plan:
    places = laid_out(places_of(wish.resources), wish.layout)
    return _Plan(
        places,
        local_interval(wish.starts_at, wish.ends_at, places[0].spot.zone_name),
        checked_title(wish.title),
        checked_headcount(wish.headcount),
        layout=wish.layout,
    )


def _plan_as_is(before: Details) -> _Plan:
    return _Plan(before.places, before.local, before.title, before.headcount, layout=before.layout)


def _plan_of_change(before: Details, wanted: Change) -> _Plan:
    places = before.places
    if wanted.resources is not None:
        places = places_of(wanted.resources, known=before.places)
    layout = before.layout if wanted.layout is UNSET else wanted.layout
    known = before.resource_ids if layout == before.layout else frozenset()
    return _Plan(
        laid_out(places, layout, known=known),
        local_interval(
            wanted.starts_at or before.local.starts_at,
            wanted.ends_at or before.local.ends_at,
            places[0].spot.zone_name,
        ),
        before.title if wanted.title is None else checked_title(wanted.title),
        before.headcount if wanted.headcount is None else checked_headcount(wanted.headcount),
        layout=layout,
    )


def places_of(
    resources: Collection[str], known: Sequence[Place] = (), most: int = MOST_RESOURCES
) -> tuple[Place, ...]:
    """The places of a wish, by code; `known` ones are taken as they are, retired or not.

    Raises InvalidError for none, for too many, and where one does not exist.
    """
    asked = checked_resources(resources, most)
    kept = [place for place in known if place.spot.public_id in asked]
    missing = set(asked) - {place.spot.public_id for place in kept}
    found = facts.places_in_use(missing) if missing else []
    if len(found) < len(missing):
        raise InvalidError({"resources": Problem.NOT_FOUND})
    if not kept:
        return tuple(found)
    return tuple(sorted([*kept, *found], key=lambda place: place.spot.code))


def _keeps_places(before: Details, plan: _Plan) -> bool:
    return plan.resource_ids == before.resource_ids


def _asking(places: Sequence[Place]) -> list[Place]:
    return [place for place in places if place.limits.needs_approval]


def _holds(asking: Sequence[Place]) -> bool:
    """Whether the places are taken at once: nobody is asked, or every policy that asks holds."""
    return all(place.limits.holds_while_pending for place in asking)


def _policies(places: Iterable[Place]) -> list[int]:
    return list(dict.fromkeys(place.spot.policy_id for place in places))


def _deadline(now: datetime, asking: Sequence[Place]) -> datetime:
    return now + timedelta(minutes=min(place.limits.decide_within for place in asking))


def holder_of(actor: Actor, wish: Wish, places: tuple[Place, ...]) -> Holder:
    """Whoever books, or somebody whom they may book for."""
    guest = checked_guest(wish.guest)
    if guest:
        return _guest_of(actor, wish, guest, places)
    if wish.person_id is None or wish.person_id == actor.public_id:
        return _own_holder(actor, wish.organisation_id)
    found = known_persons([wish.person_id], terms.today()).get(wish.person_id)
    return _somebody(actor, found, wish.organisation_id, places)


def _guest_of(actor: Actor, wish: Wish, guest: str, places: tuple[Place, ...]) -> Holder:
    """A guest of the house, whom only those receive who may book for anybody at these places."""
    require(actor, Action.BOOK_FOR, _ForSomebody(frozenset(), places))
    if wish.person_id is not None or wish.organisation_id is not None:
        raise InvalidError({"guest": Problem.UNKNOWN})
    name = PersonName(actor.public_id, actor.name)
    return Holder(actor.person_id, name, is_member=True, organisation=None, guest=guest)


def _own_holder(actor: Actor, organisation_id: str | None) -> Holder:
    return Holder(
        actor.person_id,
        PersonName(actor.public_id, actor.name),
        bool(actor.memberships),
        _organisation(actor, organisation_id),
    )


def _somebody(
    actor: Actor, found: Known | None, organisation_id: str | None, places: tuple[Place, ...]
) -> Holder:
    """Somebody whom the actor may book for; who is none is told like who is not there."""
    memberships = () if found is None else found.memberships
    may_alone = _may_book_for(actor, places)
    shared = [one for one in memberships if _may_book_for(actor, places, one)]
    if found is None or not (shared or may_alone):
        raise InvalidError({"person": Problem.NOT_FOUND})
    organisation = None
    if organisation_id is not None or not may_alone:
        organisation = _shared(shared, organisation_id)
    name = PersonName(found.public_id, found.name)
    return Holder(found.person_id, name, bool(memberships), organisation)


def is_for_member(actor: Actor, wish: Wish, places: tuple[Place, ...]) -> bool:
    """Whether whoever it would be for belongs to an organisation, as the rules ask."""
    return holder_of(actor, wish, places).is_member


def may_book_for_anybody(actor: Actor, places: Sequence[Place]) -> bool:
    """Whether somebody can be booked for with whom one shares no organisation."""
    return _may_book_for(actor, tuple(places))


def _may_book_for(actor: Actor, places: tuple[Place, ...], belongs: Belongs | None = None) -> bool:
    organisations = frozenset() if belongs is None else frozenset({belongs.organisation_id})
    return allows(actor, Action.BOOK_FOR, _ForSomebody(organisations, places))


def _shared(shared: Sequence[Belongs], public_id: str | None) -> Belongs:
    """The organisation in which a colleague is booked for: named where there are several."""
    if public_id is None and len(shared) == 1:
        return shared[0]
    for belongs in shared:
        if belongs.public_id == public_id:
            return belongs
    problem = Problem.MISSING if public_id is None else Problem.NOT_FOUND
    raise InvalidError({"organisation": problem})


def _holder_as_before(actor: Actor, before: Details, places: tuple[Place, ...]) -> Holder:
    """The same people once more; raises InvalidError for who has left, or left the organisation,
    ForbiddenError for who does not receive guests there."""
    if before.guest is not None:
        require(actor, Action.BOOK_FOR, _ForSomebody(frozenset(), places))
        return Holder(before.person_id, before.person, True, None, before.guest)
    found = known_persons([before.person.public_id], terms.today()).get(before.person.public_id)
    memberships = () if found is None else found.memberships
    organisation = next(
        (one for one in memberships if one.organisation_id == before.organisation_id), None
    )
    if found is None or (organisation is None and before.organisation_id is not None):
        raise InvalidError({"organisation": Problem.NOT_FOUND})
    return Holder(before.person_id, before.person, bool(memberships), organisation)


def _organisation(actor: Actor, public_id: str | None) -> Belongs | None:
    """The organisation to book for: one of the actor's own."""
    if public_id is None:
        return None
    for membership in actor.memberships:
        if membership.public_id == public_id:
            return membership
    raise InvalidError({"organisation": Problem.NOT_FOUND})


def _locked(actor: Actor, public_id: str, action: Action) -> Details:
    """The reservation as it is now, held against other writers until the commit."""
    session().execute(
        select(Reservation.id).where(Reservation.public_id == public_id).with_for_update()
    )
    found = queries.details(actor, public_id)
    require(actor, action, found)
    return found


def _refuse(judged: Judged, plan: _Plan, before: Details | None = None) -> None:
    """Refuse with every broken rule; only then is it worth a look whether it is taken, too."""
    if judged.allowed:
        return
    but_not_by = None if before is None else before.id
    refusals = map(with_overrider, judged.refusals)
    raise RefusedError((*refusals, *taken(plan.places, plan.interval, but_not_by)))


def _refuse_if_taken(plan: _Plan, but_not_by: int | None = None) -> None:
    """For requests that hold nothing: no promise is made here, it only spares a hopeless wait."""
    refusals = taken(plan.places, plan.interval, but_not_by)
    if refusals:
        raise RefusedError(refusals)


def taken(
    places: Sequence[Place], interval: Interval, but_not_by: int | None = None
) -> tuple[Refusal, ...]:
    """The first claim on each of these places that is in the way, but for one reservation's."""
    if not places:
        return ()
    claims = claims_of(places, interval)
    of_pools = [claim for claim in claims if claim.units > 1]
    window = window_of(places, interval)
    busy = [
        one
        for one in occupancy_queries.busy_times(
            {one.resource_id for one in claims if one.units == 1}, window
        )
        if one.reservation_id is None or one.reservation_id != but_not_by
    ]
    found: dict[int, Refusal] = {}
    for claim, one in itertools.product(claims, busy):
        if claim.resource_id == one.resource_id and claim.interval.overlaps(one.interval):
            found.setdefault(one.resource_id, occupancy.refused(claim, one))
    full = occupancy.in_the_way(of_pools, Units.around(of_pools), but_not_by)
    return (*found.values(), *full)


def _refuse_stale(before: Details, seen_version: int | None) -> None:
    if seen_version is not None and seen_version != before.version:
        raise StaleError(before.version)


def _refuse_unchangeable(before: Details, plan: _Plan) -> None:
    """Past: nothing changes. Running: the end, the title and the number of people; and resources
    can be given back; how the rooms are set out stays."""
    refusal = why_not_changeable(before)
    if refusal is not None:
        raise RefusedError((refusal,))
    if before.interval.starts_at <= clock.now():
        moved = (plan.interval.starts_at, plan.layout) != (before.interval.starts_at, before.layout)
        if moved or not plan.resource_ids <= before.resource_ids:
            raise _unchangeable(before, Obstacle.BEGUN)


def _refuse_undecidable(before: Details, seen_version: int | None) -> None:
    _refuse_stale(before, seen_version)
    if not before.waits:
        raise _unchangeable(before, Obstacle(before.state.value))
    decide_by = before.decide_by if before.amendment is None else before.amendment.decide_by
    if decide_by is not None and decide_by <= clock.now():
        raise _unchangeable(before, Obstacle.EXPIRED)  # the worker will say so soon


def _unchangeable(before: Details, obstacle: Obstacle) -> RefusedError:
    return RefusedError((_obstacle(before, obstacle),))


def _obstacle(before: Details, obstacle: Obstacle) -> Refusal:
    return Refusal(Reason.NOT_CHANGEABLE, NotChangeable(obstacle), before.place.spot.code)


def checked_reason(reason: str) -> str:
    """The words that stand beside an act; raises InvalidError when there are too many."""
    plain = reason.replace("\x00", "").strip()
    if len(plain) > LONGEST_REASON:
        raise InvalidError({"reason": Problem.TOO_LONG})
    return plain


def _checked_text(field: str, text: str) -> str:
    plain = text.replace("\x00", "").strip()
    if not plain:
        raise InvalidError({field: Problem.MISSING})
    if len(plain) > LONGEST_TEXT:
        raise InvalidError({field: Problem.TOO_LONG})
    return plain


def _rivals(before: Details) -> list[Details]:
    """Other requests that hold nothing, for a time that cannot be had beside the one asked for (a
    change asks for its own) on the same resource, held against other writers: one that is
    cancelled or moved this moment is not declined."""
    asked = before.amendment or before
    conditions = (
        Reservation.state == State.PENDING,
        Reservation.holds_place.is_(False),
        Reservation.id != before.id,
        or_(*(_stands_in_the_way(place, asked.interval) for place in asked.places)),
    )
    statement = select(Reservation.id).where(*conditions).order_by(Reservation.id)
    locked = session().scalars(statement.with_for_update()).all()
    found = queries.find(*conditions, Reservation.id.in_(locked)) if locked else []
    found = [one for one in found if _stand_in_each_others_way(asked, one)]
    if not found or not pools_of(before):
        return found
    return Around.of([before, *found]).losing(before, found)


def _stand_in_each_others_way(asked: Details | Waiting, other: Details) -> bool:
    """Whether their claims overlap; of pools others may be free, which is looked at elsewhere."""
    return any(
        claim.resource_id == one.resource_id and claim.interval.overlaps(one.interval)
        for claim in claims_of(asked.places, asked.interval)
        for one in claims_of(other.places, other.interval)
    )


def _stands_in_the_way(place: Place, interval: Interval) -> ColumnElement[bool]:
    """The condition that a reservation of this place may leave no room, with the set-up and the
    cleaning of both: the other's layout may take as long to set up as any there is."""
    buffers = place.limits.buffers
    span = buffers.around(interval)
    longest = max((buffers.setup, *(one.setup_minutes for one in place.layouts)))
    return and_(
        Reservation.starts_at < span.ends_at + timedelta(minutes=longest),
        Reservation.ends_at > span.starts_at - timedelta(minutes=buffers.cleanup),
        queries.of_any_that_takes({place.resource_id, *(part.resource_id for part in place.parts)}),
    )


def _insert(new: Details) -> Details:
    """Store a new reservation, under a reference nobody has yet, and on which resources it is."""
    values = _values_of(new)
    reservation_id = None
    while reservation_id is None:
        values["reference"] = ids.new_reference()
        reservation_id = execute(_INSERT[engine_name()], values).scalar_one_or_none()
    made = replace(new, id=reservation_id, reference=values["reference"])
    execute(_INSERT_RESOURCE, _resource_rows(made))
    _require_known_hours([made])
    return made


def _require_known_hours(made: Sequence[Details]) -> None:
    """Where no place is held, nothing else notices that the hours are other ones by now."""
    waiting = {place.resource_id for one in made if not one.holds_place for place in one.places}
    if waiting:
        occupancy.require_known_hours(waiting)


def _values_of(new: Details) -> dict[str, Any]:  # Any: what the columns hold
    return {name: getattr(new, name) for name in _STORED_AS_NAMED} | {
        "zone": new.local.zone_name,
        "local_start": new.local.starts_at,
        "local_end": new.local.ends_at,
        "starts_at": new.interval.starts_at,
        "ends_at": new.interval.ends_at,
    }


def _resource_rows(new: Details) -> list[dict[str, object]]:
    return [
        {"reservation_id": new.id, "resource_id": place.resource_id, "unit": 1}
        for place in new.places
    ]


def _time_values(local: LocalInterval) -> dict[str, object]:
    interval = local.project()
    return {
        "zone": local.zone_name,
        "local_start": local.starts_at,
        "local_end": local.ends_at,
        "tzdata": zones.version(),
        "starts_at": interval.starts_at,
        "ends_at": interval.ends_at,
    }


def _update(before: Details, **values: object) -> int:
    """Write a new version of the reservation; returns its number."""
    state = values.get("state", before.state)
    if state is not before.state and state not in ALLOWED[before.state]:
        raise ValueError(f"a {before.state} reservation does not become {state}")
    version = before.version + 1
    session().execute(
        update(Reservation)
        .where(Reservation.id == before.id)
        .values(version=version, changed_at=clock.now(), **values)
    )
    return version


def note_units(seated: Sequence[Seated]) -> None:
    """Write down which units of pools the reservations have."""
    if seated:
        execute(
            _NOTE_UNIT,
            [
                {
                    "of_id": one.owner.reservation_id,
                    "of_resource": one.resource_id,
                    "new_unit": one.unit,
                }
                for one in seated
            ],
        )


def _place(before: Details, plan: _Plan) -> None:
    """Write on which resources it now is."""
    gone, new = before.resource_ids - plan.resource_ids, plan.resource_ids - before.resource_ids
    if gone:
        session().execute(
            delete(ReservationResource).where(
                ReservationResource.reservation_id == before.id,
                ReservationResource.resource_id.in_(gone),
            )
        )
    if new:
        execute(
            _INSERT_RESOURCE,
            [
                {"reservation_id": before.id, "resource_id": resource_id, "unit": 1}
                for resource_id in sorted(new)
            ],
        )


def _close(
    actor: Actor | None,
    before: Details,
    state: State,
    kind: EventKind,
    reason: str,
    code: DeclineReason | None = None,
    *,
    whole: _Whole | None = None,
) -> None:
    """End a reservation before its time: its claims go, what waits is withdrawn."""
    occupancy.release(Owner(reservation_id=before.id))
    _drop_amendment(before, Asking.WITHDRAWN)
    _settle_approvals(before, Asking.WITHDRAWN)
    version = _update(
        before,
        state=state,
        holds_place=False,
        sequence=before.sequence + 1,
        closing_code=code,
        closing_reason=reason or None,
    )
    _tell(
        actor,
        state.value,
        kind,
        before.public_id,
        version,
        before={"state": before.state.value},
        after={"state": state.value, **_reason_facts(code, reason)},
        instead_of=None if actor is None or code is None else in_whose_place(actor, before),
        whole=whole,
    )
    _bump_of(before)


def _reason_facts(code: DeclineReason | None, reason: str) -> JsonFacts:
    return {
        **({} if code is None else {"reason_code": code.value}),
        "reason": reason or None,
    }


def _ask(
    reservation_id: int, version: int, asking: Sequence[Place], amendment_id: int | None = None
) -> None:
    """Ask each policy once, however many of its places are wished for."""
    if not asking:
        return
    rows = _approval_rows(reservation_id, version, _policies(asking), amendment_id)
    execute(_INSERT_APPROVAL, rows)


def _approval_rows(
    reservation_id: int, version: int, policy_ids: Sequence[int], amendment_id: int | None = None
) -> list[dict[str, object]]:
    return [
        {
            "reservation_id": reservation_id,
            "amendment_id": amendment_id,
            "version": version,
            "policy_id": policy_id,
            "state": Asking.WAITING,
        }
        for policy_id in policy_ids
    ]


def _ask_again(before: Details, version: int, asking: Sequence[Place]) -> None:
    _settle_approvals(before, Asking.WITHDRAWN)
    _ask(before.id, version, asking)


def _settle_approvals(
    before: Details,
    state: Asking,
    actor: Actor | None = None,
    code: DeclineReason | None = None,
    reason: str = "",
    *,
    of: Collection[int] | None = None,
) -> None:
    """Answer what waits, of these policies or of all."""
    _answer_approvals([before.id], state, actor, code, reason, of=of)


def _answer_approvals(
    reservation_ids: Collection[int],
    state: Asking,
    actor: Actor | None = None,
    code: DeclineReason | None = None,
    reason: str = "",
    *,
    of: Collection[int] | None = None,
) -> None:
    chosen = () if of is None else (Approval.policy_id.in_(of),)
    session().execute(
        update(Approval)
        .where(
            Approval.reservation_id.in_(reservation_ids),
            Approval.state == Asking.WAITING,
            *chosen,
        )
        .values(
            state=state,
            decided_by_id=None if actor is None else actor.person_id,
            decided_at=clock.now(),
            reason_code=code,
            reason=reason or None,
        )
    )


def _drop_amendment(before: Details, state: Asking) -> None:
    _drop_amendments([before], state)


def _drop_amendments(found: Sequence[Details], state: Asking) -> None:
    waiting = [one for one in found if one.amendment is not None]
    if not waiting:
        return
    amendment_ids = [one.amendment.id for one in waiting if one.amendment is not None]
    _drop_holds(amendment_ids)
    _settle_amendments(amendment_ids, state)
    _answer_approvals([one.id for one in waiting], state)


def _lock_for_another(before: Details, plan: _Plan) -> None:
    """Before the place that is held for a change is given up and another one taken: whoever waits
    for what is given up must not hold what is asked for next."""
    if before.amendment is not None:
        places = (*before.places, *_asked_for(before), *plan.places)
        occupancy.lock_resources(resource_ids_of(places))


def _settle_amendments(amendment_ids: Collection[int], state: Asking) -> None:
    session().execute(update(Amendment).where(Amendment.id.in_(amendment_ids)).values(state=state))


def _drop_holds(amendment_ids: Collection[int]) -> None:
    statement = select(Hold.id).where(Hold.amendment_id.in_(amendment_ids))
    hold_ids = session().scalars(statement).all()
    if hold_ids:
        occupancy.release_each(hold_ids=hold_ids)
        session().execute(delete(Hold).where(Hold.id.in_(hold_ids)))


def _outcome(before: Details) -> Outcome:
    return Outcome(before.public_id, before.state)


def _facts_of(plan: _Plan) -> JsonFacts:
    return {
        "resource": plan.codes,
        "starts_at": plan.local.starts_at.isoformat(timespec="minutes"),
        "ends_at": plan.local.ends_at.isoformat(timespec="minutes"),
        "title": plan.title,
        "headcount": plan.headcount,
        **({} if plan.layout is None else {"layout": plan.layout.value}),
    }


def _layouts(before: Details, plan: _Plan) -> tuple[JsonFacts, JsonFacts]:
    """How its places were set out and shall be, where that changes."""
    if plan.layout == before.layout:
        return {}, {}
    was, shall_be = before.layout, plan.layout
    return {"layout": was and was.value}, {"layout": shall_be and shall_be.value}


def _for_whom(new: Details) -> JsonFacts:
    """Named where it is not the one who booked."""
    return {} if new.person_id == new.booked_by_id else {"person": new.person.public_id}


def _facts_before(before: Details) -> JsonFacts:
    return {"state": before.state.value, **_facts_of(_plan_as_is(before))}


def _tell(
    actor: Actor | None,
    act: str,
    kind: EventKind,
    public_id: str,
    version: int,
    *,
    before: JsonFacts | None = None,
    after: JsonFacts | None = None,
    reason: str | None = None,
    instead_of: int | None = None,
    whole: _Whole | None = None,
) -> None:
    """The journal's line and the event of one act; of a group's act the booker hears as a whole."""
    journal.write(
        actor,
        act,
        subject_kind="reservation",
        subject_id=public_id,
        before=before,
        after=after,
        instead_of=instead_of,
    )
    events.record(
        kind,
        public_id,
        version=version,
        actor_id=None if actor is None else actor.person_id,
        reason=reason,
        **({} if whole is None else {whole.value: True}),
    )


def _tell_change(
    actor: Actor,
    act: str,
    kind: EventKind,
    before: Details,
    plan: _Plan,
    version: int,
    state: State,
    instead_of: int | None = None,
    exception: JsonFacts | None = None,
) -> None:
    was, shall_be = _layouts(before, plan)
    _tell(
        actor,
        act,
        kind,
        before.public_id,
        version,
        before=_facts_before(before) | was,
        after={"state": state.value, **_facts_of(plan), **shall_be, **(exception or {})},
        instead_of=instead_of,
        whole=plan.whole,
    )
    people = [before.person_id, before.booked_by_id]
    _bump([*before.places, *plan.places], people, before.organisation_id)


def _bump_of(before: Details) -> None:
    places = [*before.places, *(before.amendment.places if before.amendment else ())]
    _bump(places, [before.person_id, before.booked_by_id], before.organisation_id)


def _bump(places: Sequence[Place], person_ids: list[int], organisation_id: int | None) -> None:
    """Everything that shows the reservation has changed."""
    bump_places(places)
    revisions.bump(revisions.Scope.PERSON, person_ids)
    revisions.bump(revisions.Scope.ORGANISATION, [organisation_id])
