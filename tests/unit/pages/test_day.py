"""How one row is cut into cells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking.pages.planning.axis import Axis
from booking.pages.planning.day import (
    Asked,
    Canvas,
    Cell,
    Minutes,
    Space,
    Taken,
    Terms,
    bookable_on,
    cells_of,
)
from booking.policies.models import Shown
from booking.policies.rules import Buffers, WhoMayBook

DAY = date(2026, 11, 24)
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)  # Morocco is on UTC
AXIS = Axis(MIDNIGHT + timedelta(hours=8), 10, ZoneInfo("Africa/Casablanca"))
YESTERDAY = MIDNIGHT - timedelta(hours=12)
TERMS = Terms(15, 30, 12 * 60, 0, 60, WhoMayBook.ANYONE, Shown.BUSY, Buffers())
SPACE = Space(1, "A-01", 1, 1, 1, 1, 1, False, "", None)
BOOKED = Taken(
    1, MIDNIGHT, MIDNIGHT, "booking", False, False, False, False, "ABC234", "", "", "", None
)
WORDS = {
    state: state.capitalize()
    for state in (
        *(
            "free",
            "mine",
            "other",
            "pending",
            "checked-in",
            "closed",
            "out",
            "setup",
            "cleanup",
            "part",
            "hold",
        ),
    )
}


def _at(time: str) -> datetime:
    hours, minutes = time.split(":")
    return MIDNIGHT + timedelta(hours=int(hours), minutes=int(minutes))


def _taken(start: str, end: str, **values: Any) -> Taken:  # Any: fields by name
    return BOOKED._replace(starts_at=_at(start), ends_at=_at(end), **values)


def _canvas(
    *,
    terms: Terms = TERMS,
    now: datetime = YESTERDAY,
    open_times: tuple[Minutes, ...] = ((0, 600),),
    is_member: bool = True,
) -> Canvas:
    bookable = bookable_on(AXIS, DAY, now, terms, is_member=is_member)
    return Canvas(DAY, AXIS, now, {1: open_times}, {1: terms}, {1: bookable}, WORDS)


def _drawn(cells: list[Cell]) -> list[str]:
    return [f"{cell.look} {cell.times}" for cell in cells]


def test_a_day_without_claims_is_one_free_cell_that_leads_to_the_form() -> None:
    (cell,) = cells_of(_canvas(), SPACE, [], [])
    assert cell.look == "s0 w40 free"
    assert cell.href == "book?resource=A-01&day=2026-11-24&start=08:00&end=18:00"


def test_claims_and_gaps_follow_one_another() -> None:
    taken = [_taken("9:00", "10:30"), _taken("10:30", "12:00")]
    assert _drawn(cells_of(_canvas(), SPACE, taken, [])) == [
        "s0 w4 free 08:00–09:00",
        "s4 w6 other 09:00–10:30",
        "s10 w6 other 10:30–12:00",
        "s16 w24 free 12:00–18:00",
    ]


def test_time_outside_the_hours_is_closed_and_not_free() -> None:
    canvas = _canvas(open_times=((60, 240), (300, 540)))
    cells = cells_of(canvas, SPACE, [_taken("11:30", "12:30")], [])
    assert _drawn(cells) == [
        "s0 w4 closed 08:00–09:00",
        "s4 w10 free 09:00–11:30",
        "s14 w4 other 11:30–12:30",
        "s18 w2 closed 12:30–13:00",
        "s20 w16 free 13:00–17:00",
        "s36 w4 closed 17:00–18:00",
    ]


def test_past_time_has_no_link_and_the_running_step_has_one() -> None:
    past, free = cells_of(_canvas(now=_at("10:37")), SPACE, [], [])
    assert (past.look, past.href) == ("s0 w10 free", "")
    assert free.look == "s10 w30 free"
    assert "start=10:30&end=18:00" in free.href


@pytest.mark.parametrize(
    ("changed", "is_member"),
    [
        ({"horizon": 0}, True),
        ({"who_may_book": WhoMayBook.MEMBERS}, False),
        ({"notice": 48 * 60}, True),
    ],
    ids=["too far", "for members", "too near"],
)
def test_time_that_this_reader_cannot_book_has_no_link(
    changed: dict[str, object], is_member: bool
) -> None:
    terms = replace(TERMS, **changed)  # type: ignore[arg-type]  # one field by name
    cells = cells_of(_canvas(terms=terms, is_member=is_member), SPACE, [], [])
    assert [cell.href for cell in cells] == [""]


def test_a_notice_moves_the_first_bookable_step() -> None:
    terms = replace(TERMS, notice=60)
    _near, free = cells_of(_canvas(terms=terms, now=_at("10:37")), SPACE, [], [])
    assert "start=11:45" in free.href


def test_a_link_stands_on_the_grid_of_the_policy_and_within_its_longest() -> None:
    terms = replace(TERMS, granularity=30, longest=120)
    cells = cells_of(_canvas(terms=terms), SPACE, [_taken("8:00", "9:15")], [])
    assert cells[1].times == "09:15–18:00"
    assert cells[1].href.endswith("start=09:30&end=11:30")


def test_a_gap_shorter_than_the_shortest_has_no_link() -> None:
    cells = cells_of(_canvas(), SPACE, [_taken("8:00", "9:00"), _taken("9:15", "18:00")], [])
    assert (cells[1].look, cells[1].href) == ("s4 w1 free", "")


def test_odd_minutes_are_drawn_outward_and_never_twice() -> None:
    taken = [_taken("9:05", "9:10"), _taken("9:10", "9:20"), _taken("9:25", "10:05")]
    assert [cell.look for cell in cells_of(_canvas(), SPACE, taken, [])] == [
        "s0 w4 free",
        "s4 w1 other",
        "s5 w1 other",
        "s6 w3 other",
        "s9 w31 free",
    ]


def test_what_is_out_of_order_is_free_again_when_it_is_expected_back() -> None:
    space = replace(
        SPACE, out_of_order=True, out_of_order_reason="Leak", expected_back_at=_at("12:00")
    )
    out, free = cells_of(_canvas(), space, [], [])
    assert (out.look, out.label, out.href) == ("s0 w16 out", "Leak", "")
    assert "start=12:00" in free.href


def test_an_own_request_that_holds_nothing_stands_where_the_place_is_still_free() -> None:
    asked = [Asked(1, _at("10:00"), _at("12:00"), "XYZ789", "Prototype")]
    cells = cells_of(_canvas(), SPACE, [_taken("11:00", "13:00")], asked)
    assert _drawn(cells)[1:3] == ["s8 w4 pending 10:00–11:00", "s12 w8 other 11:00–13:00"]
    assert cells[1].href == "r/XYZ789"


@pytest.mark.parametrize(
    ("claim", "others_see", "expected"),
    [
        ({"person": "Amina"}, Shown.BUSY, ("other", "", "")),
        ({"organisation": "Souk Pay"}, Shown.ORGANISATION, ("other", "Souk Pay", "")),
        ({"person": "Amina", "title": "Test"}, Shown.PERSON, ("other", "Amina – Test", "")),
        ({"person": "Amina", "is_pending": True}, Shown.BUSY, ("other", "", "")),
        ({"kind": "hold", "person": "Amina"}, Shown.BUSY, ("other", "", "")),
        (
            {"is_ours": True, "is_open": True, "person": "Amina"},
            Shown.BUSY,
            ("other", "Amina", "r"),
        ),
        ({"is_open": True, "organisation": "Souk Pay"}, Shown.BUSY, ("other", "Souk Pay", "r")),
        ({"is_open": True, "is_pending": True}, Shown.BUSY, ("pending", "", "r")),
        ({"is_open": True, "is_here": True}, Shown.BUSY, ("checked-in", "", "r")),
        ({"is_here": True}, Shown.BUSY, ("other", "", "")),
        ({"is_mine": True, "is_open": True, "title": "Test"}, Shown.BUSY, ("mine", "Test", "r")),
        ({"kind": "hold", "is_mine": True, "is_open": True}, Shown.BUSY, ("pending", "", "r")),
        (
            {"kind": "closure", "closure": {"en": "Fire drill"}},
            Shown.BUSY,
            ("closed", "Fire drill", ""),
        ),
        ({"kind": "cleanup"}, Shown.BUSY, ("buffer", "", "")),
    ],
)
def test_what_a_reader_sees_of_a_claim(
    claim: dict[str, object], others_see: Shown, expected: tuple[str, str, str]
) -> None:
    terms = replace(TERMS, others_see=others_see)
    (cell,) = cells_of(_canvas(terms=terms), SPACE, [_taken("8:00", "18:00", **claim)], [])
    assert (cell.look.split()[-1], cell.label, cell.href[:1]) == expected


def test_links_leave_room_for_set_up_and_cleaning() -> None:
    terms = replace(TERMS, buffers=Buffers(setup=15, cleanup=30))
    taken = [
        _taken("9:00", "10:00"),
        _taken("10:00", "10:30", kind="cleanup"),
        _taken("13:00", "14:00"),
        _taken("18:00", "19:00", kind="setup"),  # after the hours, which cleaning may reach
    ]
    cells = cells_of(_canvas(terms=terms), SPACE, taken, [])
    assert [(cell.times, cell.href[-21:]) for cell in cells] == [
        ("08:00–09:00", "start=08:00&end=08:30"),
        ("09:00–10:00", ""),
        ("10:00–10:30", ""),
        ("10:30–13:00", "start=10:45&end=12:30"),
        ("13:00–14:00", ""),
        ("14:00–18:00", "start=14:15&end=17:30"),
    ]
    assert (cells[2].word, cells[2].look) == ("Cleanup", "s8 w2 buffer")
