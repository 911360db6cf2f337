"""Reading reservations, always limited to what the actor may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ColumnExpressionArgument,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from booking.core import clock
from booking.core.database import execute, session
from booking.core.errors import NotFoundError
from booking.core.instants import Interval
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor, Role, allows
from booking.core.refusals import LayoutKind
from booking.people.models import Organisation, Person
from booking.policies.facts import Place, laid_out, place_columns, place_from
from booking.reservations.models import (
    Amendment,
    AmendmentResource,
    Approval,
    Asking,
    Attendance,
    DeclineReason,
    Group,
    Reservation,
    ReservationResource,
    Series,
    SeriesSkip,
    SkipReason,
    State,
)
from booking.spaces.models import Area, Floor, Resource, ResourcePart

Booker = aliased(Person, name="booker")
Asker = aliased(Person, name="asker")
Decider = aliased(Person, name="decider")

# Built once: building these costs more than running them.
_DETAILS: Select[*tuple[Any, ...]] = (  # Any: the row has 30 columns
    select(
        *Reservation.__table__.c,
        Person.public_id.label("person_public_id"),
        Person.name.label("person_name"),
        Booker.public_id.label("booker_public_id"),
        Booker.name.label("booker_name"),
        Organisation.public_id.label("organisation_public_id"),
        Organisation.name.label("organisation_name"),
        Group.public_id.label("group_public_id"),
        Attendance.checked_in_at,
        Attendance.late_until,
        Attendance.released_at,
        Series.public_id.label("series_public_id"),
    )
    .select_from(Reservation)
    .join(Person, Person.id == Reservation.person_id)
    .join(Booker, Booker.id == Reservation.booked_by_id)
    .outerjoin(Organisation, Organisation.id == Reservation.organisation_id)
    .outerjoin(Group, Group.id == Reservation.group_id)
    .outerjoin(Attendance, Attendance.reservation_id == Reservation.id)
    .outerjoin(Series, Series.id == Reservation.series_id)
)
_BY_PUBLIC_ID = _DETAILS.where(Reservation.public_id == bindparam("public_id"))
_PLACES = (
    place_columns()
    .add_columns(
        ReservationResource.reservation_id.label("reservation_id"),
        ReservationResource.unit.label("unit"),
    )
    .join(ReservationResource, ReservationResource.resource_id == Resource.id)
    .where(ReservationResource.reservation_id.in_(bindparam("reservation_ids", expanding=True)))
    .order_by(Resource.code)
)


@dataclass(frozen=True)
class PersonName:
    """A person as others may know them."""

    public_id: str
    name: str


@dataclass(frozen=True)
class Attended:
    """Whether somebody came, until when the place is kept for somebody late, and whether it was
    given back because nobody came."""

    checked_in_at: datetime | None = None
    late_until: datetime | None = None
    released_at: datetime | None = None


NOTHING_YET = Attended()


@dataclass(frozen=True)
class Waiting:
    """An amendment that waits for approval; `places` are all that there shall be."""

    id: int
    public_id: str
    places: tuple[Place, ...]
    local: LocalInterval
    interval: Interval
    title: str
    headcount: int
    holds_place: bool
    decide_by: datetime
    created_at: datetime
    asked_by_id: int
    layout: LayoutKind | None = None


@dataclass(frozen=True)
class Decision:
    """One question to a policy's managers, and what became of it."""

    version: int
    policy_id: int
    state: Asking
    decided_by: PersonName | None
    decided_at: datetime | None
    reason_code: DeclineReason | None
    reason: str | None


