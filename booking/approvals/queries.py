"""What waits for somebody's decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ColumnExpressionArgument,
    CompoundSelect,
    Row,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from booking.core import clock
from booking.core.database import minutes_later, session
from booking.core.errors import ForbiddenError
from booking.core.instants import Interval
from booking.core.permissions import Action, Actor, allows
from booking.occupancy.claims import Claim
from booking.occupancy.models import ClaimKind, Closure, Hold, occupancy
from booking.occupancy.queries import claims_within
from booking.people.models import Organisation, Person
from booking.policies.models import Policy
from booking.reservations import queries, questions
from booking.reservations.models import (
    Amendment,
    AmendmentResource,
    Asking,
    Reservation,
    ReservationResource,
    State,
)
from booking.reservations.pool_rivals import Around, pools_of
from booking.reservations.queries import Details
from booking.reservations.questions import Exchange
from booking.spaces.models import Layout, Resource, ResourcePart

MOST = 200


@dataclass(frozen=True)
class Claimed:
    """A claim and whose it is, as far as whoever decides there may know: all of it."""

    resource_id: int
    interval: Interval
    kind: ClaimKind
    reservation_id: int | None  # also where a hold is for a change of it
    public_id: str | None
    is_pending: bool
    reference: str
    person: str
    organisation: str
    closure_names: Mapping[str, str] | None
    places: int = 0  # of a pool that are all taken: nobody's claim

    @property
    def who(self) -> str:
        """The organisation, else the person; nobody for a closure."""
        return self.organisation or self.person


@dataclass(frozen=True)
class Rival:
    """Another request for the same place, which holds nothing, and whose time cannot be had beside
    the one asked for."""

    public_id: str
    reference: str
    person: str
    organisation: str
    interval: Interval

    @property
    def who(self) -> str:
        """The organisation, else the person."""
        return self.organisation or self.person


@dataclass(frozen=True)
class Background:
    """What stands beside the requests of one list, by their ids."""

    conflicts: Mapping[int, Sequence[Claimed]]
    rivals: Mapping[int, Sequence[Rival]]
    newcomers: frozenset[int]
    exchanges: Mapping[int, Sequence[Exchange]]


@dataclass(frozen=True)
class Record:
    """How many reservations a requester has had confirmed, this one aside; `missed`: to how many of
    the person's in the last year nobody came."""

    of_person: int
    of_organisation: int
    missed: int = 0


def waits() -> ColumnElement[bool]:
    """The condition that a request, or a change of a confirmed reservation, waits.

    By the keys of both, each found in an index of what waits: all that is confirmed is never read.
    """
    now = clock.now()
    requests = select(Reservation.id).where(
        Reservation.state == State.PENDING, Reservation.decide_by > now
    )
    changes = select(Amendment.reservation_id).where(
        Amendment.state == Asking.WAITING, Amendment.decide_by > now
    )
    waiting = union_all(requests, changes).subquery("waiting")
    return Reservation.id.in_(select(waiting.c.id))


def waiting_for(actor: Actor) -> list[Details]:
    """The requests this actor may decide, the nearest deadline first; at most 200 at once.

    Own requests are left out where no one may decide on their own.
    """
    found = queries.find(
        waits(), queries.decidable_by(actor), order=_nearest_deadline(), limit=MOST
    )
    return [one for one in found if allows(actor, Action.DECIDE, one)]


def count_for(actor: Actor) -> int:
    """How many requests wait at this actor's places, for the menu: one statement, but for a
    deputy, of whose rights not all count for every request."""
    if not allows(actor, Action.SEE_APPROVALS):
        return 0
    if any(grant.instead_of for grant in actor.grants):
        return len(waiting_for(actor))
    statement = (
        select(func.count())
        .select_from(Reservation)
        .where(
            waits(),
            queries.decidable_by(actor),
            Reservation.person_id != actor.person_id,
            Reservation.booked_by_id != actor.person_id,
        )
    )
    return session().scalar(statement) or 0


def request_for(actor: Actor, public_id: str) -> Details:
    """A request, waiting or not, for somebody who decides at its place (own ones can be read).

    Raises NotFoundError for what the actor may not see, ForbiddenError where others decide.
    """
    found = queries.find(Reservation.public_id == public_id, queries.decidable_by(actor))
    if found:
        return found[0]
    queries.details(actor, public_id)
    raise ForbiddenError


