"""The pages and endpoints of authorisations: giving, searching, the file, ending one, one's own."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests import make
from tests.forms import post

UNTIL = "20/10/2026"


def _json(client: FlaskClient, address: str) -> Any:  # Any: an answer
    return client.get(address).get_json()


def test_a_lab_manager_gives_finds_prolongs_and_takes_back(client: FlaskClient) -> None:
    lab = make.lab("LAB-1", under=make.policy(asks_for_authorisation=True))
    salma = make.member_of(name="Salma Idrissi")
    make.signed_in(client, make.lab_manager(lab))
    assert 'href="/authorisations"' in client.get("/").text
    policy = _json(client, f"/api/v1/resources/{lab.spot.public_id}")["policy"]
    assert policy["asks_for_authorisation"] is True
    sent = {"email": "nobody@example.org", "group": str(lab.policy_id), "valid_until": UNTIL}
    refused = post(client, "/authorisations/new", "/authorisations", **sent)
    assert refused.status_code == 422
    assert "Nobody with an open account" in refused.text
    sent |= {"email": salma.email, "note": "=Trained"}
    assert post(client, "/authorisations/new", "/authorisations", **sent).status_code == 303
    page = client.get("/authorisations?q=idr&standing=lapsing").text
    assert "Salma Idrissi" in page
    assert "Valid until Tuesday 20 October 2026" in page
    assert "Salma" not in client.get("/authorisations?standing=lapsed").text
    file = client.get(f"/authorisations/export.csv?group={lab.policy_id}", buffered=True).text
    assert f"{salma.email},{lab.policy_id}," in file
    assert "2026-10-20,lapsing,'=Trained" in file
    assert client.get("/authorisations?standing=never").status_code == 422
    (one,) = _json(client, "/api/v1/authorisations")["items"]
    address = f"/authorisations/{one['id']}"
    later = post(client, address, address, valid_until="20/12/2026", note="")
    assert later.status_code == 303
    assert _json(client, "/api/v1/authorisations")["items"][0]["state"] == "valid"
    assert post(client, f"{address}/end", f"{address}/end").status_code == 303
    assert "Nobody is authorised yet." in client.get("/authorisations").text


def test_a_person_sees_their_own_and_nobody_elses(client: FlaskClient) -> None:
    lab = make.lab("LAB-1", under=make.policy(asks_for_authorisation=True))
    salma = make.member_of(name="Salma Idrissi")
    make.signed_in(client, make.operator())
    sent = {"email": salma.email, "group": str(lab.policy_id), "valid_until": UNTIL}
    post(client, "/authorisations/new", "/authorisations", **sent)
    make.signed_in(client, salma)
    assert "Valid until Tuesday 20 October 2026" in client.get("/authorisations/mine").text
    assert client.get("/authorisations").status_code == 403
    own = _json(client, "/api/v1/me/authorisations")["authorisations"]
    assert [one["valid_until"] for one in own] == ["2026-10-20"]
    make.signed_in(client, make.member_of())
    assert "You have no authorisation." in client.get("/authorisations/mine").text
