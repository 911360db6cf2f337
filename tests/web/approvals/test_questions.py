"""Questions before deciding: asked on the request, answered on the reservation, told by mail."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from booking import worker
from booking.core.database import end_reading, session, transaction
from booking.core.permissions import Actor, Scope
from booking.messages.models import Message, MessageKind, MessageState
from booking.people.models import Person
from booking.policies.facts import Place
from booking.reservations import questions, service
from booking.reservations.models import Question, State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from tests import forms, make
from tests.web.approvals.desks import opened

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def lab(client: FlaskClient) -> Place:
    return make.lab("LAB-01")


@pytest.fixture
def nadia(lab: Place) -> Actor:
    return make.lab_manager(lab, "Nadia")


@pytest.fixture
def salma(lab: Place) -> Actor:
    return make.member_of(name="Salma")


@pytest.fixture
def request_(lab: Place, salma: Actor) -> Details:
    return make.reservation(salma, lab)


def answer(client: FlaskClient, request: Details, text: str) -> Any:  # Any: a test response
    page = f"/reservations/{request.public_id}"
    return forms.post(client, page, f"{page}/answer", text=text)


def told(kind: MessageKind) -> list[tuple[str, MessageState, str]]:
    rows = session().execute(
        select(Person.name, Message.state, Message.text)
        .join(Person, Person.id == Message.recipient_id)
        .where(Message.kind == kind)
        .order_by(Message.id)
    )
    return [(name, state, text or "") for name, state, text in rows]


def test_a_question_is_asked_answered_and_asked_again(
    client: FlaskClient, nadia: Actor, salma: Actor, request_: Details
) -> None:
    make.signed_in(client, nadia)
    sent = opened(client, request_.public_id, "ask").send(question="Which resin <b>?")
    assert (sent.status_code, sent.location) == (303, f"/approvals/{request_.public_id}")
    page = client.get(f"/approvals/{request_.public_id}").text
    assert "runs on" in page
    assert "Which resin &lt;b&gt;?" in page
    assert "No answer yet" in page
    assert f'action="/approvals/{request_.public_id}/ask"' not in page
    assert "Question open" in client.get("/approvals").text

    make.signed_in(client, salma)
    page = client.get(f"/reservations/{request_.public_id}").text
    assert "Which resin &lt;b&gt;?" in page
    assert "without a decision by Tue 6 Oct at 10:00 the request expires" in page
    assert answer(client, request_, "Epoxy & hardener").status_code == 303
    page = client.get(f"/reservations/{request_.public_id}").text
    assert "Epoxy &amp; hardener" in page
    assert "Your answer is with whoever asked." in page
    assert "Asked a question" in page
    assert f'action="/reservations/{request_.public_id}/answer"' not in page
    assert answer(client, request_, "Once more").status_code == 409

    make.signed_in(client, nadia)
    assert ">Answered<" in client.get("/approvals").text
    assert opened(client, request_.public_id, "ask").send(question="How much?").status_code == 303
    assert [one.answer for one in questions.about(request_.id)] == ["Epoxy & hardener", None]
    assert opened(client, request_.public_id, "approve").send().status_code == 303
    assert make.details(request_.public_id).state is State.CONFIRMED
    make.signed_in(client, salma)
    page = client.get(f"/reservations/{request_.public_id}").text
    assert f'action="/reservations/{request_.public_id}/answer"' not in page


def test_whoever_decides_sees_that_an_answer_came_in_between(
    client: FlaskClient, nadia: Actor, salma: Actor, request_: Details
) -> None:
    service.ask(nadia, request_.public_id, question="Which resin?")
    make.signed_in(client, nadia)
    offer = opened(client, request_.public_id, "approve")
    service.answer(salma, request_.public_id, text="Epoxy")
    stale = offer.send()
    assert stale.status_code == 409
    assert "Answered the question" in stale.text


def test_the_requester_and_the_asker_are_told_while_it_matters(
    app: Flask, client: FlaskClient, nadia: Actor, salma: Actor, lab: Place, request_: Details
) -> None:
    other = make.reservation(salma, lab, starts_at=make.at(14))
    service.ask(nadia, request_.public_id, question="Which resin?")
    service.ask(nadia, other.public_id, question="How many?")
    service.answer(salma, other.public_id, text="Three")
    end_reading()
    worker.until_nothing_is_due(app)
    kept, withdrawn = told(MessageKind.QUESTION)
    assert kept[:2] == ("Salma", MessageState.KEPT)
    assert "Question: Which resin?" in kept[2]
    assert "The time to decide runs on. Without an answer by Tue 6 Oct at 10:00" in kept[2]
    assert withdrawn[1] is MessageState.WITHDRAWN
    (answered,) = told(MessageKind.ANSWERED)
    assert answered[:2] == ("Nadia", MessageState.KEPT)
    assert "Question: How many?" in answered[2]
    assert "Answer: Three" in answered[2]


def test_a_change_that_waits_can_be_asked_about(
    client: FlaskClient, nadia: Actor, salma: Actor, request_: Details
) -> None:
    service.approve(nadia, request_.public_id, seen_version=1)
    service.change(salma, request_.public_id, Change(ends_at=make.at(13)))
    make.signed_in(client, nadia)
    assert opened(client, request_.public_id, "ask").send(question="Why?").status_code == 303
    make.signed_in(client, salma)
    assert answer(client, request_, "More samples").status_code == 303


# --- rights, twice, strange input ---


def test_who_may_ask_and_who_may_answer(
    client: FlaskClient, nadia: Actor, salma: Actor, request_: Details
) -> None:
    here = f"/api/v1/reservations/{request_.public_id}"
    writer = make.bearer(nadia, Scope.READ, Scope.WRITE)
    ask, reply = {"question": "Which?"}, {"text": "This"}
    assert client.post(f"{here}/ask", json=ask, headers=writer).status_code == 403
    for who, status in ((salma, 403), (make.person(), 404), (make.auditor(), 403), (nadia, 200)):
        asked = client.post(f"{here}/ask", json=ask, headers=make.bearer(who))
        assert asked.status_code == status
    for who, status in ((nadia, 403), (make.person(), 404), (make.operator(), 403), (salma, 200)):
        answered = client.post(f"{here}/answer", json=reply, headers=make.bearer(who))
        assert answered.status_code == status
    body: Json = client.get(here, headers=make.bearer(salma)).get_json()
    (found,) = body["questions"]
    assert (found["question"], found["answer"]) == ("Which?", "This")
    assert found["asked_by"]["name"] == "Nadia"
    assert (body["version"], body["state"]) == (3, "pending")


def test_one_question_at_a_time(client: FlaskClient, nadia: Actor, request_: Details) -> None:
    here, headers = f"/api/v1/reservations/{request_.public_id}/ask", make.bearer(nadia)
    key = {**headers, "Idempotency-Key": "one"}
    for _ in range(2):
        assert client.post(here, json={"question": "Which?"}, headers=key).status_code == 200
    again = client.post(here, json={"question": "How?"}, headers=headers)
    assert again.status_code == 409
    assert again.get_json()["reasons"][0]["obstacle"] == "question_waits"
    first = session().scalars(select(Question)).one()
    second = Question(
        reservation_id=first.reservation_id,
        version=9,
        asked_by_id=first.asked_by_id,
        asked_at=first.asked_at,
        text="By the way",
    )
    with pytest.raises(IntegrityError), transaction() as current:
        current.add(second)


def test_a_decided_request_is_neither_asked_about_nor_answered(
    client: FlaskClient, nadia: Actor, salma: Actor, request_: Details
) -> None:
    service.ask(nadia, request_.public_id, question="Which?")
    service.decline(nadia, request_.public_id, seen_version=2, reason="No")
    here = f"/api/v1/reservations/{request_.public_id}"
    asked = client.post(f"{here}/ask", json={"question": "Y?"}, headers=make.bearer(nadia))
    answered = client.post(f"{here}/answer", json={"text": "Y"}, headers=make.bearer(salma))
    assert [asked.status_code, answered.status_code] == [409, 409]
    assert answered.get_json()["reasons"][0]["obstacle"] == "declined"


@pytest.mark.parametrize("text", ["", " \n ", "\x00", "x" * 1001, "ص" * 9999])
def test_a_text_that_cannot_be_used_is_explained_and_kept(
    client: FlaskClient, nadia: Actor, salma: Actor, request_: Details, text: str
) -> None:
    make.signed_in(client, nadia)
    asked = opened(client, request_.public_id, "ask").send(question=text)
    assert asked.status_code == 422
    assert "Write a question." in asked.text or "Write a shorter question" in asked.text
    assert '<details class="ask" open' in asked.text
    service.ask(nadia, request_.public_id, question="Which?")
    make.signed_in(client, salma)
    answered = answer(client, request_, text)
    assert answered.status_code == 422
    assert "Write an answer." in answered.text or "Write a shorter answer" in answered.text


@pytest.mark.parametrize(
    "text", [SCRIPT, "a\x00b", "\u202etxt", "{{ 7 * 7 }} %(who)s %s", "=HYPERLINK()", "\x1b[31m"]
)
def test_any_text_is_shown_as_text_on_pages_and_in_mails(
    app: Flask, client: FlaskClient, nadia: Actor, salma: Actor, request_: Details, text: str
) -> None:
    service.ask(nadia, request_.public_id, question=text)
    end_reading()
    worker.until_nothing_is_due(app)
    service.answer(salma, request_.public_id, text=text)
    end_reading()
    worker.until_nothing_is_due(app)
    assert {state for kind in (MessageKind.QUESTION, MessageKind.ANSWERED)
            for _, state, _ in told(kind)} == {MessageState.KEPT}  # fmt: skip
    for who, page in ((nadia, "approvals"), (salma, "reservations")):
        make.signed_in(client, who)
        shown = client.get(f"/{page}/{request_.public_id}")
        assert shown.status_code == 200
        assert SCRIPT not in shown.text
