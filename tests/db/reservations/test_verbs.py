"""The verbs of a reservation: states, claims, journal, refusals that leave all as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core import clock, zones
from booking.core.database import end_reading, session, transaction
from booking.core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Problem,
    RefusedError,
    StaleError,
    WouldDeclineError,
)
from booking.core.intervals import Interval, LocalInterval
from booking.core.permissions import Actor
from booking.core.refusals import NotChangeable, Obstacle, Reason
from booking.journal.models import JournalLine
from booking.occupancy import queries as occupancy_queries
from booking.occupancy.models import Hold
from booking.policies.facts import Place
from booking.policies.rules import WhoMayBook
from booking.reservations import queries, service
from booking.reservations.models import Asking, DeclineReason, State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change, GroupWish, Wish
from tests import make

LONG = timedelta(days=30)


# --- what the tests look at ---


def claims(*places: Place) -> list[tuple[str, str, str, str]]:
    """The claims on these places from today on: code, kind, start and end on the wall."""
    codes = {place.resource_id: place.spot.code for place in places}
    window = Interval(clock.now() - LONG, clock.now() + LONG)
    found = []
    for busy in occupancy_queries.busy_times(list(codes), window):
        local = LocalInterval.of(busy.interval, zones.zone(make.CASABLANCA))
        found.append(
            (
                codes[busy.resource_id],
                busy.kind.value,
                f"{local.starts_at:%d %H:%M}",
                f"{local.ends_at:%d %H:%M}",
            )
        )
    return found


def journal(public_id: str) -> list[JournalLine]:
    return list(
        session().scalars(
            select(JournalLine).where(JournalLine.subject_id == public_id).order_by(JournalLine.id)
        )
    )


def last_line(public_id: str) -> JournalLine:
    return journal(public_id)[-1]


def everything(details: Details, *places: Place) -> tuple[object, ...]:
    """What a refused act must leave as it was."""
    return (
        make.details(details.public_id),
        claims(details.place, *places),
        session().scalar(select(func.count()).select_from(JournalLine)),
        session().scalar(select(func.count()).select_from(Hold)),
    )


def reasons(refused: pytest.ExceptionInfo[RefusedError]) -> list[Reason]:
    return [refusal.reason for refusal in refused.value.refusals]


def obstacle(refused: pytest.ExceptionInfo[RefusedError]) -> Obstacle:
    (refusal,) = refused.value.refusals
    assert isinstance(refusal.facts, NotChangeable)
    return refusal.facts.obstacle


def holder_of(details: Details) -> Actor:
    return make.actor(details.person_id)


def confirmed_at_lab(place: Place) -> Details:
    """A reservation at a lab, from 10 to 12, that its manager has approved."""
    asked = make.reservation(place=place, starts_at=make.at(10), ends_at=make.at(12))
    service.approve(make.lab_manager(place), asked.public_id, seen_version=1)
    return make.details(asked.public_id)


def change(details: Details, wanted: Change, *, seen: int | None = None) -> Details:
    service.change(holder_of(details), details.public_id, wanted, seen_version=seen)
    return make.details(details.public_id)


# --- book ---


def test_a_desk_is_confirmed_and_claimed_at_once(app: Flask) -> None:
    made = make.reservation(title="Sprint", starts_at=make.at(10), ends_at=make.at(12))

    assert made.state is State.CONFIRMED
    assert claims(made.place) == [("A-01", "booking", "06 10:00", "06 12:00")]
    line = last_line(made.public_id)
    assert (line.act, line.actor_id, line.before) == ("booked", made.person_id, None)
    assert line.after == {
        "state": "confirmed",
        "resource": "A-01",
        "starts_at": "2026-10-06T10:00",
        "ends_at": "2026-10-06T12:00",
        "title": "Sprint",
        "headcount": 1,
    }


def test_a_lab_is_asked_for_and_held(app: Flask) -> None:
    made = make.reservation(place=make.lab())

    assert made.state is State.PENDING
    assert [decision.state for decision in made.decisions] == [Asking.WAITING]
    assert made.decide_by == made.interval.starts_at  # earlier than two days
    assert [kind for _, kind, *_ in claims(made.place)] == ["booking"]
    assert last_line(made.public_id).act == "requested"


def test_a_request_that_holds_nothing_claims_nothing(app: Flask) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))

    made = make.reservation(place=lab)

    assert (made.state, made.holds_place, claims(lab)) == (State.PENDING, False, [])


def test_a_wish_that_breaks_five_rules_is_told_five(app: Flask) -> None:
    strict = make.policy(shortest=60, longest=120, horizon=3, who_may_book=WhoMayBook.MEMBERS)
    desk = make.desk(under=strict)
    start = make.at(19, 7, days=5)  # closed by then, off the grid, too far, too short

    with pytest.raises(RefusedError) as refused:
        service.book(
            make.person(),
            Wish((desk.spot.public_id,), start, start + timedelta(minutes=15), headcount=1),
        )

    assert set(reasons(refused)) == {
        Reason.NOT_ELIGIBLE,
        Reason.CLOSED_DAY,
        Reason.OFF_GRID,
        Reason.TOO_SHORT,
        Reason.TOO_FAR,
    }
    assert claims(desk) == []


def test_a_refused_wish_also_tells_that_it_is_taken(app: Flask) -> None:
    made = make.reservation(starts_at=make.at(10), ends_at=make.at(12))

    with pytest.raises(RefusedError) as refused:
        make.reservation(place=made.place, starts_at=make.at(10, 7), ends_at=make.at(11))

    assert reasons(refused) == [Reason.OFF_GRID, Reason.SLOT_TAKEN]


def test_who_is_slower_is_refused_with_the_cause(app: Flask) -> None:
    made = make.reservation()

    with pytest.raises(RefusedError) as refused:
        make.reservation(place=made.place)

    assert reasons(refused) == [Reason.SLOT_TAKEN]
    assert len(claims(made.place)) == 1


def test_touching_times_do_not_refuse_each_other(app: Flask) -> None:
    first = make.reservation(starts_at=make.at(10), ends_at=make.at(11))
    make.reservation(place=first.place, starts_at=make.at(11), ends_at=make.at(12))
    make.reservation(place=first.place, starts_at=make.at(9), ends_at=make.at(10))

    assert len(claims(first.place)) == 3


def test_the_running_step_can_still_be_booked(app: Flask) -> None:
    desk = make.desk()
    with clock.frozen_at(clock.now() + timedelta(minutes=10)):
        made = make.reservation(
            place=desk, starts_at=make.at(8, days=0), ends_at=make.at(9, days=0)
        )

    assert made.state is State.CONFIRMED


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ({"ends_at": datetime(2026, 10, 6, 9)}, {"ends_at": Problem.ENDS_BEFORE_IT_STARTS}),
        ({"starts_at": datetime(1999, 1, 1)}, {"starts_at": Problem.OUT_OF_RANGE}),
        ({"ends_at": datetime(2027, 10, 6)}, {"ends_at": Problem.OUT_OF_RANGE}),
        ({"title": "x" * 201}, {"title": Problem.TOO_LONG}),
        ({"headcount": 0}, {"headcount": Problem.OUT_OF_RANGE}),
        ({"headcount": 10**30}, {"headcount": Problem.OUT_OF_RANGE}),
        ({"resources": ("nowhere",)}, {"resources": Problem.NOT_FOUND}),
        ({"organisation_id": "not mine"}, {"organisation": Problem.NOT_FOUND}),
    ],
)
def test_a_wish_without_sense_names_the_field(
    app: Flask, wish: dict[str, object], problem: dict[str, Problem]
) -> None:
    values: dict[str, object] = {
        "resources": (make.desk().spot.public_id,),
        "starts_at": make.at(10),
        "ends_at": make.at(11),
        **wish,
    }

    with pytest.raises(InvalidError) as invalid:
        service.book(make.member_of(), Wish(**values))  # type: ignore[arg-type]  # any values

    assert invalid.value.fields == problem


def test_what_could_not_be_shown_is_taken_out_of_a_title(app: Flask) -> None:
    assert make.reservation(title="  a\x00b\u202e \n c ").title == "a b c"


def test_a_time_that_the_clocks_jump_over_is_no_time(app: Flask) -> None:
    make.site(zone="Europe/Paris")
    desk = make.desk(open_at=make.around_the_clock(), under=make.policy(horizon=300))
    start = datetime(2027, 3, 28, 2, 30)

    with pytest.raises(InvalidError) as invalid:
        service.book(make.person(), Wish((desk.spot.public_id,), start, start + timedelta(hours=2)))

    assert invalid.value.fields == {"starts_at": Problem.NONEXISTENT_TIME}


# --- change ---


def test_a_desk_moves_with_its_claim(app: Flask) -> None:
    made, other = make.reservation(), make.desk("A-09")

    moved = change(
        made,
        Change((other.spot.public_id,), make.at(14), make.at(16), title="Later"),
        seen=1,
    )

    assert (moved.version, moved.sequence, moved.title) == (2, 1, "Later")
    assert claims(made.place, other) == [("A-09", "booking", "06 14:00", "06 16:00")]
    line = last_line(made.public_id)
    assert line.act == "moved"
    assert line.before == {
        "resource": "A-01",
        "starts_at": "2026-10-06T10:00",
        "ends_at": "2026-10-06T11:00",
        "title": "",
    }
    assert line.after == {
        "resource": "A-09",
        "starts_at": "2026-10-06T14:00",
        "ends_at": "2026-10-06T16:00",
        "title": "Later",
    }


def test_extending_into_free_time_is_a_move_and_giving_back_is_shortening(app: Flask) -> None:
    made = make.reservation()

    extended = change(made, Change(ends_at=make.at(13)))
    assert last_line(made.public_id).act == "moved"
    change(extended, Change(ends_at=make.at(10, 30)))

    assert last_line(made.public_id).act == "shortened"
    assert claims(made.place) == [("A-01", "booking", "06 10:00", "06 10:30")]


def test_renaming_changes_no_sequence(app: Flask) -> None:
    made = make.reservation()

    renamed = change(made, Change(title="New name"))

    assert (renamed.title, renamed.version, renamed.sequence) == ("New name", 2, 0)
    line = last_line(made.public_id)
    assert (line.act, line.before, line.after) == (
        "renamed",
        {"title": ""},
        {"title": "New name"},
    )


def test_a_change_of_nothing_does_nothing(app: Flask) -> None:
    made = make.reservation(title="Same")

    change(made, Change(starts_at=made.local.starts_at, title="Same"))

    assert make.details(made.public_id) == made
    assert len(journal(made.public_id)) == 1


def test_a_refused_move_leaves_all_as_it_was(app: Flask) -> None:
    made = make.reservation()
    make.reservation(place=made.place, starts_at=make.at(14), ends_at=make.at(15))
    before = everything(made)

    with pytest.raises(RefusedError) as refused:
        change(made, Change(starts_at=make.at(13), ends_at=make.at(15)))

    assert reasons(refused) == [Reason.SLOT_TAKEN]
    assert everything(made) == before


def test_a_change_is_refused_by_the_rules_too(app: Flask) -> None:
    made = make.reservation()
    before = everything(made)

    with pytest.raises(RefusedError) as refused:
        change(made, Change(ends_at=make.at(19)))

    assert reasons(refused) == [Reason.OUTSIDE_HOURS]
    assert everything(made) == before


def test_more_people_than_fit_do_not_fit_by_renaming(app: Flask) -> None:
    made = make.reservation(place=make.room(capacity=6), headcount=4)

    with pytest.raises(RefusedError) as refused:
        change(made, Change(headcount=7))

    assert reasons(refused) == [Reason.OVER_CAPACITY]


def test_a_change_of_what_was_not_seen_is_stale(app: Flask) -> None:
    made = make.reservation()
    change(made, Change(title="Faster"), seen=1)

    with pytest.raises(StaleError) as stale:
        change(made, Change(title="Slower"), seen=1)

    assert stale.value.current_version == 2
    assert make.details(made.public_id).title == "Faster"


def test_a_running_reservation_keeps_start_and_place_but_not_its_end(app: Flask) -> None:
    made = make.reservation(starts_at=make.at(8, days=0), ends_at=make.at(10, days=0))
    other = make.desk()
    with clock.frozen_at(clock.now() + timedelta(minutes=40)):
        for wanted in (
            Change(starts_at=make.at(9, days=0)),
            Change(resources=(other.spot.public_id,)),
        ):
            with pytest.raises(RefusedError) as refused:
                change(made, wanted)
            assert obstacle(refused) is Obstacle.BEGUN
        change(made, Change(ends_at=make.at(11, days=0)))
        released = change(made, Change(ends_at=make.at(8, 45, days=0)))

    assert released.local.ends_at == make.at(8, 45, days=0)
    assert claims(made.place) == [("A-01", "booking", "05 08:00", "05 08:45")]


@pytest.mark.parametrize("state", [State.CANCELLED, State.DECLINED, State.EXPIRED])
def test_what_is_closed_does_not_change(app: Flask, state: State) -> None:
    closed = CLOSED_BY[state]()

    with pytest.raises(RefusedError) as refused:
        change(closed, Change(ends_at=make.at(17)))
    assert obstacle(refused).value == state.value
    with pytest.raises(RefusedError) as refused:
        service.cancel(holder_of(closed), closed.public_id)

    assert obstacle(refused).value == state.value


def test_what_is_over_does_not_change(app: Flask) -> None:
    made = make.reservation()
    with clock.frozen_at(made.interval.ends_at):
        with pytest.raises(RefusedError) as refused:
            change(made, Change(title="Too late"))
        assert obstacle(refused) is Obstacle.ENDED
        with pytest.raises(RefusedError) as refused:
            service.cancel(holder_of(made), made.public_id)
        assert obstacle(refused) is Obstacle.ENDED


def test_a_pending_request_moves_in_place_and_is_asked_anew(app: Flask) -> None:
    lab = make.lab()
    asked = make.reservation(place=lab)

    moved = change(asked, Change(starts_at=make.at(14), ends_at=make.at(15)))

    assert (moved.state, moved.amendment) == (State.PENDING, None)
    assert [one.state for one in moved.decisions] == [Asking.WITHDRAWN, Asking.WAITING]
    assert claims(lab) == [(lab.spot.code, "booking", "06 14:00", "06 15:00")]
    with pytest.raises(StaleError):
        service.approve(make.lab_manager(lab), asked.public_id, seen_version=1)


def test_a_request_that_moves_to_a_place_that_asks_nobody_is_confirmed(app: Flask) -> None:
    free = make.policy()
    asked = make.reservation(place=make.lab("L-1"))
    other = make.lab("L-2", under=free)

    moved = change(asked, Change(resources=(other.spot.public_id,)))

    assert moved.state is State.CONFIRMED
    assert [one.state for one in moved.decisions] == [Asking.WITHDRAWN]


# --- changes that wait ---


def test_a_change_of_a_lab_waits_and_holds_only_what_it_adds(app: Flask) -> None:
    lab = make.lab()
    made = confirmed_at_lab(lab)

    waiting = change(made, Change(starts_at=make.at(11), ends_at=make.at(14)))

    assert (waiting.state, waiting.local) == (State.CONFIRMED, made.local)
    assert waiting.amendment is not None
    assert waiting.amendment.local.ends_at == make.at(14)
    assert claims(lab) == [
        (lab.spot.code, "booking", "06 10:00", "06 12:00"),
        (lab.spot.code, "hold", "06 12:00", "06 14:00"),
    ]
    line = last_line(made.public_id)
    assert line.act == "asked_for_change"
    assert line.before == {"starts_at": "2026-10-06T10:00", "ends_at": "2026-10-06T12:00"}
    assert line.after == {"starts_at": "2026-10-06T11:00", "ends_at": "2026-10-06T14:00"}


def test_approving_a_change_swaps_the_claims(app: Flask) -> None:
    lab = make.lab()
    waiting = change(confirmed_at_lab(lab), Change(starts_at=make.at(11), ends_at=make.at(14)))

    service.approve(make.lab_manager(lab), waiting.public_id, seen_version=waiting.version)

    swapped = make.details(waiting.public_id)
    assert (swapped.amendment, swapped.local.starts_at) == (None, make.at(11))
    assert swapped.sequence == waiting.sequence + 1
    assert claims(lab) == [(lab.spot.code, "booking", "06 11:00", "06 14:00")]
    assert last_line(waiting.public_id).act == "approved_change"
    assert session().scalar(select(func.count()).select_from(Hold)) == 0


def test_a_new_name_outlives_the_approval_of_a_change(app: Flask) -> None:
    lab = make.lab()
    waiting = change(confirmed_at_lab(lab), Change(ends_at=make.at(14), title="Asked", headcount=2))

    renamed = change(waiting, Change(title="Renamed since"))
    service.approve(make.lab_manager(lab), renamed.public_id, seen_version=renamed.version)

    approved = make.details(renamed.public_id)
    assert (approved.title, approved.headcount) == ("Renamed since", 2)
    assert approved.local.ends_at == make.at(14)


def test_declining_a_change_leaves_the_reservation(app: Flask) -> None:
    lab = make.lab()
    made = confirmed_at_lab(lab)
    waiting = change(made, Change(ends_at=make.at(14)))

    service.decline(
        make.lab_manager(lab), made.public_id, seen_version=waiting.version, reason="Too long"
    )

    after = make.details(made.public_id)
    assert (after.state, after.local, after.amendment) == (State.CONFIRMED, made.local, None)
    assert claims(lab) == [(lab.spot.code, "booking", "06 10:00", "06 12:00")]
    line = last_line(made.public_id)
    assert line.act == "declined_change"
    assert line.after == {"reason_code": "other", "reason": "Too long"}


def test_a_waiting_change_can_be_taken_back(app: Flask) -> None:
    lab = make.lab()
    waiting = change(confirmed_at_lab(lab), Change(ends_at=make.at(14)))

    service.withdraw_change(holder_of(waiting), waiting.public_id)

    assert make.details(waiting.public_id).amendment is None
    assert claims(lab) == [(lab.spot.code, "booking", "06 10:00", "06 12:00")]
    with pytest.raises(NotFoundError):
        service.withdraw_change(holder_of(waiting), waiting.public_id)


def test_another_change_replaces_the_one_that_waits(app: Flask) -> None:
    lab = make.lab()
    waiting = change(confirmed_at_lab(lab), Change(ends_at=make.at(14)))

    change(waiting, Change(ends_at=make.at(13)))

    assert claims(lab)[1:] == [(lab.spot.code, "hold", "06 12:00", "06 13:00")]


def test_shortening_needs_no_approval(app: Flask) -> None:
    lab = make.lab()

    shorter = change(confirmed_at_lab(lab), Change(ends_at=make.at(11)))

    assert shorter.amendment is None
    assert claims(lab) == [(lab.spot.code, "booking", "06 10:00", "06 11:00")]


def test_a_refused_wish_for_a_change_leaves_the_one_that_waits(app: Flask) -> None:
    lab = make.lab()
    waiting = change(confirmed_at_lab(lab), Change(ends_at=make.at(13)))
    make.reservation(place=lab, starts_at=make.at(15), ends_at=make.at(16))
    before = everything(waiting)

    with pytest.raises(RefusedError):
        change(waiting, Change(ends_at=make.at(16)))

    assert everything(waiting) == before


def test_a_change_to_another_place_holds_all_of_it_there(app: Flask) -> None:
    lab, other = make.lab("L-1"), make.lab("L-2")
    made = confirmed_at_lab(lab)

    change(made, Change(resources=(other.spot.public_id,)))

    assert claims(lab, other) == [
        ("L-1", "booking", "06 10:00", "06 12:00"),
        ("L-2", "hold", "06 10:00", "06 12:00"),
    ]


# --- cancel ---


def test_cancelling_gives_the_claim_back(app: Flask) -> None:
    made = make.reservation()

    service.cancel(holder_of(made), made.public_id, reason=" Ill ")

    gone = make.details(made.public_id)
    assert (gone.state, gone.closing_reason, gone.sequence) == (State.CANCELLED, "Ill", 1)
    assert claims(made.place) == []
    line = last_line(made.public_id)
    assert line.before == {"state": "confirmed"}
    assert line.after == {"state": "cancelled", "reason": "Ill"}


def test_a_running_one_is_cancelled_only_just_after_it_was_made(app: Flask) -> None:
    made = make.reservation(starts_at=make.at(8, days=0), ends_at=make.at(10, days=0))
    twin = make.reservation(starts_at=make.at(8, days=0), ends_at=make.at(10, days=0))
    with clock.frozen_at(clock.now() + timedelta(minutes=10)):
        service.cancel(holder_of(made), made.public_id)
    later = clock.now() + timedelta(minutes=11)
    with clock.frozen_at(later), pytest.raises(RefusedError) as refused:
        service.cancel(holder_of(twin), twin.public_id)

    assert obstacle(refused) is Obstacle.CANCEL_TOO_LATE


def test_cancelling_takes_the_waiting_change_along(app: Flask) -> None:
    lab = make.lab()
    waiting = change(confirmed_at_lab(lab), Change(ends_at=make.at(14)))

    service.cancel(holder_of(waiting), waiting.public_id)

    assert claims(lab) == []
    assert make.details(waiting.public_id).amendment is None


def test_a_reason_has_a_length(app: Flask) -> None:
    made = make.reservation()

    with pytest.raises(InvalidError) as invalid:
        service.cancel(holder_of(made), made.public_id, reason="x" * 501)

    assert invalid.value.fields == {"reason": Problem.TOO_LONG}


# --- decide ---


def test_approval_confirms(app: Flask) -> None:
    asked = make.reservation(place=make.lab())

    outcome = service.approve(make.lab_manager(asked.place), asked.public_id, seen_version=1)

    assert outcome.state is State.CONFIRMED
    line = last_line(asked.public_id)
    assert (line.act, line.before, line.after) == (
        "approved",
        {"state": "pending"},
        {"state": "confirmed"},
    )


def test_declining_needs_a_reason_and_frees_the_place(app: Flask) -> None:
    asked = make.reservation(place=make.lab())
    manager = make.lab_manager(asked.place)
    with pytest.raises(InvalidError) as invalid:
        service.decline(manager, asked.public_id, seen_version=1, reason=" \x00 ")

    service.decline(manager, asked.public_id, seen_version=1, reason="No training yet")

    assert invalid.value.fields == {"reason": Problem.MISSING}
    declined = make.details(asked.public_id)
    assert (declined.state, declined.closing_code) == (State.DECLINED, DeclineReason.OTHER)
    assert declined.closing_reason == "No training yet"
    assert claims(asked.place) == []


def test_a_decision_on_what_is_decided_is_refused(app: Flask) -> None:
    asked = make.reservation(place=make.lab())
    manager = make.lab_manager(asked.place)
    service.approve(manager, asked.public_id, seen_version=1)

    with pytest.raises(RefusedError) as refused:
        service.decline(manager, asked.public_id, seen_version=2, reason="Too late")

    assert obstacle(refused) is Obstacle.CONFIRMED


@pytest.mark.parametrize("as_operator", [False, True])
def test_no_one_approves_their_own_request(app: Flask, as_operator: bool) -> None:
    lab = make.lab()
    manager = make.operator() if as_operator else make.lab_manager(lab)
    asked = make.reservation(manager, lab)

    with pytest.raises(ForbiddenError):
        service.approve(manager, asked.public_id, seen_version=1)
    with pytest.raises(ForbiddenError):
        service.decline(manager, asked.public_id, seen_version=1, reason="No")

    assert make.details(asked.public_id).state is State.PENDING


def test_a_policy_may_let_people_decide_on_their_own_requests(app: Flask) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, own_request_may_be_decided=True))
    manager = make.lab_manager(lab)
    asked = make.reservation(manager, lab)

    service.approve(manager, asked.public_id, seen_version=1)

    assert make.details(asked.public_id).state is State.CONFIRMED


def test_requests_that_hold_nothing_stand_together_until_one_is_approved(app: Flask) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))
    first, second = make.reservation(place=lab), make.reservation(place=lab)
    beside = make.reservation(place=lab, starts_at=make.at(11), ends_at=make.at(12))
    manager = make.lab_manager(lab)
    with pytest.raises(WouldDeclineError) as told:
        service.approve(manager, first.public_id, seen_version=1)
    assert told.value.references == (second.reference,)
    assert claims(lab) == []

    service.approve(manager, first.public_id, seen_version=1, declines_others=True)

    states = [make.details(one.public_id).state for one in (first, second, beside)]
    assert states == [State.CONFIRMED, State.DECLINED, State.PENDING]
    assert len(claims(lab)) == 1
    line = last_line(second.public_id)
    assert line.act == "declined"
    assert line.after == {"state": "declined", "reason_code": "another_was_approved"}


def test_a_request_that_is_cancelled_this_moment_is_not_declined(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))
    first, second = make.reservation(place=lab), make.reservation(place=lab)
    holder, manager = holder_of(second), make.lab_manager(lab)
    ended: list[str] = []

    def cancel() -> None:
        with app.app_context():
            try:
                service.cancel(holder, second.public_id)
                ended.append("cancelled")
            except RefusedError:
                ended.append("declined")

    other = Thread(target=cancel)
    settle = service._settle_approvals

    def settle_while_another_cancels(*args: Any, **kwargs: Any) -> None:
        if not other.ident:
            other.start()
            other.join(timeout=0.5)
        settle(*args, **kwargs)

    monkeypatch.setattr(service, "_settle_approvals", settle_while_another_cancels)
    service.approve(manager, first.public_id, seen_version=1, declines_others=True)
    other.join()

    end_reading()
    assert [make.details(second.public_id).state.value] == ended


def test_approving_a_change_declines_requests_for_its_time_too(app: Flask) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))
    waiting = change(confirmed_at_lab(lab), Change(ends_at=make.at(14)))
    rival = make.reservation(place=lab, starts_at=make.at(13), ends_at=make.at(15))
    manager = make.lab_manager(lab)
    with pytest.raises(WouldDeclineError) as told:
        service.approve(manager, waiting.public_id, seen_version=waiting.version)

    service.approve(manager, waiting.public_id, seen_version=waiting.version, declines_others=True)

    assert told.value.references == (rival.reference,)
    assert make.details(rival.public_id).state is State.DECLINED
    assert claims(lab) == [(lab.spot.code, "booking", "06 10:00", "06 14:00")]


def test_approving_a_request_whose_place_was_taken_meanwhile_is_refused(app: Flask) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))
    asked = make.reservation(place=lab)
    make.closure(lab, make.at(10), make.at(11))
    before = everything(asked)

    with pytest.raises(RefusedError) as refused:
        service.approve(make.lab_manager(lab), asked.public_id, seen_version=1)

    assert reasons(refused) == [Reason.SLOT_TAKEN]
    assert everything(asked) == before


# --- expire ---


def test_a_request_nobody_answers_expires(app: Flask) -> None:
    asked = make.reservation(place=make.lab(), starts_at=make.at(10, days=3))
    assert asked.decide_by == clock.now() + timedelta(days=2)
    assert service.expire_next() is False
    with clock.frozen_at(asked.decide_by):
        assert service.expire_next() is True
        assert service.expire_next() is False

    expired = make.details(asked.public_id)
    assert (expired.state, [one.state for one in expired.decisions]) == (
        State.EXPIRED,
        [Asking.EXPIRED],
    )
    assert claims(asked.place) == []
    assert (last_line(asked.public_id).act, last_line(asked.public_id).actor_id) == (
        "expired",
        None,
    )


def test_a_change_nobody_answers_expires_and_the_reservation_stays(app: Flask) -> None:
    lab = make.lab()
    made = confirmed_at_lab(lab)
    change(made, Change(ends_at=make.at(14)))
    with clock.frozen_at(made.interval.ends_at):
        assert service.expire_next() is True
        assert service.expire_next() is False

    after = make.details(made.public_id)
    assert (after.state, after.amendment, after.local) == (State.CONFIRMED, None, made.local)
    assert claims(lab) == [(lab.spot.code, "booking", "06 10:00", "06 12:00")]
    assert last_line(made.public_id).act == "change_expired"


# --- who may ---


def test_strangers_learn_nothing_and_colleagues_may_look(app: Flask) -> None:
    atlas = make.organisation()
    who = make.member_of(atlas)
    made = make.reservation(who, organisation_id=atlas.public_id)
    for who_asks, error in (
        (make.person(), NotFoundError),
        (make.member_of(atlas), ForbiddenError),
    ):
        with pytest.raises(error):
            service.change(who_asks, made.public_id, Change(title="Mine"))
        with pytest.raises(error):
            service.cancel(who_asks, made.public_id)

    assert queries.details(make.member_of(atlas), made.public_id) == made
    with pytest.raises(NotFoundError):
        service.approve(make.person(), made.public_id, seen_version=1)


def test_the_manager_of_an_organisation_may_change_and_the_lab_manager_may_cancel(
    app: Flask,
) -> None:
    atlas = make.organisation()
    lab = make.lab(under=make.policy())
    made = make.reservation(make.member_of(atlas), lab, organisation_id=atlas.public_id)

    service.change(make.member_of(atlas, is_manager=True), made.public_id, Change(title="Ours"))
    service.cancel(make.lab_manager(lab), made.public_id)

    assert make.details(made.public_id).state is State.CANCELLED


# --- every verb journals, in its own transaction ---


@dataclass(frozen=True)
class Scene:
    """A verb that is about to succeed, and the reservation whose history it adds to."""

    act: Callable[[], object]
    subject: str
    lines: int = 1


def _book() -> Scene:
    who, desk = make.member_of(), make.desk()
    return Scene(
        lambda: service.book(who, Wish((desk.spot.public_id,), make.at(9), make.at(10))), ""
    )


def _change() -> Scene:
    made = make.reservation()
    who = holder_of(made)
    return Scene(
        lambda: service.change(who, made.public_id, Change(ends_at=make.at(12))), made.public_id
    )


def _cancel() -> Scene:
    made = make.reservation()
    who = holder_of(made)
    return Scene(lambda: service.cancel(who, made.public_id), made.public_id)


def _withdraw_change() -> Scene:
    waiting = change(confirmed_at_lab(make.lab()), Change(ends_at=make.at(14)))
    who = holder_of(waiting)
    return Scene(lambda: service.withdraw_change(who, waiting.public_id), waiting.public_id)


def _approve() -> Scene:
    asked = make.reservation(place=make.lab())
    manager = make.lab_manager(asked.place)
    return Scene(lambda: service.approve(manager, asked.public_id, seen_version=1), asked.public_id)


def _decline() -> Scene:
    asked = make.reservation(place=make.lab())
    manager = make.lab_manager(asked.place)
    return Scene(
        lambda: service.decline(manager, asked.public_id, seen_version=1, reason="No"),
        asked.public_id,
    )


def _expire_next() -> Scene:
    asked = make.reservation(place=make.lab())

    def expire() -> None:
        with clock.frozen_at(asked.interval.starts_at):
            service.expire_next()

    return Scene(expire, asked.public_id)


def _book_together() -> Scene:
    who, wish = make.member_of(), _for_two()
    return Scene(lambda: service.book_together(who, wish), "", lines=2)


def _cancel_group() -> Scene:
    who = make.member_of()
    group = service.book_together(who, _for_two())
    return Scene(
        lambda: service.cancel_group(who, group.public_id),
        group.reservations[0].public_id,
        lines=2,
    )


def _move_group() -> Scene:
    who = make.member_of()
    group = service.book_together(who, _for_two())
    later = Change(starts_at=make.at(14), ends_at=make.at(15))
    return Scene(
        lambda: service.move_group(who, group.public_id, later),
        group.reservations[0].public_id,
        lines=2,
    )


def _for_two() -> GroupWish:
    places = (make.desk().spot.public_id, make.desk().spot.public_id)
    return GroupWish(places, make.at(10), make.at(11))


def _transfer() -> Scene:
    startup = make.organisation()
    who, colleague = make.member_of(startup), make.member_of(startup)
    made = make.reservation(who, organisation_id=startup.public_id)
    return Scene(
        lambda: service.transfer(who, made.public_id, to=colleague.public_id), made.public_id
    )


def _book_by_exception() -> Scene:
    operator, desk = make.operator(), make.desk()
    wish = Wish((desk.spot.public_id,), make.at(22), make.at(23))
    return Scene(lambda: service.book_by_exception(operator, wish, reason="Night of tests"), "")


def _change_by_exception() -> Scene:
    operator, made = make.operator(), make.reservation()
    late = Change(starts_at=make.at(22), ends_at=make.at(23))
    return Scene(
        lambda: service.change_by_exception(
            operator, made.public_id, late, reason="Night of tests"
        ),
        made.public_id,
    )


def _ask() -> Scene:
    asked = make.reservation(place=make.lab())
    manager = make.lab_manager(asked.place)
    return Scene(
        lambda: service.ask(manager, asked.public_id, question="Which material?"), asked.public_id
    )


def _answer() -> Scene:
    who, lab = make.member_of(), make.lab()
    asked = make.reservation(who, lab)
    service.ask(make.lab_manager(lab), asked.public_id, question="Which material?")
    return Scene(lambda: service.answer(who, asked.public_id, text="Resin"), asked.public_id)


SCENES: dict[str, Callable[[], Scene]] = {
    "book": _book,
    "book_by_exception": _book_by_exception,
    "change_by_exception": _change_by_exception,
    "transfer": _transfer,
    "change": _change,
    "cancel": _cancel,
    "withdraw_change": _withdraw_change,
    "approve": _approve,
    "decline": _decline,
    "expire_next": _expire_next,
    "book_together": _book_together,
    "cancel_group": _cancel_group,
    "move_group": _move_group,
    "ask": _ask,
    "answer": _answer,
}


def verbs() -> set[str]:
    """The public functions of the service that are transactions."""
    return {
        name
        for name, found in vars(service).items()
        if not name.startswith("_")
        and getattr(found, "__module__", "") == service.__name__
        and hasattr(found, "__wrapped__")
    }


def test_no_verb_is_forgotten_here() -> None:
    assert verbs() == set(SCENES)


@pytest.mark.parametrize("verb", sorted(SCENES))
def test_every_verb_journals_in_its_own_transaction(app: Flask, verb: str) -> None:
    scene = SCENES[verb]()
    before = _lines()

    with pytest.raises(_ChangedMyMindError):
        _act_and_roll_back(scene, before + scene.lines)
    assert _lines() == before

    scene.act()
    assert _lines() == before + scene.lines
    assert not scene.subject or last_line(scene.subject).act


class _ChangedMyMindError(Exception):
    """Rolls an act back."""


def _act_and_roll_back(scene: Scene, lines: int) -> None:
    with transaction():
        scene.act()
        assert _lines() == lines
        raise _ChangedMyMindError


def _lines() -> int:
    return session().scalar(select(func.count()).select_from(JournalLine)) or 0


# --- ways to be closed ---


def _cancelled() -> Details:
    made = make.reservation()
    service.cancel(holder_of(made), made.public_id)
    return make.details(made.public_id)


def _declined() -> Details:
    asked = make.reservation(place=make.lab())
    service.decline(make.lab_manager(asked.place), asked.public_id, seen_version=1, reason="No")
    return make.details(asked.public_id)


def _expired() -> Details:
    asked = make.reservation(
        place=make.lab(under=make.policy(needs_approval=True, decide_within=60))
    )
    with clock.frozen_at(clock.now() + timedelta(hours=1)):
        service.expire_next()
    return make.details(asked.public_id)


CLOSED_BY: dict[State, Callable[[], Details]] = {
    State.CANCELLED: _cancelled,
    State.DECLINED: _declined,
    State.EXPIRED: _expired,
}


def test_a_longer_stay_can_be_granted_while_it_runs(app: Flask) -> None:
    lab, member = make.lab(), make.person()
    manager = make.lab_manager(lab)
    made = make.reservation(member, lab, starts_at=make.at(10), ends_at=make.at(12))
    service.approve(manager, made.public_id, seen_version=1)
    with clock.frozen_at(made.interval.starts_at + timedelta(minutes=30)):
        outcome = service.change(member, made.public_id, Change(ends_at=make.at(13, days=0)))
        assert outcome.amendment_waits
        waiting = make.details(made.public_id)
        assert waiting.amendment is not None
        assert waiting.amendment.decide_by == made.interval.ends_at
        service.approve(manager, made.public_id, seen_version=waiting.version)
    assert make.details(made.public_id).local.ends_at == make.at(13)


def test_a_move_can_only_be_granted_before_either_beginning(app: Flask) -> None:
    lab, member = make.lab(), make.person()
    manager = make.lab_manager(lab)
    made = make.reservation(member, lab, starts_at=make.at(10), ends_at=make.at(12))
    service.approve(manager, made.public_id, seen_version=1)
    service.change(member, made.public_id, Change(starts_at=make.at(14), ends_at=make.at(16)))
    waiting = make.details(made.public_id)
    assert waiting.amendment is not None
    assert waiting.amendment.decide_by == made.interval.starts_at
    with clock.frozen_at(made.interval.starts_at), pytest.raises(RefusedError):
        service.approve(manager, made.public_id, seen_version=waiting.version)
