"""Yes and no in a browser: requests, changes, what came in between, and strange input."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import func, select

from booking.core.database import session, transaction
from booking.core.permissions import Actor
from booking.journal.models import JournalLine
from booking.policies.facts import Place
from booking.policies.models import Policy
from booking.reservations import service
from booking.reservations.models import State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from tests import forms, make
from tests.web.approvals.desks import offer_in, opened

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def lab(client: FlaskClient) -> Place:
    return make.lab("LAB-01")


@pytest.fixture
def manager(client: FlaskClient, lab: Place) -> Actor:
    """Nadia, who decides on the lab, signed in with the client."""
    person = make.lab_manager(lab, "Nadia")
    make.signed_in(client, person)
    return person


@pytest.fixture
def request_(lab: Place) -> Details:
    """Atlas Robotics would like to have the lab."""
    member = make.member_of(make.organisation("Atlas Robotics"), name="Salma")
    atlas = member.memberships[0].public_id
    return make.reservation(member, lab, title="Robot arm", organisation_id=atlas)


def lines(request: Details, act: str) -> int:
    statement = select(func.count()).where(
        JournalLine.subject_id == request.public_id, JournalLine.act == act
    )
    return session().scalar(statement) or 0


# --- yes and no ---


def test_a_request_is_approved(client: FlaskClient, manager: Actor, request_: Details) -> None:
    answer = opened(client, request_.public_id, "approve").send()
    assert (answer.status_code, answer.location) == (303, "/approvals")
    page = client.get("/approvals").text
    assert (
        "Approved: \u2068Atlas Robotics\u2069 has \u2068LAB-01\u2069 Tue 6 Oct from 10:00" in page
    )
    assert "No request waits" in page
    approved = make.details(request_.public_id)
    assert approved.state is State.CONFIRMED
    assert approved.decisions[0].decided_by is not None
    assert approved.decisions[0].decided_by.name == "Nadia"


def test_a_request_is_declined_with_its_reason(
    client: FlaskClient, manager: Actor, request_: Details
) -> None:
    answer = opened(client, request_.public_id, "decline").send(reason="The robot is being mended.")
    assert (answer.status_code, answer.location) == (303, "/approvals")
    assert "Declined: the request of \u2068Atlas Robotics\u2069" in client.get("/approvals").text
    declined = make.details(request_.public_id)
    assert (declined.state, declined.closing_reason) == (
        State.DECLINED,
        "The robot is being mended.",
    )
    page = client.get(f"/approvals/{request_.public_id}").text
    assert "This request was declined." in page
    assert "The robot is being mended." in page
    assert offer_in(client, page, "approve") is None


def test_a_reason_of_the_list_is_read_in_each_readers_language(
    client: FlaskClient, manager: Actor, lab: Place
) -> None:
    request = make.reservation(make.person("Salma", language="fr"), lab)
    offer = opened(client, request.public_id, "decline")
    answer = offer.send(reason_code="maintenance_expected", reason="Until <Monday>.")
    assert answer.status_code == 303
    page = client.get(f"/approvals/{request.public_id}").text
    assert "Maintenance is expected at this time. Until &lt;Monday&gt;." in page
    make.signed_in(client, make.actor(request.person_id))
    page = client.get(f"/reservations/{request.public_id}").text
    assert "Une maintenance est prévue à cette heure. Until &lt;Monday&gt;." in page


@pytest.mark.parametrize(
    "code", ["", "other", "another_was_approved", "nonsense", "\x00", "x" * 9999]
)
def test_another_reason_is_told_in_words_and_no_other_code_is_known(
    client: FlaskClient, manager: Actor, request_: Details, code: str
) -> None:
    offer = opened(client, request_.public_id, "decline")
    assert offer.send(reason_code=code).status_code == 422
    assert make.details(request_.public_id).state is State.PENDING


def test_a_change_is_approved(
    client: FlaskClient, manager: Actor, lab: Place, request_: Details
) -> None:
    _confirm_and_ask_for_change(manager, request_)
    assert opened(client, request_.public_id, "approve").send().status_code == 303
    assert "from 10:00 to 12:30" in client.get("/approvals").text
    changed = make.details(request_.public_id)
    assert changed.amendment is None
    assert changed.local.ends_at == make.at(12, 30)


def test_a_change_is_declined_and_the_reservation_stays(
    client: FlaskClient, manager: Actor, request_: Details
) -> None:
    _confirm_and_ask_for_change(manager, request_)
    answer = opened(client, request_.public_id, "decline").send(reason="Others come at 11:00.")
    assert answer.status_code == 303
    assert "stays Tue 6 Oct from 10:00 to 11:00" in client.get("/approvals").text
    kept = make.details(request_.public_id)
    assert (kept.state, kept.amendment) == (State.CONFIRMED, None)
    assert kept.local.ends_at == make.at(11)


def _confirm_and_ask_for_change(manager: Actor, request: Details) -> None:
    service.approve(manager, request.public_id, seen_version=1)
    holder = make.actor(request.person_id)
    service.change(holder, request.public_id, Change(ends_at=make.at(12, 30)))


# --- what a decision needs ---


def test_the_page_tells_what_a_decision_needs(
    client: FlaskClient, manager: Actor, lab: Place, request_: Details
) -> None:
    make.reservation(make.member_of(name="Karim"), lab, starts_at=make.at(14))
    page = client.get(f"/approvals/{request_.public_id}").text
    for text in (
        "Robot arm",
        "Salma",
        "1 person, room for 8",
        "First reservation of this organisation",
        "The time is held for this request.",
        "Requested time <bdi>10:00</bdi>–<bdi>11:00</bdi>",
        "Karim <bdi>14:00</bdi>–<bdi>15:00</bdi>",
        "Tue 6 Oct at 10:00",  # the deadline is the start, earlier than two days from now
        request_.reference,
        "Request sent",
    ):
        assert text in page, text


# --- what came in between ---


def test_a_request_that_moved_meanwhile_is_shown_with_what_changed(
    client: FlaskClient, manager: Actor, request_: Details
) -> None:
    offer = opened(client, request_.public_id, "approve")
    holder = make.actor(request_.person_id)
    service.change(holder, request_.public_id, Change(ends_at=make.at(13)))
    answer = offer.send()
    assert answer.status_code == 409
    note = answer.text.partition("This request has changed since you opened it.")[2]
    assert "Tue 6 Oct at 11:00" in note[:1500]
    assert "Tue 6 Oct at 13:00" in note[:1500]
    assert make.details(request_.public_id).state is State.PENDING
    again = offer_in(client, answer.text, "approve")
    assert again is not None
    assert again.send().status_code == 303


def test_a_request_that_another_manager_declined_is_not_approved(
    client: FlaskClient, manager: Actor, lab: Place, request_: Details
) -> None:
    offer = opened(client, request_.public_id, "approve")
    other = make.lab_manager(lab, "Omar")
    service.decline(other, request_.public_id, seen_version=1, reason="No.")
    answer = offer.send()
    assert answer.status_code == 409
    assert "Omar" in answer.text
    assert "This request was declined." in answer.text
    assert offer_in(client, answer.text, "approve") is None


def test_a_stale_no_keeps_what_was_typed(
    client: FlaskClient, manager: Actor, request_: Details
) -> None:
    offer = opened(client, request_.public_id, "decline")
    holder = make.actor(request_.person_id)
    service.change(holder, request_.public_id, Change(title="Another title"))
    answer = offer.send(reason="Typed with care")
    assert answer.status_code == 409
    assert ">\r\nTyped with care</textarea>" in answer.text
    again = offer_in(client, answer.text, "decline")
    assert again is not None
    assert again.fields["version"] == "2"
    assert again.send(reason="Typed with care").status_code == 303


def test_a_place_taken_meanwhile_is_told_with_a_link_to_what_is_there(
    client: FlaskClient,
) -> None:
    lab = _lab_without_holding()
    manager = make.lab_manager(lab)
    make.signed_in(client, manager)
    waits = make.reservation(make.member_of(), lab)
    offer = opened(client, waits.public_id, "approve")
    with transaction():
        session().get_one(Policy, lab.spot.policy_id).needs_approval = False
    winner = make.reservation(make.member_of(name="Karim"), lab)
    answer = offer.send()
    assert answer.status_code == 409
    assert "The place is taken at this time" in answer.text
    assert f'href="/reservations/{winner.public_id}"' in answer.text
    assert "Karim" in answer.text
    assert offer_in(client, answer.text, "approve") is None
    assert make.details(waits.public_id).state is State.PENDING


# --- others for the same time ---


def _lab_without_holding() -> Place:
    return make.lab("LAB-01", under=make.policy(needs_approval=True, holds_while_pending=False))


def test_approving_asks_first_where_it_declines_others(client: FlaskClient) -> None:
    lab = _lab_without_holding()
    make.signed_in(client, make.lab_manager(lab))
    chosen = make.reservation(make.member_of(name="Salma"), lab)
    rival = make.reservation(make.member_of(name="Karim <b>"), lab, starts_at=make.at(10, 30))
    beside = make.reservation(make.member_of(name="Imane"), lab, starts_at=make.at(14))
    page = client.get(f"/approvals/{chosen.public_id}").text
    assert "Approving this one declines it." in page
    assert rival.reference in page
    question = opened(client, chosen.public_id, "approve").send()
    assert question.status_code == 409
    assert "Approving also declines this request" in question.text
    assert rival.reference in question.text
    assert "Karim &lt;b&gt;" in question.text
    assert beside.reference not in question.text
    assert make.details(rival.public_id).state is State.PENDING
    confirm = offer_in(client, question.text, "approve")
    assert confirm is not None
    assert confirm.send().status_code == 303
    assert make.details(chosen.public_id).state is State.CONFIRMED
    assert make.details(rival.public_id).state is State.DECLINED
    assert make.details(beside.public_id).state is State.PENDING


# --- rights ---


def test_nobody_answers_their_own_request_by_a_post_of_their_own(
    client: FlaskClient, lab: Place, manager: Actor, request_: Details
) -> None:
    own = make.reservation(manager, lab, starts_at=make.at(15))
    fields = opened(client, request_.public_id, "approve").fields
    for verb in ("approve", "decline"):
        answer = client.post(
            f"/approvals/{own.public_id}/{verb}", data={**fields, "reason": "Because"}
        )
        assert answer.status_code == 403
    assert make.details(own.public_id).state is State.PENDING


def test_a_stranger_cannot_answer(client: FlaskClient, request_: Details) -> None:
    make.signed_in(client, make.member_of())
    token = forms.token(client, "/profile")
    for verb in ("approve", "decline"):
        answer = client.post(
            f"/approvals/{request_.public_id}/{verb}",
            data={"csrf_token": token, "version": "1", "reason": "Because"},
        )
        assert answer.status_code == 404
    assert make.details(request_.public_id).state is State.PENDING


def test_an_answer_without_the_pages_token_is_no_answer(
    client: FlaskClient, manager: Actor, request_: Details
) -> None:
    offer = opened(client, request_.public_id, "approve")
    del offer.fields["csrf_token"]
    assert offer.send().status_code == 303
    assert make.details(request_.public_id).state is State.PENDING


# --- twice ---


@pytest.mark.parametrize("verb", ["approve", "decline"])
def test_the_same_form_sent_twice_acts_once_and_says_the_same(
    client: FlaskClient, manager: Actor, request_: Details, verb: str
) -> None:
    offer = opened(client, request_.public_id, verb)
    for _ in range(2):
        assert offer.send(reason="Because").status_code == 303
    act = {"approve": "approved", "decline": "declined"}[verb]
    assert lines(request_, act) == 1
    said = {"approve": "Approved: ", "decline": "Declined: the request"}[verb]
    assert client.get("/approvals").text.count(said) == 2


def test_a_form_sent_again_with_another_reason_is_not_taken_for_the_first(
    client: FlaskClient, manager: Actor, request_: Details
) -> None:
    offer = opened(client, request_.public_id, "decline")
    assert offer.send(reason="First").status_code == 303
    answer = offer.send(reason="Second")
    assert answer.status_code == 409
    assert "sent before with another answer" in answer.text
    assert make.details(request_.public_id).closing_reason == "First"


# --- strange input ---


@pytest.mark.parametrize("reason", ["", " \n\t ", "\x00", "\x00 \x00", "x" * 501, "x" * 10_000])
def test_a_reason_that_cannot_be_used_is_kept_and_explained(
    client: FlaskClient, manager: Actor, request_: Details, reason: str
) -> None:
    answer = opened(client, request_.public_id, "decline").send(reason=reason)
    assert answer.status_code == 422
    missing = "Choose a reason or write one" in answer.text
    too_long = "Write a shorter reason: at most 500 characters." in answer.text
    assert missing or too_long
    assert '<details class="decline" open' in answer.text
    if too_long:
        assert f">\r\n{reason}</textarea>" in answer.text
    assert make.details(request_.public_id).state is State.PENDING


@pytest.mark.parametrize(
    "reason",
    [
        SCRIPT,
        "a\x00b",
        "\u202etxt.exe",
        "\u2069\u2069 out of it",
        "{{ 7 * 7 }} %(who)s %s",
        "=HYPERLINK()",
        "نعتذر، المختبر مغلق",
        "\x1b[31m\x07",
    ],
)
def test_any_reason_is_shown_as_text(
    client: FlaskClient, manager: Actor, request_: Details, reason: str
) -> None:
    answer = opened(client, request_.public_id, "decline").send(reason=reason)
    assert answer.status_code == 303
    stored = reason.replace("\x00", "")
    assert make.details(request_.public_id).closing_reason == stored
    assert client.get("/approvals").status_code == 200
    page = client.get(f"/approvals/{request_.public_id}").text
    assert str(escape(stored)) in page
    assert SCRIPT not in page


@pytest.mark.parametrize("name", [SCRIPT, "\u202eevil", "%(place)s %s {0}", "' onclick='x"])
def test_any_name_is_shown_as_text(
    client: FlaskClient, manager: Actor, lab: Place, name: str
) -> None:
    request = make.reservation(make.member_of(make.organisation(name), name=name), lab, title=name)
    assert opened(client, request.public_id, "approve").send().status_code == 303
    page = client.get("/approvals")
    assert page.status_code == 200
    assert SCRIPT not in page.text
    assert "Approved: " in page.text


@pytest.mark.parametrize("version", ["", "x", "1e9", "9" * 30, "9" * 5000, "-1", "0", "2", "\x00"])
@pytest.mark.parametrize("verb", ["approve", "decline"])
def test_a_version_nobody_saw_decides_nothing(
    client: FlaskClient, manager: Actor, request_: Details, version: str, verb: str
) -> None:
    answer = opened(client, request_.public_id, verb).send(version=version, reason="Because")
    assert answer.status_code in (409, 422)
    assert make.details(request_.public_id).state is State.PENDING


@pytest.mark.parametrize("key", ["", "\x00", "x" * 10_000, "ключ", "' OR 1=1"])
def test_a_key_of_somebody_elses_making_does_no_harm(
    client: FlaskClient, manager: Actor, request_: Details, key: str
) -> None:
    answer = opened(client, request_.public_id, "approve").send(idempotency_key=key)
    assert answer.status_code == 303
    assert make.details(request_.public_id).state is State.CONFIRMED
