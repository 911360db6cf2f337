"""What is read for a decision: who is in the way, who wants the same, who is new."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from booking.approvals import queries
from booking.core.errors import ForbiddenError, NotFoundError
from booking.core.instants import Interval
from booking.occupancy.models import ClaimKind
from booking.policies.facts import Place
from booking.reservations import service
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from tests import make


@pytest.fixture
def lab(app: Flask) -> Place:
    """A lab whose requests hold nothing."""
    return make.lab("LAB-01", under=make.policy(needs_approval=True, holds_while_pending=False))


def _waits(lab: Place, hour: int = 10, until: int = 12) -> Details:
    start, end = make.at(hour), make.at(until)
    return make.reservation(make.member_of(), lab, starts_at=start, ends_at=end)


@pytest.mark.parametrize(
    ("start", "end", "is_in_the_way"),
    [
        (8, 10, False),  # touches
        (12, 14, False),
        (9, 11, True),  # reaches in
        (11, 13, True),
        (10, 12, True),
        (9, 13, True),  # around
    ],
)
def test_what_overlaps_is_in_the_way_and_what_touches_is_not(
    lab: Place, start: int, end: int, is_in_the_way: bool
) -> None:
    request = _waits(lab)
    make.closure(lab, make.at(6), make.at(7))  # earlier claims do not hide the one that reaches in
    make.closure(lab, make.at(start), make.at(end))
    found = queries.background([request.id]).conflicts.get(request.id, [])
    assert [claim.kind for claim in found] == [ClaimKind.CLOSURE] * is_in_the_way


def test_every_claim_in_the_way_is_named_in_order(lab: Place) -> None:
    request = _waits(lab)
    for start, end in ((11, 13), (9, 10), (10, 11)):
        make.closure(lab, make.at(start), make.at(end))
    found = queries.background([request.id]).conflicts[request.id]
    assert [claim.interval.starts_at.hour for claim in found] == [10, 11]


def test_ones_own_claim_and_hold_are_not_in_the_way(app: Flask) -> None:
    lab = make.lab()
    member = make.member_of()
    request = make.reservation(member, lab)
    assert not queries.background([request.id]).conflicts
    service.approve(make.lab_manager(lab), request.public_id, seen_version=1)
    service.change(member, request.public_id, Change(ends_at=make.at(13)))
    assert not queries.background([request.id]).conflicts


def test_a_days_claims_name_their_owners_and_what_still_waits(app: Flask) -> None:
    lab = make.lab()
    member = make.member_of(make.organisation("Atlas"))
    atlas = member.memberships[0].public_id
    reservation = make.reservation(member, lab, organisation_id=atlas)
    service.approve(make.lab_manager(lab), reservation.public_id, seen_version=1)
    service.change(member, reservation.public_id, Change(ends_at=make.at(13)))
    make.reservation(make.person("Karim"), lab, starts_at=make.at(14))
    make.closure(lab, make.at(16), make.at(17))
    window = Interval(_instant(8), _instant(18))
    claims = queries.claims_of_day([lab.resource_id], window)[lab.resource_id]
    assert [(claim.who, claim.kind, claim.is_pending) for claim in claims] == [
        ("Atlas", ClaimKind.BOOKING, False),
        ("Atlas", ClaimKind.HOLD, True),
        ("Karim", ClaimKind.BOOKING, True),
        ("", ClaimKind.CLOSURE, False),
    ]
    assert claims[1].public_id == reservation.public_id
    assert claims[3].closure_names is not None


def _instant(hour: int) -> datetime:
    return make.at(hour).replace(tzinfo=UTC)  # Casablanca is at UTC+0 then


def test_requests_for_an_overlapping_time_are_rivals(lab: Place) -> None:
    request = _waits(lab)
    for hour, until in ((8, 10), (9, 11), (11, 13), (12, 14)):
        _waits(lab, hour, until)
    _waits(make.lab("LAB-02", under=make.policy(needs_approval=True, holds_while_pending=False)))
    rivals = queries.background([request.id]).rivals[request.id]
    assert [rival.interval.starts_at.hour for rival in rivals] == [9, 11]


def test_whoever_had_something_confirmed_is_no_newcomer(app: Flask) -> None:
    lab, desk = make.lab(), make.desk(under=make.policy())
    atlas = make.organisation()
    first, colleague = make.member_of(atlas), make.member_of(atlas)
    request = make.reservation(first, lab, organisation_id=atlas.public_id)
    alone = make.reservation(first, lab, starts_at=make.at(15))
    requests = [request.id, alone.id]
    assert queries.background(requests).newcomers == frozenset(requests)
    make.reservation(colleague, desk, organisation_id=atlas.public_id)
    assert queries.background(requests).newcomers == {alone.id}
    assert queries.records_of([request])[request.id] == queries.Record(
        of_person=0, of_organisation=1
    )


def test_a_request_is_found_by_whoever_decides_there_alone(app: Flask) -> None:
    lab = make.lab()
    member = make.member_of()
    request = make.reservation(member, lab)
    for actor in (make.lab_manager(lab), make.operator()):
        assert queries.request_for(actor, request.public_id).id == request.id
    for stranger in (make.member_of(), make.lab_manager(make.lab())):
        with pytest.raises(NotFoundError):
            queries.request_for(stranger, request.public_id)
    for reader in (member, make.auditor(), make.reception(lab)):
        with pytest.raises(ForbiddenError):
            queries.request_for(reader, request.public_id)


def test_the_menu_counts_what_the_list_shows(app: Flask) -> None:
    lab = make.lab()
    manager = make.lab_manager(lab)
    make.reservation(make.member_of(), lab)
    make.reservation(manager, lab, starts_at=make.at(15))
    assert queries.count_for(manager) == len(queries.waiting_for(manager)) == 1
    assert queries.count_for(make.operator()) == 2
    assert queries.count_for(make.member_of()) == 0
