"""Series: every date is judged beforehand, and all are booked or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Table, event, func, select

from booking.core import clock, i18n
from booking.core.database import Model, db, session
from booking.core.errors import InvalidError, NotFoundError, Problem, RefusedError
from booking.core.events import Event, EventKind
from booking.core.permissions import Actor
from booking.core.refusals import Reason
from booking.journal.models import JournalLine
from booking.messages.models import MessageKind
from booking.occupancy.models import occupancy
from booking.policies.facts import Place
from booking.reservations import queries, quotas, series, service
from booking.reservations.alternatives import Why
from booking.reservations.models import Approval, Reservation, Series, SeriesSkip, SkipReason, State
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import Instead, Look, OnConflict, SeriesWish
from booking.reservations.wishes import Wish
from tests import make
from tests.working import Run, Told

pytestmark = pytest.mark.usefixtures("app")

TUESDAY = date(2026, 10, 13)
WEEK = timedelta(weeks=1)
FOUR_WEEKS = Repetition(Every.WEEK, count=4)


def weekly(place: Place, repetition: Repetition = FOUR_WEEKS, **how: object) -> SeriesWish:
    wish = Wish(
        resources=(place.spot.public_id,),
        starts_at=datetime(2026, 10, 13, 10),
        ends_at=datetime(2026, 10, 13, 11),
        title="Training",
    )
    return SeriesWish(wish, repetition, **how)  # type: ignore[arg-type]  # as its fields


def take(who: Actor, place: Place, day: date, hour: int = 10) -> None:
    start = datetime(day.year, day.month, day.day, hour)
    service.book(who, Wish((place.spot.public_id,), start, start + timedelta(hours=1)))


def rows(model: type[Model] | Table) -> int:
    return session().scalar(select(func.count()).select_from(model)) or 0


@contextmanager
def statements() -> Iterator[list[str]]:
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")):
            found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


def test_each_date_is_a_reservation_and_a_claim() -> None:
    member, room = make.member_of(), make.room()
    made = series.book(member, weekly(room))
    found, occurrences = queries.series(member, made.public_id)
    assert found.repetition == FOUR_WEEKS
    assert [one.local.starts_at.date() for one in occurrences] == [
        TUESDAY + number * WEEK for number in range(4)
    ]
    assert {one.state for one in occurrences} == {State.CONFIRMED}
    assert [one.series_start for one in occurrences] == [one.local.starts_at for one in occurrences]
    assert len({one.public_id for one in occurrences}) == 4
    assert len({one.reference for one in occurrences}) == 4
    assert rows(occupancy) == 4


def test_a_taken_date_refuses_all_of_them() -> None:
    member, room = make.member_of(), make.room()
    take(make.member_of(), room, TUESDAY + 2 * WEEK)
    with pytest.raises(RefusedError) as refused:
        series.book(member, weekly(room))
    assert [one.reason for one in refused.value.refusals] == [Reason.SLOT_TAKEN]
    assert rows(Series) == 0
    assert rows(Reservation) == 1


def test_a_taken_date_can_be_left_out() -> None:
    member, room = make.member_of(), make.room()
    take(make.member_of(), room, TUESDAY + 2 * WEEK)
    made = series.book(member, weekly(room, on_conflict=OnConflict.SKIP))
    found, occurrences = queries.series(member, made.public_id)
    assert made.skipped == 1
    assert len(occurrences) == 3
    assert queries.skips_of(found.id) == [
        (datetime(2026, 10, 27, 10), SkipReason.SLOT_TAKEN),
    ]


def test_who_is_overtaken_looks_again_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first look sees nothing of what is taken, as if somebody came right after it."""
    member, room = make.member_of(), make.room()
    take(make.member_of(), room, TUESDAY + 2 * WEEK)
    look, looks = series.look, []

    def blind_at_first(actor: Actor, wanted: SeriesWish, count: quotas.Count) -> Look:
        found = look(actor, wanted, count)
        looks.append(found)
        free = tuple(replace(one, refusals=()) for one in found.dates)
        return replace(found, dates=free) if len(looks) == 1 else found

    monkeypatch.setattr(series, "look", blind_at_first)
    made = series.book(member, weekly(room, on_conflict=OnConflict.SKIP))
    assert len(looks) == 2
    assert (len(made.reservations), made.skipped) == (3, 1)
    assert (rows(Series), rows(Reservation), rows(occupancy)) == (1, 4, 4)


