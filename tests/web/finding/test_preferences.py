"""What a person prefers of a desk: theirs alone, and what decides where any desk will do."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from booking.core.database import end_reading, session
from booking.core.permissions import Actor
from booking.finding.models import DeskPreference
from booking.journal.models import JournalLine
from booking.privacy import service as privacy
from booking.spaces import service as spaces
from booking.spaces.models import STEP_FREE
from tests import make
from tests.forms import post

PAGE = "/profile/desks"
TIMES = {"starts_at": "2026-10-06T09:00", "ends_at": "2026-10-06T10:00"}
SEARCH = "/find?kind=desk&day=2026-10-06&start=09:00&length=60&people=1"


@pytest.fixture
def member(client: FlaskClient) -> Actor:
    """Three desks, of which the second is quiet and the third without a step."""
    quiet, step_free = make.feature("quiet"), make.feature(STEP_FREE)
    make.feature("projector")
    make.resource("A-01")
    make.resource("A-02", features=[quiet])
    make.resource("A-03", features=[step_free])
    who = make.member_of()
    make.signed_in(client, who)
    return who


def _prefer(client: FlaskClient, *features: str) -> None:
    assert post(client, PAGE, features=list(features)).status_code == 303


def _preferred() -> int:
    end_reading()
    return session().scalar(select(func.count()).select_from(DeskPreference)) or 0


def _taken(client: FlaskClient, page: str) -> str:
    """The desk that the one button of a search books."""
    kept = {"as_preferred": "y"} if 'name="as_preferred" value="y"' in client.get(page).text else {}
    wish = {"kind": "desk", "day": "2026-10-06", "start": "09:00", "length": "60", "people": "1"}
    answer = post(client, page, "/find/any", **wish, **kept, prefers="y")
    assert answer.status_code == 303
    shown = client.get(answer.location or "").text
    return next(code for code in ("A-01", "A-02", "A-03") if f">{code}<" in shown)


def test_it_is_kept_and_only_the_person_reads_it(client: FlaskClient, member: Actor) -> None:
    page = client.get(PAGE).text
    assert "Quiet" in page
    assert "Projector" not in page  # no desk has one
    assert post(client, PAGE, features=["projector"]).status_code == 422
    _prefer(client, "quiet", STEP_FREE)
    assert _preferred() == 2
    data = client.get("/api/v1/me/data", headers=make.bearer(member)).get_json()
    assert [one["code"] for one in data["desk_preferences"]] == ["quiet", STEP_FREE]
    end_reading()
    lines = session().scalars(
        select(JournalLine).where(JournalLine.act == "desk_preferences_changed")
    ).all()  # fmt: skip
    assert [(one.before, one.after) for one in lines] == [(None, None)]
    _prefer(client)
    assert _preferred() == 0


def test_it_decides_where_any_desk_will_do_unless_one_asks_otherwise(
    client: FlaskClient, member: Actor
) -> None:
    assert "As I prefer" not in client.get(SEARCH).text
    _prefer(client, "quiet")
    assert "First what has this, if it is free" in client.get(SEARCH).text
    assert _taken(client, SEARCH) == "A-02"
    assert _taken(client, f"{SEARCH}&prefers=y") == "A-01"  # the box was left empty
    assert _taken(client, SEARCH) == "A-03"  # nothing quiet is left, which is no refusal


def test_desks_together_and_the_api_go_by_it_too(client: FlaskClient, member: Actor) -> None:
    token = make.bearer(member)
    mine = "/api/v1/me/desk-preferences"
    put = client.put(mine, json={"features": [STEP_FREE]}, headers=token)
    assert put.get_json() == {"features": [STEP_FREE]}
    assert client.get(mine, headers=token).get_json() == {"features": [STEP_FREE]}
    unknown = client.put(mine, json={"features": ["no\x00ne"]}, headers=token)
    assert unknown.status_code == 422
    together = "/together?kind=desk&count=1&day=2026-10-06&start=09:00&end=10:00"
    assert 'name="as_preferred"' in client.get(together).text
    group = client.post("/api/v1/groups", json={**TIMES, "kind": "desk", "count": 1}, headers=token)
    (first,) = group.get_json()["reservations"]
    assert first["resources"][0]["code"] == "A-03"
    any_place = "/api/v1/reservations/any"
    asked = client.post(any_place, json={**TIMES, "preferred": ["quiet"]}, headers=token)
    assert asked.get_json()["resources"][0]["code"] == "A-02"


def test_it_goes_with_the_account_and_with_the_feature(client: FlaskClient, member: Actor) -> None:
    _prefer(client, "quiet")
    operator = make.operator()
    privacy.anonymise(operator, member.public_id)
    assert _preferred() == 0
    other = make.member_of()
    make.signed_in(client, other)
    spare = make.feature("window")
    place = make.resource("A-04", features=[spare])
    _prefer(client, "window")
    spaces.remove_resource(operator, place.spot.public_id)
    spaces.remove_feature(operator, spare.id)
    assert _preferred() == 0
