"""The same acts done twice: by the verbs, and written into a ledger of the demo."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Protocol

from booking.attendance import service as attendance
from booking.core import clock, zones
from booking.core.intervals import LocalInterval
from booking.core.permissions import Actor, Role
from booking.core.refusals import LayoutKind
from booking.demo.ledger import Aim, Entry, Holder, Ledger
from booking.policies.facts import Place
from booking.reservations import queries, series, service
from booking.reservations.models import CheckInWay, SkipReason
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import SeriesWish
from booking.reservations.wishes import Change, GroupWish, Wish
from booking.waitlist import service as waitlist
from tests import make

MONDAY = date(2026, 10, 12)
ZONE = make.CASABLANCA
THREE_WEEKS = Repetition(Every.WEEK, count=3)
NOON = zones.to_instant(datetime.combine(MONDAY - timedelta(days=4), time(12)), zones.zone(ZONE))


def local(opens: int, closes: int) -> LocalInterval:
    """From hour to hour of the Monday that all acts are about."""
    return LocalInterval(
        datetime.combine(MONDAY, time(opens)), datetime.combine(MONDAY, time(closes)), ZONE
    )


@dataclass(frozen=True)
class Cast:
    """Where it happens and who does it."""

    desk: Place
    lab: Place  # holds while pending
    data_lab: Place  # does not
    member: Actor
    other: Actor
    manager: Actor
    colleague: Actor
    room: Place  # asks people to confirm their presence
    desks: tuple[Place, ...]
    host: Actor  # receives guests at the desk
    pool: Place
    hall: Place  # set out as a theatre; whoever wants it is asked about


Places = tuple[Place, ...]


def cast() -> Cast:
    """Places of the three ways of booking."""
    desk = make.desk()
    choosing = make.policy(needs_approval=True, holds_while_pending=False)
    cleaned = make.policy(needs_approval=True, setup_minutes=15, cleanup_minutes=30)
    lab, data_lab = make.lab(under=cleaned), make.lab(under=choosing)
    manager = make.lab_manager(lab)
    manager = make.grant(manager, Role.LAB_MANAGER, place=data_lab)
    atlas = make.organisation()
    member, colleague = make.member_of(atlas), make.member_of(atlas)
    desks = (make.desk(), make.desk(), make.desk())
    room = make.room(under=make.policy(asks_for_check_in=True))
    host, pool, other = make.reception(desk), make.pool(), make.person()
    hall = make.room(under=cleaned, layouts=((LayoutKind.THEATRE, 40, 60),))
    manager = make.grant(manager, Role.LAB_MANAGER, place=hall)
    hall = hall.laid_out(LayoutKind.THEATRE)
    return Cast(
        desk, lab, data_lab, member, other, manager, colleague, room, desks, host, pool, hall
    )


class Acts(Protocol):
    """What can be done; each act is so many minutes after the first."""

    def book(
        self, key: str, who: Actor, place: Place, when: LocalInterval, minute: int
    ) -> None: ...
    def book_for(
        self, key: str, who: Actor, whom: Actor, places: Places, when: LocalInterval, minute: int
    ) -> None: ...
    def book_for_guest(
        self, key: str, who: Actor, guest: str, place: Place, when: LocalInterval, minute: int
    ) -> None: ...
    def book_together(
        self, key: str, who: Actor, whom: Actor, places: Places, when: LocalInterval, minute: int
    ) -> None: ...
    def book_series(
        self, key: str, who: Actor, place: Place, when: LocalInterval, minute: int
    ) -> None: ...
    def wait(
        self, key: str, who: Actor, place: Place, when: LocalInterval, minute: int
    ) -> None: ...
    def rename(self, key: str, title: str, minute: int) -> None: ...
    def move(self, key: str, when: LocalInterval, minute: int) -> None: ...
    def ask_for_change(self, key: str, when: LocalInterval, minute: int) -> None: ...
    def withdraw_change(self, key: str, minute: int) -> None: ...
    def approve(self, key: str, by: Actor, minute: int, *rivals: str) -> None: ...
    def decline(self, key: str, by: Actor, reason: str, minute: int) -> None: ...
    def ask(self, key: str, by: Actor, text: str, minute: int) -> None: ...
    def answer(self, key: str, by: Actor, text: str, minute: int) -> None: ...
    def cancel(self, key: str, by: Actor, reason: str, minute: int) -> None: ...
    def expire(self, key: str, minute: int) -> None: ...
    def check_in(self, key: str, minute: int) -> None: ...
    def release(self, key: str, minute: int) -> None: ...


class ByVerbs:
    """By the program itself, with the clock stopped at each act."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._actors: dict[str, Actor] = {}

    def book(self, key: str, who: Actor, place: Place, when: LocalInterval, minute: int) -> None:
        organisation = who.memberships[0].public_id if who.memberships else None
        wish = Wish(
            (place.spot.public_id,),
            when.starts_at,
            when.ends_at,
            key,
            1,
            organisation,
            layout=None if place.layout is None else place.layout.kind,
        )
        with at(minute):
            self._ids[key] = service.book(who, wish).public_id
        self._actors[key] = who

    def book_for(
        self, key: str, who: Actor, whom: Actor, places: Places, when: LocalInterval, minute: int
    ) -> None:
        ids = tuple(place.spot.public_id for place in places)
        wish = Wish(ids, when.starts_at, when.ends_at, key, person_id=whom.public_id)
        with at(minute):
            self._ids[key] = service.book(who, wish).public_id
        self._actors[key] = whom

    def book_for_guest(
        self, key: str, who: Actor, guest: str, place: Place, when: LocalInterval, minute: int
    ) -> None:
        wish = Wish((place.spot.public_id,), when.starts_at, when.ends_at, key, guest=guest)
        with at(minute):
            self._ids[key] = service.book(who, wish).public_id
        self._actors[key] = who

    def book_together(
        self, key: str, who: Actor, whom: Actor, places: Places, when: LocalInterval, minute: int
    ) -> None:
        ids = tuple(place.spot.public_id for place in places)
        wish = GroupWish(ids, when.starts_at, when.ends_at, (whom.public_id,), key)
        with at(minute):
            service.book_together(who, wish)

    def book_series(
        self, key: str, who: Actor, place: Place, when: LocalInterval, minute: int
    ) -> None:
        wish = Wish((place.spot.public_id,), when.starts_at, when.ends_at, key)
        without = {MONDAY + timedelta(weeks=1): None}
        with at(minute):
            series.book(who, SeriesWish(wish, THREE_WEEKS, without))

    def wait(self, key: str, who: Actor, place: Place, when: LocalInterval, minute: int) -> None:
        organisation = who.memberships[0].public_id if who.memberships else None
        wish = Wish((place.spot.public_id,), when.starts_at, when.ends_at, key, 1, organisation)
        with at(minute):
            waitlist.wait(who, wish)

    def rename(self, key: str, title: str, minute: int) -> None:
        self._change(key, Change(title=title), minute)

    def move(self, key: str, when: LocalInterval, minute: int) -> None:
        self._change(key, Change(starts_at=when.starts_at, ends_at=when.ends_at), minute)

    def ask_for_change(self, key: str, when: LocalInterval, minute: int) -> None:
        self.move(key, when, minute)

    def withdraw_change(self, key: str, minute: int) -> None:
        with at(minute):
            service.withdraw_change(self._actors[key], self._ids[key])

    def approve(self, key: str, by: Actor, minute: int, *rivals: str) -> None:
        with at(minute):
            seen, declines = self._version(key), bool(rivals)
            service.approve(by, self._ids[key], seen_version=seen, declines_others=declines)

    def decline(self, key: str, by: Actor, reason: str, minute: int) -> None:
        with at(minute):
            service.decline(by, self._ids[key], seen_version=self._version(key), reason=reason)

    def ask(self, key: str, by: Actor, text: str, minute: int) -> None:
        with at(minute):
            service.ask(by, self._ids[key], question=text)

    def answer(self, key: str, by: Actor, text: str, minute: int) -> None:
        with at(minute):
            service.answer(by, self._ids[key], text=text)

    def cancel(self, key: str, by: Actor, reason: str, minute: int) -> None:
        with at(minute):
            service.cancel(by, self._ids[key], reason=reason)

    def expire(self, key: str, minute: int) -> None:
        with at(minute):
            assert service.expire_next()

    def check_in(self, key: str, minute: int) -> None:
        with at(minute):
            attendance.check_in(self._actors[key], self._ids[key], CheckInWay.PAGE)

    def release(self, key: str, minute: int) -> None:
        with at(minute):
            assert attendance.release_next()

    def _change(self, key: str, change: Change, minute: int) -> None:
        with at(minute):
            service.change(self._actors[key], self._ids[key], change)

    def _version(self, key: str) -> int:
        found = queries.details_by_id(self._ids[key])
        assert found is not None
        return found.version


