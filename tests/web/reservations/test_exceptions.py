"""Booking anyway, on the page where the refusal stands and by the API, and where it is shown."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from booking.core import clock
from booking.core.permissions import Scope
from booking.messages.letters import Key, Recipient
from booking.messages.models import MessageKind
from booking.policies.facts import Place
from booking.reservations import notices
from tests import make

BECAUSE = "The jury meets for long"


@pytest.fixture
def room() -> Place:
    return make.room("S-01", under=make.policy(longest=120))


def typed(room: Place) -> dict[str, str]:
    return {
        "resource": room.spot.code, "day": f"{make.at(0):%Y-%m-%d}", "start": "10:00",
        "end": "14:00", "title": "Jury", "headcount": "3",
    }  # fmt: skip


def csrf(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def post(client: FlaskClient, path: str, values: dict[str, str]) -> tuple[int, str, str]:
    token = csrf(client.get("/book?resource=S-01").text)
    answer = client.post(path, data={**values, "csrf_token": token})
    return answer.status_code, answer.text, answer.location or ""


def test_the_lab_manager_books_anyway_with_a_reason_that_the_page_shows(
    client: FlaskClient, room: Place
) -> None:
    make.signed_in(client, make.lab_manager(room, "Huda"))
    status, page, _location = post(client, "/book", typed(room))
    assert status == 409
    assert 'action="/book/exception"' in page
    kept = dict(
        re.findall(r'<input type="hidden" name="(title|headcount|end)" value="(.*?)">', page)
    )
    assert kept == {"title": "Jury", "headcount": "3", "end": "14:00"}
    status, page, _location = post(client, "/book/exception", typed(room))
    assert status == 422
    assert 'action="/book/exception"' in page
    assert 'id="reason-error"' in page
    sent = {**typed(room), "reason": BECAUSE}
    status, page, location = post(client, "/book/exception", sent)
    assert status == 303
    page = client.get(location).text
    assert "Exception" in page
    assert "longest duration" in page
    assert page.count(BECAUSE) == 2  # among the facts and in the history
    assert "Booked by way of exception" in page


def test_a_member_is_offered_nothing_and_let_nowhere(client: FlaskClient, room: Place) -> None:
    make.signed_in(client, make.member_of())
    status, page, _location = post(client, "/book", typed(room))
    assert status == 409
    assert 'action="/book/exception"' not in page
    assert post(client, "/book/exception", {**typed(room), "reason": BECAUSE})[0] == 403


def test_what_is_taken_offers_no_exception(client: FlaskClient, room: Place) -> None:
    make.reservation(make.member_of(), room)
    make.signed_in(client, make.operator())
    status, page, _location = post(client, "/book/exception", {**typed(room), "reason": BECAUSE})
    assert status == 409
    assert 'action="/book/exception"' not in page


def test_the_api_takes_a_reason_and_whoever_it_is_for_is_told(
    client: FlaskClient, room: Place
) -> None:
    manager, holder = make.operator("Huda"), make.member_of(name="Salma")
    body: dict[str, object] = {
        "resources": [room.spot.public_id], "starts_at": make.at(10).isoformat(),
        "ends_at": make.at(14).isoformat(), "holder": {"person": holder.public_id},
    }  # fmt: skip
    headers = make.bearer(manager)
    no = client.post("/api/v1/reservations", json=body, headers=headers)
    assert [one["overridable_by"] for one in no.get_json()["reasons"]] == ["lab_manager"]
    body["override"] = {"reason": BECAUSE}
    weak = make.bearer(manager, Scope.READ, Scope.WRITE)
    assert client.post("/api/v1/reservations", json=body, headers=weak).status_code == 403
    made = client.post("/api/v1/reservations", json=body, headers=headers)
    assert made.status_code == 201, made.text
    details = make.details(made.get_json()["id"])
    letter = notices._confirmed(details, Recipient(holder.person_id, "Salma", "", "en"))
    assert BECAUSE in letter.closing
    body |= {"repetition": {"every": "day", "count": 2}}
    assert client.post("/api/v1/reservations", json=body, headers=headers).status_code == 422


def test_a_change_is_made_anyway_with_a_reason_and_whoever_it_is_for_is_told(
    client: FlaskClient, room: Place
) -> None:
    holder = make.member_of(name="Salma")
    made = make.reservation(make.operator("Huda"), room, person_id=holder.public_id)
    make.signed_in(client, make.operator("Huda"))
    address = f"/reservations/{made.public_id}/edit"
    sent = {**typed(room), "version": "1"}
    status, page, _location = post(client, address, sent)
    assert status == 409
    assert f'action="{address}/exception"' in page
    status, page, _location = post(client, f"{address}/exception", sent)
    assert status == 422
    assert 'id="reason-error"' in page
    status, page, location = post(client, f"{address}/exception", {**sent, "reason": BECAUSE})
    assert status == 303
    assert client.get(location).text.count(BECAUSE) == 2  # among the facts and in the history
    changed = notices._changed(
        Key(MessageKind.CHANGED, made.public_id, 2, holder.person_id, clock.now())
    )
    assert changed is not None
    letter = notices._changed_letter(changed, Recipient(holder.person_id, "Salma", "", "en"))
    assert BECAUSE in letter.closing


def test_the_api_changes_with_a_reason(client: FlaskClient, room: Place) -> None:
    boss = make.operator()
    made = make.reservation(boss, room)
    body: dict[str, object] = {"ends_at": make.at(14).isoformat()}
    address, headers = f"/api/v1/reservations/{made.public_id}", make.bearer(boss)
    no = client.patch(address, json=body, headers=headers)
    assert [one["overridable_by"] for one in no.get_json()["reasons"]] == ["lab_manager"]
    body["override"] = {"reason": BECAUSE}
    weak = make.bearer(boss, Scope.READ, Scope.WRITE)
    assert client.patch(address, json=body, headers=weak).status_code == 403
    assert client.patch(address, json=body, headers=headers).status_code == 200
    assert make.details(made.public_id).interval.minutes == 240
