"""The operator's forms: from nothing to a desk, refusals that explain, two who edit at once."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from booking import setup
from booking.core.database import session
from booking.pages.park import texts
from booking.policies import facts
from booking.spaces import inventory, photos, timetables
from booking.spaces.icons import ICONS
from booking.spaces.models import Resource
from booking.spaces.pictures import MOST_BYTES
from config import Settings
from tests import make
from tests.conftest import Statements
from tests.drawing import picture
from tests.forms import post, token
from tests.installations import ENGINES

Fields = dict[str, Any]  # Any: what a browser can send
NAMES: Fields = {"names.fr": "Atlas", "names.ar": "الأطلس"}
HOSTILE = (
    "", "\x00", "\udcff", "'\"><script>alert(1)</script>", "9" * 40, "-1", "1e999", "NaN", "٣",
    "../../etc/passwd", "\u202e", "x" * 5000, "A-01..A-99999999999", "2026-02-30", "24:01-25:00",
)  # fmt: skip


@pytest.fixture
def operator(client: FlaskClient) -> FlaskClient:
    """The operator's browser."""
    return make.signed_in(client, make.operator())


def test_an_empty_park_leads_from_the_building_to_the_desks(
    app: Flask, operator: FlaskClient
) -> None:
    settings: Settings = app.extensions["booking"]
    setup.make_park(settings)
    assert "/operator" in operator.get("/planning").text.split("Describe the park")[0]
    assert "Describe the park" in operator.get("/").text
    assert "Begin here" in operator.get("/operator").text
    building = post(operator, "/operator/buildings/new", code="ATLAS", **NAMES)
    assert building.headers["Location"] == "/operator/floors/new?building=ATLAS"
    assert "Go on" in operator.get("/operator").text
    floor = post(operator, building.headers["Location"], building="ATLAS", level=0, **NAMES)
    assert floor.headers["Location"] == "/operator/areas/new?floor=1"
    area = post(operator, floor.headers["Location"], floor=1, code="PATIO", **NAMES)
    assert area.headers["Location"] == "/operator/resources/new?area=PATIO"
    page = operator.get(area.headers["Location"])
    assert "First steps" in operator.get("/operator").text
    assert "ATLAS · Atlas · Atlas" in page.text
    made = post(
        operator,
        area.headers["Location"],
        code="A-01..A-40",
        kind="desk",
        area="PATIO",
        policy=1,
        hours=1,
        capacity=1,
        units=1,
    )
    assert made.status_code == 303
    assert "First steps" not in operator.get("/operator").text
    assert "A-40" in operator.get("/planning").text
    assert "40 spaces" in operator.get("/operator/resources").text


def test_a_refusal_names_the_field_and_keeps_what_was_typed(operator: FlaskClient) -> None:
    make.desk()
    answer = post(operator, "/operator/buildings/new", code="X", latitude="north", **NAMES)
    assert answer.status_code == 422
    assert 'href="#latitude"' in answer.text
    assert 'value="الأطلس"' in answer.text
    assert 'value="north"' in answer.text
    taken = post(operator, "/operator/buildings/new", code="B1", **NAMES)
    assert taken.status_code == 422
    assert "This is taken already" in taken.text


