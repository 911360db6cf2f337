"""Several dates of a series change in one act: every date is judged beforehand, all or none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from booking.core import clock, i18n
from booking.core.database import session
from booking.core.errors import (
    ForbiddenError,
    InvalidError,
    OutdatedError,
    Problem,
    RefusedError,
)
from booking.core.permissions import Actor
from booking.core.refusals import Reason
from booking.journal.models import JournalLine
from booking.messages.models import MessageKind
from booking.occupancy.models import Hold, occupancy
from booking.reservations import linking, queries, series, series_changing, service
from booking.reservations.models import Approval, Asking, State
from booking.reservations.queries import Details
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import Instead, Repeated, SeriesWish
from booking.reservations.series_changing import Fate, Look, Wanted
from booking.reservations.series_taken import Taken
from booking.reservations.wishes import Change, Wish
from tests import make
from tests.db.reservations.test_series import TUESDAY, WEEK, rows, statements, take, weekly
from tests.working import Run, Told

pytestmark = pytest.mark.usefixtures("app")

HOUR = timedelta(hours=1)
TO_TWO = Wanted(starts=14 * HOUR, ends=15 * HOUR)


def _dates(made: Repeated) -> list[Details]:
    found = queries.series_by_id(made.public_id)
    assert found is not None
    return found[1]


def _hours(made: Repeated) -> list[int]:
    return [one.local.starts_at.hour for one in _dates(made)]


def _fates(found: Look) -> list[Fate]:
    return [one.fate for one in found.planned]


def _alone(who: Actor, one: Details, hour: int) -> None:
    start = one.local.starts_at.replace(hour=hour)
    service.change(who, one.public_id, Change(starts_at=start, ends_at=start + HOUR))


def test_this_and_following_move_and_keep_their_names() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    series_changing.change(member, made.public_id, TO_TWO, since=made.reservations[2].public_id)
    assert _hours(made) == [10, 10, 14, 14]
    now = _dates(made)
    assert [one.public_id for one in now] == [one.public_id for one in made.reservations]
    assert [one.series_start for one in now] == [one.series_start for one in made.reservations]
    assert [(one.version, one.sequence) for one in now] == [(1, 0), (1, 0), (2, 1), (2, 1)]
    claims = session().execute(select(occupancy.c.starts_at).order_by(occupancy.c.starts_at))
    assert [row.starts_at for row in claims] == [one.interval.starts_at for one in now]


def test_one_taken_date_refuses_all_until_one_chooses() -> None:
    member, room, other = make.member_of(), make.room("M-1"), make.room("M-2")
    made = series.book(member, weekly(room))
    take(make.member_of(), room, TUESDAY + WEEK, hour=14)
    take(make.member_of(), room, TUESDAY + 2 * WEEK, hour=14)
    found = series_changing.look(member, made.public_id, TO_TWO)
    assert _fates(found) == [Fate.CHANGES, Fate.CONFLICT, Fate.CONFLICT, Fate.CHANGES]
    with pytest.raises(RefusedError) as refused:
        series_changing.change(member, made.public_id, TO_TWO)
    assert {one.reason for one in refused.value.refusals} == {Reason.SLOT_TAKEN}
    assert _hours(made) == [10] * 4
    offered = series_changing.options(found)
    second, third = (one.before.public_id for one in found.conflicts)
    (elsewhere,) = [one for one in offered[second] if one.place.spot.code == "M-2"]
    instead = Instead(elsewhere.local.starts_at, elsewhere.local.ends_at, (other.spot.public_id,))
    chosen = Wanted(14 * HOUR, 15 * HOUR, choices={second: instead, third: None})
    series_changing.change(member, made.public_id, chosen)
    assert _hours(made) == [14, 14, 10, 14]
    assert [one.place.spot.code for one in _dates(made)] == ["M-1", "M-2", "M-1", "M-1"]
    assert rows(occupancy) == 6


def test_what_was_changed_alone_stays_unless_one_asks_and_what_was_removed_is_gone() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room(), Repetition(Every.WEEK, count=5)))
    _alone(member, made.reservations[1], 12)
    service.cancel(member, made.reservations[2].public_id)
    found = series_changing.look(member, made.public_id, TO_TWO)
    assert _fates(found) == [Fate.CHANGES, Fate.CHANGED_ALONE, Fate.CHANGES, Fate.CHANGES]
    series_changing.change(member, made.public_id, TO_TWO)
    assert _hours(made) == [14, 12, 10, 14, 14]
    assert _dates(made)[2].state is State.CANCELLED
    everything = Wanted(starts=15 * HOUR, ends=16 * HOUR, changes_others=True)
    series_changing.change(member, made.public_id, everything)
    assert _hours(made) == [15, 15, 10, 15, 15]


def test_the_date_from_which_on_changes_even_if_it_was_changed_alone() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    _alone(member, made.reservations[1], 12)
    series_changing.change(member, made.public_id, TO_TWO, since=made.reservations[1].public_id)
    assert _hours(made) == [10, 14, 14, 14]


def test_what_was_split_by_an_earlier_change_is_not_mixed() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room(), Repetition(Every.WEEK, count=5)))
    series_changing.change(member, made.public_id, TO_TWO, since=made.reservations[2].public_id)
    found = series_changing.look(member, made.public_id, Wanted(starts=9 * HOUR, ends=10 * HOUR))
    assert _fates(found) == [Fate.CHANGED_ALONE] * 2 + [Fate.CHANGES] * 3


def test_dates_make_room_for_each_other() -> None:
    """Each date's new time is the old one of another, and its own old time lies in the way."""
    member, around = make.member_of(), make.around_the_clock()
    room = make.room(
        open_at=around, under=make.policy(longest=24 * 60, setup_minutes=30, cleanup_minutes=30)
    )
    wish = Wish((room.spot.public_id,), datetime(2026, 10, 13, 1), datetime(2026, 10, 13, 12))
    made = series.book(member, SeriesWish(wish, Repetition(Every.DAY, count=4)))
    later = Wanted(starts=11 * HOUR, ends=22 * HOUR)
    series_changing.change(member, made.public_id, later)
    assert _hours(made) == [11] * 4
    assert rows(occupancy) == 12
    all_day = Wanted(starts=2 * HOUR, ends=24 * HOUR)
    with pytest.raises(RefusedError):  # the cleaning of one meets the set-up of the next
        series_changing.change(member, made.public_id, Wanted(starts=0 * HOUR, ends=24 * HOUR))
    series_changing.change(member, made.public_id, all_day)
    assert {one.local.ends_at.hour for one in _dates(made)} == {0}
    series_changing.change(member, made.public_id, Wanted(ends=20 * HOUR))
    assert [one.local.ends_at.date() for one in _dates(made)] == [
        one.local.starts_at.date() for one in _dates(made)
    ]


