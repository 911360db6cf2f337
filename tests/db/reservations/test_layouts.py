"""A reservation chooses how its room is set out: it takes as many people as the layout does, and
its set-up is claimed with it, whatever becomes of the reservation."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.approvals import queries as approvals
from booking.checks import promises
from booking.core.database import session, transaction
from booking.core.errors import InvalidError, NotOfferedError, Problem, RefusedError
from booking.core.instants import Interval
from booking.core.permissions import Actor
from booking.core.refusals import LayoutKind, OverCapacity, Reason, Seating
from booking.occupancy.models import occupancy
from booking.policies.facts import Place
from booking.reservations import (
    alternatives,
    availability,
    linking,
    reprojection,
    series,
    series_adding,
    service,
)
from booking.reservations import series_changing as changing
from booking.reservations.availability import Own
from booking.reservations.models import Reservation, State
from booking.reservations.queries import Details
from booking.reservations.repetition import Every, Repetition
from booking.reservations.series import SeriesWish
from booking.reservations.series_changing import Wanted
from booking.reservations.wishes import Change, Wish
from booking.spaces import inventory
from booking.spaces import service as spaces
from booking.spaces.drafts import LayoutDraft, ResourceDraft
from booking.spaces.models import Layout
from tests import make

THEATRE, U_SHAPE = LayoutKind.THEATRE, LayoutKind.U_SHAPE
OFFERED = ((THEATRE, 30, 60), (U_SHAPE, 12, 5))


@pytest.fixture
def room(app: Flask) -> Place:
    """Twenty as it stands, and a quarter of an hour before each reservation."""
    return make.room("T-01", capacity=20, under=make.policy(setup_minutes=15), layouts=OFFERED)


def _claims(place: Place) -> list[tuple[str, str, str]]:
    statement = select(occupancy).where(occupancy.c.resource_id == place.resource_id)
    rows = session().execute(statement.order_by(occupancy.c.starts_at))
    return [(row.kind, f"{row.starts_at:%H:%M}", f"{row.ends_at:%H:%M}") for row in rows]


def _booked(
    place: Place,
    start: datetime,
    layout: LayoutKind | None = None,
    who: Actor | None = None,
    headcount: int = 1,
) -> Details:
    return make.reservation(who, place, starts_at=start, layout=layout, headcount=headcount)


def _too_many(place: Place, headcount: int, layout: LayoutKind | None) -> OverCapacity:
    with pytest.raises(RefusedError) as refused:
        _booked(place, make.at(10), layout, headcount=headcount)
    (refusal,) = refused.value.refusals
    assert refusal.reason is Reason.OVER_CAPACITY
    assert isinstance(refusal.facts, OverCapacity)
    return refusal.facts


# --- booking ---


def test_it_takes_as_many_people_as_the_layout_does(room: Place) -> None:
    facts = _too_many(room, 21, U_SHAPE)
    assert facts == OverCapacity(12, 21, U_SHAPE, (Seating(THEATRE, 30),))
    facts = _too_many(room, 15, U_SHAPE)
    assert facts.instead == (Seating(THEATRE, 30), Seating(None, 20))
    assert _too_many(room, 21, None) == OverCapacity(20, 21, None, (Seating(THEATRE, 30),))
    made = _booked(room, make.at(10), THEATRE, headcount=30)
    assert (made.layout, made.place.spot.capacity) == (THEATRE, 30)


def test_the_longer_set_up_is_claimed(room: Place) -> None:
    _booked(room, make.at(10), THEATRE)
    _booked(room, make.at(14), U_SHAPE)
    assert _claims(room) == [
        ("setup", "09:00", "10:00"),
        ("booking", "10:00", "11:00"),
        ("setup", "13:45", "14:00"),
        ("booking", "14:00", "15:00"),
    ]
    with pytest.raises(RefusedError):
        _booked(room, make.at(15, 30), THEATRE)
    _booked(room, make.at(16), THEATRE)
    assert promises.verify().is_clean


def test_a_layout_that_no_room_offers_is_refused_with_those_there_are(room: Place) -> None:
    with pytest.raises(NotOfferedError) as refused:
        _booked(room, make.at(10), LayoutKind.BANQUET)
    assert refused.value.fields == {"layout": Problem.NOT_OFFERED}
    assert refused.value.offered == (THEATRE, U_SHAPE)
    with pytest.raises(NotOfferedError):
        _booked(make.desk(), make.at(10), THEATRE)


def test_of_several_rooms_those_are_set_out_that_offer_it(room: Place) -> None:
    beside = make.room("T-02", under=make.policy())
    made = make.reservation(None, room, beside, layout=THEATRE, headcount=42)
    assert [one.layout and one.layout.kind for one in made.places] == [THEATRE, None]
    assert _claims(room)[0] == ("setup", "09:00", "10:00")
    assert _claims(beside) == [("booking", "10:00", "11:00")]


def test_a_part_is_taken_as_long_as_its_room_is_set_up(room: Place) -> None:
    part = make.room("T-01A")
    linking.set_parts(make.operator(), room.spot.public_id, ["T-01A"])
    _booked(room, make.at(10), THEATRE)
    assert _claims(part) == [("linked", "09:00", "11:00")]


def test_what_is_offered_instead_is_in_the_layout(room: Place) -> None:
    """Beside the room two others: one cannot be set out so, one is free but for the set-up."""
    make.room("T-02", under=make.policy())
    tight = make.room("T-03", under=make.policy(), layouts=((THEATRE, 25, 90),))
    good = make.room("T-04", capacity=5, under=make.policy(), layouts=((THEATRE, 25, 30),))
    _booked(room, make.at(10))
    _booked(tight, make.at(9))
    wish = Wish((room.spot.public_id,), make.at(10), make.at(11), headcount=22, layout=THEATRE)
    found = alternatives.find(make.member_of(), wish, most=9)
    assert good.spot.code in {one.place.spot.code for one in found}
    assert tight.spot.code not in {
        one.place.spot.code for one in found if one.local.starts_at == make.at(10)
    }
    for one in found:
        again = Wish(
            (one.place.spot.public_id,), one.local.starts_at, one.local.ends_at, "", 22,
            layout=THEATRE,
        )  # fmt: skip
        assert alternatives.verdict(make.member_of(), again).allowed


# --- changing ---


def test_another_layout_moves_the_claims(room: Place) -> None:
    member = make.member_of()
    made = _booked(room, make.at(10), None, member)
    service.change(member, made.public_id, Change(layout=THEATRE))
    assert _claims(room)[0] == ("setup", "09:00", "10:00")
    changed = make.details(made.public_id)
    assert (changed.layout, changed.state, changed.sequence) == (THEATRE, State.CONFIRMED, 1)
    service.change(member, made.public_id, Change(title="Chairs"))
    assert make.details(made.public_id).layout is THEATRE
    service.change(member, made.public_id, Change(layout=None))
    assert _claims(room)[0] == ("setup", "09:45", "10:00")
    assert promises.verify().is_clean


def test_another_layout_is_refused_where_its_set_up_is_taken(room: Place) -> None:
    member = make.member_of()
    _booked(room, make.at(8, 30))
    made = _booked(room, make.at(10), U_SHAPE, member)
    own = Own.of(make.details(made.public_id))
    around = availability.around(
        [room.laid_out(THEATRE)], make.at(10).date(), is_member=True, own=own
    )
    assert not around.can_be_booked(made.local)
    with pytest.raises(RefusedError):
        service.change(member, made.public_id, Change(layout=THEATRE))
    assert make.details(made.public_id).layout is U_SHAPE
    later = Change(layout=THEATRE, starts_at=make.at(10, 30), ends_at=make.at(11, 30))
    service.change(member, made.public_id, later)


def test_what_holds_too_many_is_refused_and_so_is_another_room_without_it(room: Place) -> None:
    member = make.member_of()
    other = make.room("T-02", under=make.policy())
    made = _booked(room, make.at(10), None, member, headcount=18)
    with pytest.raises(RefusedError):
        service.change(member, made.public_id, Change(layout=U_SHAPE))
    service.change(member, made.public_id, Change(layout=THEATRE))
    with pytest.raises(InvalidError):
        service.change(member, made.public_id, Change(resources=(other.spot.public_id,)))


def test_a_change_that_waits_holds_the_set_up_and_brings_the_layout(app: Flask) -> None:
    policy = make.policy(needs_approval=True)
    room = make.room("T-01", under=policy, layouts=OFFERED)
    manager, member = make.lab_manager(room), make.member_of()
    made = _booked(room, make.at(10), None, member)
    service.approve(manager, made.public_id, seen_version=1)
    longer = Change(ends_at=make.at(12), layout=THEATRE)
    service.change(member, made.public_id, longer)
    waiting = make.details(made.public_id)
    assert waiting.layout is None
    assert waiting.amendment is not None
    assert waiting.amendment.layout is THEATRE
    assert ("hold", "09:00", "10:00") in _claims(room)
    service.approve(manager, made.public_id, seen_version=None)
    assert make.details(made.public_id).layout is THEATRE
    assert _claims(room) == [("setup", "09:00", "10:00"), ("booking", "10:00", "12:00")]
    assert promises.verify().is_clean


def test_who_asks_for_the_time_to_set_up_is_declined_with_the_yes(app: Flask) -> None:
    policy = make.policy(needs_approval=True, holds_while_pending=False)
    room = make.room("T-01", under=policy, layouts=OFFERED)
    manager = make.lab_manager(room)
    made = _booked(room, make.at(10), THEATRE)
    near, before = _booked(room, make.at(8, 30)), _booked(room, make.at(8))
    after, plain = _booked(room, make.at(11, 30), THEATRE), _booked(room, make.at(11, 30))
    rivals = approvals.background([made.id]).rivals[made.id]
    assert {one.reference for one in rivals} == {near.reference, after.reference}
    service.approve(manager, made.public_id, seen_version=1, declines_others=True)
    states = [make.details(one.public_id).state for one in (near, before, after, plain)]
    assert states == [State.DECLINED, State.PENDING, State.DECLINED, State.PENDING]


# --- series, and what goes over many ---


def test_the_dates_of_a_series_keep_it_and_change_it(room: Place) -> None:
    member = make.member_of()
    wish = Wish((room.spot.public_id,), make.at(10), make.at(11), layout=THEATRE)
    made = series.book(member, SeriesWish(wish, Repetition(Every.DAY, count=2)))
    dates = [make.details(one.public_id) for one in made.reservations]
    assert {one.layout for one in dates} == {THEATRE}
    assert _claims(room).count(("setup", "09:00", "10:00")) == 2
    changing.change(member, made.public_id, Wanted(layout=U_SHAPE))
    assert _claims(room).count(("setup", "09:45", "10:00")) == 2
    assert {make.details(one.public_id).layout for one in dates} == {U_SHAPE}
    assert promises.verify().is_clean


def test_a_date_that_is_added_is_set_out_as_those_next_to_it(room: Place) -> None:
    """Whatever the first date ahead has."""
    member = make.member_of()
    wish = Wish((room.spot.public_id,), make.at(10), make.at(11), layout=THEATRE)
    made = series.book(member, SeriesWish(wish, Repetition(Every.DAY, count=4)))
    first, second, removed, _last = (one.public_id for one in made.reservations)
    service.cancel(member, removed)
    longer = Change(ends_at=make.at(12), layout=None)
    service.change(member, first, longer)
    assert make.details(second).layout is THEATRE
    day = make.details(removed).local.starts_at
    added = series_adding.add(member, made.public_id, day.date())
    assert added.layout is THEATRE
    assert {one.layout and one.layout.kind for one in added.places} == {added.layout}
    assert promises.verify().is_clean


def test_reprojection_keeps_the_set_up(room: Place) -> None:
    made = _booked(room, make.at(10), THEATRE)
    hour, start = timedelta(hours=1), made.interval.starts_at
    old, before = Interval(start - hour, start), Interval(start - 2 * hour, start - hour)
    with transaction() as current:
        for kind, interval in (("setup", before), ("booking", old)):
            times = {"starts_at": interval.starts_at, "ends_at": interval.ends_at}
            current.execute(update(occupancy).where(occupancy.c.kind == kind).values(times))
            current.execute(update(Reservation).values({**times, "tzdata": "1970a"}))
    assert reprojection.reproject().moved == 1
    assert _claims(room) == [("setup", "09:00", "10:00"), ("booking", "10:00", "11:00")]


# --- the operator ---


def test_who_chose_a_layout_keeps_it_when_it_is_no_longer_offered(room: Place) -> None:
    member, operator = make.member_of(), make.operator()
    made = _booked(room, make.at(10), THEATRE, member)
    draft = inventory.resource(room.spot.public_id).draft
    spaces.change_resource(operator, room.spot.public_id, _with(draft, ()))
    kept = make.details(made.public_id)
    assert (kept.layout, kept.place.layout) == (THEATRE, None)
    assert _claims(room)[0] == ("setup", "09:00", "10:00")
    service.change(member, made.public_id, Change(ends_at=make.at(10, 30)))
    assert make.details(made.public_id).layout is THEATRE
    with pytest.raises(NotOfferedError):
        service.change(member, made.public_id, Change(layout=U_SHAPE))
    assert promises.verify().is_clean


def test_layouts_are_checked_and_written_down(app: Flask) -> None:
    operator = make.operator()
    place = make.room("T-01")
    draft = inventory.resource(place.spot.public_id).draft
    wrong = {
        Problem.OUT_OF_RANGE: (LayoutDraft(kind=THEATRE, capacity=0),),
        Problem.TOO_MANY: (LayoutDraft(kind=THEATRE, capacity=2),) * 2,
    }
    for problem, layouts in wrong.items():
        with pytest.raises(InvalidError) as refused:
            spaces.change_resource(operator, place.spot.public_id, _with(draft, layouts))
        assert refused.value.fields == {"layouts": problem}
    layouts = (LayoutDraft(kind=THEATRE, capacity=30, setup_minutes=60),)
    pool = inventory.resource(make.pool().spot.public_id)
    with pytest.raises(InvalidError) as refused:
        spaces.change_resource(operator, pool.public_id, _with(pool.draft, layouts))
    assert refused.value.fields == {"layouts": Problem.POOL}
    spaces.change_resource(operator, place.spot.public_id, _with(draft, layouts))
    assert inventory.resource(place.spot.public_id).draft.layouts == layouts
    (made,) = spaces.add_resources(operator, [_with(draft, layouts, code="T-02")])
    spaces.remove_resource(operator, made)
    assert session().scalars(select(Layout.kind)).all() == [THEATRE]


def _with(
    draft: ResourceDraft, layouts: tuple[LayoutDraft, ...], code: str | None = None
) -> ResourceDraft:
    values = {name: getattr(draft, name) for name in draft.__struct_fields__}
    return ResourceDraft(**{**values, "layouts": layouts, "code": code or draft.code})