@dataclass(frozen=True)
class Details:
    """A reservation with everything that rights, pages, messages and the API ask for."""

    id: int
    public_id: str
    reference: str
    state: State
    version: int
    sequence: int
    title: str
    headcount: int
    holds_place: bool
    local: LocalInterval
    interval: Interval
    tzdata: str
    decide_by: datetime | None
    closing_code: DeclineReason | None
    closing_reason: str | None
    created_at: datetime
    changed_at: datetime
    person_id: int
    booked_by_id: int
    organisation_id: int | None
    group_id: int | None
    group: str | None
    person: PersonName
    booked_by: PersonName
    organisation: PersonName | None
    places: tuple[Place, ...]
    decisions: tuple[Decision, ...]
    amendment: Waiting | None
    attended: Attended = NOTHING_YET
    series_id: int | None = None
    series: str | None = None
    series_start: datetime | None = None
    guest: str | None = None
    layout: LayoutKind | None = None  # in which its places are set out, where they offer it

    @property
    def for_whom(self) -> str:
        """The name of whoever comes: the guest, where it is for one."""
        return self.guest or self.person.name

    @property
    def is_for_another(self) -> bool:
        """Whether somebody else comes than who has booked."""
        return self.guest is not None or self.person_id != self.booked_by_id

    @property
    def counts_as_member(self) -> bool:
        """Whether it is for an organisation, or for a guest, who counts as a member."""
        return self.organisation_id is not None or self.guest is not None

    @property
    def place(self) -> Place:
        """Its first resource: which hours and which site it keeps to."""
        return self.places[0]

    @property
    def resource_ids(self) -> frozenset[int]:
        """The keys of its resources."""
        return frozenset(place.resource_id for place in self.places)

    @property
    def questions(self) -> tuple[tuple[Place, ...], ...]:
        """The places that somebody has to decide on, together by the policy that asks.

        Of a change that waits these are places asked for. Once nothing is asked, whoever decides
        at the places goes on seeing them.
        """
        asked = self.places if self.amendment is None else self.amendment.places
        policies = {one.policy_id for one in self.decisions if one.state is Asking.WAITING}
        policies = policies or {place.spot.policy_id for place in asked}
        by_policy: dict[int, list[Place]] = {}
        for place in asked:
            if place.spot.policy_id in policies:
                by_policy.setdefault(place.spot.policy_id, []).append(place)
        return tuple(tuple(places) for places in by_policy.values())

    @property
    def places_to_decide(self) -> tuple[Place, ...]:
        """The places of all questions."""
        return tuple(place for places in self.questions for place in places)

    @property
    def own_request_may_be_decided(self) -> bool:
        """Whether every policy that is asked lets people decide on their own requests."""
        return all(place.own_request_may_be_decided for place in self.places_to_decide)

    @property
    def is_live(self) -> bool:
        """Whether it is pending, or confirmed and not given back because nobody came."""
        return self.state in (State.PENDING, State.CONFIRMED) and not self.is_released

    @property
    def is_here(self) -> bool:
        """Whether presence was confirmed."""
        return self.attended.checked_in_at is not None

    @property
    def is_released(self) -> bool:
        """Whether its place was given back because nobody came."""
        return self.attended.released_at is not None

    @property
    def shown_as(self) -> str:
        """The state that stands beside it: its own, or what became of it on the day."""
        if self.state is not State.CONFIRMED or not (self.is_here or self.is_released):
            return self.state.value
        return "released" if self.is_released else "checked_in"

    @property
    def waits(self) -> bool:
        """Whether somebody has to decide: on the request, or on a change of it."""
        return self.state is State.PENDING or self.amendment is not None


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Reservation` that says the same as Action.SEE_RESERVATION."""
    if actor.has(Role.OPERATOR) or actor.has(Role.AUDITOR):
        return true()
    return or_(
        Reservation.person_id == actor.person_id,
        Reservation.booked_by_id == actor.person_id,
        Reservation.organisation_id.in_(actor.organisation_ids),
        _at_a_place_of(actor, Role.LAB_MANAGER),
        _at_a_place_of(actor, Role.RECEPTION),
        _wanted_at_a_place_of(actor),
    )


def decidable_by(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Reservation` that this actor decides where it is, or, while a change
    waits, where it is wanted."""
    if actor.has(Role.OPERATOR):
        return true()
    return or_(
        _at_a_place_of(actor, Role.LAB_MANAGER) & ~exists().where(*_A_CHANGE_WAITS),
        _wanted_at_a_place_of(actor),
    )


def mine(actor: Actor) -> ColumnElement[bool]:
    """The condition that the reservation is for this person."""
    return Reservation.person_id == actor.person_id


def was_released() -> ColumnElement[bool]:
    """The condition that its place was given back because nobody came: nothing else that is
    confirmed holds none."""
    return and_(Reservation.state == State.CONFIRMED, Reservation.holds_place.is_(False))


REMEMBERED = timedelta(days=365)  # how long it is told that nobody came


def missed_by(person_id: int) -> int:
    """To how many of this person's reservations of the last year nobody came."""
    return (
        session().scalar(
            select(func.count()).where(
                Reservation.person_id == person_id,
                Reservation.guest.is_(None),
                Reservation.starts_at > clock.now() - REMEMBERED,
                was_released(),
            )
        )
        or 0
    )


