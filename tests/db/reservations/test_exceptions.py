"""Booking by way of exception: who may, which rules give way, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from booking.core.database import session, transaction
from booking.core.errors import ForbiddenError, InvalidError, Problem, RefusedError
from booking.core.permissions import Actor
from booking.core.refusals import Reason
from booking.journal.models import JournalLine
from booking.policies.facts import Place
from booking.policies.rules import WhoMayBook
from booking.reservations import service
from booking.reservations.models import State
from booking.reservations.wishes import Change, Wish
from booking.spaces.models import Resource, ResourceState
from tests import make

pytestmark = pytest.mark.usefixtures("app")

BECAUSE = "The jury meets in the evening"


@pytest.fixture
def room() -> Place:
    rules = make.policy(
        longest=120, horizon=30, who_may_book=WhoMayBook.MEMBERS, person_quota_minutes=60
    )
    return make.room("S-01", under=rules)


def wish(*places: Place, start: datetime | None = None, hours: int = 1, people: int = 1) -> Wish:
    begins = start or make.at(10)
    ids = tuple(place.spot.public_id for place in places)
    return Wish(ids, begins, begins + timedelta(hours=hours), headcount=people)


def refused(who: Actor, wanted: Wish) -> dict[Reason, str | None]:
    with pytest.raises(RefusedError) as error:
        service.book_by_exception(who, wanted, reason=BECAUSE)
    return {one.reason: one.overridable_by for one in error.value.refusals}


def test_the_lab_manager_sets_rules_aside_and_the_journal_keeps_which_and_why(room: Place) -> None:
    manager = make.lab_manager(room)
    wanted = wish(room, start=make.at(3, days=42), hours=5)
    with pytest.raises(RefusedError) as error:
        service.book(manager, wanted)
    by = {one.reason: one.overridable_by for one in error.value.refusals}
    assert by == dict.fromkeys(
        (Reason.NOT_ELIGIBLE, Reason.OUTSIDE_HOURS, Reason.TOO_LONG, Reason.TOO_FAR,
         Reason.QUOTA_EXCEEDED), "lab_manager"
    )  # fmt: skip
    made = service.book_by_exception(manager, wanted, reason=f"  {BECAUSE} ")
    assert made.state is State.CONFIRMED
    (line,) = session().scalars(select(JournalLine).where(JournalLine.subject_id == made.public_id))
    assert line.act == "booked_by_exception"
    assert line.actor_id == manager.person_id
    assert line.after is not None
    assert line.after["reason"] == BECAUSE
    assert set(str(line.after["overridden"]).split(", ")) == {reason.value for reason in by}


def test_what_is_taken_full_broken_or_past_gives_way_to_nobody(room: Place) -> None:
    boss = make.operator()
    make.reservation(make.member_of(), room)
    assert set(refused(boss, wish(room, hours=3))) == {Reason.SLOT_TAKEN}
    assert refused(boss, wish(room, start=make.at(14), people=13))[Reason.OVER_CAPACITY] is None
    assert refused(boss, wish(room, start=make.at(14, days=-1)))[Reason.IN_THE_PAST] is None
    assert refused(boss, wish(room, start=make.at(14, 5)))[Reason.OFF_GRID] is None
    with transaction() as write:
        write.execute(update(Resource).values(state=ResourceState.OUT_OF_ORDER))
    assert refused(boss, wish(room, start=make.at(14)))[Reason.OUT_OF_ORDER] is None


def test_nobody_else_may_and_a_deputy_neither(room: Place) -> None:
    beside = make.room("S-02", under=make.policy())
    manager = make.lab_manager(room)
    lent = replace(
        manager, grants=tuple(replace(one, instead_of=manager.person_id) for one in manager.grants)
    )
    wanted = wish(room, hours=3)
    for who in (make.member_of(), make.lab_manager(beside), make.auditor(), lent):
        with pytest.raises(ForbiddenError):
            service.book_by_exception(who, wanted, reason=BECAUSE)
    with pytest.raises(ForbiddenError):
        service.book_by_exception(manager, wish(room, beside, hours=3), reason=BECAUSE)
    service.book_by_exception(make.operator(), wish(room, beside, hours=3), reason=BECAUSE)


@pytest.mark.parametrize(
    ("reason", "problem"), [(" ", Problem.MISSING), ("x" * 501, Problem.TOO_LONG)]
)
def test_a_reason_is_needed(room: Place, reason: str, problem: Problem) -> None:
    with pytest.raises(InvalidError) as error:
        service.book_by_exception(make.operator(), wish(room, hours=3), reason=reason)
    assert error.value.fields == {"reason": problem}


def test_whoever_decides_is_asked_all_the_same() -> None:
    lab = make.lab(under=make.policy(needs_approval=True, longest=60))
    made = service.book_by_exception(make.operator(), wish(lab, hours=2), reason=BECAUSE)
    assert made.state is State.PENDING
    (act,) = session().scalars(
        select(JournalLine.act).where(JournalLine.subject_id == made.public_id)
    )
    assert act == "requested_by_exception"


def test_where_nothing_speaks_against_it_it_is_booked_as_ever() -> None:
    made = service.book_by_exception(make.operator(), wish(make.room()), reason=BECAUSE)
    (act,) = session().scalars(
        select(JournalLine.act).where(JournalLine.subject_id == made.public_id)
    )
    assert act == "booked"


# --- changes ---


def later(days: int = 1, hour: int = 10, hours: int = 3) -> Change:
    begins = make.at(hour, days=days)
    return Change(starts_at=begins, ends_at=begins + timedelta(hours=hours))


def test_a_change_sets_rules_aside_too_and_its_line_keeps_which_and_why(room: Place) -> None:
    manager = make.lab_manager(room)
    made = service.book_by_exception(manager, wish(room), reason="A guest of the house")
    with pytest.raises(RefusedError) as error:
        service.change(manager, made.public_id, later())
    by = {one.reason: one.overridable_by for one in error.value.refusals}
    assert by == dict.fromkeys(
        (Reason.NOT_ELIGIBLE, Reason.TOO_LONG, Reason.QUOTA_EXCEEDED), "lab_manager"
    )
    service.change_by_exception(manager, made.public_id, later(), reason=BECAUSE)
    assert make.details(made.public_id).interval.minutes == 180
    after = session().scalars(
        select(JournalLine.after).where(
            JournalLine.subject_id == made.public_id, JournalLine.act == "moved"
        )
    ).one()  # fmt: skip
    assert after is not None
    assert (after["reason"], set(str(after["overridden"]).split(", "))) == (
        BECAUSE,
        {reason.value for reason in by},
    )


def test_a_change_by_exception_takes_from_nobody(room: Place) -> None:
    boss = make.operator()
    made = make.reservation(boss, make.room("S-02", under=make.policy(longest=120)))
    make.reservation(make.member_of(), made.place, starts_at=make.at(12))
    with pytest.raises(RefusedError) as error:
        service.change_by_exception(boss, made.public_id, later(), reason=BECAUSE)
    assert [one.reason for one in error.value.refusals] == [Reason.SLOT_TAKEN]
    assert make.details(made.public_id) == made


def test_who_may_not_make_exceptions_makes_none_by_changing(room: Place) -> None:
    member = make.member_of()
    made = make.reservation(member, room)
    with pytest.raises(ForbiddenError):
        service.change_by_exception(member, made.public_id, later(), reason=BECAUSE)
    with pytest.raises(InvalidError):
        service.change_by_exception(make.operator(), made.public_id, later(), reason=" ")


def test_a_change_by_exception_is_asked_where_changes_are_asked() -> None:
    lab = make.lab(under=make.policy(needs_approval=True, longest=60))
    made = make.reservation(make.member_of(), lab)
    service.approve(make.operator(), made.public_id, seen_version=made.version)
    boss = make.operator()
    outcome = service.change_by_exception(boss, made.public_id, later(hours=2), reason=BECAUSE)
    assert outcome.amendment_waits
    after = session().scalars(
        select(JournalLine.after).where(JournalLine.act == "asked_for_change")
    ).one()  # fmt: skip
    assert (after or {})["reason"] == BECAUSE