def test_another_room_another_name_and_more_people() -> None:
    member, room, other = make.member_of(), make.room("M-1"), make.room("M-2")
    made = series.book(member, weekly(room))
    service.change(member, made.reservations[3].public_id, Change(title="Finale"))
    wanted = Wanted(resources=(other.spot.public_id,), title="Workshop", headcount=2)
    series_changing.change(member, made.public_id, wanted)
    now = _dates(made)
    assert {one.place.spot.code for one in now} == {"M-2"}
    assert [one.title for one in now] == ["Workshop"] * 3 + ["Finale"]
    assert {one.headcount for one in now} == {2}
    claimed = select(occupancy.c.resource_id).distinct()
    assert session().scalars(claimed).all() == [other.resource_id]
    before = [one.sequence for one in now]
    series_changing.change(member, made.public_id, Wanted(title="Course"))
    assert [one.title for one in _dates(made)] == ["Course"] * 3 + ["Finale"]
    assert [one.sequence for one in _dates(made)] == before
    crowd = series_changing.look(member, made.public_id, Wanted(headcount=5000))
    assert {one.refusals[0].reason for one in crowd.conflicts} == {Reason.OVER_CAPACITY}


def test_a_room_takes_its_parts_along() -> None:
    member, hall, part = make.member_of(), make.room("AB"), make.room("A")
    linking.set_parts(make.operator(), hall.spot.public_id, ["A"])
    made = series.book(member, weekly(hall))
    assert rows(occupancy) == 8
    take(make.member_of(), part, TUESDAY + WEEK, hour=14)
    found = series_changing.look(member, made.public_id, TO_TWO)
    (conflict,) = found.conflicts
    assert [one.resource_code for one in conflict.refusals] == ["A"]
    left = Wanted(14 * HOUR, 15 * HOUR, choices={conflict.before.public_id: None})
    series_changing.change(member, made.public_id, left)
    claimed = select(occupancy.c.starts_at).where(occupancy.c.resource_id == part.resource_id)
    assert len(session().scalars(claimed).all()) == 5
    series_changing.change(member, made.public_id, Wanted(resources=(part.spot.public_id,)))
    assert rows(occupancy) == 5 + 1


