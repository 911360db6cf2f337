"""The profile in a browser, on both engines."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from booking.core.permissions import Actor, Role, Scope
from booking.people import feeds, passwords, queries, service, sessions, tokens
from booking.people.models import FeedDetail
from tests import forms, make
from tests.conftest import Statements

PASSWORD = "tagine et nuages violets"
OTHER = "neuf tortues sous la pluie"
ADDRESS = re.compile(r'value="(http://[^"]+/ical/[\w-]{43}\.ics)"')
TOKEN = re.compile(r'value="(bk_[\w-]{43})"')


@pytest.fixture(scope="module")
def hashed() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def salma(client: FlaskClient, hashed: str) -> Actor:
    """Salma, signed in with the client."""
    make.site()
    person = make.person("Salma", password_hash=hashed)
    make.signed_in(client, person)
    return person


def test_the_profile_shows_the_account(client: FlaskClient, salma: Actor) -> None:
    make.join(salma, make.organisation("Atlas <Robotics>"))
    page = client.get("/profile").text
    for text in ("Salma", salma.email, "Atlas &lt;Robotics&gt;", "This browser"):
        assert text in page


def test_what_has_no_room_in_a_phones_menu_stands_on_the_profile(
    client: FlaskClient, salma: Actor
) -> None:
    assert "more-pages" not in client.get("/profile").text
    make.grant(salma, Role.OPERATOR)
    page = client.get("/profile").text
    more = page[page.index('class="more-pages"') :].partition("</nav>")[0]
    assert 'href="/operator"' in more


def test_the_profile_asks_the_same_few_questions_however_much_it_shows(
    client: FlaskClient,
    salma: Actor,
    count_statements: Callable[[], AbstractContextManager[Statements]],
) -> None:
    with count_statements() as few:
        client.get("/profile")
    for number in range(20):
        tokens.make_token(salma, name=f"{number}", scopes=[Scope.READ])
        feeds.make_feed(salma, name=f"{number}", detail=FeedDetail.FULL, language="fr")
    with count_statements() as many:
        client.get("/profile")
    assert many.count == few.count <= 10, many


def test_the_saved_language_wins_over_the_one_of_this_browser(
    client: FlaskClient, salma: Actor
) -> None:
    forms.post(client, "/profile", "/language", language="fr")
    answer = forms.post(client, "/profile", "/profile/language", language="ar")
    assert (answer.status_code, answer.location) == (303, "/profile")
    assert '<html lang="ar" dir="rtl"' in client.get("/profile").text
    assert queries.person_by_id(salma.person_id).language == "ar"


def test_an_unknown_language_is_refused(client: FlaskClient, salma: Actor) -> None:
    answer = forms.post(client, "/profile", "/profile/language", language="de")
    assert answer.status_code == 422
    assert queries.person_by_id(salma.person_id).language == "en"


# --- password ---


def test_a_new_password_signs_every_other_browser_out(client: FlaskClient, salma: Actor) -> None:
    other = make.signed_in(client.application.test_client(), salma)
    before = client.get_cookie("sid")
    fields = {"current": PASSWORD, "password": OTHER, "again": OTHER}
    answer = forms.post(client, "/profile/password", **fields)
    assert (answer.status_code, answer.location) == (303, "/profile")
    assert client.get("/profile").status_code == 200
    assert other.get("/profile").status_code == 303
    after = client.get_cookie("sid")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    copy = client.application.test_client()
    copy.set_cookie("sid", before.value)
    assert copy.get("/profile").status_code == 303
    service.sign_in(salma.email, OTHER, device="")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (("wrong words", OTHER, OTHER), "This is not your current password."),
        ((PASSWORD, "short", "short"), "at least 12 characters"),
        ((PASSWORD, "password1234", "password1234"), "easy to guess"),
        ((PASSWORD, OTHER, OTHER + "!"), "The two passwords are not the same."),
    ],
)
def test_a_refused_change_names_its_field_and_changes_nothing(
    client: FlaskClient, salma: Actor, fields: tuple[str, str, str], said: str
) -> None:
    named = dict(zip(("current", "password", "again"), fields, strict=True))
    answer = forms.post(client, "/profile/password", **named)
    assert answer.status_code == 422
    assert said in answer.text
    assert not any(f'value="{field}"' in answer.text for field in fields)
    service.sign_in(salma.email, PASSWORD, device="")


# --- sessions ---


def test_one_browser_or_all_others_can_be_signed_out(client: FlaskClient, salma: Actor) -> None:
    others = [make.signed_in(client.application.test_client(), salma) for _ in range(3)]
    oldest = min(seen.id for seen in sessions.running(salma, None)) + 1
    forms.post(client, "/profile", f"/profile/sessions/{oldest}/end")
    assert [other.get("/profile").status_code for other in others] == [303, 200, 200]
    forms.post(client, "/profile", "/profile/sessions/end-others")
    assert [other.get("/profile").status_code for other in others] == [303, 303, 303]
    assert client.get("/profile").status_code == 200


@pytest.mark.parametrize("number", ["0", "999999", "2147483648", "9" * 30, "-1", "x"])
def test_a_session_that_is_not_ones_own_is_not_there(
    client: FlaskClient, salma: Actor, number: str
) -> None:
    answer = forms.post(client, "/profile", f"/profile/sessions/{number}/end")
    assert answer.status_code == 404


# --- calendar addresses ---


def test_a_calendar_address_is_shown_once_and_works(client: FlaskClient, salma: Actor) -> None:
    forms_fields = {"name": "My <phone>", "detail": "full", "language": "ar"}
    page = forms.post(client, "/profile/feeds", **forms_fields)
    assert page.status_code == 200
    found = ADDRESS.search(page.text)
    assert found
    address = found[1]
    assert address.replace("http://", "webcal://") in page.text
    assert 'src="data:image/svg+xml' in page.text
    assert "12 to 24 hours" in page.text
    assert client.get(urlsplit(address).path).status_code == 200
    listed = client.get("/profile").text
    assert "My &lt;phone&gt;" in listed
    assert "/ical/" not in listed


def test_a_secret_travels_in_no_address_and_no_cookie(client: FlaskClient, salma: Actor) -> None:
    fields = {"name": "x", "detail": "full", "language": "fr"}
    page = forms.post(client, "/profile/feeds", **fields)
    found = ADDRESS.search(page.text)
    assert found
    secret = found[1].rsplit("/", 1)[1].removesuffix(".ics")
    assert page.headers["Cache-Control"] == "no-store"
    assert "Location" not in page.headers
    assert secret not in str(page.headers)


def test_reloading_the_page_of_a_new_address_makes_no_second_one(
    client: FlaskClient, salma: Actor
) -> None:
    fields = {"name": "x", "detail": "full", "language": "fr", "idempotency_key": "k1"}
    assert forms.post(client, "/profile/feeds", **fields).status_code == 200
    again = forms.post(client, "/profile/feeds", **fields)
    assert (again.status_code, again.location) == (303, "/profile#feeds")
    assert "shown only once" in client.get("/profile").text
    assert len(feeds.feeds_of(salma)) == 1
    odd = forms.post(client, "/profile/feeds", **{**fields, "idempotency_key": "\0"})
    assert odd.status_code == 200


def test_an_address_can_be_replaced_and_deleted(client: FlaskClient, salma: Actor) -> None:
    made, secret = feeds.make_feed(salma, name="x", detail=FeedDetail.FULL, language="fr")
    rotate, revoke = (f"/profile/feeds/{made.public_id}/{act}" for act in ("rotate", "revoke"))
    found = ADDRESS.search(forms.post(client, rotate).text)
    assert found
    fresh = urlsplit(found[1]).path
    assert client.get(f"/ical/{secret}.ics").status_code == 404
    assert client.get(fresh).status_code == 200
    assert forms.post(client, revoke).status_code == 303
    assert client.get(fresh).status_code == 404
    assert client.get(revoke).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "Enter a name by which you will recognise it."),
        ("name", "\0\n", "Please fill this in."),
        ("name", "x" * 81, "at most 80 characters"),
        ("detail", "everything", "Please check these entries:"),
        ("language", "de", "Please check these entries:"),
    ],
)
def test_an_address_that_cannot_be_made_names_its_field(
    client: FlaskClient, salma: Actor, field: str, value: str, said: str
) -> None:
    fields = {"name": "x", "detail": "full", "language": "fr", field: value}
    answer = forms.post(client, "/profile/feeds", **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert feeds.feeds_of(salma) == []


# --- tokens ---


def test_a_token_is_shown_once_and_works_until_it_is_deleted(
    client: FlaskClient, salma: Actor
) -> None:
    page = forms.post(client, "/profile/tokens", name="Door", scopes=["read", "write"])
    assert page.status_code == 200
    found = TOKEN.search(page.text)
    assert found
    headers = {"Authorization": f"Bearer {found[1]}"}
    machine = client.application.test_client()
    assert machine.get("/api/v1/me", headers=headers).status_code == 200
    assert found[1] not in client.get("/profile").text
    public_id = tokens.tokens_of(salma)[0].public_id
    assert forms.post(client, f"/profile/tokens/{public_id}/revoke").status_code == 303
    assert machine.get("/api/v1/me", headers=headers).status_code == 401


@pytest.mark.parametrize("scopes", [[], ["admin"], ["decide"], ["read", "x"]])
def test_a_member_is_offered_and_given_a_members_scopes_only(
    client: FlaskClient, salma: Actor, scopes: list[str]
) -> None:
    assert "Run the park" not in client.get("/profile/tokens").text
    answer = forms.post(client, "/profile/tokens", name="x", scopes=scopes)
    assert answer.status_code == 422
    assert tokens.tokens_of(salma) == []


def test_a_token_does_not_open_the_profile(client: FlaskClient, salma: Actor) -> None:
    """It would make itself stronger ones there, and needs no CSRF token."""
    machine = client.application.test_client()
    headers = make.bearer(salma, *Scope)
    assert machine.get("/profile", headers=headers).status_code == 403
    fields = {"name": "x", "scopes": "admin"}
    for path in ("/profile/tokens", "/profile/feeds", "/profile/password"):
        assert machine.post(path, data=fields, headers=headers).status_code == 403
    assert len(tokens.tokens_of(salma)) == 1


def test_what_belongs_to_others_is_not_there(client: FlaskClient, salma: Actor) -> None:
    stranger = make.person("Stranger")
    feed, _ = feeds.make_feed(stranger, name="x", detail=FeedDetail.FULL, language="fr")
    token, _ = tokens.make_token(stranger, name="x", scopes=[Scope.READ])
    for path in (
        f"/profile/feeds/{feed.public_id}/rotate",
        f"/profile/feeds/{feed.public_id}/revoke",
        f"/profile/tokens/{token.public_id}/revoke",
    ):
        assert client.get(path).status_code == 404
        assert forms.post(client, "/profile", path).status_code == 404
    assert (len(feeds.feeds_of(stranger)), len(tokens.tokens_of(stranger))) == (1, 1)
