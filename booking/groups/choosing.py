"""Choosing free places near each other, and what is nearest where there are not enough of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select

from booking.core import clock, zones
from booking.core.database import session
from booking.core.errors import InvalidError, Problem
from booking.core.instants import Interval
from booking.core.intervals import LocalInterval
from booking.core.permissions import Actor
from booking.core.refusals import Reason, Refusal, TooFewTogether
from booking.finding import queries as finding
from booking.finding.queries import Fitting, Park, Terrain
from booking.finding.rules import Habits
from booking.groups.wishes import Wanted
from booking.policies import facts
from booking.policies.facts import Place
from booking.reservations.availability import free_times_of_units, is_inside
from booking.spaces.models import Area, ResourceState
from booking.spaces.opening import Opening
from booking.spaces.queries import openings

HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)
SHIFTS = 16  # half-hours that are tried before and after
DAYS_AHEAD = 7
MOST_LOOKED_AT = 600  # places whose day is read to find another time


class Why(StrEnum):
    """What is different in an offer. Part of the API."""

    OTHER_AREA = "other_area"
    OTHER_TIME = "other_time"
    OTHER_DAY = "other_day"
    FEWER = "fewer"


@dataclass(frozen=True)
class Offer:
    """Something near to the wish that can be booked: how many places, where and when."""

    why: Why
    count: int
    local: LocalInterval
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Choice:
    """The places for a wish; where there are not enough, what the house rules say besides."""

    places: tuple[Place, ...]
    local: LocalInterval
    free: int
    refusals: tuple[Refusal, ...]


def choose(actor: Actor, wanted: Wanted) -> Choice:
    """So many free places as near to each other as can be, in the order of the plan.

    Raises InvalidError for a kind, an area or a building that is not there.
    """
    park = _park()
    return _choose(actor, park, wanted, wanted.local(park.zone_name))


def instead(actor: Actor, wanted: Wanted) -> list[Offer]:
    """Where there are not enough: elsewhere, at another time, on another day, fewer."""
    park = _park()
    local = wanted.local(park.zone_name)
    found = [
        *_elsewhere(actor, park, wanted, local),
        *_at_other_times(actor, park, wanted, local),
    ]
    fewer = _choose(actor, park, wanted, local).free
    if fewer:
        places = _choose(actor, park, replace(wanted, count=fewer), local).places
        found.append(Offer(Why.FEWER, fewer, local, places))
    return found


def too_few(wanted: Wanted, choice: Choice) -> tuple[Refusal, ...]:
    """Why the wish cannot be met."""
    facts_ = TooFewTogether(wanted=wanted.count, free=choice.free)
    return (Refusal(Reason.TOO_FEW_TOGETHER, facts_), *choice.refusals)


def _park() -> Park:
    park = finding.park()
    if park is None:
        raise InvalidError({"kind": Problem.NOT_FOUND})
    return park


def _choose(actor: Actor, park: Park, wanted: Wanted, local: LocalInterval) -> Choice:
    """What everybody prefers is given up where there are not so many such places together."""
    fitting = _fitting(park, wanted)
    if fitting.wished:
        preferring = replace(fitting, needed=fitting.wished, wished=())
        choice = _choose_of(actor, park, preferring, wanted.count, local)
        if choice.places:
            return choice
    return _choose_of(actor, park, fitting, wanted.count, local)


def _choose_of(
    actor: Actor, park: Park, fitting: Fitting, count: int, local: LocalInterval
) -> Choice:
    terrains = finding.terrains(fitting)
    opening_of = _openings(terrains, local.starts_at, local.ends_at)
    allowed, refusals = _allowed(actor, terrains, opening_of, local)
    free = finding.free_on_the_plan(fitting, allowed, local.project())
    chosen = finding.nearest_together(free, count, _whereabouts(actor, park, local))
    by_id = finding.places(one.resource_id for one in chosen)
    places = tuple(by_id[one.resource_id] for one in chosen)
    return Choice(places, local, len(free), () if places else refusals)


def _whereabouts(actor: Actor, park: Park, local: LocalInterval) -> Habits:
    day = zones.day_bounds(local.starts_at.date(), local.zone)
    where = {one.id: one.where for one in park.areas}
    return finding.whereabouts(actor, local.project(), day, where)


def _fitting(park: Park, wanted: Wanted) -> Fitting:
    kinds = {one.code: one.id for one in park.kinds}
    buildings = {one.code: one.id for one in park.buildings}
    if wanted.kind not in kinds:
        raise InvalidError({"kind": Problem.NOT_FOUND})
    if wanted.building and wanted.building not in buildings:
        raise InvalidError({"building": Problem.NOT_FOUND})
    features = {one.code: one.id for one in park.features}
    if not features.keys() >= set(wanted.preferred):
        raise InvalidError({"feature": Problem.NOT_FOUND})
    return Fitting(
        kind_id=kinds[wanted.kind],
        people=1,
        wished=tuple(features[code] for code in wanted.preferred),
        step_free_id=park.step_free_id if wanted.step_free else None,
        building_id=buildings.get(wanted.building),
        area_id=_area_id(wanted.area) if wanted.area else None,
    )


def _area_id(code: str) -> int:
    found = session().scalar(select(Area.id).where(Area.code == code)) if code.isprintable() else 0
    if not found:
        raise InvalidError({"area": Problem.NOT_FOUND})
    return found


def _openings(terrains: Sequence[Terrain], first: datetime, last: datetime) -> dict[int, Opening]:
    hours = {one.terms.hours_id for one in terrains}
    return openings(hours, first.date() - DAY, last.date() + DAY) if hours else {}


def _allowed(
    actor: Actor,
    terrains: Sequence[Terrain],
    opening_of: dict[int, Opening],
    local: LocalInterval,
) -> tuple[list[Terrain], tuple[Refusal, ...]]:
    """The policies and hours that give their places then, and what the others say."""
    allowed: list[Terrain] = []
    refusals: list[Refusal] = []
    for one in terrains:
        spot = replace(one.sample.spot, state=ResourceState.IN_ORDER)
        judged = facts.judged(
            [replace(one.sample, spot=spot).for_anybody()],
            opening_of,
            local,
            headcount=1,
            is_member=bool(actor.memberships),
            changes={},
        )
        if judged.allowed:
            allowed.append(one)
        refusals += judged.refusals
    return allowed, tuple(refusals)


# --- offers ---


def _elsewhere(actor: Actor, park: Park, wanted: Wanted, local: LocalInterval) -> Iterator[Offer]:
    if wanted.area or wanted.building:
        anywhere = _choose(actor, park, replace(wanted, area="", building=""), local)
        if anywhere.places:
            yield Offer(Why.OTHER_AREA, wanted.count, local, anywhere.places)


def _at_other_times(
    actor: Actor, park: Park, wanted: Wanted, local: LocalInterval
) -> Iterator[Offer]:
    """The nearest time on the same day with enough free places, and the nearest other day."""
    days = _days(actor, park, wanted, local)
    other_days = (_moved(local, later * DAY) for later in range(1, DAYS_AHEAD + 1))
    for why, others in ((Why.OTHER_TIME, _same_day(local)), (Why.OTHER_DAY, other_days)):
        found = next((one for one in others if days.free_at(one) >= wanted.count), None)
        if found is not None:
            yield Offer(why, wanted.count, found)


@dataclass(frozen=True)
class _Days:
    """The places that would do, from the wished day on: their rules, hours and free times."""

    actor: Actor
    terrains: Sequence[Terrain]
    opening_of: dict[int, Opening]
    places: Sequence[Place]
    free: dict[int, list[tuple[Interval, ...]]]  # of each of its units

    def free_at(self, local: LocalInterval) -> int:
        """How many of them could be booked then."""
        try:
            interval = local.project()
        except ValueError:  # the clocks jump over it
            return 0
        allowed, _refusals = _allowed(self.actor, self.terrains, self.opening_of, local)
        terms = {one.terms for one in allowed}
        return sum(
            is_inside(free, interval)
            for place in self.places
            for free in self.free[place.resource_id]
            if (place.spot.policy_id, place.spot.hours_id) in terms
            and place.spot.state is ResourceState.IN_ORDER
        )


def _days(actor: Actor, park: Park, wanted: Wanted, local: LocalInterval) -> _Days:
    fitting = _fitting(park, wanted)
    terrains = finding.terrains(fitting)
    places = facts.places(*fitting.conditions(), limit=MOST_LOOKED_AT)
    return _Days(
        actor,
        terrains,
        _openings(terrains, local.starts_at, local.ends_at + DAYS_AHEAD * DAY),
        places,
        free_times_of_units(places, _window(local)),
    )


def _window(local: LocalInterval) -> Interval:
    zone = local.zone
    midnight = datetime.combine(local.starts_at.date(), datetime.min.time())
    return Interval(
        min(zones.reached(midnight, zone), clock.now()),
        zones.reached(local.ends_at + (DAYS_AHEAD + 1) * DAY, zone),
    )


def _same_day(local: LocalInterval) -> Iterator[LocalInterval]:
    """The same length at other times of the day, the nearest first."""
    for step in range(1, SHIFTS + 1):
        for shift in (step * HALF_HOUR, -step * HALF_HOUR):
            moved = _moved(local, shift)
            if moved.starts_at.date() == local.starts_at.date():
                yield moved


def _moved(local: LocalInterval, by: timedelta) -> LocalInterval:
    return LocalInterval(local.starts_at + by, local.ends_at + by, local.zone_name)
