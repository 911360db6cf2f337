"""The pages of booking and of reservations, as a browser without scripts uses them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking.core import clock
from booking.core.permissions import Actor
from booking.policies.rules import WhoMayBook
from booking.reservations import service
from booking.reservations.models import State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change
from tests import make
from tests.conftest import Statements

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
FORM = re.compile(r"<form[^>]*>.*?</form>", re.DOTALL)
HIDDEN = re.compile(r'<input (?=[^>]*type="hidden")[^>]*>')


class Browser:
    """One person's browser: it keeps the token and sends what a page's forms hold."""

    def __init__(self, client: FlaskClient, who: Actor) -> None:
        self.client = make.signed_in(client, who)
        self.token = TOKEN.findall(self.client.get("/reservations").text)[0]

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, **values: object) -> TestResponse:
        sent = {name: str(value) for name, value in values.items()}
        return self.client.post(path, data={"csrf_token": self.token, **sent})

    def press(self, page: TestResponse, label: str, turn: int = 0) -> TestResponse:
        """Send the turn-th form whose button says this, as the page holds it."""
        forms = [form for form in FORM.findall(page.text) if f">{label}</span></button>" in form]
        path = html.unescape(re.findall(r'action="([^"]+)"', forms[turn])[0])
        return self.client.post(path, data=_values(forms[turn]))


def _values(form: str) -> dict[str, str]:
    values = {}
    for field in HIDDEN.findall(form):
        name, value = re.search(r'name="([^"]+)"', field), re.search(r'value="([^"]*)"', field)
        if name:
            values[name[1]] = html.unescape(value[1]) if value else ""
    for select in re.findall(r"<select.*?</select>", form, re.DOTALL):
        name = re.search(r'name="([^"]+)"', select)
        chosen = re.search(r'<option selected[^>]* value="([^"]*)"', select)
        values[name[1] if name else ""] = html.unescape(chosen[1]) if chosen else ""
    for field in re.findall(r'<input (?=[^>]*type="(?:text|number)")[^>]*>', form):
        name, value = re.search(r'name="([^"]+)"', field), re.search(r'value="([^"]*)"', field)
        values[name[1] if name else ""] = html.unescape(value[1]) if value else ""
    return values


def text_of(page: TestResponse) -> str:
    """What is read on the page, without mark-up."""
    plain = re.sub(r"<script.*?</script>|<[^>]+>", " ", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(plain).split())


def only_reservation(page: TestResponse) -> Details:
    """The reservation that the browser was sent to."""
    assert page.status_code == 303, text_of(page)
    return make.details(urlsplit(page.location).path.rsplit("/", 1)[1])


# --- booking ---


def test_a_desk_is_booked_without_scripts(app: Flask, client: FlaskClient) -> None:
    desk, who = make.desk(), make.member_of()
    browser = Browser(client, who)
    page = browser.get("/book?resource=A-01&day=2026-10-06&start=10:00&end=12:00")

    sent = browser.press(page, "Book")

    made = only_reservation(sent)
    assert (made.state, made.place.resource_id) == (State.CONFIRMED, desk.resource_id)
    assert (made.local.starts_at, made.local.ends_at) == (make.at(10), make.at(12))
    assert made.organisation_id == who.memberships[0].organisation_id
    said = text_of(browser.get(sent.location))
    assert "A-01 is booked: Tuesday 6 October 2026, from 10:00 to 12:00." in said
    assert "Add to my calendar" in said
    assert "Undo" not in said


def test_a_form_that_arrives_twice_books_once(app: Flask, client: FlaskClient) -> None:
    make.desk()
    browser = Browser(client, make.person())
    page = browser.get("/book?resource=A-01&day=2026-10-06")

    first, second = browser.press(page, "Book"), browser.press(page, "Book")

    assert first.location == second.location
    assert second.status_code == 303


def test_the_form_offers_only_what_is_open_and_free(app: Flask, client: FlaskClient) -> None:
    make.reservation(starts_at=make.at(10), ends_at=make.at(12))
    page = Browser(client, make.person()).get("/book?resource=A-01&day=2026-10-06").text

    starts = re.findall(r'value="(\d\d:\d\d)"', page.split('id="start"')[1].split("</select>")[0])
    ends = re.findall(r'value="(\d\d:\d\d)"', page.split('id="end"')[1].split("</select>")[0])

    assert (starts[0], starts[-1]) == ("08:00", "17:30")
    assert not {"09:45", "10:00", "11:45"} & set(starts)
    assert {"10:00", "18:00"} <= set(ends)
    assert not {"08:15", "10:15", "12:15"} & set(ends)
    assert "Free from 08:00 to 10:00" in page


def test_presets_come_from_the_hours_of_the_day(app: Flask, client: FlaskClient) -> None:
    make.desk()
    browser = Browser(client, make.person())

    today = text_of(browser.get("/book?resource=A-01"))
    tomorrow = browser.get("/book?resource=A-01&day=2026-10-06")

    assert "Now 08:00 – 09:00" in today
    assert "Morning 08:00 – 13:00" in text_of(tomorrow)
    assert "Whole day 08:00 – 18:00" in text_of(tomorrow)
    assert ">Now<" not in tomorrow.text
    link = re.search(r'href="([^"]+)"[^>]*><span>Afternoon', tomorrow.text)
    assert link
    chosen = parse_qs(urlsplit(html.unescape(link[1])).query)
    assert (chosen["start"], chosen["end"]) == (["13:00"], ["18:00"])


def test_around_the_clock_an_end_may_lie_on_the_next_day(app: Flask, client: FlaskClient) -> None:
    make.desk(open_at=make.around_the_clock())
    browser = Browser(client, make.person())
    page = browser.get("/book?resource=A-01&day=2026-10-06&start=22:00&end=2026-10-07T02:00")

    made = only_reservation(browser.press(page, "Book"))

    assert made.local.ends_at == make.at(2, days=2)
    assert "Wednesday 7 October 2026" in page.text
    midnight = browser.get("/book?resource=A-01&day=2026-10-08&start=22:00&end=24:00")
    assert only_reservation(browser.press(midnight, "Book")).local.ends_at == make.at(0, days=4)


def test_a_lab_says_who_answers_and_asks(app: Flask, client: FlaskClient) -> None:
    lab = make.lab("L-1")
    make.lab_manager(lab, "Nadia Chraïbi")
    browser = Browser(client, make.member_of())
    page = browser.get("/book?resource=L-1&day=2026-10-06&start=10:00&end=12:00")

    sent = browser.press(page, "Ask for approval")

    assert "Nadia Chraïbi will answer within 2 days, at the latest before it begins." in page.text
    assert only_reservation(sent).state is State.PENDING
    assert "Your request for L-1 is sent" in browser.get(sent.location).text


def test_a_refusal_says_why_keeps_what_was_typed_and_its_buttons_succeed(
    app: Flask, client: FlaskClient
) -> None:
    room = make.room("M-1", capacity=8)
    make.room("M-2", capacity=8)
    make.reservation(place=room, starts_at=make.at(10), ends_at=make.at(12))
    who = make.member_of()
    browser = Browser(client, who)
    organisation = who.memberships[0].public_id

    refused = browser.post(
        "/book", resource="M-1", day="2026-10-06", start="10:00", end="12:00",
        title="Review <b>", headcount=5, organisation=organisation,
    )  # fmt: skip

    assert refused.status_code == 409
    assert "M-1 is already booked on Tue 6 Oct from 10:00 to 12:00" in text_of(refused)
    assert 'value="Review &lt;b&gt;"' in refused.text
    assert 'role="alert"' in refused.text
    buttons = refused.text.split("What would work instead")[1].split("</section>")[0]
    assert buttons.count("<button") == 3
    for turn in range(3):
        made = only_reservation(browser.press(refused, "Book", turn))
        assert (made.title, made.headcount) == ("Review <b>", 5)
        assert made.organisation is not None
        assert made.organisation.public_id == organisation
        service.cancel(who, made.public_id)


def test_five_broken_rules_are_five_sentences(app: Flask, client: FlaskClient) -> None:
    make.resource(
        "M-1",
        kind_code="meeting_room",
        capacity=4,
        under=make.policy(shortest=60, horizon=3, who_may_book=WhoMayBook.MEMBERS),
    )
    browser = Browser(client, make.person())

    refused = browser.post(
        "/book", resource="M-1", day="2026-10-10", start="10:07", end="10:20", headcount=9
    )

    assert refused.status_code == 409
    alert = refused.text.split('role="alert"')[1].split("</section>")[0]
    assert alert.count("<li>") == 6
    assert "for 6 reasons" in alert


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"start": "12:00", "end": "11:00"}, "The end is not after the start."),
        ({"start": "", "end": "11:00"}, "Please choose."),
        ({"start": "10:00", "end": "soon"}, "This cannot be read as a time."),
        ({"day": "9999-99-99"}, "Please check"),
        ({"title": "x" * 10_000}, "at most 200 characters"),
        ({"organisation": "not-mine"}, "Choose one of your organisations."),
        ({"end": "2026-12-31T10:00"}, "too far away or too long"),
    ],
)
def test_what_makes_no_sense_is_named_beside_its_field(
    app: Flask, client: FlaskClient, sent: dict[str, str], said: str
) -> None:
    make.desk()
    browser = Browser(client, make.person())
    values = {"day": "2026-10-06", "start": "10:00", "end": "11:00", **sent}

    page = browser.post("/book", resource="A-01", **values)

    assert page.status_code == 422
    assert said in text_of(page)
    assert "Please check these entries" in text_of(page)


def test_a_time_that_does_not_exist_is_explained(app: Flask, client: FlaskClient) -> None:
    make.site(zone="Europe/Paris")
    make.desk(open_at=make.around_the_clock(), under=make.policy(horizon=300))
    browser = Browser(client, make.person())

    page = browser.post("/book", resource="A-01", day="2027-03-28", start="02:30", end="05:00")

    assert page.status_code == 422
    assert "The clocks jump over this time on that day" in text_of(page)


HOSTILE = [
    "\x00",
    "\u202eevil\u2066",
    "x" * 10_000,
    "9999-99-99",
    "-1",
    "25:61",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "1e400",
    "٣",
    "<i>",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "field", ["resource", "day", "start", "end", "title", "headcount", "organisation",
              "idempotency_key"]
)  # fmt: skip
def test_strange_values_never_break_a_page(
    app: Flask, client: FlaskClient, field: str, value: str
) -> None:
    make.room("M-1")
    browser = Browser(client, make.person())
    good = {"resource": "M-1", "day": "2026-10-06", "start": "10:00", "end": "11:00"}

    posted = browser.post("/book", **{**good, field: value})
    asked = browser.client.get("/book", query_string={**good, field: value, "month": value})

    assert posted.status_code in {303, 404, 409, 422}
    assert asked.status_code in {200, 404}


@pytest.mark.parametrize("zone", ["Africa/Casablanca", "Africa/Cairo", "America/New_York"])
def test_years_beyond_all_clocks_are_no_times(client: FlaskClient, zone: str) -> None:
    make.site(zone=zone)
    make.desk()
    make.signed_in(client, make.person())
    for start, end in (
        ("0001-01-01T00:00", "0001-01-01T01:00"),
        ("9999-12-31T22:00", "9999-12-31T23:59"),
        ("0001-01-01T00:00", "9999-12-31T23:59"),
    ):
        times = {"start": start, "end": end}
        asked = client.get("/book", query_string={"resource": "A-01", **times})
        assert asked.status_code == 200


def test_a_day_that_the_calendar_left_out_has_a_page(client: FlaskClient) -> None:
    make.site(zone="Pacific/Apia")
    make.desk(open_at=make.around_the_clock())
    make.signed_in(client, make.person())
    asked = client.get("/book?resource=A-01&day=2011-12-30&start=10:00&end=11:00")
    assert asked.status_code == 200


@pytest.mark.parametrize("missing", ["resource", "day", "start", "end", "all"])
def test_missing_values_never_break_a_page(app: Flask, client: FlaskClient, missing: str) -> None:
    mine = make.reservation()
    browser = Browser(client, make.actor(mine.person_id))
    values = {"resource": "A-01", "day": "2026-10-06", "start": "10:00", "end": "11:00"}
    sent = {} if missing == "all" else {k: v for k, v in values.items() if k != missing}

    assert browser.post("/book", **sent).status_code in {404, 422}
    edited = browser.post(f"/reservations/{mine.public_id}/edit", **sent)
    assert edited.status_code in {409, 422}


@pytest.mark.parametrize(
    "path",
    [
        "/reservations?page=99999999999999999999",
        "/reservations?page=-1&when=\x00",
        "/reservations?page=٣",
        "/book?floor=\x00&kind=\u202e&day=9999-99-99",
        "/book?floor=99999999999999999999",
        "/book?resource=A-01&month=0000-00",
        "/book?resource=A-01&month=2100-12&day=2100-12-31",
        "/book?resource=A-01&day=2000-01-01",
        "/book?resource=A-01&day=2026-10-06&start=24:00&end=00:00",
    ],
)
def test_strange_addresses_never_break_a_page(app: Flask, client: FlaskClient, path: str) -> None:
    make.desk()

    assert Browser(client, make.person()).get(path).status_code == 200


def test_no_reservation_is_called_nonsense(app: Flask, client: FlaskClient) -> None:
    browser = Browser(client, make.person())

    for name in ("x", "0", "00000000-0000-0000-0000-000000000000", "%00", "..%2f"):
        for page in ("", "/edit", "/cancel", "/again"):
            assert browser.get(f"/reservations/{name}{page}").status_code == 404


def test_a_day_without_free_time_says_so_and_where_there_is_some(
    app: Flask, client: FlaskClient
) -> None:
    desk = make.desk()
    make.closure(desk, make.at(8), make.at(18))
    make.closed_on(date(2026, 10, 7))
    browser = Browser(client, make.person())

    taken = browser.get("/book?resource=A-01&day=2026-10-06")
    closed = browser.get("/book?resource=A-01&day=2026-10-07")
    past = browser.get("/book?resource=A-01&day=2026-10-02")

    assert "Everything is taken on this day." in text_of(taken)
    assert "Next free day: Thu 8 Oct" in text_of(taken)
    assert "A-01 is closed on Wednesday 7 October 2026." in text_of(closed)
    assert "Next free day: Mon 5 Oct" in text_of(past)
    assert all("<select" not in page.text for page in (taken, closed, past))


def test_who_may_not_book_is_told_at_once(app: Flask, client: FlaskClient) -> None:
    make.desk(under=make.policy(who_may_book=WhoMayBook.MEMBERS))

    page = Browser(client, make.person()).get("/book?resource=A-01&day=2026-10-06")

    assert "members of an organisation only" in text_of(page)
    assert 'action="/book"' not in page.text


def test_spaces_are_chosen_by_floor_and_kind(app: Flask, client: FlaskClient) -> None:
    make.desk("A-01")
    make.room("M-1")
    above = make.area(at=make.floor())
    make.desk("B-01", at=above)
    browser = Browser(client, make.person())

    ground = browser.get("/book")
    upstairs = browser.get(f"/book?floor={above.floor_id}&kind=desk&day=2026-10-06")

    assert "/book?resource=A-01" in ground.text
    assert "/book?resource=M-1" in ground.text
    assert "B-01" not in ground.text
    assert "/book?resource=B-01&amp;day=2026-10-06" in upstairs.text
    assert (
        "There is no space of this kind on this floor."
        in browser.get(f"/book?floor={above.floor_id}&kind=meeting_room").text
    )


# --- mine ---


def test_my_reservations_are_mine_alone(app: Flask, client: FlaskClient) -> None:
    who = make.member_of()
    make.reservation(who, make.desk("A-01"), title="Mine")
    make.reservation(place=make.desk("A-02"), title="Of another")

    page = text_of(Browser(client, who).get("/reservations"))

    assert "Tomorrow · Tuesday 6 October 2026" in page
    assert "Mine" in page
    assert "A-02" not in page


def test_nothing_to_come_offers_to_book(app: Flask, client: FlaskClient) -> None:
    page = Browser(client, make.person()).get("/reservations")

    assert "No reservation is to come." in page.text
    assert 'href="/book"' in page.text


def test_the_past_is_paged_the_latest_first(app: Flask, client: FlaskClient) -> None:
    who = make.member_of()
    desk = make.desk()
    for day in range(1, 30):
        made = make.reservation(who, desk, starts_at=make.at(10, days=day)) if _open(day) else None
        if made:
            service.cancel(who, made.public_id)
    browser = Browser(client, who)

    first = browser.get("/reservations?when=past")
    second = browser.get("/reservations?when=past&page=2")

    assert first.text.count("list-link") == 20
    assert 0 < second.text.count("list-link") < 20
    assert "/reservations?when=past&amp;page=2" in first.text
    assert first.text.index("3 November") < first.text.index("2 November")


def _open(day: int) -> bool:
    return (clock.now() + timedelta(days=day)).weekday() < 5


def test_the_statements_of_my_reservations_do_not_grow(
    app: Flask,
    client: FlaskClient,
    count_statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    who = make.member_of()
    make.reservation(who)
    browser = Browser(client, who)
    with count_statements() as few:
        browser.get("/reservations")
    for hour in range(8, 18):
        make.reservation(who, starts_at=make.at(hour))
    with count_statements() as many:
        browser.get("/reservations")

    assert few.count == many.count <= 8, f"{few}\n\n{many}"


def test_book_again_leads_to_the_same_hours_on_the_next_free_day(
    app: Flask, client: FlaskClient
) -> None:
    mine = make.reservation(starts_at=make.at(9), ends_at=make.at(11))
    make.closure(mine.place, make.at(8, days=0), make.at(18, days=0))
    browser = Browser(client, make.actor(mine.person_id))

    sent = browser.get(f"/reservations/{mine.public_id}/again")
    page = browser.get(sent.location)

    assert parse_qs(urlsplit(sent.location).query) == {
        "resource": ["A-01"],
        "day": ["2026-10-07"],  # today is closed, tomorrow it is booked already
        "start": ["09:00"],
        "end": ["11:00"],
    }
    assert only_reservation(browser.press(page, "Book")).local.starts_at == make.at(9, days=2)


# --- one ---


def test_the_history_tells_who_did_what_before_and_after(app: Flask, client: FlaskClient) -> None:
    mine = make.reservation(make.member_of(name="Salma El Idrissi"), title="First")
    who = make.actor(mine.person_id)
    service.change(who, mine.public_id, Change(starts_at=make.at(14), ends_at=make.at(15)))
    service.change(who, mine.public_id, Change(title="Second"))
    service.cancel(who, mine.public_id, reason="Moved to Rabat")

    page = text_of(Browser(client, who).get(f"/reservations/{mine.public_id}"))

    history = page.split("History")[1]
    order = ["Cancelled", "Moved to Rabat", "Purpose or number", "Time or place", "Booked Salma"]
    assert sorted(order, key=history.index) == order
    assert "Start Before: Tue 6 Oct at 10:00 After: Tue 6 Oct at 14:00" in history
    assert "Purpose Before: First After: Second" in history
    assert "Reason" in page
    assert "Cancel the reservation" not in page
    assert "Change" not in page.split("History")[0].split("Reference")[1]


def test_a_change_is_made_on_its_page(app: Flask, client: FlaskClient) -> None:
    mine = make.reservation(title="Before")
    make.desk("A-02")
    browser = Browser(client, make.actor(mine.person_id))
    page = browser.get(
        f"/reservations/{mine.public_id}/edit?resource=A-02&day=2026-10-07&start=14:00&end=16:00"
    )

    sent = browser.press(page, "Save the change")

    changed = only_reservation(sent)
    assert (changed.place.spot.code, changed.title) == ("A-02", "Before")
    assert changed.local.starts_at == make.at(14, days=2)
    assert "The reservation is changed." in browser.get(sent.location).text


def test_a_refused_change_offers_what_would_work(app: Flask, client: FlaskClient) -> None:
    mine = make.reservation()
    make.reservation(place=mine.place, starts_at=make.at(12), ends_at=make.at(14))
    browser = Browser(client, make.actor(mine.person_id))

    refused = browser.post(
        f"/reservations/{mine.public_id}/edit",
        resource="A-01", day="2026-10-06", start="12:00", end="13:00", version=1, title="Kept",
    )  # fmt: skip

    assert refused.status_code == 409
    changed = only_reservation(browser.press(refused, "Change to this"))
    assert (changed.title, changed.version) == ("Kept", 2)


def test_a_change_of_what_was_not_seen_shows_what_was_done(app: Flask, client: FlaskClient) -> None:
    atlas = make.organisation()
    who = make.member_of(atlas)
    boss = make.member_of(atlas, name="Youssef Berrada", is_manager=True)
    mine = make.reservation(who, organisation_id=atlas.public_id)
    browser = Browser(client, who)
    page = browser.get(f"/reservations/{mine.public_id}/edit")
    service.change(boss, mine.public_id, Change(title="By the boss"))

    stale = browser.press(page, "Save the change")

    assert stale.status_code == 409
    assert "Since you opened this page the reservation was changed" in text_of(stale)
    alert = stale.text.split('role="alert"')[1].split("</section>")[0]
    assert "Youssef Berrada" in alert
    assert "By the boss" in alert
    assert only_reservation(browser.press(stale, "Save the change")).title == ""


def test_a_running_reservation_is_given_back(app: Flask, client: FlaskClient) -> None:
    mine = make.reservation(starts_at=make.at(8, days=0), ends_at=make.at(12, days=0))
    browser = Browser(client, make.actor(mine.person_id))
    with clock.frozen_at(clock.now() + timedelta(minutes=50)):
        show = browser.get(f"/reservations/{mine.public_id}")
        page = browser.get(f"/reservations/{mine.public_id}/edit")
        made = only_reservation(browser.press(page, "Release the rest now"))

    assert "Extend or release the rest" in show.text
    assert "Cancel the reservation" not in show.text
    assert made.local.ends_at == make.at(8, 45, days=0)


def test_a_change_that_waits_is_shown_and_taken_back(app: Flask, client: FlaskClient) -> None:
    lab = make.lab("L-1")
    asked = make.reservation(place=lab)
    manager = make.lab_manager(lab, "Nadia Chraïbi")
    service.approve(manager, asked.public_id, seen_version=1)
    browser = Browser(client, make.actor(asked.person_id))
    page = browser.get(f"/reservations/{asked.public_id}/edit?start=10:00&end=13:00")
    assert "Another time or place needs approval" in page.text

    sent = browser.press(page, "Save the change")
    waiting = browser.get(sent.location)
    assert "A change waits for approval." in text_of(waiting)
    assert "Nadia Chraïbi" in text_of(waiting)
    done = browser.press(waiting, "Withdraw the change")

    assert only_reservation(done).amendment is None
    again = browser.post(f"/reservations/{asked.public_id}/withdraw-change")
    assert "No change is waiting any more." in browser.get(again.location).text


def test_cancelling_asks_first_and_takes_a_reason(app: Flask, client: FlaskClient) -> None:
    mine = make.reservation()
    browser = Browser(client, make.actor(mine.person_id))
    asked = browser.get(f"/reservations/{mine.public_id}/cancel")
    assert make.details(mine.public_id).state is State.CONFIRMED

    too_long = browser.post(f"/reservations/{mine.public_id}/cancel", reason="x" * 501)
    sent = browser.post(f"/reservations/{mine.public_id}/cancel", reason="Ill")
    late = browser.post(f"/reservations/{mine.public_id}/cancel")

    assert "Cancel this reservation?" in text_of(asked)
    assert too_long.status_code == 422
    assert only_reservation(sent).closing_reason == "Ill"
    assert late.status_code == 409
    assert "This reservation is cancelled. Book again instead." in text_of(late)
    assert browser.get(f"/reservations/{mine.public_id}/cancel").status_code == 409
    assert browser.get(f"/reservations/{mine.public_id}/edit").status_code == 409


def test_the_houses_own_reason_is_said_in_words(app: Flask, client: FlaskClient) -> None:
    lab = make.lab(under=make.policy(needs_approval=True, holds_while_pending=False))
    first, second = make.reservation(place=lab), make.reservation(place=lab)
    service.approve(make.lab_manager(lab), first.public_id, seen_version=1, declines_others=True)

    page = Browser(client, make.actor(second.person_id)).get(f"/reservations/{second.public_id}")

    assert "Another request for the same time was approved." in page.text
    assert "another_was_approved" not in page.text


# --- who sees what ---


def test_strangers_get_404_and_colleagues_403(app: Flask, client: FlaskClient) -> None:
    atlas = make.organisation()
    mine = make.reservation(make.member_of(atlas), organisation_id=atlas.public_id)
    here = f"/reservations/{mine.public_id}"

    stranger = Browser(client, make.person())
    assert {stranger.get(here + page).status_code for page in ("", "/edit", "/cancel")} == {404}
    assert stranger.post(here + "/edit", resource="A-01").status_code == 404
    assert stranger.post(here + "/cancel").status_code == 404
    colleague = Browser(client, make.member_of(atlas))
    assert colleague.get(here).status_code == 200
    assert {colleague.get(here + page).status_code for page in ("/edit", "/cancel")} == {403}
    assert colleague.post(here + "/cancel").status_code == 403
    assert colleague.post(here + "/withdraw-change").status_code == 403


@pytest.mark.parametrize(
    ("role", "sees_history", "may_cancel"),
    [
        (make.lab_manager, True, True),
        (make.reception, False, False),
    ],
)
def test_the_house_sees_what_its_roles_allow(
    app: Flask,
    client: FlaskClient,
    role: Callable[..., Actor],
    sees_history: bool,
    may_cancel: bool,
) -> None:
    asked = make.reservation(place=make.lab())

    page = Browser(client, role(asked.place)).get(f"/reservations/{asked.public_id}").text

    assert ("History" in page) is sees_history
    assert ("/cancel" in page) is may_cancel
    assert "/edit" not in page


def test_why_a_request_was_declined_is_not_for_the_reception(
    app: Flask, client: FlaskClient
) -> None:
    lab = make.lab()
    asked = make.reservation(place=lab)
    manager, reception = make.lab_manager(lab, "Yasmine"), make.reception(lab)
    service.decline(manager, asked.public_id, seen_version=1, reason="Unpaid bills")

    for who, learns in ((manager, True), (reception, False)):
        page = Browser(client, who).get(f"/reservations/{asked.public_id}").text
        told = client.get(f"/api/v1/reservations/{asked.public_id}", headers=make.bearer(who)).text
        for text in (page, told):
            assert ("Unpaid bills" in text) is learns
            assert "eclined" in text
        assert ("Yasmine" in told) is learns


@pytest.mark.parametrize(("role", "changes"), [(make.operator, True), (make.auditor, False)])
def test_operators_change_and_auditors_look(
    app: Flask, client: FlaskClient, role: Callable[[], Actor], changes: bool
) -> None:
    mine = make.reservation()

    page = Browser(client, role()).get(f"/reservations/{mine.public_id}").text

    assert "History" in page
    assert ("/edit" in page) is changes


def test_nobody_who_is_not_signed_in_sees_anything(app: Flask, client: FlaskClient) -> None:
    mine = make.reservation()

    for path in ("/book", "/reservations", f"/reservations/{mine.public_id}"):
        answer = client.get(path)
        assert answer.status_code == 303
        assert "/sign-in" in answer.location


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_pages_come_in_every_language(app: Flask, client: FlaskClient, language: str) -> None:
    who = make.member_of(language=language)
    mine = make.reservation(who)
    browser = Browser(client, who)

    for path in ("", "/edit", "/cancel"):
        page = browser.get(f"/reservations/{mine.public_id}{path}")
        assert f'<html lang="{language}"' in page.text
