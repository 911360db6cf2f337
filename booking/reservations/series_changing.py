"""Changing several dates of a series at once: every date is judged beforehand, and all that are to
change do, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from msgspec import UNSET, UnsetType
from sqlalchemy import select

from booking.authorisations.queries import rights_of_each
from booking.core import clock
from booking.core.database import savepoint, session, transactional
from booking.core.errors import ForbiddenError, InvalidError, Problem, RefusedError
from booking.core.fingerprints import fingerprint, require_unchanged
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor, allows
from booking.core.refusals import LayoutKind, NonexistentTime, Reason, Refusal
from booking.occupancy.claims import Claim
from booking.occupancy.models import Hold
from booking.policies import facts
from booking.policies.facts import Change, Place
from booking.policies.quotas import Counting
from booking.policies.rules import Rights
from booking.reservations import alternatives, quotas, series_acts, service
from booking.reservations.alternatives import Alternative
from booking.reservations.claims import Had, had_by_each
from booking.reservations.models import SeriesAct
from booking.reservations.queries import Details
from booking.reservations.series import ATTEMPTS, Instead
from booking.reservations.series_acts import Dates, Done
from booking.reservations.series_taken import Taken
from booking.reservations.service import Revised
from booking.reservations.standing import versions
from booking.reservations.wishes import (
    LONGEST,
    checked_headcount,
    checked_title,
    laid_out,
    local_interval,
)
from booking.spaces.opening import Opening
from booking.spaces.queries import openings

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """What several dates shall be; what is None stays.

    `starts` and `ends` are times of the day, after midnight, on which each date has been so far.
    `choices` say for single dates, by their reservations, what they shall be instead; None leaves
    one as it is.
    """

    starts: timedelta | None = None
    ends: timedelta | None = None
    resources: tuple[str, ...] | None = None
    title: str | None = None
    headcount: int | None = None
    layout: LayoutKind | UnsetType | None = UNSET  # not named: it stays
    changes_others: bool = False  # also dates that were changed alone
    choices: Mapping[str, Instead | None] = field(default_factory=dict)


class Fate(StrEnum):
    """What becomes of a date. Part of the API."""

    CHANGES = "changes"
    ASKS = "asks"  # for the change, and stays as it is until that is approved
    CONFLICT = "conflict"
    SAME = "same"  # it is so already
    CHANGED_ALONE = "changed_alone"  # before, and stays so
    LEFT = "left"  # by choice
    BEGUN = "begun"
    NOT_YOURS = "not_yours"


ACTING = (Fate.CHANGES, Fate.ASKS)


@dataclass(frozen=True)
class Planned:
    """A date ahead: what it would be, and what stands against it."""

    revised: Revised
    fate: Fate
    refusals: tuple[Refusal, ...] = ()

    @property
    def before(self) -> Details:
        """The reservation as it stands."""
        return self.revised.before


@dataclass(frozen=True)
class Look:
    """Every date ahead, as the change would leave it."""

    dates: Dates
    planned: tuple[Planned, ...]
    is_member: bool
    counting: Counting | None = None  # with every date that can be had

    @property
    def acting(self) -> list[Planned]:
        """Those that change, or ask for it."""
        return [one for one in self.planned if one.fate in ACTING]

    @property
    def conflicts(self) -> list[Planned]:
        """Those that cannot be had as wished."""
        return [one for one in self.planned if one.fate is Fate.CONFLICT]

    @property
    def seen(self) -> str:
        """The mark of all dates ahead as they stand now."""
        return fingerprint(versions([one.before for one in self.planned]))


@dataclass(frozen=True)
class Usual:
    """What most dates have: those that have another time or place were changed alone."""

    starts: timedelta
    ends: timedelta
    resource_ids: frozenset[int]

    @classmethod
    def of(cls, one: Details) -> Usual:
        """What one date has, or asks for."""
        local = one.local if one.amendment is None else one.amendment.local
        places = one.places if one.amendment is None else one.amendment.places
        midnight = datetime.combine(local.starts_at, time.min)
        keys = frozenset(place.resource_id for place in places)
        return cls(local.starts_at - midnight, local.ends_at - midnight, keys)


# --- look ---


def look(actor: Actor, public_id: str, wanted: Wanted, *, since: str | None = None) -> Look:
    """Judge every date ahead, from the named reservation on or all, in as many statements for a
    hundred as for two. Nothing is changed.

    Raises InvalidError for a wish that makes no sense, NotFoundError as `series_acts.dates` does,
    ForbiddenError where the actor may change none of them, RefusedError where none is ahead.
    """
    return _look(actor, series_acts.dates(actor, public_id, since), wanted, since)


def options(found: Look) -> dict[str, list[Alternative]]:
    """What could be had instead on each date that cannot, by its reservation: up to three a date;
    a fixed number of statements for all that want the same places."""
    offered: dict[str, list[Alternative]] = {}
    by_places: dict[frozenset[int], list[Planned]] = {}
    for one in found.conflicts:
        if all(refusal.reason is not Reason.NONEXISTENT_TIME for refusal in one.refusals):
            keys = frozenset(place.resource_id for place in one.revised.places)
            by_places.setdefault(keys, []).append(one)
    for alike in by_places.values():
        lists = alternatives.on_dates(
            alike[0].revised.places,
            [one.revised.local for one in alike],
            headcount=max(one.revised.headcount for one in alike),
            is_member=found.is_member,
            holder=quotas.of(alike[0].before),
            counting=found.counting,
        )
        offered |= {one.before.public_id: found for one, found in zip(alike, lists, strict=True)}
    return offered


def usual(dates: Sequence[Details]) -> Usual:
    """What most of them have; of several that are as frequent, that of the earliest."""
    counted = Counter(map(Usual.of, dates))
    return max(counted, key=counted.__getitem__)  # the first of those that come first


def _look(
    actor: Actor,
    dates: Dates,
    wanted: Wanted,
    since: str | None,
    count: quotas.Count = quotas.counting,
) -> Look:
    ahead = dates.ahead
    if not any(allows(actor, Action.CHANGE, one) for one in dates.reservations):
        raise ForbiddenError
    if not ahead:
        refusals = map(service.why_not_changeable, dates.reservations)
        raise RefusedError(tuple(one for one in refusals if one is not None)[-1:])
    wish = _Wish.of(actor, ahead, wanted, since)
    planned = [_planned(actor, wish, one) for one in ahead]
    is_member = bool(actor.memberships) or any(one.counts_as_member for one in ahead)
    found = Look(dates, tuple(planned), is_member)
    if not found.acting:
        return found
    counting = _counting(planned, count)
    return replace(found, planned=tuple(_judged(actor, planned, counting)), counting=counting)


@dataclass(frozen=True)
class _Wish:
    """A wanted change with all that it names, and what most dates have so far."""

    wanted: Wanted
    since: str | None
    usual: Usual
    title: str  # of most of those that have the usual time and place
    headcount: int
    layout: LayoutKind | None
    places: Mapping[str, Place]

    @classmethod
    def of(cls, actor: Actor, ahead: Sequence[Details], wanted: Wanted, since: str | None) -> _Wish:
        """Resolve what is named; raises InvalidError for what makes no sense."""
        if wanted.title is not None:
            wanted = replace(wanted, title=checked_title(wanted.title))
        if wanted.headcount is not None:
            checked_headcount(wanted.headcount)
        _refuse_unknown(wanted, ahead)
        mine = [one for one in ahead if _may_change(actor, one)] or list(ahead)
        common = usual(mine)
        alike = [one for one in mine if Usual.of(one) == common]
        return cls(
            wanted,
            since,
            common,
            Counter(one.title for one in alike).most_common(1)[0][0],
            Counter(one.headcount for one in alike).most_common(1)[0][0],
            Counter(one.layout for one in alike).most_common(1)[0][0],
            _places_named(wanted, ahead),
        )

    def is_changed_alone(self, one: Details) -> bool:
        """Whether it stays as it was made by itself, unless one asks otherwise."""
        is_meant = self.wanted.changes_others or one.public_id == self.since
        return Usual.of(one) != self.usual and not is_meant

    def revised(self, one: Details) -> Revised:
        """The date as it would be."""
        wanted = self.wanted
        chosen = wanted.choices.get(one.public_id)
        local, resources = self._local(one), wanted.resources
        if chosen is not None:
            start, end = chosen.starts_at or local.starts_at, chosen.ends_at or local.ends_at
            local = local_interval(start, end, local.zone_name)
            resources = chosen.resources or resources
        places = one.places if resources is None else self._places(resources)
        layout = self._layout(one)
        known = one.resource_ids if layout == one.layout else frozenset()
        return Revised(
            one,
            laid_out(places, layout, known=known),
            local,
            self._title(one),
            self._headcount(one),
            layout,
        )

    def _local(self, one: Details) -> LocalInterval:
        """On its own day; what reached into another day does so still."""
        wanted, local = self.wanted, one.local
        if wanted.starts is None and wanted.ends is None:
            return local
        first = datetime.combine(local.starts_at, time.min)
        last = datetime.combine(local.ends_at - timedelta(minutes=1), time.min)
        start = local.starts_at if wanted.starts is None else first + wanted.starts
        end = local.ends_at if wanted.ends is None else last + wanted.ends
        return _lasting(start, end, local.zone_name)

    def _places(self, resources: Collection[str]) -> tuple[Place, ...]:
        found = {self.places[one].resource_id: self.places[one] for one in resources}
        return tuple(sorted(found.values(), key=lambda place: place.spot.code))

    def _title(self, one: Details) -> str:
        is_other = one.title != self.title and not self.wanted.changes_others
        return one.title if self.wanted.title is None or is_other else self.wanted.title

    def _layout(self, one: Details) -> LayoutKind | None:
        is_other = one.layout != self.layout and not self.wanted.changes_others
        wanted = self.wanted.layout
        return one.layout if wanted is UNSET or is_other else wanted

    def _headcount(self, one: Details) -> int:
        is_other = one.headcount != self.headcount and not self.wanted.changes_others
        wanted = self.wanted.headcount
        return one.headcount if wanted is None or is_other else wanted


def _refuse_unknown(wanted: Wanted, ahead: Sequence[Details]) -> None:
    if wanted.choices.keys() - {one.public_id for one in ahead}:
        raise InvalidError({"choices": Problem.NOT_FOUND})
    if wanted.resources is not None and not wanted.resources:
        raise InvalidError({"resources": Problem.MISSING})


def _lasting(start: datetime, end: datetime, zone_name: str) -> LocalInterval:
    """As `local_interval`, but for what the clocks do on the day, which is a refusal of it."""
    if end <= start:
        raise InvalidError({"ends_at": Problem.ENDS_BEFORE_IT_STARTS})
    if end - start > LONGEST:
        raise InvalidError({"ends_at": Problem.OUT_OF_RANGE})
    return LocalInterval(start, end, zone_name)


def _places_named(wanted: Wanted, ahead: Sequence[Details]) -> dict[str, Place]:
    """All places that stand in the wish, by public id; one statement for those that no date has."""
    named = set(wanted.resources or ())
    for chosen in wanted.choices.values():
        named |= set(() if chosen is None else chosen.resources or ())
    found = {place.spot.public_id: place for one in ahead for place in one.places}
    missing = named - found.keys()
    if missing:
        others = facts.places_in_use(missing)
        if len(others) < len(missing):
            raise InvalidError({"resources": Problem.NOT_FOUND})
        found |= {place.spot.public_id: place for place in others}
    return found


def _may_change(actor: Actor, one: Details) -> bool:
    return one.interval.starts_at > clock.now() and allows(actor, Action.CHANGE, one)


def _planned(actor: Actor, wish: _Wish, one: Details) -> Planned:
    """What becomes of it as far as no rule and no claim is asked."""
    as_is = Revised(one, one.places, one.local, one.title, one.headcount, one.layout)
    if not allows(actor, Action.CHANGE, one):
        return Planned(as_is, Fate.NOT_YOURS)
    if not _may_change(actor, one):
        return Planned(as_is, Fate.BEGUN)
    if one.public_id in wish.wanted.choices and wish.wanted.choices[one.public_id] is None:
        return Planned(as_is, Fate.LEFT)
    if one.public_id not in wish.wanted.choices and wish.is_changed_alone(one):
        return Planned(as_is, Fate.CHANGED_ALONE)
    revised = wish.revised(one)
    names_are_same = (revised.title, revised.headcount) == (one.title, one.headcount)
    is_same = revised.is_same_time_and_place and names_are_same
    return Planned(revised, Fate.SAME if is_same else Fate.CHANGES)


def _judged(
    actor: Actor, planned: Sequence[Planned], counting: Counting | None
) -> Iterator[Planned]:
    """What the rules say to each date that would change, and what is in its way."""
    opening_of = _openings([one.revised for one in planned])
    allowed = rights_of_each(
        (place, quotas.of(one.before).person_id) for one in planned for place in one.revised.places
    )
    ruled = [_ruled(actor, one, opening_of, allowed) for one in planned]
    moving = [one.revised for one in ruled if _moves(one)]
    had = had_by_each({one.before.id: one.before.interval for one in moving})
    claims = {one.before.id: _claims_of(one, had[one.before.id]) for one in moving}
    taken = _taken(moving, [claim for found in claims.values() for claim in found])
    for one in ruled:
        if not _moves(one):
            yield one
            continue
        found = claims[one.before.id]
        in_the_way = taken.refusals(found, one.before.id)
        refusals = (*one.refusals, *_over_quota(one, counting), *in_the_way)
        if refusals:
            yield replace(one, refusals=refusals, fate=Fate.CONFLICT)
            continue
        taken.take(found)
        _count_in(one.revised, counting)
        yield replace(one, fate=Fate.ASKS if one.revised.waits else Fate.CHANGES)


def _moves(one: Planned) -> bool:
    is_moving = one.fate in (*ACTING, Fate.CONFLICT)
    return is_moving and not one.revised.is_same_time_and_place


def _counting(planned: Sequence[Planned], count: quotas.Count) -> Counting | None:
    """What the quotas ask, without the dates that change."""
    moving = [one.revised for one in planned if _moves(one)]
    days = [one.local.starts_at.date() for one in moving]
    if not days:
        return None
    return count(
        [place for one in moving for place in one.places],
        {quotas.of(one.before) for one in moving},
        (min(days), max(days)),
        given_up=[one.before for one in moving],
    )


def _over_quota(one: Planned, counting: Counting | None) -> tuple[Refusal, ...]:
    """What the quotas say to a date, those before it counted as they would be."""
    if counting is None or any(said.reason is Reason.NONEXISTENT_TIME for said in one.refusals):
        return ()
    revised = one.revised
    codes = ", ".join(place.spot.code for place in revised.places)
    own = quotas.changing(counting, one.before)
    return own.refusals(revised.places, revised.local, revised.local.project(), codes)


def _count_in(revised: Revised, counting: Counting | None) -> None:
    """As it would be; what waits for approval, as it is or would be, whichever is more."""
    if counting is None:
        return
    before = revised.before
    own = counting.of(quotas.of(before))
    key = before.id if revised.waits else None
    own.take(revised.places, revised.local, revised.local.project(), key)
    if revised.waits:
        own.take(before.places, before.local, before.interval, key)


def _openings(revised: Sequence[Revised]) -> Mapping[int, Opening]:
    days = [day for one in revised for day in (one.local.starts_at, one.local.ends_at)]
    return openings(
        {place.spot.hours_id for one in revised for place in one.places},
        min(days).date() - DAY,
        max(days).date() + 2 * DAY,
    )


def _ruled(
    actor: Actor, one: Planned, opening_of: Mapping[int, Opening], allowed: Rights
) -> Planned:
    """What the rules say; a date that is only named anew is spared all but the capacity."""
    if one.fate is not Fate.CHANGES:
        return one
    revised, before = one.revised, one.before
    if revised.is_same_time_and_place:
        more = revised.headcount > before.headcount
        over = facts.over_capacity(revised.places, revised.headcount) if more else []
        return replace(one, refusals=tuple(over), fate=Fate.CONFLICT if over else one.fate)
    try:
        said = facts.judged(
            tuple(place.for_series() for place in revised.places),
            opening_of,
            revised.local,
            headcount=revised.headcount,
            is_member=before.counts_as_member or bool(actor.memberships),
            changes={
                place.resource_id: Change(
                    was=before.interval, keeps_place=place.resource_id in before.resource_ids
                )
                for place in revised.places
            },
            rights=allowed,
        )
    except ValueError:  # the clocks jump over it
        gap = Refusal(Reason.NONEXISTENT_TIME, NonexistentTime(revised.local.starts_at))
        return replace(one, refusals=(gap,), fate=Fate.CONFLICT)
    return replace(
        one,
        revised=replace(revised, asking=said.asking),
        refusals=said.refusals,
        fate=Fate.CONFLICT if said.refusals else Fate.CHANGES,
    )


def _claims_of(one: Revised, had: Had) -> list[Claim]:
    try:
        return one.claims(had)
    except ValueError:  # as above
        return []


def _taken(moving: Sequence[Revised], claims: Sequence[Claim]) -> Taken:
    """What stays taken when all of these give up what they have."""
    waiting = [one.before.amendment.id for one in moving if one.before.amendment is not None]
    held = select(Hold.id).where(Hold.amendment_id.in_(waiting))
    return Taken(
        claims,
        given_up_by={one.before.id for one in moving if not one.waits},
        given_up_holds=set(session().scalars(held)) if waiting else (),
    )


# --- change ---


@transactional
def change(
    actor: Actor,
    public_id: str,
    wanted: Wanted,
    *,
    since: str | None = None,
    seen: str | None = None,
) -> Look:
    """Change every date that is to change, or none. What needs approval waits for it.

    Raises OutdatedError where the dates ahead are no longer those of the mark `seen`, RefusedError
    with what stands against any of them, and what `look` raises.
    """
    dates = series_acts.held(actor, public_id, since)
    for attempt in range(1, ATTEMPTS + 1):
        found = _look(actor, dates, wanted, since, quotas.held)
        require_unchanged(seen, versions([one.before for one in found.planned]))
        if found.conflicts:
            raise RefusedError(_each_once(found.conflicts))
        try:
            with savepoint():
                _write(actor, found)
            return found
        except RefusedError:  # somebody took a place since; look again, and say which
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def _each_once(refused: Sequence[Planned]) -> tuple[Refusal, ...]:
    return tuple(dict.fromkeys(refusal for one in refused for refusal in one.refusals))


def _write(actor: Actor, found: Look) -> None:
    acting = found.acting
    if not acting:
        return
    service.revise_each(actor, [one.revised for one in acting])
    series_acts.tell(
        actor,
        found.dates.series,
        "changed_series",
        {
            "dates": sum(one.fate is Fate.CHANGES for one in acting),
            "asked": sum(one.fate is Fate.ASKS for one in acting),
        },
        [_done(one) for one in acting if not one.revised.is_same_time_and_place],
    )


def _done(one: Planned) -> Done:
    is_moved = one.revised.local != one.before.local
    return Done(
        one.before.id,
        SeriesAct.ASKED if one.fate is Fate.ASKS else SeriesAct.CHANGED,
        one.before.local if is_moved else None,
    )
