"""Every form that takes data about people says what it is for."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests import make

ABOUT_ONESELF = "Your name, your e-mail address and your reservations are used"
ABOUT_OTHERS = "Tell people before you enter them here."


@pytest.mark.parametrize("page", ["/profile", "/book?resource=A-01", "/together"])
def test_a_form_about_oneself_says_what_its_data_is_for(client: FlaskClient, page: str) -> None:
    make.desk("A-01")
    make.signed_in(client, make.person())
    assert ABOUT_ONESELF in client.get(page).text


def test_a_change_of_a_reservation_says_so_too(client: FlaskClient) -> None:
    who = make.person()
    made = make.reservation(who)
    make.signed_in(client, who)
    assert ABOUT_ONESELF in client.get(f"/reservations/{made.public_id}/edit").text


@pytest.mark.parametrize("page", ["/book?resource=A-01", "/together"])
def test_beside_a_colleague_the_form_speaks_of_others(client: FlaskClient, page: str) -> None:
    make.desk("A-01")
    atlas = make.organisation()
    make.member_of(atlas, name="Karim")
    make.signed_in(client, make.member_of(atlas, name="Salma"))
    assert ABOUT_OTHERS in client.get(page).text


def test_a_lab_manager_who_names_a_deputy_is_told(client: FlaskClient) -> None:
    make.signed_in(client, make.lab_manager(make.lab()))
    assert ABOUT_OTHERS in client.get("/profile/deputies").text


def test_operators_are_told_where_they_enter_people(client: FlaskClient) -> None:
    make.site()
    somebody = make.person()
    make.signed_in(client, make.operator())
    for page in (
        "/operator/people/new",
        f"/operator/people/{somebody.public_id}/edit",
        "/operator/files",
    ):
        assert ABOUT_OTHERS in client.get(page).text, page
