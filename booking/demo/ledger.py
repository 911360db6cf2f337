"""What the verbs would have written: their acts of three months, kept as rows for one bulk load.

Running ten thousand verbs takes minutes. A test holds this to the verbs themselves: the same acts
at the same times leave the same rows in every table.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from random import Random

from booking.core.events import EventKind
from booking.core.intervals import Interval, LocalInterval
from booking.core.refusals import LayoutKind
from booking.core.revisions import Scope
from booking.demo.chance import References, public_id, stream
from booking.journal.models import JsonFacts
from booking.occupancy.claims import Claim
from booking.occupancy.pools import Units
from booking.occupancy.queries import Busy
from booking.policies.facts import Place
from booking.reservations.claims import Had, claims_held, claims_of
from booking.reservations.models import (
    LIVE,
    Asking,
    CheckInWay,
    DeclineReason,
    SkipReason,
    State,
)
from booking.reservations.repetition import Repetition


@dataclass(frozen=True)
class Holder:
    """For whom it is, in which of their organisations, and who books where it is somebody else."""

    person_id: int
    organisation_id: int | None = None
    booked_by: int | None = None
    person: str | None = None  # the public id, which the journal names where another one books
    guest: str | None = None  # somebody without an account, whom the person receives

    @property
    def booker_id(self) -> int:
        """Who books."""
        return self.person_id if self.booked_by is None else self.booked_by


@dataclass(frozen=True)
class Aim:
    """What a reservation shall be: where, when, called what, for how many."""

    place: Place
    local: LocalInterval
    title: str = ""
    headcount: int = 1
    beside: tuple[Place, ...] = ()  # more places of the same reservation

    @cached_property
    def interval(self) -> Interval:
        """When, in UTC."""
        return self.local.project()

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """All places, by code."""
        return tuple(sorted((self.place, *self.beside), key=lambda place: place.spot.code))

    @property
    def pools(self) -> tuple[Place, ...]:
        """Those of which it takes one of several places."""
        return tuple(place for place in self.places if place.spot.units > 1)

    def on(self, units: Mapping[int, int]) -> Aim:
        """The same on these units, by the key of the pool."""
        place, *beside = (
            replace(one, unit=units.get(one.resource_id, one.unit))
            for one in (self.place, *self.beside)
        )
        return replace(self, place=place, beside=tuple(beside))

    @property
    def layout(self) -> LayoutKind | None:
        """In which its places are laid out."""
        return next((one.layout.kind for one in self.places if one.layout is not None), None)

    @property
    def asking(self) -> tuple[Place, ...]:
        """Those whose policy asks."""
        return tuple(place for place in self.places if place.limits.needs_approval)

    @property
    def policies(self) -> list[int]:
        """The policies that ask, each once."""
        return list(dict.fromkeys(place.spot.policy_id for place in self.asking))

    @property
    def holds(self) -> bool:
        """Whether it is taken before somebody has decided."""
        return all(place.limits.holds_while_pending for place in self.asking)

    def deadline(self, now: datetime) -> datetime:
        """When the strictest policy wants an answer."""
        minutes = min(place.limits.decide_within for place in self.asking)
        return now + timedelta(minutes=minutes)

    def decide_by(self, now: datetime) -> datetime:
        """When a request for it expires."""
        return max(now, min(self.deadline(now), self.interval.starts_at))

    def facts(self, state: State) -> JsonFacts:
        """What the journal keeps of it."""
        return {
            "state": state.value,
            "resource": ", ".join(place.spot.code for place in self.places),
            "starts_at": self.local.starts_at.isoformat(timespec="minutes"),
            "ends_at": self.local.ends_at.isoformat(timespec="minutes"),
            "title": self.title,
            "headcount": self.headcount,
            **({} if self.layout is None else {"layout": self.layout.value}),
        }


@dataclass
class Wanted:
    """A change that was asked for."""

    public_id: str
    aim: Aim
    by: int
    at: datetime
    holds: bool
    decide_by: datetime
    held_until: datetime
    state: Asking = Asking.WAITING


@dataclass
class Asked:
    """A question to a policy's managers and its answer."""

    at: datetime
    version: int
    policy_id: int
    about: Wanted | None = None
    state: Asking = Asking.WAITING
    decided_by: int | None = None
    decided_at: datetime | None = None
    reason_code: DeclineReason | None = None
    reason: str | None = None