def booked_for_others(actor: Actor) -> ColumnElement[bool]:
    """The condition that this person booked it for somebody else."""
    return and_(
        Reservation.booked_by_id == actor.person_id, Reservation.person_id != actor.person_id
    )


def of_resource(resource_public_id: str) -> ColumnElement[bool]:
    """The condition that the reservation takes this resource."""
    return exists().where(
        ReservationResource.reservation_id == Reservation.id,
        ReservationResource.resource_id == Resource.id,
        Resource.public_id == resource_public_id,
    )


def of_any(resource_ids: Collection[int]) -> ColumnElement[bool]:
    """The condition that the reservation takes one of these resources."""
    return exists().where(
        ReservationResource.reservation_id == Reservation.id,
        ReservationResource.resource_id.in_(resource_ids),
    )


def of_any_that_takes(resource_ids: Collection[int]) -> ColumnElement[bool]:
    """The condition that the reservation takes one of these resources, itself or with a whole."""
    wholes = select(ResourcePart.resource_id).where(ResourcePart.part_id.in_(resource_ids))
    return exists().where(
        ReservationResource.reservation_id == Reservation.id,
        or_(
            ReservationResource.resource_id.in_(resource_ids),
            ReservationResource.resource_id.in_(wholes),
        ),
    )


def of_organisation(organisation_public_id: str) -> ColumnElement[bool]:
    """The condition that the reservation is for this organisation."""
    this_one = select(Organisation.id).where(Organisation.public_id == organisation_public_id)
    return Reservation.organisation_id == this_one.scalar_subquery()


def details(actor: Actor, public_id: str) -> Details:
    """One reservation; raises NotFoundError when it is absent or not visible to the actor."""
    found = details_by_id(public_id)
    if found is None or not allows(actor, Action.SEE_RESERVATION, found):
        raise NotFoundError
    return found


def group(actor: Actor, public_id: str) -> list[Details]:
    """The reservations of a group that the actor may see; raises NotFoundError where none is."""
    found = [one for one in group_by_id(public_id) if allows(actor, Action.SEE_RESERVATION, one)]
    if not found:
        raise NotFoundError
    return found


def group_by_id(public_id: str) -> list[Details]:
    """The reservations of a group, by place, for the house itself: no rights are asked."""
    found = find(
        Reservation.group_id
        == select(Group.id).where(Group.public_id == public_id).scalar_subquery()
    )
    return sorted(found, key=lambda one: (one.place.spot.code, one.id))


def series(actor: Actor, public_id: str) -> tuple[Series, list[Details]]:
    """A series and those of its reservations that the actor may see, by their original dates;
    raises NotFoundError where none is."""
    found = series_by_id(public_id)
    if found is not None:
        visible = [one for one in found[1] if allows(actor, Action.SEE_RESERVATION, one)]
        if visible:
            return found[0], visible
    raise NotFoundError


def series_by_id(public_id: str) -> tuple[Series, list[Details]] | None:
    """A series and its reservations for the house itself: no rights are asked."""
    found = session().scalar(select(Series).where(Series.public_id == public_id))
    if found is None:
        return None
    its = (Reservation.series_id == found.id, Reservation.series_start.is_not(None))
    return found, find(*its, order=(Reservation.series_start,))


def skips_of(series_id: int) -> list[tuple[datetime, SkipReason]]:
    """The dates on which a series has no reservation, and why."""
    rows = session().execute(
        select(SeriesSkip.local_start, SeriesSkip.reason)
        .where(SeriesSkip.series_id == series_id)
        .order_by(SeriesSkip.local_start)
    )
    return [(row.local_start, row.reason) for row in rows]


def latest_series() -> str | None:
    """The public id of the series that was made last."""
    return session().scalar(select(Series.public_id).order_by(Series.id.desc()).limit(1))


def latest_group() -> str | None:
    """The public id of the group that was made last."""
    return session().scalar(select(Group.public_id).order_by(Group.id.desc()).limit(1))


