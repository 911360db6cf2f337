"""Finding a place: the page, and the same question asked by a program."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking.core import clock
from booking.core.permissions import Actor
from booking.policies.rules import WhoMayBook
from booking.reservations import service
from tests import make
from tests.conftest import Statements
from tests.web.pages.crowd import crowd

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
Counting = Callable[[], AbstractContextManager[Statements]]

FIND = "/api/v1/resources/find"
TOMORROW = "2026-10-06"
PAGE_STATEMENTS = 19


def page(client: FlaskClient, who: Actor, **query: object) -> TestResponse:
    """Tomorrow at ten for an hour, unless the query says otherwise."""
    asked = {"day": TOMORROW, "start": "10:00", "length": "60", **query}
    return make.signed_in(client, who).get("/find", query_string=asked)


def ask(client: FlaskClient, who: Actor, **query: object) -> Json:
    """What the API answers to the same."""
    times = {"starts_at": f"{TOMORROW}T10:00", "ends_at": f"{TOMORROW}T11:00"}
    asked = {"kind": "desk", **times, **query}
    answer = client.get(FIND, query_string=asked, headers=make.bearer(who))
    assert answer.status_code == 200, answer.text
    found: Json = answer.get_json()
    return found


def codes(found: Json) -> list[str]:
    return [one["code"] for one in found["items"]]


def whys(found: Json) -> list[list[str]]:
    return [[reason["code"] for reason in one["why"]] for one in found["items"]]


def text_of(answer: TestResponse) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def test_a_free_place_says_why_and_leads_to_its_booking_form(client: FlaskClient) -> None:
    make.resource("ROOM-1", kind_code="meeting_room", capacity=20)
    make.resource("ROOM-2", kind_code="meeting_room", capacity=6)
    member = make.member_of()
    answer = page(client, member, kind="meeting_room", people="4")
    assert answer.status_code == 200
    assert "2 spaces are free from 10:00 to 11:00" in text_of(answer)
    assert "The smallest that fits: 6 people" in text_of(answer)
    links = [html.unescape(link) for link in re.findall(r'href="(/book\?[^"]+)"', answer.text)]
    first = parse_qs(urlsplit(links[0]).query)
    assert first == {
        "resource": ["ROOM-2"],
        "day": [TOMORROW],
        "start": ["10:00"],
        "end": ["11:00"],
        "headcount": ["4"],
    }
    form = client.get(links[0]).text
    assert re.search(r'name="headcount"[^>]*value="4"', form)


def test_the_page_opens_with_what_is_free_next(client: FlaskClient) -> None:
    make.desk("A-01")
    today = make.signed_in(client, make.person()).get("/find")
    assert "1 space is free from 08:00 to 09:00" in text_of(today)
    with clock.frozen_at(clock.now().replace(hour=20)):
        tonight = make.signed_in(client, make.person()).get("/find")
    assert "Tuesday 6 October 2026" in text_of(tonight)
    assert "1 space is free from 08:00 to 09:00" in text_of(tonight)


def test_what_is_taken_out_of_order_or_too_small_is_not_offered(client: FlaskClient) -> None:
    make.reservation(place=make.room("TAKEN"))
    make.resource("BROKEN", kind_code="meeting_room", capacity=12, out_of_order="Leak")
    make.resource(
        "BACK",
        kind_code="meeting_room",
        capacity=12,
        out_of_order="x",
        expected_back_at=clock.now(),
    )
    make.room("SMALL", capacity=2)
    found = ask(client, make.person(), kind="meeting_room", people=8)
    assert codes(found) == ["BACK"]
    assert (found["free"], found["taken"]) == (1, 2)


def test_near_to_my_own_reservation_comes_first_and_names_it(client: FlaskClient) -> None:
    make.desk("A-01")
    upstairs = make.area(at=make.floor())
    make.desk("B-01", at=upstairs)
    member = make.member_of()
    make.reservation(member, make.room("M-01", at=upstairs), starts_at=make.at(14))
    found = ask(client, member)
    assert codes(found) == ["B-01", "A-01"]
    assert found["items"][0]["why"] == [
        {
            "code": "area_of_your_reservation",
            "resource": "M-01",
            "starts_at": f"{TOMORROW}T14:00",
        }
    ]
    assert whys(ask(client, make.person()))[0] == ["fits"]
    assert "Beside your reservation at 14:00 (M-01)" in text_of(page(client, member))


def test_near_to_colleagues_comes_before_anywhere(client: FlaskClient) -> None:
    make.desk("A-01")
    upstairs = make.area(at=make.floor())
    make.desk("B-01", at=upstairs)
    startup = make.organisation()
    colleague, member = make.member_of(startup), make.member_of(startup)
    make.reservation(colleague, make.desk("B-02", at=upstairs), organisation_id=startup.public_id)
    found = ask(client, member)
    assert codes(found) == ["B-01", "A-01"]
    assert whys(found)[0] == ["area_of_your_organisation"]
    assert codes(ask(client, make.person())) == ["A-01", "B-01"]


def test_the_usual_place_comes_first(client: FlaskClient) -> None:
    make.desk("A-01")
    usual, member = make.desk("B-01"), make.person()
    for hour in (8, 9, 11):
        make.reservation(member, usual, starts_at=make.at(hour, days=0))
    given_back = make.reservation(member, usual, starts_at=make.at(13, days=0))
    service.cancel(member, given_back.public_id, reason="")
    found = ask(client, member)
    assert found["items"][0]["why"][0] == {"code": "usual", "count": 3}


def test_every_asked_feature_is_there_and_nothing_more_is_better(client: FlaskClient) -> None:
    screen, video = make.feature("screen"), make.feature("video")
    make.resource("A-01", features=[screen, video])
    make.resource("A-02", features=[screen])
    make.resource("A-03", features=[video])
    found = ask(client, make.person(), feature="screen")
    assert codes(found) == ["A-02", "A-01"]
    assert whys(found) == [["exactly_as_asked"], ["fits"]]
    assert codes(ask(client, make.person(), feature="screen,video")) == ["A-01"]


def test_step_free_access_is_never_given_up(client: FlaskClient) -> None:
    step_free, screen = make.feature("step_free"), make.feature("screen")
    make.resource("A-01", features=[screen])
    make.resource("A-02", features=[step_free])
    assert codes(ask(client, make.person(), step_free="true")) == ["A-02"]
    found = ask(client, make.person(), step_free="true", feature="screen")
    assert codes(found) == []
    assert [(one["code"], one["lacks"]) for one in found["nearest"]] == [("A-02", ["screen"])]


def test_a_building_is_kept_to_and_left_only_where_it_has_nothing(client: FlaskClient) -> None:
    make.desk("A-01")
    elsewhere = make.area(at=make.floor(at=make.building(code="RIF")))
    far = make.desk("B-01", at=elsewhere)
    assert codes(ask(client, make.person(), building="RIF")) == ["B-01"]
    make.reservation(place=far, starts_at=make.at(8), ends_at=make.at(18))
    found = ask(client, make.person(), building="RIF")
    assert codes(found) == []
    assert ("A-01", "other_building") in [
        (one["code"], one["difference"]) for one in found["nearest"]
    ]


def test_where_nothing_is_free_the_nearest_times_are_offered_and_can_be_booked(
    client: FlaskClient,
) -> None:
    member = make.member_of()
    for code in ("A-01", "A-02"):
        make.reservation(place=make.desk(code), ends_at=make.at(12))
    found = ask(client, member, ends_at=f"{TOMORROW}T11:30")
    assert codes(found) == []
    assert [one["difference"] for one in found["nearest"]][:1] == ["other_time"]
    assert {one["difference"] for one in found["nearest"]} == {"other_time", "other_day"}
    for near in found["nearest"]:
        verdict = client.get(
            f"/api/v1/resources/{near['resource']}/verdict",
            query_string={at: near[at] for at in ("starts_at", "ends_at")},
            headers=make.bearer(member),
        )
        assert verdict.get_json()["allowed"] is True, near
    answer = page(client, member, length="90")
    assert "No space that fits is free at this time." in text_of(answer)
    assert "Another time on the same day" in text_of(answer)


def test_a_shorter_time_is_near_too(client: FlaskClient) -> None:
    make.reservation(place=make.desk("A-01"), starts_at=make.at(11), ends_at=make.at(18))
    found = ask(client, make.person(), ends_at=f"{TOMORROW}T13:00")
    shorter = [one for one in found["nearest"] if one["difference"] == "shorter"]
    assert [(one["starts_at"], one["ends_at"]) for one in shorter] == [
        (f"{TOMORROW}T10:00:00Z", f"{TOMORROW}T11:00:00Z")
    ]


def test_what_the_house_rules_refuse_stands_below_with_the_reason(client: FlaskClient) -> None:
    make.desk("A-01")
    make.desk("B-01", under=make.policy(who_may_book=WhoMayBook.MEMBERS))
    make.desk("C-01", open_at=make.hours(((14 * 60, 18 * 60),)))
    found = ask(client, make.person())
    assert codes(found) == ["A-01"]
    barred = {
        one["example"]: [reason["code"] for reason in one["reasons"]] for one in found["barred"]
    }
    assert barred == {"B-01": ["not_eligible"], "C-01": ["outside_hours"]}
    below = text_of(page(client, make.person())).partition("Not at this time")[2]
    assert "1 space: B-01 B-01 can be booked by members of an organisation only." in below


def test_on_a_closed_day_another_is_offered(client: FlaskClient) -> None:
    make.desk("A-01")
    found = ask(client, make.person(), starts_at="2026-10-10T10:00", ends_at="2026-10-10T11:00")
    assert codes(found) == []
    assert found["nearest"][0]["difference"] == "other_day"
    assert found["barred"][0]["reasons"][0]["code"] == "closed_day"


def test_nothing_is_large_enough(client: FlaskClient) -> None:
    make.room("M-01", capacity=12)
    answer = page(client, make.person(), kind="meeting_room", people="50")
    assert "The largest takes 12 people." in text_of(answer)


def test_several_people_get_seats_beside_each_other(client: FlaskClient) -> None:
    for number in range(1, 6):
        desk = make.desk(f"A-0{number}")
        if number == 2:
            make.reservation(place=desk)
    found = ask(client, make.person(), people=3)
    together = [one["code"] for one in found["items"] if one["id"] in found["together"]]
    assert sorted(together) == ["A-03", "A-04", "A-05"]
    answer = page(client, make.member_of(), people="3")
    assert "Beside each other" in text_of(answer)
    link = re.findall(r'href="(/together[^"]+)"', answer.text)[0]
    assert parse_qs(urlsplit(html.unescape(link)).query)["count"] == ["3"]
    assert client.get(html.unescape(link)).status_code == 200


def test_so_many_of_a_kind_near_each_other(client: FlaskClient) -> None:
    for number in range(1, 6):
        desk = make.desk(f"A-0{number}")
        if number == 2:
            make.reservation(place=desk)
    make.resource("A-06", out_of_order="Broken")
    headers = make.bearer(make.person())
    query = f"kind=desk&free_from={TOMORROW}T10:00&free_to={TOMORROW}T11:00&count="
    found = client.get(f"/api/v1/resources?{query}3", headers=headers).get_json()
    assert codes(found) == ["A-03", "A-04", "A-05"]
    assert client.get(f"/api/v1/resources?{query}5", headers=headers).get_json()["items"] == []
    for wrong in ("0", "-1", "201", "x", "3&limit=2"):
        assert client.get(f"/api/v1/resources?{query}{wrong}", headers=headers).status_code == 422
    alone = client.get("/api/v1/resources?count=3", headers=headers).get_json()
    assert alone["fields"] == dict.fromkeys(("kind", "free_from", "free_to"), "missing")


def test_resources_can_be_listed_by_step_free_access(client: FlaskClient) -> None:
    make.resource("A-01", features=[make.feature("step_free")])
    make.desk("A-02")
    answer = client.get("/api/v1/resources?step_free=true", headers=make.bearer(make.person()))
    assert codes(answer.get_json()) == ["A-01"]


def test_a_long_result_has_pages(client: FlaskClient) -> None:
    for number in range(1, 13):
        make.desk(f"A-{number:02}")
    first = page(client, make.person())
    assert text_of(first).count("Free for the whole time") == 10
    assert "page=2" in first.text
    second = page(client, make.person(), page="2")
    assert text_of(second).count("Free for the whole time") == 2
    assert page(client, make.person(), page="9999").status_code == 200


def test_an_empty_park_says_so(client: FlaskClient) -> None:
    answer = make.signed_in(client, make.person()).get("/find")
    assert answer.status_code == 200
    assert "There is no space to book yet." in text_of(answer)


@pytest.mark.parametrize("people", [1, 3])
@pytest.mark.parametrize("spaces", [8, 80])
def test_a_search_takes_the_same_number_of_statements_in_any_park(
    client: FlaskClient, count_statements: Counting, spaces: int, people: int
) -> None:
    found = crowd(spaces=spaces, reservations=spaces)
    make.signed_in(client, found.member)
    query = f"kind=desk&day={TOMORROW}&start=10:00&length=60&people={people}"
    with count_statements() as sent:
        assert client.get(f"/find?{query}").status_code == 200
    assert sent.count == PAGE_STATEMENTS + 2 * (people > 1), sent


STRANGE = (
    "kind=absent", "kind=%00", "kind=%ED%A0%80", "day=tomorrow", "day=0000-00-00", "day=%00",
    "start=25:00", "start=24:01", "start=%D9%A1%D9%A0:00", "length=0", "length=-60", "length=x",
    "length=99999", "length=" + "9" * 5000, "people=0", "people=-1", "people=x",
    "people=" + "9" * 5000, "people=9223372036854775808", "building=absent", "building=%00",
    "feature=absent", "feature=%00&feature=x", "step_free=maybe&kind=absent",
)  # fmt: skip


def asked_beside(query: str, known: str) -> str:
    """The query, and what is known of what it does not name."""
    name = query.partition("=")[0]
    return "&".join([query, *(one for one in known.split("&") if one.partition("=")[0] != name)])


def test_a_strange_wish_is_named_beside_its_field(client: FlaskClient) -> None:
    make.desk("A-01")
    make.signed_in(client, make.person())
    for query in STRANGE:
        rest = f"day={TOMORROW}&start=10:00&length=60&people=1"
        answer = client.get(f"/find?{asked_beside(query, rest)}")
        assert answer.status_code == 422, query
        assert 'role="alert"' in answer.text


def test_what_is_about_the_page_alone_does_no_harm(client: FlaskClient) -> None:
    make.desk("A-01")
    make.signed_in(client, make.person())
    for query in ("page=0", "page=x", "page=" + "9" * 50, "month=x", "month=2026-99", "other=1"):
        assert client.get(f"/find?{query}").status_code == 200, query


STRANGE_QUESTIONS = (
    "kind=absent", "kind=%00", "people=0", "people=99999999999999999999", "people=x",
    "feature=absent", "feature=%00", "feature=,", "building=%00", "step_free=maybe", "limit=0",
    "limit=51", "starts_at=x", "ends_at=2026-10-06T09:00", "ends_at=9999-01-01T00:00",
    "starts_at=0001-01-01T00:00%2B14:00", "cursor=x", "kind=desk&kind=desk",
)  # fmt: skip


def test_a_strange_question_is_refused(client: FlaskClient) -> None:
    make.desk("A-01")
    headers = make.bearer(make.person())
    for query in STRANGE_QUESTIONS:
        rest = f"kind=desk&starts_at={TOMORROW}T10:00&ends_at={TOMORROW}T11:00"
        answer = client.get(f"{FIND}?{asked_beside(query, rest)}", headers=headers)
        assert answer.status_code == 422, query
        assert answer.get_json()["fields"]
