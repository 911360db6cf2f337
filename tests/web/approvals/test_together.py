"""Several requests answered at once, and competing ones side by side."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from booking.core.database import session
from booking.core.permissions import Actor
from booking.journal.models import JournalLine
from booking.policies.facts import Place
from booking.reservations import service
from booking.reservations.models import DeclineReason, State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from tests import forms, make
from tests.conftest import Statements
from tests.web.approvals.desks import offer_in

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
NOBODYS = "01890000-0000-7000-8000-000000000000"
LIST, DECIDE = "/approvals", "/approvals/decide"


@pytest.fixture
def lab(client: FlaskClient) -> Place:
    return make.lab("LAB-01", under=make.policy(needs_approval=True, holds_while_pending=False))


@pytest.fixture
def nadia(client: FlaskClient, lab: Place) -> Actor:
    person = make.lab_manager(lab, "Nadia")
    make.signed_in(client, person)
    return person


@pytest.fixture
def three(lab: Place) -> list[Details]:
    """Requests one after the other."""
    return [make.reservation(place=lab, starts_at=make.at(hour)) for hour in (9, 11, 13)]


def send(client: FlaskClient, answer: str, *requests: Details, **typed: str) -> TestResponse:
    """The list with these boxes checked."""
    chosen = [f"{one.public_id}.{one.version}" for one in requests]
    return forms.post(client, LIST, DECIDE, request=chosen, answer=answer, **typed)


def states(*requests: Details) -> list[State]:
    return [make.details(one.public_id).state for one in requests]


def test_several_are_approved_with_one_button(
    client: FlaskClient, nadia: Actor, three: list[Details]
) -> None:
    page = client.get(LIST).text
    boxes = re.findall(r'<input type="checkbox" name="request" value="([^"]+)"( checked)?>', page)
    assert boxes == [(f"{one.public_id}.1", "") for one in three]
    assert client.get(f"{LIST}?chosen=all").text.count(" checked>") == 3
    answer = send(client, "approve", *three[:2])
    assert (answer.status_code, answer.location) == (303, LIST)
    assert "2 requests approved." in client.get(LIST).text
    assert states(*three) == [State.CONFIRMED, State.CONFIRMED, State.PENDING]


def test_several_are_declined_with_one_reason(
    client: FlaskClient, nadia: Actor, three: list[Details]
) -> None:
    for typed in ({}, {"reason": " "}, {"reason_code": "other"}, {"reason": "x" * 501}):
        answer = send(client, "decline", *three, **typed)
        assert answer.status_code == 422
        assert answer.text.count(" checked>") == 3
        assert "reason" in answer.text
    assert set(states(*three)) == {State.PENDING}
    answer = send(client, "decline", *three, reason_code="maintenance_expected", reason="<b>Now")
    assert answer.status_code == 303
    assert "3 requests declined." in client.get(LIST).text
    for one in three:
        declined = make.details(one.public_id)
        assert declined.closing_code is DeclineReason.MAINTENANCE_EXPECTED
        assert declined.closing_reason == "<b>Now"


def test_each_that_could_not_be_approved_says_why_and_stops_no_other(
    client: FlaskClient, nadia: Actor, lab: Place, three: list[Details]
) -> None:
    good, moved, gone = three
    taken = make.reservation(place=lab, starts_at=make.at(15))
    rival = make.reservation(place=lab, starts_at=make.at(17), ends_at=make.at(18))
    other = make.reservation(place=lab, starts_at=make.at(17), ends_at=make.at(18))
    own = make.reservation(nadia, lab, starts_at=make.at(8), ends_at=make.at(9))
    foreign = make.reservation(place=make.lab("LAB-02"))
    service.change(make.actor(moved.person_id), moved.public_id, Change(title="Else"))
    service.cancel(make.actor(gone.person_id), gone.public_id)
    make.closure(lab, make.at(15), make.at(16))
    answer = send(client, "approve", good, moved, gone, taken, rival, own, foreign)
    assert answer.status_code == 409
    text = answer.text
    assert "1 request approved. 6 requests were not decided:" in text
    for one, why in (
        (moved, "It has changed since you opened the page."),
        (gone, "It has changed since you opened the page."),
        (taken, "The place is taken at this time."),
        (rival, f"It wants the same time as the request \u2068{other.reference}\u2069"),
        (own, "It no longer waits for your decision."),
    ):
        note = text.partition(f"<bdi>{one.reference}</bdi></a>")[2]
        assert why in note[:400], one.reference
    assert foreign.reference not in text
    assert states(good, taken, rival, own, foreign) == [State.CONFIRMED, *[State.PENDING] * 4]


def test_the_same_post_sent_twice_acts_once_and_says_the_same(
    client: FlaskClient, nadia: Actor, three: list[Details]
) -> None:
    for _ in range(2):
        answer = send(client, "approve", *three, idempotency_key="a-key-of-the-page")
        assert answer.status_code == 303
        assert "3 requests approved." in client.get(LIST).text
    approved = select(func.count()).where(JournalLine.act == "approved")
    assert session().scalar(approved) == 3


@pytest.mark.parametrize(
    "chosen",
    [[], [""], ["x"], ["\x00"], ["01890000-0000-7000-8000-000000000000"], ["../.1"], ["1.1"] * 500],
)
def test_nothing_that_is_chosen_is_told(
    client: FlaskClient, nadia: Actor, three: list[Details], chosen: list[str]
) -> None:
    answer = forms.post(client, LIST, DECIDE, request=chosen, answer="approve")
    assert answer.status_code == 422
    assert "Choose at least one request first." in answer.text
    assert set(states(*three)) == {State.PENDING}


def test_who_decides_nowhere_gets_403(client: FlaskClient, three: list[Details]) -> None:
    make.signed_in(client, make.person())
    token = forms.token(client, "/profile")
    chosen = f"{three[0].public_id}.1"
    data = {"csrf_token": token, "request": chosen, "answer": "approve"}
    assert client.post(DECIDE, data=data).status_code == 403


# --- side by side ---


def test_competing_requests_stand_side_by_side_and_one_is_chosen(
    client: FlaskClient, nadia: Actor, lab: Place
) -> None:
    member = make.member_of(make.organisation("Atlas <b>"), name="Salma")
    atlas = member.memberships[0].public_id
    make.reservation(member, make.desk(under=make.policy()), organisation_id=atlas)
    first = make.reservation(member, lab, title="Robot arm", organisation_id=atlas)
    second = make.reservation(make.person("Karim"), lab, starts_at=make.at(10, 30), title="Vision")
    make.reservation(make.person("Imane"), lab, starts_at=make.at(14))
    assert f"/approvals/{first.public_id}/compare" in client.get(LIST).text
    page = client.get(f"/approvals/{second.public_id}/compare").text
    for text in (
        "Atlas &lt;b&gt;",
        "Robot arm",
        "1 reservation of this organisation so far",
        "Vision",
        "First reservation of this person",
    ):
        assert text in page, text
    assert "Imane" not in page
    offer = offer_in(client, page, "approve")
    assert offer is not None
    assert offer.action == f"/approvals/{first.public_id}/approve"
    question = offer.send()
    assert question.status_code == 409
    assert second.reference in question.text
    confirm = offer_in(client, question.text, "approve")
    assert confirm is not None
    assert confirm.send().status_code == 303
    assert states(first, second) == [State.CONFIRMED, State.DECLINED]
    gone = client.get(f"/approvals/{first.public_id}/compare")
    assert (gone.status_code, gone.location) == (303, f"/approvals/{first.public_id}")


def test_all_competing_requests_are_declined_together(
    client: FlaskClient, nadia: Actor, lab: Place
) -> None:
    rivals = [make.reservation(place=lab) for _ in range(3)]
    page = client.get(f"/approvals/{rivals[0].public_id}/compare").text
    chosen = re.findall(r'name="request" value="([^"]+)"', page)
    assert chosen == [f"{one.public_id}.1" for one in rivals]
    answer = send(client, "decline", *rivals, reason_code="outside_purpose")
    assert answer.status_code == 303
    assert set(states(*rivals)) == {State.DECLINED}


def test_the_declined_see_what_else_is_free(client: FlaskClient, nadia: Actor, lab: Place) -> None:
    winner, loser = (make.reservation(make.member_of(), lab) for _ in range(2))
    service.approve(nadia, winner.public_id, seen_version=1, declines_others=True)
    make.signed_in(client, make.actor(loser.person_id))
    page = client.get(f"/reservations/{loser.public_id}").text
    assert "Another request for the same time was approved." in page
    assert "What would work instead" in page
    make.signed_in(client, nadia)
    assert "What would work instead" not in client.get(f"/reservations/{loser.public_id}").text


def test_comparing_asks_the_same_few_questions_however_many_compete(
    client: FlaskClient,
    nadia: Actor,
    lab: Place,
    count_statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    first, *_ = (make.reservation(place=lab) for _ in range(2))
    page = f"/approvals/{first.public_id}/compare"
    with count_statements() as few:
        assert "2 requests for one time" in client.get(page).text
    for _ in range(5):
        make.reservation(place=lab)
    with count_statements() as many:
        assert "7 requests for one time" in client.get(page).text
    assert few.count == many.count <= 22, many


# --- the API ---


def test_a_program_decides_several_and_reads_what_became_of_each(
    client: FlaskClient, nadia: Actor, three: list[Details]
) -> None:
    yes, no, stale = three
    body: Json = {
        "decisions": [
            {"id": yes.public_id, "decision": "approve", "version": 1},
            {"id": no.public_id, "decision": "decline", "reason_code": "too_many_people"},
            {"id": stale.public_id, "decision": "approve", "version": 9},
            {"id": NOBODYS, "decision": "approve"},
        ]
    }
    headers = {**make.bearer(nadia), "Idempotency-Key": "one"}
    for _ in range(2):
        answer = client.post("/api/v1/approvals/decide", json=body, headers=headers)
        assert answer.status_code == 200
        results: list[Json] = answer.get_json()["results"]
        assert results == [
            {"id": yes.public_id, "decided": True},
            {"id": no.public_id, "decided": True},
            {"id": stale.public_id, "decided": False, "code": "stale", "current_version": 1},
            {"id": NOBODYS, "decided": False, "code": "not_found"},
        ]
    assert states(*three) == [State.CONFIRMED, State.DECLINED, State.PENDING]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"decisions": []},
        {"decisions": [{}]},
        {"decisions": [{"id": "x", "decision": "approve"}]},
        {"decisions": [{"id": "01890000-0000-7000-8000-000000000000", "decision": "maybe"}]},
        {
            "decisions": [{"id": "01890000-0000-7000-8000-000000000000", "decision": "approve"}]
            * 201
        },
    ],
)
def test_strange_lists_are_refused(client: FlaskClient, nadia: Actor, body: Json) -> None:
    headers = make.bearer(nadia)
    assert client.post("/api/v1/approvals/decide", json=body, headers=headers).status_code == 422