def is_one_of_several(found: Details) -> bool:
    """Whether the same person holds another place of the group at that time, which stands for all
    of them where one is enough."""
    if found.group_id is None:
        return False
    first = session().scalar(
        select(func.min(Reservation.id)).where(
            Reservation.group_id == found.group_id,
            Reservation.person_id == found.person_id,
            Reservation.starts_at == found.interval.starts_at,
            Reservation.state == State.CONFIRMED,
        )
    )
    return first is not None and first < found.id


def details_by_id(public_id: str) -> Details | None:
    """One reservation for the house itself (messages, worker): no rights are asked."""
    found = _whole(execute(_BY_PUBLIC_ID, {"public_id": public_id}).all())
    return found[0] if found else None


def latest_in(state: State) -> tuple[str, int] | None:
    """The reservation made last of those in a state: its public id and its version."""
    row = session().execute(
        select(Reservation.public_id, Reservation.version)
        .where(Reservation.state == state)
        .order_by(Reservation.id.desc())
        .limit(1)
    )
    found = row.first()
    return None if found is None else (found.public_id, found.version)


def references(actor: Actor, public_ids: Collection[str]) -> Sequence[str]:
    """The references of those among these reservations that the actor may see."""
    if not public_ids:
        return ()
    conditions = (Reservation.public_id.in_(public_ids), visible_to(actor))
    statement = select(Reservation.reference).where(*conditions)
    return session().scalars(statement.order_by(Reservation.starts_at)).all()


def find(
    *conditions: ColumnElement[bool],
    order: Sequence[ColumnExpressionArgument[Any]] = (),
    limit: int | None = None,
    offset: int = 0,
) -> list[Details]:
    """Reservations under these conditions, by start unless ordered otherwise.

    Four statements however many there are; the caller adds `visible_to(actor)`.
    """
    statement = _DETAILS.where(*conditions)
    statement = statement.order_by(*(order or (Reservation.starts_at, Reservation.id)))
    return _whole(execute(statement.limit(limit).offset(offset or None)).all())


def _whole(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Details]:  # Any: as in `_DETAILS`
    """Reservations' rows with what belongs to them from other tables."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    places = _places(ids)
    decisions = _decisions([row.id for row in rows if row.decide_by is not None or row.version > 1])
    amendments = _amendments(
        [row.id for row in rows if row.state is State.CONFIRMED and row.version > 1]
    )
    return [
        _details(row, places[row.id], decisions[row.id], amendments.get(row.id)) for row in rows
    ]


_A_CHANGE_WAITS = (
    Amendment.reservation_id == Reservation.id,
    Amendment.state == Asking.WAITING,
)


def _at_a_place_of(actor: Actor, role: Role) -> ColumnElement[bool]:
    """Whether one of the reservation's resources is under a grant of this role."""
    if not actor.has(role):
        return false()
    return exists().where(
        ReservationResource.reservation_id == Reservation.id,
        ReservationResource.resource_id == Resource.id,
        is_under_a_grant(actor, role),
    )


def _wanted_at_a_place_of(actor: Actor) -> ColumnElement[bool]:
    """Whether a change waits that asks for a resource this lab manager decides on."""
    if not actor.has(Role.LAB_MANAGER):
        return false()
    return exists().where(
        *_A_CHANGE_WAITS,
        AmendmentResource.amendment_id == Amendment.id,
        AmendmentResource.resource_id == Resource.id,
        is_under_a_grant(actor, Role.LAB_MANAGER),
    )


def is_under_a_grant(actor: Actor, role: Role) -> ColumnElement[bool]:
    """The condition on `Resource`."""
    grants = [grant for grant in actor.grants if grant.role == role]
    resources = [grant.resource_id for grant in grants if grant.resource_id is not None]
    areas = [grant.area_id for grant in grants if grant.area_id is not None]
    buildings = [grant.building_id for grant in grants if grant.building_id is not None]
    in_buildings = (
        select(Area.id)
        .join(Floor, Floor.id == Area.floor_id)
        .where(Floor.building_id.in_(buildings))
    )
    return or_(
        false(),
        *([Resource.id.in_(resources)] if resources else ()),
        *([Resource.area_id.in_(areas)] if areas else ()),
        *([Resource.area_id.in_(in_buildings)] if buildings else ()),
    )


def _places(reservation_ids: Collection[int]) -> dict[int, list[Place]]:
    rows = execute(_PLACES, {"reservation_ids": list(reservation_ids)})
    known: dict[int, Place] = {}  # hundreds of reservations stand on few resources
    found: dict[int, list[Place]] = defaultdict(list)
    for row in rows:
        place = known.setdefault(row.resource_id, place_from(row))
        if row.unit != place.unit:
            place = replace(place, unit=row.unit)
        found[row.reservation_id].append(place)
    return found


