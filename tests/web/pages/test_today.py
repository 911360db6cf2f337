"""The first page: what is mine, what waits, what is free."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

import pytest
from flask.testing import FlaskClient

from booking.core import clock
from booking.core.permissions import Role
from booking.reservations import service
from booking.reservations.wishes import Change
from tests import make
from tests.web.pages.crowd import crowd

MEMBER_STATEMENTS = 12
MANAGER_STATEMENTS = 15
MEMBER_MENU = ["Today", "Find a place", "Planning", "My reservations"]
DECIDER_MENU = ["Today", "Planning", "Requests", "My reservations", "Find a place"]


class Statements(Protocol):
    """What the fixture counts."""

    @property
    def count(self) -> int: ...


Counting = Callable[[], AbstractContextManager[Statements]]


def _text(client: FlaskClient) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(("spaces", "reservations"), [(30, 100), (300, 1500)])
def test_the_first_page_takes_the_same_number_of_statements_in_any_park(
    client: FlaskClient, count_statements: Counting, spaces: int, reservations: int
) -> None:
    found = crowd(spaces=spaces, reservations=reservations)
    member = make.member_of()
    lab = make.lab()
    make.reservation(member, lab)
    make.signed_in(client, member)
    with count_statements() as page:
        _text(client)
    assert page.count == MEMBER_STATEMENTS, page
    manager = make.lab_manager(lab)
    make.reservation(manager, make.desk())
    make.signed_in(client, make.grant(manager, Role.LAB_MANAGER, area_id=found.area_id))
    with count_statements() as page:
        _text(client)
    assert page.count == MANAGER_STATEMENTS, page


def test_a_new_member_is_shown_the_way_to_a_first_reservation(client: FlaskClient) -> None:
    make.desk()
    make.signed_in(client, make.member_of())
    page = _text(client)
    assert "You have no reservation ahead." in page
    assert 'href="/planning"' in page
    assert "Waiting for your decision" not in page


def test_what_is_mine_stands_there_with_its_state(client: FlaskClient) -> None:
    member = make.member_of()
    made = make.reservation(member, make.desk("A-07"), title="Prototype")
    asked = make.reservation(member, make.lab("L-02"), starts_at=make.at(14))
    make.reservation(make.member_of(), make.desk("A-08"), title="Not mine")
    make.signed_in(client, member)
    page = _text(client)
    assert f"/reservations/{made.public_id}" in page
    assert f"/reservations/{asked.public_id}" in page
    assert "Prototype" in page
    assert "Tomorrow" in page
    assert "Pending" in page
    assert "Not mine" not in page


def test_the_next_reservation_says_how_soon_it_is(client: FlaskClient) -> None:
    member = make.member_of()
    make.reservation(member, make.desk("A-07"), starts_at=make.at(10, days=0))
    make.signed_in(client, member)
    assert "in 2 hours" in _text(client)
    with clock.frozen_at(clock.now() + timedelta(hours=1, minutes=35)):
        assert "in 25 minutes" in _text(client)


def test_a_decider_sees_what_waits_and_not_what_they_asked_for(client: FlaskClient) -> None:
    lab = make.lab("L-02")
    asked = make.reservation(make.member_of(name="Amina Bennani"), lab)
    changed = make.reservation(make.member_of(), lab, starts_at=make.at(14))
    manager = make.lab_manager(lab)
    service.approve(manager, changed.public_id, seen_version=changed.version)
    service.change(make.actor(changed.person_id), changed.public_id, Change(starts_at=make.at(13)))
    own = make.reservation(manager, lab, starts_at=make.at(16))
    make.signed_in(client, manager)
    page = _text(client)
    assert f"/approvals/{asked.public_id}" in page
    assert "Amina Bennani" in page
    assert f"/approvals/{changed.public_id}" in page
    assert "Change waits" in page
    assert f"/approvals/{own.public_id}" not in page


def test_free_places_are_counted_by_kind(client: FlaskClient) -> None:
    for _ in range(3):
        make.desk()
    taken = make.desk()
    make.resource("A-99", out_of_order="Broken")
    make.room()
    make.reservation(place=taken, starts_at=make.at(8, days=0))
    make.signed_in(client, make.member_of())
    page = _text(client)
    assert "3 of 5" in page
    assert "1 of 1" in page
    with clock.frozen_at(clock.now() + timedelta(hours=12)):
        assert "0 of 5" in _text(client)


@pytest.mark.parametrize(
    ("role", "labels"),
    [
        (None, [*MEMBER_MENU, "My organisation"]),
        (
            Role.LAB_MANAGER,
            [*DECIDER_MENU, "My organisation", "Closures", "Authorisations", "Figures"],
        ),
        (
            Role.OPERATOR,
            [
                *(*DECIDER_MENU, "Arrivals", "My organisation", "Closures", "Figures"),
                "The park",
            ],
        ),
    ],
)
def test_the_menu_follows_the_role(
    client: FlaskClient, role: Role | None, labels: list[str]
) -> None:
    who = make.member_of()
    lab = make.lab()
    if role is not None:
        who = make.grant(who, role, place=lab if role is Role.LAB_MANAGER else None)
    make.reservation(make.member_of(), lab)
    make.signed_in(client, who)
    menu = _text(client).split('<nav class="side"')[1].split("</nav>")[0]
    positions = [menu.index(f"<span>{label}</span>") for label in labels]
    assert positions == sorted(positions)
    assert menu.count("<li>") == len(labels)
    assert ('<span class="count"><bdi>1</bdi>' in menu) == (role is not None)
    assert menu.count('aria-current="page"') == 1
