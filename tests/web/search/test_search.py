"""The search field finds what is there for the reader, and never tells of anything else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask.testing import FlaskClient

from booking.core.database import session
from booking.core.permissions import Actor, Scope
from booking.people.models import Person, PersonState
from tests import make
from tests.conftest import Statements
from tests.web.pages.crowd import crowd

Json = dict[str, Any]  # Any: what was answered is looked at, not typed
Counting = Callable[[], AbstractContextManager[Statements]]

SEARCH = "/api/v1/search"
PAGE_STATEMENTS = 6
KINDS = ("reservations", "resources", "people", "organisations")


def ask(client: FlaskClient, who: Actor, typed: str, **more: object) -> Json:
    answer = client.get(SEARCH, query_string={"q": typed, **more}, headers=make.bearer(who))
    assert answer.status_code == 200, answer.text
    found: Json = answer.get_json()
    return found


def names(found: Json) -> set[str]:
    """Everything that was found, by what it is called."""
    called = {"reservations": "reference", "resources": "code"}
    return {one[called.get(kind, "name")] for kind in KINDS for one in found[kind]}


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_everybody_finds_spaces_by_code_and_by_name(client: FlaskClient) -> None:
    make.resource("LAB-1", kind_code="lab")
    make.desk("A-01")
    who = make.person()
    assert names(ask(client, who, "lab-1")) == {"LAB-1"}
    assert names(ask(client, who, "DESK")) == {"A-01"}
    assert names(ask(client, who, "01 desk")) == {"A-01"}
    assert names(ask(client, who, "desk lab")) == set()
    page = make.signed_in(client, who).get("/search?q=desk")
    assert 'href="/spaces/A-01"' in page.text


def test_case_accents_and_arabic_spellings_do_not_matter(client: FlaskClient) -> None:
    startup = make.organisation("Électronique Médina")
    member = make.member_of(startup, name="Éloïse Benkirane")
    make.member_of(startup, name="أحمد الزيتوني")
    assert names(ask(client, member, "ELOISE")) == {"Éloïse Benkirane"}
    assert names(ask(client, member, "électronique medina")) == {"Électronique Médina"}
    assert names(ask(client, member, "احمد")) == {"أحمد الزيتوني"}


def test_a_code_that_begins_so_stands_before_one_that_holds_it(client: FlaskClient) -> None:
    for code in ("A-10", "B-A-1", "A-1"):
        make.desk(code)
    found = ask(client, make.person(), "a-1")
    assert [one["code"] for one in found["resources"]] == ["A-1", "A-10", "B-A-1"]
    fewer = ask(client, make.person(), "a-1", limit=2)
    assert [one["code"] for one in fewer["resources"]] == ["A-1", "A-10"]
    assert fewer["more"] == ["resources"]


class Everybody:
    """Two startups, a reservation of each, and one reader of each sort."""

    def __init__(self) -> None:
        self.lab = make.lab("LAB-1")
        self.atlas, self.souk = make.organisation("Atlas Star"), make.organisation("Souk Star")
        self.atlas_member = make.member_of(self.atlas, name="Salma Star")
        self.colleague = make.member_of(self.atlas, name="Karim Star")
        self.former = make.join(
            make.person("Omar Star"), self.atlas, until=make.at(0, days=-1).date()
        )
        self.souk_member = make.member_of(self.souk, name="Nour Star")
        self.gone = make.member_of(self.atlas, name="Gone Star")
        session().get_one(Person, self.gone.person_id).state = PersonState.DEACTIVATED
        session().commit()
        self.readers = {
            "member": self.atlas_member,
            "stranger": make.person("Lone"),
            "former": self.former,
            "lab manager": make.lab_manager(self.lab, "Manager"),
            "reception": make.reception(self.lab, "Desk clerk"),
            "operator": make.operator("Operator"),
            "auditor": make.auditor("Auditor"),
        }
        self.ours = make.reservation(
            self.colleague, make.desk("A-01"), organisation_id=self.atlas.public_id
        )
        self.theirs = make.reservation(
            self.souk_member, self.lab, organisation_id=self.souk.public_id
        )


COLLEAGUES = {"Salma Star", "Karim Star"}
ALL = {*COLLEAGUES, "Omar Star", "Nour Star", "Gone Star", "Atlas Star", "Souk Star"}
# What each reader finds under a word that everything has in its name, and which reservations.
MATRIX: dict[str, tuple[set[str], set[str]]] = {
    "member": ({*COLLEAGUES, "Atlas Star"}, {"ours"}),
    "stranger": (set(), set()),
    "former": ({"Omar Star"}, set()),
    "lab manager": (set(), {"theirs"}),
    "reception": (set(), {"ours", "theirs"}),
    "operator": (ALL, {"ours", "theirs"}),
    "auditor": (ALL, {"ours", "theirs"}),
}


def test_nobody_learns_of_what_they_may_not_see(client: FlaskClient) -> None:
    everybody = Everybody()
    references = {
        "ours": everybody.ours.reference,
        "theirs": everybody.theirs.reference,
    }
    for reader, (known, reservations) in MATRIX.items():
        who = everybody.readers[reader]
        assert names(ask(client, who, "star")) == known, reader
        for name, reference in references.items():
            found = names(ask(client, who, reference))
            assert found == ({reference} if name in reservations else set()), (reader, name)
            page = make.signed_in(client, who).get(f"/search?q={reference}")
            assert page.status_code == (302 if name in reservations else 200), (reader, name)


def test_an_address_is_for_operators_and_auditors(client: FlaskClient) -> None:
    everybody = Everybody()
    shown = ask(client, everybody.readers["operator"], "salma")["people"]
    assert shown[0]["email"].endswith("@example.com")
    assert shown[0]["organisations"] == ["Atlas Star"]
    page = make.signed_in(client, everybody.readers["operator"]).get("/search?q=salma").text
    assert f'href="/operator/people/{shown[0]["id"]}"' in page
    by_address = ask(client, everybody.readers["auditor"], shown[0]["email"])
    assert names(by_address) == {"Salma Star"}
    assert "email" not in ask(client, everybody.colleague, "salma")["people"][0]
    assert names(ask(client, everybody.colleague, shown[0]["email"])) == set()
    page = make.signed_in(client, everybody.colleague).get("/search?q=salma").text
    assert "Salma Star" in page
    assert "/operator/people/" not in page
    reading = make.bearer(everybody.readers["operator"], Scope.READ)
    assert client.get(f"{SEARCH}?q=salma", headers=reading).get_json()["people"] == []


def test_a_reference_leads_straight_to_its_reservation(client: FlaskClient) -> None:
    member = make.member_of()
    made = make.reservation(member)
    make.signed_in(client, member)
    reference = made.reference
    for typed in (reference, reference.lower(), f" {reference[:3]} {reference[3:]} "):
        answer = client.get("/search", query_string={"q": typed})
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/reservations/{made.public_id}"
    assert client.get(f"/search?q={reference[:5]}").status_code == 200


def test_who_was_anonymised_is_found_by_nobody(client: FlaskClient) -> None:
    gone = make.person("Gone Star")
    session().get_one(Person, gone.person_id).state = PersonState.ANONYMISED
    session().commit()
    assert names(ask(client, make.operator(), "gone")) == set()


def test_nothing_found_says_what_else_can_be_done(client: FlaskClient) -> None:
    make.signed_in(client, make.person())
    page = client.get("/search?q=nowhere")
    assert "Nothing was found." in text_of(page.text)
    assert 'href="/find"' in page.text
    assert "Nothing was found." not in text_of(client.get("/search").text)


def test_what_was_typed_stays_text(client: FlaskClient) -> None:
    make.signed_in(client, make.person())
    page = client.get("/search", query_string={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


STRANGE = (
    "%00",
    "%ED%A0%80",
    "%",
    "_",
    "%25",
    "%5C",
    "'",
    "%27%20OR%201=1--",
    "x" * 5000,
    "%E2%80%AE",
)


def test_strange_words_find_nothing_and_do_no_harm(client: FlaskClient) -> None:
    make.member_of(make.organisation("Atlas"), name="Salma")
    make.desk("A-01")
    operator = make.operator("Operator")
    headers = make.bearer(operator)
    make.signed_in(client, operator)
    for typed in STRANGE:
        assert client.get(f"/search?q={typed}").status_code == 200, typed
        answer = client.get(f"{SEARCH}?q={typed}", headers=headers)
        assert answer.status_code in {200, 422}, typed
        if answer.status_code == 200:
            assert names(answer.get_json()) == set(), typed
    for query in ("", "q=", "q=%20", "q=a&q=b", "q=a&limit=0", "q=a&limit=51", "q=a&other=1"):
        assert client.get(f"{SEARCH}?{query}", headers=headers).status_code == 422, query


def test_a_token_needs_the_scope_to_read(client: FlaskClient) -> None:
    who = make.person()
    for scope, status in ((Scope.READ, 200), (Scope.WRITE, 403)):
        answer = client.get(f"{SEARCH}?q=a", headers=make.bearer(who, scope))
        assert answer.status_code == status
    assert client.get(f"{SEARCH}?q=a").status_code == 401


@pytest.mark.parametrize("spaces", [8, 80])
def test_a_search_takes_the_same_number_of_statements_in_any_park(
    client: FlaskClient, count_statements: Counting, spaces: int
) -> None:
    found = crowd(spaces=spaces, reservations=spaces)
    make.signed_in(client, found.member)
    with count_statements() as sent:
        assert client.get("/search?q=a").status_code == 200
    assert sent.count == PAGE_STATEMENTS, sent


def test_an_organisation_leads_to_the_page_that_the_reader_may_see(client: FlaskClient) -> None:
    startup = make.organisation("Souk Pay")
    own, run = (
        f'href="/organisation/{startup.public_id}"',
        f'href="/operator/organisations/{startup.public_id}"',
    )
    for who, link in (
        (make.member_of(startup), own),
        (make.auditor(), own),
        (make.operator(), run),
    ):
        page = make.signed_in(client, who).get("/search?q=souk").text
        assert link in page
        address = link.removeprefix('href="').removesuffix('"')
        assert client.get(address).status_code == 200
