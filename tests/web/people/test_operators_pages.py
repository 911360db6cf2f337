"""The operator's pages and endpoints of people, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from booking.core.permissions import Actor, Role, Scope
from booking.messages.models import MessageKind
from booking.people import invitations
from tests import forms, make
from tests.conftest import Statements
from tests.working import Told, run, told

__all__ = ["run", "told"]

Count = Callable[[], AbstractContextManager[Statements]]
NOBODY = "0190163d-8694-739b-aea5-966c26f8ad91"


@pytest.fixture
def operator(client: FlaskClient) -> Actor:
    amine = make.operator("Amine Tazi")
    make.signed_in(client, amine)
    return amine


def test_somebody_is_invited_corrected_and_given_a_role(
    client: FlaskClient, operator: Actor, told: Told
) -> None:
    make.desk("A-01")
    atlas = make.organisation("Atlas <b>")
    new = {"name": "Lina <i>", "email": "Lina@example.com", "language": "ar"}
    chosen = {**new, "organisation": atlas.public_id, "role": "manager"}
    answer = forms.post(client, "/operator/people/new", **chosen)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert "Lina &lt;i&gt;" in page.text
    assert "Atlas &lt;b&gt;" in page.text
    assert len(told(MessageKind.INVITATION)) == 1

    again = forms.post(client, "/operator/people/new", **chosen)
    assert again.location == answer.location
    assert len(told(MessageKind.INVITATION)) == 1

    path = answer.location
    assert forms.post(client, path, f"{path}/link").status_code == 303
    assert len(told(MessageKind.INVITATION)) == 2
    forms.post(client, f"{path}/edit", name="Lina Amrani", email="lina@example.com", language="fr")
    refused = forms.post(client, f"{path}/grants", office="lab_manager_of_resource", code="NO")
    assert refused.status_code == 422
    assert 'value="NO"' in refused.text
    forms.post(client, f"{path}/grants", office="lab_manager_of_resource", code="A-01")
    page = client.get(path)
    assert "Lina Amrani" in page.text
    take = next(part for part in page.text.split('"') if part.endswith("/take"))
    assert "A-01" in client.get(take).text
    assert forms.post(client, take).status_code == 303
    assert "A-01" not in client.get(path).text


def test_a_membership_is_added(client: FlaskClient, operator: Actor) -> None:
    omar, atlas = make.person("Omar"), make.organisation("Atlas")
    path = f"/operator/people/{omar.public_id}"
    assert forms.post(client, f"{path}/memberships", organisation="").status_code == 422
    forms.post(client, f"{path}/memberships", organisation=atlas.public_id, role="member")
    page = client.get(path).text
    assert "Atlas" in page
    member = f"/organisation/{atlas.public_id}/members/{omar.public_id}"
    assert f'href="{member}"' in page
    assert client.get(member).status_code == 200
    assert make.actor(omar.person_id).organisation_ids == {atlas.id}


def test_the_last_operator_is_refused_with_the_way_out(
    client: FlaskClient, operator: Actor
) -> None:
    path = f"/operator/people/{operator.public_id}"
    take = next(part for part in client.get(path).text.split('"') if part.endswith("/take"))
    answer = forms.post(client, take)
    assert answer.status_code == 409
    assert "Nobody else runs the park." in answer.text


def test_auditors_read_and_change_nothing_and_members_do_neither(
    client: FlaskClient, app: Flask
) -> None:
    omar = make.person("Omar")
    path = f"/operator/people/{omar.public_id}"
    make.signed_in(client, make.auditor())
    for page in ("/operator/people", path):
        answer = client.get(page)
        assert answer.status_code == 200
        assert "Omar" in answer.text
        assert "/new" not in answer.text
        assert f"{path}/" not in answer.text
    for closed in (f"{path}/edit", "/operator/people/new", f"{path}/grants"):
        assert client.get(closed).status_code == 403
    make.signed_in(client, omar)
    assert client.get("/operator/people").status_code == 403


def test_the_list_is_paged_and_costs_the_same_for_many(
    client: FlaskClient, operator: Actor, count_statements: Count
) -> None:
    atlas = make.organisation()

    def cost() -> int:
        client.get("/operator/people")  # once a day it is noted whom one sees
        with count_statements() as found:
            assert client.get("/operator/people").status_code == 200
        return found.count

    few = cost()
    guests = [
        invitations.Guest(f"guest{number:03}@example.com", f"Guest {number:03}", "", atlas.id)
        for number in range(120)
    ]
    invitations.invite_all(operator, guests)
    assert cost() == few <= 12
    first = client.get(f"/operator/people?organisation={atlas.public_id}&state=invited&q=gu")
    assert first.text.count("list-link") == 50
    assert "page=2" in first.text
    last = client.get("/operator/people?q=guest&page=3")
    assert last.text.count("list-link") == 20


@pytest.mark.parametrize(
    "query",
    ["q=%00", "q=%ED%A0%80", "organisation=x", "state=x&role=y", "page=0", f"page={10**30}"],
)
def test_strange_addresses_show_what_there_is(
    client: FlaskClient, operator: Actor, query: str
) -> None:
    assert client.get(f"/operator/people?{query}").status_code == 200


def test_the_api_lists_invites_corrects_and_grants(client: FlaskClient, told: Told) -> None:
    operator = make.operator("Amine")
    headers = make.bearer(operator)
    make.desk("A-01")
    made = client.post("/api/v1/people", json={"email": "lina@example.com"}, headers=headers)
    assert made.status_code == 201
    assert made.json
    assert made.json["state"] == "invited"
    path = f"/api/v1/people/{made.json['id']}"
    assert made.location.endswith(path)
    taken = client.post("/api/v1/people", json={"email": "Lina@example.com"}, headers=headers)
    assert taken.status_code == 422
    assert client.post(f"{path}/invite", headers=headers).status_code == 200
    assert len(told(MessageKind.INVITATION)) == 2
    changed = client.patch(path, json={"name": "Lina", "language": "ar"}, headers=headers)
    assert changed.json
    assert (changed.json["name"], changed.json["language"]) == ("Lina", "ar")

    for body in ({"role": "lab_manager"}, {"role": "operator", "area": "Z1"}, {"role": "x"}):
        assert client.post(f"{path}/grants", json=body, headers=headers).status_code == 422
    body = {"role": "lab_manager", "resource": "A-01"}
    given = client.post(f"{path}/grants", json=body, headers=headers)
    assert given.status_code == 201
    assert given.json
    assert given.json["resource"] == "A-01"
    listed = client.get(f"{path}/grants", headers=headers)
    assert listed.json
    assert listed.json["items"] == [given.json]
    for status in (204, 404):
        gone = client.delete(f"{path}/grants/{given.json['id']}", headers=headers)
        assert gone.status_code == status

    first = client.get("/api/v1/people?limit=1", headers=headers)
    assert first.json
    assert [one["name"] for one in first.json["items"]] == ["Amine"]
    following = first.headers["Link"].partition(">")[0].lstrip("<").partition("/api")[2]
    second = client.get(f"/api{following}", headers=headers)
    assert second.json
    assert [one["name"] for one in second.json["items"]] == ["Lina"]
    assert "Link" not in second.headers


def test_rights_in_the_api(client: FlaskClient, app: Flask) -> None:
    operator, auditor, omar = make.operator(), make.auditor(), make.person()
    path = f"/api/v1/people/{omar.public_id}"
    reads = make.bearer(auditor)
    assert client.get(path, headers=reads).status_code == 200
    assert client.patch(path, json={"name": "x"}, headers=reads).status_code == 403
    narrow = make.bearer(operator, Scope.READ, Scope.WRITE)
    assert client.patch(path, json={"name": "x"}, headers=narrow).status_code == 403
    assert client.get(path, headers=make.bearer(omar)).status_code == 403
    assert client.get(f"/api/v1/people/{NOBODY}", headers=reads).status_code == 404
    last = make.actor(operator.person_id)
    assert last.has(Role.OPERATOR)
    grants = client.get(f"/api/v1/people/{operator.public_id}/grants", headers=reads)
    assert grants.json
    address = f"/api/v1/people/{operator.public_id}/grants/{grants.json['items'][0]['id']}"
    refused = client.delete(address, headers=make.bearer(operator))
    assert refused.status_code == 409
    assert refused.json
    assert refused.json["code"] == "last_operator"


def test_ones_sessions_are_listed_and_ended_by_the_api(client: FlaskClient, app: Flask) -> None:
    salma = make.person()
    phone = make.signed_in(client.application.test_client(), salma)
    make.signed_in(client, salma)
    headers = make.bearer(salma)
    listed = client.application.test_client().get("/api/v1/sessions", headers=headers)
    assert listed.json
    assert len(listed.json["items"]) == 2
    here = client.get("/api/v1/sessions")
    assert here.json
    assert [one["current"] for one in here.json["items"]] == [True, False]
    address = f"/api/v1/sessions/{here.json['items'][1]['id']}"
    stranger = make.bearer(make.person())
    assert client.application.test_client().delete(address, headers=stranger).status_code == 404
    for status in (204, 404):
        ended = client.application.test_client().delete(address, headers=headers)
        assert ended.status_code == status
    assert phone.get("/profile").status_code == 303
    assert client.get("/profile").status_code == 200


@pytest.mark.parametrize("typed", ["élodie", "ÉLODIE", "elodie", "Élodie BÉN", "ben elodie"])
def test_people_are_found_whatever_the_case_and_the_accents(
    client: FlaskClient, typed: str
) -> None:
    make.person("Élodie Bénani")
    make.person("Somebody Else")
    make.signed_in(client, make.operator())
    page = client.get("/operator/people", query_string={"q": typed}).text
    assert "Élodie Bénani" in page
    assert "Somebody Else" not in page


def test_organisations_are_found_whatever_the_case_and_the_accents(client: FlaskClient) -> None:
    make.organisation("Énergie Étoile")
    make.organisation("Atlas")
    make.signed_in(client, make.operator())
    page = client.get("/operator/organisations", query_string={"q": "etoile ÉNERGIE"}).text
    assert "Énergie Étoile" in page
    assert "Atlas" not in page
