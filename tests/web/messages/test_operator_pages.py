"""The operator sees which messages there are, and each one as it would look."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from booking import worker
from booking.core.database import end_reading, session, transaction
from booking.journal.models import JournalLine
from booking.messages.models import Message, MessageKind, MessageState
from booking.messages.views import PAGE_SIZE
from booking.reservations import service as reservations
from tests import make
from tests.conftest import Statements
from tests.forms import post

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def operator(client: FlaskClient) -> FlaskClient:
    """The operator's browser."""
    return make.signed_in(client, make.operator())


def _work(app: Flask) -> None:
    end_reading()
    worker.until_nothing_is_due(app)
    end_reading()


def _id_of(kind: MessageKind) -> int:
    found = session().scalar(select(Message.id).where(Message.kind == kind).order_by(Message.id))
    assert found is not None
    return found


def test_the_list_shows_what_is_kept_and_what_is_planned(app: Flask, operator: FlaskClient) -> None:
    make.reservation(make.person("Amal Benali"))
    _work(app)
    page = operator.get("/operator/messages").text
    assert "Reservation confirmed" in page
    assert "Reminder" in page
    assert "Amal Benali" in page
    assert "All (3)" in page
    assert "Planned (2)" in page


def test_the_list_is_filtered_by_state(app: Flask, operator: FlaskClient) -> None:
    make.reservation()
    _work(app)
    page = operator.get("/operator/messages?state=planned").text
    assert "Reservation confirmed" not in page
    assert page.count('class="list-link"') == 2
    assert operator.get("/operator/messages?state=refused").text.count("Clear filters") == 1


@pytest.mark.parametrize(
    "query", ["state=nothing", "page=0", "page=-1", "page=x", "page=99999999999999999999", "page=²"]
)
def test_a_strange_address_still_shows_the_list(operator: FlaskClient, query: str) -> None:
    assert operator.get(f"/operator/messages?{query}").status_code == 200


