"""The demo park as a whole: how much there is, how full it is, and whether it could be real."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from booking.approvals import queries as approvals
from booking.authorisations import queries as authorisations
from booking.authorisations.queries import Standing
from booking.checks import promises
from booking.core import clock, zones
from booking.core.database import end_reading, session, transaction
from booking.core.events import Event, EventKind, Happened
from booking.core.intervals import LocalInterval
from booking.core.permissions import Action, Actor, allows
from booking.demand import queries as demand
from booking.demo import loading
from booking.demo.park import DAYS, Calendar
from booking.demo.people import everybody
from booking.journal.models import JournalLine
from booking.messages.models import Message
from booking.occupancy.models import Closure, occupancy
from booking.people import passwords, sign_in
from booking.people.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from booking.people.models import Organisation, Person
from booking.policies import facts
from booking.policies.facts import Place
from booking.reminders import notices as reminders
from booking.reservations import queries
from booking.reservations.models import Asking, Reservation, State
from booking.spaces.models import Building, Resource, ResourceState
from booking.spaces.queries import openings

HOUR = timedelta(hours=1)
ZONE = zones.zone(loading.ZONE)


def _count(model: Any) -> int:  # Any: a model
    return session().scalar(select(func.count()).select_from(model)) or 0


def _actor(email: str) -> Actor:
    person = session().scalar(select(Person).where(Person.email == email))
    assert person is not None
    return sign_in.load_actor(person)


def _days() -> list[date]:
    return Calendar(clock.today(ZONE), ZONE).days


def test_there_is_as_much_of_everything_as_promised(park: Flask) -> None:
    kinds = Counter(place.spot.kind_code for place in facts.places())
    assert kinds == {
        "desk": 120,
        "lab": 25,
        "training_room": 16,
        "meeting_room": 12,
        "equipment": 30,
    }
    assert (_count(Building), _count(Organisation), _count(Person)) == (3, 40, 400)
    assert _count(Closure) >= 3
    assert set(session().scalars(select(occupancy.c.unit))) == set(range(1, 11))  # of the open lab
    broken = Resource.state == ResourceState.OUT_OF_ORDER
    assert session().scalar(select(func.count()).where(broken)) == 5


def test_three_months_hold_at_least_4000_reservations_in_every_state(park: Flask) -> None:
    rows = session().execute(select(Reservation.state, func.count()).group_by(Reservation.state))
    states = {state: count for state, count in rows}  # noqa: C416  # rows are not pairs to mypy
    assert sum(states.values()) >= 4_000
    assert set(states) == set(State)
    assert min(states.values()) >= 30
    first, last = (
        session()
        .execute(select(func.min(Reservation.starts_at), func.max(Reservation.starts_at)))
        .one()
    )
    assert last - first >= timedelta(days=2 * DAYS - 3)


def test_everything_has_its_names_in_three_languages(park: Flask) -> None:
    for place in facts.places():
        spot = place.spot
        for names in (
            spot.names,
            spot.kind_names,
            spot.area_names,
            spot.floor_names,
            spot.building_names,
            place.policy_names,
        ):
            assert set(names) == {"fr", "ar", "en"}, spot.code
            assert all(names.values()), spot.code
            assert "\u0600" < names["ar"][0] < "\u06ff", spot.code


def test_desks_are_used_for_60_to_80_percent_of_their_weekday_hours(park: Flask) -> None:
    desks = [place for place in facts.places() if place.spot.kind_code == "desk"]
    days = _days()
    opening = openings({desks[0].spot.hours_id}, days[0], days[-1])[desks[0].spot.hours_id]
    weekdays = [day for day in days if day.weekday() < 5]
    open_for = {
        day: sum((i.ends_at - i.starts_at for i in opening.open_intervals(day, ZONE)), timedelta())
        for day in weekdays
        if not opening.is_closed_on(day)
    }
    used = _used([desk.resource_id for desk in desks])
    offered = sum(open_for.values(), timedelta()) * len(desks)
    assert 0.6 <= sum((used[day] for day in open_for), timedelta()) / offered <= 0.8
    weeks = {day.isocalendar()[:2] for day in weekdays if open_for.get(day)}
    for week in weeks:
        those = [day for day in weekdays if day.isocalendar()[:2] == week and open_for.get(day)]
        share = sum((used[day] for day in those), timedelta()) / sum(
            (open_for[day] * len(desks) for day in those), timedelta()
        )
        assert 0.55 <= share <= 0.85, week


def _used(resource_ids: list[int]) -> dict[date, timedelta]:
    rows = session().execute(
        select(occupancy.c.starts_at, occupancy.c.ends_at).where(
            occupancy.c.resource_id.in_(resource_ids), occupancy.c.kind == "booking"
        )
    )
    used: dict[date, timedelta] = defaultdict(timedelta)
    for starts_at, ends_at in rows:
        day = zones.to_local(starts_at, ZONE).date()
        used[day] += ends_at - starts_at
    return used


def test_what_was_loaded_keeps_every_promise(park: Flask) -> None:
    report = promises.verify()
    assert report.is_clean, report


def test_nothing_was_done_in_the_future(park: Flask) -> None:
    now = clock.now()
    for column in (Reservation.created_at, Reservation.changed_at, Event.created_at,
                   JournalLine.at, Person.created_at):  # fmt: skip
        latest = session().scalar(select(func.max(column)))
        assert latest is not None
        assert latest <= now
    overdue = (Reservation.state == State.PENDING) & (Reservation.decide_by <= now)
    assert not session().scalar(select(func.count()).where(overdue))


def test_every_act_was_done_by_somebody_who_was_there(park: Flask) -> None:
    too_early = (
        select(func.count())
        .select_from(Reservation)
        .join(Person, Person.id == Reservation.person_id)
        .where(Person.created_at > Reservation.created_at)
    )
    assert session().scalar(too_early) == 0


def test_reservations_obeyed_their_policy_when_they_were_booked(park: Flask) -> None:
    """A sample, judged by the rules as they were wished for, at the moment of the wish."""
    days = _days()
    places = {place.spot.code: place for place in facts.places()}
    hours = openings(
        {place.spot.hours_id for place in places.values()}, days[0], days[-1] + timedelta(days=3)
    )
    wishes = _wishes()
    assert len(wishes) > 1_000
    for wish in wishes:
        local = LocalInterval(
            datetime.fromisoformat(str(wish.after["starts_at"])),
            datetime.fromisoformat(str(wish.after["ends_at"])),
            loading.ZONE,
        )
        wished = [_in_order(places[code]) for code in str(wish.after["resource"]).split(", ")]
        if wish.series_id is not None:
            wished = [place.for_series() for place in wished]
        judged = facts.judged(
            wished,
            hours,
            local,
            headcount=int(wish.after["headcount"] or 0),
            is_member=wish.organisation_id is not None,
            changes={},
            now=wish.at,
            rights=authorisations.rights(wished, wish.person_id),
        )
        assert judged.refusals == (), (wish.after, wish.at)


def _wishes() -> list[Any]:
    return list(
        session().execute(
            select(
                JournalLine.at,
                JournalLine.after,
                Reservation.person_id,
                Reservation.organisation_id,
                Reservation.series_id,
            )
            .join(Reservation, Reservation.public_id == JournalLine.subject_id)
            .where(JournalLine.act.in_(("booked", "requested")), JournalLine.id % 5 == 0)
        )
    )


def test_whoever_uses_the_laser_is_authorised_and_salmas_lapses_soon(park: Flask) -> None:
    given = authorisations.given(_actor("nadia@techvalley.example"))
    today = clock.today(ZONE)
    states = Counter(one.standing(today) for one in given)
    assert (states[Standing.LAPSED], states[Standing.LAPSING]) == (1, 1)
    assert states[Standing.VALID] >= 20
    (own,) = authorisations.own(_actor("salma@atlas-robotics.example"))
    assert own.standing(today) is Standing.LAPSING


def test_what_could_not_be_had_is_counted_for_kinds_that_are_there(park: Flask) -> None:
    days = _days()
    found = demand.between(_actor("amine@techvalley.example"), days[0], days[-1])
    assert {one.what.kind for one in found} <= set(demand.kinds())
    assert {one.what.reason for one in found} >= {"slot_taken", "nothing_found"}


def _in_order(place: Place) -> Place:
    """As it was when it was booked: what is broken now broke later."""
    return replace(place, spot=replace(place.spot, state=ResourceState.IN_ORDER))


def test_nobody_has_booked_what_is_out_of_order_today(park: Flask) -> None:
    now = clock.now()
    found = session().scalars(
        select(Resource.code)
        .join(occupancy, occupancy.c.resource_id == Resource.id)
        .where(
            Resource.state == ResourceState.OUT_OF_ORDER,
            occupancy.c.ends_at > now,
            (occupancy.c.starts_at < Resource.expected_back_at)
            | Resource.expected_back_at.is_(None),
        )
    )
    assert found.all() == []


def test_the_accounts_of_the_sign_in_page_can_sign_in(park: Flask) -> None:
    persons = session().scalars(select(Person)).all()
    assert all(person.is_demo for person in persons)
    assert all(person.email.endswith(".example") for person in persons)
    invited = [person for person in persons if person.password_hash is None]
    assert len(invited) == 1
    assert len({person.password_hash for person in persons}) == 2
    assert passwords.verify(persons[0].password_hash, DEMO_PASSWORD)
    by_email = {person.email: person.name for person in persons}
    assert all(by_email[account.email] == account.name for account in DEMO_ACCOUNTS)


def test_salma_has_a_desk_a_request_a_past_and_a_no(park: Flask) -> None:
    salma = _actor("salma@atlas-robotics.example")
    mine = queries.find(queries.mine(salma))
    states = Counter(details.state for details in mine)
    once = (State.PENDING, State.DECLINED, State.CANCELLED)
    assert [states[state] for state in once] == [1, 1, 1]
    assert states[State.CONFIRMED] >= 6
    today = clock.today(ZONE)
    desks = [one for one in mine if one.place.spot.kind_code == "desk" and one.is_live]
    assert any(one.local.starts_at.date() == today for one in desks)
    assert any(one.interval.ends_at < clock.now() for one in desks)


def test_seven_requests_of_all_sorts_wait_for_nadia(park: Flask) -> None:
    nadia = _actor("nadia@techvalley.example")
    waiting = approvals.waiting_for(nadia)
    assert len(waiting) == 7
    assert all(allows(nadia, Action.DECIDE, one) for one in waiting)
    changes = [one for one in waiting if one.amendment is not None]
    assert [change.state for change in changes] == [State.CONFIRMED]
    rivals = [one for one in waiting if one.place.spot.code == "DATA-1"]
    assert [one.holds_place for one in rivals] == [False, False, False]
    assert any(one.person.name == "Salma El Idrissi" for one in waiting)
    earlier = Counter(
        session().scalars(
            select(Reservation.person_id).where(
                Reservation.person_id.in_([one.person_id for one in waiting])
            )
        )
    )
    assert 1 in earlier.values(), "nobody books for the first time"


def test_events_of_requests_that_wait_are_left_to_the_worker(park: Flask) -> None:
    unhandled = set(session().scalars(select(Event.subject).where(Event.handled_at.is_(None))))
    waiting = session().scalars(
        select(Reservation.public_id).where(Reservation.state == State.PENDING)
    )
    assert set(waiting) <= unhandled
    assert len(unhandled) < 200


def test_reminders_are_planned_as_the_worker_plans_them(park: Flask) -> None:
    """What the worker would plan for these, were their events not handled, is there already."""
    now = clock.now()
    ahead = queries.find(
        Reservation.state == State.CONFIRMED,
        Reservation.starts_at > now,
        Reservation.id % 40 == 0,
        Reservation.public_id.not_in(select(Event.subject).where(Event.handled_at.is_(None))),
    )
    assert len(ahead) > 50
    for details in ahead:
        with transaction() as current:
            before = _reminders(details.public_id)
            assert all(due_at > now for *_, due_at in before)
            current.execute(delete(Message).where(Message.subject == details.public_id))
            version, told_at = details.version, details.changed_at
            reminders.plan(Happened(EventKind.CONFIRMED, details.public_id, version, told_at))
            again = _reminders(details.public_id)
        assert [row for row in again if row[-1] > now] == before, details


def _reminders(public_id: str) -> list[Any]:
    rows = session().execute(
        select(
            Message.kind,
            Message.version,
            Message.recipient_id,
            Message.state,
            Message.attempts,
            Message.next_try_at,
            Message.due_at,
        )
        .where(Message.subject == public_id)
        .order_by(Message.due_at)
    )
    return [tuple(row) for row in rows]


def test_the_same_moment_gives_the_same_park(park: Flask) -> None:
    stored = session().execute(
        select(Reservation.public_id, Reservation.reference).order_by(Reservation.id)
    )
    assert [tuple(row) for row in stored] == _made_again()


def _made_again() -> list[tuple[str, str]]:
    calendar = Calendar(clock.today(ZONE), ZONE)
    people = everybody(calendar.today, ZONE, "hash")
    scene = loading.scene_of(calendar, people)
    rows = loading.acts(scene, (60,)).by_table[Reservation.__table__]
    return [(str(row["public_id"]), str(row["reference"])) for row in rows]


def test_it_is_not_loaded_over_something_else(park: Flask) -> None:
    before = _count(JournalLine)
    end_reading()
    with pytest.raises(loading.NotEmptyError):
        loading.load(lambda step: None, (60,))
    assert _count(JournalLine) == before


def test_the_command_on_a_loaded_park_shows_the_sign_ins_and_does_nothing_else(
    park: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _count(JournalLine)
    end_reading()
    monkeypatch.setitem(park.extensions, "booking", replace(park.extensions["booking"], demo=True))
    result = park.test_cli_runner().invoke(args=["demo", "--if-empty"])
    assert result.exit_code == 0, result.output
    assert park.extensions["booking"].public_url in result.output
    assert DEMO_PASSWORD in result.output
    assert all(account.email in result.output for account in DEMO_ACCOUNTS)
    assert _count(JournalLine) == before


def test_changes_have_ended_in_every_way(park: Flask) -> None:
    decisions = {
        decision.state
        for details in queries.find(Reservation.version > 2, Reservation.id % 3 == 0)
        for decision in details.decisions
    }
    assert decisions >= {Asking.GRANTED, Asking.DECLINED, Asking.WITHDRAWN, Asking.EXPIRED}
