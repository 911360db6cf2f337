"""The answer to a search: what is free, best first and why; else what is near to the wish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from booking.authorisations.queries import rights
from booking.core import clock, zones
from booking.core.errors import InvalidError, Problem
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor, require
from booking.core.refusals import Refusal
from booking.finding import queries, rules
from booking.finding.queries import FeatureChoice, Fitting, KindChoice, Park, Terrain
from booking.finding.rules import Asked, Candidate, Field, Habits, Reason
from booking.finding.wishes import MOST_FEATURES, Wanted
from booking.policies import facts
from booking.policies.facts import Place
from booking.policies.rules import judge
from booking.reservations import alternatives, quotas
from booking.reservations.alternatives import Why
from booking.reservations.availability import free_units
from booking.reservations.wishes import MOST_PEOPLE
from booking.spaces.models import Behaviour, ResourceState
from booking.spaces.queries import openings

DAY = timedelta(days=1)
MOST_NEAR = 4
LOOKED_AT = 30  # places whose other times are read where nothing is free


class Difference(StrEnum):
    """What is different in what is near to the wish. Part of the API."""

    OTHER_TIME = "other_time"
    SHORTER = "shorter"
    FEWER_FEATURES = "fewer_features"
    OTHER_AREA = "other_area"
    OTHER_BUILDING = "other_building"
    OTHER_DAY = "other_day"


@dataclass(frozen=True)
class Match:
    """A place that can be booked as wished, and why it is offered."""

    place: Place
    reasons: tuple[Reason, ...]
    free_units: int = 1  # of a pool, how many of its places


@dataclass(frozen=True)
class Near:
    """A place and a time that can be booked and are not quite what was wished."""

    place: Place
    local: LocalInterval
    difference: Difference
    lacks: tuple[FeatureChoice, ...] = ()


@dataclass(frozen=True)
class Barred:
    """Places that fit but that the house rules do not give at that time, and the reasons."""

    count: int
    sample: Place
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class Found:
    """The answer. `free` counts all that can be booked, `matches` is the page of them that was
    asked for; `taken` counts those that somebody else has or that are out of order."""

    matches: tuple[Match, ...]
    free: int
    taken: int
    barred: tuple[Barred, ...]
    nearest: tuple[Near, ...]
    together: tuple[Place, ...] = ()
    largest: int = 0  # how many people the largest of the kind takes, where none is large enough

    @property
    def fits(self) -> int:
        """How many places fit, free or not."""
        return self.free + self.taken + sum(one.count for one in self.barred)


def find(
    actor: Actor,
    park: Park,
    wanted: Wanted,
    *,
    now: datetime | None = None,
    skip: int = 0,
    limit: int = 10,
) -> Found:
    """Look for a place; raises InvalidError for a wish of what the park does not know."""
    require(actor, Action.SEE_SPACES)
    _check(park, wanted)
    return _Search(actor, park, wanted, now or clock.now()).answer(skip, limit)


@dataclass(frozen=True)
class Ranking:
    """All free places that may be booked, best first; where there is none, what the rules say."""

    candidates: tuple[Candidate, ...]
    refusals: tuple[Refusal, ...]
    habits: Habits
    asked: Asked

    def reasons(self, candidate: Candidate) -> tuple[Reason, ...]:
        """Why this one."""
        field = Field.of(self.candidates)
        return tuple(rules.reasons(candidate, field, self.habits, self.asked))


def rank(actor: Actor, park: Park, wanted: Wanted) -> Ranking:
    """The places themselves, without a page around them; raises InvalidError as `find` does."""
    require(actor, Action.SEE_SPACES)
    _check(park, wanted)
    return _Search(actor, park, wanted, clock.now()).ranking()


def _comforts(park: Park) -> set[str]:
    return {one.code for one in park.equipment}


def _check(park: Park, wanted: Wanted) -> None:
    problems: dict[str, Problem] = {}
    if wanted.kind not in {one.code for one in park.kinds}:
        problems["kind"] = Problem.NOT_FOUND
    known = {one.code for one in park.features}
    if not known.issuperset(wanted.preferred) or not _comforts(park).issuperset(wanted.features):
        problems["feature"] = Problem.NOT_FOUND
    if len(wanted.features) + len(wanted.preferred) > MOST_FEATURES:
        problems["feature"] = Problem.OUT_OF_RANGE
    if wanted.building and wanted.building not in {one.code for one in park.buildings}:
        problems["building"] = Problem.NOT_FOUND
    if wanted.area and wanted.area not in {one.code for one in park.areas}:
        problems["area"] = Problem.NOT_FOUND
    if not 1 <= wanted.people <= MOST_PEOPLE:
        problems["people"] = Problem.OUT_OF_RANGE
    if problems:
        raise InvalidError(problems)


class _Search:
    """One search: a wish, for whom, and when it is asked."""

    def __init__(self, actor: Actor, park: Park, wanted: Wanted, now: datetime) -> None:
        self._actor = actor
        self._park = park
        self._kind: KindChoice = next(one for one in park.kinds if one.code == wanted.kind)
        self._is_for_one = self._kind.behaves is Behaviour.SEAT
        self._wanted = wanted
        self._local = wanted.local
        self._interval = wanted.local.project()
        self._now = now
        self._fitting = _fitting(park, self._kind, wanted)
        self._where = {one.id: one.where for one in park.areas}

    @property
    def _people(self) -> int:
        """For how many one place must be large enough: a seat is for one, whoever comes along."""
        return self._fitting.people

    def answer(self, skip: int, limit: int) -> Found:
        terrains = queries.terrains(self._fitting)
        allowed, barred = self._judged(terrains)
        candidates = queries.free(self._fitting, allowed, self._interval, self._where)
        habits = self._habits() if candidates else Habits()
        matches = self._page(candidates, habits, skip, limit)
        fits = sum(one.count for one in terrains)
        return Found(
            matches=matches,
            free=len(candidates),
            taken=sum(one.count for one in allowed) - len(candidates),
            barred=tuple(barred),
            nearest=() if candidates else self._nearest(terrains),
            together=self._together(allowed, habits),
            largest=0 if fits else self._largest_if_too_small(),
        )

    def ranking(self) -> Ranking:
        """What can be booked, in its order."""
        allowed, barred = self._judged(queries.terrains(self._fitting))
        candidates = queries.free(self._fitting, allowed, self._interval, self._where)
        habits = self._habits() if candidates else Habits()
        return Ranking(
            tuple(rules.ranked(candidates, habits, self._asked)),
            () if candidates else tuple(said for one in barred for said in one.refusals),
            habits,
            self._asked,
        )

    @property
    def _asked(self) -> Asked:
        fitting = self._fitting
        return Asked(
            self._people, len(fitting.needed), self._is_for_one, preferred=len(fitting.wished)
        )

    def _judged(self, terrains: Sequence[Terrain]) -> tuple[list[Terrain], list[Barred]]:
        """What the house rules say to each policy and its hours."""
        days = (self._local.starts_at.date() - DAY, self._local.ends_at.date() + DAY)
        opening = openings({one.terms.hours_id for one in terrains}, *days) if terrains else {}
        allowed: list[Terrain] = []
        barred: list[Barred] = []
        day = self._local.starts_at.date()
        samples, holder = [one.sample for one in terrains], quotas.of_actor(self._actor)
        counting = quotas.counting(samples, [holder], (day, day), now=self._now)
        allowed_for = rights(samples, holder.person_id)
        for one in terrains:
            case = facts.case_for(
                _in_order(one.sample),
                opening[one.terms.hours_id],
                self._local,
                headcount=self._people,
                is_member=bool(self._actor.memberships),
                now=self._now,
                balances=()
                if counting is None
                else counting.balances_of(one.sample, self._local, self._interval),
                rights=allowed_for,
            )
            refusals = judge(case).refusals
            if refusals:
                barred.append(Barred(one.count, one.sample, refusals))
            else:
                allowed.append(one)
        return allowed, barred

    def _page(
        self, candidates: Sequence[Candidate], habits: Habits, skip: int, limit: int
    ) -> tuple[Match, ...]:
        """The candidates in their order, from a place in it on, and the reasons of each."""
        if not candidates:
            return ()
        asked = self._asked
        field = Field.of(candidates)
        page = rules.ranked(candidates, habits, asked)[skip : skip + limit]
        found = queries.places(one.resource_id for one in page)
        free = free_units(found.values(), self._interval)
        return tuple(
            Match(
                found[one.resource_id],
                tuple(rules.reasons(one, field, habits, asked)),
                free[one.resource_id],
            )
            for one in page
        )

    def _habits(self) -> Habits:
        day = zones.day_bounds(self._local.starts_at.date(), self._local.zone)
        return queries.habits(self._actor, self._kind.id, self._interval, day, self._where)

    def _together(self, allowed: Sequence[Terrain], habits: Habits) -> tuple[Place, ...]:
        """Seats for several people near each other."""
        if not self._is_for_one or self._wanted.people < 2:
            return ()
        count = self._wanted.people
        return tuple(queries.together(self._fitting, allowed, self._interval, habits, count=count))

    # --- where nothing is free ---

    def _largest_if_too_small(self) -> int:
        largest = queries.largest(self._kind.id)
        return largest if largest < self._people else 0

    def _nearest(self, terrains: Sequence[Terrain]) -> tuple[Near, ...]:
        """At most so many: another time, shorter, fewer features, another building, another day."""
        near = [*self._at_other_times(terrains), *self._with_fewer_features(), *self._elsewhere()]
        order = list(Difference)
        return tuple(sorted(near, key=lambda one: order.index(one.difference))[:MOST_NEAR])

    def _at_other_times(self, terrains: Sequence[Terrain]) -> list[Near]:
        places = queries.soonest_free(self._fitting, terrains, self._interval, most=LOOKED_AT)
        found = alternatives.nearest(
            self._actor, places, self._local, headcount=self._people, now=self._now
        )
        return [Near(one.place, one.local, _DIFFERENCES[one.why]) for one in found]

    def _with_fewer_features(self) -> list[Near]:
        asked = self._fitting.needed
        if not asked:
            return []
        best = self._best(replace(self._fitting, needed=(), wished=asked))
        if best is None:
            return []
        has = queries.features_of([best.resource_id])[best.resource_id]
        lacks = tuple(one for one in self._park.features if one.id in asked and one.id not in has)
        return [Near(best, self._local, Difference.FEWER_FEATURES, lacks)]

    def _elsewhere(self) -> list[Near]:
        if self._fitting.building_id is None and self._fitting.area_id is None:
            return []
        best = self._best(replace(self._fitting, building_id=None, area_id=None))
        if best is None:
            return []
        is_inside = best.building_id == self._building_id
        where = Difference.OTHER_AREA if is_inside else Difference.OTHER_BUILDING
        return [Near(best, self._local, where)]

    @property
    def _building_id(self) -> int | None:
        """In which building it is looked for."""
        area = self._where.get(self._fitting.area_id or 0)
        return self._fitting.building_id if area is None else area.building_id

    def _best(self, fitting: Fitting) -> Place | None:
        """The first of what a wish that asks for less finds."""
        allowed, _barred = self._judged(queries.terrains(fitting))
        candidates = queries.free(fitting, allowed, self._interval, self._where)
        if not candidates:
            return None
        asked = Asked(self._people, len(fitting.wished), self._is_for_one)
        first = rules.ranked(candidates, Habits(), asked)[0]
        return queries.places([first.resource_id])[first.resource_id]


_DIFFERENCES: Mapping[Why, Difference] = {
    Why.SAME_RESOURCE_OTHER_TIME: Difference.OTHER_TIME,
    Why.SHORTER: Difference.SHORTER,
    Why.OTHER_DAY: Difference.OTHER_DAY,
}


def _fitting(park: Park, kind: KindChoice, wanted: Wanted) -> Fitting:
    by_code = {one.code: one.id for one in park.features}
    buildings = {one.code: one.id for one in park.buildings}
    areas = {one.code: one.id for one in park.areas}
    needed = tuple(by_code[code] for code in wanted.features)
    return Fitting(
        kind_id=kind.id,
        people=1 if kind.behaves is Behaviour.SEAT else wanted.people,
        needed=needed,
        wished=tuple(by_code[code] for code in wanted.preferred),
        step_free_id=park.step_free_id if wanted.step_free else None,
        building_id=buildings[wanted.building] if wanted.building else None,
        area_id=areas[wanted.area] if wanted.area else None,
    )


def _in_order(place: Place) -> Place:
    """As if it worked: whether each one does is asked of the places themselves."""
    return replace(place, spot=replace(place.spot, state=ResourceState.IN_ORDER))
