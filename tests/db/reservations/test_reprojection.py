"""When a law changes a zone: local times stay as booked, instants and claims follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Table, func, select

from booking.checks import promises
from booking.core import clock, revisions, zones
from booking.core.database import Model, end_reading, session, transaction
from booking.core.events import Event, EventKind
from booking.core.permissions import Actor
from booking.journal.models import JournalLine
from booking.occupancy import service as occupancy_service
from booking.occupancy.claims import Owner
from booking.occupancy.models import Closure, Hold, occupancy
from booking.policies.facts import Place
from booking.reservations import reprojection, service
from booking.reservations.models import Amendment, Approval, Asking, State
from booking.reservations.queries import Details
from booking.reservations.reprojection import Cause, Report
from booking.reservations.wishes import Change
from tests import make
from tests.conftest import Statements

Counting = Callable[[], AbstractContextManager[Statements]]
OLD_FILE = Path(__file__).parents[2] / "data" / "zoneinfo-2025b" / "Africa" / "Casablanca"
OLD_VERSION = "2025b"
PARIS = "Europe/Paris"

BEFORE_THE_LAW = datetime(2026, 9, 10, 9, tzinfo=UTC)
MONDAY = date(2026, 10, 5)

OldRule = Callable[[], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def before_the_law() -> Iterator[None]:
    with clock.frozen_at(BEFORE_THE_LAW):
        yield


@contextmanager
def _zone_of(name: str, old: ZoneInfo) -> Iterator[None]:
    """As on a machine with older zone data."""
    today = zones.zone
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zones, "zone", lambda wanted: old if wanted == name else today(wanted))
        patch.setattr(zones, "version", lambda: OLD_VERSION)
        yield


@contextmanager
def old_rule() -> Iterator[None]:
    """Morocco as tzdata 2025b knew it: an hour ahead of UTC but in Ramadan."""
    with OLD_FILE.open("rb") as file:
        old = ZoneInfo.from_file(file, key=make.CASABLANCA)
    with _zone_of(make.CASABLANCA, old):
        yield


@contextmanager
def paris_without_summer_time() -> Iterator[None]:
    """As if a law had brought summer time to Paris: before it, UTC+1 all year."""
    with files("tzdata.zoneinfo.Africa").joinpath("Lagos").open("rb") as file:
        old = ZoneInfo.from_file(file, key=PARIS)
    with _zone_of(PARIS, old):
        yield


def _at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time(hour, minute))


def _utc(hour: int, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def _book(
    place: Place, opens: int, closes: int, who: Actor | None = None, day: date = MONDAY
) -> Details:
    who = who or make.person()
    return make.reservation(who, place, starts_at=_at(opens, 0, day), ends_at=_at(closes, 0, day))


def _claims(place: Place) -> list[tuple[str, datetime, datetime]]:
    rows = session().execute(
        select(occupancy.c.kind, occupancy.c.starts_at, occupancy.c.ends_at)
        .where(occupancy.c.resource_id == place.resource_id)
        .order_by(occupancy.c.starts_at)
    )
    return [tuple(row) for row in rows]


def _everything() -> dict[str, list[tuple[object, ...]]]:
    tables: list[Table] = Model.metadata.sorted_tables
    found = {
        table.name: [tuple(row) for row in session().execute(select(table)).all()]
        for table in tables
    }
    end_reading()
    return found


def test_ten_o_clock_stays_ten_o_clock_and_the_claim_moves_by_an_hour(app: Flask) -> None:
    desk = make.desk()
    with old_rule():
        booked = _book(desk, 10, 12)
        assert booked.interval.starts_at == _utc(9), "an hour ahead of UTC, by the old rule"
    assert reprojection.is_needed()
    assert reprojection.reproject() == Report(moved=1)
    moved = make.details(booked.public_id)
    assert moved.local == booked.local
    assert moved.local.starts_at == _at(10)
    assert moved.interval.starts_at == _utc(10)
    assert _claims(desk) == [("booking", _utc(10), _utc(12))]
    assert (moved.sequence, moved.version) == (1, 2)
    assert moved.tzdata == zones.version() != OLD_VERSION
    assert promises.verify().is_clean


def test_people_are_told_once_and_it_is_journaled_as_the_house_s_own_act(app: Flask) -> None:
    with old_rule():
        booked = _book(make.desk(), 10, 12)
    reprojection.reproject()
    assert not reprojection.is_needed()
    assert reprojection.reproject() == Report()
    told = session().execute(select(Event.kind, Event.facts).where(Event.kind == EventKind.CHANGED))
    assert [tuple(row) for row in told] == [
        (EventKind.CHANGED, {"version": 2, "actor_id": None, "reason": None})
    ]
    lines = session().scalars(
        select(JournalLine).where(JournalLine.subject_id == booked.public_id).order_by("id")
    )
    line = lines.all()[-1]
    assert (line.act, line.actor_id) == ("reprojected", None)
    assert line.before == {
        "tzdata": OLD_VERSION,
        "utc_start": "2026-10-05T09:00:00+00:00",
        "utc_end": "2026-10-05T11:00:00+00:00",
    }
    assert line.after == {
        "tzdata": zones.version(),
        "utc_start": "2026-10-05T10:00:00+00:00",
        "utc_end": "2026-10-05T12:00:00+00:00",
    }


def test_what_shows_the_reservation_knows_that_it_changed(app: Flask) -> None:
    desk, who = make.desk(), make.member_of()
    with old_rule():
        _book(desk, 10, 12, who)
    counters = (
        (revisions.Scope.FLOOR, desk.spot.floor_id),
        (revisions.Scope.RESOURCE, desk.resource_id),
        (revisions.Scope.PERSON, who.person_id),
    )
    before = [revisions.number(*counter) for counter in counters]
    reprojection.reproject()
    assert [revisions.number(*counter) for counter in counters] == [n + 1 for n in before]


def test_neighbours_follow_each_other_without_being_in_the_way(app: Flask) -> None:
    desk = make.desk()
    with old_rule():
        for hour in (9, 10, 11, 14):
            _book(desk, hour, hour + 1)
    assert reprojection.reproject() == Report(moved=4)
    starts = [starts_at for _, starts_at, _ in _claims(desk)]
    assert starts == [_utc(9), _utc(10), _utc(11), _utc(14)]


def test_a_dry_run_says_the_same_and_writes_nothing(app: Flask) -> None:
    desk = make.desk()
    with old_rule():
        _book(desk, 9, 10)
        _book(desk, 10, 12)
    before = _everything()
    assert reprojection.reproject(dry_run=True) == Report(moved=2)
    assert _everything() == before
    assert reprojection.reproject() == Report(moved=2)


def test_a_conflict_leaves_its_resource_as_it_was_and_the_others_right(app: Flask) -> None:
    taken, free = make.desk("A-01"), make.desk("A-02")
    with old_rule():
        hit = _book(taken, 10, 12)
        beside = _book(taken, 15, 16)
        elsewhere = _book(free, 10, 12)
    blocking = make.closure(taken, _at(11), _at(12))  # right after, by the old rule
    before = _claims(taken)
    report = reprojection.reproject()
    assert report.moved == 1
    assert [(one.resource_code, one.reference, one.cause) for one in report.conflicts] == [
        ("A-01", hit.reference, Cause.TAKEN)
    ]
    assert report.conflicts[0].local_start == _at(10)
    assert _claims(taken) == before
    for details in (hit, beside):
        assert make.details(details.public_id) == details
    assert make.details(elsewhere.public_id).interval.starts_at == _utc(10)
    _reopen(blocking)
    assert reprojection.reproject() == Report(moved=2), "it can be run again"
    assert make.details(beside.public_id).interval.starts_at == _utc(15)
    assert promises.verify().is_clean


def _reopen(closure: Closure) -> None:
    with transaction():
        occupancy_service.release(Owner(closure_id=closure.id))


def test_interrupted_it_goes_on_where_it_stopped(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks = [make.desk(), make.desk(), make.desk()]
    with old_rule():
        made = [_book(desk, 10, 12) for desk in desks]
    whole = reprojection._reproject_together

    def interrupted(reservation_ids: Sequence[int], *, dry_run: bool) -> Report:
        if made[1].id in reservation_ids:
            raise KeyboardInterrupt
        return whole(reservation_ids, dry_run=dry_run)

    monkeypatch.setattr(reprojection, "ENOUGH", 1)  # in one transaction
    with monkeypatch.context() as patch:
        patch.setattr(reprojection, "_reproject_together", interrupted)
        with pytest.raises(KeyboardInterrupt):
            reprojection.reproject()
    assert [_claims(desk)[0][1].hour for desk in desks] == [10, 9, 9]
    assert reprojection.reproject() == Report(moved=2)
    assert [_claims(desk)[0][1].hour for desk in desks] == [10, 10, 10]


def test_a_request_moves_with_its_question_and_can_still_be_granted(app: Flask) -> None:
    lab = make.lab()
    manager = make.lab_manager(lab)
    with old_rule():
        asked = _book(lab, 10, 12)
    assert reprojection.reproject() == Report(moved=1)
    moved = make.details(asked.public_id)
    assert moved.state is State.PENDING
    assert moved.interval.starts_at == _utc(10)
    assert session().scalars(select(Approval.version)).all() == [2]
    service.approve(manager, asked.public_id, seen_version=2)
    assert _claims(lab) == [("booking", _utc(10), _utc(12))]
    assert promises.verify().is_clean


def test_a_deadline_that_was_the_start_stays_the_start(app: Flask) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, decide_within=60 * 24 * 60))
    with old_rule():
        asked = _book(lab, 10, 12)
        assert asked.decide_by == asked.interval.starts_at
    reprojection.reproject()
    assert make.details(asked.public_id).decide_by == _utc(10)


def test_a_request_that_holds_nothing_takes_nothing(app: Flask) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))
    with old_rule():
        asked, rival = _book(lab, 10, 12), _book(lab, 11, 13)
    assert reprojection.reproject() == Report(moved=2)
    assert _claims(lab) == []
    assert make.details(asked.public_id).interval.starts_at == _utc(10)
    assert make.details(rival.public_id).interval.starts_at == _utc(11)


def test_a_change_that_waits_moves_with_what_it_holds(app: Flask) -> None:
    lab, who = make.lab(), make.person()
    manager = make.lab_manager(lab)
    with old_rule():
        asked = _book(lab, 10, 12, who)
        service.approve(manager, asked.public_id, seen_version=1)
        service.change(who, asked.public_id, Change(starts_at=_at(9), ends_at=_at(14)))
    expected = [("hold", 9, 10), ("booking", 10, 12), ("hold", 12, 14)]
    assert _hours(lab) == [(kind, start - 1, end - 1) for kind, start, end in expected]
    assert reprojection.reproject() == Report(moved=1)
    assert _hours(lab) == expected
    changed = make.details(asked.public_id)
    assert changed.amendment is not None
    assert changed.amendment.local.starts_at == _at(9)
    assert changed.amendment.interval.starts_at == _utc(9)
    assert session().scalar(select(Amendment.tzdata)) == zones.version()
    assert promises.verify().is_clean
    service.approve(manager, asked.public_id, seen_version=changed.version)
    assert _hours(lab) == [("booking", 9, 14)]
    assert session().scalar(select(func.count()).select_from(Hold)) == 0
    assert set(session().scalars(select(Approval.state))) == {Asking.GRANTED}


def test_who_has_a_place_of_a_pool_keeps_it_and_what_is_held_beside_it(app: Flask) -> None:
    pool = make.pool(under=make.policy(needs_approval=True))
    manager, who = make.lab_manager(pool), make.person()
    with old_rule():
        gone, kept = _book(pool, 10, 12), _book(pool, 10, 12, who)
        service.approve(manager, kept.public_id, seen_version=1)
        service.change(who, kept.public_id, Change(ends_at=_at(14)))
        service.cancel(make.actor(gone.person_id), gone.public_id)
    assert reprojection.reproject() == Report(moved=1)
    assert _hours(pool) == [("booking", 10, 12), ("hold", 12, 14)]
    units = select(occupancy.c.unit).where(occupancy.c.resource_id == pool.resource_id)
    assert set(session().scalars(units)) == {2}
    end_reading()
    version = make.details(kept.public_id).version
    service.approve(manager, kept.public_id, seen_version=version)
    assert (_hours(pool), set(session().scalars(units))) == ([("booking", 10, 14)], {2})
    assert promises.verify().is_clean


def test_a_longer_stay_can_still_be_granted_until_its_old_end(app: Flask) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, decide_within=60 * 24 * 60))
    who = make.person()
    with old_rule():
        asked = _book(lab, 10, 12, who)
        service.approve(make.lab_manager(lab), asked.public_id, seen_version=1)
        service.change(who, asked.public_id, Change(ends_at=_at(14)))
    reprojection.reproject()
    waiting = make.details(asked.public_id).amendment
    assert waiting is not None
    assert waiting.decide_by == _utc(12)


def _hours(place: Place) -> list[tuple[str, int, int]]:
    return [(kind, starts_at.hour, ends_at.hour) for kind, starts_at, ends_at in _claims(place)]


def test_what_has_begun_by_the_old_rule_but_not_by_the_clock_on_the_wall_moves(app: Flask) -> None:
    desk = make.desk()
    with old_rule():
        booked = _book(desk, 10, 12)
    with clock.frozen_at(_utc(9) + timedelta(minutes=30)):
        assert reprojection.reproject() == Report(moved=1)
    assert make.details(booked.public_id).interval.starts_at == _utc(10)


def test_what_has_ended_by_the_old_rule_but_not_by_the_clock_on_the_wall_moves(app: Flask) -> None:
    desk = make.desk()
    with old_rule():
        booked = _book(desk, 10, 12)
    with clock.frozen_at(_utc(11) + timedelta(minutes=30)):
        assert reprojection.reproject() == Report(moved=1)
    assert make.details(booked.public_id).interval.ends_at == _utc(12)


def test_history_stays_as_it_was(app: Flask) -> None:
    with old_rule():
        over, cancelled = _book(make.desk(), 10, 12), _book(make.desk(), 16, 17)
        service.cancel(make.actor(cancelled.person_id), cancelled.public_id)
    with clock.frozen_at(_utc(13)):
        before = _everything()
        assert reprojection.reproject() == Report()
        assert _everything() == before
    assert make.details(over.public_id).tzdata == OLD_VERSION


@pytest.mark.parametrize("day", [date(2026, 2, 20), date(2026, 3, 16)])
def test_ramadan_2026_is_what_it_was_and_only_the_stamp_is_new(app: Flask, day: date) -> None:
    """In Ramadan both editions have UTC+0, so nobody has to be told anything."""
    with clock.frozen_at(datetime(2026, 2, 2, 9, tzinfo=UTC)):
        with old_rule():
            booked = _book(make.desk(), 10, 12, day=day)
        assert booked.interval.starts_at == _utc(10, day)
        events = session().scalar(select(func.count()).select_from(Event))
        assert reprojection.reproject() == Report(stamped=1)
        after = make.details(booked.public_id)
        assert session().scalar(select(func.count()).select_from(Event)) == events
    assert (after.version, after.sequence, after.interval) == (1, 0, booked.interval)
    assert after.tzdata == zones.version()


def test_before_ramadan_2026_morocco_was_an_hour_ahead_in_both_editions(app: Flask) -> None:
    day = date(2026, 2, 12)
    with clock.frozen_at(datetime(2026, 2, 2, 9, tzinfo=UTC)):
        with old_rule():
            booked = _book(make.desk(), 10, 12, day=day)
        assert booked.interval.starts_at == _utc(9, day)
        assert reprojection.reproject() == Report(stamped=1)


def test_a_law_for_paris_moves_summer_and_leaves_winter(app: Flask) -> None:
    make.site(zone=PARIS)
    desk, summer, winter = make.desk(), date(2026, 10, 23), date(2026, 10, 26)
    with paris_without_summer_time():
        before, after = _book(desk, 10, 12, day=summer), _book(desk, 10, 12, day=winter)
    assert reprojection.reproject() == Report(moved=1, stamped=1)
    assert make.details(before.public_id).interval.starts_at == _utc(8, summer)
    assert make.details(after.public_id).interval.starts_at == _utc(9, winter)
    assert make.details(after.public_id).version == 1


def test_a_time_that_the_clocks_now_jump_over_is_a_conflict(app: Flask) -> None:
    make.site(zone=PARIS)
    desk = make.desk(open_at=make.around_the_clock(), under=make.policy(horizon=365))
    night = date(2027, 3, 28)
    with paris_without_summer_time():
        booked = make.reservation(
            make.person(), desk, starts_at=_at(2, 30, night), ends_at=_at(5, 0, night)
        )
    report = reprojection.reproject()
    assert [(one.reference, one.cause) for one in report.conflicts] == [
        (booked.reference, Cause.NONEXISTENT)
    ]
    assert make.details(booked.public_id) == booked


def test_the_command_lists_what_it_did(app: Flask) -> None:
    desk = make.desk("A-01")
    with old_rule():
        booked = _book(desk, 10, 12)
    end_reading()
    run = app.test_cli_runner()
    dry = run.invoke(args=["tz-reproject", "--dry-run"])
    assert (dry.exit_code, "1 would be moved" in dry.output) == (0, True), dry.output
    make.closure(desk, _at(11), _at(12))
    end_reading()
    refused = run.invoke(args=["tz-reproject"])
    assert refused.exit_code == 1
    assert f"A-01: {booked.reference} at 2026-10-05 10:00 cannot be moved" in refused.output


def test_many_at_one_place_cost_as_many_statements_as_two(
    app: Flask, count_statements: Counting
) -> None:
    counts = []
    for several in (2, 6):
        desk, who = make.desk(), make.person()
        with old_rule():
            for hour in range(9, 9 + several):
                _book(desk, hour, hour + 1, who)
        end_reading()
        with count_statements() as found:
            assert reprojection.reproject() == Report(moved=several)
        counts.append(found.count)
    assert counts[0] == counts[1]