def _decisions(reservation_ids: Collection[int]) -> dict[int, list[Decision]]:
    found: dict[int, list[Decision]] = defaultdict(list)
    if not reservation_ids:
        return found
    rows = session().execute(
        select(Approval, Decider.public_id, Decider.name)
        .outerjoin(Decider, Decider.id == Approval.decided_by_id)
        .where(Approval.reservation_id.in_(reservation_ids))
        .order_by(Approval.version, Approval.id)
    )
    for approval, public_id, name in rows:
        found[approval.reservation_id].append(
            Decision(
                version=approval.version,
                policy_id=approval.policy_id,
                state=approval.state,
                decided_by=PersonName(public_id, name) if approval.decided_by_id else None,
                decided_at=approval.decided_at,
                reason_code=approval.reason_code,
                reason=approval.reason,
            )
        )
    return found


def _amendments(reservation_ids: Collection[int]) -> dict[int, Waiting]:
    if not reservation_ids:
        return {}
    columns = Amendment.__table__.c
    rows = session().execute(
        place_columns()
        .add_columns(
            *(columns[name].label(f"amendment_{name}") for name in columns.keys()),  # noqa: SIM118
            Reservation.zone.label("amendment_zone"),
        )
        .join(AmendmentResource, AmendmentResource.resource_id == Resource.id)
        .join(Amendment, Amendment.id == AmendmentResource.amendment_id)
        .join(Reservation, Reservation.id == Amendment.reservation_id)
        .where(Amendment.reservation_id.in_(reservation_ids), Amendment.state == Asking.WAITING)
        .order_by(Resource.code)
    )
    by_reservation: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        by_reservation[row.amendment_reservation_id].append(row)
    return {reservation_id: _waiting(found) for reservation_id, found in by_reservation.items()}


def _waiting(rows: Sequence[Row[*tuple[Any, ...]]]) -> Waiting:
    """A row for each place that is asked for; beside the place they say the same."""
    row = rows[0]
    return Waiting(
        id=row.amendment_id,
        public_id=row.amendment_public_id,
        places=laid_out(map(place_from, rows), row.amendment_layout),
        local=LocalInterval(row.amendment_local_start, row.amendment_local_end, row.amendment_zone),
        interval=Interval(row.amendment_starts_at, row.amendment_ends_at),
        title=row.amendment_title,
        headcount=row.amendment_headcount,
        holds_place=row.amendment_holds_place,
        decide_by=row.amendment_decide_by,
        created_at=row.amendment_created_at,
        asked_by_id=row.amendment_asked_by_id,
        layout=row.amendment_layout,
    )


def _details(
    row: Row[*tuple[Any, ...]],
    places: Sequence[Place],
    decisions: Sequence[Decision],
    amendment: Waiting | None,
) -> Details:
    return Details(
        id=row.id,
        public_id=row.public_id,
        reference=row.reference,
        state=row.state,
        version=row.version,
        sequence=row.sequence,
        title=row.title,
        headcount=row.headcount,
        holds_place=row.holds_place,
        local=LocalInterval(row.local_start, row.local_end, row.zone),
        interval=Interval(row.starts_at, row.ends_at),
        tzdata=row.tzdata,
        decide_by=row.decide_by,
        closing_code=row.closing_code,
        closing_reason=row.closing_reason,
        created_at=row.created_at,
        changed_at=row.changed_at,
        person_id=row.person_id,
        booked_by_id=row.booked_by_id,
        organisation_id=row.organisation_id,
        group_id=row.group_id,
        group=row.group_public_id,
        person=PersonName(row.person_public_id, row.person_name),
        booked_by=PersonName(row.booker_public_id, row.booker_name),
        organisation=None
        if row.organisation_public_id is None
        else PersonName(row.organisation_public_id, row.organisation_name),
        places=laid_out(places, row.layout),
        decisions=tuple(decisions),
        amendment=amendment,
        attended=Attended(row.checked_in_at, row.late_until, row.released_at),
        series_id=row.series_id,
        series=None if row.series_start is None else row.series_public_id,
        series_start=row.series_start,
        guest=row.guest,
        layout=row.layout,
    )
