"""Operators describe the park: what they say is checked, journaled, and counted on its floors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from booking.core import revisions
from booking.core.database import session
from booking.core.errors import (
    FixedError,
    ForbiddenError,
    InUseError,
    InvalidError,
    NotFoundError,
    OutdatedError,
    Problem,
)
from booking.core.permissions import Actor
from booking.journal.models import JournalLine
from booking.spaces import inventory, service
from booking.spaces.drafts import (
    AreaDraft,
    BuildingDraft,
    FeatureDraft,
    FloorDraft,
    KindDraft,
    ResourceDraft,
)
from booking.spaces.models import Behaviour, ResourceState
from booking.spaces.service import CodesTakenError
from tests import make
from tests.conftest import Statements

NAMES = {"fr": "Atlas", "ar": "الأطلس"}
BUILDING = BuildingDraft(code="ATLAS", names=NAMES)


def _draft(**values: object) -> ResourceDraft:
    """A desk of the small park, but for what is named."""
    draft = inventory.resource(make.desk().spot.public_id).draft
    return msgspec.structs.replace(draft, **{"code": "NEW-1", "names": {}, **values})


def _floor(place_floor: int) -> int:
    return revisions.number(revisions.Scope.FLOOR, place_floor)


def _journal() -> list[tuple[str, str]]:
    rows = session().execute(
        select(JournalLine.act, JournalLine.subject_kind).order_by(JournalLine.id)
    )
    return [(act, kind) for act, kind in rows if act.endswith(("added", "changed", "removed"))]


def test_a_park_grows_from_a_building_to_a_desk(app: Flask) -> None:
    make.site()
    policy, hours, operator = make.policy(), make.hours(), make.operator()
    building = service.add_building(operator, BUILDING)
    floor = service.add_floor(operator, FloorDraft(building="ATLAS", level=0, names=NAMES))
    service.add_area(operator, AreaDraft(floor=floor, code="PATIO", names=NAMES))
    kind = KindDraft(code="desk", names={"fr": "Bureau", "ar": "مكتب"}, icon="armchair",
                     behaves=Behaviour.SEAT)  # fmt: skip
    service.add_kind(operator, kind)
    service.add_feature(operator, FeatureDraft(code="window", names=NAMES, icon="sun"))
    (made,) = service.add_resources(
        operator,
        [
            ResourceDraft(
                code="A-01",
                area="PATIO",
                kind="desk",
                policy=policy.id,
                hours=hours.id,
                features=("window",),
            )
        ],
    )
    stored = inventory.resource(made).draft
    assert stored.names == {"fr": "Bureau A-01", "ar": "مكتب A-01"}
    assert stored.features == ("window",)
    assert _floor(floor) == 1
    assert inventory.building(building).uses == 1
    assert [kind for _act, kind in _journal()] == [
        "building", "floor", "area", "kind", "feature", "resource"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"code": ""}, "code", Problem.MISSING),
        ({"code": "x" * 21}, "code", Problem.TOO_LONG),
        ({"code": "A/1"}, "code", Problem.UNREADABLE),
        ({"names": {}}, "names", Problem.MISSING),
        ({"names": {"fr": "x" * 121}}, "names", Problem.TOO_LONG),
        ({"names": {"de": "x"}}, "names", Problem.UNKNOWN),
        ({"address": "x" * 301}, "address", Problem.TOO_LONG),
        ({"latitude": 1.0}, "longitude", Problem.MISSING),
        ({"latitude": 91.0, "longitude": 1.0}, "latitude", Problem.OUT_OF_RANGE),
        ({"latitude": 1.0, "longitude": float("nan")}, "longitude", Problem.OUT_OF_RANGE),
    ],
)
def test_what_makes_no_sense_names_its_field(
    app: Flask, changes: dict[str, object], field: str, problem: Problem
) -> None:
    make.site()
    with pytest.raises(InvalidError) as refused:
        service.add_building(make.operator(), msgspec.structs.replace(BUILDING, **changes))
    assert refused.value.fields == {field: problem}


def test_a_code_or_a_level_is_there_once(app: Flask) -> None:
    make.site()
    operator = make.operator()
    service.add_building(operator, BUILDING)
    floor = FloorDraft(building="ATLAS", level=1, names=NAMES)
    service.add_floor(operator, floor)
    twice: tuple[tuple[str, Callable[[], int]], ...] = (
        ("code", lambda: service.add_building(operator, BUILDING)),
        ("level", lambda: service.add_floor(operator, floor)),
    )
    for field, add in twice:
        with pytest.raises(InvalidError) as refused:
            add()
        assert refused.value.fields == {field: Problem.REUSED}
    assert len(inventory.buildings()) == 1


def test_two_who_edit_do_not_overwrite_each_other(app: Flask) -> None:
    make.site()
    operator = make.operator()
    key = service.add_building(operator, BUILDING)
    seen = inventory.building(key).mark
    first = msgspec.structs.replace(BUILDING, address="1, rue des Exemples")
    service.change_building(operator, key, first, seen)
    second = msgspec.structs.replace(BUILDING, code="ATL")
    with pytest.raises(OutdatedError) as refused:
        service.change_building(operator, key, second, seen)
    assert refused.value.fields == ("address",)
    with pytest.raises(OutdatedError):
        service.change_building(operator, key, second, "nonsense")
    service.change_building(operator, key, second, refused.value.current)
    assert inventory.building(key).draft.code == "ATL"


def test_what_is_used_cannot_be_deleted_and_what_is_not_can(app: Flask) -> None:
    desk, operator = make.desk(), make.operator()
    spot = desk.spot
    for remove, key in (
        (service.remove_building, spot.building_id),
        (service.remove_floor, spot.floor_id),
        (service.remove_area, spot.area_id),
        (service.remove_kind, spot.kind_id),
    ):
        with pytest.raises(InUseError):
            remove(operator, key)
    service.remove_resource(operator, spot.public_id)
    service.remove_area(operator, spot.area_id)
    service.remove_floor(operator, spot.floor_id)
    service.remove_building(operator, spot.building_id)
    service.remove_kind(operator, spot.kind_id)
    assert inventory.steps() == inventory.Step(0, 0, 0, 0)


def test_a_reserved_resource_is_retired_and_comes_back(app: Flask) -> None:
    desk, operator = make.desk(), make.operator()
    make.reservation(place=desk)
    with pytest.raises(InUseError):
        service.remove_resource(operator, desk.spot.public_id)
    before = _floor(desk.spot.floor_id)
    service.retire_resources(operator, [desk.spot.public_id])
    assert inventory.resource(desk.spot.public_id).retired_at is not None
    assert inventory.steps().resources == 0
    service.bring_back_resources(operator, [desk.spot.public_id])
    assert inventory.resource(desk.spot.public_id).retired_at is None
    assert _floor(desk.spot.floor_id) == before + 2


def test_a_resource_says_that_it_is_out_of_order_and_until_when(app: Flask) -> None:
    desk, operator = make.desk(), make.operator()
    stored = inventory.resource(desk.spot.public_id)
    broken = msgspec.structs.replace(stored.draft, state=ResourceState.OUT_OF_ORDER)
    with pytest.raises(InvalidError) as refused:
        service.change_resource(operator, desk.spot.public_id, broken)
    assert refused.value.fields == {"out_of_order_reason": Problem.MISSING}
    broken = msgspec.structs.replace(
        broken, out_of_order_reason="Pied cassé", expected_back=make.at(0, days=3).date()
    )
    service.change_resource(operator, desk.spot.public_id, broken, stored.mark)
    assert inventory.resource(desk.spot.public_id).draft == broken
    service.change_resource(operator, desk.spot.public_id, stored.draft)
    assert inventory.resource(desk.spot.public_id).draft == stored.draft


def test_many_are_added_all_or_none_in_a_few_statements(
    app: Flask, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    make.feature("window")
    draft = _draft(features=("window",))
    operator = make.operator()
    counts = []
    for prefix, number in (("FEW", 2), ("MANY", 900)):
        drafts = [msgspec.structs.replace(draft, code=f"{prefix}-{one}") for one in range(number)]
        with count_statements() as found:
            assert len(service.add_resources(operator, drafts)) == number
        counts.append(found.count)
    assert counts[0] == counts[1]
    with pytest.raises(CodesTakenError) as refused:
        service.add_resources(
            operator,
            [msgspec.structs.replace(draft, code=code) for code in ("NEW-2", "FEW-0", "FEW-1")],
        )
    assert refused.value.codes == ("FEW-0", "FEW-1")
    twice = [msgspec.structs.replace(draft, code="TWICE")] * 2
    with pytest.raises(CodesTakenError):
        service.add_resources(operator, twice)
    assert inventory.taken_codes(["NEW-2", "TWICE"]) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"area": "absent"}, "area"),
        ({"area": "\x00"}, "area"),
        ({"kind": "absent"}, "kind"),
        ({"policy": 999}, "policy"),
        ({"policy": 2**40}, "policy"),
        ({"policy": -1}, "policy"),
        ({"hours": 999}, "hours"),
        ({"features": ("absent",)}, "features"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": 2**40}, "capacity"),
        ({"units": 0}, "units"),
        ({"code": "a\x00b"}, ""),
    ],
)
def test_a_resource_refers_only_to_what_there_is(
    app: Flask, changes: dict[str, object], field: str
) -> None:
    draft, operator = _draft(**changes), make.operator()
    if not field:
        service.add_resources(operator, [draft])
        return
    with pytest.raises(InvalidError) as refused:
        service.add_resources(operator, [draft])
    assert set(refused.value.fields) == {field}


def test_the_country_stays_once_somebody_has_booked_and_the_zone_always(app: Flask) -> None:
    make.site()
    operator = make.operator()
    draft = inventory.site().draft
    moved = msgspec.structs.replace(draft, country="EG", weekend=(4, 5))
    service.change_site(operator, moved, has_reservations=False)
    assert inventory.site().draft == moved
    for zone, country, has_reservations, fixed in (
        ("Africa/Cairo", "EG", False, ("zone",)),
        ("Africa/Casablanca", "MA", True, ("country",)),
        ("x\x00", "MA", True, ("zone", "country")),
    ):
        wished = msgspec.structs.replace(moved, zone=zone, country=country)
        with pytest.raises(FixedError) as kept:
            service.change_site(operator, wished, has_reservations=has_reservations)
        assert kept.value.fields == fixed
    for changes, field in (
        ({"country": "XX"}, "country"),
        ({"country": "\x00"}, "country"),
        ({"currency": "???"}, "currency"),
        ({"weekend": tuple(range(7))}, "weekend"),
        ({"first_weekday": 7}, "first_weekday"),
        ({"names": {}}, "names"),
    ):
        with pytest.raises(InvalidError) as refused:
            service.change_site(
                operator, msgspec.structs.replace(moved, **changes), has_reservations=False
            )
        assert set(refused.value.fields) == {field}


def test_only_operators_describe_the_park(app: Flask) -> None:
    desk, member = make.desk(), make.member_of()
    acts: tuple[Callable[[Actor], object], ...] = (
        lambda actor: service.add_building(actor, BUILDING),
        lambda actor: service.change_site(actor, inventory.site().draft, has_reservations=False),
        lambda actor: service.add_resources(actor, [_draft()]),
        lambda actor: service.retire_resources(actor, [desk.spot.public_id]),
        lambda actor: service.remove_resource(actor, desk.spot.public_id),
    )
    for act in acts:
        for who in (member, make.lab_manager(desk), make.auditor()):
            with pytest.raises(ForbiddenError):
                act(who)


@pytest.mark.parametrize("key", [0, 999, 2**40])
def test_what_is_not_there_is_not_found(app: Flask, key: int) -> None:
    make.site()
    operator = make.operator()
    for act in (
        lambda: service.change_building(operator, key, BUILDING),
        lambda: service.remove_floor(operator, key),
        lambda: service.remove_kind(operator, key),
        lambda: inventory.area(key),
        lambda: inventory.hours_set(key),
    ):
        with pytest.raises(NotFoundError):
            act()


def test_what_a_grid_shows_counts_up_its_floor(app: Flask) -> None:
    desk, operator = make.desk(), make.operator()
    window = make.feature("window")
    spot = desk.spot
    stored = inventory.resource(spot.public_id)
    service.change_resource(
        operator, spot.public_id, msgspec.structs.replace(stored.draft, features=("window",))
    )
    changes: tuple[Callable[[], None], ...] = (
        lambda: service.change_kind(operator, spot.kind_id, inventory.kind(spot.kind_id).draft),
        lambda: service.change_feature(operator, window.id, inventory.feature(window.id).draft),
        lambda: service.change_area(operator, spot.area_id, inventory.area(spot.area_id).draft),
        lambda: service.change_floor(operator, spot.floor_id, inventory.floor(spot.floor_id).draft),
        lambda: service.change_building(
            operator, spot.building_id, inventory.building(spot.building_id).draft
        ),
    )
    for change in changes:
        before = _floor(spot.floor_id)
        change()
        assert _floor(spot.floor_id) == before + 1
