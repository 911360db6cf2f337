"""The operator sets what the house says of itself, and it is said everywhere."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from booking import worker
from booking.core.database import end_reading
from booking.core.permissions import Scope
from booking.house import queries
from booking.house.rules import Retention
from tests import make
from tests.forms import post
from tests.mail_server import Inbox
from tests.working import inbox, use_mail

__all__ = ["inbox", "use_mail"]

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def operator(client: FlaskClient) -> FlaskClient:
    """The operator's browser, in a park with a site."""
    make.site()
    return make.signed_in(client, make.operator())


def _send(browser: FlaskClient, what: str, **values: object) -> tuple[int, str]:
    answer = post(browser, "/operator/settings", f"/operator/settings/{what}", **values)
    return answer.status_code, answer.text


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), (80, 60, 200)).save(file, "PNG")
    return file.getvalue()


def test_the_name_stands_on_every_page_in_the_readers_language(
    app: Flask, operator: FlaskClient
) -> None:
    names = {"names.fr": "Parc Anfa", "names.ar": "مجمع أنفا", "names.en": HOSTILE}
    shown = operator.get("/operator/site").text
    (seen,) = re.findall(r'name="seen"[^>]* value="([^"]+)"', shown)
    others = {"zone": "Africa/Casablanca", "country": "MA", "currency": "MAD"}
    days = {"first_weekday": 0, "weekend": [5, 6]}
    sent = {**names, **others, **days, "seen": seen}
    assert post(operator, "/operator/site", **sent).status_code == 303
    page = operator.get("/profile").text
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    french = app.test_client().get("/sign-in", headers={"Accept-Language": "fr"})
    assert "Parc Anfa" in french.text


def test_the_name_is_changed_in_one_place_to_which_the_settings_lead(operator: FlaskClient) -> None:
    page = operator.get("/operator/settings").text
    assert 'href="/operator/site"' in page
    assert "Casablanca Tech Valley" not in re.findall(r'<input[^>]*value="([^"]*)"', page)


def test_a_logo_is_written_anew_and_served_for_ever(operator: FlaskClient) -> None:
    sent = (io.BytesIO(_picture()), "logo.png")
    assert _send(operator, "logo", logo=sent)[0] == 303
    page = operator.get("/profile").text
    address = page.partition('class="logo-picture" src="')[2].partition('"')[0]
    answer = operator.get(address)
    assert answer.mimetype == "image/webp"
    assert "immutable" in answer.headers["Cache-Control"]
    assert Image.open(io.BytesIO(answer.data)).size == (60, 40)
    assert _send(operator, "logo/remove")[0] == 303
    assert operator.get(address).status_code == 404
    assert "logo-picture" not in operator.get("/profile").text


def test_what_is_no_picture_is_refused(operator: FlaskClient) -> None:
    status, page = _send(operator, "logo", logo=(io.BytesIO(b"<svg/>"), "logo.svg"))
    assert status == 422
    assert "no PNG, JPEG or WebP" in page
    assert _send(operator, "logo")[0] == 422
    for digest in ("x", "..", "%00", "é" * 16):
        assert operator.get(f"/logo/{digest}.webp").status_code == 404


def test_who_answers_for_data_stands_on_the_page_about_it(
    app: Flask, operator: FlaskClient
) -> None:
    values = {"name": "Anfa SA", "address": "Casablanca", "contact": "dpo@anfa.example",
              "cndp_receipt": "D-W-12/2026"}  # fmt: skip
    assert _send(operator, "controller", **values)[0] == 303
    assert _send(operator, "legal-notice", **{"notice-en": HOSTILE})[0] == 303
    page = app.test_client().get("/privacy", headers={"Accept-Language": "en"}).text
    for words in values.values():
        assert words in page
    assert "&lt;script&gt;" in page
    assert HOSTILE not in page


def test_how_long_data_is_kept_has_limits(app: Flask, operator: FlaskClient) -> None:
    values = {"closed_accounts_months": "6", "purposes_months": "", "messages_days": "14",
              "sign_ins_days": "60", "views_months": "6", "journal_years": "3"}  # fmt: skip
    assert _send(operator, "retention", **values)[0] == 303
    end_reading()
    assert queries.retention() == Retention(6, None, 14, 60, 6, 3)
    status, page = _send(operator, "retention", **{**values, "journal_years": "1"})
    assert status == 422
    assert "from 2 to 30" in page
    for wrong in ("x", "9" * 40, "-1"):
        assert _send(operator, "retention", **{**values, "messages_days": wrong})[0] == 422
    assert "6 months after the account is closed" in operator.get("/privacy").text


def test_the_test_message_goes_the_way_of_all_messages(
    app: Flask, operator: FlaskClient, inbox: Inbox
) -> None:
    assert "Planned" not in operator.get("/operator/settings").text
    assert _send(operator, "mail-test")[0] == 303
    assert "Planned" in operator.get("/operator/settings").text
    end_reading()
    worker.until_nothing_is_due(app)
    assert len(inbox.mails) == 1
    assert "goes out" in str(inbox.mails[0]["Subject"])
    assert "Sent" in operator.get("/operator/settings").text


def test_without_a_mail_server_the_page_says_what_to_set(operator: FlaskClient) -> None:
    assert "SMTP_HOST" in operator.get("/operator/settings").text


def test_only_operators_change_settings(client: FlaskClient) -> None:
    make.signed_in(client, make.auditor())
    assert client.get("/operator/settings").status_code == 403
    assert post(client, "/profile", "/operator/settings/logo").status_code == 403


def test_the_api_replaces_what_it_names_or_nothing(app: Flask, client: FlaskClient) -> None:
    make.site()
    headers = make.bearer(make.operator(), Scope.ADMIN)
    changed = client.patch(
        "/api/v1/settings",
        headers=headers,
        json={"names": {"fr": "Parc Anfa"}, "controller": {"name": "Anfa SA"}},
    )
    assert changed.status_code == 200
    found = client.get("/api/v1/settings", headers=headers).json
    assert found is not None
    assert (found["names"], found["controller"]["name"]) == ({"fr": "Parc Anfa"}, "Anfa SA")
    kept = {**found["retention"], "journal_years": 1}
    wrong = {"names": {"fr": "Parc Rabat"}, "retention": kept}
    assert client.patch("/api/v1/settings", headers=headers, json=wrong).status_code == 422
    assert queries.house().names == {"fr": "Parc Anfa"}