def test_the_list_has_pages(app: Flask, operator: FlaskClient) -> None:
    desk = make.desk(open_at=make.around_the_clock())
    for hour in range(PAGE_SIZE // 3 + 1):
        make.reservation(place=desk, starts_at=make.at(hour, days=2))
    _work(app)
    first = operator.get("/operator/messages").text
    assert first.count('class="list-link"') == PAGE_SIZE
    assert "page=2" in first
    assert operator.get("/operator/messages?page=2").text.count('class="list-link"') == 1


def test_the_list_takes_as_many_statements_for_many_messages_as_for_few(
    app: Flask,
    operator: FlaskClient,
    count_statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    desk = make.desk()
    counts = []
    for hours in ((9, 10), (11, 12, 13, 14, 15)):
        for hour in hours:
            make.reservation(place=desk, starts_at=make.at(hour, days=2))
        _work(app)
        with count_statements() as found:
            operator.get("/operator/messages")
        counts.append(found.count)
    assert counts[0] == counts[1]


def test_a_kept_message_is_shown_as_text_and_in_a_frame(app: Flask, operator: FlaskClient) -> None:
    make.reservation(make.person(language="ar"), title=HOSTILE)
    _work(app)
    number = _id_of(MessageKind.CONFIRMED)
    page = operator.get(f"/operator/messages/{number}")
    assert 'lang="ar" dir="rtl"' in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert HOSTILE not in page.text
    assert f'<iframe src="/operator/messages/{number}/html"' in page.text
    assert page.headers["Content-Security-Policy"].endswith("; frame-src 'self'")


def test_the_frame_may_show_its_own_styles_and_nothing_else(
    app: Flask, operator: FlaskClient
) -> None:
    make.reservation(title=HOSTILE)
    _work(app)
    answer = operator.get(f"/operator/messages/{_id_of(MessageKind.CONFIRMED)}/html")
    assert HOSTILE not in answer.text
    assert "&lt;script&gt;" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy


def test_a_planned_reminder_is_shown_as_it_would_look(app: Flask, operator: FlaskClient) -> None:
    made = make.reservation(title="Team day")
    _work(app)
    page = operator.get(f"/operator/messages/{_id_of(MessageKind.REMINDER)}").text
    assert "It is not sent yet" in page
    assert "Team day" in page
    assert made.reference in page


def test_a_withdrawn_message_is_shown_without_a_text(app: Flask, operator: FlaskClient) -> None:
    who = make.person()
    made = make.reservation(who)
    _work(app)
    operator_page = f"/operator/messages/{_id_of(MessageKind.REMINDER)}"
    reservations.cancel(who, made.public_id)
    _work(app)
    page = operator.get(operator_page).text
    assert "no longer true" in page
    assert "<iframe" not in page
    assert operator.get(f"{operator_page}/html").status_code == 404


@pytest.mark.parametrize("number", ["0", "999", "99999999999999999999"])
def test_a_message_that_is_not_there_is_not_found(operator: FlaskClient, number: str) -> None:
    assert operator.get(f"/operator/messages/{number}").status_code == 404
    assert operator.get(f"/operator/messages/{number}/html").status_code == 404


@pytest.mark.parametrize("path", ["messages", "messages/1", "messages/1/html", "samples"])
def test_only_operators_see_messages(app: Flask, client: FlaskClient, path: str) -> None:
    assert client.get(f"/operator/{path}").status_code == 303
    make.signed_in(client, make.auditor())
    assert client.get(f"/operator/{path}").status_code == 403


def test_a_message_is_looked_at_in_another_language(app: Flask, operator: FlaskClient) -> None:
    made = make.reservation(make.person(language="ar"), title=HOSTILE)
    _work(app)
    number = _id_of(MessageKind.CONFIRMED)
    page = operator.get(f"/operator/messages/{number}?language=fr").text
    assert "Réservation confirmée" in page
    assert made.reference in page
    assert "how it would look today" in page
    assert HOSTILE not in page
    assert f'src="/operator/messages/{number}/html?language=fr"' in page
    assert 'lang="fr"' in operator.get(f"/operator/messages/{number}/html?language=fr").text


def test_a_strange_language_is_the_recipients(app: Flask, operator: FlaskClient) -> None:
    make.reservation(make.person(language="ar"))
    _work(app)
    page = operator.get(f"/operator/messages/{_id_of(MessageKind.CONFIRMED)}?language=xx").text
    assert 'lang="ar" dir="rtl"' in page


def test_each_kind_has_its_page_even_before_anything_has_happened(
    app: Flask, operator: FlaskClient
) -> None:
    index = operator.get("/operator/samples").text
    for kind in app.extensions["work"].catalogue.types:
        assert f'href="/operator/samples/{kind.value}"' in index
        page = operator.get(f"/operator/samples/{kind.value}?language=ar")
        assert page.status_code == 200
        assert "Nothing of this kind has happened yet" in page.text
    assert operator.get("/operator/samples/confirmed/html").status_code == 404
    assert operator.get("/operator/samples/gossip").status_code == 404


def test_a_sample_is_made_from_what_has_happened(app: Flask, operator: FlaskClient) -> None:
    make.reservation()
    make.reservation(place=make.lab())
    _work(app)
    for kind in ("confirmed", "requested", "reminder", "approval_waiting", "approval_late"):
        page = operator.get(f"/operator/samples/{kind}?language=ar").text
        assert 'lang="ar" dir="rtl"' in page, kind
        frame = operator.get(f"/operator/samples/{kind}/html?language=ar")
        assert 'lang="ar" dir="rtl"' in frame.text
        assert "frame-ancestors 'self'" in frame.headers["Content-Security-Policy"]


# --- trying again ---


def _refused(app: Flask) -> int:
    make.reservation(make.person("Amal Benali"))
    _work(app)
    message_id = _id_of(MessageKind.CONFIRMED)
    with transaction() as current:
        current.execute(
            update(Message)
            .where(Message.id == message_id)
            .values(state=MessageState.REFUSED, last_error="550 no such mailbox", attempts=3)
        )
    return message_id


def _journaled() -> list[str]:
    statement = select(JournalLine.subject_id).where(JournalLine.act == "message_tried_again")
    return list(session().scalars(statement))


def test_a_refused_message_is_tried_again_and_the_journal_says_so(
    app: Flask, operator: FlaskClient
) -> None:
    message_id = _refused(app)
    here = f"/operator/messages/{message_id}"
    for page in (here, "/operator/messages?state=refused"):
        assert f'action="{here}/try-again"' in operator.get(page).text
    answer = post(operator, here, f"{here}/try-again")
    assert (answer.status_code, answer.location) == (303, here)
    assert "tried again with the next run" in operator.get(here).text
    _work(app)
    message = session().get_one(Message, message_id, populate_existing=True)
    assert (message.state, message.attempts) == (MessageState.KEPT, 1)
    assert _journaled() == [str(message_id)]
    assert "Let a message be tried again" in operator.get("/operator/journal").text


def test_a_message_that_went_out_is_not_sent_twice(app: Flask, operator: FlaskClient) -> None:
    make.reservation()
    _work(app)
    here = f"/operator/messages/{_id_of(MessageKind.CONFIRMED)}"
    assert "try-again" not in operator.get(here).text
    answer = post(operator, "/operator/jobs", f"{here}/try-again")
    assert answer.status_code == 303
    assert "no reason to try this message again" in operator.get(here).text
    assert _journaled() == []
