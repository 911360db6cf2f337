"""What the rules need to know about a resource, collected in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select

from booking.core import clock, zones
from booking.core.database import execute, session
from booking.core.intervals import Interval, LocalInterval
from booking.core.refusals import LayoutKind, OverCapacity, Reason, Refusal, Seating
from booking.occupancy import queries as occupancy
from booking.policies.models import Policy, Shown
from booking.policies.quotas import Balance, Counting, Quota, quotas_from
from booking.policies.rules import (
    NO_RIGHTS,
    Booker,
    Buffers,
    Case,
    Limits,
    Rights,
    Subject,
    judge,
    lacking,
    too_many,
)
from booking.spaces.models import Resource, ResourceState
from booking.spaces.opening import Expected, Opening
from booking.spaces.queries import (
    LAYOUT_COLUMN,
    LINK_COLUMNS,
    SPOT_COLUMNS,
    LaidOut,
    Linked,
    Spot,
    layouts_from,
    links_from,
    openings,
    spot_from,
    spots,
)

_POLICY_COLUMNS = (
    Policy.granularity,
    Policy.shortest,
    Policy.longest,
    Policy.notice,
    Policy.horizon,
    Policy.who_may_book,
    Policy.needs_approval,
    Policy.holds_while_pending,
    Policy.decide_within,
    Policy.setup_minutes,
    Policy.cleanup_minutes,
    Policy.series_horizon,
    Policy.asks_for_authorisation,
    Policy.own_request_may_be_decided,
    Policy.others_see,
    Policy.names,
    Policy.asks_for_check_in,
    Policy.grace_minutes,
    Policy.person_quota_minutes,
    Policy.person_quota_count,
    Policy.person_quota_period,
    Policy.organisation_quota_minutes,
    Policy.organisation_quota_count,
    Policy.organisation_quota_period,
)
_QUOTAS = 6  # of these columns, the last


@dataclass(frozen=True)
class Place:
    """A resource with its policy: what rights, rules and texts ask for.

    One that is `laid_out` takes as many people as its layout does, and as long to set up.
    """

    spot: Spot
    limits: Limits
    own_request_may_be_decided: bool
    others_see: Shown
    policy_names: Mapping[str, str]
    asks_for_check_in: bool = False
    grace_minutes: int = 15
    parts: tuple[Linked, ...] = ()  # what is taken with it
    part_of: tuple[Linked, ...] = ()  # whose taking takes it
    layouts: tuple[LaidOut, ...] = ()  # that it offers
    layout: LaidOut | None = None  # in which it is set out
    stands: tuple[int, int] = field(default=(0, 0), compare=False)  # people and set-up without one
    unit: int = field(default=1, compare=False)  # of a pool: which of its places somebody has

    @property
    def linked(self) -> tuple[Linked, ...]:
        """All that is busy when it is, or makes it busy."""
        return (*self.parts, *self.part_of)

    @property
    def resource_id(self) -> int:
        """The key of the resource (rights ask for it under this name)."""
        return self.spot.resource_id

    @property
    def area_id(self) -> int:
        """The key of its area."""
        return self.spot.area_id

    @property
    def building_id(self) -> int:
        """The key of its building."""
        return self.spot.building_id

    @property
    def policy_id(self) -> int:
        """The key of its policy, which is its resource group."""
        return self.spot.policy_id

    @property
    def asks_for_authorisation(self) -> bool:
        """Whether only those may use it who are authorised for its group."""
        return self.limits.asks_for_authorisation

    @property
    def quotas(self) -> tuple[Quota, ...]:
        """How much one person, and one organisation, may have of its group."""
        return self.limits.quotas

    def laid_out(self, kind: LayoutKind | None) -> Place:
        """The same place in this layout; as it stands for none, or for one that it does not
        offer (any more)."""
        chosen = next((one for one in self.layouts if one.kind is kind), None)
        if chosen == self.layout:
            return self
        stands = self.stands if self.layout else (self.spot.capacity, self.limits.setup_minutes)
        capacity, minutes = stands
        if chosen is not None:
            capacity, minutes = chosen.capacity, max(minutes, chosen.setup_minutes)
        return replace(
            self,
            spot=replace(self.spot, capacity=capacity),
            limits=replace(self.limits, setup_minutes=minutes),
            layout=chosen,
            stands=stands,
        )

    def for_series(self) -> Place:
        """The same place under the limits that hold for dates that repeat."""
        return replace(self, limits=self.limits.for_series())

    def for_anybody(self) -> Place:
        """The same place where it is not known yet for whom it will be."""
        return replace(self, limits=replace(self.limits, asks_for_authorisation=False))

    @property
    def subject(self) -> Subject:
        """The resource as the rules see it."""
        back = self.spot.expected_back_at
        return Subject(
            public_id=self.spot.public_id,
            code=self.spot.code,
            capacity=self.spot.capacity,
            out_of_order=self.spot.state is ResourceState.OUT_OF_ORDER,
            out_of_order_reason=self.spot.out_of_order_reason or "",
            expected_back=back and zones.to_local(back, zones.zone(self.spot.zone_name)),
            layout=None if self.layout is None else self.layout.kind,
            other_layouts=tuple(self._other_layouts),
        )

    @property
    def _other_layouts(self) -> Iterator[Seating]:
        for one in self.layouts:
            if one != self.layout:
                yield Seating(one.kind, one.capacity)
        if self.layout is not None:
            yield Seating(None, self.stands[0])


def place_columns() -> Select[*tuple[Any, ...]]:  # Any: the row has 45 columns
    """The statement behind `places`: add conditions, read its rows with `place_from`."""
    return (
        spots()
        .join(Policy, Policy.id == Resource.policy_id)
        .add_columns(*_POLICY_COLUMNS, *LINK_COLUMNS, LAYOUT_COLUMN)
    )


def place_from(row: Collection[object]) -> Place:
    """One row of `place_columns()` as a value."""
    last = len(SPOT_COLUMNS) + len(_POLICY_COLUMNS)
    values = tuple(row)[len(SPOT_COLUMNS) : last]
    parts, part_of, layouts = tuple(row)[last : last + len(LINK_COLUMNS) + 1]
    *limits, own_request_may_be_decided, others_see, names, asks_for_check_in, grace = values[
        :-_QUOTAS
    ]
    return Place(
        spot_from(row),
        Limits(  # type: ignore[call-arg]  # the columns stand in the order of the fields
            *limits,  # type: ignore[arg-type]  # as above
            quotas_from(*values[-_QUOTAS:]),  # type: ignore[arg-type]  # as above
        ),
        bool(own_request_may_be_decided),
        Shown(str(others_see)),
        names,  # type: ignore[arg-type]  # as above
        bool(asks_for_check_in),
        grace,  # type: ignore[arg-type]  # as above
        links_from(parts),
        links_from(part_of),
        layouts_from(layouts),
    )


def laid_out(places: Iterable[Place], kind: LayoutKind | None) -> tuple[Place, ...]:
    """Those of the places in this layout that offer it, the others as they stand."""
    return tuple(place.laid_out(kind) for place in places)


def places(*conditions: ColumnElement[bool], limit: int | None = None) -> list[Place]:
    """The resources that meet the conditions on `Resource`, in the order of their codes.

    Where only the first are wanted, which they are is found before all else of them is read.
    """
    if limit is not None:
        first = select(Resource.id).where(*conditions).order_by(Resource.code).limit(limit)
        conditions = (Resource.id.in_(first),)
    rows = session().execute(place_columns().where(*conditions).order_by(Resource.code))
    return [place_from(row) for row in rows]


_IN_USE = place_columns().where(
    Resource.public_id == bindparam("public_id"), Resource.retired_at.is_(None)
)


def place(public_id: str) -> Place | None:
    """The resource of this public id; None when there is none or it is retired."""
    row = execute(_IN_USE, {"public_id": public_id}).first()
    return None if row is None else place_from(row)


def places_in_use(public_ids: Collection[str]) -> list[Place]:
    """The resources of these public ids that are not retired, in the order of their codes."""
    if len(public_ids) == 1:  # what nearly every booking asks for
        found = [place(public_id) for public_id in public_ids]
        return [one for one in found if one is not None]
    return places(Resource.public_id.in_(public_ids), Resource.retired_at.is_(None))


def buffers() -> dict[int, Buffers]:
    """What each policy keeps free around a reservation, by its key; one statement."""
    rows = session().execute(select(Policy.id, Policy.setup_minutes, Policy.cleanup_minutes))
    return {row.id: Buffers(row.setup_minutes, row.cleanup_minutes) for row in rows}


def is_free(interval: Interval, buffers_of: Mapping[int, Buffers]) -> ColumnElement[bool]:
    """The condition on a `Resource` of these policies that a reservation finds room there, with
    its set-up and its cleaning: as many questions to the claims as there are different ones."""
    policies: dict[Buffers, list[int]] = {}
    for policy_id, found in buffers_of.items():
        policies.setdefault(found, []).append(policy_id)
    if len(policies) == 1:
        return occupancy.is_free(next(iter(policies)).around(interval))
    return or_(
        false(),
        *(
            and_(Resource.policy_id.in_(ids), occupancy.is_free(found.around(interval)))
            for found, ids in policies.items()
        ),
    )


@dataclass(frozen=True)
class Change:
    """What a reservation was before the change that is judged."""

    was: Interval
    keeps_place: bool


def case_for(
    place: Place,
    opening: Opening,
    local: LocalInterval,
    *,
    headcount: int,
    is_member: bool,
    change: Change | None = None,
    now: datetime | None = None,
    balances: tuple[Balance, ...] = (),
    rights: Rights = NO_RIGHTS,
) -> Case:
    """Put together what the rules look at; raises NonexistentTimeError for a time in a gap."""
    return Case(
        subject=place.subject,
        limits=place.limits,
        opening=opening,
        local=local,
        interval=local.project(),
        headcount=headcount,
        booker=Booker(is_member=is_member),
        now=now or clock.now(),
        was=None if change is None else change.was,
        keeps_place=change is not None and change.keeps_place,
        balances=balances,
        authorised_until=rights.get(place.policy_id),
    )


@dataclass(frozen=True)
class Judged:
    """What the policies of several places say to one wish: every refusal, which places ask, and
    where the quotas stand."""

    refusals: tuple[Refusal, ...]
    asking: tuple[Place, ...]
    balances: tuple[Balance, ...] = ()
    expected: tuple[Expected, ...] = ()  # that may still be announced for that time

    @property
    def allowed(self) -> bool:
        """Whether no rule refuses."""
        return not self.refusals

    @property
    def needs_approval(self) -> bool:
        """Whether any policy asks."""
        return bool(self.asking)


def judge_all(
    places: Sequence[Place],
    local: LocalInterval,
    *,
    headcount: int,
    is_member: bool,
    changes: Mapping[int, Change],
    counting: Counting | None = None,
    rights: Rights = NO_RIGHTS,
) -> Judged:
    """Each place by its own policy; the people spread over all of them. `changes` says, by the
    place, what the reservation was."""
    day = timedelta(days=1)
    first, last = local.starts_at.date() - day, local.ends_at.date() + day
    return judged(
        places,
        openings({place.spot.hours_id for place in places}, first, last),
        local,
        headcount=headcount,
        is_member=is_member,
        changes=changes,
        counting=counting,
        rights=rights,
    )


def judged(
    places: Sequence[Place],
    opening_of: Mapping[int, Opening],
    local: LocalInterval,
    *,
    headcount: int,
    is_member: bool,
    changes: Mapping[int, Change],
    now: datetime | None = None,
    counting: Counting | None = None,
    rights: Rights = NO_RIGHTS,
) -> Judged:
    """The same with hours that were read already, by their keys."""
    refusals = over_capacity(places, headcount) if len(places) > 1 else []
    asking = []
    balances = {} if counting is None else counting.balances(places, local, local.project())
    for place in places:
        seats = headcount if len(places) == 1 else min(headcount, place.spot.capacity)
        verdict = judge(
            case_for(
                place,
                opening_of[place.spot.hours_id],
                local,
                headcount=seats,
                is_member=is_member,
                change=changes.get(place.resource_id),
                now=now,
                balances=balances.get(place.resource_id, ()),
                rights=rights,
            )
        )
        refusals += verdict.refusals
        if verdict.needs_approval:
            asking.append(place)
    return Judged(
        tuple(refusals),
        tuple(asking),
        tuple(chain(*balances.values())),
        expected_within(places, opening_of, local),
    )


def expected_within(
    places: Sequence[Place], opening_of: Mapping[int, Opening], local: LocalInterval
) -> tuple[Expected, ...]:
    """What may still be announced for a day of this time, and would close one of these places
    then: public holidays, hours of a profile; each once, by day."""
    found: dict[tuple[date, str], Expected] = {}
    for place in places:
        for one in opening_of[place.spot.hours_id].expected_within(local):
            found[one.day, repr(one)] = one
    return tuple(sorted(found.values(), key=lambda one: one.day))


def unauthorised(
    places: Sequence[Place], local: LocalInterval, rights: Rights
) -> tuple[Refusal, ...]:
    """What stands against the use of these places by whoever has these authorisations."""
    return tuple(
        Refusal(Reason.NOT_AUTHORISED, found, place.spot.code)
        for place in places
        if (found := lacking(place.limits, local, rights.get(place.policy_id))) is not None
    )


def over_capacity(places: Sequence[Place], headcount: int) -> list[Refusal]:
    """What stands against so many people in all these places together."""
    capacity = sum(place.spot.capacity for place in places)
    if headcount <= capacity:
        return []
    codes = ", ".join(place.spot.code for place in places)
    alone = places[0].subject if len(places) == 1 else None
    found = OverCapacity(capacity, headcount) if alone is None else too_many(alone, headcount)
    return [Refusal(Reason.OVER_CAPACITY, found, codes)]