def test_a_series_of_which_every_date_is_taken_is_refused() -> None:
    room = make.room()
    for number in range(4):
        take(make.member_of(), room, TUESDAY + number * WEEK)
    with pytest.raises(RefusedError):
        series.book(make.member_of(), weekly(room, on_conflict=OnConflict.SKIP))


def test_a_closed_day_is_skipped_and_the_end_moves() -> None:
    member, room = make.member_of(), make.room()
    make.closed_on(TUESDAY + WEEK)
    made = series.book(member, weekly(room))
    found, occurrences = queries.series(member, made.public_id)
    assert len(occurrences) == 4
    assert occurrences[-1].local.starts_at.date() == TUESDAY + 4 * WEEK
    assert queries.skips_of(found.id) == [(datetime(2026, 10, 20, 10), SkipReason.CLOSED_DAY)]


def test_a_closed_day_that_is_not_to_be_skipped_is_a_conflict() -> None:
    room = make.room()
    make.closed_on(TUESDAY + WEEK)
    every_week = Repetition(Every.WEEK, count=4, skips_closed=False)
    with pytest.raises(RefusedError) as refused:
        series.book(make.member_of(), weekly(room, every_week))
    assert [one.reason for one in refused.value.refusals] == [Reason.CLOSED_DAY]


def test_one_date_can_have_another_room_or_time_or_be_left_out() -> None:
    member, room, other = make.member_of(), make.room("M-1"), make.room("M-2")
    take(make.member_of(), room, TUESDAY)
    take(make.member_of(), room, TUESDAY + WEEK)
    exceptions = {
        TUESDAY: Instead(resources=(other.spot.public_id,)),
        TUESDAY + WEEK: Instead(
            starts_at=datetime(2026, 10, 20, 12), ends_at=datetime(2026, 10, 20, 13)
        ),
        TUESDAY + 2 * WEEK: None,
    }
    made = series.book(member, weekly(room, exceptions=exceptions))
    found, occurrences = queries.series(member, made.public_id)
    assert [(one.place.spot.code, one.local.starts_at.hour) for one in occurrences] == [
        ("M-2", 10), ("M-1", 12), ("M-1", 10),
    ]  # fmt: skip
    assert [one.series_start for one in occurrences] == [
        datetime(2026, 10, 13, 10), datetime(2026, 10, 20, 10), datetime(2026, 11, 3, 10),
    ]  # fmt: skip
    assert [reason for _start, reason in queries.skips_of(found.id)] == [SkipReason.LEFT_OUT]


def test_an_exception_for_a_day_that_is_no_date_is_named() -> None:
    with pytest.raises(InvalidError) as refused:
        series.look(make.member_of(), weekly(make.room(), exceptions={TUESDAY + WEEK / 7: None}))
    assert refused.value.fields == {"exceptions": Problem.NOT_FOUND}


def test_dates_that_overlap_each_other_are_refused() -> None:
    room = make.room(open_at=make.around_the_clock(), under=make.policy(longest=72 * 60))
    wish = Wish((room.spot.public_id,), datetime(2026, 10, 13, 10), datetime(2026, 10, 14, 11))
    found = series.look(make.member_of(), SeriesWish(wish, Repetition(Every.DAY, count=3)))
    assert [one.is_bookable for one in found.dates] == [True, False, True]


