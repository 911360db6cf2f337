"""How many statements a booking costs, from the permission check to the commit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask

from booking.core import idempotency
from booking.core.idempotency import Answer
from booking.policies.facts import Place
from booking.reservations import service
from booking.reservations.wishes import Wish
from tests import make
from tests.conftest import Statements

MOST = 12

Counting = Callable[[], AbstractContextManager[Statements]]


@pytest.mark.parametrize("kind", ["desk", "lab"])
def test_a_booking_costs_at_most_12_statements(
    app: Flask, kind: str, count_statements: Counting
) -> None:
    """With its journal line, event, revisions and idempotency key; a lab also asks for approval."""
    place: Place = make.desk() if kind == "desk" else make.lab()
    member = make.member_of(make.organisation("Atlas Robotics"))
    wish = Wish(
        (place.spot.public_id,),
        make.at(10),
        make.at(10) + timedelta(hours=1),
        organisation_id=member.memberships[0].public_id,
    )
    with count_statements() as found:
        idempotency.once(
            member, "key", b"wish", lambda: Answer(201, service.book(member, wish).public_id)
        )
    assert found.count <= MOST, found
