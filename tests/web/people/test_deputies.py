"""Deputies: who decides while a lab manager is away, on the page and in the API."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from booking.approvals import notices, queries
from booking.core import clock
from booking.core.database import session, transaction
from booking.core.errors import ForbiddenError, InvalidError, Problem
from booking.core.permissions import Actor, Scope
from booking.journal.models import JournalLine
from booking.messages.models import MessageKind, MessageState
from booking.people import closing, deputies, terms
from booking.people.models import Deputy, Person, PersonState
from booking.policies.facts import Place
from booking.reservations import service
from booking.reservations.place_facts import who_answers
from tests import forms, make
from tests.conftest import Statements
from tests.working import Run, Told, run, told

__all__ = ["run", "told"]

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
PAGE, API = "/profile/deputies", "/api/v1/deputies"
DAY = timedelta(days=1)


@pytest.fixture
def lab(client: FlaskClient) -> Place:
    return make.lab("LAB-01")


@pytest.fixture
def nadia(lab: Place) -> Actor:
    """The lab manager who goes away."""
    return make.lab_manager(lab, "Nadia")


def away(nadia: Actor, deputy: Actor, *, first: int = 0, days: int = 2) -> Actor:
    """Name a deputy for so many days, from so many days ahead; as whom the deputy then comes."""
    first_day = terms.today() + first * DAY
    deputies.name_deputy(
        nadia, email=deputy.email, first_day=first_day, last_day=first_day + (days - 1) * DAY
    )
    return make.actor(deputy.person_id)


# --- what a deputy may ---


def test_a_deputy_decides_during_the_days_and_not_before_or_after(nadia: Actor, lab: Place) -> None:
    omar = away(nadia, make.person("Omar"), first=1, days=2)
    request = make.reservation(place=lab, starts_at=make.at(9, days=4))
    decides = []
    for days in range(5):
        with clock.frozen_at(clock.now() + days * DAY):
            decides.append(bool(make.actor(omar.person_id).grants))
            if days == 1:
                assert queries.waiting_for(make.actor(omar.person_id)) == [request]
    assert decides == [False, True, True, False, False]


def test_what_a_deputy_decides_is_journaled_for_the_absent(
    client: FlaskClient, nadia: Actor, lab: Place
) -> None:
    omar = away(nadia, make.person("Omar"))
    yes, no = (make.reservation(place=lab, starts_at=make.at(hour)) for hour in (9, 11))
    make.signed_in(client, omar)
    assert (
        "You decide in the place of \u2068Nadia\u2069"
        in client.get(f"/approvals/{yes.public_id}").text
    )
    service.approve(omar, yes.public_id, seen_version=1)
    service.decline(omar, no.public_id, seen_version=1, reason="Closed")
    for request in (yes, no):
        after = (
            session()
            .scalars(
                select(JournalLine.after)
                .where(JournalLine.subject_id == request.public_id)
                .order_by(JournalLine.id.desc())
            )
            .first()
        )
        assert after is not None
        assert after["instead_of"] == nadia.person_id
    make.signed_in(client, nadia)
    page = client.get(f"/approvals/{yes.public_id}").text
    assert "\u2068Omar\u2069, for \u2068Nadia\u2069" in page
    assert (
        "\u2068Omar\u2069, for \u2068Nadia\u2069"
        in client.get(f"/reservations/{yes.public_id}").text
    )
    make.signed_in(client, make.operator())
    journal = client.get("/operator/journal").text
    assert re.search(r"In the place of.{0,120}Nadia", journal, re.DOTALL)


def test_who_needs_nobodys_rights_decides_in_their_own_name(nadia: Actor, lab: Place) -> None:
    omar = away(nadia, make.lab_manager(lab, "Omar"))
    request = make.reservation(place=lab)
    service.approve(omar, request.public_id, seen_version=1)
    line = session().scalars(select(JournalLine.after).where(JournalLine.act == "approved")).one()
    assert line == {"state": "confirmed"}


@pytest.mark.parametrize("own_may_be_decided", [False, True])
def test_a_deputy_decides_neither_on_their_own_request_nor_on_that_of_the_absent(
    client: FlaskClient, own_may_be_decided: bool
) -> None:
    policy = make.policy(needs_approval=True, own_request_may_be_decided=own_may_be_decided)
    lab = make.lab(under=policy)
    nadia = make.lab_manager(lab, "Nadia")
    omar = away(nadia, make.person("Omar"))
    own, hers = make.reservation(omar, lab), make.reservation(nadia, lab, starts_at=make.at(14))
    with pytest.raises(ForbiddenError):
        service.approve(omar, own.public_id, seen_version=1)
    if own_may_be_decided:
        service.approve(omar, hers.public_id, seen_version=1)
        return
    with pytest.raises(ForbiddenError):
        service.decline(omar, hers.public_id, seen_version=1, reason="No")


def test_a_deputy_passes_nothing_on_and_gets_nothing_from_who_is_gone(
    client: FlaskClient, nadia: Actor
) -> None:
    omar = away(nadia, make.person("Omar"))
    with pytest.raises(ForbiddenError):
        away(omar, make.person("Rim"))
    rim = away(nadia, make.person("Rim"))
    with transaction() as current:
        closing.close(None, current.get_one(Person, rim.person_id))
    closing.reopen(make.operator(), rim.public_id)
    assert make.actor(rim.person_id).grants == ()
    with transaction() as current:
        current.get_one(Person, nadia.person_id).state = PersonState.DEACTIVATED
    assert make.actor(omar.person_id).grants == ()


def test_the_deputy_is_told_and_named_too(nadia: Actor, lab: Place) -> None:
    omar, operator = away(nadia, make.person("Omar")), make.operator()
    request, own = make.reservation(place=lab), make.reservation(omar, lab, starts_at=make.at(14))
    hers = make.reservation(nadia, lab, starts_at=make.at(16))
    everybody = notices.deciders()
    assert everybody.of(request) == {nadia.person_id, omar.person_id}
    assert everybody.of(own) == {nadia.person_id}
    assert everybody.of(hers) == {operator.person_id}
    assert who_answers(lab) == ["Nadia", "Omar"]
    assert [queries.count_for(one) for one in (omar, nadia)] == [1, 2]


def test_the_rights_of_a_deputy_cost_no_further_statement(
    client: FlaskClient,
    nadia: Actor,
    lab: Place,
    count_statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    counts = []
    for who in (nadia, away(nadia, make.person("Omar"))):
        make.signed_in(client, who)
        client.get(API)
        with count_statements() as counted:
            client.get(API)
        counts.append(counted.count)
    assert counts[0] == counts[1] == 2


# --- the page ---


def test_a_deputy_is_named_seen_by_both_and_ended(client: FlaskClient, nadia: Actor) -> None:
    omar = make.person("Omar <b>")
    make.signed_in(client, nadia)
    assert "See or name deputies" in client.get("/profile").text
    answer = post(client, omar.email.upper())
    assert (answer.status_code, answer.location) == (303, PAGE)
    here = client.get(PAGE).text
    assert "\u2068Omar &lt;b&gt;\u2069 decides for \u2068Nadia\u2069" in here
    assert "also decides on the requests for your places" in client.get("/approvals").text
    (found,) = deputies.absences_seen_by(nadia)
    make.signed_in(client, make.actor(omar.person_id))
    assert "decides for" in client.get(PAGE).text
    assert "Name a deputy" not in client.get(PAGE).text
    assert "You also decide in the place of \u2068Nadia\u2069" in client.get("/approvals").text
    end = f"{PAGE}/{found.public_id}/end"
    assert client.post(end, data={"csrf_token": forms.token(client, PAGE)}).status_code == 403
    make.signed_in(client, make.person())
    assert client.get(end).status_code == 404
    make.signed_in(client, nadia)
    assert forms.post(client, end).status_code == 303
    assert "Nobody decides in somebody else" in client.get(PAGE).text
    assert make.actor(omar.person_id).grants == ()


def test_the_operator_sees_all_and_may_end_one(client: FlaskClient, nadia: Actor) -> None:
    away(nadia, make.person("Omar"))
    make.signed_in(client, make.operator())
    page = client.get(PAGE).text
    assert "\u2068Omar\u2069 decides for \u2068Nadia\u2069" in page
    assert "Name a deputy" not in page
    (found,) = deputies.absences_seen_by(nadia)
    assert forms.post(client, f"{PAGE}/{found.public_id}/end").status_code == 303


def test_the_same_form_sent_twice_names_once(client: FlaskClient, nadia: Actor) -> None:
    omar = make.person("Omar")
    make.signed_in(client, nadia)
    for _ in range(2):
        assert post(client, omar.email, idempotency_key="a-key-of-the-page").status_code == 303
    assert len(deputies.absences_seen_by(nadia)) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"deputy": ""}, "Enter the e-mail address of the person who decides for you."),
        ({"deputy": "nobody@example.com"}, "Nobody with an open account has this address."),
        ({"deputy": "\x00\u202e"}, "Nobody with an open account has this address."),
        ({"deputy": "x" * 9999}, "Field cannot be longer"),
        ({"first_day": "2026-10-04"}, "Choose today or a later day."),
        ({"first_day": "tomorrow"}, "like this: 24/11/2026"),
        ({"last_day": ""}, "Please fill this in."),
        ({"last_day": "2026-10-04"}, "The last day is before the first."),
        ({"last_day": "31/12/2099"}, "a year at most"),
        ({"last_day": "9999-12-31"}, "between 2000 and 2099"),
        ({"last_day": "2026-13-45"}, "like this: 24/11/2026"),
    ],
)
def test_what_cannot_be_used_is_explained_and_kept(
    client: FlaskClient, nadia: Actor, fields: dict[str, str], said: str
) -> None:
    make.signed_in(client, nadia)
    sent = {"deputy": make.person("Omar").email, **fields}
    answer = post(client, sent.pop("deputy"), **sent)
    assert answer.status_code == 422
    assert said in answer.text
    assert deputies.absences_seen_by(nadia) == []


def test_nobody_is_their_own_deputy(client: FlaskClient, nadia: Actor) -> None:
    make.signed_in(client, nadia)
    answer = post(client, nadia.email)
    assert answer.status_code == 422
    assert "This is your own address." in answer.text


@pytest.mark.parametrize("broken", ["valid_until", "deputy_id"])
def test_the_database_refuses_what_makes_no_sense(nadia: Actor, broken: str) -> None:
    omar, day = make.person("Omar"), terms.today()
    values = {
        "deputy_id": nadia.person_id if broken == "deputy_id" else omar.person_id,
        "valid_until": day - DAY if broken == "valid_until" else day,
    }
    with pytest.raises(IntegrityError), transaction() as current:
        current.add(
            Deputy(
                public_id="x",
                person_id=nadia.person_id,
                valid_from=day,
                created_at=clock.now(),
                **values,
            )
        )


# --- several, and the same one twice ---


def test_the_same_deputy_stands_in_once_at_a_time(client: FlaskClient, nadia: Actor) -> None:
    omar = make.person("Omar")
    away(nadia, omar, first=2, days=3)
    for first, days in ((2, 3), (0, 3), (4, 5), (3, 1), (0, 9)):
        with pytest.raises(InvalidError) as refused:
            away(nadia, omar, first=first, days=days)
        assert refused.value.fields == {"deputy": Problem.REUSED}
    away(nadia, omar, first=0, days=2)
    away(nadia, omar, first=5, days=1)
    away(make.lab_manager(make.lab(), "Hind"), omar, first=2)
    make.signed_in(client, nadia)
    assert "decides for you on some of these days already" in post(client, omar.email).text


def test_the_database_itself_refuses_days_that_overlap(nadia: Actor) -> None:
    omar = make.person("Omar")
    away(nadia, omar, first=0, days=2)
    away(nadia, omar, first=5, days=2)
    with pytest.raises(IntegrityError, match="deputy_no_overlap"), transaction() as current:
        current.execute(
            update(Deputy)
            .where(Deputy.valid_from == terms.today())
            .values(valid_until=terms.today() + 5 * DAY)
        )


def test_three_stand_in_at_once_and_no_more(nadia: Actor) -> None:
    for number in range(deputies.MOST_AT_ONCE):
        away(nadia, make.person(), first=number, days=9)
    with pytest.raises(InvalidError) as refused:
        away(nadia, make.person(), first=5)
    assert refused.value.fields == {"deputy": Problem.TOO_MANY}
    away(nadia, make.person(), first=20)


# --- who is told ---


def test_the_deputy_is_told_in_their_language_when_named_and_when_it_ends(
    nadia: Actor, run: Run, told: Told
) -> None:
    omar = away(nadia, make.person("Omar", language="fr"))
    run()
    (named,) = told(MessageKind.DEPUTY_NAMED)
    assert named.recipient_id == omar.person_id
    assert named.title == "Vous décidez à la place de Nadia"
    assert named.text
    assert "/approvals" in named.text
    (found,) = deputies.absences_seen_by(nadia)
    deputies.end_deputy(nadia, found.public_id)
    run()
    (ended,) = told(MessageKind.DEPUTY_ENDED)
    assert (ended.recipient_id, ended.title) == (
        omar.person_id,
        "Vous ne décidez plus à la place de Nadia",
    )


def test_what_ends_before_it_is_told_is_not_told(nadia: Actor, run: Run, told: Told) -> None:
    away(nadia, make.person("Omar"))
    (found,) = deputies.absences_seen_by(nadia)
    deputies.end_deputy(nadia, found.public_id)
    run()
    assert [one.state for one in told(MessageKind.DEPUTY_NAMED)] == [MessageState.WITHDRAWN]


def test_both_are_told_where_the_operator_ends_it(nadia: Actor, run: Run, told: Told) -> None:
    omar = away(nadia, make.person("Omar"))
    (found,) = deputies.absences_seen_by(nadia)
    deputies.end_deputy(make.operator(), found.public_id)
    run()
    titles = {one.recipient_id: one.title for one in told(MessageKind.DEPUTY_ENDED)}
    assert titles == {
        omar.person_id: "You no longer decide in the place of Nadia",
        nadia.person_id: "Omar no longer decides in your place",
    }


@pytest.mark.parametrize("leaves", ["deputy", "absent"])
def test_the_other_one_is_told_where_an_account_is_closed(
    nadia: Actor, run: Run, told: Told, leaves: str
) -> None:
    omar = away(nadia, make.person("Omar"))
    gone, stays = (omar, nadia) if leaves == "deputy" else (nadia, omar)
    with transaction() as current:
        closing.close(None, current.get_one(Person, gone.person_id))
    run()
    assert [one.recipient_id for one in told(MessageKind.DEPUTY_ENDED)] == [stays.person_id]
    line = session().scalars(select(JournalLine).where(JournalLine.act == "deputy_ended")).one()
    assert line.subject_id == omar.public_id


# --- a long list ---


def test_a_long_list_turns_its_pages(client: FlaskClient, nadia: Actor) -> None:
    names = [f"Deputy {number:02}" for number in range(deputies.MOST_LISTED + 1)]
    for number, name in enumerate(names):
        away(nadia, make.person(name), first=number, days=1)
    make.signed_in(client, nadia)
    first = client.get(PAGE).text
    assert names[-2] in first
    assert names[-1] not in first
    (following,) = re.findall(r'href="([^"]+after=[^"]+)"', first)
    second = client.get(following.replace("&amp;", "&")).text
    assert names[-1] in second
    assert names[-2] not in second
    headers = make.bearer(nadia)
    page = client.get(f"{API}?limit=50", headers=headers)
    link = re.findall(r"<([^>]+)>", page.headers["Link"])[0]
    rest = client.get(link, headers=headers).get_json()["items"]
    assert [one["deputy"]["name"] for one in rest] == [names[-1]]
    assert client.get(f"{PAGE}?after=9999-99-99.x").status_code == 200
    assert client.get(f"{API}?cursor=x", headers=headers).status_code == 422


# --- the API ---


def test_a_program_names_lists_and_ends(client: FlaskClient, nadia: Actor) -> None:
    omar = make.person("Omar")
    headers = {**make.bearer(nadia, Scope.READ, Scope.DECIDE), "Idempotency-Key": "one"}
    body = {"deputy": omar.email, "from": "2026-10-06", "until": "2026-10-09"}
    answers = [client.post(API, json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    made: Json = answers[0].get_json()
    assert answers[1].get_json() == made
    assert made == {
        "id": made["id"],
        "person": {"id": nadia.public_id, "name": "Nadia"},
        "deputy": {"id": omar.public_id, "name": "Omar"},
        "from": "2026-10-06",
        "until": "2026-10-09",
    }
    assert client.get(API, headers=make.bearer(omar)).get_json()["items"] == [made]
    assert client.get(API, headers=make.bearer(make.person())).get_json()["items"] == []
    here = f"{API}/{made['id']}"
    for who, status in ((omar, 403), (make.person(), 404), (nadia, 204), (nadia, 404)):
        assert client.delete(here, headers=make.bearer(who)).status_code == status


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"deputy": 5}, "deputy"),
        ({"deputy": ""}, "deputy"),
        ({"from": "today"}, "from"),
        ({"from": "0001-01-01"}, "from"),
        ({"until": "2026-10-05T10:00"}, "until"),
        ({"until": None}, "until"),
        ({"for": "Nadia"}, "for"),
    ],
)
def test_strange_bodies_name_their_field(
    client: FlaskClient, nadia: Actor, change: Json, field: str
) -> None:
    body = {"deputy": make.person().email, "from": "2026-10-06", "until": "2026-10-09", **change}
    answer = client.post(API, json=body, headers=make.bearer(nadia))
    assert answer.status_code == 422
    assert list(answer.get_json()["fields"]) == [field]


def test_who_decides_nowhere_names_nobody(client: FlaskClient, nadia: Actor) -> None:
    body = {"deputy": nadia.email, "from": "2026-10-06", "until": "2026-10-09"}
    for who in (make.person(), make.operator(), make.reception(make.desk())):
        assert client.post(API, json=body, headers=make.bearer(who)).status_code == 403
    writer = make.bearer(nadia, Scope.READ, Scope.WRITE)
    assert client.post(API, json=body, headers=writer).status_code == 403


def post(client: FlaskClient, email: str, **fields: str) -> TestResponse:
    """The form as somebody fills it in."""
    values = {"deputy": email, "first_day": "2026-10-05", "last_day": "2026-10-07", **fields}
    return forms.post(client, PAGE, **values)