def test_set_up_and_cleaning_stand_between_the_dates_too() -> None:
    rules = make.policy(setup_minutes=60, cleanup_minutes=60)
    room = make.room(open_at=make.around_the_clock(), under=rules)
    wish = Wish((room.spot.public_id,), datetime(2026, 10, 13, 10), datetime(2026, 10, 13, 22))
    free = series.look(make.member_of(), SeriesWish(wish, Repetition(Every.DAY, count=3)))
    assert free.conflicts == []
    take(make.member_of(), room, date(2026, 10, 13), hour=23)
    found = series.look(make.member_of(), SeriesWish(wish, Repetition(Every.DAY, count=3)))
    assert [one.is_bookable for one in found.dates] == [False, True, True]
    made = series.book(
        make.member_of(),
        SeriesWish(wish, Repetition(Every.DAY, count=3), on_conflict=OnConflict.SKIP),
    )
    assert len(made.reservations) == 2
    assert rows(occupancy) == 3 * 3


def test_series_have_their_own_horizon() -> None:
    near, far = make.policy(horizon=10), make.policy(horizon=10, series_horizon=30)
    bound, free = make.room("M-1", under=near), make.room("M-2", under=far)
    reasons = [
        {refusal.reason for one in found.conflicts for refusal in one.refusals}
        for found in (series.look(make.member_of(), weekly(room)) for room in (bound, free))
    ]
    assert reasons == [{Reason.TOO_FAR}, set()]


def test_a_time_that_the_clocks_jump_over_is_a_conflict() -> None:
    """Cairo has no midnight on 2027-04-30."""
    make.site(zone="Africa/Cairo", weekend="4,5")
    room = make.room(open_at=make.around_the_clock())
    wish = Wish((room.spot.public_id,), datetime(2027, 4, 29), datetime(2027, 4, 29, 0, 30))
    wanted = SeriesWish(wish, Repetition(Every.DAY, count=3), on_conflict=OnConflict.SKIP)
    with clock.frozen_at(datetime(2027, 4, 20, 8, tzinfo=UTC)):
        found = series.look(make.member_of(), wanted)
        (lost,) = found.conflicts
        assert [one.reason for one in lost.refusals] == [Reason.NONEXISTENT_TIME]
        assert lost.day == date(2027, 4, 30)
        assert series.options(found) == {}
        made = series.book(make.member_of(), wanted)
    assert [one.local.starts_at.day for one in made.reservations] == [29, 1]


def test_what_could_be_had_instead_is_offered_for_each_date() -> None:
    room, other = make.room("M-1"), make.room("M-2")
    member = make.member_of()
    take(make.member_of(), room, TUESDAY + WEEK)
    take(make.member_of(), room, TUESDAY + 2 * WEEK)
    take(make.member_of(), other, TUESDAY + 2 * WEEK)
    found = series.look(member, weekly(room))
    offered = series.options(found)
    assert list(offered) == [TUESDAY + WEEK, TUESDAY + 2 * WEEK]
    first, second = offered.values()
    assert [one.why for one in first] == [
        Why.SAME_RESOURCE_OTHER_TIME, Why.SAME_RESOURCE_OTHER_TIME, Why.ALIKE_SAME_TIME,
    ]  # fmt: skip
    assert first[2].place.spot.code == "M-2"
    assert {one.why for one in second} == {Why.SAME_RESOURCE_OTHER_TIME}
    for day, options in offered.items():
        for one in options:
            instead = Instead(
                one.local.starts_at,
                one.local.ends_at,
                tuple(place.spot.public_id for place in one.places),
            )
            again = series.look(member, weekly(room, exceptions={day: instead}))
            assert day not in {dated.day for dated in again.conflicts}


def test_a_series_is_asked_for_date_by_date() -> None:
    member, lab = make.member_of(), make.lab()
    made = series.book(member, weekly(lab))
    _found, occurrences = queries.series(member, made.public_id)
    assert {one.state for one in occurrences} == {State.PENDING}
    assert all(one.decide_by is not None and one.decisions for one in occurrences)
    assert rows(Approval) == 4
    assert rows(occupancy) == 4  # the policy holds


