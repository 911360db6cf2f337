"""A lab manager on a phone, without scripts and by keys alone, answers several requests at once."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import expect

from booking.reservations.models import State
from tests import make
from tests.browser.conftest import PHONE, Visit
from tests.browser.entering import enter


def test_several_requests_are_answered_by_keys_on_a_phone(
    app: Flask, visit: Callable[..., Visit]
) -> None:
    lab = make.lab("LAB-01")
    requests = [
        make.reservation(make.person(name), lab, starts_at=make.at(hour))
        for name, hour in (("Salma", 9), ("Karim", 11), ("Imane", 13))
    ]
    visited = visit(language="fr", screen=PHONE, scripts=False)
    page = enter(app, visited, make.lab_manager(lab, language="fr"), "/approvals")
    page.get_by_role("link", name="Tout choisir").press("Enter")
    page.get_by_role("checkbox", name="Karim").press("Space")
    page.get_by_role("button", name="Valider les demandes choisies").press("Enter")
    expect(page.get_by_text("2 demandes validées.")).to_be_visible()
    states = [make.details(one.public_id).state for one in requests]
    assert states == [State.CONFIRMED, State.PENDING, State.CONFIRMED]