def background_of(requests: Sequence[Details]) -> Background:
    """The same of requests that were read, those for places of pools among them."""
    found = background([one.id for one in requests])
    pooled = [one for one in requests if pools_of(one)]
    return _in_pools(found, pooled) if pooled else found


def _in_pools(found: Background, pooled: Sequence[Details]) -> Background:
    """A pool is in conflict where none of its places is free; a rival is who then finds none."""
    ids = {rival.public_id for one in pooled for rival in found.rivals.get(one.id, ())}
    rivals = {one.public_id: one for one in queries.find(Reservation.public_id.in_(ids))}
    around = Around.of([*pooled, *rivals.values()])
    conflicts, standing = dict(found.conflicts), dict(found.rivals)
    for one in pooled:
        full = [_full(claim) for claim in around.full(one)]
        if full:
            conflicts[one.id] = [*conflicts.get(one.id, ()), *full]
        its = found.rivals.get(one.id, ())
        losing = around.losing(one, [rivals[rival.public_id] for rival in its])
        lost = {rival.public_id for rival in losing}
        standing[one.id] = [rival for rival in its if rival.public_id in lost]
    return replace(found, conflicts=conflicts, rivals=standing)


def _full(claim: Claim) -> Claimed:
    return Claimed(
        resource_id=claim.resource_id,
        interval=claim.interval,
        kind=ClaimKind.BOOKING,
        reservation_id=None,
        public_id=None,
        is_pending=False,
        reference="",
        person="",
        organisation="",
        closure_names=None,
        places=claim.units,
    )


def background(request_ids: Collection[int]) -> Background:
    """Conflicts, rivals, first bookings and questions of these requests: four statements."""
    return Background(
        _conflicts(request_ids),
        _rivals(request_ids),
        _newcomers(request_ids),
        questions.about_each(request_ids),
    )


def requests_for(actor: Actor, public_ids: Collection[str]) -> list[Details]:
    """The same for several, without those that the actor may not see or does not decide on."""
    if not public_ids:
        return []
    return queries.find(Reservation.public_id.in_(public_ids), queries.decidable_by(actor))


def records_of(requests: Collection[Details]) -> dict[int, Record]:
    """What each requester has had so far, by the id of the request: one statement."""
    earlier = aliased(Reservation, name="earlier")
    counted = (
        select(func.count())
        .select_from(earlier)
        .where(earlier.state == State.CONFIRMED, earlier.id != Reservation.id)
    )
    rows = session().execute(
        select(
            Reservation.id,
            counted.where(_same_person(earlier)).scalar_subquery(),
            counted.where(earlier.organisation_id == Reservation.organisation_id).scalar_subquery(),
            counted.where(
                _same_person(earlier),
                earlier.starts_at > clock.now() - queries.REMEMBERED,
                earlier.holds_place.is_(False),
            ).scalar_subquery(),
        ).where(Reservation.id.in_([one.id for one in requests]))
    )
    return {
        request_id: Record(of_person, of_organisation, missed)
        for request_id, of_person, of_organisation, missed in rows
    }


def _same_person(earlier: type[Reservation]) -> ColumnElement[bool]:
    """Whether the other is the requester's; of a guest nothing earlier is known."""
    return and_(
        earlier.person_id == Reservation.person_id,
        earlier.guest.is_(None),
        Reservation.guest.is_(None),
    )


def claims_of_day(
    resource_ids: Collection[int], window: Interval, most_units: int = 1
) -> dict[int, list[Claimed]]:
    """What is claimed at these places, and by whom: one statement."""
    units = range(1, most_units + 1)
    claims = claims_within(resource_ids, window, units).subquery("claims")
    rows = session().execute(_with_owners(claims).order_by(claims.c.starts_at))
    found: dict[int, list[Claimed]] = {resource_id: [] for resource_id in resource_ids}
    for row in rows:
        found[row.resource_id].append(_claimed(row))
    return found