class ByLedger:
    """Into a ledger."""

    def __init__(self) -> None:
        self.ledger = Ledger(Random("acts"))
        self._entries: dict[str, Entry] = {}

    def book(self, key: str, who: Actor, place: Place, when: LocalInterval, minute: int) -> None:
        organisation = who.memberships[0].organisation_id if who.memberships else None
        holder = Holder(who.person_id, organisation)
        self._entries[key] = self.ledger.book(holder, Aim(place, when, key), instant(minute))

    def book_for(
        self, key: str, who: Actor, whom: Actor, places: Places, when: LocalInterval, minute: int
    ) -> None:
        first, *beside = places
        aim = Aim(first, when, key, beside=tuple(beside))
        self._entries[key] = self.ledger.book(_for(who, whom), aim, instant(minute))

    def book_for_guest(
        self, key: str, who: Actor, guest: str, place: Place, when: LocalInterval, minute: int
    ) -> None:
        holder = Holder(who.person_id, guest=guest)
        self._entries[key] = self.ledger.book(holder, Aim(place, when, key), instant(minute))

    def book_together(
        self, key: str, who: Actor, whom: Actor, places: Places, when: LocalInterval, minute: int
    ) -> None:
        own = Holder(who.person_id, who.memberships[0].organisation_id)
        holders = (_for(who, whom), *([own] * (len(places) - 1)))
        aims = (Aim(place, when, key) for place in places)
        self.ledger.book_together(list(zip(holders, aims, strict=True)), instant(minute))

    def book_series(
        self, key: str, who: Actor, place: Place, when: LocalInterval, minute: int
    ) -> None:
        week = timedelta(weeks=1)
        times = [
            LocalInterval(when.starts_at + days, when.ends_at + days, ZONE)
            for days in (0 * week, 2 * week)
        ]
        skips = [(when.starts_at + week, SkipReason.LEFT_OUT)]
        aims = [Aim(place, one, key) for one in times]
        holder = Holder(who.person_id)
        self.ledger.book_series(holder, THREE_WEEKS, aims, skips, instant(minute))

    def wait(self, key: str, who: Actor, place: Place, when: LocalInterval, minute: int) -> None:
        organisation = who.memberships[0].organisation_id if who.memberships else None
        holder = Holder(who.person_id, organisation)
        self.ledger.wait(holder, Aim(place, when, key), instant(minute))

    def rename(self, key: str, title: str, minute: int) -> None:
        self.ledger.rename(self._entries[key], title, instant(minute))

    def move(self, key: str, when: LocalInterval, minute: int) -> None:
        self.ledger.move(self._entries[key], when, instant(minute))

    def ask_for_change(self, key: str, when: LocalInterval, minute: int) -> None:
        self.ledger.ask_for_change(self._entries[key], when, instant(minute))

    def withdraw_change(self, key: str, minute: int) -> None:
        self.ledger.withdraw_change(self._entries[key], instant(minute))

    def approve(self, key: str, by: Actor, minute: int, *rivals: str) -> None:
        others = tuple(self._entries[rival] for rival in rivals)
        self.ledger.approve(self._entries[key], by.person_id, instant(minute), others)

    def decline(self, key: str, by: Actor, reason: str, minute: int) -> None:
        self.ledger.decline(self._entries[key], by.person_id, reason, instant(minute))

    def ask(self, key: str, by: Actor, text: str, minute: int) -> None:
        self.ledger.ask(self._entries[key], by.person_id, text, instant(minute))

    def answer(self, key: str, by: Actor, text: str, minute: int) -> None:
        self.ledger.answer(self._entries[key], by.person_id, text, instant(minute))

    def cancel(self, key: str, by: Actor, reason: str, minute: int) -> None:
        self.ledger.cancel(self._entries[key], by.person_id, reason, instant(minute))

    def expire(self, key: str, minute: int) -> None:
        self.ledger.expire(self._entries[key], instant(minute))

    def check_in(self, key: str, minute: int) -> None:
        self.ledger.check_in(self._entries[key], instant(minute))

    def release(self, key: str, minute: int) -> None:
        self.ledger.release(self._entries[key], instant(minute))


