"""Which reservations a feed reads, and how many statements it takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask

from booking.calendars import queries, rules
from booking.calendars.queries import Shown
from booking.calendars.rules import MOST_EVENTS
from booking.core import clock, zones
from booking.core.permissions import Actor
from booking.reservations import service
from tests import make
from tests.conftest import FROZEN, Statements

Counting = Callable[[], AbstractContextManager[Statements]]


def shown_to(who: Actor) -> Shown:
    zone = zones.zone(make.CASABLANCA)
    return queries.entries_of(who.person_id, rules.window_on(clock.today(zone), zone))


def test_only_what_is_for_the_person_is_shown(app: Flask) -> None:
    startup = make.organisation()
    nadia, youssef = make.member_of(startup), make.member_of(startup)
    desk = make.desk()
    mine = make.reservation(nadia, desk)
    make.reservation(youssef, desk, starts_at=make.at(14))
    assert [entry.public_id for entry in shown_to(nadia).entries] == [mine.public_id]


def test_what_lies_outside_the_window_is_not_shown(app: Flask) -> None:
    who, desk = make.member_of(), make.desk(open_at=make.around_the_clock())
    make.stored_reservations(who, desk, 48, days=-62)
    make.stored_reservations(who, desk, 72, days=398)
    starts = [entry.starts_at for entry in shown_to(who).entries]
    midnight = FROZEN.replace(hour=0)
    # Before the change of law the local day began at 23:00 UTC.
    assert starts[0] == midnight - timedelta(days=60, hours=1)
    assert starts[-1] == midnight + timedelta(days=399, hours=23)
    assert len(starts) == 1 + 48


def test_of_too_many_the_most_distant_past_is_left_out(app: Flask) -> None:
    who, desk = make.member_of(), make.desk()
    make.stored_reservations(who, desk, 1200, days=-51)
    make.stored_reservations(who, desk, 1000, days=1)
    entries = shown_to(who).entries
    assert len(entries) == MOST_EVENTS
    assert sum(entry.starts_at > FROZEN for entry in entries) == 1000
    starts = [entry.starts_at for entry in entries]
    assert starts == sorted(starts)
    assert starts[0] == FROZEN.replace(hour=0) + timedelta(days=-51, hours=200)


@pytest.mark.parametrize("end", ["cancelled", "declined", "expired"])
def test_what_ended_otherwise_is_shown_for_14_days(app: Flask, end: str) -> None:
    who, lab = make.member_of(), make.lab()
    made = make.reservation(who, lab, starts_at=make.at(10, days=30), ends_at=make.at(12, days=30))
    if end == "cancelled":
        service.cancel(who, made.public_id)
    elif end == "declined":
        service.decline(make.lab_manager(lab), made.public_id, seen_version=1, reason="Closed")
    else:
        assert made.decide_by is not None
        with clock.frozen_at(made.decide_by):
            assert service.expire_next()
    ended_at = make.details(made.public_id).changed_at
    with clock.frozen_at(ended_at + timedelta(days=14)):
        assert [entry.state.value for entry in shown_to(who).entries] == [end]
    with clock.frozen_at(ended_at + timedelta(days=15)):
        assert shown_to(who).entries == ()


def test_many_reservations_take_as_many_statements_as_few(
    app: Flask, count_statements: Counting
) -> None:
    desk = make.desk()
    counts = []
    for many in (1, 100, 1500):
        who = make.member_of()
        make.stored_reservations(who, desk, many)
        with count_statements() as found:
            assert len(shown_to(who).entries) == many
        counts.append(found.count)
    assert counts == [2, 2, 2]


def test_an_address_is_one_statement(app: Flask, count_statements: Counting) -> None:
    secret = make.feed_address(make.member_of()).removeprefix("/ical/").removesuffix(".ics")
    with count_statements() as found:
        assert queries.subscription(secret) is not None
    assert found.count == 1
