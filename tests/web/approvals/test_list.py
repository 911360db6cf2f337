"""The list of what waits: who sees which requests, and what stands on their rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from booking.core import clock
from booking.core.permissions import Actor, Role
from booking.policies.facts import Place
from booking.reservations import service
from booking.reservations.wishes import Change
from tests import make
from tests.conftest import Statements
from tests.web.approvals.desks import offer_in


@pytest.fixture
def lab(client: FlaskClient) -> Place:
    return make.lab("LAB-01")


def test_a_lab_manager_sees_the_requests_for_their_places_alone(
    client: FlaskClient, lab: Place
) -> None:
    make.reservation(make.member_of(make.organisation("Atlas <b>Robotics</b>")), lab)
    other = make.reservation(make.member_of(name="Somebody Else"), make.lab("LAB-02"))
    make.signed_in(client, make.lab_manager(lab))
    page = client.get("/approvals")
    assert page.status_code == 200
    assert "1 request<" in page.text
    assert "LAB-01" in page.text
    assert "LAB-02" not in page.text
    assert client.get(f"/approvals/{other.public_id}").status_code == 404


def test_the_operator_sees_every_request(client: FlaskClient, lab: Place) -> None:
    make.reservation(place=lab)
    make.reservation(place=make.lab("LAB-02"))
    make.signed_in(client, make.operator())
    page = client.get("/approvals").text
    assert "2 requests<" in page
    assert "LAB-01" in page
    assert "LAB-02" in page


def test_a_member_gets_403_on_the_list_and_404_on_a_strangers_request(
    client: FlaskClient, lab: Place
) -> None:
    member = make.member_of()
    own, foreign = make.reservation(member, lab), make.reservation(place=make.lab("LAB-02"))
    make.signed_in(client, member)
    assert client.get("/approvals").status_code == 403
    assert client.get(f"/approvals/{foreign.public_id}").status_code == 404
    assert client.get(f"/approvals/{own.public_id}").status_code == 403
    assert client.get("/approvals/01890000-0000-7000-8000-000000000000").status_code == 404


def test_nobody_signed_in_is_led_to_sign_in(client: FlaskClient, lab: Place) -> None:
    request = make.reservation(place=lab)
    for path in ("/approvals", f"/approvals/{request.public_id}"):
        answer = client.get(path)
        assert (answer.status_code, answer.location) == (303, f"/sign-in?next={path}")


def test_without_a_request_the_page_says_so(client: FlaskClient, lab: Place) -> None:
    make.signed_in(client, make.lab_manager(lab))
    assert "No request waits for your decision." in client.get("/approvals").text


def test_the_first_request_is_shown_beside_unless_another_was_chosen(
    client: FlaskClient, lab: Place
) -> None:
    first = make.reservation(make.member_of(), lab, title="First of all")
    second = make.reservation(make.member_of(), lab, starts_at=make.at(14), title="Then this")
    make.signed_in(client, make.lab_manager(lab))
    page = client.get("/approvals").text
    assert "First of all" in page
    assert "Then this" not in page
    offer = offer_in(client, client.get(f"/approvals?selected={second.public_id}").text, "approve")
    assert offer is not None
    assert offer.action == f"/approvals/{second.public_id}/approve"
    assert offer_in(client, page, "approve") is not None
    assert f"/approvals/{first.public_id}/approve" in page


@pytest.mark.parametrize("chosen", ["nonsense", "01890000-0000-7000-8000-000000000000", "%00"])
def test_a_chosen_request_that_no_longer_waits_is_told(
    client: FlaskClient, lab: Place, chosen: str
) -> None:
    make.reservation(place=lab, title="Still here")
    make.signed_in(client, make.lab_manager(lab))
    page = client.get(f"/approvals?selected={chosen}").text
    assert "no longer waits" in page
    assert "Still here" in page


def test_a_row_tells_what_is_special(client: FlaskClient, lab: Place) -> None:
    member = make.member_of(make.organisation("Atlas Robotics"), name="Salma")
    atlas = member.memberships[0].public_id
    with clock.frozen_at(clock.now() - timedelta(hours=44)):
        make.reservation(member, lab, starts_at=make.at(10, days=3), organisation_id=atlas)
    make.signed_in(client, make.lab_manager(lab))
    page = client.get("/approvals").text
    assert "First reservation of this organisation" in page
    assert "2 days ago" in page
    assert "No conflict" in page
    assert "Expires in 4 hours" in page


def test_a_person_who_asks_alone_is_new_once(client: FlaskClient, lab: Place) -> None:
    member = make.person("Salma")
    make.reservation(member, lab)
    make.signed_in(client, make.lab_manager(lab))
    assert "First reservation of this person" in client.get("/approvals").text
    make.reservation(member, make.desk(under=make.policy()))  # confirmed at once
    page = client.get("/approvals").text
    assert "First reservation" not in page
    assert "1 reservation of this person so far" in page


def test_a_conflict_names_who_is_there(client: FlaskClient) -> None:
    policy = make.policy(needs_approval=True, holds_while_pending=False)
    lab = make.lab("LAB-01", under=policy)
    manager = make.lab_manager(lab)
    first = make.reservation(make.member_of(), lab)
    second = make.member_of(make.organisation("Oued <Mobility>"))
    winner = make.reservation(second, lab, organisation_id=second.memberships[0].public_id)
    service.approve(manager, first.public_id, seen_version=1, declines_others=True)
    loser = make.details(winner.public_id)
    assert loser.state == "declined"
    make.closure(lab, make.at(14), make.at(15))
    # A request that holds nothing, and then the house closes.
    waits = make.reservation(make.member_of(), lab, starts_at=make.at(15))
    make.closure(lab, make.at(15, 30), make.at(17))
    make.signed_in(client, manager)
    page = client.get(f"/approvals?selected={waits.public_id}").text
    assert "Conflict with \u2068Maintenance\u2069 from 15:30 to 17:00" in page
    assert offer_in(client, page, "approve") is None
    assert offer_in(client, page, "decline") is not None


def test_a_change_is_marked_and_shows_old_and_new(client: FlaskClient, lab: Place) -> None:
    manager, member = make.lab_manager(lab), make.member_of()
    reservation = make.reservation(member, lab)
    service.approve(manager, reservation.public_id, seen_version=1)
    service.change(member, reservation.public_id, Change(ends_at=make.at(12, 30)))
    make.signed_in(client, manager)
    page = client.get("/approvals").text
    assert "Change of a confirmed reservation" in page
    assert "Tue 6 Oct from 10:00 to 11:00" in page
    assert "Tue 6 Oct from 10:00 to 12:30" in page
    assert "The time reserved so far" in page


def test_own_requests_are_left_out_and_their_page_says_why(client: FlaskClient, lab: Place) -> None:
    manager = make.join(make.lab_manager(lab), make.organisation())
    own = make.reservation(manager, lab)
    make.signed_in(client, manager)
    assert "No request waits" in client.get("/approvals").text
    page = client.get(f"/approvals/{own.public_id}")
    assert page.status_code == 200
    assert "somebody else decides" in page.text
    assert offer_in(client, page.text, "approve") is None
    assert offer_in(client, page.text, "decline") is None


def test_own_requests_are_listed_where_the_policy_says_so(client: FlaskClient) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, own_request_may_be_decided=True))
    manager = make.lab_manager(lab)
    make.reservation(manager, lab)
    make.signed_in(client, manager)
    assert offer_in(client, client.get("/approvals").text, "approve") is not None


def test_a_reception_or_an_auditor_decides_nothing(client: FlaskClient, lab: Place) -> None:
    request = make.reservation(place=lab)
    for role, where in ((Role.RECEPTION, lab.building_id), (Role.AUDITOR, None)):
        make.signed_in(client, make.grant(make.person(), role, building_id=where))
        assert client.get("/approvals").status_code == 403
        assert client.get(f"/approvals/{request.public_id}").status_code == 403


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_the_page_speaks_and_runs_as_its_reader_does(
    client: FlaskClient, lab: Place, language: str
) -> None:
    make.reservation(place=lab)
    manager = make.grant(make.person(language=language), Role.LAB_MANAGER, place=lab)
    make.signed_in(client, manager)
    page = client.get("/approvals").text
    assert f'lang="{language}"' in page
    assert "<bdi>10:00</bdi>–<bdi>11:00</bdi>" in page


def test_the_list_asks_the_same_few_questions_at_7_and_at_200_requests(
    client: FlaskClient, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    policy = make.policy(needs_approval=True, shortest=15, holds_while_pending=False)
    lab = make.lab(under=policy, open_at=make.around_the_clock())
    people = [make.member_of() for _ in range(7)]
    for number, member in enumerate(people):
        _ask(member, lab, number)
    make.signed_in(client, make.lab_manager(lab))
    client.get("/approvals")  # that the requester was seen is noted once
    with count_statements() as few:
        assert "7 requests<" in client.get("/approvals").text
    for number in range(7, 201):
        _ask(people[number % 7], lab, number)
    with count_statements() as many:
        assert "The 200 most urgent requests<" in client.get("/approvals").text
    assert many.count == few.count <= 20, many


def _ask(member: Actor, lab: Place, number: int) -> None:
    """Quarter after quarter, every seventh for the time of the one before it."""
    start = make.at(0) + timedelta(minutes=15 * (number - (number % 7 == 6)))
    make.reservation(member, lab, starts_at=start, ends_at=start + timedelta(minutes=15))


def test_requests_for_one_time_stand_together_under_the_way_to_compare_them(
    client: FlaskClient,
) -> None:
    lab = make.lab("LAB-03", under=make.policy(needs_approval=True, holds_while_pending=False))
    early = make.reservation(make.member_of(), lab, starts_at=make.at(9), ends_at=make.at(11))
    alone = make.reservation(make.member_of(), lab, starts_at=make.at(15), ends_at=make.at(16))
    middle = make.reservation(make.member_of(), lab, starts_at=make.at(10), ends_at=make.at(12))
    late = make.reservation(make.member_of(), lab, starts_at=make.at(11), ends_at=make.at(13))
    make.signed_in(client, make.lab_manager(lab))
    page = client.get("/approvals").text
    contest, _end, rest = page.partition('class="contest"')[2].partition("</ul>")
    assert "3 requests for one time" in contest
    # The one in the middle is the rival of both: beside it stand all of them.
    assert f'href="/approvals/{middle.public_id}/compare"' in contest
    for one in (early, middle, late):
        assert f'id="request-{one.public_id}"' in contest
    assert f'id="request-{alone.public_id}"' not in contest
    assert 'class="contest"' not in rest
    assert client.get(f"/approvals/{middle.public_id}/compare").text.count("<h3 id=") == 3