def _conflicts(request_ids: Collection[int]) -> dict[int, list[Claimed]]:
    """The claims of others at the wished times, with the set-up and cleaning around them; of
    pools none.

    Claims of one place never overlap, so the last one that starts before the wish is the first
    that can be in its way: no history is read, however long it is.
    """
    wished = _wished(request_ids).subquery("wished")
    starts_at = minutes_later(wished.c.starts_at, -wished.c.setup_minutes)
    ends_at = minutes_later(wished.c.ends_at, wished.c.cleanup_minutes)
    earlier = occupancy.alias("earlier")
    last_before = (
        select(func.max(earlier.c.starts_at))
        .where(
            earlier.c.resource_id == wished.c.resource_id,
            earlier.c.unit == 1,
            earlier.c.starts_at <= starts_at,
        )
        .correlate(wished)
        .scalar_subquery()
    )
    claims = (
        select(wished.c.reservation_id.label("request_id"), *occupancy.c)
        .join(
            occupancy,
            and_(
                occupancy.c.resource_id == wished.c.resource_id,
                occupancy.c.unit == 1,
                wished.c.units == 1,
                occupancy.c.starts_at >= func.coalesce(last_before, starts_at),
                occupancy.c.starts_at < ends_at,
                occupancy.c.ends_at > starts_at,
            ),
        )
        .subquery("claims")
    )
    rows = session().execute(
        _with_owners(claims)
        .add_columns(claims.c.request_id)
        .where(func.coalesce(Reservation.id, 0) != claims.c.request_id)
        .order_by(claims.c.starts_at)
    )
    found: dict[int, list[Claimed]] = defaultdict(list)
    for row in rows:
        found[row.request_id].append(_claimed(row))
    return found


def _wished(
    request_ids: Collection[int],
) -> CompoundSelect[*tuple[Any, ...]]:  # Any: a row of seven columns
    """The place and time asked for: the request's own, or those of the change that waits; and what
    the policy of the place keeps free around them."""
    return union_all(_wished_at(request_ids, itself=True), _wished_at(request_ids, itself=False))


def _wished_at(
    request_ids: Collection[int], *, itself: bool
) -> Select[*tuple[Any, ...]]:  # Any: as above
    """The places themselves, or their parts."""
    asked = union_all(
        select(
            Reservation.id.label("reservation_id"),
            ReservationResource.resource_id,
            Reservation.starts_at,
            Reservation.ends_at,
            Reservation.layout,
        )
        .join(ReservationResource, ReservationResource.reservation_id == Reservation.id)
        .where(Reservation.id.in_(request_ids), Reservation.state == State.PENDING),
        select(
            Amendment.reservation_id,
            AmendmentResource.resource_id,
            Amendment.starts_at,
            Amendment.ends_at,
            Amendment.layout,
        )
        .join(AmendmentResource, AmendmentResource.amendment_id == Amendment.id)
        .where(Amendment.reservation_id.in_(request_ids), Amendment.state == Asking.WAITING),
    ).subquery()
    found = (
        select(
            asked.c.reservation_id,
            (asked.c.resource_id if itself else ResourcePart.part_id).label("resource_id"),
            asked.c.starts_at,
            asked.c.ends_at,
            _longer(Policy.setup_minutes, Layout.setup_minutes).label("setup_minutes"),
            Policy.setup_minutes.label("least_setup"),
            Policy.cleanup_minutes,
            Resource.units,
        )
        .join(Resource, Resource.id == asked.c.resource_id)
        .join(Policy, Policy.id == Resource.policy_id)
        .outerjoin(
            Layout,
            and_(Layout.resource_id == asked.c.resource_id, Layout.kind == asked.c.layout),
        )
    )
    if itself:
        return found
    return found.join(ResourcePart, ResourcePart.resource_id == asked.c.resource_id)


def _longer(
    minutes: ColumnElement[int] | InstrumentedAttribute[int], of_layout: InstrumentedAttribute[int]
) -> ColumnElement[int]:
    """How long setting up takes: as the policy says, or the layout, where there is one."""
    return case((of_layout > minutes, of_layout), else_=minutes)


def _with_owners(claims: Subquery) -> Select[*tuple[Any, ...]]:  # Any: as above
    """The statement that names the owners of claims; a hold counts to the reservation to change."""
    held_for = aliased(Amendment, name="held_for")
    return (
        select(
            claims.c.resource_id,
            claims.c.starts_at,
            claims.c.ends_at,
            claims.c.kind,
            Reservation.id.label("reservation_id"),
            Reservation.public_id,
            Reservation.state,
            Reservation.reference,
            Person.name.label("person"),
            Organisation.name.label("organisation"),
            Closure.names.label("closure_names"),
        )
        .select_from(claims)
        .outerjoin(Hold, Hold.id == claims.c.hold_id)
        .outerjoin(held_for, held_for.id == Hold.amendment_id)
        .outerjoin(
            Reservation,
            Reservation.id == func.coalesce(claims.c.reservation_id, held_for.reservation_id),
        )
        .outerjoin(Person, Person.id == Reservation.person_id)
        .outerjoin(Organisation, Organisation.id == Reservation.organisation_id)
        .outerjoin(Closure, Closure.id == claims.c.closure_id)
    )


