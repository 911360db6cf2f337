"""What members read: in their language, with title, place, local time and link, all of it text."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from booking.core.database import session, transaction
from booking.messages.models import Message, MessageKind
from booking.people.models import Person
from booking.reservations import service as reservations
from booking.reservations.models import Reservation
from booking.reservations.wishes import Change
from booking.spaces.models import Resource
from tests import make
from tests.mail_server import Inbox
from tests.working import Run, Told

NAMES = {"fr": "Laboratoire de chimie", "ar": "مختبر الكيمياء", "en": "Chemistry lab"}
DAYS = {
    "fr": "mardi 6 octobre 2026",
    "ar": "الثلاثاء 6 أكتوبر 2026",
    "en": "Tuesday 6 October 2026",
}
HOSTILE = '<img src=x onerror="alert(1)"> {{ 7*7 }} %(name)s'


def _text(messages: list[Message]) -> str:
    (message,) = messages
    assert message.text is not None
    return message.text


def _html(messages: list[Message]) -> str:
    (message,) = messages
    assert message.html is not None
    return message.html


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_a_letter_holds_title_place_local_time_and_link(
    run: Run, told: Told, language: str
) -> None:
    desk = make.desk("B-17")
    with transaction() as current:
        current.execute(update(Resource).values(names=NAMES))
    who = make.person(language=language)
    made = make.reservation(who, desk, starts_at=make.at(13, 30), title="Essai – تجربة")
    run()
    for words in (_text(told(MessageKind.CONFIRMED)), _html(told(MessageKind.CONFIRMED))):
        assert "Essai – تجربة" in words
        assert NAMES[language] in words
        assert "B-17" in words
        assert DAYS[language] in words
        assert "13:30" in words
        assert "14:30" in words
        assert made.reference in words
        assert f"http://127.0.0.1:8000/reservations/{made.public_id}" in words
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in _html(told(MessageKind.CONFIRMED))


def test_what_people_typed_stays_text(inbox: Inbox, run: Run) -> None:
    who = make.person(name="Eve <b>Bold</b>")
    make.reservation(who, title=HOSTILE)
    run()
    (mail,) = inbox.mails
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert "&lt;img src=x onerror=" in html.get_content()
    assert "<img" not in html.get_content()
    assert "<b>" not in html.get_content()
    assert HOSTILE in text.get_content()


def test_a_name_cannot_start_another_header(inbox: Inbox, run: Run) -> None:
    who = make.person()
    with transaction() as current:
        current.execute(update(Person).values(name="Eve\r\nBcc: everybody@example.com"))
    make.reservation(who)
    run()
    (mail,) = inbox.mails
    assert mail["Bcc"] is None
    assert who.email in str(mail["To"])


def test_a_change_says_what_it_was(run: Run, told: Told) -> None:
    who = make.person()
    made = make.reservation(who)
    run()
    reservations.change(who, made.public_id, Change(starts_at=make.at(14), ends_at=make.at(16, 30)))
    run()
    text = _text(told(MessageKind.CHANGED))
    assert "from 14:00 to 16:30" in text
    assert "As it was before" in text
    assert "from 10:00 to 11:00" in text


def test_a_change_before_the_confirmation_went_out_is_told_once(run: Run, told: Told) -> None:
    who = make.person()
    made = make.reservation(who)
    reservations.change(who, made.public_id, Change(starts_at=make.at(14), ends_at=make.at(15)))
    run()
    states = {message.kind: message.state.value for message in told()}
    assert states[MessageKind.CHANGED] == "kept"
    assert states[MessageKind.CONFIRMED] == "withdrawn"


def test_a_declined_request_says_why(run: Run, told: Told) -> None:
    lab = make.lab()
    manager = make.lab_manager(lab)
    made = make.reservation(place=lab)
    run()
    assert "expires" in _text(told(MessageKind.REQUESTED))
    reservations.decline(
        manager, made.public_id, seen_version=made.version, reason="The hood is being repaired."
    )
    run()
    assert "The hood is being repaired." in _text(told(MessageKind.DECLINED))


def test_a_declined_change_says_that_the_reservation_stays(run: Run, told: Told) -> None:
    lab, who = make.lab(), make.person()
    manager = make.lab_manager(lab)
    made = make.reservation(who, lab)
    reservations.approve(manager, made.public_id, seen_version=made.version)
    reservations.change(who, made.public_id, Change(starts_at=make.at(14), ends_at=make.at(15)))
    run()
    asked = _text(told(MessageKind.REQUESTED)[-1:])
    assert "your reservation stays as it is" in asked
    assert "from 14:00 to 15:00" in asked
    assert "from 10:00 to 11:00" in asked
    version = make.details(made.public_id).version
    reservations.decline(manager, made.public_id, seen_version=version, reason="Not then.")
    run()
    text = _text(told(MessageKind.DECLINED))
    assert "Your reservation stays as it was." in text
    assert "Not then." in text
    assert "from 10:00 to 11:00" in text


def test_a_manager_who_cancels_gets_no_mail_and_the_holder_learns_why(run: Run, told: Told) -> None:
    lab, who = make.lab(), make.person()
    manager = make.lab_manager(lab)
    made = make.reservation(who, lab)
    reservations.approve(manager, made.public_id, seen_version=made.version)
    run()
    reservations.cancel(manager, made.public_id, reason="Water damage")
    run()
    assert "Water damage" in _text(told(MessageKind.CANCELLED))
    assert told(MessageKind.CANCELLED)[0].recipient_id == who.person_id


def test_booker_and_holder_are_both_told(run: Run, told: Told) -> None:
    holder, booker = make.person("Holder"), make.person("Booker")
    made = make.reservation(booker)
    _give_to(made.id, holder.person_id)
    run()
    assert {message.recipient_id for message in told(MessageKind.CONFIRMED)} == {
        holder.person_id,
        booker.person_id,
    }


def test_every_kind_has_a_letter_in_the_language_of_its_recipient(run: Run, told: Told) -> None:
    """Words of one language never reach a recipient of another from what was said before."""
    for language in ("ar", "fr", "en"):
        make.reservation(make.person(language=language), make.desk())
    run()
    languages = {who.id: who.language for who in session().scalars(select(Person))}
    for message in told(MessageKind.CONFIRMED):
        assert DAYS[languages[message.recipient_id]] in (message.text or "")


def _give_to(reservation_id: int, person_id: int) -> None:
    with transaction() as current:
        current.execute(
            update(Reservation).where(Reservation.id == reservation_id).values(person_id=person_id)
        )
