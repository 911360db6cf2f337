"""A refusal is a reason with its facts, and the API can read them."""

import json
from datetime import date, datetime

import pytest

from booking.core.intervals import LocalInterval, Span
from booking.core.refusals import (
    FACTS,
    Cause,
    ClosedDay,
    InThePast,
    NotEligible,
    OffGrid,
    OutOfOrder,
    OutsideHours,
    Reason,
    Refusal,
    SlotTaken,
    TooFar,
    TooLong,
    WhoMayBook,
    facts_as_json,
)


def test_every_reason_has_facts_of_its_own() -> None:
    assert set(FACTS) == set(Reason)
    assert len(set(FACTS.values())) == len(FACTS)


def test_the_codes_are_a_promise() -> None:
    assert [reason.value for reason in Reason] == [
        "slot_taken",
        "outside_hours",
        "closed_day",
        "off_grid",
        "too_short",
        "too_long",
        "too_soon",
        "too_far",
        "in_the_past",
        "over_capacity",
        "out_of_order",
        "not_eligible",
        "not_changeable",
        "too_few_together",
        "check_in_not_open",
        "nonexistent_time",
        "quota_exceeded",
        "not_taken",
        "too_many_waited_for",
        "not_authorised",
    ]


def test_a_reason_does_not_go_with_the_facts_of_another() -> None:
    with pytest.raises(TypeError, match="too_long"):
        Refusal(Reason.TOO_LONG, OffGrid(15))


def test_a_refusal_lists_its_facts_by_name() -> None:
    refusal = Refusal(Reason.TOO_LONG, TooLong(longest_minutes=240, minutes=300), "A-03")
    assert facts_as_json(refusal) == {
        "code": "too_long",
        "resource": "A-03",
        "longest_minutes": 240,
        "minutes": 300,
        "overridable_by": None,
    }


def test_times_are_written_as_the_clock_on_the_wall_shows_them() -> None:
    busy = LocalInterval(
        datetime(2026, 11, 24, 10), datetime(2026, 11, 24, 11, 30), "Africa/Casablanca"
    )
    taken = facts_as_json(Refusal(Reason.SLOT_TAKEN, SlotTaken(Cause.BOOKING, busy)))
    assert taken["cause"] == "booking"
    assert taken["busy"] == {
        "starts_at": "2026-11-24T10:00",
        "ends_at": "2026-11-24T11:30",
        "zone": "Africa/Casablanca",
    }
    assert (taken["meets"], taken["kept"]) == ("booking", None)
    past = facts_as_json(Refusal(Reason.IN_THE_PAST, InThePast(datetime(2026, 11, 24, 8, 15))))
    assert past["earliest"] == "2026-11-24T08:15"


def test_days_and_hours_are_written_plainly() -> None:
    facts = OutsideHours(date(2026, 11, 24), (Span(480, 720), Span(1200, 1440)))
    answer = facts_as_json(Refusal(Reason.OUTSIDE_HOURS, facts))
    assert answer["day"] == "2026-11-24"
    assert answer["open"] == [
        {"opens": "08:00", "closes": "12:00"},
        {"opens": "20:00", "closes": "24:00"},
    ]


@pytest.mark.parametrize(
    ("reason", "facts"),
    [
        (Reason.SLOT_TAKEN, SlotTaken(Cause.HOLD, None)),
        (Reason.CLOSED_DAY, ClosedDay(date(2026, 11, 24))),
        (Reason.TOO_FAR, TooFar(30, date(2026, 11, 24))),
        (Reason.OUT_OF_ORDER, OutOfOrder("Laser «cassé»", None)),
        (Reason.NOT_ELIGIBLE, NotEligible(WhoMayBook.MEMBERS)),
    ],
)
def test_facts_survive_json_as_plain_values(
    reason: Reason, facts: SlotTaken | ClosedDay | TooFar | OutOfOrder | NotEligible
) -> None:
    answer = facts_as_json(Refusal(reason, facts, "L-01", overridable_by="operator"))
    assert json.loads(json.dumps(answer)) == answer
    assert all(type(value) in (str, int, type(None)) for value in answer.values())