def _for(who: Actor, whom: Actor) -> Holder:
    organisation_id = who.memberships[0].organisation_id
    return Holder(whom.person_id, organisation_id, who.person_id, whom.public_id)


def instant(minute: int) -> datetime:
    """So many minutes after the first act."""
    return NOON + timedelta(minutes=minute)


def at(minute: int) -> AbstractContextManager[datetime]:
    """The clock stopped then."""
    return clock.frozen_at(instant(minute))


# --- what happens ---

TWO_DAYS = 48 * 60
MONDAY_AT_NINE = (3 * 24 + 21) * 60


def booked(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.desk, local(9, 12), 0)
    acts.book("b", on.other, on.desk, local(12, 14), 3)


def waited_for(acts: Acts, on: Cast) -> None:
    acts.book("a", on.other, on.desk, local(9, 12), 0)
    acts.wait("b", on.member, on.desk, local(10, 12), 5)


def booked_for_a_colleague(acts: Acts, on: Cast) -> None:
    acts.book_for("a", on.member, on.colleague, (on.desk,), local(9, 12), 0)
    acts.cancel("a", on.colleague, "", 5)


def booked_for_a_guest(acts: Acts, on: Cast) -> None:
    acts.book_for_guest("a", on.host, "Delphine Marchand", on.desk, local(9, 12), 0)
    acts.move("a", local(10, 12), 5)


