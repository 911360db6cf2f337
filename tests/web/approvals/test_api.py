"""The JSON API of decisions, as a program sees it."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from booking.core.permissions import Actor, Scope
from booking.policies.facts import Place
from booking.reservations import service
from booking.reservations.models import State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from tests import make

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
LIST = "/api/v1/approvals"


@pytest.fixture
def lab(client: FlaskClient) -> Place:
    return make.lab("LAB-01")


@pytest.fixture
def request_(lab: Place) -> Details:
    return make.reservation(make.member_of(name="Salma"), lab)


@pytest.fixture
def manager(lab: Place) -> Actor:
    return make.lab_manager(lab, "Nadia")


def path(request: Details, verb: str) -> str:
    return f"/api/v1/reservations/{request.public_id}/{verb}"


def test_the_list_holds_what_the_person_may_decide(
    client: FlaskClient, manager: Actor, request_: Details
) -> None:
    make.reservation(place=make.lab("LAB-02"))
    answer = client.get(LIST, headers=make.bearer(manager))
    assert answer.status_code == 200
    assert [one["reference"] for one in answer.get_json()["items"]] == [request_.reference]
    everything = client.get(LIST, headers=make.bearer(make.operator())).get_json()["items"]
    assert len(everything) == 2
    assert client.get(LIST, headers=make.bearer(make.member_of())).status_code == 403


def test_the_list_shows_the_change_that_waits(
    client: FlaskClient, manager: Actor, request_: Details
) -> None:
    service.approve(manager, request_.public_id, seen_version=1)
    holder = make.actor(request_.person_id)
    service.change(holder, request_.public_id, Change(ends_at=make.at(13)))
    (item,) = client.get(LIST, headers=make.bearer(manager)).get_json()["items"]
    assert item["amendment"]["local"]["ends_at"] == "2026-10-06T13:00"


@pytest.mark.parametrize("scopes", [(Scope.READ,), (Scope.WRITE,), (Scope.READ, Scope.WRITE)])
def test_a_token_needs_the_scope_to_decide(
    client: FlaskClient, manager: Actor, request_: Details, scopes: tuple[Scope, ...]
) -> None:
    headers = make.bearer(manager, *scopes)
    assert client.get(LIST, headers=headers).status_code == 403
    for verb in ("approve", "decline"):
        body = {"reason": "Because"} if verb == "decline" else {}
        assert client.post(path(request_, verb), json=body, headers=headers).status_code == 403
    assert make.details(request_.public_id).state is State.PENDING


def test_a_program_approves(client: FlaskClient, manager: Actor, request_: Details) -> None:
    headers = make.bearer(manager, Scope.READ, Scope.DECIDE)
    answer = client.post(path(request_, "approve"), json={"version": 1}, headers=headers)
    assert answer.status_code == 200
    body: Json = answer.get_json()
    assert (body["state"], body["version"]) == ("confirmed", 2)
    assert body["approval"]["decisions"][0]["decided_by"]["name"] == "Nadia"
    assert answer.headers["ETag"] == '"2"'
    assert client.get(LIST, headers=headers).get_json()["items"] == []


def test_a_program_declines(client: FlaskClient, manager: Actor, request_: Details) -> None:
    answer = client.post(
        path(request_, "decline"),
        json={"reason": "<b>Closed</b>", "version": 1},
        headers=make.bearer(manager),
    )
    assert answer.status_code == 200
    body: Json = answer.get_json()
    assert (body["state"], body["reason_code"], body["reason"]) == (
        "declined",
        "other",
        "<b>Closed</b>",
    )


def test_a_reason_of_the_list_needs_no_words(
    client: FlaskClient, manager: Actor, request_: Details
) -> None:
    headers = make.bearer(manager)
    no = path(request_, "decline")
    for code in ("another_was_approved", "nonsense", 5, None):
        answer = client.post(no, json={"reason_code": code}, headers=headers)
        assert answer.status_code == 422
        assert list(answer.get_json()["fields"]) == ["reason_code"]
    answer = client.post(no, json={"reason_code": "too_many_people"}, headers=headers)
    body: Json = answer.get_json()
    assert (body["reason_code"], body["reason"]) == (
        "too_many_people",
        "There are too many people for this place.",
    )
    assert body["approval"]["decisions"][0]["reason_code"] == "too_many_people"


@pytest.mark.parametrize("reason", [None, "", "  ", "\x00", "x" * 501, 5, ["a"]])
def test_a_no_needs_a_reason(
    client: FlaskClient, manager: Actor, request_: Details, reason: object
) -> None:
    body = {} if reason is None else {"reason": reason}
    answer = client.post(path(request_, "decline"), json=body, headers=make.bearer(manager))
    assert answer.status_code == 422
    assert "reason" in answer.get_json()["fields"]


@pytest.mark.parametrize("verb", ["approve", "decline"])
@pytest.mark.parametrize("said_by", ["body", "If-Match"])
def test_an_old_version_is_stale(
    client: FlaskClient, manager: Actor, request_: Details, verb: str, said_by: str
) -> None:
    holder = make.actor(request_.person_id)
    service.change(holder, request_.public_id, Change(title="Other"))
    body: Json = {"reason": "Because"} if verb == "decline" else {}
    headers = make.bearer(manager)
    if said_by == "body":
        body["version"] = 1
    else:
        headers["If-Match"] = '"1"'
    answer = client.post(path(request_, verb), json=body, headers=headers)
    assert answer.status_code == 409
    assert (answer.get_json()["code"], answer.get_json()["current_version"]) == ("stale", 2)
    if said_by == "body":
        body["version"] = 2
    else:
        headers["If-Match"] = '"2"'
    assert client.post(path(request_, verb), json=body, headers=headers).status_code == 200


def test_others_are_declined_only_when_that_was_said(client: FlaskClient) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))
    chosen, rival = (make.reservation(make.member_of(), lab) for _ in range(2))
    headers = make.bearer(make.lab_manager(lab))
    answer = client.post(path(chosen, "approve"), json={}, headers=headers)
    assert answer.status_code == 409
    assert answer.get_json()["code"] == "would_decline_others"
    assert answer.get_json()["references"] == [rival.reference]
    said = client.post(path(chosen, "approve"), json={"declines_others": True}, headers=headers)
    assert said.status_code == 200
    assert make.details(rival.public_id).state is State.DECLINED


def test_a_decided_request_cannot_be_decided_again(
    client: FlaskClient, manager: Actor, request_: Details
) -> None:
    headers = make.bearer(manager)
    assert client.post(path(request_, "approve"), json={}, headers=headers).status_code == 200
    answer = client.post(path(request_, "decline"), json={"reason": "No"}, headers=headers)
    assert answer.status_code == 409
    assert answer.get_json()["reasons"][0]["code"] == "not_changeable"


def test_a_retry_with_the_same_key_acts_once(
    client: FlaskClient, manager: Actor, request_: Details
) -> None:
    headers = {**make.bearer(manager), "Idempotency-Key": "one"}
    answers = [
        client.post(path(request_, "approve"), json={"version": 1}, headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].get_json() == answers[1].get_json()
    other = client.post(path(request_, "decline"), json={"reason": "No"}, headers=headers)
    assert other.status_code == 422


def test_strangers_members_and_requesters_decide_nothing(
    client: FlaskClient, lab: Place, manager: Actor, request_: Details
) -> None:
    own = make.reservation(manager, lab, starts_at=make.at(15))
    tries = (
        (make.member_of(), request_, 404),
        (make.actor(request_.person_id), request_, 403),
        (make.auditor(), request_, 403),
        (make.lab_manager(make.lab("LAB-02")), request_, 404),
        (manager, own, 403),
    )
    for actor, request, status in tries:
        for verb in ("approve", "decline"):
            body = {"reason": "Because"} if verb == "decline" else {}
            answer = client.post(path(request, verb), json=body, headers=make.bearer(actor))
            assert answer.status_code == status
    assert client.post(path(request_, "approve"), json={}).status_code in (400, 401)


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"version": "1"}', b'{"version": 1e99}', b'{"else": 1}', b"\xff"]
)
def test_strange_bodies_are_refused(
    client: FlaskClient, manager: Actor, request_: Details, body: bytes
) -> None:
    headers = {**make.bearer(manager), "Content-Type": "application/json"}
    assert client.post(path(request_, "approve"), data=body, headers=headers).status_code == 422
    assert make.details(request_.public_id).state is State.PENDING


def test_a_no_to_a_change_is_answered_though_the_place_was_all_that_was_theirs_to_see(
    client: FlaskClient, lab: Place, manager: Actor
) -> None:
    holder, desk = make.member_of(), make.desk(under=make.policy())
    booked = make.reservation(holder, desk)
    there = Change(resources=(lab.spot.public_id,))
    assert service.change(holder, booked.public_id, there).amendment_waits
    headers = {**make.bearer(manager), "Idempotency-Key": "k"}
    body = {"reason_code": "maintenance_expected"}
    done = client.post(path(booked, "decline"), json=body, headers=headers)
    assert done.status_code == 200
    assert "amendment" not in done.get_json()
    assert client.post(path(booked, "decline"), json=body, headers=headers).status_code == 404