@dataclass
class Exchanged:
    """A question about a request, and its answer once there is one."""

    version: int
    by: int
    at: datetime
    text: str
    answered_by: int | None = None
    answered_at: datetime | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Came:
    """When somebody confirmed that they are there."""

    at: datetime
    by: int


@dataclass
class Entry:
    """A reservation as it stands after its acts so far."""

    public_id: str
    reference: str
    holder: Holder
    aim: Aim
    state: State
    holds_place: bool
    decide_by: datetime | None
    created_at: datetime
    changed_at: datetime
    settled_at: datetime  # when it got its time, place and state of now
    sequence: int = 0
    version: int = 1
    closing_code: DeclineReason | None = None
    closing_reason: str | None = None
    group: str | None = None
    came: Came | None = None
    released_at: datetime | None = None
    series: str | None = None
    series_start: datetime | None = None
    asked: list[Asked] = field(default_factory=list)
    changes: list[Wanted] = field(default_factory=list)
    exchanged: list[Exchanged] = field(default_factory=list)

    @property
    def waiting(self) -> Wanted | None:
        """The change that waits for a decision."""
        if self.changes and self.changes[-1].state is Asking.WAITING:
            return self.changes[-1]
        return None

    @property
    def waits(self) -> bool:
        """Whether somebody has to decide."""
        return self.state is State.PENDING or self.waiting is not None

    @property
    def claims(self) -> list[Claim]:
        """What it takes from others now."""
        if self.state not in LIVE or not self.holds_place:
            return []
        return claims_of(self.aim.places, self.aim.interval)

    @property
    def held(self) -> list[Claim]:
        """What the change that waits adds to it, where the policies hold that."""
        waiting = self.waiting
        if waiting is None or not waiting.holds:
            return []
        had = Had.by_policy(self.aim.places, self.aim.interval)
        return claims_held(waiting.aim.places, waiting.aim.interval, had)


@dataclass(frozen=True)
class Line:
    """One line of the journal and the event beside it; a renaming is told to nobody."""

    at: datetime
    actor_id: int | None
    act: str
    entry: Entry
    version: int
    before: JsonFacts | None = None
    after: JsonFacts | None = None
    event: EventKind | None = None
    reason: str | None = None
    by_group: bool = False
    by_series: bool = False


@dataclass(frozen=True)
class SeriesTold:
    """A series as it was booked: its repetition, the time of its first date, what was left out."""

    public_id: str
    at: datetime
    actor_id: int
    repetition: Repetition
    aim: Aim
    dates: int
    skips: tuple[tuple[datetime, SkipReason], ...]

    def facts(self) -> JsonFacts:
        """What the journal keeps of it."""
        return {
            "resource": ", ".join(place.spot.code for place in self.aim.places),
            "starts_at": self.aim.local.starts_at.isoformat(timespec="minutes"),
            "ends_at": self.aim.local.ends_at.isoformat(timespec="minutes"),
            "dates": self.dates,
            "skipped": len(self.skips),
        }


@dataclass(frozen=True)
class GroupTold:
    """What happened to a group as a whole."""

    public_id: str
    at: datetime
    actor_id: int
    version: int


@dataclass(frozen=True)
class Waits:
    """Somebody in line for a taken time at one place."""

    public_id: str
    at: datetime
    holder: Holder
    aim: Aim

    def facts(self) -> JsonFacts:
        """What the journal keeps of it."""
        local = self.aim.local
        return {
            "resource": self.aim.place.spot.code,
            "starts_at": local.starts_at.isoformat(timespec="minutes"),
            "ends_at": local.ends_at.isoformat(timespec="minutes"),
        }