def test_a_form_sent_twice_adds_once(operator: FlaskClient) -> None:
    make.site()
    fields = {
        "csrf_token": token(operator, "/operator/policies/new"),
        "idempotency_key": "one-key",
        "names.en": "Desks",
        "horizon": "60",
        "notice": ["0", "minutes"],
        "shortest": ["30", "minutes"],
        "longest": ["12", "hours"],
        "granularity": ["15", "minutes"],
        "decide_within": ["2", "days"],
        "grace_minutes": ["15", "minutes"],
        "setup_minutes": ["0", "minutes"],
        "cleanup_minutes": ["0", "minutes"],
        "who_may_book": "anyone",
        "others_see": "busy",
    }
    answers = [operator.post("/operator/policies/new", data=fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303], answers[0].text
    page = operator.get("/operator/policies").text
    assert page.count("Each lasts between 30 minutes and 12 hours") == 1


def test_two_who_edit_see_what_the_other_did(operator: FlaskClient) -> None:
    place = make.desk().spot
    page = f"/operator/areas/{place.area_id}"
    seen = inventory.area(place.area_id).mark
    mine: Fields = {"floor": place.floor_id, "code": "MINE", "names.en": "Area Z1", "seen": seen}
    theirs: Fields = {
        "floor": place.floor_id,
        "code": place.area_code,
        "names.en": "Theirs",
        "seen": seen,
    }
    assert post(operator, page, **theirs).status_code == 303
    late = post(operator, page, **mine)
    assert late.status_code == 409
    assert "Somebody else changed this" in late.text
    assert "Theirs" in late.text
    assert 'value="MINE"' in late.text
    again = late.text.split('name="seen" type="hidden" value="')[1].split('"')[0]
    assert post(operator, page, **mine | {"seen": again}).status_code == 303
    assert inventory.area(place.area_id).draft.code == "MINE"


def test_codes_that_exist_are_named(operator: FlaskClient) -> None:
    place = make.desk("A-03").spot
    answer = post(
        operator,
        "/operator/resources/new",
        code="A-01..A-05",
        kind="desk",
        area=place.area_code,
        policy=place.policy_id,
        hours=place.hours_id,
        capacity=1,
        units=1,
    )
    assert answer.status_code == 422
    assert "A-03 exists already" in answer.text
    assert session().scalar(select(func.count()).select_from(Resource)) == 1


def test_what_is_used_is_not_deleted_but_retired(operator: FlaskClient) -> None:
    desk = make.desk()
    make.reservation(place=desk)
    page = f"/operator/resources/{desk.spot.public_id}"
    refused = post(operator, f"{page}/remove")
    assert refused.status_code == 409
    assert "Retire it instead" in refused.text
    assert "1 reservation lies ahead" in operator.get(f"{page}/retire").text
    assert post(operator, f"{page}/retire").status_code == 303
    assert "Retired" in operator.get("/operator/resources?state=retired").text
    assert post(operator, page, f"{page}/bring-back").status_code == 303
    assert "No space is like that" in operator.get("/operator/resources?state=retired").text


def test_a_policy_is_read_before_it_is_stored(operator: FlaskClient) -> None:
    place = make.desk().spot
    page = f"/operator/policies/{place.policy_id}"
    fields: Fields = {
        "names.en": "Desks", "horizon": "30", "notice": ["0", "minutes"],
        "shortest": ["30", "minutes"], "longest": ["8", "hours"], "granularity": ["15", "minutes"],
        "decide_within": ["2", "days"], "needs_approval": "y", "holds_while_pending": "y",
        "setup_minutes": ["0", "minutes"], "cleanup_minutes": ["15", "minutes"],
        "who_may_book": "members", "others_see": "busy", "grace_minutes": ["15", "minutes"],
        "seen": operator.get(page).text.split('name="seen" type="hidden" value="')[1].split('"')[0],
    }  # fmt: skip
    shown = post(operator, page, **fields, preview="1")
    assert shown.status_code == 200
    assert "A lab manager decides within 2 days" in shown.text
    assert "stays free for 15 minutes after each reservation" in shown.text
    assert "This changes 1 space" in shown.text
    assert "Anyone with an account may book." in operator.get(page).text
    nonsense = post(operator, page, **fields | {"longest": ["1", "minutes"]}, preview="1")
    assert nonsense.status_code == 422
    assert post(operator, page, **fields).status_code == 303
    assert "Only members of an organisation may book." in operator.get(page).text


def test_set_up_and_cleaning_are_explained_before_they_are_stored(operator: FlaskClient) -> None:
    place = make.room("T-01", under=make.policy()).spot
    page = f"/operator/policies/{place.policy_id}"
    assert "One reservation may follow directly on another." in operator.get(page).text
    fields: Fields = {
        "names.en": "Rooms", "horizon": "30", "notice": ["0", "minutes"],
        "shortest": ["30", "minutes"], "longest": ["8", "hours"], "granularity": ["15", "minutes"],
        "decide_within": ["2", "days"], "holds_while_pending": "y",
        "grace_minutes": ["15", "minutes"],
        "who_may_book": "anyone", "others_see": "busy",
        "setup_minutes": ["15", "minutes"], "cleanup_minutes": ["1", "hours"],
        "seen": operator.get(page).text.split('name="seen" type="hidden" value="')[1].split('"')[0],
    }  # fmt: skip
    sentence = (
        "The space stays free for 15 minutes before each reservation, for set-up, and for 1 hour"
        " after it, for cleaning."
    )
    assert sentence in post(operator, page, **fields, preview="1").text
    too_long = post(operator, page, **fields | {"setup_minutes": ["2", "days"]})
    assert too_long.status_code == 422
    assert post(operator, page, **fields).status_code == 303
    for shown in (page, "/spaces/T-01", "/book?resource=T-01&day=2026-10-07"):
        assert sentence in operator.get(shown).text
    limits = facts.places_in_use([place.public_id])[0].limits
    assert (limits.setup_minutes, limits.cleanup_minutes) == (15, 60)


def test_hours_that_leave_reservations_outside_must_be_meant(operator: FlaskClient) -> None:
    desk = make.desk()
    made = make.reservation(place=desk, starts_at=make.at(16, days=3), ends_at=make.at(17, days=3))
    page = f"/operator/hours/{desk.spot.hours_id}/weeks/new"
    week: Fields = {"valid_from": "2026-10-06", **{f"day_{day}": "8-12, 14-16" for day in range(5)}}
    warned = post(operator, page, **week)
    assert warned.status_code == 200
    assert "1 reservation ahead lies outside these hours" in warned.text
    assert f"/reservations/{made.public_id}" in warned.text
    assert "Save all the same" in warned.text
    assert len(timetables.weeks(desk.spot.hours_id)) == 1
    assert post(operator, page, **week, confirmed="1").status_code == 303
    shown = operator.get(f"/operator/hours/{desk.spot.hours_id}").text
    assert "From Tuesday 6 October 2026" in shown
    assert "Mon to Fri" in shown
    assert operator.get(f"/operator/hours/{desk.spot.hours_id}/weeks/2020-01-01").status_code == 409
    unreadable = post(operator, page, **week | {"day_2": "all day"})
    assert unreadable.status_code == 422
    assert 'value="all day"' in unreadable.text


def test_the_site_shows_its_zone_and_offers_no_other(operator: FlaskClient) -> None:
    desk = make.desk()
    page = operator.get("/operator/site").text
    assert "Africa/Casablanca" in page
    assert 'name="zone"' not in page
    site = {**NAMES, "country": "EG", "currency": "MAD", "first_weekday": 6, "weekend": ["4", "5"]}
    seen = inventory.site().mark
    changed = post(operator, "/operator/site", zone="Africa/Cairo", seen=seen, **site)
    assert changed.status_code == 303
    draft = inventory.site().draft
    assert (draft.zone, draft.country, draft.weekend) == ("Africa/Casablanca", "EG", (4, 5))
    make.reservation(place=desk)
    assert 'name="country"' not in operator.get("/operator/site").text
    site |= {"country": "MA", "seen": inventory.site().mark}
    assert post(operator, "/operator/site", **site).status_code == 303
    assert inventory.site().draft.country == "EG"


def test_each_icon_is_named_by_what_it_shows_in_the_readers_language(
    app: Flask, client: FlaskClient
) -> None:
    assert texts.ICON_NAMES.keys() == set(ICONS)
    make.desk()
    page = make.signed_in(client, make.operator(language="ar")).get("/operator/kinds/new").text
    assert "قارورة مختبر" in page
    assert "flask conical" not in page


def test_photos_are_sent_shown_and_refused(operator: FlaskClient) -> None:
    desk = make.desk()
    page = f"/operator/resources/{desk.spot.public_id}/photos"

    def send(data: bytes, **fields: str) -> int:
        sent = {
            "csrf_token": token(operator, page),
            "picture": FileStorage(io.BytesIO(data), filename="../evil.php"),
            **fields,
        }
        boundary, octets = encode_multipart(sent)
        content_type = f"multipart/form-data; boundary={boundary}"
        return operator.post(page, data=octets, content_type=content_type).status_code

    assert send(picture(900, 600), **{"description.fr": "Un bureau"}) == 303
    (photo,) = photos.photos_of([desk.resource_id])[desk.resource_id]
    assert f"/photos/{photo.public_id}/small" in operator.get(page).text
    assert send(picture()) == 422  # nobody said what it shows
    assert send(b"<svg/>", **{"description.fr": "x"}) == 422
    assert send(b"\0" * (MOST_BYTES + 1), **{"description.fr": "x"}) == 422
    assert send(b"\0" * (MOST_BYTES * 2), **{"description.fr": "x"}) == 413
    assert post(operator, page, picture="no file").status_code == 422
    deleted = f"/operator/resources/photos/{photo.public_id}/delete"
    assert post(operator, page, deleted).status_code == 303


# Half of them on each engine: it takes long, and every form is sent strange things elsewhere, too.
@pytest.mark.parametrize(
    ("value", "engine"),
    [(value, ENGINES[number % 2]) for number, value in enumerate(HOSTILE)],
)
def test_no_form_meets_an_error_of_ours(operator: FlaskClient, value: str) -> None:
    spot = make.desk().spot
    new = ("buildings", "floors", "areas", "kinds", "features", "resources", "policies", "hours")
    pages = [
        *(f"/operator/{name}/new" for name in new),
        "/operator/site",
        f"/operator/buildings/{spot.building_id}",
        f"/operator/resources/{spot.public_id}",
        f"/operator/policies/{spot.policy_id}",
        f"/operator/hours/{spot.hours_id}/name",
        f"/operator/hours/{spot.hours_id}/weeks/new",
        f"/operator/hours/{spot.hours_id}/days/new",
    ]
    fields = (
        *("code", "names.fr", "names.ar", "address", "latitude", "longitude", "way_in.en"),
        *("building", "level", "floor", "behaves", "icon", "kind", "area", "policy", "hours"),
        *("capacity", "units", "features", "state", "expected_back", "out_of_order_reason"),
        *("zone", "country", "currency", "first_weekday", "weekend", "valid_from", "day", "spans"),
        *(f"day_{day}" for day in range(7)),
        *(
            "horizon",
            "notice",
            "shortest",
            "longest",
            "granularity",
            "decide_within",
            "grace_minutes",
        ),
        *("who_may_book", "others_see", "needs_approval", "seen", "idempotency_key"),
    )
    text = value.encode("utf-8", "replace").decode()
    for page in pages:
        for more in ({}, {"preview": "1"}):
            answer = post(operator, page, **dict.fromkeys(fields, text), **more)
            assert answer.status_code in (200, 303, 409, 422), (page, answer.status)
            assert "<script>alert" not in answer.text
    for query in ("text", "building", "kind", "policy", "state", "page"):
        answer = operator.get("/operator/resources", query_string={query: text})
        assert answer.status_code == 200


def test_lists_take_as_many_statements_for_many_as_for_few(
    operator: FlaskClient, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    pages = ("buildings", "kinds", "features", "resources", "policies", "hours")
    counts = []
    for round_number in range(2):
        for number in range(3 + 3 * round_number):
            hall = make.building()
            area = make.area(at=make.floor(at=hall))
            make.feature(f"feature_{round_number}_{number}")
            make.desk(
                f"D-{round_number}-{number}", at=area, under=make.policy(), open_at=make.hours()
            )
        found = []
        for page in pages:
            with count_statements() as counted:
                assert operator.get(f"/operator/{page}").status_code == 200
            found.append(counted.count)
        counts.append(found)
    assert counts[0] == counts[1]


def test_only_operators_describe_the_park(client: FlaskClient) -> None:
    desk = make.desk()
    for who in (make.member_of(), make.lab_manager(desk), make.auditor()):
        make.signed_in(client, who)
        for page in ("site", "buildings", "resources", "policies", "hours", "kinds/new"):
            assert client.get(f"/operator/{page}").status_code == 403
