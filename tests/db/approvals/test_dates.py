"""The dates of a series that wait are decided together, each still alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking.approvals import dates
from booking.core import i18n
from booking.core.database import session
from booking.core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    OutdatedError,
    RefusedError,
    WouldDeclineError,
)
from booking.core.permissions import Actor
from booking.journal.models import JournalLine
from booking.messages.models import MessageKind
from booking.occupancy.models import occupancy
from booking.policies.facts import Place
from booking.reservations import queries, series, series_changing, service
from booking.reservations.models import DeclineReason, State
from booking.reservations.series import Repeated
from booking.reservations.series_changing import Wanted
from tests import make
from tests.db.reservations.test_series import TUESDAY, WEEK, rows, take, weekly
from tests.working import Run, Told

pytestmark = pytest.mark.usefixtures("app")

PENDING, CONFIRMED, DECLINED = State.PENDING, State.CONFIRMED, State.DECLINED
HOUR = timedelta(hours=1)


def _states(made: Repeated) -> list[State]:
    found = queries.series_by_id(made.public_id)
    assert found is not None
    return [one.state for one in found[1]]


def _open_lab() -> Place:
    """It asks, and holds nothing while it does."""
    return make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))


@pytest.fixture
def asked() -> tuple[Actor, Actor, Repeated]:
    lab, member = make.lab("L-1"), make.member_of()
    return member, make.lab_manager(lab), series.book(member, weekly(lab))


def test_one_yes_confirms_all_that_wait(asked: tuple[Actor, Actor, Repeated]) -> None:
    _member, manager, made = asked
    service.decline(
        manager, made.reservations[0].public_id, seen_version=1, code=DeclineReason.OUTSIDE_PURPOSE
    )
    found = dates.look(manager, made.public_id)
    assert len(found.requests) == 3
    dates.approve(manager, made.public_id, seen=found.seen)
    assert _states(made) == [DECLINED] + [CONFIRMED] * 3
    assert rows(occupancy) == 3
    with pytest.raises(RefusedError):
        dates.approve(manager, made.public_id)
    lines = session().scalars(select(JournalLine.act).where(JournalLine.act.like("approved%")))
    assert lines.all() == ["approved"] * 3 + ["approved_series"]


def test_one_no_declines_all_with_its_reason(asked: tuple[Actor, Actor, Repeated]) -> None:
    _member, manager, made = asked
    with pytest.raises(InvalidError):
        dates.decline(manager, made.public_id)
    dates.decline(manager, made.public_id, code=DeclineReason.TOO_MANY_PEOPLE, reason="Six fit")
    assert _states(made) == [DECLINED] * 4
    assert rows(occupancy) == 0
    last = queries.details(manager, made.reservations[3].public_id)
    assert (last.closing_code, last.closing_reason) == (DeclineReason.TOO_MANY_PEOPLE, "Six fit")


def test_what_is_taken_waits_on_and_the_others_are_confirmed() -> None:
    lab = _open_lab()
    manager = make.lab_manager(lab)
    made = series.book(make.member_of(), weekly(lab))
    second = made.reservations[1]
    make.closure(lab, second.local.starts_at, second.local.ends_at)
    assert [one.id for one in dates.look(manager, made.public_id).taken] == [second.id]
    done = dates.approve(manager, made.public_id)
    assert [one.id for one in done.left] == [second.id]
    assert _states(made) == [CONFIRMED, PENDING, CONFIRMED, CONFIRMED]
    with pytest.raises(RefusedError):
        dates.approve(manager, made.public_id)
    assert _states(made)[1] is PENDING
    assert rows(occupancy) == 4


def test_others_are_declined_only_when_that_was_seen() -> None:
    lab = _open_lab()
    manager = make.lab_manager(lab)
    made = series.book(make.member_of(), weekly(lab))
    seen = dates.look(manager, made.public_id).seen
    take(make.member_of(), lab, TUESDAY + 2 * WEEK)
    rival = next(one for one in queries.find() if one.series is None)
    with pytest.raises(WouldDeclineError) as told:
        dates.approve(manager, made.public_id)
    assert told.value.references == (rival.reference,)
    with pytest.raises(OutdatedError):
        dates.approve(manager, made.public_id, seen=seen)
    assert _states(made) == [PENDING] * 4
    found = dates.look(manager, made.public_id)
    assert [one.reference for one in found.rivals] == [rival.reference]
    dates.approve(manager, made.public_id, seen=found.seen)
    assert _states(made) == [CONFIRMED] * 4
    assert queries.details(manager, rival.public_id).state is DECLINED


def test_changes_that_wait_are_decided_together_too(
    asked: tuple[Actor, Actor, Repeated],
) -> None:
    member, manager, made = asked
    dates.approve(manager, made.public_id)
    later = Wanted(starts=14 * HOUR, ends=15 * HOUR)
    series_changing.change(member, made.public_id, later, since=made.reservations[2].public_id)
    found = dates.look(manager, made.public_id)
    assert len(found.requests) == 2
    dates.approve(manager, made.public_id, seen=found.seen)
    now = queries.series_by_id(made.public_id)
    assert now is not None
    assert [one.local.starts_at.hour for one in now[1]] == [10, 10, 14, 14]
    series_changing.change(member, made.public_id, Wanted(starts=16 * HOUR, ends=17 * HOUR))
    dates.decline(manager, made.public_id, code=DeclineReason.OUTSIDE_PURPOSE)
    assert _states(made) == [CONFIRMED] * 4
    assert rows(occupancy) == 4


def test_only_who_decides_there_decides(asked: tuple[Actor, Actor, Repeated]) -> None:
    member, _manager, made = asked
    with pytest.raises(ForbiddenError):
        dates.approve(member, made.public_id)
    with pytest.raises(NotFoundError):
        dates.approve(make.lab_manager(make.lab("L-2")), made.public_id)
    assert _states(made) == [PENDING] * 4


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_requester_hears_once(run: Run, told: Told, language: str) -> None:
    lab, member = make.lab("L-1"), make.member_of(language=language)
    manager = make.lab_manager(lab)
    made = series.book(member, weekly(lab))
    service.approve(manager, made.reservations[0].public_id, seen_version=1)
    run()
    dates.decline(manager, made.public_id, code=DeclineReason.OTHER, reason="Inventaire")
    run()
    (message,) = [one for one in told(MessageKind.SERIES) if one.version == 2]
    assert told(MessageKind.DECLINED) == []
    assert message.text is not None
    assert "Inventaire" in message.text
    with i18n.speaking(language):
        days = [i18n.format_day(TUESDAY + number * WEEK) for number in range(4)]
    assert [day in message.text for day in days[1:]] == [True] * 3
    assert message.text.count(days[0]) == 0


def test_a_yes_is_told_once_and_reminders_follow(
    run: Run, told: Told, asked: tuple[Actor, Actor, Repeated]
) -> None:
    member, manager, made = asked
    run()
    dates.approve(manager, made.public_id)
    run()
    (message,) = [one for one in told(MessageKind.SERIES) if one.version == 2]
    assert message.recipient_id == member.person_id
    assert told(MessageKind.CONFIRMED) == []
    assert len(told(MessageKind.REMINDER)) == 8
