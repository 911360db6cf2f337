"""The pages of an organisation: what members see, what its manager does without an operator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from booking.core import clock
from booking.core.database import session, transaction
from booking.core.permissions import Actor
from booking.messages.models import MessageKind
from booking.people import organisations
from booking.people.models import Membership, Person, PersonState, Token, TokenKind
from booking.reservations.models import State
from booking.reservations.queries import Details
from tests import forms, make
from tests.conftest import Statements
from tests.working import Run, Told, run, told

__all__ = ["run", "told"]

Counting = Callable[[], AbstractContextManager[Statements]]
STRANGE = ("\x00", "\ud800", "' OR 1=1 --", "<script>", "9" * 400, "\u202e", "\r\n=1+1")


class Startup:
    """An organisation with a manager and two members who have come."""

    def __init__(self) -> None:
        self.organisation = make.organisation("Atlas Robotics")
        self.id = self.organisation.public_id
        self.url = f"/organisation/{self.id}"
        self.manager = make.member_of(self.organisation, name="Youssef", is_manager=True)
        self.salma = make.member_of(self.organisation, name="Salma")
        self.karim = make.member_of(self.organisation, name="Karim")
        with transaction() as current:
            current.execute(update(Person).values(password_hash="came"))

    def at(self, person: Actor, page: str = "") -> str:
        return f"{self.url}/members/{person.public_id}{page}"

    def today(self, who: Actor, *, private: bool = False, title: str = "") -> Details:
        return make.reservation(
            who,
            make.desk(),
            starts_at=make.at(9, days=0),
            title=title,
            organisation_id=None if private else self.id,
        )


@pytest.fixture
def startup(app: Flask) -> Startup:
    return Startup()


# --- what members see ---


def test_only_those_who_agreed_are_shown_and_never_what_for(
    client: FlaskClient, startup: Startup
) -> None:
    shown = startup.today(startup.salma, title="Secret prototype")
    hidden = startup.today(startup.karim)
    elsewhere = make.organisation("Elsewhere")
    make.join(startup.salma, elsewhere)
    other = make.reservation(
        make.actor(startup.salma.person_id),
        make.desk(),
        starts_at=make.at(11, days=0),
        organisation_id=elsewhere.public_id,
    )
    organisations.show_presence(startup.salma, True)
    page = make.signed_in(client, startup.karim).get("/organisation").text
    assert shown.place.spot.code in page
    assert "Secret prototype" not in page
    assert hidden.place.spot.code not in page
    assert other.place.spot.code not in page
    organisations.show_presence(startup.salma, False)
    assert shown.place.spot.code not in client.get("/organisation").text


def test_one_agrees_and_takes_it_back_with_one_button(
    client: FlaskClient, startup: Startup
) -> None:
    make.signed_in(client, startup.salma)
    for page in ("/profile", startup.url):
        answer = forms.post(client, page, "/profile/presence", shows="1", next=page)
        assert (answer.status_code, answer.location) == (303, page)
        assert "You are shown" in client.get(page).text
        forms.post(client, page, "/profile/presence", shows="0", next="//evil.test")
        assert "You are not shown" in client.get(page).text


def test_operators_do_not_see_who_is_where(client: FlaskClient, startup: Startup) -> None:
    organisations.show_presence(startup.salma, True)
    made = startup.today(startup.salma)
    page = make.signed_in(client, make.operator()).get(startup.url)
    assert page.status_code == 200
    assert made.place.spot.code not in page.text


def test_strangers_find_no_organisation(client: FlaskClient, startup: Startup) -> None:
    make.signed_in(client, make.member_of())
    for page in ("", "/members", "/reservations"):
        assert client.get(f"{startup.url}{page}").status_code == 404
    assert client.get(f"{startup.url}/members.csv").status_code == 404


def test_without_an_organisation_the_page_says_what_to_do(client: FlaskClient) -> None:
    page = make.signed_in(client, make.person()).get("/organisation")
    assert page.status_code == 200
    assert "You are in no organisation" in page.text
    assert 'href="/organisation"' not in page.text


def test_members_see_neither_addresses_nor_buttons(client: FlaskClient, startup: Startup) -> None:
    page = make.signed_in(client, startup.salma).get(f"{startup.url}/members").text
    assert "Karim" in page
    assert startup.karim.email not in page
    assert "Invite people" not in page
    assert client.get(startup.at(startup.karim)).status_code == 403
    assert client.get(f"{startup.url}/members.csv").status_code == 403


def test_reservations_can_be_filtered(client: FlaskClient, startup: Startup) -> None:
    salmas, karims = startup.today(startup.salma), startup.today(startup.karim)
    make.signed_in(client, startup.manager)
    url = f"{startup.url}/reservations"
    assert salmas.public_id in client.get(url).text
    filtered = client.get(f"{url}?person={startup.karim.public_id}&state=confirmed").text
    assert (salmas.public_id in filtered, karims.public_id in filtered) == (False, True)
    assert "Clear filters" in client.get(f"{url}?state=pending").text
    assert salmas.public_id not in client.get(f"{url}?when=past").text


@pytest.mark.parametrize("page", ["", "/members", "/reservations"])
def test_pages_cost_the_same_however_many_there_are(
    client: FlaskClient, startup: Startup, count_statements: Counting, page: str
) -> None:
    organisations.show_presence(startup.salma, True)
    startup.today(startup.salma)
    make.signed_in(client, startup.manager)
    client.get(f"{startup.url}{page}")
    with count_statements() as few:
        client.get(f"{startup.url}{page}")
    for number in range(5):
        member = make.member_of(startup.organisation, name=f"Member {number}")
        organisations.show_presence(member, True)
        startup.today(member)
    client.get(f"{startup.url}{page}")  # that these were seen is noted once
    with count_statements() as many:
        client.get(f"{startup.url}{page}")
    assert many.count == few.count <= 8, many


def test_the_file_of_members_holds_no_formula(client: FlaskClient, startup: Startup) -> None:
    make.member_of(startup.organisation, name="=1+1")
    answer = make.signed_in(client, startup.manager).get(f"{startup.url}/members.csv")
    assert answer.mimetype == "text/csv"
    assert "\n'=1+1," in answer.text
    assert startup.salma.email in answer.text


# --- inviting ---


def test_a_pasted_list_is_shown_before_anybody_is_invited(
    client: FlaskClient, startup: Startup, run: Run, told: Told
) -> None:
    make.signed_in(client, startup.manager)
    page = f"{startup.url}/invitations"
    lines = [
        "New Comer <new@example.org>",
        startup.salma.email.upper(),
        "new@example.org;",
        "",
        "nobody at all",
        "other@example.org",
    ]
    pasted = "\n".join(lines)
    sent = {"addresses": pasted, "role": "member", "language": "ar", "key": "k"}
    preview = forms.post(client, page, f"{page}/preview", **sent)
    assert preview.status_code == 200
    for words in ("Is a member already", "Stands in the list twice", "Is no e-mail address"):
        assert words in preview.text
    assert "Send 2 invitations" in preview.text
    assert session().scalar(select(func.count()).where(Person.email == "new@example.org")) == 0

    for _twice in range(2):
        assert forms.post(client, page, page, **sent).status_code == 303
    run()
    assert len(told(MessageKind.INVITATION)) == 2
    newcomer = session().scalars(select(Person).where(Person.email == "new@example.org")).one()
    assert (newcomer.name, newcomer.language) == ("New Comer", "ar")
    assert "Invited, has not come yet" in client.get(f"{startup.url}/members").text


def test_an_invitation_is_sent_again_or_withdrawn(client: FlaskClient, startup: Startup) -> None:
    make.signed_in(client, startup.manager)
    page = f"{startup.url}/invitations"
    forms.post(
        client, page, page, addresses="new@example.org", role="manager", language="fr", key="1"
    )
    newcomer = session().scalars(select(Person).where(Person.email == "new@example.org")).one()
    here = f"{startup.url}/members/{newcomer.public_id}"
    assert "Withdraw the invitation" in client.get(here).text
    assert forms.post(client, here, f"{here}/resend").status_code == 303
    assert len(_links(newcomer)) == 1  # the first one has ended
    assert forms.post(client, here, f"{here}/withdraw").status_code == 303
    assert _links(newcomer) == []
    assert client.get(here).status_code == 404


def test_an_invitation_of_somebody_with_a_reservation_is_not_withdrawn_unseen(
    client: FlaskClient, startup: Startup
) -> None:
    booked = startup.today(startup.salma)
    with transaction() as current:
        of_hers = Person.id == startup.salma.person_id
        current.execute(update(Person).where(of_hers).values(password_hash=None))
    make.signed_in(client, startup.manager)
    here = startup.at(startup.salma)
    answer = forms.post(client, here, f"{here}/withdraw")
    assert (answer.status_code, answer.location) == (303, f"{here}/end")
    page = client.get(f"{here}/end").text
    assert "Something is booked for Salma." in page
    assert booked.reference in page
    assert make.details(booked.public_id).state is State.CONFIRMED


def _links(person: Person) -> list[int]:
    statement = select(Token.id).where(
        Token.person_id == person.id,
        Token.kind == TokenKind.INVITATION,
        Token.revoked_at.is_(None),
    )
    return list(session().scalars(statement))


@pytest.mark.parametrize("text", ["", " \n ", "a@b.example\n" * 201])
def test_a_list_that_is_none_is_refused_and_kept(
    client: FlaskClient, startup: Startup, text: str
) -> None:
    make.signed_in(client, startup.manager)
    page = f"{startup.url}/invitations"
    answer = forms.post(
        client, page, f"{page}/preview", addresses=text, role="member", language="fr"
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("text", STRANGE)
def test_strange_input_is_answered(client: FlaskClient, startup: Startup, text: str) -> None:
    make.signed_in(client, startup.manager)
    token = forms.token(client, startup.url)
    quoted = {"q": text.encode("utf-8", "surrogatepass")}
    at = startup.at(startup.salma)
    answers = [
        client.get(f"{startup.url}/reservations", query_string={**quoted, "person": "x"}),
        client.get(f"{startup.url}/members", query_string={"page": quoted["q"]}),
        client.get(f"{at}/end", query_string={"last_day": quoted["q"], "month": quoted["q"]}),
        client.get(f"{at}/end", query_string={"last_day": "2026-10-06", "month": "9999-12"}),
        *(
            client.post(to, data={"csrf_token": token, **fields})
            for to, fields in (
                (f"{at}/role", {"role": quoted["q"]}),
                (f"{at}/end", {"for_all": quoted["q"], "seen": quoted["q"], "last_day": "x"}),
                (
                    f"{startup.url}/invitations",
                    {"addresses": quoted["q"], "role": quoted["q"], "key": quoted["q"]},
                ),
                (
                    f"{startup.url}/invitations/preview",
                    {"addresses": quoted["q"], "role": "member", "language": quoted["q"]},
                ),
            )
        ),
    ]
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []


# --- managing ---


def test_a_manager_hands_over_what_lies_ahead(client: FlaskClient, startup: Startup) -> None:
    kept, dropped = startup.today(startup.salma), startup.today(startup.salma)
    make.signed_in(client, startup.manager)
    page = startup.at(startup.salma, "/end")
    shown = client.get(page).text
    assert kept.reference in shown
    assert "2 reservations lie ahead" in shown
    seen = f"{kept.public_id}:{kept.version} {dropped.public_id}:{dropped.version}"

    nothing_chosen = forms.post(client, page, seen=seen, for_all="")
    assert nothing_chosen.status_code == 422
    unseen = forms.post(client, page, seen=f"{kept.public_id}:1", for_all="cancel")
    assert unseen.status_code == 409
    assert dropped.reference in unseen.text
    assert make.details(kept.public_id).state is State.CONFIRMED

    fields = {f"of-{dropped.public_id}": "cancel"}
    done = forms.post(client, page, seen=seen, for_all=startup.karim.public_id, **fields)
    assert done.status_code == 303
    assert make.details(kept.public_id).person.name == "Karim"
    assert make.details(dropped.public_id).state is State.CANCELLED
    again = client.post(page, data={"csrf_token": forms.token(client, startup.url)})
    assert again.status_code == 303


def test_an_end_can_lie_ahead(client: FlaskClient, startup: Startup) -> None:
    make.signed_in(client, startup.manager)
    page = startup.at(startup.salma, "/end")
    day = (clock.now().date() + timedelta(days=30)).isoformat()
    assert "Until the end of" in client.get(f"{page}?last_day={day}").text
    assert forms.post(client, page, last_day=day).status_code == 303
    statement = select(Membership.valid_until).where(
        Membership.person_id == startup.salma.person_id
    )
    assert str(session().scalar(statement)) == day


def test_the_last_manager_is_told_why_and_what_to_do(client: FlaskClient, startup: Startup) -> None:
    make.signed_in(client, startup.manager)
    here = startup.at(startup.manager)
    role = forms.post(client, here, f"{here}/role", role="member")
    end = forms.post(client, f"{here}/end")
    for answer in (role, end):
        assert answer.status_code == 409
        assert "Make somebody else a manager first" in answer.text
    forms.post(
        client, startup.at(startup.karim), startup.at(startup.karim, "/role"), role="manager"
    )
    assert forms.post(client, here, f"{here}/role", role="member").status_code == 303


# --- the operator ---


def test_the_operator_makes_finds_renames_and_deactivates(
    client: FlaskClient, startup: Startup
) -> None:
    make.signed_in(client, make.operator())
    made = forms.post(
        client, "/operator/organisations/new", "/operator/organisations", name=" New\t "
    )
    assert made.status_code == 303
    taken = forms.post(
        client, "/operator/organisations/new", "/operator/organisations", name="Atlas Robotics"
    )
    assert taken.status_code == 422
    found = client.get("/operator/organisations?q=ATLAS").text
    assert "Atlas Robotics" in found
    assert "Without a manager" in client.get("/operator/organisations?q=new").text
    assert (
        "No organisation has a name like this" in client.get("/operator/organisations?q=%25").text
    )

    page = f"/operator/organisations/{startup.id}"
    assert forms.post(client, page, page, name="").status_code == 422
    assert forms.post(client, page, page, name="Atlas").status_code == 303

    made_before = startup.today(startup.salma)
    refused = forms.post(client, f"{page}/deactivate", seen="", for_all="cancel")
    assert refused.status_code == 409
    seen = f"{made_before.public_id}:1"
    assert forms.post(client, f"{page}/deactivate", seen=seen, for_all="cancel").status_code == 303
    assert make.details(made_before.public_id).state is State.CANCELLED
    assert client.get(f"{page}/deactivate").status_code == 303
    assert "This organisation is deactivated" in client.get(startup.url).text
    assert forms.post(client, page, f"{page}/reactivate").status_code == 303


def test_the_operator_closes_an_account_and_opens_it_again(
    client: FlaskClient, startup: Startup
) -> None:
    browser = client.application.test_client()
    make.signed_in(browser, startup.salma)
    program = make.bearer(startup.salma)
    feed = make.feed_address(startup.salma)
    assert browser.get("/profile").status_code == 200
    operator = make.operator()
    make.signed_in(client, operator)
    page = f"/operator/people/{startup.salma.public_id}/deactivate"
    assert forms.post(client, page).status_code == 303
    assert browser.get("/profile").status_code == 303
    assert client.application.test_client().get("/api/v1/me", headers=program).status_code == 401
    assert client.application.test_client().get(feed).status_code == 404
    assert client.get(page).status_code == 404
    again = f"/operator/people/{startup.salma.public_id}/reactivate"
    assert forms.post(client, "/operator/organisations", again).status_code == 303
    assert session().get_one(Person, startup.salma.person_id).state is PersonState.ACTIVE
    last = forms.post(client, f"/operator/people/{operator.public_id}/deactivate")
    assert (last.status_code, "Nobody else runs the park" in last.text) == (409, True)


def test_what_the_operator_does_others_cannot(client: FlaskClient, startup: Startup) -> None:
    make.signed_in(client, startup.manager)
    for page in (
        "/operator/organisations",
        f"/operator/organisations/{startup.id}/deactivate",
        f"/operator/people/{startup.salma.public_id}/deactivate",
    ):
        assert client.get(page).status_code == 403