def several_places(acts: Acts, on: Cast) -> None:
    acts.book_for("a", on.member, on.colleague, (on.lab, on.desk), local(9, 12), 0)
    acts.approve("a", on.manager, 30)
    acts.move("a", local(9, 11), 40)


def several_policies(acts: Acts, on: Cast) -> None:
    acts.book_for("a", on.member, on.colleague, (on.lab, on.data_lab), local(9, 12), 0)
    acts.approve("a", on.manager, 30)


def a_team(acts: Acts, on: Cast) -> None:
    acts.book_together("a", on.member, on.colleague, on.desks, local(9, 12), 0)


def in_a_pool(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.pool, local(9, 12), 0)
    acts.book("b", on.other, on.pool, local(10, 13), 1)
    acts.cancel("a", on.member, "", 5)
    acts.move("b", local(10, 14), 6)
    acts.book_series("c", on.member, on.pool, local(9, 12), 7)
    acts.book_together("d", on.member, on.colleague, (on.pool, on.pool), local(13, 14), 8)
    acts.cancel("b", on.other, "", 9)


def a_series(acts: Acts, on: Cast) -> None:
    acts.book_series("a", on.member, on.desk, local(9, 12), 0)


def a_series_that_is_asked_for(acts: Acts, on: Cast) -> None:
    acts.book_series("a", on.member, on.lab, local(9, 12), 0)


def in_a_layout(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.hall, local(10, 12), 0)
    acts.approve("a", on.manager, 30)
    acts.ask_for_change("a", local(10, 14), 60)
    acts.approve("a", on.manager, 90)
    acts.move("a", local(10, 13), 120)


def cancelled(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.desk, local(9, 12), 0)
    acts.cancel("a", on.member, "", 5)
    acts.book("b", on.member, on.desk, local(9, 12), 7)
    acts.cancel("b", on.member, "Remote today", 9)


