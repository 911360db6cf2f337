"""Files on the operator's pages and in the API, and who may have them."""

from __future__ import annotations

import io
import re

import pytest
from flask.testing import FlaskClient

from booking.core.permissions import Actor
from booking.spaces import inventory
from tests import make
from tests.forms import token

PAGE = "/operator/files"
API = "/api/v1/imports/buildings"
FILE = "code;name_fr\nA;Bâtiment A\n".encode()


@pytest.fixture
def operator(client: FlaskClient) -> Actor:
    make.site()
    return make.operator()


def upload(client: FlaskClient, octets: bytes, subject: str = "buildings") -> str:
    answer = client.post(
        f"{PAGE}/imports",
        data={
            "csrf_token": token(client, PAGE),
            "subject": subject,
            "file": (io.BytesIO(octets), "park.csv"),
        },
    )
    return str(answer.location) if answer.status_code == 303 else answer.text


def test_a_file_is_tried_out_and_then_imported_by_one_button(
    client: FlaskClient, operator: Actor
) -> None:
    make.signed_in(client, operator)
    report = upload(client, FILE)
    page = client.get(report)
    assert "Import 1 line" in page.text
    assert inventory.buildings() == []
    done = client.post(report, data={"csrf_token": token(client, report)})
    assert (done.status_code, done.location) == (303, PAGE)
    assert "1 line was imported." in client.get(PAGE).text
    assert client.get(report).status_code == 404
    again = client.get(upload(client, FILE)).text
    assert "There is nothing to import." in again


def test_wrong_lines_are_named_with_a_way_out_and_there_is_no_button(
    client: FlaskClient, operator: Actor
) -> None:
    make.signed_in(client, operator)
    report = upload(client, b"building,level,name_fr\n<b>,1,x\nNO,y,x\n", "floors")
    page = client.get(f"{report}?show=error").text
    assert "2 lines are wrong" in page
    assert "Import buildings first." in page
    assert "&lt;b&gt; 1" in page
    assert "Import 0" not in page
    assert client.post(report, data={"csrf_token": token(client, PAGE)}).status_code == 303


def test_a_file_that_cannot_be_read_is_refused_beside_its_field(
    client: FlaskClient, operator: Actor
) -> None:
    make.signed_in(client, operator)
    assert "Line 2: The file is not written in UTF-8." in upload(
        client, "code\nÉ".encode("latin-1")
    )
    assert "unknown: colour" in upload(client, b"code,colour\nA,red")
    assert "The file is empty." in upload(client, b"")


def test_only_these_routes_take_large_files(client: FlaskClient, operator: Actor) -> None:
    make.signed_in(client, operator)
    large = b"code,name_fr,address\n" + b"A,A," + b"x" * 100 + b"\n" * 400_000
    assert client.get(upload(client, large)).status_code == 200
    tokens = make.bearer(operator)
    assert client.post(API, data=large, headers=tokens).status_code == 200
    assert client.post(API, data=b"x" * 9 * 1024 * 1024, headers=tokens).status_code == 413
    elsewhere = client.post("/api/v1/reservations", data=large, headers=tokens)
    assert elsewhere.status_code == 413


def test_the_api_tries_out_confirms_and_exports(client: FlaskClient, operator: Actor) -> None:
    tokens = make.bearer(operator)
    tried = {**tokens, "Idempotency-Key": "dry"}
    report = client.post(API, data=FILE, headers=tried).get_json()
    assert (report["is_ready"], report["counts"]["new"]) == (True, 1)
    assert client.post(API, data=FILE, headers=tried).get_json() == report
    assert client.post(API, data=b"code\nA", headers=tried).status_code == 422
    confirm = f"/api/v1/imports/{report['id']}/confirm"
    once = {**tokens, "Idempotency-Key": "one"}
    first = client.post(confirm, headers=once)
    assert first.get_json() == {"new": 1, "changed": 0, "unchanged": 0}
    assert client.post(confirm, headers=once).get_json() == first.get_json()
    assert client.post(confirm, headers=tokens).status_code == 404
    file = client.get("/api/v1/exports/buildings", headers=tokens, buffered=True)
    assert file.mimetype == "text/csv"
    assert "A,Bâtiment A" in file.text
    wrong = client.post("/api/v1/imports/floors", data=b"level\nx", headers=tokens)
    assert wrong.get_json()["fields"] == {"file": "missing_columns"}
    bad = client.post(API, data=b"code\nA", headers=tokens).get_json()
    assert client.post(f"/api/v1/imports/{bad['id']}/confirm", headers=tokens).status_code == 409


def test_auditors_take_out_and_bring_nothing_in(client: FlaskClient, operator: Actor) -> None:
    auditor = make.auditor()
    make.signed_in(client, auditor)
    page = client.get(PAGE).text
    assert "Try it out" not in page
    for name in re.findall(rf'href="({PAGE}/exports/[^"]+)"', page):
        assert client.get(name, buffered=True).status_code == 200
    assert client.post(API, data=FILE, headers=make.bearer(auditor)).status_code == 403
    make.signed_in(client, make.person())
    assert client.get(PAGE).status_code == 403
    assert client.get(f"{PAGE}/exports/persons.csv").status_code == 403


@pytest.mark.parametrize(
    "query",
    ["from=tomorrow", "to=2026-02-30", "from=1999-01-01", "resource=absent", "resource=%00"],
)
def test_strange_limits_are_refused(client: FlaskClient, operator: Actor, query: str) -> None:
    make.signed_in(client, operator)
    assert client.get(f"{PAGE}/exports/reservations.csv?{query}").status_code == 422
    answer = client.get(f"/api/v1/exports/reservations?{query}", headers=make.bearer(operator))
    assert answer.status_code == 422
    assert client.get(f"{PAGE}/exports/secrets.csv").status_code == 404
    assert client.get(f"{PAGE}/templates/secrets.csv").status_code == 404


def test_the_api_says_anew_what_would_be_done_once_the_park_has_changed(
    client: FlaskClient, operator: Actor
) -> None:
    headers = make.bearer(operator)
    body = b"name\r\nAtlas\r\nKarama\r\n"
    tried = client.post("/api/v1/imports/organisations", data=body, headers=headers).get_json()
    make.organisation("Atlas")
    address = f"/api/v1/imports/{tried['id']}"
    refused = client.post(f"{address}/confirm", headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "import_not_ready")
    assert client.get(address, headers=headers).get_json()["counts"]["new"] == 1
    assert client.post(f"{address}/confirm", headers=headers).get_json()["new"] == 1
