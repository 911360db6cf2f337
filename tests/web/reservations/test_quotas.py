"""Quotas on pages and in the API: the balance before booking, the refusal, and who sees whose."""

from __future__ import annotations

from typing import Any  # what JSON holds

import pytest
from flask.testing import FlaskClient

from booking.core.permissions import Actor, Scope
from booking.policies.facts import Place
from tests import make


@pytest.fixture
def room() -> Place:
    return make.room(
        "S-01", under=make.policy(person_quota_minutes=240, organisation_quota_minutes=360)
    )


def have(who: Actor, room: Place, *, hour: int = 10, hours: int = 3) -> None:
    organisation_id = who.memberships[0].public_id if who.memberships else None
    make.reservation(
        who,
        room,
        starts_at=make.at(hour),
        ends_at=make.at(hour + hours),
        organisation_id=organisation_id,
    )


def ask(
    client: FlaskClient, who: Actor, path: str, **query: object
) -> dict[str, list[dict[str, Any]]]:
    found = client.get(f"/api/v1{path}", query_string=query, headers=make.bearer(who))
    assert found.status_code == 200, found.text
    body: dict[str, list[dict[str, Any]]] = found.get_json()
    return body


def test_the_form_tells_the_balance_and_a_refusal_names_it(
    client: FlaskClient, room: Place
) -> None:
    member = make.member_of()
    have(member, room)
    make.signed_in(client, member)
    day = f"{make.at(0):%Y-%m-%d}"
    page = client.get(f"/book?resource=S-01&day={day}&start=14:00&end=15:00").text
    assert "3 hours of 4 hours used; this one takes 1 hour" in page
    assert "3 hours of 6 hours used; this one takes 1 hour" in page
    assert "One person may have at most 4 hours a week in these spaces together." in page
    page = client.get(f"/book?resource=S-01&day={day}&start=14:00&end=16:00").text
    assert page.count('class="note warn"') == 1
    body = {"resources": [room.spot.public_id], "starts_at": f"{day}T14:00",
            "ends_at": f"{day}T16:00"}  # fmt: skip
    refused = client.post("/api/v1/reservations", json=body, headers=make.bearer(member))
    assert refused.status_code == 409
    (reason,) = refused.get_json()["reasons"]
    assert reason == {
        "code": "quota_exceeded", "resource": "S-01", "whose": "person", "period": "week",
        "measure": "minutes", "limit": 240, "used": 180, "wanted": 120,
        "starts_on": "2026-10-05", "frees_on": "2026-10-12", "overridable_by": "lab_manager",
    }  # fmt: skip
    assert refused.get_json()["alternatives"]


def test_the_verdict_and_the_preview_of_a_series_count(client: FlaskClient, room: Place) -> None:
    member = make.member_of()
    organisation = member.memberships[0].public_id
    times = {"starts_at": "2026-10-06T10:00", "ends_at": "2026-10-06T12:00"}
    path = f"/resources/{room.spot.public_id}/verdict"
    found = ask(client, member, path, **times, organisation=organisation)
    said = [(one["whose"], one["limit"], one["wanted"]) for one in found["balances"]]
    assert said == [("person", 240, 120), ("organisation", 360, 120)]
    body = {**times, "resources": [room.spot.public_id],
            "repetition": {"every": "day", "count": 3}}  # fmt: skip
    shown = client.post("/api/v1/series/preview", json=body, headers=make.bearer(member))
    dates = shown.get_json()["dates"]
    assert [one["state"] for one in dates] == ["free", "free", "conflict"]
    assert [one["code"] for one in dates[2]["reasons"]] == ["quota_exceeded"]


def test_everybody_sees_their_own_balance_and_the_total_of_their_organisation(
    client: FlaskClient, room: Place
) -> None:
    startup = make.organisation("Atlas Robotics")
    member, colleague = make.member_of(startup), make.member_of(startup, name="Salma")
    have(colleague, room)
    page = make.signed_in(client, member).get("/reservations/quotas").text
    assert "0 hours of 4 hours used" in page
    assert "3 hours of 6 hours used" in page
    assert "Salma" not in page
    found = ask(client, member, "/quotas")["quotas"]
    assert [one["balances"][0]["used"] for one in found] == [0, 180]


def test_the_balances_of_others_are_for_who_looks_after_the_spaces(
    client: FlaskClient, room: Place
) -> None:
    member = make.member_of(name="Salma")
    have(member, room)
    other = make.lab(under=make.policy(needs_approval=True, person_quota_count=3))
    whose = {"person": member.public_id}
    theirs = {"organisation": member.memberships[0].public_id}

    def groups(who: Actor, asked: dict[str, str]) -> int | list[int]:
        headers = make.bearer(who, Scope.READ, Scope.DECIDE, Scope.ADMIN)
        found = client.get("/api/v1/quotas", query_string=asked, headers=headers)
        shown = [one["group"] for one in found.get_json().get("quotas", ())]
        return shown if found.status_code == 200 else found.status_code

    of_room, of_lab = room.spot.policy_id, other.spot.policy_id
    assert groups(make.operator(), whose) == [of_room, of_lab]
    assert groups(make.lab_manager(other), whose) == [of_lab]
    assert groups(make.lab_manager(room), theirs) == [of_room]
    assert groups(make.member_of(), whose) == groups(make.member_of(), theirs) == 404
    assert groups(member, theirs) == [of_room]
    page = make.signed_in(client, make.operator()).get("/reservations/quotas", query_string=whose)
    assert "Salma" in page.text
    assert "3 hours of 4 hours used" in page.text
    assert client.get("/reservations/quotas?person=nobody").status_code == 404
