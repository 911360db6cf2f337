"""What booking tells of the new reservation is what reading it tells."""

from __future__ import annotations

from datetime import UTC, timedelta, tzinfo

import pytest
from flask import Flask

from booking.reservations import service
from booking.reservations.wishes import Wish
from tests import make


@pytest.mark.parametrize("kind", ["desk", "lab", "lab that holds nothing"])
@pytest.mark.parametrize("for_organisation", [False, True])
@pytest.mark.parametrize("zone", [None, UTC])
def test_what_was_booked_is_what_is_read(
    app: Flask, kind: str, for_organisation: bool, zone: tzinfo | None
) -> None:
    place = make.desk() if kind == "desk" else make.lab()
    if kind == "lab that holds nothing":
        place = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))
    member = make.member_of(make.organisation("Atlas Robotics"))
    starts_at = make.at(10).replace(tzinfo=zone)
    wish = Wish(
        (place.spot.public_id,),
        starts_at,
        starts_at + timedelta(hours=1),
        title="  Sprint\treview ",
        organisation_id=member.memberships[0].public_id if for_organisation else None,
    )
    booked = service.book(member, wish)
    assert booked.details == make.details(booked.public_id)
