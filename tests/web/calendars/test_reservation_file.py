"""One reservation as a calendar file."""

from __future__ import annotations

import icalendar
import pytest
from flask.testing import FlaskClient

from booking.core import ids
from tests import make


def path_of(public_id: str) -> str:
    return f"/reservations/{public_id}.ics"


def test_it_is_the_same_event_as_in_the_feed(client: FlaskClient) -> None:
    who = make.member_of()
    made = make.reservation(who, title="Soldering; a, b")
    make.reservation(who, make.desk())
    in_the_feed = icalendar.Calendar.from_ical(client.get(make.feed_address(who)).data)
    answer = make.signed_in(client, who).get(path_of(made.public_id))
    calendar = icalendar.Calendar.from_ical(answer.data)
    (event,) = calendar.walk("VEVENT")
    assert event["UID"] == f"{made.public_id}@booking.example"
    assert event in in_the_feed.walk("VEVENT")
    assert calendar["METHOD"] == "PUBLISH"
    # A name would make it a calendar of its own beside the reader's.
    assert not {"NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL"} & set(calendar)


def test_it_is_saved_under_its_reference(client: FlaskClient) -> None:
    who = make.member_of()
    made = make.reservation(who)
    answer = make.signed_in(client, who).get(path_of(made.public_id))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="reservation-{made.reference}.ics"'
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_speaks_the_language_of_whoever_saves_it(client: FlaskClient) -> None:
    who = make.member_of(language="ar")
    made = make.reservation(who, make.desk())
    answer = make.signed_in(client, who).get(path_of(made.public_id))
    (event,) = icalendar.Calendar.from_ical(answer.data).events
    assert event.categories == ["مكتب"]


def test_whoever_may_see_it_may_save_it_and_only_the_holders_is_private(
    client: FlaskClient,
) -> None:
    startup = make.organisation()
    holder, colleague = make.member_of(startup), make.member_of(startup)
    made = make.reservation(holder, organisation_id=startup.public_id)
    for who, is_private in ((holder, True), (colleague, False)):
        answer = make.signed_in(client, who).get(path_of(made.public_id))
        (event,) = icalendar.Calendar.from_ical(answer.data).walk("VEVENT")
        assert ("CLASS" in event) is is_private


def test_for_a_stranger_it_does_not_exist(client: FlaskClient) -> None:
    made = make.reservation()
    stranger = make.signed_in(client, make.member_of())
    assert stranger.get(path_of(made.public_id)).status_code == 404
    assert stranger.get(path_of(ids.new_public_id())).status_code == 404
    assert stranger.get(path_of("nothing")).status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_without_signing_in_there_is_no_file(client: FlaskClient, method: str) -> None:
    made = make.reservation()
    answer = client.open(path_of(made.public_id), method=method)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")