def _claimed(row: Row[*tuple[Any, ...]]) -> Claimed:
    kind = ClaimKind(row.kind)
    return Claimed(
        resource_id=row.resource_id,
        interval=Interval(row.starts_at, row.ends_at),
        kind=kind,
        reservation_id=row.reservation_id,
        public_id=row.public_id,
        is_pending=row.state is State.PENDING or kind is ClaimKind.HOLD,
        reference=row.reference or "",
        person=row.person or "",
        organisation=row.organisation or "",
        closure_names=row.closure_names,
    )


def _rivals(request_ids: Collection[int]) -> dict[int, list[Rival]]:
    wished = _with_wholes(_wished(request_ids).subquery("asked")).subquery("wished")
    after = wished.c.cleanup_minutes + _longer(wished.c.least_setup, Layout.setup_minutes)
    before = wished.c.setup_minutes + wished.c.cleanup_minutes
    rows = session().execute(
        select(
            wished.c.reservation_id,
            Reservation.public_id,
            Reservation.reference,
            Person.name,
            Organisation.name,
            Reservation.starts_at,
            Reservation.ends_at,
        )
        .select_from(wished)
        .join(ReservationResource, ReservationResource.resource_id == wished.c.resource_id)
        .join(Reservation, Reservation.id == ReservationResource.reservation_id)
        .join(Person, Person.id == Reservation.person_id)
        .outerjoin(Organisation, Organisation.id == Reservation.organisation_id)
        .outerjoin(
            Layout,
            and_(
                Layout.resource_id == ReservationResource.resource_id,
                Layout.kind == Reservation.layout,
            ),
        )
        .where(
            Reservation.state == State.PENDING,
            Reservation.holds_place.is_(False),
            Reservation.id != wished.c.reservation_id,
            Reservation.starts_at < minutes_later(wished.c.ends_at, after),
            Reservation.ends_at > minutes_later(wished.c.starts_at, -before),
        )
        .order_by(Reservation.created_at, Reservation.id)
    )
    found: dict[int, list[Rival]] = defaultdict(list)
    for request_id, public_id, reference, person, organisation, starts_at, ends_at in rows:
        interval = Interval(starts_at, ends_at)
        rival = Rival(public_id, reference, person, organisation or "", interval)
        if rival not in found[request_id]:  # it may want a whole and so each of its parts
            found[request_id].append(rival)
    return found


def _with_wholes(
    asked: Subquery,
) -> CompoundSelect[*tuple[Any, ...]]:  # Any: the columns of `_wished`
    """What is asked for, and everything whose taking takes it."""
    columns = [column for column in asked.c if column.name != "resource_id"]
    return union_all(
        select(asked.c.resource_id, *columns),
        select(ResourcePart.resource_id, *columns).where(
            ResourcePart.part_id == asked.c.resource_id
        ),
    )


def _newcomers(request_ids: Collection[int]) -> frozenset[int]:
    """The requests of whom nothing was ever confirmed: the organisation's, else the person's."""
    earlier = aliased(Reservation, name="earlier")
    known = exists().where(earlier.state == State.CONFIRMED, earlier.id != Reservation.id)
    is_known = case(
        (
            Reservation.organisation_id.is_not(None),
            known.where(earlier.organisation_id == Reservation.organisation_id),
        ),
        else_=known.where(_same_person(earlier)),
    )
    statement = select(Reservation.id).where(Reservation.id.in_(request_ids), ~is_known)
    return frozenset(session().scalars(statement))


def _nearest_deadline() -> tuple[ColumnExpressionArgument[Any], ...]:
    amendment_deadline = (
        select(Amendment.decide_by)
        .where(Amendment.reservation_id == Reservation.id, Amendment.state == Asking.WAITING)
        .scalar_subquery()
    )
    return (func.coalesce(amendment_deadline, Reservation.decide_by), Reservation.id)