def test_what_needs_approval_waits_date_by_date_and_holds() -> None:
    member, lab = make.member_of(), make.lab()
    manager = make.lab_manager(lab)
    made = series.book(member, weekly(lab))
    for one in made.reservations[:3]:
        service.approve(manager, one.public_id, seen_version=1)
    found = series_changing.look(member, made.public_id, TO_TWO)
    assert _fates(found) == [Fate.ASKS] * 3 + [Fate.CHANGES]
    series_changing.change(member, made.public_id, TO_TWO)
    now = _dates(made)
    assert _hours(made) == [10, 10, 10, 14]
    assert [one.amendment is not None for one in now] == [True] * 3 + [False]
    assert [one.state for one in now] == [State.CONFIRMED] * 3 + [State.PENDING]
    assert rows(Hold) == 3
    waiting = select(Approval.id).where(Approval.state == Asking.WAITING)
    assert len(session().scalars(waiting).all()) == 4
    shorter = Wanted(starts=10 * HOUR, ends=10.5 * HOUR)
    with pytest.raises(RefusedError):
        series_changing.change(member, made.public_id, Wanted(starts=3 * HOUR, ends=4 * HOUR))
    assert rows(Hold) == 3
    series_changing.change(member, made.public_id, Wanted(starts=15 * HOUR, ends=16 * HOUR))
    assert rows(Hold) == 3
    assert {one.amendment.local.starts_at.hour for one in _dates(made) if one.amendment} == {15}
    series_changing.change(member, made.public_id, shorter)  # gives time back: nobody is asked
    assert [one.amendment for one in _dates(made)] == [None] * 4
    assert rows(Hold) == 0


def test_only_what_was_seen_changes_and_only_by_who_may() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    seen = series_changing.look(member, made.public_id, TO_TWO).seen
    service.cancel(member, made.reservations[3].public_id)
    with pytest.raises(OutdatedError):
        series_changing.change(member, made.public_id, TO_TWO, seen=seen)
    with pytest.raises(ForbiddenError):
        series_changing.change(make.auditor(), made.public_id, TO_TWO)
    assert _hours(made)[:3] == [10] * 3


def test_what_runs_stays_and_what_is_over_is_not_named() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    with clock.frozen_at(made.reservations[1].interval.starts_at + timedelta(minutes=5)):
        found = series_changing.look(member, made.public_id, TO_TWO)
        assert _fates(found) == [Fate.BEGUN, Fate.CHANGES, Fate.CHANGES]
        series_changing.change(member, made.public_id, TO_TWO)
    with clock.frozen_at(datetime(2027, 1, 1, tzinfo=UTC)), pytest.raises(RefusedError):
        series_changing.change(member, made.public_id, TO_TWO)
    assert _hours(made) == [10, 10, 14, 14]


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (Wanted(starts=15 * HOUR, ends=14 * HOUR), {"ends_at": Problem.ENDS_BEFORE_IT_STARTS}),
        (Wanted(starts=11 * HOUR), {"ends_at": Problem.ENDS_BEFORE_IT_STARTS}),
        (Wanted(headcount=0), {"headcount": Problem.OUT_OF_RANGE}),
        (Wanted(title="x" * 201), {"title": Problem.TOO_LONG}),
        (Wanted(resources=()), {"resources": Problem.MISSING}),
        (Wanted(choices={"nobody": None}), {"choices": Problem.NOT_FOUND}),
    ],
)
def test_what_makes_no_sense_is_named(wanted: Wanted, problem: dict[str, Problem]) -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    with pytest.raises(InvalidError) as refused:
        series_changing.look(member, made.public_id, wanted)
    assert refused.value.fields == problem