def test_nobody_hears_of_single_dates_and_the_journal_knows_the_series() -> None:
    member, room = make.member_of(), make.room()
    made = series.book(member, weekly(room))
    told = session().execute(select(Event.kind, Event.subject, Event.facts)).all()
    assert [row.subject for row in told if row.kind is EventKind.REPEATED] == [made.public_id]
    assert all(row.facts.get("by_series") for row in told if row.kind is EventKind.CONFIRMED)
    assert sum(row.kind is EventKind.CONFIRMED for row in told) == 4
    lines = session().execute(select(JournalLine.act, JournalLine.after)).all()
    whole = [row.after for row in lines if row.act == "booked_series"]
    assert [(after["dates"], after["skipped"]) for after in whole] == [(4, 0)]
    assert sum(row.act == "booked" for row in lines) == 4


def test_a_series_is_there_for_those_who_may_see_its_dates() -> None:
    member, room = make.member_of(), make.room()
    made = series.book(member, weekly(room))
    with pytest.raises(NotFoundError):
        queries.series(make.person(), made.public_id)


@pytest.mark.parametrize("count", [2, 52])
def test_the_number_of_statements_does_not_grow_with_the_dates(count: int) -> None:
    member = make.member_of()
    room = make.room(under=make.policy(horizon=700))
    wanted = weekly(room, Repetition(Every.WEEK, count=count))
    with statements() as found:
        made = series.book(member, wanted)
    assert len(made.reservations) == count
    assert len(found) <= 15, found


@pytest.mark.parametrize("taken", [1, 20])
def test_nor_does_what_a_look_asks_for(taken: int) -> None:
    member = make.member_of()
    room = make.room("M-1", under=make.policy(horizon=700))
    make.room("M-2")
    for number in range(taken):
        take(member, room, TUESDAY + number * WEEK)
    wanted = weekly(room, Repetition(Every.WEEK, count=30))
    with statements() as found:
        looked = series.look(member, wanted)
        offered = series.options(looked)
    assert len(looked.conflicts) == len(offered) == taken
    assert len(found) <= 10, found


def test_no_skip_is_kept_where_nothing_is_skipped() -> None:
    series.book(make.member_of(), weekly(make.room()))
    assert rows(SeriesSkip) == 0


# --- messages ---


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_the_booker_hears_once_of_all_dates_and_is_reminded_of_each(
    run: Run, told: Told, language: str
) -> None:
    member, room = make.member_of(language=language), make.room("M-1")
    make.closed_on(TUESDAY + WEEK)
    made = series.book(member, weekly(room))
    run()
    (message,) = told(MessageKind.SERIES)
    assert message.text is not None
    for one in made.reservations:
        with i18n.speaking(language):
            assert i18n.format_day(one.local.starts_at) in message.text
    assert f"http://127.0.0.1:8000/series/{made.public_id}" in message.text
    assert len(told(MessageKind.REMINDER)) == 8  # a day and an hour before each
    assert told(MessageKind.CONFIRMED) == []


def test_whoever_it_is_booked_for_hears_of_all_dates_too(run: Run, told: Told) -> None:
    startup = make.organisation()
    salma, karim = make.member_of(startup), make.member_of(startup)
    wanted = weekly(make.room())
    for_karim = replace(wanted, wish=replace(wanted.wish, person_id=karim.public_id))
    series.book(salma, for_karim)
    run()
    heard = {one.recipient_id for one in told(MessageKind.SERIES)}
    assert heard == {salma.person_id, karim.person_id}
    assert told(MessageKind.CONFIRMED) == []


def test_a_series_that_asks_says_so(run: Run, told: Told) -> None:
    lab = make.lab()
    manager = make.lab_manager(lab)
    series.book(make.member_of(), weekly(lab))
    run()
    (message,) = told(MessageKind.SERIES)
    assert "people who decide" in (message.text or "")
    assert told(MessageKind.REQUESTED) == []
    assert {one.recipient_id for one in told(MessageKind.APPROVAL_WAITING)} == {manager.person_id}
    assert len(told(MessageKind.APPROVAL_WAITING)) == 1
