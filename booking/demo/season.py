"""Three months of bookings by chance: who comes when, who cancels, what is granted or declined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random

from booking.core.intervals import LocalInterval, Span
from booking.core.zones import NonexistentTimeError
from booking.demo.chance import moment, stream
from booking.demo.ledger import Aim, Entry, Holder
from booking.demo.park import DAYS
from booking.demo.people import LAB_MANAGER, MANAGER_OF, MEMBER
from booking.demo.scene import Scene
from booking.demo.words import (
    CANCELLATIONS,
    DECLINES,
    LAB_WORK,
    MACHINE_WORK,
    MEETINGS,
    TRAININGS,
)
from booking.policies.facts import Place
from booking.reservations.models import State

Slots = Iterator[tuple[int, int]]

EARLIEST_ACT = timedelta(days=58)  # before today; by then everybody has joined
FAR_AHEAD = timedelta(days=21)
TITLES = {
    "desk": ("",),
    "meeting_room": MEETINGS,
    "lab": LAB_WORK,
    "training_room": TRAININGS,
    "equipment": MACHINE_WORK,
}
LEADS = {"desk": 4, "meeting_room": 8, "lab": 15, "training_room": 25, "equipment": 8}  # days
LONG_LEAD = timedelta(days=25)  # of what still lies ahead


# How often something happens, out of 1; what is left of the requests expires.
GRANTED, DECLINED, CANCELLED = 0.76, 0.10, 0.07
FREE_AGAIN = 0.06  # booked and cancelled, so that the place stays free
CHANGED = 0.05
ASKED_FOR_CHANGE = 0.06
RIVALLED = 0.3
STILL_PENDING = 0.35  # of the requests of the last days that Nadia does not decide on


def fill(scene: Scene) -> None:
    """Every loaded day, every resource."""
    _Season(scene).fill()


class _Season:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._chance = stream("season")
        self._chance_of_layouts = stream("layouts")
        salma = scene.people.id_of[MEMBER]  # what she did is told elsewhere
        self._people = tuple(one for one in scene.people.holders if one.person_id != salma)
        self._members = tuple(one for one in self._people if one.organisation_id is not None)
        places = [place for place in scene.places.values() if place.spot.units == 1]
        self._desks = [place for place in places if place.spot.kind_code == "desk"]
        self._others = [place for place in places if place.spot.kind_code != "desk"]
        self._pools = [place for place in scene.places.values() if place.spot.units > 1]
        self._regulars = self._chance.sample(self._people, len(self._desks))

    def fill(self) -> None:
        for day in self._scene.calendar.days:
            self._seat(day)
            for place in self._others:
                if place.spot.hours_id == self._always:
                    continue
                for opens, closes in _SLOTS[place.spot.kind_code](
                    self._chance, self._scene.spans(place, day)
                ):
                    self._use(place, self._scene.local(day, opens, closes), self._anybody(place))
        for place in self._others:
            if place.spot.hours_id == self._always:
                self._compute(place)
        for pool in self._pools:
            self._crowd(pool)

    @property
    def _always(self) -> int:
        return self._scene.places["GPU-1"].spot.hours_id

    # --- who and when ---

    def _seat(self, day: date) -> None:
        """Nobody sits at two desks on one day; most come back to their own."""
        free = set(self._people)
        guests = iter(self._chance.sample(self._people, len(self._people)))
        for place, regular in zip(self._desks, self._regulars, strict=True):
            for opens, closes in self._desk_slots(place, day):
                wanted = regular if self._chance.random() < 0.6 else next(guests)
                holder = wanted if wanted in free else next(g for g in guests if g in free)
                free.discard(holder)
                self._use(place, self._scene.local(day, opens, closes), holder)

    def _desk_slots(self, place: Place, day: date) -> Slots:
        for span in self._scene.spans(place, day):
            if span.closes - span.opens < 6 * 60:  # a Saturday morning
                if self._chance.random() < 0.25:
                    yield span.opens, span.closes
                continue
            ahead = day - self._scene.calendar.today > FAR_AHEAD
            yield from _desk_day(self._chance, span, is_far=ahead)

    def _crowd(self, pool: Place) -> None:
        """Some come to an open lab, all on their own; on a few days every place is taken."""
        for day in self._scene.calendar.days:
            for span in self._scene.spans(pool, day):
                count = self._chance.choice((4, 8, 10, 14, 20, 28))
                for holder in self._chance.sample(self._people, count):
                    last = (span.closes - span.opens) // 30 - 2
                    opens = span.opens + 30 * self._chance.randint(0, last)
                    closes = min(span.closes, opens + 30 * self._chance.randint(2, 12))
                    self._use(pool, self._scene.local(day, opens, closes), holder)

    def _anybody(self, place: Place) -> Holder:
        training = place.spot.kind_code == "training_room"
        return self._chance.choice(self._members if training else self._people)

    def _compute(self, place: Place) -> None:
        """Servers run for hours and nights, with pauses between."""
        first, last = self._scene.calendar.days[0], self._scene.calendar.days[-1]
        start = datetime.combine(first, datetime.min.time())
        while start.date() < last:
            start += timedelta(hours=self._chance.randint(1, 30))
            end = start + timedelta(hours=self._chance.choice((4, 8, 12, 16, 24, 36, 48)))
            local = LocalInterval(start, end, str(self._scene.calendar.zone))
            self._use(place, local, self._anybody(place))
            start = end

    # --- what becomes of it ---

    def _set_out(self, place: Place) -> Place:
        """In one of its layouts, or as it stands."""
        kinds = (None, *(one.kind for one in place.layouts))
        return place.laid_out(self._chance_of_layouts.choice(kinds)) if place.layouts else place

    def _use(self, place: Place, local: LocalInterval, holder: Holder) -> None:
        scene, place = self._scene, self._set_out(place)
        if not scene.taken.is_free(place, local) or not scene.works(place, local):
            return
        aim = self._aim(place, local)
        if not scene.ledger.has_room(aim):
            return
        try:
            created = self._created(aim)
        except NonexistentTimeError:  # a night run that would begin when the clocks jump
            return
        if created is None:
            return
        scene.taken.take(place, local)
        entry = scene.ledger.book(holder, aim, created)
        if entry.state is State.PENDING:
            self._decide(entry)
        elif self._chance.random() < FREE_AGAIN:
            self._cancel(entry, created)
        elif self._chance.random() < CHANGED:
            self._change(entry)

    def _aim(self, place: Place, local: LocalInterval) -> Aim:
        title = self._chance.choice(TITLES[place.spot.kind_code])
        capacity = place.spot.capacity
        return Aim(place, local, title, self._chance.randint(min(2, capacity), capacity))

    def _created(self, aim: Aim) -> datetime | None:
        """When it was booked: early enough for the notice, not before the horizon, not today."""
        limits, start = aim.place.limits, aim.interval.starts_at
        midnight = self._scene.midnight
        notice = timedelta(minutes=max(limits.notice, 60 if limits.needs_approval else 5))
        latest = min(start - notice, midnight - timedelta(hours=2))
        lead = timedelta(days=LEADS[aim.place.spot.kind_code])
        earliest = max(latest - (lead if start < midnight else LONG_LEAD), midnight - EARLIEST_ACT)
        earliest = max(earliest, start - timedelta(days=limits.horizon - 1))
        if earliest >= latest:
            return None
        return moment(self._chance, earliest, latest, self._scene.calendar.zone)

    def _between(self, earliest: datetime, latest: datetime) -> datetime:
        return moment(self._chance, earliest, latest, self._scene.calendar.zone)

    def _cancel(self, entry: Entry, after: datetime) -> None:
        latest = min(entry.aim.interval.starts_at, self._scene.midnight) - timedelta(minutes=1)
        if latest > after:
            reason = self._chance.choice(CANCELLATIONS)
            at = self._between(after, latest)
            self._scene.ledger.cancel(entry, entry.holder.person_id, reason, at)

    def _change(self, entry: Entry) -> None:
        """Rename it, or give the end back while it runs."""
        ledger, interval = self._scene.ledger, entry.aim.interval
        if entry.aim.title and self._chance.random() < 0.4:
            latest = min(interval.ends_at, self._scene.midnight)
            at = self._between(entry.changed_at, latest - timedelta(minutes=1))
            ledger.rename(entry, f"{entry.aim.title} (2)", at)
            return
        shorter = interval.ends_at - timedelta(minutes=60)
        if shorter < self._scene.midnight and interval.minutes >= 120:
            end = entry.aim.local.ends_at - timedelta(minutes=60)
            local = LocalInterval(entry.aim.local.starts_at, end, entry.aim.local.zone_name)
            ledger.move(entry, local, shorter - timedelta(minutes=self._chance.randint(1, 9)))

    # --- requests ---

    def _decide(self, entry: Entry) -> None:
        assert entry.decide_by is not None  # it is pending
        manager = MANAGER_OF[entry.aim.place.spot.area_code]
        by = self._scene.people.id_of[manager]
        open_still = entry.decide_by > self._scene.midnight
        may_wait = entry.decide_by > self._scene.now and manager != LAB_MANAGER
        if self._chance.random() < STILL_PENDING and may_wait:
            return
        first = entry.created_at + timedelta(minutes=10)
        last = min(entry.decide_by, self._scene.midnight) - timedelta(minutes=1)
        draw = self._chance.random()
        at = self._between(first, last)
        if draw < GRANTED:
            self._grant(entry, by, at)
        elif draw < GRANTED + DECLINED:
            code, reason = self._chance.choice(DECLINES)
            self._scene.ledger.decline(entry, by, reason, at, code)
        elif draw < GRANTED + DECLINED + CANCELLED or open_still:
            self._cancel(entry, entry.created_at)
        else:
            late = timedelta(seconds=self._chance.randint(1, 20))
            self._scene.ledger.expire(entry, entry.decide_by + late)

    def _grant(self, entry: Entry, by: int, at: datetime) -> None:
        rivals: tuple[Entry, ...] = ()
        if not entry.holds_place and self._chance.random() < RIVALLED:
            rivals = (self._rival(entry, at),)
        self._scene.ledger.approve(entry, by, at, rivals)
        draw = self._chance.random()
        if draw < ASKED_FOR_CHANGE:
            self._ask_for_change(entry, by, at)
        elif draw < ASKED_FOR_CHANGE + FREE_AGAIN:
            self._cancel(entry, at)
        elif draw < ASKED_FOR_CHANGE + FREE_AGAIN + CHANGED:
            self._change(entry)

    def _rival(self, entry: Entry, decided_at: datetime) -> Entry:
        """Somebody else who wished for the same time before the decision."""
        at = self._between(entry.created_at + timedelta(minutes=1), decided_at)
        return self._scene.ledger.book(
            self._anybody(entry.aim.place), self._aim(entry.aim.place, entry.aim.local), at
        )

    def _ask_for_change(self, entry: Entry, by: int, granted_at: datetime) -> None:
        """An hour more at the end, asked for before it begins; decided or taken back."""
        later = entry.aim.local.ends_at + timedelta(minutes=60)
        more = LocalInterval(entry.aim.local.ends_at, later, entry.aim.local.zone_name)
        longer = LocalInterval(entry.aim.local.starts_at, later, entry.aim.local.zone_name)
        last = min(entry.aim.interval.starts_at, self._scene.midnight) - timedelta(minutes=1)
        first = granted_at + timedelta(minutes=1)
        if first + timedelta(hours=1) >= last or not self._can_have(entry, more, longer):
            return
        self._scene.taken.take(entry.aim.place, more)
        asked = self._between(first, last - timedelta(minutes=30))
        self._scene.ledger.ask_for_change(entry, longer, asked)
        self._answer_change(entry, by, asked, last)

    def _can_have(self, entry: Entry, more: LocalInterval, longer: LocalInterval) -> bool:
        place = entry.aim.place
        return (
            longer.minutes <= place.limits.longest
            and self._scene.taken.is_free(place, more)
            and self._scene.openings[place.spot.hours_id].covers(longer)
            and self._scene.works(place, longer)
        )

    def _answer_change(self, entry: Entry, by: int, asked: datetime, last: datetime) -> None:
        assert entry.waiting is not None  # just asked for
        ledger, deadline = self._scene.ledger, entry.waiting.decide_by
        at = self._between(asked + timedelta(minutes=1), min(last, deadline))
        draw = self._chance.random()
        if draw < 0.5:
            ledger.approve(entry, by, at)
        elif draw < 0.7:
            code, reason = self._chance.choice(DECLINES)
            ledger.decline(entry, by, reason, at, code)
        elif draw < 0.85 or deadline >= self._scene.midnight:
            ledger.withdraw_change(entry, at)
        else:
            ledger.expire(entry, deadline + timedelta(seconds=self._chance.randint(1, 20)))


# --- which times of a day are wished for, by kind; minutes after midnight ---


def _desk_day(chance: Random, span: Span, *, is_far: bool) -> Slots:
    """Most stay all day; some come for half of it, and two may share one desk."""
    draw = chance.random() + (0.05 if is_far else 0)
    noon = 13 * 60
    if draw < 0.55:
        opens = span.opens + 15 * chance.randint(0, 6)
        yield opens, min(span.closes, opens + 15 * chance.randint(34, 40))
    elif draw < 0.72:
        yield span.opens, span.closes
    elif draw < 0.80:
        yield span.opens + 15 * chance.randint(0, 4), noon
        yield noon + 15 * chance.randint(0, 4), span.closes - 15 * chance.randint(0, 4)
    elif draw < 0.86:
        yield span.opens, noon
    elif draw < 0.93:
        yield noon + 60, span.closes


def _meetings(chance: Random, spans: tuple[Span, ...]) -> Slots:
    for span in spans:
        at = span.opens + 15 * chance.randint(2, 8)
        while at < span.closes - 120:
            length = chance.choice((30, 45, 60, 60, 90, 120, 180))
            if chance.random() < 0.55:
                yield at, at + min(length, span.closes - at)
            at += length + chance.choice((0, 15, 30, 60, 120))


def _lab_day(chance: Random, spans: tuple[Span, ...]) -> Slots:
    for span in spans:
        if chance.random() < 0.5:
            latest = max(0, (span.closes - span.opens) // 30 - 6)
            opens = span.opens + 30 * chance.randint(0, latest // 2)
            yield opens, min(span.closes, opens + 30 * chance.randint(4, 12))


def _training_day(chance: Random, spans: tuple[Span, ...]) -> Slots:
    for span in spans:
        draw = chance.random()
        if draw < 0.2:
            yield span.opens + 30, min(span.closes, span.opens + 30 + 8 * 60)
        elif draw < 0.35:
            yield span.opens, span.opens + 4 * 60
        elif draw < 0.5:
            yield span.closes - 4 * 60, span.closes


def _machine_day(chance: Random, spans: tuple[Span, ...]) -> Slots:
    for span in spans:
        if chance.random() < 0.3:
            opens = span.opens + 30 * chance.randint(0, 3)
            yield opens, min(span.closes, opens + 30 * chance.randint(1, 6))


_SLOTS: dict[str, Callable[[Random, tuple[Span, ...]], Slots]] = {
    "meeting_room": _meetings,
    "lab": _lab_day,
    "training_room": _training_day,
    "equipment": _machine_day,
}
assert DAYS < 60  # within every horizon but the machines', which nobody books further ahead