def test_a_date_whose_time_the_clocks_jump_over_is_a_conflict() -> None:
    """Cairo has no midnight on 2027-04-30."""
    make.site(zone="Africa/Cairo", weekend="4,5")
    room = make.room(open_at=make.around_the_clock())
    wish = Wish((room.spot.public_id,), datetime(2027, 4, 29, 10), datetime(2027, 4, 29, 11))
    with clock.frozen_at(datetime(2027, 4, 20, 8, tzinfo=UTC)):
        member = make.member_of()
        made = series.book(member, SeriesWish(wish, Repetition(Every.DAY, count=3)))
        found = series_changing.look(member, made.public_id, Wanted(0 * HOUR, 1 * HOUR))
    (lost,) = found.conflicts
    assert lost.before.local.starts_at.date() == date(2027, 4, 30)
    assert [one.reason for one in lost.refusals] == [Reason.NONEXISTENT_TIME]


def test_who_is_overtaken_looks_again_and_leaves_all_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first look sees nothing of what is taken, as if somebody came right after it."""
    member, room = make.member_of(), make.room()
    made = series.book(member, weekly(room))
    take(make.member_of(), room, TUESDAY + 3 * WEEK, hour=14)
    refusals, looks = Taken.refusals, []

    def blind_at_first(*asked: object) -> object:
        looks.append(asked)
        return [] if len(looks) <= 4 else refusals(*asked)  # type: ignore[arg-type]  # as given

    monkeypatch.setattr(Taken, "refusals", blind_at_first)
    with pytest.raises(RefusedError):
        series_changing.change(member, made.public_id, TO_TWO)
    assert len(looks) == 8
    assert _hours(made) == [10] * 4
    assert {one.version for one in _dates(made)} == {1}
    assert rows(occupancy) == 5


@pytest.mark.parametrize("count", [2, 52])
@pytest.mark.parametrize("what", ["time", "place", "name"])
def test_the_number_of_statements_does_not_grow_with_the_dates(count: int, what: str) -> None:
    member = make.member_of()
    room = make.room("M-1", under=make.policy(horizon=700))
    other = make.room("M-2", under=make.policy(horizon=700))
    made = series.book(member, weekly(room, Repetition(Every.WEEK, count=count)))
    wanted = {
        "time": TO_TWO,
        "place": Wanted(resources=(other.spot.public_id,)),
        "name": Wanted(title="Course"),
    }[what]
    with statements() as found:
        done = series_changing.change(member, made.public_id, wanted)
    assert len(done.acting) == count
    assert len(found) <= {"time": 24, "place": 27, "name": 16}[what], found


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_one_message_says_what_changed_and_reminders_follow(
    run: Run, told: Told, language: str
) -> None:
    member = make.member_of(language=language)
    made = series.book(member, weekly(make.room()))
    run()
    series_changing.change(member, made.public_id, TO_TWO, since=made.reservations[2].public_id)
    series_changing.change(member, made.public_id, Wanted(title="Course"))  # nobody is told
    run()
    (message,) = [one for one in told(MessageKind.SERIES) if one.version == 2]
    assert told(MessageKind.CHANGED) == []
    assert message.text is not None
    with i18n.speaking(language):
        days = [i18n.format_day(TUESDAY + number * WEEK) for number in range(4)]
    assert [day in message.text for day in days[2:]] == [True] * 2
    assert "14:00" in message.text
    assert "10:00" in message.text
    planned = [one for one in told(MessageKind.REMINDER) if one.state.value == "planned"]
    hours = {one.due_at.astimezone(UTC).hour for one in planned}
    assert len(planned) == 8
    assert len(hours) > 2


def test_each_has_a_line_with_what_it_was_and_the_series_one() -> None:
    member = make.member_of()
    made = series.book(member, weekly(make.room()))
    series_changing.change(member, made.public_id, TO_TWO)
    found = session().scalars(select(JournalLine).where(JournalLine.act == "moved")).all()
    assert [(one.subject_id, one.before) for one in found] == [
        (
            one.public_id,
            {
                "starts_at": one.local.starts_at.isoformat(timespec="minutes"),
                "ends_at": one.local.ends_at.isoformat(timespec="minutes"),
            },
        )
        for one in made.reservations
    ]
    whole = select(JournalLine.after).where(JournalLine.act == "changed_series")
    assert session().scalars(whole).all() == [{"dates": 4, "asked": 0}]
