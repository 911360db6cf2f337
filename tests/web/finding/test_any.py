"""Any place that will do: which one is given, and why."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from booking.core.permissions import Actor
from tests import make
from tests.web.finding.test_find import TOMORROW, page, text_of

ANY = "/api/v1/reservations/any"
Json = dict[str, Any]  # Any: what was answered is looked at, not typed


def take(client: FlaskClient, who: Actor, status: int = 201, **wish: object) -> Json:
    """Tomorrow at ten for an hour, by the API."""
    body = {"starts_at": f"{TOMORROW}T10:00", "ends_at": f"{TOMORROW}T11:00", **wish}
    answer = client.post(ANY, json=body, headers=make.bearer(who))
    assert answer.status_code == status, answer.text
    found: Json = answer.get_json()
    return found


def code_and_why(found: Json) -> tuple[str, list[str]]:
    return found["resources"][0]["code"], [one["code"] for one in found["why"]]


def test_the_usual_desk_else_one_beside_the_organisation(client: FlaskClient) -> None:
    here = make.area(code="HERE")
    there = make.area(code="THERE", at=make.floor(level=3))
    make.resource("A-01", at=here)
    usual, colleagues = make.resource("A-02", at=here), make.resource("T-02", at=there)
    make.resource("T-01", at=there)
    startup = make.organisation()
    member, colleague = make.member_of(startup), make.member_of(startup)
    for hour in (8, 9, 11):
        make.reservation(member, usual, starts_at=make.at(hour, days=0))
    make.reservation(colleague, colleagues, organisation_id=startup.public_id)
    other = make.member_of(startup)
    assert code_and_why(take(client, other)) == ("T-01", ["area_of_your_organisation"])
    assert code_and_why(take(client, member)) == ("A-02", ["usual"])
    assert code_and_why(take(client, make.person())) == ("A-01", ["fits"])
    refused = take(client, make.person(), status=409)
    assert [one["code"] for one in refused["reasons"]] == ["too_few_together"]


def test_only_where_one_asks_and_what_one_prefers_before_the_rest(client: FlaskClient) -> None:
    quiet, step_free = make.feature("quiet"), make.feature("step_free")
    loud, calm = make.area(code="LOUD"), make.area(code="CALM")
    make.resource("L-01", at=loud, features=[step_free])
    make.resource("C-01", at=calm, features=[quiet])
    make.resource("C-02", at=calm, features=[quiet, step_free])
    both = take(client, make.person(), preferred=["quiet"], step_free=True)
    assert code_and_why(both) == ("C-02", ["as_preferred"])
    assert code_and_why(take(client, make.person(), area="CALM"))[0] == "C-01"
    # What is preferred is given up where it is taken, what is needed is not.
    assert code_and_why(take(client, make.person(), preferred=["quiet"])) == ("L-01", ["fits"])
    take(client, make.person(), status=409, step_free=True)
    unknown = take(client, make.person(), status=422, area="NOWHERE", preferred=["sauna"])
    assert unknown["fields"] == {"area": "not_found", "feature": "not_found"}


def test_a_repeated_call_books_once(client: FlaskClient) -> None:
    make.desk("A-01")
    make.desk("A-02")
    headers = {**make.bearer(make.person()), "Idempotency-Key": "one"}
    body = {"starts_at": f"{TOMORROW}T10:00", "ends_at": f"{TOMORROW}T11:00"}
    first, second = (client.post(ANY, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json()["id"] == second.get_json()["id"]
    assert second.get_json()["why"] == []


def _press(client: FlaskClient, shown: str) -> Any:  # Any: the test client's answer
    form = shown[shown.index('id="any"') : shown.index("</form>", shown.index('id="any"'))]
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', form)
    return client.post("/find/any", data={name: html.unescape(value) for name, value in fields})


@pytest.mark.parametrize("people", ["1", "2"])
def test_the_page_books_the_best_one_and_says_why(client: FlaskClient, people: str) -> None:
    make.resource("B-01", at=make.area(code="OTHER"))
    make.resource("A-01", at=make.area(code="HERE"))
    member = make.person()
    shown = page(client, member, area="HERE", people=people).text
    if people == "2":  # desks for several are booked together
        assert 'id="any"' not in shown
        return
    answer = _press(client, shown)
    assert answer.status_code == 303
    said = "A-01 is booked: Tuesday 6 October 2026, from 10:00 to 11:00. Free for the whole time."
    assert said in text_of(client.get(answer.location))
    again = _press(client, shown.replace('"idempotency_key" value="', '"idempotency_key" value="x'))
    assert "area=HERE" in again.location
    assert "Nothing of the kind is free" in text_of(client.get(again.location))
