"""What is held for whoever a closure has displaced: until when, who takes it, and what ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from booking import worker
from booking.checks import promises
from booking.closures import queries as closures
from booking.closures import service as closing
from booking.closures.rules import Wanted
from booking.core import clock
from booking.core.database import end_reading, session, transaction
from booking.core.errors import ForbiddenError, NotFoundError, RefusedError
from booking.core.permissions import Actor
from booking.core.refusals import Cause, NotChangeable, Obstacle, QuotaPeriod, Reason, SlotTaken
from booking.messages.models import MessageKind
from booking.occupancy.models import ClosureKind, Hold, occupancy
from booking.people.models import Grant, Person, PersonState
from booking.policies.facts import Place
from booking.replacements import holding, queries, service
from booking.replacements.models import Replacement, ReplacementState
from booking.replacements.queries import Case, Held
from booking.reservations import service as reservations
from booking.reservations.models import State
from booking.reservations.queries import Details
from booking.reservations.wishes import Wish
from booking.spaces import service as spaces
from tests import make
from tests.displacing import NAMES, displace
from tests.rivals import overtaken
from tests.working import Run, Told

DAY = timedelta(days=1)
OPEN, LOST = ReplacementState.OPEN, ReplacementState.LOST


@pytest.fixture
def operator(app: Flask) -> Actor:
    return make.operator()


@pytest.fixture
def rooms(app: Flask) -> list[Place]:
    """One that will be closed, and two that will do."""
    return [make.room(code) for code in ("R-1", "R-2", "R-3")]


def wanted(*places: Place, day: int = 3) -> Wanted:
    return Wanted(
        ClosureKind.MAINTENANCE,
        NAMES,
        make.at(0, days=day),
        make.at(0, days=day + 1),
        resources=tuple(place.spot.public_id for place in places),
    )


def close(operator: Actor, *places: Place, day: int = 3) -> str:
    seen = closures.plan(operator, wanted(*places, day=day)).seen
    end_reading()
    done = closing.close(operator, wanted(*places, day=day), seen=seen)
    end_reading()
    return done.public_id


def displaced(operator: Actor, who: Actor, room: Place, *, organisation: bool = False) -> Details:
    """A reservation from 10 to 12 in three days, whose room is closed then."""
    made = make.reservation(
        who,
        room,
        starts_at=make.at(10, days=3),
        ends_at=make.at(12, days=3),
        title="Pitch",
        organisation_id=who.memberships[0].public_id if organisation else None,
    )
    displace(operator, made)
    return made


def case(who: Actor, found: Details) -> Case:
    end_reading()
    return queries.case(who, found.public_id)


def states(who: Actor, found: Details) -> list[ReplacementState]:
    return [one.state for one in case(who, found).replacements]


def held(who: Actor, found: Details) -> tuple[Held, ...]:
    return case(who, found).open(clock.now())


def kinds_of_claims() -> list[str]:
    end_reading()
    return sorted(session().scalars(select(occupancy.c.kind)))


def is_clean() -> bool:
    end_reading()
    holds = session().scalar(select(func.count()).select_from(Hold))
    is_open = select(func.count()).where(Replacement.state == OPEN)
    return [one for one in promises.verify().findings if one.count] == [] and (
        holds == session().scalar(is_open)
    )


# --- the whole way ---


def test_three_are_held_for_a_day_and_taking_one_frees_the_others(
    operator: Actor, rooms: list[Place], run: Run, told: Told
) -> None:
    who = make.member_of(language="fr")
    old = displaced(operator, who, rooms[0], organisation=True)
    run()
    assert make.details(old.public_id).state is State.CANCELLED
    chosen, *others = held(who, old)
    assert len(others) == 2
    assert all(one.expires_at == clock.now() + DAY for one in (chosen, *others))
    assert kinds_of_claims() == ["closure", "hold", "hold", "hold"]
    assert is_clean()
    (letter,) = told(MessageKind.DISPLACED)
    text = letter.text or ""
    assert letter.recipient_id == who.person_id
    assert all(f"/replacements/{old.public_id}#{one.public_id}" in text for one in held(who, old))
    assert "retenue" in text
    rival = make.person()
    with pytest.raises(RefusedError) as refused:
        _book(rival, chosen)
    (facts,) = (one.facts for one in refused.value.refusals)
    assert isinstance(facts, SlotTaken)
    assert facts.cause is Cause.REPLACEMENT
    with pytest.raises(NotFoundError):
        service.take(rival, old.public_id, chosen.public_id)
    outcome = service.take(who, old.public_id, chosen.public_id)
    new = make.details(outcome.public_id)
    assert (new.state, new.local, new.places[0].spot.code) == (
        State.CONFIRMED,
        chosen.local,
        chosen.places[0].spot.code,
    )
    assert (new.title, new.organisation_id) == ("Pitch", old.organisation_id)
    assert kinds_of_claims() == ["booking", "closure"]
    assert states(who, old) == [ReplacementState.TAKEN] + [ReplacementState.RELEASED] * 2
    replaced = case(who, old).replaced_by
    assert replaced is not None
    assert replaced.public_id == new.public_id
    instead_of = queries.links_of(new.id, clock.now()).instead_of
    assert instead_of is not None
    assert instead_of.public_id == old.public_id
    run()
    assert is_clean()
    assert len(told(MessageKind.DISPLACED)) == 1
    with pytest.raises(RefusedError):
        service.take(who, old.public_id, others[0].public_id)


def _book(who: Actor, one: Held) -> None:
    places = tuple(place.spot.public_id for place in one.places)
    reservations.book(who, Wish(places, one.local.starts_at, one.local.ends_at))


def test_each_of_several_is_served_once_and_told_in_one_letter(
    operator: Actor, rooms: list[Place], run: Run, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what is left where others were served before, and with nothing where that fails."""
    who, other = make.person(), make.person()
    first = make.reservation(who, rooms[0], starts_at=make.at(10, days=3))
    second = make.reservation(who, rooms[0], starts_at=make.at(14, days=3))
    third = make.reservation(other, rooms[0], starts_at=make.at(16, days=3))
    fails = third.id
    serve = holding.serve

    def trouble(due: queries.Due) -> int:
        if due.reservation_id == fails:
            raise ValueError("nothing like that happens")
        return serve(due)

    monkeypatch.setattr(holding, "serve", trouble)
    close(operator, rooms[0])
    run()
    assert [len(held(who, one)) for one in (first, second)] == [3, 3]
    letters = {one.recipient_id: one.text or "" for one in told(MessageKind.DISPLACED)}
    assert set(letters) == {who.person_id, other.person_id}
    assert len(told(MessageKind.DISPLACED)) == 2
    assert letters[who.person_id].count("/replacements/") == 6
    assert "/replacements/" not in letters[other.person_id]
    assert "/book?" in letters[other.person_id]
    assert queries.unserved() == []
    run()
    assert session().scalar(select(func.count()).select_from(Replacement)) == 6
    assert is_clean()