class Ledger:
    """The acts; each method writes down what the verb of its name does."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._references = References(chance)
        self._touched: set[tuple[Scope, int]] = set()
        self.entries: list[Entry] = []
        self.lines: list[Line] = []
        self.groups: list[GroupTold] = []
        self.series: list[SeriesTold] = []
        self.waiting: list[Waits] = []
        self._chance_of_waiting = stream("waiting")
        self._in_pools: dict[int, list[Entry]] = defaultdict(list)
        self.revisions: Counter[tuple[Scope, int]] = Counter()
        self.changed_at: dict[tuple[Scope, int], datetime] = {}

    def book(self, holder: Holder, aim: Aim, at: datetime) -> Entry:
        """Book, or ask for, one resource or several together."""
        entry = self._add(holder, aim, at)
        self._commit(at)
        return entry

    def wait(self, holder: Holder, aim: Aim, at: datetime) -> None:
        """Get in line for a taken time."""
        key = public_id(self._chance_of_waiting, at)
        self.waiting.append(Waits(key, at, holder, aim))

    def book_together(self, wished: Sequence[tuple[Holder, Aim]], at: datetime) -> list[Entry]:
        """Several places at one time, each a reservation of its own."""
        group = public_id(self._chance, at)
        entries = [self._add(holder, aim, at, group) for holder, aim in wished]
        self.groups.append(GroupTold(group, at, entries[0].holder.booker_id, 1))
        self._commit(at)
        return entries

    def book_series(
        self,
        holder: Holder,
        repetition: Repetition,
        aims: Sequence[Aim],
        skips: Sequence[tuple[datetime, SkipReason]],
        at: datetime,
    ) -> list[Entry]:
        """The dates of a series, none of which was changed for itself, and those left out."""
        series = public_id(self._chance, at)
        first = min([aim.local.starts_at for aim in aims] + [start for start, _reason in skips])
        length = aims[0].local.ends_at - aims[0].local.starts_at
        local = LocalInterval(first, first + length, aims[0].local.zone_name)
        aim = replace(aims[0], local=local)
        self.series.append(
            SeriesTold(series, at, holder.booker_id, repetition, aim, len(aims), tuple(skips))
        )
        entries = [self._add(holder, one, at, series=series) for one in aims]
        self._commit(at)
        return entries

    def _add(
        self,
        holder: Holder,
        aim: Aim,
        at: datetime,
        group: str | None = None,
        series: str | None = None,
    ) -> Entry:
        pending = bool(aim.asking)
        if aim.holds:
            aim = self._seated(aim)
        entry = Entry(
            public_id=public_id(self._chance, at),
            reference=self._references.next(),
            holder=holder,
            aim=aim,
            state=State.PENDING if pending else State.CONFIRMED,
            holds_place=aim.holds,
            decide_by=aim.decide_by(at) if pending else None,
            created_at=at,
            changed_at=at,
            settled_at=at,
            group=group,
            series=series,
            series_start=None if series is None else aim.local.starts_at,
        )
        self.entries.append(entry)
        for place in aim.pools:
            self._in_pools[place.resource_id].append(entry)
        entry.asked.extend(Asked(at, 1, policy_id) for policy_id in aim.policies)
        self._tell(
            entry,
            holder.booker_id,
            "requested" if pending else "booked",
            EventKind.REQUESTED if pending else EventKind.CONFIRMED,
            at,
            after=aim.facts(entry.state) | _for_whom(holder),
            by_group=group is not None,
            by_series=series is not None,
        )
        self._bump(entry, aim.places)
        return entry

    def has_room(self, aim: Aim) -> bool:
        """Whether a place of each of its pools is free."""
        return self._units(aim) is not None

    def _seated(self, aim: Aim, own: Entry | None = None) -> Aim:
        """On places of its pools that are free: its own, else the first."""
        if not aim.pools:
            return aim
        units = self._units(aim, own)
        assert units is not None  # nothing is booked that is taken
        return aim.on(units)

    def _units(self, aim: Aim, own: Entry | None = None) -> dict[int, int] | None:
        found = {}
        for pool in aim.pools:
            taken = Units(self._taken_of(pool, aim, own))
            there = taken.room_for(claims_of([pool], aim.interval))
            if there is None:
                return None
            found[pool.resource_id] = there[0].unit
        return found

    def _taken_of(self, pool: Place, aim: Aim, own: Entry | None) -> Iterator[Busy]:
        """The claims of others near it."""
        day = timedelta(days=1)
        near = Interval(aim.interval.starts_at - day, aim.interval.ends_at + day)
        for entry in self._in_pools[pool.resource_id]:
            if entry is own or not near.overlaps(entry.aim.interval):
                continue
            for claim in (*entry.claims, *entry.held):
                if claim.resource_id == pool.resource_id:
                    yield Busy(claim.resource_id, claim.unit, claim.interval, claim.kind)

    def rename(self, entry: Entry, title: str, at: datetime) -> None:
        """Another title for a confirmed reservation, by its holder."""
        aim = replace(entry.aim, title=title)
        before, entry.aim = entry.aim, aim
        self._new_version(entry, at)
        self._tell(
            entry,
            entry.holder.person_id,
            "renamed",
            None,
            at,
            before=before.facts(entry.state),
            after=aim.facts(entry.state),
        )
        self._bump(entry, aim.places)
        self._commit(at)

    def move(self, entry: Entry, local: LocalInterval, at: datetime) -> None:
        """Another time, by its holder: confirmed without approval, or a request asked anew."""
        before = entry.aim
        entry.aim = replace(before, local=local)
        if entry.aim.holds:
            entry.aim = self._seated(entry.aim, entry)
        self._new_sequence(entry, at)
        if entry.state is State.PENDING:
            entry.decide_by = entry.aim.decide_by(at)
            _settle(entry, Asking.WITHDRAWN, at)
            entry.asked.extend(Asked(at, entry.version, policy_id) for policy_id in before.policies)
            act, kind = "moved", EventKind.REQUESTED
        else:
            _drop_change(entry, Asking.WITHDRAWN, at)
            shortened = before.interval.contains(entry.aim.interval)
            act, kind = "shortened" if shortened else "moved", EventKind.CHANGED
        self._tell_change(entry, entry.holder.person_id, act, kind, before, entry.aim, at)
        self._commit(at)

    def ask_for_change(self, entry: Entry, local: LocalInterval, at: datetime) -> None:
        """Ask for another time of a confirmed reservation, by its holder."""
        _drop_change(entry, Asking.WITHDRAWN, at)
        aim = replace(entry.aim, local=local)
        wanted = Wanted(
            public_id=public_id(self._chance, at),
            aim=aim,
            by=entry.holder.person_id,
            at=at,
            holds=aim.holds,
            decide_by=_decide_change_by(entry.aim, aim, at),
            held_until=_decide_change_by(entry.aim, aim, at),
        )
        entry.changes.append(wanted)
        self._new_version(entry, at)
        entry.asked.extend(
            Asked(at, entry.version, policy_id, about=wanted) for policy_id in aim.policies
        )
        kind = EventKind.AMENDMENT_REQUESTED
        self._tell_change(entry, wanted.by, "asked_for_change", kind, entry.aim, aim, at)
        self._commit(at)

    def withdraw_change(self, entry: Entry, at: datetime) -> None:
        """Take the wish for a change back, by its holder."""
        self._bump_of(entry)
        _drop_change(entry, Asking.WITHDRAWN, at)
        self._new_version(entry, at)
        self._tell(entry, entry.holder.person_id, "withdrew_change", None, at)
        self._commit(at)

    def approve(self, entry: Entry, by: int, at: datetime, rivals: tuple[Entry, ...] = ()) -> None:
        """Yes to a request (the rivals for the same time are declined) or to a change."""
        if entry.waiting is not None:
            self._approve_change(entry, entry.waiting, by, at)
            return
        for rival in rivals:
            self._decline(rival, by, DeclineReason.ANOTHER_WAS_APPROVED, "", at)
        _settle(entry, Asking.GRANTED, at, by)
        if not entry.holds_place:
            entry.aim = self._seated(entry.aim)
        before, entry.state = entry.state, State.CONFIRMED
        entry.holds_place = True
        self._new_sequence(entry, at)
        self._tell(
            entry,
            by,
            "approved",
            EventKind.CONFIRMED,
            at,
            before={"state": before.value},
            after={"state": State.CONFIRMED.value},
        )
        self._bump_of(entry)
        self._commit(at)

    def decline(
        self,
        entry: Entry,
        by: int,
        reason: str,
        at: datetime,
        code: DeclineReason = DeclineReason.OTHER,
    ) -> None:
        """No to a request or to a change, with the reason."""
        self._bump_of(entry)
        if entry.waiting is None:
            self._decline(entry, by, code, reason, at)
        else:
            _settle(entry, Asking.DECLINED, at, by, code, reason)
            _drop_change(entry, Asking.DECLINED, at)
            self._new_version(entry, at)
            kind = EventKind.AMENDMENT_DECLINED
            after = _reason_facts(code, reason)
            self._tell(entry, by, "declined_change", kind, at, after=after, reason=reason)
        self._commit(at)

    def ask(self, entry: Entry, by: int, text: str, at: datetime) -> None:
        """Ask something before deciding."""
        self._new_version(entry, at)
        entry.exchanged.append(Exchanged(entry.version, by, at, text))
        self._tell(entry, by, "asked", EventKind.ASKED, at)
        self._bump_of(entry)
        self._commit(at)

    def answer(self, entry: Entry, by: int, text: str, at: datetime) -> None:
        """Answer the question that waits."""
        self._new_version(entry, at)
        asked = entry.exchanged[-1]
        asked.answered_by, asked.answered_at, asked.answer = by, at, text
        self._tell(entry, by, "answered", EventKind.ANSWERED, at)
        self._bump_of(entry)
        self._commit(at)

    def cancel(self, entry: Entry, by: int, reason: str, at: datetime) -> None:
        """Give it back."""
        self._close(entry, by, State.CANCELLED, EventKind.CANCELLED, reason, at)
        self._commit(at)

    def expire(self, entry: Entry, at: datetime) -> None:
        """Nobody decided in time: the request ends, or the wish for a change does."""
        self._bump_of(entry)
        _settle(entry, Asking.EXPIRED, at)
        if entry.waiting is None:
            self._close(entry, None, State.EXPIRED, EventKind.EXPIRED, "", at)
        else:
            _drop_change(entry, Asking.EXPIRED, at)
            self._new_version(entry, at)
            self._tell(entry, None, "change_expired", EventKind.AMENDMENT_DECLINED, at)
        self._commit(at)

    def check_in(self, entry: Entry, at: datetime) -> None:
        """Whoever holds it confirms on a page that they are there."""
        by = entry.holder.person_id
        entry.came = Came(at, by)
        self._bump_of(entry)
        self._new_version(entry, at)
        self._tell(entry, by, "checked_in", None, at, after={"way": CheckInWay.PAGE.value})
        self._commit(at)

    def release(self, entry: Entry, at: datetime) -> None:
        """Nobody came: the worker gives the place back."""
        entry.released_at = at
        entry.holds_place = False
        self._bump_of(entry)
        self._new_sequence(entry, at)
        self._tell(entry, None, "released", EventKind.RELEASED, at)
        self._commit(at)

    def _approve_change(self, entry: Entry, wanted: Wanted, by: int, at: datetime) -> None:
        _settle(entry, Asking.GRANTED, at, by)
        wanted.state = Asking.GRANTED
        before, entry.aim = entry.aim, wanted.aim
        self._new_sequence(entry, at)
        kind = EventKind.CHANGED
        self._tell_change(entry, by, "approved_change", kind, before, entry.aim, at)
        self._commit(at)

    def _decline(
        self, entry: Entry, by: int, code: DeclineReason, reason: str, at: datetime
    ) -> None:
        _settle(entry, Asking.DECLINED, at, by, code, reason)
        self._close(entry, by, State.DECLINED, EventKind.DECLINED, reason, at, code)

    def _close(
        self,
        entry: Entry,
        by: int | None,
        state: State,
        kind: EventKind,
        reason: str,
        at: datetime,
        code: DeclineReason | None = None,
    ) -> None:
        self._bump_of(entry)
        _drop_change(entry, Asking.WITHDRAWN, at)
        _settle(entry, Asking.WITHDRAWN, at)
        before, entry.state = entry.state, state
        entry.holds_place = False
        entry.closing_code, entry.closing_reason = code, reason or None
        self._new_sequence(entry, at)
        self._tell(
            entry,
            by,
            state.value,
            kind,
            at,
            before={"state": before.value},
            after={"state": state.value, **_reason_facts(code, reason)},
        )

    def _new_sequence(self, entry: Entry, at: datetime) -> None:
        entry.sequence += 1
        entry.settled_at = at
        self._new_version(entry, at)

    def _new_version(self, entry: Entry, at: datetime) -> None:
        entry.version += 1
        entry.changed_at = at

    def _tell(
        self,
        entry: Entry,
        actor_id: int | None,
        act: str,
        kind: EventKind | None,
        at: datetime,
        *,
        before: JsonFacts | None = None,
        after: JsonFacts | None = None,
        reason: str | None = None,
        by_group: bool = False,
        by_series: bool = False,
    ) -> None:
        if before is not None and after is not None:
            changed = {key for key in after if before.get(key) != after[key]}
            before = {key: value for key, value in before.items() if key in changed}
            after = {key: value for key, value in after.items() if key in changed}
        self.lines.append(
            Line(
                *(at, actor_id, act, entry, entry.version, before, after, kind, reason),
                by_group=by_group,
                by_series=by_series,
            )
        )

    def _tell_change(
        self,
        entry: Entry,
        actor_id: int,
        act: str,
        kind: EventKind,
        before: Aim,
        after: Aim,
        at: datetime,
    ) -> None:
        state = entry.state
        facts_before, facts_after = before.facts(state), after.facts(state)
        self._tell(entry, actor_id, act, kind, at, before=facts_before, after=facts_after)
        self._bump(entry, (*before.places, *after.places))

    def _bump_of(self, entry: Entry) -> None:
        waiting = entry.waiting
        self._bump(entry, (*entry.aim.places, *(waiting.aim.places if waiting else ())))

    def _bump(self, entry: Entry, places: Iterable[Place]) -> None:
        for place in places:
            self._touched.add((Scope.FLOOR, place.spot.floor_id))
            self._touched.add((Scope.RESOURCE, place.resource_id))
            for one in place.linked:
                self._touched.add((Scope.FLOOR, one.floor_id))
                self._touched.add((Scope.RESOURCE, one.resource_id))
        self._touched.add((Scope.PERSON, entry.holder.person_id))
        self._touched.add((Scope.PERSON, entry.holder.booker_id))
        if entry.holder.organisation_id is not None:
            self._touched.add((Scope.ORGANISATION, entry.holder.organisation_id))

    def _commit(self, at: datetime) -> None:
        """A counter goes up by one in each transaction, however much of it changed."""
        self.revisions.update(self._touched)
        for scope in self._touched:
            self.changed_at[scope] = max(at, self.changed_at.get(scope, at))
        self._touched.clear()


def _reason_facts(code: DeclineReason | None, reason: str) -> JsonFacts:
    return {**({} if code is None else {"reason_code": code.value}), "reason": reason or None}


def _settle(
    entry: Entry,
    state: Asking,
    at: datetime,
    by: int | None = None,
    code: DeclineReason | None = None,
    reason: str = "",
) -> None:
    for asked in entry.asked:
        if asked.state is Asking.WAITING:
            asked.state, asked.decided_at, asked.decided_by = state, at, by
            asked.reason_code, asked.reason = code, reason or None


def _for_whom(holder: Holder) -> JsonFacts:
    return {} if holder.person is None else {"person": holder.person}


def _decide_change_by(present: Aim, wanted: Aim, at: datetime) -> datetime:
    last = present.interval.ends_at
    if wanted.interval.starts_at != present.interval.starts_at:
        last = min(present.interval.starts_at, wanted.interval.starts_at)
    return min(wanted.deadline(at), last)


def _drop_change(entry: Entry, state: Asking, at: datetime) -> None:
    if entry.waiting is None:
        return
    entry.waiting.state = state
    _settle(entry, state, at)
