"""Closing spaces: what is claimed, who is hit, who is told, what opens again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.checks import promises
from booking.closures import queries, service
from booking.closures.queries import When
from booking.closures.rules import Wanted
from booking.closures.service import WouldDisplaceError
from booking.core import clock
from booking.core.database import end_reading, session, transaction
from booking.core.errors import ForbiddenError, InvalidError, NotFoundError, RefusedError
from booking.core.intervals import Interval, LocalInterval
from booking.core.permissions import Actor
from booking.core.refusals import Cause, SlotTaken
from booking.messages.models import MessageKind
from booking.occupancy.models import ClaimKind, ClosureKind, occupancy
from booking.policies.facts import Place
from booking.reservations import linking
from booking.reservations import service as reservations
from booking.reservations.models import HouseReason, State
from booking.reservations.wishes import Change, Wish
from booking.spaces.models import Resource
from tests import make
from tests.rivals import overtaken
from tests.working import Run, Told

NAMES = {"fr": "Ventilation", "ar": "التهوية", "en": "Ventilation"}


def wanted(
    *places: Place, starts_at: datetime | None = None, ends_at: datetime | None = None
) -> Wanted:
    return Wanted(
        kind=ClosureKind.MAINTENANCE,
        names=NAMES,
        starts_at=starts_at or make.at(9),
        ends_at=ends_at or make.at(17),
        resources=tuple(place.spot.public_id for place in places),
    )


def mark(actor: Actor, wish: Wanted) -> str:
    return queries.plan(actor, wish).seen


def claims(place: Place) -> list[tuple[str, datetime, datetime]]:
    end_reading()
    rows = session().execute(
        select(occupancy.c.kind, occupancy.c.starts_at, occupancy.c.ends_at)
        .where(occupancy.c.resource_id == place.resource_id)
        .order_by(occupancy.c.unit, occupancy.c.starts_at)
    )
    return [(row.kind, row.starts_at, row.ends_at) for row in rows]


def instants(place: Place, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    interval = LocalInterval(start, end, place.spot.zone_name).project()
    return interval.starts_at, interval.ends_at


@pytest.fixture
def operator(app: Flask) -> Actor:
    return make.operator()


# --- what is claimed ---


def test_a_closure_takes_the_time_and_a_booking_hears_its_name(operator: Actor) -> None:
    desk = make.desk()
    service.close(operator, wanted(desk))
    assert claims(desk) == [("closure", *instants(desk, make.at(9), make.at(17)))]
    with pytest.raises(RefusedError) as refused:
        make.reservation(make.person(), desk)
    (facts,) = (one.facts for one in refused.value.refusals)
    assert isinstance(facts, SlotTaken)
    assert facts.cause is Cause.CLOSURE
    assert facts.names == NAMES
    assert promises.verify().is_clean


def test_a_room_is_closed_with_its_parts_by_whoever_looks_after_the_room(operator: Actor) -> None:
    """And opened again; who looks after a part alone closes that part."""
    hall, half = make.room("AB"), make.room("A")
    linking.set_parts(operator, hall.spot.public_id, ["A"])
    manager = make.lab_manager(hall)
    made = make.reservation(make.person(), half, starts_at=make.at(10), ends_at=make.at(12))
    wish = wanted(hall)
    (hit,) = queries.plan(manager, wish).hits
    assert hit.details.public_id == made.public_id
    done = service.close(manager, wish, seen=mark(manager, wish))
    time = ("closure", *instants(hall, make.at(9), make.at(17)))
    assert (claims(hall), claims(half)) == ([time], [time])
    assert queries.closure(manager, done.public_id).codes == ("A", "AB")
    with pytest.raises(ForbiddenError):
        queries.plan(manager, wanted(half))
    service.end(manager, done.public_id)
    assert (claims(hall), claims(half)) == ([], [])
    service.close(operator, wanted(half))
    assert (claims(hall), claims(half)) == ([], [time])
    with pytest.raises(RefusedError):
        make.reservation(make.person(), hall)


def test_every_unit_of_a_pool_is_closed(operator: Actor) -> None:
    lab = make.lab()
    with transaction() as current:
        current.get_one(Resource, lab.resource_id).units = 3
    service.close(operator, wanted(lab))
    assert len(claims(lab)) == 3


def test_an_area_a_floor_and_a_building_are_closed_with_all_in_them(operator: Actor) -> None:
    desks = [make.desk() for _ in range(3)]
    spot = desks[0].spot
    for number, where in enumerate(
        (
            {"areas": (spot.area_id,)},
            {"floors": (spot.floor_id,)},
            {"buildings": (spot.building_id,)},
        )
    ):
        plain = wanted(starts_at=make.at(9, days=number + 1), ends_at=make.at(10, days=number + 1))
        wish = Wanted(**{**plain.__dict__, **where})
        service.close(operator, wish)
    assert [len(claims(desk)) for desk in desks] == [3, 3, 3]


def test_what_is_not_there_is_named(operator: Actor) -> None:
    make.desk()
    for where in (
        {"areas": (999,)},
        {"floors": (999,)},
        {"buildings": (999,)},
        {"resources": ("0",)},
    ):
        with pytest.raises(InvalidError) as refused:
            service.close(operator, Wanted(**{**wanted().__dict__, **where}))
        assert list(refused.value.fields) == list(where)


@pytest.mark.parametrize(
    ("start", "end"), [((9, 1), (9, 1)), ((9, 1), (8, 1)), ((9, -2), (9, -1)), ((9, 1), (9, 800))]
)
def test_a_time_that_makes_no_sense_is_refused(
    operator: Actor, start: tuple[int, int], end: tuple[int, int]
) -> None:
    starts_at, ends_at = (make.at(hour, days=days) for hour, days in (start, end))
    with pytest.raises(InvalidError) as refused:
        service.close(operator, wanted(make.desk(), starts_at=starts_at, ends_at=ends_at))
    assert list(refused.value.fields) == ["ends_at"]


def test_what_has_begun_is_closed_from_now_on(operator: Actor) -> None:
    desk = make.desk()
    service.close(operator, wanted(desk, starts_at=make.at(0, days=-3), ends_at=make.at(17)))
    ((_kind, start, _end),) = claims(desk)
    assert timedelta(0) <= clock.now() - start < timedelta(minutes=5)


# --- rights ---


def test_a_lab_manager_closes_their_own_spaces_and_no_others(app: Flask) -> None:
    mine, other = make.lab(), make.lab(at=make.area())
    manager = make.lab_manager(mine)
    done = service.close(manager, wanted(mine))
    for wish in (wanted(other), wanted(mine, other)):
        with pytest.raises(ForbiddenError):
            service.close(manager, wish)
    foreign = service.close(make.operator(), wanted(other))
    assert queries.closure(manager, done.public_id).codes == (mine.spot.code,)
    with pytest.raises(NotFoundError):
        queries.closure(manager, foreign.public_id)
    with pytest.raises(NotFoundError):
        service.end(manager, foreign.public_id)
    with pytest.raises(ForbiddenError):
        service.close(make.person(), wanted(mine))


def test_a_closure_of_more_than_ones_own_is_seen_and_not_ended(app: Flask) -> None:
    mine, other = make.lab(), make.lab(at=make.area())
    done = service.close(make.operator(), wanted(mine, other))
    manager = make.lab_manager(mine)
    assert queries.closure(manager, done.public_id).spaces == 2
    with pytest.raises(ForbiddenError):
        service.end(manager, done.public_id)


# --- who is hit ---


def test_nothing_is_closed_while_somebody_is_hit_and_it_was_not_confirmed(
    operator: Actor,
) -> None:
    desk = make.desk()
    booked = make.reservation(make.person(), desk)
    with pytest.raises(WouldDisplaceError) as refused:
        service.close(operator, wanted(desk))
    assert not refused.value.is_stale
    assert make.details(booked.public_id).state is State.CONFIRMED
    assert [kind for kind, *_ in claims(desk)] == ["booking"]


def test_confirmed_it_cancels_exactly_what_was_seen(operator: Actor) -> None:
    desk = make.desk()
    booked = make.reservation(make.person(), desk)
    seen = mark(operator, wanted(desk))
    late = make.reservation(make.person(), desk, starts_at=make.at(14))
    with pytest.raises(WouldDisplaceError) as refused:
        service.close(operator, wanted(desk), seen=seen)
    assert refused.value.is_stale
    done = service.close(operator, wanted(desk), seen=mark(operator, wanted(desk)))
    assert done.displaced == 2
    for one in (booked, late):
        now = make.details(one.public_id)
        assert now.state is State.CANCELLED
        assert now.closing_reason == HouseReason.PLACE_CLOSED
    assert [kind for kind, *_ in claims(desk)] == ["closure"]
    assert promises.verify().is_clean


def test_a_changed_reservation_makes_the_mark_stale(operator: Actor) -> None:
    desk, who = make.desk(), make.person()
    booked = make.reservation(who, desk)
    seen = mark(operator, wanted(desk))
    reservations.change(who, booked.public_id, Change(title="Another"))
    with pytest.raises(WouldDisplaceError):
        service.close(operator, wanted(desk), seen=seen)


def test_requests_that_hold_nothing_are_hit_too(operator: Actor) -> None:
    policy = make.policy(needs_approval=True, holds_while_pending=False)
    lab = make.lab(under=policy)
    request = make.reservation(make.person(), lab)
    found = queries.plan(operator, wanted(lab))
    assert [hit.details.public_id for hit in found.hits] == [request.public_id]
    service.close(operator, wanted(lab), seen=found.seen)
    assert make.details(request.public_id).state is State.CANCELLED


def test_a_change_whose_place_is_held_there_is_declined_and_the_reservation_stays(
    operator: Actor, run: Run, told: Told
) -> None:
    policy = make.policy(needs_approval=True, holds_while_pending=True)
    lab, who = make.lab(under=policy), make.person()
    booked = make.reservation(who, lab, starts_at=make.at(10, days=2))
    reservations.approve(operator, booked.public_id, seen_version=1)
    moved = Change(starts_at=make.at(10), ends_at=make.at(11))
    assert reservations.change(who, booked.public_id, moved).amendment_waits
    found = queries.plan(operator, wanted(lab))
    assert [hit.is_change for hit in found.hits] == [True]
    done = service.close(operator, wanted(lab), seen=found.seen)
    assert done.displaced == 0
    now = make.details(booked.public_id)
    assert now.state is State.CONFIRMED
    assert now.amendment is None
    run()
    assert len(told(MessageKind.DECLINED)) == 1
    assert told(MessageKind.DISPLACED) == []
    assert promises.verify().is_clean


def test_what_touches_or_is_over_is_not_hit(operator: Actor) -> None:
    desk = make.desk()
    make.reservation(make.person(), desk, starts_at=make.at(8))  # until nine
    make.reservation(make.person(), desk, starts_at=make.at(17))
    done = service.close(operator, wanted(desk))
    assert done.displaced == 0


# --- who is told ---


def test_everybody_concerned_is_told_once_with_all_of_theirs_and_what_else_is_free(
    operator: Actor, run: Run, told: Told
) -> None:
    desk, spare = make.desk("D-1"), make.desk("D-2")
    who, other = make.person(language="fr"), make.person()
    first = make.reservation(who, desk)
    second = make.reservation(who, desk, starts_at=make.at(14))
    make.reservation(other, desk, starts_at=make.at(12))
    service.close(operator, wanted(desk), seen=mark(operator, wanted(desk)))
    run()
    assert told(MessageKind.CANCELLED) == []
    letters = {one.recipient_id: one.text or "" for one in told(MessageKind.DISPLACED)}
    assert set(letters) == {who.person_id, other.person_id}
    text = letters[who.person_id]
    assert first.reference in text
    assert second.reference in text
    assert "Ventilation" in text
    assert all(f"/replacements/{one.public_id}#" in text for one in (first, second))
    assert spare.spot.code in text
    assert text.count("/replacements/") <= 6
    assert "Cancelled" not in text


def test_whoever_stays_inside_is_told_once_and_whom_to_ask(
    operator: Actor, run: Run, told: Told
) -> None:
    """Not of a change that only waits for the time that closes, nor when it is open again."""
    desk, spare = make.desk("D-1"), make.desk("D-2")
    make.lab_manager(desk, name="Nadia Alami")
    who, asking = make.person(language="fr"), make.person()
    made = make.reservation(who, desk)
    strict = make.desk("D-3", under=make.policy(needs_approval=True))
    elsewhere = make.reservation(asking, make.desk("D-4"))
    reservations.change(
        asking,
        elsewhere.public_id,
        Change(resources=(strict.spot.public_id,), starts_at=make.at(14), ends_at=make.at(15)),
    )
    done = service.close(operator, wanted(desk, strict), keeps=True)
    run()
    (letter,) = told(MessageKind.DISPLACED)
    text = letter.text or ""
    assert letter.recipient_id == who.person_id
    assert made.reference in text
    assert "Nadia Alami" in text
    assert "Votre réservation a été maintenue" in text
    assert f"/book?resource={spare.spot.code}" in text
    reservations.change(who, made.public_id, Change(title="Other"))
    run()
    assert len(told(MessageKind.DISPLACED)) == 1
    service.end(operator, done.public_id)
    make.reservation(make.person(), desk, starts_at=make.at(15))
    again = service.close(operator, wanted(desk), keeps=True)
    service.end(operator, again.public_id)
    run()
    assert [one.state.value for one in told(MessageKind.DISPLACED)][1:] == ["withdrawn"] * 2


def test_a_message_about_what_is_over_is_not_sent(operator: Actor, run: Run, told: Told) -> None:
    desk = make.desk()
    make.reservation(make.person(), desk)
    service.close(operator, wanted(desk), seen=mark(operator, wanted(desk)))
    with clock.frozen_at(clock.now() + timedelta(days=3)):
        run()
    assert [one.state.value for one in told(MessageKind.DISPLACED)] == ["withdrawn"]


# --- two closures, and opening again ---


def test_two_closures_share_a_space_and_the_second_takes_over_what_the_first_gives_back(
    operator: Actor,
) -> None:
    desk = make.desk()
    first = service.close(operator, wanted(desk, starts_at=make.at(9), ends_at=make.at(12)))
    service.close(operator, wanted(desk, starts_at=make.at(8), ends_at=make.at(17)))
    assert len(claims(desk)) == 3
    service.end(operator, first.public_id)
    assert {kind for kind, *_ in claims(desk)} == {ClaimKind.CLOSURE}
    with pytest.raises(RefusedError):
        make.reservation(make.person(), desk, starts_at=make.at(10))


def test_ended_early_the_rest_is_free_and_what_was_stays(operator: Actor) -> None:
    desk = make.desk(open_at=make.around_the_clock())
    soon = clock.now() + timedelta(hours=4)
    done = service.close(operator, wanted(desk, starts_at=make.at(0, days=-1), ends_at=soon))
    with clock.frozen_at(clock.now() + timedelta(hours=1)):
        service.end(operator, done.public_id)
        ((_kind, start, end),) = claims(desk)
        assert Interval(start, end).minutes == 60
        assert queries.closure(operator, done.public_id).when(clock.now()) is When.PAST
        with pytest.raises(RefusedError):
            service.end(operator, done.public_id)


def test_withdrawn_before_it_began_it_leaves_nothing(operator: Actor) -> None:
    desk = make.desk()
    done = service.close(operator, wanted(desk))
    service.end(operator, done.public_id)
    assert claims(desk) == []
    make.reservation(make.person(), desk)


def test_the_lists_tell_now_ahead_and_past(operator: Actor) -> None:
    desk = make.desk()
    now = service.close(operator, wanted(desk, starts_at=make.at(0, days=-1), ends_at=make.at(7)))
    ahead = service.close(operator, wanted(desk))
    past = service.close(
        operator, wanted(desk, starts_at=make.at(9, days=2), ends_at=make.at(10, days=2))
    )
    service.end(operator, past.public_id)
    for when, done in ((When.NOW, now), (When.AHEAD, ahead), (When.PAST, past)):
        (found,) = queries.closures(operator, when, limit=5)
        assert found.public_id == done.public_id
        after = (found.interval.starts_at, found.id)
        assert queries.closures(operator, when, limit=5, after=after) == []


# --- at the same moment ---


def test_a_booking_that_comes_while_it_is_closed_is_refused(app: Flask, operator: Actor) -> None:
    desk, who = make.desk(), make.person()

    def book() -> str:
        wish = Wish((desk.spot.public_id,), make.at(10), make.at(11))
        try:
            return reservations.book(who, wish).public_id
        except RefusedError as refused:
            return refused.code

    rival = overtaken(app, lambda: service.close(operator, wanted(desk)), book)
    assert rival == "refused"


def test_a_closure_that_comes_while_somebody_books_is_refused_and_says_so(
    app: Flask, operator: Actor
) -> None:
    desk, who = make.desk(), make.person()

    def close() -> bool:
        try:
            service.close(operator, wanted(desk))
        except WouldDisplaceError as error:
            return error.is_stale
        raise AssertionError("the closure covered a reservation")

    wish = Wish((desk.spot.public_id,), make.at(10), make.at(11))
    assert overtaken(app, lambda: reservations.book(who, wish), close) in (True, False)
    assert [kind for kind, *_ in claims(desk)] == ["booking"]


def test_what_was_booked_after_the_look_the_claims_refuse(
    operator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make.desk()
    make.reservation(make.person(), desk)
    monkeypatch.setattr(queries, "hits", lambda *_: ())
    with pytest.raises(WouldDisplaceError) as refused:
        service.close(operator, wanted(desk))
    assert refused.value.is_stale
    assert [kind for kind, *_ in claims(desk)] == ["booking"]


def test_a_closure_that_comes_while_another_is_made_takes_what_is_left(
    app: Flask, operator: Actor
) -> None:
    desk = make.desk()
    overtaken(
        app,
        lambda: service.close(operator, wanted(desk, ends_at=make.at(12))),
        lambda: service.close(operator, wanted(desk, starts_at=make.at(11))),
    )
    assert [(kind, end - start) for kind, start, end in claims(desk)] == [
        ("closure", timedelta(hours=3)),
        ("closure", timedelta(hours=5)),
    ]