def test_the_letter_waits_until_the_last_of_its_act_is_served(
    app: Flask, operator: Actor, rooms: list[Place], told: Told
) -> None:
    made = [
        make.reservation(make.person(), rooms[0], starts_at=make.at(hour, days=3))
        for hour in (10, 14)
    ]
    close(operator, rooms[0])
    first, second = queries.unserved()
    assert [first.reservation_id, second.reservation_id] == [one.id for one in made]
    end_reading()
    assert (holding.serve(first), holding.serve(first)) == (1, 0)
    assert worker._handle_events(app.extensions["work"]) >= 2  # of the two that are cancelled
    assert told(MessageKind.DISPLACED) == []
    holding.serve(second)
    worker._handle_events(app.extensions["work"])
    assert len(told(MessageKind.DISPLACED)) == 2


# --- the rules of every booking ---


def test_who_needs_approval_asks_for_it_and_the_booker_stays_the_booker(
    operator: Actor, run: Run
) -> None:
    strict = make.policy(needs_approval=True, notice=60)
    lab, _spare = (make.lab(under=strict) for _number in range(2))
    holder = make.member_of()
    old = make.reservation(
        holder, lab, starts_at=make.at(10, days=1), ends_at=make.at(12, days=1), title="Resin"
    )
    close(operator, lab, day=1)
    run()
    first = held(holder, old)[0]
    assert first.expires_at <= first.interval.starts_at - timedelta(hours=1)
    outcome = service.take(holder, old.public_id, first.public_id)
    assert outcome.state is State.PENDING
    assert make.details(outcome.public_id).booked_by_id == old.booked_by_id
    assert is_clean()


def test_the_share_that_a_closure_gave_back_is_enough_for_one_of_them(
    operator: Actor, run: Run
) -> None:
    """And is not kept: whoever uses it up meanwhile is refused, and loses nothing by it."""
    policy = make.policy(person_quota_count=1, person_quota_period=QuotaPeriod.WEEK)
    rooms = [make.room(f"Q-{number}", under=policy) for number in range(3)]
    who = make.person()
    old = displaced(operator, who, rooms[0])
    run()
    first = held(who, old)[0]
    other = make.reservation(who, rooms[2], starts_at=make.at(14, days=3))
    with pytest.raises(RefusedError) as refused:
        service.take(who, old.public_id, first.public_id)
    assert [one.reason for one in refused.value.refusals] == [Reason.QUOTA_EXCEEDED]
    assert len(held(who, old)) == 3
    reservations.cancel(who, other.public_id)
    service.take(who, old.public_id, first.public_id)
    assert is_clean()


