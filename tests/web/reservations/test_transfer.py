"""Giving a reservation to a colleague, on its page and by the API."""

from __future__ import annotations

from uuid import uuid4

from flask.testing import FlaskClient

from tests import make
from tests.forms import post


def test_a_member_gives_theirs_to_a_colleague(client: FlaskClient) -> None:
    atlas = make.organisation("Atlas")
    salma = make.member_of(atlas, name="Salma")
    karim = make.member_of(atlas, name="Karim")
    made = make.reservation(salma, organisation_id=atlas.public_id)
    make.signed_in(client, salma)
    page = client.get(f"/reservations/{made.public_id}").text
    address = f"/reservations/{made.public_id}/transfer"
    assert address in page
    form = client.get(address).text
    assert "Karim" in form
    answer = post(client, address, person=karim.public_id, version="1")
    assert (answer.status_code, answer.location) == (303, "/reservations")
    assert "The reservation now is Karim’s" in client.get("/reservations").text
    assert address not in client.get(f"/reservations/{made.public_id}").text


def test_the_form_says_what_is_wrong(client: FlaskClient) -> None:
    atlas = make.organisation("Atlas")
    salma = make.member_of(atlas, name="Salma")
    made = make.reservation(salma, organisation_id=atlas.public_id)
    make.signed_in(client, salma)
    address = f"/reservations/{made.public_id}/transfer"
    assert "there is nobody else" in client.get(address).text
    karim = make.member_of(atlas, name="Karim")
    answer = post(client, address, person="nobody", version="1")
    assert answer.status_code == 422
    assert post(client, address, person="\0", version="1").status_code == 422
    kept = post(client, address, person=salma.public_id.upper(), version="1")
    assert kept.status_code == 303  # it is hers already
    stale = post(client, address, person=karim.public_id, version="7")
    assert stale.status_code == 409
    assert "Meanwhile this reservation was changed" in stale.text
    assert f'value="{karim.public_id}"' in stale.text


def test_a_program_transfers_once(client: FlaskClient) -> None:
    salma = make.member_of(make.organisation("Atlas"), name="Salma")
    other = make.organisation("Other")
    salma = make.join(salma, other)
    made = make.reservation(salma)  # in her own name: afterwards she sees it no longer
    headers = {**make.bearer(salma), "Idempotency-Key": str(uuid4())}
    taker = make.member_of(other)
    address = f"/api/v1/reservations/{made.public_id}/transfer"
    body = {"person": taker.public_id}
    for _time in range(2):
        assert client.post(address, json=body, headers=headers).status_code == 204
    assert make.details(made.public_id).person_id == taker.person_id
    assert client.post(address, json=body, headers=make.bearer(salma)).status_code == 404
    stranger = client.post(
        address, json={"person": salma.public_id[:-1] + "x"}, headers=make.bearer(taker)
    )
    assert stranger.status_code == 422
    stale = client.post(
        address,
        json={"person": salma.public_id},
        headers={**make.bearer(taker), "If-Match": '"1"'},
    )
    assert (stale.status_code, stale.get_json()["code"]) == (409, "stale")
