"""People see and take what is held about them, see who looked at it, and end it."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from booking.core import clock
from booking.core.database import end_reading, session
from booking.core.permissions import Actor, Scope
from booking.people import organisations, passwords
from booking.people.models import MemberRole, Person, PersonState, Viewing
from booking.reservations import service as reservations
from booking.reservations.models import Reservation, State
from booking.reservations.queries import Details
from tests import make
from tests.forms import post

PASSWORD = "a sentence of my own"
HOSTILE = "=HYPERLINK(1)"


def test_everything_comes_as_json_and_as_tables(app: Flask, client: FlaskClient) -> None:
    who = make.member_of(name="Salma El Idrissi")
    made = make.reservation(who, title=HOSTILE)
    reservations.cancel(who, made.public_id, reason="malade")
    make.reservation(title="Somebody else's")
    make.signed_in(client, who)
    answer = client.get("/profile/data/download.json", buffered=True)
    data = json.loads(answer.data)
    assert data["account"][0]["name"] == "Salma El Idrissi"
    assert [one["title"] for one in data["reservations"]] == [HOSTILE]
    assert {line["act"] for line in data["journal"]} == {"booked", "cancelled"}
    assert "digest" not in answer.text
    assert "password" not in answer.text
    assert "Somebody else" not in answer.text
    packed = client.get("/profile/data/download.zip", buffered=True).data
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {"account.csv", "reservations.csv", "journal.csv"} <= set(archive.namelist())
        assert f"'{HOSTILE}" in archive.read("reservations.csv").decode("utf-8-sig")
    again = client.get("/api/v1/me/data", headers=make.bearer(who, Scope.WRITE)).json
    assert again is not None
    assert again["account"] == data["account"]


def test_downloads_are_limited(app: Flask, client: FlaskClient) -> None:
    make.signed_in(client, make.person())
    statuses = [
        client.get("/profile/data/download.json", buffered=True).status_code for _ in range(21)
    ]
    assert statuses == [200] * 20 + [429]


def test_who_looked_is_shown_once_a_day(app: Flask, client: FlaskClient) -> None:
    who = make.person("Salma")
    made = make.reservation(who)
    operator = make.operator("Amine Tazi")
    make.signed_in(client, operator)
    for _ in range(2):
        assert client.get(f"/reservations/{made.public_id}").status_code == 200
        assert client.get(f"/operator/people/{who.public_id}").status_code == 200
    with clock.frozen_at(clock.now() + timedelta(days=1)):
        client.get(f"/operator/people/{who.public_id}")
    assert session().scalar(select(func.count()).select_from(Viewing)) == 2
    colleague = make.signed_in(app.test_client(), who)
    assert colleague.get(f"/reservations/{made.public_id}").status_code == 200
    assert session().scalar(select(func.count()).select_from(Viewing)) == 2
    assert colleague.get("/profile/data").text.count("Amine Tazi") == 2


def _seen_by(viewer: Actor) -> set[int]:
    end_reading()
    statement = select(Viewing.subject_id).where(Viewing.viewer_id == viewer.person_id)
    return set(session().scalars(statement))


def test_a_manager_who_reads_the_list_of_members_is_noted(app: Flask, client: FlaskClient) -> None:
    atlas = make.organisation()
    manager = make.member_of(atlas, is_manager=True)
    salma, karim = make.member_of(atlas, name="Salma"), make.member_of(atlas, name="Karim")
    make.signed_in(client, karim)
    client.get(f"/organisation/{atlas.public_id}/members")
    assert _seen_by(karim) == set()  # no address is shown to a colleague
    make.signed_in(client, manager)
    for page in ("members", "members.csv", f"members/{salma.public_id}"):
        assert client.get(f"/organisation/{atlas.public_id}/{page}").status_code == 200
        assert _seen_by(manager) == {salma.person_id, karim.person_id}


def test_the_api_notes_who_reads_the_members(client: FlaskClient) -> None:
    atlas = make.organisation()
    manager = make.member_of(atlas, is_manager=True)
    salma = make.member_of(atlas)
    address = f"/api/v1/organisations/{atlas.public_id}/members"
    assert client.get(address, headers=make.bearer(manager)).status_code in (200, 403)
    client.get(address, headers=make.bearer(manager, Scope.READ, Scope.WRITE))
    assert _seen_by(manager) == {salma.person_id}


@pytest.mark.parametrize(
    ("page", "whom"),
    [
        ("/search?q=salma", {"Salma"}),
        ("/operator/people?q=karim", {"Karim"}),
        ("/operator/files/exports/persons.csv", {"Salma", "Karim", "Omar"}),
        ("/operator/files/exports/reservations.csv", {"Salma", "Karim"}),
    ],
)
def test_lists_searches_and_files_note_those_whose_address_they_show(
    client: FlaskClient, page: str, whom: set[str]
) -> None:
    people = {name: make.person(name) for name in ("Salma", "Karim", "Omar")}
    for name in ("Salma", "Karim"):
        make.reservation(people[name], make.desk())
    auditor = make.auditor()
    make.signed_in(client, auditor)
    for _twice in range(2):
        assert client.get(page, buffered=True).status_code == 200
    assert _seen_by(auditor) == {people[name].person_id for name in whom}


def test_a_member_who_searches_is_not_noted(client: FlaskClient) -> None:
    atlas = make.organisation()
    who = make.member_of(atlas, is_manager=True)
    make.member_of(atlas, name="Salma")
    make.signed_in(client, who)
    assert "Salma" in client.get("/search?q=salma").text
    assert _seen_by(who) == set()


def test_the_request_beside_the_list_is_noted(client: FlaskClient) -> None:
    lab = make.lab()
    manager, salma = make.lab_manager(lab), make.person("Salma")
    make.reservation(salma, lab)
    make.signed_in(client, manager)
    client.get("/approvals")
    assert _seen_by(manager) == {salma.person_id}


CLOSING = "/profile/data/forget"


def _with_a_password(name: str = "Salma El Idrissi") -> Actor:
    return make.person(name, password_hash=passwords.hash_password(PASSWORD))


def _seen(*made: Details) -> str:
    return " ".join(f"{one.public_id}:{one.version}" for one in made)


def test_who_closes_their_account_is_forgotten(app: Flask, client: FlaskClient) -> None:
    who = _with_a_password()
    make.signed_in(client, who)
    seen = _seen(make.reservation(who, title="Ouverture"))
    sent = {"seen": seen, "for_all": "cancel"}
    assert post(client, CLOSING, **sent, password="wrong").status_code == 422
    assert post(client, CLOSING, seen=seen, for_all="", password=PASSWORD).status_code == 422
    answer = post(client, CLOSING, **sent, password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    end_reading()
    session().expire_all()
    person = session().scalars(select(Person)).one()
    assert (person.name, person.state) == ("—", PersonState.ANONYMISED)
    assert person.email.endswith("@anonymised.invalid")
    kept = session().scalars(select(Reservation)).one()
    assert (kept.title, kept.state) == ("", State.CANCELLED)
    assert client.get("/profile").status_code == 303


def test_who_closes_their_account_hands_over_to_a_colleague_or_cancels(
    app: Flask, client: FlaskClient
) -> None:
    atlas = make.organisation("Atlas Robotics")
    karim = make.member_of(atlas, name="Karim")
    who = make.join(_with_a_password(), atlas)
    kept, dropped = (
        make.reservation(who, starts_at=make.at(hour), organisation_id=atlas.public_id)
        for hour in (9, 14)
    )
    make.signed_in(client, who)
    page = client.get(CLOSING).text
    assert "2 reservations lie ahead" in page
    assert "Karim" in page
    sent = {
        "for_all": karim.public_id,
        f"of-{dropped.public_id}": "cancel",
        "password": PASSWORD,
    }
    unseen = post(client, CLOSING, seen=_seen(kept), **sent)
    assert unseen.status_code == 409
    assert dropped.reference in unseen.text
    assert make.details(kept.public_id).person.name == "Salma El Idrissi"
    stranger = make.member_of(name="Stranger")
    refused = post(
        client, CLOSING, seen=_seen(kept, dropped), **(sent | {"for_all": stranger.public_id})
    )
    assert refused.status_code == 422
    assert post(client, CLOSING, seen=_seen(kept, dropped), **sent).status_code == 303
    now = make.details(kept.public_id)
    assert (now.state, now.person.name, now.booked_by.name) == (State.CONFIRMED, "Karim", "Karim")
    assert make.details(dropped.public_id).state is State.CANCELLED


def test_the_last_manager_of_others_does_not_close_their_account(
    app: Flask, client: FlaskClient
) -> None:
    atlas = make.organisation("Atlas Robotics")
    who = make.join(_with_a_password(), atlas, is_manager=True)
    karim = make.member_of(atlas, name="Karim")
    make.signed_in(client, who)
    refused = post(client, CLOSING, password=PASSWORD)
    assert refused.status_code == 409
    assert "Nobody else manages Atlas Robotics." in refused.text
    organisations.set_role(who, atlas.public_id, karim.public_id, MemberRole.MANAGER)
    assert post(client, CLOSING, password=PASSWORD).status_code == 303


def test_whoever_leaves_nobody_behind_closes_their_account(app: Flask, client: FlaskClient) -> None:
    make.signed_in(client, make.join(_with_a_password(), make.organisation(), is_manager=True))
    assert post(client, CLOSING, password=PASSWORD).status_code == 303


def test_the_last_operator_stays(app: Flask, client: FlaskClient) -> None:
    last = make.operator()
    make.signed_in(client, last)
    page = f"/operator/people/{last.public_id}/anonymise"
    answer = post(client, page)
    assert answer.status_code == 303
    assert "last operator" in client.get(answer.location or "").text


def test_an_operator_makes_somebody_anonymous(app: Flask, client: FlaskClient) -> None:
    who = make.member_of(name="Salma")
    make.signed_in(client, make.operator())
    page = f"/operator/people/{who.public_id}/anonymise"
    assert "Salma" in client.get(page).text
    assert post(client, page).status_code == 303
    assert client.get(page).status_code == 404


def test_only_operators_make_others_anonymous(app: Flask, client: FlaskClient) -> None:
    who = make.person()
    make.signed_in(client, make.auditor())
    assert client.get(f"/operator/people/{who.public_id}/anonymise").status_code == 403
