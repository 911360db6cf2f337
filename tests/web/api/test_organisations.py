"""Organisations by the API: what is seen, inviting, leaving; nothing is cancelled unsaid."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking.core.permissions import Actor, Scope
from booking.people import organisations
from booking.reservations.models import State
from tests import make
from tests.conftest import Statements

Counting = Callable[[], AbstractContextManager[Statements]]
ALL = "/api/v1/organisations"


class Startup:
    """An organisation with a manager, a member who leaves and a colleague."""

    def __init__(self) -> None:
        self.organisation = make.organisation("Atlas Robotics")
        self.id = self.organisation.public_id
        self.url = f"{ALL}/{self.id}"
        self.manager = make.member_of(self.organisation, name="Youssef", is_manager=True)
        self.salma = make.member_of(self.organisation, name="Salma")
        self.karim = make.member_of(self.organisation, name="Karim")

    def at(self, who: Actor, more: str = "") -> str:
        return f"{self.url}/members/{who.public_id}{more}"

    def booked(self, days: int = 1) -> str:
        made = make.reservation(
            self.salma, make.desk(), starts_at=make.at(10, days=days), organisation_id=self.id
        )
        return made.public_id


@pytest.fixture
def startup(app: Flask) -> Startup:
    return Startup()


def test_members_see_theirs_and_the_house_sees_all(client: FlaskClient, startup: Startup) -> None:
    other = make.organisation("Zellige")
    mine = client.get(ALL, headers=make.bearer(startup.salma)).get_json()["items"]
    assert [(one["name"], one["members"], one["managers"]) for one in mine] == [
        ("Atlas Robotics", 3, 1)
    ]
    for somebody in (make.operator(), make.auditor()):
        everything = client.get(ALL, headers=make.bearer(somebody)).get_json()["items"]
        assert {one["id"] for one in everything} == {startup.id, other.public_id}
    headers = make.bearer(make.operator())
    first = client.get(f"{ALL}?limit=1", headers=headers)
    following = first.headers["Link"].partition(">")[0].partition("/api/")[2]
    second = client.get(f"/api/{following}", headers=headers)
    assert [one["name"] for one in second.get_json()["items"]] == ["Zellige"]
    hidden = client.get(f"{ALL}/{other.public_id}", headers=make.bearer(startup.salma))
    assert hidden.status_code == 404


def test_only_managers_read_addresses(client: FlaskClient, startup: Startup) -> None:
    members = f"{startup.url}/members"
    seen = client.get(members, headers=make.bearer(startup.salma)).get_json()["items"]
    assert [one["name"] for one in seen] == ["Youssef", "Karim", "Salma"]
    assert "email" not in seen[0]
    managed = client.get(members, headers=make.bearer(startup.manager)).get_json()["items"]
    assert managed[0]["email"] == startup.manager.email


def test_presence_is_for_members_alone(client: FlaskClient, startup: Startup) -> None:
    organisations.show_presence(startup.salma, True)
    make.reservation(
        startup.salma, make.desk(), starts_at=make.at(9, days=0), organisation_id=startup.id
    )
    today = f"{startup.url}/today"
    found = client.get(today, headers=make.bearer(startup.karim)).get_json()["items"]
    assert [one["person"]["name"] for one in found] == ["Salma"]
    assert client.get(today, headers=make.bearer(make.operator())).status_code == 403
    assert client.get(today, headers=make.bearer(make.person())).status_code == 404


def test_reservations_can_be_asked_for_by_organisation(
    client: FlaskClient, startup: Startup
) -> None:
    made = startup.booked()
    make.reservation(startup.salma, make.desk())
    headers = make.bearer(startup.karim)
    found = client.get(f"/api/v1/reservations?organisation={startup.id}", headers=headers)
    assert [one["id"] for one in found.get_json()["items"]] == [made]
    bad = client.get("/api/v1/reservations?organisation=x", headers=headers)
    assert bad.status_code == 422


def test_inviting_tells_what_became_of_each_line(client: FlaskClient, startup: Startup) -> None:
    people = ["A New One <new@example.org>", startup.salma.email, "new@example.org", "nobody"]
    headers = {**make.bearer(startup.manager), "Idempotency-Key": "k"}
    for _twice in range(2):
        answer = client.post(f"{startup.url}/invitations", json={"people": people}, headers=headers)
        assert answer.status_code == 200
        assert answer.get_json()["sent"] == 2  # Salma has not come yet, so she gets another mail
    unreadable: tuple[dict[str, object], ...] = (
        {"people": []},
        {"people": ["a@b.example"], "language": "xx"},
        {"people": "x"},
    )
    for body in unreadable:
        answer = client.post(
            f"{startup.url}/invitations", json=body, headers=make.bearer(startup.manager)
        )
        assert answer.status_code == 422
    refused = client.post(
        f"{startup.url}/invitations", json={"people": people}, headers=make.bearer(startup.salma)
    )
    assert refused.status_code == 403


def test_nobody_leaves_before_it_is_said_what_becomes_of_the_rest(
    client: FlaskClient, startup: Startup
) -> None:
    made = startup.booked()
    headers = make.bearer(startup.manager)
    here = startup.at(startup.salma)
    unsaid = client.delete(here, headers=headers)
    assert (unsaid.status_code, unsaid.get_json()["code"]) == (409, "reservations_ahead")
    (ahead,) = unsaid.get_json()["reservations"]
    assert {one["name"] for one in ahead["takers"]} == {"Youssef", "Karim"}
    plan = client.get(f"{here}/departure", headers=headers).get_json()["reservations"]
    assert plan == [ahead]

    seen = [{"id": made, "version": 1, "hand_over_to": startup.karim.public_id}]
    startup.booked(days=2)
    stale = client.post(f"{here}/end", json={"reservations": seen}, headers=headers)
    assert (stale.status_code, stale.get_json()["code"]) == (409, "stale")
    assert len(stale.get_json()["added"]) == 1

    done = client.delete(f"{here}?hand_over_to={startup.karim.public_id}", headers=headers)
    assert (done.status_code, done.get_json()["handed_over"]) == (200, 2)
    assert make.details(made).person.name == "Karim"
    assert client.delete(here, headers=headers).status_code == 404


def test_a_role_is_changed_but_never_the_last_managers(
    client: FlaskClient, startup: Startup
) -> None:
    headers = make.bearer(startup.manager)
    last = client.patch(startup.at(startup.manager), json={"role": "member"}, headers=headers)
    assert (last.status_code, last.get_json()["code"]) == (409, "last_manager")
    made = client.patch(startup.at(startup.karim), json={"role": "manager"}, headers=headers)
    assert made.get_json()["role"] == "manager"
    reading = make.bearer(startup.manager, Scope.READ)
    answer = client.patch(startup.at(startup.karim), json={"role": "member"}, headers=reading)
    assert answer.status_code == 403


def test_the_operator_runs_organisations_and_accounts(
    client: FlaskClient, startup: Startup
) -> None:
    headers = make.bearer(make.operator())
    made = client.post(ALL, json={"name": "Zellige"}, headers={**headers, "Idempotency-Key": "z"})
    again = client.post(ALL, json={"name": "Zellige"}, headers={**headers, "Idempotency-Key": "z"})
    assert made.status_code == again.status_code == 201
    assert made.get_json()["id"] == again.get_json()["id"]
    assert client.post(ALL, json={"name": "Zellige"}, headers=headers).status_code == 422
    renamed = client.patch(startup.url, json={"name": "Atlas"}, headers=headers)
    assert renamed.get_json()["name"] == "Atlas"

    made_before = startup.booked()
    person = f"/api/v1/people/{startup.salma.public_id}"
    assert client.post(f"{person}/deactivate", json={}, headers=headers).status_code == 409
    closed = client.post(f"{person}/deactivate", json={"cancel": True}, headers=headers)
    assert (closed.status_code, closed.get_json()["cancelled"]) == (200, 1)
    assert make.details(made_before).state is State.CANCELLED
    assert client.post(f"{person}/reactivate", json={}, headers=headers).status_code == 204

    gone = client.post(f"{startup.url}/deactivate", json={}, headers=headers)
    assert gone.status_code == 200
    assert client.get(startup.url, headers=headers).get_json()["deactivated_at"]
    assert client.get(ALL, headers=make.bearer(startup.karim)).get_json()["items"] == []
    back = client.post(f"{startup.url}/reactivate", json={}, headers=headers)
    assert back.get_json()["deactivated_at"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"hand_over_to": "x"},
        {"cancel": True, "hand_over_to": "00000000-0000-7000-8000-000000000000"},
        {"reservations": [{"id": "x", "version": 1}]},
        {"reservations": [], "cancel": True},
        {"last_day": "yesterday"},
        {"last_day": "9999-12-31"},
        {"unknown": 1},
    ],
)
def test_what_cannot_be_read_ends_nothing(
    client: FlaskClient, startup: Startup, body: dict[str, object]
) -> None:
    startup.booked()
    answer = client.post(
        startup.at(startup.salma, "/end"), json=body, headers=make.bearer(startup.manager)
    )
    assert answer.status_code == 422, answer.get_json()
    assert make.actor(startup.salma.person_id).memberships


@pytest.mark.parametrize("what", ["", "/members", "/today"])
def test_lists_cost_the_same_however_many_there_are(
    client: FlaskClient, startup: Startup, count_statements: Counting, what: str
) -> None:
    headers = make.bearer(startup.manager)
    address = f"{startup.url}{what}" if what else ALL
    client.get(address, headers=headers)
    with count_statements() as few:
        client.get(address, headers=headers)
    for _number in range(4):
        organisations.show_presence(make.member_of(startup.organisation), True)
        make.join(startup.manager, make.organisation())
    client.get(address, headers=headers)  # that these were seen is noted once
    with count_statements() as many:
        client.get(address, headers=headers)
    assert many.count == few.count <= 5, many