def renamed(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.desk, local(9, 12), 0)
    acts.rename("a", "Quiet work", 5)


def moved_and_shortened(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.desk, local(9, 12), 0)
    acts.move("a", local(10, 14), 5)
    acts.move("a", local(10, 12), 8)


def requested(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.lab, local(9, 12), 0)
    acts.book("b", on.other, on.data_lab, local(9, 12), 1)
    acts.book("c", on.member, on.data_lab, local(10, 13), 2)


def request_moved(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.lab, local(9, 12), 0)
    acts.move("a", local(13, 15), 5)


def approved(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.lab, local(9, 12), 0)
    acts.approve("a", on.manager, 30)


def approved_among_rivals(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.data_lab, local(9, 12), 0)
    acts.book("b", on.other, on.data_lab, local(11, 13), 1)
    acts.approve("a", on.manager, 30, "b")


def declined(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.lab, local(9, 12), 0)
    acts.decline("a", on.manager, "Not without the course", 30)


def asked_about(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.lab, local(9, 12), 0)
    acts.ask("a", on.manager, "Which resin?", 10)
    acts.answer("a", on.member, "Epoxy", 20)
    acts.ask("a", on.manager, "How much of it?", 30)


def request_cancelled(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.lab, local(9, 12), 0)
    acts.cancel("a", on.member, "", 30)


def expired(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.lab, local(9, 12), 0)
    acts.expire("a", TWO_DAYS + 1)


def _confirmed_lab(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.lab, local(10, 12), 0)
    acts.approve("a", on.manager, 30)
    acts.ask_for_change("a", local(9, 14), 60)


def change_waits(acts: Acts, on: Cast) -> None:
    _confirmed_lab(acts, on)


def change_approved(acts: Acts, on: Cast) -> None:
    _confirmed_lab(acts, on)
    acts.approve("a", on.manager, 70)


def change_declined(acts: Acts, on: Cast) -> None:
    _confirmed_lab(acts, on)
    acts.decline("a", on.manager, "The room is closed then", 70)


def change_withdrawn(acts: Acts, on: Cast) -> None:
    _confirmed_lab(acts, on)
    acts.withdraw_change("a", 70)


def change_expired(acts: Acts, on: Cast) -> None:
    _confirmed_lab(acts, on)
    acts.expire("a", 60 + TWO_DAYS + 1)


def change_asked_again(acts: Acts, on: Cast) -> None:
    _confirmed_lab(acts, on)
    acts.ask_for_change("a", local(10, 13), 70)


def shortened_while_a_change_waits(acts: Acts, on: Cast) -> None:
    _confirmed_lab(acts, on)
    acts.move("a", local(10, 11), 70)


def cancelled_while_a_change_waits(acts: Acts, on: Cast) -> None:
    _confirmed_lab(acts, on)
    acts.cancel("a", on.member, "", 70)


def change_that_holds_nothing(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.data_lab, local(10, 12), 0)
    acts.approve("a", on.manager, 30)
    acts.ask_for_change("a", local(10, 14), 60)


def checked_in(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.room, local(9, 12), 0)
    acts.check_in("a", MONDAY_AT_NINE - 5)


def released(acts: Acts, on: Cast) -> None:
    acts.book("a", on.member, on.room, local(9, 12), 0)
    acts.release("a", MONDAY_AT_NINE + 15)


STORIES: tuple[Callable[[Acts, Cast], None], ...] = (
    booked,
    waited_for,
    booked_for_a_colleague,
    booked_for_a_guest,
    several_places,
    several_policies,
    a_team,
    in_a_pool,
    in_a_layout,
    a_series,
    a_series_that_is_asked_for,
    cancelled,
    renamed,
    moved_and_shortened,
    requested,
    request_moved,
    approved,
    approved_among_rivals,
    declined,
    asked_about,
    request_cancelled,
    expired,
    change_waits,
    change_approved,
    change_declined,
    change_withdrawn,
    change_expired,
    change_asked_again,
    shortened_while_a_change_waits,
    cancelled_while_a_change_waits,
    change_that_holds_nothing,
    checked_in,
    released,
)
