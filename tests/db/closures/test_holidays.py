"""Public holidays: taken over, announced, moved, left out; what closes, who is hit, what stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking import worker
from booking.checks import promises
from booking.closures import holiday_queries, holidays, proposals, queries, service
from booking.closures.holidays import HolidayDraft
from booking.closures.service import WouldDisplaceError
from booking.core import clock, ids
from booking.core.database import end_reading, session, transaction
from booking.core.errors import ForbiddenError, InvalidError, RefusedError
from booking.core.permissions import Actor
from booking.core.refusals import Cause, SlotTaken
from booking.messages.models import Message, MessageKind
from booking.policies.facts import Place
from booking.reservations import alternatives, series
from booking.reservations import service as reservations
from booking.reservations.models import SkipReason, State
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import SeriesWish
from booking.reservations.wishes import Change, Wish
from booking.spaces import timetables
from booking.spaces.drafts import HoursDraft
from booking.spaces.models import Holiday, HolidayState, Hours
from tests import make
from tests.db.closures.test_closures import claims

EID: Mapping[str, str] = proposals.NAMES["Eid al-Fitr"]
DAY = timedelta(days=1)
WHOLE = ["closure"]


@pytest.fixture
def operator(app: Flask) -> Actor:
    return make.operator()


def in_days(count: int) -> date:
    return make.at(9, days=count).date()


def draft(count: int, *, is_announced: bool = True) -> HolidayDraft:
    return HolidayDraft(in_days(count), dict(EID), is_announced)


def wish(place: Place, count: int, hour: int = 9) -> Wish:
    times = (make.at(hour, days=count), make.at(hour + 1, days=count))
    return Wish((place.spot.public_id,), *times)


def kinds(place: Place) -> list[str]:
    return [kind for kind, *_times in claims(place)]


def mark(actor: Actor, count: int) -> str:
    wanted = holiday_queries.wanted_of(0, in_days(count), EID)
    return queries.plan(actor, wanted).seen


def work(app: Flask) -> None:
    worker.until_nothing_is_due(app)
    end_reading()


def told(kind: MessageKind) -> list[int]:
    end_reading()
    return sorted(session().scalars(select(Message.recipient_id).where(Message.kind == kind)))


# --- what the calendar knows ---


def test_two_on_one_day_are_two_and_only_the_moon_is_uncertain() -> None:
    found = [
        (one.code, one.is_estimated)
        for one in proposals.proposals("MA", date(2027, 1, 1))
        if one.day == date(2027, 8, 14)
    ]
    assert found == [("Oued Ed-Dahab Day", False), ("Prophet's Birthday", True)]
    assert all(
        one.names.keys() == {"fr", "ar", "en"}
        for one in proposals.proposals("MA", date(2027, 1, 1))
    )
    assert proposals.proposals("XX", date(2027, 1, 1)) == []
    france = proposals.proposals("FR", date(2027, 1, 1))
    assert not any(one.is_estimated for one in france)
    assert {one.names.get("fr") for one in france} >= {"Fête nationale"}


def test_the_year_is_taken_over_once_and_closes_around_what_is_reserved(
    app: Flask, operator: Actor
) -> None:
    desk, open_desk = make.desk(), make.desk(open_at=make.around_the_clock())
    timetables.rename_hours(
        operator,
        open_desk.spot.hours_id,
        HoursDraft(names={"en": "Always"}, closes_on_holidays=False),
    )
    count = holidays.take_over(operator)
    assert count == len(holiday_queries.known(*holiday_queries.year_ahead())) > 10
    assert (holidays.take_over(operator), holiday_queries.missing(operator)) == (0, [])
    sure = [
        one
        for one in holiday_queries.known(*holiday_queries.year_ahead())
        if one.state is HolidayState.ANNOUNCED
    ]
    work(app)
    assert kinds(desk) == ["closure"] * len({one.day for one in sure})
    assert kinds(open_desk) == []
    assert promises.verify().is_clean
    with pytest.raises(ForbiddenError):
        holidays.take_over(make.person())


# --- subject to announcement ---


def test_an_estimated_day_is_booked_and_says_so(operator: Actor) -> None:
    desk, person = make.desk(), make.person()
    holidays.add(operator, draft(3, is_announced=False))
    verdict = alternatives.verdict(person, wish(desk, 3))
    assert verdict.allowed
    assert [one.day for one in verdict.expected] == [in_days(3)]
    assert alternatives.verdict(person, wish(desk, 4)).expected == ()
    assert reservations.book(person, wish(desk, 3)).state is State.CONFIRMED


def test_announcing_shows_who_is_hit_and_tells_each_once(app: Flask, operator: Actor) -> None:
    desk, room, person = make.desk(), make.room("R1"), make.person()
    made = [reservations.book(person, wish(one, 3)) for one in (desk, room)]
    public_id = holidays.add(operator, draft(3, is_announced=False))
    with pytest.raises(WouldDisplaceError):
        holidays.change(operator, public_id, draft(3))
    end_reading()
    assert holiday_queries.holiday(public_id).state is HolidayState.ESTIMATED
    holidays.change(operator, public_id, draft(3), seen=mark(operator, 3))
    assert [make.details(one.public_id).state for one in made] == [State.CANCELLED] * 2
    assert (kinds(desk), kinds(room)) == (WHOLE, WHOLE)
    with pytest.raises(RefusedError) as refused:
        reservations.book(person, wish(desk, 3))
    (facts,) = (one.facts for one in refused.value.refusals)
    assert isinstance(facts, SlotTaken)
    assert (facts.cause, facts.names) == (Cause.CLOSURE, EID)
    work(app)
    assert told(MessageKind.DISPLACED) == [person.person_id]
    assert promises.verify().is_clean


def test_moving_closes_the_new_day_and_opens_the_old_one(app: Flask, operator: Actor) -> None:
    desk, person = make.desk(), make.person()
    public_id = holidays.add(operator, draft(3))
    made = reservations.book(person, wish(desk, 4))
    with pytest.raises(WouldDisplaceError):
        holidays.change(operator, public_id, draft(4))
    holidays.change(operator, public_id, draft(4), seen=mark(operator, 4))
    assert make.details(made.public_id).state is State.CANCELLED
    (only,) = claims(desk)
    assert only[1] == make.at(0, days=4).replace(tzinfo=only[1].tzinfo)
    assert reservations.book(person, wish(desk, 3)).state is State.CONFIRMED
    work(app)  # and the worker changes nothing of it, but holds something instead
    assert [one for one in kinds(desk) if one != "hold"] == ["booking", "closure"]
    assert promises.verify().is_clean


def test_what_is_left_out_is_open_and_stays_so(app: Flask, operator: Actor) -> None:
    desk = make.desk()
    made = [holidays.add(operator, draft(count)) for count in (3, 4)]
    holidays.leave_out(operator, made[0])
    closure = holiday_queries.holiday(made[1]).closure
    assert closure is not None
    with pytest.raises(ForbiddenError):  # though all that it closes is theirs
        service.end(make.lab_manager(desk), closure)
    service.end(operator, closure)
    work(app)
    assert claims(desk) == []
    states = [holiday_queries.holiday(one).state for one in made]
    assert states == [HolidayState.LEFT_OUT] * 2
    holidays.change(operator, made[0], draft(3))
    assert kinds(desk) == WHOLE


def test_a_day_that_is_past_is_not_announced(operator: Actor) -> None:
    make.desk()
    with pytest.raises(InvalidError):
        holidays.add(operator, draft(-9))
    with pytest.raises(InvalidError):
        holidays.add(operator, HolidayDraft(date(2100, 12, 31), dict(EID), is_announced=False))


# --- around what stays ---


def test_what_stays_inside_goes_to_the_closure_when_it_is_given_back(
    app: Flask, operator: Actor
) -> None:
    desk, person = make.desk(), make.person()
    made = reservations.book(person, wish(desk, 3))
    with transaction() as current:
        row = Holiday(
            public_id=ids.new_public_id(),
            site_id=1,
            day=in_days(3),
            names=dict(EID),
            state=HolidayState.ANNOUNCED,
        )
        current.add(row)
    work(app)
    assert kinds(desk) == ["closure", "booking", "closure"]
    (line,) = holiday_queries.known(in_days(3), in_days(3))
    assert (line.kept, line.spaces) == (1, 1)
    assert told(MessageKind.DISPLACED) == [person.person_id]
    reservations.cancel(person, made.public_id)
    work(app)
    assert sum((ends - starts for _kind, starts, ends in claims(desk)), timedelta()) == DAY
    assert set(kinds(desk)) == {"closure"}
    assert holiday_queries.known(in_days(3), in_days(3))[0].kept == 0


def test_what_stays_is_cancelled_later_if_it_is_still_the_same(operator: Actor) -> None:
    desk, person = make.desk(), make.person()
    made = reservations.book(person, wish(desk, 3))
    public_id = holidays.add(operator, draft(3), keeps=True)
    closure = holiday_queries.holiday(public_id).closure
    assert closure is not None
    seen = queries.standing(operator, closure).seen
    reservations.change(person, made.public_id, Change(title="Other"))
    with pytest.raises(WouldDisplaceError):
        service.displace(operator, closure, seen=seen)
    end_reading()
    assert make.details(made.public_id).state is State.CONFIRMED
    service.displace(operator, closure, seen=queries.standing(operator, closure).seen)
    assert make.details(made.public_id).state is State.CANCELLED
    assert set(kinds(desk)) == {"closure"}
    assert promises.verify().is_clean


def test_the_worker_follows_which_hours_respect_holidays(app: Flask, operator: Actor) -> None:
    desk = make.desk()
    holidays.add(operator, draft(3))
    late = make.desk()
    work(app)
    assert (kinds(desk), kinds(late)) == (WHOLE, WHOLE)
    with transaction() as current:
        current.get_one(Hours, desk.spot.hours_id).closes_on_holidays = False
    work(app)
    assert (kinds(desk), kinds(late)) == ([], [])
    assert promises.verify().is_clean


def test_the_worker_follows_also_where_as_many_spaces_change_places(
    app: Flask, operator: Actor
) -> None:
    """Of four spaces the outer two close, then the inner two: with the same sum of keys."""
    closing, open_then = make.hours(), make.hours()
    desks = [make.desk(open_at=which) for which in (closing, open_then, open_then, closing)]
    _respect(operator, open_then, closes=False)
    holidays.add(operator, draft(3))
    assert [kinds(desk) for desk in desks] == [WHOLE, [], [], WHOLE]
    _respect(operator, closing, closes=False)
    _respect(operator, open_then, closes=True)
    work(app)
    assert [kinds(desk) for desk in desks] == [[], WHOLE, WHOLE, []]


def _respect(operator: Actor, hours: Hours, *, closes: bool) -> None:
    said = HoursDraft(names={"en": "Hours"}, closes_on_holidays=closes)
    timetables.rename_hours(operator, hours.id, said)


def test_of_a_day_that_closes_nothing_any_more_things_are_given_back(
    app: Flask, operator: Actor
) -> None:
    desk, person = make.desk(), make.person()
    made = reservations.book(person, wish(desk, 3))
    holidays.add(operator, draft(3), keeps=True)
    with transaction() as current:
        current.get_one(Hours, desk.spot.hours_id).closes_on_holidays = False
    work(app)
    (closure,) = queries.closures(operator, queries.When.AHEAD, limit=9)
    assert queries.standing(operator, closure.public_id).hits == ()
    reservations.cancel(person, made.public_id)
    done = worker.until_nothing_is_due(app)
    assert [one.error for one in done.runs if one.error] == []
    assert kinds(desk) == []


# --- series ---


def test_a_series_skips_what_is_announced_and_marks_what_may_be(operator: Actor) -> None:
    desk, person = make.desk(), make.person()
    holidays.add(operator, draft(7))
    holidays.add(operator, draft(14, is_announced=False))
    wanted = SeriesWish(wish(desk, 0, 14), Repetition(Every.WEEK, count=3))
    found = series.look(person, wanted)
    assert [one.skipped for one in found.dates] == [None, SkipReason.CLOSED_DAY, None, None]
    assert [bool(one.expected) for one in found.dates] == [False, False, True, False]
    assert len(series.book(person, wanted).reservations) == 3


def test_an_announced_holiday_of_today_closes_the_rest(operator: Actor) -> None:
    desk = make.desk()
    holidays.add(operator, draft(0))
    ((_kind, starts_at, _ends_at),) = claims(desk)
    assert starts_at <= clock.now() < starts_at + timedelta(minutes=5)