def test_a_guest_is_received_only_where_whoever_expects_them_may_book_for_guests(
    operator: Actor, run: Run
) -> None:
    """Also when that was taken from them meanwhile; the house may take it for them then."""
    room = make.room("G-1")
    elsewhere = make.room("G-2", at=make.area(at=make.floor(at=make.building())))
    who = make.reception(room)
    old = make.reservation(
        who, room, starts_at=make.at(10, days=3), ends_at=make.at(12, days=3), guest="Delphine"
    )
    displace(operator, old)
    run()
    found = held(who, old)
    assert found
    assert elsewhere.resource_id not in {one.places[0].resource_id for one in found}
    with transaction() as current:
        current.execute(delete(Grant).where(Grant.person_id == who.person_id))
    with pytest.raises(ForbiddenError):
        service.take(make.actor(who.person_id), old.public_id, found[0].public_id)
    service.take(operator, old.public_id, found[0].public_id)
    assert is_clean()


# --- what ends them ---


def test_what_nobody_takes_is_free_after_a_day(
    app: Flask, operator: Actor, rooms: list[Place], run: Run
) -> None:
    who = make.person()
    old = displaced(operator, who, rooms[0])
    run()
    first = held(who, old)[0]
    with clock.frozen_at(first.expires_at):
        with pytest.raises(RefusedError) as refused:
            service.take(who, old.public_id, first.public_id)
        (facts,) = (one.facts for one in refused.value.refusals)
        assert facts == NotChangeable(Obstacle.OFFER_OVER)
        end_reading()
        worker.work()
        assert states(who, old) == [ReplacementState.EXPIRED] * 3
        assert kinds_of_claims() == ["closure"]
        assert is_clean()


def test_who_takes_one_in_the_last_second_has_it(
    app: Flask, operator: Actor, rooms: list[Place], run: Run
) -> None:
    who = make.person()
    old = displaced(operator, who, rooms[0])
    run()
    first = held(who, old)[0]
    end_reading()

    def take() -> None:
        with clock.frozen_at(first.expires_at - timedelta(seconds=1)):
            service.take(who, old.public_id, first.public_id)

    with clock.frozen_at(first.expires_at):
        overtaken(app, take, holding.end_due)
        assert states(who, old) == [ReplacementState.TAKEN] + [ReplacementState.RELEASED] * 2
        assert is_clean()


def test_none_of_them_frees_all_and_a_second_no_changes_nothing(
    operator: Actor, rooms: list[Place], run: Run
) -> None:
    who = make.person()
    old = displaced(operator, who, rooms[0])
    run()
    for _time in range(2):
        service.decline(who, old.public_id)
        assert states(who, old) == [ReplacementState.DECLINED] * 3
    assert kinds_of_claims() == ["closure"]
    assert is_clean()


def test_a_closure_over_what_is_held_takes_that_and_a_retired_space_is_lost(
    operator: Actor, run: Run
) -> None:
    """The others stay; and all go when the account is closed."""
    rooms = [make.room(f"R-{number}") for number in range(1, 6)]
    who = make.person()
    old = displaced(operator, who, rooms[0])
    run()
    alike = [one for one in held(who, old) if one.places[0].resource_id != rooms[0].resource_id]
    assert alike
    closing.close(operator, wanted(alike[0].places[0]))
    assert states(who, old).count(LOST) == 1
    assert is_clean()
    left = held(who, old)
    assert len(left) == 2
    spaces.retire_resources(operator, [left[0].places[0].spot.public_id])
    with pytest.raises(RefusedError):
        service.take(who, old.public_id, left[0].public_id)
    run()
    assert held(who, old) == tuple(
        one for one in left if one.places[0].resource_id != left[0].places[0].resource_id
    )
    with transaction() as current:
        of_who = update(Person).where(Person.id == who.person_id)
        current.execute(of_who.values(state=PersonState.DEACTIVATED))
    run()
    end_reading()
    assert session().scalar(select(func.count()).where(Replacement.state == OPEN)) == 0
    assert is_clean()


def test_what_is_held_follows_the_law_or_is_lost(
    operator: Actor, rooms: list[Place], run: Run
) -> None:
    who = make.person()
    old = displaced(operator, who, rooms[0])
    run()
    before = held(who, old)
    _as_if_by_an_old_law(before[:2], timedelta(hours=2))
    rival = make.reservation(
        make.person(),
        before[1].places[0],
        starts_at=before[1].local.starts_at,
        ends_at=before[1].local.starts_at + timedelta(hours=1),
    )
    run()
    assert case(who, old).replacements[0] == before[0]
    assert states(who, old) == [OPEN, LOST, OPEN]
    assert make.details(rival.public_id).state is State.CONFIRMED
    assert is_clean()


def _as_if_by_an_old_law(held: tuple[Held, ...], shift: timedelta) -> None:
    with transaction() as current:
        for one in held:
            starts_at, ends_at = one.interval.starts_at + shift, one.interval.ends_at + shift
            values = {"starts_at": starts_at, "ends_at": ends_at}
            of_it = select(Hold.id).where(Hold.replacement_id == one.id).scalar_subquery()
            current.execute(update(occupancy).where(occupancy.c.hold_id == of_it).values(values))
            row = update(Replacement).where(Replacement.id == one.id)
            current.execute(row.values(tzdata="2020a", **values))
